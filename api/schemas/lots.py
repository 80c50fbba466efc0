"""Lots, numbered pieces and pallets as cards."""

from datetime import date, datetime
from uuid import UUID

from api.schemas.base import Given
from api.schemas.stock import BalanceOut, LotOut


class LotEntryOut(Given):
    """A lot in the list: sums over what is in my sight. Figures are null to whoever is counting such goods (blind)."""

    lot: LotOut
    item_key: str
    owner: str
    on_hand: int | None
    reserved: int | None
    usable: int | None
    free: int | None
    places: int
    sites: list[str]


class LotsPage(Given):
    """Lots that have goods in sight."""

    items: list[LotEntryOut]
    next_cursor: str | None


class CareOut(Given):
    """What was done to a lot, or to one piece of it."""

    serial: str | None
    site: str
    kind: str
    done_on: date
    passed: bool
    result: str
    login: str
    recorded_at: datetime


class LotCard(LotEntryOut):
    """One lot: its facts, parent, where it stands, and its care."""

    maker: str | None
    maker_name: str | None
    parent: str | None
    balances: list[BalanceOut]
    care: list[CareOut]


class SerialCard(Given):
    """One numbered piece."""

    number: str
    maker_serial: str | None
    lot: LotOut
    place: str | None
    place_key: str | None
    place_kind: str | None
    site: str | None
    condition: str | None
    care: list[CareOut]


class PalletLineOut(Given):
    """What lies on a pallet. Figures are null to whoever is counting such goods (blind)."""

    lot: str
    item: str
    item_name: str
    unit: str
    unit_factor: int
    expires_on: date | None
    condition: str
    quantity: int | None


class PalletOut(Given):
    """A pallet, where it stands and what lies on it. A void one is a list of the past."""

    id: UUID
    number: str
    sscc: str | None
    status: str
    void_reason: str
    created_at: datetime
    site: str
    place: str
    place_key: str
    lines: list[PalletLineOut]
