"""Rotation: what becomes of old goods, and what comes in their place."""

from piccolo.apps.migrations.auto.migration_manager import MigrationManager

from catalog.kernel import db

ID = "2026-11-26T21:19:00:000000"
VERSION = "1.38.0"
DESCRIPTION = "rotation"

SQL = """
CREATE TABLE rotation_plan (
    id         uuid PRIMARY KEY,
    seq        bigint GENERATED ALWAYS AS IDENTITY UNIQUE,
    number     text NOT NULL UNIQUE,
    region_id  bigint NOT NULL REFERENCES region (id),
    year       integer NOT NULL CHECK (year BETWEEN 2000 AND 2999),
    created_at timestamptz NOT NULL,
    created_by text NOT NULL,
    attempt    uuid NOT NULL,
    UNIQUE (region_id, year)
);

CREATE TABLE rotation_line (
    id            uuid PRIMARY KEY,
    seq           bigint GENERATED ALWAYS AS IDENTITY UNIQUE,
    plan_id       uuid NOT NULL REFERENCES rotation_plan (id),
    line          integer NOT NULL CHECK (line > 0),
    lot_id        bigint NOT NULL REFERENCES lot (id),
    site_id       bigint NOT NULL REFERENCES site (id),
    condition     text NOT NULL CHECK (condition IN ('good', 'damaged')),
    quantity      bigint NOT NULL CHECK (quantity > 0),
    why           text NOT NULL CHECK (why IN ('expiry', 'life', 'age', 'damaged')),
    ends_on       date,
    due_on        date NOT NULL,
    option        text CHECK (option IN ('use', 'pass', 'swap', 'extend', 'sell', 'scrap')),
    out_on        date NOT NULL,
    in_on         date,
    in_quantity   bigint CHECK (in_quantity > 0),
    party_id      bigint REFERENCES party (id),
    test_house_id bigint REFERENCES party (id),
    experts       text[] NOT NULL DEFAULT '{}',
    purpose       text NOT NULL DEFAULT '',
    cost_fen      bigint CHECK (cost_fen >= 0),
    waste_fen     bigint CHECK (waste_fen >= 0),
    gap           jsonb,
    test          jsonb,
    status        text NOT NULL DEFAULT 'proposed'
        CHECK (status IN ('proposed', 'approved', 'carrying', 'carried', 'settled', 'withdrawn')),
    created_by    text NOT NULL,
    chosen_by     text NOT NULL DEFAULT '',
    chooser_id    bigint,
    approved_by   text NOT NULL DEFAULT '',
    approved_at   timestamptz,
    converted     bigint NOT NULL DEFAULT 0 CHECK (converted >= 0),
    new_lot_id    bigint REFERENCES lot (id),
    record_id     uuid,
    record_number text,
    end_note      text NOT NULL DEFAULT '',
    settlement    jsonb,
    version       integer NOT NULL DEFAULT 1,
    UNIQUE (plan_id, line),
    CHECK ((in_on IS NULL) = (in_quantity IS NULL)),
    CHECK (status IN ('proposed', 'withdrawn') OR (option IS NOT NULL AND approved_at IS NOT NULL))
);
-- Goods stand in one open line at most, however many propose at once.
CREATE UNIQUE INDEX rotation_line_open ON rotation_line (lot_id, site_id, condition)
    WHERE status NOT IN ('settled', 'withdrawn');
CREATE INDEX rotation_line_site ON rotation_line (site_id);
CREATE INDEX rotation_line_due ON rotation_line (due_on);

CREATE TABLE rotation_policy (
    class_id    bigint PRIMARY KEY REFERENCES material_class (id),
    forbids     text[] NOT NULL DEFAULT '{}',
    extend_days integer CHECK (extend_days > 0),
    source      text NOT NULL CHECK (source <> ''),
    version     integer NOT NULL DEFAULT 1
);
"""


async def forwards() -> MigrationManager:
    """Create the tables of rotation."""
    manager = MigrationManager(migration_id=ID, app_name="warehouse", description=DESCRIPTION)

    async def run() -> None:
        await db.execute(SQL)

    manager.add_raw(run)
    return manager
