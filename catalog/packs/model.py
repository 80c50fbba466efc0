"""Nouns of packaging."""

from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True, slots=True)
class PackFacts:
    """`factor` base units make one pack, always whole. Weight and volume are of one full pack, packing included."""

    name_zh: str
    factor: int
    name_en: str | None = None
    weight_g: int | None = None
    volume_ml: int | None = None
    is_default: bool = False
    source: str = "unverified"


@dataclass(frozen=True, slots=True)
class NewPack:
    """A pack to add. `handle` names it only inside the same request (codes refer to it), for example "bale"."""

    handle: str
    facts: PackFacts


@dataclass(frozen=True, slots=True)
class Pack:
    """One way an item is packed. `key` is its own key on labels: the item's, P, and a running number."""

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
