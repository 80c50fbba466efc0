"""Printing labels and issuing papers. A paper takes its number in the transaction that issues it: gapless."""

import json
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import asdict, replace
from datetime import date
from typing import Any
from uuid import UUID, uuid5

from catalog.items import queries as items
from catalog.kernel import attempts, audit, audit_chain, db, feed, history, parameters
from catalog.kernel.access import Permission
from catalog.kernel.attempts import Receipt
from catalog.kernel.errors import Invalid, Missing, Refused, Stale
from catalog.kernel.quantity import display
from catalog.kernel.stamp import Stamp
from catalog.kernel.time import SHANGHAI, day_of
from catalog.regions.queries import root_path
from catalog.regions.rules import check_city_wide
from labels.codes.symbols import SymbolKind
from labels.documents import LedgerSheet, ShelfCard
from labels.sheets import Label, Layout
from warehouse.counts import actions as count_verbs
from warehouse.counts import queries as counts
from warehouse.counts.model import DOCUMENT as STOCKTAKE
from warehouse.counts.model import Status
from warehouse.parties import queries as parties
from warehouse.printing import count_papers, queries, rotation_papers, rules
from warehouse.printing.model import (
    LAYOUT,
    SLIPS,
    Format,
    IssueWords,
    LabelJob,
    LabelKind,
    PaperKind,
    ReceiptWords,
    SlipMove,
    Source,
    Stock,
)
from warehouse.replenishment import queries as deliveries
from warehouse.replenishment.model import DOCUMENT
from warehouse.rotation import actions as rotation_verbs
from warehouse.rotation import queries as rotation
from warehouse.rotation.model import DOCUMENT as ROTATION
from warehouse.sites import queries as sites
from warehouse.sites.model import Site
from warehouse.stock import queries as stock

Build = Callable[[str, str], Awaitable[rules.PaperValue]]
"""(number, own key) → what the paper says."""


# --- labels -----------------------------------------------------------------------------------------------


async def print_labels(
    *,
    stamp: Stamp,
    kind: LabelKind,
    ids: Sequence[str],
    layout: Layout,
    out: Format = Format.PDF,
    start: int = 1,
    copies: int = 1,
    dpi: int = 203,
    symbol: SymbolKind | None = None,
    place_id: int | None = None,
    meant_for: str = "",
) -> LabelJob:
    """The labels of some things, ready to render, in the order asked; who printed what goes into the audit.

    `ids`: numbers of lots, serials, pallets and documents, keys of bins, items and packs, codes of sites. `place_id`
    narrows a lot's quantity to one place; `meant_for` is the text for empty bins. Raises Missing, Invalid.
    """
    scope = stamp.require(Permission.LABEL_PRINT)
    rules.check_job(len(ids), copies)
    if out is Format.PDF and not 1 <= start <= layout.per_page:
        raise Invalid("label.no-such-place", "起始位置超出标签纸", start=start, places=layout.per_page)
    found: Sequence[Label]
    match kind:
        case LabelKind.LOT:
            found = await queries.lot_labels(ids, scope, on=day_of(stamp.recorded_at), place_id=place_id)
        case LabelKind.BIN:
            found = await queries.bin_labels(ids, scope, meant_for=meant_for)
        case LabelKind.SITE:
            found = await queries.site_labels(ids, scope)
        case LabelKind.SERIAL:
            found = await queries.serial_labels(ids, scope)
        case LabelKind.PALLET:
            found = await queries.pallet_labels(ids, scope)
        case LabelKind.ITEM:
            found = await queries.item_labels(ids)
        case LabelKind.DOCUMENT:
            found = await queries.document_labels(ids, scope)
    if symbol is not None:
        found = [replace(label, symbol=symbol) for label in found]
    facts = {"kind": kind.value, "count": len(ids), "copies": copies, "layout": layout.name, "first": list(ids[:20])}
    await audit.record(stamp, "label.print", subject_kind=kind.value, facts=facts)
    return LabelJob(tuple(found), layout, out, start, copies, dpi)


# --- label stock ------------------------------------------------------------------------------------------

_LENGTHS = (
    "label_width",
    "label_height",
    "page_width",
    "page_height",
    "left",
    "top",
    "gap_x",
    "gap_y",
    "padding_x",
    "padding_y",
)


async def add_layout(*, stamp: Stamp, stock: Stock) -> Receipt:
    """A new kind of label stock, for the whole city. Raises Invalid, Refused (`label.layout-taken`)."""

    async def work() -> Receipt:
        check_city_wide(stamp, Permission.SETTING_EDIT, await root_path())
        rules.check_stock_name(stock.layout.name)
        rules.check_stock(stock)
        added = await db.fetch_value(
            "INSERT INTO label_layout (name, name_zh, name_en, columns, rows, label_width, label_height, page_width,"
            " page_height, left_edge, top_edge, gap_x, gap_y, padding_x, padding_y, created_at, created_by)"
            " VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17)"
            " ON CONFLICT DO NOTHING RETURNING true",
            *_columns(stock),
            stamp.recorded_at,
            stamp.login,
        )
        if not added:
            raise Refused("label.layout-taken", "这个名称已有标签纸使用", layout=stock.layout.name)
        await _note(stamp, "add", stock.layout.name, None, stock)
        return {"name": stock.layout.name, "version": 1}

    return await attempts.once(stamp, "label-layout.add", work)


async def edit_layout(*, stamp: Stamp, version: int, stock: Stock) -> Receipt:
    """Replace what is said of an added kind; its name stays. Raises Missing, Stale, Invalid."""

    async def work() -> Receipt:
        before = await _own_stock(stamp, stock.layout.name, version)
        rules.check_stock(stock)
        await db.execute(
            "UPDATE label_layout SET name_zh = $2, name_en = $3, columns = $4, rows = $5, label_width = $6,"
            " label_height = $7, page_width = $8, page_height = $9, left_edge = $10, top_edge = $11, gap_x = $12,"
            " gap_y = $13, padding_x = $14, padding_y = $15, version = version + 1 WHERE name = $1",
            *_columns(stock),
        )
        await _note(stamp, "edit", stock.layout.name, before, stock)
        return {"name": stock.layout.name, "version": version + 1}

    return await attempts.once(stamp, "label-layout.edit", work)


async def retire_layout(*, stamp: Stamp, name: str, version: int) -> Receipt:
    """Take an added kind out of use; its name stays taken. Refused where it is the usual stock somewhere."""

    async def work() -> Receipt:
        before = await _own_stock(stamp, name, version)
        usual = [one.path for one in await parameters.list_settings(LAYOUT.key) if one.value == name]
        if usual:
            raise Refused("label.layout-usual", "有地方把它设为常用标签纸，请先改掉", layout=name, places=len(usual))
        await db.execute(
            "UPDATE label_layout SET retired_at = $2, version = version + 1 WHERE name = $1", name, stamp.recorded_at
        )
        await _note(stamp, "retire", name, before, None)
        return {"name": name, "version": version + 1}

    return await attempts.once(stamp, "label-layout.retire", work)


async def _own_stock(stamp: Stamp, name: str, version: int) -> Stock:
    """The row, locked. Raises Denied, Missing (what ships is nobody's to change), Stale."""
    check_city_wide(stamp, Permission.SETTING_EDIT, await root_path())
    await db.execute("SELECT 1 FROM label_layout WHERE name = $1 FOR UPDATE", name)
    found = await queries.get_stock(name)
    if not found.own or found.retired_at is not None:
        raise Missing("label.no-such-layout", "没有这种标签纸", layout=name)
    if found.version != version:
        raise Stale("label.layout-stale", "别人已修改，请重新载入", yours=version, current=found.version)
    return found


def _columns(stock: Stock) -> list[Any]:
    one = stock.layout
    hundredths = [round(getattr(one, name) * 100) for name in _LENGTHS]
    return [one.name, stock.name_zh.strip(), stock.name_en.strip(), one.columns, one.rows, *hundredths]


async def _note(stamp: Stamp, verb: str, name: str, before: Stock | None, after: Stock | None) -> None:
    plain = [None if one is None else asdict(one.layout) | {"name_zh": one.name_zh} for one in (before, after)]
    await history.record(stamp, table="label_layout", key=name, verb=verb, before=plain[0], after=plain[1])
    await audit.record(stamp, f"label-layout.{verb}", subject_kind="label-layout", subject_id=name)
    await feed.publish("label-layout", [name], stamp.recorded_at)


# --- papers -----------------------------------------------------------------------------------------------


async def issue_receipt_slip(*, stamp: Stamp, source: Source, words: ReceiptWords) -> Receipt:
    """入库单 for what came in by one attempt, one delivery or on one day. Raises Missing, Refused (`paper.…`)."""

    async def work() -> Receipt:
        site, moves = await _slip_moves(stamp, PaperKind.RECEIPT_SLIP, source)
        document = next(((m.document_kind, m.document_id) for m in moves if m.document_id), (None, None))
        ids = {m.document_id for m in moves if m.document_kind == DOCUMENT and m.document_id}
        of = list((await deliveries.find_deliveries(ids)).values())
        said = {
            "supplier": "、".join(sorted({one.supplier_name for one in of if one.supplier_name})),
            "invoice": "、".join(sorted({one.invoice_number for one in of if one.invoice_number})),
            "note": "、".join(sorted(one.number for one in of)),
        }

        async def build(number: str, own_key: str) -> rules.PaperValue:
            return rules.receipt_value(
                number=number, own_key=own_key, site=site.name_zh, moves=moves, words=words, delivery=said
            )

        return await _issue(stamp, PaperKind.RECEIPT_SLIP, site, build, [m.seq for m in moves], document)

    return await attempts.once(stamp, "paper.issue", work)


async def issue_issue_slip(*, stamp: Stamp, source: Source, words: IssueWords) -> Receipt:
    """出库单 for what left by one attempt, one document or on one day. `words.destination` is required."""

    async def work() -> Receipt:
        if not words.destination.strip():
            raise Invalid("paper.no-destination", "请填写送往何处")
        site, moves = await _slip_moves(stamp, PaperKind.ISSUE_SLIP, source)
        document = next(((m.document_kind, m.document_id) for m in moves if m.document_id), (None, None))

        async def build(number: str, own_key: str) -> rules.PaperValue:
            return rules.issue_value(number=number, own_key=own_key, site=site.name_zh, moves=moves, words=words)

        return await _issue(stamp, PaperKind.ISSUE_SLIP, site, build, [m.seq for m in moves], document)

    return await attempts.once(stamp, "paper.issue", work)


async def issue_shelf_card(*, stamp: Stamp, place_id: int, lot_id: int) -> Receipt:
    """货位卡 of a lot at a bin, with its last moves there."""

    async def work() -> Receipt:
        scope = stamp.require(Permission.PAPER_ISSUE)
        place = await sites.get_place(place_id, scope)
        site = await sites.get_site(place.site_id, scope)
        lot = (await stock.get_lots(ids=[lot_id])).get(lot_id)
        item = await items.find_item(lot.item_id) if lot else None
        if lot is None or item is None:
            raise Missing("stock.no-such-lot", "没有这个批次", lot=lot_id)
        if place.id in (await counts.veil_of(stamp.person_id)).places:
            raise Refused("count.still-blind", "您正在盘点这个货位，盘完之前不能打印货位卡", bin=place.code)
        on_hand, lines = await queries.card_lines(place_id=place_id, lot_id=lot_id, factor=item.unit_factor)
        if not lines:
            raise Refused("paper.never-stood-here", "该批次没有在这个货位存放过", lot=lot.number, place=place.code)
        names = await parties.find_names([lot.maker_id]) if lot.maker_id else {}
        keeper = await queries.keeper_name(stamp.person_id, stamp.login)

        async def build(number: str, own_key: str) -> rules.PaperValue:
            del own_key  # the card hangs at the bin and carries the bin's code
            return ShelfCard(
                own_key=place.key,
                bin=place.code,
                site=f"{site.name_zh}　{number}",
                name=item.name_zh,
                quantity=rules.quantity_text(on_hand, item.unit_factor, item.unit_zh),
                spec=item.spec,
                number=lot.number,
                produced_on=lot.produced_on,
                maker=next((name.name_zh for name in names.values()), ""),
                received_on=lot.stored_on,
                expires_on=lot.expires_on,
                keeper=keeper,
                lines=tuple(lines),
            )

        return await _issue(stamp, PaperKind.SHELF_CARD, site, build, (), (None, None))

    return await attempts.once(stamp, "paper.issue", work)


async def issue_ledger_sheet(
    *, stamp: Stamp, site_id: int, start: date, end: date, item_id: int | None = None, lot_id: int | None = None
) -> Receipt:
    """台账 of an item, or of one lot, in a site's store from `start` to `end` (booked days, both included)."""

    async def work() -> Receipt:
        site = await sites.get_site(site_id, stamp.require(Permission.PAPER_ISSUE))
        if end < start or (item_id is None) == (lot_id is None):
            raise Invalid("paper.bad-period", "请选择一种物资或一个批次，且起止日期正确")
        lot = (await stock.get_lots(ids=[lot_id])).get(lot_id) if lot_id is not None else None
        item = await items.find_item(lot.item_id if lot else item_id or 0)
        if item is None or (lot_id is not None and lot is None):
            raise Missing("label.no-such-thing", "没有这种物资或批次", item=item_id, lot=lot_id)
        veil = await counts.veil_of(stamp.person_id)
        if (lot.number in veil.lots) if lot else (item.key in veil.items):
            raise Refused("count.still-blind", "您正在盘点这种物资，盘完之前不能打印台账", item=item.key)
        opening, lines, came, went = await queries.ledger_lines(
            site_id=site_id, lot_id=lot_id, item_id=item.id, start=start, end=end, factor=item.unit_factor
        )
        if len(lines) > rules.MOST_LINES:
            raise Refused("paper.too-long", f"超过 {rules.MOST_LINES} 行，请缩短期间", lines=len(lines))
        factor = item.unit_factor

        async def build(number: str, own_key: str) -> rules.PaperValue:
            return LedgerSheet(
                number=number,
                own_key=own_key,
                site=site.name_zh,
                name=item.name_zh,
                unit=item.unit_zh,
                opening=display(opening, factor),
                closing=display(opening + came - went, factor),
                lines=tuple(lines),
                spec=item.spec,
                code=f"{item.key} 批次 {lot.number}" if lot else item.key,
                period=rules.period(start, end),
                total_in=display(came, factor),
                total_out=display(went, factor),
                known_at=f"{stamp.recorded_at.astimezone(SHANGHAI):%Y-%m-%d %H:%M}",
            )

        return await _issue(stamp, PaperKind.LEDGER_SHEET, site, build, (), (None, None))

    return await attempts.once(stamp, "paper.issue", work)


async def issue_count_sheet(*, stamp: Stamp, count_id: UUID) -> Receipt:
    """盘点表 of the bins of a count that wait for their present round: blind, each line with a code to type it back by.

    Needs paper.issue and stock.count. Raises Missing, Refused (`count.nothing-to-print`).
    """

    async def work() -> Receipt:
        stamp.require(Permission.COUNT)
        count = await counts.get_count(count_id, stamp.require(Permission.PAPER_ISSUE))
        site = await sites.get_site(count.site_id, stamp.require(Permission.PAPER_ISSUE))

        async def build(number: str, own_key: str) -> rules.PaperValue:
            drawn, lines = await count_verbs.draw_sheet(
                stamp=stamp, count_id=count_id, sheet=uuid5(stamp.attempt, "paper")
            )
            lots = await stock.get_lots(ids={line.lot_id for line in lines if line.lot_id is not None})
            return count_papers.sheet_value(
                number=number, own_key=own_key, count=drawn, lines=lines, lots=lots, at=stamp.recorded_at
            )

        return await _issue(stamp, PaperKind.COUNT_SHEET, site, build, (), (STOCKTAKE, count_id))

    return await attempts.once(stamp, "paper.issue", work)


async def issue_count_report(*, stamp: Stamp, count_id: UUID) -> Receipt:
    """盘点报告 of a posted count. Raises Missing, Refused (`paper.count-not-posted`)."""

    async def work() -> Receipt:
        count = await counts.get_count(count_id, stamp.require(Permission.PAPER_ISSUE))
        if count.status is not Status.POSTED:
            raise Refused("paper.count-not-posted", "盘点过账后才能出盘点报告", count=count.number)
        site = await sites.get_site(count.site_id, stamp.require(Permission.PAPER_ISSUE))
        lines = await counts.differences(count)
        name = await queries.name_of_login(count.ended_by)

        async def build(number: str, own_key: str) -> rules.PaperValue:
            return count_papers.report_value(
                number=number, own_key=own_key, count=count, lines=lines, at=stamp.recorded_at, posted_by=name
            )

        return await _issue(stamp, PaperKind.COUNT_REPORT, site, build, (), (STOCKTAKE, count_id))

    return await attempts.once(stamp, "paper.issue", work)


async def issue_disposal_record(*, stamp: Stamp, line_id: UUID) -> Receipt:
    """报废处置记录 of a line of a rotation plan whose goods have been sold or scrapped. Raises Missing, Refused.

    The line keeps its number, which its settlement asks for.
    """

    async def work() -> Receipt:
        scope = stamp.require(Permission.PAPER_ISSUE)
        line = await rotation.get_line(line_id, scope)
        rotation_verbs.check_recordable(line)
        site = await sites.get_site(line.site_id, scope)

        async def build(number: str, own_key: str) -> rules.PaperValue:
            return rotation_papers.record_value(number=number, own_key=own_key, line=line, at=stamp.recorded_at)

        done = await _issue(stamp, PaperKind.DISPOSAL_RECORD, site, build, (), (ROTATION, line_id))
        number = str(done["number"])
        await rotation_verbs.note_record(
            stamp=stamp, line_id=line_id, record_id=uuid5(stamp.attempt, "paper"), number=number
        )
        return done

    return await attempts.once(stamp, "paper.issue", work)


async def void_paper(*, stamp: Stamp, paper_id: UUID, reason: str) -> Receipt:
    """Void a paper: it keeps its number, its moves may stand on another. Refused if it is void already."""

    async def work() -> Receipt:
        await db.execute("SELECT 1 FROM paper WHERE id = $1 FOR UPDATE", paper_id)
        paper = await queries.get_paper(paper_id, stamp.require(Permission.PAPER_ISSUE))
        if not reason.strip():
            raise Invalid("paper.reason-needed", "请填写作废原因")
        if paper.voided_at is not None:
            raise Refused("paper.already-void", "单据已作废", number=paper.number)
        if paper.kind is PaperKind.DISPOSAL_RECORD and paper.document_id is not None:
            await rotation_verbs.void_record(stamp=stamp, line_id=paper.document_id, number=paper.number)
        await db.execute(
            "UPDATE paper SET voided_at = $2, void_reason = $3 WHERE id = $1",
            paper_id,
            stamp.recorded_at,
            reason.strip(),
        )
        after = {"number": paper.number, "void_reason": reason.strip()}
        await history.record(stamp, table="paper", key=str(paper_id), verb="void", before=None, after=after)
        await audit.record(stamp, "paper.void", subject_kind="paper", subject_id=str(paper_id), facts=after)
        await feed.publish("paper", [str(paper_id)], stamp.recorded_at)
        return {"verb": "void", "paper": str(paper_id), **after}

    return await attempts.once(stamp, "paper.void", work)


async def _slip_moves(stamp: Stamp, kind: PaperKind, source: Source) -> tuple[Site, Sequence[SlipMove]]:
    """The site and the moves a slip is to be issued for. What lies out of scope is as if it were not there."""
    scope = stamp.require(Permission.PAPER_ISSUE)
    if source.site_id is not None:
        await sites.get_site(source.site_id, scope)
    found = await queries.slip_moves(kind, source)
    if found:
        site = await sites.find_site(found[0].site_id, scope)
        if site is None:
            raise Missing("paper.no-such-source", "没有这次操作或单据，或不在您的管辖范围内")
    moves = rules.check_moves(kind, found, whole=source.attempt is not None)
    return await sites.get_site(moves[0].site_id, scope), moves


async def _issue(
    stamp: Stamp,
    kind: PaperKind,
    site: Site,
    build: Build,
    moves: Sequence[int],
    document: tuple[str | None, UUID | None],
) -> Receipt:
    """Take the next number (rivals for it wait here), then freeze and write the paper. All of it or nothing."""
    year = day_of(stamp.recorded_at).year
    serial = await db.fetch_value(
        "INSERT INTO paper_counter (site_id, kind, year, last) VALUES ($1, $2, $3, 1)"
        " ON CONFLICT (site_id, kind, year) DO UPDATE SET last = paper_counter.last + 1 RETURNING last",
        site.id,
        kind.value,
        year,
    )
    if kind in SLIPS and moves:
        taken = await queries.slips_of(moves)
        if taken:
            raise Refused("paper.already-on-slip", "这些记录已开过单，如有误请先作废原单", papers=taken)
    paper_id = uuid5(stamp.attempt, "paper")
    number = rules.paper_number(site.code, kind, year, serial)
    value = await build(number, rules.paper_key(number, paper_id.hex))
    value = replace(value, anchor=audit_chain.printed(await audit_chain.newest_anchor()))
    await db.execute(
        "INSERT INTO paper (id, number, kind, site_id, year, serial, content, document_kind, document_id, issued_at,"
        " issued_by, attempt) VALUES ($1, $2, $3, $4, $5, $6, $7::jsonb, $8, $9, $10, $11, $12)",
        paper_id,
        number,
        kind.value,
        site.id,
        year,
        serial,
        json.dumps(rules.freeze(value), ensure_ascii=False),
        *document,
        stamp.recorded_at,
        stamp.login,
        stamp.attempt,
    )
    if moves:
        await db.execute(
            "INSERT INTO paper_move (paper_id, move_seq) SELECT $1, unnest($2::bigint[])", paper_id, list(moves)
        )
    facts = {"number": number, "kind": kind.word, "moves": len(moves)}
    await audit.record(stamp, "paper.issue", subject_kind="paper", subject_id=str(paper_id), facts=facts)
    await feed.publish("paper", [str(paper_id)], stamp.recorded_at)
    return {"verb": "issue-paper", "paper": str(paper_id), **facts}
