"""Anchors of the audit trails of lower houses."""

from piccolo.apps.migrations.auto.migration_manager import MigrationManager

from catalog.kernel import db

ID = "2026-11-26T21:20:00:000000"
VERSION = "1.38.0"
DESCRIPTION = "anchors received from lower houses"

SQL = """
CREATE TABLE received_anchor (
    id            bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    house         bytea NOT NULL CHECK (octet_length(house) = 32),
    name          text NOT NULL,
    position      bigint NOT NULL CHECK (position > 0),
    audit_seq     bigint NOT NULL,
    mac           bytea NOT NULL,
    digest        bytea NOT NULL,
    made_at       timestamptz NOT NULL,
    text          text NOT NULL,
    signature     bytea NOT NULL,
    verdict       text NOT NULL CHECK (verdict IN ('agrees', 'differs', 'went-back')),
    received_at   timestamptz NOT NULL,
    received_from text NOT NULL,
    attempt       uuid NOT NULL,
    UNIQUE (house, position, mac, digest)
);
CREATE TRIGGER received_anchor_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON received_anchor
    FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();

CREATE FUNCTION grant_application_anchors(role_name text) RETURNS void LANGUAGE plpgsql AS $$
BEGIN
    EXECUTE format('REVOKE UPDATE, DELETE, TRUNCATE ON received_anchor FROM %I', role_name);
END $$;
"""


async def forwards() -> MigrationManager:
    """Create the table."""
    manager = MigrationManager(migration_id=ID, app_name="warehouse", description=DESCRIPTION)

    async def run() -> None:
        await db.execute(SQL)

    manager.add_raw(run)
    return manager
