"""Orders, the deliveries they make, and the budgets that pay for them."""

from piccolo.apps.migrations.auto.migration_manager import MigrationManager

from catalog.kernel import db

ID = "2026-11-26T21:16:00:000000"
VERSION = "1.38.0"
DESCRIPTION = "orders and budgets"

SQL = """
CREATE TABLE supply_order (
    id              uuid PRIMARY KEY,
    seq             bigint GENERATED ALWAYS AS IDENTITY UNIQUE,
    number          text UNIQUE,
    kind            text NOT NULL CHECK (kind IN
                    ('procurement', 'emergency-purchase', 'call-off', 'emergency-production', 'transfer')),
    status          text NOT NULL CHECK (status IN
                    ('draft', 'submitted', 'endorsed', 'approved', 'ordered', 'closed', 'cancelled')),
    owner_region_id bigint NOT NULL REFERENCES region (id),
    site_id         bigint NOT NULL REFERENCES site (id),
    supplier_id     bigint REFERENCES party (id),
    fund_source     text,
    budget_year     integer NOT NULL CHECK (budget_year BETWEEN 2000 AND 2200),
    contract        text NOT NULL DEFAULT '',
    reason          text NOT NULL DEFAULT '',
    note            text NOT NULL DEFAULT '',
    revision        integer NOT NULL DEFAULT 1,
    authors         text[] NOT NULL DEFAULT '{}',
    created_at      timestamptz NOT NULL,
    created_by      text NOT NULL,
    endorsed_by     text NOT NULL DEFAULT '',
    approved_by     text NOT NULL DEFAULT '',
    over_budget_reason text NOT NULL DEFAULT '',
    ordered_at      timestamptz,
    ended_at        timestamptz,
    end_reason      text NOT NULL DEFAULT '',
    attempt         uuid NOT NULL UNIQUE,
    version         integer NOT NULL DEFAULT 1,
    CHECK (status <> 'ordered' OR (number IS NOT NULL AND ordered_at IS NOT NULL)),
    CHECK (status NOT IN ('approved', 'ordered') OR approved_by <> '')
);
CREATE INDEX supply_order_budget ON supply_order (owner_region_id, budget_year, fund_source);
CREATE INDEX supply_order_site ON supply_order (site_id, seq);
CREATE INDEX supply_order_supplier ON supply_order (supplier_id) WHERE supplier_id IS NOT NULL;
CREATE INDEX supply_order_open ON supply_order (seq) WHERE status NOT IN ('closed', 'cancelled');

CREATE TABLE supply_order_line (
    id          bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    order_id    uuid NOT NULL REFERENCES supply_order (id),
    line        integer NOT NULL CHECK (line > 0),
    item_id     bigint NOT NULL REFERENCES item (id),
    quantity    bigint NOT NULL CHECK (quantity > 0),
    pack_id     bigint REFERENCES pack (id),
    price_fen   bigint CHECK (price_fen >= 0),
    price_per   bigint NOT NULL DEFAULT 1 CHECK (price_per > 0),
    amount_fen  bigint CHECK (amount_fen >= 0),
    expected_on date,
    why         text NOT NULL DEFAULT '',
    UNIQUE (order_id, line)
);
CREATE INDEX supply_order_line_item ON supply_order_line (item_id);

-- One serial for each kind and Shanghai year, taken when an order is issued: gapless.
CREATE TABLE supply_order_counter (
    kind text NOT NULL,
    year integer NOT NULL,
    last bigint NOT NULL,
    PRIMARY KEY (kind, year)
);

ALTER TABLE delivery ADD order_id uuid REFERENCES supply_order (id);
CREATE INDEX delivery_order ON delivery (order_id) WHERE order_id IS NOT NULL;
ALTER TABLE delivery_line ADD order_line integer CHECK (order_line > 0);

CREATE TABLE budget (
    id          uuid PRIMARY KEY,
    seq         bigint GENERATED ALWAYS AS IDENTITY UNIQUE,
    region_id   bigint NOT NULL REFERENCES region (id),
    year        integer NOT NULL CHECK (year BETWEEN 2000 AND 2200),
    fund_source text NOT NULL CHECK (fund_source <> ''),
    amount_fen  bigint NOT NULL CHECK (amount_fen >= 0),
    source      text NOT NULL CHECK (source <> ''),
    note        text NOT NULL DEFAULT '',
    version     integer NOT NULL DEFAULT 1,
    created_at  timestamptz NOT NULL,
    created_by  text NOT NULL,
    attempt     uuid NOT NULL,
    UNIQUE (region_id, year, fund_source)
);
CREATE TABLE budget_milestone (
    id        bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    budget_id uuid NOT NULL REFERENCES budget (id),
    name      text NOT NULL,
    day       date NOT NULL,
    percent   integer NOT NULL CHECK (percent BETWEEN 1 AND 100),
    measure   text NOT NULL CHECK (measure IN ('ordered', 'received'))
);
CREATE INDEX budget_milestone_budget ON budget_milestone (budget_id);

CREATE FUNCTION grant_application_orders(role_name text) RETURNS void LANGUAGE plpgsql AS $$
BEGIN
    EXECUTE format('GRANT DELETE ON supply_order_line, budget_milestone TO %I', role_name);
END $$;
"""


async def forwards() -> MigrationManager:
    """Create the tables of orders and budgets, and let a delivery name its order."""
    manager = MigrationManager(migration_id=ID, app_name="warehouse", description=DESCRIPTION)

    async def run() -> None:
        await db.execute(SQL)

    manager.add_raw(run)
    return manager
