"""Loans: what is lent and when it is due, one loan with what is back of it, lending, and who owes what to whom."""

from typing import Any
from uuid import UUID

from litestar import Request, Response, get
from litestar.params import FromPath

from api.auth.stamps import Stamped
from api.web.pages import page, viewer_of
from api.web.routes import asked
from api.web.routes.list_files import Column, list_file
from catalog.kernel.access import Permission, Scope, scope_of
from catalog.kernel.page import Page
from warehouse.counts.queries import veil_of
from warehouse.parties import queries as parties
from warehouse.sites import queries as sites
from warehouse.sites.model import STAGING_CODE
from warehouse.stock import queries as stock
from warehouse.stock.model import Condition
from warehouse.stock.queries import LoanRow, StockFilter

MOST_LOTS = 20
GRADES = (Condition.AWAITING, Condition.GOOD, Condition.DAMAGED)


async def _listed(request: Request[Any, Any, Any], scope: Scope, cursor: str | None, limit: int) -> Page[LoanRow]:
    site = await asked.site(request, scope)
    show = request.query_params.get("show", "out")
    return await stock.list_loans(
        scope=scope,
        site_id=site.id if site else None,
        borrower=asked.text(request, "q", 100) or "",
        due_before=viewer_of(request).today if show == "late" else None,
        still_out=show != "all",
        cursor=cursor,
        limit=limit,
    )


@get("/loans", include_in_schema=False)
async def loans_page(request: Request[Any, Any, Any], stamp: Stamped) -> Response[str]:
    """Loans in scope, the first due first: those of which something is out unless others are asked for."""
    scope = stamp.require(Permission.STOCK_READ)
    listed = await _listed(request, scope, asked.cursor(request), asked.PAGE)
    return page(
        request,
        "loans.html",
        listed=listed,
        site=await asked.site(request, scope),
        sites=(await sites.list_sites(scope=scope, limit=200)).items,
        show=request.query_params.get("show", "out"),
    )


@get(["/loans/export.csv", "/loans/export.xlsx"], include_in_schema=False)
async def loans_export(request: Request[Any, Any, Any], stamp: Stamped) -> Response[Any]:
    """The list as a file."""
    scope = stamp.require(Permission.STOCK_READ)
    _ = viewer_of(request).language.text
    columns: list[Column] = [
        (_("Borrower"), lambda one: one.borrower),
        (_("Store"), lambda one: one.site_zh),
        (_("Goods"), lambda one: one.goods),
        (_("Kinds of goods"), lambda one: one.items),
        (_("Lent on"), lambda one: one.lent_at),
        (_("Due back"), lambda one: one.due_on),
        (_("Lots still out"), lambda one: one.out),
    ]
    return await list_file(
        request,
        name="loans",
        title=_("Loans"),
        columns=columns,
        fetch=lambda cursor, size: _listed(request, scope, cursor, size),
    )


@get("/loans/debts", include_in_schema=False)
async def debts_page(request: Request[Any, Any, Any], stamp: Stamped) -> Response[str]:
    """Who has what of whose goods, over all loans."""
    return page(request, "debts.html", debts=await stock.list_debts(scope=stamp.require(Permission.STOCK_READ)))


@get("/loans/new", include_in_schema=False)
async def new_loan_page(request: Request[Any, Any, Any], stamp: Stamped) -> Response[str]:
    """Lend: lots chosen one after the other, then how much of each and to whom."""
    scope = stamp.require(Permission.LOAN)
    today = viewer_of(request).today
    given = (one.strip() for one in request.query_params.getall("lot", []))
    wanted = list(dict.fromkeys(one for one in given if one))[:MOST_LOTS]
    found = await stock.find_lots(numbers=[one.upper() for one in wanted])
    veil = await veil_of(stamp.person_id)
    rows = []
    for lot in found.values():
        listed = await stock.list_balances(
            scope=scope, on=today, wanted=StockFilter(lot_id=lot.id, condition=Condition.GOOD, expired=False), limit=200
        )
        rows += [one for one in veil.over(listed.items) if one.place_kind in ("bin", "staging")]
    return page(
        request,
        "loan_new.html",
        wanted=wanted,
        unknown=[number for number in wanted if number.upper() not in {one.lot.number for one in rows}],
        rows=rows,
        pieces=await stock.pieces_in_good_order({one.lot.id for one in rows}),
        parties=(await parties.list_parties(scope=scope_of(stamp.grants, Permission.PARTY_READ), limit=500)).items,
    )


@get("/loans/{loan:uuid}", include_in_schema=False)
async def loan_page(request: Request[Any, Any, Any], stamp: Stamped, loan: FromPath[UUID]) -> Response[str]:
    """One loan: its lots, what is back, and taking back."""
    found, lines = await stock.get_loan(loan, stamp.require(Permission.STOCK_READ))
    mine = scope_of(stamp.grants, Permission.LOAN)
    return page(
        request,
        "loan.html",
        loan=found,
        lines=lines,
        grades=GRADES,
        staging=f"{found.site_code}/{STAGING_CODE}",
        may_take_back=mine.covers(found.site_path, found.site_id),
    )


HANDLERS: list[Any] = [loans_page, loans_export, debts_page, new_loan_page, loan_page]
