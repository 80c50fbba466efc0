"""Reports that are made by themselves: settings, recipients, what was made, and to whom it was sent."""

from piccolo.apps.migrations.auto.migration_manager import MigrationManager

from catalog.kernel import db

ID = "2026-11-27T01:47:00:000000"
VERSION = "1.38.0"
DESCRIPTION = "scheduled reports"

SQL = """
CREATE TABLE report_plan (
    id         uuid PRIMARY KEY,
    seq        bigint GENERATED ALWAYS AS IDENTITY UNIQUE,
    person_id  bigint NOT NULL REFERENCES person (id),
    name       text NOT NULL CHECK (name <> ''),
    query      text NOT NULL,
    path       text NOT NULL,
    format     text NOT NULL CHECK (format IN ('pdf', 'xlsx')),
    every      text NOT NULL CHECK (every IN ('weekly', 'monthly')),
    day        smallint NOT NULL CHECK (day BETWEEN 1 AND 28 AND (every = 'monthly' OR day <= 7)),
    recipients bigint[] NOT NULL,
    next_on    date NOT NULL,
    created_at timestamptz NOT NULL,
    created_by text NOT NULL,
    attempt    uuid NOT NULL,
    version    integer NOT NULL DEFAULT 1,
    retired_at timestamptz
);
CREATE INDEX report_plan_due ON report_plan (next_on) WHERE retired_at IS NULL;
CREATE INDEX report_plan_person ON report_plan (person_id, seq);

-- One for each day on which a plan was due: the file, or why there is none.
CREATE TABLE report_run (
    id       uuid PRIMARY KEY,
    seq      bigint GENERATED ALWAYS AS IDENTITY UNIQUE,
    plan_id  uuid NOT NULL REFERENCES report_plan (id),
    due_on   date NOT NULL,
    made_at  timestamptz NOT NULL,
    name     text NOT NULL,
    content  bytea,
    sha256   bytea,
    error    text NOT NULL DEFAULT '',
    CHECK ((content IS NULL) = (error <> '')),
    UNIQUE (plan_id, due_on)
);

CREATE TABLE report_letter (
    run_id    uuid NOT NULL REFERENCES report_run (id),
    person_id bigint NOT NULL REFERENCES person (id),
    status    text NOT NULL CHECK (status IN ('waiting', 'sent', 'failed', 'unsent')),
    address   text NOT NULL DEFAULT '',
    tries     integer NOT NULL DEFAULT 0,
    error     text NOT NULL DEFAULT '',
    ended_at  timestamptz,
    PRIMARY KEY (run_id, person_id)
);
CREATE INDEX report_letter_waiting ON report_letter (run_id) WHERE status = 'waiting';
CREATE INDEX report_letter_person ON report_letter (person_id, run_id);
"""


async def forwards() -> MigrationManager:
    """Make the tables."""
    manager = MigrationManager(migration_id=ID, app_name="warehouse", description=DESCRIPTION)

    async def run() -> None:
        await db.execute(SQL)

    manager.add_raw(run)
    return manager
