"""Nouns: what a lower house sent, and the house as its anchors show it."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from catalog.kernel.audit import Anchor


class Verdict(StrEnum):
    """How an anchor stands to what its house sent before."""

    AGREES = "agrees"
    DIFFERS = "differs"
    """The house sent another hash for the same position: its chain was rewritten."""
    WENT_BACK = "went-back"
    """It ends before an earlier one: the chain was cut short, or restored from a backup."""


@dataclass(frozen=True, slots=True)
class Received:
    """One anchor as it arrived; never changed afterwards."""

    id: int
    house: str
    name: str
    anchor: Anchor
    verdict: Verdict
    received_at: datetime


@dataclass(frozen=True, slots=True)
class House:
    """A lower house, known by the key that it signs with. `key` is in hexadecimal; `wrong` counts what disagrees."""

    key: str
    name: str
    received: int
    position: int
    first_at: datetime
    last_at: datetime
    wrong: int

    @property
    def fingerprint(self) -> str:
        """The key as two people compare it by telephone."""
        return " ".join(self.key[at : at + 4] for at in range(0, 16, 4))
