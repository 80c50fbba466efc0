"""Norms: what a place must hold, as JSON. Quantities of an item are base units; of a class, units of the norm."""

from datetime import date, datetime
from typing import Annotated
from uuid import UUID

from pydantic import Field, StrictInt, StringConstraints

from api.schemas.base import PLAIN, Given, Key, Line, Note, Receipt, Taken
from api.schemas.imports import Base64
from catalog.kernel.quantity import MAX_QUANTITY
from warehouse.norms.model import Basis, Each, LineVerdict
from warehouse.norms.model import Field as Figure

Amount = Annotated[StrictInt, Field(ge=0, le=MAX_QUANTITY)]
Count = Annotated[StrictInt, Field(ge=1, le=10**9)]
MonthDay = Annotated[str, StringConstraints(strict=True, pattern=r"^[01][0-9]-[0-3][0-9]$")]
Source = Annotated[
    str, StringConstraints(strict=True, min_length=1, max_length=500, pattern=PLAIN, strip_whitespace=True)
]


class EquivalentIn(Taken):
    """`base` base units of the item count as `worth` units of the class norm; worth 0: it does not count."""

    item: Key
    base: Count
    worth: Annotated[StrictInt, Field(ge=0, le=10**9)]


class NormSaid(Taken):
    """What a norm says. At least one of the four figures; the season as MM-DD, both days inclusive."""

    minimum: Amount | None = None
    reorder: Amount | None = None
    target: Amount | None = None
    maximum: Amount | None = None
    lead_days: Annotated[StrictInt, Field(ge=0, le=3650)] | None = None
    round_to: Annotated[StrictInt, Field(ge=1, le=MAX_QUANTITY)] | None = None
    basis: Basis = Basis.FIXED
    basis_per: Count | None = Field(None, description="So many of the basis; by default its usual unit.")
    unit: Annotated[str, StringConstraints(strict=True, max_length=20, pattern=PLAIN, strip_whitespace=True)] = ""
    season_from: MonthDay | None = None
    season_to: MonthDay | None = None
    valid_from: date | None = Field(None, description="First day in force; today by default.")
    valid_to: date | None = Field(None, description="Last day in force.")
    source: Source = "unverified"
    note: Note = ""
    equivalents: list[EquivalentIn] = Field(default_factory=list, max_length=500)


class NormIn(NormSaid):
    """A new norm: for one region or site (`each`: for every one of these inside the region), one item or class."""

    region: Key | None = None
    site: Key | None = None
    each: Each | None = None
    item: Key | None = None
    class_code: Key | None = Field(None, description="Of the scheme in which items have their main class.")


class PreviewIn(NormIn):
    """A norm to try out; `instead_of`: in place of that one."""

    instead_of: UUID | None = None


class EquivalentOut(Given):
    """How an item counts in a norm of a class."""

    item: str
    base: int
    worth: int


class NormOut(Given):
    """One norm. `unverified`: nobody has checked its source. `may_edit`: whether you may change it."""

    id: UUID
    region: str | None
    site: str | None
    place_name: str
    each: Each | None
    item: str | None
    class_code: str | None
    goods_name: str
    unit: str
    unit_factor: int
    minimum: int | None
    reorder: int | None
    target: int | None
    maximum: int | None
    lead_days: int | None
    round_to: int | None
    basis: Basis
    basis_per: int
    season_from: str | None
    season_to: str | None
    valid_from: date
    valid_to: date | None
    source: str
    unverified: bool
    note: str
    equivalents: list[EquivalentOut]
    version: int
    retired_at: datetime | None
    may_edit: bool


class NormsPage(Given):
    """Norms, by place."""

    items: list[NormOut]
    next_cursor: str | None


class NormChangeOut(Given):
    """One place and goods: the figures before and after; null: none set, or its basis is not known."""

    place: str
    place_name: str
    goods: str
    goods_name: str
    unit: str
    unit_factor: int
    before: dict[Figure, int | None]
    after: dict[Figure, int | None]


class PreviewOut(Given):
    """What a change would do on `day`, the first on which it holds."""

    day: date
    places: int
    unknown: int
    differences: list[NormChangeOut]
    more: int


class LoserOut(Given):
    """A norm that was looked at, and why it does not decide."""

    norm: NormOut
    why: str


class FigureOut(Given):
    """One figure and how it came about; `value` null: the basis is not known."""

    field: Figure
    value: int | None
    stated: int
    norm: NormOut
    basis_value: int | None
    basis_as_of: date | None
    basis_source: str
    losers: list[LoserOut]


class WhyOut(Given):
    """What a place must hold of an item on a day. `counted_with`: the class whose goods are counted together."""

    place: str
    place_name: str
    item: str
    item_name: str
    day: date
    counted_with: str | None
    lead_days: int | None
    figures: list[FigureOut]


class RequirementOut(Given):
    """What a place must hold of an item, or of a class together. Null: none set; `unknown`: its basis is not known."""

    region: str | None
    site: str | None
    place_name: str
    item: str | None
    class_code: str | None
    goods_name: str
    unit: str
    unit_factor: int
    minimum: int | None
    reorder: int | None
    target: int | None
    maximum: int | None
    unknown: list[Figure]
    items: list[str]


class RequirementsOut(Given):
    """Every place below the region, parents first, then sites."""

    day: date
    items: list[RequirementOut]


# --- from a file ----------------------------------------------------------------------------------------------------


class NormFileIn(Taken):
    """A file of norms: .xlsx, .xls or .csv as base64, headed as the list's own export, at most 2,000 rows."""

    name: Line
    content: Base64


class NormRowMark(Taken):
    """A row as it was shown: the norm that it changes, and that norm's version; none for a new one."""

    row: Annotated[StrictInt, Field(ge=1, le=100_000)]
    norm: UUID | None = None
    version: Annotated[StrictInt, Field(ge=0, le=2**31 - 1)] = 0


class NormFileAgreed(NormFileIn):
    """The file again, and every row that was shown as new or changing: applied is what was seen, or nothing."""

    agreed: list[NormRowMark] = Field(max_length=2000)


class NormCellChange(Given):
    """One thing that a row would say otherwise: figures in the unit people read, words by their codes."""

    column: str
    before: str | None
    after: str | None


class NormRowFault(Given):
    """Why a row cannot be used: the column and cell ("" for the row as a whole), what stands there, the refusal."""

    column: str
    cell: str
    text: str
    code: str
    detail: str


class NormRowOut(Given):
    """One row with its verdict. `norm`, `version`: what it changes or repeats. `unverified`: it names no source."""

    row: int
    verdict: LineVerdict
    place: str
    place_name: str
    place_name_en: str | None
    each: Each | None
    goods: str
    goods_name: str
    goods_name_en: str | None
    norm: UUID | None
    version: int
    unverified: bool
    changes: list[NormCellChange]
    faults: list[NormRowFault]


class NormFileJudged(Given):
    """What a file would do. `aside`: headings that were not understood; what stands below them is left aside."""

    counts: dict[LineVerdict, int]
    aside: list[str]
    rows: list[NormRowOut]
    preview: PreviewOut


class NormFileDone(Receipt):
    """What a file did: how many rows were new, changed a norm, said the same already, could not be used."""

    counts: dict[LineVerdict, int]
