"""Reads of subscriptions, channels and the outbox."""

from collections.abc import Sequence
from typing import Any
from uuid import UUID

from catalog.kernel import db
from catalog.kernel.access import Scope
from catalog.kernel.errors import Invalid, Missing
from catalog.kernel.page import Page, checked_limit, read_cursor, write_cursor
from warehouse.alerts.model import (
    AlertKind,
    Channel,
    EventVerb,
    Form,
    MailMode,
    Notice,
    NoticeStatus,
    Outgoing,
    Quiet,
    Severity,
    Subscription,
)
from warehouse.alerts.queries.alerts import COLUMNS, JOINED, WIDTH, alert_of, event_of


def _quiet(begins: int | None, ends: int | None) -> Quiet | None:
    return Quiet(begins, ends) if begins is not None and ends is not None else None


async def subscription_of(person_id: int, *, lock: bool = False) -> Subscription:
    """What a person wants to be told; the defaults where he never said."""
    row: Any = await db.fetch_row(
        "SELECT kinds, severity, sound, mail, address, digest_at, quiet_from, quiet_to, version FROM alert_subscription"
        f" WHERE person_id = $1{' FOR UPDATE' if lock else ''}",
        person_id,
    )
    if row is None:
        return Subscription()
    kinds = tuple(AlertKind(one) for one in row[0])
    return Subscription(
        kinds, Severity(row[1]), row[2], MailMode(row[3]), row[4], row[5], _quiet(row[6], row[7]), row[8]
    )


_CHANNEL = """
SELECT c.id, c.seq, c.name, c.form, c.target_shown, c.secret <> '', r.key, r.name_zh, r.name_en, r.path, c.site_id,
    s.code, s.name_zh, s.name_en, c.kinds, c.severity, c.digest_at, c.quiet_from, c.quiet_to, c.version, c.retired_at,
    c.created_by
FROM notice_channel c LEFT JOIN site s ON s.id = c.site_id JOIN region r ON r.id = coalesce(c.region_id, s.region_id)
"""


def _channel(row: Any) -> Channel:
    v: list[Any] = list(row)
    v[3], v[14], v[15] = Form(v[3]), tuple(AlertKind(one) for one in v[14]), Severity(v[15])
    v[17:19] = [_quiet(v[17], v[18])]
    return Channel(*v)


async def list_channels(scope: Scope, *, retired: bool = False) -> list[Channel]:
    """Channels of places in scope, as they were made."""
    rows = await db.fetch(
        _CHANNEL
        + "WHERE (r.path LIKE ANY($1::text[]) OR c.site_id = ANY($2::bigint[])) AND ($3 OR c.retired_at IS NULL)"
        " ORDER BY c.seq LIMIT 500",
        scope.prefixes,
        list(scope.site_ids),
        retired,
    )
    return [_channel(row) for row in rows]


async def get_channel(channel: UUID, scope: Scope) -> Channel:
    """A channel of a place in scope. Raises Missing."""
    row = await db.fetch_row(_CHANNEL + "WHERE c.id = $1", channel)
    found = _channel(row) if row is not None else None
    if found is None or not scope.covers(found.path, found.site_id):
        raise Missing("notice.no-such-channel", "没有这个通知渠道，或不在您的管辖范围内", channel=str(channel))
    return found


_NOTICE = """
SELECT n.id, n.seq, n.status, coalesce(c.name, p.login), coalesce(c.form, 'mail'), e.alert_id, e.kind, e.verb, n.tries,
    n.next_at, n.created_at, n.ended_at, n.error
FROM notice n JOIN alert_event e ON e.seq = n.event_seq LEFT JOIN notice_channel c ON c.id = n.channel_id
LEFT JOIN person p ON p.id = n.person_id
"""


async def list_notices(
    *, status: NoticeStatus | None, troubled: bool = False, cursor: str | None = None, limit: int | None = None
) -> Page[Notice]:
    """Notices, the newest first; `troubled`: failed ones, and waiting ones that were tried. For the administrator of
    the house: not scoped."""
    size = checked_limit(limit)
    after = read_cursor(cursor, 1)
    if after is not None and (type(after[0]) is not int or not 0 <= after[0] < 2**63):
        raise Invalid("page.bad-cursor", "翻页标记无效，请从第一页重新开始")
    rows = await db.fetch(
        _NOTICE + "WHERE ($1::text IS NULL OR n.status = $1) AND ($2::bigint IS NULL OR n.seq < $2)"
        " AND (NOT $4 OR n.status = 'failed' OR (n.status = 'waiting' AND n.error <> '')) ORDER BY n.seq DESC LIMIT $3",
        status.value if status else None,
        after[0] if after else None,
        size + 1,
        troubled,
    )
    shown = [_notice(row) for row in rows[:size]]
    return Page(shown, write_cursor(shown[-1].seq) if len(rows) > size else None)


def _notice(row: Any) -> Notice:
    v = list(row)
    return Notice(v[0], v[1], NoticeStatus(v[2]), v[3], v[4], v[5], AlertKind(v[6]), EventVerb(v[7]), *v[8:])


async def count_notices() -> dict[NoticeStatus, int]:
    """How many there are of each status."""
    rows = await db.fetch("SELECT status, count(*)::int FROM notice GROUP BY 1")
    return {NoticeStatus(row[0]): row[1] for row in rows}


_ALERT = JOINED.replace("alert a JOIN", "alert a ON a.id = e.alert_id JOIN", 1)
_OUTGOING = f"""
SELECT {COLUMNS}, e.seq, e.verb, e.kind, e.severity, e.at, e.login, e.note, e.facts::text, n.id,
    coalesce(h.form, 'mail'), coalesce(h.target, u.address, ''), coalesce(h.secret, ''),
    coalesce(h.severity, u.severity, 1), coalesce(h.quiet_from, u.quiet_from), coalesce(h.quiet_to, u.quiet_to),
    n.tries, n.created_at, coalesce(w.language, 'zh'), coalesce(h.id::text, w.id::text),
    coalesce(h.digest_at IS NOT NULL, u.mail = 'digest', false)
FROM notice n JOIN alert_event e ON e.seq = n.event_seq JOIN {_ALERT}
LEFT JOIN notice_channel h ON h.id = n.channel_id LEFT JOIN person w ON w.id = n.person_id
LEFT JOIN alert_subscription u ON u.person_id = n.person_id
WHERE n.id = ANY($1::uuid[]) ORDER BY n.seq
"""


async def outgoing(ids: Sequence[UUID]) -> list[Outgoing]:
    """Notices with all that is needed to send them."""
    if not ids:
        return []
    found = []
    for row in map(tuple, await db.fetch(_OUTGOING, list(ids))):
        rest = row[WIDTH + 8 :]
        found.append(
            Outgoing(
                rest[0],
                event_of(row[WIDTH : WIDTH + 8]),
                alert_of(row[:WIDTH]),
                Form(rest[1]),
                rest[2],
                rest[3],
                Severity(rest[4]),
                _quiet(rest[5], rest[6]),
                *rest[7:],
            )
        )
    return found
