"""The decisions of fulfilment, over plain values."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import date, datetime, timedelta
from typing import NoReturn

from catalog.kernel.errors import Invalid, Refused
from catalog.kernel.quantity import MAX_QUANTITY
from catalog.kernel.time import day_of
from labels.codes import Ambiguous, Code, OwnKind, read, write_sscc
from warehouse.fulfilment.model import (
    LONGEST_NAME,
    LONGEST_TEXT,
    MOST_LINES,
    SIGNATURE,
    STOPS,
    Box,
    BoxStatus,
    Duty,
    Given,
    Line,
    Load,
    Loading,
    Measure,
    NewLine,
    Packing,
    PointFacts,
    Received,
    Shipment,
    ShipmentFacts,
    Undone,
    Used,
    Vehicle,
)

_NEAR = timedelta(minutes=5)
BOX_NUMBER = 8
"""Digits of a box's own number: two of the year and six that run on."""


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


def check_loading(shipment: Shipment, wanted: Sequence[Loading], *, boxed: bool = False) -> None:
    """Raises Invalid or Refused for goods that do not belong on the vehicle; never more of a line than was planned.

    What is in a box goes with it (`boxed`), never by itself.
    """
    if not 1 <= len(wanted) <= MOST_LINES:
        raise Invalid("shipment.bad-count", f"运单须有 1 到 {MOST_LINES} 行", lines=len(wanted))
    asked: dict[int, int] = {}
    for one in wanted:
        line = line_of(shipment, one.line)
        asked[one.line] = asked.get(one.line, 0) + one.quantity
        if one.quantity <= 0:
            raise Invalid("shipment.bad-quantity", "数量必须大于零且不超过上限", line=one.line, asked=one.quantity)
        if line.box_id is not None and not boxed:
            raise Refused("box.line-inside", f"已装箱 {line.box}：请扫箱标签，或先取出", line=one.line, box=line.box)
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


# --- boxes ----------------------------------------------------------------------------------------------------------


def sscc_of(prefix: str, turn: int) -> str | None:
    """The SSCC of the house's so-manieth box, its serial running on into the extension digit; None without a company
    prefix of 7 to 10 digits, or when all its numbers are used."""
    room = 10 ** (16 - len(prefix))
    if not (prefix.isascii() and prefix.isdigit() and 7 <= len(prefix) <= 10 and turn < 10 * room):
        return None
    return write_sscc(prefix, turn % room, extension=turn // room)


def in_box(shipment: Shipment, box: Box) -> list[Line]:
    """The lines of a shipment that are a box."""
    return [line for line in shipment.lines if line.box_id == box.id]


def alike(lines: Sequence[Line], line: Line) -> Line | None:
    """A line of the same goods from the same place for the same order."""
    wanted = (line.lot_id, line.place_id, line.release_line)
    return next((one for one in lines if (one.lot_id, one.place_id, one.release_line) == wanted), None)


def say_status(box: Box) -> NoReturn:
    """Raises the refusal of a box that is not as it would have to be."""
    if box.status is BoxStatus.VOID:
        raise Refused("box.void", "这个箱号已作废", box=box.number)
    if box.status is BoxStatus.OPEN:
        raise Refused("box.open", "箱还没有封箱", box=box.number)
    raise Refused("box.closed", "箱已封箱，请先开箱", box=box.number)


def check_gross(gross_g: int | None) -> None:
    """Raises Invalid for a weight that cannot be."""
    if gross_g is not None and not 0 < gross_g <= MAX_QUANTITY:
        raise Invalid("box.bad-weight", "毛重必须大于零", asked=gross_g)


def lines_to_pack(shipment: Shipment, packing: Packing) -> list[tuple[Line, int]]:
    """Which loose lines the goods come from, and how much of each.

    Raises Invalid, Refused (`box.not-on-list`: no loose line has the lot; `box.too-much`).
    """
    if not 0 < packing.quantity <= MAX_QUANTITY:
        raise Invalid("shipment.bad-quantity", "数量必须大于零且不超过上限", line=1, asked=packing.quantity)
    loose = [
        line
        for line in shipment.lines
        if line.box_id is None and line.lot_id == packing.lot_id and packing.place_id in (None, line.place_id)
    ]
    if not any(line.rest for line in loose):
        raise Refused("box.not-on-list", "运单上没有待装的这个批次", lot=packing.lot_id)
    free = sum(line.rest for line in loose)
    if packing.quantity > free:
        raise Refused("box.too-much", f"这个批次只剩 {free} 未装", asked=packing.quantity, free=free)
    known = len(set(packing.serial_ids)) == len(packing.serial_ids) == packing.quantity
    if (loose[0].tracking == "serial") is not bool(packing.serial_ids) or (packing.serial_ids and not known):
        raise Invalid("shipment.serials", "请逐件指明编号", lot=loose[0].lot)
    packed = {piece for line in shipment.lines for piece in line.pieces}
    if packed & set(packing.serial_ids):
        raise Refused("box.piece-packed", "有编号已装箱", lot=loose[0].lot)
    parts, wanted = [], packing.quantity
    for line in loose:
        part = min(line.rest, wanted)
        if part:
            parts.append((line, part))
            wanted -= part
    if len(shipment.lines) + len(parts) > MOST_LINES:
        raise Invalid("shipment.bad-count", f"运单须有 1 到 {MOST_LINES} 行", lines=len(shipment.lines) + len(parts))
    return parts


def to_load(shipment: Shipment, box: Box) -> list[Line]:
    """The lines of a box that goes onto the vehicle. Raises Refused where it is there."""
    lines = [line for line in in_box(shipment, box) if line.rest]
    if not lines:
        raise Refused("box.loaded", "箱已装车", box=box.number)
    return lines


def on_vehicle(shipment: Shipment, box: Box) -> list[Line]:
    """The lines of a box that is on the vehicle. Raises Refused where it is not."""
    lines = [line for line in in_box(shipment, box) if line.loaded]
    if not lines:
        raise Refused("box.not-loaded", "箱不在车上", box=box.number)
    return lines


def to_receive(shipment: Shipment, box: Box) -> list[Line]:
    """The lines of a box nobody has spoken on yet. Raises Refused where it was not sent, or was received."""
    lines = [line for line in on_vehicle(shipment, box) if line.received_at is None]
    if not lines:
        raise Refused("box.received", "箱已签收", box=box.number)
    return lines


def read_labels(labels: Sequence[str], today: date) -> list[str]:
    """SSCCs or own numbers of boxes out of what a scanner gave or somebody typed. Raises Invalid naming the first label
    that is none."""
    if not 1 <= len(labels) <= MOST_LINES:
        raise Invalid("box.bad-count", f"一次可扫 1 到 {MOST_LINES} 个标签", labels=len(labels))
    return [_key_of(label, turn, today) for turn, label in enumerate(labels, 1)]


def _key_of(label: str, turn: int, today: date) -> str:
    text = label.strip()
    if len(text) == BOX_NUMBER and text.isascii() and text.isdigit():
        return text
    reading = read(text, today=today)
    candidates = reading.candidates if isinstance(reading, Ambiguous) else (reading,)
    for one in candidates:
        if isinstance(one, Code) and one.sscc:
            return one.sscc
        if isinstance(one, Code) and one.own is not None and one.own.kind is OwnKind.PALLET:
            return one.own.key
    raise Invalid("box.unreadable", "不是箱或托盘的标签", label=text[:LONGEST_NAME], line=turn)


def pieces_of(
    shipment: Shipment, line: Line, on_board: Mapping[int, Sequence[tuple[int, str]]]
) -> list[tuple[int, str]]:
    """Which numbered pieces on the vehicle are a line's: those that were packed in its box, else those in no box."""
    there = on_board.get(line.lot_id, ())
    if line.pieces:
        return [one for one in there if one[0] in line.pieces]
    packed = {piece for one in shipment.lines for piece in one.pieces}
    return [one for one in there if one[0] not in packed]


# --- short, received ------------------------------------------------------------------------------------------------


def check_short(line: Line, quantity: int, note: str) -> None:
    """Raises Invalid or Refused for a short pick that cannot be."""
    if quantity <= 0:
        raise Invalid("shipment.bad-quantity", "数量必须大于零且不超过上限", line=line.line, asked=quantity)
    if line.box_id is not None:
        raise Refused("box.line-inside", f"已装箱 {line.box}：请先取出", line=line.line, box=line.box)
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


def is_signature(name: str) -> bool:
    """Whether a file was uploaded as a signature that was drawn on the screen."""
    return name.rpartition(".")[0] == SIGNATURE


def check_closing(undone: Sequence[Undone], reason: str) -> None:
    """Raises Refused where an incident cannot be closed, or not without a reason; says how much is left."""
    counts = Counter(one.kind.value for one in undone)
    if any(one.kind in STOPS for one in undone):
        raise Refused("incident.goods-under-way", "还有未办完的动用指令或在途运单，不能结案", **counts)
    if undone and not reason.strip():
        said = "还有未了结的事项（接收点存货、差异单、欠补手续或回收补充）：请逐项核对，仍要结案的须写明原因"
        raise Refused("incident.left-undone", said, **counts)
    if len(reason) > LONGEST_TEXT:
        raise Invalid("incident.too-long", "文字过长", longest=LONGEST_TEXT)


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
