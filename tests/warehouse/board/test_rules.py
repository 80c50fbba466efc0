"""What presses on the board, and whose turn it is."""

from dataclasses import fields
from datetime import timedelta
from typing import Any
from uuid import uuid4

import pytest

from tests.warehouse.fulfilment.small import NOW, a_shipment
from warehouse.board import rules
from warehouse.board.model import Mark, Wanted
from warehouse.fulfilment.model import Status

HOUR = timedelta(hours=1)


def wanted(**said: Any) -> Wanted:
    values: dict[str, Any] = {one.name: None for one in fields(Wanted)}
    values |= {
        "need_id": uuid4(),
        "priority": 2,
        "asked_at": NOW,
        "renewed_at": NOW,
        "seq": 1,
        "stale": False,
        "exact": True,
    }
    return Wanted(**{**values, **said})


def test_the_gravest_first_then_the_soonest_then_the_oldest_and_what_is_stale_last() -> None:
    stale = wanted(priority=1, stale=True)
    grave, soon = wanted(priority=1), wanted(needed_by=NOW - HOUR)
    old, young = wanted(asked_at=NOW - HOUR / 2), wanted()
    assert sorted([young, old, stale, soon, grave], key=rules.turn_of_wanted) == [grave, soon, old, young, stale]


def test_late_is_what_was_needed_before_now() -> None:
    assert rules.marks_of_wanted(wanted(needed_by=NOW), NOW) == ()
    assert rules.marks_of_wanted(wanted(needed_by=NOW - HOUR, stale=True), NOW) == (Mark.LATE, Mark.STALE)


@pytest.mark.parametrize(
    ("said", "marks"),
    [
        ({"departed_at": NOW - HOUR}, ()),
        ({"departed_at": NOW - 3 * HOUR}, (Mark.SILENT,)),
        ({"departed_at": NOW - 3 * HOUR, "last_seen_at": NOW - HOUR}, ()),
        ({"departed_at": NOW - HOUR, "eta_to": NOW - HOUR / 2}, (Mark.OVERDUE,)),
        ({"departed_at": NOW - 3 * HOUR, "eta_to": NOW - HOUR, "status": Status.ARRIVED}, ()),
        ({"status": Status.RECEIVED, "open_cases": 1}, (Mark.DIFFERENCE,)),
    ],
)
def test_a_vehicle_that_says_nothing_or_should_be_there(said: dict[str, Any], marks: tuple[Mark, ...]) -> None:
    assert rules.marks_of_shipment(a_shipment(**said), NOW, 120) == marks
