"""Goods on their way and at the place of use: one place with a balance per shipment and per receiving point, so that
nobody receives 12 of 10 shipped. The document's feature decides when; these verbs move.

Each joins the caller's transaction under a part of its attempt (`Stamp.for_part`).
"""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from uuid import UUID

from catalog.kernel import db
from catalog.kernel.access import Permission
from catalog.kernel.errors import Invalid, Missing
from catalog.kernel.stamp import Stamp
from warehouse.sites.model import UNNAMED, UNNAMED_DIGITS
from warehouse.stock import queries
from warehouse.stock.actions.posting import PERMISSION, check_open, codes_of, post_one
from warehouse.stock.model import (
    CONSUMED,
    Condition,
    DocumentRef,
    Line,
    Posting,
    Reason,
    Receipt,
    is_outside,
)
from warehouse.stock.queries import Spot


@dataclass(frozen=True, slots=True)
class Carried:
    """`quantity` base units of a lot from one place and condition to another, for a line of a document."""

    lot_id: int
    quantity: int
    from_place: int
    to_place: int
    document_line: int
    condition: Condition = Condition.GOOD
    to_condition: Condition = Condition.GOOD
    serial_ids: tuple[int, ...] = ()


async def ship(
    *,
    stamp: Stamp,
    carried: Sequence[Carried],
    document: DocumentRef,
    reservations: tuple[UUID, ...] = (),
    note: str = "",
) -> Receipt:
    """Onto the vehicle: bin or staging → the shipment's place, using up `reservations`. Needs stock.issue there."""
    return await _carry(stamp, Reason.SHIP, carried, document, note, reservations=reservations)


async def unload(*, stamp: Stamp, carried: Sequence[Carried], document: DocumentRef, note: str = "") -> Receipt:
    """Off the vehicle again, into the store it was loaded at. Needs stock.issue there."""
    return await _carry(stamp, Reason.UNLOAD, carried, document, note)


async def arrive(*, stamp: Stamp, carried: Sequence[Carried], document: DocumentRef, note: str = "") -> Receipt:
    """The shipment's place → where it went to. The caller has checked the receiver's right there."""
    return await _carry(stamp, Reason.ARRIVE, carried, document, note, checked=True)


async def hand_out(*, stamp: Stamp, carried: Sequence[Carried], document: DocumentRef, note: str = "") -> Receipt:
    """Receiving point → used. `to_place` is CONSUMED. The caller has checked the right at the point."""
    if any(one.to_place != CONSUMED for one in carried):
        raise Invalid("stock.no-such-place", "发放只能记入使用")
    return await _carry(stamp, Reason.HAND_OUT, carried, document, note, checked=True)


async def bring_back(*, stamp: Stamp, carried: Sequence[Carried], document: DocumentRef, note: str = "") -> Receipt:
    """From the receiving point, or from the vehicle, into a store; awaiting inspection unless graded at the gate.

    Needs stock.return at the store.
    """
    return await _carry(stamp, Reason.BRING_BACK, carried, document, note)


async def write_off(
    *, stamp: Stamp, carried: Sequence[Carried], document: DocumentRef, note: str, permission: Permission | None = None
) -> Receipt:
    """Lost on the way (→ adjustment) or worn out at the place of use (→ disposed). Needs stock.dispose."""
    if not note.strip():
        raise Invalid("stock.reason-needed", "请填写原因")
    return await _carry(stamp, Reason.WRITE_OFF, carried, document, note, permission=permission)


async def add_place(*, kind: str, id: UUID, site_id: int) -> int:  # noqa: A002
    """A place with a balance for a shipment (at its sender) or a receiving point; call inside its transaction."""
    key = UNNAMED[kind] + id.hex[:UNNAMED_DIGITS].upper()
    place: int = await db.fetch_value(
        "INSERT INTO place (uuid, kind, site_id, code, key) VALUES ($1, $2, $3, $4, $4) RETURNING id",
        id,
        kind,
        site_id,
        key,
    )
    return place


async def _carry(
    stamp: Stamp,
    reason: Reason,
    carried: Sequence[Carried],
    document: DocumentRef,
    note: str,
    *,
    reservations: tuple[UUID, ...] = (),
    checked: bool = False,
    permission: Permission | None = None,
) -> Receipt:
    async def build() -> Posting:
        if not carried:
            raise Invalid("stock.no-lines", "没有可处理的行")
        inside = {p for one in carried for p in (one.from_place, one.to_place) if not is_outside(p)}
        spots = await queries.get_spots(inside)
        if inside - spots.keys():
            raise Missing("stock.no-such-place", "没有这个货位")
        _check_stores(stamp, permission or PERMISSION[reason], spots.values(), checked=checked)
        lots = await queries.get_lots(ids={one.lot_id for one in carried})
        lines = []
        for number, one in enumerate(carried):
            if one.lot_id not in lots:
                raise Missing("stock.no-such-lot", "没有这个批次", line=number, lot=one.lot_id)
            to_condition = Condition.GOOD if is_outside(one.to_place) else one.to_condition
            lines.append(
                Line(
                    lots[one.lot_id],
                    one.quantity,
                    one.from_place,
                    one.condition,
                    one.to_place,
                    to_condition,
                    one.serial_ids,
                    one.document_line,
                )
            )
        return Posting(
            stamp,
            reason,
            tuple(lines),
            spots[carried[0].from_place].site_id or 0,
            document=document,
            reservations=reservations,
            note=note,
            place_codes=codes_of(spots.values()),
        )

    return await post_one(stamp, reason, build)


def _check_stores(stamp: Stamp, permission: Permission, spots: Collection[Spot], *, checked: bool) -> None:
    """Bins and staging must be open; without a caller who has `checked` it, the right must hold where goods stand:
    in a store if there is one among the places, else where the vehicle or the point is kept in the books."""
    stores = [spot for spot in spots if spot.kind in ("bin", "staging")]
    for spot in stores:
        check_open(spot)
    if not checked:
        for spot in stores or spots:
            stamp.require_at(permission, spot.path, spot.site_id)
