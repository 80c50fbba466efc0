"""Label jobs, as the API takes them. Lengths are millimetres."""

from typing import Annotated

from pydantic import Field, StrictInt, StringConstraints

from api.schemas.base import PLAIN, Given, Line, Receipt, Taken
from labels.codes.symbols import SymbolKind
from warehouse.printing.model import Format, LabelKind

Millimetres = Annotated[float, Field(ge=0, le=1000)]
Size = Annotated[float, Field(ge=5, le=1000)]
Shift = Annotated[float, Field(ge=-20, le=20)]
Id = Annotated[str, StringConstraints(strict=True, min_length=1, max_length=60, pattern=PLAIN)]


class FreeLayout(Taken):
    """A customer's own stock: a roll without `page`, else a sheet."""

    label: tuple[Size, Size]
    grid: tuple[
        Annotated[StrictInt, Field(ge=1, le=50)],
        Annotated[StrictInt, Field(ge=1, le=100)],
    ] = Field((1, 1), description="Columns and rows")
    page: tuple[Size, Size] | None = None
    origin: tuple[Millimetres, Millimetres] = (0, 0)
    gap: tuple[Millimetres, Millimetres] = (0, 0)


class LabelsIn(Taken):
    """What to print: numbers of lots, serials, pallets and documents, keys (or site/code) of bins, keys of items and
    packs, codes of sites. Without `ids` it is the calibration page of the layout."""

    kind: LabelKind = LabelKind.LOT
    ids: list[Id] = Field(default=[], max_length=1000)
    layout: Annotated[str, StringConstraints(strict=True, max_length=40)] | FreeLayout = "a4-3x8-70x37"
    start: Annotated[StrictInt, Field(ge=1, le=5000)] = Field(1, description="The first free label of the sheet")
    copies: Annotated[StrictInt, Field(ge=1, le=1000)] = 1
    format: Format = Format.PDF
    dpi: Annotated[StrictInt, Field(ge=72, le=600)] = Field(203, description="203, 300 or 600 for ZPL")
    symbol: SymbolKind | None = None
    bin: Id | None = Field(None, description="Lots: the quantity of this bin only")
    meant_for: Annotated[str, StringConstraints(strict=True, max_length=100, pattern=PLAIN)] = Field(
        "", description="Empty bins: what belongs there"
    )
    right: Shift = Field(0, description="Shift of the printer, as the calibration page showed it")
    down: Shift = 0


class StockSaid(Taken):
    """What is said of label stock. Millimetres, kept to a hundredth; a roll has neither page nor grid."""

    name_zh: Line
    name_en: Annotated[str, StringConstraints(strict=True, max_length=200, pattern=PLAIN, strip_whitespace=True)] = ""
    label_width: Size
    label_height: Size
    page_width: Size | None = Field(None, description="Without it: a roll, whose page is the label")
    page_height: Size | None = None
    columns: Annotated[StrictInt, Field(ge=1, le=50)] = 1
    rows: Annotated[StrictInt, Field(ge=1, le=100)] = 1
    left: Millimetres = 0
    top: Millimetres = 0
    gap_x: Millimetres = 0
    gap_y: Millimetres = 0
    padding_x: Millimetres = 2
    padding_y: Millimetres = 2


class StockIn(StockSaid):
    """New label stock."""

    name: Annotated[str, StringConstraints(strict=True, pattern=r"^[a-z0-9][a-z0-9-]{1,39}$")]


class StockDone(Receipt):
    """The stock and its new version."""

    name: str
    version: int


class LayoutOut(Given):
    """Label stock: what ships with the program, and what administrators added (`own`)."""

    name: str
    name_zh: str
    name_en: str
    own: bool
    version: int
    label: tuple[float, float]
    page: tuple[float, float]
    columns: int
    rows: int
    per_page: int
    roll: bool


class LayoutsOut(Given):
    """All of it."""

    items: list[LayoutOut]
