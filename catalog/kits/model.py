"""Nouns of kits."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Component:
    """`quantity` base units of an item in one kit."""

    component_id: int
    quantity: int
    source: str = "unverified"


@dataclass(frozen=True, slots=True)
class NewKit:
    """What one kit is made of, as a whole. `version` is that of its item; None asks for no check (imports)."""

    kit_id: int
    components: tuple[Component, ...]
    version: int | None = None


@dataclass(frozen=True, slots=True)
class KitLine:
    """A component as it is shown."""

    component_id: int
    key: str
    name_zh: str
    name_en: str | None
    kind: str
    quantity: int
    source: str
