"""The scan desk: an empty stage with the caller's stores; everything on it is done by scripts and the scan endpoint."""

from typing import Any
from uuid import UUID

from litestar import Request, Response, get

from api.auth.stamps import Stamped
from api.web import english
from api.web.pages import named, page, viewer_of
from api.web.routes.deliveries import counter_of
from catalog.kernel.access import Permission
from catalog.kernel.stamp import Stamp
from warehouse.picking import queries as picks
from warehouse.replenishment import queries as deliveries
from warehouse.sites import queries as sites

MOST_SITES = 200


@get("/scan", include_in_schema=False)
async def scan_page(request: Request[Any, Any, Any], stamp: Stamped) -> Response[str]:
    """Receive, put away, move, issue, look up, undo. Denied without the right to see stock."""
    scope = stamp.require(Permission.STOCK_READ)
    viewer = viewer_of(request)
    _ = viewer.language.text
    found = await sites.list_sites(scope=scope, limit=MOST_SITES)
    home = [site for site in found.items if site.id in _own_sites(stamp)]
    others = [site for site in found.items if site.id not in _own_sites(stamp)]
    modes = [
        ("receive", _("Receive"), "F2", Permission.RECEIVE),
        ("put-away", _("Put away"), "F3", Permission.PUT_AWAY),
        ("move", _("Move"), "F4", Permission.MOVE),
        ("issue", _("Issue"), "F7", Permission.ISSUE),
        ("look-up", _("Look up"), "F8", Permission.STOCK_READ),
        ("undo", _("Undo"), "F9", Permission.REVERSE),
    ]
    desk = {
        "person": str(viewer.caller.person_uuid) if viewer.caller else "",
        "sites": [{"code": site.code, "name": named(viewer.language, site)} for site in [*home, *others]],
        "document": await _asked_delivery(request, stamp),
        "pick": await _asked_pick(request, stamp),
        "aside": str(_asked_id(request, "aside") or ""),
        "goods": english.names(viewer.language),
    }
    shown = [(mode, text, key) for mode, text, key, permission in modes if viewer.may(permission)]
    return page(request, "scan.html", desk=desk, modes=shown)


def _asked_id(request: Request[Any, Any, Any], name: str) -> UUID | None:
    try:
        return UUID(request.query_params.get(name, ""))
    except ValueError:
        return None


async def _asked_delivery(request: Request[Any, Any, Any], stamp: Stamp) -> dict[str, Any] | None:
    wanted = _asked_id(request, "delivery")
    if wanted is None:
        return None
    return counter_of(await deliveries.get_delivery(wanted, stamp.require(Permission.STOCK_READ)))


async def _asked_pick(request: Request[Any, Any, Any], stamp: Stamp) -> dict[str, Any] | None:
    wanted = _asked_id(request, "pick")
    if wanted is None:
        return None
    found = await picks.get_pick(wanted, stamp.require(Permission.STOCK_READ))
    return {"id": str(found.id), "number": found.number, "name": found.name, "site": found.site_code}


def _own_sites(stamp: Stamp) -> frozenset[int]:
    return stamp.require(Permission.STOCK_READ).site_ids


HANDLERS: list[Any] = [scan_page]
