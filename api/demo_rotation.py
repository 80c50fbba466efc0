"""The demo city's rotation plans of this and the next year, in different states, by the city's own people.

Told after the year of stock. The proposals are attempts of their own; once a line has been decided on, the rest of the
story counts as told.
"""

from collections.abc import Sequence
from datetime import date, datetime, timedelta
from uuid import UUID

from api.demo_counts import Hand, hands_of
from catalog.classes.queries import find_classes
from catalog.kernel.access import Permission, Role
from catalog.kernel.stamp import Stamp
from catalog.kernel.time import day_of
from warehouse.parties.queries import find_parties
from warehouse.printing.actions import issue_disposal_record
from warehouse.rotation import actions, queries
from warehouse.rotation.model import Choice, Line, Option, Status
from warehouse.stock import queries as stock

EXTINGUISHERS = "XF-1"
SOURCE = "GA 95-2007 7.1: 到报废年限须报废; DB11/T 1620-2019; http://shsealion.cn/article/266_741.html"
EXPERTS = ("顾明远", "潘建华", "季红梅", "陆志刚", "孔令仪")
"""Invented names."""
DISPOSED, PASSED = 3, 4
"""So many lines are disposed of (the first is settled, the last waits for the keeper), so many passed on (half of them
wait for the approver)."""


async def load_rotation(*, city: str, now: datetime) -> int:
    """Propose both years and take some lines further; how many lines were proposed. Safe to run again."""
    hands = await hands_of({Role.PLANNER, Role.APPROVER, Role.KEEPER})
    offices = {hand.grant.role: hand for hand in hands if hand.grant.site_id is None}
    if not {Role.PLANNER, Role.APPROVER} <= offices.keys():
        return 0
    planner, approver = offices[Role.PLANNER], offices[Role.APPROVER]
    begin = now - timedelta(hours=1)
    found = (await find_classes({("local", EXTINGUISHERS)})).get(("local", EXTINGUISHERS))
    if found is not None:
        stamp = _stamp(planner, "policy", begin)
        await actions.set_policy(
            stamp=stamp, class_id=found.id, forbids=[Option.EXTEND], extend_days=None, source=SOURCE
        )
    today = day_of(now)
    count = 0
    for year in (today.year, today.year + 1):
        stamp = _stamp(planner, f"propose/{year}", begin)
        done = await actions.propose(stamp=stamp, region_key=city, year=year)
        count += int(done["lines"])
    await _take_further(planner, approver, hands, begin, today)
    return count


async def _take_further(planner: Hand, approver: Hand, hands: list[Hand], begin: datetime, today: date) -> None:
    keepers = {hand.grant.site_id: hand for hand in hands if hand.grant.role is Role.KEEPER}
    scope = planner.stamp("scope", begin).require(Permission.PARTY_READ)
    listed = await queries.list_lines(scope=scope, year=today.year, limit=200)
    if any(line.chosen_by for line in listed.items):
        return  # told before
    free = await _unreserved(listed.items)
    ours = [
        one
        for one in listed.items
        if one.status is Status.PROPOSED
        and one.lot.owner_path == planner.grant.path
        and one.site_id in keepers
        and one.lot.tracking == "lot"
        and one.id in free
    ]
    gone = [one for one in ours if not one.counts(today)][:DISPOSED]
    for turn, line in enumerate(gone):
        choice = Choice(Option.SCRAP, max(line.out_on, today), line.standing, experts=EXPERTS, purpose="年度报废")
        if not await _decided(planner, approver, line, choice, begin, approve=True) or turn == DISPOSED - 1:
            continue
        keeper = keepers[line.site_id]
        await _carry_out(keeper, line, begin + timedelta(minutes=25))
        if turn == 0:
            at = begin + timedelta(minutes=40)
            await issue_disposal_record(stamp=_stamp(keeper, f"record/{line.id}", at), line_id=line.id)
            stamp = _stamp(planner, f"settle/{line.id}", at + timedelta(minutes=5))
            proof = "销毁见证记录及付款凭证（演示）"
            await actions.settle(stamp=stamp, line_id=line.id, income_fen=0, paid_fen=86_00, proof=proof)
    taker = (await find_parties({"changzhou-reserves"}, scope)).get("changzhou-reserves")
    good = [one for one in ours if one.counts(today)][:PASSED] if taker else []
    for turn, line in enumerate(good):
        day = max(line.out_on, today + timedelta(days=14))
        to = taker.id if taker else None
        choice = Choice(Option.PASS, day, line.standing, day, line.standing, to, purpose="调拨日常消耗")
        await _decided(planner, approver, line, choice, begin, approve=turn % 2 == 0)


async def _unreserved(lines: Sequence[Line]) -> set[UUID]:
    """The lines of whose lots nothing is promised and something is there."""
    held = await stock.balances_of_lots([line.lot.id for line in lines])
    promised = {one.key.lot_id for one in held if one.reserved}
    return {line.id for line in lines if line.standing and line.lot.id not in promised}


async def _decided(
    planner: Hand, approver: Hand, line: Line, choice: Choice, begin: datetime, *, approve: bool
) -> bool:
    """Choose, and approve, where the option is open and no minimum breaks; whether it was approved."""
    (standing,) = await queries.standings_of([line], choice.out_on)
    if any(one.unfit for one in standing.offers if one.option is choice.option):
        return False
    stamp = _stamp(planner, f"choose/{line.id}", begin + timedelta(minutes=5))
    done = await actions.choose(stamp=stamp, line_id=line.id, choice=choice)
    if not approve or done["shorts"]:
        return False
    stamp = _stamp(approver, f"approve/{line.id}", begin + timedelta(minutes=20))
    await actions.approve(stamp=stamp, line_ids=[line.id])
    return True


async def _carry_out(keeper: Hand, line: Line, at: datetime) -> None:
    for place, _, _, there in (await queries.places_of([line]))[line.id]:
        stamp = _stamp(keeper, f"carry/{line.id}/{place}", at)
        await actions.carry_out(stamp=stamp, line_id=line.id, place_id=place, quantity=there)


def _stamp(hand: Hand, step: str, at: datetime) -> Stamp:
    return hand.stamp(f"rotation/{step}", at)
