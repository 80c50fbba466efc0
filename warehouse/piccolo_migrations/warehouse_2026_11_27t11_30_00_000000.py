"""Vehicles at hand, which shipments use and plans suggest."""

from piccolo.apps.migrations.auto.migration_manager import MigrationManager

from catalog.kernel import db

ID = "2026-11-27T11:30:00:000000"
VERSION = "1.38.0"
DESCRIPTION = "vehicles"

SQL = """
CREATE TABLE vehicle (
    id             uuid PRIMARY KEY,
    seq            bigint GENERATED ALWAYS AS IDENTITY UNIQUE,
    plate          text NOT NULL CHECK (plate <> ''),
    odd_plate      boolean NOT NULL DEFAULT false,
    kind           text NOT NULL CHECK (kind IN
                   ('van', 'box', 'lorry', 'flatbed', 'refrigerated', 'tanker', 'bus', 'other')),
    region_id      bigint NOT NULL REFERENCES region (id),
    site_id        bigint REFERENCES site (id),
    carrier_id     bigint REFERENCES party (id),
    max_weight_g   bigint NOT NULL CHECK (max_weight_g > 0),
    max_volume_ml  bigint NOT NULL CHECK (max_volume_ml > 0),
    out_of_service text NOT NULL DEFAULT '',
    valid_from     date,
    valid_to       date,
    note           text NOT NULL DEFAULT '',
    used_kind      text NOT NULL DEFAULT '',
    used_id        uuid,
    used_paper        text NOT NULL DEFAULT '',
    version        integer NOT NULL DEFAULT 1,
    made_at        timestamptz NOT NULL,
    made_by        text NOT NULL,
    retired_at     timestamptz,
    attempt        uuid NOT NULL,
    CHECK (valid_to >= valid_from),
    CHECK ((used_id IS NULL) = (used_kind = '')),
    CHECK (retired_at IS NULL OR used_id IS NULL)
);
CREATE UNIQUE INDEX vehicle_plate ON vehicle (plate) WHERE retired_at IS NULL;
CREATE UNIQUE INDEX vehicle_use ON vehicle (used_kind, used_id) WHERE used_id IS NOT NULL;
CREATE INDEX vehicle_home ON vehicle (region_id, site_id);
CREATE TABLE vehicle_contact (
    vehicle_id uuid PRIMARY KEY REFERENCES vehicle (id),
    driver     text NOT NULL DEFAULT '',
    phone      text NOT NULL DEFAULT ''
);
ALTER TABLE shipment ADD COLUMN vehicle_id uuid REFERENCES vehicle (id);
CREATE INDEX shipment_vehicle ON shipment (vehicle_id) WHERE vehicle_id IS NOT NULL;
CREATE TABLE release_vehicle (
    release_id uuid NOT NULL REFERENCES release_order (id),
    turn       integer NOT NULL,
    vehicle_id uuid NOT NULL REFERENCES vehicle (id),
    sent_at    timestamptz,
    PRIMARY KEY (release_id, vehicle_id)
);
CREATE INDEX release_vehicle_of ON release_vehicle (vehicle_id) WHERE sent_at IS NULL;
"""


async def forwards() -> MigrationManager:
    """Make the tables."""
    manager = MigrationManager(migration_id=ID, app_name="warehouse", description=DESCRIPTION)

    async def run() -> None:
        await db.execute(SQL)

    manager.add_raw(run)
    return manager
