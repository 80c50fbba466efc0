"""People-days, by hand and as laws."""

from dataclasses import replace

from hypothesis import given
from hypothesis import strategies as st

from warehouse.norms.model import Goods
from warehouse.provision.model import Label
from warehouse.reports import rules
from warehouse.reports.model import Moved, Moving, Ration, Served

WATER, RICE, TENT, BIG_TENT, ROPE = 1, 2, 3, 4, 5
# Six bottles a day; a third of a kilogram (of grams) a day; a tent for six, but one of the large ones for sixteen.
OF_WATER = Ration("YS", "瓶装水", None, "瓶", 1, 6, 1, True, True, "市文件", item_id=WATER)
OF_RICE = Ration("LS", "粮食", None, "", 1, 1, 3, True, False, "unverified", class_id=7, class_path="/7/")
OF_TENTS = Ration("ZP", "帐篷", None, "", 1, 1, 6, False, True, "unverified", class_id=8, class_path="/8/")
OF_BIG = Ration("ZP-16", "大帐篷", None, "顶", 1, 1, 16, False, True, "unverified", item_id=BIG_TENT)
RATIONS = [OF_WATER, OF_RICE, OF_TENTS, OF_BIG]


def item(number: int, class_path: str, factor: int = 1) -> Goods:
    return Goods(number, class_path, f"K{number}", f"物资{number}", None, "件", None, factor)


GOODS = [item(WATER, "/9/"), item(RICE, "/7/71/", 1000), item(TENT, "/8/"), item(BIG_TENT, "/8/81/"), item(ROPE, "/5/")]
CITY, TOWN = Label("city", "市", None, "/1/"), Label("town", "镇", None, "/1/2/")


def test_a_line_is_counted_by_its_own_ration_else_by_the_nearest_class() -> None:
    assert rules.served(WATER, "/9/", 35, 1, RATIONS) == Served(OF_WATER, 5)
    assert rules.served(RICE, "/7/71/", 2_500, 1000, RATIONS) == Served(OF_RICE, 7)
    assert rules.served(BIG_TENT, "/8/81/", 2, 1, RATIONS) == Served(OF_BIG, 32)
    assert rules.served(None, "/8/", 2, 1, RATIONS) == Served(OF_TENTS, 12), "a class counted together"
    assert rules.served(ROPE, "/5/", 9, 1, RATIONS) is None, "nobody said how much of it people use"
    narrow = replace(OF_TENTS, class_id=9, class_path="/8/81/", people=10)
    assert rules.served(None, "/8/81/", 1, 1, [OF_TENTS, narrow]) == Served(narrow, 10)
    assert rules.served(WATER, "/9/", -3, 1, RATIONS) == Served(OF_WATER, 0), "books of the past can be below zero"


def test_of_several_rations_the_hungriest_counts() -> None:
    less, once = replace(OF_WATER, quantity=3), replace(OF_WATER, quantity=90, daily=False)
    assert rules.served(WATER, "/9/", 60, 1, [less, OF_WATER, once]) == Served(OF_WATER, 10)


def test_all_goods_by_hand() -> None:
    usable = [
        (CITY, WATER, 605), (CITY, RICE, 1_500), (CITY, ROPE, 7),
        (TOWN, WATER, 11), (TOWN, TENT, 2), (TOWN, BIG_TENT, 1), (TOWN, RICE, 999),
    ]  # fmt: skip
    people = {("city", True): 25, ("city", False): 1_000, ("town", False): 1}
    water, rice, tents, big = rules.covered(RATIONS, GOODS, usable, people, "city")
    assert (water.whole.usable, water.whole.amount, water.whole.people, water.whole.days) == (616, 101, 25, 4)
    assert [(one.branch, one.amount, one.people, one.days) for one in water.branches] == [
        (CITY, 100, 25, 4), (TOWN, 1, None, None)
    ]  # fmt: skip
    # Of 1.5 kg and of less than one kilogram: whole kilograms are shown, all grams are counted.
    assert [(one.usable, one.amount, one.days) for one in rice.branches] == [(1, 4, 0), (0, 2, 2)]
    assert (tents.whole.amount, tents.whole.share) == (12, 480)
    assert (big.whole.amount, big.whole.people) == (16, 25), "the large tent counts for itself only"


@given(st.lists(st.tuples(st.sampled_from([CITY, TOWN]), st.sampled_from(GOODS), st.integers(0, 10**7)), max_size=12))
def test_sums_are_sums_and_more_goods_never_last_shorter(rows: list[tuple[Label, Goods, int]]) -> None:
    usable = [(label, one.item_id, quantity) for label, one, quantity in rows]
    people = {("city", True): 100, ("city", False): 100}
    found = rules.covered(RATIONS, GOODS, usable, people, "city")
    more = rules.covered(RATIONS, GOODS, [(*row[:2], row[2] * 2) for row in usable], people, "city")
    for one, other in zip(found, more, strict=True):
        assert one.whole.amount == sum(part.amount for part in one.branches)
        assert one.whole.usable == sum(part.usable for part in one.branches)
        assert other.whole.amount >= one.whole.amount
        assert one.whole.share is not None
        assert 0 <= one.whole.share <= 1000


def test_after_the_planned_moves_by_hand() -> None:
    usable = [(CITY, WATER, 600), (CITY, RICE, 1_500)]
    people = {("city", True): 25, ("city", False): 1, ("town", True): 1}
    moves = [
        Moved(Moving.ORDER, CITY, WATER, 120), Moved(Moving.HELD, CITY, WATER, -60),
        Moved(Moving.ROAD, TOWN, WATER, 12),
        Moved(Moving.ROTATION_OUT, CITY, RICE, -2_000), Moved(Moving.ROTATION_IN, CITY, RICE, 900),
    ]  # fmt: skip
    water, rice, tents, _ = rules.covered(RATIONS, GOODS, usable, people, "city", moves)
    assert (water.whole.amount, water.whole.then) == (100, 112)
    assert [(one.branch, one.amount, one.then) for one in water.branches] == [(CITY, 100, 110), (TOWN, 0, 2)]
    assert water.branches[0].after is not None
    assert (water.branches[0].days, water.branches[0].after.days) == (4, 4)
    assert water.moves == ((Moving.ORDER, 120), (Moving.ROAD, 12), (Moving.HELD, -60))
    assert (rice.whole.amount, rice.whole.then) == (4, 1), "400 g are left: a person's 333 g"
    assert rice.moves == ((Moving.ROTATION_OUT, -2),), "900 g make no whole kilogram"
    assert (tents.whole.then, tents.moves) == (0, ())
    (past, *_) = rules.covered(RATIONS, GOODS, usable, people, "city")
    assert (past.whole.then, past.whole.after) == (None, None)


MOVES = st.lists(
    st.builds(Moved, st.sampled_from(Moving), st.sampled_from([CITY, TOWN]), st.sampled_from([WATER, RICE, TENT]),
              st.integers(-10**6, 10**6)), max_size=8,
)  # fmt: skip


@given(
    st.lists(st.tuples(st.sampled_from([CITY, TOWN]), st.sampled_from(GOODS), st.integers(0, 10**6)), max_size=8), MOVES
)
def test_no_plan_takes_more_than_is_there_and_what_comes_never_shortens_it(
    rows: list[tuple[Label, Goods, int]], moves: list[Moved]
) -> None:
    usable = [(label, one.item_id, quantity) for label, one, quantity in rows]
    found = rules.covered(RATIONS, GOODS, usable, {}, "city", moves)
    coming = rules.covered(RATIONS, GOODS, usable, {}, "city", [one for one in moves if one.quantity > 0])
    none = rules.covered(RATIONS, GOODS, usable, {}, "city", [])
    for one, more, same in zip(found, coming, none, strict=True):
        assert one.whole.then is not None
        assert more.whole.then is not None
        assert 0 <= one.whole.then <= more.whole.then
        assert more.whole.then >= one.whole.amount
        assert same.whole.then == same.whole.amount == one.whole.amount
