"""Stock by place, item, lot, owner, custodian and serial: searched, filtered, sorted, paged, kept, exported."""

from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from litestar import Request, Response, get

from api import exports
from api.auth.edge import edge_of
from api.auth.stamps import Stamped
from api.web.pages import Viewer, moment, named, page, viewer_of
from api.web.routes import asked, stock_rows
from api.web.words import N_, word
from catalog.classes import queries as classes
from catalog.classes.model import CLASS_SCHEME
from catalog.kernel.access import EVERYWHERE, Permission, Scope, scope_of
from catalog.kernel.page import Page
from catalog.kernel.stamp import Stamp
from catalog.regions import queries as regions
from warehouse.counts.model import Veil
from warehouse.counts.queries import unranked, veil_of
from warehouse.parties import queries as parties
from warehouse.sites import queries as sites
from warehouse.sites.model import Site
from warehouse.stock.model import Condition
from warehouse.stock.queries import (
    Sort,
    StockFilter,
    by_custodian,
    by_item,
    by_owner,
    list_balances,
    list_lots,
    list_pieces,
)
from warehouse.views import queries as views
from warehouse.views.rules import LONGEST_QUERY, checked_query

NEAR_DAYS = (30, 90, 180, 365)
FILTERS = ("q", "site", "zone", "class", "condition", "near", "expired", "owner", "custodian", "live")
CUT = N_("More rows exist than the %(most)s of one file; narrow the list.")
Listed = Callable[[Scope, Viewer, StockFilter, Sort, str | None, int], Awaitable[Page[Any]]]
Request_ = Request[Any, Any, Any]


@dataclass(frozen=True, slots=True)
class By:
    """One way to put stock together: its name, how a page is fetched, what a row says in a file, how it is sorted."""

    key: str
    text: str
    fetch: Listed
    columns: Sequence[stock_rows.Column]
    sorts: Sequence[Sort] = ()


async def _balances(
    scope: Scope, viewer: Viewer, wanted: StockFilter, sort: Sort, cursor: str | None, limit: int
) -> Page[Any]:
    return await list_balances(scope=scope, on=viewer.today, wanted=wanted, sort=sort, cursor=cursor, limit=limit)


async def _lots(
    scope: Scope, viewer: Viewer, wanted: StockFilter, sort: Sort, cursor: str | None, limit: int
) -> Page[Any]:
    return await list_lots(scope=scope, on=viewer.today, wanted=wanted, sort=sort, cursor=cursor, limit=limit)


def _unsorted(ask: Callable[..., Awaitable[Page[Any]]]) -> Listed:
    async def fetch(
        scope: Scope, viewer: Viewer, wanted: StockFilter, _: Sort, cursor: str | None, limit: int
    ) -> Page[Any]:
        return await ask(scope=scope, on=viewer.today, wanted=wanted, cursor=cursor, limit=limit)

    return fetch


WAYS: Mapping[str, By] = {
    way.key: way
    for way in (
        By("place", N_("By place"), _balances, stock_rows.BALANCE, tuple(Sort)),
        By("item", N_("By item"), _unsorted(by_item), stock_rows.ITEM),
        By("lot", N_("By lot"), _lots, stock_rows.LOT, tuple(Sort)),
        By("serial", N_("By serial number"), _unsorted(list_pieces), stock_rows.PIECE),
        By("owner", N_("By owner"), _unsorted(by_owner), stock_rows.OWNER),
        By("custodian", N_("By custodian"), _unsorted(by_custodian), stock_rows.CUSTODIAN),
    )
}


@dataclass(frozen=True, slots=True)
class _Asked:
    """What the address asks for."""

    way: By
    wanted: StockFilter
    sort: Sort
    site: Site | None


async def _asked(request: Request_, scope: Scope, viewer: Viewer, veil: Veil) -> _Asked:
    way = WAYS.get(request.query_params.get("by", ""), WAYS["place"])
    sort = unranked(asked.one_of(request, "sort", Sort, Sort.EXPIRY), veil)
    site = await asked.site(request, scope)
    near = asked.number(request, "near", 3650)
    expired = {"yes": True, "no": False}.get(request.query_params.get("expired", ""))
    live = {"yes": True, "no": False}.get(request.query_params.get("live", ""))
    wanted = StockFilter(
        site_id=site.id if site else None,
        zone_id=await _zone(request, site, scope),
        class_path=await _class(request),
        condition=asked.member(request, "condition", Condition),
        owner_path=await _owner(request),
        custodian_id=await _custodian(request),
        live=live,
        expiring_before=viewer.today + timedelta(days=near + 1) if near is not None else None,
        expired=expired,
        q=asked.text(request, "q"),
    )
    return _Asked(way, wanted, sort, site)


async def _zone(request: Request_, site: Site | None, scope: Scope) -> int | None:
    code = asked.text(request, "zone", 40)
    if code is None or site is None:
        return None
    return next((zone.id for zone in await sites.list_zones(site.id, scope) if zone.code == code), None)


async def _class(request: Request_) -> str | None:
    code = asked.text(request, "class", 40)
    found = (await classes.find_classes([(CLASS_SCHEME, code)])).get((CLASS_SCHEME, code)) if code else None
    return found.path if found else None


async def _owner(request: Request_) -> str | None:
    key = asked.text(request, "owner", 80)
    found = (await regions.find_regions([key])).get(key) if key else None
    return found.path if found else None


async def _custodian(request: Request_) -> int | None:
    key = asked.text(request, "custodian", 80)
    found = (await parties.find_parties([key], EVERYWHERE)).get(key) if key else None
    return found.id if found else None


@get("/stock", include_in_schema=False)
async def stock_page(request: Request_, stamp: Stamped) -> Response[str]:
    """Stock in sight in one of the ways, a page at a time."""
    scope = stamp.require(Permission.STOCK_READ)
    viewer = viewer_of(request)
    veil = await veil_of(stamp.person_id)
    found = await _asked(request, scope, viewer, veil)
    listed = await found.way.fetch(scope, viewer, found.wanted, found.sort, asked.cursor(request), asked.PAGE)
    return page(
        request,
        "stock.html",
        veil=veil,
        listed=Page(_told(found.way, veil, listed.items), listed.next_cursor),
        way=found.way,
        ways=list(WAYS.values()),
        site=found.site,
        sort=found.sort.value,
        narrowed=any(request.query_params.get(name) for name in FILTERS),
        **await _choices(stamp, scope, found.site),
        saved=await views.list_views(person_id=stamp.person_id, list_name="stock"),
        query_kept=checked_query(request.url.query[:LONGEST_QUERY]),
    )


def _told(way: By, veil: Veil, rows: Sequence[Any]) -> list[Any]:
    """Rows without what their reader may not know while he counts; numbered pieces there are left out, for to number
    them is to count them."""
    return veil.over(row for row in rows if not (way.key == "serial" and veil and veil.hides(row)))


async def _choices(stamp: Stamp, scope: Scope, site: Site | None) -> Mapping[str, Any]:
    """What the filters offer: only what the caller may see anyway."""
    known = await sites.list_sites(scope=scope, limit=200)
    owners = await regions.list_in(scope)
    keepers = await parties.find_names({one.custodian_id for one in known.items if one.custodian_id is not None})
    return {
        "sites": known.items,
        "zones": await sites.list_zones(site.id, scope) if site else [],
        "classes": await classes.own_classes(deepest=2),
        "owners": [one for one in owners if one.tier.value != "village"],
        "custodians": sorted(keepers.values(), key=lambda one: one.name_zh),
        "near_days": NEAR_DAYS,
        "conditions": list(Condition),
        "may_save": not scope_of(stamp.grants, Permission.VIEW_SAVE).empty,
    }


@get(["/stock/export.csv", "/stock/export.xlsx"], include_in_schema=False)
async def stock_export(request: Request_, stamp: Stamped) -> Response[Any]:
    """The same list as a file, all pages of it up to a limit that the file names where it is reached."""
    scope = stamp.require(Permission.STOCK_READ)
    viewer = viewer_of(request)
    veil = await veil_of(stamp.person_id)
    found = await _asked(request, scope, viewer, veil)

    async def pages() -> AsyncIterator[Sequence[exports.Row]]:
        cursor: str | None = None
        while True:
            listed = await found.way.fetch(scope, viewer, found.wanted, found.sort, cursor, 500)
            yield [
                [column.cell(row, viewer) for column in found.way.columns]
                for row in _told(found.way, veil, listed.items)
            ]
            cursor = listed.next_cursor
            if cursor is None:
                return

    return await exports.download(
        await _sheet(request, viewer, found), pages(), request.scope["path"].rpartition(".")[2]
    )


async def _sheet(request: Request_, viewer: Viewer, found: _Asked) -> exports.Sheet:
    """What the file says beside its rows: which list, which filter, as of when, for whom."""
    _ = viewer.language.text
    said = {
        "q": (_("Search"), request.query_params.get("q", "")),
        "site": (_("Store"), named(viewer.language, found.site) if found.site else ""),
        "zone": (_("Zone"), request.query_params.get("zone", "")),
        "class": (_("Class"), request.query_params.get("class", "")),
        "condition": (
            _("Condition"),
            word(viewer.language, "condition", found.wanted.condition) if found.wanted.condition else "",
        ),
        "near": (_("Expires within (days)"), request.query_params.get("near", "")),
        "expired": (_("Expired"), request.query_params.get("expired", "")),
        "owner": (_("Owner"), request.query_params.get("owner", "")),
        "custodian": (_("Custodian"), request.query_params.get("custodian", "")),
        "live": (_("Live stores"), request.query_params.get("live", "")),
    }
    now = edge_of(request).clock()
    notes = [
        (_("List"), f"{_('Stock')} · {_(found.way.text)}"),
        *[pair for pair in said.values() if pair[1]],
        (_("As of"), moment(now)),
        (_("Made by"), viewer.name),
    ]
    return exports.Sheet(
        f"stock-{found.way.key}-{viewer.today.isoformat()}",
        _("Stock"),
        [_(column.text) for column in found.way.columns],
        cut_of(viewer),
        notes,
        _("About this list"),
        [column.width for column in found.way.columns],
    )


def cut_of(viewer: Viewer) -> str:
    """What the last line of a file says that does not hold the whole list."""
    return viewer.language.text(CUT) % {"most": f"{exports.MOST_ROWS:,}"}


HANDLERS: list[Any] = [stock_page, stock_export]
