"""Nouns of vehicles. Weights are grams, volumes millilitres."""

from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum
from uuid import UUID

LONGEST_NAME = 120
LONGEST_NOTE = 500
MOST_AT_ONCE = 1000


class Kind(StrEnum):
    """What drives."""

    VAN = "van"
    BOX = "box"
    LORRY = "lorry"
    FLATBED = "flatbed"
    REFRIGERATED = "refrigerated"
    TANKER = "tanker"
    BUS = "bus"
    OTHER = "other"


KINDS = {
    Kind.VAN: "面包车",
    Kind.BOX: "厢式货车",
    Kind.LORRY: "栏板货车",
    Kind.FLATBED: "平板车",
    Kind.REFRIGERATED: "冷藏车",
    Kind.TANKER: "罐车",
    Kind.BUS: "客车",
    Kind.OTHER: "其他车辆",
}
"""What papers call them; they print Chinese."""


class Standing(StrEnum):
    """Whether it can be sent: derived from use, service and validity on a day, never stored."""

    READY = "ready"
    IN_USE = "in_use"
    OUT_OF_SERVICE = "out_of_service"
    NOT_VALID = "not_valid"


class Sort(StrEnum):
    """How a list stands."""

    PLATE = "plate"
    WEIGHT = "weight"
    VOLUME = "volume"
    HOME = "home"


@dataclass(frozen=True, slots=True)
class VehicleFacts:
    """What may be edited. At the disposal of a region (`region_id`), or of one store of it (`site_id`).

    `odd_plate`: whoever wrote it has said that a plate of no civil Chinese pattern is right. `out_of_service`: why it
    cannot be sent; empty: it can. Both days are inclusive, None: without an end. `driver` and `phone` lie in a table
    that is purged.
    """

    plate: str
    kind: Kind
    region_id: int
    max_weight_g: int
    max_volume_ml: int
    odd_plate: bool = False
    site_id: int | None = None
    carrier_id: int | None = None
    out_of_service: str = ""
    valid_from: date | None = None
    valid_to: date | None = None
    note: str = ""
    driver: str = ""
    phone: str = ""


@dataclass(frozen=True, slots=True)
class Vehicle:
    """One vehicle with names. `path`: of its store, else of its region. `used_paper`: number of what has it."""

    id: UUID
    seq: int
    path: str
    region_key: str
    region_zh: str
    region_en: str | None
    site_code: str | None
    site_zh: str | None
    site_en: str | None
    carrier_key: str | None
    carrier_zh: str | None
    carrier_en: str | None
    used_kind: str
    used_id: UUID | None
    used_paper: str
    version: int
    retired_at: datetime | None
    facts: VehicleFacts

    def standing(self, on: date) -> Standing:
        """Whether it can be sent on a day."""
        facts = self.facts
        if self.used_id is not None:
            return Standing.IN_USE
        if facts.out_of_service:
            return Standing.OUT_OF_SERVICE
        if (facts.valid_from and on < facts.valid_from) or (facts.valid_to and on > facts.valid_to):
            return Standing.NOT_VALID
        return Standing.READY

    def serves(self, site_id: int, path: str) -> bool:
        """Whether a store may send it: its own, or one at the disposal of its region or a region above."""
        if self.facts.site_id is not None:
            return self.facts.site_id == site_id
        return path.startswith(self.path)
