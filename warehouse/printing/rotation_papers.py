"""What the papers of rotation say: the plan, and the record of a disposal. Pure: values in, values out."""

from collections.abc import Sequence
from datetime import datetime

from catalog.kernel.money import yuan
from catalog.kernel.time import SHANGHAI
from labels.documents import A4, A4_WIDE, Column, ReportTable
from warehouse.printing.rules import QUALITY
from warehouse.rotation.model import Line, Option, Plan, Status, Why
from warehouse.rotation.rules import quantity_text

OPTIONS = {
    Option.USE: "演练使用",
    Option.PASS: "调拨消耗单位",
    Option.SWAP: "供应商轮换",
    Option.EXTEND: "检验延期",
    Option.SELL: "变卖",
    Option.SCRAP: "报废",
}
STATUSES = {
    Status.PROPOSED: "拟订",
    Status.APPROVED: "已批准",
    Status.CARRYING: "执行中",
    Status.CARRIED: "已执行",
    Status.SETTLED: "已结算",
    Status.WITHDRAWN: "已撤销",
}
WHYS = {Why.EXPIRY: "有效期", Why.LIFE: "储存年限", Why.AGE: "在库年限", Why.DAMAGED: "损坏"}


def _minute(at: datetime) -> str:
    return at.astimezone(SHANGHAI).strftime("%Y-%m-%d %H:%M")


def _money(fen: int | None) -> str:
    return "未知" if fen is None else yuan(fen)


def plan_table(plan: Plan, lines: Sequence[Line], at: datetime) -> ReportTable:
    """轮换计划 of a region and year, line by line, with what it costs and loses. Withdrawn lines are left out."""
    shown = [line for line in lines if line.status is not Status.WITHDRAWN]
    rows = tuple(
        (
            str(line.number),
            line.lot.item_name,
            line.lot.number,
            line.site_name,
            quantity_text(line, line.quantity),
            f"{line.ends_on.isoformat() if line.ends_on else '—'} {WHYS[line.why]}",
            OPTIONS[line.option] if line.option else "未定",
            line.out_on.isoformat(),
            line.in_on.isoformat() if line.in_on else "—",
            _money(line.cost_fen),
            _money(line.waste_fen),
            STATUSES[line.status],
        )
        for line in shown
    )
    known = [line for line in shown if line.cost_fen is not None]
    totals = ("", "合计", *[""] * 7, yuan(sum(line.cost_fen or 0 for line in known)),
              yuan(sum(line.waste_fen or 0 for line in known)), "")  # fmt: skip
    notes = ["费用为估算：保持同等储备须支出的金额；损失为未使用而失去的货值。比例参数未核实，见参数设置。"]
    if len(known) < len(shown):
        notes.append(f"{len(shown) - len(known)} 行没有价格，未计入合计。")
    return ReportTable(
        title="轮换计划",
        heading=plan.region_name,
        number=plan.number,
        facts=(("年度", str(plan.year)), ("行数", str(len(shown)))),
        columns=(
            Column("行", 0.4, "right"),
            Column("物资", 1.9),
            Column("批次", 1.0),
            Column("库点", 1.5),
            Column("数量", 0.9, "right"),
            Column("到期", 1.3),
            Column("方案", 1.1),
            Column("轮出", 1.0),
            Column("补库", 1.0),
            Column("费用(元)", 1.1, "right"),
            Column("损失(元)", 1.1, "right"),
            Column("状态", 0.8),
        ),
        rows=rows,
        totals=totals,
        notes=tuple(notes),
        signatures=("编制", "审核", "批准"),
        known_at=_minute(at),
        page=A4_WIDE,
    )


def record_value(*, number: str, own_key: str, line: Line, at: datetime) -> ReportTable:
    """报废处置记录 of a line: what was disposed of, on whose word, who approved it, what of it was lost."""
    assert line.option is not None
    witness = line.test_house or "专家 " + "、".join(line.experts)
    approved = _minute(line.approved_at) if line.approved_at else ""
    row = (
        line.lot.item_name,
        line.lot.number,
        quantity_text(line, line.moved),
        QUALITY[line.condition],
        line.ends_on.isoformat() if line.ends_on else "—",
        OPTIONS[line.option],
        _money(line.waste_fen),
    )
    return ReportTable(
        title="物资报废审批及处置记录",
        heading=line.site_name,
        number=number,
        own_key=own_key,
        facts=(
            ("物资所有方", line.owner_name),
            ("轮换计划", f"{line.plan} 第 {line.number} 行"),
            ("鉴定", witness),
            ("批准人", line.approved_by),
            ("批准时间", approved),
            ("接收、处置单位", line.party or "—"),
            ("制表时间", _minute(at)),
        ),
        columns=(
            Column("物资", 2.2),
            Column("批次", 1.1),
            Column("数量", 1.0, "right"),
            Column("质量", 0.8),
            Column("到期", 1.1),
            Column("处置方式", 1.0),
            Column("估计损失(元)", 1.2, "right"),
        ),
        rows=(row,),
        notes=("无使用价值的予以销毁，其余公开变卖，不得再流入市场。",),
        signatures=("保管人", "鉴定人", "监督人", "批准人"),
        page=A4,
    )
