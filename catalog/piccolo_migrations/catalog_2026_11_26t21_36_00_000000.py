"""Readers of the news: where each stopped. The order of reading is that of transactions, then of rows."""

from piccolo.apps.migrations.auto.migration_manager import MigrationManager

from catalog.kernel import db

ID = "2026-11-26T21:36:00:000000"
VERSION = "1.38.0"
DESCRIPTION = "readers of the feed"

SQL = """
CREATE INDEX feed_order ON feed (xid, seq);
CREATE TABLE feed_reader (
    name text PRIMARY KEY,
    xid  xid8 NOT NULL,
    seq  bigint NOT NULL,
    at   timestamptz NOT NULL
);
"""


async def forwards() -> MigrationManager:
    """Create the index and the table of readers."""
    manager = MigrationManager(migration_id=ID, app_name="catalog", description=DESCRIPTION)

    async def run() -> None:
        await db.execute(SQL)

    manager.add_raw(run)
    return manager
