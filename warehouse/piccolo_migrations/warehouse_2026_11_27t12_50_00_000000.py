"""The few late facts among what was written since a snapshot are found by pages, not one by one."""

from piccolo.apps.migrations.auto.migration_manager import MigrationManager

from catalog.kernel import db

ID = "2026-11-27T12:50:00:000000"
VERSION = "1.38.0"
DESCRIPTION = "late facts by pages"

SQL = """
-- (seq + 0): so that no other index has it. By the primary key PostgreSQL would go over everything that was written since.
DROP INDEX move_times;
CREATE INDEX move_times ON move USING brin ((seq + 0), occurred_at, recorded_at) WITH (autosummarize = on);
"""


async def forwards() -> MigrationManager:
    """Make the index anew."""
    manager = MigrationManager(migration_id=ID, app_name="warehouse", description=DESCRIPTION)

    async def run() -> None:
        await db.execute(SQL)

    manager.add_raw(run)
    return manager
