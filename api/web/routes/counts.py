"""Counts: the list, a new one with its plan, one count with its result, the counting itself, and paper typed back."""

from collections.abc import AsyncIterator, Sequence
from typing import Any
from uuid import UUID

from litestar import Request, Response, get
from litestar.params import FromPath

from api import exports
from api.auth.stamps import Stamped
from api.web.pages import Viewer, page, viewer_of
from api.web.routes import asked
from api.web.routes.stock import cut_of
from api.web.words import N_, place_name, word
from catalog.items import queries as items
from catalog.items.model import Item
from catalog.kernel.access import Permission
from catalog.kernel.errors import Refused
from catalog.kernel.parameters import parameter
from catalog.kernel.stamp import Stamp
from warehouse.counts import queries as counts
from warehouse.counts import rules
from warehouse.counts.model import OPEN, Count, CountKind, CountLine, Difference, Status, VarianceReason
from warehouse.counts.workflow import allowed
from warehouse.printing import queries as papers
from warehouse.sites import queries as sites
from warehouse.sites.model import Site
from warehouse.stock import queries as stock
from warehouse.stock.model import Lot

MOST_PROPOSED = 40


@get("/counts", include_in_schema=False)
async def counts_page(request: Request[Any, Any, Any], stamp: Stamped) -> Response[str]:
    """Counts in scope: those still open, or all, or of one status."""
    scope = stamp.require(Permission.STOCK_READ)
    wanted = request.query_params.get("status", "open")
    one = asked.member(request, "status", Status)
    status: Sequence[Status] = (one,) if one else () if wanted == "all" else tuple(OPEN)
    site = await asked.site(request, scope)
    listed = await counts.list_counts(
        scope=scope,
        site_code=site.code if site else None,
        status=status,
        cursor=asked.cursor(request),
        limit=asked.PAGE,
    )
    known = await sites.list_sites(scope=scope, limit=200)
    return page(
        request, "counts.html", listed=listed, site=site, sites=known.items, statuses=list(Status), wanted=wanted
    )


@get("/counts/new", include_in_schema=False)
async def new_count_page(request: Request[Any, Any, Any], stamp: Stamped) -> Response[str]:
    """A new count: by risk (each bin says why), of chosen bins, of all, or an opening count."""
    scope = stamp.require(Permission.COUNT_PLAN)
    known = await sites.list_sites(scope=scope, limit=200)
    site = await asked.site(request, scope) or next(iter(known.items), None)
    kinds = _kinds(site)
    kind = asked.one_of(request, "kind", CountKind, kinds[0])
    kind = kind if kind in kinds else kinds[0]
    proposals, bins = [], []
    if site is not None and kind is CountKind.RISK:
        proposals = await counts.propose(site_id=site.id, path=site.path, now=stamp.recorded_at, most=MOST_PROPOSED)
    elif site is not None:
        bins = await counts.bins_of(site_id=site.id, now=stamp.recorded_at)
    return page(
        request,
        "count_new.html",
        sites=known.items,
        site=site,
        kind=kind,
        kinds=kinds,
        proposals=proposals,
        bins=bins,
        verified=parameter("count.weight-age").verified,
    )


def _kinds(site: Site | None) -> list[CountKind]:
    if site is not None and not site.live:
        return [CountKind.OPENING]
    return [CountKind.RISK, CountKind.CHOSEN, CountKind.FULL]


@get("/counts/sheet", include_in_schema=False)
async def sheet_page(request: Request[Any, Any, Any], stamp: Stamped) -> Response[str]:
    """Type or scan back what stands on paper sheets, line by line."""
    stamp.require(Permission.COUNT)
    return page(request, "count_sheet.html")


@get("/counts/{count_id:uuid}", include_in_schema=False)
async def count_page(request: Request[Any, Any, Any], stamp: Stamped, count_id: FromPath[UUID]) -> Response[str]:
    """One count: how far it is, and once the counting is over what was found and what may be done."""
    scope = stamp.require(Permission.STOCK_READ)
    found = await counts.get_count(count_id, scope)
    standing = await counts.standing_of(found)
    open_books = rules.sees_books(found, stamp.grants, stamp.login)
    lines = list(standing.lines) or (await counts.differences(found) if open_books else [])
    may = allowed(standing, stamp)
    return page(
        request,
        "count.html",
        count=found,
        may=may,
        open_books=open_books,
        lines=lines if open_books else [],
        differing=[line for line in lines if line.variance] if open_books else [],
        unknown=await _unknown(found) if open_books else [],
        approve=standing.approve if open_books else (),
        totals=_totals(lines) if open_books else None,
        reasons=list(VarianceReason),
        papers=(await papers.list_papers(scope=scope, document_id=found.id, limit=50)).items,
    )


async def _unknown(found: Count) -> list[dict[str, Any]]:
    """What was found without a lot of its own: goods that nothing here knows, and those of an opening count."""
    rounds = {one.place_id: one.round for one in found.bins}
    codes = {one.place_id: one.code for one in found.bins}
    lines = await counts.list_lines(found.id)
    kept = [line for line in lines if line.lot_id is None and line.round == rounds[line.place_id]]
    known = await _items_of(kept)
    return [{"line": line, "bin": codes[line.place_id], "item": known.get(line.id)} for line in kept]


async def _items_of(lines: Sequence[CountLine]) -> dict[int, Item]:
    """The items of new goods, by line."""
    wanted = {line.id: line.given["item_id"] for line in lines if line.given}
    found = await items.find_items(set(wanted.values())) if wanted else {}
    return {line_id: found[item_id] for line_id, item_id in wanted.items() if item_id in found}


def _totals(lines: Sequence[Difference]) -> dict[str, int]:
    values = [line.value_fen for line in lines if line.variance]
    return {
        "lines": len(lines),
        "differing": len(values),
        "short": sum(v for v in values if v is not None and v < 0),
        "over": sum(v for v in values if v is not None and v > 0),
        "unpriced": sum(v is None for v in values),
    }


@get("/counts/{count_id:uuid}/do", include_in_schema=False)
async def do_page(request: Request[Any, Any, Any], stamp: Stamped, count_id: FromPath[UUID]) -> Response[str]:
    """The counting itself, on a phone or with a wedge scanner. Blind."""
    found = await counts.get_count(count_id, stamp.require(Permission.COUNT))
    viewer = viewer_of(request)
    return page(request, "count_do.html", count=found, desk=await _desk(found, stamp, viewer))


@get("/counts/{count_id:uuid}/state", include_in_schema=False)
async def do_state(request: Request[Any, Any, Any], stamp: Stamped, count_id: FromPath[UUID]) -> dict[str, Any]:
    """How far the counting is, for the page that counts. Blind: the caller's own figures only."""
    found = await counts.get_count(count_id, stamp.require(Permission.COUNT))
    return await _desk(found, stamp, viewer_of(request))


async def _desk(found: Count, stamp: Stamp, viewer: Viewer) -> dict[str, Any]:
    own = rules.own_lines(found, await counts.list_lines(found.id), stamp.login)
    lots = await stock.get_lots(ids={line.lot_id for line in own if line.lot_id is not None})
    codes = {one.place_id: one.key for one in found.bins}
    fresh = await _items_of(own)
    return {
        "person": f"{viewer.caller.person_uuid}/count" if viewer.caller else "",
        "id": str(found.id),
        "number": found.number,
        "site": found.site_code,
        "kind": found.kind.value,
        "status": found.status.value,
        "bins": [
            {
                "key": one.key,
                "code": one.code,
                "zone": one.zone,
                "status": one.status.value,
                "round": one.round,
                "by": one.now.name if one.now else "",
                "mine": one.now is not None and one.now.login == stamp.login,
                "done_by_me": any(by.login == stamp.login and by.round < one.round for by in one.rounds)
                and not found.one_keeper,
            }
            for one in found.bins
        ],
        "lines": [
            _own_line(line, codes[line.place_id], lots.get(line.lot_id or 0) or fresh.get(line.id)) for line in own
        ],
    }


def _own_line(line: CountLine, bin_key: str, known: Lot | Item | None) -> dict[str, Any]:
    lot = known if isinstance(known, Lot) else None
    item = known if isinstance(known, Item) else None
    return {
        "line": line.id,
        "bin": bin_key,
        "lot": lot.number if lot else "",
        "item": lot.item_name if lot else item.name_zh if item else line.words,
        "unit": lot.unit if lot else item.unit_zh if item else "",
        "unit_factor": known.unit_factor if known else 1,
        "condition": line.condition,
        "quantity": line.quantity,
        "known": known is not None,
    }


# --- the result as a file ---------------------------------------------------------------------------------


@get(
    ["/counts/{count_id:uuid}/result.csv", "/counts/{count_id:uuid}/result.xlsx"],
    include_in_schema=False,
)
async def result_export(request: Request[Any, Any, Any], stamp: Stamped, count_id: FromPath[UUID]) -> Response[Any]:
    """The result as Excel or CSV; while it is counted only for those who may see the books."""
    found = await counts.get_count(count_id, stamp.require(Permission.STOCK_READ))
    if not rules.sees_books(found, stamp.grants, stamp.login):
        raise Refused("count.still-blind", "盘点尚未结束，结果还不能查看", count=found.number)
    viewer = viewer_of(request)
    lines = await counts.differences(found)

    async def pages() -> AsyncIterator[Sequence[exports.Row]]:
        yield [_cells(viewer, line) for line in lines]

    _ = viewer.language.text
    sheet = exports.Sheet(f"count-{found.number}", _(N_("Count")), _head(viewer), cut_of(viewer))
    return await exports.download(sheet, pages(), request.scope["path"].rpartition(".")[2])


def _head(viewer: Viewer) -> list[str]:
    _ = viewer.language.text
    return [
        _("Bin"), _("Item"), _("Item key"), _("Lot"), _("Condition"), _("Unit"), _("Book"), _("Counted"),
        _("Difference"), _("Value (yuan)"), _("Reason"), _("Note"),
    ]  # fmt: skip


def _cells(viewer: Viewer, line: Difference) -> exports.Row:
    factor = line.lot.unit_factor
    return [
        place_name(viewer.language, line.bin),
        line.lot.item_name,
        line.item_key,
        line.lot.number,
        word(viewer.language, "condition", line.key.condition),
        line.lot.unit,
        *[exports.figure(value, factor) for value in (line.book, line.counted, line.variance)],
        None if line.value_fen is None else exports.figure(line.value_fen, 100),
        word(viewer.language, "variance_reason", line.reason) if line.reason else "",
        line.note,
    ]


HANDLERS: list[Any] = [
    counts_page,
    new_count_page,
    sheet_page,
    count_page,
    do_page,
    do_state,
    result_export,
]
