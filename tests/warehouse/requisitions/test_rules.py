"""The decisions of requisitions and release orders, and the laws of their tables; no database."""

import re
from dataclasses import replace
from pathlib import Path

import pytest

from catalog.kernel.errors import Invalid, Refused
from catalog.kernel.workflow import StockEffect, Workflow
from tests.warehouse.stock.world import NOW
from warehouse.requisitions import rules
from warehouse.requisitions.actions.plans import allot
from warehouse.requisitions.model import LineFacts, ReleaseStatus, RequisitionFacts, Status
from warehouse.requisitions.queries.tasks import UNKNOWN_METRES, Stand, road
from warehouse.requisitions.sourcing.model import Closeness, Line
from warehouse.requisitions.workflow import RELEASE, REQUISITION

README = Path(str(rules.__file__)).with_name("README.md")
W, R, P, S, A, C = (
    ReleaseStatus.WAITING, ReleaseStatus.RELEASED, ReleaseStatus.PICKING, ReleaseStatus.SHIPPED,
    ReleaseStatus.RECEIVED, ReleaseStatus.CLOSED,
)  # fmt: skip


@pytest.mark.parametrize("table", [REQUISITION, RELEASE], ids=lambda one: one.name)
def test_the_table_is_whole_and_drawn_in_the_readme(table: Workflow) -> None:
    assert table.reachable() == set(table.statuses)
    assert len({(t.source, t.verb) for t in table.transitions}) == len(table.transitions)
    drawn = {
        (source, verb.strip(), target)
        for source, target, verbs in re.findall(r"^    (\w[\w-]*) --> (\w+): (.+)$", README.read_text(), re.M)
        for verb in verbs.split(",")
    }
    assert drawn >= {(t.source, t.verb, t.target) for t in table.transitions}
    for status in table.statuses:
        for verb in {t.verb for t in table.transitions} - {t.verb for t in table.transitions if t.source == status}:
            with pytest.raises(Refused):
                table.find(status, verb)


def test_whoever_gives_up_held_goods_frees_them() -> None:
    for one in RELEASE.transitions:
        if one.target in ("refused", "cancelled"):
            assert one.effect is StockEffect.RELEASE, one


def test_a_requisition_is_as_far_as_the_order_that_is_least_far() -> None:
    assert rules.following([]) is Status.APPROVED
    assert rules.following([ReleaseStatus.REFUSED, ReleaseStatus.CANCELLED]) is Status.APPROVED
    assert rules.following([S, W, A]) is Status.SOURCED
    assert rules.following([S, R]) is Status.RELEASED
    assert rules.following([P, S, ReleaseStatus.CANCELLED]) is Status.PICKING
    assert rules.following([C, S]) is Status.SHIPPED
    assert rules.following([C, A]) is rules.following([C]) is Status.RECEIVED


def test_wrong_lines_are_named_by_their_number() -> None:
    good = LineFacts(1, 5, item_id=1)
    for wrong in (
        replace(good, item_id=None), replace(good, class_id=1), replace(good, quantity=0), replace(good, priority=5),
        replace(good, lat=91.0, lon=0.0), replace(good, lon=1.0), replace(good, item_id=None, class_id=2),
    ):  # fmt: skip
        with pytest.raises(Invalid) as refused:
            rules.check_lines([good, wrong], NOW)
        assert refused.value.facts["line"] == 2
    with pytest.raises(Invalid):
        rules.check_facts(RequisitionFacts(1, " "))


def test_an_order_is_spoken_only_where_the_level_allows_it_and_names_both() -> None:
    rules.check_spoken(False, False, "", "", 4)
    rules.check_spoken(True, True, "李", "张", 1)
    with pytest.raises(Refused):
        rules.check_spoken(True, False, "李", "张", 3)
    with pytest.raises(Invalid):
        rules.check_spoken(True, True, "李", " ", 1)


def test_a_way_is_the_straight_line_times_a_factor_and_known_to_be_unknown() -> None:
    half_a_degree = road((31.0, 120.0), (31.5, 120.0), 140, 40)
    assert 77_000 < half_a_degree.metres < 79_000
    assert half_a_degree.minutes == -(-half_a_degree.metres * 60 // 40_000)
    assert road((None, None), (31.5, 120.0), 140, 40).metres == UNKNOWN_METRES * 140 // 100


def _line(need: str, quantity: int) -> Line:
    return Line(need, "7:1:1", "1:1", 1, quantity, quantity, Closeness.CITY, 0, 0, False)


def test_a_plan_is_spread_over_the_bins_of_its_lot_and_never_beyond_them() -> None:
    there = {"7:1:1": [Stand(7, place, 1, 1, 1, "/1/", None, 9, free, None, None) for place, free in ((3, 4), (5, 6))]}
    takes, failing = allot([_line("a", 5), _line("b", 4)], there)
    assert [(one.stand.place_id, one.quantity) for one in takes] == [(3, 4), (5, 1), (5, 4)]
    assert not failing
    takes, failing = allot([_line("a", 5), _line("b", 6), _line("c", 1)], there)
    assert [(one["need"], one["asked"], one["free"]) for one in failing] == [("b", 6, 5)]
    assert sum(one.quantity for one in takes) == 6
