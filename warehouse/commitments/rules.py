"""The decisions of commitments, over plain values."""

from collections.abc import Iterable
from datetime import date, datetime, timedelta

from catalog.kernel.errors import Invalid, Refused
from catalog.kernel.quantity import MAX_QUANTITY
from warehouse.commitments.model import CallOff, Commitment, CommitmentFacts, PriceRule, Promise, Result
from warehouse.parties.model import PartyKind

LONGEST_TEXT = 500
MOST_HOURS = 8_760
STATED_WEIGHS = 2
"""The stated confidence weighs as much as so many results. Our own rule: no standard is known."""
RESULTS_COUNT_FOR = timedelta(days=3 * 365)
"""A result older than this says nothing about today. Our own rule: no standard is known."""


# --- confidence -----------------------------------------------------------------------------------------------------


def kept(result: Result) -> int:
    """How well a promise was kept, in ten-thousandths: what came in time counts whole, what came late half."""
    came = min(result.in_time, result.asked)
    late = min(result.late, result.asked - came)
    return (came * 10_000 + late * 5_000) // result.asked


def confidence(stated: int, results: Iterable[Result], day: date) -> int:
    """The percent to count with on a day: the mean of the stated figure, which weighs as two, and every result.

    Only results of the last three years up to that day count. Rounded down. Pure, and the order of results does not
    matter: a promise kept whole never lowers it, one not kept at all never raises it.
    """
    counted = [kept(one) for one in results if day - RESULTS_COUNT_FOR < one.on <= day]
    return (stated * 100 * STATED_WEIGHS + sum(counted)) // ((STATED_WEIGHS + len(counted)) * 100)


def drill_result(on: date, asked: int, shown: int, hours: int, response_hours: int) -> Result:
    """A drill as a result: all of it in time, or all of it late."""
    return Result(on, asked, shown, 0) if hours <= response_hours else Result(on, asked, 0, shown)


def call_result(call: CallOff, day: date) -> Result:
    """A closed call-off as a result: what came by the promised hour, and what came after it."""
    due = call.due_at
    in_time = sum(one.quantity for one in call.arrivals if due is not None and one.arrived_at <= due)
    return Result(day, call.quantity, in_time, call.came - in_time)


def promise(commitment: Commitment, day: date) -> Promise:
    """What may be counted on, on a day on which the commitment holds."""
    facts = commitment.facts
    return Promise(
        commitment.id,
        facts.number,
        commitment.party_zh,
        facts.form,
        facts.region_id,
        commitment.path,
        facts.item_id,
        facts.class_id,
        commitment.class_path,
        commitment.left,
        confidence(facts.confidence, commitment.results, day),
        facts.response_hours,
        0 if facts.price_rule is PriceRule.FREE else facts.price_fen,
        facts.price_per,
        facts.valid_to,
        commitment.unit_zh,
        commitment.party_kind is PartyKind.NEIGHBOUR_CITY,
    )


# --- what may be saved ----------------------------------------------------------------------------------------------


def check_facts(facts: CommitmentFacts) -> None:
    """Raises Invalid for a commitment that could never be right."""
    if (facts.item_id is None) == (facts.class_id is None):
        raise Invalid("commitment.what", "请指定一种物资或一个类别")
    if facts.class_id is not None and not facts.unit.strip():
        raise Invalid("commitment.no-unit", "按类别的协议须写明计量单位")
    if not facts.number.strip():
        raise Invalid("commitment.no-number", "请填写合同或协议编号")
    check_quantity(facts.quantity)
    if not 0 <= facts.response_hours <= MOST_HOURS:
        raise Invalid("commitment.bad-hours", f"响应时间须在 0 到 {MOST_HOURS} 小时之间", asked=facts.response_hours)
    if not 0 <= facts.confidence <= 100:
        raise Invalid("commitment.bad-confidence", "把握须在 0 到 100 之间", asked=facts.confidence)
    if not facts.confidence_source.strip() or not facts.source.strip():
        raise Invalid("commitment.no-source", "请写明依据；没有依据请写 unverified")
    if facts.valid_to < facts.valid_from:
        raise Invalid("commitment.bad-dates", "终止日期早于起始日期")
    fixed = facts.price_rule is PriceRule.FIXED
    if (fixed and facts.price_fen is None) or (facts.price_fen is not None and facts.price_fen < 0):
        raise Invalid("commitment.bad-price", "固定价格须填写单价，且不能为负")
    if not 1 <= facts.price_per <= MAX_QUANTITY:
        raise Invalid("commitment.bad-price", "固定价格须填写单价，且不能为负")
    texts = (facts.number, facts.confidence_source, facts.handover, facts.source, facts.note, facts.unit)
    if any(len(text) > LONGEST_TEXT for text in texts):
        raise Invalid("commitment.too-long", f"文字不能超过 {LONGEST_TEXT} 字")


def check_quantity(quantity: int) -> None:
    """Raises Invalid unless it is a whole number above zero and within the limit."""
    if not 0 < quantity <= MAX_QUANTITY:
        raise Invalid("commitment.bad-quantity", "数量必须大于零且不超过上限", asked=quantity)


def check_left(commitment: Commitment, asked: int, day: date) -> None:
    """Raises Refused where the commitment does not hold on that day or promises less than is asked."""
    if not commitment.holds(day):
        raise Refused(
            "commitment.not-in-force",
            f"协议 {commitment.facts.number} 在 {day} 不生效，不能调用",
            number=commitment.facts.number,
            status=commitment.status.value,
            valid_from=commitment.facts.valid_from.isoformat(),
            valid_to=commitment.facts.valid_to.isoformat(),
        )
    if asked > commitment.left:
        raise Refused(
            "commitment.too-much",
            f"协议 {commitment.facts.number} 只剩 {commitment.left}，不能调用 {asked}",
            line=1,
            asked=asked,
            free=commitment.left,
            protected=0,
            taken=commitment.taken,
            promised=commitment.facts.quantity,
        )


def check_drill(asked: int, shown: int, hours: int, on: date, today: date) -> None:
    """Raises Invalid for a drill that cannot have been."""
    check_quantity(asked)
    if not 0 <= shown <= MAX_QUANTITY:
        raise Invalid("commitment.bad-quantity", "数量必须大于零且不超过上限", asked=shown)
    if not 0 <= hours <= MOST_HOURS:
        raise Invalid("commitment.bad-hours", f"响应时间须在 0 到 {MOST_HOURS} 小时之间", asked=hours)
    if on > today:
        raise Invalid("commitment.drill-in-future", "演练日期不能晚于今天", on=on.isoformat())


def check_arrival(call: CallOff, quantity: int, arrived_at: datetime, now: datetime) -> None:
    """Raises Invalid for an arrival before the order or in the future."""
    check_quantity(quantity)
    if call.came + quantity > MAX_QUANTITY:
        raise Invalid("commitment.bad-quantity", "数量必须大于零且不超过上限", asked=quantity)
    if arrived_at > now or (call.activated_at is not None and arrived_at < call.activated_at):
        raise Invalid("call-off.bad-time", "到货时间须在启动令之后、现在之前", arrived_at=arrived_at.isoformat())


def days_left(commitment: Commitment, today: date) -> int:
    """Days until it ends; below zero once it has ended."""
    return (commitment.facts.valid_to - today).days
