"""What a typed or scanned text may mean, before anything is looked up."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import date
from uuid import UUID

from labels.codes import Ambiguous, Code, Glued, Own, OwnKind, read
from warehouse.search.model import Found, Hit, Kind

LONGEST = 200
MOST = 8
"""Hits of one kind; whoever gets so many types more."""


@dataclass(slots=True)
class Wanted:
    """The keys a text may be. `typed` is the text in one line; `upper` the same in capitals for codes."""

    typed: str
    own: dict[OwnKind, set[str]] = field(default_factory=dict)
    gtins: set[str] = field(default_factory=set)
    batches: set[str] = field(default_factory=set)
    serials: set[str] = field(default_factory=set)
    ssccs: set[str] = field(default_factory=set)

    @property
    def upper(self) -> str:
        """In capitals, as numbers and codes are written."""
        return self.typed.upper()

    @property
    def is_code(self) -> bool:
        """Whether it read as a code of ours or of GS1."""
        return bool(self.own or self.gtins or self.batches or self.serials or self.ssccs)

    def keys(self, kind: OwnKind) -> list[str]:
        """The own keys of a kind."""
        return sorted(self.own.get(kind, ()))


def understand(text: str, today: date) -> Wanted:
    """Everything that a text may be the code of."""
    raw = text[:LONGEST]
    wanted = Wanted(" ".join(raw.split())[:LONGEST])
    reading = read(raw.strip("\r\n\t "), today=today)
    codes: Iterable[Code] = ()
    if isinstance(reading, Code):
        codes = (reading,)
    elif isinstance(reading, Ambiguous):
        codes = reading.candidates
    elif isinstance(reading, Glued):
        codes = reading.parts
    for code in codes:
        _add(wanted, code)
    return wanted


def _add(wanted: Wanted, code: Code) -> None:
    own: Own | None = code.own
    if own is not None:
        wanted.own.setdefault(own.kind, set()).add(own.key)
        return  # an own code says all: the rest of the label is what it is about
    wanted.gtins.update(one for one in (code.gtin, code.content_gtin) if one)
    wanted.batches.update(one for one in (code.batch,) if one)
    wanted.serials.update(one for one in (code.serial,) if one)
    wanted.ssccs.update(one for one in (code.sscc,) if one)


def as_uuid(text: str) -> UUID | None:
    """The id a text is, if it is one."""
    try:
        return UUID(text)
    except ValueError:
        return None


def gathered(text: str, hits: Sequence[Hit]) -> Found:
    """Each thing once (exact where any source says so), in the order of kinds, exact ones first."""
    best: dict[tuple[Kind, str], Hit] = {}
    for hit in hits:
        known = best.get((hit.kind, hit.key))
        if known is None or (hit.exact and not known.exact):
            best[hit.kind, hit.key] = hit
    order = list(Kind)
    return Found(text, tuple(sorted(best.values(), key=lambda hit: (order.index(hit.kind), not hit.exact))))
