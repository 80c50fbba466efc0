"""Files of vehicles: the columns that the list of vehicles writes and takes back, and the rows read from them. Pure."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from catalog.kernel.errors import Invalid
from warehouse.exchange.model import Cell, Sheet
from warehouse.exchange.rules.files import column_letter, read_file
from warehouse.exchange.rules.norm_rows import Column, figure, heading, unmarked
from warehouse.exchange.rules.road_rows import CellFault
from warehouse.exchange.rules.values import is_nothing, plain, read_moment
from warehouse.vehicles.model import KINDS, LONGEST_NOTE, MOST_AT_ONCE, Kind

_HEAD_WITHIN = 20
COLUMNS = (
    Column("plate", "车牌", "Plate"),
    Column("kind", "车辆类型", "Kind of vehicle"),
    Column("grams", "载重（千克）", "May carry (kg)"),
    Column("millilitres", "容积（立方米）", "Room (m³)"),
    Column("region", "支配区划", "At the disposal of"),
    Column("site", "停放地", "Stands at"),
    Column("carrier", "承运人", "Carrier"),
    Column("driver", "驾驶员", "Driver"),
    Column("phone", "驾驶员电话", "Driver's phone"),
    Column("out_of_service", "停运原因", "Out of service because"),
    Column("valid_from", "启用日期", "Valid from"),
    Column("valid_to", "有效期止", "Valid until"),
    Column("note", "备注", "Note"),
    Column("odd_plate", "车牌无误", "Plate is right"),
)
"""As the list is exported; region, store and carrier by name or key. `odd_plate`: anything written there vouches for a
plate of no civil pattern."""
ANYWHERE = ("区划内各库点", "all stores of the region", "—")
"""So a vehicle may be said to stand at no store of its own."""
_NAMES = {heading(text): one.name for one in COLUMNS for text in (one.zh, one.en)}
_NEEDED = {"plate", "kind", "grams", "millilitres", "region"}
ENGLISH = {
    Kind.VAN: "van",
    Kind.BOX: "box lorry",
    Kind.LORRY: "open lorry",
    Kind.FLATBED: "flatbed lorry",
    Kind.REFRIGERATED: "refrigerated lorry",
    Kind.TANKER: "tanker lorry",
    Kind.BUS: "bus or coach",
    Kind.OTHER: "other vehicle",
}
"""What the English list calls them."""
_KINDS = {name.casefold(): kind for kind in Kind for name in (kind.value, KINDS[kind], ENGLISH[kind])}


@dataclass(frozen=True, slots=True)
class VehicleLine:
    """One row. `texts`: what stands in the columns of words. `cells`: column name → its cell, as B7. What could not be
    read is None and stands among the faults."""

    row: int
    texts: Mapping[str, str]
    cells: Mapping[str, str]
    kind: Kind | None
    grams: int | None
    millilitres: int | None
    valid_from: date | None
    valid_to: date | None

    def fault(self, column: str, code: str, detail: str) -> CellFault:
        """What is wrong with one of its cells."""
        return CellFault(self.cells.get(column, f"#{self.row}"), self.texts.get(column, ""), code, detail)


Read = tuple[list[VehicleLine], list[CellFault]]


def read_vehicles(name: str, data: bytes) -> Read:
    """The rows of an uploaded file and the cells at fault. Raises Invalid (`import.…`, `vehicle.…`)."""
    for sheet in read_file(name, data):
        for number, row in enumerate(sheet.rows[:_HEAD_WITHIN]):
            found = {_NAMES[heading(cell)]: index for index, cell in enumerate(row) if heading(cell) in _NAMES}
            if sheet.visible and found.keys() >= _NEEDED:
                return _read(sheet, number, found)
    raise Invalid("vehicle.no-headings", "文件中没有车辆表的表头，请用“应急运力”页导出的文件")


def _read(sheet: Sheet, head: int, columns: Mapping[str, int]) -> Read:
    rows = [(number, row) for number, row in enumerate(sheet.rows[head + 1 :], head + 2) if any(map(plain, row))]
    if not 1 <= len(rows) <= MOST_AT_ONCE:
        raise Invalid("vehicle.bad-count", f"一次可登记 1 到 {MOST_AT_ONCE} 辆车", count=len(rows))
    found = [_line(number, row, columns) for number, row in rows]
    return [line for line, _ in found], [fault for _, bad in found for fault in bad]


def _line(number: int, row: Sequence[Cell], columns: Mapping[str, int]) -> tuple[VehicleLine, list[CellFault]]:
    cells = {name: f"{column_letter(index)}{number}" for name, index in columns.items()}
    texts = {name: plain(unmarked(row[index]))[:LONGEST_NOTE] for name, index in columns.items()}
    faults: list[CellFault] = []

    def read(name: str, how: Callable[[Cell], Any]) -> Any:
        try:
            return how(row[columns[name]] if name in columns else "")
        except Invalid as problem:
            faults.append(CellFault(cells[name], texts[name], problem.code, problem.detail))
            return None

    line = VehicleLine(
        number,
        texts,
        cells,
        read("kind", _kind),
        read("grams", lambda cell: _limit(cell, 1_000)),
        read("millilitres", lambda cell: _limit(cell, 1_000_000)),
        read("valid_from", _day),
        read("valid_to", _day),
    )
    return line, faults


def _kind(cell: Cell) -> Kind:
    found = _KINDS.get(plain(cell).casefold())
    if found is None:
        raise Invalid("vehicle.bad-kind", f"车辆类型须是：{'、'.join(KINDS.values())}")
    return found


def _limit(cell: Cell, unit: int) -> int:
    found = figure(cell)
    if found is None or found <= 0:
        raise Invalid("vehicle.bad-limit", "载重和容积必须大于零")
    whole: int = round(found * unit)
    return whole


def _day(cell: Cell) -> date | None:
    if is_nothing(cell):
        return None
    found = read_moment(cell)
    if found.kind != "day":
        raise Invalid("vehicle.bad-day", "这里须填一个确切的日期，如 2027-12-31")
    return found.days[0]
