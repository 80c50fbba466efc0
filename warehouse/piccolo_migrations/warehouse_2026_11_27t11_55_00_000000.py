"""Ways by road from stores to regions, and how long a store takes to load."""

from piccolo.apps.migrations.auto.migration_manager import MigrationManager

from catalog.kernel import db

ID = "2026-11-27T11:55:00:000000"
VERSION = "1.38.0"
DESCRIPTION = "roads"

SQL = """
ALTER TABLE site ADD COLUMN load_minutes integer CHECK (load_minutes BETWEEN 0 AND 1440);
CREATE TABLE road (
    site_id   bigint NOT NULL REFERENCES site (id),
    region_id bigint NOT NULL REFERENCES region (id),
    minutes   integer CHECK (minutes BETWEEN 0 AND 10080),
    metres    bigint CHECK (metres BETWEEN 0 AND 10000000),
    source    text NOT NULL CHECK (source <> ''),
    set_at    timestamptz NOT NULL,
    PRIMARY KEY (site_id, region_id),
    CHECK ((minutes IS NULL) = (metres IS NULL))  -- without both, the way was taken out
);
CREATE INDEX road_region ON road (region_id);
"""


async def forwards() -> MigrationManager:
    """Make the table."""
    manager = MigrationManager(migration_id=ID, app_name="warehouse", description=DESCRIPTION)

    async def run() -> None:
        await db.execute(SQL)

    manager.add_raw(run)
    return manager
