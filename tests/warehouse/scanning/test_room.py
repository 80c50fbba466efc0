"""Where goods go: what a bin holds, which bins are proposed and why."""

from warehouse.scanning.model import Room, Size
from warehouse.scanning.rules.hint import Candidate, hints
from warehouse.scanning.rules.room import bulk, suits, too_much

TENT = Size(1, 1, 250_000, 52_000, "textile")
SAND = Size(4, 1_000_000, 1_000_000, 1_600_000, "bulk")


def room(place: int, **more: object) -> Room:
    facts = {"storage_classes": (), "volume_ml": 1_000_000, "weight_g": 900_000, "used_volume": 0, "used_weight": 0}
    return Room(place, f"A-{place}", f"K{place}", **(facts | more))  # type: ignore[arg-type]


def candidate(place: int, *, lot: bool = False, item: bool = False, other: bool = False, **more: object) -> Candidate:
    return Candidate(room(place, **more), "A", place, lot, item or lot, other)


def test_goods_in_units_of_thousands_are_measured_per_display_unit() -> None:
    assert bulk(SAND, 2_500_000) == (2_500_000, 4_000_000)
    assert bulk(TENT, 3) == (750_000, 156_000)


def test_a_cap_is_passed_only_where_it_is_known() -> None:
    assert too_much(room(1, used_volume=500_000), *bulk(TENT, 2)) == []
    assert too_much(room(1, used_volume=500_001), *bulk(TENT, 2)) == [
        {"what": "volume", "cap": 1_000_000, "used": 500_001, "adds": 500_000}
    ]
    assert [one["what"] for one in too_much(room(1, volume_ml=None), *bulk(TENT, 18))] == ["weight"]
    assert too_much(room(1), 0, 0) == []


def test_a_zone_without_classes_takes_all() -> None:
    assert suits(room(1), TENT)
    assert suits(room(1, storage_classes=("general", "textile")), TENT)
    assert not suits(room(1, storage_classes=("cold",)), TENT)


def test_hints_say_why_best_first() -> None:
    bins = [
        candidate(1, storage_classes=("cold",)),
        candidate(2, other=True),
        candidate(3, lot=True, used_volume=900_000),
        candidate(4, lot=True),
        candidate(5, item=True),
        candidate(6, storage_classes=("textile",)),
        candidate(7),
        candidate(40),
    ]
    found = hints(TENT, 2, bins, most=9)
    assert [one.code for one in found] == ["A-4", "A-5", "A-6", "A-7", "A-40", "A-2"]
    assert found[0].reasons == ("same-lot", "fits", "near")
    assert found[2].reasons == ("class", "empty", "fits", "near")
    assert "near" not in found[4].reasons
    assert (found[0].free_volume_ml, found[0].free_weight_g) == (500_000, 796_000)


def test_an_unknown_size_is_said_and_excludes_nothing() -> None:
    (one,) = hints(Size(9, 1, None, None, "textile"), 10_000, [candidate(1)])
    assert one.reasons == ("empty", "size-unknown", "near")
