"""What a label says: one frozen value per kind. Text is ready for people; dates and codes are typed.

The batch label carries 品名, 规格, 产地, 编号, 数量, 质量, 生产日期, 入库时间 (text of the central rule on relief
stock), and dated goods a special mark (Linyi store rule). What is not known prints as a dash, to be filled in by hand.
"""

from dataclasses import dataclass
from datetime import date

from labels.codes.symbols import SymbolKind


@dataclass(frozen=True, slots=True, kw_only=True)
class ItemLabel:
    """物资: for shelves and catalogues. `gtin13` makes it an EAN-13, the maker's or our own (20-29). `is_pack`: the own
    key is a pack's."""

    own_key: str
    name: str
    spec: str = ""
    code: str = ""
    unit: str = ""
    pack: str = ""
    storage: str = ""
    life: str = ""
    gtin13: str | None = None
    is_pack: bool = False
    symbol: SymbolKind | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class LotLabel:
    """批次. `number` is the 编号 people use; `gtin` (the maker's) lets batch and expiry into the symbol."""

    own_key: str
    name: str
    spec: str = ""
    origin: str = ""
    number: str = ""
    quantity: str = ""
    quality: str = ""
    produced_on: date | None = None
    received_on: date | None = None
    expires_on: date | None = None
    bin: str = ""
    batch: str = ""
    owner: str = ""
    gtin: str | None = None
    symbol: SymbolKind | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class BinLabel:
    """货位. With `meant_for` it is the place-holder of an empty bin and says what belongs there."""

    own_key: str
    name: str
    site: str = ""
    zone: str = ""
    meant_for: str = ""
    note: str = ""
    symbol: SymbolKind | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class SiteLabel:
    """储备库、储备点: at the door."""

    own_key: str
    name: str
    tier: str = ""
    region: str = ""
    address: str = ""
    keeper: str = ""
    phone: str = ""
    symbol: SymbolKind | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class SerialLabel:
    """One machine: pump, generator, boat."""

    own_key: str
    name: str
    spec: str = ""
    serial: str = ""
    maker: str = ""
    produced_on: date | None = None
    received_on: date | None = None
    care_due_on: date | None = None
    bin: str = ""
    symbol: SymbolKind | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class PalletLabel:
    """托盘 or 箱 with its content list; the SSCC, if the customer has a company prefix, is the code.

    One that travels says where to (`target`), for which `incident` and how much is in it (`count`).
    """

    own_key: str
    title: str = "托盘"
    target: str = ""
    incident: str = ""
    count: str = ""
    document: str = ""
    contents: tuple[str, ...] = ()
    weight: str = ""
    packed_on: date | None = None
    site: str = ""
    expires_on: date | None = None
    sscc: str | None = None
    symbol: SymbolKind | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class DocumentLabel:
    """单据: on a folder, a parcel or a vehicle's papers."""

    own_key: str
    title: str
    number: str
    issued_on: date | None = None
    source: str = ""
    target: str = ""
    note: str = ""
    symbol: SymbolKind | None = None


Label = ItemLabel | LotLabel | BinLabel | SiteLabel | SerialLabel | PalletLabel | DocumentLabel
