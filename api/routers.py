"""A router of many handlers for one application, registered in one go."""

from collections import defaultdict
from collections.abc import Iterable
from copy import copy
from typing import Any, Self

from litestar import Request, Response, Router, route
from litestar.handlers import HTTPRouteHandler
from litestar.routes import HTTPRoute
from litestar.utils import join_paths


class MadeForOne(Router):
    """The routes of `handlers` under `path`, for one application; `options` as Litestar's router takes them.

    Litestar takes handlers one by one, goes through all routes again for each, copies each router that is registered,
    and makes an OPTIONS handler for each path. Of five hundred paths that is half of what the application's making
    costs, so: one value to register, one OPTIONS handler, and no copy of what was made for one.
    """

    def __init__(self, path: str, handlers: Iterable[HTTPRouteHandler], **options: Any) -> None:
        super().__init__(path, route_handlers=[], **options)
        methods = copy(allowed)
        methods.owner = self
        found: dict[str, list[HTTPRouteHandler]] = defaultdict(list)
        for handler in handlers:
            mine = copy(handler)
            mine.owner = self
            for one in handler.paths:
                found[join_paths([path, one])].append(mine)
        self.routes.extend(HTTPRoute(path=one, route_handlers=[*those, methods]) for one, those in found.items())

    def __deepcopy__(self, memo: dict[int, Any]) -> Self:
        return self


@route("/", http_method=["OPTIONS"], include_in_schema=False, status_code=204, sync_to_thread=False)
def allowed(request: Request[Any, Any, Any]) -> Response[None]:
    """Which methods the path takes."""
    methods = request.app.route_handler_method_map[request.scope["path_template"]]
    return Response(None, headers={"Allow": ", ".join(sorted(methods))}, media_type="text/plain")
