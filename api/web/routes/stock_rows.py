"""What a row of each stock list says in a file: one column after the other, as in the table of the page."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from api import exports
from api.web.pages import Viewer, named
from api.web.words import N_, place_name, word


@dataclass(frozen=True, slots=True)
class Column:
    """One column: its heading (English, for the catalogues), the cell of a row, its width in characters."""

    text: str
    cell: Callable[[Any, Viewer], exports.Cell]
    width: int = 14


def _amount(name: str) -> Callable[[Any, Viewer], exports.Cell]:
    def cell(row: Any, _: Viewer) -> exports.Cell:
        factor = row.unit_factor if hasattr(row, "unit_factor") else row.lot.unit_factor
        return exports.figure(getattr(row, name), factor)

    return cell


def _plain(*path: str) -> Callable[[Any, Viewer], exports.Cell]:
    def cell(row: Any, _: Viewer) -> exports.Cell:
        value = row
        for name in path:
            value = getattr(value, name)
        found: exports.Cell = value
        return found

    return cell


def _condition(row: Any, viewer: Viewer) -> exports.Cell:
    return word(viewer.language, "condition", row.condition)


def _place(row: Any, viewer: Viewer) -> exports.Cell:
    return place_name(viewer.language, row.place_code)


def _holder(row: Any, viewer: Viewer) -> exports.Cell:
    return named(viewer.language, {"name_zh": row.holder, "name_en": row.holder_en})


def _sites(row: Any, _: Viewer) -> exports.Cell:
    return ", ".join(row.sites)


_LOT_FACTS = (
    Column(N_("Item"), _plain("lot", "item_name"), 28),
    Column(N_("Item key"), _plain("item_key")),
    Column(N_("Lot"), _plain("lot", "number")),
    Column(N_("Maker's batch"), _plain("lot", "maker_batch")),
    Column(N_("Produced on"), _plain("lot", "produced_on"), 12),
    Column(N_("Expires on"), _plain("lot", "expires_on"), 12),
)
_FIGURES = (
    Column(N_("On hand"), _amount("on_hand"), 10),
    Column(N_("Reserved"), _amount("reserved"), 10),
    Column(N_("Free"), _amount("free"), 10),
)
_LOT_UNIT = Column(N_("Unit"), _plain("lot", "unit"), 6)
_ITEM_FACTS = (Column(N_("Item"), _plain("item"), 28), Column(N_("Item key"), _plain("item_key")))
_SUMS = (
    Column(N_("On hand"), _amount("on_hand"), 10),
    Column(N_("Reserved"), _amount("reserved"), 10),
    Column(N_("Usable"), _amount("usable"), 10),
    Column(N_("Free"), _amount("free"), 10),
    Column(N_("Unit"), _plain("unit"), 6),
    Column(N_("Lots"), _plain("lots"), 8),
    Column(N_("Stores"), _plain("sites"), 8),
    Column(N_("First to expire"), _plain("first_expiry"), 12),
)

BALANCE: Sequence[Column] = (
    *_LOT_FACTS,
    Column(N_("Store"), _plain("site_code"), 10),
    Column(N_("Store's name"), _plain("site_name"), 26),
    Column(N_("Place"), _place),
    Column(N_("Condition"), _condition, 10),
    *_FIGURES,
    _LOT_UNIT,
)
LOT: Sequence[Column] = (
    *_LOT_FACTS,
    Column(N_("Owner"), _plain("owner"), 16),
    Column(N_("Stores"), _sites, 20),
    *_FIGURES,
    Column(N_("Usable"), _amount("usable"), 10),
    _LOT_UNIT,
)
ITEM: Sequence[Column] = (*_ITEM_FACTS, *_SUMS)
OWNER: Sequence[Column] = (Column(N_("Owner"), _holder, 20), *_ITEM_FACTS, *_SUMS)
CUSTODIAN: Sequence[Column] = (Column(N_("Custodian"), _holder, 26), *_ITEM_FACTS, *_SUMS)
PIECE: Sequence[Column] = (
    Column(N_("Serial number"), _plain("number")),
    Column(N_("Maker's number"), _plain("maker_serial")),
    *_LOT_FACTS,
    Column(N_("Store"), _plain("site_code"), 10),
    Column(N_("Store's name"), _plain("site_name"), 26),
    Column(N_("Place"), _place),
    Column(N_("Condition"), _condition, 10),
)
