"""What came with a delivery and stands in none of its lines is turned away and kept with the delivery."""

from piccolo.apps.migrations.auto.migration_manager import MigrationManager

from catalog.kernel import db

ID = "2026-11-26T22:01:00:000000"
VERSION = "1.38.0"
DESCRIPTION = "strays of deliveries"

SQL = """
ALTER TABLE delivery ADD COLUMN strays text NOT NULL DEFAULT '[]';
"""


async def forwards() -> MigrationManager:
    """Add the column."""
    manager = MigrationManager(migration_id=ID, app_name="warehouse", description=DESCRIPTION)

    async def run() -> None:
        await db.execute(SQL)

    manager.add_raw(run)
    return manager
