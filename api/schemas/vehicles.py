"""Vehicles at hand as JSON. Weights are kilograms and volumes litres, as they are written on vehicles."""

from datetime import date, datetime
from typing import Annotated
from uuid import UUID

from pydantic import Field, StrictBool, StrictInt, StringConstraints

from api.schemas.base import Given, Key, Line, Receipt, Taken
from api.schemas.shipments import Short, Words
from warehouse.vehicles.model import Kind, Standing

Kilograms = Annotated[StrictInt, Field(ge=1, le=1_000_000)]
Litres = Annotated[StrictInt, Field(ge=1, le=10_000_000)]


class VehicleFactsIn(Taken):
    """What is said of a vehicle. `region`: at whose disposal it stands; `site`: a store of it that keeps it."""

    plate: Annotated[Short, Field(min_length=1)]
    odd_plate: StrictBool = Field(False, description="The plate is right, though of no civil Chinese pattern.")
    kind: Kind
    region: Key
    site: Key | None = None
    carrier: Key | None = Field(None, description="A party, by its key; without one it is the house's own.")
    max_weight_kg: Kilograms
    max_volume_l: Litres
    driver: Short = ""
    phone: Short = ""
    out_of_service: Words = Field("", description="Why it cannot be sent; empty: it can.")
    valid_from: date | None = None
    valid_to: date | None = None
    note: Words = ""


class VehicleFileIn(Taken):
    """A file (base64) of vehicles."""

    name: Line
    content: Annotated[str, StringConstraints(strict=True, max_length=8_400_000)]


class VehiclesDone(Given):
    """How many vehicles are new, and how many the register had already and kept as they are."""

    new: int
    known: int


class VehicleOut(Given):
    """One vehicle, and whether it can be sent today. `used_paper`: the number of the shipment that has it."""

    id: UUID
    plate: str
    odd_plate: bool
    kind: Kind
    standing: Standing
    region: str
    region_name: str
    site: str | None
    site_name: str | None
    carrier: str | None
    carrier_name: str | None
    max_weight_kg: int
    max_volume_l: int
    driver: str
    phone: str
    out_of_service: str
    valid_from: date | None
    valid_to: date | None
    note: str
    used_paper: str
    version: int
    retired_at: datetime | None


class VehiclesPage(Given):
    """Vehicles in the order asked for."""

    items: list[VehicleOut]
    next_cursor: str | None


class VehicleDone(Receipt):
    """The vehicle and its version."""

    id: UUID
    version: int
