"""Reads of incidents and needs. An incident is seen by whoever reads its region, or a region that it lies in or above.

A need is seen by whoever reads the place that asks, or the incident's region.
"""

from collections.abc import Collection, Sequence
from typing import Any
from uuid import UUID

from catalog.kernel import db
from catalog.kernel.access import Scope
from catalog.kernel.errors import Missing
from catalog.kernel.listing import Listing
from catalog.kernel.page import Page
from catalog.kernel.parameters import value_of, whole
from warehouse.incidents.model import (
    FRESH_HOURS,
    Hazard,
    Incident,
    IncidentFacts,
    Level,
    LevelChange,
    LevelRules,
    Need,
    NeedFacts,
    NeedStatus,
    Status,
    level_key,
)

_FACTS = ("region_id", "occurred_at", "place", "lat", "lon", "affected", "moved", "note")
_SELECT = (
    "SELECT e.id, e.seq, e.number, e.status, e.level, e.version, e.opened_at, e.opened_by, e.ended_at, r.path, r.key,"
    " r.name_zh, r.name_en, (SELECT count(*) FROM need n WHERE n.incident_id = e.id AND n.status = 'open')::int,"
    " e.name, e.hazard, "
    + ", ".join(f"e.{name}" for name in _FACTS)
    + " FROM incident e JOIN region r ON r.id = e.region_id"
)
_SEEN = "(r.path LIKE ANY({}::text[]) OR EXISTS (SELECT 1 FROM unnest({}::text[]) mine WHERE mine LIKE r.path || '%'))"
_NEED_FACTS = (
    "region_id", "quantity", "item_id", "class_id", "unit", "priority", "needed_by", "place", "lat", "lon",
    "own_stock_used", "origin", "note",
)  # fmt: skip
_NEED = (
    "SELECT n.id, n.seq, n.incident_id, e.number, er.path, n.status, n.version, n.asked_at, n.asked_by, n.renewed_at,"
    " n.ended_at, n.end_reason, r.path, r.key, r.name_zh, r.name_en, coalesce(i.key, k.code),"
    " coalesce(i.name_zh, k.name_zh), CASE WHEN i.id IS NULL THEN k.name_en ELSE i.name_en END,"
    " coalesce(i.unit_zh, n.unit), i.unit_en, coalesce(i.unit_factor, 1), n.met, c.receiver, c.phone, "
    + ", ".join(f"n.{name}" for name in _NEED_FACTS)
    + " FROM need n JOIN incident e ON e.id = n.incident_id JOIN region er ON er.id = e.region_id"
    " JOIN region r ON r.id = n.region_id LEFT JOIN item i ON i.id = n.item_id"
    " LEFT JOIN material_class k ON k.id = n.class_id LEFT JOIN need_contact c ON c.need_id = n.id"
)
_NEED_SEEN = "(r.path LIKE ANY({}::text[]) OR er.path LIKE ANY({}::text[]))"
MOST_ROWS = 2_000


def _incident(row: Any) -> Incident:
    values: Any = tuple(row)
    facts = IncidentFacts(name=values[14], hazard=Hazard(values[15]), **dict(zip(_FACTS, values[16:], strict=True)))
    level = None if values[4] is None else Level(values[4])
    said = [*values[:3], Status(values[3]), level, *values[5:13], facts, values[13]]
    return Incident(*said)


def _need(row: Any) -> Need:
    values: Any = tuple(row)
    facts = NeedFacts(
        receiver=values[23] or "", phone=values[24] or "", **dict(zip(_NEED_FACTS, values[25:], strict=True))
    )
    said = [*values[:5], NeedStatus(values[5]), *values[6:23], facts]
    return Need(*said)


async def get_incident(incident_id: UUID, scope: Scope) -> Incident:
    """One incident that the scope sees. Raises Missing."""
    listing = Listing(_SELECT)
    listing.where("e.id = {}", incident_id)
    listing.where(_SEEN, scope.prefixes, list(scope.paths))
    found = await listing.page(("e.seq",), None, 1, _incident)
    if not found.items:
        raise Missing("incident.missing", "没有这起事件，或不在您的管辖范围内", incident=str(incident_id))
    return found.items[0]


async def list_incidents(
    *,
    scope: Scope,
    text: str | None = None,
    status: Status | None = None,
    closed: bool = False,
    cursor: str | None = None,
    limit: int | None = None,
) -> Page[Incident]:
    """Incidents that the scope sees, the newest first. `text`: part of number, name, place or region."""
    listing = Listing(_SELECT)
    listing.where(_SEEN, scope.prefixes, list(scope.paths))
    if status is not None:
        listing.where("e.status = {}", status.value)
    elif not closed:
        listing.where("e.status <> 'closed'")
    if text:
        listing.where(
            "strpos(upper(concat_ws(' ', e.number, e.name, e.place, r.name_zh, r.name_en)), upper({})) > 0", text
        )
    return await listing.page(("-e.seq",), cursor, limit, _incident)


async def list_levels(incident_id: UUID) -> Sequence[LevelChange]:
    """The history of the level of an incident that the caller has seen, oldest first."""
    rows = await db.fetch(
        "SELECT level, at, order_number, reason, login FROM incident_level WHERE incident_id = $1 ORDER BY id",
        incident_id,
    )
    return [LevelChange(None if row[0] is None else Level(row[0]), *tuple(row)[1:]) for row in rows]


async def level_rules(level: Level, path: str) -> LevelRules:
    """What a response level changes in a region."""

    async def said(name: str) -> int:
        return await whole(level_key(level, name), path)

    return LevelRules(
        spoken=bool(await value_of(level_key(level, "spoken"), path)),
        papers_hours=await said("papers-hours"),
        approvals=await said("approvals"),
        protected_percent=await said("protected-percent"),
        transport_hours=await said("transport-hours"),
        escalate_minutes=await said("escalate-minutes"),
        report_hours=await said("report-hours"),
        takes=bool(await value_of(level_key(level, "takes"), path)),
    )


async def fresh_hours(path: str) -> int:
    """How long a need of a region stays fresh."""
    return await whole(FRESH_HOURS.key, path)


async def get_need(need_id: UUID, scope: Scope) -> Need:
    """One need that the scope sees. Raises Missing."""
    found = await find_needs([need_id], scope)
    if not found:
        raise missing_need(need_id)
    return found[0]


def missing_need(need_id: UUID) -> Missing:
    """What is not there and what is out of scope are one answer."""
    return Missing("need.missing", "没有这条需求，或不在您的管辖范围内", need=str(need_id))


async def find_needs(need_ids: Collection[UUID], scope: Scope) -> Sequence[Need]:
    """Those of the needs that the scope sees."""
    rows = await db.fetch(
        _NEED + " WHERE n.id = ANY($1::uuid[]) AND " + _NEED_SEEN.replace("{}", "$2") + " ORDER BY n.seq",
        list(need_ids),
        scope.prefixes,
    )
    return [_need(row) for row in rows]


async def list_needs(incident_id: UUID, scope: Scope, *, ended: bool = False) -> Sequence[Need]:
    """The needs of an incident that the scope sees, by priority and age; also met and withdrawn ones with `ended`."""
    rows = await db.fetch(
        _NEED + " WHERE n.incident_id = $1 AND " + _NEED_SEEN.replace("{}", "$2")
        + ("" if ended else " AND n.status = 'open'") + f" ORDER BY n.priority, n.seq LIMIT {MOST_ROWS}",
        incident_id,
        scope.prefixes,
    )  # fmt: skip
    return [_need(row) for row in rows]
