"""Differences between books and goods: what is open, and how each was settled."""

from collections.abc import Mapping
from typing import Any

from litestar import Request, Response, get

from api.auth.stamps import Stamped
from api.web.pages import page, viewer_of
from api.web.routes import asked
from api.web.routes.list_files import Column, list_file
from api.web.words import word
from catalog.kernel.access import Permission
from catalog.kernel.page import Page
from catalog.kernel.stamp import Stamp
from warehouse.people.queries import list_able
from warehouse.replenishment import queries as deliveries
from warehouse.sites import queries as sites
from warehouse.sites.model import Site
from warehouse.stock.model import CaseOutcome
from warehouse.stock.queries import CaseRow, MoveFilter, list_cases, list_moves

MOST_MOVES = 10
"""Bookings that a case shows; the lots' histories have the rest."""


async def _listed(
    request: Request[Any, Any, Any], stamp: Stamp, site: Site | None, cursor: str | None, limit: int
) -> Page[CaseRow]:
    wanted = request.query_params.get("status", "open")
    whose = request.query_params.get("whose", "")
    return await list_cases(
        scope=stamp.require(Permission.STOCK_READ),
        status=wanted if wanted in ("open", "settled") else None,
        site_id=site.id if site else None,
        owner=stamp.login if whose == "mine" else None,
        overdue_on=viewer_of(request).today if whose == "overdue" else None,
        cursor=cursor,
        limit=limit,
    )


@get(["/cases/export.csv", "/cases/export.xlsx"], include_in_schema=False)
async def cases_export(request: Request[Any, Any, Any], stamp: Stamped) -> Response[Any]:
    """The same list as a file, one row for each line of a case."""
    site = await asked.site(request, stamp.require(Permission.STOCK_READ))
    lang = viewer_of(request).language
    _ = lang.text

    def owner(row: Any) -> str:
        one = row[0]
        name = (one.owner_name_en if lang.code == "en" else None) or one.owner_name_zh
        return name or word(lang, "role", one.owner_role)

    columns: list[Column] = [
        (_("Case"), lambda row: str(row[0].uuid)),
        (_("Kind"), lambda row: word(lang, "case_kind", row[0].kind)),
        (_("State"), lambda row: word(lang, "case_status", row[0].status)),
        (_("Store"), lambda row: row[0].site_name),
        (_("Opened"), lambda row: row[0].opened_at),
        (_("Seen to by"), owner),
        (_("To end by"), lambda row: row[0].due_on),
        (_("Item"), lambda row: row[1].get("item", "")),
        (_("Difference"), lambda row: word(lang, "difference", row[1]["kind"]) if row[1].get("kind") else ""),
        (_("Reason"), lambda row: row[1].get("reason", "")),
        (_("Outcome"), lambda row: word(lang, "case_outcome", row[0].outcome) if row[0].outcome else ""),
        (_("Settled"), lambda row: row[0].settled_at),
        (_("By"), lambda row: row[0].settled_by),
        (_("Words"), lambda row: row[0].settlement),
    ]
    return await list_file(
        request,
        name="cases",
        title=_("Differences"),
        columns=columns,
        fetch=lambda cursor, size: _listed(request, stamp, site, cursor, size),
        rows_of=lambda one: [(one, line) for line in _lines(one)] or [(one, {})],
    )


def _lines(case: CaseRow) -> list[Mapping[str, Any]]:
    return [line for line in case.facts.get("lines") or [] if isinstance(line, Mapping)]


@get("/cases", include_in_schema=False)
async def cases_page(request: Request[Any, Any, Any], stamp: Stamped) -> Response[str]:
    """Cases of sites in scope, the newest first; the open ones unless all are asked for."""
    scope = stamp.require(Permission.STOCK_READ)
    wanted = request.query_params.get("status", "open")
    whose = request.query_params.get("whose", "")
    site = await asked.site(request, scope)
    listed = await _listed(request, stamp, site, asked.cursor(request), asked.PAGE)
    expected = await deliveries.find_deliveries(
        {one.document.id for one in listed.items if one.document is not None and one.document.kind == "delivery"}
    )
    units = {key: {line.line: (line.unit, line.unit_factor) for line in of.lines} for key, of in expected.items()}
    moves = {
        one.id: (await list_moves(scope=scope, wanted=MoveFilter(case_id=one.id), limit=MOST_MOVES)).items
        for one in listed.items
        if not one.facts.get("lines")
    }
    known = await sites.list_sites(scope=scope, limit=200)
    shown = {site.id: site for site in known.items}
    able = {
        site_id: await list_able(Permission.CASE_SETTLE, shown[site_id].path, site_id)
        for site_id in {one.site_id for one in listed.items if one.status == "open"} & set(shown)
    }
    return page(
        request,
        "cases.html",
        listed=listed,
        units=units,
        moves=moves,
        site=site,
        sites=known.items,
        wanted=wanted,
        whose=whose,
        able=able if viewer_of(request).may("case.settle") else {},
        outcomes=list(CaseOutcome),
    )


HANDLERS: list[Any] = [cases_page, cases_export]
