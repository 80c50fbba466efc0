"""Classes say at how many days before the expiry their goods are told as near it."""

from piccolo.apps.migrations.auto.migration_manager import MigrationManager

from catalog.kernel import db

ID = "2026-11-27T01:10:00:000000"
VERSION = "1.38.0"
DESCRIPTION = "near expiry by class"

SQL = "ALTER TABLE material_class ADD COLUMN near_expiry_days integer[] NOT NULL DEFAULT '{}'"


async def forwards() -> MigrationManager:
    """Add the column."""
    manager = MigrationManager(migration_id=ID, app_name="catalog", description=DESCRIPTION)

    async def run() -> None:
        await db.execute(SQL)

    manager.add_raw(run)
    return manager
