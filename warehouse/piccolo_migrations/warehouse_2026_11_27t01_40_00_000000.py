"""Fulfilment: shipments, receiving points, hand-outs, and the recovery ledger."""

from piccolo.apps.migrations.auto.migration_manager import MigrationManager

from catalog.kernel import db

ID = "2026-11-27T01:40:00:000000"
VERSION = "1.38.0"
DESCRIPTION = "fulfilment"

SQL = """
-- A receiving point of an incident is a place on the ledger, kept in the books of a site.
CREATE TABLE receiving_point (
    id          uuid PRIMARY KEY,
    seq         bigint GENERATED ALWAYS AS IDENTITY UNIQUE,
    incident_id uuid NOT NULL REFERENCES incident (id),
    region_id   bigint NOT NULL REFERENCES region (id),
    name        text NOT NULL CHECK (name <> ''),
    place       text NOT NULL DEFAULT '',
    lat         double precision,
    lon         double precision,
    site_id     bigint NOT NULL REFERENCES site (id),
    place_id    bigint NOT NULL UNIQUE REFERENCES place (id),
    version     integer NOT NULL DEFAULT 1,
    made_at     timestamptz NOT NULL,
    made_by     text NOT NULL,
    attempt     uuid NOT NULL,
    UNIQUE (incident_id, region_id, name),
    CHECK ((lat IS NULL) = (lon IS NULL))
);
CREATE TABLE receiving_point_contact (
    point_id uuid PRIMARY KEY REFERENCES receiving_point (id),
    receiver text NOT NULL,
    phone    text NOT NULL
);

CREATE SEQUENCE shipment_number;
CREATE TABLE shipment (
    id            uuid PRIMARY KEY,
    seq           bigint GENERATED ALWAYS AS IDENTITY UNIQUE,
    number        text NOT NULL UNIQUE,
    status        text NOT NULL CHECK (status IN
        ('prepared', 'loading', 'on_road', 'arrived', 'received', 'closed', 'cancelled')),
    purpose       text NOT NULL CHECK (purpose IN ('release', 'transfer', 'forward')),
    from_site_id  bigint NOT NULL REFERENCES site (id),
    place_id      bigint NOT NULL UNIQUE REFERENCES place (id),
    to_site_id    bigint REFERENCES site (id),
    to_point_id   uuid REFERENCES receiving_point (id),
    release_id    uuid,
    vehicle       text NOT NULL DEFAULT '',
    plate         text NOT NULL DEFAULT '',
    carrier_id    bigint REFERENCES party (id),
    max_weight_g  bigint CHECK (max_weight_g > 0),
    max_volume_ml bigint CHECK (max_volume_ml > 0),
    over_reason   text NOT NULL DEFAULT '',
    planned_for   timestamptz,
    departed_at   timestamptz,
    eta_from      timestamptz,
    eta_to        timestamptz,
    last_seen_at  timestamptz,
    last_seen     text NOT NULL DEFAULT '',
    arrived_at    timestamptz,
    closed_at     timestamptz,
    note          text NOT NULL DEFAULT '',
    version       integer NOT NULL DEFAULT 1,
    created_at    timestamptz NOT NULL,
    created_by    text NOT NULL,
    attempt       uuid NOT NULL,
    CHECK (num_nonnulls(to_site_id, to_point_id) = 1),
    CHECK (to_site_id IS DISTINCT FROM from_site_id),
    CHECK ((eta_from IS NULL) = (eta_to IS NULL) AND eta_to >= eta_from)
);
CREATE INDEX shipment_live ON shipment (status) WHERE status NOT IN ('closed', 'cancelled');
CREATE INDEX shipment_from ON shipment (from_site_id);
CREATE INDEX shipment_to ON shipment (to_site_id);
CREATE INDEX shipment_point ON shipment (to_point_id);
CREATE INDEX shipment_release ON shipment (release_id) WHERE release_id IS NOT NULL;
CREATE TABLE shipment_contact (
    shipment_id uuid PRIMARY KEY REFERENCES shipment (id),
    driver      text NOT NULL DEFAULT '',
    phone       text NOT NULL DEFAULT '',
    receiver    text NOT NULL DEFAULT ''
);
CREATE TABLE shipment_line (
    id           bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    shipment_id  uuid NOT NULL REFERENCES shipment (id),
    line         integer NOT NULL CHECK (line > 0),
    item_id      bigint NOT NULL REFERENCES item (id),
    lot_id       bigint NOT NULL REFERENCES lot (id),
    place_id     bigint NOT NULL REFERENCES place (id),
    quantity     bigint NOT NULL CHECK (quantity > 0),
    short        bigint NOT NULL DEFAULT 0 CHECK (short BETWEEN 0 AND quantity),
    short_note   text NOT NULL DEFAULT '',
    release_line uuid,
    need_id      uuid,
    rejected     bigint NOT NULL DEFAULT 0 CHECK (rejected >= 0),
    missing      bigint NOT NULL DEFAULT 0 CHECK (missing >= 0),
    reason       text NOT NULL DEFAULT '',
    received_at  timestamptz,
    received_by  text NOT NULL DEFAULT '',
    UNIQUE (shipment_id, line)
);
CREATE TABLE shipment_report (
    id          bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    shipment_id uuid NOT NULL REFERENCES shipment (id),
    at          timestamptz NOT NULL,
    place       text NOT NULL,
    lat         double precision,
    lon         double precision,
    eta_from    timestamptz,
    eta_to      timestamptz,
    note        text NOT NULL DEFAULT '',
    login       text NOT NULL,
    recorded_at timestamptz NOT NULL
);
CREATE INDEX shipment_report_of ON shipment_report (shipment_id, at);

-- Where a shipment was going before it was sent elsewhere: that side goes on seeing it.
CREATE TABLE shipment_redirect (
    id          bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    shipment_id uuid NOT NULL REFERENCES shipment (id),
    at          timestamptz NOT NULL,
    site_id     bigint REFERENCES site (id),
    point_id    uuid REFERENCES receiving_point (id),
    name        text NOT NULL,
    reason      text NOT NULL CHECK (reason <> ''),
    login       text NOT NULL,
    CHECK (num_nonnulls(site_id, point_id) = 1)
);
CREATE INDEX shipment_redirect_of ON shipment_redirect (shipment_id);

CREATE TABLE recovery_duty (
    id          uuid PRIMARY KEY,
    seq         bigint GENERATED ALWAYS AS IDENTITY UNIQUE,
    incident_id uuid NOT NULL REFERENCES incident (id),
    region_id   bigint NOT NULL REFERENCES region (id),
    payer_id    bigint REFERENCES party (id),
    item_id     bigint NOT NULL REFERENCES item (id),
    quantity    bigint NOT NULL CHECK (quantity >= 0),
    due_on      date NOT NULL,
    due_source  text NOT NULL,
    note        text NOT NULL DEFAULT '',
    status      text NOT NULL CHECK (status IN ('open', 'closed')),
    version     integer NOT NULL DEFAULT 1,
    made_at     timestamptz NOT NULL,
    made_by     text NOT NULL,
    closed_at   timestamptz,
    closed_by   text NOT NULL DEFAULT '',
    attempt     uuid NOT NULL,
    UNIQUE (incident_id, region_id, item_id)
);
CREATE INDEX recovery_duty_open ON recovery_duty (due_on) WHERE status = 'open';
CREATE TABLE recovery_fill (
    id              bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    duty_id         uuid NOT NULL REFERENCES recovery_duty (id),
    quantity        bigint NOT NULL CHECK (quantity > 0),
    document_kind   text NOT NULL,
    document_id     uuid NOT NULL,
    document_number text NOT NULL,
    note            text NOT NULL DEFAULT '',
    at              timestamptz NOT NULL,
    login           text NOT NULL
);
CREATE INDEX recovery_fill_of ON recovery_fill (duty_id);
CREATE INDEX recovery_fill_document ON recovery_fill (document_id);
"""


async def forwards() -> MigrationManager:
    """Create the tables of fulfilment."""
    manager = MigrationManager(migration_id=ID, app_name="warehouse", description=DESCRIPTION)

    async def run() -> None:
        await db.execute(SQL)

    manager.add_raw(run)
    return manager
