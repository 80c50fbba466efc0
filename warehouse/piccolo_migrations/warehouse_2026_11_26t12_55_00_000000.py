"""Norms: how much a place must hold, of what, on what basis, when."""

from piccolo.apps.migrations.auto.migration_manager import MigrationManager

from catalog.kernel import db

ID = "2026-11-26T12:55:00:000000"
VERSION = "1.38.0"
DESCRIPTION = "norms"

SQL = """
CREATE TABLE norm (
    id          uuid PRIMARY KEY,
    seq         bigint GENERATED ALWAYS AS IDENTITY UNIQUE,
    site_id     bigint REFERENCES site (id),
    region_id   bigint REFERENCES region (id),
    each        text CHECK (each IN ('district', 'town', 'village', 'site')),
    item_id     bigint REFERENCES item (id),
    class_id    bigint REFERENCES material_class (id),
    minimum     bigint CHECK (minimum >= 0),
    reorder     bigint CHECK (reorder >= 0),
    target      bigint CHECK (target >= 0),
    maximum     bigint CHECK (maximum >= 0),
    lead_days   integer CHECK (lead_days >= 0),
    round_to    bigint CHECK (round_to > 0),
    basis       text NOT NULL DEFAULT 'fixed',
    basis_per   bigint NOT NULL DEFAULT 1 CHECK (basis_per > 0),
    unit        text NOT NULL DEFAULT '',
    season_from smallint CHECK (season_from BETWEEN 101 AND 1231),
    season_to   smallint CHECK (season_to BETWEEN 101 AND 1231),
    valid_from  date NOT NULL,
    valid_to    date,
    source      text NOT NULL CHECK (source <> ''),
    note        text NOT NULL DEFAULT '',
    version     integer NOT NULL DEFAULT 1,
    retired_at  timestamptz,
    created_at  timestamptz NOT NULL,
    created_by  text NOT NULL,
    attempt     uuid NOT NULL,
    CHECK (num_nonnulls(site_id, region_id) = 1),
    CHECK (num_nonnulls(item_id, class_id) = 1),
    CHECK (num_nonnulls(minimum, reorder, target, maximum) > 0),
    CHECK (each IS NULL OR region_id IS NOT NULL),
    CHECK ((season_from IS NULL) = (season_to IS NULL)),
    CHECK (valid_to IS NULL OR valid_to >= valid_from)
);
CREATE INDEX norm_region ON norm (region_id) WHERE retired_at IS NULL;
CREATE INDEX norm_site ON norm (site_id) WHERE retired_at IS NULL;
CREATE INDEX norm_item ON norm (item_id) WHERE retired_at IS NULL;
CREATE INDEX norm_class ON norm (class_id) WHERE retired_at IS NULL;

CREATE TABLE norm_equivalent (
    id      bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    norm_id uuid NOT NULL REFERENCES norm (id),
    item_id bigint NOT NULL REFERENCES item (id),
    base    bigint NOT NULL CHECK (base > 0),
    worth   bigint NOT NULL CHECK (worth >= 0),
    UNIQUE (norm_id, item_id)
);

CREATE FUNCTION grant_application_norms(role_name text) RETURNS void LANGUAGE plpgsql AS $$
BEGIN
    EXECUTE format('GRANT DELETE ON norm_equivalent TO %I', role_name);
END $$;
"""


async def forwards() -> MigrationManager:
    """Create the tables of norms."""
    manager = MigrationManager(migration_id=ID, app_name="warehouse", description=DESCRIPTION)

    async def run() -> None:
        await db.execute(SQL)

    manager.add_raw(run)
    return manager
