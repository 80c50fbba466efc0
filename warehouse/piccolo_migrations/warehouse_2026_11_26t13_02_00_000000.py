"""Whoever counts a bin is told nothing of its books elsewhere: every read of stock asks what its reader is counting."""

from piccolo.apps.migrations.auto.migration_manager import MigrationManager

from catalog.kernel import db

ID = "2026-11-26T13:02:00:000000"
VERSION = "1.38.0"
DESCRIPTION = "who is counting now"

SQL = """
CREATE INDEX stocktake_round_now ON stocktake_round (person_id) WHERE finished_at IS NULL AND NOT void;
"""


async def forwards() -> MigrationManager:
    """Create the index."""
    manager = MigrationManager(migration_id=ID, app_name="warehouse", description=DESCRIPTION)

    async def run() -> None:
        await db.execute(SQL)

    manager.add_raw(run)
    return manager
