"""The papers of a shipment: 出库单, 运单, 签收单. Pure: values in, values out."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from datetime import datetime

from catalog.kernel.time import SHANGHAI, day_of
from labels.documents import A4_WIDE, MOST_SIGNED, Column, ReportTable, Signed
from labels.sheets import PalletLabel
from warehouse.fulfilment.model import Box, BoxKind, Line, Purpose, Shipment, Signature, Signer, Status
from warehouse.fulfilment.rules import in_box, load_of
from warehouse.printing.rules import quantity_text

PURPOSES = {Purpose.RELEASE: "应急调用", Purpose.TRANSFER: "库间调拨", Purpose.FORWARD: "前置备勤"}
STATUSES = {
    Status.PREPARED: "待装车",
    Status.LOADING: "装车中",
    Status.ON_ROAD: "运输中",
    Status.ARRIVED: "已到达",
    Status.RECEIVED: "已签收，待处理差异",
    Status.CLOSED: "已办结",
    Status.CANCELLED: "已取消",
}


def issue_slip(shipment: Shipment, at: datetime) -> ReportTable:
    """出库单: what left the store, with batch numbers (batch and destination stand on it by the central rule)."""
    return ReportTable(
        title="出库单",
        heading=shipment.start.name,
        number=shipment.number,
        facts=(
            ("用途", PURPOSES[shipment.purpose]),
            ("发往", shipment.end.name),
            ("事件", shipment.incident or "—"),
            ("出库时间", _minute(shipment.departed_at)),
            ("车牌", shipment.vehicle.plate or "—"),
            ("承运单位", shipment.vehicle.carrier or "—"),
        ),
        columns=(
            Column("行号", 0.5, "right"), Column("品名", 2.2), Column("批次号", 1.3), Column("货位", 1.0),
            Column("有效期", 1.1), Column("应发数量", 1.2, "right"),
            Column("实发数量", 1.2, "right"), Column("备注", 1.6),
        ),
        rows=tuple(
            (
                str(line.line), line.item, line.lot, line.place,
                line.expires_on.isoformat() if line.expires_on else "—",
                _many(line, line.quantity), _many(line, line.loaded),
                f"短缺 {_many(line, line.short)}：{line.short_note}" if line.short else "",
            )
            for line in shipment.lines
        ),
        notes=_notes(shipment),
        signatures=("发货人", "复核人", "提货人（驾驶员）"),
        known_at=_minute(at),
        page=A4_WIDE,
    )  # fmt: skip


def waybill(shipment: Shipment, at: datetime) -> ReportTable:
    """运单: it goes along with the driver."""
    load = load_of([(line, line.loaded or line.quantity) for line in shipment.lines])
    vehicle = shipment.vehicle
    least = "不少于 " if load.unmeasured else ""
    return ReportTable(
        title="运单",
        heading=shipment.start.name,
        number=shipment.number,
        facts=(
            ("状态", STATUSES[shipment.status]),
            ("用途", PURPOSES[shipment.purpose]),
            ("起运地", f"{shipment.start.name} {shipment.start.code}"),
            ("目的地", shipment.end.name),
            ("车型", vehicle.vehicle or "—"),
            ("车牌", vehicle.plate or "—"),
            ("驾驶员", vehicle.driver or "—"),
            ("电话", vehicle.phone or "—"),
            ("承运单位", vehicle.carrier or "—"),
            ("启运时间", _minute(shipment.departed_at)),
            ("预计到达", f"{_minute(shipment.eta_from)} 至 {_minute(shipment.eta_to)}" if shipment.eta_to else "—"),
            ("载重", f"{least}{load.weight_g / 1000:.1f} kg"),
            ("体积", f"{least}{load.volume_ml / 1_000_000:.2f} m³"),
        ),
        columns=(
            Column("行号", 0.5, "right"), Column("品名", 2.4), Column("批次号", 1.4), Column("箱号", 1.0),
            Column("数量", 1.4, "right"), Column("重量（kg）", 1.2, "right"), Column("体积（m³）", 1.2, "right"),
        ),
        rows=tuple(_load_row(line) for line in shipment.lines if line.loaded or not shipment.departed_at),
        notes=_notes(shipment),
        signatures=("发货人", "驾驶员", "收货人"),
        known_at=_minute(at),
        page=A4_WIDE,
    )  # fmt: skip


def receipt(shipment: Shipment, at: datetime) -> ReportTable:
    """签收单: what came, in which state, and who signed."""
    return ReportTable(
        title="签收单",
        heading=shipment.end.name,
        number=shipment.number,
        facts=(
            ("发货", f"{shipment.start.name} {shipment.start.code}"),
            ("收货", shipment.end.name),
            ("事件", shipment.incident or "—"),
            ("车牌", shipment.vehicle.plate or "—"),
            ("到达时间", _minute(shipment.arrived_at)),
            ("签收人", shipment.receiver or "—"),
            ("状态", STATUSES[shipment.status]),
        ),
        columns=(
            Column("行号", 0.5, "right"), Column("品名", 2.2), Column("批次号", 1.3), Column("箱号", 0.9),
            Column("发运", 1.0, "right"),
            Column("签收", 1.0, "right"), Column("损坏", 1.0, "right"), Column("拒收", 1.0, "right"),
            Column("短少", 1.0, "right"), Column("原因", 2.0),
        ),
        rows=tuple(_receipt_row(line) for line in shipment.lines if line.loaded),
        notes=_notes(shipment),
        signatures=("收货人", "驾驶员", "监收人"),
        known_at=_minute(at),
        page=A4_WIDE,
    )  # fmt: skip


BOX_KINDS = {BoxKind.BOX: "箱", BoxKind.PALLET: "托盘"}
MOST_CONTENTS = 6
"""So many lines of contents stand on a label; the rest is on the waybill."""


_SIGNERS = {Signer.RECEIVER: "收货人", Signer.DRIVER: "驾驶员"}


def with_signatures(table: ReportTable, drawn: Sequence[tuple[Signature, bytes]]) -> ReportTable:
    """A receipt with the signatures that were drawn on a screen, in the order of signing, each with its picture.

    Each stands below the line of its role with name and time; of more than fit there, the last ones.
    """
    lines = {signer: table.signatures.index(caption) for signer, caption in _SIGNERS.items()}
    last = [pair for signer in Signer for pair in [one for one in drawn if one[0].signer is signer][-MOST_SIGNED:]]
    signed = tuple(
        Signed(f"{_SIGNERS[one.signer]} {one.name or '—'} {_minute(one.at)}", picture, lines[one.signer])
        for one, picture in last
    )
    return replace(table, signed=signed)


TABLES: Mapping[str, Callable[[Shipment, datetime], ReportTable]] = {
    "issue-slip": issue_slip,
    "waybill": waybill,
    "receipt": receipt,
}


def box_label(shipment: Shipment, box: Box) -> PalletLabel:
    """The label of a box or pallet of a shipment: where to, for what, what is in it, gross weight.

    Without a weight from the scales it is what the goods weigh, at least; none where nothing is known.
    """
    lines = in_box(shipment, box)
    load = load_of([(line, line.quantity) for line in lines])
    grams = box.gross_g or load.weight_g
    weight = f"{-(-grams // 1000)} kg" if grams else ""
    if weight and box.gross_g is None:
        weight = f"物资 {'不少于 ' if load.unmeasured else ''}{weight}"
    contents = [f"{line.item} {_many(line, line.quantity)}" for line in lines]
    if len(contents) > MOST_CONTENTS:
        contents = [*contents[: MOST_CONTENTS - 1], f"另 {len(contents) - MOST_CONTENTS + 1} 项，见运单"]
    return PalletLabel(
        own_key=box.number,
        title=BOX_KINDS[box.kind],
        target=shipment.end.name,
        incident=shipment.incident or "",
        document=shipment.number,
        count=f"{len(lines)} 项",
        contents=tuple(contents),
        weight=weight,
        packed_on=day_of(box.made_at),
        site=shipment.start.name,
        expires_on=min((line.expires_on for line in lines if line.expires_on), default=None),
        sscc=box.sscc,
    )


def _load_row(line: Line) -> tuple[str, ...]:
    quantity = line.loaded or line.quantity
    load = load_of([(line, quantity)])
    return (
        str(line.line),
        line.item,
        line.lot,
        line.box or "散装",
        _many(line, quantity),
        f"{load.weight_g / 1000:.1f}" if line.weight_g is not None else "—",
        f"{load.volume_ml / 1_000_000:.3f}" if line.volume_ml is not None else "—",
    )


def _receipt_row(line: Line) -> tuple[str, ...]:
    said = line.received_at is not None
    figures = (line.accepted, line.damaged, line.rejected, line.missing)
    return (
        str(line.line),
        line.item,
        line.lot,
        line.box or "散装",
        _many(line, line.loaded),
        *(_many(line, figure) if said else "" for figure in figures),
        line.reason,
    )


def _many(line: Line, quantity: int) -> str:
    return quantity_text(quantity, line.unit_factor, line.unit)


def _minute(at: datetime | None) -> str:
    return at.astimezone(SHANGHAI).strftime("%Y-%m-%d %H:%M") if at else "—"


def _notes(shipment: Shipment) -> tuple[str, ...]:
    notes = [shipment.note] if shipment.note else []
    if shipment.over_reason:
        notes.append(f"超限装载理由：{shipment.over_reason}")
    return tuple(notes)
