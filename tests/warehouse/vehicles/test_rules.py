"""What a plate is, and when a vehicle can be sent."""

from dataclasses import replace
from datetime import UTC, date, datetime
from uuid import uuid4

import pytest

from catalog.kernel.errors import Problem
from warehouse.vehicles import rules
from warehouse.vehicles.model import Kind, Standing, Vehicle, VehicleFacts

TODAY = date(2026, 11, 21)
FACTS = VehicleFacts("苏D12345", Kind.BOX, 1, 5_000_000, 20_000_000)


def a_vehicle(facts: VehicleFacts = FACTS, **said: object) -> Vehicle:
    names = (None,) * 6
    one = Vehicle(uuid4(), 1, "/1/2/", "district-a", "甲区", None, *names, "", None, "", 1, None, facts)
    return replace(one, **said)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("plate", "civil"),
    [
        ("苏D12345", True),
        ("苏D·1234挂", True),
        ("京A8888警", True),
        ("苏DD12345", True),  # small, new energy
        ("苏DF1A234", False),  # the last four of a small one are digits only where the second is the letter
        ("苏D12345F", True),  # large, new energy
        ("苏DDA2345", True),
        ("苏D1234I", False),  # no I and O
        ("苏I12345", False),
        ("天D12345", False),
        ("苏D1234", False),
        ("苏D123456", False),
        ("VB12345", False),
    ],
)
def test_which_plates_are_civil_ones(plate: str, civil: bool) -> None:
    assert rules.is_civil(rules.plain_plate(plate)) is civil


def test_a_plate_is_kept_plain() -> None:
    assert rules.plain_plate(" 苏ｄ·１２３ 45-") == "苏D12345"


@pytest.mark.parametrize(
    ("facts", "code"),
    [
        (replace(FACTS, plate="·"), "vehicle.bad-plate"),
        (replace(FACTS, plate="VB12345"), "vehicle.odd-plate"),
        (replace(FACTS, max_weight_g=0), "vehicle.bad-limit"),
        (replace(FACTS, max_volume_ml=10**16), "vehicle.bad-limit"),
        (replace(FACTS, driver="王" * 121), "vehicle.too-long"),
        (replace(FACTS, note="王" * 501), "vehicle.too-long"),
        (replace(FACTS, valid_from=TODAY, valid_to=date(2026, 1, 1)), "vehicle.bad-days"),
    ],
)
def test_what_no_vehicle_can_be(facts: VehicleFacts, code: str) -> None:
    with pytest.raises(Problem) as problem:
        rules.check_new([replace(FACTS, plate="苏D00001"), facts])
    assert (problem.value.code, problem.value.facts["line"]) == (code, 2)


def test_a_plate_somebody_vouches_for_and_one_that_stands_there_twice() -> None:
    rules.check_new([FACTS, replace(FACTS, plate="VB 12345", odd_plate=True)])
    with pytest.raises(Problem) as problem:
        rules.check_new([FACTS, replace(FACTS, plate="苏D·12345")])
    assert problem.value.code == "vehicle.plate-twice"


def test_when_it_can_be_sent() -> None:
    assert a_vehicle().standing(TODAY) is Standing.READY
    days = replace(FACTS, valid_from=TODAY, valid_to=TODAY)
    assert a_vehicle(days).standing(TODAY) is Standing.READY  # both days are inclusive
    assert a_vehicle(days).standing(date(2026, 11, 22)) is Standing.NOT_VALID
    assert a_vehicle(days).standing(date(2026, 11, 20)) is Standing.NOT_VALID
    assert a_vehicle(replace(FACTS, out_of_service="年检")).standing(TODAY) is Standing.OUT_OF_SERVICE
    used = a_vehicle(used_kind="shipment", used_id=uuid4(), used_paper="YD26-000001")
    assert used.standing(TODAY) is Standing.IN_USE
    for one, code in (
        (used, "vehicle.in-use"),
        (a_vehicle(replace(FACTS, out_of_service="年检")), "vehicle.out-of-service"),
        (a_vehicle(replace(FACTS, valid_to=date(2026, 1, 1))), "vehicle.not-valid"),
        (a_vehicle(retired_at=datetime(2026, 1, 1, tzinfo=UTC)), "vehicle.retired"),
    ):
        with pytest.raises(Problem) as problem:
            rules.check_free(one, TODAY)
        assert problem.value.code == code


def test_whom_it_serves() -> None:
    region = a_vehicle()
    assert (region.serves(7, "/1/2/4/"), region.serves(7, "/1/3/"), region.serves(7, "/1/")) == (True, False, False)
    store = a_vehicle(replace(FACTS, site_id=7))
    assert (store.serves(7, "/1/2/4/"), store.serves(8, "/1/2/4/")) == (True, False)
