"""What the dry run must know of the house to judge a table: plain values, sent to the worker with the file."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from typing import Any

from catalog.kernel.quantity import Dimension


@dataclass(frozen=True, slots=True)
class KnownItem:
    """A catalogue entry. `names` are (name, most it may score); `packs` are (name, base units)."""

    id: int
    key: str
    name: str
    spec: str
    unit: str
    factor: int
    dimension: Dimension
    serial: bool
    phantom: bool
    expiry_on_pack: bool
    names: tuple[tuple[str, int], ...] = ()
    packs: tuple[tuple[str, int], ...] = ()


@dataclass(frozen=True, slots=True)
class KnownSite:
    """A site in the caller's scope. `bins` are codes on the rack → place id; `staging` takes the rest."""

    id: int
    code: str
    name: str
    owner_region_id: int
    staging: int
    live: bool
    bins: Mapping[str, int] = field(default_factory=dict)
    zones: Mapping[str, int] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class KnownRegion:
    """A node of the tree."""

    id: int
    key: str
    name: str
    tier: str
    codes: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class KnownParty:
    """Somebody a document may name."""

    id: int
    key: str
    name: str


@dataclass(frozen=True, slots=True)
class Entry:
    """An entry of one of the house's lists as it stands: what a row with its key is held against."""

    id: int
    version: int
    facts: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Known:
    """Everything. `taken` are keys in use (also retired ones) of what the file brings; `entries` those of them that the
    caller may change, by the key of `rules.master_rows.key_of`; `classes` by (scheme, code);
    `stocked` are (site, item) where goods stand that no opening balance brought."""

    today: date
    items: tuple[KnownItem, ...] = ()
    sites: tuple[KnownSite, ...] = ()
    regions: tuple[KnownRegion, ...] = ()
    parties: tuple[KnownParty, ...] = ()
    classes: Mapping[tuple[str, str], tuple[int, str]] = field(default_factory=dict)
    storage_classes: Mapping[str, tuple[int, str]] = field(default_factory=dict)
    taken: frozenset[str] = frozenset()
    entries: Mapping[str, Entry] = field(default_factory=dict)
    stocked: frozenset[tuple[int, int]] = frozenset()
    default_site: str = ""
