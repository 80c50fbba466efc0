"""Deputies who approve in somebody's name."""

from piccolo.apps.migrations.auto.migration_manager import MigrationManager

from catalog.kernel import db

ID = "2026-11-27T06:50:00:000000"
VERSION = "1.38.0"
DESCRIPTION = "deputies"

SQL = """
CREATE TABLE deputy (
    id         uuid PRIMARY KEY,
    seq        bigint GENERATED ALWAYS AS IDENTITY UNIQUE,
    person_id  bigint NOT NULL REFERENCES person (id),
    deputy_id  bigint NOT NULL REFERENCES person (id),
    begins_on  date NOT NULL,
    ends_on    date NOT NULL,
    note       text NOT NULL DEFAULT '',
    created_at timestamptz NOT NULL,
    revoked_at timestamptz,
    attempt    uuid NOT NULL,
    CHECK (person_id <> deputy_id),
    CHECK (ends_on >= begins_on)
);
CREATE INDEX deputy_of ON deputy (person_id) WHERE revoked_at IS NULL;
CREATE INDEX deputy_acts ON deputy (deputy_id) WHERE revoked_at IS NULL;
ALTER TABLE requisition_approval ADD COLUMN for_login text NOT NULL DEFAULT '';
"""


async def forwards() -> MigrationManager:
    """Make the table."""
    manager = MigrationManager(migration_id=ID, app_name="warehouse", description=DESCRIPTION)

    async def run() -> None:
        await db.execute(SQL)

    manager.add_raw(run)
    return manager
