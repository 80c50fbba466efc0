"""Reads of rotation. A line is seen where its owner is and where its goods stand; `find_…` is not scoped: for verbs."""

import json
from collections.abc import Collection, Mapping, Sequence
from dataclasses import fields, replace
from datetime import date, datetime, timedelta
from typing import Any
from uuid import UUID

from catalog.kernel import db, parameters
from catalog.kernel.access import Scope
from catalog.kernel.errors import Missing
from catalog.kernel.listing import Listing
from catalog.kernel.page import Page
from warehouse.norms import queries as norms
from warehouse.norms.model import Field, Goods, Subject
from warehouse.norms.rules import days_that_matter, requirements
from warehouse.rotation import rules
from warehouse.rotation.model import (
    COMMITTED,
    Flow,
    Gap,
    HeatCell,
    Holding,
    Line,
    Need,
    Old,
    Option,
    Plan,
    Planned,
    Policy,
    Risk,
    Settlement,
    Short,
    Sort,
    Status,
    Stored,
    Terms,
    Verdict,
    Why,
)
from warehouse.rotation.workflow import Standing
from warehouse.stock.model import Condition
from warehouse.stock.queries.loads import LOT_COLUMNS, LOT_WIDTH, lot_from

_IN_STORE = "p.kind IN ('bin', 'staging')"
_MOVES = "FROM move m WHERE m.document_id = x.id AND m.document_kind = 'rotation'"
_NOT_UNDONE = "NOT EXISTS (SELECT 1 FROM move back WHERE back.reverses = m.seq)"
_SUM = f"coalesce((SELECT sum(m.quantity) {_MOVES} AND m.reason {{}} 'test' AND {_NOT_UNDONE}), 0)::bigint"
_STANDING = (
    f"coalesce((SELECT sum(b.on_hand) FROM balance b JOIN place p ON p.id = b.place_id WHERE b.lot_id = x.lot_id"
    f" AND b.site_id = x.site_id AND b.condition = x.condition AND {_IN_STORE}), 0)::bigint"
)
_LINE = (
    f"SELECT {LOT_COLUMNS}, x.id, x.seq, x.plan_id, q.number, q.year, x.line, i.key, i.name_en, c.path, c.name_zh,"
    " i.storage_life_days, i.storage_life_source, i.expiry_on_pack, i.near_expiry_days, i.price_fen, i.price_per,"
    " s.id, s.code, s.name_zh, s.path, r.key, r.name_zh, x.condition, x.quantity, x.why, x.ends_on, x.due_on,"
    " x.option, x.out_on, x.in_on, x.in_quantity, x.party_id, a.name_zh, x.test_house_id, h.name_zh, x.experts,"
    " x.purpose, x.cost_fen, x.waste_fen, x.gap, x.test, x.status, x.created_by, x.chosen_by, x.chooser_id,"
    " x.approved_by, x.approved_at, x.converted, n.number, x.record_number, x.record_id, x.end_note, x.settlement,"
    f" x.version, {_SUM.format('<>')}, {_SUM.format('=')}, {_STANDING}"
    " FROM rotation_line x JOIN rotation_plan q ON q.id = x.plan_id JOIN lot l ON l.id = x.lot_id"
    " JOIN item i ON i.id = l.item_id JOIN material_class c ON c.id = i.class_id JOIN site s ON s.id = x.site_id"
    " JOIN region r ON r.id = l.owner_region_id LEFT JOIN party a ON a.id = x.party_id"
    " LEFT JOIN party h ON h.id = x.test_house_id LEFT JOIN lot n ON n.id = x.new_lot_id"
)
_SEEN = "(l.owner_path LIKE ANY({}::text[]) OR s.path LIKE ANY({}::text[]) OR s.id = ANY({}::bigint[]))"
_PLAN = (
    "SELECT q.id, q.seq, q.number, q.year, r.id, r.key, r.name_zh, r.name_en, r.path, q.created_at, q.created_by"
    " FROM rotation_plan q JOIN region r ON r.id = q.region_id"
)
_PLAN_SEEN = (
    "(r.path LIKE ANY({}::text[]) OR EXISTS (SELECT 1 FROM rotation_line x JOIN site s ON s.id = x.site_id"
    " WHERE x.plan_id = q.id AND (s.path LIKE ANY({}::text[]) OR s.id = ANY({}::bigint[]))))"
)


def _seen(listing: Listing, scope: Scope, sql: str = _SEEN) -> None:
    listing.where(sql, scope.prefixes, scope.prefixes, list(scope.site_ids))


# --- settings -------------------------------------------------------------------------------------------------------


async def terms_at(path: str) -> Terms:
    """The settings as they hold for an owner."""
    names = [one.name for one in fields(Terms)]
    return Terms(**{name: await parameters.whole(f"rotation.{name.replace('_', '-')}", path) for name in names})


async def list_policies() -> list[Policy]:
    """What is said of classes."""
    rows = await db.fetch(
        "SELECT p.class_id, c.path, c.code, c.name_zh, p.forbids, p.extend_days, p.source, p.version"
        " FROM rotation_policy p JOIN material_class c ON c.id = p.class_id ORDER BY c.path"
    )
    return [Policy(r[0], r[1], r[2], r[3], tuple(Option(one) for one in r[4]), *tuple(r)[5:]) for r in rows]


# --- plans ----------------------------------------------------------------------------------------------------------


async def list_plans(*, scope: Scope, year: int | None = None) -> list[Plan]:
    """Plans in sight with their sums, parents first."""
    listing = Listing(_PLAN)
    _seen(listing, scope, _PLAN_SEEN)
    if year is not None:
        listing.where("q.year = {}", year)
    found = await listing.page(("q.year", 'r.path COLLATE "C"', "q.seq"), None, 500, tuple)
    return await _with_sums(found.items)


async def get_plan(plan_id: UUID, scope: Scope) -> Plan:
    """A plan in sight. Raises Missing."""
    listing = Listing(_PLAN)
    listing.where("q.id = {}", plan_id)
    _seen(listing, scope, _PLAN_SEEN)
    found = await _with_sums((await listing.page(("q.seq",), None, 1, tuple)).items)
    if not found:
        raise Missing("rotation.no-such-plan", "没有这份轮换计划，或不在您的管辖范围内", plan=str(plan_id))
    return found[0]


async def _with_sums(rows: Sequence[Any]) -> list[Plan]:
    sums: dict[UUID, list[Any]] = {}
    for row in await db.fetch(
        "SELECT plan_id, status, count(*), coalesce(sum(cost_fen), 0)::bigint, coalesce(sum(waste_fen), 0)::bigint,"
        " count(*) FILTER (WHERE cost_fen IS NULL) FROM rotation_line WHERE plan_id = ANY($1::uuid[])"
        " GROUP BY plan_id, status",
        [row[0] for row in rows],
    ):
        sums.setdefault(row[0], []).append(row)
    plans = []
    for row in rows:
        mine = sums.get(row[0], [])
        counted = [one for one in mine if one[1] != Status.WITHDRAWN]
        plans.append(
            Plan(  # type: ignore[misc]
                *row,
                lines=sum(one[2] for one in mine),
                open=sum(one[2] for one in mine if one[1] not in (Status.SETTLED, Status.WITHDRAWN)),
                cost_fen=sum(one[3] for one in counted),
                waste_fen=sum(one[4] for one in counted),
                unpriced=sum(one[5] for one in counted),
                by_status={Status(one[1]): one[2] for one in mine},
            )
        )
    return plans


# --- lines ----------------------------------------------------------------------------------------------------------


def _json(value: Any) -> dict[str, Any] | None:
    found: dict[str, Any] | None = json.loads(value) if isinstance(value, str) else value
    return found


def _line(row: Any) -> Line:
    values = list(row)[LOT_WIDTH:]
    lot = lot_from(row)
    head, rest = values[:6], values[6:]
    rest[7] = tuple(rest[7])
    rest[16], rest[18] = Condition(rest[16]), Why(rest[18])
    rest[21] = Option(rest[21]) if rest[21] else None
    rest[29] = tuple(rest[29])
    gap, test, settled = _json(rest[33]), _json(rest[34]), _json(rest[46])
    rest[33] = Gap(**{**gap, "at": datetime.fromisoformat(gap["at"])}) if gap else None
    rest[34] = _test(test) if test else None
    rest[35] = Status(rest[35])
    rest[46] = Settlement(**{**settled, "at": datetime.fromisoformat(settled["at"])}) if settled else None
    return Line(*head, lot, *rest)  # type: ignore[call-arg]


def _test(kept: Mapping[str, Any]) -> Verdict:
    until = date.fromisoformat(kept["until"]) if kept["until"] else None
    return Verdict(kept["passed"], date.fromisoformat(kept["on"]), kept["report"], until, kept["by"])


async def find_lines(ids: Collection[UUID]) -> dict[UUID, Line]:
    """Lines by id; unknown ones are left out."""
    if not ids:
        return {}
    rows = await db.fetch(_LINE + " WHERE x.id = ANY($1::uuid[])", list(set(ids)))
    return {line.id: line for line in map(_line, rows)}


async def get_line(line_id: UUID, scope: Scope) -> Line:
    """A line in sight. Raises Missing."""
    found = (await find_lines([line_id])).get(line_id)
    if found is None or not (scope.covers(found.lot.owner_path) or scope.covers(found.site_path, found.site_id)):
        raise no_such_line(line_id)
    return found


def no_such_line(line_id: UUID) -> Missing:
    """What is said of a line that is not there, or not for the caller."""
    return Missing("rotation.missing", "没有这一行轮换计划，或不在您的管辖范围内", rotation=str(line_id))


_ORDER: Mapping[Sort, tuple[str, ...]] = {
    Sort.OUT: ("x.out_on::text", "x.seq"),
    Sort.ITEM: ("i.sort_key", "x.out_on::text", "x.seq"),
    Sort.STORE: ("s.code", "x.out_on::text", "x.seq"),
    Sort.ENDS: ("coalesce(x.ends_on::text, '9999')", "x.seq"),
    Sort.COST: ("-coalesce(x.cost_fen, -1)", "x.seq"),
    Sort.LOSS: ("-coalesce(x.waste_fen, -1)", "x.seq"),
}


async def list_lines(
    *,
    scope: Scope,
    year: int | None = None,
    plan_id: UUID | None = None,
    under: str | None = None,
    site_id: int | None = None,
    option: Option | None = None,
    statuses: Collection[Status] = (),
    month: int | None = None,
    class_code: str | None = None,
    text: str | None = None,
    sort: Sort = Sort.OUT,
    cursor: str | None = None,
    limit: int | None = None,
) -> Page[Line]:
    """Lines in sight, by the day they leave unless said otherwise. `under`: of owners in that region; `text`: part of
    item, lot or store."""
    listing = Listing(_LINE)
    _seen(listing, scope)
    for condition, value in (
        ("q.year = {}", year),
        ("x.plan_id = {}", plan_id),
        ("x.site_id = {}", site_id),
        ("x.option = {}", option.value if option else None),
        ("extract(month FROM x.out_on) = {}", month),
        ("c.code = {}", class_code),
        ("l.owner_path LIKE {}", under + "%" if under else None),
    ):
        if value is not None:
            listing.where(condition, value)
    if statuses:
        listing.where("x.status = ANY({}::text[])", [one.value for one in statuses])
    if text:
        listing.where(
            "strpos(upper(concat_ws(' ', i.key, i.name_zh, i.name_en, l.number, s.code, s.name_zh)), upper({})) > 0",
            text,
        )
    return await listing.page(_ORDER[sort], cursor, limit, _line)


async def places_of(lines: Sequence[Line]) -> dict[UUID, list[tuple[int, str, str, int]]]:
    """Where each line's goods stand: (place, its label's key, its code, on hand), in walking order."""
    rows = await db.fetch(
        "SELECT k.id, p.id, p.key, p.code, b.on_hand FROM unnest($1::uuid[], $2::bigint[], $3::bigint[], $4::text[])"
        " k (id, lot_id, site_id, condition) JOIN balance b USING (lot_id, site_id, condition)"
        f" JOIN place p ON p.id = b.place_id WHERE b.on_hand > 0 AND {_IN_STORE} ORDER BY p.sort_key, p.id",
        [line.id for line in lines],
        [line.lot.id for line in lines],
        [line.site_id for line in lines],
        [line.condition.value for line in lines],
    )
    found: dict[UUID, list[tuple[int, str, str, int]]] = {line.id: [] for line in lines}
    for row in rows:
        found[row[0]].append((row[1], row[2], row[3], row[4]))
    return found


async def heat(*, scope: Scope, year: int, under: str | None = None, site_id: int | None = None) -> list[HeatCell]:
    """Per class and month what is due in a year's plans: lines, value, expected loss."""
    rows = await db.fetch(
        "SELECT c.code, c.name_zh, c.name_en, extract(month FROM x.out_on)::int, count(*)::int,"
        " coalesce(sum(x.quantity::numeric * coalesce(l.price_fen, i.price_fen, 0)"
        " / CASE WHEN l.price_fen IS NULL THEN i.price_per ELSE l.price_per END), 0)::bigint,"
        " coalesce(sum(x.waste_fen), 0)::bigint FROM rotation_line x JOIN rotation_plan q ON q.id = x.plan_id"
        " JOIN lot l ON l.id = x.lot_id JOIN item i ON i.id = l.item_id JOIN material_class c ON c.id = i.class_id"
        " JOIN site s ON s.id = x.site_id WHERE q.year = $1 AND x.status <> 'withdrawn'"
        " AND (l.owner_path LIKE ANY($2::text[]) OR s.path LIKE ANY($2::text[]) OR s.id = ANY($3::bigint[]))"
        " AND ($4::text IS NULL OR l.owner_path LIKE $4 || '%') AND ($5::bigint IS NULL OR s.id = $5)"
        " GROUP BY 1, 2, 3, 4 ORDER BY 1, 4",
        year,
        scope.prefixes,
        list(scope.site_ids),
        under,
        site_id,
    )
    return [HeatCell(*row) for row in rows]


async def days_of(*, scope: Scope, first: date, last: date) -> list[tuple[date, bool, Line]]:
    """(day, whether something comes in, line) of everything open that is planned from `first` to `last`."""
    listing = Listing(_LINE)
    _seen(listing, scope)
    listing.where("x.status NOT IN ('settled', 'withdrawn')")
    listing.where("(x.out_on BETWEEN {} AND {} OR x.in_on BETWEEN {} AND {})", first, last, first, last)
    found = (await listing.page(("x.out_on::text", "x.seq"), None, 500, _line)).items
    days = [(line.out_on, False, line) for line in found if first <= line.out_on <= last]
    days += [(line.in_on, True, line) for line in found if line.in_on is not None and first <= line.in_on <= last]
    return sorted(days, key=lambda one: (one[0], one[1], one[2].seq))


# --- what is proposed -----------------------------------------------------------------------------------------------


async def candidates(path: str) -> list[Old]:
    """Everything that regions at and below `path` own in store, good or damaged, and that stands in no open line."""
    rows = await db.fetch(
        "SELECT b.lot_id, b.site_id, b.condition, sum(b.on_hand)::bigint, l.item_id, c.path, l.expires_on,"
        " l.produced_on, l.stored_on, l.owner_region_id, l.owner_path, l.owner_party_id, i.unit_factor,"
        " i.storage_life_days, i.expiry_on_pack, i.near_expiry_days, coalesce(l.price_fen, i.price_fen),"
        " CASE WHEN l.price_fen IS NULL THEN i.price_per ELSE l.price_per END"
        " FROM balance b JOIN place p ON p.id = b.place_id JOIN site s ON s.id = b.site_id"
        " JOIN lot l ON l.id = b.lot_id JOIN item i ON i.id = l.item_id JOIN material_class c ON c.id = i.class_id"
        f" WHERE l.owner_path LIKE $1 || '%' AND b.on_hand > 0 AND b.condition IN ('good', 'damaged') AND {_IN_STORE}"
        " AND s.retired_at IS NULL AND s.live AND NOT EXISTS (SELECT 1 FROM rotation_line x WHERE x.lot_id = b.lot_id"
        "  AND x.site_id = b.site_id AND x.condition = b.condition AND x.status NOT IN ('settled', 'withdrawn'))"
        " GROUP BY b.lot_id, b.site_id, b.condition, l.id, i.id, c.path ORDER BY b.lot_id, b.site_id, b.condition",
        path,
    )
    found = []
    for row in rows:
        values = list(row)
        values[2], values[15] = Condition(values[2]), tuple(values[15])
        found.append(Old(*values))
    return found


async def dealt_with(plan_ids: Collection[UUID]) -> set[tuple[UUID, int, int, str]]:
    """(plan, lot, site, condition) of everything that has ever stood in these plans: it is not proposed there again."""
    rows = await db.fetch(
        "SELECT plan_id, lot_id, site_id, condition FROM rotation_line WHERE plan_id = ANY($1::uuid[])", list(plan_ids)
    )
    return {(row[0], row[1], row[2], row[3]) for row in rows}


# --- whether a minimum would break ----------------------------------------------------------------------------------


async def standings_of(
    lines: Sequence[Line], today: date, inflow: Sequence[Flow] = (), *, now: bool = False
) -> list[Standing]:
    """Lines with their options and which minimum each would break, of the owner's region and of the store.

    `inflow`: what others expect (orders, deliveries). `now`: only as things stand today, with nothing that is expected:
    what is asked when goods are taken out.
    """
    policies = await list_policies()
    terms = {path: await terms_at(path) for path in {line.lot.owner_path for line in lines}}
    views: dict[tuple[str | None, str | None], _View] = {}
    others = [] if now else await _committed(lines)
    found = []
    for line in lines:
        own = terms[line.lot.owner_path]
        policy = rules.policy_of(policies, line.class_path)
        offers = tuple(rules.offers(line.old(), own, policy, today if now else max(line.out_on, today)))
        shorts: list[Short] = []
        if line.option is not None and not line.over and line.counts(today if now else max(line.out_on, today)):
            for key in ((line.owner_key, None), (None, line.site_code)):
                if key not in views:
                    views[key] = await _View.load(key[0], key[1], today)
                expected = (
                    [] if now else [*inflow, *(f for one in others if one.id != line.id for f in rules.flows_of(one))]
                )
                shorts += views[key].shorts(line, expected, today, now=now)
        found.append(Standing(line, own, policy, offers, tuple(sorted(shorts, key=lambda one: one.first))))
    return found


async def _committed(lines: Sequence[Line]) -> list[Line]:
    """Decided lines whose goods may count for the same norms."""
    if not lines:
        return []
    rows = await db.fetch(
        _LINE + " WHERE x.status = ANY($1::text[]) AND (l.owner_region_id = ANY($2::bigint[])"
        " OR x.site_id = ANY($3::bigint[]))",
        [one.value for one in COMMITTED],
        list({line.lot.owner_region_id for line in lines}),
        list({line.site_id for line in lines}),
    )
    return [_line(row) for row in rows]


class _View:
    """One place with its norms and its goods: what several lines are judged against."""

    def __init__(
        self, subject: Subject, needs: Mapping[int, Sequence[Need]], holdings: Sequence[tuple[Holding, int]]
    ) -> None:
        self.subject = subject
        self._needs = needs
        self._holdings = holdings

    @classmethod
    async def load(cls, region: str | None, site: str | None, today: date) -> "_View":
        everywhere = Scope(paths=("/",))
        subject = await norms.get_subject(region=region, site=site, scope=everywhere, on=today)
        around = await norms.norms_around(subject.path)
        goods = await norms.list_goods()
        needs: dict[int, list[Need]] = {}
        for day in days_that_matter(around, today):
            here: dict[int, Need] = {}
            for one in requirements(around, [subject], goods, day):
                counted: dict[int, Goods] = {item.item_id: item for item in one.items}
                need = Need(day, one.resolution.value(Field.MINIMUM), one.resolution.governing, counted)
                here |= dict.fromkeys(counted, need)
            for item in goods:
                if here.get(item.item_id) or item.item_id in needs:
                    needs.setdefault(item.item_id, []).append(here.get(item.item_id) or Need(day, None, None, {}))
        rows = await db.fetch(
            "SELECT l.item_id, sum(b.on_hand)::bigint, l.expires_on, l.id FROM balance b"
            " JOIN place p ON p.id = b.place_id JOIN lot l ON l.id = b.lot_id WHERE b.on_hand > 0"
            f" AND b.condition = 'good' AND {_IN_STORE} AND (l.expires_on IS NULL OR l.expires_on >= $3)"
            " AND CASE WHEN $2::bigint IS NULL THEN l.owner_region_id = $1 ELSE b.site_id = $2 END"
            " AND l.item_id = ANY($4::bigint[]) GROUP BY l.id",
            subject.region_id,
            subject.site_id,
            today,
            list(needs),
        )
        return cls(subject, needs, [(Holding(row[0], row[1], row[2]), row[3]) for row in rows])

    def shorts(self, line: Line, expected: Sequence[Flow], today: date, *, now: bool) -> list[Short]:
        needs = self._needs.get(line.lot.item_id)
        if not needs:
            return []
        first = today if now else max(line.out_on, today)
        last = today if now else max(rules.horizon(line), first - timedelta(days=1))
        if now and line.option is Option.EXTEND:
            return []
        own = rules.flows_of(replace(line, out_on=first) if now else line, arrives=not now)
        flows = [one for one in (*expected, *own) if self._here(one)]
        return rules.shorts(self.subject, needs, [holding for holding, _ in self._holdings], flows, first, last)

    def _here(self, flow: Flow) -> bool:
        if self.subject.site_id is None:
            return flow.region_id == self.subject.region_id
        return flow.site_id == self.subject.site_id


# --- for others -----------------------------------------------------------------------------------------------------


async def planned(
    *,
    scope: Scope,
    until: date,
    region_ids: Collection[int] | None = None,
    site_ids: Collection[int] | None = None,
    item_ids: Collection[int] | None = None,
) -> list[Planned]:
    """What decided lines will take out (below zero) and bring in (above zero) up to a day, by day.

    One row per day, lot (none for what comes in) and line; what has been carried out already is left out, what is
    overdue stands at its own day. Proposed lines are no decision and do not count.
    """
    rows = await db.fetch(
        _LINE + " WHERE x.status = ANY($1::text[]) AND least(x.out_on, x.in_on) <= $2"
        " AND (l.owner_path LIKE ANY($3::text[]) OR s.path LIKE ANY($3::text[]) OR s.id = ANY($4::bigint[]))"
        " AND ($5::bigint[] IS NULL OR l.owner_region_id = ANY($5)) AND ($6::bigint[] IS NULL OR s.id = ANY($6))"
        " AND ($7::bigint[] IS NULL OR l.item_id = ANY($7))",
        [one.value for one in COMMITTED],
        until,
        scope.prefixes,
        list(scope.site_ids),
        list(region_ids) if region_ids is not None else None,
        list(site_ids) if site_ids is not None else None,
        list(item_ids) if item_ids is not None else None,
    )
    found = []
    for line in map(_line, rows):
        for flow in rules.flows_of(line):
            if flow.day <= until:
                lot = line.lot
                found.append(
                    Planned(
                        flow.day,
                        flow.quantity,
                        lot.item_id,
                        lot.owner_region_id,
                        lot.owner_path,
                        line.site_id,
                        flow.lot_id,
                        line.id,
                    )
                )
    return sorted(found, key=lambda one: (one.day, one.quantity, one.item_id, one.line_id.int))


# --- waste ----------------------------------------------------------------------------------------------------------


async def stored_until(*, scope: Scope, until: date, under: str | None = None) -> list[Stored]:
    """Usable goods in sight of an owner in scope that end by a day, expired ones too."""
    rows = await db.fetch(
        "SELECT l.id, l.number, i.id, i.key, i.name_zh, i.name_en, i.unit_zh, i.unit_factor, c.code, c.name_zh,"
        " l.owner_region_id, l.fund_source, sum(b.on_hand)::bigint, l.expires_on, coalesce(l.price_fen, i.price_fen),"
        " CASE WHEN l.price_fen IS NULL THEN i.price_per ELSE l.price_per END"
        " FROM balance b JOIN place p ON p.id = b.place_id JOIN lot l ON l.id = b.lot_id"
        " JOIN item i ON i.id = l.item_id JOIN material_class c ON c.id = i.class_id JOIN site s ON s.id = b.site_id"
        f" WHERE b.on_hand > 0 AND b.condition = 'good' AND {_IN_STORE} AND l.expires_on <= $1"
        " AND (l.owner_path LIKE ANY($2::text[]) OR s.path LIKE ANY($2::text[]) OR s.id = ANY($3::bigint[]))"
        " AND ($4::text IS NULL OR l.owner_path LIKE $4 || '%') GROUP BY l.id, i.id, c.code, c.name_zh",
        until,
        scope.prefixes,
        list(scope.site_ids),
        under,
    )
    return [Stored(*row) for row in rows]


async def used_since(*, since: date, region_ids: Collection[int]) -> Mapping[tuple[int, int], int]:
    """Per (item, owner region) what went out for use since a day and did not come back. Not scoped: a rate."""
    rows = await db.fetch(
        "SELECT l.item_id, l.owner_region_id, sum(CASE WHEN m.reason = 'issue' THEN m.quantity ELSE -m.quantity END)"
        "::bigint FROM move m JOIN lot l ON l.id = m.lot_id WHERE m.booked_on >= $1 AND m.reason IN ('issue', 'return')"
        f" AND l.owner_region_id = ANY($2::bigint[]) AND {_NOT_UNDONE} GROUP BY 1, 2",
        since,
        list(set(region_ids)),
    )
    return {(row[0], row[1]): max(row[2], 0) for row in rows}


async def risks(*, scope: Scope, today: date, months: int = 12, under: str | None = None) -> list[Risk]:
    """What will have expired unused within so many months at the use of the last year, in sight; expired first."""
    last = rules.last_day(today.year + (today.month + months - 1) // 12, (today.month + months - 1) % 12 + 1)
    stored = await stored_until(scope=scope, until=last, under=under)
    since = today - timedelta(days=rules.DAYS_OF_USE)
    used = await used_since(since=since, region_ids={one.region_id for one in stored})
    return rules.at_risk(stored, used, rules.DAYS_OF_USE, today)
