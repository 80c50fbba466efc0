"""What the security administrator watches: devices, sessions, locks, accounts that want a look."""

from datetime import timedelta
from typing import Any

from litestar import Request, Response, get

from api.auth.edge import edge_of
from api.auth.stamps import Calling, Stamped
from api.web.routes import asked
from api.web.routes.admin.sections import desk
from catalog.kernel.access import Permission
from catalog.regions import queries as regions
from catalog.regions.model import Tier
from warehouse.people import queries
from warehouse.sites import queries as sites

UNUSED_DAYS = (30, 90, 180, 365)


@get("/admin/tokens", include_in_schema=False)
async def tokens_page(request: Request[Any, Any, Any], stamp: Stamped, caller: Calling) -> Response[str]:
    """Tokens of people in scope, and a new one for a device."""
    scope = stamp.require(Permission.TOKEN_EDIT)
    listed = await queries.list_tokens(
        scope=scope, own=caller.person_id, cursor=asked.cursor(request), limit=asked.PAGE
    )
    people = await queries.list_people(scope=scope, limit=500)
    known = await sites.list_sites(scope=stamp.require(Permission.SITE_READ), limit=500)
    return desk(
        request,
        "admin_tokens.html",
        listed=listed,
        people=people.items,
        sites=known.items,
        regions=[one for one in await regions.list_in(scope) if one.tier is not Tier.VILLAGE],
        now=edge_of(request).clock(),
        days=edge_of(request).policy.token_age.days,
    )


@get("/admin/sessions", include_in_schema=False)
async def sessions_page(request: Request[Any, Any, Any], stamp: Stamped, caller: Calling) -> Response[str]:
    """Sessions still open."""
    listed = await queries.list_sessions(
        scope=stamp.require(Permission.SESSION_REVOKE),
        own=caller.person_id,
        now=edge_of(request).clock(),
        cursor=asked.cursor(request),
        limit=asked.PAGE,
    )
    return desk(request, "admin_sessions.html", listed=listed, current=caller.session_uuid)


@get("/admin/locks", include_in_schema=False)
async def locks_page(request: Request[Any, Any, Any], stamp: Stamped) -> Response[str]:
    """Accounts and addresses that are locked now."""
    edge = edge_of(request)
    locks = await queries.list_locks(scope=stamp.require(Permission.UNLOCK), now=edge.clock(), policy=edge.policy)
    return desk(request, "admin_locks.html", locks=locks, policy=edge.policy)


@get("/admin/accounts", include_in_schema=False)
async def accounts_page(request: Request[Any, Any, Any], stamp: Stamped) -> Response[str]:
    """Accounts that nobody seems to need, or that several people seem to use."""
    days = asked.number(request, "days", 3650) or 90
    found = await queries.list_surplus(
        scope=stamp.require(Permission.GRANT_EDIT), now=edge_of(request).clock(), unused=timedelta(days=days)
    )
    return desk(request, "admin_accounts.html", found=found, days=days, choices=UNUSED_DAYS)


HANDLERS: list[Any] = [tokens_page, sessions_page, locks_page, accounts_page]
