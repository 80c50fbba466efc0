"""The shortfall report as paper. Pure: values in, a value for `labels.documents` out. Papers are Chinese."""

from collections.abc import Sequence
from datetime import datetime

from catalog.kernel.parameters import UNVERIFIED
from catalog.kernel.quantity import display
from catalog.kernel.time import SHANGHAI
from labels.documents import Column, ReportTable
from warehouse.provision.model import Cell, Holder, Total
from warehouse.provision.rules import per_mille, rate
from warehouse.reports.model import Cover, Covered, Ration, Served, Shortfall
from warehouse.reports.rules import served

MOST_ROWS = 500
"""Cells with a gap that are printed; the rest stands in the file."""
_COLUMNS = (
    Column("地区或库点", 1.9),
    Column("物资", 2.3),
    Column("单位", 0.6, "center"),
    Column("标准", 1.0, "right"),
    Column("在库", 1.0, "right"),
    Column("可用", 1.0, "right"),
    Column("占用", 0.8, "right"),
    Column("在途", 0.8, "right"),
    Column("在订", 0.9, "right"),
    Column("承诺×可信度", 1.0, "right"),
    Column("缺口", 1.0, "right"),
    Column("计入后仍缺", 1.0, "right"),
    Column("配备率", 0.8, "right"),
    Column("可供", 1.2, "right"),
)


def shortfall_paper(
    report: Shortfall,
    short: Sequence[Cell],
    *,
    rations: Sequence[Ration],
    more: bool,
    area: str,
    anchor: str,
    at: datetime,
    hazard: str = "",
) -> ReportTable:
    """The report: totals above, region by region, for how many people it lasts; then what is missing, the largest share
    first."""
    table, question = report.table, report.table.question
    whole = report.whole
    facts = [
        ("范围", area),
        ("日期", question.day.isoformat()),
        ("标准", f"{question.norms_on.isoformat()} 适用"),
        (
            "口径",
            "按权属（归本级所有，不论存放何处）"
            if question.holder is Holder.REGION
            else "按存放（在库点内，不论归谁）",
        ),
        ("配备率", percent(whole)),
        ("不封顶", percent(whole, capped=False)),
    ]
    if whole is not None:
        facts += [
            ("达标", f"{whole.met} / {whole.known} 项"),
            ("基数不明", f"{whole.unknown} 项，未计入"),
            (
                "补齐估价",
                f"{_wan(whole.gap_fen)} 万元" + (f"（另有 {whole.unpriced} 项无参考价）" if whole.unpriced else ""),
            ),
        ]
    facts += [(one.of[0].zh, f"{percent(one)}（达标 {one.met}/{one.known}）") for one in report.branches]
    facts += [(f"保障·{one.ration.name_zh}", _cover(one)) for one in report.covered]
    return ReportTable(
        title="应急物资配备与缺口报告",
        heading=area,
        facts=tuple(facts),
        columns=_COLUMNS,
        rows=tuple(_row(one, rations) for one in short) or (("无缺口", *[""] * (len(_COLUMNS) - 1)),),
        notes=(
            "配备率＝Σ各项（可用，最多计至标准）÷Σ标准；标准取最低储备，未定最低储备的取目标。可用＝完好且当日未过期，含占用。",
            "可供：可用数按消耗标准折算，按日消耗的为人·天，一次性发放的为人；没有消耗标准的标“不明”。",
            *((_norms(report.covered, hazard),) if report.covered else ()),
            *(
                ("计划执行后＝可用，加在订、库点间在途和轮换补入，减已占用待出库和轮换出库。",)
                if report.covered
                else ()
            ),
            *((f"本表只列缺口比例最大的前 {MOST_ROWS} 项，其余见导出文件。",) if more else ()),
            *(("过去日期：按当日结束时的账面重算；当时的预计到货未留存，不列。",) if table.past else ()),
        ),
        signatures=("制表人", "审核人", "负责人"),
        known_at=f"{table.known_at.astimezone(SHANGHAI):%Y-%m-%d %H:%M}，{at.astimezone(SHANGHAI):%Y-%m-%d %H:%M} 生成",
        anchor=anchor,
    )


def percent(total: Total | None, *, capped: bool = True) -> str:
    """ "83.2 %", rounded down; a dash where nothing is needed."""
    share = per_mille((total.rate if capped else total.uncapped) if total is not None else None)
    return percent_of(share)


def _wan(fen: int) -> str:
    """Fen in 万元 with two decimals, rounded half up."""
    hundredths = (fen + 5_000) // 10_000
    return f"{hundredths // 100:,}.{hundredths % 100:02d}"


def _cover(one: Covered) -> str:
    """ "12,000 人·天；需转移人口 1,000 人，可供 12 天"."""
    ration, whole = one.ration, one.whole
    text = lasts(Served(ration, whole.amount))
    who = "需转移人口" if ration.moved else "常住人口"
    if whole.people is None:
        return f"{text}；{who}不明"
    many = _many(whole, ration)
    after = f"，计划执行后 {_many(whole.after, ration)}" if whole.after is not None and one.moves else ""
    return f"{text}；{who} {whole.people:,} 人，{'可供' if ration.daily else '覆盖'} {many}{after}"


def _many(cover: Cover, ration: Ration) -> str:
    return f"{cover.days} 天" if ration.daily else percent_of(cover.share)


def _norms(covered: Sequence[Covered], hazard: str) -> str:
    of = f"（{hazard}）" if hazard else ""
    return f"消耗标准{of}：{'；'.join(_ration(one.ration) for one in covered)}。"


def _ration(ration: Ration) -> str:
    """ "饮用水每1人每天6瓶（市文件）"."""
    much = display(ration.quantity, ration.unit_factor) + ration.unit_zh
    source = ration.source.removeprefix(UNVERIFIED).lstrip(" :：")
    if UNVERIFIED in ration.source:
        source = f"{source}，未核实" if source else "未核实"
    return f"{ration.name_zh}每{ration.people}人{'每天' if ration.daily else ''}{much}（{source}）"


def lasts(one: Served | None) -> str:
    """For how many people goods last."""
    return "不明" if one is None else f"{one.amount:,} {'人·天' if one.ration.daily else '人'}"


def percent_of(share: int | None) -> str:
    """Thousandths as percent; a dash where there is nothing to say."""
    return "—" if share is None else f"{share // 10}.{share % 10} %"


def _row(one: Cell, rations: Sequence[Ration]) -> tuple[str, ...]:
    figures = one.figures

    def sized(value: int | None) -> str:
        return "" if value is None else display(value, one.unit_factor)

    share = per_mille(rate(figures.usable, one.need)) if one.need is not None else None
    return (
        one.place_zh,
        one.goods_zh + ("（标准未核实）" if one.unverified else ""),
        one.unit_zh,
        *(sized(value) for value in (one.need, figures.on_hand, figures.usable, figures.reserved, figures.in_transit,
                                     figures.on_order, figures.promised, one.gap, one.open_gap)),
        percent_of(share),
        lasts(served(one.item_id, one.class_path, figures.usable, one.unit_factor, rations)),
    )  # fmt: skip
