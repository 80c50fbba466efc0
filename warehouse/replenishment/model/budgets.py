"""Nouns of budgets: so much money of one fund source, for one region, in one year. Money is fen."""

from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum
from uuid import UUID


class Measure(StrEnum):
    """What a milestone looks at: the value that was ordered, or that was received, by its day."""

    ORDERED = "ordered"
    RECEIVED = "received"


class Standing(StrEnum):
    """How a milestone stands today."""

    MET = "met"
    AHEAD = "ahead"
    MISSED = "missed"


@dataclass(frozen=True, slots=True)
class Milestone:
    """By `day`, `percent` of the budget must be ordered or received ("100 % by 31 October")."""

    name: str
    day: date
    percent: int
    measure: Measure = Measure.RECEIVED


@dataclass(frozen=True, slots=True)
class BudgetFacts:
    """What a budget says; region, year and fund source stay."""

    amount_fen: int
    source: str
    note: str = ""
    milestones: tuple[Milestone, ...] = ()


@dataclass(frozen=True, slots=True)
class BudgetFigures:
    """Where the money is. Planned: drafts and what waits for approval. Approved, ordered and received each contain the
    next; a closed order counts with what came of it, a cancelled one not at all."""

    planned_fen: int = 0
    approved_fen: int = 0
    ordered_fen: int = 0
    received_fen: int = 0


@dataclass(frozen=True, slots=True)
class Progress:
    """A milestone with how far it is: `reached` is the percentage on its day, or today where that is still to come."""

    milestone: Milestone
    reached: int
    standing: Standing


@dataclass(frozen=True, slots=True)
class Budget:
    """One budget with its figures."""

    id: UUID
    seq: int
    region_id: int
    region_key: str
    region_name: str
    path: str
    year: int
    fund_source: str
    facts: BudgetFacts
    version: int
    created_at: datetime
    figures: BudgetFigures = BudgetFigures()
    progress: tuple[Progress, ...] = ()

    @property
    def left_fen(self) -> int:
        """What may still be approved; negative where approvers went above it or it was cut."""
        return self.facts.amount_fen - self.figures.approved_fen
