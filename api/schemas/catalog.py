"""Regions, classes, items, packs and kits, as the API shows and takes them. Everything is named by its key or code."""

from datetime import date, datetime
from typing import Annotated

from pydantic import BeforeValidator, Field, StrictBool, StrictInt, StringConstraints

from api.schemas.base import PLAIN, Given, Key, Line, Note, Taken
from catalog.items.model import CareBasis, CodeKind, ItemKind, Tracking
from catalog.kernel.quantity import MAX_QUANTITY, Dimension
from catalog.regions.model import RegionKind, Tier


def _iso_date(value: object) -> object:
    if (isinstance(value, str) and len(value) == 10) or (isinstance(value, date) and not isinstance(value, datetime)):
        return value
    raise ValueError("a date as YYYY-MM-DD")


Day = Annotated[date, BeforeValidator(_iso_date, json_schema_input_type=date)]
"""A calendar day as YYYY-MM-DD; nothing else is taken for one."""
Amount = Annotated[StrictInt, Field(ge=0, le=MAX_QUANTITY)]
"""Base units, grams, millilitres or fen."""
Positive = Annotated[StrictInt, Field(ge=1, le=MAX_QUANTITY)]
"""A whole number above zero."""
Days = Annotated[StrictInt, Field(ge=1, le=36_500)]
Lat = Annotated[float, Field(strict=True, ge=-90, le=90)]
Lon = Annotated[float, Field(strict=True, ge=-180, le=180)]
Word = Annotated[str, StringConstraints(strict=True, pattern=r"^[a-z][a-z0-9_]{1,39}$")]
"""The key of a kind: small letters, digits, underscores."""
Source = Annotated[
    str, StringConstraints(strict=True, min_length=1, max_length=1000, pattern=PLAIN, strip_whitespace=True)
]
"""Where a figure comes from; `unverified` is shown as such."""


class Created(Given):
    """What was made."""

    id: int
    key: str
    version: int


class Edited(Given):
    """The row that was changed, by key, and its new version."""

    key: str
    version: int


# --- regions ------------------------------------------------------------------------------------------


class RegionFactsIn(Taken):
    """The editable part of a region, as a whole. A point is WGS-84."""

    name_zh: Line
    name_en: Line | None = None
    kind: RegionKind = RegionKind.ADMINISTRATIVE
    lat: Lat | None = None
    lon: Lon | None = None
    source: Source = "unverified"


class RegionNew(RegionFactsIn):
    """A node to be added."""

    key: Annotated[str, StringConstraints(strict=True, pattern=r"^[A-Za-z0-9._-]{1,40}$")]
    parent: Key
    tier: Tier


class RegionMove(Taken):
    """The new parent."""

    parent: Key


class RegionCodeIn(Taken):
    """A code from a day on. The region's running code of the same scheme ends the day before."""

    scheme: Word
    code: Annotated[str, StringConstraints(strict=True, pattern=r"^[A-Za-z0-9._-]{1,40}$")]
    valid_from: Day
    source: Source = "unverified"


class RegionFigureIn(Taken):
    """A figure on a day: `population`, `dike_m`, `shelter_places`, …"""

    kind: Word
    value: Annotated[StrictInt, Field(ge=0, le=2**63 - 1)]
    as_of: Day
    source: Source = "unverified"


class RegionRef(Given):
    """A region, briefly."""

    id: int
    key: str
    tier: Tier
    name_zh: str
    name_en: str | None


class RegionOut(RegionRef):
    """One node; `path` holds the numbers from the city down to it."""

    parent_id: int | None
    kind: RegionKind
    path: str
    lat: float | None
    lon: float | None
    source: str
    version: int
    retired_at: datetime | None


class RegionCodeOut(Given):
    """A dated code."""

    scheme: str
    code: str
    valid_from: date
    valid_to: date | None
    source: str


class RegionFigureOut(Given):
    """A dated figure."""

    kind: str
    value: int
    as_of: date
    source: str


class RegionCard(RegionOut):
    """A node with its way down from the city, its codes and its newest figures."""

    parents: list[RegionRef]
    codes: list[RegionCodeOut]
    figures: list[RegionFigureOut]


class RegionsPage(Given):
    """Regions by key."""

    items: list[RegionOut]
    next_cursor: str | None


class RegionFiguresOut(Given):
    """Every figure of a region, the newest of each kind first."""

    items: list[RegionFigureOut]


# --- classes ------------------------------------------------------------------------------------------

ClassCode = Annotated[str, StringConstraints(strict=True, pattern=r"^[A-Za-z0-9._-]{1,40}$")]


class ClassFactsIn(Taken):
    """The editable part of a class, as a whole."""

    name_zh: Line
    name_en: Line | None = None
    source: Source = "unverified"
    near_expiry_days: Annotated[list[Days], Field(max_length=5)] = []


class ClassRefIn(Taken):
    """A class by scheme and code."""

    scheme: Word
    code: ClassCode


class ClassNew(ClassFactsIn):
    """A class to be added."""

    scheme: Word
    code: ClassCode
    parent: ClassCode | None = None
    mapped: ClassRefIn | None = None


class ClassMapping(Taken):
    """The class of another scheme that means the same; null when none is known."""

    mapped: ClassRefIn | None


class ClassRef(Given):
    """A class, briefly."""

    id: int
    scheme: str
    code: str
    name_zh: str
    name_en: str | None


class ClassOut(ClassRef):
    """One class."""

    parent_id: int | None
    level: int
    mapped_id: int | None
    source: str
    near_expiry_days: list[int]
    version: int
    retired_at: datetime | None


class ClassesPage(Given):
    """Classes by scheme and code."""

    items: list[ClassOut]
    next_cursor: str | None


class SchemesOut(Given):
    """The schemes there are."""

    items: list[str]


# --- storage classes ----------------------------------------------------------------------------------


class StorageClassIn(Taken):
    """How goods want to be kept."""

    name_zh: Line
    name_en: Line | None = None
    note: Note = ""
    source: Source = "unverified"


class StorageClassOut(Given):
    """How goods want to be kept."""

    id: int
    key: str
    name_zh: str
    name_en: str | None
    note: str
    source: str


class StorageClassesOut(Given):
    """Every storage class."""

    items: list[StorageClassOut]


# --- items --------------------------------------------------------------------------------------------

ItemKey = Annotated[str, StringConstraints(strict=True, pattern=r"^[0-9A-HJ-NP-Z][0-9A-HJ-NP-Z-]{0,14}[0-9A-HJ-NP-Z]$")]
Unit = Annotated[str, StringConstraints(strict=True, min_length=1, max_length=20, pattern=PLAIN, strip_whitespace=True)]


class ItemFactsIn(Taken):
    """The editable part of an item, as a whole. `unit_factor` base units of `dimension` make one display unit; weight
    and volume are of one display unit; `price_fen` is for `price_per` base units."""

    name_zh: Line
    name_en: Line | None = None
    spec: Annotated[str, StringConstraints(strict=True, max_length=200, pattern=PLAIN)] = ""
    main_class: ClassRefIn
    dimension: Dimension = Dimension.PIECE
    unit_zh: Unit
    unit_en: Unit | None = None
    unit_factor: Positive = 1
    tracking: Tracking = Tracking.LOT
    kind: ItemKind = ItemKind.PLAIN
    storage_class: Key
    weight_g: Amount | None = None
    volume_ml: Amount | None = None
    storage_life_days: Days | None = None
    storage_life_source: Source = "unverified"
    expiry_on_pack: StrictBool = False
    returnable: StrictBool = False
    returnable_source: Source = "unverified"
    disaster_types: Annotated[list[Word], Field(max_length=20)] = []
    price_fen: Amount | None = None
    price_per: Positive = 1
    price_source: Source = "unverified"
    near_expiry_days: Annotated[list[Days], Field(max_length=5)] = [180, 90]
    source: Source = "unverified"


class CodeIn(Taken):
    """A code: a GTIN of 8, 12, 13 or 14 digits, or any text. With `pack` it stands for that pack, else for one display
    unit."""

    kind: CodeKind
    code: Annotated[str, StringConstraints(strict=True, min_length=1, max_length=60, pattern=PLAIN)]
    pack: Key | None = None
    source: Source = "unverified"


class AliasIn(Taken):
    """Another name."""

    alias: Annotated[
        str, StringConstraints(strict=True, min_length=1, max_length=100, pattern=PLAIN, strip_whitespace=True)
    ]
    kind: Word = "synonym"
    source: Source = "unverified"


class PackIn(Taken):
    """A pack of `factor` base units, as a whole."""

    name_zh: Line
    name_en: Line | None = None
    factor: Positive
    weight_g: Amount | None = None
    volume_ml: Amount | None = None
    is_default: StrictBool = False
    source: Source = "unverified"


class NewItemPack(PackIn):
    """A pack of a new item; `handle` is what its codes in the same request call it."""

    handle: Key


class ItemNew(ItemFactsIn):
    """An item with what hangs on it. The key stands on labels: digits and capitals without I and O, hyphens."""

    key: ItemKey
    packs: Annotated[list[NewItemPack], Field(max_length=20)] = []
    codes: Annotated[list[CodeIn], Field(max_length=50)] = []
    aliases: Annotated[list[AliasIn], Field(max_length=50)] = []


class CodesIn(Taken):
    """Codes to add."""

    codes: Annotated[list[CodeIn], Field(min_length=1, max_length=50)]


class AliasesIn(Taken):
    """Names to add."""

    aliases: Annotated[list[AliasIn], Field(min_length=1, max_length=50)]


class CarePlanIn(Taken):
    """What is to be done to the goods, first and then at intervals."""

    kind: Word
    first_after_days: Days
    interval_days: Days
    basis: CareBasis = CareBasis.IN_STORE
    note: Note = ""
    source: Source = "unverified"


class CareSet(Taken):
    """All the care an item wants; what is not named is not wanted any more."""

    care: Annotated[list[CarePlanIn], Field(max_length=20)]


class SubstituteIn(Taken):
    """`give` base units of the substitute do for `need` of the item."""

    item: Key
    need: Positive
    give: Positive
    note: Note = ""
    source: Source = "unverified"


class SubstitutesSet(Taken):
    """All that may be given instead; what is not named may not be given any more."""

    substitutes: Annotated[list[SubstituteIn], Field(max_length=100)]


class OtherClassIn(ClassRefIn):
    """A class of another scheme."""

    source: Source = "unverified"


class ClassesSet(Taken):
    """All the classes of other schemes an item belongs to."""

    classes: Annotated[list[OtherClassIn], Field(max_length=20)]


class ComponentIn(Taken):
    """`quantity` base units of an item in one kit."""

    item: Key
    quantity: Positive
    source: Source = "unverified"


class ComponentsSet(Taken):
    """All that one kit is made of."""

    components: Annotated[list[ComponentIn], Field(max_length=200)]


class ItemOut(Given):
    """One item. See ItemFactsIn for the units. `unverified` names the facts nobody has checked."""

    id: int
    key: str
    name_zh: str
    name_en: str | None
    spec: str
    main_class: ClassRef
    dimension: Dimension
    unit_zh: str
    unit_en: str | None
    unit_factor: int
    tracking: Tracking
    kind: ItemKind
    storage_class: str
    weight_g: int | None
    volume_ml: int | None
    storage_life_days: int | None
    storage_life_source: str
    expiry_on_pack: bool
    returnable: bool
    returnable_source: str
    disaster_types: list[str]
    price_fen: int | None
    price_per: int
    price_source: str
    near_expiry_days: list[int]
    source: str
    unit_fixed: bool
    unverified: list[str]
    version: int
    retired_at: datetime | None


class ItemsPage(Given):
    """Items; with a search the best match first."""

    items: list[ItemOut]
    next_cursor: str | None


class CodeOut(Given):
    """A code; `pack` is the pack it stands for."""

    id: int
    kind: CodeKind
    code: str
    pack: str | None
    source: str


class AliasOut(Given):
    """Another name."""

    id: int
    alias: str
    kind: str
    source: str


class PackOut(Given):
    """A pack; `key` is its own key on labels."""

    id: int
    item_id: int
    key: str
    name_zh: str
    name_en: str | None
    factor: int
    weight_g: int | None
    volume_ml: int | None
    is_default: bool
    source: str
    version: int
    retired_at: datetime | None


class CarePlanOut(Given):
    """Care wanted."""

    kind: str
    first_after_days: int
    interval_days: int
    basis: CareBasis
    note: str
    source: str


class SubstituteOut(Given):
    """The other item and the ratio: `give` base units of the substitute for `need` of what is asked for. Plans take it
    once it is approved (`approved_at`)."""

    item: str
    name_zh: str
    name_en: str | None
    need: int
    give: int
    note: str
    source: str
    set_by: str
    approved_by: str
    approved_at: datetime | None


class OtherClassOut(ClassRef):
    """A class of another scheme, and who says so."""

    source: str


class ComponentOut(Given):
    """An item in a kit (or, in `part_of`, the kit)."""

    item: str
    name_zh: str
    name_en: str | None
    kind: ItemKind
    quantity: int
    source: str


class ItemCard(ItemOut):
    """Everything the catalogue knows about one item."""

    classes: list[OtherClassOut]
    aliases: list[AliasOut]
    codes: list[CodeOut]
    packs: list[PackOut]
    care: list[CarePlanOut]
    substitutes: list[SubstituteOut]
    substitute_for: list[SubstituteOut]
    components: list[ComponentOut]
    part_of: list[ComponentOut]


class CodeFound(Given):
    """What a code stands for: `factor` base units of an item."""

    by: str
    code: str
    item: str
    name_zh: str
    name_en: str | None
    spec: str
    pack: str | None
    factor: int
    retired: bool


class CodesAdded(Given):
    """The new codes' numbers, in order."""

    ids: list[int]


class ExplodedLine(Given):
    """Base units of one item."""

    item: str
    name_zh: str
    name_en: str | None
    quantity: int


class Exploded(Given):
    """What so many kits come apart into."""

    kit: str
    quantity: int
    lines: list[ExplodedLine]
