"""Discrepancy cases, as the API shows and takes them."""

from datetime import date, datetime
from typing import Any, Literal
from uuid import UUID

from api.schemas.base import Given, Key, Receipt, Taken
from api.schemas.catalog import Day
from api.schemas.stock import Words
from warehouse.stock.model import CaseOutcome

CaseStatus = Literal["open", "settled"]


class CaseOut(Given):
    """Where books and facts differ: what kind, where, and how it ended."""

    id: UUID
    kind: str
    site: str
    site_name: str
    status: CaseStatus
    opened_at: datetime
    opened_by: str
    attempt: UUID
    document_kind: str | None
    document: UUID | None
    facts: dict[str, Any]
    settled_at: datetime | None
    settled_by: str
    settlement: str
    version: int
    owner_login: str | None
    owner_name_zh: str | None
    owner_role: str
    due_on: date | None
    outcome: str


class CasesPage(Given):
    """Cases, the newest first."""

    items: list[CaseOut]
    next_cursor: str | None


class SettleIn(Taken):
    """How it ended, in one word and in words."""

    settlement: Words
    outcome: CaseOutcome = CaseOutcome.OTHER


class AssignIn(Taken):
    """Who sees to it: a login, or a role at its site while no person does; and by when."""

    owner: Key | None = None
    owner_role: Literal["keeper", "statistician", "approver"] = "keeper"
    due_on: Day | None = None


class CaseAssigned(Receipt):
    """The case with its owner and end."""

    case: UUID
    owner: str | None
    owner_role: str
    due_on: date
    version: int


class CaseSettled(Receipt):
    """The settled case."""

    case: UUID
    status: CaseStatus
    settlement: str
    outcome: str
