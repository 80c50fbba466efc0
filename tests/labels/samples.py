"""One label of each kind with the data of a real day, and long ones."""

from datetime import date

from labels.codes import write_own_gtin13, write_sscc
from labels.codes.symbols import SymbolKind
from labels.sheets import (
    BinLabel,
    DocumentLabel,
    ItemLabel,
    Label,
    LotLabel,
    PalletLabel,
    SerialLabel,
    SiteLabel,
)

LOT = LotLabel(
    own_key="26000423",
    name="12㎡单帐篷",
    spec="3.7m×3.2m×1.75m 牛津布",
    origin="江苏常州",
    number="ZP-12-2026-0423",
    quantity="200 顶",
    quality="合格",
    produced_on=date(2026, 3, 15),
    received_on=date(2026, 5, 20),
    expires_on=date(2034, 3, 14),
    bin="A-01-03",
    batch="B260315-1",
    gtin="6901234567892",
)
LONG_LOT = LotLabel(
    own_key="26000424",
    name="便携式多功能应急照明灯组（含三脚架、充电器及备用锂电池，防水等级IP67）",
    spec="SFD6000F-III型 升降高度4.5m 功率2×1000W 全方位自动泛光工作灯",
    origin="浙江省宁波市余姚市低塘街道",
    number="ZMD-SFD6000F-2026-000424",
    quantity="12 套（每套 1 箱）",
    quality="合格（抽检报告 2026-117）",
    produced_on=date(2025, 11, 2),
    received_on=date(2026, 5, 20),
    expires_on=date(2031, 11, 1),
    bin="B-12-04-02",
    batch="SFD2511-0098",
    owner="常州市应急管理局",
)
BARE_LOT = LotLabel(own_key="7", name="铁锹")
BIN = BinLabel(own_key="A0103", name="A-01-03", site="常州市城北救灾物资储备库", zone="A区 帐篷类")
EMPTY_BIN = BinLabel(own_key="B0201", name="B-02-01", site="武进区储备库", zone="B区", meant_for="棉被 1.5m×2.1m（床）")
ITEM = ItemLabel(
    own_key="ZP0012",
    name="12㎡单帐篷",
    spec="3.7m×3.2m×1.75m",
    code="JS-ZP-0012",
    unit="顶",
    pack="每包 1 顶 38 kg",
    storage="干燥通风",
    life="8 年",
)
ITEM_EAN = ItemLabel(own_key="ZP0012", name="12㎡单帐篷", spec="3.7m×3.2m", unit="顶", gtin13=write_own_gtin13(12))
SITE = SiteLabel(
    own_key="CZ0001",
    name="常州市城北救灾物资储备库",
    tier="市级",
    region="常州市新北区",
    address="通江中路 88 号",
    keeper="王建国",
    phone="0519-8512 3456",
)
SERIAL = SerialLabel(
    own_key="26F00017",
    name="柴油发电机组",
    spec="30kW 三相 静音型",
    serial="CYX30-2026-00017",
    maker="常州柴油机有限公司",
    produced_on=date(2026, 1, 8),
    received_on=date(2026, 2, 1),
    care_due_on=date(2026, 12, 1),
    bin="C-01-01",
)
PALLET = PalletLabel(
    own_key="26000031",
    contents=("棉被 1.5m×2.1m 120床", "棉大衣 均码 80件"),
    weight="412 kg",
    packed_on=date(2026, 11, 20),
    site="城北救灾物资储备库",
    expires_on=date(2031, 6, 30),
)
PALLET_SSCC = PalletLabel(own_key="26000032", contents=("毛毯 200条",), sscc=write_sscc("6901234", 32))
DOCUMENT = DocumentLabel(
    own_key="26CK000123",
    title="出库单",
    number="城北库-出-2026-000123",
    issued_on=date(2026, 11, 21),
    source="城北救灾物资储备库",
    target="金坛区薛埠镇储备点",
)

SAMPLES: dict[str, Label] = {
    "lot": LOT,
    "long-lot": LONG_LOT,
    "bare-lot": BARE_LOT,
    "bin": BIN,
    "empty-bin": EMPTY_BIN,
    "item": ITEM,
    "item-ean": ITEM_EAN,
    "site": SITE,
    "serial": SERIAL,
    "pallet": PALLET,
    "pallet-sscc": PALLET_SSCC,
    "document": DOCUMENT,
}


def with_symbol(label: Label, kind: SymbolKind) -> Label:
    """The label with another symbol."""
    values = {name: getattr(label, name) for name in label.__dataclass_fields__}
    return type(label)(**{**values, "symbol": kind})
