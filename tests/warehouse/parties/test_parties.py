"""Parties in the database."""

from dataclasses import replace

import pytest

from catalog.kernel.access import EVERYWHERE, Role, Scope
from catalog.kernel.errors import Invalid, Missing, Refused, Stale
from catalog.regions.queries import get_by_key as region_by_key
from tests.catalog.small import as_role, house, make_city
from warehouse.parties import actions, queries, rules
from warehouse.parties.model import Duty, NewParty, PartyFacts, PartyKind
from warehouse.sites import actions as sites
from warehouse.sites.model import NewSite, SiteFacts, SiteKind


@pytest.mark.parametrize(
    ("kind", "facts"),
    [
        (PartyKind.SUPPLIER, PartyFacts("供货商", duties=(Duty.PAY,))),
        (PartyKind.OFFICE, PartyFacts("局", duties=(Duty.PAY, Duty.PAY))),
        (PartyKind.OFFICE, PartyFacts(" ")),
    ],
)
def test_what_no_party_can_be(kind: PartyKind, facts: PartyFacts) -> None:
    with pytest.raises(Invalid):
        rules.check_facts(kind, facts)


async def make(regions: dict[str, int]) -> dict[str, int]:
    new = [
        NewParty(
            "north-yj", PartyKind.OFFICE, PartyFacts("新北区应急局", region_id=regions["north"], duties=(Duty.DECIDE,))
        ),
        NewParty(
            "south-lc", PartyKind.OFFICE, PartyFacts("武进区粮储局", region_id=regions["south"], duties=(Duty.HOLD,))
        ),
        NewParty("maker", PartyKind.SUPPLIER, PartyFacts("江南帐篷厂", contact="王工", phone="0519")),
        NewParty("mill", PartyKind.ENTERPRISE, PartyFacts("雪堰粮油公司", region_id=regions["lake"])),
    ]
    ids = await actions.create_parties(stamp=house(), parties=new)
    return {one.key: i for one, i in zip(new, ids, strict=True)}


async def keys(scope: Scope, **conditions: object) -> list[str]:
    return [p.key for p in (await queries.list_parties(scope=scope, **conditions)).items]  # type: ignore[arg-type]


async def test_a_party_is_seen_in_its_scope_and_one_without_a_region_everywhere(database: object) -> None:
    regions = await make_city()
    ids = await make(regions)
    north = Scope(((await region_by_key("north")).path,))
    assert await keys(EVERYWHERE) == ["maker", "mill", "north-yj", "south-lc"]
    assert await keys(north) == ["maker", "north-yj"]
    assert await queries.find_party(ids["mill"], north) is None
    (site,) = await sites.create_sites(
        stamp=house(),
        sites=[NewSite("XB01", SiteFacts("代储点", SiteKind.ENTERPRISE, regions["north"], custodian_id=ids["mill"]))],
    )
    assert await keys(Scope(site_ids=frozenset({site}))) == ["maker", "mill"], "whoever keeps a site I see"
    assert await keys(EVERYWHERE, query="yjj") == ["north-yj"]
    assert await keys(EVERYWHERE, kind=PartyKind.SUPPLIER) == ["maker"]
    assert await keys(EVERYWHERE, duty=Duty.HOLD) == ["south-lc"]
    assert (await queries.find_names([ids["mill"]]))[ids["mill"]].name_zh == "雪堰粮油公司"


async def test_rights_versions_and_keys(database: object) -> None:
    regions = await make_city()
    ids = await make(regions)
    buyer = await as_role(Role.PURCHASER, "north")
    facts = PartyFacts("江南帐篷制造厂")
    assert await actions.edit_party(stamp=buyer, party_id=ids["maker"], version=1, facts=facts) == 2
    with pytest.raises(Missing):
        await actions.edit_party(
            stamp=await as_role(Role.PURCHASER, "north"), party_id=ids["south-lc"], version=1, facts=facts
        )
    with pytest.raises(Missing):
        await actions.edit_party(
            stamp=await as_role(Role.PURCHASER, "north"),
            party_id=ids["maker"],
            version=2,
            facts=replace(facts, region_id=regions["south"]),
        )
    with pytest.raises(Stale):
        await actions.edit_party(stamp=house(), party_id=ids["maker"], version=1, facts=facts)
    await actions.retire_party(stamp=house(), party_id=ids["maker"], version=2)
    assert "maker" not in await keys(EVERYWHERE)
    with pytest.raises(Refused) as refused:
        await actions.create_parties(stamp=house(), parties=[NewParty("maker", PartyKind.DONOR, facts)])
    assert refused.value.code == "party.key-taken"
