"""Views of lists that people keep; and stock by owner in the order of an index."""

from piccolo.apps.migrations.auto.migration_manager import MigrationManager

from catalog.kernel import db

ID = "2026-11-26T11:45:00:000000"
VERSION = "1.38.0"
DESCRIPTION = "saved views, stock by owner"

SQL = """
CREATE TABLE saved_view (
    id         uuid PRIMARY KEY,
    seq        bigint GENERATED ALWAYS AS IDENTITY UNIQUE,
    person_id  bigint NOT NULL REFERENCES person (id),
    party_id   bigint REFERENCES party (id),
    list       text NOT NULL,
    name       text NOT NULL,
    query      text NOT NULL,
    shared     boolean NOT NULL DEFAULT false,
    created_at timestamptz NOT NULL,
    version    integer NOT NULL DEFAULT 1,
    retired_at timestamptz,
    attempt    uuid NOT NULL,
    CHECK (NOT shared OR party_id IS NOT NULL)
);
CREATE UNIQUE INDEX saved_view_name ON saved_view (person_id, list, name) WHERE retired_at IS NULL;
CREATE INDEX saved_view_shared ON saved_view (party_id, list) WHERE shared AND retired_at IS NULL;

-- Stock by owner walks owner and item, pair by pair.
CREATE INDEX lot_owner_item ON lot (owner_path, item_id);
-- Search finds a delivery by its supplier's note.
CREATE INDEX delivery_note ON delivery (note_number) WHERE note_number <> '';
"""


async def forwards() -> MigrationManager:
    """Create the table of saved views and the index."""
    manager = MigrationManager(migration_id=ID, app_name="warehouse", description=DESCRIPTION)

    async def run() -> None:
        await db.execute(SQL)

    manager.add_raw(run)
    return manager
