"""The box in the header: one exact hit goes straight there, else everything found, in groups."""

from typing import Any
from urllib.parse import quote

from litestar import Request, Response, get
from litestar.response import Redirect

from api.auth.stamps import Stamped
from api.web.pages import page, viewer_of
from catalog.kernel.access import Permission, scope_of
from warehouse.search import queries
from warehouse.search.model import Hit, Kind
from warehouse.search.rules import MOST

LEADS = {
    Kind.LOT: "/lots/{}",
    Kind.SERIAL: "/serials/{}",
    Kind.PALLET: "/pallets/{}",
    Kind.BOX: "/shipments/{}",
    Kind.BIN: "/bins/{}",
    Kind.SITE: "/sites/{}",
    Kind.ITEM: "/items/{}",
    Kind.DELIVERY: "/deliveries/{}",
    Kind.COUNT: "/counts/{}",
    Kind.PAPER: "/api/v1/papers/{}.pdf",
    Kind.CASE: "/cases?status=all#{}",
}
"""Where a hit's page is; a box is a part of its shipment's. Parties and people are shown here only."""


def address(hit: Hit) -> str | None:
    """The page of a hit, None where it has none."""
    lead = LEADS.get(hit.kind)
    return lead.format(quote(hit.key, safe="#" if hit.kind is Kind.BOX else "")) if lead else None


@get("/search", include_in_schema=False)
async def search_page(request: Request[Any, Any, Any], stamp: Stamped) -> Response[Any]:
    """What a name, number, code or scan finds in the caller's sight."""
    if scope_of(stamp.grants, Permission.STOCK_READ).empty:
        stamp.require(Permission.SITE_READ)
    text = request.query_params.get("q", "")
    found = await queries.search(text=text, stamp=stamp, today=viewer_of(request).today)
    to = address(found.only) if found.only and "stay" not in request.query_params else None
    if to is not None:
        return Redirect(to, status_code=303)
    groups = [(kind, [(hit, address(hit)) for hit in hits]) for kind in Kind if (hits := found.of(kind))]
    return page(request, "search.html", found=found, groups=groups, most=MOST)


HANDLERS: list[Any] = [search_page]
