"""Shipments, the phone page of whoever receives, receiving points with their hand-out, and the recovery ledger."""

from datetime import timedelta
from typing import Any, NamedTuple
from uuid import UUID

from litestar import Request, Response, get
from litestar.params import FromPath

from api import exports
from api.auth.edge import edge_of
from api.auth.stamps import Stamped
from api.web.pages import Viewer, moment, page, viewer_of
from api.web.routes import asked
from api.web.routes.stock import cut_of
from api.web.words import word
from catalog.kernel.access import Permission, scope_of
from catalog.kernel.errors import Missing
from catalog.kernel.history import list_changes
from catalog.kernel.page import Page, all_pages
from catalog.kernel.stamp import Stamp
from catalog.regions import queries as regions
from warehouse.files import queries as files
from warehouse.files.model import Subject
from warehouse.fulfilment import queries, rules, workflow
from warehouse.fulfilment.model import (
    SHIPMENT,
    Box,
    BoxStatus,
    Duty,
    DutyStatus,
    Line,
    Purpose,
    Shipment,
    Status,
    Vehicle,
)
from warehouse.incidents import queries as incidents
from warehouse.parties import queries as parties
from warehouse.requisitions import queries as requisitions
from warehouse.requisitions.model import Release, ReleaseStatus
from warehouse.sites import queries as sites
from warehouse.vehicles import queries as vehicles
from warehouse.vehicles.model import Vehicle as Registered

Request_ = Request[Any, Any, Any]
SETTLING = ("find", "take-back", "write-off")


def _asked(request: Request_) -> dict[str, Any]:
    status = asked.member(request, "status", Status)
    hours = asked.number(request, "hours", 1_000)
    return {
        "text": asked.text(request, "q"),
        "status": status,
        "over": asked.text(request, "over") == "yes",
        "incident_id": asked.key(request, "incident"),
        "closed_since": edge_of(request).clock() - timedelta(hours=hours) if hours else None,
    }


@get("/shipments", include_in_schema=False)
async def shipments_page(request: Request_, stamp: Stamped) -> Response[str]:
    """Shipments in sight, those on the road first, and the release orders that wait for a vehicle."""
    scope = stamp.require(Permission.SHIPMENT_READ)
    listed = await queries.list_shipments(
        scope=scope, **_asked(request), cursor=asked.cursor(request), limit=asked.PAGE
    )
    waiting = []
    if not scope_of(stamp.grants, Permission.SHIPMENT_EDIT).empty:
        for status in (ReleaseStatus.RELEASED, ReleaseStatus.PICKING):
            mine = stamp.require(Permission.SHIPMENT_EDIT)
            found = await requisitions.list_releases(scope=scope, status=status, limit=50)
            for one in found.items:
                carried = await queries.carried_of(one.id)
                left = any(line.quantity - line.short > carried.get(line.id, 0) for line in one.lines)
                if left and mine.covers(one.site_path, one.site_id):
                    waiting.append(one)
    return page(
        request,
        "shipments.html",
        listed=listed,
        waiting=waiting,
        coming=await queries.list_coming(scope_of(stamp.grants, Permission.RECEIVE)),
        statuses=list(Status),
        now=edge_of(request).clock(),
    )


@get(["/shipments/export.csv", "/shipments/export.xlsx"], include_in_schema=False)
async def shipments_export(request: Request_, stamp: Stamped) -> Response[Any]:
    """The same list as a file, one row for each line."""
    scope = stamp.require(Permission.SHIPMENT_READ)
    viewer, wanted = viewer_of(request), _asked(request)

    async def fetch(cursor: str | None) -> Page[Any]:
        return await queries.list_shipments(scope=scope, **wanted, cursor=cursor, limit=200)

    pages = ([row for one in found.items for row in _rows(one, viewer)] async for found in all_pages(fetch))
    _ = viewer.language.text
    sheet = exports.Sheet(
        f"shipments-{viewer.today.isoformat()}",
        _("Shipments"),
        [
            *(
                _("Shipment"),
                _("Status"),
                _("Purpose"),
                _("Sending store"),
                _("Going to"),
                _("Incident"),
                _("Plate"),
                _("Driver"),
            ),
            *(
                _("Left at"),
                _("Reached the gate"),
                _("Item"),
                _("Lot"),
                _("Unit"),
                _("Planned"),
                _("Missing in the store"),
            ),
            *(_("Loaded"), _("Accepted"), _("Damaged"), _("Turned away"), _("Not arrived"), _("Reason")),
        ],
        cut_of(viewer),
        [(_("List"), _("Shipments")), (_("As of"), moment(edge_of(request).clock())), (_("Made by"), viewer.name)],
        _("About this list"),
    )
    return await exports.download(sheet, pages, request.scope["path"].rpartition(".")[2])


def _rows(one: Shipment, viewer: Viewer) -> list[exports.Row]:
    lang = viewer.language
    head = [
        one.number,
        word(lang, "shipment_status", one.status),
        word(lang, "shipment_purpose", one.purpose),
        one.start.name,
        one.end.name,
        one.incident or "",
        one.vehicle.plate,
        one.vehicle.driver,
        moment(one.departed_at) if one.departed_at else "",
        moment(one.arrived_at) if one.arrived_at else "",
    ]
    return [
        [
            *head,
            line.item,
            line.lot,
            line.unit,
            *(
                exports.figure(figure, line.unit_factor)
                for figure in (
                    line.quantity, line.short, line.loaded, line.accepted, line.damaged, line.rejected, line.missing,
                )
            ),
            line.reason,
        ]
        for line in one.lines
    ]  # fmt: skip


@get("/shipments/new", include_in_schema=False)
async def new_shipment_page(request: Request_, stamp: Stamped) -> Response[str]:
    """The form of a shipment by hand, or of one for a release order (`release=`)."""
    scope = stamp.require(Permission.SHIPMENT_EDIT)
    wanted = asked.text(request, "release", 40)
    release = None
    if wanted is not None:
        release = await requisitions.get_release(_uuid(wanted), stamp.require(Permission.SHIPMENT_READ))
    carried = await queries.carried_of(release.id) if release else {}
    senders = (await sites.list_sites(scope=scope, limit=200)).items
    starts = [release.site_id] if release else [one.id for one in senders]
    wished = await requisitions.suggested_for(release.id, stamp.recorded_at) if release else []
    suggested = next((_as_vehicle(one.vehicle, viewer_of(request)) for one in wished if one.ready), None)
    seen, seeing = stamp.require(Permission.SHIPMENT_READ), stamp.require(Permission.SUMMARY_READ)
    return page(
        request,
        "shipment_new.html",
        release=release,
        carried=carried,
        senders=senders,
        at_hand=await vehicles.at_hand(starts, viewer_of(request).today),
        suggested=suggested,
        stores=(await sites.list_sites(scope=seeing, limit=500)).items,
        points=(await queries.list_points(scope=seen, limit=200)).items,
        carriers=(await parties.list_parties(scope=stamp.require(Permission.PARTY_READ), limit=200)).items,
        purposes=[Purpose.TRANSFER, Purpose.FORWARD],
    )


@get("/shipments/{shipment_id:uuid}", include_in_schema=False)
async def shipment_page(request: Request_, stamp: Stamped, shipment_id: FromPath[UUID]) -> Response[str]:
    """One shipment: where it is, what is on it, and what may be done with it."""
    found = await queries.get_shipment(shipment_id, stamp.require(Permission.SHIPMENT_READ))
    may = workflow.allowed(found, stamp)
    release = await _order(found.release_id, stamp)
    elsewhere = "redirect" in may
    seen, seeing = stamp.require(Permission.SHIPMENT_READ), stamp.require(Permission.SUMMARY_READ)
    return page(
        request,
        "shipment.html",
        one=found,
        sees_incident=await _sees(found.incident_id, stamp),
        may=may,
        load=rules.load_of([(line, line.loaded) for line in found.lines]),
        planned=rules.load_of([(line, line.quantity) for line in found.lines]),
        at_hand=await vehicles.at_hand([found.start.site_id], viewer_of(request).today) if "edit" in may else [],
        sees_vehicle=await _sees_vehicle(found.vehicle.registered, stamp),
        release=release,
        reports=await queries.list_reports(found.id),
        redirects=await queries.list_redirects(found.id),
        boxes=await _boxes(found),
        carriers=(await parties.list_parties(scope=stamp.require(Permission.PARTY_READ), limit=200)).items
        if "edit" in may
        else [],
        stores=(await sites.list_sites(scope=seeing, limit=500)).items if elsewhere else [],
        points=(await queries.list_points(scope=seen, limit=200)).items if elsewhere else [],
        settling=[verb for verb in SETTLING if verb in may],
        photos=await files.list_files(Subject(SHIPMENT, str(found.id))),
        changes=await list_changes(table="shipment", key=str(found.id)),
        now=edge_of(request).clock(),
    )


@get("/shipments/{shipment_id:uuid}/receive", include_in_schema=False)
async def receive_page(request: Request_, stamp: Stamped, shipment_id: FromPath[UUID]) -> Response[str]:
    """For the phone of whoever receives: line by line, a photo, a name."""
    found = await queries.get_shipment(shipment_id, stamp.require(Permission.SHIPMENT_READ))
    on_board = await queries.pieces_on_board(found.place_id)
    return page(
        request,
        "shipment_receive.html",
        one=found,
        may=workflow.allowed(found, stamp),
        open_lines=[line for line in found.lines if not line.settled],
        boxes=await _boxes(found),
        pieces={line.line: rules.pieces_of(found, line, on_board) for line in found.lines},
        photos=await files.list_files(Subject(SHIPMENT, str(found.id))),
    )


# --- receiving points -----------------------------------------------------------------------------------------------


@get("/receiving-points", include_in_schema=False)
async def points_page(request: Request_, stamp: Stamped) -> Response[str]:
    """Receiving points in sight, with the form of a new one."""
    scope = stamp.require(Permission.SHIPMENT_READ)
    listed = await queries.list_points(
        scope=scope,
        text=asked.text(request, "q"),
        over=asked.text(request, "over") == "yes",
        cursor=asked.cursor(request),
        limit=asked.PAGE,
    )
    asking = scope_of(stamp.grants, Permission.NEED_EDIT)
    active = []
    if not asking.empty:
        active = list((await incidents.list_incidents(scope=stamp.require(Permission.INCIDENT_READ), limit=50)).items)
    return page(
        request,
        "points.html",
        listed=listed,
        incidents=active,
        regions=await regions.list_in(asking) if active else [],
    )


@get("/receiving-points/{point_id:uuid}", include_in_schema=False)
async def point_page(request: Request_, stamp: Stamped, point_id: FromPath[UUID]) -> Response[str]:
    """One receiving point: hand out, bring back, write off, and the totals."""
    found = await queries.get_point(point_id, stamp.require(Permission.SHIPMENT_READ))
    there = await queries.at_point(found.place_id)
    returning = scope_of(stamp.grants, Permission.RETURN)
    may_contact = scope_of(stamp.grants, Permission.NEED_EDIT).covers(found.path, found.site_id)
    return page(
        request,
        "point.html",
        one=found,
        sees_incident=await _sees(found.incident_id, stamp),
        there=there,
        pieces=await queries.pieces_on_board(found.place_id),
        totals=await queries.totals_of(found.place_id),
        may_hand_out=scope_of(stamp.grants, Permission.HAND_OUT).covers(found.path, found.site_id),
        may_write_off=scope_of(stamp.grants, Permission.DISPOSE).covers(found.path, found.site_id),
        may_contact=may_contact,
        stores=(await sites.list_sites(scope=returning, limit=200)).items if not returning.empty else [],
        shipments=(
            await queries.list_shipments(
                scope=stamp.require(Permission.SHIPMENT_READ), incident_id=found.incident_id, over=True, limit=50
            )
        ).items,
        changes=await list_changes(table="receiving_point", key=str(found.id)),
    )


# --- the recovery ledger --------------------------------------------------------------------------------------------


def _duties_asked(request: Request_, viewer: Viewer) -> dict[str, Any]:
    status = asked.member(request, "status", DutyStatus)
    late = asked.text(request, "status") == "late"
    incident = asked.text(request, "incident", 40)
    return {
        "text": asked.text(request, "q"),
        "status": status,
        "late_on": viewer.today if late else None,
        "incident_id": _uuid(incident) if incident else None,
    }


@get("/recovery", include_in_schema=False)
async def recovery_page(request: Request_, stamp: Stamped) -> Response[str]:
    """What incidents used, who makes it good and until when."""
    scope = stamp.require(Permission.SHIPMENT_READ)
    viewer = viewer_of(request)
    listed = await queries.list_duties(
        scope=scope, **_duties_asked(request, viewer), cursor=asked.cursor(request), limit=asked.PAGE
    )
    drawing = scope_of(stamp.grants, Permission.RECOVERY_EDIT)
    known = (
        await incidents.list_incidents(scope=stamp.require(Permission.INCIDENT_READ), closed=True, limit=100)
    ).items
    return page(
        request,
        "recovery.html",
        listed=listed,
        incidents=known,
        drawable=[one for one in known if drawing.covers(one.path)],
        statuses=list(DutyStatus),
    )


@get(["/recovery/export.csv", "/recovery/export.xlsx"], include_in_schema=False)
async def recovery_export(request: Request_, stamp: Stamped) -> Response[Any]:
    """The same list as a file."""
    scope = stamp.require(Permission.SHIPMENT_READ)
    viewer = viewer_of(request)
    wanted = _duties_asked(request, viewer)

    async def fetch(cursor: str | None) -> Page[Any]:
        return await queries.list_duties(scope=scope, **wanted, cursor=cursor, limit=500)

    pages = ([_duty_row(one, viewer) for one in found.items] async for found in all_pages(fetch))
    _ = viewer.language.text
    sheet = exports.Sheet(
        f"recovery-{viewer.today.isoformat()}",
        _("Recovery ledger"),
        [
            *(_("Incident"), _("Region that owned it"), _("Who pays"), _("Item"), _("Unit"), _("Used"), _("Came back")),
            *(_("Still owed"), _("To be back by"), _("Source of the deadline"), _("Status"), _("Note")),
        ],
        cut_of(viewer),
        [
            (_("List"), _("Recovery ledger")),
            (_("As of"), moment(edge_of(request).clock())),
            (_("Made by"), viewer.name),
        ],
        _("About this list"),
    )
    return await exports.download(sheet, pages, request.scope["path"].rpartition(".")[2])


def _duty_row(one: Duty, viewer: Viewer) -> exports.Row:
    return [
        one.incident,
        one.region_zh,
        one.payer or "",
        f"{one.item_key} {one.item}",
        one.unit,
        exports.figure(one.quantity, one.unit_factor),
        exports.figure(one.back, one.unit_factor),
        exports.figure(one.rest, one.unit_factor),
        one.due_on,
        one.due_source,
        word(viewer.language, "duty_status", one.status),
        one.note,
    ]


@get("/recovery/{duty_id:uuid}", include_in_schema=False)
async def duty_page(request: Request_, stamp: Stamped, duty_id: FromPath[UUID]) -> Response[str]:
    """One duty: what was used, what came back, and the forms for whoever keeps it."""
    found = await queries.get_duty(duty_id, stamp.require(Permission.SHIPMENT_READ))
    may = workflow.allowed_of_duty(found, stamp)
    return page(
        request,
        "recovery_duty.html",
        one=found,
        sees_incident=await _sees(found.incident_id, stamp),
        may=may,
        fills=await queries.list_fills(found.id),
        payers=(await parties.list_parties(scope=stamp.require(Permission.PARTY_READ), limit=200)).items if may else [],
        changes=await list_changes(table="recovery_duty", key=str(found.id)),
    )


async def _order(release_id: UUID | None, stamp: Stamp) -> Release | None:
    """The release order of a shipment, where the viewer sees it."""
    if release_id is None or scope_of(stamp.grants, Permission.REQUISITION_READ).empty:
        return None
    try:
        return await requisitions.get_release(release_id, stamp.require(Permission.REQUISITION_READ))
    except Missing:
        return None


async def _sees(incident_id: UUID | None, stamp: Stamp) -> bool:
    """Whether the viewer may follow a link to the incident."""
    if incident_id is None:
        return False
    try:
        await incidents.get_incident(incident_id, stamp.require(Permission.INCIDENT_READ))
    except Missing:
        return False
    return True


def _as_vehicle(one: Registered, viewer: Viewer) -> Vehicle:
    """A registered vehicle as the form of a shipment shows it."""
    facts = one.facts
    return Vehicle(
        word(viewer.language, "vehicle_kind", facts.kind), facts.plate, facts.carrier_id, one.carrier_zh or "",
        facts.max_weight_g, facts.max_volume_ml, facts.driver, facts.phone, one.id,
    )  # fmt: skip


class Packed(NamedTuple):
    """A box as the pages show it: its lines, and whether it waits, is on the vehicle, comes whole, was received."""

    box: Box
    lines: list[Line]
    waits: bool
    loaded: bool
    comes: bool
    received: bool


async def _boxes(found: Shipment) -> list[Packed]:
    packed = []
    for box in await queries.list_boxes(found.id):
        lines = rules.in_box(found, box)
        loaded = any(line.loaded for line in lines)
        received = bool(lines) and all(line.settled for line in lines)
        waits = box.status is BoxStatus.CLOSED and not loaded
        comes = loaded and not any(line.received_at for line in lines)
        packed.append(Packed(box, lines, waits, loaded, comes, received and loaded))
    return packed


async def _sees_vehicle(vehicle_id: UUID | None, stamp: Stamp) -> bool:
    """Whether the viewer may follow a link to the vehicle."""
    if vehicle_id is None or scope_of(stamp.grants, Permission.VEHICLE_READ).empty:
        return False
    one = (await vehicles.find_vehicles([vehicle_id])).get(vehicle_id)
    return one is not None and scope_of(stamp.grants, Permission.VEHICLE_READ).covers(one.path, one.facts.site_id)


def _uuid(text: str) -> UUID:
    try:
        return UUID(text)
    except ValueError:
        return UUID(int=0)


HANDLERS: list[Any] = [
    shipments_page,
    shipments_export,
    new_shipment_page,
    shipment_page,
    receive_page,
    points_page,
    point_page,
    recovery_page,
    recovery_export,
    duty_page,
]
