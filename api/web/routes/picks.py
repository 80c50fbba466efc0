"""Pick lists: those open, a new one, and one with its lines in walking order."""

from typing import Any
from uuid import UUID

from litestar import Request, Response, get
from litestar.params import FromPath

from api.auth.stamps import Stamped
from api.web.pages import page
from api.web.routes import asked
from catalog.kernel.access import Permission
from warehouse.picking import queries as picks
from warehouse.picking.model import Status
from warehouse.sites import queries as sites


@get("/picks", include_in_schema=False)
async def picks_page(request: Request[Any, Any, Any], stamp: Stamped) -> Response[str]:
    """Pick lists in scope: the open ones unless others are asked for."""
    scope = stamp.require(Permission.STOCK_READ)
    wanted = request.query_params.get("status", "open")
    site = await asked.site(request, scope)
    listed = await picks.list_picks(
        scope=scope,
        site_code=site.code if site else None,
        status=asked.member(request, "status", Status) if wanted != "open" else Status.OPEN,
        cursor=asked.cursor(request),
        limit=asked.PAGE,
    )
    known = await sites.list_sites(scope=scope, limit=200)
    return page(
        request, "picks.html", listed=listed, site=site, sites=known.items, wanted=wanted, statuses=list(Status)
    )


@get("/picks/new", include_in_schema=False)
async def new_pick_page(request: Request[Any, Any, Any], stamp: Stamped) -> Response[str]:
    """What is wanted, of which store. Denied without the right to issue."""
    scope = stamp.require(Permission.ISSUE)
    known = await sites.list_sites(scope=scope, limit=200)
    return page(request, "pick_new.html", sites=known.items, site=await asked.site(request, scope))


@get("/picks/{pick:uuid}", include_in_schema=False)
async def pick_page(request: Request[Any, Any, Any], stamp: Stamped, pick: FromPath[UUID]) -> Response[str]:
    """One pick list, N of M per line."""
    return page(request, "pick.html", pick=await picks.get_pick(pick, stamp.require(Permission.STOCK_READ)))


HANDLERS: list[Any] = [picks_page, new_pick_page, pick_page]
