"""Parties, sites, zones and bins, as the API shows and takes them. Everything is named by its key or code."""

from datetime import datetime
from typing import Annotated
from uuid import UUID

from pydantic import Field, StrictBool, StringConstraints

from api.schemas.base import PLAIN, Given, Key, Line, Taken
from api.schemas.catalog import Lat, Lon, Positive, RegionRef, Source
from warehouse.parties.model import Duty, PartyKind
from warehouse.sites.model import PlaceKind, SiteKind

Short = Annotated[str, StringConstraints(strict=True, max_length=200, pattern=PLAIN)]

# --- parties ------------------------------------------------------------------------------------------


class PartyFactsIn(Taken):
    """The editable part of a party, as a whole. Without a region it belongs to the whole city."""

    name_zh: Line
    name_en: Line | None = None
    region: Key | None = None
    duties: Annotated[list[Duty], Field(max_length=3)] = []
    contact: Short = ""
    phone: Short = ""
    source: Source = "unverified"


class PartyNew(PartyFactsIn):
    """A party to be made. Only an office has duties."""

    key: Annotated[str, StringConstraints(strict=True, pattern=r"^[A-Za-z0-9._-]{2,40}$")]
    kind: PartyKind


class PartyRef(Given):
    """A party, briefly."""

    id: int
    key: str
    name_zh: str
    name_en: str | None


class PartyOut(PartyRef):
    """One party."""

    uuid: UUID
    kind: PartyKind
    region: RegionRef | None
    duties: list[Duty]
    contact: str
    phone: str
    source: str
    version: int
    retired_at: datetime | None


class PartiesPage(Given):
    """Parties in my scope by key."""

    items: list[PartyOut]
    next_cursor: str | None


# --- sites --------------------------------------------------------------------------------------------


class SiteFactsIn(Taken):
    """The editable part of a site, as a whole. `region` operates it, `custodian` keeps the goods; `custody_for` is the
    region that owns what is kept here in custody."""

    name_zh: Line
    name_en: Line | None = None
    kind: SiteKind
    region: Key
    custodian: Key | None = None
    custody_for: Key | None = None
    address: Short = ""
    phone: Short = ""
    lat: Lat | None = None
    lon: Lon | None = None
    one_keeper: StrictBool = False
    live: StrictBool = True
    source: Source = "unverified"
    load_minutes: Annotated[int, Field(strict=True, ge=0, le=1440)] | None = None


class BinFactsIn(Taken):
    """Room, bearing capacity, and the turn in the walk (by default the code in natural order)."""

    volume_ml: Positive | None = None
    weight_g: Positive | None = None
    sort_key: Annotated[str, StringConstraints(strict=True, min_length=1, max_length=60, pattern=PLAIN)] | None = None


class BinNew(BinFactsIn):
    """A bin to be added."""

    code: Annotated[str, StringConstraints(strict=True, pattern=r"^[A-Z0-9][A-Z0-9.-]{0,19}$")]


class BinsNew(Taken):
    """Bins to be added to a zone."""

    bins: Annotated[list[BinNew], Field(min_length=1, max_length=1000)]


class BinEdit(BinFactsIn):
    """Replace capacity and walking order; `zone` moves the bin to another zone of its site."""

    zone: Key | None = None


class ZoneFactsIn(Taken):
    """The editable part of a zone. Without storage classes it takes all goods."""

    name_zh: Line
    name_en: Line | None = None
    storage_classes: Annotated[list[Key], Field(max_length=30)] = []


class ZoneNew(ZoneFactsIn):
    """A zone to be added."""

    code: Annotated[str, StringConstraints(strict=True, pattern=r"^[A-Z0-9][A-Z0-9-]{0,11}$")]
    bins: Annotated[list[BinNew], Field(max_length=1000)] = []


class SiteNew(SiteFactsIn):
    """A site to be made. Its code begins the keys of its places."""

    code: Annotated[str, StringConstraints(strict=True, pattern=r"^[0-9A-HJ-NP-Z]{2,12}$")]
    zones: Annotated[list[ZoneNew], Field(max_length=100)] = []


class BinKeys(Taken):
    """Bins by their own keys."""

    bins: Annotated[list[Key], Field(min_length=1, max_length=200)]


class BinsClose(BinKeys):
    """Bins to close, and why."""

    reason: Annotated[
        str, StringConstraints(strict=True, min_length=1, max_length=200, pattern=PLAIN, strip_whitespace=True)
    ]


class SiteOut(Given):
    """One site."""

    id: int
    uuid: UUID
    code: str
    name_zh: str
    name_en: str | None
    kind: SiteKind
    region: RegionRef
    custodian: PartyRef | None
    custody_for: RegionRef | None
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


class SitesPage(Given):
    """Sites in my scope by code."""

    items: list[SiteOut]
    next_cursor: str | None


class ZoneOut(Given):
    """One zone; `bins` counts its live bins, `closed` those of them that are closed."""

    id: int
    code: str
    name_zh: str
    name_en: str | None
    storage_classes: list[str]
    bins: int
    closed: int
    version: int
    retired_at: datetime | None


class BinOut(Given):
    """One bin (or the staging place); `key` is what its label carries."""

    id: int
    uuid: UUID
    kind: PlaceKind
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


class BinsPage(Given):
    """Bins in walking order."""

    items: list[BinOut]
    next_cursor: str | None


class SiteCardOut(SiteOut):
    """A site with its way down from the city, its zones and its staging place."""

    regions: list[RegionRef]
    zones: list[ZoneOut]
    staging: BinOut | None


class BinsChanged(Given):
    """The bins that were changed."""

    bins: list[str]


class BinsAdded(Given):
    """The new bins, in order."""

    items: list[BinOut]
