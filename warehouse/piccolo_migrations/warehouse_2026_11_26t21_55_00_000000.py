"""Incidents with the history of their level, and what places need in them."""

from piccolo.apps.migrations.auto.migration_manager import MigrationManager

from catalog.kernel import db

ID = "2026-11-26T21:55:00:000000"
VERSION = "1.38.0"
DESCRIPTION = "incidents and needs"

SQL = """
CREATE SEQUENCE incident_number;
CREATE TABLE incident (
    id          uuid PRIMARY KEY,
    seq         bigint GENERATED ALWAYS AS IDENTITY UNIQUE,
    number      text NOT NULL UNIQUE,
    name        text NOT NULL CHECK (name <> ''),
    hazard      text NOT NULL,
    region_id   bigint NOT NULL REFERENCES region (id),
    occurred_at timestamptz NOT NULL,
    place       text NOT NULL DEFAULT '',
    lat         double precision,
    lon         double precision,
    affected    bigint CHECK (affected >= 0),
    moved       bigint CHECK (moved >= 0),
    note        text NOT NULL DEFAULT '',
    status      text NOT NULL CHECK (status IN ('active', 'ended', 'closed')),
    level       smallint CHECK (level BETWEEN 1 AND 4),
    version     integer NOT NULL DEFAULT 1,
    opened_at   timestamptz NOT NULL,
    opened_by   text NOT NULL,
    ended_at    timestamptz,
    attempt     uuid NOT NULL,
    CHECK (num_nonnulls(lat, lon) IN (0, 2)),
    CHECK (status = 'active' OR level IS NULL)
);
CREATE INDEX incident_open ON incident (region_id) WHERE status <> 'closed';

CREATE TABLE incident_level (
    id           bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    incident_id  uuid NOT NULL REFERENCES incident (id),
    level        smallint CHECK (level BETWEEN 1 AND 4),
    order_number text NOT NULL DEFAULT '',
    reason       text NOT NULL CHECK (reason <> ''),
    at           timestamptz NOT NULL,
    login        text NOT NULL
);
CREATE INDEX incident_level_of ON incident_level (incident_id, id);

CREATE TABLE need (
    id             uuid PRIMARY KEY,
    seq            bigint GENERATED ALWAYS AS IDENTITY UNIQUE,
    incident_id    uuid NOT NULL REFERENCES incident (id),
    region_id      bigint NOT NULL REFERENCES region (id),
    item_id        bigint REFERENCES item (id),
    class_id       bigint REFERENCES material_class (id),
    unit           text NOT NULL DEFAULT '',
    quantity       bigint NOT NULL CHECK (quantity > 0),
    met            bigint NOT NULL DEFAULT 0 CHECK (met >= 0),
    priority       smallint NOT NULL CHECK (priority BETWEEN 1 AND 4),
    needed_by      timestamptz,
    place          text NOT NULL DEFAULT '',
    lat            double precision,
    lon            double precision,
    own_stock_used text NOT NULL DEFAULT '',
    origin         text NOT NULL DEFAULT '',
    note           text NOT NULL DEFAULT '',
    status         text NOT NULL CHECK (status IN ('open', 'met', 'withdrawn')),
    version        integer NOT NULL DEFAULT 1,
    asked_at       timestamptz NOT NULL,
    asked_by       text NOT NULL,
    renewed_at     timestamptz NOT NULL,
    ended_at       timestamptz,
    end_reason     text NOT NULL DEFAULT '',
    attempt        uuid NOT NULL,
    CHECK (num_nonnulls(item_id, class_id) = 1),
    CHECK (num_nonnulls(lat, lon) IN (0, 2))
);
CREATE INDEX need_of_incident ON need (incident_id, priority, seq);
CREATE INDEX need_open ON need (region_id) WHERE status = 'open';

CREATE TABLE need_contact (
    need_id  uuid PRIMARY KEY REFERENCES need (id),
    receiver text NOT NULL DEFAULT '',
    phone    text NOT NULL DEFAULT ''
);
"""


async def forwards() -> MigrationManager:
    """Create the tables."""
    manager = MigrationManager(migration_id=ID, app_name="warehouse", description=DESCRIPTION)

    async def run() -> None:
        await db.execute(SQL)

    manager.add_raw(run)
    return manager
