"""SIGKILL under load: nothing half-written, nothing lost that was answered, nothing done twice."""

import pytest

from tests.storms.crashes import cut_the_power, house


@pytest.mark.database
def test_nothing_is_lost_or_done_twice_by_power_cuts() -> None:
    with house() as found:
        story = cut_the_power(found, kills=8, seed=20261121)
    assert story.differences == []
    assert (story.kills, story.postgres_kills) == (8, 2)
    assert story.outcomes["done"] > 50, story
    assert story.retried > 0, "no kill met a scan on its way"
