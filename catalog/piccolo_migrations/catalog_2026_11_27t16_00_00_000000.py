"""Substitutes are approved: who set the ratio, who approved it and when. What stands already counts as approved."""

from piccolo.apps.migrations.auto.migration_manager import MigrationManager

from catalog.kernel import db

ID = "2026-11-27T16:00:00:000000"
VERSION = "1.38.0"
DESCRIPTION = "approved substitutes"

SQL = """
ALTER TABLE item_substitute
    ADD COLUMN set_by text NOT NULL DEFAULT '',
    ADD COLUMN approved_by text NOT NULL DEFAULT '',
    ADD COLUMN approved_at timestamptz;
UPDATE item_substitute SET approved_at = now() WHERE retired_at IS NULL;
"""


async def forwards() -> MigrationManager:
    """Add the columns; nobody's name stands on what was there before."""
    manager = MigrationManager(migration_id=ID, app_name="catalog", description=DESCRIPTION)

    async def run() -> None:
        await db.execute(SQL)

    manager.add_raw(run)
    return manager
