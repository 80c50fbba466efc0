"""What Piccolo finds under `PICCOLO_CONF=api.piccolo_conf`. The engine is filled in by `api.database`."""

from piccolo.conf.apps import AppRegistry
from piccolo.engine.postgres import PostgresEngine


class Engine(PostgresEngine):
    """Piccolo's engine, which does not look for a server while it is being imported."""

    async def check_version(self) -> None:
        """`api.database.migrate` checks the version, with a message for people."""

    async def prep_database(self) -> None:
        """We use no extensions."""


DB = Engine(config={})

APP_REGISTRY = AppRegistry(apps=["catalog.piccolo_app", "warehouse.piccolo_app"])
