"""The laws of proposals: enough, in whole packs, within the money, and nothing twice."""

from dataclasses import replace
from random import Random

from hypothesis import given
from hypothesis import strategies as st

from warehouse.planning.proposals.model import Cause, Fund, Need, PackSize, Proposed, Supply
from warehouse.planning.proposals.rules import freeze, propose, thaw, whole_packs

OWNERS, ITEMS = st.integers(1, 3), st.integers(1, 3)
SOME = st.integers(0, 500)
NEED = st.builds(
    Need,
    cause=st.sampled_from(Cause),
    reference=st.sampled_from(["a", "b"]),
    owner_region_id=OWNERS,
    item_id=ITEMS,
    level=SOME,
    trigger=SOME,
    usable=SOME,
    leaving=st.integers(0, 50),
    on_order=SOME,
    planned=SOME,
    in_transit=st.integers(0, 50),
    due_back=st.integers(0, 50),
)
NEEDS = st.lists(NEED, max_size=8)
PACKS = st.dictionaries(ITEMS, st.builds(PackSize, st.integers(1, 9), st.just("箱"), st.integers(1, 40)))
SUPPLY = st.builds(
    Supply,
    supplier_id=st.integers(1, 4),
    price_fen=st.none() | st.integers(0, 900),
    price_per=st.sampled_from([1, 7, 1000]),
    lead_days=st.none() | st.integers(0, 90),
    at_most=st.none() | st.integers(0, 200),
)
SUPPLIES = st.dictionaries(ITEMS, st.lists(SUPPLY, max_size=3, unique_by=lambda one: one.supplier_id))
FUNDS = st.dictionaries(
    OWNERS,
    st.lists(
        st.builds(Fund, st.sampled_from("甲乙丙"), st.integers(-100, 50_000)),
        max_size=3,
        unique_by=lambda f: f.fund_source,
    ),
)


def summed(lines: list[Proposed]) -> dict[tuple[int, int], int]:
    found: dict[tuple[int, int], int] = {}
    for one in lines:
        key = (one.owner_region_id, one.item_id)
        found[key] = found.get(key, 0) + one.quantity
    return found


@given(NEEDS, PACKS, SUPPLIES, FUNDS)
def test_every_need_is_met_in_whole_packs_and_not_by_a_pack_too_many(
    needs: list[Need],
    packs: dict[int, PackSize],
    supplies: dict[int, list[Supply]],
    funds: dict[int, list[Fund]],
) -> None:
    lines = propose(needs, packs, supplies, funds)
    missing: dict[tuple[int, int], int] = {}
    for need in needs:
        key = (need.owner_region_id, need.item_id)
        missing[key] = max(missing.get(key, 0), need.missing)
    for key, most in missing.items():
        factor = packs[key[1]].factor if key[1] in packs else 1
        assert summed(lines).get(key, 0) == whole_packs(most, factor)
    for one in lines:
        assert one.quantity > 0
        assert one.quantity % (packs[one.item_id].factor if one.item_id in packs else 1) == 0
        assert thaw(freeze(one.why)) == one.why


@given(NEEDS, PACKS, SUPPLIES, FUNDS)
def test_what_is_proposed_counts_as_planned_so_a_second_run_proposes_nothing(
    needs: list[Need],
    packs: dict[int, PackSize],
    supplies: dict[int, list[Supply]],
    funds: dict[int, list[Fund]],
) -> None:
    got = summed(propose(needs, packs, supplies, funds))
    after = [replace(one, planned=one.planned + got.get((one.owner_region_id, one.item_id), 0)) for one in needs]
    assert propose(after, packs, supplies, funds) == []


@given(NEEDS, PACKS, SUPPLIES, FUNDS, st.integers(0, 9))
def test_the_order_of_what_comes_in_never_matters(
    needs: list[Need],
    packs: dict[int, PackSize],
    supplies: dict[int, list[Supply]],
    funds: dict[int, list[Fund]],
    seed: int,
) -> None:
    mixed = list(needs)
    Random(seed).shuffle(mixed)
    shuffled = {item: list(reversed(of)) for item, of in supplies.items()}
    assert summed(propose(mixed, packs, shuffled, funds)) == summed(propose(needs, packs, supplies, funds))


@given(NEEDS, PACKS, SUPPLIES, FUNDS)
def test_all_proposals_together_stay_within_the_money_of_each_fund(
    needs: list[Need],
    packs: dict[int, PackSize],
    supplies: dict[int, list[Supply]],
    funds: dict[int, list[Fund]],
) -> None:
    spent: dict[tuple[int, str], int] = {}
    for one in propose(needs, packs, supplies, funds):
        if one.fund_source is not None and one.amount_fen is not None:
            key = (one.owner_region_id, one.fund_source)
            spent[key] = spent.get(key, 0) + one.amount_fen
    for (owner, fund), fen in spent.items():
        assert fen <= max(next(one.left_fen for one in funds[owner] if one.fund_source == fund), 0)


@given(NEED, st.integers(0, 300), st.sampled_from(["usable", "on_order", "planned", "in_transit", "due_back"]))
def test_more_that_is_there_or_comes_never_raises_what_is_proposed(need: Need, more: int, where: str) -> None:
    richer = replace(need, **{where: getattr(need, where) + more})
    assert sum(summed(propose([richer], {}, {}, {})).values()) <= sum(summed(propose([need], {}, {}, {})).values())


@given(NEEDS, PACKS, SUPPLIES, FUNDS)
def test_keys_and_parts_name_each_line_once(
    needs: list[Need],
    packs: dict[int, PackSize],
    supplies: dict[int, list[Supply]],
    funds: dict[int, list[Fund]],
) -> None:
    names = [(one.key, one.part) for one in propose(needs, packs, supplies, funds)]
    assert len(names) == len(set(names))


def test_why_240() -> None:
    """Should have 500, below 400 order: of 300 leave 20, 10 are on order, 5 drafted: 205 are missing; in boxes of 24
    that is 216; one supplier has 130 at most, so 5 boxes, and the city's fund pays for two boxes of the other's."""
    need = Need(Cause.GAP, "norm", 1, 7, 500, 400, 300, leaving=20, on_order=10, planned=5)
    lines = propose(
        [need],
        {7: PackSize(3, "箱", 24)},
        {7: [Supply(1, 100, at_most=130), Supply(2, 200)]},
        {1: [Fund("市级", 21_600)]},
    )
    assert [(one.supplier_id, one.fund_source, one.quantity, one.why.split) for one in lines] == [
        (1, "市级", 120, "supplier"),
        (2, "市级", 48, "fund"),
        (2, None, 48, "fund"),
    ]
    assert (lines[0].why.missing, lines[0].why.rounded) == (205, 216)
    assert sum(one.amount_fen or 0 for one in lines if one.fund_source) == 21_600
