"""The laws of commitments, over plain values: confidence moves as documented, the tables are whole."""

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from catalog.kernel.errors import Invalid, Refused
from warehouse.commitments import rules
from warehouse.commitments.model import (
    Arrival,
    CallOff,
    CallStatus,
    CommitmentFacts,
    Form,
    PriceRule,
    Result,
    Status,
)
from warehouse.commitments.workflow import CALL_OFF, COMMITMENT

DAY = date(2026, 7, 1)
PERCENT = st.integers(0, 100)
RESULTS = st.lists(
    st.builds(
        Result,
        st.dates(DAY - timedelta(days=1500), DAY + timedelta(days=10)),
        st.integers(1, 1000),
        st.integers(0, 1500),
        st.integers(0, 1500),
    ),
    max_size=8,
)
FACTS = CommitmentFacts(1, 1, Form.AGREEMENT, "XY-1", 100, 6, 80, DAY, DAY, item_id=1)


@given(PERCENT, RESULTS)
def test_confidence_is_a_percent_and_the_order_of_results_does_not_matter(stated: int, results: list[Result]) -> None:
    found = rules.confidence(stated, results, DAY)
    assert 0 <= found <= 100
    assert found == rules.confidence(stated, list(reversed(results)), DAY)
    old = replace(RESULT, on=DAY - rules.RESULTS_COUNT_FOR, in_time=0)
    coming = replace(RESULT, on=DAY + timedelta(days=1), in_time=0)
    assert found == rules.confidence(stated, [*results, old, coming], DAY)


RESULT = Result(DAY, 100, 100)


@given(PERCENT, RESULTS)
def test_a_promise_kept_never_lowers_confidence_and_one_broken_never_raises_it(
    stated: int, results: list[Result]
) -> None:
    found = rules.confidence(stated, results, DAY)
    assert rules.confidence(stated, [*results, RESULT], DAY) >= found
    assert rules.confidence(stated, [*results, replace(RESULT, in_time=0)], DAY) <= found


@given(st.integers(1, 1000), st.integers(0, 1000), st.integers(0, 1000), st.integers(1, 500))
def test_more_in_time_is_never_worse_and_late_is_half(asked: int, in_time: int, late: int, more: int) -> None:
    one = Result(DAY, asked, in_time, late)
    assert rules.kept(replace(one, in_time=in_time + more)) >= rules.kept(one)
    assert rules.kept(replace(one, late=late + more)) >= rules.kept(one)
    assert rules.kept(Result(DAY, asked, 0, late)) <= rules.kept(Result(DAY, asked, late, 0))
    assert 0 <= rules.kept(one) <= 10_000


def test_confidence_worked_by_hand() -> None:
    # Stated 80, which weighs as two; one drill that showed 60 of 100 in time: (80 + 80 + 60) / 3 = 73.3
    drill = rules.drill_result(DAY, 100, 60, 5, response_hours=6)
    assert rules.confidence(80, [drill], DAY) == 73
    # The same a day late counts half: (80 + 80 + 30) / 3 = 63.3
    assert rules.confidence(80, [rules.drill_result(DAY, 100, 60, 24, response_hours=6)], DAY) == 63
    assert rules.confidence(80, [], DAY) == 80


def test_a_call_off_is_judged_by_the_promised_hour() -> None:
    at = datetime(2026, 7, 1, 2, 0, tzinfo=UTC)
    arrivals = tuple(
        Arrival(quantity, at + timedelta(hours=hours), "", "", "x") for quantity, hours in ((40, 6), (50, 7))
    )
    call = CallOff(
        UUID(int=1), 1, "DY-26-000001", UUID(int=2), "/1/", 100, "", "台风", CallStatus.CLOSED, False, "令1", at, "a",
        at, "b", at, 3, 6, 48, "", "", None, None, None, "", None, "", arrivals,
    )  # fmt: skip
    assert rules.call_result(call, DAY) == Result(DAY, 100, 40, 50)
    assert rules.kept(rules.call_result(call, DAY)) == 6_500


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ({"item_id": None}, "commitment.what"),
        ({"class_id": 3}, "commitment.what"),
        ({"item_id": None, "class_id": 3}, "commitment.no-unit"),
        ({"number": " "}, "commitment.no-number"),
        ({"quantity": 0}, "commitment.bad-quantity"),
        ({"response_hours": -1}, "commitment.bad-hours"),
        ({"confidence": 101}, "commitment.bad-confidence"),
        ({"confidence_source": " "}, "commitment.no-source"),
        ({"valid_to": DAY - timedelta(days=1)}, "commitment.bad-dates"),
        ({"price_rule": PriceRule.FIXED}, "commitment.bad-price"),
        ({"price_per": 0}, "commitment.bad-price"),
        ({"note": "x" * 501}, "commitment.too-long"),
    ],
)
def test_what_could_never_be_right_is_refused(change: dict[str, object], code: str) -> None:
    rules.check_facts(FACTS)
    with pytest.raises(Invalid) as refusal:
        rules.check_facts(replace(FACTS, **change))  # type: ignore[arg-type]
    assert refusal.value.code == code


@pytest.mark.parametrize(("table", "statuses"), [(COMMITMENT, Status), (CALL_OFF, CallStatus)])
def test_the_tables_are_whole_and_stand_in_the_readme(table: object, statuses: object) -> None:
    assert isinstance(table, type(COMMITMENT))
    every = {status.value for status in statuses}  # type: ignore[attr-defined]
    assert set(table.statuses) == every == table.reachable()
    verbs = {t.verb for t in table.transitions}
    known = {(t.source, t.verb) for t in table.transitions}
    for status in every:
        for verb in verbs - {v for s, v in known if s == status}:
            with pytest.raises(Refused) as refusal:
                table.find(status, verb)
            assert refusal.value.code == f"{table.name}.not-from-here"
    readme = Path(__file__).parents[3] / "warehouse" / "commitments" / "README.md"
    assert table.diagram() in readme.read_text()
