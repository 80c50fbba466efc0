"""The only place where stock is written: many postings, one transaction, one order of work.

**touch** the balance rows, **lock** them in one fixed order, **look** for the attempts, **decide** (pure, in
`rules`), **write** set-wise. Whatever a rival does, he waits for the same rows in the same order, and finds this
attempt if it was his own.

The caller opens the transaction; a refusal is an ordinary outcome here, not an exception, so that its neighbours in
the batch are posted and the refusal itself is remembered.
"""

import json
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Any
from uuid import UUID, uuid5

from catalog.kernel import attempts, audit, db
from catalog.kernel.errors import Problem
from catalog.kernel.jsontext import json_text
from catalog.kernel.stamp import Stamp
from catalog.kernel.time import booking_day, day_of
from warehouse.stock import cases, rules
from warehouse.stock.model import (
    OUTSIDE,
    Held,
    PlannedMove,
    Posting,
    Receipt,
    Reservation,
    SerialState,
    StockKey,
    is_outside,
)
from warehouse.stock.queries.loads import COUNT_STANDS
from warehouse.stock.rules import Effect, Shelf

Outcome = Receipt | Problem

_TOUCH = """
INSERT INTO balance (lot_id, place_id, condition, item_id, site_id, expires_on)
SELECT k.lot_id, k.place_id, k.condition, l.item_id, p.site_id, l.expires_on
FROM unnest($1::bigint[], $2::bigint[], $3::text[]) WITH ORDINALITY k (lot_id, place_id, condition, n)
JOIN lot l ON l.id = k.lot_id JOIN place p ON p.id = k.place_id
WHERE NOT EXISTS (
    SELECT 1 FROM balance b WHERE (b.lot_id, b.place_id, b.condition) = (k.lot_id, k.place_id, k.condition)
)
ORDER BY k.n
ON CONFLICT DO NOTHING
"""
_LOCK = """
SELECT b.lot_id, b.place_id, b.condition, b.on_hand, b.reserved FROM balance b
JOIN unnest($1::bigint[], $2::bigint[], $3::text[]) k (lot_id, place_id, condition)
  USING (lot_id, place_id, condition)
ORDER BY b.lot_id, b.place_id, b.condition FOR UPDATE OF b
"""
_LOOK = """
SELECT book.open_from, a.id, a.content_hash, a.outcome, a.receipt
FROM book LEFT JOIN attempt a ON a.id = ANY($1::uuid[])
"""
_RESERVATIONS = """
SELECT id, lot_id, place_id, condition, quantity, priority, expires_at, row_number() OVER (ORDER BY created_at, seq)
FROM reservation r
JOIN unnest($1::bigint[], $2::bigint[], $3::text[]) k (lot_id, place_id, condition)
  USING (lot_id, place_id, condition)
WHERE state = 'held'
"""
_PEEK = """
SELECT s.id, s.number, t.lot_id, t.place_id, t.condition FROM serial s JOIN serial_state t ON t.serial_id = s.id
WHERE s.id = ANY($1::bigint[])
"""
_SERIALS = f"{_PEEK} ORDER BY t.serial_id FOR UPDATE OF t"
_COUNTS = f"""
SELECT DISTINCT ON (c.place_id) c.place_id, c.counted_at, c.id FROM bin_count c
WHERE c.place_id = ANY($1::bigint[]) AND {COUNT_STANDS} ORDER BY c.place_id, c.counted_at DESC, c.seq DESC
"""
_PALLETS = """
SELECT p.id, p.place_id, l.lot_id, l.condition, l.quantity FROM pallet p JOIN pallet_line l ON l.pallet_id = p.id
WHERE p.status = 'open' AND p.place_id = ANY($1::bigint[]) ORDER BY p.id
"""
_MOVE = (
    "id",
    "attempt",
    "line",
    "lot_id",
    "quantity",
    "from_place",
    "from_condition",
    "to_place",
    "to_condition",
    "reason",
    "note",
    "document_kind",
    "document_id",
    "document_line",
    "person_id",
    "login",
    "token_id",
    "device_time",
    "occurred_at",
    "recorded_at",
    "booked_on",
    "is_fact",
    "case_id",
    "reverses",
)
_SEQS = "SELECT id, seq FROM move WHERE id = ANY($1::uuid[])"
_WRITE_BALANCES = """
UPDATE balance b SET on_hand = v.on_hand, reserved = v.reserved
FROM unnest($1::bigint[], $2::bigint[], $3::text[], $4::bigint[], $5::bigint[])
    v (lot_id, place_id, condition, on_hand, reserved)
WHERE b.lot_id = v.lot_id AND b.place_id = v.place_id AND b.condition = v.condition
"""
_WRITE_TOTALS = """
INSERT INTO outside_total (lot_id, place_id, came, went)
SELECT * FROM unnest($1::bigint[], $2::bigint[], $3::bigint[], $4::bigint[])
ON CONFLICT (lot_id, place_id) DO UPDATE
SET came = outside_total.came + excluded.came, went = outside_total.went + excluded.went
"""
_ATTEMPT = ("id", "content_hash", "verb", "outcome", "receipt", "person_id", "recorded_at")


@dataclass(slots=True)
class _Batch:
    """One posting on its way: what was decided, and the case it opened."""

    posting: Posting
    effect: Effect
    case_id: int | None = None
    case_uuid: UUID | None = None


@dataclass(slots=True)
class _Locked:
    """What the transaction holds while it decides."""

    shelf: Shelf
    earlier: dict[UUID, tuple[bytes, str, str]]
    open_from: date | None
    counts: dict[int, tuple[Any, UUID]]
    pallets: list[tuple[int, int, int, str, int]]
    lapsed: Effect = field(default_factory=Effect)


async def post(postings: Sequence[Posting], *, seen: Collection[StockKey] = frozenset()) -> list[Outcome]:
    """Post each of `postings` in order, all of its lines or none; one outcome each. `seen` are balances that are known
    to be there (a balance is never deleted), so that only the others are touched.

    Must run inside a transaction. Raises only for what the database refuses (deadlock, duplicate id from a rival):
    the caller then does the work again, one by one.
    """
    if not db.in_transaction():
        raise RuntimeError("ledger.post needs a transaction")
    outcomes: list[Outcome | None] = [None] * len(postings)
    shaped: list[Posting] = []
    for index, posting in enumerate(postings):
        try:
            rules.check_shape(posting)
            shaped.append(posting)
        except Problem as problem:
            outcomes[index] = problem
    locked = await _lock(shaped, seen)
    done: list[_Batch] = []
    refused: list[tuple[Posting, Problem]] = [
        (p, o) for p, o in zip(postings, outcomes, strict=True) if isinstance(o, Problem)
    ]
    fresh: dict[UUID, tuple[bytes, int]] = {}
    for index, posting in enumerate(postings):
        stamp = posting.stamp
        if stamp.attempt in fresh:
            outcomes[index] = _same_again(posting, fresh[stamp.attempt], outcomes)
            refused = [(p, o) for p, o in refused if p is not posting]
            continue
        if stamp.attempt in locked.earlier:
            outcomes[index] = _recalled(posting, locked.earlier[stamp.attempt])
            refused = [(p, o) for p, o in refused if p is not posting]
            continue
        fresh[stamp.attempt] = (stamp.content_hash, index)
        if outcomes[index] is not None:
            continue
        locked.shelf.counted = _counted_after(posting, locked)
        try:
            effect = rules.decide(posting, locked.shelf)
        except Problem as problem:
            outcomes[index] = problem
            refused.append((posting, problem))
            continue
        done.append(_Batch(posting, effect))
        outcomes[index] = Receipt(_body(posting, effect, locked.shelf))
    await _write(done, refused, outcomes, postings, locked)
    return [outcome for outcome in outcomes if outcome is not None]


def _same_again(posting: Posting, first: tuple[bytes, int], outcomes: Sequence[Outcome | None]) -> Outcome:
    if first[0] != posting.stamp.content_hash:
        return attempts.other_content(posting.stamp)
    outcome = outcomes[first[1]]
    return Receipt(outcome.body, repeat=True) if isinstance(outcome, Receipt) else outcome  # type: ignore[return-value]


def _recalled(posting: Posting, row: tuple[bytes, str, str]) -> Outcome:
    try:
        body = dict(attempts.recall(posting.stamp, *row))
    except Problem as problem:
        problem.audited = True
        return problem
    body.pop("repeat", None)
    return Receipt(body, repeat=True)


# -- touch, lock, look ---------------------------------------------------------------------------------------------


def _columns(keys: Iterable[StockKey]) -> tuple[list[int], list[int], list[str]]:
    keys = list(keys)
    return [k.lot_id for k in keys], [k.place_id for k in keys], [k.condition for k in keys]


async def _lock(postings: Sequence[Posting], seen: Collection[StockKey]) -> _Locked:
    shelf = Shelf()
    serial_ids = sorted({s for p in postings for line in p.lines for s in line.serial_ids})
    if serial_ids and any(p.fact for p in postings):
        for row in await db.fetch(_PEEK, serial_ids):
            shelf.serials[row[0]] = SerialState(*row)
    shelf.held |= await lock_balances(rules.keys_of(postings, shelf.serials), seen)
    if serial_ids:
        for row in await db.fetch(_SERIALS, serial_ids):
            shelf.serials[row[0]] = SerialState(*row)
        # A rival may have moved a fact's piece since it was looked at; now it stays. (Out of order: may deadlock.)
        shelf.held |= await lock_balances([k for k in rules.keys_of(postings, shelf.serials) if k not in shelf.held])
    keys = sorted(shelf.held)
    columns = _columns(keys)
    sources = {line.from_place for p in postings for line in p.lines if not is_outside(line.from_place)}
    sources |= {s.place_id for s in shelf.serials.values() if not is_outside(s.place_id)}
    counted = sorted({key.place_id for key in keys}) if any(p.fact for p in postings) else []
    reserved = any(held.reserved for held in shelf.held.values())
    rows, pallets, counts, *reservations = await db.fetch_together(
        (_LOOK, ([p.stamp.attempt for p in postings],)),
        (_PALLETS, (sorted(sources),)),
        (_COUNTS, (counted,)),
        *([(_RESERVATIONS, columns)] if reserved else []),
    )
    locked = _Locked(
        shelf,
        earlier={row[1]: (row[2], row[3], row[4]) for row in rows if row[1] is not None},
        open_from=rows[0][0],
        counts={row[0]: (row[1], row[2]) for row in counts},
        pallets=[tuple(row) for row in pallets],
    )
    if reserved:
        _set_reservations(postings, reservations[0], locked)
    return locked


async def lock_balances(keys: Sequence[StockKey], seen: Collection[StockKey] = frozenset()) -> dict[StockKey, Held]:
    """Touch those not `seen`, then lock, in the order of `keys`, which is to be sorted. A row that was not there is
    there now, so that whoever looks before posting (a count) cannot be overtaken by a rival's first goods."""
    if not keys:
        return {}
    unseen = [key for key in keys if key not in seen]
    if unseen:
        await db.execute(_TOUCH, *_columns(unseen))
    rows = await db.fetch(_LOCK, *_columns(keys))
    return {StockKey(row[0], row[1], row[2]): Held(row[3], row[4]) for row in rows}


def _set_reservations(postings: Sequence[Posting], rows: Sequence[Any], locked: _Locked) -> None:
    now = max(p.stamp.recorded_at for p in postings)
    expired: list[Reservation] = []
    for row in rows:
        key = StockKey(row[1], row[2], row[3])
        reservation = Reservation(row[0], key, row[4], row[5], row[6], row[7])
        locked.shelf.reservations[reservation.id] = reservation
        if reservation.expires_at <= now:
            expired.append(reservation)
    rules.release_expired(locked.shelf, expired, locked.lapsed)


def _counted_after(posting: Posting, locked: _Locked) -> dict[int, UUID]:
    if not posting.fact:
        return {}
    occurred = posting.stamp.occurred_at
    return {place: count for place, (counted_at, count) in locked.counts.items() if occurred < counted_at}


# -- receipts ------------------------------------------------------------------------------------------------------


def _body(posting: Posting, effect: Effect, shelf: Shelf) -> dict[str, Any]:
    lines = []
    for line in posting.lines:
        entry: dict[str, Any] = {
            "lot_id": line.lot.id,
            "lot": line.lot.number,
            "item_id": line.lot.item_id,
            "item": line.lot.item_name,
            "unit": line.lot.unit,
            "unit_factor": line.lot.unit_factor,
            "expires_on": line.lot.expires_on.isoformat() if line.lot.expires_on else None,
            "quantity": line.quantity,
        }
        for side, key in (("from", line.source), ("to", line.target)):
            held = shelf.held.get(key)
            code = posting.place_codes.get(key.place_id) or OUTSIDE.get(key.place_id)
            entry[side] = {"place_id": key.place_id, "place": code, "condition": key.condition}
            if held is not None:
                entry[side] |= {"on_hand": held.on_hand, "reserved": held.reserved}
        lines.append(entry)
    return {
        "verb": posting.reason.value,
        "attempt": str(posting.stamp.attempt),
        "site_id": posting.site_id,
        "lines": lines,
        "case": None,
        "warnings": list(effect.case_kinds),
        **posting.extra,
    }


# -- write ---------------------------------------------------------------------------------------------------------


async def _write(
    done: list[_Batch],
    refused: list[tuple[Posting, Problem]],
    outcomes: list[Outcome | None],
    postings: Sequence[Posting],
    locked: _Locked,
) -> None:
    for batch in done:
        if batch.effect.case_kinds:
            await _open_case(batch)
            receipt = outcomes[postings.index(batch.posting)]
            if isinstance(receipt, Receipt):
                receipt.body["case"] = str(batch.case_uuid)  # type: ignore[index]
    moves = [(batch, n, move) for batch in done for n, move in enumerate(batch.effect.moves)]
    if moves:
        await _write_moves(moves, locked)
    await _write_balances(done, locked)
    await _write_ended([(end, postings[0].stamp) for end in locked.lapsed.ended])
    await _write_ended([(end, b.posting.stamp) for b in done for end in b.effect.ended])
    for batch in done:
        for count_id, key, quantity in batch.effect.taken_back:
            await db.execute(
                "UPDATE bin_count_line SET taken_back = taken_back + $4"
                " WHERE count_id = $1 AND lot_id = $2 AND condition = $3",
                count_id,
                key.lot_id,
                key.condition,
                quantity,
            )
    await _follow_pallets(done, locked)
    await _remember(done, refused, outcomes, postings)
    touched = {f"{key.lot_id}:{key.place_id}" for b in done for key in _changed(b.effect)}
    if touched:
        at = done[0].posting.stamp.recorded_at
        news = [("balance", key, at) for key in sorted(touched)]
        news += [("case", str(b.case_uuid), at) for b in done if b.case_id is not None]
        await db.append(("feed", ("topic", "key", "at"), news))


def _changed(effect: Effect) -> set[StockKey]:
    keys = {StockKey(m.lot_id, m.from_place, m.from_condition) for m in effect.moves}
    keys |= {StockKey(m.lot_id, m.to_place, m.to_condition) for m in effect.moves}
    keys |= {ended.reservation.key for ended in effect.ended}
    return {key for key in keys if not is_outside(key.place_id)}


async def _open_case(batch: _Batch) -> None:
    stamp = batch.posting.stamp
    batch.case_uuid = uuid5(stamp.attempt, "case")
    document = batch.posting.document
    batch.case_id = await db.fetch_value(
        "INSERT INTO discrepancy_case (uuid, kind, site_id, opened_at, opened_by, attempt, document_kind, document_id,"
        " facts, owner_id, due_on) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9::jsonb, $10, $11) RETURNING id",
        batch.case_uuid,
        batch.effect.case_kinds[0],
        batch.posting.site_id,
        stamp.recorded_at,
        stamp.login,
        stamp.attempt,
        document.kind if document else None,
        document.id if document else None,
        json.dumps({"kinds": batch.effect.case_kinds, "occurred_at": stamp.occurred_at.isoformat()}),
        stamp.person_id,
        await cases.due_on(batch.posting.site_id, day_of(stamp.recorded_at)),
    )


async def _write_moves(moves: list[tuple[_Batch, int, PlannedMove]], locked: _Locked) -> None:
    rows = []
    for batch, number, move in moves:
        posting, stamp = batch.posting, batch.posting.stamp
        document = posting.document
        rows.append(
            (
                uuid5(stamp.attempt, str(number)),
                stamp.attempt,
                number,
                move.lot_id,
                move.quantity,
                move.from_place,
                move.from_condition,
                move.to_place,
                move.to_condition,
                move.reason.value,
                posting.note,
                document.kind if document else None,
                document.id if document else None,
                move.line.document_line,
                stamp.person_id,
                stamp.login,
                stamp.token_id,
                stamp.device_time,
                stamp.occurred_at,
                stamp.recorded_at,
                booking_day(stamp.occurred_at, locked.open_from),
                posting.fact,
                batch.case_id if move.flagged else None,
                move.reverses,
            )
        )
    await db.append(("move", _MOVE, rows))
    if any(move.serial_ids for _, _, move in moves):
        seqs = {row[0]: row[1] for row in await db.fetch(_SEQS, [row[0] for row in rows])}
        carried = [
            (seqs[row[0]], serial_id, move)
            for row, (_, _, move) in zip(rows, moves, strict=True)
            for serial_id in move.serial_ids
        ]
        await db.execute(
            "INSERT INTO move_serial (move_seq, serial_id) SELECT * FROM unnest($1::bigint[], $2::bigint[])",
            [c[0] for c in carried],
            [c[1] for c in carried],
        )
        last = {serial_id: (seq, locked.shelf.serials[serial_id]) for seq, serial_id, _ in carried}
        await db.execute(
            "INSERT INTO serial_state (serial_id, lot_id, place_id, condition, move_seq)"
            " SELECT * FROM unnest($1::bigint[], $2::bigint[], $3::bigint[], $4::text[], $5::bigint[])"
            " ON CONFLICT (serial_id) DO UPDATE SET lot_id = excluded.lot_id, place_id = excluded.place_id,"
            " condition = excluded.condition, move_seq = excluded.move_seq",
            list(last),
            [state.lot_id for _, state in last.values()],
            [state.place_id for _, state in last.values()],
            [state.condition for _, state in last.values()],
            [seq for seq, _ in last.values()],
        )
    totals = sorted(rules.totals(move for _, _, move in moves).items())
    if totals:
        await db.execute(
            _WRITE_TOTALS,
            [key[0] for key, _ in totals],
            [key[1] for key, _ in totals],
            [came for _, (came, _) in totals],
            [went for _, (_, went) in totals],
        )


async def _write_balances(done: list[_Batch], locked: _Locked) -> None:
    keys = set[StockKey]()
    for effect in (locked.lapsed, *(batch.effect for batch in done)):
        keys |= _changed(effect)
    if not keys:
        return
    ordered = sorted(keys)
    held = [locked.shelf.held[key] for key in ordered]
    await db.execute(_WRITE_BALANCES, *_columns(ordered), [h.on_hand for h in held], [h.reserved for h in held])


async def _write_ended(ended: Sequence[tuple[rules.Ended, Stamp]]) -> None:
    for end, stamp in ended:
        closed = await db.fetch_row(
            "UPDATE reservation SET state = $2, ended_at = $3, end_reason = $4 WHERE id = $1 AND state = 'held'"
            " RETURNING document_kind, document_id, created_at, person_id, login",
            end.reservation.id,
            end.state,
            stamp.recorded_at,
            end.why,
        )
        if closed is not None and end.child is not None:
            child = end.child
            await db.execute(
                "INSERT INTO reservation (id, lot_id, place_id, condition, quantity, priority, document_kind,"
                " document_id, parent_id, expires_at, created_at, person_id, login, attempt)"
                " VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14)",
                child.id,
                *child.key,
                child.quantity,
                child.priority,
                closed[0],
                closed[1],
                end.reservation.id,
                child.expires_at,
                closed[2],  # as old as the promise it is left of
                closed[3],
                closed[4],
                stamp.attempt,
            )
        await db.execute(
            "INSERT INTO feed (topic, key, at) VALUES ('reservation', $1, $2)",
            str(end.reservation.id),
            stamp.recorded_at,
        )


async def _follow_pallets(done: list[_Batch], locked: _Locked) -> None:
    """A pallet that went as one stands where it went; one that was broken, or whose goods are gone, is void."""
    for batch in done:
        posting = batch.posting
        if posting.pallet_id is None or not posting.lines:
            continue
        target = posting.lines[0].to_place
        if posting.breaks_pallet or is_outside(target):
            why = "partial-take" if posting.breaks_pallet else posting.reason.value
            await db.execute(
                "UPDATE pallet SET status = 'void', void_reason = $2 WHERE id = $1", posting.pallet_id, why
            )
        else:
            await db.execute("UPDATE pallet SET place_id = $2 WHERE id = $1", posting.pallet_id, target)
    void = _broken_pallets(done, locked)
    if void:
        await db.execute(
            "UPDATE pallet SET status = 'void', void_reason = 'goods-gone' WHERE id = ANY($1::bigint[])", void
        )


def _broken_pallets(done: list[_Batch], locked: _Locked) -> list[int]:
    """Pallets that list more of a lot than stands at their place when all is done."""
    moved = {b.posting.pallet_id: b.posting for b in done if b.posting.pallet_id is not None and b.posting.lines}
    standing: list[tuple[int, StockKey, int]] = []
    for pallet, place, lot, condition, quantity in locked.pallets:
        now = place
        if pallet in moved:
            now = moved[pallet].lines[0].to_place
            if moved[pallet].breaks_pallet or is_outside(now):
                continue
        standing.append((pallet, StockKey(lot, now, condition), quantity))
    claimed: dict[StockKey, int] = {}
    for _, key, quantity in standing:
        claimed[key] = claimed.get(key, 0) + quantity
    held = locked.shelf.held
    short = {key for key, quantity in claimed.items() if key in held and held[key].on_hand < quantity}
    return sorted({p for p, key, _ in standing if key in short or (p in moved and key not in held)})


async def _remember(
    done: list[_Batch],
    refused: list[tuple[Posting, Problem]],
    outcomes: list[Outcome | None],
    postings: Sequence[Posting],
) -> None:
    """The attempts with their receipts, and an audit row for each act and each refusal."""
    rows: list[tuple[Any, ...]] = []
    entries: list[audit.Entry] = []
    receipts = {id(p): o for p, o in zip(postings, outcomes, strict=True)}
    ended = [(b.posting, receipts[id(b.posting)]) for b in done] + list(refused)
    for posting, outcome in ended:
        stamp = posting.stamp
        is_done = isinstance(outcome, Receipt)
        body = outcome.body if isinstance(outcome, Receipt) else attempts.refusal(outcome)  # type: ignore[arg-type]
        rows.append(
            (
                stamp.attempt,
                stamp.content_hash,
                posting.reason.value,
                "done" if is_done else "refused",
                json_text(body),
                stamp.person_id,
                stamp.recorded_at,
            )
        )
        if isinstance(outcome, Problem):
            outcome.audited = True
        entries.append(_audit_entry(posting, outcome))
    if rows:
        rows.sort(key=lambda row: row[0].int)
        await db.append(("attempt", _ATTEMPT, rows), audit.rows_of(entries))


def _audit_entry(posting: Posting, outcome: Outcome | None) -> audit.Entry:
    facts: dict[str, Any] = {
        "lines": [[line.lot.number, line.quantity, line.from_place, line.to_place] for line in posting.lines],
        "fact": posting.fact,
    }
    if posting.note:
        facts["note"] = posting.note
    if isinstance(outcome, Problem):
        facts["refused"] = dict(outcome.facts)
    code = outcome.code if isinstance(outcome, Problem) else ""
    done = isinstance(outcome, Receipt)
    verb = "stock." + posting.reason.value
    return audit.Entry(posting.stamp, verb, "site", str(posting.site_id), done, code, facts)
