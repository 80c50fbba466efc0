"""The care list: what is to be restacked, tested, run or sunned, by due date; done by scanning at this page."""

from collections.abc import AsyncIterator, Mapping, Sequence
from datetime import timedelta
from typing import Any

from litestar import Request, Response, get

from api import exports
from api.auth.stamps import Stamped
from api.web.pages import Viewer, page, viewer_of
from api.web.routes import asked
from api.web.routes.stock import cut_of
from api.web.words import place_name, word
from catalog.kernel.access import Permission, Scope
from catalog.kernel.page import Page
from warehouse.counts.queries import veil_of
from warehouse.sites import queries as sites
from warehouse.sites.model import Site
from warehouse.stock.queries import CareDue, care_due, care_places

AHEAD_DAYS = (0, 7, 30, 90)
"""How far ahead the list may look; 0: what is due today or overdue."""
USUAL_DAYS = 30
KINDS = ("restack", "quality_test", "engine_run", "sunning", "charge", "inspection", "air_tightness")


async def _due(
    request: Request[Any, Any, Any], scope: Scope, viewer: Viewer, cursor: str | None, limit: int
) -> tuple[Page[CareDue], Site | None, int, str | None]:
    site = await asked.site(request, scope)
    ahead = asked.number(request, "ahead", 3650)
    ahead = USUAL_DAYS if ahead is None else ahead
    kind = asked.text(request, "kind", 40)
    listed = await care_due(
        scope=scope,
        by=viewer.today + timedelta(days=ahead),
        site_id=site.id if site else None,
        kind=kind,
        cursor=cursor,
        limit=limit,
    )
    return listed, site, ahead, kind


@get("/care", include_in_schema=False)
async def care_page(request: Request[Any, Any, Any], stamp: Stamped) -> Response[str]:
    """Care that is due, the longest overdue first."""
    scope = stamp.require(Permission.STOCK_READ)
    viewer = viewer_of(request)
    listed, site, ahead, kind = await _due(request, scope, viewer, asked.cursor(request), asked.PAGE)
    listed = Page((await veil_of(stamp.person_id)).uncounted(listed.items), listed.next_cursor)
    known = await sites.list_sites(scope=scope, limit=200)
    names = {one.id: one for one in known.items}
    return page(
        request,
        "care.html",
        listed=listed,
        places=await _places(viewer, listed.items),
        names=names,
        site=site,
        sites=known.items,
        ahead=ahead,
        days=AHEAD_DAYS,
        kind=kind,
        kinds=KINDS,
        desk={
            "today": viewer.today.isoformat(),
            "site": site.code if site else known.items[0].code if known.items else "",
        },
    )


@get(["/care/export.csv", "/care/export.xlsx"], include_in_schema=False)
async def care_export(request: Request[Any, Any, Any], stamp: Stamped) -> Response[Any]:
    """The same list as a file."""
    scope = stamp.require(Permission.STOCK_READ)
    viewer = viewer_of(request)
    _ = viewer.language.text
    veil = await veil_of(stamp.person_id)

    async def pages() -> AsyncIterator[Sequence[exports.Row]]:
        cursor: str | None = None
        while True:
            listed, *_rest = await _due(request, scope, viewer, cursor, 200)
            shown = veil.uncounted(listed.items)
            places = await _places(viewer, shown)
            yield [_cells(viewer, row, places.get((row.lot, row.serial, row.site_code), "")) for row in shown]
            cursor = listed.next_cursor
            if cursor is None:
                return

    head = [
        _("Due on"), _("Care"), _("Item"), _("Item key"), _("Lot"), _("Serial number"), _("Store"), _("Place"),
        _("Last done on"), _("Done on"), _("Result"), _("Signature"),
    ]  # fmt: skip
    sheet = exports.Sheet(f"care-{viewer.today.isoformat()}", _("Care list"), head, cut_of(viewer))
    return await exports.download(sheet, pages(), request.scope["path"].rpartition(".")[2])


async def _places(viewer: Viewer, rows: Sequence[CareDue]) -> Mapping[tuple[str, str | None, str], str]:
    """Where the goods of these rows stand, in words."""
    found = await care_places(rows)
    return {key: ", ".join(place_name(viewer.language, code) for code in codes) for key, codes in found.items()}


def _cells(viewer: Viewer, row: CareDue, places: str) -> exports.Row:
    return [
        row.due_on,
        word(viewer.language, "care", row.kind),
        row.item,
        row.item_key,
        row.lot,
        row.serial,
        row.site_code,
        places,
        row.last_on,
        None,
        None,
        None,
    ]


HANDLERS: list[Any] = [care_page, care_export]
