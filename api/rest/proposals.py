"""Proposals to order: run them, tick them into draft orders, put one off."""

from typing import Annotated, Any
from uuid import UUID

from litestar import get, post
from litestar.params import FromPath, FromQuery, JSONBody, QueryParameter

from api.auth.edge import VERB
from api.auth.stamps import Stamped
from api.rest import references
from api.rest.sessions import Cursor, Limit
from api.schemas.base import Changed
from api.schemas.proposals import (
    DismissIn,
    OrderProposalOut,
    ProposalOrderIn,
    ProposalOrderOut,
    ProposalRunIn,
    ProposalRunOut,
    ProposalsPage,
    ProposalWhy,
)
from catalog.kernel.access import Permission
from warehouse.planning.proposals import actions, queries
from warehouse.planning.proposals.model import Proposal, Status
from warehouse.sites import queries as sites

TAGS = ["proposals"]
Sought = Annotated[str | None, QueryParameter(max_length=100, description="Part of goods, owner or supplier.")]


@get("/proposals", opt={VERB: "proposal.list"}, tags=TAGS)
async def list_proposals(
    stamp: Stamped,
    status: FromQuery[Status] = Status.OPEN,
    q: Sought = None,
    cursor: Cursor = None,
    limit: Limit = None,
) -> ProposalsPage:
    """Proposals for owners in my scope, the newest first, each with its sum."""
    found = await queries.list_proposals(
        scope=stamp.require(Permission.ORDER_READ), status=status, text=q, cursor=cursor, limit=limit
    )
    return ProposalsPage(items=[_shown(one) for one in found.items], next_cursor=found.next_cursor)


@post("/proposals/run", opt={VERB: "proposal.run"}, tags=TAGS, status_code=200)
async def run(stamp: Stamped, data: JSONBody[ProposalRunIn]) -> ProposalRunOut:
    """Propose anew. Running again, or two at once, changes nothing."""
    region = (await references.find_regions([data.region]))[data.region]
    return ProposalRunOut(**await actions.run_proposals(stamp=stamp, region_id=region))


@post("/proposals/order", opt={VERB: "proposal.order"}, tags=TAGS)
async def order(stamp: Stamped, data: JSONBody[ProposalOrderIn]) -> ProposalOrderOut:
    """Draft orders of ticked proposals, by owner, site, supplier and fund. 409 `proposal.not-open`."""
    stamp.require(Permission.ORDER_EDIT)
    site = await sites.get_by_code(data.site, stamp.require(Permission.SITE_READ)) if data.site else None
    done = await actions.order_proposals(
        stamp=stamp,
        proposals=data.proposals,
        kind=data.kind,
        site_id=site.id if site else None,
        contract=data.contract,
        reason=data.reason,
    )
    return ProposalOrderOut(**done)


@post("/proposals/{proposal:uuid}/dismiss", opt={VERB: "proposal.dismiss"}, tags=TAGS, status_code=200)
async def dismiss(stamp: Stamped, proposal: FromPath[UUID], data: JSONBody[DismissIn]) -> Changed:
    """Not now: its cause sleeps until the day, with the reason."""
    until = references.thinkable(data.until)
    return Changed(**await actions.dismiss_proposal(stamp=stamp, proposal_id=proposal, until=until, reason=data.reason))


def _shown(one: Proposal) -> OrderProposalOut:
    skipped = ("owner_region", "item", "item_name", "site", "order", "why")
    return OrderProposalOut(
        **{name: getattr(one, name) for name in OrderProposalOut.model_fields if name not in skipped},
        owner_region=one.owner_key,
        item=one.item_key,
        item_name=one.item,
        site=one.site_code,
        order=one.order_id,
        why=ProposalWhy.model_validate(one.why, from_attributes=True),
    )


HANDLERS: list[Any] = [list_proposals, run, order, dismiss]
