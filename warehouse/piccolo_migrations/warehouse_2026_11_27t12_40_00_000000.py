"""Kept sums of days between the months' snapshots, so that a past day adds the moves of a few days, not of a month."""

from piccolo.apps.migrations.auto.migration_manager import MigrationManager

from catalog.kernel import db

ID = "2026-11-27T12:40:00:000000"
VERSION = "1.38.0"
DESCRIPTION = "kept sums of days"

SQL = """
-- What the sums of a day hold, as snapshot_run says it of balances: moves up to `up_to_seq` that occurred before `day`
-- began (Shanghai) and were recorded up to `known_at`.
CREATE TABLE holding_run (
    day       date PRIMARY KEY,
    known_at  timestamptz NOT NULL,
    up_to_seq bigint NOT NULL
);
INSERT INTO holding_run (day, known_at, up_to_seq) SELECT month, known_at, up_to_seq FROM snapshot_run WHERE added_up;
ALTER TABLE snapshot_run DROP COLUMN added_up;
ALTER TABLE holding_snapshot RENAME COLUMN month TO day;
-- The moves that a snapshot does not hold are bounded by two of these three at a time, each on one side only.
DROP INDEX move_occurred;
CREATE INDEX move_times ON move USING brin (seq, occurred_at, recorded_at);
CREATE FUNCTION grant_application_holding_runs(role_name text) RETURNS void LANGUAGE plpgsql AS $$
BEGIN
    EXECUTE format('GRANT DELETE ON holding_run, holding_snapshot TO %I', role_name);
END $$;
"""


async def forwards() -> MigrationManager:
    """Make the table and the index."""
    manager = MigrationManager(migration_id=ID, app_name="warehouse", description=DESCRIPTION)

    async def run() -> None:
        await db.execute(SQL)

    manager.add_raw(run)
    return manager
