"""Frozen nouns of the seed files: one class per file, one object per row, already typed and checked.

Quantities are base units, money is fen, weights are grams and volumes are millilitres of ONE DISPLAY UNIT (items)
or of one pack (packs). `None` means "not known", never zero. Every row names its `source`; "unverified" there
means general knowledge, to be replaced by the customer's own figure, and is shown as such on screen.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date

from catalog.kernel.access import Role
from catalog.kernel.quantity import Dimension

UNVERIFIED = "unverified"

# --- common: what things are, the same for every city -------------------------------------------------------


@dataclass(frozen=True, slots=True)
class ClassSeed:
    """A material class of one scheme. `gbt_code` maps a class of the `local` scheme to GB/T 38565."""

    scheme: str
    code: str
    name_zh: str
    name_en: str
    parent_code: str | None
    level: int
    gbt_code: str | None
    source: str


@dataclass(frozen=True, slots=True)
class StorageClassSeed:
    """How goods want to be kept; zones of a site list the storage classes that they take."""

    key: str
    name_zh: str
    name_en: str
    note_zh: str
    source: str


@dataclass(frozen=True, slots=True)
class ItemSeed:
    """One catalogue entry. `display_factor` base units make one display unit (米 = 1,000 mm)."""

    key: str
    name_zh: str
    name_en: str
    spec: str
    class_code: str
    gbt_code: str
    dimension: Dimension
    unit_zh: str
    unit_en: str
    display_factor: int
    tracking: str
    kind: str
    storage_class: str
    weight_g: int
    volume_ml: int
    storage_life_days: int | None
    storage_life_source: str
    expiry_on_pack: bool
    """The date on the pack decides; `storage_life_days` is then only the proposal for a pack without one."""
    returnable: bool
    returnable_source: str
    disaster_types: tuple[str, ...]
    price_fen: int | None
    price_per: int | None
    """`price_fen` fen buy `price_per` base units."""
    price_source: str
    near_expiry_days: tuple[int, ...]
    """Two warning bands in days before expiry, the wider first; empty where nothing expires."""
    source: str


@dataclass(frozen=True, slots=True)
class ItemClassSeed:
    """The item's place in a scheme other than `local` (Jiangsu flood list, central relief list, …)."""

    item_key: str
    scheme: str
    code: str
    source: str


@dataclass(frozen=True, slots=True)
class PackSeed:
    """A packaging of an item: `quantity` display units are `factor` base units. `key` is unique over all."""

    item_key: str
    key: str
    name_zh: str
    name_en: str
    quantity: int
    factor: int
    weight_g: int
    volume_ml: int
    is_default: bool
    source: str


@dataclass(frozen=True, slots=True)
class ItemCodeSeed:
    """A code that leads to an item (`pack_key` None: one display unit) or to one of its packs."""

    item_key: str
    pack_key: str | None
    scheme: str
    code: str
    note: str
    source: str

    @property
    def gtin14(self) -> str | None:
        """The code as 14 digits if it is a GTIN (check digit already verified), else None."""
        return self.code.zfill(14) if self.scheme.startswith("gtin") else None


@dataclass(frozen=True, slots=True)
class AliasSeed:
    """Another word for an item. One alias may lead to several items; the keeper then chooses."""

    item_key: str
    alias: str
    kind: str
    source: str


@dataclass(frozen=True, slots=True)
class CareSeed:
    """Care that falls due: first `first_after_days` after the `basis` date, then every `interval_days`."""

    target_kind: str
    target: str
    kind: str
    interval_days: int
    first_after_days: int
    basis: str
    note_zh: str
    source: str


@dataclass(frozen=True, slots=True)
class SubstituteSeed:
    """`need` base units of the item are as good as `give` base units of the substitute."""

    item_key: str
    substitute_key: str
    need: int
    give: int
    one_way: bool
    note_zh: str
    source: str


@dataclass(frozen=True, slots=True)
class KitComponentSeed:
    """`quantity` base units of the component go into one kit."""

    kit_key: str
    component_key: str
    quantity: int
    source: str


@dataclass(frozen=True, slots=True)
class CommonSeeds:
    """Everything of `common/`, in file order; parents stand before their children."""

    classes: tuple[ClassSeed, ...]
    storage_classes: tuple[StorageClassSeed, ...]
    items: Mapping[str, ItemSeed]
    item_classes: tuple[ItemClassSeed, ...]
    packs: Mapping[str, PackSeed]
    item_codes: tuple[ItemCodeSeed, ...]
    aliases: tuple[AliasSeed, ...]
    care: tuple[CareSeed, ...]
    substitutes: tuple[SubstituteSeed, ...]
    kits: tuple[KitComponentSeed, ...]


# --- one city -----------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class RegionSeed:
    """A node of the region tree, with an official `code` (with scheme and date) or a `local_key`, not both."""

    key: str
    code: str | None
    code_scheme: str | None
    code_valid_from: date | None
    local_key: str | None
    name_zh: str
    name_en: str
    tier: str
    kind: str
    parent_key: str | None
    lat: float | None
    lon: float | None
    coord_system: str | None
    source: str


@dataclass(frozen=True, slots=True)
class RegionFactSeed:
    """A dated figure of a region. What is not known has no row."""

    region_key: str
    fact: str
    value: int
    as_of: date
    note: str
    source: str


@dataclass(frozen=True, slots=True)
class NormSeed:
    """How much a place must hold. `place`: a region's key or a site's code; `goods`: an item's key or a local class.

    Figures are base units of an item, or `unit`s of a class; `equivalents`: (item, base units, worth).
    """

    place: str
    each: str | None
    goods: str
    minimum: int | None
    reorder: int | None
    target: int | None
    maximum: int | None
    unit: str
    basis: str
    basis_per: int
    season: tuple[int, int] | None
    lead_days: int | None
    round_to: int | None
    equivalents: tuple[tuple[str, int, int], ...]
    note: str
    source: str


@dataclass(frozen=True, slots=True)
class PartySeed:
    """An office (with duties), supplier, donor, carrier, test house, enterprise or neighbour city."""

    key: str
    name_zh: str
    name_en: str
    kind: str
    duties: tuple[str, ...]
    region_key: str | None
    source: str


@dataclass(frozen=True, slots=True)
class SiteSeed:
    """A store or point. `custody` sites (代储) keep goods that `custody_for` (a region) owns."""

    code: str
    name_zh: str
    name_en: str
    kind: str
    region_key: str
    custodian_party: str
    custody: bool
    custody_for: str | None
    lat: float | None
    lon: float | None
    one_keeper: bool
    source: str


@dataclass(frozen=True, slots=True)
class ZoneSeed:
    """A part of a site and the storage classes that it takes."""

    site_code: str
    code: str
    name_zh: str
    name_en: str
    storage_classes: tuple[str, ...]
    source: str


@dataclass(frozen=True, slots=True)
class BinRuleSeed:
    """The bins of one zone by rule: `aisles` × `racks` × `levels`, each with room and bearing capacity."""

    site_code: str
    zone_code: str
    aisles: int
    racks: int
    levels: int
    volume_ml: int
    weight_g: int
    source: str

    def codes(self) -> tuple[str, ...]:
        """Bin codes such as A-01-02 (zone, rack, level).

        Racks are numbered on through the aisles: with 10 racks an aisle, A-11-01 opens the second aisle.
        """
        return tuple(
            f"{self.zone_code}-{rack:02d}-{level:02d}"
            for rack in range(1, self.aisles * self.racks + 1)
            for level in range(1, self.levels + 1)
        )


@dataclass(frozen=True, slots=True)
class PersonSeed:
    """A demo account: one role on one subtree, perhaps narrowed to a site. Passwords are never in a file."""

    login: str
    name_zh: str
    role: Role
    region_key: str
    site_code: str | None
    party_key: str
    source: str


@dataclass(frozen=True, slots=True)
class CitySeeds:
    """Everything of one `cities/<name>/`; regions and sites keep file order, parents before children."""

    name: str
    regions: Mapping[str, RegionSeed]
    facts: tuple[RegionFactSeed, ...]
    parties: Mapping[str, PartySeed]
    sites: Mapping[str, SiteSeed]
    zones: tuple[ZoneSeed, ...]
    bins: tuple[BinRuleSeed, ...]
    people: Mapping[str, PersonSeed]
    credits: str
    norms: tuple[NormSeed, ...] = ()
