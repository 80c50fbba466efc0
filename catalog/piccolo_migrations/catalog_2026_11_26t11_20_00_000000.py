"""What regions say about business parameters (`catalog.kernel.parameters`)."""

from piccolo.apps.migrations.auto.migration_manager import MigrationManager

from catalog.kernel import db

ID = "2026-11-26T11:20:00:000000"
VERSION = "1.38.0"
DESCRIPTION = "parameters by region"

SQL = """
-- A value holds for the region at `path` and all below it; NULL: taken back. A region that is moved takes it along.
CREATE TABLE parameter_value (
    key     text NOT NULL,
    path    text NOT NULL REFERENCES region (path) ON UPDATE CASCADE,
    value   jsonb,
    version integer NOT NULL,
    PRIMARY KEY (key, path)
);
"""


async def forwards() -> MigrationManager:
    """Create the table."""
    manager = MigrationManager(migration_id=ID, app_name="catalog", description=DESCRIPTION)

    async def run() -> None:
        await db.execute(SQL)

    manager.add_raw(run)
    return manager
