"""出库单, 运单, 签收单 and the report of an incident: what stands on them, read back out of the PDF."""

import io
from dataclasses import fields
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import uuid4

import pytest
from pypdf import PdfReader

from api.fonts import find_font
from tests.warehouse.fulfilment.small import a_duty, a_line, a_shipment
from warehouse.fulfilment.model import Status, Vehicle
from warehouse.incidents.model import Hazard, Incident, IncidentFacts, Level, LevelChange
from warehouse.incidents.model import Status as IncidentStatus
from warehouse.printing import render, shipment_papers
from warehouse.printing.incident_report import IncidentStory, incident_report
from warehouse.requisitions.model import Release, ReleaseStatus

NOW = datetime(2026, 11, 21, 2, 0, tzinfo=UTC)
HOUR = timedelta(hours=1)
FONT = str(find_font())


def text_of(pdf: bytes) -> str:
    return "".join(page.extract_text() for page in PdfReader(io.BytesIO(pdf)).pages).replace("\n", "")


def came_short(**more: Any) -> Any:
    line = a_line(
        1, quantity=12, short=2, short_note="货位上没有", loaded=10, accepted=9, missing=1, reason="少一件",
        received_at=NOW, weight_g=52_000, volume_ml=260_000,
    )  # fmt: skip
    vehicle = Vehicle("厢式货车", "苏D12345", driver="赵师傅", phone="13800000000")
    said = {"departed_at": NOW - HOUR, "eta_from": NOW, "eta_to": NOW + HOUR, "arrived_at": NOW, "receiver": "王镇长"}
    return a_shipment(line, vehicle=vehicle, status=Status.RECEIVED, note="", **{**said, **more})


@pytest.mark.parametrize(
    ("kind", "words"),
    [
        ("issue-slip", ("出库单", "YD26-000001", "26000001", "12件", "10件", "短缺2件：货位上没有", "苏D12345")),
        ("waybill", ("运单", "赵师傅", "13800000000", "520.0kg", "2.60m³", "预计到达", "2026-11-2110:00")),
        ("receipt", ("签收单", "王镇长", "9件", "1件", "少一件", "已签收，待处理差异")),
    ],
)
def test_a_paper_says_what_domain_asks_for(kind: str, words: tuple[str, ...]) -> None:
    table = shipment_papers.TABLES[kind](came_short(), NOW)
    said = text_of(render.render_table(table, FONT)).replace(" ", "")
    assert [word for word in words if word not in said] == []


def test_the_report_holds_times_against_clocks_and_names_what_is_owed() -> None:
    release_id = uuid4()
    values: dict[str, Any] = {one.name: None for one in fields(Release)}
    release = Release(
        **{
            **values, "id": release_id, "number": "LN-7", "status": ReleaseStatus.SHIPPED, "spoken": True,
            "spoken_by": "李主任", "spoken_to": "林晓舟", "paper_number": "", "released_at": NOW - 30 * HOUR,
            "released_by": "boss", "papers_due_at": NOW - HOUR, "site_zh": "市库", "region_zh": "溧阳", "place": "",
            "lines": (),
        }
    )  # fmt: skip
    facts = IncidentFacts("台风“贝碧嘉”", Hazard.TYPHOON, 1, NOW - 40 * HOUR, affected=24_000)
    active = IncidentStatus.ACTIVE
    incident = Incident(
        uuid4(), 1, "SJ26-0001", active, Level.II, 1, NOW, "boss", None, "/1/", "city", "常州", None, facts
    )  # fmt: skip
    story = IncidentStory(
        incident=incident,
        levels=[LevelChange(Level.II, NOW - 39 * HOUR, "常防指1号", "堤防出险", "boss")],
        needs=[],
        releases=[release],
        shipments=[came_short(release_id=release_id)],
        points=[],
        duties=[a_duty(region_zh="常州", item="棉被", unit="床", unit_factor=1, due_on=NOW.date() - timedelta(days=1))],
        transport_hours={Level.II: 24},
    )
    said = text_of(render.render_table(incident_report(story, NOW), FONT)).replace(" ", "")
    for word in (
        "应急物资保障报告", "SJ26-0001", "II级响应：堤防出险", "下令到启运29.0h（时限24h，超时）", "在途1.0h",
        "短少1件",
        "LN-7口头下达", "手续未补齐", "应于此时前补齐，已超期", "动用10床，已补0床，已超期",
    ):  # fmt: skip
        assert word in said, word
