"""What a file may belong to, and how it is found in a caller's scope. A new kind is one line in `KINDS`."""

from collections.abc import Awaitable, Callable, Mapping
from uuid import UUID

from api.schemas.files import SubjectIn
from catalog.items import queries as items
from catalog.kernel.access import Permission, scope_of
from catalog.kernel.errors import Invalid, Missing
from catalog.kernel.stamp import Stamp
from catalog.kernel.time import day_of
from warehouse.commitments import queries as commitments
from warehouse.files.model import Subject
from warehouse.fulfilment import queries as shipments
from warehouse.replenishment import queries as deliveries
from warehouse.requisitions import queries as requisitions
from warehouse.sites import queries as sites
from warehouse.stock import queries as stock

Reader = Callable[[str, Stamp, Permission], Awaitable[str]]
"""(id as given, caller, the permission in whose scope it must lie) → its own id. Raises Missing."""


async def _item(key: str, stamp: Stamp, permission: Permission) -> str:
    # The catalogue is one for all: everybody sees an item's picture, and who may edit items may hang one up.
    stamp.require(Permission.CATALOG_READ if permission is Permission.STOCK_READ else Permission.CATALOG_EDIT)
    if key not in await items.find_items_by_key([key]):
        raise Missing("item.missing", "没有这种物资", item=key)
    return key


async def _lot(number: str, stamp: Stamp, permission: Permission) -> str:
    lot = (await stock.find_lots(numbers=[number])).get(number)
    scope, on = stamp.require(permission), day_of(stamp.recorded_at)
    if lot is None or await stock.get_entry(lot_id=lot.id, scope=scope, on=on) is None:
        raise Missing("stock.no-such-lot", "没有这个批次，或不在您的管辖范围内", lot=number)
    return number


async def _serial(number: str, stamp: Stamp, permission: Permission) -> str:
    await stock.serial_card(number, scope=stamp.require(permission), on=day_of(stamp.recorded_at))
    return number


async def _pallet(number: str, stamp: Stamp, permission: Permission) -> str:
    return (await stock.pallet_card(number, scope=stamp.require(permission))).number


async def _bin(key: str, stamp: Stamp, permission: Permission) -> str:
    return (await sites.get_place_by_key(key, stamp.require(permission))).key


async def _site(code: str, stamp: Stamp, permission: Permission) -> str:
    return (await sites.get_by_code(code, stamp.require(permission))).code


async def _delivery(number: str, stamp: Stamp, permission: Permission) -> str:
    return str((await deliveries.get_delivery(_uuid(number), stamp.require(permission))).id)


async def _case(number: str, stamp: Stamp, permission: Permission) -> str:
    return str((await stock.get_case(_uuid(number), scope=stamp.require(permission))).uuid)


async def _move(attempt: str, stamp: Stamp, permission: Permission) -> str:
    wanted = stock.MoveFilter(attempt=_uuid(attempt))
    if not (await stock.list_moves(scope=stamp.require(permission), wanted=wanted, limit=1)).items:
        raise Missing("file.no-such-subject", "没有找到，或不在您的管辖范围内", id=attempt)
    return str(_uuid(attempt))


async def _commitment(number: str, stamp: Stamp, permission: Permission) -> str:
    return str((await commitments.get_commitment(_uuid(number), stamp.require(permission))).id)


async def _shipment(number: str, stamp: Stamp, permission: Permission) -> str:
    # Both ends see it; who adds a photo holds file.add there.
    stamp.require(permission)
    return str((await shipments.get_shipment(_uuid(number), stamp.require(Permission.SHIPMENT_READ))).id)


async def _release(number: str, stamp: Stamp, permission: Permission) -> str:
    return str((await requisitions.get_release(_uuid(number), stamp.require(permission))).id)


async def _call_off(number: str, stamp: Stamp, permission: Permission) -> str:
    return str((await commitments.get_call(_uuid(number), stamp.require(permission))).id)


def _uuid(text: str) -> UUID:
    try:
        return UUID(text)
    except ValueError as error:
        raise Missing("file.no-such-subject", "没有找到，或不在您的管辖范围内", id=text) from error


KINDS: Mapping[str, Reader] = {
    "item": _item,
    "lot": _lot,
    "serial": _serial,
    "pallet": _pallet,
    "bin": _bin,
    "site": _site,
    "delivery": _delivery,
    "case": _case,
    "move": _move,
    "commitment": _commitment,
    "shipment": _shipment,
    "release": _release,
    "call_off": _call_off,
}


async def find(given: SubjectIn | Subject, stamp: Stamp, permission: Permission = Permission.STOCK_READ) -> Subject:
    """A subject in the caller's scope for a permission. Raises Invalid (no such kind), Missing, Denied."""
    reader = KINDS.get(given.kind)
    if reader is None:
        raise Invalid("file.bad-subject", "文件不能附在这种对象上", kind=given.kind, kinds=", ".join(KINDS))
    return Subject(given.kind, await reader(given.id, stamp, permission))


def require_any(stamp: Stamp) -> None:
    """Denied for who sees neither goods nor the catalogue: there is no file for them."""
    if scope_of(stamp.grants, Permission.STOCK_READ).empty:
        stamp.require(Permission.CATALOG_READ)
