"""The decisions of the ledger, over plain values. Nothing here knows a database.

One function answers "usable?" for every page, rule and report.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, timedelta
from uuid import UUID, uuid5

from catalog.kernel.errors import Invalid, Problem, Refused
from catalog.kernel.time import day_of
from warehouse.stock.model import (
    ADJUSTMENT,
    CONVERSION,
    NEEDS_USABLE,
    Condition,
    Held,
    Line,
    Lot,
    PlannedMove,
    Posting,
    Reason,
    Reservation,
    SerialState,
    StockKey,
    is_outside,
)


def usable(condition: str, expires_on: date | None, on: date) -> bool:
    """Good and not expired; the expiry day itself is still usable (DESIGN section 4)."""
    return condition == Condition.GOOD and (expires_on is None or expires_on >= on)


def fefo_order(lot: Lot) -> tuple[bool, date, date, int]:
    """First expired, first out: no expiry sorts last, then by in-store date, then by age in the books."""
    return (lot.expires_on is None, lot.expires_on or date.max, lot.stored_on, lot.id)


@dataclass(slots=True)
class Shelf:
    """Everything the ledger has locked for a batch: the decisions read it and write their effects into it."""

    held: dict[StockKey, Held] = field(default_factory=dict)
    reservations: dict[UUID, Reservation] = field(default_factory=dict)
    serials: dict[int, SerialState] = field(default_factory=dict)
    counted: dict[int, UUID] = field(default_factory=dict)
    """Places whose last posted count lies after the fact being decided → that count (set per posting)."""


@dataclass(frozen=True, slots=True)
class Ended:
    """A reservation that ended in this posting: `state` is posted, released or expired; `child` holds the rest."""

    reservation: Reservation
    state: str
    child: Reservation | None
    why: str


@dataclass(slots=True)
class Effect:
    """What one accepted posting writes."""

    moves: list[PlannedMove] = field(default_factory=list)
    case_kinds: list[str] = field(default_factory=list)
    ended: list[Ended] = field(default_factory=list)
    taken_back: list[tuple[UUID, StockKey, int]] = field(default_factory=list)
    """(count, key, signed part of its variance that was taken back)."""
    warnings: list[str] = field(default_factory=list)


def check_shape(posting: Posting) -> None:
    """Raises Invalid for a posting that could never be right."""
    if not posting.lines and posting.reason is not Reason.COUNT:
        raise Invalid("stock.no-lines", "没有可处理的行")
    seen: set[int] = set()
    for number, line in enumerate(posting.lines):
        if line.quantity <= 0:
            raise Invalid("stock.not-positive", "数量必须大于零", line=number, asked=line.quantity)
        if line.source[1:] == line.target[1:]:
            raise Invalid("stock.same-place", "来源与去向相同", line=number, place=line.from_place)
        if line.lot.tracking == "serial":
            if len(set(line.serial_ids)) != line.quantity or len(line.serial_ids) != line.quantity:
                raise Invalid(
                    "stock.serials-needed",
                    "此物资按编号管理，请逐件扫描序列号",
                    line=number,
                    lot=line.lot.number,
                )
            if seen & set(line.serial_ids) and posting.reason not in (Reason.CONVERT, Reason.REVERSE):
                raise Invalid("stock.serial-twice", "同一序列号出现两次", line=number, lot=line.lot.number)
            seen |= set(line.serial_ids)
        elif line.serial_ids:
            raise Invalid("stock.no-serials", "此物资不按编号管理", line=number, lot=line.lot.number)


def decide(posting: Posting, shelf: Shelf) -> Effect:
    """What `posting` does to `shelf`, applied to it; or a Problem, and the shelf is as before.

    Commands are refused where goods are missing, reserved for others or not usable. Facts are always recorded: what
    the books lack is adjusted in first; reservations yield; what a later count has already seen is taken back.
    """
    effect = Effect()
    before = {key: Held(shelf.held[key].on_hand, shelf.held[key].reserved) for key in _keys(posting)}
    serials_before = {s: shelf.serials.get(s) for line in posting.lines for s in line.serial_ids}
    reservations_before = dict(shelf.reservations)
    try:
        _use_reservations(posting, shelf, effect)
        for number, line in enumerate(posting.lines):
            if posting.fact:
                _record_fact(posting, line, shelf, effect)
            else:
                _obey(posting, number, line, shelf, effect)
        return effect
    except Problem:
        shelf.held.update(before)
        for serial_id, state in serials_before.items():
            if state is None:
                shelf.serials.pop(serial_id, None)
            else:
                shelf.serials[serial_id] = state
        shelf.reservations = reservations_before
        raise


def _keys(posting: Posting) -> set[StockKey]:
    return {key for line in posting.lines for key in (line.source, line.target) if not is_outside(key.place_id)}


def keys_of(postings: Iterable[Posting], serials: Mapping[int, SerialState] | None = None) -> list[StockKey]:
    """Every balance that `postings` may touch, in the one locking order.

    A fact about a numbered piece also touches the balance where the books have it (`serials`).
    """
    found: set[StockKey] = set()
    for posting in postings:
        found |= _keys(posting)
        if posting.fact and serials:
            states = [serials[s] for line in posting.lines for s in line.serial_ids if s in serials]
            found |= {StockKey(s.lot_id, s.place_id, s.condition) for s in states if not is_outside(s.place_id)}
    return sorted(found)


def _use_reservations(posting: Posting, shelf: Shelf, effect: Effect) -> None:
    """Phase two: give the reserved goods back to `free` for this posting; keep the rest in a child.

    A fact has happened, whatever has become of its reservation in the meantime.
    """
    leaving: dict[StockKey, int] = {}
    if posting.reservations:
        for line in posting.lines:
            leaving[line.source] = leaving.get(line.source, 0) + line.quantity
    for wanted in posting.reservations:
        reservation = shelf.reservations.get(wanted)
        if reservation is None:
            if posting.fact:
                continue
            raise Refused("stock.reservation-over", "该预留已结束（已出库、已释放或已过期）", reservation=str(wanted))
        used = min(leaving.get(reservation.key, 0), reservation.quantity)
        if used == 0:
            if posting.fact:
                continue
            raise Invalid("stock.reservation-elsewhere", "该预留不属于这些行", reservation=str(wanted))
        leaving[reservation.key] -= used
        _end(reservation, "posted", reservation.quantity - used, "", shelf, effect)


def _obey(posting: Posting, number: int, line: Line, shelf: Shelf, effect: Effect) -> None:
    on = day_of(posting.stamp.recorded_at)  # a command is decided now, whatever its device's clock says
    source = shelf.held.get(line.source)
    if source is not None:
        if posting.reason in NEEDS_USABLE and not usable(line.from_condition, line.lot.expires_on, on):
            expired = line.lot.expires_on is not None and line.lot.expires_on < on
            raise Refused(
                "stock.expired" if expired and line.from_condition == Condition.GOOD else "stock.not-usable",
                "已过期，只能处置、检验、退货或更正" if expired else "状态不可用，只能处置、检验、退货或更正",
                line=number,
                lot=line.lot.number,
                condition=line.from_condition.value,
                expires_on=line.lot.expires_on.isoformat() if line.lot.expires_on else None,
            )
        if source.free < line.quantity:
            raise _short(number, line, source)
    _check_serials(number, line, shelf)
    _apply(
        PlannedMove(
            line,
            line.quantity,
            line.from_place,
            line.from_condition.value,
            line.to_place,
            line.to_condition.value,
            posting.reason,
            line.serial_ids,
            reverses=line.reverses,
        ),
        shelf,
        effect,
    )


def _short(number: int, line: Line, source: Held) -> Refused:
    return Refused(
        "stock.not-enough",
        f"可用数量不足：需要 {line.quantity}，可用 {source.free}",
        line=number,
        lot=line.lot.number,
        item=line.lot.item_name,
        place=line.from_place,
        asked=line.quantity,
        free=source.free,
        on_hand=source.on_hand,
        reserved=source.reserved,
    )


def _check_serials(number: int, line: Line, shelf: Shelf) -> None:
    for serial_id in line.serial_ids:
        state = shelf.serials.get(serial_id)
        if is_outside(line.from_place) and state is None:
            continue
        if line.from_place == CONVERSION and state is not None and state.place_id == CONVERSION:
            continue  # the piece has just left its old lot in this posting
        if state is None or (state.lot_id, state.place_id, state.condition) != line.source:
            raise Refused(
                "stock.serial-elsewhere",
                "该编号的物资不在这里",
                line=number,
                lot=line.lot.number,
                serial=state.number if state else serial_id,
                place=state.place_id if state else None,
                condition=state.condition if state else None,
            )


def _apply(move: PlannedMove, shelf: Shelf, effect: Effect) -> None:
    """Carry a planned move out on the shelf."""
    source = StockKey(move.lot_id, move.from_place, move.from_condition)
    target = StockKey(move.lot_id, move.to_place, move.to_condition)
    if not is_outside(source.place_id):
        shelf.held[source].on_hand -= move.quantity
    if not is_outside(target.place_id):
        shelf.held[target].on_hand += move.quantity
    for serial_id in move.serial_ids:
        state = shelf.serials.get(serial_id)
        shelf.serials[serial_id] = SerialState(
            serial_id, state.number if state else "", target.lot_id, target.place_id, target.condition
        )
    effect.moves.append(move)


def _record_fact(posting: Posting, line: Line, shelf: Shelf, effect: Effect) -> None:
    on = day_of(posting.stamp.occurred_at)
    if posting.reason in NEEDS_USABLE and not usable(line.from_condition, line.lot.expires_on, on):
        _open(effect, "not-usable")
    if line.serial_ids:
        for serial_id in line.serial_ids:
            _record_piece(posting, line, serial_id, shelf, effect)
        return
    source_counted = line.from_place in shelf.counted
    target_counted = line.to_place in shelf.counted
    source = shelf.held.get(line.source)
    if source is not None and source_counted:
        # The count has already seen them gone: give that part of its variance back, then let them leave.
        _open(effect, "after-count")
        _apply(_adjust_in(line, line.quantity, Reason.TAKE_BACK), shelf, effect)
        effect.taken_back.append((shelf.counted[line.from_place], line.source, line.quantity))
    elif source is not None:
        if source.on_hand < line.quantity:
            _open(effect, "books-short")
            _apply(_adjust_in(line, line.quantity - source.on_hand, Reason.ADJUST), shelf, effect)
        _yield_reservations(line.source, line.quantity, shelf, effect)
    if target_counted:
        _open(effect, "after-count")
    _apply(_fact(posting, line, line.quantity, effect), shelf, effect)
    if target_counted:
        _apply(_adjust_out(line, line.quantity), shelf, effect)
        effect.taken_back.append((shelf.counted[line.to_place], line.target, -line.quantity))


def _record_piece(posting: Posting, line: Line, serial_id: int, shelf: Shelf, effect: Effect) -> None:
    """One numbered piece. Where a later count saw it (or saw it gone) stays true; the balance there is unchanged."""
    state = shelf.serials.get(serial_id)
    stands = StockKey(state.lot_id, state.place_id, state.condition) if state else None
    was_at_source, was_at_target = stands == line.source, stands == line.target
    source_counted, target_counted = line.from_place in shelf.counted, line.to_place in shelf.counted
    piece = (serial_id,)
    if not was_at_source:
        _fetch_piece(line, serial_id, stands, shelf, effect)
    if source_counted or (target_counted and not was_at_target):
        _open(effect, "after-count")
    if not source_counted:
        _yield_reservations(line.source, 1, shelf, effect)
    _apply(_fact(posting, line, 1, effect, piece), shelf, effect)
    if source_counted and was_at_source:
        back = PlannedMove(
            line,
            1,
            line.to_place,
            line.to_condition.value,
            line.from_place,
            line.from_condition.value,
            Reason.TAKE_BACK,
            piece,
            flagged=True,
        )
        _apply(back, shelf, effect)
    elif target_counted and not was_at_target:
        _apply(_adjust_out(line, 1, piece), shelf, effect)
        effect.taken_back.append((shelf.counted[line.to_place], line.target, -1))


def _fetch_piece(line: Line, serial_id: int, stands: StockKey | None, shelf: Shelf, effect: Effect) -> None:
    """Bring a piece from where the books have it to where the fact says it was: by way of adjustment, so that a piece
    which the books hold in another lot changes lots there."""
    piece = (serial_id,)
    if stands is not None and not is_outside(stands.place_id):
        _open(effect, "serial-elsewhere")
        _yield_reservations(stands, 1, shelf, effect)
        gone = PlannedMove(
            line,
            1,
            stands.place_id,
            stands.condition,
            ADJUSTMENT,
            Condition.GOOD.value,
            Reason.ADJUST,
            piece,
            flagged=True,
            other_lot=stands.lot_id if stands.lot_id != line.lot.id else None,
        )
        _apply(gone, shelf, effect)
    if is_outside(line.from_place):
        return
    counted = shelf.counted.get(line.from_place)
    _open(effect, "books-short" if stands is None or stands.place_id == ADJUSTMENT else "serial-elsewhere")
    _apply(_adjust_in(line, 1, Reason.TAKE_BACK if counted else Reason.ADJUST, piece), shelf, effect)
    if counted is not None:
        effect.taken_back.append((counted, line.source, 1))


def _fact(posting: Posting, line: Line, quantity: int, effect: Effect, serials: tuple[int, ...] = ()) -> PlannedMove:
    return PlannedMove(
        line,
        quantity,
        line.from_place,
        line.from_condition.value,
        line.to_place,
        line.to_condition.value,
        posting.reason,
        serials,
        flagged=bool(effect.case_kinds),
        reverses=line.reverses,
    )


def _open(effect: Effect, kind: str) -> None:
    if kind not in effect.case_kinds:
        effect.case_kinds.append(kind)


def _adjust_in(line: Line, quantity: int, reason: Reason, serials: tuple[int, ...] = ()) -> PlannedMove:
    return PlannedMove(
        line,
        quantity,
        ADJUSTMENT,
        Condition.GOOD.value,
        line.from_place,
        line.from_condition.value,
        reason,
        serials,
        flagged=True,
    )


def _adjust_out(line: Line, quantity: int, serials: tuple[int, ...] = ()) -> PlannedMove:
    return PlannedMove(
        line,
        quantity,
        line.to_place,
        line.to_condition.value,
        ADJUSTMENT,
        Condition.GOOD.value,
        Reason.TAKE_BACK,
        serials,
        flagged=True,
    )


def _yield_reservations(key: StockKey, quantity: int, shelf: Shelf, effect: Effect) -> None:
    """Facts beat reservations: the least urgent first, then the youngest, until the goods are free."""
    source = shelf.held.get(key)
    if source is None or source.on_hand - quantity >= source.reserved:
        return
    _open(effect, "reservation-lost")
    here = [r for r in shelf.reservations.values() if r.key == key]
    for reservation in sorted(here, key=lambda r: (-r.priority, -r.seq)):
        excess = source.reserved - (source.on_hand - quantity)
        if excess <= 0:
            return
        _end(reservation, "released", max(reservation.quantity - excess, 0), "fact", shelf, effect)


def _end(reservation: Reservation, state: str, rest: int, why: str, shelf: Shelf, effect: Effect) -> None:
    """End a held reservation; what is left of it lives on in a child."""
    shelf.held[reservation.key].reserved -= reservation.quantity - rest
    del shelf.reservations[reservation.id]
    child = None
    if rest:
        child = replace(reservation, id=uuid5(reservation.id, "rest"), quantity=rest)
        shelf.reservations[child.id] = child
    effect.ended.append(Ended(reservation, state, child, why))


def release_expired(shelf: Shelf, expired: Sequence[Reservation], effect: Effect) -> None:
    """Lapsed reservations on locked rows are released before anything is decided."""
    for reservation in expired:
        _end(reservation, "expired", 0, "time", shelf, effect)


def totals(moves: Iterable[PlannedMove]) -> Mapping[tuple[int, int], tuple[int, int]]:
    """(lot, outside place) → (came from there, went there)."""
    found: dict[tuple[int, int], list[int]] = {}
    for move in moves:
        if is_outside(move.from_place):
            found.setdefault((move.lot_id, move.from_place), [0, 0])[0] += move.quantity
        if is_outside(move.to_place):
            found.setdefault((move.lot_id, move.to_place), [0, 0])[1] += move.quantity
    return {key: (came, went) for key, (came, went) in found.items()}


def case_due(opened_on: date, days: int) -> date:
    """The day by which a case opened on a day must have ended."""
    return opened_on + timedelta(days=days)
