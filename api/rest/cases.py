"""Discrepancy cases: opened by the books, settled by a person with words."""

from typing import Annotated, Any
from uuid import UUID

from litestar import Response, get, post
from litestar.params import FromPath, FromQuery, HeaderParameter, JSONBody, QueryParameter

from api.auth.edge import VERB
from api.auth.stamps import Stamped
from api.rest.conditions import etag, read_version
from api.rest.sessions import Cursor, Limit
from api.schemas.cases import AssignIn, CaseAssigned, CaseOut, CaseSettled, CasesPage, CaseStatus, SettleIn
from catalog.kernel.access import Permission
from catalog.kernel.time import day_of
from warehouse.sites import queries as sites
from warehouse.stock import actions
from warehouse.stock.queries import held as queries
from warehouse.stock.queries.held import CaseRow

TAGS = ["cases"]
MaybeMatch = Annotated[
    str | None,
    HeaderParameter(name="If-Match", required=False, description="The version that was read, as its ETag"),
]


@get("/cases", opt={VERB: "case.list"}, tags=TAGS)
async def list_cases(
    stamp: Stamped,
    status: FromQuery[CaseStatus | None] = None,
    site: Annotated[str | None, QueryParameter(max_length=40)] = None,
    document: FromQuery[UUID | None] = None,
    owner: Annotated[str | None, QueryParameter(max_length=40, description="A login; `me` for my own.")] = None,
    overdue: FromQuery[bool] = False,
    cursor: Cursor = None,
    limit: Limit = None,
) -> CasesPage:
    """Cases of sites in my scope, the newest first; `document` is the delivery or count they belong to."""
    scope = stamp.require(Permission.STOCK_READ)
    page = await queries.list_cases(
        scope=scope,
        status=status,
        site_id=(await sites.get_by_code(site, scope)).id if site else None,
        document_id=document,
        owner=stamp.login if owner == "me" else owner,
        overdue_on=day_of(stamp.recorded_at) if overdue else None,
        cursor=cursor,
        limit=limit,
    )
    return CasesPage(items=[_shown(one) for one in page.items], next_cursor=page.next_cursor)


@get("/cases/{case:uuid}", opt={VERB: "case.read"}, tags=TAGS)
async def get_case(stamp: Stamped, case: FromPath[UUID]) -> Response[CaseOut]:
    """One case. The ETag is its version."""
    found = await queries.get_case(case, stamp.require(Permission.STOCK_READ))
    return Response(_shown(found), headers=etag(found.version))


def _shown(case: CaseRow) -> CaseOut:
    values = {name: getattr(case, name) for name in CaseOut.model_fields if hasattr(case, name)}
    return CaseOut(**(values | {"id": case.uuid, "site": case.site_code, "document": case.document_id}))


@post("/cases/{case:uuid}/settle", opt={VERB: "case.settle"}, tags=TAGS, status_code=200)
async def settle_case(
    stamp: Stamped, case: FromPath[UUID], data: JSONBody[SettleIn], if_match: MaybeMatch = None
) -> CaseSettled:
    """Say how it ended. 409 `case.settled` when it is settled already, `case.stale` when somebody was faster."""
    version = read_version(if_match) if if_match else None
    done = await actions.settle_case(
        stamp=stamp, case=case, settlement=data.settlement, outcome=data.outcome, version=version
    )
    return CaseSettled(**{name: done[name] for name in CaseSettled.model_fields if name in done})


@post("/cases/{case:uuid}/assign", opt={VERB: "case.assign"}, tags=TAGS, status_code=200)
async def assign_case(
    stamp: Stamped, case: FromPath[UUID], data: JSONBody[AssignIn], if_match: MaybeMatch = None
) -> CaseAssigned:
    """Say who sees to it and by when. 409 `case.owner-not-able` for somebody who may not settle cases there."""
    done = await actions.assign_case(
        stamp=stamp,
        case=case,
        owner=data.owner,
        owner_role=data.owner_role,
        due_on=data.due_on,
        version=read_version(if_match) if if_match else None,
    )
    return CaseAssigned(**{name: done[name] for name in CaseAssigned.model_fields if name in done})


HANDLERS: list[Any] = [list_cases, get_case, settle_case, assign_case]
