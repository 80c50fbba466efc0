"""Verbs that take goods from one leg to another: put away, move, issue, return, send back, inspect, dispose, test.

Each is one function so that URL, handler, function, permission, ledger reason and button carry one word.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID

from catalog.kernel.access import Permission
from catalog.kernel.errors import Invalid, Missing, Refused
from catalog.kernel.stamp import Stamp
from warehouse.stock import queries
from warehouse.stock.actions.posting import codes_of, load_spots, not_gone_out, one_site, post_one
from warehouse.stock.model import (
    CONSUMED,
    DISPOSED,
    SUPPLIER,
    Condition,
    DocumentRef,
    Line,
    Posting,
    Reason,
    Receipt,
    is_outside,
)


@dataclass(frozen=True, slots=True)
class Take:
    """`quantity` base units of a lot at a place in a condition; `to_…` where the verb needs it."""

    lot_id: int
    quantity: int
    place_id: int
    condition: Condition = Condition.GOOD
    to_place: int | None = None
    to_condition: Condition | None = None
    serial_ids: tuple[int, ...] = ()
    document_line: int | None = None


async def put_away(*, stamp: Stamp, takes: Sequence[Take], fact: bool = False, note: str = "") -> Receipt:
    """From staging (or any place of the site) into a bin."""
    return await _within(stamp, Reason.PUT_AWAY, takes, fact, note)


async def move(*, stamp: Stamp, takes: Sequence[Take], fact: bool = False, note: str = "") -> Receipt:
    """From bin to bin inside one site; the condition goes along."""
    return await _within(stamp, Reason.MOVE, takes, fact, note)


async def inspect(*, stamp: Stamp, takes: Sequence[Take], note: str, fact: bool = False) -> Receipt:
    """Change the condition in place: freeze, release, grade as damaged, accept after inspection. `note` says why."""
    if not note.strip():
        raise Invalid("stock.reason-needed", "请填写原因")
    return await _within(stamp, Reason.INSPECT, takes, fact, note)


async def issue(
    *,
    stamp: Stamp,
    takes: Sequence[Take],
    document: DocumentRef | None = None,
    reservations: tuple[UUID, ...] = (),
    fact: bool = False,
    note: str = "",
) -> Receipt:
    """Out of the store for use (出库). Only usable goods; reserved ones only with their reservation."""
    return await _out(stamp, Reason.ISSUE, takes, CONSUMED, fact, note, document, reservations)


async def dispose(
    *,
    stamp: Stamp,
    takes: Sequence[Take],
    note: str,
    document: DocumentRef | None = None,
    permission: Permission | None = None,
) -> Receipt:
    """Scrap, sell or destroy. Needs stock.dispose, which keepers do not hold; `note` names the ground.

    `permission`: the right of whoever carries out a document that has been approved, instead of it.
    """
    if not note.strip():
        raise Invalid("stock.reason-needed", "请填写处置依据")
    return await _out(stamp, Reason.DISPOSE, takes, DISPOSED, False, note, document, permission=permission)


async def test(
    *,
    stamp: Stamp,
    takes: Sequence[Take],
    note: str,
    document: DocumentRef | None = None,  # noqa: PT028  a verb of stock, no test of pytest
) -> Receipt:
    """Goods used up by a quality test (destructive sample)."""
    return await _out(stamp, Reason.TEST, takes, CONSUMED, False, note, document)


async def send_back(*, stamp: Stamp, takes: Sequence[Take], note: str, document: DocumentRef | None = None) -> Receipt:
    """Back to the supplier, in whatever condition."""
    return await _out(stamp, Reason.SEND_BACK, takes, SUPPLIER, False, note, document)


async def return_goods(*, stamp: Stamp, takes: Sequence[Take], fact: bool = False, note: str = "") -> Receipt:
    """Back from use (回收) into a place; awaiting inspection unless said otherwise. `place_id` is where they arrive.

    Refused if more of the lot would come back than ever went out.
    """

    async def build() -> Posting:
        spots = await load_spots(stamp, Reason.RETURN, {t.place_id for t in takes}, fact=fact)
        lots = await queries.get_lots(ids={t.lot_id for t in takes})
        lines = []
        for number, take in enumerate(takes):
            if take.lot_id not in lots:
                raise Missing("stock.no-such-lot", "没有这个批次", line=number, lot=take.lot_id)
            condition = take.to_condition or Condition.AWAITING
            lines.append(
                Line(
                    lots[take.lot_id],
                    take.quantity,
                    CONSUMED,
                    Condition.GOOD,
                    take.place_id,
                    condition,
                    take.serial_ids,
                    take.document_line,
                )
            )
        if not fact:  # what has come back has come back
            short = await not_gone_out(lines)
            if short is not None:
                raise Refused("stock.more-than-went-out", "归还数量超过已出库数量", **short)
        codes = codes_of(spots.values())
        site_id = one_site(spots.values())
        return Posting(stamp, Reason.RETURN, tuple(lines), site_id, fact=fact, note=note, place_codes=codes)

    return await post_one(stamp, Reason.RETURN, build)


async def _within(stamp: Stamp, reason: Reason, takes: Sequence[Take], fact: bool, note: str) -> Receipt:
    async def build() -> Posting:
        places = {t.place_id for t in takes} | {t.to_place for t in takes if t.to_place is not None}
        return await _posting(stamp, reason, takes, places, None, fact, note, None, ())

    return await post_one(stamp, reason, build)


async def _out(
    stamp: Stamp,
    reason: Reason,
    takes: Sequence[Take],
    outside: int,
    fact: bool,
    note: str,
    document: DocumentRef | None,
    reservations: tuple[UUID, ...] = (),
    permission: Permission | None = None,
) -> Receipt:
    async def build() -> Posting:
        places = {t.place_id for t in takes}
        return await _posting(stamp, reason, takes, places, outside, fact, note, document, reservations, permission)

    return await post_one(stamp, reason, build)


async def _posting(
    stamp: Stamp,
    reason: Reason,
    takes: Sequence[Take],
    places: set[int],
    outside: int | None,
    fact: bool,
    note: str,
    document: DocumentRef | None,
    reservations: tuple[UUID, ...],
    permission: Permission | None = None,
) -> Posting:
    if not takes:
        raise Invalid("stock.no-lines", "没有可处理的行")
    spots = await load_spots(stamp, reason, places, fact=fact, permission=permission)
    lots = await queries.get_lots(ids={t.lot_id for t in takes})
    lines = []
    for number, take in enumerate(takes):
        if take.lot_id not in lots:
            raise Missing("stock.no-such-lot", "没有这个批次", line=number, lot=take.lot_id)
        target = outside if outside is not None else (take.to_place or take.place_id)
        condition = Condition.GOOD if is_outside(target) else (take.to_condition or take.condition)
        lines.append(
            Line(
                lots[take.lot_id],
                take.quantity,
                take.place_id,
                take.condition,
                target,
                condition,
                take.serial_ids,
                take.document_line,
            )
        )
    return Posting(
        stamp,
        reason,
        tuple(lines),
        one_site(spots.values()),
        fact=fact,
        document=document,
        reservations=reservations,
        note=note,
        place_codes=codes_of(spots.values()),
    )
