"""Pick lists are numbered like papers: by store and year, without a gap. Numbers given before stay as they are."""

from piccolo.apps.migrations.auto.migration_manager import MigrationManager

from catalog.kernel import db

ID = "2026-11-27T06:35:00:000000"
VERSION = "1.38.0"
DESCRIPTION = "gapless numbers of pick lists"

SQL = """
CREATE TABLE pick_counter (
    site_id bigint NOT NULL REFERENCES site (id),
    year    integer NOT NULL,
    last    integer NOT NULL,
    PRIMARY KEY (site_id, year)
);
DROP SEQUENCE pick_number;
"""


async def forwards() -> MigrationManager:
    """Make the counter."""
    manager = MigrationManager(migration_id=ID, app_name="warehouse", description=DESCRIPTION)

    async def run() -> None:
        await db.execute(SQL)

    manager.add_raw(run)
    return manager
