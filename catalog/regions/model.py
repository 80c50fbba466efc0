"""Nouns of the region tree."""

from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum


class Tier(StrEnum):
    """市, 区 (or county-level city), 镇 (or 街道), 村 (or 社区)."""

    CITY = "city"
    DISTRICT = "district"
    TOWN = "town"
    VILLAGE = "village"


class RegionKind(StrEnum):
    """`functional_zone`: a node that is no division of its own (常州经开区) and carries a local key only."""

    ADMINISTRATIVE = "administrative"
    FUNCTIONAL_ZONE = "functional_zone"
    STREET = "street"
    TOWN = "town"
    VILLAGE = "village"
    COMMUNITY = "community"


@dataclass(frozen=True, slots=True)
class RegionCode:
    """What a code book calls the region from `valid_from` to `valid_to` (inclusive, None = still)."""

    scheme: str
    code: str
    valid_from: date
    valid_to: date | None
    source: str


@dataclass(frozen=True, slots=True)
class RegionFact:
    """A figure of the region on a day: `population` (usual residents), `dike_m`, `shelter_places`."""

    kind: str
    value: int
    as_of: date
    source: str


@dataclass(frozen=True, slots=True)
class RegionFacts:
    """What may be edited of a region. A point is WGS-84 degrees, both or neither."""

    name_zh: str
    name_en: str | None = None
    kind: RegionKind = RegionKind.ADMINISTRATIVE
    lat: float | None = None
    lon: float | None = None
    source: str = "unverified"


@dataclass(frozen=True, slots=True)
class NewRegion:
    """A node to add. `parent_key` names a node that is there or stands earlier in the same list."""

    key: str
    parent_key: str | None
    tier: Tier
    facts: RegionFacts
    codes: tuple[RegionCode, ...] = ()
    figures: tuple[RegionFact, ...] = ()


@dataclass(frozen=True, slots=True)
class Region:
    """One node. `path` ("/1/5/23/") holds the ids from the city down to the node itself."""

    id: int
    key: str
    parent_id: int | None
    tier: Tier
    kind: RegionKind
    path: str
    name_zh: str
    name_en: str | None
    lat: float | None
    lon: float | None
    source: str
    version: int
    retired_at: datetime | None
