"""Proposals to order, as JSON. Quantities are base units; money is fen."""

from datetime import date, datetime
from typing import Annotated
from uuid import UUID

from pydantic import Field, StringConstraints

from api.schemas.base import PLAIN, Given, Key, Note, Receipt, Taken
from api.schemas.catalog import Day
from warehouse.planning.proposals.model import Cause, Status
from warehouse.replenishment.model import OrderKind

Short = Annotated[str, StringConstraints(strict=True, max_length=200, pattern=PLAIN)]
Because = Annotated[
    str, StringConstraints(strict=True, min_length=1, max_length=500, pattern=PLAIN, strip_whitespace=True)
]


class ProposalRunIn(Taken):
    """Propose anew for this region and all below it."""

    region: Key


class ProposalRunOut(Receipt):
    """What the run did; `asleep` causes were dismissed until a later day."""

    region: str
    new: int
    changed: int
    withdrawn: int
    kept: int
    asleep: int


class ProposalOrderIn(Taken):
    """Ticked proposals; `site` is where goods go whose owner has no store."""

    proposals: list[UUID] = Field(min_length=1, max_length=200)
    kind: OrderKind = OrderKind.PROCUREMENT
    site: Key | None = None
    contract: Short = ""
    reason: Note = ""


class ProposalOrderOut(Receipt):
    """The draft orders that were made."""

    orders: list[UUID]
    proposals: int


class DismissIn(Taken):
    """Not before this day has passed, and why."""

    until: Day
    reason: Because


class ProposalWhy(Given):
    """The sum: level − (usable − leaving + on order + planned + proposed for stores + in transit + due back) = missing,
    in whole packs. With `moved_from` (store, quantity) nothing is to be ordered: the owner has it there to spare."""

    level: int
    trigger: int
    usable: int
    leaving: int
    on_order: int
    planned: int
    in_transit: int
    due_back: int
    missing: int
    pack: str | None
    pack_factor: int
    rounded: int
    causes: list[tuple[str, str]]
    split: str
    proposed: int
    moved_from: list[tuple[str, int]]


class OrderProposalOut(Given):
    """One proposed line."""

    id: UUID
    cause: Cause
    status: Status
    owner_region: str
    owner_name: str
    item: str
    item_name: str
    unit: str
    unit_factor: int
    site: str | None
    quantity: int
    pack: str | None
    supplier: str | None
    supplier_name: str | None
    fund_source: str | None
    price_fen: int | None
    price_per: int
    amount_fen: int | None
    expected_on: date | None
    why: ProposalWhy
    order: UUID | None
    reason: str
    until: date | None
    created_at: datetime
    version: int


class ProposalsPage(Given):
    """Proposals, the newest first."""

    items: list[OrderProposalOut]
    next_cursor: str | None
