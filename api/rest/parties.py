"""Parties: offices with duties, suppliers, carriers, test houses, donors, neighbour cities, enterprises."""

from collections.abc import Sequence
from typing import Annotated, Any

from litestar import Response, delete, get, post, put
from litestar.params import FromQuery, JSONBody, PathParameter, QueryParameter

from api.auth.edge import VERB
from api.auth.stamps import Stamped
from api.rest.conditions import IfMatch, etag, read_version
from api.rest.sessions import Cursor, Limit
from api.schemas.catalog import Created, Edited, RegionRef
from api.schemas.places import PartiesPage, PartyFactsIn, PartyNew, PartyOut
from catalog.kernel.access import Permission
from catalog.regions import queries as regions
from warehouse.parties import actions, queries
from warehouse.parties.model import Duty, NewParty, Party, PartyFacts, PartyKind

Sought = Annotated[str | None, QueryParameter(max_length=100, description="Name, pinyin, initials, key or contact.")]
KeyOf = Annotated[str | None, QueryParameter(max_length=40)]
InPath = Annotated[str, PathParameter(max_length=40)]


@get("/parties", opt={VERB: "party.list"}, tags=["parties"])
async def list_parties(
    stamp: Stamped,
    q: Sought = None,
    kind: FromQuery[PartyKind | None] = None,
    duty: FromQuery[Duty | None] = None,
    region: KeyOf = None,
    retired: FromQuery[bool] = False,
    cursor: Cursor = None,
    limit: Limit = None,
) -> PartiesPage:
    """Parties in my scope by key."""
    page = await queries.list_parties(
        scope=stamp.require(Permission.PARTY_READ),
        query=q,
        kind=kind,
        duty=duty,
        region_id=(await regions.get_by_key(region)).id if region is not None else None,
        retired=retired,
        cursor=cursor,
        limit=limit,
    )
    return PartiesPage(items=await _shown(page.items), next_cursor=page.next_cursor)


@get("/parties/{party:str}", opt={VERB: "party.read"}, tags=["parties"])
async def get_party(stamp: Stamped, party: InPath) -> Response[PartyOut]:
    """One party. The ETag is the version to send as If-Match."""
    found = await queries.get_by_key(party, stamp.require(Permission.PARTY_READ))
    return Response((await _shown([found]))[0], headers=etag(found.version))


@post("/parties", opt={VERB: "party.create"}, tags=["parties"])
async def create_party(stamp: Stamped, data: JSONBody[PartyNew]) -> Created:
    """A new party. 409 `party.key-taken`."""
    new = NewParty(data.key, data.kind, await _facts(data))
    (party_id,) = await actions.create_parties(stamp=stamp, parties=[new])
    return Created(id=party_id, key=data.key, version=1)


@put("/parties/{party:str}", opt={VERB: "party.edit"}, tags=["parties"])
async def edit_party(
    stamp: Stamped, party: InPath, data: JSONBody[PartyFactsIn], if_match: IfMatch
) -> Response[Edited]:
    """Replace the editable part. 409 `party.stale` when somebody else was faster."""
    found = await queries.get_by_key(party, stamp.require(Permission.PARTY_EDIT))
    version = await actions.edit_party(
        stamp=stamp, party_id=found.id, version=read_version(if_match), facts=await _facts(data)
    )
    return Response(Edited(key=party, version=version), headers=etag(version))


@delete("/parties/{party:str}", opt={VERB: "party.retire"}, tags=["parties"], status_code=200)
async def retire_party(stamp: Stamped, party: InPath, if_match: IfMatch) -> Response[Edited]:
    """Take a party out of use; its key stays taken."""
    found = await queries.get_by_key(party, stamp.require(Permission.PARTY_EDIT))
    version = await actions.retire_party(stamp=stamp, party_id=found.id, version=read_version(if_match))
    return Response(Edited(key=party, version=version), headers=etag(version))


async def _facts(data: PartyFactsIn) -> PartyFacts:
    return PartyFacts(
        name_zh=data.name_zh,
        name_en=data.name_en,
        region_id=(await regions.get_by_key(data.region)).id if data.region is not None else None,
        duties=tuple(data.duties),
        contact=data.contact,
        phone=data.phone,
        source=data.source,
    )


async def _shown(parties: Sequence[Party]) -> list[PartyOut]:
    found = await regions.find_regions_by_id({party.region_id for party in parties if party.region_id is not None})
    return [
        PartyOut(
            **{name: getattr(party, name) for name in PartyOut.model_fields if name != "region"},
            region=RegionRef.model_validate(found[party.region_id], from_attributes=True)
            if party.region_id is not None
            else None,
        )
        for party in parties
    ]


HANDLERS: list[Any] = [list_parties, get_party, create_party, edit_party, retire_party]
