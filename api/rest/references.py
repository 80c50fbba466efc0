"""From what people write to what actions take: numbers, keys and codes to ids, within a scope.

What is unknown and what lies out of scope are one answer (404), so that nothing is given away.
"""

import base64
import binascii
from collections.abc import Collection, Sequence
from dataclasses import replace
from datetime import date, datetime
from uuid import UUID

from api.schemas.stock import DocumentIn
from catalog.items import queries as items
from catalog.kernel.access import Permission, Scope
from catalog.kernel.errors import Invalid, Missing
from catalog.kernel.stamp import Stamp
from catalog.regions import queries as regions
from warehouse.parties import queries as parties
from warehouse.sites import queries as sites
from warehouse.sites.model import FoundPlace, Site
from warehouse.stock import queries as stock
from warehouse.stock.model import DocumentRef, Lot


def file_content(text: str) -> bytes:
    """The bytes of a file that came as base64. Raises Invalid (`import.bad-content`)."""
    try:
        return base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError) as error:
        raise Invalid("import.bad-content", "文件内容传输有误，请重新选择文件") from error


async def find_places(refs: Collection[str], scope: Scope, within: str = "") -> dict[str, FoundPlace]:
    """Places by key or `site/code`; with `within`, a site's code, also by the code that stands on the rack there.

    Raises Missing (`stock.no-such-place`) naming the first that is not there.
    """
    by_key = {ref: ref.upper() for ref in refs if "/" not in ref}
    found: dict[str, FoundPlace] = {}
    known = await sites.find_places(list(by_key.values()))
    found |= {ref: known[key] for ref, key in by_key.items() if key in known}
    by_code = {ref: (parts[0].upper(), parts[2].upper()) for ref in refs if (parts := ref.partition("/"))[1]}
    if within:
        by_code |= {ref: (within.upper(), typed) for ref, typed in by_key.items() if ref not in found}
    if by_code:
        at = await sites.find_sites({site for site, _ in by_code.values()}, scope)
        for code, site in at.items():
            wanted = {ref: bin_code for ref, (site_code, bin_code) in by_code.items() if site_code == code}
            there = await sites.find_places_by_code(site.id, list(wanted.values()))
            found |= {ref: there[bin_code] for ref, bin_code in wanted.items() if bin_code in there}
    for ref in refs:
        place = found.get(ref)
        if place is None or not scope.covers(place.path, place.site_id):
            raise Missing("stock.no-such-place", "没有这个货位，或不在您的管辖范围内", place=ref)
    return found


async def find_lots(numbers: Collection[str], scope: Scope) -> dict[str, Lot]:
    """Lots by number that are owned in `scope`, or of which something ever stood there. Raises Missing."""
    found = await stock.find_lots(numbers=set(numbers))
    for number in numbers:
        lot = found.get(number)
        if lot is None or not (scope.covers(lot.owner_path) or await _stood_in(scope, lot)):
            raise Missing("stock.no-such-lot", "没有这个批次，或不在您的管辖范围内", lot=number)
    return found


async def _stood_in(scope: Scope, lot: Lot) -> bool:
    return await stock.get_entry(lot_id=lot.id, scope=scope, on=lot.stored_on) is not None


async def find_serials(numbers: Collection[str]) -> dict[str, int]:
    """Ids of numbered pieces. Raises Missing."""
    found = {one.number: one.serial_id for one in await stock.find_serials(set(numbers))} if numbers else {}
    for number in numbers:
        if number not in found:
            raise Missing("stock.no-such-serial", "没有这个编号", serial=number)
    return found


async def find_items(keys: Collection[str]) -> dict[str, int]:
    """Ids of items by key. Raises Missing."""
    found = await items.find_items_by_key(set(keys))
    for key in keys:
        if key not in found:
            raise Missing("stock.no-such-item", "没有这种物资", item=key)
    return {key: item.id for key, item in found.items()}


async def find_regions(keys: Collection[str]) -> dict[str, int]:
    """Ids of regions by key. Raises Missing."""
    found = await regions.find_regions(set(keys)) if keys else {}
    for key in keys:
        if key not in found:
            raise Missing("region.missing", "没有这个区划", region=key)
    return {key: region.id for key, region in found.items()}


async def find_parties(keys: Collection[str], stamp: Stamp) -> dict[str, int]:
    """Ids of parties that the caller may see, by key. Raises Missing."""
    found = await parties.find_parties(set(keys), stamp.require(Permission.PARTY_READ)) if keys else {}
    for key in keys:
        if key not in found:
            raise Missing("party.missing", "没有这个单位，或不在您的管辖范围内", party=key)
    return {key: party.id for key, party in found.items()}


async def default_owners(places: Collection[FoundPlace], scope: Scope) -> dict[int, int]:
    """Who owns what comes into a site unless something else is said, by site id: whom it keeps goods for, or itself."""
    found: dict[str, Site] = dict(await sites.find_sites({place.site_code for place in places}, scope))
    return {site.id: site.custody_for_id or site.region_id for site in found.values()}


def document(given: DocumentIn | None) -> DocumentRef | None:
    """The opaque reference."""
    return DocumentRef(given.kind, given.id) if given else None


def as_happened(stamp: Stamp, fact: bool, occurred_at: datetime | None) -> Stamp:
    """The stamp of a fact that happened earlier. Raises Invalid for a command, and for the future."""
    if occurred_at is None:
        return stamp
    if not fact or occurred_at > stamp.recorded_at:
        raise Invalid("stock.bad-time", "只有已发生的事实才能填写发生时间，且不能晚于现在")
    return replace(stamp, occurred_at=occurred_at, device_time=occurred_at)


def optional(value: str | None, found: dict[str, int]) -> int | None:
    """The id of what may be left out."""
    return None if value is None else found[value]


def unique(ids: Sequence[UUID]) -> tuple[UUID, ...]:
    """Each once, in order."""
    return tuple(dict.fromkeys(ids))


def aware(at: datetime | None) -> datetime | None:
    """An instant from a query, which must tell its offset. Raises Invalid."""
    if at is not None and at.tzinfo is None:
        raise Invalid("time.naive", "时间缺少时区")
    if at is not None:
        thinkable(at)
    return at


def thinkable(day: date) -> date:
    """A day or instant for which there can be books. Raises Invalid."""
    if not 1970 <= day.year <= 2200:
        raise Invalid("time.out-of-range", "时间超出范围")
    return day
