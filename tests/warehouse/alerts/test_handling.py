"""What people do with alerts, and what time does: all or none, safe to send twice, escalated to the tier above."""

from dataclasses import replace
from datetime import timedelta
from uuid import UUID, uuid4

import asyncpg
import pytest

from catalog.kernel.access import EVERYWHERE, ROLES, Grant, Role, Scope
from catalog.kernel.errors import Invalid, Missing, Refused
from tests.warehouse.alerts.test_judging import NOW, TODAY, caught_up, need, put, settled
from tests.warehouse.stock import world
from warehouse.alerts import actions
from warehouse.alerts.model import EventVerb, Status
from warehouse.alerts.queries import alerts as queries
from warehouse.alerts.queries.alerts import AlertFilter
from warehouse.alerts.queries.why import why
from warehouse.stock.model import Lot


def keeper(path: str = "/1/2/4/") -> world.Stamp:
    grants = (Grant(Role.KEEPER, path, ROLES[Role.KEEPER]),)
    return replace(world.stamp(), attempt=uuid4(), login="keeper", person_id=1, grants=grants)


async def one_alert(hall: asyncpg.Connection, have: int = 15) -> tuple[UUID, Lot]:
    await put(need(minimum=10, reorder=20))
    (lot,) = await world.add_lots(hall, {})
    await world.receive(lot, have, 111)
    await settled(hall)
    return await hall.fetchval("SELECT id FROM alert"), lot


async def test_a_life_from_the_inbox_to_its_end(hall: asyncpg.Connection) -> None:
    alert, lot = await one_alert(hall)
    stamp = keeper()
    for repeat in (False, True):  # sent twice, done once
        done = await actions.acknowledge(stamp=stamp, alerts=[alert])
        assert bool(done.get("repeat")) is repeat
    with pytest.raises(Refused) as again:
        await actions.acknowledge(stamp=keeper(), alerts=[alert])
    assert again.value.code == "alert.not-from-here"
    await actions.take(stamp=keeper(), alerts=[alert], plan="采购单 26-001", link="/deliveries")
    await world.issue(lot, 7, 111)  # graver: what is in hand stays in hand
    await caught_up()
    found = await queries.get_alert(alert, EVERYWHERE)
    assert (found.status, found.plan, found.kind.value) == (Status.IN_HAND, "采购单 26-001", "below-minimum")
    await actions.put_back(stamp=keeper(), alerts=[alert])
    await world.issue(lot, 4, 111)  # graver: what was only acknowledged is open again
    await caught_up()
    assert (await queries.get_alert(alert, EVERYWHERE)).status is Status.OPEN
    await world.receive(lot, 30, 111)
    await caught_up()
    closed = await queries.get_alert(alert, EVERYWHERE)
    assert closed.status is Status.CLOSED
    verbs = [one.verb for one in reversed(await queries.history(alert))]
    assert verbs == [EventVerb(one) for one in (
        "opened", "acknowledged", "taken", "raised", "put-back", "raised", "closed"
    )]  # fmt: skip
    with pytest.raises(Refused):
        await actions.take(stamp=keeper(), alerts=[alert], plan="x")


async def test_a_snoozed_alert_is_out_of_the_inbox_until_its_day_or_until_it_is_graver(
    hall: asyncpg.Connection,
) -> None:
    alert, lot = await one_alert(hall)
    with pytest.raises(Invalid):
        await actions.snooze(stamp=keeper(), alerts=[alert], until=TODAY + timedelta(days=5))
    with pytest.raises(Invalid):
        await actions.snooze(stamp=keeper(), alerts=[alert], until=TODAY, reason="x")
    await actions.snooze(stamp=keeper(), alerts=[alert], until=TODAY + timedelta(days=5), reason="已约供应商")
    assert (await queries.list_alerts(scope=EVERYWHERE)).items == []
    assert len((await queries.list_alerts(scope=EVERYWHERE, wanted=AlertFilter(snoozed=True))).items) == 1
    assert (await actions.pass_time(now=NOW + timedelta(days=4))).woken == 0
    assert (await actions.pass_time(now=NOW + timedelta(days=5))).woken == 1
    assert (await actions.pass_time(now=NOW + timedelta(days=5))).woken == 0
    await actions.snooze(stamp=keeper(), alerts=[alert], until=TODAY + timedelta(days=9), reason="再等")
    await world.issue(lot, 7, 111)
    await caught_up()
    assert (await queries.get_alert(alert, EVERYWHERE)).snoozed_until is None


async def test_many_at_once_are_all_or_none_and_never_another_place_s(hall: asyncpg.Connection) -> None:
    await put(need(minimum=10), need(site=3, minimum=10))
    await settled(hall)
    ids = {row[0]: row[1] for row in await hall.fetch("SELECT site_id, id FROM alert")}
    with pytest.raises(Missing) as foreign:
        await actions.acknowledge(stamp=keeper(), alerts=[ids[2], ids[3]])
    assert foreign.value.facts["line"] == 2
    assert await hall.fetchval("SELECT count(*) FROM alert WHERE status = 'open'") == 2
    mine = await queries.list_alerts(scope=Scope(paths=("/1/2/4/",)))
    assert [one.id for one in mine.items] == [ids[2]]
    await actions.acknowledge(stamp=keeper("/1/"), alerts=[ids[2], ids[3]])
    assert await hall.fetchval("SELECT count(*) FROM alert WHERE status = 'acknowledged'") == 2


async def test_what_nobody_acknowledges_goes_up_tier_by_tier(hall: asyncpg.Connection) -> None:
    for person, (region, site) in enumerate([(4, 2), (2, None), (1, None)], 11):
        await hall.execute(
            "INSERT INTO person (id, uuid, login, name_zh, region_id) VALUES ($1, gen_random_uuid(), $2, 'x', 1)",
            person,
            f"p{person}",
        )
        await hall.execute(
            "INSERT INTO role_grant (uuid, person_id, role, region_id, site_id, granted_at)"
            " VALUES (gen_random_uuid(), $1, 'keeper', $2, $3, now())",
            person,
            region,
            site,
        )
    alert, _ = await one_alert(hall)

    async def told() -> list[int]:
        rows = await hall.fetch("SELECT person_id FROM alert_told WHERE alert_id = $1 ORDER BY 1", alert)
        return [row[0] for row in rows]

    assert await told() == [11]
    assert (await actions.pass_time(now=NOW + timedelta(hours=23))).escalated == 0
    assert (await actions.pass_time(now=NOW + timedelta(hours=24))).escalated == 1
    assert await told() == [11, 12]
    assert (await actions.pass_time(now=NOW + timedelta(hours=25))).escalated == 0
    assert (await actions.pass_time(now=NOW + timedelta(hours=48))).escalated == 1
    assert await told() == [11, 12, 13]
    assert (await actions.pass_time(now=NOW + timedelta(days=9))).escalated == 0
    assert await queries.waiting_for(13) == (1, 0)
    await actions.acknowledge(stamp=keeper(), alerts=[alert])
    assert await queries.waiting_for(13) == (0, 0)


async def test_rivals_judging_at_once_open_one_alert(hall: asyncpg.Connection) -> None:
    import asyncio

    await put(need(minimum=10))
    await asyncio.gather(*(actions.judge_all(now=NOW) for _ in range(4)), *(actions.follow(now=NOW) for _ in range(4)))
    assert await hall.fetchval("SELECT count(*) FROM alert") == 1
    assert await hall.fetchval("SELECT count(*) FROM alert_event") == 1


async def test_the_page_says_why_there_is_one_and_why_there_is_none(hall: asyncpg.Connection) -> None:
    alert, _ = await one_alert(hall)
    found = await why(scope=EVERYWHERE, region=None, site="AA01", item="ZP-0001", today=TODAY)
    assert [one.kind.value for one in found.checks if one.fires] == ["below-reorder"]
    assert [one.id for one in found.standing] == [alert]
    none = await why(scope=EVERYWHERE, region=None, site="BB01", item="ZP-0001", today=TODAY)
    assert (none.need, none.checks, none.standing) == (None, (), ())
    with pytest.raises(Missing):
        await why(scope=Scope(paths=("/1/3/",)), region=None, site="AA01", item="ZP-0001", today=TODAY)
