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
from warehouse.rotation.model import DISPOSALS, Choice, Line, Option, Status
from warehouse.stock import queries as stock

EXTINGUISHERS = "XF-1"
SOURCE = "GA 95-2007 7.1: 到报废年限须报废; DB11/T 1620-2019; http://shsealion.cn/article/266_741.html"
EXPERTS = ("顾明远", "潘建华", "季红梅", "陆志刚", "孔令仪")
"""Invented names."""
DISPOSED, PASSED, CARRIED = 3, 6, 2
"""So many lines are disposed of at most, so many passed on (half of them wait for the approver); of all that are
approved so many are carried out (and the first settled), the rest waits for the keeper."""


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
    listed = [
        line
        for year in (today.year, today.year + 1)
        for line in (await queries.list_lines(scope=scope, year=year, limit=200)).items
    ]
    if any(line.chosen_by for line in listed):
        return  # told before
    free = await _unreserved(listed)
    ours = [
        one
        for one in listed
        if one.status is Status.PROPOSED
        and one.lot.owner_path == planner.grant.path
        and one.site_id in keepers
        and one.lot.tracking == "lot"
        and one.id in free
    ]
    decided = 0
    for line in [one for one in ours if not one.counts(today)][:DISPOSED]:
        choice = Choice(Option.SCRAP, max(line.out_on, today), line.standing, experts=EXPERTS, purpose="年度报废")
        if await _decided(planner, approver, line, choice, begin, approve=True):
            await _carry_on(planner, keepers[line.site_id], line, choice.option, begin, decided)
            decided += 1
    taker = (await find_parties({"changzhou-reserves"}, scope)).get("changzhou-reserves")
    passed = 0
    for line in ours if taker else ():
        if passed == PASSED or not line.counts(today):
            continue
        # On days on which little is past its date, what is passed on tells the rest of the story.
        day = today if decided < CARRIED else max(line.out_on, today + timedelta(days=14))
        to = taker.id if taker else None
        choice = Choice(Option.PASS, day, line.standing, day, line.standing, to, purpose="调拨日常消耗")
        approve = passed % 2 == 0
        if await _decided(planner, approver, line, choice, begin, approve=approve):
            passed += 1
            if approve:
                await _carry_on(planner, keepers[line.site_id], line, choice.option, begin, decided)
                decided += 1


async def _carry_on(planner: Hand, keeper: Hand, line: Line, option: Option, begin: datetime, turn: int) -> None:
    """What becomes of the approved line that has this turn: the first is settled, the second waits for that."""
    if turn >= CARRIED:
        return
    await _carry_out(keeper, line, begin + timedelta(minutes=25))
    if turn == 0:
        at = begin + timedelta(minutes=40)
        if option in DISPOSALS:
            await issue_disposal_record(stamp=_stamp(keeper, f"record/{line.id}", at), line_id=line.id)
        stamp = _stamp(planner, f"settle/{line.id}", at + timedelta(minutes=5))
        proof = "交接记录及付款凭证（演示）"
        await actions.settle(stamp=stamp, line_id=line.id, income_fen=0, paid_fen=86_00, proof=proof)


async def _unreserved(lines: Sequence[Line]) -> set[UUID]:
    """The lines of whose lots nothing is promised and something is there."""
    held = await stock.balances_of_lots([line.lot.id for line in lines])
    promised = {one.key.lot_id for one in held if one.reserved}
    return {line.id for line in lines if line.standing and line.lot.id not in promised}


async def _decided(
    planner: Hand, approver: Hand, line: Line, choice: Choice, begin: datetime, *, approve: bool
) -> bool:
    """Choose, and approve if asked to, where the option is open and no minimum breaks; whether that was so."""
    (standing,) = await queries.standings_of([line], choice.out_on)
    if standing.shorts or any(one.unfit for one in standing.offers if one.option is choice.option):
        return False
    stamp = _stamp(planner, f"choose/{line.id}", begin + timedelta(minutes=5))
    done = await actions.choose(stamp=stamp, line_id=line.id, choice=choice)
    if approve and not done["shorts"]:
        stamp = _stamp(approver, f"approve/{line.id}", begin + timedelta(minutes=20))
        await actions.approve(stamp=stamp, line_ids=[line.id])
    return not done["shorts"]


async def _carry_out(keeper: Hand, line: Line, at: datetime) -> None:
    for place, _, _, there in (await queries.places_of([line]))[line.id]:
        stamp = _stamp(keeper, f"carry/{line.id}/{place}", at)
        await actions.carry_out(stamp=stamp, line_id=line.id, place_id=place, quantity=there)


def _stamp(hand: Hand, step: str, at: datetime) -> Stamp:
    return hand.stamp(f"rotation/{step}", at)
