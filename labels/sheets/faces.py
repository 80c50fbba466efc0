"""From a label's value to its face: what stands where in rank, still without any measure."""

from dataclasses import dataclass
from datetime import date

from labels.codes.gs1 import bracketed, write_elements, write_lot
from labels.codes.model import OwnKind
from labels.codes.own import own_text, write_own
from labels.codes.symbols import Symbol, SymbolKind, symbol
from labels.errors import BadCode
from labels.sheets.model import (
    BinLabel,
    DocumentLabel,
    ItemLabel,
    Label,
    LotLabel,
    PalletLabel,
    SerialLabel,
    SiteLabel,
)

DEFAULT_SYMBOL: dict[type, SymbolKind] = {
    LotLabel: SymbolKind.GS1_DATAMATRIX,
    SerialLabel: SymbolKind.GS1_DATAMATRIX,
    ItemLabel: SymbolKind.GS1_DATAMATRIX,
    BinLabel: SymbolKind.GS1_QR,
    SiteLabel: SymbolKind.GS1_QR,
    PalletLabel: SymbolKind.GS1_128,
    DocumentLabel: SymbolKind.CODE_128,
}
"""Small DataMatrix where the label is crowded, QR where phones look from afar, bars where readers are lasers."""

UNKNOWN = "—"


@dataclass(frozen=True, slots=True)
class Cell:
    """A caption and its value; a strong value is what the keeper looks for from the aisle."""

    caption: str
    value: str
    strong: bool = False


_STRONG = frozenset({"数量", "货位", "应放", "送往", "电话"})


Row = tuple[Cell, ...]


@dataclass(frozen=True, slots=True)
class Face:
    """A title, rows of one or two cells, a mark in white on black, and the symbol with its line for people."""

    title: str
    rows: tuple[Row, ...]
    symbol: Symbol
    under: str
    mark: str = ""
    large_title: bool = False


def face(label: Label) -> Face:
    """What stands on the label. Raises BadCode when its data is not fit for its symbol."""
    match label:
        case LotLabel():
            return _lot(label)
        case ItemLabel():
            return _item(label)
        case BinLabel():
            return _bin(label)
        case SiteLabel():
            return _site(label)
        case SerialLabel():
            return _serial(label)
        case PalletLabel():
            return _pallet(label)
        case DocumentLabel():
            return _document(label)


def _day(day: date | None) -> str:
    return day.isoformat() if day else UNKNOWN


def _rows(*rows: tuple[tuple[str, str], ...]) -> tuple[Row, ...]:
    """Rows of the cells that say something; an empty one goes away and its neighbour takes the row."""
    kept = (tuple(Cell(caption, value, caption in _STRONG) for caption, value in row if value) for row in rows)
    return tuple(row for row in kept if row)


def _drawn(label: Label, kind: OwnKind, elements: str | None = None) -> tuple[Symbol, str]:
    """The symbol for an own key, or for a richer element string that holds it, and the line under it."""
    how = label.symbol or DEFAULT_SYMBOL[type(label)]
    plain = own_text(kind, label.own_key)
    if how is SymbolKind.EAN_13:
        raise BadCode(
            "labels.unfit-for-symbol",
            "EAN-13 is for items with a 13-digit GTIN",
            {"symbol": str(how), "data": plain, "why": "no GTIN"},
        )
    if not how.gs1:
        return symbol(how, plain), plain
    data = elements or write_own(kind, label.own_key)
    return symbol(how, data), bracketed(data) if how is SymbolKind.GS1_128 else plain


def _lot(label: LotLabel) -> Face:
    elements = write_lot(
        label.own_key,
        gtin=label.gtin,
        batch=(label.batch or None) if label.gtin else None,
        expires_on=label.expires_on if label.gtin else None,
    )
    drawn, under = _drawn(label, OwnKind.LOT, elements)
    rows = _rows(
        (("规格", label.spec or UNKNOWN),),
        (("编号", label.number or UNKNOWN), ("数量", label.quantity or UNKNOWN)),
        (("产地", label.origin or UNKNOWN), ("质量", label.quality or UNKNOWN)),
        (("生产", _day(label.produced_on)), ("入库", _day(label.received_on))),
        (("货位", label.bin), ("批号", label.batch)),
        (("归属", label.owner),),
    )
    mark = f"有效期至 {label.expires_on}" if label.expires_on else ""
    return Face(label.name, rows, drawn, under, mark)


def _item(label: ItemLabel) -> Face:
    if label.gtin13 is not None and label.symbol in (None, SymbolKind.EAN_13):
        drawn = symbol(SymbolKind.EAN_13, label.gtin13)
        under = f"{label.gtin13[0]} {label.gtin13[1:7]} {label.gtin13[7:]}"
    else:
        drawn, under = _drawn(label, OwnKind.PACK if label.is_pack else OwnKind.ITEM)
    rows = _rows(
        (("规格", label.spec or UNKNOWN),),
        (("编码", label.code), ("单位", label.unit)),
        (("包装", label.pack),),
        (("储存", label.storage), ("年限", label.life)),
    )
    return Face(label.name, rows, drawn, under)


def _bin(label: BinLabel) -> Face:
    drawn, under = _drawn(label, OwnKind.BIN)
    rows = _rows(
        (("库点", label.site),), (("库区", label.zone),), (("应放", label.meant_for),), (("备注", label.note),)
    )
    return Face(label.name, rows, drawn, under, "空货位 · 待入库" if label.meant_for else "", large_title=True)


def _site(label: SiteLabel) -> Face:
    drawn, under = _drawn(label, OwnKind.SITE)
    rows = _rows(
        (("级别", label.tier),),
        (("区划", label.region),),
        (("地址", label.address),),
        (("负责人", label.keeper),),
        (("电话", label.phone),),
    )
    return Face(label.name, rows, drawn, under, large_title=True)


def _serial(label: SerialLabel) -> Face:
    drawn, under = _drawn(label, OwnKind.SERIAL)
    rows = _rows(
        (("规格", label.spec or UNKNOWN),),
        (("出厂编号", label.serial or UNKNOWN),),
        (("厂家", label.maker),),
        (("生产", _day(label.produced_on)), ("入库", _day(label.received_on))),
        (("货位", label.bin),),
    )
    mark = f"下次保养 {label.care_due_on}" if label.care_due_on else ""
    return Face(label.name, rows, drawn, under, mark)


def _pallet(label: PalletLabel) -> Face:
    elements = write_elements((("00", label.sscc),)) if label.sscc else None
    drawn, under = _drawn(label, OwnKind.PALLET, elements)
    rows = _rows(
        (("送往", label.target),),
        *((("", line),) for line in label.contents),
        (("内装", label.count), ("运单", label.document)),
        (("事件", label.incident),),
        (
            ("毛重", label.weight),
            ("组托" if label.title == "托盘" else "封箱", label.packed_on.isoformat() if label.packed_on else ""),
        ),
        (("库点", label.site),),
    )
    mark = f"最早有效期 {label.expires_on}" if label.expires_on else ""
    return Face(f"{label.title} {own_text(OwnKind.PALLET, label.own_key)}", rows, drawn, under, mark)


def _document(label: DocumentLabel) -> Face:
    drawn, under = _drawn(label, OwnKind.DOCUMENT)
    rows = _rows(
        (("单号", label.number),),
        (("日期", label.issued_on.isoformat() if label.issued_on else ""),),
        (("发出", label.source),),
        (("送往", label.target),),
        (("备注", label.note),),
    )
    return Face(label.title, rows, drawn, under)
