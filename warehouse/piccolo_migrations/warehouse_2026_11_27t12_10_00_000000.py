"""Boxes and pallets of shipments: a box is some of a shipment's lines."""

from piccolo.apps.migrations.auto.migration_manager import MigrationManager

from catalog.kernel import db

ID = "2026-11-27T12:10:00:000000"
VERSION = "1.38.0"
DESCRIPTION = "shipment boxes"

SQL = """
CREATE TABLE shipment_box (
    id          uuid PRIMARY KEY,
    seq         bigint GENERATED ALWAYS AS IDENTITY UNIQUE,
    shipment_id uuid NOT NULL REFERENCES shipment (id),
    kind        text NOT NULL CHECK (kind IN ('box', 'pallet')),
    number      text NOT NULL UNIQUE,
    sscc        text UNIQUE CHECK (sscc ~ '^[0-9]{18}$'),
    status      text NOT NULL CHECK (status IN ('open', 'closed', 'void')),
    gross_g     bigint CHECK (gross_g > 0),
    made_at     timestamptz NOT NULL,
    made_by     text NOT NULL,
    attempt     uuid NOT NULL
);
CREATE INDEX shipment_box_of ON shipment_box (shipment_id);
ALTER TABLE shipment_line ADD COLUMN box_id uuid REFERENCES shipment_box (id),
    ADD COLUMN pieces bigint[] NOT NULL DEFAULT '{}';
CREATE INDEX shipment_line_box ON shipment_line (box_id) WHERE box_id IS NOT NULL;
"""


async def forwards() -> MigrationManager:
    """Make the table."""
    manager = MigrationManager(migration_id=ID, app_name="warehouse", description=DESCRIPTION)

    async def run() -> None:
        await db.execute(SQL)

    manager.add_raw(run)
    return manager
