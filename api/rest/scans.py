"""The scan endpoint: a batch of scans in, one outcome each out. Always 200 for what a scanner can read."""

from datetime import datetime
from typing import Annotated, Any
from uuid import uuid4

import msgspec
from litestar import Request, Response, get, post
from litestar.params import FromQuery, JSONBody, QueryParameter

from api.auth.edge import NO_ATTEMPT, VERB
from api.auth.stamps import Stamped
from api.errors import Unavailable
from api.rest.sessions import Cursor, Limit
from api.schemas.scans import Outcome, ScanAnswers, ScanBatch, ScanIn, ScansPage, StoredScanOut
from catalog.kernel.access import Permission, scope_of
from catalog.kernel.stamp import Stamp, hash_of_text
from catalog.kernel.time import corrected, raw_time
from warehouse.scanning import queries
from warehouse.scanning.desk import Desk, Overloaded
from warehouse.scanning.model import Mode, Scan, ScanRequest, ScanResult
from warehouse.stock.model import DocumentRef


@post("/scans", opt={NO_ATTEMPT: True, VERB: "scan"}, status_code=200, tags=["scans"])
async def scan(request: Request[Any, Any, Any], stamp: Stamped, data: JSONBody[ScanBatch]) -> Response[ScanAnswers]:
    """Decide scans in order. Each carries its own id (= attempt): sending it again answers the first answer again."""
    stamp.require(Permission.STOCK_READ)
    batch_id = uuid4()
    scans = [_scan(stamp, one, data, batch_id) for one in data.scans]
    desk: Desk = request.app.state.desk
    try:
        results = await desk.submit(scans)
    except Overloaded as error:
        raise Unavailable("scan.overloaded", "系统繁忙，扫描已保留在本机，请稍后重发") from error
    answers: Any = _written({"results": [_answer(one) for one in results]})
    return Response(answers)


_written = msgspec.json.Encoder(enc_hook=str).encode
"""`ScanAnswers` as text, straight from plain values: a batch of answers is most of what this process has to write."""


def _answer(result: ScanResult) -> dict[str, Any]:
    """What `ScanOut` declares (a test compares them)."""
    return {
        "id": result.id,
        "outcome": result.outcome,
        "code": result.code,
        "detail": result.detail,
        "facts": result.facts,
        "was": result.was,
    }


def _scan(stamp: Stamp, one: ScanIn, batch: ScanBatch, batch_id: Any) -> Scan:
    at: datetime | None = one.at
    now = stamp.recorded_at
    occurred = now if at is None else corrected(at, batch.device_clock, now, fact=batch.fact)
    content = f"{stamp.person_id} {batch.fact} {one.model_dump_json(exclude_none=True)}"
    own = Stamp(
        attempt=one.id,
        content_hash=hash_of_text(content.encode()),
        recorded_at=now,
        occurred_at=occurred,
        person_id=stamp.person_id,
        login=stamp.login,
        grants=stamp.grants,
        channel=stamp.channel,
        token_id=stamp.token_id,
        address=stamp.address,
        device_time=raw_time(at),
        home_path=stamp.home_path,
    )
    facts = one.facts.model_dump(exclude_none=True) if one.facts else {}
    request = ScanRequest(
        id=one.id,
        raw=one.raw,
        mode=Mode(one.mode),
        site=one.site or "",
        aim=one.aim,
        symbology=one.symbology,
        at=at,
        quantity=one.quantity,
        pack=one.pack,
        base_quantity=one.base_quantity,
        bin=one.bin,
        to_bin=one.to_bin,
        condition=one.condition,
        document=DocumentRef(one.document.kind, one.document.id) if one.document else None,
        document_line=one.document.line if one.document else None,
        reason=one.reason,
        given=facts,
        answers=one.answers.model_dump(exclude_none=True, exclude_defaults=True) if one.answers else {},
    )
    return Scan(request, own, batch_id, batch.fact)


@get("/scans", opt={VERB: "scan.list"}, tags=["scans"])
async def list_scans(
    stamp: Stamped,
    mine: FromQuery[bool] = True,
    outcome: FromQuery[Outcome | None] = None,
    site: Annotated[str | None, QueryParameter(max_length=40)] = None,
    cursor: Cursor = None,
    limit: Limit = None,
) -> ScansPage:
    """Scans and their answers, the newest first: my own, or all at the sites I may see."""
    stamp.require(Permission.STOCK_READ)
    scope = scope_of(stamp.grants, Permission.STOCK_READ)
    page = await queries.list_scans(
        scope=scope,
        person_id=stamp.person_id,
        mine=mine,
        outcome=outcome,
        site=site,
        cursor=cursor,
        limit=limit,
    )
    items = [
        StoredScanOut(
            id=s.id,
            raw=s.raw,
            mode=s.mode,
            outcome=s.outcome,
            code=s.code,
            detail=s.detail,
            facts=dict(s.facts),
            login=s.login,
            fact=s.is_fact,
            occurred_at=s.occurred_at,
            recorded_at=s.recorded_at,
            site=s.site,
        )
        for s in page.items
    ]
    return ScansPage(items=items, next_cursor=page.next_cursor)


HANDLERS = [scan, list_scans]
