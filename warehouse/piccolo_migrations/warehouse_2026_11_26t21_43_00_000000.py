"""Proposals to order."""

from piccolo.apps.migrations.auto.migration_manager import MigrationManager

from catalog.kernel import db

ID = "2026-11-26T21:43:00:000000"
VERSION = "1.38.0"
DESCRIPTION = "proposals"

SQL = """
CREATE TABLE proposal (
    id              uuid PRIMARY KEY,
    seq             bigint GENERATED ALWAYS AS IDENTITY UNIQUE,
    key             text NOT NULL,
    part            integer NOT NULL CHECK (part > 0),
    cause           text NOT NULL CHECK (cause IN ('gap', 'rotation', 'incident')),
    status          text NOT NULL CHECK (status IN ('open', 'ordered', 'dismissed', 'withdrawn')),
    owner_region_id bigint NOT NULL REFERENCES region (id),
    item_id         bigint NOT NULL REFERENCES item (id),
    site_id         bigint REFERENCES site (id),
    quantity        bigint NOT NULL CHECK (quantity > 0),
    pack_id         bigint REFERENCES pack (id),
    supplier_id     bigint REFERENCES party (id),
    fund_source     text,
    price_fen       bigint CHECK (price_fen >= 0),
    price_per       bigint NOT NULL DEFAULT 1 CHECK (price_per > 0),
    amount_fen      bigint CHECK (amount_fen >= 0),
    expected_on     date,
    why             jsonb NOT NULL,
    order_id        uuid REFERENCES supply_order (id),
    reason          text NOT NULL DEFAULT '',
    until           date,
    created_at      timestamptz NOT NULL,
    changed_at      timestamptz NOT NULL,
    attempt         uuid NOT NULL,
    version         integer NOT NULL DEFAULT 1,
    CHECK (status <> 'ordered' OR order_id IS NOT NULL),
    CHECK (status <> 'dismissed' OR (until IS NOT NULL AND reason <> ''))
);
-- One open proposal for each cause: what makes running twice harmless.
CREATE UNIQUE INDEX proposal_open ON proposal (key, part) WHERE status = 'open';
CREATE INDEX proposal_asleep ON proposal (key) WHERE status = 'dismissed';
CREATE INDEX proposal_owner ON proposal (owner_region_id, status);
"""


async def forwards() -> MigrationManager:
    """Create the table of proposals."""
    manager = MigrationManager(migration_id=ID, app_name="warehouse", description=DESCRIPTION)

    async def run() -> None:
        await db.execute(SQL)

    manager.add_raw(run)
    return manager
