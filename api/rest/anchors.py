"""Anchors of the audit trails of lower houses: they arrive, are shown, and an export is held against them."""

import base64
import binascii
from typing import Annotated, Any

from litestar import Response, get, post
from litestar.params import JSONBody, PathParameter

from api import audit as trail
from api.auth.edge import FILES, NO_ATTEMPT, VERB
from api.auth.stamps import Stamped
from api.importing import READER
from api.rest.sessions import Cursor, Limit
from api.schemas.anchors import (
    AnchorIn,
    AnchorTaken,
    ComparisonOut,
    ExportIn,
    HouseOut,
    HousesOut,
    ReceivedOut,
    ReceivedPage,
)
from catalog.kernel import audit, audit_chain
from catalog.kernel.errors import Invalid
from warehouse.anchors import actions, queries

TAGS = ["audit"]
KeyIn = Annotated[str, PathParameter(max_length=64)]


@post("/anchors", opt={VERB: "anchor.receive"}, tags=TAGS)
async def receive_anchor(stamp: Stamped, data: JSONBody[AnchorIn]) -> AnchorTaken:
    """An anchor of a lower house, by a token that may `anchor.send`. It is kept whatever it says; the verdict tells
    whether it agrees with what the house sent before."""
    done = await actions.receive_anchor(stamp=stamp, text=data.anchor, key=data.key, signature=data.signature)
    return AnchorTaken(**done)


@get("/anchors", opt={VERB: "anchor.list"}, tags=TAGS)
async def list_houses(stamp: Stamped) -> HousesOut:
    """The houses that send their anchors here."""
    found = await queries.list_houses(stamp=stamp)
    return HousesOut(items=[HouseOut.model_validate(one, from_attributes=True) for one in found])


@get("/anchors/{house:str}", opt={VERB: "anchor.list"}, tags=TAGS)
async def list_received(stamp: Stamped, house: KeyIn, cursor: Cursor = None, limit: Limit = None) -> ReceivedPage:
    """What a house sent, the newest first."""
    found = await queries.list_received(house=await queries.get_house(house, stamp=stamp), cursor=cursor, limit=limit)
    items = [
        ReceivedOut(
            position=one.anchor.position,
            seq=one.anchor.audit_seq,
            mac=one.anchor.mac.hex(),
            digest=one.anchor.digest.hex(),
            at=one.anchor.at,
            received_at=one.received_at,
            name=one.name,
            verdict=one.verdict,
        )
        for one in found.items
    ]
    return ReceivedPage(items=items, next_cursor=found.next_cursor)


@get("/anchors/{house:str}/file", opt={VERB: "anchor.list", FILES: ("application/x-ndjson",)}, tags=TAGS)
async def anchor_file(stamp: Stamped, house: KeyIn) -> Response[str]:
    """All of them as lines of JSON, for the program that checks an export by itself (`--anchors FILE`)."""
    found = await queries.get_house(house, stamp=stamp)
    lines = "".join(audit_chain.anchor_line(one) + "\n" for one in await queries.anchors_of(found))
    headers = {"content-disposition": f'attachment; filename="anchors-{found.key[:8]}.jsonl"'}
    return Response(lines, media_type="application/x-ndjson", headers=headers)


@post("/anchors/{house:str}/compare", opt={VERB: "anchor.compare", NO_ATTEMPT: True}, tags=TAGS, status_code=200)
async def compare_export(stamp: Stamped, house: KeyIn, data: JSONBody[ExportIn]) -> ComparisonOut:
    """Hold an export of that house's audit trail against the anchors it sent. The export must reach to the end."""
    found = await queries.get_house(house, stamp=stamp)
    try:
        content = base64.b64decode(data.content, validate=True)
    except (binascii.Error, ValueError) as error:
        raise Invalid("anchor.bad-export", "文件不是备豫的审计导出", why="base64") from error
    done = await READER.run(trail.compare, content, list(await queries.anchors_of(found)))
    facts = {"house": found.name, "rows": done.rows, "findings": len(done.findings)}
    await audit.record(stamp, "anchor.compare", subject_kind="house", subject_id=found.key[:16], facts=facts)
    return ComparisonOut(
        holds=not done.findings,
        rows=done.rows,
        position=done.position,
        certain=done.certain,
        findings=list(done.findings),
    )


HANDLERS: list[Any] = [receive_anchor, list_houses, list_received, anchor_file, compare_export]
