"""Reads of alerts, each with its scope: where the alert is, or who owns the lot it is about."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any
from uuid import UUID

from catalog.kernel import db
from catalog.kernel.access import Scope
from catalog.kernel.errors import Invalid, Missing
from catalog.kernel.page import Page, checked_limit, read_cursor, write_cursor
from warehouse.alerts.model import Alert, AlertEvent, AlertKind, Domain, EventVerb, Severity, Status
from warehouse.alerts.queries.facts import plain

COLUMNS = """a.id, a.seq, a.kind, a.severity, a.status, s.code, s.name_zh, s.name_en, r.key, r.name_zh, r.name_en,
    r.path, a.site_id, i.key, i.name_zh, i.name_en, c.code, c.name_zh, c.name_en, l.number, p.code, p.key,
    a.document_id, a.due_on, a.facts::text, a.level, a.escalates_at, a.opened_at, a.changed_at, a.handled_at,
    a.handled_by, a.plan, a.plan_link, a.snoozed_until, a.snooze_reason, a.closed_at, a.version, a.domain"""
JOINED = """alert a JOIN region r ON r.id = a.region_id LEFT JOIN site s ON s.id = a.site_id
LEFT JOIN item i ON i.id = a.item_id LEFT JOIN material_class c ON c.id = a.class_id LEFT JOIN lot l ON l.id = a.lot_id
LEFT JOIN place p ON p.id = a.place_id"""
WIDTH = 38


def alert_of(row: Sequence[Any]) -> Alert:
    """An alert from its columns."""
    values = list(row)
    values[2], values[3], values[4] = AlertKind(values[2]), Severity(values[3]), Status(values[4])
    values[24], values[37] = plain(values[24]), Domain(values[37])
    return Alert(*values)


@dataclass(frozen=True, slots=True)
class AlertFilter:
    """Which alerts; None says nothing. `mine`: only those that this person was told of."""

    status: Status | None = None
    closed: bool | None = False
    """Closed ones, instead of those that are not; None: both."""
    snoozed: bool | None = False
    kinds: Collection[AlertKind] = ()
    severity: Severity | None = None
    site_id: int | None = None
    under: str | None = None
    item_key: str | None = None
    text: str | None = None
    mine: int | None = None
    opened: tuple[date, date] | None = None
    """Days of Shanghai from and to which it was opened, both inclusive."""


_SEEN = """(r.path LIKE ANY({}::text[]) OR a.site_id = ANY({}::bigint[])
    OR EXISTS (SELECT 1 FROM lot o WHERE o.id = a.lot_id AND o.owner_path LIKE ANY({}::text[])))"""
"""The lot is looked up only where neither region nor store is in sight; a count then joins nothing else."""


class _Asked:
    def __init__(self) -> None:
        self.conditions: list[str] = []
        self.args: list[Any] = []

    def add(self, condition: str, *values: Any) -> None:
        spots = []
        for value in values:
            self.args.append(value)
            spots.append(f"${len(self.args)}")
        self.conditions.append(condition.format(*spots))

    def text(self) -> str:
        return " WHERE " + " AND ".join(self.conditions)


def _ask(scope: Scope, wanted: AlertFilter) -> _Asked:
    asked = _Asked()
    if "/" not in scope.paths:
        asked.add(_SEEN, scope.prefixes, list(scope.site_ids), scope.prefixes)
    _ask_life(asked, wanted)
    if wanted.kinds:
        asked.add("a.kind = ANY({}::text[])", [one.value for one in wanted.kinds])
    if wanted.severity is not None:
        asked.add("a.severity >= {}", int(wanted.severity))
    if wanted.site_id is not None:
        asked.add("a.site_id = {}", wanted.site_id)
    if wanted.under is not None:
        asked.add("r.path LIKE {}", wanted.under + "%")
    if wanted.item_key is not None:
        asked.add("i.key = {}", wanted.item_key)
    if wanted.text:
        asked.add(
            "strpos(upper(concat_ws(' ', s.code, s.name_zh, s.name_en, r.name_zh, r.name_en, i.key, i.name_zh,"
            " i.name_en, c.name_zh, c.name_en, l.number, p.code, a.facts->>'number')), upper({})) > 0",
            wanted.text,
        )
    if wanted.mine is not None:
        asked.add("EXISTS (SELECT 1 FROM alert_told t WHERE t.alert_id = a.id AND t.person_id = {})", wanted.mine)
    return asked


def _ask_life(asked: _Asked, wanted: AlertFilter) -> None:
    if wanted.closed is not None:
        asked.add("(a.status = 'closed') = {}", wanted.closed)
    if wanted.opened is not None:
        asked.add("(a.opened_at AT TIME ZONE 'Asia/Shanghai')::date BETWEEN {} AND {}", *wanted.opened)
    if wanted.status is not None:
        asked.add("a.status = {}", wanted.status.value)
    if wanted.snoozed is not None:
        asked.add("(a.snoozed_until IS NOT NULL) = {}", wanted.snoozed)


async def list_alerts(
    *, scope: Scope, wanted: AlertFilter = AlertFilter(), cursor: str | None = None, limit: int | None = None
) -> Page[Alert]:
    """Alerts in sight: the gravest first, then the newest; closed ones by when they closed."""
    size, asked = checked_limit(limit), _ask(scope, wanted)
    after = read_cursor(cursor, 2)
    if after is not None:
        if any(type(one) is not int or not -(2**63) <= one < 2**63 for one in after):
            raise Invalid("page.bad-cursor", "翻页标记无效，请从第一页重新开始")
        asked.add("(a.severity, a.seq) < ({}::bigint, {}::bigint)", *after)
    rows = await db.fetch(
        f"SELECT {COLUMNS} FROM {JOINED}{asked.text()} ORDER BY a.severity DESC, a.seq DESC LIMIT {size + 1}",
        *asked.args,
    )
    shown = [alert_of(row) for row in rows[:size]]
    following = write_cursor(int(shown[-1].severity), shown[-1].seq) if len(rows) > size else None
    return Page(shown, following)


async def get_alert(alert_id: UUID, scope: Scope) -> Alert:
    """An alert in sight. Raises Missing."""
    found = await find_alerts([alert_id], scope)
    if not found:
        raise Missing("alert.missing", "没有这条预警，或不在您的管辖范围内", alert=str(alert_id))
    return found[0]


async def find_alerts(ids: Collection[UUID], scope: Scope) -> list[Alert]:
    """Those of these alerts that are in sight."""
    rows = await db.fetch(
        f"SELECT {COLUMNS} FROM {JOINED} WHERE a.id = ANY($1::uuid[]) AND {_SEEN.format('$2', '$3', '$2')}",
        list(ids),
        scope.prefixes,
        list(scope.site_ids),
    )
    return [alert_of(row) for row in rows]


async def history(alert_id: UUID) -> list[AlertEvent]:
    """What happened to an alert that the caller has seen, the newest first."""
    rows = await db.fetch(
        "SELECT seq, verb, kind, severity, at, login, note, facts::text FROM alert_event WHERE alert_id = $1"
        " ORDER BY seq DESC LIMIT 200",
        alert_id,
    )
    return [event_of(row) for row in rows]


def event_of(row: Sequence[Any]) -> AlertEvent:
    """An event from its columns."""
    return AlertEvent(
        row[0], EventVerb(row[1]), AlertKind(row[2]), Severity(row[3]), row[4], row[5], row[6], plain(row[7])
    )


async def told_of(alert_id: UUID) -> list[tuple[str, str, str | None, Any]]:
    """(login, name, English name, when) of whoever was told of an alert."""
    rows = await db.fetch(
        "SELECT p.login, p.name_zh, p.name_en, t.told_at FROM alert_told t JOIN person p ON p.id = t.person_id"
        " WHERE t.alert_id = $1 ORDER BY t.told_at, p.login LIMIT 50",
        alert_id,
    )
    return [(row[0], row[1], row[2], row[3]) for row in rows]


async def waiting_for(person_id: int) -> tuple[int, int]:
    """(open, urgent among them): how many alerts a person was told of that nobody has taken up. The badge."""
    row: Any = await db.fetch_row(
        "SELECT count(*)::int, count(*) FILTER (WHERE a.severity = 3)::int FROM alert_told t"
        " JOIN alert a ON a.id = t.alert_id WHERE t.person_id = $1 AND a.status = 'open' AND a.snoozed_until IS NULL",
        person_id,
    )
    return row[0], row[1]


async def count_by_kind(*, scope: Scope, mine: int | None = None) -> list[tuple[AlertKind, Severity, int]]:
    """How many stand in sight, by kind and severity, snoozed ones left out."""
    asked = _ask(scope, AlertFilter(mine=mine))
    rows = await db.fetch(
        f"SELECT a.kind, a.severity, count(*)::int FROM {JOINED}{asked.text()} GROUP BY 1, 2 ORDER BY 2 DESC, 1",
        *asked.args,
    )
    return [(AlertKind(row[0]), Severity(row[1]), row[2]) for row in rows]


async def list_history(
    *, scope: Scope, wanted: AlertFilter, cursor: str | None = None, limit: int | None = None
) -> Page[Alert]:
    """Alerts in sight, the newest first, whatever their severity: what was opened, closed, and how long it took."""
    size, asked = checked_limit(limit), _ask(scope, wanted)
    after = read_cursor(cursor, 1)
    if after is not None:
        if type(after[0]) is not int or not -(2**63) <= after[0] < 2**63:
            raise Invalid("page.bad-cursor", "翻页标记无效，请从第一页重新开始")
        asked.add("a.seq < {}", after[0])
    rows = await db.fetch(
        f"SELECT {COLUMNS} FROM {JOINED}{asked.text()} ORDER BY a.seq DESC LIMIT {size + 1}", *asked.args
    )
    shown = [alert_of(row) for row in rows[:size]]
    return Page(shown, write_cursor(shown[-1].seq) if len(rows) > size else None)


@dataclass(frozen=True, slots=True)
class KindHistory:
    """Alerts of one kind: how many were opened and of these are closed; the middle of the minutes until somebody took
    them up, and until they closed; None where none was."""

    kind: AlertKind
    opened: int
    closed: int
    minutes_to_handle: int | None
    minutes_to_close: int | None


async def history_by_kind(*, scope: Scope, wanted: AlertFilter) -> list[KindHistory]:
    """`list_history` put together by kind, the most frequent first."""
    asked = _ask(scope, wanted)

    def middle(column: str) -> str:
        minutes = f"EXTRACT(epoch FROM {column} - a.opened_at) / 60"
        return f"(percentile_cont(0.5) WITHIN GROUP (ORDER BY {minutes}) FILTER (WHERE {column} IS NOT NULL))::bigint"

    rows = await db.fetch(
        f"SELECT a.kind, count(*)::int, count(a.closed_at)::int, {middle('a.handled_at')}, {middle('a.closed_at')}"
        f" FROM {JOINED}{asked.text()} GROUP BY 1 ORDER BY 2 DESC, 1",
        *asked.args,
    )
    return [KindHistory(AlertKind(row[0]), *tuple(row)[1:]) for row in rows]


async def standing_at(*, scope: Scope, site_id: int | None, region_key: str | None, item_key: str) -> list[Alert]:
    """Open alerts of an item at a place, in sight: what a page shows beside "why"."""
    asked = _ask(scope, AlertFilter(snoozed=None, site_id=site_id, item_key=item_key))
    if region_key is not None:
        asked.add("a.site_id IS NULL AND r.key = {}", region_key)
    rows = await db.fetch(f"SELECT {COLUMNS} FROM {JOINED}{asked.text()} ORDER BY a.seq DESC LIMIT 100", *asked.args)
    return [alert_of(row) for row in rows]


async def events_after(
    ids: Sequence[UUID], scope: Scope, person_id: int | None
) -> list[tuple[Alert, AlertEvent, bool]]:
    """Of alerts that are news: the alert, the last thing that happened to it, and whether this person was told."""
    found = {one.id: one for one in await find_alerts(ids, scope)}
    if not found:
        return []
    rows = await db.fetch(
        "SELECT DISTINCT ON (e.alert_id) e.seq, e.verb, e.kind, e.severity, e.at, e.login, e.note, e.facts::text,"
        " e.alert_id, EXISTS (SELECT 1 FROM alert_told t WHERE t.alert_id = e.alert_id AND t.person_id = $2)"
        " FROM alert_event e WHERE e.alert_id = ANY($1::uuid[]) ORDER BY e.alert_id, e.seq DESC",
        list(found),
        person_id,
    )
    return [(found[row[8]], event_of(row), row[9]) for row in rows]


async def to_wake(today: date) -> list[Alert]:
    """Snoozed alerts whose day has come. Not scoped: for the house."""
    rows = await db.fetch(
        f"SELECT {COLUMNS} FROM {JOINED} WHERE a.status <> 'closed' AND a.snoozed_until <= $1"
        " ORDER BY a.seq LIMIT 1000",
        today,
    )
    return [alert_of(row) for row in rows]


async def to_escalate(now: Any) -> list[Alert]:
    """Open alerts that nobody has acknowledged in time. Not scoped: for the house."""
    rows = await db.fetch(
        f"SELECT {COLUMNS} FROM {JOINED} WHERE a.status = 'open' AND a.escalates_at <= $1 AND a.snoozed_until IS NULL"
        " ORDER BY a.seq LIMIT 1000",
        now,
    )
    return [alert_of(row) for row in rows]
