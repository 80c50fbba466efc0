"""Papers of a real day."""

from datetime import date, datetime, timedelta

from labels.documents import (
    Column,
    CountReport,
    CountReportLine,
    CountSheet,
    CountSheetLine,
    IssueLine,
    IssueSlip,
    LedgerLine,
    LedgerSheet,
    ReceiptLine,
    ReceiptSlip,
    ReportTable,
    ShelfCard,
)

RECEIPT = ReceiptSlip(
    own_key="26RK000087",
    number="城北库-入-2026-000087",
    site="常州市城北救灾物资储备库",
    received_at=datetime(2026, 11, 21, 9, 40),
    supplier="江苏安达救灾装备有限公司",
    invoice="24322000000118273645",
    contract="CZYJ-2026-031",
    fund_source="2026 年市级应急物资储备专项",
    keeper="王建国",
    lines=(
        ReceiptLine(
            name="12㎡单帐篷",
            spec="3.7m×3.2m×1.75m 牛津布",
            model="ZP-12",
            code="JS-ZP-0012",
            unit="顶",
            quantity="200",
            unit_price_fen=128_000,
            amount_fen=25_600_000,
            batch="B260315-1",
            expires_on=date(2034, 3, 14),
        ),
        ReceiptLine(
            name="便携式多功能应急照明灯组（含三脚架、充电器及备用锂电池，防水等级IP67）",
            spec="SFD6000F-III型 升降高度4.5m",
            model="SFD6000F-III",
            code="JS-ZM-0006",
            unit="套",
            quantity="12",
            unit_price_fen=865_050,
            amount_fen=10_380_600,
            batch="SFD2511-0098",
            expires_on=date(2031, 11, 1),
        ),
        ReceiptLine(
            name="铁锹", spec="尖头 木柄", unit="把", quantity="1,500", unit_price_fen=1_850, amount_fen=2_775_000
        ),
    ),
)
ISSUE = IssueSlip(
    own_key="26CK000123",
    number="城北库-出-2026-000123",
    site="常州市城北救灾物资储备库",
    issued_at=datetime(2026, 11, 21, 22, 5),
    destination="金坛区薛埠镇储备点（薛埠镇人民路 12 号）",
    order="常应急调〔2026〕17 号",
    purpose="强降雨转移安置",
    receiver="李敏",
    receiver_phone="138 0000 0000",
    carrier="常州公路应急运输队",
    plate="苏D·A1234",
    keeper="王建国",
    lines=tuple(
        IssueLine(
            name=name,
            spec=spec,
            code=code,
            unit=unit,
            quantity=quantity,
            batch=batch,
            bin=place,
            expires_on=expires_on,
        )
        for name, spec, code, unit, quantity, batch, place, expires_on in (
            ("棉被", "1.5m×2.1m 4kg", "JS-BF-0003", "床", "120", "MB2509-7", "B-02-01", date(2031, 6, 30)),
            ("12㎡单帐篷", "3.7m×3.2m×1.75m", "JS-ZP-0012", "顶", "20", "B260315-1", "A-01-03", date(2034, 3, 14)),
            ("编织袋", "55cm×95cm", "JS-FX-0001", "条", "15,000", "L26000423K", "D-01-01", None),
        )
    ),
)
ENTRIES = tuple(
    LedgerLine(
        booked_on=date(2026, 1, 5) + timedelta(days=4 * at),
        number=f"城北库-{'入' if at % 3 == 0 else '出'}-2026-{at + 1:06d}",
        summary="采购入库 江苏安达救灾装备有限公司" if at % 3 == 0 else "调拨 金坛区薛埠镇储备点",
        came_in="300" if at % 3 == 0 else "",
        went_out="" if at % 3 == 0 else "100",
        balance=f"{1000 + (300 if at % 3 == 0 else 200 if at % 3 == 1 else 100):,}",
        by="王建国",
    )
    for at in range(75)
)
CARD = ShelfCard(
    own_key="A0103",
    bin="A-01-03",
    site="常州市城北救灾物资储备库",
    name="12㎡单帐篷",
    spec="3.7m×3.2m×1.75m 牛津布",
    number="ZP-12-2026-0423",
    quantity="200 顶",
    produced_on=date(2026, 3, 15),
    maker="江苏安达救灾装备有限公司",
    received_on=date(2026, 5, 20),
    expires_on=date(2034, 3, 14),
    keeper="王建国",
    lines=ENTRIES[:2],
)
LEDGER = LedgerSheet(
    number="TZ-2026-0012",
    site="常州市城北救灾物资储备库",
    name="12㎡单帐篷",
    spec="3.7m×3.2m×1.75m",
    unit="顶",
    code="JS-ZP-0012",
    period="2026-01-01 至 2026-11-21",
    opening="1,000",
    closing="1,100",
    total_in="7,500",
    total_out="5,000",
    keeper="王建国",
    known_at="2026-11-21 18:00",
    own_key="26TZ0012",
    lines=ENTRIES,
)
REPORT = ReportTable(
    title="救灾物资配备率统计表",
    heading="常州市应急管理局",
    columns=(
        Column("序号", 0.5, "center"),
        Column("库点", 2.5),
        Column("物资", 2),
        Column("单位", 0.6, "center"),
        Column("标准", 1, "right"),
        Column("可用", 1, "right"),
        Column("配备率", 1, "right"),
    ),
    rows=tuple(
        (str(at), f"第{at}储备点", "棉被", "床", "200", str(150 + at % 60), f"{min(100, 75 + at % 30)}%")
        for at in range(1, 61)
    ),
    totals=("", "合计", "", "", "12,000", "10,800", "90%"),
    notes=("注：配备率 = Σ min(可用, 标准) ÷ Σ 标准。",),
    signatures=("填表人", "统计负责人", "单位负责人"),
    known_at="2026-11-21 18:00",
)

COUNT_SHEET = CountSheet(
    number="CZ01-PD-2026-0001",
    own_key="CZ01PD20260001",
    site="常州市应急物资中心储备库",
    count="CZ01-P26-000001",
    round="初盘",
    printed_at=datetime(2026, 11, 26, 9, 30),
    lines=tuple(
        CountSheetLine(
            line=n,
            bin=f"A-01-{n:02}",
            code=f"{n:06}",
            name="单帐篷" if n % 3 else "",
            lot="26000012" if n % 3 else "",
            quality="合格" if n % 3 else "",
            unit="顶" if n % 3 else "",
        )
        for n in range(1, 31)
    ),
)
COUNT_REPORT = CountReport(
    number="CZ01-PB-2026-0001",
    own_key="CZ01PB20260001",
    site="常州市应急物资中心储备库",
    count="CZ01-P26-000001",
    kind="按风险抽盘",
    counted_from=datetime(2026, 11, 26, 9, 0),
    posted_at=datetime(2026, 11, 26, 17, 0),
    counters="林晓舟、陈国梁",
    lines=(
        CountReportLine(
            bin="A-01-01",
            name="单帐篷",
            lot="26000012",
            unit="顶",
            book="40",
            counted="31",
            difference="-9",
            quality="合格",
            value_fen=-315000,
            reason="短缺、丢失",
        ),
    ),
    bins=2,
    total_fen=-315000,
    approver="沈一帆",
    shortcuts="单人库点，由上一级确认",
    known_at="2026-11-26 17:00",
)
