"""Dispatchers who accept overlapping plans at once, over HTTP; and power cuts at every step from asking to receipt."""

import asyncio
import random
from typing import Any
from uuid import uuid4

import asyncpg
import pytest

from tests.storms import books, night
from tests.storms.conftest import Hall
from tests.storms.crashes import House, Story, house
from tests.storms.night import BOSS, TENT, TOWN, Trips
from tests.storms.rivals import Rivals, Shot
from tests.storms.scene import furnish
from tests.storms.test_shipments import _stocked
from tests.warehouse.alerts import asking
from tests.warehouse.stock import world
from warehouse.requisitions import queries
from warehouse.requisitions.model import LineFacts

DISPATCHERS, LANES, TRIPS, KILLS = 16, 3, 3, 5


async def test_of_overlapping_plans_nothing_is_oversold_and_losers_are_told_which_line(
    hall: Hall, clients: Rivals
) -> None:
    tokens = await night.hire(hall.owner, DISPATCHERS)
    for seed in range(2):
        done = await night.rush(hall.owner, hall.urls, clients, tokens, seed)
        assert done.wrong == []
        assert done.answers == {"200": done.won, "sourcing.stock-moved": done.lost}
        assert done.won > 0
        assert done.lost > 0
        assert done.held <= done.there
    assert await hall.books() == []


async def test_the_urgent_take_while_owners_release_and_every_piece_is_somebodys(hall: Hall, clients: Rivals) -> None:
    tokens = await night.hire(hall.owner, DISPATCHERS)
    (lot,) = await world.add_lots(hall.owner, {})
    await world.receive(lot, 120, 101)
    incident = await asking.incident()
    losers = [await asking.sourced(incident, asking.tents(20, priority=4), at=world.NOW) for _ in range(6)]
    wants = [LineFacts(TOWN, 15, item_id=TENT, priority=1 + n % 3) for n in range(DISPATCHERS)]
    plans = [await night.planned(n, [line], incident) for n, line in enumerate(wants)]
    orders = [one for loser in losers for one in await queries.releases_of(loser)]

    def shot(token: str, path: str, body: object, n: int) -> Shot:
        return Shot(hall.urls[n % 2], token, path, body, n, headers={"Idempotency-Key": str(uuid4())})

    shots = [
        shot(tokens[n], f"/api/v1/requisitions/{requisition}/accept", {"plan": str(plan)}, n)
        for n, (requisition, plan) in enumerate(plans)
    ]
    shots += [shot(BOSS, f"/api/v1/releases/{one.id}/release", {}, 100 + n) for n, one in enumerate(orders)]
    found = await asyncio.to_thread(clients.attack, shots)
    codes = {str(one.body.get("code") or one.status) for one in found}
    assert codes <= {"200", "sourcing.stock-moved", "release.not-from-here", "release.was-released"}, codes
    rows = await hall.owner.fetch(
        "SELECT sum(l.quantity), sum(v.quantity) FROM release_line l JOIN release_order o ON o.id = l.release_id"
        " JOIN reservation v ON v.id = l.reservation_id AND v.state = 'held'"
        " WHERE o.status IN ('waiting', 'released') AND NOT l.gone"
    )
    assert rows[0][0] == rows[0][1] == await hall.owner.fetchval("SELECT reserved FROM balance WHERE place_id = 101")
    taken = await hall.owner.fetchval("SELECT coalesce(sum(quantity), 0) FROM hold_taken")
    open_again = await hall.owner.fetchval(
        "SELECT coalesce(sum(20 - coalesce(h.held, 0)), 0) FROM unnest($1::uuid[]) q (id) LEFT JOIN LATERAL"
        " (SELECT sum(l.quantity) AS held FROM release_line l JOIN release_order o ON o.id = l.release_id"
        " WHERE o.requisition_id = q.id AND NOT l.gone AND o.status IN ('waiting', 'released')) h ON true",
        losers,
    )
    assert taken == open_again
    assert await hall.books() == []


@pytest.mark.database
@pytest.mark.heavy
def test_power_cuts_from_asking_to_receipt() -> None:
    with house() as found:
        story = asyncio.run(power_cuts(found, KILLS, TRIPS))
        assert story.differences == []
        assert story.statuses, "no kill met a request on its way"
        assert found.verify() == ""


async def power_cuts(found: House, kills: int, trips: int | None, seed: int = 20261128, tell: Any = None) -> Story:
    """Kill by turns while lanes go their way: so many trips each, or (None) until the last kill."""
    owner = await asyncpg.connect(found.owner_url())
    await furnish(owner)
    await night.hire(owner)
    await _stocked(found, 100_000)
    await owner.close()
    done, stop, story, chance = Trips(), asyncio.Event(), Story(), random.Random(seed)
    lanes = [asyncio.create_task(night.lane(found.url, n, trips, done, stop)) for n in range(LANES)]
    for n in range(kills):
        await asyncio.sleep(chance.uniform(0.2, 1.5))
        of_postgres = n % 3 == 2
        story.back.append(await asyncio.to_thread(found.kill_postgres if of_postgres else found.kill_server))
        story.kills += 1
        story.postgres_kills += of_postgres
        if tell:
            who = "postmaster" if of_postgres else "server"
            tell(f"kill {n + 1:>3} of {who:<10} ready after {story.back[-1]:5.2f} s, {done.trips} trips done")
    if trips is None:
        stop.set()
    await asyncio.gather(*lanes)
    owner = await asyncpg.connect(found.owner_url())
    try:
        story.differences += await night.leaks(owner, done) + await books.differences(owner)
    finally:
        await owner.close()
    story.trips, story.statuses = done.trips, done.tries
    return story
