"""The card of a bin or another place: where it is, how full, what stands in it."""

from typing import Any

from litestar import Request, Response, get
from litestar.params import FromPath

from api.auth.stamps import Stamped
from api.web.pages import page, viewer_of
from api.web.routes import asked
from catalog.kernel.access import Permission
from catalog.kernel.errors import Missing
from catalog.kernel.page import Page
from warehouse.counts.queries import veil_of
from warehouse.files import queries as files
from warehouse.files.model import Subject
from warehouse.sites import queries as sites
from warehouse.stock.fill import Fill
from warehouse.stock.queries import MoveFilter, Sort, StockFilter, fill_of_places, list_balances, list_moves

MOVES = 20
"""Moves on a page of a bin's history."""


@get("/bins/{key:str}", include_in_schema=False)
async def bin_page(request: Request[Any, Any, Any], stamp: Stamped, key: FromPath[str]) -> Response[str]:
    """One place by its own key, with its contents. Raises Missing out of scope."""
    scope = stamp.require(Permission.STOCK_READ)
    found = (await sites.find_places([key])).get(key)
    if found is None or not scope.covers(found.path, found.site_id):
        raise Missing("place.missing", "没有这个货位，或不在您的管辖范围内", place=key)
    place = await sites.get_place(found.id, scope)
    zone = await sites.get_zone(found.zone_id, scope) if found.zone_id is not None else None
    listed = await list_balances(
        scope=scope,
        on=viewer_of(request).today,
        wanted=StockFilter(place_id=found.id),
        sort=Sort.ITEM,
        cursor=asked.cursor(request),
        limit=asked.PAGE,
    )
    moves = await list_moves(
        scope=scope,
        wanted=MoveFilter(place_id=found.id),
        cursor=request.query_params.get("moves") or None,
        limit=MOVES,
    )
    veil = await veil_of(stamp.person_id)
    hidden = found.id in veil.places
    fill = Fill() if hidden else (await fill_of_places([found.id])).get(found.id, Fill())
    return page(
        request,
        "bin.html",
        veil=veil,
        hidden=hidden,
        found=found,
        place=place,
        zone=zone,
        listed=Page(veil.over(listed.items), listed.next_cursor),
        moves=Page([], None) if hidden else moves,
        fill=fill,
        photos=await files.list_files(Subject("bin", found.key)),
    )


HANDLERS: list[Any] = [bin_page]
