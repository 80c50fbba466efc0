"""Papers with gapless numbers: what was issued, and what can be issued now."""

from typing import Any

from litestar import Request, Response, get

from api.auth.stamps import Stamped
from api.web.pages import page, viewer_of
from api.web.routes import asked
from api.web.routes.list_files import Column, list_file
from api.web.words import word
from catalog.kernel.access import Permission, scope_of
from catalog.kernel.page import Page
from warehouse.printing import queries as papers
from warehouse.printing.model import OF_DOCUMENTS, Paper, PaperKind
from warehouse.sites import queries as sites

_BY_HAND = [kind for kind in PaperKind if kind not in OF_DOCUMENTS]


@get("/papers", include_in_schema=False)
async def papers_page(request: Request[Any, Any, Any], stamp: Stamped) -> Response[str]:
    """Issued papers, the newest first, void ones too."""
    scope = stamp.require(Permission.STOCK_READ)
    site = await asked.site(request, scope)
    listed = await papers.list_papers(
        scope=scope,
        site_code=site.code if site else None,
        kind=asked.member(request, "kind", PaperKind),
        cursor=asked.cursor(request),
        limit=asked.PAGE,
    )
    known = await sites.list_sites(scope=scope, limit=200)
    return page(
        request, "papers.html", listed=listed, site=site, sites=known.items, kinds=list(PaperKind), by_hand=_BY_HAND
    )


@get(["/papers/export.csv", "/papers/export.xlsx"], include_in_schema=False)
async def papers_export(request: Request[Any, Any, Any], stamp: Stamped) -> Response[Any]:
    """The same list as a file: the register of numbers."""
    scope = stamp.require(Permission.STOCK_READ)
    site = await asked.site(request, scope)
    lang = viewer_of(request).language
    _ = lang.text
    columns: list[Column] = [
        (_("Number"), lambda one: one.number),
        (_("Number on the paper"), lambda one: one.outside_number or ""),
        (_("Kind"), lambda one: word(lang, "paper_kind", one.kind)),
        (_("Store"), lambda one: one.site_name),
        (_("Issued on"), lambda one: one.issued_at),
        (_("By"), lambda one: one.issued_by),
        (_("Void since"), lambda one: one.voided_at),
        (_("Reason"), lambda one: one.void_reason),
    ]

    async def fetch(cursor: str | None, limit: int) -> Page[Paper]:
        kind = asked.member(request, "kind", PaperKind)
        code = site.code if site else None
        return await papers.list_papers(scope=scope, site_code=code, kind=kind, cursor=cursor, limit=limit)

    return await list_file(request, name="papers", title=_("Papers"), columns=columns, fetch=fetch)


@get("/papers/new", include_in_schema=False)
async def new_paper_page(request: Request[Any, Any, Any], stamp: Stamped) -> Response[str]:
    """The form of one kind of paper."""
    stamp.require(Permission.PAPER_ISSUE)
    wanted = asked.one_of(request, "kind", PaperKind, PaperKind.RECEIPT_SLIP)
    kind = wanted if wanted in _BY_HAND else PaperKind.RECEIPT_SLIP
    known = await sites.list_sites(scope=scope_of(stamp.grants, Permission.PAPER_ISSUE), limit=200)
    return page(
        request,
        "paper_new.html",
        kind=kind,
        kinds=_BY_HAND,
        sites=known.items,
        delivery=asked.text(request, "delivery", 40),
        attempt=asked.text(request, "attempt", 40),
    )


HANDLERS: list[Any] = [papers_page, papers_export, new_paper_page]
