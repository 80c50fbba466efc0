"""The table of an order's life, as laws over the table itself."""

from pathlib import Path

import pytest

from catalog.kernel.access import Permission
from catalog.kernel.errors import Refused
from warehouse.replenishment.model import OrderStatus
from warehouse.replenishment.workflow import ORDER

STEPS = {(t.source, t.verb): t for t in ORDER.transitions}


def test_every_status_is_in_the_table_and_can_be_reached() -> None:
    assert set(ORDER.statuses) == {status.value for status in OrderStatus}
    assert ORDER.reachable() == {status.value for status in OrderStatus}
    assert len(STEPS) == len(ORDER.transitions)  # one way for each verb from each status


def test_any_pair_not_in_the_table_is_refused_and_says_what_is_possible() -> None:
    verbs = {t.verb for t in ORDER.transitions}
    for status in OrderStatus:
        for verb in verbs - {v for s, v in STEPS if s == status.value}:
            with pytest.raises(Refused) as refusal:
                ORDER.find(status.value, verb)
            assert refusal.value.code == "order.not-from-here"


def test_nothing_is_issued_that_was_not_approved_and_nobody_but_an_approver_approves() -> None:
    into = {t.source for t in ORDER.transitions if t.target == "ordered" and t.source != "ordered"}
    assert into == {"approved"}
    for step in ORDER.transitions:
        if step.target in ("approved", "endorsed"):
            assert step.permission is Permission.ORDER_APPROVE


def test_what_is_over_stays_over_and_nothing_received_is_cancelled() -> None:
    assert not [t for t in ORDER.transitions if t.source in ("closed", "cancelled")]
    assert not {t.source for t in ORDER.transitions if t.target == "cancelled"} & {"partly_received", "received"}


def test_the_readme_shows_the_table_as_it_is() -> None:
    readme = Path(__file__).parents[3] / "warehouse" / "replenishment" / "README.md"
    assert ORDER.diagram() in readme.read_text()
