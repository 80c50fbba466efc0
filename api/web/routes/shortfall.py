"""The shortfall report: charts and roll-ups, the table to page, the lots behind a figure; as paper and as files."""

from collections.abc import AsyncIterator, Sequence
from contextlib import aclosing
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from math import cos, radians
from typing import Any
from urllib.parse import parse_qsl

from litestar import Request, Response, get

from api import asked_reports, exports, rendering
from api.asked_cover import HAZARD, rations_at
from api.asked_provision import FARTHEST, Words, question_of
from api.auth.edge import edge_of
from api.auth.stamps import Stamped
from api.web.english import unit as unit_of
from api.web.languages import Language, language
from api.web.pages import amount, moment, named, page, viewer_of
from api.web.routes import asked
from api.web.routes.stock import CUT
from api.web.words import word
from catalog.classes import queries as classes
from catalog.kernel import audit_chain
from catalog.kernel.access import Permission, Scope, scope_of
from catalog.kernel.errors import Missing
from catalog.kernel.parameters import UNVERIFIED
from catalog.kernel.stamp import Stamp
from catalog.regions import queries as regions
from catalog.regions.model import Tier
from warehouse.counts.queries import veil_of
from warehouse.planning.scenario.model import HAZARDS
from warehouse.printing.render import render_table
from warehouse.provision import queries as provision
from warehouse.provision.model import By, Cell, Holder, Question
from warehouse.provision.queries import Show, Sort
from warehouse.provision.rules import per_mille, rate
from warehouse.replenishment.queries import late_orders, list_budgets
from warehouse.reports import paper, queries, rules
from warehouse.reports.model import Age, Ration, Served, Shortfall, Spot
from warehouse.sites import queries as sites
from warehouse.views import queries as views
from warehouse.views.rules import LONGEST_QUERY, checked_query

Request_ = Request[Any, Any, Any]
RANKED = 10
AHEAD = (30, 90, 180)
"""Days ahead for which a planner's first page says what expires."""
STALE = timedelta(days=30)
"""A store that posted nothing for so long is named: its figures may be old."""


@dataclass(frozen=True, slots=True)
class Asked:
    """What the page is asked for."""

    question: Question
    sort: Sort
    show: Show
    hazard: str = HAZARD


async def asked_by(query: str, scope: Scope, stamp: Stamp) -> Asked:
    """What a kept address asks of today: its day is that of the stamp, whatever it was when it was kept."""
    question = await asked_reports.kept_question(query, scope, stamp)
    sort, show = asked_reports.kept(query, "sort", Sort), asked_reports.kept(query, "show", Show)
    hazard = dict(parse_qsl(query)).get("hazard", "")
    return Asked(question, sort or Sort.GAP, show or Show.ALL, hazard if hazard in HAZARDS else HAZARD)


async def _asked(request: Request_, scope: Scope, stamp: Stamp) -> Asked:
    day = asked.day(request, "day")
    words = Words(
        asked.text(request, "region", 80),
        asked.text(request, "site", 12),
        asked.one_of(request, "holder", Holder, Holder.REGION),
        asked.member(request, "tier", Tier),
        asked.text(request, "class", 40),
        day if day is None or day <= viewer_of(request).today + timedelta(days=FARTHEST) else None,
        asked.day(request, "norms"),
    )
    return Asked(
        await question_of(words, scope, stamp),
        asked.one_of(request, "sort", Sort, Sort.GAP),
        asked.one_of(request, "show", Show, Show.ALL),
        hazard if (hazard := asked.text(request, "hazard", 40)) in HAZARDS else HAZARD,
    )


@get("/shortfall", include_in_schema=False)
async def shortfall_page(request: Request_, stamp: Stamped) -> Response[str]:
    """The report of a day, and a page of its cells."""
    scope = stamp.require(Permission.NORM_READ)
    viewer = viewer_of(request)
    found = await _asked(request, scope, stamp)
    rations = await rations_at(found.question.path, found.hazard)
    report = await queries.shortfall(found.question, scope=scope, now=stamp.recorded_at)
    listed = await provision.list_cells(
        report.table, sort=found.sort, show=found.show, cursor=asked.cursor(request), limit=asked.PAGE
    )
    against = asked.day(request, "against")
    known = await sites.list_sites(scope=scope, limit=200)
    return page(
        request,
        "shortfall.html",
        report=report,
        question=found.question,
        listed=listed,
        sort=found.sort.value,
        against=against,
        compared=await _compared(report, against, scope, stamp) if against else [],
        ranking=rules.ranked(report.goods, RANKED),
        spots=_on_map(report.spots),
        stale=_stale(report.ages, viewer.at),
        veil=await veil_of(stamp.person_id),
        today=viewer.today,
        per_mille=per_mille,
        rate_of=rate,
        ration_said=lambda one: ration_said(viewer.language, one),
        served=[_served(one, rations) for one in listed.items],
        regions=await regions.list_in(scope),
        sites=known.items,
        classes=await classes.own_classes(deepest=2),
        tiers=list(Tier),
        hazards=HAZARDS,
        hazard=found.hazard,
        saved=await views.list_views(person_id=stamp.person_id, list_name="shortfall"),
        query_kept=checked_query(request.url.query[:LONGEST_QUERY]),
        may_save=not scope_of(stamp.grants, Permission.VIEW_SAVE).empty,
    )


@get("/shortfall/beside", include_in_schema=False)
async def shortfall_beside(request: Request_, stamp: Stamped) -> Response[str]:
    """What expires by month and for how many people it lasts: asked for after the report, since it takes a while."""
    scope = stamp.require(Permission.NORM_READ)
    found = await _asked(request, scope, stamp)
    table = await provision.prepare(found.question, scope=scope, now=stamp.recorded_at)
    (branches,) = await provision.roll_ups(table, [[By.BRANCH]])
    return page(
        request,
        "shortfall_beside.html",
        table=table,
        branches=branches,
        months=[] if table.past else await queries.expiring(table),
        covered=await queries.covered(table, await rations_at(found.question.path, found.hazard)),
        hazard=found.hazard,
        ration_said=lambda one: ration_said(viewer_of(request).language, one),
    )


@get("/shortfall/headline", include_in_schema=False)
async def shortfall_headline(request: Request_, stamp: Stamped) -> Response[str]:
    """How one's whole area stands today, for the first page: asked for after it, since it takes a while."""
    scope = stamp.require(Permission.NORM_READ)
    viewer = viewer_of(request)
    question = await question_of(Words(), scope, stamp)
    table = await provision.prepare(question, scope=scope, now=stamp.recorded_at)
    whole, tiers = await provision.roll_ups(table, [[], [By.TIER]])
    seen, spent = scope_of(stamp.grants, Permission.STOCK_READ), scope_of(stamp.grants, Permission.BUDGET_READ)
    budgets = [] if spent.empty else await list_budgets(scope=spent, today=viewer.today, year=viewer.today.year)
    return page(
        request,
        "shortfall_headline.html",
        whole=whole[0] if whole else None,
        tiers=tiers,
        per_mille=per_mille,
        ahead=[]
        if seen.empty
        else await queries.ahead(scope=seen, today=viewer.today, days=AHEAD, without=sorted(question.without)),
        late=len({one.order_id for one in await late_orders(viewer.today, stamp.require(Permission.ORDER_READ))})
        if viewer.may(Permission.ORDER_READ)
        else None,
        budgets=budgets,
        known_at=table.known_at,
        stale=_stale(await queries.ages(question), viewer.at),
    )


def _stale(ages: Sequence[Age], at: datetime) -> list[Age]:
    return [one for one in ages if one.posted_at is None or at - one.posted_at > STALE]


async def _compared(report: Shortfall, against: Any, scope: Scope, stamp: Stamp) -> list[Any]:
    question = replace(report.table.question, day=against)
    table = await provision.prepare(question, scope=scope, now=stamp.recorded_at)
    whole, branches = await provision.roll_ups(table, [[], [By.BRANCH]])
    now = [report.whole] if report.whole else []
    return rules.compared(whole, now) + rules.compared(branches, report.branches)


def _on_map(spots: Sequence[Spot]) -> list[dict[str, Any]]:
    """Regions as points of a drawing 100 wide: a plain projection, true enough for a city."""
    if not spots:
        return []
    middle = cos(radians(sum(one.lat for one in spots) / len(spots)))
    xs, ys = [one.lon * middle for one in spots], [-one.lat for one in spots]
    span = max(max(xs) - min(xs), max(ys) - min(ys), 0.01)
    return [
        {"spot": one, "x": round(12 + 76 * (x - min(xs)) / span, 2), "y": round(8 + 76 * (y - min(ys)) / span, 2)}
        for one, x, y in zip(spots, xs, ys, strict=True)
    ]


# --- the lots behind a figure ---------------------------------------------------------------------------------------


@get("/shortfall/lots", include_in_schema=False)
async def shortfall_lots_page(request: Request_, stamp: Stamped) -> Response[str]:
    """The lots that make up one cell."""
    scope = stamp.require(Permission.NORM_READ)
    found = await _asked(request, scope, stamp)
    goods = asked.text(request, "goods", 40)
    table = await provision.prepare(found.question, scope=scope, now=stamp.recorded_at)
    key = asked.text(request, "site", 12) or asked.text(request, "region", 80)
    pair = next((one for one in provision.pairs(table) if one[0].key == key and one[1].key == goods), None)
    if pair is None:
        raise Missing("provision.no-line", "这里没有这种物资的储备标准", goods=goods)
    place, line = pair
    lots = await provision.list_lots(table, place=place, line=line, scope=stamp.require(Permission.STOCK_READ))
    return page(request, "shortfall_lots.html", table=table, place=place, line=line, lots=lots)


# --- paper and files ------------------------------------------------------------------------------------------------


@get(["/shortfall/export.csv", "/shortfall/export.xlsx"], include_in_schema=False)
async def shortfall_export(request: Request_, stamp: Stamped) -> Response[Any]:
    """Every cell as a file."""
    scope = stamp.require(Permission.NORM_READ)
    viewer = viewer_of(request)
    found = await _asked(request, scope, stamp)
    table = await provision.prepare(found.question, scope=scope, now=stamp.recorded_at)
    rations = await rations_at(found.question.path, found.hazard)
    sheet, rows = sheet_of(table, found, rations, viewer.language, viewer.name)
    return await exports.download(sheet, rows, request.scope["path"].rpartition(".")[2])


def _served(one: Cell, rations: Sequence[Ration]) -> Served | None:
    return rules.served(one.item_id, one.class_path, one.figures.usable, one.unit_factor, rations)


def sheet_of(
    table: provision.Table, asked_: Asked, rations: Sequence[Ration], lang: Language, made_by: str
) -> tuple[exports.Sheet, AsyncIterator[Sequence[exports.Row]]]:
    """The file of a question's cells, and its rows."""

    async def pages() -> AsyncIterator[Sequence[exports.Row]]:
        async with aclosing(provision.all_cells(table, sort=asked_.sort, show=asked_.show)) as parts:
            async for part in parts:
                yield [_row(cell, _served(cell, rations), lang) for cell in part]

    _, question = lang.text, table.question
    heads = [_("Region or store"), _("Key"), _("Tier"), _("Goods"), _("Item or class"), _("Unit"), _("Minimum"),
             _("Target"), _("On hand"), _("Usable"), _("Reserved"), _("Free"), _("In transit"), _("On order"),
             _("Promised, counted"), _("Missing"), _("Missing after all that comes"), _("Provision rate (%)"),
             _("Cost of the gap (yuan)"), _("Norm"), _("People-days covered"), _("People covered, used once"),
             _("By what consumption norm")]  # fmt: skip
    sheet = exports.Sheet(
        f"shortfall-{question.day.isoformat()}",
        _("Shortfall report"),
        heads,
        _(CUT) % {"most": f"{exports.MOST_ROWS:,}"},
        [
            (_("List"), _("Shortfall report")),
            (_("Day"), question.day.isoformat()),
            (_("Norms of"), question.norms_on.isoformat()),
            (_("Consumption norms for"), word(lang, "disaster", asked_.hazard)),
            (_("As of"), moment(table.known_at)),
            (_("Made by"), made_by),
        ],
        _("About this list"),
    )
    return sheet, pages()


def _row(one: Cell, lasts: Served | None, lang: Language) -> exports.Row:
    figures = one.figures

    def sized(value: int | None) -> exports.Cell:
        return None if value is None else exports.figure(value, one.unit_factor)

    share = None if one.need is None else per_mille(rate(figures.usable, one.need))
    return [
        named(lang, {"name_zh": one.place_zh, "name_en": one.place_en}),
        one.place_key,
        word(lang, "tier", one.tier) if one.site_id is None else "",
        named(lang, {"name_zh": one.goods_zh, "name_en": one.goods_en}),
        one.goods_key,
        one.unit_zh,
        sized(one.minimum),
        sized(one.target),
        sized(figures.on_hand),
        sized(figures.usable),
        sized(figures.reserved),
        sized(figures.free),
        sized(figures.in_transit),
        sized(figures.on_order),
        sized(figures.promised),
        lang.text("not known") if one.unknown else sized(one.gap),
        sized(one.open_gap),
        None if share is None else exports.figure(share, 10),
        None if one.gap_fen is None else exports.figure(one.gap_fen, 100),
        lang.text("unverified") if one.unverified else "",
        lasts.amount if lasts and lasts.ration.daily else None,
        lasts.amount if lasts and not lasts.ration.daily else None,
        ration_said(lang, lasts.ration) if lasts else lang.text("not known"),
    ]


def ration_said(lang: Language, one: Ration) -> str:
    """A consumption norm in words, with its source."""
    _ = lang.text
    much = f"{amount(one.quantity, one.unit_factor)} {unit_of(lang, one.unit_zh)}".strip()
    daily = _("%(much)s for every %(people)s people each day")
    once = _("%(much)s for every %(people)s people")
    source = one.source.removeprefix(UNVERIFIED).lstrip(" :：")
    if UNVERIFIED in one.source:
        source = f"{source}, {_('unverified')}" if source else _("unverified")
    return f"{(daily if one.daily else once) % {'much': much, 'people': f'{one.people:,}'}} ({source})"


@get("/shortfall/export.pdf", include_in_schema=False)
async def shortfall_pdf(request: Request_, stamp: Stamped) -> Response[bytes]:
    """The report as paper, in Chinese: totals, regions, what is missing, signatures, the audit trail's anchor."""
    scope = stamp.require(Permission.NORM_READ)
    found = await _asked(request, scope, stamp)
    content = await pdf_of(found, scope, stamp.recorded_at, edge_of(request).clock())
    name = f"shortfall-{found.question.day.isoformat()}.pdf"
    headers = {"content-disposition": f'inline; filename="{name}"'}
    return Response(content, media_type="application/pdf", headers=headers)


async def pdf_of(found: Asked, scope: Scope, now: datetime, at: datetime) -> bytes:
    """The paper of a question; `at`: when it is drawn."""
    question = found.question
    rations = await rations_at(question.path, found.hazard)
    report = await queries.shortfall(question, scope=scope, now=now, rations=rations)
    short = await provision.list_cells(report.table, sort=Sort.GAP, show=Show.SHORT, limit=paper.MOST_ROWS)
    value = paper.shortfall_paper(
        report,
        short.items,
        rations=rations,
        hazard=word(language("zh"), "disaster", found.hazard) if found.hazard != HAZARD else "",
        more=short.next_cursor is not None,
        area=await _area(question, scope),
        anchor=audit_chain.printed(await audit_chain.newest_anchor()),
        at=at,
    )
    return await rendering.RENDERER.run(render_table, value, rendering.font_path())


async def _area(question: Question, scope: Scope) -> str:
    """What the figures are of, in Chinese: the region, or the one store."""
    if question.site_ids is not None:
        names = [(await sites.get_site(one, scope)).name_zh for one in sorted(question.site_ids)]
        return "、".join(names)
    (region,) = (await regions.find_regions_by_id([int(question.path.strip("/").split("/")[-1])])).values()
    return region.name_zh


HANDLERS: list[Any] = [
    shortfall_page,
    shortfall_beside,
    shortfall_headline,
    shortfall_export,
    shortfall_pdf,
    shortfall_lots_page,
]
