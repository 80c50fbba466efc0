"""Values to judge: a line, a shipment, a duty, as far as a test says something about them."""

from dataclasses import fields
from datetime import UTC, date, datetime
from typing import Any
from uuid import uuid4

from warehouse.fulfilment.model import Duty, DutyStatus, End, Line, Purpose, Shipment, Status, Vehicle

NOW = datetime(2026, 11, 21, 2, 0, tzinfo=UTC)


def a_line(line: int, **said: Any) -> Line:
    values: dict[str, Any] = {one.name: 0 for one in fields(Line)}
    values |= {
        "line": line, "item_id": 1, "item_key": "ZP-0001", "item": "帐篷", "item_en": None, "unit": "件",
        "unit_factor": 1, "tracking": "lot", "weight_g": 1, "volume_ml": 1, "lot_id": 1, "lot": "26000001",
        "expires_on": None, "place_id": 101, "place": "A-1", "place_key": "A1", "quantity": 10, "short_note": "",
        "reason": "", "received_at": None, "release_line": None, "need_id": None,
        "box_id": None, "box": "", "pieces": (),
    }  # fmt: skip
    return Line(**{**values, **said})


def a_shipment(*lines: Line, **said: Any) -> Shipment:
    values: dict[str, Any] = {one.name: None for one in fields(Shipment)}
    values |= {
        "id": uuid4(), "seq": 1, "number": "YD26-000001", "status": Status.ON_ROAD, "purpose": Purpose.TRANSFER,
        "place_id": 900, "vehicle": Vehicle(), "over_reason": "", "version": 1, "open_cases": 0, "created_at": NOW,
        "start": End(1, "CZ01", "市库", None, "/1/"), "end": End(2, "AA01", "镇库", None, "/1/2/4/"), "lines": lines,
    }  # fmt: skip
    return Shipment(**{**values, **said})


def a_duty(**said: Any) -> Duty:
    values: dict[str, Any] = {one.name: None for one in fields(Duty)}
    values |= {
        "id": uuid4(), "status": DutyStatus.OPEN, "item_key": "ZP-0001", "quantity": 10, "back": 0,
        "due_on": date(2027, 1, 1), "version": 1, "path": "/1/",
    }  # fmt: skip
    return Duty(**{**values, **said})
