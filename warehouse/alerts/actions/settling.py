"""Writes alerts: opened, graver, milder, freshened, closed, as `rules.reconcile` decided; all set-wise."""

from collections.abc import Sequence
from datetime import datetime, timedelta

from catalog.kernel import db
from catalog.kernel.jsontext import json_text
from warehouse.alerts.actions.telling import Happening, tell
from warehouse.alerts.model import At, Changes, Domain, EventVerb, Standing, Status, Tally, Wanted
from warehouse.alerts.workflow import ALERT

_OPEN = """
INSERT INTO alert (id, domain, cause, kind, severity, status, region_id, site_id, item_id, class_id, lot_id, place_id,
    document_id, due_on, facts, escalates_at, opened_at, changed_at)
SELECT gen_random_uuid(), $1, x.cause, x.kind, x.severity, 'open', x.region, x.site, x.item, x.class, x.lot, x.place,
    x.document, x.due, x.facts::jsonb, x.escalates, $2, $2
FROM unnest($3::text[], $4::text[], $5::smallint[], $6::bigint[], $7::bigint[], $8::bigint[], $9::bigint[],
    $10::bigint[], $11::bigint[], $12::uuid[], $13::date[], $14::text[], $15::timestamptz[])
    x (cause, kind, severity, region, site, item, class, lot, place, document, due, facts, escalates)
ON CONFLICT (cause) WHERE status <> 'closed' DO NOTHING RETURNING id, cause
"""
_CHANGE = """
UPDATE alert a SET kind = x.kind, severity = x.severity, facts = x.facts::jsonb, due_on = x.due, changed_at = $1,
    status = x.status, escalates_at = coalesce(x.escalates, a.escalates_at), version = a.version + 1,
    snoozed_until = CASE WHEN $2 THEN NULL ELSE a.snoozed_until END,
    snooze_reason = CASE WHEN $2 THEN '' ELSE a.snooze_reason END
FROM unnest($3::uuid[], $4::text[], $5::smallint[], $6::text[], $7::date[], $8::text[], $9::timestamptz[])
    x (id, kind, severity, facts, due, status, escalates) WHERE a.id = x.id RETURNING a.id, a.level
"""
_FRESHEN = """
UPDATE alert a SET facts = x.facts::jsonb, due_on = x.due
FROM unnest($1::uuid[], $2::text[], $3::date[]) x (id, facts, due) WHERE a.id = x.id
"""
_CLOSE = """
UPDATE alert a SET status = 'closed', closed_at = $2, changed_at = $2, escalates_at = NULL, version = a.version + 1
FROM region r WHERE a.id = ANY($1::uuid[]) AND r.id = a.region_id RETURNING a.id, r.id, r.path, a.site_id
"""


async def settle(domain: Domain, changes: Changes, now: datetime) -> Tally:
    """Write what changes of a domain's alerts, their history and the notices of it; how many."""
    happened = await _opened(domain, changes.opened, now)
    happened += await _changed(changes.raised, EventVerb.RAISED, now)
    happened += await _changed(changes.lowered, EventVerb.LOWERED, now)
    if changes.freshened:
        await db.execute(
            _FRESHEN,
            [old.id for old, _ in changes.freshened],
            [json_text(new.facts) for _, new in changes.freshened],
            [new.due_on for _, new in changes.freshened],
        )
    happened += await _closed(changes.closed, now)
    await tell(happened, now=now)
    return Tally(len(changes.opened), len(changes.raised), len(changes.lowered), len(changes.closed))


def _escalates(one: Wanted, now: datetime) -> datetime | None:
    return now + timedelta(hours=one.escalate_hours) if one.escalate_hours else None


async def _opened(domain: Domain, opened: Sequence[Wanted], now: datetime) -> list[Happening]:
    if not opened:
        return []
    columns = zip(
        *(
            (w.cause, w.kind.value, int(w.severity), w.at.region_id, w.at.site_id, w.item_id, w.class_id, w.lot_id,
             w.place_id, w.document_id, w.due_on, json_text(w.facts), _escalates(w, now))
            for w in opened
        ),
        strict=True,
    )  # fmt: skip
    rows = await db.fetch(_OPEN, domain.value, now, *(list(column) for column in columns))
    ids = {row[1]: row[0] for row in rows}
    return [
        Happening(ids[w.cause], EventVerb.OPENED, w.kind, w.severity, w.at, w.facts) for w in opened if w.cause in ids
    ]


async def _changed(pairs: Sequence[tuple[Standing, Wanted]], verb: EventVerb, now: datetime) -> list[Happening]:
    if not pairs:
        return []
    raised = verb is EventVerb.RAISED
    rows = await db.fetch(
        _CHANGE,
        now,
        raised,
        [old.id for old, _ in pairs],
        [new.kind.value for _, new in pairs],
        [int(new.severity) for _, new in pairs],
        [json_text(new.facts) for _, new in pairs],
        [new.due_on for _, new in pairs],
        [_after_raise(old.status) if raised else old.status.value for old, _ in pairs],
        [_escalates(new, now) if raised and old.status is not Status.IN_HAND else None for old, new in pairs],
    )
    levels = {row[0]: row[1] for row in rows}
    return [
        Happening(old.id, verb, new.kind, new.severity, new.at, new.facts, levels.get(old.id, 0)) for old, new in pairs
    ]


def _after_raise(status: Status) -> str:
    """What was only acknowledged has to be looked at anew; what is in hand stays there."""
    return ALERT.find(status.value, "raise").target if status is Status.ACKNOWLEDGED else status.value


async def _closed(closed: Sequence[Standing], now: datetime) -> list[Happening]:
    if not closed:
        return []
    rows = await db.fetch(_CLOSE, [one.id for one in closed], now)
    where = {row[0]: At(row[1], row[2], row[3]) for row in rows}
    return [
        Happening(one.id, EventVerb.CLOSED, one.kind, one.severity, where[one.id], one.facts)
        for one in closed
        if one.id in where
    ]
