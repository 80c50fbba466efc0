"""Nouns of the item master."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from catalog.classes.model import MaterialClass
from catalog.kernel.quantity import Dimension
from catalog.kits.model import KitLine
from catalog.packs.model import NewPack, Pack


class Tracking(StrEnum):
    """How stock is told apart: by lot, or each piece by its own number."""

    LOT = "lot"
    SERIAL = "serial"


class ItemKind(StrEnum):
    """A phantom kit never stands in store, it explodes; a stocked kit is goods of its own (DESIGN section 4)."""

    PLAIN = "plain"
    PHANTOM_KIT = "phantom_kit"
    STOCKED_KIT = "stocked_kit"


class CodeKind(StrEnum):
    """`gtin`: 14 digits with a check digit. `text`: anything else a supplier or an old ledger calls it."""

    GTIN = "gtin"
    TEXT = "text"


class CareBasis(StrEnum):
    """What the first care counts from."""

    IN_STORE = "in_store"
    PRODUCTION = "production"


@dataclass(frozen=True, slots=True)
class ItemFacts:
    """What may be edited of an item, as a whole.

    `unit_factor` base units of `dimension` make one display unit (`unit_zh`). `weight_g` and `volume_ml` are of one
    display unit. `price_fen` is for `price_per` base units. A `…_source` of "unverified" is shown as such.
    """

    name_zh: str
    class_id: int
    unit_zh: str
    storage_class_id: int
    dimension: Dimension = Dimension.PIECE
    tracking: Tracking = Tracking.LOT
    kind: ItemKind = ItemKind.PLAIN
    name_en: str | None = None
    spec: str = ""
    unit_en: str | None = None
    unit_factor: int = 1
    weight_g: int | None = None
    volume_ml: int | None = None
    storage_life_days: int | None = None
    storage_life_source: str = "unverified"
    expiry_on_pack: bool = False
    returnable: bool = False
    returnable_source: str = "unverified"
    disaster_types: tuple[str, ...] = ()
    price_fen: int | None = None
    price_per: int = 1
    price_source: str = "unverified"
    near_expiry_days: tuple[int, ...] = (180, 90)
    source: str = "unverified"


@dataclass(frozen=True, slots=True)
class NewCode:
    """A code to give. It stands for one pack: `pack` is the handle of a pack in the same new item, `pack_id` one
    that is there already; without either the code stands for one display unit."""

    kind: CodeKind
    code: str
    source: str = "unverified"
    pack: str | None = None
    pack_id: int | None = None


@dataclass(frozen=True, slots=True)
class NewAlias:
    """Another name people use: synonym, short, misspelling, english, dialect."""

    alias: str
    kind: str = "synonym"
    source: str = "unverified"


@dataclass(frozen=True, slots=True)
class Care:
    """What has to be done to the goods: first after so many days, then at intervals."""

    kind: str
    first_after_days: int
    interval_days: int
    basis: CareBasis = CareBasis.IN_STORE
    note: str = ""
    source: str = "unverified"


@dataclass(frozen=True, slots=True)
class Substitute:
    """`give` base units of `substitute_id` do for `need` base units of the item. One way."""

    substitute_id: int
    need: int
    give: int
    note: str = ""
    source: str = "unverified"


@dataclass(frozen=True, slots=True)
class OtherClass:
    """A class of another scheme an item belongs to."""

    class_id: int
    source: str = "unverified"


@dataclass(frozen=True, slots=True)
class NewItem:
    """An item to create with all that hangs on it. `key`: capitals without I and O, digits, hyphens (labels)."""

    key: str
    facts: ItemFacts
    packs: tuple[NewPack, ...] = ()
    codes: tuple[NewCode, ...] = ()
    aliases: tuple[NewAlias, ...] = ()
    care: tuple[Care, ...] = ()
    classes: tuple[OtherClass, ...] = ()


@dataclass(frozen=True, slots=True)
class Item:
    """One catalogue entry. See `ItemFacts` for units."""

    id: int
    key: str
    name_zh: str
    name_en: str | None
    spec: str
    class_id: int
    dimension: Dimension
    unit_zh: str
    unit_en: str | None
    unit_factor: int
    tracking: Tracking
    kind: ItemKind
    storage_class_id: int
    weight_g: int | None
    volume_ml: int | None
    storage_life_days: int | None
    storage_life_source: str
    expiry_on_pack: bool
    returnable: bool
    returnable_source: str
    disaster_types: tuple[str, ...]
    price_fen: int | None
    price_per: int
    price_source: str
    near_expiry_days: tuple[int, ...]
    source: str
    unit_fixed: bool
    version: int
    retired_at: datetime | None

    @property
    def facts(self) -> ItemFacts:
        """The editable part, to change with `dataclasses.replace` and send back."""
        return ItemFacts(**{name: getattr(self, name) for name in ItemFacts.__slots__})


@dataclass(frozen=True, slots=True)
class ItemCode:
    """A code of an item; with a pack it stands for one pack, else for one display unit."""

    id: int
    item_id: int
    pack_id: int | None
    kind: CodeKind
    code: str
    source: str
    retired_at: datetime | None


@dataclass(frozen=True, slots=True)
class ItemAlias:
    """Another name of an item."""

    id: int
    item_id: int
    alias: str
    kind: str
    source: str


@dataclass(frozen=True, slots=True)
class CodeHit:
    """What a scanned code stands for. `factor`: base units in one of what carries the code.

    `by` is gtin, text, key (an item's own key as on labels) or pack (a pack's own key). `retired`: code, pack or
    item is out of use; it still says what the thing is.
    """

    by: str
    code: str
    item_id: int
    item_key: str
    name_zh: str
    name_en: str | None
    spec: str
    dimension: Dimension
    unit_zh: str
    unit_factor: int
    tracking: Tracking
    kind: ItemKind
    expiry_on_pack: bool
    storage_life_days: int | None
    pack_id: int | None
    pack_name: str | None
    factor: int
    retired: bool


@dataclass(frozen=True, slots=True)
class StorageClassFacts:
    """What may be edited of a storage class."""

    name_zh: str
    name_en: str | None = None
    note: str = ""
    source: str = "unverified"


@dataclass(frozen=True, slots=True)
class StorageClass:
    """How goods want to be kept; zones say which they offer."""

    id: int
    key: str
    name_zh: str
    name_en: str | None
    note: str
    source: str


@dataclass(frozen=True, slots=True)
class ClassOfItem:
    """A class an item belongs to, and who says so."""

    found: MaterialClass
    source: str


@dataclass(frozen=True, slots=True)
class SubstituteLine:
    """A substitute as it is shown. Plans take it once it is approved; `approved_by` is empty where it was approved
    before approvals were kept. `set_by` and `approved_by` are logins."""

    substitute_id: int
    key: str
    name_zh: str
    name_en: str | None
    need: int
    give: int
    note: str
    source: str
    set_by: str
    approved_by: str
    approved_at: datetime | None


@dataclass(frozen=True, slots=True)
class WaitingSubstitute:
    """A substitute that nobody has approved yet: the item it is for, and what would be given."""

    key: str
    name_zh: str
    name_en: str | None
    substitute: str
    substitute_zh: str
    substitute_en: str | None


@dataclass(frozen=True, slots=True)
class ItemCard:
    """Everything the catalogue knows about one item. `unverified` names the facts nobody has checked."""

    item: Item
    main_class: MaterialClass
    classes: tuple[ClassOfItem, ...]
    storage_class: StorageClass
    aliases: tuple[ItemAlias, ...]
    codes: tuple[ItemCode, ...]
    packs: tuple[Pack, ...]
    care: tuple[Care, ...]
    substitutes: tuple[SubstituteLine, ...]
    substitute_for: tuple[SubstituteLine, ...]
    components: tuple[KitLine, ...]
    part_of: tuple[KitLine, ...]
    unverified: tuple[str, ...]
