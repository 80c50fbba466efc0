"""The pages people use: `install` adds them to the application."""

from litestar.config.app import AppConfig

from api.routers import MadeForOne
from api.web.assets import static_file
from api.web.people import Names, refresh_names
from api.web.problems import render_problem
from api.web.routes import HANDLERS

__all__ = ["install"]


def install(app_config: AppConfig) -> AppConfig:
    """Add the pages and their files, and show problems of page requests as pages."""
    pages = MadeForOne("/", HANDLERS, before_request=refresh_names)
    app_config.route_handlers.extend([static_file, pages])
    app_config.state.names = Names()
    app_config.state.edge.page_of_problem = render_problem
    return app_config
