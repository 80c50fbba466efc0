"""Counts (盘点): planned by risk or by hand, counted blind, counted again, approved, posted."""

from collections.abc import Mapping, Sequence
from typing import Annotated, Any
from uuid import UUID

from litestar import Response, get, post
from litestar.params import FromPath, FromQuery, JSONBody, PathParameter, QueryParameter

from api.auth.edge import VERB
from api.auth.stamps import Stamped
from api.rest import references
from api.rest.conditions import etag
from api.rest.sessions import Cursor, Limit
from api.schemas.counts import (
    CountBinOut,
    CountDone,
    CountedByOut,
    CountHead,
    CountLineOut,
    CountNew,
    CountOut,
    CountsPage,
    DifferenceOut,
    EntryIn,
    ExplainIn,
    FinishIn,
    PartOut,
    PlanOut,
    ProposalOut,
    ReasonIn,
    SendBackIn,
    SheetEntryIn,
    SheetLineOut,
    TakeOutIn,
)
from catalog.items import queries as items
from catalog.items.model import Item
from catalog.kernel.access import Permission
from catalog.kernel.errors import Invalid, Missing
from catalog.kernel.stamp import Stamp
from catalog.kernel.time import day_of
from labels.codes import Code as ReadCode
from labels.codes import OwnKind, read
from warehouse.counts import actions, queries, rules, workflow
from warehouse.counts.model import Count, CountLine, Difference, Entry, NewLot, Status
from warehouse.sites import queries as sites
from warehouse.stock import queries as stock
from warehouse.stock.model import Lot

TAGS = ["counts"]
Code = Annotated[str | None, QueryParameter(max_length=40)]
Site = Annotated[str, QueryParameter(max_length=40)]
Bin = Annotated[str, PathParameter(max_length=80, description="Key or code of the bin.")]
LineCode = Annotated[str, PathParameter(max_length=40, description="The code of the line, with or without its letter.")]
Most = Annotated[int, QueryParameter(ge=1, le=500)]


@get("/counts", opt={VERB: "count.list"}, tags=TAGS)
async def list_counts(
    stamp: Stamped,
    site: Code = None,
    status: FromQuery[list[Status] | None] = None,
    cursor: Cursor = None,
    limit: Limit = None,
) -> CountsPage:
    """Counts of stores in my scope, the newest first."""
    page = await queries.list_counts(
        scope=stamp.require(Permission.STOCK_READ), site_code=site, status=status or (), cursor=cursor, limit=limit
    )
    return CountsPage(items=[CountHead(**_head(one)) for one in page.items], next_cursor=page.next_cursor)


@get("/counts/plan", opt={VERB: "count.plan"}, tags=TAGS)
async def plan(stamp: Stamped, site: Site, most: Most = 50) -> PlanOut:
    """The bins of a store that should be counted first, and why; those in a count now are left out."""
    found = await sites.get_by_code(site, stamp.require(Permission.COUNT_PLAN))
    proposals = await queries.propose(site_id=found.id, path=found.path, now=stamp.recorded_at, most=most)
    return PlanOut(
        site=found.code,
        items=[
            ProposalOut(
                bin=one.bin.code,
                bin_key=one.bin.key,
                points=one.points,
                never=one.bin.age_days is None,
                age_days=one.bin.age_days,
                shorts=one.bin.shorts,
                parts=_parts(one.parts),
            )
            for one in proposals
        ],
    )


@get("/counts/{count:uuid}", opt={VERB: "count.read"}, tags=TAGS)
async def get_count(stamp: Stamped, count: FromPath[UUID]) -> Response[CountOut]:
    """One count. Blind: while it is counted the caller sees their own figures only, and nobody who counts the books."""
    found = await queries.get_count(count, stamp.require(Permission.STOCK_READ))
    standing = await queries.standing_of(found)
    open_books = rules.sees_books(found, stamp.grants, stamp.login)
    lines = await queries.list_lines(found.id)
    if not open_books:
        lines = rules.own_lines(found, lines, stamp.login)
    differences: Sequence[Difference] | None = None
    if open_books:
        differences = standing.lines or await queries.differences(found)
    shown = CountOut(
        **_head(found),
        end_reason=found.end_reason,
        allowed=workflow.allowed(standing, stamp),
        approve=[one.value for one in standing.approve] if open_books else [],
        bins=[
            CountBinOut(
                bin=one.code,
                bin_key=one.key,
                zone=one.zone,
                status=one.status,
                round=one.round,
                frozen=one.froze,
                again=list(one.again),
                points=one.points,
                why=_parts(one.why),
                rounds=[
                    CountedByOut(
                        round=by.round,
                        login=by.login,
                        name=by.name,
                        began_at=by.began_at,
                        finished_at=by.finished_at,
                    )
                    for by in one.rounds
                ],
            )
            for one in found.bins
        ],
        lines=await _lines(found, lines),
        differences=None if differences is None else [_difference(one) for one in differences],
    )
    return Response(shown, headers=etag(found.version))


def _head(found: Count) -> dict[str, Any]:
    plain = {
        name: getattr(found, name)
        for name in CountHead.model_fields
        if name not in ("site", "total", "done", "shortcuts")
    }
    return {
        **plain,
        "site": found.site_code,
        "done": found.done,
        "total": len(found.bins),
        "shortcuts": list(found.shortcuts),
    }


def _parts(parts: Sequence[Any]) -> list[PartOut]:
    return [PartOut(factor=part.factor, share=part.share, weight=part.weight) for part in parts]


async def _lines(found: Count, lines: Sequence[CountLine]) -> list[CountLineOut]:
    lots = await stock.get_lots(ids={line.lot_id for line in lines if line.lot_id is not None})
    bins = {one.place_id: one.code for one in found.bins}
    fresh = await items.find_items({line.given["item_id"] for line in lines if line.given})
    return [
        _line(
            line,
            bins[line.place_id],
            lots.get(line.lot_id or 0),
            fresh.get(line.given["item_id"]) if line.given else None,
        )
        for line in lines
    ]


def _line(line: CountLine, code: str, lot: Lot | None, item: Item | None) -> CountLineOut:
    return CountLineOut(
        line=line.id,
        bin=code,
        round=line.round,
        lot=lot.number if lot else None,
        item=lot.item_name if lot else item.name_zh if item else line.words,
        unit=lot.unit if lot else item.unit_zh if item else "",
        unit_factor=lot.unit_factor if lot else item.unit_factor if item else 1,
        condition=line.condition,
        quantity=line.quantity,
        serials=len(line.serial_ids),
        words=line.words,
        way=line.way,
        by=line.name,
        at=line.at,
    )


def _difference(one: Difference) -> DifferenceOut:
    return DifferenceOut(
        bin=one.bin,
        lot=one.lot.number,
        item=one.item_key,
        item_name=one.lot.item_name,
        unit=one.lot.unit,
        unit_factor=one.lot.unit_factor,
        condition=one.key.condition,
        book=one.book,
        counted=one.counted,
        variance=one.variance,
        value_fen=one.value_fen,
        earlier=one.earlier,
        moved=one.moved,
        reason=one.reason,
        note=one.note,
    )


# --- the life of a count ----------------------------------------------------------------------------------


@post("/counts", opt={VERB: "count.create"}, tags=TAGS)
async def create_count(stamp: Stamped, data: JSONBody[CountNew]) -> CountDone:
    """A new count, started at once or kept as a draft. 409 `count.bin-in-count`."""
    site = await sites.get_by_code(data.site, stamp.require(Permission.COUNT_PLAN))
    places = await references.find_places(
        {one if "/" in one or one.startswith(site.code) else f"{site.code}/{one}" for one in data.bins},
        stamp.require(Permission.COUNT_PLAN),
    )
    done = await actions.create_count(
        stamp=stamp,
        site_id=site.id,
        kind=data.kind,
        place_ids={place.id for place in places.values()},
        most=data.most,
        note_text=data.note,
        begin=data.begin,
    )
    return CountDone(**{name: done[name] for name in CountDone.model_fields if name in done and name != "bins"})


@post("/counts/{count:uuid}/start", opt={VERB: "count.start"}, tags=TAGS, status_code=200)
async def start(stamp: Stamped, count: FromPath[UUID]) -> CountDone:
    """Keepers may enter figures from now on."""
    return _done(await actions.start(stamp=stamp, count_id=count))


@post("/counts/{count:uuid}/cancel", opt={VERB: "count.cancel"}, tags=TAGS, status_code=200)
async def cancel(stamp: Stamped, count: FromPath[UUID], data: JSONBody[ReasonIn]) -> CountDone:
    """Nothing will come of it; frozen bins are opened."""
    return _done(await actions.cancel(stamp=stamp, count_id=count, reason=data.reason))


@post("/counts/{count:uuid}/explain", opt={VERB: "count.explain"}, tags=TAGS, status_code=200)
async def explain(stamp: Stamped, count: FromPath[UUID], data: JSONBody[ExplainIn]) -> CountDone:
    """The reasons of differences."""
    found = await queries.get_count(count, stamp.require(Permission.COUNT))
    lots = await references.find_lots({line.lot for line in data.lines}, stamp.require(Permission.COUNT))
    told = [
        actions.Explanation(_place(found, line.bin), lots[line.lot].id, line.condition.value, line.reason, line.note)
        for line in data.lines
    ]
    return _done(await actions.explain(stamp=stamp, count_id=count, explanations=told))


@post("/counts/{count:uuid}/post", opt={VERB: "count.post"}, tags=TAGS, status_code=200)
async def post_count(stamp: Stamped, count: FromPath[UUID]) -> CountDone:
    """Post what was found, below the limits. 409 `count.needs-approval` above."""
    return _done(await actions.post(stamp=stamp, count_id=count))


@post("/counts/{count:uuid}/approve", opt={VERB: "count.approve"}, tags=TAGS, status_code=200)
async def approve(stamp: Stamped, count: FromPath[UUID]) -> CountDone:
    """Approve and post: from outside the keeper's unit, never one's own. 409 `count.own-approval` …"""
    return _done(await actions.approve(stamp=stamp, count_id=count))


@post("/counts/{count:uuid}/send-back", opt={VERB: "count.send-back"}, tags=TAGS, status_code=200)
async def send_back(stamp: Stamped, count: FromPath[UUID], data: JSONBody[SendBackIn]) -> CountDone:
    """Have bins counted once more, by somebody who has not counted them yet."""
    found = await queries.get_count(count, stamp.require(Permission.COUNT_APPROVE))
    places = [_place(found, one) for one in data.bins]
    return _done(await actions.send_back(stamp=stamp, count_id=count, place_ids=places, note_text=data.note))


# --- one bin ----------------------------------------------------------------------------------------------


@post("/counts/{count:uuid}/bins/{bin_ref:str}/begin", opt={VERB: "count.begin"}, tags=TAGS, status_code=200)
async def begin_bin(stamp: Stamped, count: FromPath[UUID], bin_ref: Bin) -> CountDone:
    """The bin is mine, and shut for commands, until I finish it. 409 `count.bin-taken`, `count.same-counter`."""
    return _done(await actions.begin_bin(stamp=stamp, count_id=count, place_id=await _here(stamp, count, bin_ref)))


@post("/counts/{count:uuid}/bins/{bin_ref:str}/enter", opt={VERB: "count.enter"}, tags=TAGS, status_code=200)
async def enter(stamp: Stamped, count: FromPath[UUID], bin_ref: Bin, data: JSONBody[EntryIn]) -> CountDone:
    """What I found of one thing in the bin I am counting. 409 `count.entered-already` says who entered it first."""
    scope = stamp.require(Permission.COUNT)
    place = await _here(stamp, count, bin_ref)
    lot = (await references.find_lots([data.lot], scope))[data.lot] if data.lot else None
    new = None
    if data.new is not None:
        item = (await references.find_items([data.new.item]))[data.new.item]
        facts = {name: getattr(data.new, name) for name in NewLot.__slots__ if name != "item_id"}
        new = NewLot(item, **facts)
    serials = await references.find_serials(data.serials)
    entry = Entry(
        data.quantity,
        lot.id if lot else None,
        data.condition.value,
        tuple(serials[one] for one in data.serials),
        data.words,
        new,
    )
    return _done(await actions.enter(stamp=stamp, count_id=count, place_id=place, entry=entry, repeated=data.repeated))


@post("/counts/{count:uuid}/bins/{bin_ref:str}/take-out", opt={VERB: "count.take-out"}, tags=TAGS, status_code=200)
async def take_out(stamp: Stamped, count: FromPath[UUID], bin_ref: Bin, data: JSONBody[TakeOutIn]) -> CountDone:
    """Take a wrong figure out again; it stays on record."""
    place = await _here(stamp, count, bin_ref)
    return _done(await actions.take_out(stamp=stamp, count_id=count, place_id=place, line_id=data.line))


@post("/counts/{count:uuid}/bins/{bin_ref:str}/finish", opt={VERB: "count.finish"}, tags=TAGS, status_code=200)
async def finish_bin(stamp: Stamped, count: FromPath[UUID], bin_ref: Bin, data: JSONBody[FinishIn]) -> CountDone:
    """The bin is done and open again. The last one leads on to the recount or to the review."""
    place = await _here(stamp, count, bin_ref)
    return _done(await actions.finish_bin(stamp=stamp, count_id=count, place_id=place, empty=data.empty, at=data.at))


@post("/counts/{count:uuid}/bins/{bin_ref:str}/leave", opt={VERB: "count.leave"}, tags=TAGS, status_code=200)
async def leave_bin(stamp: Stamped, count: FromPath[UUID], bin_ref: Bin) -> CountDone:
    """Give the bin up: what was entered is void, another may begin it."""
    return _done(await actions.leave_bin(stamp=stamp, count_id=count, place_id=await _here(stamp, count, bin_ref)))


async def _here(stamp: Stamp, count: UUID, bin_ref: str) -> int:
    return _place(await queries.get_count(count, stamp.require(Permission.COUNT)), bin_ref)


def _place(found: Count, bin_ref: str) -> int:
    wanted = bin_ref.upper()
    place = next((one.place_id for one in found.bins if wanted in (one.key.upper(), one.code.upper())), None)
    if place is None:
        raise Missing("count.no-such-bin", "这个货位不在本次盘点范围内", bin=bin_ref)
    return place


# --- lines of paper sheets --------------------------------------------------------------------------------


@get("/counts/sheet-lines/{line_code:str}", opt={VERB: "count.read-line"}, tags=TAGS)
async def get_sheet_line(stamp: Stamped, line_code: LineCode) -> SheetLineOut:
    """What a line of a paper sheet stands for, by the code printed beside it."""
    line = await queries.find_sheet_line(_line_key(line_code, stamp))
    if line is None:
        raise Missing("count.no-such-code", "没有这个盘点行码，请核对", line_code=line_code)
    found = await queries.get_count(line.stocktake_id, stamp.require(Permission.COUNT))
    lot = (await stock.get_lots(ids=[line.lot_id])).get(line.lot_id) if line.lot_id else None
    return SheetLineOut(
        code=line.code,
        count=found.id,
        number=found.number,
        status=found.status,
        bin=line.bin,
        bin_key=next(one.key for one in found.bins if one.place_id == line.place_id),
        line=line.line,
        lot=lot.number if lot else None,
        item=lot.item_name if lot else "",
        unit=lot.unit if lot else "",
        unit_factor=lot.unit_factor if lot else 1,
        tracking=lot.tracking if lot else "lot",
        condition=line.condition,
        entered_by=line.entered_by,
        entered_at=line.entered_at,
    )


@post("/counts/sheet-lines/{line_code:str}", opt={VERB: "count.type-back"}, tags=TAGS, status_code=200)
async def type_back(stamp: Stamped, line_code: LineCode, data: JSONBody[SheetEntryIn]) -> CountDone:
    """Enter a paper's line. 409 `count.entered-already` says who entered it first."""
    done = await actions.type_back(
        stamp=stamp, code=_line_key(line_code, stamp), quantity=data.quantity, words=data.words, correct=data.correct
    )
    return _done(done)


def _line_key(text: str, stamp: Stamp) -> str:
    """The key in a line's code as it is scanned or typed. Raises Invalid where a character is wrong."""
    reading = read(text, today=day_of(stamp.recorded_at))
    if not isinstance(reading, ReadCode) or reading.own is None or reading.own.kind is not OwnKind.COUNT_LINE:
        raise Invalid("count.bad-line-code", "这不是盘点表的行码，或有一位不对，请核对", line_code=text)
    return reading.own.key


def _done(receipt: Mapping[str, Any]) -> CountDone:
    return CountDone(**{name: receipt[name] for name in CountDone.model_fields if name in receipt})


HANDLERS: list[Any] = [
    list_counts,
    plan,
    get_count,
    create_count,
    start,
    cancel,
    explain,
    post_count,
    approve,
    send_back,
    begin_bin,
    enter,
    take_out,
    finish_bin,
    leave_bin,
    get_sheet_line,
    type_back,
]
