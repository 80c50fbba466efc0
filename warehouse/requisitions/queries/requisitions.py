"""Reads of requisitions and their plans.

A requisition is seen by whoever reads the region that asks, its incident's region, or the owner or store of goods that
it got: a shared document (DESIGN section 7).
"""

import json
from collections.abc import Collection, Sequence
from dataclasses import replace
from typing import Any
from uuid import UUID

from catalog.kernel import db
from catalog.kernel.access import Scope
from catalog.kernel.errors import Missing
from catalog.kernel.listing import Listing
from catalog.kernel.page import Page
from catalog.kernel.parameters import whole
from warehouse.incidents import queries as incidents
from warehouse.incidents.model import Level
from warehouse.requisitions.model import (
    SECOND_APPROVAL_ABOVE,
    Approval,
    KeptPlan,
    Line,
    LineFacts,
    Requisition,
    RequisitionFacts,
    Status,
    Wishes,
)
from warehouse.requisitions.queries.promises import how_far
from warehouse.requisitions.workflow import Standing

_FACTS = ("region_id", "reason", "incident_id", "party_id", "upward", "own_stock", "note")
_SELECT = (
    "SELECT q.id, q.seq, q.number, q.status, q.version, q.created_at, q.created_by, q.authors, q.submitted_at,"
    " q.ended_at, q.end_reason, r.path, r.key, r.name_zh, r.name_en, p.name_zh, e.number, e.name, er.path, e.level, "
    + ", ".join(f"q.{name}" for name in _FACTS)
    + " FROM requisition q JOIN region r ON r.id = q.region_id LEFT JOIN party p ON p.id = q.party_id"
    " LEFT JOIN incident e ON e.id = q.incident_id LEFT JOIN region er ON er.id = e.region_id"
)
_SEEN = (
    "(r.path LIKE ANY({}::text[]) OR er.path LIKE ANY({}::text[]) OR EXISTS (SELECT 1 FROM release_order x"
    " JOIN region xo ON xo.id = x.owner_region_id JOIN site xs ON xs.id = x.site_id WHERE x.requisition_id = q.id"
    " AND (xo.path LIKE ANY({}::text[]) OR xs.path LIKE ANY({}::text[]) OR xs.id = ANY({}::bigint[]))))"
)
_LINE_FACTS = (
    "region_id", "quantity", "item_id", "class_id", "unit", "need_id", "priority", "needed_by", "place", "lat", "lon",
    "note",
)  # fmt: skip
_LINES = (
    "SELECT l.requisition_id, l.id, l.line, r.path, r.key, r.name_zh, r.name_en, coalesce(i.key, k.code),"
    " coalesce(i.name_zh, k.name_zh), CASE WHEN i.id IS NULL THEN k.name_en ELSE i.name_en END,"
    " coalesce(i.unit_zh, l.unit), i.unit_en, coalesce(i.unit_factor, 1),"
    " coalesce((SELECT sum(x.covers - x.covers * x.short / x.quantity) FROM release_line x"
    " JOIN release_order o ON o.id = x.release_id WHERE x.requisition_line_id = l.id"
    " AND NOT x.gone AND o.status NOT IN ('refused', 'cancelled')), 0)::bigint"
    " + coalesce((SELECT sum(CASE WHEN o.status = 'closed' THEN y.covers * least(a.came, o.quantity) / o.quantity"
    " ELSE y.covers END) FROM requisition_call y"
    " JOIN call_off o ON o.id = y.call_off_id CROSS JOIN LATERAL (SELECT coalesce(sum(quantity), 0) AS came"
    " FROM call_off_arrival WHERE call_off_id = o.id) a WHERE y.requisition_line_id = l.id"
    " AND o.status <> 'cancelled'), 0)::bigint, i.price_fen, coalesce(i.price_per, 1),"
    " coalesce(c.receiver, ''), coalesce(c.phone, ''), "
    + ", ".join(f"l.{name}" for name in _LINE_FACTS)
    + " FROM requisition_line l JOIN region r ON r.id = l.region_id LEFT JOIN item i ON i.id = l.item_id"
    " LEFT JOIN material_class k ON k.id = l.class_id LEFT JOIN requisition_contact c ON c.line_id = l.id"
    " WHERE l.requisition_id = ANY($1::uuid[]) AND NOT l.gone ORDER BY l.requisition_id, l.line"
)


def _requisition(row: Any) -> Requisition:
    values: Any = list(row)
    values[3], values[7] = Status(values[3]), tuple(values[7])
    facts = RequisitionFacts(**dict(zip(_FACTS, values[20:], strict=True)))
    said = [*values[:20], facts]
    return Requisition(*said)


async def _with_lines(found: Sequence[Requisition]) -> list[Requisition]:
    """The same with lines and approvals. Two statements, however many."""
    if not found:
        return []
    ids = [one.id for one in found]
    lines: dict[UUID, list[Line]] = {one: [] for one in ids}
    approvals: dict[UUID, list[Approval]] = {one: [] for one in ids}
    for row in map(tuple, await db.fetch(_LINES, ids)):
        facts = LineFacts(receiver=row[16], phone=row[17], **dict(zip(_LINE_FACTS, row[18:], strict=True)))
        said: list[Any] = [*row[1:16], facts]
        lines[row[0]].append(Line(*said))
    for row in map(
        tuple,
        await db.fetch(
            "SELECT requisition_id, login, at, note, for_login FROM requisition_approval"
            " WHERE requisition_id = ANY($1::uuid[]) AND NOT lapsed ORDER BY id",
            ids,
        ),
    ):
        approvals[row[0]].append(Approval(*row[1:]))
    return [replace(one, lines=tuple(lines[one.id]), approvals=tuple(approvals[one.id])) for one in found]


def missing(requisition_id: UUID) -> Missing:
    """What is not there and what is out of scope are one answer."""
    return Missing("requisition.missing", "没有这份调用申请，或不在您的管辖范围内", requisition=str(requisition_id))


async def find_requisition(requisition_id: UUID) -> Requisition | None:
    """A requisition with its lines, or None. Not scoped: the caller checks."""
    rows = await db.fetch(_SELECT + " WHERE q.id = $1", requisition_id)
    return (await _with_lines([_requisition(rows[0])]))[0] if rows else None


async def get_requisition(requisition_id: UUID, scope: Scope) -> Requisition:
    """A requisition that the scope sees, with its lines. Raises Missing."""
    listing = Listing(_SELECT)
    listing.where("q.id = {}", requisition_id)
    _in_sight(listing, scope)
    found = await listing.page(("q.seq",), None, 1, _requisition)
    if not found.items:
        raise missing(requisition_id)
    return (await _with_lines(found.items))[0]


def _in_sight(listing: Listing, scope: Scope) -> None:
    prefixes = scope.prefixes
    listing.where(_SEEN, prefixes, prefixes, prefixes, prefixes, list(scope.site_ids))


async def list_requisitions(
    *,
    scope: Scope,
    text: str | None = None,
    status: Status | None = None,
    incident_id: UUID | None = None,
    ended: bool = False,
    cursor: str | None = None,
    limit: int | None = None,
) -> Page[Requisition]:
    """Requisitions that the scope sees, the newest first, with their lines; closed ones only when asked for.

    `text`: part of number, reason, region or incident.
    """
    listing = Listing(_SELECT)
    _in_sight(listing, scope)
    if status is not None:
        listing.where("q.status = {}", status.value)
    elif not ended and incident_id is None:
        listing.where("q.status NOT IN ('closed', 'cancelled')")
    if incident_id is not None:
        listing.where("q.incident_id = {}", incident_id)
    if text:
        listing.where(
            "strpos(upper(concat_ws(' ', q.number, q.reason, r.name_zh, r.name_en, e.number, e.name)), upper({})) > 0",
            text,
        )
    found = await listing.page(("-q.seq",), cursor, limit, _requisition)
    return Page(await _with_lines(found.items), found.next_cursor)


async def approvals_needed(one: Requisition) -> int:
    """So many people have to approve it: by the incident's level (else one), and one more above the limit."""
    needed = 1
    if one.level is not None:
        needed = (await incidents.level_rules(Level(one.level), one.path)).approvals
    above = one.amount_fen > await whole(SECOND_APPROVAL_ABOVE.key, one.path)
    return max(1, needed) + int(above)


async def standing(one: Requisition) -> Standing:
    """A requisition with what its workflow asks: approvals needed, and how far its release orders are."""
    return Standing(one, await approvals_needed(one), await how_far(one.id))


# --- plans ----------------------------------------------------------------------------------------------------------

_PLAN = (
    "SELECT id, seq, requisition_id, made_at, made_by, state, wishes::text, content::text FROM sourcing_plan"
    " WHERE {} ORDER BY seq DESC LIMIT 10"
)


def _plan(row: Any) -> KeptPlan:
    said = json.loads(row[6])
    wishes = Wishes(
        pins=tuple((pin[0], pin[1], pin[2], pin[3]) for pin in said["pins"]),
        forbidden=tuple((one[0], one[1]) for one in said["forbidden"]),
    )
    values: list[Any] = [*tuple(row)[:6], wishes, json.loads(row[7])]
    return KeptPlan(*values)


async def find_plans(plan_ids: Collection[UUID]) -> dict[UUID, KeptPlan]:
    """Plans by id. Not scoped."""
    rows = await db.fetch(_PLAN.format("id = ANY($1::uuid[])"), list(plan_ids))
    return {row[0]: _plan(row) for row in rows}


async def get_plan(plan_id: UUID, requisition_id: UUID) -> KeptPlan:
    """A plan of a requisition that the caller has seen. Raises Missing."""
    found = (await find_plans([plan_id])).get(plan_id)
    if found is None or found.requisition_id != requisition_id:
        raise Missing("sourcing.no-such-plan", "没有这个货源方案", plan=str(plan_id))
    return found


async def list_plans(requisition_id: UUID) -> Sequence[KeptPlan]:
    """The plans of a requisition that the caller has seen, the newest first."""
    return [_plan(row) for row in await db.fetch(_PLAN.format("requisition_id = $1"), requisition_id)]


async def requisitions_of_needs(need_ids: Collection[UUID]) -> dict[UUID, tuple[UUID, str, Status]]:
    """Need → the live requisition that asks for it (id, number, status). Not scoped: the caller has seen the needs."""
    rows = await db.fetch(
        "SELECT l.need_id, q.id, q.number, q.status FROM requisition_line l JOIN requisition q"
        " ON q.id = l.requisition_id WHERE l.need_id = ANY($1::uuid[]) AND NOT l.gone"
        " AND q.status NOT IN ('closed', 'cancelled')",
        list(set(need_ids)),
    )
    return {row[0]: (row[1], row[2], Status(row[3])) for row in rows}
