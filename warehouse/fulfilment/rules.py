"""The decisions of fulfilment, over plain values."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import date, datetime, timedelta

from catalog.kernel.errors import Invalid, Refused
from catalog.kernel.quantity import MAX_QUANTITY
from catalog.kernel.time import day_of
from warehouse.fulfilment.model import (
    LONGEST_NAME,
    LONGEST_TEXT,
    MOST_LINES,
    Duty,
    Given,
    Line,
    Load,
    Loading,
    Measure,
    NewLine,
    PointFacts,
    Received,
    Shipment,
    ShipmentFacts,
    Used,
    Vehicle,
)

_NEAR = timedelta(minutes=5)


def check_vehicle(one: Vehicle) -> None:
    """Raises Invalid for what cannot be written down of a vehicle."""
    for limit in (one.max_weight_g, one.max_volume_ml):
        if limit is not None and not 0 < limit <= MAX_QUANTITY:
            raise Invalid("shipment.bad-limit", "载重和容积必须大于零", asked=limit)
    for text in (one.vehicle, one.plate, one.carrier, one.driver, one.phone):
        if len(text) > LONGEST_NAME:
            raise Invalid("shipment.too-long", "文字过长", longest=LONGEST_NAME)


def check_new(facts: ShipmentFacts, lines: Sequence[NewLine]) -> None:
    """Raises Invalid for a shipment that cannot be prepared; names the first wrong line (from 1)."""
    if (facts.to_site_id is None) is (facts.to_point is None):
        raise Invalid("shipment.where-to", "请在库点和接收点中选择一个目的地")
    if facts.to_site_id == facts.from_site_id:
        raise Invalid("shipment.same-site", "目的地与发货库点相同")
    if len(facts.note) > LONGEST_TEXT:
        raise Invalid("shipment.too-long", "文字过长", longest=LONGEST_TEXT)
    check_vehicle(facts.vehicle)
    if not 1 <= len(lines) <= MOST_LINES:
        raise Invalid("shipment.bad-count", f"运单须有 1 到 {MOST_LINES} 行", lines=len(lines))
    for number, one in enumerate(lines, 1):
        if not 0 < one.quantity <= MAX_QUANTITY:
            raise Invalid("shipment.bad-quantity", "数量必须大于零且不超过上限", line=number, asked=one.quantity)


def line_of(shipment: Shipment, number: int) -> Line:
    """A line by its number. Raises Invalid."""
    found = next((line for line in shipment.lines if line.line == number), None)
    if found is None:
        raise Invalid("shipment.no-such-line", "运单没有这一行", line=number)
    return found


def check_loading(shipment: Shipment, wanted: Sequence[Loading]) -> None:
    """Raises Invalid or Refused for goods that do not belong on the vehicle; never more of a line than was planned."""
    if not 1 <= len(wanted) <= MOST_LINES:
        raise Invalid("shipment.bad-count", f"运单须有 1 到 {MOST_LINES} 行", lines=len(wanted))
    asked: dict[int, int] = {}
    for one in wanted:
        line = line_of(shipment, one.line)
        asked[one.line] = asked.get(one.line, 0) + one.quantity
        if one.quantity <= 0:
            raise Invalid("shipment.bad-quantity", "数量必须大于零且不超过上限", line=one.line, asked=one.quantity)
        if asked[one.line] > line.rest:
            raise Refused(
                "shipment.too-much",
                f"本行只剩 {line.rest} 未装",
                line=one.line,
                lot=line.lot,
                asked=asked[one.line],
                free=line.rest,
            )


def load_of(lines: Sequence[tuple[Line, int]]) -> Load:
    """What so many base units of lines weigh and fill, rounded up."""
    weight = volume = unmeasured = 0
    for line, quantity in lines:
        if line.weight_g is None or line.volume_ml is None:
            unmeasured += 1
        weight += -(-(line.weight_g or 0) * quantity // line.unit_factor)
        volume += -(-(line.volume_ml or 0) * quantity // line.unit_factor)
    return Load(weight, volume, unmeasured)


def fitting(
    lines: Sequence[tuple[NewLine, Measure]], max_weight_g: int | None, max_volume_ml: int | None
) -> list[NewLine]:
    """As much of the lines, in their order, as a vehicle carries: whole units, each as many as still go on.

    A limit or a measure that is not known keeps nothing back.
    """
    weight, volume = max_weight_g, max_volume_ml
    taken = []
    for line, one in lines:
        units = -(-line.quantity // one.per)
        if weight is not None and one.weight_g:
            units = min(units, weight // one.weight_g)
        if volume is not None and one.volume_ml:
            units = min(units, volume // one.volume_ml)
        quantity = min(line.quantity, units * one.per)
        if quantity <= 0:
            continue
        taken.append(replace(line, quantity=quantity))
        if weight is not None:
            weight -= -(-(one.weight_g or 0) * quantity // one.per)
        if volume is not None:
            volume -= -(-(one.volume_ml or 0) * quantity // one.per)
    return taken


def check_fits(vehicle: Vehicle, load: Load, reason: str) -> None:
    """Raises Refused where the load is above the vehicle's limits and nobody says why it goes all the same."""
    over = {
        "weight_g": (load.weight_g, vehicle.max_weight_g),
        "volume_ml": (load.volume_ml, vehicle.max_volume_ml),
    }
    for name, (has, limit) in over.items():
        if limit is not None and has > limit and not reason.strip():
            what = "载重" if name == "weight_g" else "容积"
            raise Refused(
                "shipment.over-limit", f"超出车辆{what}，请分车，或写明理由", what=name, asked=has, free=limit
            )


def check_short(line: Line, quantity: int, note: str) -> None:
    """Raises Invalid or Refused for a short pick that cannot be."""
    if quantity <= 0:
        raise Invalid("shipment.bad-quantity", "数量必须大于零且不超过上限", line=line.line, asked=quantity)
    if quantity > line.rest:
        raise Refused("shipment.short-too-much", "短缺数量大于未装数量", line=line.line, asked=quantity, rest=line.rest)
    if not note.strip():
        raise Invalid("shipment.no-reason", "请写明原因", line=line.line)


def check_received(shipment: Shipment, said: Sequence[Received]) -> None:
    """Raises for a receipt that cannot be: lines unknown or done, more than was loaded, a difference without why."""
    if not said or len({one.line for one in said}) != len(said):
        raise Invalid("shipment.bad-count", f"运单须有 1 到 {MOST_LINES} 行", lines=len(said))
    for one in said:
        line = line_of(shipment, one.line)
        if min(one.accepted, one.damaged, one.rejected) < 0:
            raise Invalid("shipment.bad-quantity", "数量不能小于零", line=one.line)
        if line.received_at is not None:
            raise Refused("shipment.line-received", "本行已签收", line=one.line, lot=line.lot)
        came = one.accepted + one.damaged + one.rejected
        if came > line.loaded:
            raise Refused(
                "shipment.more-than-shipped",
                f"发运 {line.loaded}，签收数量不能多于它",
                line=one.line,
                lot=line.lot,
                asked=came,
                free=line.loaded,
            )
        if (one.accepted != line.loaded) and not one.reason.strip():
            raise Invalid("shipment.no-reason", "请写明差异原因", line=one.line)
        if line.tracking == "serial":
            known = (len(one.serials), len(one.damaged_serials)) == (one.accepted, one.damaged)
            if not known or set(one.serials) & set(one.damaged_serials):
                raise Invalid("shipment.serials", "请逐件指明签收和损坏的编号", line=one.line, lot=line.lot)


def check_times(start: datetime | None, end: datetime | None, now: datetime) -> None:
    """An expected arrival is a range that has not gone by. Raises Invalid."""
    if (start is None) is not (end is None) or (start is not None and end is not None and end < start):
        raise Invalid("shipment.bad-range", "预计到达须填写起止时间，且止不早于起")
    if end is not None and end < now - _NEAR:
        raise Invalid("shipment.eta-past", "预计到达时间已过")


def check_reported(at: datetime, now: datetime, *texts: str) -> None:
    """Raises Invalid for a report from the future, or one that is too long."""
    if at > now + _NEAR:
        raise Invalid("shipment.report-future", "报告时间不能在将来")
    if any(len(text) > LONGEST_TEXT for text in texts):
        raise Invalid("shipment.too-long", "文字过长", longest=LONGEST_TEXT)


def check_point_on_earth(lat: float | None, lon: float | None) -> None:
    """Raises Invalid for half a point or one that is not on this earth."""
    if (lat is None) is not (lon is None) or not -90 <= (lat or 0) <= 90 or not -180 <= (lon or 0) <= 180:
        raise Invalid("shipment.bad-point", "经纬度须同时填写，且在有效范围内")


def check_point(facts: PointFacts) -> None:
    """Raises Invalid for a receiving point that cannot be written down."""
    if not facts.name.strip():
        raise Invalid("point.no-name", "请填写接收点名称")
    if any(len(text) > LONGEST_NAME for text in (facts.name, facts.receiver, facts.phone)):
        raise Invalid("shipment.too-long", "文字过长", longest=LONGEST_NAME)
    if len(facts.place) > LONGEST_TEXT:
        raise Invalid("shipment.too-long", "文字过长", longest=LONGEST_TEXT)
    check_point_on_earth(facts.lat, facts.lon)


def check_given(given: Sequence[Given]) -> None:
    """Raises Invalid for an empty list or quantities that cannot be."""
    if not 1 <= len(given) <= MOST_LINES:
        raise Invalid("shipment.bad-count", f"须有 1 到 {MOST_LINES} 行", lines=len(given))
    for number, one in enumerate(given, 1):
        if not 0 < one.quantity <= MAX_QUANTITY:
            raise Invalid("shipment.bad-quantity", "数量必须大于零且不超过上限", line=number, asked=one.quantity)


# --- the recovery ledger --------------------------------------------------------------------------------------------


def duties(used: Sequence[Used], known: Mapping[tuple[int, int], int]) -> list[tuple[Used, int]]:
    """What is owed now per (region, item) that is not what `known` says: (use, quantity). Zero where a hand-out was
    undone; a duty never falls below nothing."""
    total = {(one.region_id, one.item_id): one for one in used}
    changed = [(one, one.quantity) for key, one in total.items() if known.get(key) != one.quantity]
    gone = [
        (Used(region, "", item, 0), 0) for (region, item), owed in known.items() if owed and (region, item) not in total
    ]
    return sorted(changed + gone, key=lambda pair: (pair[0].region_id, pair[0].item_id))


def due_on(ended_at: datetime | None, now: datetime, days: int) -> date:
    """Until when what was used must be back."""
    return day_of(ended_at or now) + timedelta(days=days)


def check_fill(duty: Duty, quantity: int, proved: int, claimed: int) -> None:
    """Goods count once: never more than the paper shows to have come in, less what other duties counted of it."""
    if not 0 < quantity <= MAX_QUANTITY:
        raise Invalid("recovery.bad-quantity", "数量必须大于零且不超过上限", asked=quantity)
    if quantity > proved - claimed:
        raise Refused(
            "recovery.not-proved",
            f"该单据已入库 {proved}，其中 {claimed} 已用于销账",
            item=duty.item_key,
            asked=quantity,
            free=max(proved - claimed, 0),
        )
    if quantity > duty.rest:
        raise Refused("recovery.too-much", f"只欠 {duty.rest}", asked=quantity, free=duty.rest)
