"""Whoever scans sees what lies in their scope or is owned there; anything else is as unknown as a stranger's code.

A label in the hand is no right to look: a fact about foreign goods is recorded all the same (it has happened), and so
is their arrival here, for from then on they stand in sight.
"""

from collections.abc import Sequence

from catalog.kernel import db
from catalog.kernel.access import Permission, Scope, scope_of
from warehouse.scanning.model import (
    BinTarget,
    DocumentTarget,
    LotTarget,
    Mode,
    PalletTarget,
    Scan,
    SerialTarget,
    SiteTarget,
    Target,
    UnknownTarget,
)
from warehouse.stock.model import Lot

_SITES_OF_LOTS = """
SELECT DISTINCT b.lot_id, s.path, s.id FROM balance b JOIN site s ON s.id = b.site_id WHERE b.lot_id = ANY($1::bigint[])
"""
Spots = dict[int, list[tuple[str, int]]]
"""Lot → (path, site) of every site where some of it stood."""


def scope_of_scan(scan: Scan) -> Scope:
    """Where the scanner may look."""
    return scope_of(scan.stamp.grants, Permission.STOCK_READ)


async def keep_in_sight(scans: Sequence[Scan], targets: Sequence[Target]) -> list[Target]:
    """`targets`, each one that its scanner may not see replaced by an unknown one."""
    foreign = {
        lot.id
        for scan, target in zip(scans, targets, strict=True)
        for lot in lots_of(target)
        if not scope_of_scan(scan).covers(lot.owner_path)
    }
    spots: Spots = {}
    if foreign:
        for row in await db.fetch(_SITES_OF_LOTS, sorted(foreign)):
            spots.setdefault(row[0], []).append((row[1], row[2]))
    return [_kept(scan, target, spots) for scan, target in zip(scans, targets, strict=True)]


def lots_of(target: Target) -> Sequence[Lot]:
    """The lot that a lot's or a piece's code means; of anything else nothing."""
    match target:
        case LotTarget():
            return (target.lot,)
        case SerialTarget():
            return (target.serial.lot,)
        case _:
            return ()


def _kept(scan: Scan, target: Target, spots: Spots) -> Target:
    mode = scan.request.mode
    happened = scan.fact and isinstance(target, LotTarget | SerialTarget)
    arrives = mode is Mode.RECEIVE and isinstance(target, LotTarget)
    if mode is not Mode.LOOK_UP and (happened or arrives):
        return target
    scope = scope_of_scan(scan)
    match target:
        case LotTarget() | SerialTarget():
            (lot,) = lots_of(target)
            seen = scope.covers(lot.owner_path) or any(scope.covers(*spot) for spot in spots.get(lot.id, ()))
        case BinTarget():
            seen = scope.covers(target.spot.path, target.spot.site_id)
        case SiteTarget():
            seen = scope.covers(target.site.path, target.site.id)
        case PalletTarget():
            seen = scope.covers(target.pallet.path, target.pallet.site_id)
        case DocumentTarget():
            ends = [(target.path, target.site_id), *([target.also] if target.also else [])]
            seen = any(scope.covers(*end) for end in ends)
        case _:
            seen = True
    return target if seen else UnknownTarget(type(target).__name__.removesuffix("Target").lower(), scan.request.raw)
