"""Nouns of search."""

from dataclasses import dataclass
from enum import StrEnum


class Kind(StrEnum):
    """What was found; the order is that of the groups on the page."""

    LOT = "lot"
    SERIAL = "serial"
    PALLET = "pallet"
    BOX = "box"
    BIN = "bin"
    SITE = "site"
    ITEM = "item"
    DELIVERY = "delivery"
    COUNT = "count"
    PAPER = "paper"
    CASE = "case"
    PARTY = "party"
    PERSON = "person"


@dataclass(frozen=True, slots=True)
class Hit:
    """One thing found. `key` is what its page's address is made of; `exact`: the text is its very name or number."""

    kind: Kind
    key: str
    title: str
    title_en: str | None = None
    detail: str = ""
    exact: bool = False


@dataclass(frozen=True, slots=True)
class Subject:
    """What an id of the audit trail stands for. `code` is what people know it by, where that is not its name."""

    name_zh: str
    name_en: str | None = None
    code: str = ""


@dataclass(frozen=True, slots=True)
class Found:
    """Everything found for a text, each thing once, exact ones first within their kind."""

    text: str
    hits: tuple[Hit, ...] = ()

    @property
    def only(self) -> Hit | None:
        """The one exact hit; None if there are none or several."""
        exact = [hit for hit in self.hits if hit.exact]
        return exact[0] if len(exact) == 1 else None

    def of(self, kind: Kind) -> tuple[Hit, ...]:
        """The hits of one kind."""
        return tuple(hit for hit in self.hits if hit.kind is kind)
