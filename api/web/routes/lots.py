"""The card of a lot with its history, the card of a numbered piece, and stock as of a past day."""

from collections.abc import Mapping, Sequence
from datetime import UTC, date, datetime, time, timedelta
from typing import Any

from litestar import Request, Response, get
from litestar.params import FromPath

from api.auth.edge import edge_of
from api.auth.stamps import Stamped
from api.web.pages import page, viewer_of
from api.web.routes import asked
from catalog.items import queries as items
from catalog.kernel.access import Permission, Scope
from catalog.kernel.page import Page
from catalog.kernel.time import SHANGHAI
from labels.codes import OwnKind, write_own
from warehouse.counts.queries import veil_of
from warehouse.files import queries as files
from warehouse.files.model import StoredFile, Subject
from warehouse.parties import queries as parties
from warehouse.sites import queries as sites
from warehouse.stock.model import Condition
from warehouse.stock.queries import (
    AsOfFilter,
    AsOfRow,
    MoveFilter,
    MoveRow,
    as_of,
    list_moves,
    lot_card,
    pallet_card,
    serial_card,
)

ROWS = 100
"""Rows of a page of the past: the books are recomputed for each, so a page is larger than elsewhere."""


@get("/lots/{number:str}", include_in_schema=False)
async def lot_page(request: Request[Any, Any, Any], stamp: Stamped, number: FromPath[str]) -> Response[str]:
    """One lot: what it is, where it stands, everything that happened to it. Raises Missing out of sight."""
    scope = stamp.require(Permission.STOCK_READ)
    card = await lot_card(number, scope=scope, on=viewer_of(request).today)
    lot = card.entry.lot
    maker = (await parties.find_names([lot.maker_id])).get(lot.maker_id) if lot.maker_id is not None else None
    listed = await list_moves(
        scope=scope, wanted=MoveFilter(lot_id=lot.id), cursor=asked.cursor(request), limit=asked.PAGE
    )
    day = asked.day(request, "day")
    veil = await veil_of(stamp.person_id)
    return page(
        request,
        "lot.html",
        card=card,
        lot=lot,
        own_code=write_own(OwnKind.LOT, lot.number).removeprefix("91"),
        veil=veil,
        entry=veil.over([card.entry])[0],
        balances=veil.over(card.balances),
        conditions=list(Condition),
        maker=maker,
        listed=Page(veil.over(listed.items), listed.next_cursor),
        photos=await files.list_files(Subject("lot", lot.number)),
        evidence=await _evidence(listed),
        day=day,
        past=veil.over(await _past(request, scope, lot.id, day)) if day else [],
    )


async def _past(request: Request[Any, Any, Any], scope: Scope, lot_id: int, day: date) -> Sequence[AsOfRow]:
    """The lot's balances at the end of a day, as far as is known now."""
    now = edge_of(request).clock()
    return await as_of(at=min(_end_of(day), now), known_at=now, scope=scope, wanted=AsOfFilter(lot_id=lot_id))


async def _evidence(listed: Page[MoveRow]) -> Mapping[str, Sequence[StoredFile]]:
    """Photos of the moves of a page, by attempt."""
    return await files.list_files_of("move", {str(move.attempt) for move in listed.items})


@get("/serials/{number:str}", include_in_schema=False)
async def serial_page(request: Request[Any, Any, Any], stamp: Stamped, number: FromPath[str]) -> Response[str]:
    """The passport of one numbered piece. Raises Missing out of sight."""
    scope = stamp.require(Permission.STOCK_READ)
    card = await serial_card(number, scope=scope, on=viewer_of(request).today)
    item = (await items.find_items([card.piece.lot.item_id]))[card.piece.lot.item_id]
    veil = await veil_of(stamp.person_id)
    listed = Page(veil.over(card.moves))
    return page(
        request,
        "serial.html",
        card=card,
        lot=card.piece.lot,
        item=item,
        listed=listed,
        photos=await files.list_files(Subject("serial", card.piece.number)),
        evidence=await _evidence(listed),
    )


@get("/pallets/{number:str}", include_in_schema=False)
async def pallet_page(request: Request[Any, Any, Any], stamp: Stamped, number: FromPath[str]) -> Response[str]:
    """A pallet and what lies on it. Raises Missing out of scope."""
    card = await pallet_card(number, scope=stamp.require(Permission.STOCK_READ))
    veil = await veil_of(stamp.person_id)
    lines = veil.over(card.lines)
    return page(
        request,
        "pallet.html",
        card=card,
        veil=veil,
        lines=lines,
        photos=await files.list_files(Subject("pallet", card.number)),
    )


@get("/stock/as-of", include_in_schema=False)
async def as_of_page(request: Request[Any, Any, Any], stamp: Stamped) -> Response[str]:
    """Balances at the end of a day, as far as was known at the end of another: two times, both shown."""
    scope = stamp.require(Permission.STOCK_READ)
    viewer = viewer_of(request)
    now = edge_of(request).clock()
    day = min(asked.day(request, "day") or viewer.today, viewer.today)
    known = asked.day(request, "known")
    at = min(_end_of(day), now)
    known_at = max(min(_end_of(known), now), at) if known else now
    site = await asked.site(request, scope)
    known_sites = await sites.list_sites(scope=scope, limit=200)
    site = site or (known_sites.items[0] if known_sites.items else None)
    wanted_item = asked.text(request, "item", 30)
    item = (await items.find_items_by_key([wanted_item])).get(wanted_item) if wanted_item else None
    begin = asked.number(request, "begin", 1_000_000) or 0
    wanted = "day" in request.query_params
    rows = (
        await as_of(
            at=at,
            known_at=known_at,
            scope=scope,
            wanted=AsOfFilter(site_id=site.id, item_id=item.id if item else None),
        )
        if site and wanted
        else []
    )
    veil = await veil_of(stamp.person_id)
    return page(
        request,
        "as_of.html",
        veil=veil,
        rows=veil.over(rows[begin : begin + ROWS]),
        count=len(rows),
        begin=begin,
        following=begin + ROWS if begin + ROWS < len(rows) else None,
        wanted=wanted,
        day=day,
        known=known,
        known_at=known_at,
        site=site,
        sites=known_sites.items,
        item=item,
    )


def _end_of(day: Any) -> datetime:
    return datetime.combine(day + timedelta(days=1), time(), SHANGHAI).astimezone(UTC) - timedelta(microseconds=1)


HANDLERS: list[Any] = [lot_page, serial_page, pallet_page, as_of_page]
