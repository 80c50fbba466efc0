"""What people do with alerts: acknowledge, take in hand, put back, snooze; and what time does: escalate, wake."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from uuid import UUID

from catalog.kernel import attempts, audit, db
from catalog.kernel.access import Permission
from catalog.kernel.attempts import Receipt
from catalog.kernel.errors import Invalid, Missing
from catalog.kernel.stamp import Stamp
from catalog.kernel.time import day_of
from warehouse.alerts.actions.telling import Happening, office, tell
from warehouse.alerts.model import Alert, At, EventVerb
from warehouse.alerts.queries import alerts as read
from warehouse.alerts.queries.facts import Measured
from warehouse.alerts.workflow import ALERT

MOST_AT_ONCE = 500
LONGEST_SNOOZE = timedelta(days=366)
LONGEST_TEXT = 500
_VERBS = {
    "acknowledge": EventVerb.ACKNOWLEDGED,
    "take": EventVerb.TAKEN,
    "put-back": EventVerb.PUT_BACK,
}


async def acknowledge(*, stamp: Stamp, alerts: Sequence[UUID]) -> Receipt:
    """Say that somebody has seen them: they go to no higher tier. All or none. Raises Missing, Denied, Refused."""
    return await _move(stamp, "acknowledge", alerts, "", "")


async def take(*, stamp: Stamp, alerts: Sequence[UUID], plan: str, link: str = "") -> Receipt:
    """Say that it is being mended: by which order or plan, with the way to its page. Raises as `acknowledge`, Invalid
    without a plan or with a way that leads out of the house."""
    if not plan.strip() or len(plan) > LONGEST_TEXT:
        raise Invalid("alert.no-plan", "请写明由哪张单据或什么安排处理")
    if link and (not link.startswith("/") or link.startswith("//") or "\\" in link or len(link) > LONGEST_TEXT):
        raise Invalid("alert.bad-link", "链接须是本系统内的页面，以 / 开头")
    return await _move(stamp, "take", alerts, plan.strip(), link)


async def put_back(*, stamp: Stamp, alerts: Sequence[UUID]) -> Receipt:
    """Say that it is in nobody's hand any more. Raises as `acknowledge`."""
    return await _move(stamp, "put-back", alerts, "", "")


async def _move(stamp: Stamp, verb: str, ids: Sequence[UUID], plan: str, link: str) -> Receipt:
    async def work() -> Receipt:
        found = await _locked(stamp, ids)
        for one in found:
            ALERT.take(one, status=one.status.value, verb=verb, stamp=stamp, path=one.path, site_id=one.site_id)
        target = {one.id: ALERT.find(one.status.value, verb).target for one in found}
        await db.execute(
            "UPDATE alert a SET status = x.status, handled_at = $3, handled_by = $4, plan = $5, plan_link = $6,"
            " changed_at = $3, escalates_at = NULL, version = version + 1"
            " FROM unnest($1::uuid[], $2::text[]) x (id, status) WHERE a.id = x.id",
            list(target),
            list(target.values()),
            stamp.recorded_at,
            stamp.login,
            plan,
            link,
        )
        await _told(stamp, _VERBS[verb], found, plan)
        return {"alerts": [str(one.id) for one in found]}

    return await attempts.once(stamp, f"alert.{verb}", work)


async def snooze(*, stamp: Stamp, alerts: Sequence[UUID], until: date | None, reason: str = "") -> Receipt:
    """Leave them out of the inbox until a day; None takes them back at once. A graver one comes back by itself.

    Raises Missing, Denied, Invalid (no reason, no day to come).
    """
    today = day_of(stamp.recorded_at)
    if until is not None:
        if not reason.strip() or len(reason) > LONGEST_TEXT:
            raise Invalid("alert.no-reason", "请写明为什么暂缓")
        if not today < until <= today + LONGEST_SNOOZE:
            raise Invalid("alert.bad-day", "暂缓日期须在明天到一年之内", until=until.isoformat())

    async def work() -> Receipt:
        found = await _locked(stamp, alerts)
        for one in found:
            stamp.require_at(Permission.ALERT_HANDLE, one.path, one.site_id)
            if one.closed_at is not None:
                ALERT.find(one.status.value, "snooze")
        await db.execute(
            "UPDATE alert SET snoozed_until = $2, snooze_reason = $3, changed_at = $4, version = version + 1"
            " WHERE id = ANY($1::uuid[])",
            [one.id for one in found],
            until,
            reason.strip() if until else "",
            stamp.recorded_at,
        )
        verb = EventVerb.SNOOZED if until else EventVerb.PUT_BACK
        await _told(stamp, verb, found, f"{until.isoformat()} {reason.strip()}" if until else "")
        return {"alerts": [str(one.id) for one in found]}

    return await attempts.once(stamp, "alert.snooze", work)


async def _locked(stamp: Stamp, ids: Sequence[UUID]) -> list[Alert]:
    scope = stamp.require(Permission.ALERT_HANDLE)
    wanted = sorted(set(ids))
    if not 1 <= len(wanted) <= MOST_AT_ONCE:
        raise Invalid("alert.bad-count", f"一次可处理 1 到 {MOST_AT_ONCE} 条", count=len(wanted))
    await db.fetch("SELECT id FROM alert WHERE id = ANY($1::uuid[]) ORDER BY id FOR UPDATE", wanted)
    found = {one.id: one for one in await read.find_alerts(wanted, scope)}
    for line, one in enumerate(ids, 1):
        if one not in found:
            raise Missing("alert.missing", "没有这条预警，或不在您的管辖范围内", alert=str(one), line=line)
    return [found[one] for one in wanted]


async def _told(stamp: Stamp, verb: EventVerb, found: Sequence[Alert], note: str) -> None:
    await tell([_happening(one, verb, note=note, login=stamp.login) for one in found], now=stamp.recorded_at)
    entries = [
        audit.Entry(stamp, f"alert.{verb.value}", "alert", str(one.id), True, "", {"note": note} if note else {})
        for one in found
    ]
    await audit.record_many(entries)


def _happening(
    one: Alert, verb: EventVerb, *, note: str = "", login: str = "", level: int = 0, alone: bool = False
) -> Happening:
    at = At(0, one.path, one.site_id)
    return Happening(one.id, verb, one.kind, one.severity, at, one.facts, level, alone, note, login)


# --- what time does --------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Passed:
    """How many alerts went to a higher tier, and how many woke."""

    escalated: int
    woken: int


async def pass_time(*, now: datetime) -> Passed:
    """Send what nobody acknowledged to the tier above, and wake what was snoozed until today. Safe to run twice."""
    async with db.transaction():
        await db.execute("SELECT pg_advisory_xact_lock(hashtextextended('warehouse.alerts', 7))")
        woken = await read.to_wake(day_of(now))
        await db.execute(
            "UPDATE alert SET snoozed_until = NULL, snooze_reason = '', changed_at = $2, version = version + 1"
            " WHERE id = ANY($1::uuid[])",
            [one.id for one in woken],
            now,
        )
        due = await read.to_escalate(now)
        house, measured = await office(), Measured()
        higher = []
        for one in due:
            tiers = len(house.tiers(At(0, one.path, one.site_id)))
            hours = (await measured.at(one.path)).escalate_hours
            level = min(one.level + 1, max(tiers - 1, 0))
            again = now + timedelta(hours=hours) if hours and level + 1 < tiers else None
            higher.append((one, level, again))
        await db.execute(
            "UPDATE alert a SET level = x.level, escalates_at = x.again, changed_at = $4, version = version + 1"
            " FROM unnest($1::uuid[], $2::smallint[], $3::timestamptz[]) x (id, level, again) WHERE a.id = x.id",
            [one.id for one, _, _ in higher],
            [level for _, level, _ in higher],
            [again for _, _, again in higher],
            now,
        )
        escalated = [(one, level) for one, level, _ in higher if level > one.level]
        happened = [_happening(one, EventVerb.WOKEN, level=one.level) for one in woken]
        happened += [_happening(one, EventVerb.ESCALATED, level=level, alone=True) for one, level in escalated]
        await tell(happened, now=now)
    return Passed(len(escalated), len(woken))
