"""One verb: `scan`. A batch is decided in order and written set-wise; the guarantee is per scan.

Every scan is stored with its raw string and its answer, refused ones too. The same id with the same content answers the
first answer; with other content it is refused. On a database error the batch is done again one by one.
"""

import json
from collections.abc import Container, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from typing import Any
from uuid import UUID

import asyncpg

from catalog.kernel import audit, db
from catalog.kernel.access import Permission, Scope, scope_of
from catalog.kernel.errors import Problem, Refused
from catalog.kernel.jsontext import json_text
from catalog.kernel.time import day_of
from warehouse.counts import queries as counts
from warehouse.counts.model import Veil
from warehouse.replenishment import actions as deliveries
from warehouse.scanning import counting, rules
from warehouse.scanning.model import (
    Answer,
    Arrive,
    Intent,
    Mode,
    Move,
    Outcome,
    Scan,
    ScanResult,
    Taking,
    Tally,
    World,
)
from warehouse.scanning.queries import RECEIPT
from warehouse.scanning.resolve import Asked, ask, resolve
from warehouse.scanning.rules.cover import cover, tells
from warehouse.scanning.rules.pick import picks
from warehouse.stock import lots
from warehouse.stock.actions.posting import PERMISSION, RETRIES, PostingOutcome, post_many
from warehouse.stock.actions.receive import Arrival, arrival_line
from warehouse.stock.model import (
    DONOR,
    SUPPLIER,
    Condition,
    Line,
    Lot,
    Posting,
    Reason,
    Receipt,
    StockKey,
    is_outside,
)

_NOT_TEXT = (asyncpg.DataError, UnicodeEncodeError)
"""What a scanner's program sends and nothing can write down."""
_UNDONE = (*db.SERIALIZATION_ERRORS, *_NOT_TEXT, asyncpg.IntegrityConstraintViolationError, Problem)
"""After these a batch has been rolled back as a whole, and is done again one by one."""
_EARLIER = f"SELECT c.id, c.content_hash, c.outcome, c.code, {RECEIPT} FROM scan c WHERE c.id = ANY($1::uuid[])"
_WHERE_ELSE = """
SELECT s.code, p.code, l.number, l.expires_on, b.on_hand - b.reserved FROM balance b JOIN lot l ON l.id = b.lot_id
JOIN place p ON p.id = b.place_id JOIN site s ON s.id = b.site_id
WHERE b.item_id = $1 AND b.condition = 'good' AND b.on_hand > b.reserved AND p.kind IN ('bin', 'staging')
  AND (l.expires_on IS NULL OR l.expires_on >= $2) AND b.place_id <> $3 AND s.live AND s.retired_at IS NULL
  AND (s.path LIKE ANY($5::text[]) OR s.id = ANY($6::bigint[]) OR l.owner_path LIKE ANY($5::text[]))
ORDER BY b.site_id <> $4, l.expires_on NULLS LAST, b.on_hand - b.reserved DESC LIMIT 10
"""
_STORED = (
    "id",
    "batch_id",
    "raw",
    "aim",
    "symbology",
    "mode",
    "request",
    "content_hash",
    "outcome",
    "code",
    "receipt",
    "site_id",
    "lot_id",
    "person_id",
    "login",
    "token_id",
    "is_fact",
    "device_time",
    "occurred_at",
    "recorded_at",
)


async def scan(scans: Sequence[Scan]) -> list[ScanResult]:
    """Answer each of `scans` in order. Never raises for what a scanner can send; only if the database is away."""
    if not scans:
        return []
    try:
        async with db.transaction(*_settings(scans)):
            return await _scan(scans)
    except _UNDONE as error:
        if db.in_transaction():
            raise
        if len(scans) > 1:
            return [result for one in scans for result in await scan([one])]
        return await _again(scans, error)


def _settings(scans: Sequence[Scan]) -> tuple[str, ...]:
    """A power cut may take the record of a look-up, for nothing moves; what moves is on the disk when answered. An
    issue asks what expires first."""
    modes = {one.request.mode for one in scans}
    if modes == {Mode.LOOK_UP}:
        return (db.GENERIC_PLANS, db.WITHOUT_FLUSH)
    return (db.GENERIC_PLANS, db.INDEX_ORDER) if Mode.ISSUE in modes else (db.GENERIC_PLANS,)


async def _again(scans: Sequence[Scan], error: Exception) -> list[ScanResult]:
    """One scan that lost against a rival: again, a few times; what the database will not have is refused.

    Raises only if rivals were in the way every time: nothing is decided then, and the device sends it again.
    """
    for _ in range(RETRIES):
        if not isinstance(error, db.SERIALIZATION_ERRORS):
            break
        try:
            async with db.transaction(*_settings(scans)):
                return await _scan(scans)
        except _UNDONE as again:
            error = again
    if isinstance(error, asyncpg.DeadlockDetectedError | asyncpg.SerializationError):
        raise error
    answer = Answer(Outcome.REFUSED, "scan.impossible", "数据不合要求，未入账", {})
    if isinstance(error, Problem):  # a document was closed by a rival while the goods were being posted
        answer = Answer(Outcome.REFUSED, error.code, error.detail, dict(error.facts))
    result = _result(scans[0], answer)
    with suppress(*_NOT_TEXT):  # not even its string can be written down: that is no fault of its neighbours
        async with db.transaction():
            await _store([(scans[0], result, None, None)])
    return [result]


async def _scan(scans: Sequence[Scan]) -> list[ScanResult]:
    results: list[ScanResult | None] = [None] * len(scans)
    asked = ask(scans, day_of(scans[0].stamp.recorded_at))
    looking = {one.stamp.person_id for one in scans if one.request.mode is Mode.LOOK_UP}
    earlier, *answers = await db.fetch_together(
        (_EARLIER, ([s.request.id for s in scans],)),
        *asked.questions,
        *([counts.ask_veils(looking)] if looking else []),
    )
    veils = _Veils(looking, counts.read_veils(answers.pop()) if looking else {})
    fresh = _set_aside_repeats(scans, earlier, results)
    if fresh:
        decided = await _decide([scans[index] for index in fresh], asked, answers, fresh, veils)
        for index, result in zip(fresh, decided, strict=True):
            results[index] = result
    first = {scans[index].request.id: results[index] for index in fresh}
    told = [
        result if result is not None else _repeat_of(scan, first[scan.request.id])
        for scan, result in zip(scans, results, strict=True)
    ]
    decided_here = set(fresh)
    strange = [
        _audit_entry(scan, result, None)
        for index, (scan, result) in enumerate(zip(scans, told, strict=True))
        if result.outcome is Outcome.REFUSED and index not in decided_here
    ]
    await audit.record_many(strange)  # the same id with other contents: no row of its own to be found by
    return told


def _set_aside_repeats(scans: Sequence[Scan], rows: Sequence[Any], results: list[ScanResult | None]) -> list[int]:
    """Fill in what has been answered before; the indexes of the scans that are new. A twin inside the batch is left
    None: it is answered from its first."""
    earlier = {row[0]: row for row in rows}
    seen: dict[UUID, bytes] = {}
    fresh = []
    for index, one in enumerate(scans):
        scan_id, content = one.request.id, one.stamp.content_hash
        row = earlier.get(scan_id)
        if row is not None:
            body = json.loads(row[4])
            first = ScanResult(scan_id, Outcome(row[2]), row[3], body["detail"], body["facts"])
            results[index] = _repeat_of(one, first) if row[1] == content else _other_content(one)
        elif scan_id in seen:
            if seen[scan_id] != content:
                results[index] = _other_content(one)
        else:
            seen[scan_id] = content
            fresh.append(index)
    return fresh


def _repeat_of(scan: Scan, first: ScanResult | None) -> ScanResult:
    assert first is not None
    was = first.was or first.outcome
    return ScanResult(scan.request.id, Outcome.REPEAT, first.code, first.detail, first.facts, was)


def _other_content(scan: Scan) -> ScanResult:
    return ScanResult(
        scan.request.id, Outcome.REFUSED, "attempt.other-content", "这个操作编号已用于另一项内容，请重新扫描"
    )


async def _decide(
    scans: Sequence[Scan], asked: Asked, answers: Sequence[Sequence[Any]], fresh: Sequence[int], veils: "_Veils"
) -> list[ScanResult]:
    targets, world = await resolve(asked, answers, fresh)
    intents: list[Intent] = []
    for one, target in zip(scans, targets, strict=True):
        refusal = _not_allowed(one, world)
        intents.append(refusal or rules.intend(one, target, world))
    for index, (one, intent) in enumerate(zip(scans, intents, strict=True)):
        if isinstance(intent, Tally):
            intents[index] = await counting.enter(one, intent)
    await _cover(scans, intents, veils)
    made = await _make_lots(scans, intents)
    codes = _place_codes(world)
    postings: dict[int, Posting] = {}
    for index, (one, intent) in enumerate(zip(scans, intents, strict=True)):
        try:
            posting = await _posting(one, intent, world, codes, made.get(index))
        except Problem as problem:
            intents[index] = Answer(Outcome.REFUSED, problem.code, problem.detail, dict(problem.facts))
            continue
        if posting is not None:
            postings[index] = posting
    posted = await post_many(list(postings.values()), seen=_seen(world)) if postings else []
    outcomes = dict(zip(postings, posted, strict=True))
    await _mark_deliveries(postings, outcomes, world)
    stored: list[_Stored] = []
    elsewhere: _Elsewhere = {}
    for index, (one, intent) in enumerate(zip(scans, intents, strict=True)):
        outcome = outcomes.get(index)
        result = await _say_where_else(one, _result(one, intent, outcome), world, elsewhere)
        site = world.sites.get(one.request.site)
        lot = postings[index].lines[0].lot.id if index in postings else None
        stored.append((one, result, site.id if site else None, lot))
    kept = {index for index, outcome in outcomes.items() if isinstance(outcome, Receipt)}
    await _store(stored, audited=set(postings), kept=kept)
    return [result for _, result, _, _ in stored]


@dataclass(slots=True)
class _Veils:
    """What the books may not tell the persons who have been `asked` about. About those who look things up it is asked
    with the first question; others rarely hear a figure, and it is asked for then."""

    asked: set[int | None]
    found: dict[int, Veil]

    async def of(self, person_ids: set[int | None]) -> dict[int, Veil]:
        if missing := person_ids - self.asked:
            self.found |= await counts.veils_of(missing)
            self.asked |= missing
        return self.found


async def _cover(scans: Sequence[Scan], intents: list[Intent], known: _Veils) -> None:
    """Leave out of answers what the books have in a bin that the scanner's own person is counting."""
    telling = [index for index, intent in enumerate(intents) if isinstance(intent, Answer) and tells(intent)]
    if not telling:
        return
    veils = await known.of({scans[index].stamp.person_id for index in telling})
    for index in telling:
        veil = veils.get(scans[index].stamp.person_id or 0)
        intent = intents[index]
        if veil is not None and isinstance(intent, Answer):
            intents[index] = cover(intent, veil)


def _not_allowed(scan: Scan, world: World) -> Answer | None:
    """Rights are checked here as in every action: a scan is only another way in."""
    mode, site = scan.request.mode, world.sites.get(scan.request.site)
    if mode is Mode.LOOK_UP or site is None:
        return None
    try:
        scan.stamp.require_at(PERMISSION[rules.REASONS[mode]], site.path, site.id)
    except Problem as problem:
        return Answer(Outcome.REFUSED, problem.code, problem.detail, dict(problem.facts))
    return None


async def _make_lots(scans: Sequence[Scan], intents: Sequence[Intent]) -> dict[int, Lot]:
    arrivals = [(index, intent) for index, intent in enumerate(intents) if isinstance(intent, Arrive)]
    if not arrivals:
        return {}
    found = await lots.ensure_lots(
        scans[arrivals[0][0]].stamp, [a.facts for _, a in arrivals], origins=[a.origin for _, a in arrivals]
    )
    return {index: lot for (index, _), lot in zip(arrivals, found, strict=True)}


def _seen(world: World) -> set[StockKey]:
    """Balances that are known to be there."""
    return {StockKey(s.lot.id, s.place_id, s.condition) for rows in world.standing.values() for s in rows}


def _place_codes(world: World) -> dict[int, str]:
    codes = {site.staging_id: "STAGE" for site in world.sites.values() if site.staging_id is not None}
    codes |= {spot.place_id: spot.code for spot in world.bins.values()}
    return codes | {s.place_id: s.place_code for rows in world.standing.values() for s in rows}


async def _posting(scan: Scan, intent: Intent, world: World, codes: dict[int, str], lot: Lot | None) -> Posting | None:
    request = scan.request
    site = world.sites.get(request.site)
    if isinstance(intent, Answer | Tally) or site is None:
        return None
    if isinstance(intent, Arrive):
        assert lot is not None
        condition = Condition(intent.condition)
        arrival = Arrival(
            intent.facts,
            intent.quantity,
            intent.place_id,
            condition,
            intent.maker_serials or (),
            intent.origin,
            intent.document_line,
        )
        line = await arrival_line(scan.stamp, arrival, lot, DONOR if intent.donated else SUPPLIER)
        return Posting(
            scan.stamp,
            Reason.RECEIVE,
            (line,),
            site.id,
            fact=scan.fact,
            document=request.document,
            note=request.reason,
            place_codes=codes,
        )
    return Posting(
        scan.stamp,
        rules.REASONS[request.mode],
        tuple(map(_line, intent.takings)),
        site.id,
        fact=scan.fact,
        document=request.document if picks(scan) else None,
        pallet_id=intent.pallet_id,
        breaks_pallet=intent.breaks_pallet,
        note=intent.note,
        place_codes=codes,
        extra=dict(intent.extra),
    )


def _line(taking: Taking) -> Line:
    to_condition = Condition.GOOD if is_outside(taking.to_place) else Condition(taking.condition)
    return Line(
        taking.lot,
        taking.quantity,
        taking.from_place,
        Condition(taking.condition),
        taking.to_place,
        to_condition,
        taking.serial_ids,
        taking.document_line,
    )


async def _mark_deliveries(postings: dict[int, Posting], outcomes: dict[int, PostingOutcome], world: World) -> None:
    """The first goods scanned against an announced delivery set it to receiving. Goods that had come in before it was
    closed (a late fact) leave it closed."""
    marked = {delivery.id for delivery in world.deliveries.values() if not delivery.receivable}
    for index, posting in postings.items():
        document = posting.document
        done = isinstance(outcomes[index], Receipt)
        if done and document is not None and document.kind == "delivery" and document.id not in marked:
            marked.add(document.id)
            await deliveries.mark_receiving(stamp=posting.stamp, delivery_id=document.id)


# -- the answer, and the record of it ------------------------------------------------------------------------------


def _result(scan: Scan, intent: Intent, outcome: PostingOutcome | None = None) -> ScanResult:
    scan_id = scan.request.id
    if isinstance(intent, Answer):
        return ScanResult(scan_id, intent.outcome, intent.code, intent.detail, intent.facts)
    if isinstance(outcome, Receipt):
        code = rules.DONE[scan.request.mode]
        facts = {**outcome.body, "undo": str(scan_id)}
        first = Outcome.REPEAT if outcome.repeat else Outcome.DONE
        return ScanResult(scan_id, first, code, rules.DETAILS[code], facts, Outcome.DONE if outcome.repeat else None)
    problem = outcome if isinstance(outcome, Problem) else Refused("scan.impossible", "数据不合要求，未入账")
    facts = dict(problem.facts)
    if isinstance(intent, Move):
        facts.setdefault("item_id", intent.takings[0].lot.item_id)
    return ScanResult(scan_id, Outcome.REFUSED, problem.code, problem.detail, facts)


_Elsewhere = dict[tuple[int, int, int, Scope], list[dict[str, Any]]]
"""(item, place, site, sight) → where else: looked up once a batch, whose scans are often refused for one lot."""


async def _say_where_else(scan: Scan, result: ScanResult, world: World, elsewhere: _Elsewhere) -> ScanResult:
    """A refusal for want of goods says where else the item stands free in the scanner's sight, the same site first."""
    item_id = result.facts.get("item_id")
    site = world.sites.get(scan.request.site)
    if result.code != "stock.not-enough" or item_id is None or site is None or result.outcome is not Outcome.REFUSED:
        return result
    sight = scope_of(scan.stamp.grants, Permission.STOCK_READ)
    place = result.facts.get("place") or 0
    key = (item_id, place, site.id, sight)
    if key not in elsewhere:
        rows = await db.fetch(_WHERE_ELSE, item_id, world.today, place, site.id, sight.prefixes, sorted(sight.site_ids))
        elsewhere[key] = [
            {"site": r[0], "place": r[1], "lot": r[2], "expires_on": r[3].isoformat() if r[3] else None, "free": r[4]}
            for r in rows
        ]
    return replace(result, facts={**result.facts, "where_else": elsewhere[key]})


_Stored = tuple[Scan, ScanResult, int | None, int | None]
"""A scan, its answer, the site and the lot."""


async def _store(
    stored: Sequence[_Stored], *, audited: Container[int] | None = None, kept: Container[int] = frozenset()
) -> None:
    """Keep every scan with its answer. Those at `audited` have their audit row already (None: all of them), and those
    at `kept` their receipt, with the attempt: it is not written twice (`queries.RECEIPT`)."""
    rows, entries = [], []
    for index, (one, result, site_id, lot_id) in enumerate(stored):
        request, stamp = one.request, one.stamp
        outcome = result.was if result.outcome is Outcome.REPEAT and result.was else result.outcome
        answer = {"detail": result.detail} if index in kept else {"detail": result.detail, "facts": result.facts}
        rows.append(
            (
                request.id,
                one.batch_id,
                request.raw,
                request.aim,
                request.symbology,
                request.mode.value,
                json_text(_request_json(request)),
                stamp.content_hash,
                outcome.value,
                result.code,
                json_text(answer),
                site_id,
                lot_id,
                stamp.person_id,
                stamp.login,
                stamp.token_id,
                one.fact,
                stamp.device_time,
                stamp.occurred_at,
                stamp.recorded_at,
            )
        )
        if audited is None or index not in audited:
            entries.append(_audit_entry(one, result, site_id))
    rows.sort(key=lambda row: row[0].int)
    await db.append(("scan", _STORED, rows), audit.rows_of(entries))


def _request_json(request: Any) -> dict[str, Any]:
    keep = ("site", "quantity", "pack", "base_quantity", "bin", "to_bin", "condition", "document_line", "reason")
    told = {name: getattr(request, name) for name in keep if getattr(request, name) not in (None, "")}
    if request.document is not None:
        told["document"] = {"kind": request.document.kind, "id": str(request.document.id)}
    if request.given:
        told["facts"] = dict(request.given)
    if request.answers:
        told["answers"] = dict(request.answers)
    return told


def _audit_entry(scan: Scan, result: ScanResult, site_id: int | None) -> audit.Entry:
    done = result.outcome is Outcome.DONE
    facts = {"raw": scan.request.raw[:200], "outcome": result.outcome.value}
    subject = ("site", str(site_id)) if site_id else ("", "")
    return audit.Entry(
        scan.stamp, "scan." + scan.request.mode.value, *subject, done, "" if done else result.code, facts
    )
