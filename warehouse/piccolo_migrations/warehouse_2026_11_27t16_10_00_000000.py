"""What a store lacks by a norm of its own is proposed too."""

from piccolo.apps.migrations.auto.migration_manager import MigrationManager

from catalog.kernel import db

ID = "2026-11-27T16:10:00:000000"
VERSION = "1.38.0"
DESCRIPTION = "proposals for stores"

SQL = """
ALTER TABLE proposal DROP CONSTRAINT proposal_cause_check,
    ADD CONSTRAINT proposal_cause_check CHECK (cause IN ('gap', 'rotation', 'incident', 'site'));
"""


async def forwards() -> MigrationManager:
    """Let the table take the fourth cause."""
    manager = MigrationManager(migration_id=ID, app_name="warehouse", description=DESCRIPTION)

    async def run() -> None:
        await db.execute(SQL)

    manager.add_raw(run)
    return manager
