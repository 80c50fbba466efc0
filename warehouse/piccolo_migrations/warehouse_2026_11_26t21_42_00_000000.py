"""Scenarios: consumption norms, what an emergency is assumed to be, and what came out."""

from piccolo.apps.migrations.auto.migration_manager import MigrationManager

from catalog.kernel import db

ID = "2026-11-26T21:42:00:000000"
VERSION = "1.38.0"
DESCRIPTION = "scenarios"

SQL = """
CREATE TABLE consumption_norm (
    id         uuid PRIMARY KEY,
    seq        bigint GENERATED ALWAYS AS IDENTITY UNIQUE,
    region_id  bigint NOT NULL REFERENCES region (id),
    hazard     text,
    item_id    bigint REFERENCES item (id),
    class_id   bigint REFERENCES material_class (id),
    quantity   bigint NOT NULL CHECK (quantity > 0),
    people     bigint NOT NULL CHECK (people > 0),
    basis      text NOT NULL CHECK (basis IN ('affected', 'moved')),
    daily      boolean NOT NULL,
    source     text NOT NULL CHECK (source <> ''),
    note       text NOT NULL DEFAULT '',
    version    integer NOT NULL DEFAULT 1,
    retired_at timestamptz,
    created_at timestamptz NOT NULL,
    created_by text NOT NULL,
    attempt    uuid NOT NULL,
    CHECK (num_nonnulls(item_id, class_id) = 1)
);
CREATE UNIQUE INDEX consumption_norm_once ON consumption_norm (region_id, hazard, item_id, class_id, basis, daily)
    NULLS NOT DISTINCT WHERE retired_at IS NULL;

CREATE TABLE scenario (
    id          uuid PRIMARY KEY,
    seq         bigint GENERATED ALWAYS AS IDENTITY UNIQUE,
    region_id   bigint NOT NULL REFERENCES region (id),
    name        text NOT NULL CHECK (name <> ''),
    hazard      text NOT NULL,
    day         date NOT NULL,
    days        integer NOT NULL CHECK (days > 0),
    note        text NOT NULL DEFAULT '',
    areas       jsonb NOT NULL,
    uses        jsonb NOT NULL,
    reach       jsonb NOT NULL,
    version     integer NOT NULL DEFAULT 1,
    retired_at  timestamptz,
    created_at  timestamptz NOT NULL,
    created_by  text NOT NULL,
    computed_at timestamptz,
    computed_by text NOT NULL DEFAULT '',
    outcome     jsonb,
    attempt     uuid NOT NULL,
    CHECK ((outcome IS NULL) = (computed_at IS NULL))
);
CREATE INDEX scenario_region ON scenario (region_id);
"""


async def forwards() -> MigrationManager:
    """Create the tables of scenarios."""
    manager = MigrationManager(migration_id=ID, app_name="warehouse", description=DESCRIPTION)

    async def run() -> None:
        await db.execute(SQL)

    manager.add_raw(run)
    return manager
