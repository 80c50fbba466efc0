"""Requisitions with their lines, approvals and plans; release orders with theirs."""

from piccolo.apps.migrations.auto.migration_manager import MigrationManager

from catalog.kernel import db

ID = "2026-11-27T01:00:00:000000"
VERSION = "1.38.0"
DESCRIPTION = "requisitions and release orders"

SQL = """
CREATE SEQUENCE requisition_number;
CREATE TABLE requisition (
    id           uuid PRIMARY KEY,
    seq          bigint GENERATED ALWAYS AS IDENTITY UNIQUE,
    number       text NOT NULL UNIQUE,
    status       text NOT NULL CHECK (status IN ('draft', 'submitted', 'approved', 'sourced', 'released', 'picking',
                                                 'shipped', 'received', 'closed', 'cancelled')),
    version      integer NOT NULL DEFAULT 1,
    region_id    bigint NOT NULL REFERENCES region (id),
    incident_id  uuid REFERENCES incident (id),
    party_id     bigint REFERENCES party (id),
    upward       boolean NOT NULL DEFAULT true,
    own_stock    text NOT NULL DEFAULT '',
    reason       text NOT NULL CHECK (reason <> ''),
    note         text NOT NULL DEFAULT '',
    authors      text[] NOT NULL,
    created_at   timestamptz NOT NULL,
    created_by   text NOT NULL,
    submitted_at timestamptz,
    ended_at     timestamptz,
    end_reason   text NOT NULL DEFAULT '',
    attempt      uuid NOT NULL
);
CREATE INDEX requisition_open ON requisition (region_id) WHERE status NOT IN ('closed', 'cancelled');
CREATE INDEX requisition_of_incident ON requisition (incident_id) WHERE incident_id IS NOT NULL;

CREATE TABLE requisition_line (
    id             uuid PRIMARY KEY,
    requisition_id uuid NOT NULL REFERENCES requisition (id),
    line           integer NOT NULL CHECK (line > 0),
    region_id      bigint NOT NULL REFERENCES region (id),
    quantity       bigint NOT NULL CHECK (quantity > 0),
    item_id        bigint REFERENCES item (id),
    class_id       bigint REFERENCES material_class (id),
    unit           text NOT NULL DEFAULT '',
    need_id        uuid REFERENCES need (id),
    priority       smallint NOT NULL CHECK (priority BETWEEN 1 AND 4),
    needed_by      timestamptz,
    place          text NOT NULL DEFAULT '',
    lat            double precision,
    lon            double precision,
    note           text NOT NULL DEFAULT '',
    UNIQUE (requisition_id, line),
    CHECK (num_nonnulls(item_id, class_id) = 1),
    CHECK (num_nonnulls(lat, lon) IN (0, 2))
);
CREATE INDEX requisition_line_of_need ON requisition_line (need_id) WHERE need_id IS NOT NULL;

CREATE TABLE requisition_contact (
    line_id  uuid PRIMARY KEY REFERENCES requisition_line (id) ON DELETE CASCADE,
    receiver text NOT NULL DEFAULT '',
    phone    text NOT NULL DEFAULT ''
);

CREATE TABLE requisition_approval (
    id             bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    requisition_id uuid NOT NULL REFERENCES requisition (id),
    login          text NOT NULL,
    at             timestamptz NOT NULL,
    note           text NOT NULL DEFAULT '',
    lapsed         boolean NOT NULL DEFAULT false
);
CREATE UNIQUE INDEX requisition_approval_once ON requisition_approval (requisition_id, login) WHERE NOT lapsed;

CREATE TABLE sourcing_plan (
    id             uuid PRIMARY KEY,
    seq            bigint GENERATED ALWAYS AS IDENTITY UNIQUE,
    requisition_id uuid NOT NULL REFERENCES requisition (id),
    made_at        timestamptz NOT NULL,
    made_by        text NOT NULL,
    state          text NOT NULL CHECK (state IN ('current', 'superseded', 'accepted')),
    wishes         jsonb NOT NULL,
    content        jsonb NOT NULL,
    attempt        uuid NOT NULL
);
CREATE UNIQUE INDEX sourcing_plan_current ON sourcing_plan (requisition_id) WHERE state = 'current';
CREATE INDEX sourcing_plan_of ON sourcing_plan (requisition_id, seq);

CREATE TABLE release_counter (
    year integer PRIMARY KEY,
    last bigint NOT NULL
);

CREATE TABLE release_order (
    id               uuid PRIMARY KEY,
    seq              bigint GENERATED ALWAYS AS IDENTITY UNIQUE,
    number           text UNIQUE,
    status           text NOT NULL CHECK (status IN ('waiting', 'released', 'picking', 'shipped', 'received', 'closed',
                                                     'refused', 'cancelled')),
    version          integer NOT NULL DEFAULT 1,
    requisition_id   uuid NOT NULL REFERENCES requisition (id),
    plan_id          uuid NOT NULL REFERENCES sourcing_plan (id),
    owner_region_id  bigint NOT NULL REFERENCES region (id),
    site_id          bigint NOT NULL REFERENCES site (id),
    region_id        bigint NOT NULL REFERENCES region (id),
    place            text NOT NULL DEFAULT '',
    lat              double precision,
    lon              double precision,
    priority         smallint NOT NULL,
    needed_by        timestamptz,
    made_at          timestamptz NOT NULL,
    made_by          text NOT NULL,
    released_at      timestamptz,
    released_by      text NOT NULL DEFAULT '',
    spoken           boolean NOT NULL DEFAULT false,
    spoken_by        text NOT NULL DEFAULT '',
    spoken_to        text NOT NULL DEFAULT '',
    papers_due_at    timestamptz,
    paper_number     text NOT NULL DEFAULT '',
    paper_file_id    uuid REFERENCES file (id),
    paper_filed_at   timestamptz,
    paper_filed_by   text NOT NULL DEFAULT '',
    paper_checked_at timestamptz,
    paper_checked_by text NOT NULL DEFAULT '',
    ended_at         timestamptz,
    end_reason       text NOT NULL DEFAULT '',
    attempt          uuid NOT NULL,
    CHECK ((released_at IS NULL) = (number IS NULL)),
    CHECK (NOT spoken OR papers_due_at IS NOT NULL)
);
CREATE INDEX release_of_requisition ON release_order (requisition_id);
CREATE INDEX release_at_site ON release_order (site_id, status);
CREATE INDEX release_of_owner ON release_order (owner_region_id, status);
CREATE INDEX release_paper_owed ON release_order (papers_due_at) WHERE spoken AND paper_checked_at IS NULL;

CREATE TABLE release_line (
    id                  uuid PRIMARY KEY,
    release_id          uuid NOT NULL REFERENCES release_order (id),
    line                integer NOT NULL CHECK (line > 0),
    requisition_line_id uuid NOT NULL REFERENCES requisition_line (id),
    item_id             bigint NOT NULL REFERENCES item (id),
    lot_id              bigint NOT NULL REFERENCES lot (id),
    place_id            bigint NOT NULL REFERENCES place (id),
    quantity            bigint NOT NULL CHECK (quantity > 0),
    covers              bigint NOT NULL CHECK (covers >= 0),
    short               bigint NOT NULL DEFAULT 0 CHECK (short >= 0 AND short <= quantity),
    short_note          text NOT NULL DEFAULT '',
    reservation_id      uuid NOT NULL REFERENCES reservation (id),
    UNIQUE (release_id, line)
);
CREATE INDEX release_line_of ON release_line (requisition_line_id);
"""


async def forwards() -> MigrationManager:
    """Create the tables."""
    manager = MigrationManager(migration_id=ID, app_name="warehouse", description=DESCRIPTION)

    async def run() -> None:
        await db.execute(SQL)

    manager.add_raw(run)
    return manager
