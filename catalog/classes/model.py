"""Nouns of the class schemes."""

from dataclasses import dataclass
from datetime import datetime

CLASS_SCHEME = "local"
"""The scheme of this city's own, in which items have their main class."""
GBT = "gbt38565"
"""GB/T 38565-2020: seven digits, four levels, parents by zero-padding, 99 the catch-all (DOMAIN.md section 1)."""


@dataclass(frozen=True, slots=True)
class ClassFacts:
    """What may be edited of a class."""

    name_zh: str
    name_en: str | None = None
    source: str = "unverified"
    near_expiry_days: tuple[int, ...] = ()
    """Days before the expiry at which goods are told as near it, falling; empty: as the class above."""


@dataclass(frozen=True, slots=True)
class NewClass:
    """A class to add. `parent_code` stands in the same scheme, before it or earlier in the list.

    `mapped` is (scheme, code) of the class of another scheme that means the same.
    """

    scheme: str
    code: str
    parent_code: str | None
    facts: ClassFacts
    mapped: tuple[str, str] | None = None


@dataclass(frozen=True, slots=True)
class MaterialClass:
    """One class. `path` ("/3/8/") holds the ids from the top of its scheme down to itself."""

    id: int
    scheme: str
    code: str
    parent_id: int | None
    path: str
    level: int
    name_zh: str
    name_en: str | None
    mapped_id: int | None
    source: str
    version: int
    retired_at: datetime | None
    near_expiry_days: tuple[int, ...] = ()
