"""出库单, 运单, 签收单 and the report of an incident: what stands on them, read back out of the PDF."""

import io
from dataclasses import fields, replace
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import uuid4

import pypdfium2 as pdfium
import pytest
from PIL import Image, ImageDraw
from pypdf import PdfReader

from api.fonts import find_font
from labels.codes import OwnKind, write_own, write_sscc
from labels.codes.symbols import SymbolKind
from labels.sheets import LAYOUTS
from tests.labels.eyes import decode
from tests.warehouse.fulfilment.small import a_duty, a_line, a_shipment
from warehouse.fulfilment.model import Box, BoxKind, BoxStatus, Signature, Signer, Status, Vehicle
from warehouse.incidents.model import Hazard, Incident, IncidentFacts, Level, LevelChange
from warehouse.incidents.model import Status as IncidentStatus
from warehouse.printing import render, shipment_papers
from warehouse.printing.incident_report import IncidentStory, incident_report
from warehouse.printing.model import LabelJob
from warehouse.printing.release_papers import release_table
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
        releases=[replace(release, id=uuid4(), number="LN-8", spoken=False, status=ReleaseStatus.CANCELLED), release],
        shipments=[came_short(release_id=release_id)],
        points=[],
        duties=[a_duty(region_zh="常州", item="棉被", unit="床", unit_factor=1, due_on=NOW.date() - timedelta(days=1))],
        transport_hours={Level.II: 24},
        names={"boss": "沈一帆"},
    )
    said = text_of(render.render_table(incident_report(story, NOW), FONT)).replace(" ", "")
    for word in (
        "应急物资保障报告", "SJ26-0001", "II级响应：堤防出险", "下令到启运29.0h（时限24h，超时）", "在途1.0h",
        "短少1件",
        "沈一帆", "LN-7口头下达", "动用指令：1", "LN-8（已作废）",
        "手续未补齐", "应于此时前补齐，已超期", "动用10床，已补0床，已超期",
    ):  # fmt: skip
        assert word in said, word
    assert "boss" not in said  # a login stands on no paper


def a_box(**more: Any) -> Box:
    said = {"id": uuid4(), "sscc": write_sscc("6901234", 12), "gross_g": None, **more}
    return Box(
        said["id"], uuid4(), BoxKind.PALLET, "26000012", said["sscc"], BoxStatus.CLOSED, said["gross_g"], NOW, "keeper"
    )


@pytest.mark.parametrize(("count", "layout"), [(1, "roll-100x70"), (9, "roll-100x70"), (1, "a4-2x7-99x38")])
def test_the_label_of_a_box_is_decoded_by_another_reader(count: int, layout: str) -> None:
    box = a_box()
    lines = [
        a_line(n, item=f"救灾专用棉被{n}", quantity=10 * n, weight_g=2_400, box_id=box.id, box=box.number)
        for n in range(1, count + 1)
    ]
    shipment = a_shipment(*lines, a_line(20, item="散装的水"), incident="SJ26-0001")
    label = shipment_papers.box_label(shipment, box)
    job = LabelJob((label,), LAYOUTS[layout])
    made = render.render_labels(job, FONT)
    assert render.render_labels(job, FONT) == made
    page = pdfium.PdfDocument(made)[0].render(scale=300 / 72, grayscale=True).to_pil()
    assert decode(SymbolKind.GS1_128, page) == [f"00{box.sscc}"]
    said = text_of(made).replace(" ", "")
    assert [word for word in ("镇库", "SJ26-0001", "YD26-000001", f"{count}项", "10件") if word not in said] == []
    assert "散装的水" not in said
    assert ("另4项" in said) is (count == 9)


def test_without_a_company_prefix_the_label_carries_our_own_number_and_the_weight_of_the_scales() -> None:
    box = a_box(sscc=None, gross_g=25_400)
    shipment = a_shipment(a_line(1, box_id=box.id, weight_g=None))
    made = render.render_labels(LabelJob((shipment_papers.box_label(shipment, box),), LAYOUTS["roll-100x70"]), FONT)
    page = pdfium.PdfDocument(made)[0].render(scale=300 / 72, grayscale=True).to_pil()
    assert decode(SymbolKind.GS1_128, page) == [write_own(OwnKind.PALLET, box.number)]
    assert "26kg" in text_of(made).replace(" ", "")


def a_signature() -> bytes:
    picture = Image.new("RGBA", (600, 200), (0, 0, 0, 0))
    ImageDraw.Draw(picture).line([(20, 180), (300, 20), (580, 180)], fill="#111827", width=8)
    out = io.BytesIO()
    picture.save(out, "PNG")
    return out.getvalue()


def test_what_was_signed_on_the_screen_is_drawn_on_the_receipt() -> None:
    """Each below the line of whoever signed, with the name of whoever signed."""
    bare = shipment_papers.receipt(came_short(), NOW)
    ink_of = a_signature()

    def by(signer: Signer, name: str, hours: int) -> tuple[Signature, bytes]:
        return Signature(uuid4(), signer, name, NOW + hours * HOUR), ink_of

    drawn = [by(Signer.RECEIVER, "王镇长", -1), by(Signer.DRIVER, "赵师傅", -1), by(Signer.RECEIVER, "李书记", 0)]
    table = shipment_papers.with_signatures(bare, drawn)
    assert [table.signatures[one.under] for one in table.signed] == ["收货人", "收货人", "驾驶员"]
    made = render.render_table(table, FONT)
    assert made == render.render_table(table, FONT)
    said = text_of(made).replace(" ", "")
    for caption in ("收货人王镇长2026-11-2109:00", "驾驶员赵师傅2026-11-2109:00", "收货人李书记2026-11-2110:00"):
        assert caption in said

    def ink(pdf: bytes) -> int:
        page = pdfium.PdfDocument(pdf)[0].render(scale=2, grayscale=True).to_pil()
        return sum(page.histogram()[:100])

    one, both = (render.render_table(shipment_papers.with_signatures(bare, drawn[:n]), FONT) for n in (1, 2))
    assert ink(made) > ink(both) > ink(one) > ink(render.render_table(bare, FONT)) + 500
    many = [by(Signer.RECEIVER, f"第{n}人", n) for n in range(5)]
    last = shipment_papers.with_signatures(bare, many).signed
    assert [one.caption.split()[1] for one in last] == ["第2人", "第3人", "第4人"]


def test_an_order_says_how_far_its_paper_is() -> None:
    values: dict[str, Any] = {one.name: None for one in fields(Release)}
    spoken = Release(
        **{
            **values, "id": uuid4(), "number": "LN-7", "status": ReleaseStatus.RELEASED, "spoken": True,
            "spoken_by": "李主任", "spoken_to": "林晓舟", "paper_number": "", "released_at": NOW, "released_by": "boss",
            "papers_due_at": NOW + 48 * HOUR, "site_zh": "市库", "site_code": "CZ01", "region_zh": "溧阳", "place": "",
            "receiver": "", "phone": "", "owner_zh": "市局", "requisition_number": "DY26-1", "priority": 1,
            "incident_name": "", "paper_checked_by": "", "lines": (),
        }
    )  # fmt: skip
    names = {"boss": "沈一帆", "chief": "周主任"}

    def notes(one: Release) -> str:
        return "".join(release_table(one, NOW, names).notes)

    assert "须于 2026-11-23 10:00 前补齐手续" in notes(spoken)
    filed = replace(spoken, paper_filed_at=NOW + HOUR)
    assert "已于 2026-11-21 11:00 补交，待他人核对" in notes(filed)
    checked = notes(replace(filed, paper_checked_at=NOW + 2 * HOUR, paper_checked_by="chief"))
    assert "书面手续已于 2026-11-21 12:00 由 周主任 核对" in checked
    assert "须于" not in checked
    assert ("下达人", "沈一帆") in release_table(spoken, NOW, names).facts
