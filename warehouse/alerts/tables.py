"""Piccolo's mirror of the tables of alerts and notices. Constraints and indexes are in the migration."""

from piccolo.columns import JSONB, UUID, Array, BigInt, Boolean, Date, Integer, SmallInt, Text, Timestamptz
from piccolo.table import Table


class AlertRow(Table, tablename="alert"):
    """One alert; unique by cause while it is not closed."""

    id = UUID(primary_key=True)
    seq = BigInt()
    domain = Text()
    cause = Text()
    kind = Text()
    severity = SmallInt()
    status = Text()
    region_id = BigInt()
    site_id = BigInt(null=True, default=None)
    item_id = BigInt(null=True, default=None)
    class_id = BigInt(null=True, default=None)
    lot_id = BigInt(null=True, default=None)
    place_id = BigInt(null=True, default=None)
    document_id = UUID(null=True, default=None)
    due_on = Date(null=True, default=None)
    facts = JSONB()
    level = SmallInt(default=0)
    escalates_at = Timestamptz(null=True, default=None)
    opened_at = Timestamptz()
    changed_at = Timestamptz()
    handled_at = Timestamptz(null=True, default=None)
    handled_by = Text()
    plan = Text()
    plan_link = Text()
    snoozed_until = Date(null=True, default=None)
    snooze_reason = Text()
    closed_at = Timestamptz(null=True, default=None)
    version = Integer(default=1)


class AlertEventRow(Table, tablename="alert_event"):
    """A line of an alert's history: append-only."""

    seq = BigInt(primary_key=True)
    alert_id = UUID()
    verb = Text()
    kind = Text()
    severity = SmallInt()
    at = Timestamptz()
    login = Text()
    note = Text()
    facts = JSONB()


class SubscriptionRow(Table, tablename="alert_subscription"):
    """What a person wants to be told."""

    person_id = BigInt(primary_key=True)
    kinds = Array(Text())
    severity = SmallInt(default=1)
    sound = Boolean(default=True)
    mail = Text()
    address = Text()
    digest_at = SmallInt()
    quiet_from = SmallInt(null=True, default=None)
    quiet_to = SmallInt(null=True, default=None)
    version = Integer(default=1)


class ChannelRow(Table, tablename="notice_channel"):
    """Where a place's alerts go besides."""

    id = UUID(primary_key=True)
    seq = BigInt()
    name = Text()
    form = Text()
    region_id = BigInt(null=True, default=None)
    site_id = BigInt(null=True, default=None)
    target = Text()
    target_shown = Text()
    secret = Text()
    kinds = Array(Text())
    severity = SmallInt(default=1)
    digest_at = SmallInt(null=True, default=None)
    quiet_from = SmallInt(null=True, default=None)
    quiet_to = SmallInt(null=True, default=None)
    version = Integer(default=1)
    retired_at = Timestamptz(null=True, default=None)
    created_by = Text()


class NoticeRow(Table, tablename="notice"):
    """One notice to one receiver."""

    id = UUID(primary_key=True)
    seq = BigInt()
    event_seq = BigInt()
    person_id = BigInt(null=True, default=None)
    channel_id = UUID(null=True, default=None)
    status = Text()
    tries = Integer(default=0)
    next_at = Timestamptz()
    created_at = Timestamptz()
    ended_at = Timestamptz(null=True, default=None)
    error = Text()


# `alert_told` has a composite key and no Piccolo row.
