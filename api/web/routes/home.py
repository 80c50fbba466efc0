"""The first page: what to do today, in order, each one click from its work; and what others have done here.

Each kind of work is asked for up to a limit only (a page of a city must not count what a keeper does not read), and
only where the viewer has the right to do it or to look after it.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, time, timedelta
from typing import Any

from litestar import Request, Response, get

from api.auth.edge import edge_of
from api.auth.stamps import Calling, Stamped
from api.web import english, words
from api.web.pages import Viewer, moment, page, viewer_of
from catalog.items import queries as items
from catalog.kernel.access import Permission, Scope, scope_of
from catalog.kernel.page import Page
from catalog.kernel.stamp import Stamp
from catalog.kernel.time import SHANGHAI
from catalog.regions.queries import root_path
from warehouse.alerts import messages
from warehouse.alerts.model import Severity
from warehouse.alerts.model import Status as AlertStatus
from warehouse.alerts.queries import alerts
from warehouse.alerts.queries.alerts import AlertFilter
from warehouse.asides import queries as asides
from warehouse.commitments import queries as commitments
from warehouse.counts import queries as counts
from warehouse.counts.model import OPEN
from warehouse.fulfilment import queries as shipments
from warehouse.fulfilment.model import Coming
from warehouse.fulfilment.model import Status as ShipmentStatus
from warehouse.people import rules
from warehouse.picking import queries as picks
from warehouse.picking.model import Status as PickStatus
from warehouse.replenishment import queries as deliveries
from warehouse.replenishment.model import Status
from warehouse.rotation import queries as rotation
from warehouse.rotation.model import Status as LineStatus
from warehouse.scanning.unknown import unknown_codes
from warehouse.stock.queries import (
    MoveFilter,
    MoveRow,
    StockFilter,
    care_due,
    list_balances,
    list_cases,
    list_loans,
    list_moves,
    list_staged,
)

MOST_COUNTED = 20
"""Of each kind; more is "20+"."""
NAMED = 3
"""Entries that a task names, each with its own way in."""
SOON_DAYS = 90
CARE_DAYS = 7
LOAN_DAYS = 7
SOON_ROTATION_DAYS, ENDING_DAYS = 30, 90
MOST_DONE = 12


@dataclass(frozen=True, slots=True)
class Entry:
    """One piece of work: where it is done, what it is, and whether it presses."""

    href: str
    text: str
    small: str = ""
    late: bool = False


@dataclass(frozen=True, slots=True)
class Task:
    """A kind of work: how much of it waits, the first pieces, and the way to all of it."""

    key: str
    icon: str
    title: str
    href: str
    count: str
    entries: tuple[Entry, ...]
    late: bool = False


def _task(key: str, icon: str, title: str, href: str, found: Page[Any], entry: Callable[[Any], Entry]) -> Task | None:
    if not found.items:
        return None
    entries = tuple(entry(one) for one in found.items)
    count = f"{len(found.items)}+" if found.next_cursor is not None else str(len(found.items))
    return Task(key, icon, title, href, count, entries[:NAMED], any(one.late for one in entries))


def _cut(found: Sequence[Any]) -> Page[Any]:
    return Page(found[:MOST_COUNTED], "more" if len(found) > MOST_COUNTED else None)


@get("/", include_in_schema=False)
async def home_page(request: Request[Any, Any, Any], stamp: Stamped, caller: Calling) -> Response[str]:
    """What waits, the most pressing work of the store first."""
    viewer, edge = viewer_of(request), edge_of(request)
    scope = scope_of(stamp.grants, Permission.STOCK_READ)
    tasks: list[Task] = []
    done: Sequence[MoveRow] = ()
    if not scope.empty:
        planning = await _to_plan(viewer, stamp) if viewer.may(Permission.NORM_EDIT) else []
        waiting = [*await _at_the_desk(viewer, stamp), *planning, *await _to_look_after(viewer, stamp, scope)]
        tasks = [task for task in waiting if task is not None]
        done = await _done_by_others(viewer, stamp, scope)
    return page(
        request,
        "home.html",
        tasks=tasks,
        done=done,
        groups=words.navigation(viewer.may),
        headline=viewer.may(Permission.NORM_EDIT),
        password_days=rules.password_warning(caller.password_set_at, edge.clock(), edge.policy),
    )


async def _at_the_desk(viewer: Viewer, stamp: Stamp) -> list[Task | None]:
    """A keeper's own work: put aside, lorries at the gate, goods in the arrivals area, lists to walk."""
    scope = scope_of(stamp.grants, Permission.PUT_AWAY)
    if scope.empty:
        return []
    _ = viewer.language.text
    kept = await asides.list_kept(scope=scope)
    under_way = await deliveries.list_deliveries(scope=scope, status=(Status.RECEIVING,), limit=MOST_COUNTED)
    staged = await list_staged(scope=scope, limit=MOST_COUNTED + 1)
    open_picks = await picks.list_picks(scope=scope, status=PickStatus.OPEN, limit=MOST_COUNTED)
    return [
        _task(
            "asides", "aside", _("Put aside, to be gone on with"), "/scan", _cut(kept),
            lambda one: Entry(f"/scan?aside={one.id}", one.name, f"{one.person_name} · {one.site_code}"),
        ),
        _task(
            "receiving", "receive", _("Deliveries being received"), "/deliveries?status=receiving", under_way,
            lambda one: Entry(
                f"/scan?delivery={one.id}", one.number,
                english.place(viewer.language, one.supplier_name or one.site_name),
            ),
        ),
        await _coming(viewer, stamp),
        await _expected(viewer, scope),
        _task(
            "staged", "put-away", _("To be put away"), "/scan?mode=put-away", _cut(staged),
            lambda one: Entry("/scan?mode=put-away", one.item, f"{one.lot} · {one.site_code}"),
        ),
        _task(
            "picks", "pick", _("To be picked"), "/picks", open_picks,
            lambda one: Entry(f"/scan?pick={one.id}", one.name, f"{one.number} · {one.done}/{len(one.lines)}"),
        ),
    ]  # fmt: skip


async def _coming(viewer: Viewer, stamp: Stamp) -> Task | None:
    """What other stores have sent here: at the gate, or on the road."""
    _ = viewer.language.text
    found = await shipments.list_coming(scope_of(stamp.grants, Permission.RECEIVE), limit=MOST_COUNTED + 1)

    def entry(one: Coming) -> Entry:
        load, lang = one.shipment, viewer.language
        at_gate = load.status is ShipmentStatus.ARRIVED
        goods = list(dict.fromkeys(english.goods(lang, line.item) for line in load.lines if line.loaded))
        span = f"{moment(load.eta_from)} – {moment(load.eta_to)}" if load.eta_from and load.eta_to else ""
        when = words.word(lang, "shipment_status", load.status) if at_gate else span or _("arrival not said")
        return Entry(
            f"/shipments/{load.id}/receive" if at_gate else f"/shipments/{load.id}",
            " · ".join(
                [load.start.name if lang.code == "zh" else load.start.name_en or load.start.name, *goods[:NAMED]]
            ),
            f"{load.number} · {when}",
            not at_gate and load.eta_to is not None and load.eta_to < viewer.at,
        )

    return _task("coming", "truck", _("On the way to you"), "/shipments", _cut(found), entry)


async def _expected(viewer: Viewer, scope: Scope) -> Task | None:
    _ = viewer.language.text
    found = await deliveries.list_deliveries(scope=scope, status=(Status.ANNOUNCED,), limit=MOST_COUNTED)
    first = sorted(found.items, key=lambda one: (one.expected_on is None, one.expected_on or viewer.today))
    return _task(
        "expected", "truck", _("Deliveries expected"), "/deliveries?status=announced", Page(first, found.next_cursor),
        lambda one: Entry(
            f"/scan?delivery={one.id}",
            english.place(viewer.language, one.supplier_name or one.site_name),
            " · ".join(filter(None, (one.number, one.expected_on and one.expected_on.isoformat()))),
            one.expected_on is not None and one.expected_on < viewer.today,
        ),
    )  # fmt: skip


async def _to_look_after(viewer: Viewer, stamp: Stamp, scope: Scope) -> list[Task | None]:
    """What lies in a region: counts, care, cases, goods about to expire."""
    _ = viewer.language.text
    today = viewer.today
    tasks: list[Task | None] = []
    if viewer.may(Permission.COUNT) or viewer.may(Permission.COUNT_PLAN):
        open_counts = await counts.list_counts(scope=scope, status=tuple(OPEN), limit=MOST_COUNTED)
        tasks.append(_task(
            "counts", "count", _("Counts"), "/counts", open_counts,
            lambda one: Entry(f"/counts/{one.id}", one.number, english.place(viewer.language, one.site_name)),
        ))  # fmt: skip
    if viewer.may(Permission.CARE):
        tasks.append(await _care(viewer, stamp))
    if viewer.may(Permission.LOAN):
        lent = await list_loans(scope=scope, due_before=today + timedelta(days=LOAN_DAYS + 1), limit=MOST_COUNTED)
        tasks.append(_task(
            "loans", "rotate", _("Loans that are due"), "/loans", lent,
            lambda one: Entry(
                f"/loans/{one.id}", f"{one.borrower} {one.goods}", f"{one.due_on.isoformat()} · {one.site_code}",
                one.due_on < today,
            ),
        ))  # fmt: skip
    if scope_of(stamp.grants, Permission.CATALOG_APPROVE).covers(await root_path()):
        waiting = await items.waiting_substitutes(MOST_COUNTED + 1)
        tasks.append(_task(
            "substitutes", "rotate", _("Substitutes to approve"), f"/items/{waiting[0].key}" if waiting else "/items",
            _cut(waiting),
            lambda one: Entry(
                f"/items/{one.key}", english.goods(viewer.language, one.name_zh),
                english.goods(viewer.language, one.substitute_zh),
            ),
        ))  # fmt: skip
    mine = await list_cases(scope=scope, owner=stamp.login, limit=MOST_COUNTED)
    overdue = await list_cases(scope=scope, overdue_on=today, limit=MOST_COUNTED)
    expired = await list_balances(scope=scope, on=today, wanted=StockFilter(expired=True), limit=MOST_COUNTED)
    soon = StockFilter(expired=False, expiring_before=today + timedelta(days=SOON_DAYS + 1))
    expiring = await list_balances(scope=scope, on=today, wanted=soon, limit=MOST_COUNTED)
    return [
        *tasks,
        _task("my-cases", "case", _("Differences that are mine"), "/cases?whose=mine", mine, _case(viewer)),
        _task("late-cases", "case", _("Differences overdue"), "/cases?whose=overdue", overdue, _case(viewer)),
        _task("expired", "stock", _("Past their date"), "/stock?expired=yes", expired, _goods(viewer)),
        _task("expiring", "stock", _("Expiring soon"), f"/stock?near={SOON_DAYS}", expiring, _goods(viewer)),
    ]  # fmt: skip


async def _to_plan(viewer: Viewer, stamp: Stamp) -> list[Task | None]:
    """A planner's own: alerts told to them, orders late, rotation that should have begun, commitments that end."""
    _, today, zh = viewer.language.text, viewer.today, viewer.language.code == "zh"
    told = AlertFilter(status=AlertStatus.OPEN, mine=stamp.person_id or 0)
    open_alerts = await alerts.list_alerts(scope=stamp.require(Permission.ALERT_READ), wanted=told, limit=MOST_COUNTED)
    late = await deliveries.late_orders(today, stamp.require(Permission.ORDER_READ))
    orders = list({line.order_id: line for line in reversed(late)}.values())[::-1]
    lines = await rotation.list_lines(
        scope=stamp.require(Permission.ROTATION_READ), statuses=(LineStatus.PROPOSED, LineStatus.APPROVED),
        limit=MOST_COUNTED,
    )  # fmt: skip
    due = [one for one in lines.items if one.out_on <= today + timedelta(days=SOON_ROTATION_DAYS)]
    ending = await commitments.ending(today, ENDING_DAYS, stamp.require(Permission.COMMITMENT_READ))
    whole_city = scope_of(stamp.grants, Permission.CATALOG_EDIT).covers(await root_path())
    unknown = await unknown_codes(stamp=stamp, now=viewer.at) if whole_city else []
    return [
        _task(
            "alerts", "bell", _("Open alerts"), "/alerts?whose=mine&status=open", open_alerts,
            lambda one: Entry(
                f"/alerts/{one.id}",
                " ".join(filter(None, (messages.kind(one.kind, zh=zh), messages.goods(one, zh=zh)))),
                messages.place(one, zh=zh), one.severity is Severity.URGENT,
            ),
        ),
        _task(
            "orders-late", "receive", _("Orders that are late"), "/orders", _cut(orders),
            lambda one: Entry(
                f"/orders/{one.order_id}", f"{one.number} {english.goods(viewer.language, one.item)}",
                f"{one.expected_on.isoformat()} · {one.site_code}", True,
            ),
        ),
        _task(
            "rotation-due", "rotate", _("Rotation that is due"), "/rotation", Page(due, lines.next_cursor),
            lambda one: Entry(
                f"/rotation/lines/{one.id}", english.goods(viewer.language, one.lot.item_name),
                f"{one.out_on.isoformat()} · {one.site_code}", one.out_on < today,
            ),
        ),
        _task(
            "commitments", "office", _("Commitments that end soon"), f"/commitments?ends={ENDING_DAYS}", _cut(ending),
            lambda one: Entry(
                f"/commitments/{one.id}", f"{one.facts.number} {one.party_zh if zh else one.party_en or one.party_zh}",
                one.facts.valid_to.isoformat(), one.facts.valid_to < today,
            ),
        ),
        _task(
            "unknown-codes", "item", _("Codes nobody knows"), "/items/unknown-codes", _cut(unknown),
            lambda one: Entry("/items/unknown-codes", one.gtin, f"{one.times} ×", False),
        ),
    ]  # fmt: skip


async def _care(viewer: Viewer, stamp: Stamp) -> Task | None:
    _ = viewer.language.text
    today, own = viewer.today, scope_of(stamp.grants, Permission.CARE)
    found = await care_due(scope=own, by=today + timedelta(days=CARE_DAYS), limit=MOST_COUNTED)
    found = Page((await counts.veil_of(stamp.person_id)).uncounted(found.items), found.next_cursor)
    return _task(
        "care", "care", _("Care that is due"), f"/care?ahead={CARE_DAYS}", found,
        lambda one: Entry(
            f"/care?ahead={CARE_DAYS}", f"{one.item} {words.word(viewer.language, 'care', one.kind)}",
            f"{one.due_on.isoformat()} · {one.site_code}", one.due_on < today,
        ),
    )  # fmt: skip


def _case(viewer: Viewer) -> Callable[[Any], Entry]:
    def entry(one: Any) -> Entry:
        due = one.due_on.isoformat() if one.due_on else ""
        said = words.word(viewer.language, "case_kind", one.kind)
        late = one.due_on is not None and one.due_on < viewer.today
        return Entry(f"/cases#{one.uuid}", said, f"{english.place(viewer.language, one.site_name)} · {due}", late)

    return entry


def _goods(viewer: Viewer) -> Callable[[Any], Entry]:
    def entry(one: Any) -> Entry:
        expires = one.lot.expires_on
        late = expires is not None and expires < viewer.today
        return Entry(
            f"/lots/{one.lot.number}",
            english.goods(viewer.language, one.lot.item_name),
            f"{expires} · {one.site_code}",
            late,
        )

    return entry


async def _done_by_others(viewer: Viewer, stamp: Stamp, scope: Scope) -> list[MoveRow]:
    """What has been booked today by others, the newest first: at one's own stores, else in sight."""
    own = scope_of(stamp.grants, Permission.PUT_AWAY)
    since = datetime.combine(viewer.today, time(), SHANGHAI)
    listed = await list_moves(scope=scope if own.empty else own, wanted=MoveFilter(since=since), limit=3 * MOST_DONE)
    others = [move for move in listed.items if move.person_id != stamp.person_id][:MOST_DONE]
    return (await counts.veil_of(stamp.person_id)).over(others)


HANDLERS: list[Any] = [home_page]
