"""What to take, from where, in which order."""

from datetime import date
from itertools import count

from hypothesis import given
from hypothesis import strategies as st

from warehouse.picking.model import Free, PlannedLine, Wanted
from warehouse.picking.rules import added_up, plan

OLD, NEW = date(2026, 12, 1), date(2027, 12, 1)
IN = date(2025, 1, 1)


def test_what_expires_first_is_taken_and_the_walk_is_one_way() -> None:
    free = [
        Free(1, 11, 101, 10, NEW, IN, "A-01"),
        Free(1, 12, 109, 4, OLD, IN, "C-09"),
        Free(2, 21, 105, 50, None, IN, "B-05"),
    ]
    lines = plan({1: 6, 2: 5}, free)
    assert lines == [PlannedLine(1, 2, 11, 101), PlannedLine(2, 5, 21, 105), PlannedLine(1, 4, 12, 109)]


def test_what_is_missing_is_a_line_of_its_own_at_the_end() -> None:
    lines = plan({1: 9, 3: 2}, [Free(1, 11, 101, 5, None, IN, "A-01")])
    assert lines == [PlannedLine(1, 5, 11, 101), PlannedLine(1, 4), PlannedLine(3, 2)]


def test_kits_on_paper_come_apart_and_equal_items_add_up() -> None:
    assert added_up([Wanted(7, 3), Wanted(1, 2)], {7: {1: 4, 2: 1}}) == {1: 14, 2: 3}


goods = st.builds(
    Free,
    item_id=st.integers(1, 3),
    lot_id=st.integers(1, 5),
    place_id=st.integers(100, 108),
    free=st.integers(1, 40),
    expires_on=st.sampled_from([None, OLD, NEW]),
    stored_on=st.just(IN),
    sort=st.sampled_from("ABC"),
)


@given(st.dictionaries(st.integers(1, 3), st.integers(1, 100)), st.lists(goods, max_size=12))
def test_a_plan_never_exceeds_what_is_free_and_misses_nothing_that_is(wanted: dict[int, int], free: list[Free]) -> None:
    numbers = count()
    free = [Free(f.item_id, next(numbers), f.place_id, f.free, f.expires_on, f.stored_on, f.sort) for f in free]
    lines = plan(wanted, free)
    for one in free:
        assert sum(line.quantity for line in lines if line.lot_id == one.lot_id) <= one.free
    for item_id, quantity in wanted.items():
        mine = [line for line in lines if line.item_id == item_id]
        there = sum(f.free for f in free if f.item_id == item_id)
        assert sum(line.quantity for line in mine) == quantity
        assert sum(line.quantity for line in mine if line.lot_id is not None) == min(quantity, there)
