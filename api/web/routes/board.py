"""The dispatcher's board, and its part that pages read anew whenever there is news."""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from litestar import Request, Response, get

from api.auth.edge import BACKGROUND, SCREEN, edge_of
from api.auth.stamps import Stamped
from api.boards import Boards, Drawn, Kept
from api.streams import written
from api.web.languages import Language
from api.web.pages import environment, named, page, viewer_of
from api.web.routes import asked
from catalog.kernel.access import Permission, scope_of
from catalog.kernel.stamp import Stamp
from catalog.regions import queries as regions
from catalog.regions.model import Tier
from warehouse.board import rules
from warehouse.board.model import DONE_HOURS, Board, Column, Spot, SpotKind, sight_of
from warehouse.board.queries import list_spots, list_tasks
from warehouse.fulfilment.model import Line, Shipment
from warehouse.incidents import queries as incidents
from warehouse.incidents.model import Incident
from warehouse.requisitions.model import ReleaseLine

Request_ = Request[Any, Any, Any]


@dataclass(frozen=True, slots=True)
class Part:
    """One kind of card in a column, with the list that shows the same."""

    text: str
    count: int
    href: str
    more: bool = False


@dataclass
class Goods:
    """How much of one item a card is about, whatever the lots."""

    zh: str
    en: str | None
    unit: str
    factor: int
    quantity: int = 0


def goods(lines: Sequence[ReleaseLine] | Sequence[Line]) -> list[Goods]:
    """The goods of an order, or of a vehicle (what is on it, else what is planned), in the order of the lines."""
    found: dict[int, Goods] = {}
    for line in lines:
        if isinstance(line, ReleaseLine):
            new = Goods(line.item_zh, line.item_en, line.unit_zh, line.unit_factor)
            quantity = line.quantity - line.short
        else:
            new = Goods(line.item, line.item_en, line.unit, line.unit_factor)
            quantity = line.loaded or line.quantity - line.short
        found.setdefault(line.item_id, new).quantity += quantity
    return [one for one in found.values() if one.quantity] or list(found.values())


@get("/board", include_in_schema=False, opt={SCREEN: True})
async def board_page(request: Request_, stamp: Stamped) -> Response[str]:
    """What is wanted, sourced, picked, on the road and there, in one look."""
    stamp.require(Permission.REQUISITION_READ)
    shown = await _incidents(stamp)
    incident = _chosen(request, shown)
    kept, drawn = await _drawn(request, stamp, incident)
    return page(
        request, "board.html", board=drawn.text, upto=written(kept.upto), incidents=shown, incident=incident,
        digest=drawn.digest,
    )  # fmt: skip


@get("/board/part", include_in_schema=False, opt={BACKGROUND: True, SCREEN: True})
async def board_part(request: Request_, stamp: Stamped) -> Response[str]:
    """The board alone, for a page that shows it; 204 where it shows the same already (`have`). No use of the session.

    `x-upto`: everything that was news up to this bookmark is in it.
    """
    stamp.require(Permission.REQUISITION_READ)
    given = asked.text(request, "incident", 36)
    incident = _chosen(request, await _incidents(stamp)) if given else None
    kept, drawn = await _drawn(request, stamp, incident)
    headers = {"x-upto": written(kept.upto), "x-digest": drawn.digest}
    if request.query_params.get("have") == drawn.digest:
        return Response("", status_code=204, headers=headers, media_type="text/html")
    return Response(drawn.text, headers=headers, media_type="text/html")


async def _incidents(stamp: Stamp) -> Sequence[Incident]:
    """The incidents that a board may be narrowed to."""
    scope = scope_of(stamp.grants, Permission.INCIDENT_READ)
    return (await incidents.list_incidents(scope=scope, limit=200)).items


def _chosen(request: Request_, shown: Sequence[Incident]) -> Incident | None:
    wanted = asked.text(request, "incident", 36)
    return next((one for one in shown if str(one.id) == wanted), None)


async def _drawn(request: Request_, stamp: Stamp, incident: Incident | None) -> tuple[Kept, Drawn]:
    boards: Boards = request.app.state.boards
    language = viewer_of(request).language
    chosen = incident.id if incident else None
    kept = await boards.read(sight_of(stamp.grants), chosen, edge_of(request).clock())
    return kept, kept.draw(language.code, lambda board: draw(board, language, chosen))


def draw(board: Board, language: Language, incident: UUID | None) -> Drawn:
    """The board as HTML, the same for all who see the same: it carries links, and rights are judged behind them."""
    text = environment(language.code).get_template("board_part.html").render(
        board=board,
        at=board.at,
        columns=list(Column),
        parts=_parts(board, language, incident),
        vehicles=_by_order(board),
        loose=[one for one in board.loading if one.release_id not in {order.id for order in board.picking}],
        of_wanted=lambda one: rules.marks_of_wanted(one, board.at),
        of_order=lambda one: rules.marks_of_order(one, board.at),
        of_shipment=lambda one: rules.marks_of_shipment(one, board.at, board.silent_minutes),
        ago=lambda then: _ago(language, int((board.at - then).total_seconds()) // 60),
        goods=goods,
        lang=language,
    )  # fmt: skip
    return Drawn(text, hashlib.sha256(text.encode()).hexdigest()[:24])


def _ago(language: Language, minutes: int) -> str:
    """An age in one unit: minutes below two hours, hours below two days, else days."""
    _ = language.text
    if minutes < 120:
        return _("%(count)s min") % {"count": max(minutes, 0)}
    if minutes < 2 * 24 * 60:
        return _("%(count)s h") % {"count": minutes // 60}
    return _("%(count)s d") % {"count": minutes // (24 * 60)}


def _by_order(board: Board) -> dict[UUID, list[Shipment]]:
    found: dict[UUID, list[Shipment]] = {}
    for one in board.loading:
        if one.release_id is not None:
            found.setdefault(one.release_id, []).append(one)
    return found


def _parts(board: Board, language: Language, incident: UUID | None) -> dict[Column, list[Part]]:
    """What a column's figure is made of; each figure is that of the list behind it."""
    _, more = language.text, f"&incident={incident}" if incident else ""

    def orders(text: str, status: str, count: int) -> Part:
        return Part(text, count, f"/releases?status={status}{more}")

    def travels(text: str, status: str, count: int, also: str = "", *, beyond: bool = False) -> Part:
        return Part(text, count, f"/shipments?status={status}{also}{more}", beyond)

    def of(things: Sequence[Any], status: str) -> int:
        return sum(1 for one in things if one.status is not None and one.status.value == status)

    stale = sum(1 for one in board.wanted if one.stale)
    asked_for = sum(1 for one in board.wanted if not one.stale and one.status is not None)
    done = _("accounted for in %(hours)s h") % {"hours": DONE_HOURS}
    href = f"/board/wanted?show={{}}{more}"
    return {
        Column.WANTED: [
            Part(_("not asked for yet"), len(board.wanted) - stale - asked_for, href.format("new")),
            Part(_("in requisitions"), asked_for, href.format("asked")),
            Part(_("stale, to be renewed"), stale, href.format("stale")),
        ],
        Column.SOURCED: [orders(_("for the owner's word"), "waiting", len(board.sourced))],
        Column.PICKING: [
            orders(_("orders not begun"), "released", of(board.picking, "released")),
            orders(_("orders being picked"), "picking", of(board.picking, "picking")),
            travels(_("vehicles to load"), "prepared", of(board.loading, "prepared")),
            travels(_("vehicles loading"), "loading", of(board.loading, "loading")),
        ],
        Column.ON_ROAD: [travels(_("vehicles on the road"), "on_road", len(board.on_road))],
        Column.ARRIVED: [
            travels(_("at the gate"), "arrived", of(board.arrived, "arrived")),
            travels(_("differences open"), "received", of(board.arrived, "received")),
            travels(done, "closed", len(board.done), f"&hours={DONE_HOURS}", beyond=board.more_done),
        ],
    }  # fmt: skip


@get("/board/map", include_in_schema=False, opt={SCREEN: True})
async def map_page(request: Request_, stamp: Stamped) -> Response[str]:
    """Where it is all: what is wanted, vehicles, receiving points, stores; as a map, and as the list that it draws."""
    stamp.require(Permission.REQUISITION_READ)
    shown = await _incidents(stamp)
    incident = _chosen(request, shown)
    kept, spots = await _spots(request, stamp, incident)
    language = viewer_of(request).language
    return page(
        request, "board_map.html", spots=_text_of_map(language, spots, kept.board), incidents=shown,
        upto=written(kept.upto), incident=incident, map_settings=await _map_settings(request, stamp, language),
    )  # fmt: skip


async def _map_settings(request: Request_, stamp: Stamp, language: Language) -> dict[str, Any]:
    """Where tiles come from, if anywhere, and the names of places that stand on a map without."""
    settings = edge_of(request).settings
    seen = await regions.list_in(stamp.require(Permission.REQUISITION_READ))
    return {
        "tiles": settings.map_tiles.split(),
        "subdomains": settings.map_subdomains,
        "attribution": settings.map_attribution,
        "most_zoom": settings.map_zoom,
        "names": [
            {"name": named(language, one), "lat": one.lat, "lon": one.lon, "tier": one.tier.value}
            for one in seen
            if one.lat is not None and one.tier is not Tier.VILLAGE
        ],
    }


@get("/board/map/part", include_in_schema=False, opt={BACKGROUND: True, SCREEN: True})
async def map_part(request: Request_, stamp: Stamped) -> Response[str]:
    """The list beside the map alone, for the map to be drawn anew. No use of the session."""
    stamp.require(Permission.REQUISITION_READ)
    given = asked.text(request, "incident", 36)
    kept, spots = await _spots(request, stamp, _chosen(request, await _incidents(stamp)) if given else None)
    text = _text_of_map(viewer_of(request).language, spots, kept.board)
    return Response(text, headers={"x-upto": written(kept.upto)}, media_type="text/html")


async def _spots(request: Request_, stamp: Stamp, incident: Incident | None) -> tuple[Kept, Sequence[Spot]]:
    kept, _ = await _drawn(request, stamp, incident)
    places = scope_of(stamp.grants, Permission.SITE_READ)
    chosen = incident.id if incident else None
    return kept, await list_spots(kept.board, sight=sight_of(stamp.grants), places=places, incident_id=chosen)


def _text_of_map(language: Language, spots: Sequence[Spot], board: Board) -> str:
    found = {kind: [one for one in spots if one.kind is kind] for kind in SpotKind}
    return environment(language.code).get_template("board_spots.html").render(
        kinds=found, ago=lambda then: _ago(language, int((board.at - then).total_seconds()) // 60)
    )  # fmt: skip


@get("/board/wanted", include_in_schema=False)
async def wanted_page(request: Request_, stamp: Stamped) -> Response[str]:
    """The list behind the board's first column."""
    stamp.require(Permission.REQUISITION_READ)
    shown = await _incidents(stamp)
    incident = _chosen(request, shown)
    kept, _ = await _drawn(request, stamp, incident)
    which = request.query_params.get("show", "")
    kept_ones = [one for one in kept.board.wanted if which not in ("new", "asked", "stale") or _is(one, which)]
    return page(
        request, "board_wanted.html", wanted=kept_ones, which=which, incidents=shown, incident=incident,
        marks=lambda one: rules.marks_of_wanted(one, kept.board.at), at=kept.board.at,
    )  # fmt: skip


def _is(one: Any, which: str) -> bool:
    if one.stale or which == "stale":
        return bool(one.stale and which == "stale")
    return (one.status is not None) is (which == "asked")


@get("/tasks/part", include_in_schema=False, opt={BACKGROUND: True})
async def tasks_part(request: Request_, stamp: Stamped) -> Response[str]:
    """The line of a store's orders that nobody has begun, for pages that show it; `x-count` says how many there are."""
    found = await list_tasks(stamp.require(Permission.ISSUE))
    viewer = viewer_of(request)
    text = environment(viewer.language.code).get_template("tasks_part.html").render(tasks=found, at=viewer.at)
    return Response(text, headers={"x-count": str(len(found))}, media_type="text/html")


HANDLERS: list[Any] = [board_page, board_part, wanted_page, map_page, map_part, tasks_part]
