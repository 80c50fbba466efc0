"""Commitments: goods that others promise, their drills, and the calls on them with what came."""

from piccolo.apps.migrations.auto.migration_manager import MigrationManager

from catalog.kernel import db

ID = "2026-11-26T21:21:00:000000"
VERSION = "1.38.0"
DESCRIPTION = "commitments"

SQL = """
CREATE TABLE commitment (
    id                uuid PRIMARY KEY,
    seq               bigint GENERATED ALWAYS AS IDENTITY UNIQUE,
    region_id         bigint NOT NULL REFERENCES region (id),
    party_id          bigint NOT NULL REFERENCES party (id),
    form              text NOT NULL CHECK (form IN ('agreement', 'capacity', 'social')),
    number            text NOT NULL CHECK (number <> ''),
    item_id           bigint REFERENCES item (id),
    class_id          bigint REFERENCES material_class (id),
    unit              text NOT NULL DEFAULT '',
    quantity          bigint NOT NULL CHECK (quantity > 0),
    response_hours    integer NOT NULL CHECK (response_hours >= 0),
    confidence        smallint NOT NULL CHECK (confidence BETWEEN 0 AND 100),
    confidence_source text NOT NULL CHECK (confidence_source <> ''),
    price_rule        text NOT NULL CHECK (price_rule IN ('fixed', 'market', 'free', 'later')),
    price_fen         bigint CHECK (price_fen >= 0),
    price_per         bigint NOT NULL DEFAULT 1 CHECK (price_per > 0),
    valid_from        date NOT NULL,
    valid_to          date NOT NULL,
    handover          text NOT NULL DEFAULT '',
    source            text NOT NULL CHECK (source <> ''),
    note              text NOT NULL DEFAULT '',
    status            text NOT NULL CHECK (status IN ('draft', 'in_force', 'suspended', 'retired')),
    version           integer NOT NULL DEFAULT 1,
    created_at        timestamptz NOT NULL,
    created_by        text NOT NULL,
    attempt           uuid NOT NULL,
    CHECK (num_nonnulls(item_id, class_id) = 1),
    CHECK (price_rule <> 'fixed' OR price_fen IS NOT NULL),
    CHECK (valid_to >= valid_from)
);
CREATE UNIQUE INDEX commitment_once ON commitment (region_id, party_id, number, item_id, class_id) NULLS NOT DISTINCT
    WHERE status <> 'retired';
CREATE INDEX commitment_region ON commitment (region_id) WHERE status = 'in_force';
CREATE INDEX commitment_ends ON commitment (valid_to) WHERE status IN ('in_force', 'suspended');

CREATE TABLE commitment_drill (
    id            uuid PRIMARY KEY,
    seq           bigint GENERATED ALWAYS AS IDENTITY UNIQUE,
    commitment_id uuid NOT NULL REFERENCES commitment (id),
    on_day        date NOT NULL,
    asked         bigint NOT NULL CHECK (asked > 0),
    shown         bigint NOT NULL CHECK (shown >= 0),
    hours         integer NOT NULL CHECK (hours >= 0),
    note          text NOT NULL DEFAULT '',
    recorded_at   timestamptz NOT NULL,
    login         text NOT NULL,
    withdrawn_at  timestamptz
);
CREATE INDEX commitment_drill_of ON commitment_drill (commitment_id);

CREATE SEQUENCE call_off_number;
CREATE TABLE call_off (
    id            uuid PRIMARY KEY,
    seq           bigint GENERATED ALWAYS AS IDENTITY UNIQUE,
    number        text NOT NULL UNIQUE,
    commitment_id uuid NOT NULL REFERENCES commitment (id),
    quantity      bigint NOT NULL CHECK (quantity > 0),
    place         text NOT NULL DEFAULT '',
    reason        text NOT NULL CHECK (reason <> ''),
    status        text NOT NULL CHECK (status IN ('requested', 'activated', 'closed', 'cancelled')),
    spoken        boolean NOT NULL DEFAULT false,
    order_number  text NOT NULL DEFAULT '',
    requested_at  timestamptz NOT NULL,
    requested_by  text NOT NULL,
    activated_at  timestamptz,
    activated_by  text NOT NULL DEFAULT '',
    closed_at     timestamptz,
    version       integer NOT NULL DEFAULT 1,
    attempt       uuid NOT NULL,
    CHECK (status <> 'activated' OR activated_at IS NOT NULL)
);
CREATE INDEX call_off_of ON call_off (commitment_id);

CREATE TABLE call_off_arrival (
    id              bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    call_off_id     uuid NOT NULL REFERENCES call_off (id),
    quantity        bigint NOT NULL CHECK (quantity > 0),
    arrived_at      timestamptz NOT NULL,
    document_kind   text,
    document_id     uuid,
    document_number text NOT NULL DEFAULT '',
    note            text NOT NULL DEFAULT '',
    recorded_at     timestamptz NOT NULL,
    login           text NOT NULL,
    CHECK ((document_kind IS NULL) = (document_id IS NULL))
);
CREATE INDEX call_off_arrival_of ON call_off_arrival (call_off_id);
CREATE INDEX call_off_arrival_document ON call_off_arrival (document_kind, document_id) WHERE document_id IS NOT NULL;
"""


async def forwards() -> MigrationManager:
    """Create the tables of commitments."""
    manager = MigrationManager(migration_id=ID, app_name="warehouse", description=DESCRIPTION)

    async def run() -> None:
        await db.execute(SQL)

    manager.add_raw(run)
    return manager
