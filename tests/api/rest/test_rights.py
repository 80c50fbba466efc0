"""Why somebody may do something, who may do it, which accounts and locks want a look."""

from catalog.kernel.access import ROLES, Permission, Role
from tests.api.auth.conftest import House, attempt


async def test_every_right_names_the_role_that_gives_it(house: House) -> None:
    async with house.as_("sec") as client:
        answer = await client.get(f"/api/v1/people/{house.city.people['keeper']}/rights")
        reasons = answer.json()["items"]
    assert {one["permission"] for one in reasons} == {p.value for p in ROLES[Role.KEEPER]}
    assert {(one["grant"]["role"], one["grant"]["region"]) for one in reasons} == {("keeper", "NORTH")}


async def test_who_may_do_it_here_and_nobody_elsewhere(house: House) -> None:
    async with house.as_("sec") as client:
        for site, found in (("XB01", {"keeper"}), ("WJ01", set())):
            answer = await client.get("/api/v1/rights", params={"permission": "stock.issue", "site": site})
            assert {one["login"] for one in answer.json()["items"]} == found
        nowhere = await client.get("/api/v1/rights", params={"permission": Permission.ISSUE.value})
        assert (nowhere.status_code, nowhere.json()["code"]) == (400, "grant.one-place")
        person = house.city.people["keeper"]
        grant = (await client.get(f"/api/v1/people/{person}")).json()["roles"][0]["id"]
        assert (await client.delete(f"/api/v1/roles/{grant}", headers=attempt())).status_code == 200
        gone = await client.get("/api/v1/rights", params={"permission": "stock.issue", "site": "XB01"})
        assert gone.json()["items"] == []


async def test_one_district_does_not_see_the_other(house: House) -> None:
    async with house.as_("sec-north") as client:
        answer = await client.get("/api/v1/rights", params={"permission": "site.read", "region": "CITY"})
        assert {one["login"] for one in answer.json()["items"]} == set()
        assert (await client.get(f"/api/v1/people/{house.city.people['south']}/rights")).status_code == 404


async def test_a_lock_is_listed_until_it_is_ended(house: House) -> None:
    async with house.visitor() as stranger:
        for _ in range(5):
            await stranger.post("/api/v1/sessions", json={"login": "keeper", "password": "wrong"})
    async with house.as_("sec") as client:
        (lock,) = (await client.get("/api/v1/locks")).json()["items"]
        assert (lock["kind"], lock["name"], lock["failures"]) == ("account", "keeper", 5)
        await client.post(f"/api/v1/people/{lock['person_uuid']}/unlock", headers=attempt())
        assert (await client.get("/api/v1/locks")).json()["items"] == []


async def test_accounts_that_nobody_uses_or_many_use(house: House) -> None:
    async def why(days: int = 90) -> dict[str, list[str]]:
        async with house.as_("sec") as client:
            answer = await client.get("/api/v1/accounts/surplus", params={"days": days})
            return {one["login"]: one["why"] for one in answer.json()["items"]}

    assert await why() == {"new": ["no-role"]}
    house.city.clock.move(days=29)
    async with house.as_("keeper"):
        house.city.clock.move(days=2)
    found = await why(30)
    assert found["south"] == ["never"]
    assert found["new"] == ["never", "no-role"]
    assert "keeper" not in found


async def test_one_account_in_several_hands(house: House) -> None:
    for address in ("10.0.0.1", "10.0.0.2", "10.0.0.3"):
        async with house.visitor(address) as client:
            await client.post("/api/v1/sessions", json={"login": "keeper", "password": "Beiyu-2026-x"})
    async with house.as_("sec") as client:
        found = (await client.get("/api/v1/accounts/surplus")).json()["items"]
        assert [one["why"] for one in found if one["login"] == "keeper"] == [["many-places"]]
