"""Imports: files as they came, their rows with verdicts, answers, what is remembered of senders, what was imported."""

from piccolo.apps.migrations.auto.migration_manager import MigrationManager

from catalog.kernel import db

ID = "2026-11-26T11:34:00:000000"
VERSION = "1.38.0"
DESCRIPTION = "imports"

SQL = """
CREATE TABLE import_file (
    id          uuid PRIMARY KEY,
    seq         bigint GENERATED ALWAYS AS IDENTITY UNIQUE,
    kind        text NOT NULL CHECK (kind IN ('regions', 'parties', 'sites', 'bins', 'classes', 'items', 'stock')),
    name        text NOT NULL,
    sha256      bytea NOT NULL CHECK (length(sha256) = 32),
    size        integer NOT NULL CHECK (size BETWEEN 0 AND 6291456),
    raw         bytea CHECK (length(raw) <= 6291456),
    sender      text NOT NULL DEFAULT '',
    path        text NOT NULL,
    site_id     bigint REFERENCES site (id),
    state       text NOT NULL CHECK (state IN ('uploaded', 'unreadable', 'judged', 'applying', 'applied', 'withdrawn')),
    problem     jsonb NOT NULL DEFAULT '{}',
    sheets      jsonb NOT NULL DEFAULT '[]',
    mapping     jsonb NOT NULL DEFAULT '{}',
    questions   jsonb NOT NULL DEFAULT '[]',
    counts      jsonb NOT NULL DEFAULT '{}',
    total       integer NOT NULL DEFAULT 0,
    read_ms     integer NOT NULL DEFAULT 0,
    version     integer NOT NULL DEFAULT 1,
    person_id   bigint,
    login       text NOT NULL,
    attempt     uuid NOT NULL,
    uploaded_at timestamptz NOT NULL,
    applied_at  timestamptz,
    purged_at   timestamptz
);
CREATE INDEX import_file_path ON import_file (path text_pattern_ops, seq);
CREATE INDEX import_file_sha ON import_file (sha256);
CREATE TABLE import_row (
    file_id  uuid NOT NULL REFERENCES import_file (id),
    seq      integer NOT NULL,
    sheet    text NOT NULL,
    row      integer NOT NULL,
    part     text NOT NULL DEFAULT '',
    verdict  text NOT NULL CHECK (verdict IN ('ok', 'ask', 'reject', 'skip')),
    state    text NOT NULL DEFAULT 'waiting' CHECK (state IN ('waiting', 'done', 'repeat', 'refused')),
    title    text NOT NULL,
    cells    jsonb NOT NULL,
    reasons  jsonb NOT NULL,
    facts    jsonb NOT NULL,
    identity bytea NOT NULL,
    subject  bytea NOT NULL,
    keys     text[] NOT NULL DEFAULT '{}',
    tries    integer NOT NULL DEFAULT 0,
    outcome  jsonb NOT NULL DEFAULT '{}',
    PRIMARY KEY (file_id, seq)
);
-- What waits to be applied, in order; a chunk takes the next ones.
CREATE INDEX import_row_waiting ON import_row (file_id, seq) WHERE verdict = 'ok' AND state = 'waiting';
CREATE TABLE import_answer (
    file_id uuid NOT NULL REFERENCES import_file (id),
    key     text NOT NULL,
    value   text NOT NULL,
    login   text NOT NULL,
    at      timestamptz NOT NULL,
    PRIMARY KEY (file_id, key)
);
CREATE TABLE import_memory (
    sender text NOT NULL,
    kind   text NOT NULL,
    what   text NOT NULL CHECK (what IN ('heading', 'answer')),
    key    text NOT NULL,
    value  text NOT NULL,
    login  text NOT NULL,
    at     timestamptz NOT NULL,
    PRIMARY KEY (sender, kind, what, key)
);
-- What has been imported, whatever the file: the one place that makes a second upload add nothing.
CREATE TABLE import_identity (
    identity bytea PRIMARY KEY,
    subject  bytea NOT NULL,
    kind     text NOT NULL,
    file_id  uuid NOT NULL REFERENCES import_file (id),
    seq      integer NOT NULL,
    at       timestamptz NOT NULL
);
CREATE INDEX import_identity_subject ON import_identity (subject);
"""


async def forwards() -> MigrationManager:
    """Create the tables of imports."""
    manager = MigrationManager(migration_id=ID, app_name="warehouse", description=DESCRIPTION)

    async def run() -> None:
        await db.execute(SQL)

    manager.add_raw(run)
    return manager
