"""The demo city's commitments with drills and call-offs, its consumption norms, and two typhoon scenarios to compare.

Everything is invented; the firms exist in the demo only. What people use is what planners usually reckon
with: no standard was at hand, so every line says that it is unverified.
"""

from datetime import date, datetime, timedelta
from typing import Any
from uuid import UUID, uuid5

from catalog.classes.queries import find_classes
from catalog.items.model import Item
from catalog.items.queries import find_items_by_key
from catalog.kernel.access import EVERYWHERE
from catalog.kernel.stamp import Stamp, content_hash, house_stamp
from catalog.kernel.time import day_of
from catalog.regions.queries import find_regions
from warehouse.commitments import actions as commitments
from warehouse.commitments.model import CommitmentFacts, Form, PriceRule
from warehouse.parties.queries import find_parties
from warehouse.planning.scenario import actions as scenarios
from warehouse.planning.scenario.model import AreaPeople, Basis, Consumption, Reach, ScenarioFacts

NAMESPACE = UUID("6b1e6f0e-3a55-5d0c-9b3e-be1900000088")
DEMO = "unverified：演示数据"
USUAL = "unverified：业内常用的估算方法，未见标准原文"
CITY = "changzhou"

# region, party, form, number, goods, display units, hours, confidence, price rule, days until it ends
_PROMISED = (
    (CITY, "ent-market", Form.AGREEMENT, "CZ-XY-2026-01", "YS-0001", 40_000, 6, 85, PriceRule.FIXED, 210),
    (CITY, "ent-market", Form.AGREEMENT, "CZ-XY-2026-01", "LS-0005", 20_000, 6, 85, PriceRule.FIXED, 210),
    (CITY, "sup-textile", Form.CAPACITY, "CZ-CN-2026-03", "BF-0001", 6_000, 48, 60, PriceRule.FIXED, 150),
    (CITY, "sup-bag", Form.CAPACITY, "CZ-CN-2026-04", "DL-0001", 100_000, 24, 60, PriceRule.FIXED, 150),
    (CITY, "sup-tent", Form.AGREEMENT, "CZ-XY-2026-07", "ZP-1", 300, 24, 70, PriceRule.LATER, 300),
    (CITY, "ent-power", Form.AGREEMENT, "CZ-XY-2026-09", "FD-0002", 40, 4, 80, PriceRule.MARKET, 45),
    ("liyang", "ent-ly-stone", Form.SOCIAL, "LY-HL-2026-02", "SS-0002", 3_000, 3, 75, PriceRule.LATER, 120),
    ("tianning", "ent-tn-market", Form.AGREEMENT, "TN-XY-2025-11", "LS-0004", 5_000, 3, 80, PriceRule.FIXED, 20),
    ("wujin", "sup-boat", Form.AGREEMENT, "WJ-XY-2025-02", "SJ-0004", 2_000, 8, 70, PriceRule.FIXED, -5),
)

# goods, display units, people, each day, basis, hazard
_USED = (
    ("ZP-1", 1, 6, False, Basis.MOVED, None),
    ("BF-0001", 1, 1, False, Basis.MOVED, None),
    ("ZJ-0001", 1, 1, False, Basis.MOVED, None),
    ("ZJ-0012", 1, 1, False, Basis.MOVED, None),
    ("YS-0001", 6, 1, True, Basis.MOVED, None),
    ("LS-0005", 3, 1, True, Basis.MOVED, None),
    ("FD-0008", 1, 4, False, Basis.MOVED, None),
    ("SJ-0004", 1, 100, False, Basis.AFFECTED, "typhoon"),
    ("SJ-0004", 1, 50, False, Basis.AFFECTED, "flood"),
)


def _stamp(step: str, content: Any, at: datetime, login: str = "demo") -> Stamp:
    return house_stamp(uuid5(NAMESPACE, step), content_hash(repr(content)).hex(), at, login=login)


async def load_commitments(*, at: datetime) -> None:
    """Commitments, drills, call-offs, consumption norms and scenarios. Safe to run again."""
    keys = {one[4] for one in _PROMISED} | {one[0] for one in _USED}
    known = dict(await find_items_by_key(keys))
    of_class = {key: one.id for (_, key), one in (await find_classes(("local", key) for key in keys)).items()}
    places = {"tianmuhu", "daibu", "shezhu", "jintan"} | {one[0] for one in _PROMISED}
    regions = {key: one.id for key, one in (await find_regions(places)).items()}
    firms = {key: one.id for key, one in (await find_parties({one[1] for one in _PROMISED}, EVERYWHERE)).items()}
    made = []
    for region, party, form, number, goods, many, hours, confidence, rule, days in _PROMISED:
        if region not in regions or party not in firms:
            return  # another city has no demo of this yet
        item = known.get(goods)
        facts = CommitmentFacts(
            region_id=regions[region],
            party_id=firms[party],
            form=form,
            number=number,
            quantity=many * (item.unit_factor if item else 1),
            response_hours=hours,
            confidence=confidence,
            valid_from=date(2025, 1, 1),
            valid_to=day_of(at) + timedelta(days=days),
            item_id=item.id if item else None,
            class_id=None if item else of_class[goods],
            unit="" if item else "顶",
            confidence_source=DEMO,
            price_rule=rule if item and item.price_fen is not None else PriceRule.LATER,
            price_fen=item.price_fen if item and rule is PriceRule.FIXED else None,
            price_per=item.price_per if item else 1,
            handover="单位仓库自提，凭启动令发货",
            source=DEMO,
        )
        step = f"commitment/{number}/{goods}"
        done = await commitments.create_commitment(stamp=_stamp(step, step, at), facts=facts, sign=True)
        made.append(UUID(done["id"]))
    await _tried(made, at)
    await _scenarios(known, of_class, regions, at)


async def _tried(made: list[UUID], at: datetime) -> None:
    """Two drills, a call-off that is over, and one under way whose order was only spoken."""
    water, meals, _, bags = made[:4]
    day = day_of(at)
    for commitment, asked, shown, hours, ago in ((water, 2_000, 2_000, 5, 80), (bags, 20_000, 12_000, 30, 40)):
        await commitments.record_drill(
            stamp=_stamp(f"drill/{commitment}", asked, at), commitment_id=commitment, on=day - timedelta(days=ago),
            asked=asked, shown=shown, hours=hours, note="年度演练（演示）",
        )  # fmt: skip
    for name, commitment, many, days, spoken in (("over", meals, 1_200, 30, False), ("now", water, 3_000, 0, True)):
        begun = at - timedelta(days=days, hours=9)
        receipt = await commitments.request_call(
            stamp=_stamp(f"call/{name}", many, begun, "cz.dispatcher"), commitment_id=commitment, quantity=many,
            reason="暴雨转移群众安置（演示）", place="天目湖镇安置点",
        )  # fmt: skip
        call = UUID(receipt["id"])
        hour = timedelta(hours=1)
        await commitments.activate(
            stamp=_stamp(f"activate/{name}", spoken, begun + hour, "cz.approver"), call_id=call, spoken=spoken,
            order_number="" if spoken else "常应急启〔2026〕3号", spoken_by="李副市长" if spoken else "",
            spoken_to="市应急管理局值班室" if spoken else "",
        )  # fmt: skip
        came = _stamp(f"arrive/{name}", many, begun + 5 * hour, "cz.dispatcher")
        await commitments.record_arrival(stamp=came, call_id=call, quantity=many * 3 // 4, note="第一车")
        if not spoken:
            late = _stamp(f"arrive/late/{name}", many, begun + 8 * hour, "cz.dispatcher")
            await commitments.record_arrival(stamp=late, call_id=call, quantity=many // 4, note="第二车")
            await commitments.close_call(stamp=_stamp(f"close/{name}", many, at, "cz.dispatcher"), call_id=call)


async def _scenarios(known: dict[str, Item], of_class: dict[str, int], regions: dict[str, int], at: datetime) -> None:
    for goods, many, people, daily, basis, hazard in _USED:
        item = known.get(goods)
        use = Consumption(
            quantity=many * (item.unit_factor if item else 1),
            people=people,
            basis=basis,
            daily=daily,
            item_id=item.id if item else None,
            class_id=None if item else of_class[goods],
            source=USUAL,
        )
        step = f"consumption/{goods}/{hazard}"
        await scenarios.set_consumption(stamp=_stamp(step, use, at), region_id=regions[CITY], hazard=hazard, use=use)
    towns = (("tianmuhu", 9_000, 1_800), ("daibu", 7_500, 1_200), ("shezhu", 8_000, 1_500))
    wider = (("liyang", 90_000, 12_000), ("jintan", 40_000, 5_000))
    for name, days, areas in (
        ("台风过境：溧阳南部三镇转移（演示）", 3, towns),
        ("台风滞留：溧阳、金坛大范围转移（演示）", 5, wider),
    ):
        facts = ScenarioFacts(
            name=name,
            hazard="typhoon",
            region_id=regions[CITY],
            day=day_of(at) + timedelta(days=1),
            days=days,
            areas=tuple(AreaPeople(regions[key], affected, moved) for key, affected, moved in areas),
            uses=(),
            reach=Reach(source=DEMO),
            note="人数为演示假定",
        )
        await scenarios.create_scenario(stamp=_stamp(f"scenario/{days}", name, at), facts=facts)
