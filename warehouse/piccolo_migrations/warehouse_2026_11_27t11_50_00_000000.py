"""Screens on the wall of a duty room: a kind of token that shows the board of one region."""

from piccolo.apps.migrations.auto.migration_manager import MigrationManager

from catalog.kernel import db

ID = "2026-11-27T11:50:00:000000"
VERSION = "1.38.0"
DESCRIPTION = "screens"

SQL = """
ALTER TABLE access_token
    ADD COLUMN region_id bigint REFERENCES region (id),
    DROP CONSTRAINT access_token_kind_check,
    ADD CONSTRAINT access_token_kind_check CHECK (kind IN ('device', 'api', 'screen')),
    ADD CONSTRAINT access_token_screen CHECK ((kind = 'screen') = (region_id IS NOT NULL));
"""


async def forwards() -> MigrationManager:
    """Add the column and the kind."""
    manager = MigrationManager(migration_id=ID, app_name="warehouse", description=DESCRIPTION)

    async def run() -> None:
        await db.execute(SQL)

    manager.add_raw(run)
    return manager
