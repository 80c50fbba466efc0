"""Reads of commitments. Whoever reads in a region sees what was promised to it and to the regions below it."""

from collections.abc import Collection, Iterable, Sequence
from dataclasses import replace
from datetime import date, timedelta
from typing import Any
from uuid import UUID

from catalog.kernel import db
from catalog.kernel.access import Scope
from catalog.kernel.errors import Missing
from catalog.kernel.listing import Listing
from catalog.kernel.page import Page
from catalog.kernel.time import day_of
from warehouse.commitments import rules
from warehouse.commitments.model import (
    Arrival,
    CallOff,
    CallStatus,
    Commitment,
    CommitmentFacts,
    Drill,
    Form,
    PriceRule,
    Promise,
    Result,
    Status,
)
from warehouse.parties.model import PartyKind

MOST_RESULTS = 1_000
_FACTS = (
    "region_id", "party_id", "number", "quantity", "response_hours", "confidence", "valid_from", "valid_to", "item_id",
    "class_id", "unit", "confidence_source", "price_fen", "price_per", "handover", "source", "note",
)  # fmt: skip
_TAKEN = (
    "coalesce((SELECT sum(CASE WHEN o.status = 'closed' THEN a.came ELSE greatest(o.quantity, a.came) END)"
    " FROM call_off o CROSS JOIN LATERAL (SELECT coalesce(sum(quantity), 0) AS came FROM call_off_arrival"
    " WHERE call_off_id = o.id) a WHERE o.commitment_id = c.id AND o.status <> 'cancelled'), 0)::bigint"
)
_SELECT = (
    "SELECT c.id, c.seq, c.status, c.version, c.created_at, c.created_by, c.form, c.price_rule, r.path, r.key,"
    " r.name_zh, r.name_en, p.key, p.name_zh, p.name_en, coalesce(i.key, k.code), coalesce(i.name_zh, k.name_zh),"
    " CASE WHEN i.id IS NULL THEN k.name_en ELSE i.name_en END, coalesce(i.unit_zh, c.unit), i.unit_en,"
    f" coalesce(i.unit_factor, 1), coalesce(k.path, ik.path), {_TAKEN}, p.kind, "
    + ", ".join(f"c.{name}" for name in _FACTS)
    + " FROM commitment c JOIN region r ON r.id = c.region_id JOIN party p ON p.id = c.party_id"
    " LEFT JOIN item i ON i.id = c.item_id LEFT JOIN material_class ik ON ik.id = i.class_id"
    " LEFT JOIN material_class k ON k.id = c.class_id"
)
_CALL = (
    "SELECT o.id, o.seq, o.number, o.commitment_id, r.path, o.quantity, o.place, o.reason, o.status, o.spoken,"
    " o.order_number, o.requested_at, o.requested_by, o.activated_at, o.activated_by, o.closed_at, o.version,"
    " c.response_hours, o.papers_hours, o.spoken_by, o.spoken_to, o.papers_due_at, o.paper_file_id, o.paper_filed_at,"
    " o.paper_filed_by, o.paper_checked_at, o.paper_checked_by FROM call_off o"
    " JOIN commitment c ON c.id = o.commitment_id JOIN region r ON r.id = c.region_id"
)


def _commitment(row: Any) -> Commitment:
    values = list(row)
    facts = CommitmentFacts(
        form=Form(values[6]),
        price_rule=PriceRule(values[7]),
        **dict(zip(_FACTS, values[24:], strict=True)),
    )
    return Commitment(*(*values[:2], Status(values[2]), *values[3:6], facts, *values[8:23], PartyKind(values[23])))


async def _with_results(found: Sequence[Commitment]) -> list[Commitment]:
    """The same with what drills and closed call-offs have shown. Three statements, however many."""
    if not found:
        return []
    results: dict[UUID, list[Result]] = {one.id: [] for one in found}
    hours = {one.id: one.facts.response_hours for one in found}
    for row in await db.fetch(
        "SELECT commitment_id, on_day, asked, shown, hours FROM commitment_drill"
        " WHERE commitment_id = ANY($1::uuid[]) AND withdrawn_at IS NULL ORDER BY seq",
        list(results),
    ):
        commitment_id, on, asked, shown, took = tuple(row)
        results[commitment_id].append(rules.drill_result(on, asked, shown, took, hours[commitment_id]))
    calls = await _calls(
        _CALL + " WHERE o.commitment_id = ANY($1::uuid[]) AND o.status = 'closed' ORDER BY o.seq", list(results)
    )
    for call in calls:
        results[call.commitment_id].append(rules.call_result(call, day_of(call.closed_at or call.requested_at)))
    return [replace(one, results=tuple(results[one.id])) for one in found]


async def _calls(sql: str, *args: Any) -> list[CallOff]:
    rows = await db.fetch(sql, *args)
    arrivals: dict[UUID, list[Arrival]] = {row[0]: [] for row in rows}
    for row in await db.fetch(
        "SELECT call_off_id, quantity, arrived_at, document_number, note, login, document_kind, document_id"
        " FROM call_off_arrival WHERE call_off_id = ANY($1::uuid[]) ORDER BY id",
        list(arrivals),
    ):
        arrivals[row[0]].append(Arrival(*tuple(row)[1:]))
    return [CallOff(*(*row[:8], CallStatus(row[8]), *row[9:], tuple(arrivals[row[0]]))) for row in map(tuple, rows)]


# --- for shortfall, sourcing and alerts -----------------------------------------------------------------------------


async def holders(day: date) -> set[int]:
    """Parties with a commitment in force on a day, to whichever region. Not scoped: for decisions."""
    rows = await db.fetch(
        "SELECT DISTINCT party_id FROM commitment"
        " WHERE status = 'in_force' AND $1::date BETWEEN valid_from AND valid_to",
        day,
    )
    return {row[0] for row in rows}


async def promised(regions: Collection[int], day: date) -> list[Promise]:
    """What may be counted on for these regions on a day, by region and response time; nothing that is used up.

    Only what was promised to a region itself, not to those above or below it. Not scoped: for decisions.
    """
    rows = await db.fetch(
        _SELECT + " WHERE c.region_id = ANY($1::bigint[]) AND c.status = 'in_force'"
        " AND $2::date BETWEEN c.valid_from AND c.valid_to ORDER BY c.region_id, c.response_hours, c.seq",
        list(set(regions)),
        day,
    )
    found = [rules.promise(one, day) for one in await _with_results([_commitment(row) for row in rows])]
    return [one for one in found if one.quantity > 0]


async def find_commitments(commitment_ids: Iterable[UUID]) -> dict[UUID, Commitment]:
    """Commitments by id, also those that hold no more. Not scoped: for features above that carry their ids."""
    rows = await db.fetch(_SELECT + " WHERE c.id = ANY($1::uuid[])", list(set(commitment_ids)))
    return {one.id: one for one in await _with_results([_commitment(row) for row in rows])}


async def promises_of(commitment_ids: Collection[UUID], day: date) -> dict[UUID, Promise]:
    """What may still be counted on of some commitments, by id; what does not hold on that day is not there."""
    rows = await db.fetch(
        _SELECT + " WHERE c.id = ANY($1::uuid[]) AND c.status = 'in_force'"
        " AND $2::date BETWEEN c.valid_from AND c.valid_to",
        list(set(commitment_ids)),
        day,
    )
    return {one.id: rules.promise(one, day) for one in await _with_results([_commitment(row) for row in rows])}


async def ending(today: date, days: int, scope: Scope) -> list[Commitment]:
    """Commitments in force or suspended that end within so many days, or have ended and are not retired yet."""
    rows = await db.fetch(
        _SELECT + " WHERE c.status IN ('in_force', 'suspended') AND c.valid_to <= $1::date"
        " AND r.path LIKE ANY($2::text[]) ORDER BY c.valid_to, c.seq",
        today + timedelta(days=days),
        scope.prefixes,
    )
    return await _with_results([_commitment(row) for row in rows])


# --- lists and cards ------------------------------------------------------------------------------------------------


def missing(commitment_id: UUID) -> Missing:
    """What is not there and what is out of scope are one answer."""
    return Missing("commitment.missing", "没有这份协议，或不在您的管辖范围内", commitment=str(commitment_id))


async def get_commitment(commitment_id: UUID, scope: Scope) -> Commitment:
    """One commitment in scope, also a retired one. Raises Missing."""
    rows = await db.fetch(_SELECT + " WHERE c.id = $1", commitment_id)
    if not rows or not scope.covers(rows[0][8]):
        raise missing(commitment_id)
    return (await _with_results([_commitment(rows[0])]))[0]


async def list_commitments(
    *,
    scope: Scope,
    text: str | None = None,
    under: str | None = None,
    form: Form | None = None,
    status: Status | None = None,
    ends_by: date | None = None,
    retired: bool = False,
    cursor: str | None = None,
    limit: int | None = None,
) -> Page[Commitment]:
    """Commitments in scope by the day they end. `text`: part of number, party, goods or region."""
    listing = Listing(_SELECT)
    listing.where("r.path LIKE ANY({}::text[])", scope.prefixes)
    if status is not None:
        listing.where("c.status = {}", status.value)
    elif not retired:
        listing.where("c.status <> 'retired'")
    if text:
        listing.where(
            "strpos(upper(concat_ws(' ', c.number, p.key, p.name_zh, p.name_en, r.key, r.name_zh, r.name_en, i.key,"
            " i.name_zh, i.name_en, k.code, k.name_zh, k.name_en)), upper({})) > 0",
            text,
        )
    if under is not None:
        listing.where("r.path LIKE {}", under + "%")
    if form is not None:
        listing.where("c.form = {}", form.value)
    if ends_by is not None:
        listing.where("c.valid_to <= {}", ends_by)
    found = await listing.page(("(c.valid_to - date '2000-01-01')", "c.seq"), cursor, limit, _commitment)
    return Page(await _with_results(found.items), found.next_cursor)


async def list_drills(commitment_id: UUID) -> list[Drill]:
    """The drills of a commitment that the caller has seen, the newest first."""
    rows = await db.fetch(
        "SELECT id, on_day, asked, shown, hours, note, recorded_at, login, withdrawn_at FROM commitment_drill"
        f" WHERE commitment_id = $1 ORDER BY on_day DESC, seq DESC LIMIT {MOST_RESULTS}",
        commitment_id,
    )
    return [Drill(*row) for row in rows]


async def list_calls(commitment_id: UUID) -> list[CallOff]:
    """The call-offs of a commitment that the caller has seen, the newest first."""
    return await _calls(_CALL + f" WHERE o.commitment_id = $1 ORDER BY o.seq DESC LIMIT {MOST_RESULTS}", commitment_id)


async def get_call(call_id: UUID, scope: Scope) -> CallOff:
    """One call-off of a commitment in scope. Raises Missing."""
    found = await _calls(_CALL + " WHERE o.id = $1", call_id)
    if not found or not scope.covers(found[0].path):
        raise Missing("call-off.missing", "没有这张调用单，或不在您的管辖范围内", call_off=str(call_id))
    return found[0]


async def find_calls(ids: Iterable[UUID]) -> dict[UUID, CallOff]:
    """Call-offs by id, set-wise. Not scoped: for features above that carry their ids."""
    found = await _calls(_CALL + " WHERE o.id = ANY($1::uuid[])", list(set(ids)))
    return {one.id: one for one in found}


async def owed_calls(scope: Scope, limit: int = 200) -> list[tuple[CallOff, Commitment]]:
    """Spoken call-offs whose paper is not there and checked yet, the first due first, with what they call on."""
    found = await _calls(
        _CALL + " WHERE r.path LIKE ANY($1::text[]) AND o.spoken AND o.paper_checked_at IS NULL"
        " AND o.status <> 'cancelled' ORDER BY o.papers_due_at, o.seq LIMIT $2",
        scope.prefixes,
        limit,
    )
    known = await find_commitments(call.commitment_id for call in found)
    return [(call, known[call.commitment_id]) for call in found]
