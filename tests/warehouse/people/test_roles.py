"""Giving roles and tokens on a real database."""

import asyncio

import pytest

from catalog.kernel import db
from catalog.kernel.access import Permission, Role, scope_of
from catalog.kernel.errors import Denied, Invalid, Missing, Refused
from tests.warehouse.people.city import POLICY, City
from warehouse.people import actions, queries
from warehouse.people.actions.sessions import hash_of
from warehouse.people.model import TokenKind


async def held(login: str) -> set[str]:
    """The roles of a person."""
    person = await queries.find_by_login(login)
    assert person is not None
    return {grant.role.value for grant in await queries.load_grants(person.id)}


async def test_a_role_holds_where_it_was_given(city: City) -> None:
    await actions.give_role(
        stamp=await city.stamp("sec"), person=city.people["new"], role=Role.KEEPER, region_key="TOWN"
    )
    person = await queries.find_by_login("new")
    assert person is not None
    scope = scope_of(await queries.load_grants(person.id), Permission.ISSUE)
    assert scope.covers("/1/2/4/")
    assert not scope.covers("/1/2/")


async def test_a_role_for_one_site(city: City) -> None:
    await actions.give_role(
        stamp=await city.stamp("sec-north"), person=city.people["new"], role=Role.KEEPER, site_code="XB01"
    )
    person = await queries.find_by_login("new")
    assert person is not None
    scope = scope_of(await queries.load_grants(person.id), Permission.ISSUE)
    assert scope.covers("/1/2/", 1)
    assert not scope.covers("/1/2/")


async def test_nobody_gives_beyond_their_own_scope(city: City) -> None:
    stamp = await city.stamp("sec-north")
    for person, region in (("new", "SOUTH"), ("south", "NORTH"), ("new", "CITY")):
        with pytest.raises(Missing):
            await actions.give_role(
                stamp=await city.stamp("sec-north"), person=city.people[person], role=Role.KEEPER, region_key=region
            )
    with pytest.raises(Missing):
        await actions.give_role(stamp=stamp, person=city.people["new"], role=Role.KEEPER, site_code="WJ01")
    with pytest.raises(Denied):
        await actions.give_role(
            stamp=await city.stamp("sys"), person=city.people["new"], role=Role.KEEPER, region_key="NORTH"
        )


async def test_nobody_gives_or_takes_their_own(city: City) -> None:
    with pytest.raises(Denied, match=r"grant\.own-account"):
        await actions.give_role(
            stamp=await city.stamp("sec"), person=city.people["sec"], role=Role.SECURITY_ADMIN, region_key="NORTH"
        )


async def test_exactly_one_place(city: City) -> None:
    for place in ({}, {"region_key": "NORTH", "site_code": "XB01"}):
        with pytest.raises(Invalid, match=r"grant\.one-place"):
            await actions.give_role(stamp=await city.stamp("sec"), person=city.people["new"], role=Role.KEEPER, **place)


async def test_administrators_exclude_business_also_when_given_at_once(city: City) -> None:
    with pytest.raises(Refused, match=r"grant\.exclusive-roles"):
        await actions.give_role(
            stamp=await city.stamp("sec"), person=city.people["sys"], role=Role.KEEPER, region_key="NORTH"
        )
    stamps = [await city.stamp("sec") for _ in range(4)]
    roles = [Role.KEEPER, Role.AUDIT_ADMIN, Role.SYSTEM_ADMIN, Role.SECURITY_ADMIN]
    done = await asyncio.gather(
        *(
            actions.give_role(stamp=s, person=city.people["new"], role=r, region_key="NORTH")
            for s, r in zip(stamps, roles, strict=True)
        ),
        return_exceptions=True,
    )
    assert sum(isinstance(d, Refused) for d in done) == 3
    assert len(await held("new")) == 1


async def test_a_role_taken_away_may_be_given_again(city: City) -> None:
    stamp = await city.stamp("sec")
    grant = await actions.give_role(stamp=stamp, person=city.people["new"], role=Role.KEEPER, region_key="NORTH")
    with pytest.raises(Refused, match=r"grant\.held"):
        await actions.give_role(
            stamp=await city.stamp("sec"), person=city.people["new"], role=Role.KEEPER, region_key="NORTH"
        )
    from uuid import UUID

    await actions.revoke_role(stamp=await city.stamp("sec"), grant=UUID(grant["grant"]))
    assert await held("new") == set()
    await actions.give_role(
        stamp=await city.stamp("sec"), person=city.people["new"], role=Role.KEEPER, region_key="NORTH"
    )
    assert await held("new") == {"keeper"}


async def test_a_refused_grant_leaves_nothing(city: City) -> None:
    before = await db.fetch_value("SELECT count(*) FROM audit")
    with pytest.raises(Refused):
        await actions.give_role(
            stamp=await city.stamp("sec"), person=city.people["aud"], role=Role.KEEPER, region_key="NORTH"
        )
    assert await db.fetch_value("SELECT count(*) FROM audit") == before
    assert await held("aud") == {"audit_admin"}


# --- tokens -------------------------------------------------------------------------------------------


async def test_a_token_is_its_person_narrowed(city: City) -> None:
    made = await actions.create_token(
        stamp=await city.stamp("keeper"),
        person=city.people["keeper"],
        kind=TokenKind.API,
        name="手持机",
        policy=POLICY,
        permissions=frozenset({Permission.ISSUE, Permission.STOCK_READ}),
        site_code="XB01",
    )
    caller = await queries.find_token_caller(hash_of(made["secret"]))
    assert caller is not None
    assert scope_of(caller.grants, Permission.ISSUE).site_ids == {1}
    assert scope_of(caller.grants, Permission.ISSUE).paths == ()
    assert scope_of(caller.grants, Permission.RECEIVE).empty


async def test_a_token_shrinks_with_its_person(city: City) -> None:
    made = await actions.create_token(
        stamp=await city.stamp("keeper"),
        person=city.people["keeper"],
        kind=TokenKind.API,
        name="接口",
        policy=POLICY,
    )
    await db.execute("UPDATE role_grant SET revoked_at = now() WHERE role = 'keeper'")
    caller = await queries.find_token_caller(hash_of(made["secret"]))
    assert caller is not None
    assert caller.grants == ()


async def test_an_administrator_cannot_borrow_a_hand(city: City) -> None:
    with pytest.raises(Denied, match=r"token\.not-own"):
        await actions.create_token(
            stamp=await city.stamp("sec"),
            person=city.people["keeper"],
            kind=TokenKind.API,
            name="x",
            policy=POLICY,
        )
    made = await actions.create_token(
        stamp=await city.stamp("sec"), person=city.people["keeper"], kind=TokenKind.DEVICE, name="大屏", policy=POLICY
    )
    caller = await queries.find_token_caller(hash_of(made["secret"]))
    assert caller is not None
    assert scope_of(caller.grants, Permission.STOCK_READ).paths == ("/1/2/",)
    assert scope_of(caller.grants, Permission.ISSUE).empty


async def test_a_repeat_does_not_tell_the_secret_again(city: City) -> None:
    stamp = await city.stamp("keeper", "same")
    first = await actions.create_token(
        stamp=stamp, person=city.people["keeper"], kind=TokenKind.API, name="x", policy=POLICY
    )
    again = await actions.create_token(
        stamp=stamp, person=city.people["keeper"], kind=TokenKind.API, name="x", policy=POLICY
    )
    assert first["secret"]
    assert (again["token"], again["secret"], again["repeat"]) == (first["token"], None, True)
    assert not await db.fetch_value("SELECT count(*) FROM attempt WHERE strpos(receipt::text, $1) > 0", first["secret"])
