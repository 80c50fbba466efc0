"""The ledger as one would tell it in the hall: no rows, no locks, no SQL. What the state machine compares with.

It knows nothing of `warehouse.stock.rules`; where it says the same, it says so in its own words.
"""

from copy import deepcopy
from dataclasses import dataclass, field, replace
from datetime import date, datetime
from uuid import UUID, uuid5

from catalog.kernel.time import day_of

Key = tuple[int, int, str]
FIRST_INSIDE = 100
NOWHERE = 0
ADJUSTMENT, CONVERSION = 5, 6


@dataclass
class Promise:
    """Goods held for somebody. What is left after a partial take is as old as the promise was."""

    key: Key
    quantity: int
    priority: int
    until: datetime
    age: int


@dataclass(frozen=True)
class Step:
    """One line of a posting."""

    lot: int
    quantity: int
    source: tuple[int, str]
    target: tuple[int, str]
    pieces: tuple[int, ...] = ()

    @property
    def leaves(self) -> Key:
        return (self.lot, *self.source)

    @property
    def comes(self) -> Key:
        return (self.lot, *self.target)


@dataclass(frozen=True)
class Act:
    """One posting."""

    reason: str
    steps: tuple[Step, ...]
    occurred: datetime
    fact: bool = False
    using: tuple[UUID, ...] = ()


@dataclass
class TinyBooks:
    """What stands where, for whom it is held, where each piece is, and when each bin was last counted."""

    expiry: dict[int, date | None]
    numbered: set[int]
    held: dict[Key, int] = field(default_factory=dict)
    promises: dict[UUID, Promise] = field(default_factory=dict)
    pieces: dict[int, Key] = field(default_factory=dict)
    counted: dict[int, datetime] = field(default_factory=dict)
    next_age: int = 0

    # -- questions -------------------------------------------------------------------------------------------------

    def reserved(self, key: Key) -> int:
        return sum(p.quantity for p in self.promises.values() if p.key == key)

    def free(self, key: Key) -> int:
        return self.held.get(key, 0) - self.reserved(key)

    # -- what happens ----------------------------------------------------------------------------------------------

    def batch(self, acts: list[Act], now: datetime) -> list[str | None]:
        """Acts in order, on goods whose lapsed promises are dropped first; for each its refusal, or None."""
        touched = {key for act in acts for step in act.steps for key in (step.leaves, step.comes)}
        touched |= {self.pieces[p] for act in acts if act.fact for s in act.steps for p in s.pieces if p in self.pieces}
        for made, promise in list(self.promises.items()):
            if promise.key in touched and promise.until <= now:
                del self.promises[made]
        return [self._fact(act) if act.fact else self._command(act) for act in acts]

    def _command(self, act: Act) -> str | None:
        before = deepcopy((self.held, self.promises, self.pieces))
        refusal = self._try(act)
        if refusal is not None:
            self.held, self.promises, self.pieces = before
        return refusal

    def _try(self, act: Act) -> str | None:
        left = [[step.leaves, step.quantity] for step in act.steps]
        for made in act.using:
            promise = self.promises.get(made)
            if promise is None:
                return "stock.reservation-over"
            if not self._use(made, promise, left):
                return "stock.reservation-elsewhere"
        for step in act.steps:
            if step.source[0] >= FIRST_INSIDE:
                expires = self.expiry[step.lot]
                expired = expires is not None and expires < day_of(act.occurred)
                if act.reason in ("issue", "lend") and (step.source[1] != "good" or expired):
                    return "stock.expired" if step.source[1] == "good" else "stock.not-usable"
                if self.free(step.leaves) < step.quantity:
                    return "stock.not-enough"
            for piece in step.pieces:
                stands = self.pieces.get(piece)
                fresh = stands is None and step.source[0] < FIRST_INSIDE
                changes_lot = step.source[0] == CONVERSION and stands is not None and stands[1] == CONVERSION
                if not fresh and not changes_lot and stands != step.leaves:
                    return "stock.serial-elsewhere"
            self._carry(step)
        return None

    def _use(self, made: UUID, promise: Promise, left: list[list[object]]) -> bool:
        """Take a promise up for what leaves its balance; the rest becomes a child."""
        wanted = sum(quantity for key, quantity in left if key == promise.key)  # type: ignore[misc]
        used = min(wanted, promise.quantity)
        if not used:
            return False
        rest = used
        for entry in left:
            if entry[0] == promise.key:
                part = min(entry[1], rest)  # type: ignore[type-var]
                entry[1] -= part  # type: ignore[operator]
                rest -= part  # type: ignore[operator]
        self._end(made, promise.quantity - used)
        return True

    def _end(self, made: UUID, rest: int) -> None:
        promise = self.promises.pop(made)
        if rest:
            self.promises[uuid5(made, "rest")] = replace(promise, quantity=rest)

    def _carry(self, step: Step) -> None:
        self._add(step.leaves, -step.quantity)
        self._add(step.comes, step.quantity)
        for piece in step.pieces:
            self.pieces[piece] = step.comes

    def _add(self, key: Key, quantity: int) -> None:
        if key[1] >= FIRST_INSIDE:
            self.held[key] = self.held.get(key, 0) + quantity
            assert self.held[key] >= 0

    # -- facts -----------------------------------------------------------------------------------------------------

    def _fact(self, act: Act) -> None:
        left = [[step.leaves, step.quantity] for step in act.steps]
        for made in act.using:
            if made in self.promises:
                self._use(made, self.promises[made], left)
        for step in act.steps:
            for piece in step.pieces:
                self._piece(step, piece, act.occurred)
            if not step.pieces:
                self._goods(step, act.occurred)

    def _seen(self, place: int, occurred: datetime) -> bool:
        """Whether a count after the fact has already seen its outcome."""
        return place in self.counted and occurred < self.counted[place]

    def _goods(self, step: Step, occurred: datetime) -> None:
        if step.source[0] >= FIRST_INSIDE and not self._seen(step.source[0], occurred):
            self._leave(step.leaves, step.quantity)
        if step.target[0] >= FIRST_INSIDE and not self._seen(step.target[0], occurred):
            self._add(step.comes, step.quantity)

    def _leave(self, key: Key, quantity: int) -> None:
        """Goods are gone from the hall; the books follow, and so do the promises."""
        self.held[key] = max(self.held.get(key, 0) - quantity, 0)
        for made, promise in sorted(self.promises.items(), key=lambda p: (-p[1].priority, -p[1].age)):
            excess = self.reserved(key) - self.held[key]
            if promise.key == key and excess > 0:
                self._end(made, max(promise.quantity - excess, 0))

    def _piece(self, step: Step, piece: int, occurred: datetime) -> None:
        stands = self.pieces.get(piece)
        here, there = stands == step.leaves, stands == step.comes
        seen_source = self._seen(step.source[0], occurred)
        seen_target = self._seen(step.target[0], occurred) and not there
        if here and seen_source:
            return  # the count saw it here afterwards: it left and came back
        if stands is not None and stands[1] >= FIRST_INSIDE:
            self._leave(stands, 1)
        if seen_target:
            self.pieces[piece] = (step.lot, ADJUSTMENT, "good")
            return
        self._add(step.comes, 1)
        self.pieces[piece] = step.comes
