"""The table of a delivery's life, as laws over the table itself."""

from pathlib import Path

import pytest

from catalog.kernel.errors import Refused
from warehouse.replenishment.model import RECEIVABLE, Status
from warehouse.replenishment.workflow import DELIVERY


def test_every_status_is_in_the_table_and_can_be_reached() -> None:
    assert set(DELIVERY.statuses) == {status.value for status in Status}
    assert DELIVERY.reachable() == {status.value for status in Status}


def test_any_pair_not_in_the_table_is_refused_and_says_what_is_possible() -> None:
    verbs = {t.verb for t in DELIVERY.transitions}
    known = {(t.source, t.verb) for t in DELIVERY.transitions}
    for status in Status:
        for verb in verbs - {v for s, v in known if s == status.value}:
            with pytest.raises(Refused) as refusal:
                DELIVERY.find(status.value, verb)
            assert refusal.value.code == "delivery.not-from-here"
            assert set(refusal.value.facts["possible"]) == {v for s, v in known if s == status.value}


def test_what_is_over_stays_over() -> None:
    assert not [t for t in DELIVERY.transitions if t.source in (Status.CLOSED.value, Status.CANCELLED.value)]


def test_only_what_may_be_closed_may_be_received() -> None:
    closes = {t.source for t in DELIVERY.transitions if t.verb == "close"}
    starts = {t.source for t in DELIVERY.transitions if t.verb == "start"}
    assert closes | starts == {status.value for status in RECEIVABLE}


def test_the_readme_shows_the_table_as_it_is() -> None:
    readme = Path(__file__).parents[3] / "warehouse" / "replenishment" / "README.md"
    assert DELIVERY.diagram() in readme.read_text()
