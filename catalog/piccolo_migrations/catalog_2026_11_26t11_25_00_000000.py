"""Jobs and their runs; anchors and cuts of the audit chain."""

from piccolo.apps.migrations.auto.migration_manager import MigrationManager

from catalog.kernel import db

ID = "2026-11-26T11:25:00:000000"
VERSION = "1.38.0"
DESCRIPTION = "jobs and their runs, anchors and cuts of the audit chain"

SQL = """
-- One row for every run, past, present or waiting. A periodic run's `due_at` is its slot: two workers that reach the
-- same slot make one row. A run whose worker fell silent is taken up again, a bounded number of times.
CREATE TABLE job_run (
    id           bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    job          text NOT NULL,
    why          text NOT NULL CHECK (why IN ('periodic', 'asked', 'deferred')),
    due_at       timestamptz NOT NULL,
    arguments    jsonb NOT NULL DEFAULT '{}',
    asked_by     text NOT NULL DEFAULT '',
    status       text NOT NULL
        CHECK (status IN ('waiting', 'running', 'done', 'found', 'failed', 'broken', 'skipped')),
    turns        integer NOT NULL DEFAULT 0,
    worker       text NOT NULL DEFAULT '',
    started_at   timestamptz,
    heartbeat_at timestamptz,
    ended_at     timestamptz,
    words_zh     text NOT NULL DEFAULT '',
    words_en     text NOT NULL DEFAULT '',
    CHECK ((status IN ('waiting', 'running')) = (ended_at IS NULL)),
    CHECK (status <> 'running' OR (started_at IS NOT NULL AND heartbeat_at IS NOT NULL))
);
CREATE UNIQUE INDEX job_run_slot ON job_run (job, due_at) WHERE why = 'periodic';
CREATE UNIQUE INDEX job_run_one_at_a_time ON job_run (job) WHERE status = 'running';
CREATE INDEX job_run_open ON job_run (due_at) WHERE status IN ('waiting', 'running');
CREATE INDEX job_run_job ON job_run (job, id);

-- An anchor fixes the chain up to a position: the keyed hash there, and a hash without key over all rows up to it, so
-- that whoever holds the anchor can check an export without the key.
CREATE TABLE audit_anchor (
    position  bigint PRIMARY KEY,
    audit_seq bigint NOT NULL,
    mac       bytea NOT NULL,
    digest    bytea NOT NULL,
    at        timestamptz NOT NULL
);
CREATE TABLE audit_anchor_sent (
    id       bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    position bigint NOT NULL REFERENCES audit_anchor (position),
    target   text NOT NULL,
    at       timestamptz NOT NULL,
    success  boolean NOT NULL,
    words    text NOT NULL DEFAULT ''
);
CREATE INDEX audit_anchor_sent_position ON audit_anchor_sent (position, target);

-- Rows up to a position were exported and then cut off by the owner; the chain is checked from here. `proof` is keyed:
-- nobody without the key can pretend that a cut was made.
CREATE TABLE audit_cut (
    position    bigint PRIMARY KEY REFERENCES audit_anchor (position),
    audit_seq   bigint NOT NULL,
    mac         bytea NOT NULL,
    digest      bytea NOT NULL,
    rows        bigint NOT NULL,
    export_hash text NOT NULL,
    at          timestamptz NOT NULL,
    proof       bytea NOT NULL
);
CREATE TRIGGER audit_anchor_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON audit_anchor
    FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();
CREATE TRIGGER audit_cut_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON audit_cut
    FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();

-- `beiyu migrate` calls every function grant_application_…(role_name) after grant_application: a migration brings the
-- rights on its tables along.
CREATE FUNCTION grant_application_jobs(role_name text) RETURNS void LANGUAGE plpgsql AS $$
BEGIN
    EXECUTE format('GRANT DELETE ON job_run, audit_anchor_sent TO %I', role_name);
    EXECUTE format('REVOKE UPDATE, DELETE, TRUNCATE ON audit_anchor FROM %I', role_name);
    -- Only the owner cuts.
    EXECUTE format('REVOKE INSERT, UPDATE, DELETE, TRUNCATE ON audit_cut FROM %I', role_name);
END $$;
"""


async def forwards() -> MigrationManager:
    """Create the tables of jobs and anchors."""
    manager = MigrationManager(migration_id=ID, app_name="catalog", description=DESCRIPTION)

    async def run() -> None:
        await db.execute(SQL)

    manager.add_raw(run)
    return manager
