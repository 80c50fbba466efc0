"""Scans of maker's codes that nobody knows are found without reading all scans."""

from piccolo.apps.migrations.auto.migration_manager import MigrationManager

from catalog.kernel import db

ID = "2026-11-27T06:20:00:000000"
VERSION = "1.38.0"
DESCRIPTION = "indexes for unknown codes"

SQL = """
CREATE INDEX scan_unknown ON scan (seq) WHERE code = 'scan.ask-item';
CREATE INDEX scan_item_told ON scan (raw) WHERE (request -> 'answers' ->> 'item') IS NOT NULL;
"""


async def forwards() -> MigrationManager:
    """Make the indexes."""
    manager = MigrationManager(migration_id=ID, app_name="warehouse", description=DESCRIPTION)

    async def run() -> None:
        await db.execute(SQL)

    manager.add_raw(run)
    return manager
