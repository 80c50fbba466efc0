"""What each owner holds of each item at each site, added up and kept: reports read it instead of every balance."""

from piccolo.apps.migrations.auto.migration_manager import MigrationManager

from catalog.kernel import db

ID = "2026-11-27T11:20:00:000000"
VERSION = "1.38.0"
DESCRIPTION = "kept sums of balances"

SQL = """
-- As sum(), for figures that fit: no numeric in between, which costs more than the adding.
CREATE AGGREGATE total (bigint) (SFUNC = int8pl, STYPE = bigint, COMBINEFUNC = int8pl, PARALLEL = SAFE);

-- Follows from the balances up to a bookmark in the news (feed_reader 'holdings'); what was touched after it is read from
-- the balances themselves. `days`: on which the good goods in store expire, ascending; `lasting`: all of them, then what
-- is left when the first of these days has passed, the second, and so on. Goods that never expire last beyond all days.
CREATE TABLE holding (
    owner_region_id bigint NOT NULL,
    site_id         bigint NOT NULL,
    item_id         bigint NOT NULL,
    on_hand         bigint NOT NULL,
    in_transit      bigint NOT NULL,
    lent            bigint NOT NULL,
    days            date[] NOT NULL,
    lasting         bigint[] NOT NULL CHECK (cardinality(lasting) = cardinality(days) + 1),
    PRIMARY KEY (owner_region_id, site_id, item_id)
) WITH (fillfactor = 80);
CREATE INDEX holding_site ON holding (site_id, item_id);

-- The same of a month's snapshot. Snapshots that were taken before are not added up.
CREATE TABLE holding_snapshot (month date NOT NULL, LIKE holding INCLUDING CONSTRAINTS,
    PRIMARY KEY (month, owner_region_id, site_id, item_id));
-- What a snapshot does not hold was recorded since; what matters of it occurred by the day asked for.
CREATE INDEX move_occurred ON move USING brin (occurred_at);
ALTER TABLE snapshot_run ADD COLUMN added_up boolean NOT NULL DEFAULT false;
CREATE FUNCTION grant_application_holdings(role_name text) RETURNS void LANGUAGE plpgsql AS $$
BEGIN
    EXECUTE format('GRANT DELETE ON holding TO %I', role_name);
END $$;
"""


async def forwards() -> MigrationManager:
    """Make the table; the watch fills it when it first turns."""
    manager = MigrationManager(migration_id=ID, app_name="warehouse", description=DESCRIPTION)

    async def run() -> None:
        await db.execute(SQL)

    manager.add_raw(run)
    return manager
