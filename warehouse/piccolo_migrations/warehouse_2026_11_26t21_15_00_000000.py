"""What an import asks of each row is found by index: the lot whose every fact is equal, what opening balances brought."""

from piccolo.apps.migrations.auto.migration_manager import MigrationManager

from catalog.kernel import db

ID = "2026-11-26T21:15:00:000000"
VERSION = "1.38.0"
DESCRIPTION = "find the same lot and opening balances"

SQL = """
CREATE INDEX lot_same ON lot (item_id, owner_region_id, (coalesce(maker_batch, '')),
    (coalesce(produced_on, '-infinity')), (coalesce(expires_on, 'infinity')));
CREATE INDEX move_opening ON move (lot_id, to_place) WHERE reason = 'open-balance';
"""


async def forwards() -> MigrationManager:
    """Create the indexes."""
    manager = MigrationManager(migration_id=ID, app_name="warehouse", description=DESCRIPTION)

    async def run() -> None:
        await db.execute(SQL)

    manager.add_raw(run)
    return manager
