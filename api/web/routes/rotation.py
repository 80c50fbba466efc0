"""Rotation: the year with its heat map, plans, lines with options compared, the keeper's list, calendar, waste."""

from calendar import Calendar
from collections.abc import Sequence
from datetime import date, timedelta
from typing import Any
from uuid import UUID

from litestar import Request, Response, get
from litestar.params import FromPath

from api import exports
from api.auth.edge import edge_of
from api.auth.stamps import Stamped
from api.expected import expected_goods, suppliers_for
from api.web.pages import Viewer, moment, named, page, viewer_of
from api.web.routes import asked
from api.web.routes.stock import cut_of
from api.web.words import word
from catalog.classes import queries as classes
from catalog.kernel.access import Permission, Scope, scope_of
from catalog.kernel.history import list_changes
from catalog.kernel.page import Page, all_pages
from catalog.regions import queries as regions
from catalog.regions.model import Region, Tier
from warehouse.parties import queries as parties
from warehouse.parties.model import PartyKind
from warehouse.rotation import queries, rules, workflow
from warehouse.rotation.model import DISPOSALS, Line, Option, Sort, Status
from warehouse.sites import queries as sites

Request_ = Request[Any, Any, Any]
YEARS_AHEAD = 2
MONTHS_OF_RISK = 12
OPEN = (Status.APPROVED, Status.CARRYING)
"""What waits for the keeper."""


async def _regions(scope: Scope) -> list[Region]:
    """Regions that may own goods of a plan: villages own none."""
    return [one for one in await regions.list_in(scope) if one.tier is not Tier.VILLAGE]


async def _asked(request: Request_, scope: Scope, year: int) -> dict[str, Any]:
    key = asked.text(request, "region", 80)
    region = (await regions.find_regions([key])).get(key) if key else None
    site = await asked.site(request, scope)
    status = asked.member(request, "status", Status)
    return {
        "year": year,
        "under": region.path if region else None,
        "site_id": site.id if site else None,
        "option": asked.member(request, "option", Option),
        "statuses": [status] if status else (),
        "month": asked.number(request, "month", 12) or None,
        "class_code": asked.text(request, "class", 40),
        "text": asked.text(request, "q"),
        "sort": _sort(request),
    }


def _sort(request: Request_) -> Sort:
    return asked.one_of(request, "sort", Sort, Sort.OUT)


def _year(request: Request_, viewer: Viewer) -> int:
    return asked.number(request, "year", 2999) or viewer.today.year


@get("/rotation", include_in_schema=False)
async def rotation_page(request: Request_, stamp: Stamped) -> Response[str]:
    """A year: what is due by class and month, the plans, their lines; on further pages the lines alone."""
    scope = stamp.require(Permission.ROTATION_READ)
    viewer = viewer_of(request)
    year = _year(request, viewer)
    wanted = await _asked(request, scope, year)
    cursor = asked.cursor(request)
    listed = await queries.list_lines(scope=scope, **wanted, cursor=cursor, limit=asked.PAGE)
    cells = (
        [] if cursor else await queries.heat(scope=scope, year=year, under=wanted["under"], site_id=wanted["site_id"])
    )
    known = await sites.list_sites(scope=scope, limit=200)
    here = [] if cursor else await queries.list_plans(scope=scope, year=year)
    may_plan = scope_of(stamp.grants, Permission.ROTATION_PLAN)
    today = viewer.today.year
    return page(
        request,
        "rotation.html",
        listed=listed,
        sort=wanted["sort"].value,
        further=cursor is not None,
        classes=await classes.own_classes(),
        year=year,
        years=range(today - 1, today + YEARS_AHEAD + 1),
        plans=here,
        heat=_heat(cells),
        most=max((one.value_fen for one in cells), default=0),
        regions=await _regions(scope),
        own=await _regions(may_plan),
        sites=known.items,
        options=list(Option),
        statuses=list(Status),
        decidable={one.id for one in listed.items if _decides(one, stamp)},
        list_month=(await queries.terms_at("/")).list_month,
    )


def _decides(line: Line, stamp: Stamped) -> bool:
    scope = scope_of(stamp.grants, Permission.ROTATION_APPROVE)
    return line.status is Status.PROPOSED and scope.covers(line.lot.owner_path) and stamp.login != line.chosen_by


def _heat(cells: Sequence[Any]) -> dict[str, Any]:
    """Class → its cells by month, the classes in their order."""
    found: dict[str, Any] = {}
    for cell in cells:
        found.setdefault(cell.class_code, {})[cell.month] = cell
    return found


@get(["/rotation/export.csv", "/rotation/export.xlsx"], include_in_schema=False)
async def rotation_export(request: Request_, stamp: Stamped) -> Response[Any]:
    """The lines of a year as a file, as they are filtered."""
    scope = stamp.require(Permission.ROTATION_READ)
    viewer = viewer_of(request)
    wanted = await _asked(request, scope, _year(request, viewer))
    plan = request.query_params.get("plan", "")
    if plan:
        wanted |= {"plan_id": (await queries.get_plan(_uuid(plan), scope)).id, "year": None}

    async def fetch(cursor: str | None) -> Page[Any]:
        return await queries.list_lines(scope=scope, **wanted, cursor=cursor, limit=200)

    pages = ([_row(one, viewer) for one in found.items] async for found in all_pages(fetch))
    _ = viewer.language.text
    head = [
        *(_("Plan"), _("Line"), _("Item"), _("Key"), _("Lot"), _("Store"), _("Owner"), _("Unit"), _("Quantity")),
        *(_("Last day"), _("Why"), _("Due on"), _("Option"), _("Out on"), _("In on"), _("Quantity in")),
        *(_("Cost (yuan)"), _("Loss (yuan)"), _("Status"), _("Carried out"), _("Sample"), _("Income (yuan)")),
        *(_("Paid (yuan)"), _("Proof")),
    ]
    title = _("Rotation plan")
    notes = [(_("List"), title), (_("As of"), moment(edge_of(request).clock())), (_("Made by"), viewer.name)]
    sheet = exports.Sheet(
        f"rotation-{viewer.today.isoformat()}", title, head, cut_of(viewer), notes, _("About this list")
    )
    return await exports.download(sheet, pages, request.scope["path"].rpartition(".")[2])


def _uuid(text: str) -> UUID:
    try:
        return UUID(text)
    except ValueError:
        return UUID(int=0)


def _row(line: Line, viewer: Viewer) -> exports.Row:
    lot, lang = line.lot, viewer.language

    def sized(value: int | None) -> exports.Cell:
        return exports.figure(value, lot.unit_factor)

    def yuan(fen: int | None) -> exports.Cell:
        return exports.figure(fen, 100)

    settled = line.settlement
    return [
        *(line.plan, line.number, lot.item_name, line.item_key, lot.number, line.site_name, line.owner_name, lot.unit),
        *(sized(line.quantity), line.ends_on, word(lang, "rotation_why", line.why), line.due_on),
        *(word(lang, "rotation_option", line.option) if line.option else "", line.out_on, line.in_on),
        *(sized(line.in_quantity), yuan(line.cost_fen), yuan(line.waste_fen)),
        *(word(lang, "rotation_status", line.status), sized(line.done), sized(line.sampled)),
        *(yuan(settled.income_fen) if settled else None, yuan(settled.paid_fen) if settled else None),
        settled.proof if settled else "",
    ]


@get("/rotation/plans/{plan_id:uuid}", include_in_schema=False)
async def rotation_plan_page(request: Request_, stamp: Stamped, plan_id: FromPath[UUID]) -> Response[str]:
    """One plan: its sums, its lines, its history."""
    scope = stamp.require(Permission.ROTATION_READ)
    plan = await queries.get_plan(plan_id, scope)
    listed = await queries.list_lines(
        scope=scope, plan_id=plan_id, sort=_sort(request), cursor=asked.cursor(request), limit=asked.PAGE
    )
    return page(
        request,
        "rotation_plan.html",
        plan=plan,
        listed=listed,
        sort=_sort(request).value,
        statuses=list(Status),
        decidable={one.id for one in listed.items if _decides(one, stamp)},
        changes=await list_changes(table="rotation_plan", key=str(plan.id)),
    )


@get("/rotation/lines/{line_id:uuid}", include_in_schema=False)
async def rotation_line_page(request: Request_, stamp: Stamped, line_id: FromPath[UUID]) -> Response[str]:
    """One line: options compared, which minimum would break, what may be done with it now, its history."""
    scope = stamp.require(Permission.ROTATION_READ)
    viewer = viewer_of(request)
    line = await queries.get_line(line_id, scope)
    (standing,) = await queries.standings_of([line], viewer.today, await expected_goods())
    may = workflow.allowed(standing, stamp)
    seen = scope_of(stamp.grants, Permission.PARTY_READ)
    listed = await parties.list_parties(scope=seen, limit=200) if "choose" in may and not seen.empty else None
    known = listed.items if listed else []
    takers = [one for one in known if one.kind is not PartyKind.TEST_HOUSE]
    delivered = await suppliers_for(line.lot.id, viewer.today) if takers else set()
    swappers = [one for one in takers if rules.may_swap(one.id, one.kind, delivered)]
    uncovered = rules.uncovered(line, standing.shorts) if line.status is Status.PROPOSED else None
    return page(
        request,
        "rotation_line.html",
        line=line,
        offers=standing.offers,
        best=rules.suggested(standing.offers),
        shorts=[one for one in standing.shorts if scope.covers(one.subject.path, one.subject.site_id)],
        uncovered=uncovered,
        terms=standing.terms,
        policy=standing.policy,
        may=may,
        places=(await queries.places_of([line]))[line.id],
        sample=min(rules.sample_of(line.old(), standing.terms), line.standing),
        swappers=swappers,
        takers=[one for one in takers if one not in swappers],
        unwitnessed=rules.unwitnessed(line, line, standing.terms) if line.status is Status.PROPOSED else None,
        houses=[one for one in known if one.kind is PartyKind.TEST_HOUSE],
        disposal=line.option in DISPOSALS,
        may_record=viewer.may("paper.issue") and line.status is Status.CARRIED and line.option in DISPOSALS,
        changes=await list_changes(table="rotation_line", key=str(line.id)),
    )


@get("/rotation/work", include_in_schema=False)
async def rotation_work_page(request: Request_, stamp: Stamped) -> Response[str]:
    """What has been approved and waits at my stores: worked off by scanning."""
    scope = stamp.require(Permission.ROTATION_READ)
    site = await asked.site(request, scope)
    listed = await queries.list_lines(
        scope=scope,
        statuses=OPEN,
        site_id=site.id if site else None,
        cursor=asked.cursor(request),
        limit=asked.PAGE,
    )
    known = await sites.list_sites(scope=scope, limit=200)
    carries = scope_of(stamp.grants, Permission.ROTATION_CARRY)
    return page(
        request,
        "rotation_work.html",
        listed=listed,
        places=await queries.places_of(listed.items),
        sites=known.items,
        site=site,
        mine={one.id for one in listed.items if carries.covers(one.site_path, one.site_id)},
    )


@get("/rotation/calendar", include_in_schema=False)
async def rotation_calendar_page(request: Request_, stamp: Stamped) -> Response[str]:
    """A month, day by day: what goes, what comes."""
    scope = stamp.require(Permission.ROTATION_READ)
    viewer = viewer_of(request)
    day = asked.day(request, "day") or viewer.today
    first = day.replace(day=1)
    last = rules.last_day(first.year, first.month)
    found: dict[date, list[tuple[bool, Line]]] = {}
    for at, comes, line in await queries.days_of(scope=scope, first=first, last=last):
        found.setdefault(at, []).append((comes, line))
    return page(
        request,
        "rotation_calendar.html",
        first=first,
        weeks=Calendar().monthdatescalendar(first.year, first.month),
        found=found,
        before=first - timedelta(days=1),
        after=last + timedelta(days=1),
    )


@get("/rotation/risk", include_in_schema=False)
async def rotation_risk_page(request: Request_, stamp: Stamped) -> Response[str]:
    """What will have expired unused at the present rate of use: by month, class and fund, in money."""
    scope = stamp.require(Permission.ROTATION_READ)
    viewer = viewer_of(request)
    key = asked.text(request, "region", 80)
    region = (await regions.find_regions([key])).get(key) if key else None
    under = region.path if region else None
    found = await queries.risks(scope=scope, today=viewer.today, months=MONTHS_OF_RISK, under=under)
    names = {one.code: named(viewer.language, one) for one in await classes.own_classes()}
    months: dict[date, int] = {}
    kinds: dict[str, int] = {}
    funds: dict[str, int] = {}
    for one in found:
        value = one.value_fen or 0
        at = max(one.stored.expires_on, viewer.today).replace(day=1)
        months[at] = months.get(at, 0) + value
        kind = names.get(one.stored.class_code, one.stored.class_name)
        kinds[kind] = kinds.get(kind, 0) + value
        fund = one.stored.fund_source or ""
        funds[fund] = funds.get(fund, 0) + value
    return page(
        request,
        "rotation_risk.html",
        found=found[:200],
        more=max(len(found) - 200, 0),
        total=sum(one.value_fen or 0 for one in found),
        unpriced=sum(one.value_fen is None for one in found),
        months=sorted(months.items()),
        kinds=sorted(kinds.items(), key=lambda one: -one[1]),
        funds=sorted(funds.items(), key=lambda one: -one[1]),
        regions=await _regions(scope),
        days=rules.DAYS_OF_USE,
    )


@get("/rotation/policies", include_in_schema=False)
async def rotation_policies_page(request: Request_, stamp: Stamped) -> Response[str]:
    """What may not be done with goods of a class, and the form to say so."""
    stamp.require(Permission.ROTATION_READ)
    root = scope_of(stamp.grants, Permission.ROTATION_PLAN)
    tops = [one for one in await _regions(root) if one.tier is Tier.CITY]
    return page(
        request,
        "rotation_policies.html",
        policies=await queries.list_policies(),
        names={one.code: named(viewer_of(request).language, one) for one in await classes.own_classes()},
        classes=await classes.own_classes() if tops else [],
        options=list(Option),
    )


HANDLERS: list[Any] = [
    rotation_page,
    rotation_export,
    rotation_plan_page,
    rotation_line_page,
    rotation_work_page,
    rotation_calendar_page,
    rotation_risk_page,
    rotation_policies_page,
]
