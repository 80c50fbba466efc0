"""The papers of a release order: 动用指令 and 调拨单. Pure: values in, values out."""

from collections.abc import Mapping
from datetime import datetime
from types import MappingProxyType

from catalog.kernel.time import SHANGHAI
from labels.documents import A4, A4_WIDE, Column, ReportTable
from warehouse.printing.rules import quantity_text
from warehouse.requisitions.model import Release, ReleaseLine

_LEVELS = {1: "Ⅰ级", 2: "Ⅱ级", 3: "Ⅲ级", 4: "Ⅳ级"}
_PRIORITIES = {1: "特急", 2: "紧急", 3: "较急", 4: "一般"}


def _moment(at: datetime | None) -> str:
    return at.astimezone(SHANGHAI).strftime("%Y-%m-%d %H:%M") if at else "—"


def release_table(one: Release, at: datetime, names: Mapping[str, str] = MappingProxyType({})) -> ReportTable:
    """动用指令: who lets which goods go from where to where, by which word. 代拟稿 until it is released.

    `names`: what people are called, by login; a login stands on no paper.
    """
    facts = [
        ("指令单位", one.owner_zh),
        ("执行库点", f"{one.site_zh} {one.site_code}"),
        ("接收单位", f"{one.region_zh} {one.place}".strip()),
        ("接收人及电话", f"{one.receiver} {one.phone}".strip() or "—"),
        ("调用申请", one.requisition_number),
        ("事件及响应级别", _incident(one)),
        ("紧急程度", _PRIORITIES[one.priority]),
        ("要求送达", _moment(one.needed_by) if one.needed_by else "立即"),
        ("下达时间", _moment(one.released_at)),
        ("下达人", names.get(one.released_by, "—")),
        ("书面文号", one.paper_number or "—"),
    ]
    notes = []
    if one.spoken:
        notes.append(f"本指令由 {one.spoken_by} 口头下达，{one.spoken_to} 接令；{_paper(one, names)}。")
    notes.append("物资所有权、批次和数量以本指令为准；执行库点按先到期先出复核后出库。")
    return ReportTable(
        title="应急物资动用指令" if one.released_at else "应急物资动用指令（待下达）",
        heading=one.owner_zh,
        number=one.number or "",
        facts=tuple(facts),
        columns=(
            Column("行号", 0.5, "right"),
            Column("品名", 2.2),
            Column("规格", 1.6),
            Column("批次", 1.3),
            Column("有效期至", 1.1),
            Column("数量", 1.2, "right"),
        ),
        rows=tuple(
            (str(line.line), line.item_zh, line.spec or "—", line.lot, _day(line), _amount(line)) for line in one.lines
        ),
        notes=tuple(notes),
        signatures=("签发", "承办", "执行库点接收"),
        known_at=_moment(at),
        page=A4,
    )


def transfer_table(one: Release, at: datetime) -> ReportTable:
    """调拨单: what leaves the store for the place, with room for what came and in which condition."""
    return ReportTable(
        title="应急物资调拨单",
        heading=one.owner_zh,
        number=one.number or "",
        facts=(
            ("调出库点", f"{one.site_zh} {one.site_code}"),
            ("库点电话", one.site_phone or "—"),
            ("调入单位", f"{one.region_zh} {one.place}".strip()),
            ("接收人及电话", f"{one.receiver} {one.phone}".strip() or "—"),
            ("动用指令", one.number or "待下达"),
            ("事件及响应级别", _incident(one)),
            ("要求送达", _moment(one.needed_by) if one.needed_by else "立即"),
            ("车牌及驾驶员", "—"),
        ),
        columns=(
            Column("行号", 0.5, "right"),
            Column("品名", 2.0),
            Column("规格", 1.5),
            Column("批次", 1.2),
            Column("有效期至", 1.1),
            Column("货位", 1.1),
            Column("应发数量", 1.1, "right"),
            Column("实发数量", 1.1, "right"),
            Column("实收数量", 1.1, "right"),
            Column("完好情况", 1.1),
        ),
        rows=tuple(
            (str(line.line), line.item_zh, line.spec or "—", line.lot, _day(line), line.place_code, _amount(line), "",
             "", "")
            for line in one.lines
        ),
        notes=("一式三联：调出库点、承运人、调入单位各一联。",),
        signatures=("制单", "仓库发货", "承运人", "调入单位签收"),
        known_at=_moment(at),
        page=A4_WIDE,
    )  # fmt: skip


def _paper(one: Release, names: Mapping[str, str]) -> str:
    """How far the paper of a spoken order is: due, filed and to be checked, or checked."""
    if one.paper_checked_at is not None:
        who = names.get(one.paper_checked_by, "—")
        return f"书面手续已于 {_moment(one.paper_checked_at)} 由 {who} 核对"
    if one.paper_filed_at is not None:
        return f"书面手续已于 {_moment(one.paper_filed_at)} 补交，待他人核对"
    return f"须于 {_moment(one.papers_due_at)} 前补齐手续"


def _incident(one: Release) -> str:
    if not one.incident_name:
        return "—"
    return f"{one.incident_name} {_LEVELS[one.level]}响应" if one.level else one.incident_name


def _day(line: ReleaseLine) -> str:
    return line.expires_on.isoformat() if line.expires_on else "长期"


def _amount(line: ReleaseLine) -> str:
    return quantity_text(line.quantity, line.unit_factor, line.unit_zh)
