"""The decisions of alerts, over plain values: what there should be, what that changes, who is told, and when.

`judge` is all there is to it, from the news and in the nightly pass alike; `checks` are its comparisons, and what the
page shows as the reason. Nothing here knows what was judged before.
"""

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from urllib.parse import urlsplit
from uuid import UUID

from catalog.kernel.errors import Invalid
from catalog.kernel.time import SHANGHAI
from warehouse.alerts.model import (
    AlertKind,
    At,
    BooksFact,
    CareFact,
    CaseFact,
    Changes,
    ChannelFacts,
    Check,
    CommitmentFact,
    CountFact,
    DeliveryFact,
    DocumentFact,
    Domain,
    Fact,
    Form,
    HoldFact,
    LoanFact,
    LotFact,
    MailMode,
    Measures,
    NeedFact,
    OrderFact,
    PaperFact,
    Quiet,
    RoomFact,
    Severity,
    Shelf,
    Standing,
    Subscription,
    Wanted,
)
from warehouse.norms.model import Field, Requirement
from warehouse.norms.rules import counted

NOTICE, WARNING, URGENT = Severity
FULL = 100
MOST_NAMED = 20
_RANK = {kind: number for number, kind in enumerate(
    (AlertKind.BELOW_REORDER, AlertKind.WILL_FALL_BELOW, AlertKind.BELOW_MINIMUM, AlertKind.NEAR_EXPIRY,
     AlertKind.EXPIRED)
)}  # fmt: skip
"""Of two kinds of one cause and severity the later is worse."""


# --- from stock and norm to a fact -----------------------------------------------------------------------------------


def need_fact(needed: Requirement, shelves: Mapping[int, Shelf], measures: Measures, today: date) -> NeedFact | None:
    """What a requirement asks and what counts for it. `shelves`: by item, of the place or of the owner. None where the
    norm says neither minimum nor reorder point, or their basis is not known."""
    norm = needed.resolution.governing
    minimum, reorder = needed.resolution.value(Field.MINIMUM), needed.resolution.value(Field.REORDER)
    if norm is None or (minimum is None and reorder is None):
        return None
    lead = needed.resolution.lead_days
    then = today + timedelta(days=measures.lead_days if lead is None else lead)
    here = [(goods, shelves[goods.item_id]) for goods in needed.items if goods.item_id in shelves]

    def left(on: date) -> int:
        return sum(counted(norm, goods, max(_usable_on(shelf, on) - shelf.reserved, 0)) for goods, shelf in here)

    left_then = left(then)
    falls_on = None
    if minimum is not None and left_then < minimum:
        ends = sorted({day + timedelta(days=1) for _, shelf in here for day, _ in shelf.expiring if day < then})
        falls_on = next((day for day in (today, *ends) if left(day) < minimum), then)
    subject = needed.subject
    return NeedFact(
        At(subject.region_id, subject.path, subject.site_id),
        needed.item_id,
        needed.class_id,
        minimum,
        reorder,
        sum(counted(norm, goods, shelf.usable) for goods, shelf in here),
        sum(counted(norm, goods, shelf.reserved) for goods, shelf in here),
        then,
        left_then,
        falls_on,
        str(norm.id),
        norm.unit_zh,
        norm.unit_factor,
        norm.unit_en,
    )


def _usable_on(shelf: Shelf, on: date) -> int:
    return shelf.usable - sum(quantity for day, quantity in shelf.expiring if day < on)


# --- judging ---------------------------------------------------------------------------------------------------------


def checks(fact: Fact, measures: Measures, today: date) -> list[Check]:
    """Every comparison that a fact is put to, the gravest first: the first that fires is the alert."""
    match fact:
        case NeedFact():
            return _need(fact, measures)
        case LotFact():
            return _lot(fact, measures, today)
        case CareFact():
            overdue = (today - fact.due_on).days
            return [
                Check(AlertKind.CARE_DUE, WARNING, overdue, 0, overdue > 0, fact.due_on),
                Check(AlertKind.CARE_DUE, NOTICE, -overdue, measures.care_days, -overdue <= measures.care_days,
                      fact.due_on),
            ]  # fmt: skip
        case RoomFact():
            return [Check(AlertKind.OVER_CAPACITY, WARNING, fact.percent, FULL, fact.percent > FULL)]
        case CountFact():
            late = overdue_bins(fact, measures, today)
            return [Check(AlertKind.COUNT_OVERDUE, NOTICE, len(late), 0, bool(late), min(late, default=None))]
        case CaseFact():
            over = fact.due_on is not None and fact.due_on < today
            return [
                Check(AlertKind.LEDGER_DIFFERENCE, WARNING, None, None, over, fact.due_on),
                Check(AlertKind.LEDGER_DIFFERENCE, NOTICE, 1, 0, True, fact.due_on),
            ]
        case DeliveryFact() | OrderFact() | CommitmentFact() | HoldFact() | PaperFact() | LoanFact():
            return _document(fact, measures, today)
        case BooksFact():
            found = len(fact.differences)
            return [Check(AlertKind.LEDGER_DIFFERENCE, URGENT, found, 0, found > 0)]


def _document(fact: DocumentFact, measures: Measures, today: date) -> list[Check]:
    match fact:
        case DeliveryFact():
            late_by = (today - fact.expected_on).days
            fires = late_by > measures.late_days
            return [Check(AlertKind.DELIVERY_LATE, WARNING, late_by, measures.late_days, fires, fact.expected_on)]
        case OrderFact():
            late_by = (today - fact.expected_on).days
            fires = late_by > measures.order_late_days
            return [Check(AlertKind.ORDER_LATE, WARNING, late_by, measures.order_late_days, fires, fact.expected_on)]
        case CommitmentFact():
            left = (fact.ends_on - today).days
            soon = left <= measures.ending_days
            return [
                Check(AlertKind.COMMITMENT_ENDING, WARNING, left, 0, left < 0, fact.ends_on),
                Check(AlertKind.COMMITMENT_ENDING, NOTICE, left, measures.ending_days, soon, fact.ends_on),
            ]
        case HoldFact():
            return [Check(AlertKind.HOLD_TAKEN, WARNING, fact.lines, 0, True)]
        case PaperFact():
            left = (fact.due_on - today).days
            return [
                Check(AlertKind.PAPER_OVERDUE, WARNING, left, 0, left < 0, fact.due_on),
                Check(AlertKind.PAPER_OVERDUE, NOTICE, left, 0, left == 0, fact.due_on),
            ]
        case LoanFact():
            left = (fact.due_on - today).days
            return [
                Check(AlertKind.LOAN_OVERDUE, WARNING, left, 0, left < 0, fact.due_on),
                Check(AlertKind.LOAN_OVERDUE, NOTICE, left, 0, left == 0, fact.due_on),
            ]


def _need(fact: NeedFact, measures: Measures) -> list[Check]:
    low = fact.minimum
    grave = None if low is None else -(-low * measures.urgent_percent // 100)

    def below(left: int, right: int | None) -> bool:
        return right is not None and left < right

    return [
        Check(AlertKind.BELOW_MINIMUM, URGENT, fact.usable, grave, below(fact.usable, grave)),
        Check(AlertKind.BELOW_MINIMUM, WARNING, fact.usable, low, below(fact.usable, low)),
        Check(AlertKind.WILL_FALL_BELOW, WARNING, fact.left_then, low, below(fact.left_then, low),
              fact.falls_on or fact.then),
        Check(AlertKind.BELOW_REORDER, NOTICE, fact.usable, fact.reorder, below(fact.usable, fact.reorder)),
    ]  # fmt: skip


def _lot(fact: LotFact, measures: Measures, today: date) -> list[Check]:
    left = (fact.expires_on - today).days
    grades = (NOTICE, WARNING, URGENT)
    bands = sorted(fact.bands or measures.bands, reverse=True)[: len(grades)]
    near = [
        Check(AlertKind.NEAR_EXPIRY, grades[number], left, days, left <= days, fact.expires_on)
        for number, days in enumerate(bands)
    ]
    return [Check(AlertKind.EXPIRED, URGENT, left, 0, left < 0, fact.expires_on), *reversed(near)]


def overdue_bins(fact: CountFact, measures: Measures, today: date) -> list[date]:
    """Since when the bins whose count is overdue were not counted."""
    if measures.count_days == 0:
        return []
    return [since for since in fact.since if (today - since).days > measures.count_days]


def judge(fact: Fact, measures: Measures, today: date) -> Wanted | None:
    """The alert that there should be for a fact; None where nothing is wrong."""
    found = next((one for one in checks(fact, measures, today) if one.fires), None)
    if found is None:
        return None
    domain, cause = cause_of(fact)
    told: dict[str, object] = {
        "left": found.left,
        "right": found.right,
        "day": found.day.isoformat() if found.day else None,
    }
    item_id = class_id = lot_id = place_id = document = None
    match fact:
        case NeedFact():
            item_id, class_id = fact.item_id, fact.class_id
            told |= {
                "minimum": fact.minimum,
                "reorder": fact.reorder,
                "usable": fact.usable,
                "reserved": fact.reserved,
                "left_then": fact.left_then,
                "then": fact.then.isoformat(),
                "norm": fact.norm_id,
                "unit": fact.unit_zh,
                "factor": fact.unit_factor,
            } | ({"unit_en": fact.unit_en} if fact.unit_en else {})
        case LotFact() | CareFact():
            item_id, lot_id = fact.item_id, fact.lot_id
            told |= {"on_hand": fact.on_hand} if isinstance(fact, LotFact) else {
                "care": fact.kind, "pieces": fact.pieces
            }  # fmt: skip
        case RoomFact():
            place_id = fact.place_id
        case CaseFact():
            document = fact.case
            told |= {"case": fact.kind}
        case DeliveryFact() | OrderFact() | CommitmentFact() | HoldFact() | PaperFact() | LoanFact():
            document, item_id, class_id, more = _about(fact)
            told |= more
        case BooksFact():
            told |= {"differences": list(fact.differences[:MOST_NAMED])}
        case CountFact():
            pass
    return Wanted(
        domain, cause, found.kind, found.severity, fact.at, item_id, class_id, lot_id, place_id, document, found.day,
        told, measures.escalate_hours,
    )  # fmt: skip


def _about(fact: DocumentFact) -> tuple[UUID, int | None, int | None, dict[str, object]]:
    """(document, item, class, what is told beside the figures)."""
    told: dict[str, object] = {"number": fact.number}
    match fact:
        case DeliveryFact():
            return fact.delivery, None, None, told
        case OrderFact():
            return fact.order, fact.item_id, None, told | {"lines": fact.lines}
        case CommitmentFact():
            return fact.commitment, fact.item_id, fact.class_id, told
        case HoldFact():
            return fact.requisition, fact.item_id, None, told | {"by": fact.by, "lines": fact.lines}
        case PaperFact():
            of = {"commitment": str(fact.commitment)} if fact.commitment else {}
            return fact.order, None, None, told | {"filed": fact.filed, **of}
        case LoanFact():
            return fact.loan, None, None, told | {"lines": fact.lots}


_DOMAINS: dict[type[DocumentFact], Domain] = {
    DeliveryFact: Domain.DELIVERY,
    OrderFact: Domain.ORDER,
    CommitmentFact: Domain.COMMITMENT,
    HoldFact: Domain.HOLD,
    PaperFact: Domain.PAPER,
    LoanFact: Domain.LOAN,
}


def need_cause(region_id: int, site_id: int | None, item_id: int | None, class_id: int | None = None) -> str:
    """What a place must hold of an item, or else of a class."""
    where = f"region:{region_id}" if site_id is None else f"site:{site_id}"
    return f"need:{where}:" + (f"item:{item_id}" if item_id is not None else f"class:{class_id}")


def cause_of(fact: Fact) -> tuple[Domain, str]:
    """What an alert is about, in one word: there is never more than one open alert for it."""
    at = fact.at
    match fact:
        case NeedFact():
            return Domain.NEED, need_cause(at.region_id, at.site_id, fact.item_id, fact.class_id)
        case LotFact():
            return Domain.LOT, f"lot:{fact.lot_id}:{at.site_id}"
        case CareFact():
            return Domain.CARE, f"care:{fact.lot_id}:{at.site_id}:{fact.kind}"
        case RoomFact():
            return Domain.ROOM, f"room:{fact.place_id}"
        case CountFact():
            return Domain.COUNT, f"count:{at.site_id}"
        case CaseFact():
            return Domain.CASE, f"case:{fact.case}"
        case DeliveryFact() | OrderFact() | CommitmentFact() | HoldFact() | PaperFact() | LoanFact():
            domain = _DOMAINS[type(fact)]
            return domain, f"{domain.value}:{_about(fact)[0]}"
        case BooksFact():
            return Domain.BOOKS, f"books:{at.region_id}:{at.site_id}"


def worse(one: Wanted, other: Standing) -> int:
    """Above zero where the wanted alert is graver than the one that stands, below where it is milder."""
    mine, its = ((w.severity, _RANK.get(w.kind, 0)) for w in (one, other))
    return (mine > its) - (mine < its)


def reconcile(wanted: Iterable[Wanted], standing: Iterable[Standing]) -> Changes:
    """What makes what stands into what is wanted."""
    there = {one.cause: one for one in standing}
    opened: list[Wanted] = []
    pairs: dict[int, list[tuple[Standing, Wanted]]] = {1: [], -1: [], 0: []}
    for one in wanted:
        old = there.pop(one.cause, None)
        if old is None:
            opened.append(one)
        elif (change := worse(one, old)) or old.facts != one.facts or old.kind is not one.kind:
            pairs[change].append((old, one))
    return Changes(tuple(opened), tuple(pairs[1]), tuple(pairs[-1]), tuple(pairs[0]), tuple(there.values()))


# --- who is told, and when -------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Holder:
    """Somebody who may see to alerts: of one site, or of a subtree of regions."""

    person_id: int
    path: str
    site_id: int | None


def tiers(at: At, holders: Iterable[Holder]) -> list[frozenset[int]]:
    """Who sees to a place, the nearest first: its own keepers, then those of each tier above that has somebody."""
    groups: dict[tuple[bool, int], set[int]] = {}
    for one in holders:
        if one.site_id is not None:
            if one.site_id == at.site_id:
                groups.setdefault((True, 0), set()).add(one.person_id)
        elif at.path.startswith(one.path):
            groups.setdefault((False, len(one.path)), set()).add(one.person_id)
    found: list[frozenset[int]] = []
    seen: set[int] = set()
    for key in sorted(groups, reverse=True):
        fresh = frozenset(groups[key] - seen)
        seen |= fresh
        if fresh:
            found.append(fresh)
    return found


def is_quiet(quiet: Quiet | None, now: datetime) -> bool:
    """Whether the hour is one of the quiet ones."""
    if quiet is None or quiet.begins == quiet.ends:
        return False
    local = now.astimezone(SHANGHAI)
    at = local.hour * 60 + local.minute
    if quiet.begins < quiet.ends:
        return quiet.begins <= at < quiet.ends
    return at >= quiet.begins or at < quiet.ends


def next_time(minute: int, now: datetime) -> datetime:
    """The next instant at which the Shanghai clock shows that minute of the day, after now."""
    local = now.astimezone(SHANGHAI)
    at = datetime.combine(local.date(), time(minute // 60, minute % 60), SHANGHAI)
    return (at if at > local else at + timedelta(days=1)).astimezone(now.tzinfo)


def send_at(severity: Severity, quiet: Quiet | None, digest_at: int | None, now: datetime) -> datetime:
    """When a notice may go: at once, at the hour of the digest, or when quiet ends. What is urgent does not wait."""
    if severity is URGENT:
        return now
    if digest_at is not None:
        return next_time(digest_at, now)
    return next_time(quiet.ends, now) if quiet is not None and is_quiet(quiet, now) else now


GIVE_UP = timedelta(days=3)
_STEPS = (30, 60, 120, 300, 600)
"""Never longer: a receiver that is back hears of what it missed soon."""


def retry_at(tries: int, created_at: datetime, now: datetime) -> datetime | None:
    """When a notice that failed is tried again; None: it counts as failed and is listed."""
    if now - created_at > GIVE_UP:
        return None
    return now + timedelta(seconds=_STEPS[min(tries, len(_STEPS)) - 1])


def wants(kinds: Sequence[AlertKind], least: Severity, kind: AlertKind, severity: Severity) -> bool:
    """Whether a receiver asked for such alerts."""
    return severity >= least and (not kinds or kind in kinds)


# --- what may be saved -----------------------------------------------------------------------------------------------

_MAIL = re.compile(r"[^@\s,;]{1,64}@[^@\s,;]{1,190}")
LONGEST_NAME = 200


def check_subscription(wanted: Subscription) -> None:
    """Raises Invalid for a subscription that cannot work."""
    if wanted.mail is not MailMode.OFF and not _MAIL.fullmatch(wanted.address):
        raise Invalid("alert.bad-address", "请填写正确的邮箱地址", address=wanted.address)
    _check_minutes(wanted.digest_at, wanted.quiet)


def check_channel(facts: ChannelFacts, *, kept: bool = False) -> None:
    """Raises Invalid for a channel that cannot work. `kept`: its target stays as it is."""
    if not facts.name.strip() or len(facts.name) > LONGEST_NAME:
        raise Invalid("notice.no-name", "请给渠道起个名字")
    _check_minutes(facts.digest_at, facts.quiet)
    if kept:
        return
    if facts.form is Form.MAIL:
        boxes = [one.strip() for one in facts.target.split(",")]
        if not all(_MAIL.fullmatch(one) for one in boxes) or len(boxes) > MOST_NAMED:
            raise Invalid("notice.bad-target", "请填写邮箱，多个用逗号分开")
        return
    try:
        url = urlsplit(facts.target)
        port = url.port
    except ValueError as error:
        raise Invalid("notice.bad-target", "地址须以 http:// 或 https:// 开头") from error
    if url.scheme not in ("http", "https") or not url.hostname or url.username is not None or port == 0:
        raise Invalid("notice.bad-target", "地址须以 http:// 或 https:// 开头")


def _check_minutes(digest_at: int | None, quiet: Quiet | None) -> None:
    minutes = [one for one in (digest_at, *((quiet.begins, quiet.ends) if quiet else ())) if one is not None]
    if any(not 0 <= one < 24 * 60 for one in minutes):
        raise Invalid("notice.bad-hour", "时刻须在 00:00 到 23:59 之间")
