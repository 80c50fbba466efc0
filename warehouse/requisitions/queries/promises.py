"""What firms and neighbour cities have promised, as sources of a plan, and what has been called off for a requisition.

A promise is a source of its own, `promise:commitment`, and its only supply. A plan counts on no more of it than its
confidence says. Another city's offer is a commitment of a party that is a neighbour city.
"""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from catalog.kernel import db
from catalog.kernel.time import day_of
from warehouse.commitments.model import CallOff, CallStatus, Promise
from warehouse.commitments.queries import find_calls, promised
from warehouse.requisitions.model import UNDER_WAY, Line, ReleaseStatus, Requisition
from warehouse.requisitions.sourcing.model import Source, SourceKind, Supply

PREFIX = "promise:"
MINUTES = 60
_AS_FAR_AS = {
    CallStatus.REQUESTED: ReleaseStatus.WAITING,
    CallStatus.ACTIVATED: ReleaseStatus.RELEASED,
    CallStatus.CLOSED: ReleaseStatus.CLOSED,
    CallStatus.CANCELLED: ReleaseStatus.CANCELLED,
}


@dataclass(frozen=True, slots=True)
class CalledFor:
    """A call-off that an accepted plan asked for, with its goods. `covers`: in units of the requisition's line."""

    call: CallOff
    line_id: UUID
    covers: int
    number: str
    party_zh: str
    goods_zh: str
    unit_zh: str
    unit_factor: int


def source_name(commitment_id: UUID) -> str:
    """The engine's name of a promise."""
    return f"{PREFIX}{commitment_id}"


def commitment_of(source: str) -> UUID | None:
    """The commitment that a source of a plan is; None where it is goods in a store."""
    return UUID(source.removeprefix(PREFIX)) if source.startswith(PREFIX) else None


def is_source(text: str) -> bool:
    """Whether a text could be a source's name: a store's and its owner's, or a promise's."""
    try:
        return commitment_of(text) is not None or text.replace(":", "").isdigit()
    except ValueError:
        return False


async def promised_for(requisition: Requisition, at: datetime) -> list[Promise]:
    """What was promised to the regions that ask and to those above them. Not scoped: the asker sees the requisition."""
    paths = (requisition.path, *(line.path for line in requisition.lines))
    return await promised({int(part) for path in paths for part in path.strip("/").split("/")}, day_of(at))


def serves(promise: Promise, lines: Iterable[Line], instead: Collection[int]) -> bool:
    """Whether it promises what is asked for, or what does instead (`instead`); classes only in their own unit."""
    if promise.item_id is not None:
        return promise.item_id in instead
    return any(
        line.facts.class_id == promise.class_id and line.facts.unit.strip() == promise.unit_zh.strip() for line in lines
    )


def as_sources(promises: Sequence[Promise]) -> tuple[list[Source], list[Supply]]:
    """Promises for the engine: ready when the firm must hand over, free as far as its confidence goes."""
    sources, supplies = [], []
    for one in promises:
        if not one.counted:
            continue
        key = source_name(one.commitment_id)
        kind = SourceKind.NEIGHBOUR if one.neighbour else SourceKind.COMMITMENT
        sources.append(Source(key, one.path, kind, ready=one.response_hours * MINUTES))
        item = one.item_id if one.item_id is not None else -(one.class_id or 0)
        supplies.append(Supply(key, key, item, one.counted))
    return sources, supplies


async def supply_names(supplies: Collection[str]) -> dict[str, tuple[str, str]]:
    """Supply of a plan → (lot, store); of a promise (number of the contract, firm)."""
    promises = {one: commitment_of(one) for one in supplies if one.startswith(PREFIX)}
    rows = await db.fetch(
        "SELECT k.supply, l.number, s.name_zh FROM unnest($1::text[], $2::bigint[], $3::bigint[])"
        " k (supply, lot, site) JOIN lot l ON l.id = k.lot JOIN site s ON s.id = k.site"
        " UNION ALL SELECT k.supply, c.number, p.name_zh FROM unnest($4::text[], $5::uuid[]) k (supply, commitment)"
        " JOIN commitment c ON c.id = k.commitment JOIN party p ON p.id = c.party_id",
        stored := [one for one in supplies if one not in promises],
        [int(one.split(":")[0]) for one in stored],
        [int(one.split(":")[1]) for one in stored],
        list(promises),
        list(promises.values()),
    )
    return {row[0]: (row[1], row[2]) for row in rows}


async def calls_of(requisition_id: UUID) -> list[CalledFor]:
    """The call-offs of a requisition that the caller has seen, the oldest first."""
    return await _called("y.requisition_id = $1", requisition_id)


async def calls_in(incident_id: UUID) -> list[CalledFor]:
    """The call-offs for all requisitions of an incident, the oldest first. Not scoped: the caller checks."""
    return await _called("y.requisition_id IN (SELECT id FROM requisition WHERE incident_id = $1)", incident_id)


async def _called(where: str, of: UUID) -> list[CalledFor]:
    rows = await db.fetch(
        "SELECT y.call_off_id, y.requisition_line_id, y.covers, c.number, p.name_zh, coalesce(i.name_zh, k.name_zh),"
        " coalesce(i.unit_zh, c.unit), coalesce(i.unit_factor, 1) FROM requisition_call y"
        " JOIN call_off o ON o.id = y.call_off_id JOIN commitment c ON c.id = o.commitment_id"
        " JOIN party p ON p.id = c.party_id LEFT JOIN item i ON i.id = c.item_id"
        f" LEFT JOIN material_class k ON k.id = c.class_id WHERE {where} ORDER BY o.seq",
        of,
    )
    calls: Mapping[UUID, CallOff] = await find_calls(row[0] for row in rows)
    return [CalledFor(calls[row[0]], *tuple(row)[1:]) for row in rows]


async def how_far(requisition_id: UUID) -> tuple[ReleaseStatus, ...]:
    """How far the release orders of a requisition are, and its call-offs in the same words."""
    rows = await db.fetch("SELECT status FROM release_order WHERE requisition_id = $1 ORDER BY seq", requisition_id)
    calls = await db.fetch(
        "SELECT o.status FROM requisition_call y JOIN call_off o ON o.id = y.call_off_id"
        " WHERE y.requisition_id = $1 ORDER BY o.seq",
        requisition_id,
    )
    return (*(ReleaseStatus(row[0]) for row in rows), *(_AS_FAR_AS[CallStatus(row[0])] for row in calls))


async def behind_their_calls() -> list[UUID]:
    """Requisitions under way for which something was called off: their calls may have gone on without them."""
    rows = await db.fetch(
        "SELECT DISTINCT y.requisition_id FROM requisition_call y JOIN requisition q ON q.id = y.requisition_id"
        " WHERE q.status = ANY($1::text[]) ORDER BY y.requisition_id",
        sorted(UNDER_WAY),
    )
    return [row[0] for row in rows]
