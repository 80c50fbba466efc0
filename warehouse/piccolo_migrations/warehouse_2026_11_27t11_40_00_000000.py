"""The paper that a spoken call-off owes: the scan, its checker, and its clock."""

from piccolo.apps.migrations.auto.migration_manager import MigrationManager

from catalog.kernel import db

ID = "2026-11-27T11:40:00:000000"
VERSION = "1.38.0"
DESCRIPTION = "papers of call-offs"

SQL = """
ALTER TABLE call_off
    ADD COLUMN papers_hours integer NOT NULL DEFAULT 48 CHECK (papers_hours > 0),
    ADD COLUMN spoken_by text NOT NULL DEFAULT '',
    ADD COLUMN spoken_to text NOT NULL DEFAULT '',
    ADD COLUMN papers_due_at timestamptz,
    ADD COLUMN paper_file_id uuid REFERENCES file (id),
    ADD COLUMN paper_filed_at timestamptz,
    ADD COLUMN paper_filed_by text NOT NULL DEFAULT '',
    ADD COLUMN paper_checked_at timestamptz,
    ADD COLUMN paper_checked_by text NOT NULL DEFAULT '';
UPDATE call_off SET spoken_by = activated_by, papers_due_at = activated_at + interval '48 hours' WHERE spoken;
-- A number was all that was asked for until now: what has one is not owed again.
UPDATE call_off SET paper_checked_at = activated_at WHERE spoken AND order_number <> '';
CREATE INDEX call_off_owed ON call_off (papers_due_at) WHERE spoken AND paper_checked_at IS NULL;
"""


async def forwards() -> MigrationManager:
    """Add the columns."""
    manager = MigrationManager(migration_id=ID, app_name="warehouse", description=DESCRIPTION)

    async def run() -> None:
        await db.execute(SQL)

    manager.add_raw(run)
    return manager
