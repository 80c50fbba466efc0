"""Nouns of parties."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from uuid import UUID


class PartyKind(StrEnum):
    """Who it is. Another city is a party, never a second region tree."""

    OFFICE = "office"
    SUPPLIER = "supplier"
    CARRIER = "carrier"
    TEST_HOUSE = "test_house"
    DONOR = "donor"
    NEIGHBOUR_CITY = "neighbour_city"
    ENTERPRISE = "enterprise"


class Duty(StrEnum):
    """What an office does about goods: decide on use (应急), hold (粮储), pay (财政): DOMAIN.md section 2.1."""

    DECIDE = "decide"
    HOLD = "hold"
    PAY = "pay"


@dataclass(frozen=True, slots=True)
class PartyFacts:
    """What may be edited of a party. Without a region it belongs to the whole city (suppliers, carriers)."""

    name_zh: str
    name_en: str | None = None
    region_id: int | None = None
    duties: tuple[Duty, ...] = ()
    contact: str = ""
    phone: str = ""
    source: str = "unverified"


@dataclass(frozen=True, slots=True)
class NewParty:
    """A party to create."""

    key: str
    kind: PartyKind
    facts: PartyFacts


@dataclass(frozen=True, slots=True)
class Party:
    """One party."""

    id: int
    uuid: UUID
    key: str
    kind: PartyKind
    region_id: int | None
    path: str | None
    duties: tuple[Duty, ...]
    name_zh: str
    name_en: str | None
    contact: str
    phone: str
    source: str
    version: int
    retired_at: datetime | None


@dataclass(frozen=True, slots=True)
class PartyName:
    """Whom a document names: no contact, so it may be shown outside the party's scope."""

    id: int
    key: str
    name_zh: str
    name_en: str | None
