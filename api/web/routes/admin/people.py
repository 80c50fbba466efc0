"""People: accounts, roles, and why somebody may do something."""

from collections.abc import Sequence
from typing import Any
from uuid import UUID

from litestar import Request, Response, get
from litestar.params import FromPath

from api.auth.edge import edge_of
from api.auth.stamps import Calling, Stamped
from api.web.pages import viewer_of
from api.web.routes import asked
from api.web.routes.admin.sections import check_open, desk
from catalog.kernel.access import Permission, Role, scope_of
from catalog.kernel.stamp import Stamp
from catalog.regions import queries as regions
from catalog.regions.model import Region
from warehouse.parties import queries as parties
from warehouse.parties.model import Party
from warehouse.people import queries
from warehouse.people.model import Reason
from warehouse.sites import queries as sites


async def tree() -> list[Region]:
    """All regions in use from the city down, parents before children."""
    return [one for one in await regions.list_subtree(await regions.root_path()) if one.retired_at is None]


async def offices_of(stamp: Stamp) -> Sequence[Party]:
    """The offices and firms that somebody may read, to choose from."""
    scope = scope_of(stamp.grants, Permission.PARTY_READ)
    return [] if scope.empty else (await parties.list_parties(scope=scope, limit=500)).items


@get("/admin/people", include_in_schema=False)
async def people_page(request: Request[Any, Any, Any], stamp: Stamped) -> Response[str]:
    """Accounts in scope, and the form of a new one."""
    scope = stamp.require(Permission.PERSON_READ)
    listed = await queries.list_people(
        scope=scope,
        text=asked.text(request, "q"),
        retired=request.query_params.get("retired") == "yes",
        cursor=asked.cursor(request),
        limit=asked.PAGE,
    )
    grants = await queries.list_grants_of([person.id for person in listed.items])
    return desk(
        request,
        "admin_people.html",
        listed=listed,
        grants=grants,
        regions=await tree(),
        offices=await offices_of(stamp),
    )


@get("/admin/people/{person_id:uuid}", include_in_schema=False)
async def person_page(
    request: Request[Any, Any, Any], stamp: Stamped, caller: Calling, person_id: FromPath[UUID]
) -> Response[str]:
    """One account: its facts, its roles, and what they let it do, where and why."""
    check_open(request)
    person = await queries.get_person(person_id, stamp.require(Permission.PERSON_READ))
    since, codes_left = await queries.find_second_factor(person.id)
    known = await sites.list_sites(scope=stamp.require(Permission.SITE_READ), limit=500)
    return desk(
        request,
        "admin_person.html",
        person=person,
        own=person.id == caller.person_id,
        grants=await queries.list_grants(person.id),
        past=[grant for grant in await queries.list_grants(person.id, revoked=True) if grant.revoked_at],
        reasons=_grouped(await queries.list_reasons(person)),
        second_factor=since,
        codes_left=codes_left,
        roles=list(Role),
        regions=await tree(),
        sites=known.items,
        offices=await offices_of(stamp),
        policy=edge_of(request).policy,
    )


def _grouped(reasons: Any) -> dict[Permission, list[Reason]]:
    found: dict[Permission, list[Reason]] = {}
    for reason in reasons:
        found.setdefault(reason.permission, []).append(reason)
    return found


@get("/admin/rights", include_in_schema=False)
async def rights_page(request: Request[Any, Any, Any], stamp: Stamped) -> Response[str]:
    """Who may do one thing at one place, and why."""
    scope = stamp.require(Permission.GRANT_EDIT)
    known = await sites.list_sites(scope=stamp.require(Permission.SITE_READ), limit=500)
    permission = asked.member(request, "permission", Permission)
    site = await asked.site(request, stamp.require(Permission.SITE_READ))
    holders = None
    if permission is not None and site is not None:
        holders = await queries.list_holders(scope=scope, permission=permission, path=site.path, site_id=site.id)
    return desk(
        request,
        "admin_rights.html",
        sites=known.items,
        site=site,
        permission=permission,
        permissions=list(Permission),
        holders=holders,
        today=viewer_of(request).today,
    )


HANDLERS: list[Any] = [people_page, person_page, rights_page]
