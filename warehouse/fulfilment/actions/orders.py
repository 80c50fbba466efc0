"""How far a release order is, told by its shipments. The right was decided by the shipment's own ends."""

from dataclasses import replace
from uuid import UUID

from catalog.kernel import attempts
from catalog.kernel.access import EVERYWHERE, Grant, Permission, Role
from catalog.kernel.attempts import Receipt
from catalog.kernel.errors import Refused
from catalog.kernel.stamp import Stamp
from warehouse.fulfilment import queries
from warehouse.fulfilment.model import Line, Shipment, Status
from warehouse.requisitions import actions as requisitions
from warehouse.requisitions import queries as orders
from warehouse.requisitions.model import Release, ReleaseStatus

_HERE = (Status.RECEIVED, Status.CLOSED)


async def tell_loading(stamp: Stamp, shipment: Shipment) -> None:
    """Goods are being picked for it."""
    release = await find_release(shipment)
    if release is not None and release.status is ReleaseStatus.RELEASED:
        await _move(stamp, release, "pick")


async def tell_short(stamp: Stamp, shipment: Shipment, line: Line, quantity: int, note: str) -> None:
    """So much of a line is not there: it goes back to sourcing."""
    if shipment.release_id is None or line.release_line is None:
        return
    await requisitions.note_short(
        stamp=_hand(stamp), release_id=shipment.release_id, line_id=line.release_line, quantity=quantity, note=note
    )


async def tell(stamp: Stamp, shipment_id: UUID) -> None:
    """It has left, was received or is closed: the order goes as far as the last of its vehicles."""
    shipment = (await queries.find_shipments([shipment_id]))[shipment_id]
    release = await find_release(shipment)
    if release is None:
        return
    statuses = await queries.statuses_of(release.id)
    if (
        release.status is ReleaseStatus.PICKING
        and all(one not in _WAITING for one in statuses)
        and await _all_out(release)
    ):
        release = await _move(stamp, release, "ship")
    if release.status is ReleaseStatus.SHIPPED and all(one in _HERE for one in statuses):
        release = await _move(stamp, release, "receive")
    if release.status is ReleaseStatus.RECEIVED and not release.paper_owed and _closed(statuses):
        await _move(stamp, release, "close")


_WAITING = (Status.PREPARED, Status.LOADING)


async def finish_release(*, stamp: Stamp, release_id: UUID) -> Receipt:
    """Close an order whose goods were all accounted for while its paper was still owed. Needs shipment.edit.

    Raises Missing, Refused (`shipment.still-out`, `release.paper-owed`).
    """

    async def work() -> Receipt:
        release = await orders.get_release(release_id, stamp.require(Permission.SHIPMENT_EDIT))
        if not _closed(await queries.statuses_of(release_id)):
            raise Refused("shipment.still-out", "还有未办结的运单", release=release.name)
        return await requisitions.move_release(stamp=_hand(stamp), release_id=release_id, verb="close")

    return await attempts.once(stamp, "shipment.finish-release", work)


def _closed(statuses: list[Status]) -> bool:
    return bool(statuses) and all(one is Status.CLOSED for one in statuses)


async def find_release(shipment: Shipment) -> Release | None:
    """The order that a shipment carries out."""
    if shipment.release_id is None:
        return None
    return (await orders.find_releases([shipment.release_id])).get(shipment.release_id)


async def _all_out(release: Release) -> bool:
    carried = await queries.carried_of(release.id)
    return all(one.quantity - one.short <= carried.get(one.id, 0) for one in release.lines)


async def _move(stamp: Stamp, release: Release, verb: str) -> Release:
    await requisitions.move_release(stamp=_hand(stamp), release_id=release.id, verb=verb)
    return (await orders.find_releases([release.id]))[release.id]


def _hand(stamp: Stamp) -> Stamp:
    """The same caller with the right to carry orders out: who may load or receive here has been decided."""
    grant = Grant(Role.KEEPER, EVERYWHERE.paths[0], frozenset({Permission.RELEASE_CARRY}))
    return replace(stamp, grants=(grant,))
