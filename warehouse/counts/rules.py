"""The decisions of counts, over plain values."""

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime, timedelta

from catalog.kernel.access import Grant, Permission, scope_of
from catalog.kernel.errors import Invalid, Refused
from catalog.kernel.money import Price, amount
from catalog.kernel.quantity import MAX_QUANTITY
from warehouse.counts.model import (
    COUNTABLE,
    DISCLOSED,
    Again,
    Approve,
    BinRisk,
    BinStatus,
    Count,
    CountBin,
    CountKind,
    CountLine,
    Difference,
    Entry,
    Factor,
    Limits,
    Part,
    Proposal,
    Way,
)
from warehouse.stock.model import Lot

MOST_BINS = 2_000
MOST_LINES_IN_BIN = 500
SHORTS_FOR_FULL = 3
"""So many shortages before, and a bin has all points of that factor."""


# --- which bins -------------------------------------------------------------------------------------------


def propose(bins: Sequence[BinRisk], weights: Mapping[Factor, int], *, full_age: int, most: int) -> list[Proposal]:
    """The bins that should be counted first, each with its points and why; at most `most`, none without points.

    Each factor gives 0 to 100: value and movement in proportion to the store's greatest, age to the count cycle
    (`full_age` days), shortages to three, never counted all or nothing (where goods stand). Points are their weighted
    mean. Equal points: walking order.
    """
    whole = sum(weights.values())
    greatest = max((one.value_fen for one in bins), default=0)
    busiest = max((one.moves for one in bins), default=0)
    found = []
    for one in bins:
        shares = {
            Factor.NEVER: 100 if one.age_days is None and (one.lots or one.moves) else 0,
            Factor.AGE: 0 if one.age_days is None else min(100, one.age_days * 100 // max(full_age, 1)),
            Factor.VALUE: one.value_fen * 100 // greatest if greatest else 0,
            Factor.MOVEMENT: one.moves * 100 // busiest if busiest else 0,
            Factor.SHORT: min(100, one.shorts * 100 // SHORTS_FOR_FULL),
        }
        parts = [Part(factor, shares[factor], weights.get(factor, 0)) for factor in Factor]
        points = sum(part.share * part.weight for part in parts) // whole if whole else 0
        kept = sorted((p for p in parts if p.share * p.weight), key=lambda p: -p.share * p.weight)
        if points:
            found.append(Proposal(one, points, tuple(kept)))
    found.sort(key=lambda p: (-p.points, p.bin.sort_key, p.bin.place_id))
    return found[:most]


def check_bins(count: int) -> None:
    """Raises Invalid for a count of nothing, or of more than one walk."""
    if not 1 <= count <= MOST_BINS:
        raise Invalid("count.bad-bin-count", f"一次盘点须有 1 到 {MOST_BINS} 个货位", bins=count, limit=MOST_BINS)


# --- counting ---------------------------------------------------------------------------------------------


def find_bin(count: Count, place_id: int) -> CountBin:
    """A bin of the count. Raises Refused where it is none of it, or nothing is counted now."""
    found = count.bin(place_id)
    if found is None:
        raise Refused("count.not-in-count", "这个货位不在本次盘点范围内", count=count.number)
    if count.status not in COUNTABLE:
        raise Refused("count.not-counting", "盘点当前不在清点中", count=count.number, status=count.status.value)
    return found


def check_begin(count: Count, found: CountBin, person_id: int | None, login: str) -> str | None:
    """Whether this person may begin this bin; the shortcut it takes, if any. Raises Refused.

    The second counter differs from the first, except where a store has one keeper: that is listed as a shortcut.
    """
    if found.status is BinStatus.COUNTED:
        by = found.now
        raise Refused(
            "count.bin-counted", "这个货位已盘完", bin=found.code, by=by.name if by else "", round=found.round
        )
    now = found.now
    if found.status is BinStatus.COUNTING and now is not None and not _same(now.login, now.person_id, login, person_id):
        raise Refused("count.bin-taken", f"{now.name} 正在盘点这个货位", bin=found.code, by=now.name)
    before = [one for one in found.rounds if one.round < found.round]
    if any(_same(one.login, one.person_id, login, person_id) for one in before):
        if not count.one_keeper:
            raise Refused("count.same-counter", "复盘须由另一人进行", bin=found.code, first=before[0].name)
        return "same-counter"
    return None


def _same(login: str, person_id: int | None, other: str, other_id: int | None) -> bool:
    return login == other or (person_id is not None and person_id == other_id)


def check_counting(found: CountBin, person_id: int | None, login: str) -> None:
    """Figures of a bin come from whoever is counting it. Raises Refused."""
    now = found.now
    if found.status is not BinStatus.COUNTING or now is None:
        raise Refused("count.bin-not-begun", "请先扫描货位开始盘点", bin=found.code)
    if not _same(now.login, now.person_id, login, person_id):
        raise Refused("count.bin-taken", f"{now.name} 正在盘点这个货位", bin=found.code, by=now.name)


def check_entry(count: Count, entry: Entry, lot: Lot | None, lines: Sequence[CountLine]) -> None:
    """Raises Invalid or Refused for a figure that could never be right."""
    if not 0 <= entry.quantity <= MAX_QUANTITY:
        raise Invalid("count.bad-quantity", "数量不正确", asked=entry.quantity)
    if len(lines) >= MOST_LINES_IN_BIN:
        raise Refused("count.too-many-lines", f"一个货位最多 {MOST_LINES_IN_BIN} 行", lines=len(lines))
    if sum((entry.lot_id is not None, entry.new is not None, bool(entry.words.strip()))) != 1:
        raise Invalid("count.one-thing", "请指明一个批次，或填写未知物资的名称")
    if entry.new is not None and count.kind is not CountKind.OPENING:
        raise Refused("count.only-opening", "只有启用盘点可以登记账上没有的物资；其他盘点请按未知物资登记")
    if entry.quantity == 0 and entry.lot_id is None:
        raise Invalid("count.bad-quantity", "数量不正确", asked=0)
    if lot is not None and lot.tracking == "serial" and len(set(entry.serial_ids)) != entry.quantity:
        raise Invalid("count.serials-needed", "按编号管理的物资请逐件扫描编号", lot=lot.number)


def entered_before(lines: Sequence[CountLine], entry: Entry) -> CountLine | None:
    """The figure that stands already for the same lot and condition in this round of the bin."""
    return next(
        (x for x in lines if entry.lot_id is not None and (x.lot_id, x.condition) == (entry.lot_id, entry.condition)),
        None,
    )


def twice(line: CountLine, bin_code: str, lot: Lot | None) -> Refused:
    """The refusal of a second figure for the same line, naming who entered the first."""
    return Refused(
        "count.entered-already",
        f"{line.name} 已录入过这一行，如需更改请选择“改为”",
        by=line.name,
        at=line.at.isoformat(),
        way=line.way.value,
        bin=bin_code,
        lot=lot.number if lot else None,
        quantity=line.quantity if line.way is not Way.SHEET else None,
    )


# --- differences ------------------------------------------------------------------------------------------


def value_of(lot: Lot, quantity: int) -> int | None:
    """What a difference is worth in fen, signed; None where the lot has no price."""
    if lot.price_fen is None:
        return None
    worth = amount(Price(lot.price_fen, lot.price_per), abs(quantity))
    return -worth if quantity < 0 else worth


def _over(line: Difference, percent: int, value: int) -> tuple[bool, bool]:
    too_much = abs(line.variance) * 100 > percent * line.book if line.book > 0 else line.variance != 0
    return too_much, line.value_fen is not None and abs(line.value_fen) > value


def again(lines: Sequence[Difference], limits: Limits, *, disturbed: bool, unknown: bool) -> list[Again]:
    """Why a bin must be counted again by another person; nothing if it need not.

    `disturbed`: goods were moved while it was being counted; `unknown`: goods were found that nothing here knows.
    """
    found = set[Again]()
    for line in lines:
        if line.variance == 0:
            continue
        if line.book <= 0 < line.counted:
            found.add(Again.UNEXPECTED)
        percent, value = _over(line, limits.recount_percent, limits.recount_value)
        found |= {Again.PERCENT} if percent else set()
        found |= {Again.VALUE} if value else set()
    if disturbed:
        found.add(Again.MOVED)
    if unknown:
        found.add(Again.UNEXPECTED)
    return sorted(found, key=list(Again).index)


def needs_approval(count: Count, lines: Sequence[Difference], limits: Limits) -> list[Approve]:
    """Why the keeper may not post it himself; nothing if he may."""
    found = set[Approve]()
    for line in lines:
        if line.earlier is not None and line.earlier != line.counted:
            found.add(Approve.UNLIKE)
        if line.variance == 0:
            continue
        if line.book <= 0 < line.counted:
            found.add(Approve.UNEXPECTED)
        percent, value = _over(line, limits.approve_percent, limits.approve_value)
        found |= {Approve.PERCENT} if percent else set()
        found |= {Approve.VALUE} if value else set()
    if sum(abs(line.value_fen or 0) for line in lines) > limits.approve_total:
        found.add(Approve.TOTAL)
    if count.one_keeper:
        found.add(Approve.ONE_KEEPER)
    if count.kind is CountKind.OPENING:
        found.add(Approve.OPENING)
    return sorted(found, key=list(Approve).index)


def unexplained(lines: Collection[Difference]) -> list[Difference]:
    """Differences that nobody has given a reason for."""
    return [line for line in lines if line.variance and not line.reason]


# --- who may --------------------------------------------------------------------------------------------


def check_approver(count: Count, grants: Sequence[Grant], login: str, person_id: int | None) -> None:
    """Raises Refused unless this is an approver from outside the keeper's unit.

    He has not counted or planned it and keeps no books of the store, and his right comes from a region, not from this
    store; in a store with one keeper from the tier above (where there is one).
    """
    if (
        login in count.counters
        or login == count.created_by
        or (person_id is not None and person_id == count.creator_id)
    ):
        raise Refused("count.own-approval", "不能审批自己参与的盘点", count=count.number)
    if scope_of(grants, Permission.COUNT).covers(count.path, count.site_id):
        raise Refused("count.keeper-approves", "保管单位的人员不能审批本库点的盘点", count=count.number)
    paths = [g.path for g in grants if g.site_id is None and Permission.COUNT_APPROVE in g.permissions]
    above = [path for path in paths if count.path.startswith(path)]
    if not above:
        raise Refused("count.bound-to-site", "只在本库点任职的人员不能审批，须由上级审批", count=count.number)
    top = count.path.count("/") == 2
    if count.one_keeper and not top and count.path in above and len(above) == 1:
        raise Refused("count.tier-above", "单人保管的库点须由上一级确认", count=count.number)


def sees_books(count: Count, grants: Sequence[Grant], login: str) -> bool:
    """Whether book figures may be shown: after the counting to everybody in scope, before it to approvers only."""
    if count.status in DISCLOSED:
        return True
    if login in count.counters or scope_of(grants, Permission.COUNT).covers(count.path, count.site_id):
        return False
    return scope_of(grants, Permission.COUNT_APPROVE).covers(count.path, count.site_id)


def own_lines(count: Count, lines: Sequence[CountLine], login: str) -> list[CountLine]:
    """What a counter may see while it is being counted: his own figures of the present round."""
    rounds = {one.place_id: one.round for one in count.bins}
    return [line for line in lines if line.login == login and line.round == rounds.get(line.place_id)]


def checked_moment(at: datetime | None, began: datetime, now: datetime) -> datetime:
    """When a paper says the bin was counted: not in the future, and not before the count began (a paper knows minutes,
    no seconds). Raises Invalid."""
    if at is None:
        return now
    if at > now or began - at > timedelta(minutes=1):
        raise Invalid("count.bad-time", "清点时间须在盘点开始之后，且不晚于现在", began=began.isoformat())
    return max(at, began)
