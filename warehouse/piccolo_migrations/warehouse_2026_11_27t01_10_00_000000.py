"""Requisition lines that an edit took away stay for the release orders that once named them."""

from piccolo.apps.migrations.auto.migration_manager import MigrationManager

from catalog.kernel import db

ID = "2026-11-27T01:10:00:000000"
VERSION = "1.38.0"
DESCRIPTION = "requisition lines that are gone"

SQL = """
ALTER TABLE requisition_line ADD COLUMN gone boolean NOT NULL DEFAULT false;
ALTER TABLE requisition_line DROP CONSTRAINT requisition_line_requisition_id_line_key;
CREATE UNIQUE INDEX requisition_line_once ON requisition_line (requisition_id, line) WHERE NOT gone;
"""


async def forwards() -> MigrationManager:
    """Change the table."""
    manager = MigrationManager(migration_id=ID, app_name="warehouse", description=DESCRIPTION)

    async def run() -> None:
        await db.execute(SQL)

    manager.add_raw(run)
    return manager
