"""Reports beside shortfall: 收发存, value by fund source, what does not move, 预算绩效 figures, alerts of a period."""

from datetime import date
from typing import Annotated, Any
from uuid import UUID

from litestar import delete, get, post
from litestar.params import FromPath, FromQuery, JSONBody, QueryParameter

from api import asked_reports
from api.auth.edge import VERB
from api.auth.stamps import Stamped
from api.rest import references
from api.rest.conditions import IfMatch, read_version
from api.rest.lots import shown_statement
from api.rest.sessions import Cursor, Limit
from api.schemas.base import Changed
from api.schemas.reports import (
    AlertPast,
    AlertPastPage,
    FundValueOut,
    FundValueReport,
    IndicatorOut,
    LedgerReport,
    PerformanceReport,
    ReportLetterOut,
    ReportPlanIn,
    ReportPlanOut,
    ReportPlans,
    ReportRunOut,
    ReportRuns,
    SlowOut,
    SlowReport,
)
from catalog.classes import queries as classes
from catalog.kernel.access import Permission, Scope
from catalog.kernel.parameters import whole
from catalog.kernel.time import day_of
from catalog.regions.queries import root_path
from warehouse.alerts.model import AlertKind
from warehouse.alerts.queries import alerts
from warehouse.alerts.queries.alerts import AlertFilter
from warehouse.counts.queries import veil_of
from warehouse.reports import actions as report_actions
from warehouse.reports import queries, rules
from warehouse.reports.model import DEAD_MONTHS, SLOW_MONTHS, PlanFacts
from warehouse.reports.queries import plans
from warehouse.sites import queries as sites
from warehouse.stock.queries import By

TAGS = ["reports"]
Code = Annotated[str | None, QueryParameter(max_length=80)]
Months = Annotated[int | None, QueryParameter(ge=1, le=480, description="Instead of the parameter.")]


async def _site(code: str | None, scope: Scope) -> int | None:
    return (await sites.get_by_code(code, scope)).id if code else None


async def _class(code: str | None) -> str | None:
    return (await classes.get_by_code("local", code)).path if code else None


@get("/reports/ledger", opt={VERB: "report.ledger"}, tags=TAGS)
async def ledger_report(
    stamp: Stamped,
    month: FromQuery[date | None] = None,
    by: FromQuery[By] = By.ITEM,
    region: Code = None,
    site: Code = None,
    class_code: Code = None,
    cursor: Cursor = None,
    limit: Limit = None,
) -> LedgerReport:
    """收发存 of the month of a day (default: this one) by booked day: opening + in - out = closing."""
    scope = await asked_reports.narrowed(stamp.require(Permission.STOCK_READ), region)
    on = references.thinkable(month) if month else day_of(stamp.recorded_at)
    rows = await queries.ledger(
        month=on, scope=scope, by=by, site_id=await _site(site, scope), class_path=await _class(class_code)
    )
    page = asked_reports.part((await veil_of(stamp.person_id)).over(rows), cursor, limit)
    return LedgerReport(
        month=on.replace(day=1), items=[shown_statement(row) for row in page.items], next_cursor=page.next_cursor
    )


@get("/reports/value", opt={VERB: "report.value"}, tags=TAGS)
async def value_report(
    stamp: Stamped, region: Code = None, cursor: Cursor = None, limit: Limit = None
) -> FundValueReport:
    """What is in store now by owner, fund source and class, the most valuable first."""
    scope = await asked_reports.narrowed(stamp.require(Permission.STOCK_READ), region)
    today = day_of(stamp.recorded_at)
    without = await asked_reports.counted_by(stamp.person_id)
    rows = await queries.value_by_fund(scope=scope, today=today, without=without)
    page = asked_reports.part(rows, cursor, limit)
    return FundValueReport(
        day=today,
        value_fen=sum(one.value_fen for one in rows),
        items=[
            FundValueOut(
                owner=one.owner_key, owner_name=one.owner_zh, fund_source=one.fund_source, class_code=one.class_code,
                class_name=one.class_zh, lots=one.lots, value_fen=one.value_fen, estimated_fen=one.estimated_fen,
                unusable_fen=one.unusable_fen, unpriced=one.unpriced,
            )
            for one in page.items
        ],
        next_cursor=page.next_cursor,
    )  # fmt: skip


@get("/reports/slow", opt={VERB: "report.slow"}, tags=TAGS)
async def slow_report(
    stamp: Stamped,
    months: Months = None,
    region: Code = None,
    site: Code = None,
    class_code: Code = None,
    cursor: Cursor = None,
    limit: Limit = None,
) -> SlowReport:
    """Lots at stores that for so many months neither came nor left, the longest still first."""
    scope = await asked_reports.narrowed(stamp.require(Permission.STOCK_READ), region)
    today, root = day_of(stamp.recorded_at), await root_path()
    still = months or await whole(SLOW_MONTHS.key, root)
    before, dead = (rules.months_before(today, one) for one in (still, await whole(DEAD_MONTHS.key, root)))
    page = await queries.list_slow(
        scope=scope, before=before, site_id=await _site(site, scope), class_path=await _class(class_code),
        without=await asked_reports.counted_by(stamp.person_id), cursor=cursor, limit=limit,
    )  # fmt: skip
    items = [
        SlowOut(
            lot=one.lot, item=one.item_key, item_name=one.item_zh, unit=one.unit, unit_factor=one.unit_factor,
            site=one.site_code, owner=one.owner_key, fund_source=one.fund_source, expires_on=one.expires_on,
            on_hand=one.on_hand, value_fen=one.value_fen, still_since=one.still_since, dead=one.still_since <= dead,
        )
        for one in page.items
    ]  # fmt: skip
    return SlowReport(months=still, before=before, items=items, next_cursor=page.next_cursor)


@get("/reports/performance", opt={VERB: "report.performance"}, tags=TAGS)
async def performance_report(
    stamp: Stamped,
    year: Annotated[int | None, QueryParameter(ge=asked_reports.FIRST_YEAR, le=asked_reports.LAST_YEAR)] = None,
    region: Code = None,
) -> PerformanceReport:
    """Quantity, quality, time and cost of a year's orders and budgets, by the end of June and of December."""
    scope = stamp.require(Permission.BUDGET_READ)
    path = await asked_reports.area(scope, region)
    when = year or day_of(stamp.recorded_at).year
    found = await queries.performance(year=when, path=path, scope=scope, now=stamp.recorded_at)
    items = [IndicatorOut.model_validate(one, from_attributes=True) for one in found]
    return PerformanceReport(year=when, region=region or path, items=items)


@get("/alerts/history", opt={VERB: "report.alerts"}, tags=TAGS)
async def alert_history(
    stamp: Stamped,
    since: FromQuery[date | None] = None,
    until: FromQuery[date | None] = None,
    kind: FromQuery[AlertKind | None] = None,
    region: Code = None,
    cursor: Cursor = None,
    limit: Limit = None,
) -> AlertPastPage:
    """Alerts that were opened in a period (the last 90 days), the newest first, and how long each stood."""
    scope = await asked_reports.narrowed(stamp.require(Permission.ALERT_READ), region)
    begin, end = (references.thinkable(one) if one else None for one in (since, until))
    first, last = asked_reports.period(begin, end, day_of(stamp.recorded_at))
    wanted = asked_reports.history(first, last, AlertFilter(kinds=(kind,) if kind else ()))
    page = await alerts.list_history(scope=scope, wanted=wanted, cursor=cursor, limit=limit)
    items = [
        AlertPast(
            id=one.id, kind=one.kind, severity=one.severity, status=one.status, site=one.site_code,
            region=one.region_key, item=one.item_key, opened_at=one.opened_at, handled_at=one.handled_at,
            handled_by=one.handled_by, closed_at=one.closed_at,
            minutes_open=int((one.closed_at - one.opened_at).total_seconds()) // 60 if one.closed_at else None,
        )
        for one in page.items
    ]  # fmt: skip
    return AlertPastPage(since=first, until=last, items=items, next_cursor=page.next_cursor)


# --- reports that are made by themselves ------------------------------------------


@get("/reports/plans", opt={VERB: "report.list-plans"}, tags=TAGS)
async def list_plans(stamp: Stamped) -> ReportPlans:
    """My own plans."""
    stamp.require(Permission.NORM_EDIT)
    found = await plans.list_plans(stamp.person_id or 0)
    return ReportPlans(
        items=[
            ReportPlanOut(
                id=one.id, name=one.facts.name, query=one.facts.query, format=one.facts.format, every=one.facts.every,
                day=one.facts.day, next_on=one.next_on, version=one.version,
            )
            for one in found
        ]
    )  # fmt: skip


@post("/reports/plans", opt={VERB: "report.plan"}, tags=TAGS)
async def plan_report(stamp: Stamped, data: JSONBody[ReportPlanIn]) -> Changed:
    """Have a shortfall report made and sent from now on. 409 `report.not-a-reader` for who may not read it."""
    scope = stamp.require(Permission.NORM_EDIT)
    path = (await asked_reports.kept_question(data.query, scope, stamp)).path
    able = {one.login: one.id for one in await plans.readers_of(path)}
    facts = PlanFacts(
        data.name, data.query, data.format, data.every, data.day, tuple(able.get(one, 0) for one in data.recipients)
    )  # fmt: skip
    return Changed(**await report_actions.plan_report(stamp=stamp, facts=facts, path=path))


@delete("/reports/plans/{plan:uuid}", opt={VERB: "report.retire"}, tags=TAGS, status_code=200)
async def retire_report(stamp: Stamped, plan: FromPath[UUID], if_match: IfMatch) -> Changed:
    """Make it no more; what was made stays."""
    return Changed(**await report_actions.retire_report(stamp=stamp, plan_id=plan, version=read_version(if_match)))


@get("/reports/runs", opt={VERB: "report.list-runs"}, tags=TAGS)
async def list_runs(stamp: Stamped, cursor: Cursor = None, limit: Limit = None) -> ReportRuns:
    """What was made of my plans, and what I received."""
    stamp.require(Permission.NORM_READ)
    page = await plans.list_runs(stamp.person_id or 0, cursor=cursor, limit=limit)
    items = [
        ReportRunOut(
            id=one.id, plan=one.plan_id, plan_name=one.plan_name, due_on=one.due_on, made_at=one.made_at,
            name=one.name, size=one.size, error=one.error,
            letters=[ReportLetterOut.model_validate(letter, from_attributes=True) for letter in one.letters],
        )
        for one in page.items
    ]  # fmt: skip
    return ReportRuns(items=items, next_cursor=page.next_cursor)


HANDLERS: list[Any] = [
    ledger_report,
    value_report,
    slow_report,
    performance_report,
    alert_history,
    list_plans,
    plan_report,
    retire_report,
    list_runs,
]
