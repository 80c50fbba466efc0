"""Holds that more urgent requisitions have taken."""

from piccolo.apps.migrations.auto.migration_manager import MigrationManager

from catalog.kernel import db

ID = "2026-11-27T05:55:00:000000"
VERSION = "1.38.0"
DESCRIPTION = "holds taken"

SQL = """
CREATE TABLE hold_taken (
    id               uuid PRIMARY KEY,
    seq              bigint GENERATED ALWAYS AS IDENTITY UNIQUE,
    taker_id         uuid NOT NULL REFERENCES requisition (id),
    taker_plan_id    uuid NOT NULL REFERENCES sourcing_plan (id),
    taker_priority   smallint NOT NULL,
    loser_id         uuid NOT NULL REFERENCES requisition (id),
    loser_line_id    uuid NOT NULL REFERENCES requisition_line (id),
    loser_release_id uuid NOT NULL REFERENCES release_order (id),
    loser_priority   smallint NOT NULL,
    item_id          bigint NOT NULL REFERENCES item (id),
    lot_id           bigint NOT NULL REFERENCES lot (id),
    place_id         bigint NOT NULL REFERENCES place (id),
    quantity         bigint NOT NULL CHECK (quantity > 0),
    covers           bigint NOT NULL CHECK (covers >= 0),
    taken_at         timestamptz NOT NULL,
    taken_by         text NOT NULL,
    replanned_at     timestamptz,
    settled_at       timestamptz,
    CHECK (taker_id <> loser_id),
    CHECK (taker_priority < loser_priority)
);
CREATE INDEX hold_taken_open ON hold_taken (loser_id) WHERE settled_at IS NULL;
ALTER TABLE release_line ADD COLUMN gone boolean NOT NULL DEFAULT false;
CREATE INDEX hold_taken_by ON hold_taken (taker_id, loser_line_id);
"""


async def forwards() -> MigrationManager:
    """Make the table."""
    manager = MigrationManager(migration_id=ID, app_name="warehouse", description=DESCRIPTION)

    async def run() -> None:
        await db.execute(SQL)

    manager.add_raw(run)
    return manager
