"""Count sheets on paper: their lines get codes when the sheet is drawn, and are typed or scanned back by them."""

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from catalog.kernel import attempts, db
from catalog.kernel.access import Permission
from catalog.kernel.attempts import Receipt
from catalog.kernel.errors import Missing, Refused
from catalog.kernel.stamp import Stamp
from warehouse.counts import queries, rules
from warehouse.counts.actions.counting import begin_now, enter_now
from warehouse.counts.actions.document import locked
from warehouse.counts.model import COUNTABLE, BinStatus, Count, CountBin, Entry, SheetLine, Way

BLANK_LINES = 1
"""Lines per bin for goods that the sheet does not list."""


async def draw_sheet(*, stamp: Stamp, count_id: UUID, sheet: UUID) -> tuple[Count, Sequence[SheetLine]]:
    """Give codes to the lines of a new paper sheet: the bins that wait for their present round, in walking order, with
    the lots that stand there and a line for what else is found; no figures.

    For whoever issues the paper, inside that transaction. Needs stock.count. Raises Refused (`count.nothing-to-print`).
    """
    count = await locked(stamp, count_id, Permission.COUNT)
    waiting = [one for one in count.bins if one.status is BinStatus.WAITING]
    if count.status not in COUNTABLE or not waiting:
        raise Refused("count.nothing-to-print", "没有等待盘点的货位，无需打印盘点表", count=count.number)
    places = [one.place_id for one in waiting]
    lots: dict[int, list[tuple[int | None, str]]] = {place: [] for place in places}
    for place, lot, condition in await queries.lots_in(places):
        lots[place].append((lot, condition))
    rows = [
        (place, lot, condition)
        for place in places
        for lot, condition in [*lots[place], *[(None, "good")] * BLANK_LINES]
    ]
    await db.execute(
        "INSERT INTO stocktake_sheet_line (code, stocktake_id, place_id, sheet, line, lot_id, condition)"
        " SELECT lpad(nextval('stocktake_sheet_code')::text, 6, '0'), $1, p, $2, n, l, c"
        " FROM unnest($3::bigint[], $4::bigint[], $5::text[]) WITH ORDINALITY k (p, l, c, n) ORDER BY n",
        count_id,
        sheet,
        [row[0] for row in rows],
        [row[1] for row in rows],
        [row[2] for row in rows],
    )
    drawn = [one for one in await queries.list_sheet_lines(count_id) if one.sheet == sheet]
    return count, drawn


async def type_back(*, stamp: Stamp, code: str, quantity: int, words: str = "", correct: bool = False) -> Receipt:
    """Enter what a sheet's line says. The bin is begun by its first line; nothing is frozen: the paper says when it was
    counted, and what moved since is kept.

    A line that was entered before is Refused (`count.entered-already`), naming who did, unless it is said to `correct`
    it. A line without a lot needs `words` where its quantity is not zero. Needs stock.count.
    """

    async def work() -> Receipt:
        line = await queries.find_sheet_line(code)
        if line is None:
            raise Missing("count.no-such-code", "没有这个盘点行码，请核对", line_code=code)
        count = await locked(stamp, line.stocktake_id, Permission.COUNT)
        line = await queries.find_sheet_line(code)
        assert line is not None
        found = rules.find_bin(count, line.place_id)
        if line.entered_by is not None and not correct:
            raise _entered(line)
        if found.status is BinStatus.WAITING:
            await begin_now(stamp, count, line.place_id, freeze=False)
            count = (await queries.find_counts([count.id]))[count.id]
        entry = Entry(quantity, line.lot_id, line.condition, words=words if line.lot_id is None else "")
        told = await enter_now(
            stamp, count, line.place_id, entry, repeated="replace" if correct else "refuse", way=Way.SHEET
        )
        await db.execute("UPDATE stocktake_sheet_line SET entry_id = $2 WHERE code = $1", code, told["line"])
        return {**told, "code": code, "left": await _left(count, found, line)}

    return await attempts.once(stamp, "count.type-back", work)


async def _left(count: Count, found: CountBin, line: SheetLine) -> int:
    """Lines of the same bin on the same sheet that wait for their figure; lines for other goods may stay blank."""
    lines = await queries.list_sheet_lines(count.id)
    return sum(
        x.sheet == line.sheet and x.place_id == found.place_id and x.entered_by is None and x.lot_id is not None
        for x in lines
    )


def _entered(line: SheetLine) -> Refused:
    at: datetime | None = line.entered_at
    return Refused(
        "count.entered-already",
        f"{line.entered_by} 已录入过这一行，如需更改请选择“改为”",
        by=line.entered_by,
        at=at.isoformat() if at else None,
        line_code=line.code,
        bin=line.bin,
    )
