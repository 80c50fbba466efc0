"""The decisions of rotation, over plain values: when goods are due, which options fit, which minimum would break."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import date, timedelta

from catalog.kernel.access import Grant, Permission, scope_of
from catalog.kernel.errors import Invalid, Refused
from catalog.kernel.money import Price, amount
from catalog.kernel.quantity import display
from warehouse.norms.model import Subject
from warehouse.norms.rules import counted
from warehouse.parties.model import PartyKind
from warehouse.rotation.model import (
    DISPOSALS,
    Choice,
    Flow,
    Holding,
    Line,
    Need,
    Offer,
    Old,
    Option,
    Policy,
    Risk,
    Short,
    Stored,
    Terms,
    Unfit,
    Verdict,
    Why,
)
from warehouse.stock.model import Condition

LEAST_SAMPLE = 2
"""Display units, where so many are there."""
MOST_LINES = 500
LONGEST = timedelta(days=3 * 366)
DAYS_OF_USE = 365
"""The present rate of use is that of so many days."""
_YEAR = 366
_DAY = timedelta(days=1)


# --- when goods are due ---------------------------------------------------------------------------------------------


def end_of(old: Old, terms: Terms) -> tuple[date | None, Why]:
    """The last day of goods and where it comes from: their date, the item's storage life, else their time in store."""
    if old.condition is Condition.DAMAGED:
        return old.expires_on, Why.DAMAGED
    if old.expires_on is not None:
        return old.expires_on, Why.EXPIRY
    if old.life_days is not None:
        return (old.produced_on or old.stored_on) + timedelta(days=old.life_days), Why.LIFE
    return old.stored_on + timedelta(days=365 * terms.age_years), Why.AGE


def due_on(old: Old, terms: Terms, year: int) -> date:
    """By when goods should be dealt with: damaged ones with the yearly scrapping list, aged ones when their test falls
    due, all others so long before their end as the item's last near-expiry band says."""
    ends, why = end_of(old, terms)
    if why is Why.DAMAGED:
        return last_day(year, terms.list_month)
    if ends is None:
        raise RuntimeError("only damaged goods have no end")
    return ends if why is Why.AGE else ends - timedelta(days=min(old.near_days, default=terms.ahead_days))


def last_day(year: int, month: int) -> date:
    """The last day of a month."""
    return date(year + month // 12, month % 12 + 1, 1) - _DAY


def in_plan(old: Old, terms: Terms, year: int, today: date) -> bool:
    """Whether goods belong into a year's plan: due in it, or overdue where it is the present year."""
    due = due_on(old, terms, year)
    return due.year == year or (due.year < year == today.year)


def check_year(year: int, today: date) -> None:
    """Raises Invalid for a plan of the past, or further off than anybody plans."""
    if not today.year <= year <= today.year + 5:
        raise Invalid("rotation.bad-year", "只能编制今年起五年内的轮换计划", year=year, this_year=today.year)


# --- which options fit ----------------------------------------------------------------------------------------------


def policy_of(policies: Iterable[Policy], class_path: str) -> Policy | None:
    """The policy of the deepest class that holds the goods."""
    holding = [one for one in policies if class_path.startswith(one.class_path)]
    return max(holding, key=lambda one: len(one.class_path), default=None)


def offers(old: Old, terms: Terms, policy: Policy | None, on: date) -> list[Offer]:
    """Every option for goods that leave on a day: open or why not, cost, loss, days left. Order of `Option`."""
    ends, why = end_of(old, terms)
    left = (ends - on).days if ends is not None else None
    last = None if why is Why.AGE else left
    return [
        Offer(option, _unfit(option, old, terms, policy, last), *_money(option, old, terms), left) for option in Option
    ]


def _unfit(option: Option, old: Old, terms: Terms, policy: Policy | None, left: int | None) -> Unfit | None:
    """`left`: days to the end of goods that have one; time in store is no end, it asks for a test."""
    if policy is not None and option in policy.forbids:
        return Unfit.POLICY
    if old.owner_party_id is not None and option not in (Option.EXTEND, Option.SWAP):
        return Unfit.OWNED_BY_PARTY
    if option in DISPOSALS:
        if option is Option.SELL and old.on_pack and left is not None and left < 0:
            return Unfit.EXPIRED  # 食品安全法 (2021) 第三十四条第十项; 药品管理法 (2019) 第九十八条: not to be traded
        worthless = old.condition is not Condition.GOOD or old.failed or (left is not None and left <= terms.scrap_days)
        return None if worthless else Unfit.STILL_GOOD
    if old.condition is not Condition.GOOD:
        return Unfit.NOT_GOOD
    if old.failed:
        return Unfit.TEST_FAILED
    if option is Option.EXTEND:
        if old.on_pack:
            return Unfit.DATE_ON_PACK
        return Unfit.EXPIRED if old.expires_on is not None and left is not None and left < 0 else None
    if left is not None and left < 0:
        return Unfit.EXPIRED
    least = {Option.PASS: terms.pass_days, Option.SWAP: terms.swap_days}.get(option, 0)
    return Unfit.TOO_SHORT if left is not None and left < least else None


def sample_of(old: Old, terms: Terms) -> int:
    """Base units that a destructive test uses up."""
    share = -(-old.quantity * terms.sample_percent // 100)
    return min(old.quantity, max(share, LEAST_SAMPLE * old.unit_factor))


def _money(option: Option, old: Old, terms: Terms) -> tuple[int | None, int | None]:
    """What it costs to be as well stocked as before, and what of the goods' value is lost unused."""
    if old.price_fen is None:
        return None, None
    price = Price(old.price_fen, old.price_per)
    value = amount(price, old.quantity)
    match option:
        case Option.USE:
            return value, 0
        case Option.PASS:
            return value - value * terms.pass_percent // 100, 0
        case Option.SWAP:
            return value * terms.swap_percent // 100, 0
        case Option.EXTEND:
            lost = amount(price, sample_of(old, terms))
            return terms.test_fee + lost, lost
        case Option.SELL:
            back = value * terms.sell_percent // 100
            return value - back, value - back
        case Option.SCRAP:
            return value + value * terms.scrap_percent // 100, value


def suggested(found: Sequence[Offer]) -> Offer | None:
    """The open option that costs and loses least; without a price the first that is open."""
    fit = [one for one in found if one.unfit is None]
    return min(fit, key=lambda one: (one.cost_fen or 0) + (one.waste_fen or 0), default=None)


# --- whether a minimum would break ----------------------------------------------------------------------------------


def projected(need: Need, holdings: Iterable[Holding], flows: Iterable[Flow], day: date) -> int:
    """What a place will have of the goods of its norm on a day, in the norm's units."""
    total: dict[int, int] = {}
    for one in holdings:
        if one.item_id in need.goods and (one.until is None or one.until >= day):
            total[one.item_id] = total.get(one.item_id, 0) + one.quantity
    for flow in flows:
        if flow.item_id in need.goods and flow.day <= day and (flow.until is None or flow.until >= day):
            total[flow.item_id] = total.get(flow.item_id, 0) + flow.quantity
    if need.norm is None:
        return 0
    return sum(counted(need.norm, need.goods[item], max(quantity, 0)) for item, quantity in total.items())


def shorts(
    subject: Subject,
    needs: Sequence[Need],
    holdings: Sequence[Holding],
    flows: Sequence[Flow],
    first: date,
    last: date,
) -> list[Short]:
    """Every stretch of days from `first` to `last` on which a place would lie below its minimum.

    Nothing changes between the days on which something ends, comes, goes or another minimum begins; only those are
    looked at. `needs` in order of their days.
    """
    days = {first}
    days |= {one.until + _DAY for one in holdings if one.until is not None}
    for flow in flows:
        days |= {flow.day} | ({flow.until + _DAY} if flow.until is not None else set())
    days |= {need.day for need in needs}
    turns = sorted(day for day in days if first <= day <= last)
    found: list[Short] = []
    for number, day in enumerate(turns):
        need = next((one for one in reversed(needs) if one.day <= day), None)
        if need is None or need.minimum is None or need.norm is None:
            continue
        there = projected(need, holdings, flows, day)
        if there >= need.minimum:
            continue
        end = turns[number + 1] - _DAY if number + 1 < len(turns) else last
        before = found[-1] if found else None
        if before is not None and before.last + _DAY == day and before.norm.id == need.norm.id:
            worse = min(before.projected, there)
            found[-1] = Short(subject, need.norm, before.first, end, need.minimum, worse)
        else:
            found.append(Short(subject, need.norm, day, end, need.minimum, there))
    return found


def flows_of(line: Line, *, arrives: bool = True) -> list[Flow]:
    """What a line takes out and brings in. Goods that end on their own are taken out only up to their last day: after
    it they count no more anyway. An extension takes out its sample; its goods count on."""
    lot = line.lot
    if line.option is None:
        return []
    where = (lot.owner_region_id, line.site_id)
    found = []
    left = line.rest
    if line.option is Option.EXTEND:
        sample = 0 if line.sampled else min(sample_of(line.old(), Terms()), left)
        if sample and line.counts(line.out_on):
            found.append(Flow(line.out_on, lot.item_id, -sample, *where, until=lot.expires_on, lot_id=lot.id))
        until = line.test.until if line.test is not None else None
        if until is not None and lot.expires_on is not None:
            found.append(Flow(lot.expires_on + _DAY, lot.item_id, left - sample, *where, until=until, lot_id=lot.id))
        return found
    if left and line.counts(line.out_on):
        found.append(Flow(line.out_on, lot.item_id, -left, *where, until=lot.expires_on, lot_id=lot.id))
    if arrives and line.in_on is not None and line.in_quantity:
        found.append(Flow(line.in_on, lot.item_id, line.in_quantity, *where))
    return found


def horizon(line: Line) -> date:
    """Until when a line is answerable for what is short: the day before its replacement, else a year. An extension
    answers for its sample only, up to the day on which it must be passed."""
    if line.option is Option.EXTEND and line.lot.expires_on is not None:
        return line.lot.expires_on
    if line.in_on is not None and line.in_quantity:
        return line.in_on - _DAY
    return line.out_on + timedelta(days=_YEAR)


def months_of(first: date, last: date) -> int:
    """Begun months from `first` to the day after `last`: 15 January to 14 March are two, to 15 March three."""
    end = last + _DAY
    months = (end.year - first.year) * 12 + end.month - first.month
    return months + (1 if end.day > first.day else 0)


def uncovered(line: Line, found: Sequence[Short]) -> Refused | None:
    """The refusal of a line that would break a minimum: unless its replacement is in first, or a gap window that is
    long enough has been granted."""
    if not found:
        return None
    worst = found[0]
    facts = {
        "line": line.number,
        "lot": line.lot.number,
        "place": worst.subject.key,
        "day": worst.first.isoformat(),
        "until": worst.last.isoformat(),
        "minimum": worst.minimum,
        "projected": worst.projected,
        "asked": line.quantity,
        "protected": worst.minimum,
        "free": max(worst.projected - worst.minimum, 0),
    }
    if line.gap is None:
        return Refused("rotation.below-minimum", "轮出后将低于最低储备：请先补库，或申请架空期", **facts)
    if line.in_on is None or not line.in_quantity:
        return Refused("rotation.no-replacement", "架空期须写明补库日期和数量", **facts)
    months = months_of(min(one.first for one in found), max(one.last for one in found))
    if months > line.gap.months:
        said = {"months": months, "granted": line.gap.months}
        return Refused("rotation.gap-too-short", "低于最低储备的时间超过批准的架空期", **facts, **said)
    return None


def check_gap(months: int, reason: str, joint: str, terms: Terms) -> None:
    """Raises Invalid or Refused for a gap window that may not be granted."""
    if not reason.strip():
        raise Invalid("rotation.reason-needed", "请填写理由")
    most = terms.gap_months + (terms.gap_extra if joint.strip() else 0)
    if not 1 <= months <= most:
        raise Refused(
            "rotation.gap-too-long",
            f"架空期最多 {terms.gap_months} 个月，经联合批准可再延 {terms.gap_extra} 个月",
            asked=months,
            most=most,
        )


# --- what may be decided --------------------------------------------------------------------------------------------


def check_choice(line: Line, choice: Choice, offer: Offer, today: date, standing: int) -> None:
    """Raises Invalid or Refused for a choice that cannot be."""
    if choice.out_on < today:
        raise Invalid("rotation.out-in-past", "轮出日期不能早于今天", out_on=choice.out_on.isoformat())
    if choice.out_on - today > LONGEST or (choice.in_on is not None and abs(choice.in_on - today) > LONGEST):
        raise Invalid("rotation.bad-day", "日期不合理", out_on=choice.out_on.isoformat())
    if (choice.in_on is None) != (choice.in_quantity is None):
        raise Invalid("rotation.half-replacement", "补库须同时写明日期和数量")
    if choice.in_quantity is not None and choice.in_quantity <= 0:
        raise Invalid("rotation.bad-quantity", "数量必须大于零", asked=choice.in_quantity)
    if not 0 < choice.quantity <= standing:
        facts = {"line": line.number, "asked": choice.quantity, "free": standing, "lot": line.lot.number}
        raise Refused("rotation.more-than-there", "数量超过该批次在此库点的现存数量", **facts)
    if offer.unfit is not None:
        raise Refused(
            "rotation.unfit",
            "此方案不适用于该批次",
            line=line.number,
            lot=line.lot.number,
            option=choice.option.value,
            why=offer.unfit.value,
        )
    if choice.option is Option.PASS and choice.party_id is None:
        raise Invalid("rotation.no-taker", "请选择接收并消耗物资的单位")
    if choice.option is Option.SWAP and choice.party_id is None:
        raise Invalid("rotation.no-supplier", "请选择轮换的供应商")
    if choice.option is Option.EXTEND and choice.test_house_id is None:
        raise Invalid("rotation.no-test-house", "请选择检测机构")


def may_swap(party_id: int, kind: PartyKind, suppliers: Collection[int]) -> bool:
    """Whether goods may be swapped with a party: a registered supplier, or one of those (ids) who delivered the lot or
    have promised goods."""
    return kind is PartyKind.SUPPLIER or party_id in suppliers


def named(experts: Iterable[str]) -> tuple[str, ...]:
    """Experts as they were named, each once."""
    return tuple(dict.fromkeys(one.strip() for one in experts if one.strip()))


def unwitnessed(line: Line, decided: Line | Choice, terms: Terms) -> Refused | None:
    """The refusal of a disposal without a test house and with too few experts. `decided`: the line as it stands, or
    what is to be said of it."""
    experts = len(named(decided.experts))
    if decided.option not in DISPOSALS or decided.test_house_id is not None or experts >= terms.experts:
        return None
    return Refused(
        "rotation.no-witness",
        f"变卖或报废须有检测机构，或至少 {terms.experts} 名专家",
        line=line.number,
        experts=experts,
        needed=terms.experts,
    )


def check_test(line: Line, test: Verdict, policy: Policy | None, terms: Terms, today: date) -> None:
    """Raises Invalid or Refused for a result that cannot be."""
    if not line.sampled:
        raise Refused("rotation.no-sample", "请先登记抽样（扫码出样）", line=line.number, lot=line.lot.number)
    if test.on > today:
        raise Invalid("rotation.test-in-future", "检验日期不能晚于今天")
    if not test.report.strip():
        raise Invalid("rotation.no-report", "请填写检验报告编号")
    if not test.passed:
        return
    most = policy.extend_days if policy is not None and policy.extend_days is not None else terms.extend_days
    base = max(test.on, line.ends_on or test.on)
    if test.until is None or not today < test.until:
        raise Invalid("rotation.bad-extension", "请填写延期后的有效期，须晚于今天和原有效期")
    if line.lot.expires_on is not None and test.until <= line.lot.expires_on:
        raise Invalid("rotation.bad-extension", "请填写延期后的有效期，须晚于今天和原有效期")
    if test.until > base + timedelta(days=most):
        raise Refused("rotation.extension-too-long", f"一次最多延长 {most} 天", asked=test.until.isoformat(), days=most)


def check_approver(line: Line, grants: Sequence[Grant], login: str, person_id: int | None) -> None:
    """Raises Refused unless this is the owner's approver who has not planned it and does not keep the goods."""
    own = login in (line.chosen_by, line.created_by) or (person_id is not None and person_id == line.chooser_id)
    if own:
        raise Refused("rotation.own-approval", "不能审批自己提出的轮换", line=line.number, plan=line.plan)
    if scope_of(grants, Permission.ROTATION_CARRY).covers(line.site_path, line.site_id):
        raise Refused("rotation.keeper-approves", "保管单位的人员不能审批本库点的轮换", line=line.number)


def check_take(line: Line, quantity: int) -> None:
    """Raises Refused for more than is still to be carried out."""
    if quantity <= 0:
        raise Invalid("rotation.bad-quantity", "数量必须大于零", asked=quantity)
    if quantity > line.rest:
        facts = {"line": line.number, "lot": line.lot.number, "asked": quantity, "free": line.rest}
        raise Refused("rotation.more-than-planned", "数量超过本行未执行数量", **facts)


def quantity_text(line: Line, quantity: int) -> str:
    """ "12 顶"."""
    return f"{display(quantity, line.lot.unit_factor)} {line.lot.unit}".strip()


# --- waste ----------------------------------------------------------------------------------------------------------


def at_risk(stored: Sequence[Stored], used: Mapping[tuple[int, int], int], days: int, today: date) -> list[Risk]:
    """What will be left of each lot on its last day at the present rate of use, first expired first out.

    `used`: per (item, owner region) what went out in `days` days. What one lot covers, the next need not. Lots that
    have expired are at risk as a whole. Value is rounded per lot; None without a price.
    """
    groups: dict[tuple[int, int], list[Stored]] = {}
    for one in stored:
        groups.setdefault((one.item_id, one.region_id), []).append(one)
    found = []
    for key, lots in groups.items():
        spent = 0
        for one in sorted(lots, key=lambda lot: (lot.expires_on, lot.lot_id)):
            time = max((one.expires_on - today).days + 1, 0)
            able = used.get(key, 0) * time // days
            taken = max(min(one.quantity, able - spent), 0)
            spent += taken
            left = one.quantity - taken
            if left:
                value = None if one.price_fen is None else amount(Price(one.price_fen, one.price_per), left)
                found.append(Risk(one, left, value))
    return sorted(found, key=lambda risk: (risk.stored.expires_on, risk.stored.item_key, risk.stored.lot_id))
