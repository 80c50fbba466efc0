"""Signatures drawn on a screen for a shipment: whose each one is."""

from piccolo.apps.migrations.auto.migration_manager import MigrationManager

from catalog.kernel import db

ID = "2026-11-27T16:00:00:000000"
VERSION = "1.38.0"
DESCRIPTION = "who signed for a shipment"

SQL = """
CREATE TABLE shipment_signature (
    file_id     uuid PRIMARY KEY REFERENCES file (id),
    shipment_id uuid NOT NULL REFERENCES shipment (id),
    role        text NOT NULL CHECK (role IN ('receiver', 'driver')),
    name        text NOT NULL,
    signed_at   timestamptz NOT NULL
);
CREATE INDEX shipment_signature_of ON shipment_signature (shipment_id);
-- What was drawn before was the receiver's; the books had the name of the last one only.
INSERT INTO shipment_signature (file_id, shipment_id, role, name, signed_at)
SELECT f.id, h.id, 'receiver', CASE WHEN f.newest THEN coalesce(c.receiver, '') ELSE '' END, f.at
FROM (SELECT id, subject_id, coalesce(attached_at, uploaded_at) AS at,
        row_number() OVER (PARTITION BY subject_id ORDER BY coalesce(attached_at, uploaded_at) DESC, seq DESC) = 1 AS newest
    FROM file WHERE subject_kind = 'shipment' AND name LIKE 'signature.%' AND name NOT LIKE '%.pdf' AND retired_at IS NULL) f
JOIN shipment h ON h.id::text = f.subject_id LEFT JOIN shipment_contact c ON c.shipment_id = h.id;
"""


async def forwards() -> MigrationManager:
    """Make the table."""
    manager = MigrationManager(migration_id=ID, app_name="warehouse", description=DESCRIPTION)

    async def run() -> None:
        await db.execute(SQL)

    manager.add_raw(run)
    return manager
