"""The decisions of fulfilment as plain functions, and its two lives as tables."""

from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from catalog.kernel.errors import Invalid, Problem, Refused
from catalog.kernel.workflow import StockEffect
from tests.warehouse.fulfilment.small import a_duty, a_line, a_shipment
from warehouse.fulfilment import rules, workflow
from warehouse.fulfilment.model import Loading, NewLine, Purpose, Received, ShipmentFacts, Used, Vehicle

NOW = datetime(2026, 11, 21, 2, 0, tzinfo=UTC)


def test_every_status_is_reached_and_every_other_pair_is_refused() -> None:
    for flow in (workflow.SHIPMENT, workflow.DUTY):
        assert flow.reachable() == set(flow.statuses)
        verbs = {one.verb for one in flow.transitions}
        there = {(one.source, one.verb) for one in flow.transitions}
        for status in flow.statuses:
            for verb in verbs:
                if (status, verb) not in there:
                    with pytest.raises(Refused):
                        flow.find(status, verb)
    assert {one.verb for one in workflow.SHIPMENT.transitions if one.effect is StockEffect.ARRIVE} == {
        "receive", "find", "take-back",
    }  # fmt: skip


def test_it_goes_to_one_place_that_is_not_where_it_starts() -> None:
    line = [NewLine(1, 2, 3)]
    for where in ({}, {"to_site_id": 1}):
        with pytest.raises(Invalid):
            rules.check_new(ShipmentFacts(Purpose.TRANSFER, 1, **where), line)
    rules.check_new(ShipmentFacts(Purpose.TRANSFER, 1, to_site_id=2), line)
    with pytest.raises(Invalid, match=r"上限"):
        rules.check_new(ShipmentFacts(Purpose.TRANSFER, 1, to_site_id=2), [NewLine(1, 2, 0)])


@given(st.integers(1, 50), st.lists(st.integers(-2, 30), min_size=1, max_size=4))
def test_never_more_is_loaded_than_was_planned(quantity: int, takes: list[int]) -> None:
    shipment = a_shipment(a_line(1, quantity=quantity))
    try:
        rules.check_loading(shipment, [Loading(1, one) for one in takes])
    except Problem:
        assert min(takes) <= 0 or sum(takes) > quantity
    else:
        assert sum(takes) <= quantity


@given(st.integers(0, 20), st.integers(-1, 20), st.integers(-1, 20), st.integers(-1, 20), st.booleans())
def test_nobody_receives_more_than_was_shipped(loaded: int, good: int, damaged: int, refused: int, why: bool) -> None:
    shipment = a_shipment(a_line(1, quantity=20, loaded=loaded))
    said = Received(1, good, damaged, refused, "雨淋" if why else "")
    try:
        rules.check_received(shipment, [said])
    except Problem:
        assert min(good, damaged, refused) < 0 or good + damaged + refused > loaded or (good != loaded and not why)
    else:
        assert good + damaged + refused <= loaded
        assert why or good == loaded


def test_a_line_is_received_once_and_pieces_are_named() -> None:
    done = a_shipment(a_line(1, loaded=5, received_at=NOW))
    with pytest.raises(Refused, match=r"已签收"):
        rules.check_received(done, [Received(1, 5)])
    pumps = a_shipment(a_line(1, loaded=2, tracking="serial"))
    with pytest.raises(Invalid, match=r"编号"):
        rules.check_received(pumps, [Received(1, 1, 1, reason="摔坏", serials=(7,), damaged_serials=(7,))])
    rules.check_received(pumps, [Received(1, 1, 1, reason="摔坏", serials=(7,), damaged_serials=(8,))])


def test_above_the_vehicles_limits_somebody_says_why() -> None:
    line = a_line(1, quantity=10, weight_g=30_000, volume_ml=200_000)
    load = rules.load_of([(line, 10), (a_line(2, weight_g=None, volume_ml=None), 4)])
    assert (load.weight_g, load.volume_ml, load.unmeasured) == (300_000, 2_000_000, 1)
    small = Vehicle(max_weight_g=299_999)
    with pytest.raises(Refused) as refused:
        rules.check_fits(small, load, "")
    assert (refused.value.code, refused.value.facts["asked"], refused.value.facts["free"]) == (
        "shipment.over-limit", 300_000, 299_999,
    )  # fmt: skip
    rules.check_fits(small, load, "只有这一辆")
    rules.check_fits(Vehicle(), load, "")


def test_arrival_is_a_range_in_the_future() -> None:
    hour = timedelta(hours=1)
    for start, end in ((NOW, None), (NOW + hour, NOW), (NOW - 2 * hour, NOW - hour)):
        with pytest.raises(Invalid):
            rules.check_times(start, end, NOW)
    rules.check_times(NOW - hour, NOW + hour, NOW)
    rules.check_times(None, None, NOW)


OWED = st.dictionaries(st.tuples(st.integers(1, 3), st.integers(1, 3)), st.integers(0, 50), max_size=5)


@given(OWED, OWED)
def test_duties_end_up_as_what_was_used(used: dict[tuple[int, int], int], known: dict[tuple[int, int], int]) -> None:
    uses = [Used(region, "", item, quantity) for (region, item), quantity in used.items() if quantity]
    now: dict[tuple[int, int], int] = dict(known)
    for one, quantity in rules.duties(uses, known):
        now[one.region_id, one.item_id] = quantity
    assert {key: owed for key, owed in now.items() if owed} == {key: owed for key, owed in used.items() if owed}
    assert rules.duties(uses, now) == []


def test_goods_count_once_against_a_duty() -> None:
    duty = a_duty(quantity=10, back=4)
    cases: list[tuple[dict[str, Any], str]] = [
        ({"quantity": 0, "proved": 9, "claimed": 0}, "recovery.bad-quantity"),
        ({"quantity": 5, "proved": 9, "claimed": 5}, "recovery.not-proved"),
        ({"quantity": 7, "proved": 9, "claimed": 0}, "recovery.too-much"),
    ]
    for asked, code in cases:
        with pytest.raises(Problem) as refused:
            rules.check_fill(duty, **asked)
        assert refused.value.code == code
    rules.check_fill(duty, quantity=6, proved=9, claimed=3)
    assert workflow.goods_are_back(duty) is not None
    assert workflow.goods_are_back(a_duty(quantity=10, back=10)) is None
    assert rules.due_on(None, NOW, 90) == date(2027, 2, 19)
