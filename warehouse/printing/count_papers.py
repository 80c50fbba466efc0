"""What the papers of a count say. Pure: values in, values out."""

from collections.abc import Mapping, Sequence
from datetime import datetime

from catalog.kernel.quantity import display
from catalog.kernel.time import SHANGHAI
from labels.documents import CountReport, CountReportLine, CountSheet, CountSheetLine
from warehouse.counts.model import Count, CountKind, Difference, SheetLine
from warehouse.printing.rules import QUALITY, place_name
from warehouse.stock.model import Condition, Lot

KINDS = {
    CountKind.CHOSEN: "抽盘",
    CountKind.RISK: "按风险抽盘",
    CountKind.FULL: "全盘",
    CountKind.OPENING: "启用盘点",
}
REASONS = {
    "miscount": "前次错盘",
    "unbooked-issue": "漏登出库",
    "unbooked-receipt": "漏登入库",
    "wrong-bin": "错放货位",
    "wrong-lot": "错发批次",
    "damage": "损坏",
    "loss": "短缺、丢失",
    "other": "其他",
}
SHORTCUTS = {"same-counter": "单人库点，初盘与复盘为同一人", "one-keeper": "单人库点，由上一级确认"}


def sheet_value(
    *, number: str, own_key: str, count: Count, lines: Sequence[SheetLine], lots: Mapping[int, Lot], at: datetime
) -> CountSheet:
    """The 盘点表 of these lines. Nothing of what the books have is in it but which lots there are."""
    rounds = {one.place_id: one.round for one in count.bins}
    printed = []
    for line in lines:
        lot = lots.get(line.lot_id) if line.lot_id is not None else None
        printed.append(
            CountSheetLine(
                line=line.line,
                bin=place_name(line.bin),
                code=line.code,
                name=lot.item_name if lot else "",
                lot=lot.number if lot else "",
                quality=QUALITY[Condition(line.condition)] if lot else "",
                unit=lot.unit if lot else "",
            )
        )
    again = any(rounds[line.place_id] > 1 for line in lines)
    return CountSheet(
        number=number,
        own_key=own_key,
        site=count.site_name,
        count=count.number,
        round="复盘" if again else "初盘",
        printed_at=_local(at),
        lines=tuple(printed),
        note=count.note,
    )


def report_value(
    *, number: str, own_key: str, count: Count, lines: Sequence[Difference], at: datetime, posted_by: str
) -> CountReport:
    """The 盘点报告 of a posted count."""
    differing = [line for line in lines if line.variance]
    names = sorted({by.name for one in count.bins for by in one.rounds})
    assert count.ended_at is not None
    return CountReport(
        number=number,
        own_key=own_key,
        site=count.site_name,
        count=count.number,
        kind=KINDS[count.kind],
        counted_from=_local(count.created_at),
        posted_at=_local(count.ended_at),
        counters="、".join(names),
        lines=tuple(_line(line) for line in lines),
        bins=len(count.bins),
        total_fen=sum(line.value_fen or 0 for line in differing),
        unpriced=sum(line.value_fen is None for line in differing),
        shortcuts="；".join(SHORTCUTS.get(one, one) for one in count.shortcuts),
        posted_by="" if count.approved else posted_by,
        approver=posted_by if count.approved else "",
        known_at=f"{_local(at):%Y-%m-%d %H:%M}",
    )


def _line(line: Difference) -> CountReportLine:
    factor = line.lot.unit_factor
    sign = "+" if line.variance > 0 else ""
    return CountReportLine(
        bin=place_name(line.bin),
        name=line.lot.item_name,
        lot=line.lot.number,
        unit=line.lot.unit,
        book=display(line.book, factor),
        counted=display(line.counted, factor),
        difference=f"{sign}{display(line.variance, factor)}" if line.variance else "0",
        quality=QUALITY[Condition(line.key.condition)],
        value_fen=line.value_fen if line.variance else 0,
        reason=" ".join(filter(None, (REASONS.get(line.reason, ""), line.note))),
    )


def _local(at: datetime) -> datetime:
    return at.astimezone(SHANGHAI)
