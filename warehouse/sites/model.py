"""Nouns of sites, zones and places."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from uuid import UUID

from catalog.kernel.page import Page
from catalog.regions.model import Region
from warehouse.parties.model import PartyName

STAGING_CODE = "STAGE"
"""The code of the staging place that every site has: where goods stand before they are put away."""


UNNAMED = {"shipment": "SHIP", "incident": "USE"}
"""How the codes of places begin that are no spot in a store: a shipment's and a receiving point's, each followed by
`UNNAMED_DIGITS` of its id. People know them by the document, so pages and papers name only the kind."""
UNNAMED_DIGITS = 12


class SiteKind(StrEnum):
    """储备库, 储备点, 避难场所, 企业代储."""

    STORE = "store"
    POINT = "point"
    SHELTER = "shelter"
    ENTERPRISE = "enterprise"


class PlaceKind(StrEnum):
    """Where a leg of a move can stand (DESIGN section 4). This feature makes bins and staging places."""

    BIN = "bin"
    STAGING = "staging"
    SHIPMENT = "shipment"
    LOAN = "loan"
    INCIDENT = "incident"
    OUTSIDE = "outside"


def unnamed_kind(code: str) -> str | None:
    """The kind of a place whose code no one reads, or None for a bin or an area of a store."""
    for kind, start in UNNAMED.items():
        digits = code.removeprefix(start)
        if code.startswith(start) and len(digits) == UNNAMED_DIGITS and not set(digits) - set("0123456789ABCDEF"):
            return kind
    return None


@dataclass(frozen=True, slots=True)
class SiteFacts:
    """What may be edited of a site.

    `region_id` operates it (scope). `custodian_id` (a party) keeps the goods; `custody_for_id` (a region) owns what is
    kept here in custody, 代储. `one_keeper`: second confirmation by the tier above. `live`: books kept by scanning.
    `load_minutes`: from the order until the lorry leaves; None: as the parameter says.
    """

    name_zh: str
    kind: SiteKind
    region_id: int
    name_en: str | None = None
    custodian_id: int | None = None
    custody_for_id: int | None = None
    address: str = ""
    phone: str = ""
    lat: float | None = None
    lon: float | None = None
    one_keeper: bool = False
    live: bool = True
    source: str = "unverified"
    load_minutes: int | None = None


@dataclass(frozen=True, slots=True)
class BinFacts:
    """Room and bearing capacity of a bin; `sort_key` is its turn in the walk, by default its code in natural order."""

    volume_ml: int | None = None
    weight_g: int | None = None
    sort_key: str | None = None


@dataclass(frozen=True, slots=True)
class NewBin:
    """A bin to add. `code` is unique in the site and stands on the rack: A-01-02."""

    code: str
    facts: BinFacts = BinFacts()


@dataclass(frozen=True, slots=True)
class ZoneFacts:
    """What may be edited of a zone. `storage_classes` are keys of the catalogue's storage classes; none: takes all."""

    name_zh: str
    name_en: str | None = None
    storage_classes: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class NewZone:
    """A zone to add, with its bins."""

    code: str
    facts: ZoneFacts
    bins: tuple[NewBin, ...] = ()


@dataclass(frozen=True, slots=True)
class NewSite:
    """A site to create, with its zones and bins. Its code begins the keys of its places: capitals without I, O."""

    code: str
    facts: SiteFacts
    zones: tuple[NewZone, ...] = ()


@dataclass(frozen=True, slots=True)
class Site:
    """One store or point."""

    id: int
    uuid: UUID
    code: str
    name_zh: str
    name_en: str | None
    kind: SiteKind
    region_id: int
    path: str
    custodian_id: int | None
    custody_for_id: int | None
    address: str
    phone: str
    lat: float | None
    lon: float | None
    one_keeper: bool
    live: bool
    source: str
    load_minutes: int | None
    version: int
    retired_at: datetime | None

    @property
    def facts(self) -> SiteFacts:
        """The editable part, to change with `dataclasses.replace` and send back."""
        return SiteFacts(**{name: getattr(self, name) for name in SiteFacts.__slots__})


@dataclass(frozen=True, slots=True)
class Zone:
    """A part of a site. `bins`, `closed`: how many live bins it has, and how many of them are closed."""

    id: int
    site_id: int
    code: str
    name_zh: str
    name_en: str | None
    storage_classes: tuple[str, ...]
    version: int
    retired_at: datetime | None
    bins: int
    closed: int


@dataclass(frozen=True, slots=True)
class Place:
    """A bin or staging place (or another place of a site). `key` is its own key on labels."""

    id: int
    uuid: UUID
    kind: PlaceKind
    site_id: int
    zone_id: int | None
    code: str
    key: str
    sort_key: str
    volume_ml: int | None
    weight_g: int | None
    closed: bool
    close_reason: str
    version: int
    retired_at: datetime | None


@dataclass(frozen=True, slots=True)
class FoundPlace:
    """What a place's key leads to, with what a scan must know of it."""

    id: int
    kind: PlaceKind
    site_id: int
    site_code: str
    site_name: str
    path: str
    zone_id: int | None
    zone_code: str | None
    storage_classes: tuple[str, ...]
    code: str
    key: str
    closed: bool
    retired: bool


@dataclass(frozen=True, slots=True)
class SiteCard:
    """A site as it is shown: where it lies, who keeps it, its zones, its staging place, the first page of its bins."""

    site: Site
    regions: tuple[Region, ...]
    custodian: PartyName | None
    custody_for: Region | None
    zones: tuple[Zone, ...]
    staging: Place | None
    bins: Page[Place]
