"""Why somebody may do something, who may do it, and which accounts and locks want a look."""

from datetime import timedelta
from typing import Annotated, Any
from uuid import UUID

from litestar import Request, get
from litestar.params import FromPath, FromQuery, QueryParameter

from api.auth.edge import VERB, edge_of
from api.auth.stamps import Stamped
from api.rest.sessions import role_out
from api.schemas.people import LockOut, LocksOut, ReasonOut, ReasonsOut, SurplusList, SurplusOut
from catalog.kernel.access import Permission
from catalog.kernel.errors import Invalid
from catalog.regions import queries as regions
from warehouse.people import queries
from warehouse.people.model import Reason
from warehouse.sites import queries as sites

KeyOf = Annotated[str | None, QueryParameter(max_length=40)]
Days = Annotated[int, QueryParameter(ge=1, le=3650, description="Unused for so many days.")]


@get("/people/{person:uuid}/rights", opt={VERB: "person.rights"}, tags=["people"])
async def read_rights(stamp: Stamped, person: FromPath[UUID]) -> ReasonsOut:
    """What this person may do, where, and which grant gives it."""
    found = await queries.get_person(person, stamp.require(Permission.PERSON_READ))
    return ReasonsOut(items=[_out(reason) for reason in await queries.list_reasons(found)])


@get("/rights", opt={VERB: "rights.holders"}, tags=["people"])
async def list_holders(
    stamp: Stamped, permission: FromQuery[Permission], region: KeyOf = None, site: KeyOf = None
) -> ReasonsOut:
    """Who of the people in my scope may do `permission` at a region or a site, and why."""
    scope = stamp.require(Permission.PERSON_READ)
    if (region is None) == (site is None):
        raise Invalid("grant.one-place", "须指定一个行政区划或一个储备库")
    if site is not None:
        found = await sites.get_by_code(site, stamp.require(Permission.SITE_READ))
        path, site_id = found.path, found.id
    else:
        path, site_id = (await regions.get_by_key(region or "")).path, None
    holders = await queries.list_holders(scope=scope, permission=permission, path=path, site_id=site_id)
    return ReasonsOut(items=[_out(reason) for reason in holders])


@get("/locks", opt={VERB: "lock.list"}, tags=["people"])
async def list_locks(request: Request[Any, Any, Any], stamp: Stamped) -> LocksOut:
    """Accounts and addresses that are locked now."""
    edge = edge_of(request)
    found = await queries.list_locks(scope=stamp.require(Permission.UNLOCK), now=edge.clock(), policy=edge.policy)
    return LocksOut(items=[LockOut.model_validate(lock, from_attributes=True) for lock in found])


@get("/accounts/surplus", opt={VERB: "account.surplus"}, tags=["people"])
async def list_surplus(request: Request[Any, Any, Any], stamp: Stamped, days: Days = 90) -> SurplusList:
    """Accounts that nobody seems to need, or that several people seem to use."""
    found = await queries.list_surplus(
        scope=stamp.require(Permission.GRANT_EDIT), now=edge_of(request).clock(), unused=timedelta(days=days)
    )
    return SurplusList(items=[SurplusOut.model_validate(one, from_attributes=True) for one in found])


def _out(reason: Reason) -> ReasonOut:
    return ReasonOut(
        person=reason.person_uuid,
        login=reason.login,
        name_zh=reason.name_zh,
        permission=reason.permission,
        city_wide=reason.path == "/",
        grant=role_out(reason.grant),
    )


HANDLERS: list[Any] = [read_rights, list_holders, list_locks, list_surplus]
