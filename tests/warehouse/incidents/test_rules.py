"""The decisions of incidents over plain values."""

from warehouse.incidents import rules, workflow
from warehouse.incidents.model import Level, Status


def test_which_change_makes_a_response_graver() -> None:
    assert rules.rises(None, Level.IV)
    assert rules.rises(Level.III, Level.I)
    assert not rules.rises(Level.I, Level.II)
    assert not rules.rises(Level.IV, None)


def test_every_status_is_reached_and_closed_is_the_end() -> None:
    for one in (workflow.INCIDENT, workflow.NEED):
        assert one.reachable() == set(one.statuses)
    assert not [t for t in workflow.INCIDENT.transitions if t.source == Status.CLOSED.value]
