"""Alerts, their history, and the notices that tell people and programs of them."""

from piccolo.apps.migrations.auto.migration_manager import MigrationManager

from catalog.kernel import db

ID = "2026-11-26T21:37:00:000000"
VERSION = "1.38.0"
DESCRIPTION = "alerts and notices"

SQL = """
CREATE TABLE alert (
    id             uuid PRIMARY KEY,
    seq            bigint GENERATED ALWAYS AS IDENTITY UNIQUE,
    domain         text NOT NULL,
    cause          text NOT NULL,
    kind           text NOT NULL,
    severity       smallint NOT NULL CHECK (severity BETWEEN 1 AND 3),
    status         text NOT NULL CHECK (status IN ('open', 'acknowledged', 'in-hand', 'closed')),
    region_id      bigint NOT NULL REFERENCES region (id),
    site_id        bigint REFERENCES site (id),
    item_id        bigint REFERENCES item (id),
    class_id       bigint REFERENCES material_class (id),
    lot_id         bigint REFERENCES lot (id),
    place_id       bigint REFERENCES place (id),
    document_id    uuid,
    due_on         date,
    facts          jsonb NOT NULL,
    level          smallint NOT NULL DEFAULT 0 CHECK (level >= 0),
    escalates_at   timestamptz,
    opened_at      timestamptz NOT NULL,
    changed_at     timestamptz NOT NULL,
    handled_at     timestamptz,
    handled_by     text NOT NULL DEFAULT '',
    plan           text NOT NULL DEFAULT '',
    plan_link      text NOT NULL DEFAULT '',
    snoozed_until  date,
    snooze_reason  text NOT NULL DEFAULT '',
    closed_at      timestamptz,
    version        integer NOT NULL DEFAULT 1,
    CHECK ((status = 'closed') = (closed_at IS NOT NULL)),
    CHECK (snoozed_until IS NULL OR snooze_reason <> '')
);
-- Never twice for the same cause, whoever judges.
CREATE UNIQUE INDEX alert_once ON alert (cause) WHERE status <> 'closed';
CREATE INDEX alert_order ON alert (severity DESC, seq DESC) WHERE status <> 'closed';
CREATE INDEX alert_site ON alert (site_id) WHERE status <> 'closed';
CREATE INDEX alert_region ON alert (region_id) WHERE status <> 'closed';
CREATE INDEX alert_lot ON alert (lot_id) WHERE status <> 'closed';
CREATE INDEX alert_domain ON alert (domain) WHERE status <> 'closed';
CREATE INDEX alert_due ON alert (escalates_at) WHERE status = 'open';
CREATE INDEX alert_item ON alert (item_id, seq);

CREATE TABLE alert_event (
    seq      bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    alert_id uuid NOT NULL REFERENCES alert (id),
    verb     text NOT NULL,
    kind     text NOT NULL,
    severity smallint NOT NULL,
    at       timestamptz NOT NULL,
    login    text NOT NULL DEFAULT '',
    note     text NOT NULL DEFAULT '',
    facts    jsonb NOT NULL DEFAULT '{}'
);
CREATE INDEX alert_event_alert ON alert_event (alert_id, seq);

-- Who was told of an alert, and when first: whose inbox it is in.
CREATE TABLE alert_told (
    alert_id  uuid NOT NULL REFERENCES alert (id),
    person_id bigint NOT NULL REFERENCES person (id),
    told_at   timestamptz NOT NULL,
    PRIMARY KEY (alert_id, person_id)
);
CREATE INDEX alert_told_person ON alert_told (person_id, alert_id);

-- What a person wants to be told, and how. Without a row: on screen only.
CREATE TABLE alert_subscription (
    person_id     bigint PRIMARY KEY REFERENCES person (id),
    kinds         text[] NOT NULL DEFAULT '{}',
    severity      smallint NOT NULL DEFAULT 1 CHECK (severity BETWEEN 1 AND 3),
    sound         boolean NOT NULL DEFAULT true,
    mail          text NOT NULL DEFAULT 'off' CHECK (mail IN ('off', 'at-once', 'digest')),
    address       text NOT NULL DEFAULT '',
    digest_at     smallint NOT NULL DEFAULT 480 CHECK (digest_at BETWEEN 0 AND 1439),
    quiet_from    smallint CHECK (quiet_from BETWEEN 0 AND 1439),
    quiet_to      smallint CHECK (quiet_to BETWEEN 0 AND 1439),
    version       integer NOT NULL DEFAULT 1,
    CHECK ((quiet_from IS NULL) = (quiet_to IS NULL)),
    CHECK (mail = 'off' OR address <> '')
);
-- Where a place's alerts go besides: a program of the house, a robot of a chat group, a shared mailbox.
CREATE TABLE notice_channel (
    id          uuid PRIMARY KEY,
    seq         bigint GENERATED ALWAYS AS IDENTITY UNIQUE,
    name        text NOT NULL,
    form        text NOT NULL CHECK (form IN ('webhook', 'wecom', 'dingtalk', 'feishu', 'mail')),
    region_id   bigint REFERENCES region (id),
    site_id     bigint REFERENCES site (id),
    target      text NOT NULL,
    target_shown text NOT NULL,
    secret      text NOT NULL DEFAULT '',
    kinds       text[] NOT NULL DEFAULT '{}',
    severity    smallint NOT NULL DEFAULT 1 CHECK (severity BETWEEN 1 AND 3),
    digest_at   smallint CHECK (digest_at BETWEEN 0 AND 1439),
    quiet_from  smallint CHECK (quiet_from BETWEEN 0 AND 1439),
    quiet_to    smallint CHECK (quiet_to BETWEEN 0 AND 1439),
    version     integer NOT NULL DEFAULT 1,
    retired_at  timestamptz,
    created_by  text NOT NULL,
    CHECK (num_nonnulls(region_id, site_id) = 1),
    CHECK ((quiet_from IS NULL) = (quiet_to IS NULL))
);
-- One notice to one receiver: at least once, always under the same id.
CREATE TABLE notice (
    id         uuid PRIMARY KEY,
    seq        bigint GENERATED ALWAYS AS IDENTITY UNIQUE,
    event_seq  bigint NOT NULL REFERENCES alert_event (seq),
    person_id  bigint REFERENCES person (id),
    channel_id uuid REFERENCES notice_channel (id),
    status     text NOT NULL DEFAULT 'waiting' CHECK (status IN ('waiting', 'sent', 'failed', 'cancelled')),
    tries      integer NOT NULL DEFAULT 0,
    next_at    timestamptz NOT NULL,
    created_at timestamptz NOT NULL,
    ended_at   timestamptz,
    error      text NOT NULL DEFAULT '',
    CHECK (num_nonnulls(person_id, channel_id) = 1)
);
CREATE UNIQUE INDEX notice_once ON notice (event_seq, person_id, channel_id) NULLS NOT DISTINCT;
CREATE INDEX notice_due ON notice (next_at) WHERE status = 'waiting';
CREATE INDEX notice_failed ON notice (seq) WHERE status = 'failed';

CREATE FUNCTION grant_application_alerts(role_name text) RETURNS void LANGUAGE plpgsql AS $$
BEGIN
    EXECUTE format('REVOKE UPDATE, DELETE, TRUNCATE ON alert_event FROM %I', role_name);
    EXECUTE format('GRANT DELETE ON notice TO %I', role_name);
END $$;
"""


async def forwards() -> MigrationManager:
    """Create the tables of alerts and notices."""
    manager = MigrationManager(migration_id=ID, app_name="warehouse", description=DESCRIPTION)

    async def run() -> None:
        await db.execute(SQL)

    manager.add_raw(run)
    return manager
