"""Reports beside shortfall: each a table on screen and paper, and the same as Excel and CSV (as JSON under /api/v1)."""

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from enum import StrEnum
from typing import Any
from urllib.parse import parse_qsl
from uuid import UUID

from litestar import Request, Response, get
from litestar.params import FromPath

from api import asked_reports, exports
from api.auth.stamps import Stamped
from api.web.pages import Viewer, named, page, viewer_of
from api.web.routes import asked
from api.web.routes.list_files import list_file
from api.web.words import N_, word
from catalog.classes import queries as classes
from catalog.classes.model import CLASS_SCHEME
from catalog.kernel.access import Permission, Scope
from catalog.kernel.errors import Invalid, Missing
from catalog.kernel.page import Page
from catalog.kernel.parameters import whole
from catalog.kernel.stamp import Stamp
from catalog.regions import queries as regions
from catalog.regions.queries import root_path
from warehouse.alerts import messages
from warehouse.alerts.model import Alert, AlertKind
from warehouse.alerts.queries import alerts
from warehouse.alerts.queries.alerts import AlertFilter
from warehouse.counts.queries import veil_of
from warehouse.planning.scenario.model import HAZARDS
from warehouse.provision.model import Holder, Question
from warehouse.provision.queries import Show
from warehouse.reports import queries, rules
from warehouse.reports.model import (
    DEAD_MONTHS,
    SLOW_MONTHS,
    Every,
    FileFormat,
    FundValue,
    Indicator,
    Measured,
    Slow,
)
from warehouse.reports.queries import plans
from warehouse.sites import queries as sites
from warehouse.stock.queries import By, StatementRow
from warehouse.views.rules import LONGEST_QUERY, checked_query

Request_ = Request[Any, Any, Any]


class Shows(StrEnum):
    """How a cell is shown. Money is fen, a share thousandths."""

    TEXT = "text"
    FIGURE = "figure"
    MONEY = "money"
    SHARE = "share"
    DAY = "day"
    MOMENT = "moment"


@dataclass(frozen=True, slots=True)
class Column:
    """A column on screen and in the file. `factor`: base units in one display unit of the row."""

    text: str
    value: Callable[[Any], Any]
    shows: Shows = Shows.TEXT
    factor: Callable[[Any], int] | None = None
    href: Callable[[Any], str] | None = None

    @property
    def figure(self) -> bool:
        """Whether it stands on the right."""
        return self.shows in (Shows.FIGURE, Shows.MONEY, Shows.SHARE)

    def shows_of(self, row: Any) -> Shows:
        """How the cell of a row is shown: by its own kind where the column's rows differ."""
        kinds = {Measured.MONEY: Shows.MONEY, Measured.SHARE: Shows.SHARE}
        return kinds.get(row.measured, self.shows) if isinstance(row, Indicator) and self.figure else self.shows

    def cell(self, row: Any) -> exports.Cell:
        """Of the file: numbers are numbers, in display units, yuan and percent."""
        value = self.value(row)
        if value is None or isinstance(value, str | date | datetime):
            return value
        shows = self.shows_of(row)
        by = {Shows.MONEY: 100, Shows.SHARE: 10}.get(shows, self.factor(row) if self.factor else 1)
        return exports.figure(value, by) if self.figure else value


@dataclass
class Report:
    """One report as it is asked: its columns, its rows by pages, what stands above them, and where it comes from."""

    key: str
    title: str
    columns: Sequence[Column]
    fetch: Callable[[str | None, int], Awaitable[Page[Any]]]
    source: str
    facts: Sequence[tuple[str, Any, Shows]] = ()
    filters: Sequence[str] = ()
    more: dict[str, Any] = field(default_factory=dict)


def _text(viewer: Viewer) -> Callable[[str], str]:
    return viewer.language.text


async def _narrowed(request: Request_, scope: Scope) -> Scope:
    return await asked_reports.narrowed(scope, asked.text(request, "region", 80))


async def _class(request: Request_) -> str | None:
    code = asked.text(request, "class", 40)
    found = await classes.find_classes([(CLASS_SCHEME, code)]) if code else {}
    return found[CLASS_SCHEME, code].path if code and found else None


def _part(rows: Sequence[Any]) -> Callable[[str | None, int], Awaitable[Page[Any]]]:
    async def fetch(cursor: str | None, limit: int) -> Page[Any]:
        return asked_reports.part(rows, cursor, limit)

    return fetch


# --- 收发存 台账 ----------------------------------------------------------------------------------------------------


async def _ledger(request: Request_, stamp: Stamp) -> Report:
    scope = await _narrowed(request, stamp.require(Permission.STOCK_READ))
    viewer = viewer_of(request)
    _, lang = _text(viewer), viewer.language
    month, by = _month(request, viewer.today), asked.one_of(request, "by", By, By.ITEM)
    site = await asked.site(request, scope)
    rows = await queries.ledger(
        month=month, scope=scope, by=by, site_id=site.id if site else None, class_path=await _class(request)
    )
    rows = (await veil_of(stamp.person_id)).over(rows)
    ins = sorted({reason for row in rows for reason in row.ins or {}})
    outs = sorted({reason for row in rows for reason in row.outs or {}})

    def amount(value: Callable[[StatementRow], int | None], text: str) -> Column:
        return Column(text, value, Shows.FIGURE, lambda row: row.unit_factor)

    def split(way: str, reason: str) -> Callable[[StatementRow], int | None]:
        return lambda row: (getattr(row, way) or {}).get(reason)

    columns = [Column(_("Item"), lambda row: f"{row.item} {row.item_key}", href=lambda row: f"/items/{row.item_key}")]
    if by is By.LOT:
        columns += [
            Column(_("Lot"), lambda row: row.lot),
            Column(_("Expires on"), lambda row: row.expires_on, Shows.DAY),
        ]
    if by is By.SITE:
        columns += [Column(_("Store"), lambda row: row.site_code or "")]
    columns += [
        Column(_("Unit"), lambda row: row.unit),
        amount(lambda row: row.opening, _("Opening")),
        *(amount(split("ins", one), _("In: %(reason)s") % {"reason": word(lang, "reason", one)}) for one in ins),
        amount(lambda row: row.came, _("In, all")),
        *(amount(split("outs", one), _("Out: %(reason)s") % {"reason": word(lang, "reason", one)}) for one in outs),
        amount(lambda row: row.went, _("Out, all")),
        amount(lambda row: row.closing, _("Closing")),
    ]
    return Report(
        "ledger", _("Stock ledger by month"), columns, _part(rows),
        _("From the moves, by the day on which they are booked; openings are counted back from what is there now."),
        [(_("Month"), month.strftime("%Y-%m"), Shows.TEXT), (_("Rows"), len(rows), Shows.FIGURE)],
        ("month", "region", "site", "class", "by"), {"month": month.strftime("%Y-%m"), "by": by.value},
    )  # fmt: skip


def _month(request: Request_, today: date) -> date:
    given = asked.text(request, "month", 10) or ""
    try:
        return date.fromisoformat(f"{given[:7]}-01") if 1900 <= int(given[:4] or 0) <= 2999 else today.replace(day=1)
    except ValueError:
        return today.replace(day=1)


# --- value by fund source -------------------------------------------------------------------------------------------


async def _value(request: Request_, stamp: Stamp) -> Report:
    scope = await _narrowed(request, stamp.require(Permission.STOCK_READ))
    viewer = viewer_of(request)
    _, lang = _text(viewer), viewer.language
    without = await asked_reports.counted_by(stamp.person_id)
    rows: list[FundValue] = await queries.value_by_fund(scope=scope, today=viewer.today, without=without)
    columns = [
        Column(_("Owner"), lambda one: named(lang, {"name_zh": one.owner_zh, "name_en": one.owner_en})),
        Column(_("Fund source"), lambda one: one.fund_source or _("no fund named")),
        Column(_("Class"), lambda one: named(lang, {"name_zh": one.class_zh, "name_en": one.class_en})),
        Column(_("Lots"), lambda one: one.lots, Shows.FIGURE),
        Column(_("Worth"), lambda one: one.value_fen, Shows.MONEY),
        Column(_("of it at reference prices"), lambda one: one.estimated_fen, Shows.MONEY),
        Column(_("of it not usable"), lambda one: one.unusable_fen, Shows.MONEY),
        Column(_("Lots without a price"), lambda one: one.unpriced, Shows.FIGURE),
    ]
    return Report(
        "value", _("Value by fund source"), columns, _part(rows),
        _("What is in store today at the price of each lot, else at the item's reference price; what has neither is in"
          " no sum."),
        [(_("Worth"), sum(one.value_fen for one in rows), Shows.MONEY),
         (_("at reference prices"), sum(one.estimated_fen for one in rows), Shows.MONEY),
         (_("not usable"), sum(one.unusable_fen for one in rows), Shows.MONEY),
         (_("Lots without a price"), sum(one.unpriced for one in rows), Shows.FIGURE)],
        ("region",),
    )  # fmt: skip


# --- slow and dead stock --------------------------------------------------------------------------------------------


async def _slow(request: Request_, stamp: Stamp) -> Report:
    scope = await _narrowed(request, stamp.require(Permission.STOCK_READ))
    viewer = viewer_of(request)
    _, lang = _text(viewer), viewer.language
    root = await root_path()
    dead_months = await whole(DEAD_MONTHS.key, root)
    months = asked.number(request, "months", 480) or await whole(SLOW_MONTHS.key, root)
    before, dead = (rules.months_before(viewer.today, one) for one in (months, dead_months))
    site, class_path = await asked.site(request, scope), await _class(request)
    wanted: dict[str, Any] = {
        "scope": scope, "before": before, "site_id": site.id if site else None, "class_path": class_path,
        "without": await asked_reports.counted_by(stamp.person_id),
    }  # fmt: skip
    total = await queries.slow_total(**wanted, dead_before=dead)

    async def fetch(cursor: str | None, limit: int) -> Page[Slow]:
        return await queries.list_slow(**wanted, cursor=cursor, limit=limit)

    columns = [
        Column(_("Lot"), lambda one: one.lot, href=lambda one: f"/lots/{one.lot}"),
        Column(_("Item"), lambda one: named(lang, {"name_zh": one.item_zh, "name_en": one.item_en})),
        Column(_("Store"), lambda one: one.site_code),
        Column(_("Fund source"), lambda one: one.fund_source),
        Column(_("On hand"), lambda one: one.on_hand, Shows.FIGURE, lambda one: one.unit_factor),
        Column(_("Unit"), lambda one: one.unit),
        Column(_("Worth"), lambda one: one.value_fen, Shows.MONEY),
        Column(_("Expires on"), lambda one: one.expires_on, Shows.DAY),
        Column(_("Still since"), lambda one: one.still_since, Shows.DAY),
        Column(_("State"), lambda one: _("dead stock") if one.still_since <= dead else _("slow stock")),
    ]
    return Report(
        "slow", _("Slow and dead stock"), columns, fetch,
        _("Lots that neither came to their store nor left it for %(slow)s months (dead: %(dead)s). Counts, corrections"
          " and moves within the store do not count. Both figures are parameters, unverified.")
        % {"slow": months, "dead": dead_months},
        [(_("Lots"), total.lots, Shows.FIGURE), (_("of them dead"), total.dead, Shows.FIGURE),
         (_("Worth"), total.value_fen, Shows.MONEY), (_("Lots without a price"), total.unpriced, Shows.FIGURE)],
        ("months", "region", "site", "class"), {"months": months},
    )  # fmt: skip


# --- 预算绩效目标表 ---------------------------------------------------------------------------------------------------


async def _performance(request: Request_, stamp: Stamp) -> Report:
    viewer = viewer_of(request)
    _, lang = _text(viewer), viewer.language
    scope = stamp.require(Permission.BUDGET_READ)
    path = await asked_reports.area(scope, asked.text(request, "region", 80))
    year = asked.number(request, "year", asked_reports.LAST_YEAR) or viewer.today.year
    year = max(year, asked_reports.FIRST_YEAR)
    rows: list[Indicator] = await queries.performance(year=year, path=path, scope=scope, now=stamp.recorded_at)
    columns = [
        Column(_("Aspect"), lambda one: word(lang, "performance_aspect", one.aspect)),
        Column(_("Indicator"), lambda one: word(lang, "performance", one.key)),
        Column(_("Aim, half-year"), lambda one: one.half_aim, Shows.FIGURE),
        Column(_("Half-year"), lambda one: one.half, Shows.FIGURE),
        Column(_("Aim, year"), lambda one: one.year_aim, Shows.FIGURE),
        Column(_("Year's figure"), lambda one: one.year, Shows.FIGURE),
    ]
    return Report(
        "performance", _("Budget performance figures"), columns, _part(rows),
        _("From the year's approved and issued orders, what was received against them, its budgets and the provision"
          " rate. Aims of 100 % are Beiyu's own and unverified: the table that finance asks for may name others."),
        [(_("Year"), str(year), Shows.TEXT)],
        ("year", "region"), {"year": year},
    )  # fmt: skip


# --- alerts of a period ---------------------------------------------------------------------------------------------


async def _alerts(request: Request_, stamp: Stamp) -> Report:
    viewer = viewer_of(request)
    _, zh = _text(viewer), viewer.language.code == "zh"
    scope = await _narrowed(request, stamp.require(Permission.ALERT_READ))
    since, until = asked.day(request, "since"), asked.day(request, "until")
    last = until or viewer.today
    if since is None or not 0 <= (last - since).days <= asked_reports.LONGEST_HISTORY.days:
        since = last - asked_reports.HISTORY
    kind = asked.member(request, "kind", AlertKind)
    wanted = asked_reports.history(since, last, AlertFilter(kinds=(kind,) if kind else ()))

    async def fetch(cursor: str | None, limit: int) -> Page[Alert]:
        return await alerts.list_history(scope=scope, wanted=wanted, cursor=cursor, limit=limit)

    columns = [
        Column(_("Alert"), lambda one: messages.kind(one.kind, zh=zh), href=lambda one: f"/alerts/{one.id}"),
        Column(_("Severity"), lambda one: messages.severity(one.severity, zh=zh)),
        Column(_("Where"), lambda one: messages.place(one, zh=zh)),
        Column(_("Goods"), lambda one: messages.goods(one, zh=zh)),
        Column(_("Opened at"), lambda one: one.opened_at, Shows.MOMENT),
        Column(_("Taken up at"), lambda one: one.handled_at, Shows.MOMENT),
        Column(_("Closed at"), lambda one: one.closed_at, Shows.MOMENT),
        Column(_("Hours open"), lambda one: _hours(one, stamp.recorded_at), Shows.FIGURE),
    ]
    kinds = await alerts.history_by_kind(scope=scope, wanted=wanted)
    return Report(
        "alerts", _("Alert history"), columns, fetch,
        _("Alerts that were opened in the period; an alert closes by itself when its cause is gone. Hours of one that"
          " still stands are counted to now."),
        [(_("Alerts opened"), sum(one.opened for one in kinds), Shows.FIGURE),
         (_("Alerts closed"), sum(one.closed for one in kinds), Shows.FIGURE)],
        ("since", "until", "kind", "region"),
        {"since": since.isoformat(), "until": last.isoformat(), "kinds": list(AlertKind), "history": kinds,
         "kind_word": lambda one: messages.kind(one, zh=zh)},
    )  # fmt: skip


def _hours(one: Alert, now: datetime) -> int:
    return int(((one.closed_at or now) - one.opened_at).total_seconds()) // 3600


# --- pages and files ------------------------------------------------------------------------------------------------

Maker = Callable[[Request_, Stamp], Awaitable[Report]]
MAKERS: dict[str, Maker] = {
    "ledger": _ledger,
    "value": _value,
    "slow": _slow,
    "performance": _performance,
    "alerts": _alerts,
}
INDEX = (
    ("/shortfall", "norm.read", N_("Shortfall"), N_("What each place must hold against what is there, on any day.")),
    ("/reports/ledger", "stock.read", N_("Stock ledger by month"),
     N_("Opening, in and out by reason, closing; by item, lot or store.")),
    ("/reports/value", "stock.read", N_("Value by fund source"), N_("What the stores hold is worth, by who paid.")),
    ("/reports/slow", "stock.read", N_("Slow and dead stock"), N_("What neither came nor left for months.")),
    ("/rotation/risk", "rotation.read", N_("Waste ahead"), N_("What will expire before it is used, in money.")),
    ("/reports/alerts", "alert.read", N_("Alert history"), N_("What was told, taken up and closed, and how fast.")),
    ("/reports/scheduled", "norm.read", N_("Scheduled reports"),
     N_("Shortfall reports that are made and sent by themselves, and what came of them.")),
    ("/reports/performance", "budget.read", N_("Budget performance figures"),
     N_("Quantity, quality, time and cost, by half-year and year.")),
)  # fmt: skip


@get("/reports", include_in_schema=False)
async def reports_page(request: Request_, stamp: Stamped) -> Response[str]:
    """What can be reported."""
    stamp.require(Permission.STOCK_READ)
    may = viewer_of(request).may
    return page(request, "reports.html", entries=[one for one in INDEX if may(one[1])])


async def _shown(request: Request_, stamp: Stamp, key: str) -> Response[str]:
    report = await MAKERS[key](request, stamp)
    listed = await report.fetch(asked.cursor(request), asked.PAGE)
    scope = stamp.require(Permission.STOCK_READ)
    known = await sites.list_sites(scope=scope, limit=200) if "site" in report.filters else None
    return page(
        request,
        "report.html",
        report=report,
        listed=listed,
        regions=await regions.list_in(scope),
        sites=known.items if known else [],
        classes=await classes.own_classes(deepest=2) if "class" in report.filters else [],
        ways=list(By),
        veil=await veil_of(stamp.person_id),
        **report.more,
    )


async def _file(request: Request_, stamp: Stamp, key: str) -> Response[Any]:
    report = await MAKERS[key](request, stamp)
    return await list_file(
        request,
        name=f"report-{report.key}",
        title=report.title,
        columns=[(column.text, column.cell) for column in report.columns],
        fetch=report.fetch,
    )


def _handlers(key: str) -> list[Any]:
    @get(f"/reports/{key}", include_in_schema=False, name=f"report-{key}")
    async def shown(request: Request_, stamp: Stamped) -> Response[str]:
        return await _shown(request, stamp, key)

    @get([f"/reports/{key}.csv", f"/reports/{key}.xlsx"], include_in_schema=False, name=f"report-{key}-file")
    async def file(request: Request_, stamp: Stamped) -> Response[Any]:
        return await _file(request, stamp, key)

    return [shown, file]


# --- reports that are made by themselves ----------------------------------------------------------------------------


async def _in_words(query: str, question: Question, scope: Scope, viewer: Viewer) -> list[tuple[str, str]]:
    """What a kept address narrows a shortfall report to, (what, which one) in the viewer's language.
    A comparison with another day is told of too: it is not sent."""
    lang, _ = viewer.language, viewer.language.text
    given = dict(parse_qsl(query, max_num_fields=50))
    at = next((one for one in await regions.list_in(scope) if one.path == question.path), None)
    site = (await sites.find_sites([given["site"]], scope)).get(given["site"]) if given.get("site") else None
    goods = next((one for one in await classes.own_classes() if one.code == given.get("class")), None)
    show, hazard = asked_reports.kept(query, "show", Show), given.get("hazard", "")
    against = asked_reports.kept_day(query, "against")
    shown = {Show.SHORT: _("only what is short"), Show.UNKNOWN: _("only what is not known")}.get(show or Show.ALL)
    held = _("what stands in stores") if question.holder is Holder.SITE else _("what regions own")
    told = (
        (_("Region"), named(lang, at) if at and not site else None),
        (_("Store"), f"{named(lang, site)} · {site.code}" if site else None),
        (_("Whose goods"), held),
        (_("Tier"), word(lang, "tier", question.tier) if question.tier else None),
        (_("Class"), named(lang, goods) if goods else None),
        (_("Show"), shown),
        (_("Norms of another day (season)"), question.season_day.isoformat() if question.season_day else None),
        (_("People-days by the norms for"), word(lang, "disaster", hazard) if hazard in HAZARDS else None),
        (_("Compared with the day"), _("is not sent") if against else None),
    )
    return [(what, which) for what, which in told if which]


async def _kept_words(query: str, stamp: Stamp, scope: Scope, viewer: Viewer) -> list[tuple[str, str]]:
    """`_in_words` of a plan that stands: its region, store or class may be gone by now."""
    try:
        question = await asked_reports.kept_question(query, scope, stamp)
    except (Missing, Invalid):
        return [(viewer.language.text("Region"), viewer.language.text("not there any more, or outside your area"))]
    return await _in_words(query, question, scope, viewer)


@get("/reports/scheduled", include_in_schema=False)
async def scheduled_page(request: Request_, stamp: Stamped) -> Response[str]:
    """One's plans and what came of them; a new one of the filters that stand in the address."""
    scope = stamp.require(Permission.NORM_READ)
    viewer, me = viewer_of(request), stamp.person_id or 0
    plans_of = viewer.may(Permission.NORM_EDIT.value)
    query = checked_query(request.url.query[:LONGEST_QUERY])
    question = await asked_reports.kept_question(query, scope, stamp)
    mine = await plans.list_plans(me) if plans_of else []
    return page(
        request,
        "reports_scheduled.html",
        may_plan=plans_of,
        plans=mine,
        words={one.id: await _kept_words(one.facts.query, stamp, scope, viewer) for one in mine},
        asks=await _in_words(query, question, scope, viewer) if plans_of else [],
        readers=await plans.readers_of(question.path) if plans_of else [],
        listed=await plans.list_runs(me, cursor=asked.cursor(request), limit=asked.PAGE),
        kept=query,
        me=me,
        everies=list(Every),
        formats=list(FileFormat),
    )


@get("/reports/scheduled/{run:uuid}/file", include_in_schema=False)
async def scheduled_file(stamp: Stamped, run: FromPath[UUID]) -> Response[bytes]:
    """What was made, as it was sent."""
    stamp.require(Permission.NORM_READ)
    name, content = await plans.get_file(run, stamp.person_id or 0)
    kind = "application/pdf" if name.endswith(".pdf") else exports.Format.XLSX.media_type
    return Response(content, media_type=kind, headers={"content-disposition": f'attachment; filename="{name}"'})


HANDLERS: list[Any] = [reports_page, scheduled_page, scheduled_file, *(one for key in MAKERS for one in _handlers(key))]
