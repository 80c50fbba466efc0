"""Commitments: what others promise, how it was tried, and the calls on it."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import date
from typing import Annotated, Any
from uuid import UUID

from litestar import Response, get, post, put
from litestar.params import FromPath, FromQuery, JSONBody, QueryParameter

from api.auth.edge import VERB
from api.auth.stamps import Stamped
from api.rest import references
from api.rest.conditions import IfMatch, etag, read_version
from api.rest.sessions import Cursor, Limit
from api.schemas.base import CheckPaperIn
from api.schemas.commitments import (
    ActivateIn,
    ArrivalOfCallIn,
    CallDone,
    CallIn,
    CallOut,
    CallsOut,
    CommitmentArrivalOut,
    CommitmentDone,
    CommitmentEdit,
    CommitmentIn,
    CommitmentOut,
    CommitmentsPage,
    DrillIn,
    EndingOut,
    OrderPaperIn,
    PromisedOut,
    PromiseOut,
)
from catalog.classes import queries as classes
from catalog.classes.model import CLASS_SCHEME
from catalog.items import queries as items
from catalog.kernel.access import Permission
from catalog.kernel.errors import Missing
from catalog.kernel.stamp import Stamp
from catalog.kernel.time import day_of
from catalog.regions import queries as regions
from warehouse.commitments import actions, queries, rules, workflow
from warehouse.commitments.model import CallOff, Commitment, CommitmentFacts, Form, Status
from warehouse.replenishment import queries as deliveries
from warehouse.replenishment.model import DOCUMENT as DELIVERY

TAGS = ["commitments"]
Sought = Annotated[str | None, QueryParameter(max_length=100, description="Part of number, firm, goods or region.")]
Code = Annotated[str | None, QueryParameter(max_length=80)]
Days = Annotated[int, QueryParameter(ge=0, le=3650)]


@get("/commitments", opt={VERB: "commitment.list"}, tags=TAGS)
async def list_commitments(
    stamp: Stamped,
    q: Sought = None,
    region: Code = None,
    form: FromQuery[Form | None] = None,
    status: FromQuery[Status | None] = None,
    retired: FromQuery[bool] = False,
    cursor: Cursor = None,
    limit: Limit = None,
) -> CommitmentsPage:
    """Commitments to the regions in my scope, by the day they end."""
    found = await queries.list_commitments(
        scope=stamp.require(Permission.COMMITMENT_READ),
        text=q,
        under=(await regions.get_by_key(region)).path if region else None,
        form=form,
        status=status,
        retired=retired,
        cursor=cursor,
        limit=limit,
    )
    return CommitmentsPage(items=[_shown(one, stamp) for one in found.items], next_cursor=found.next_cursor)


@get("/commitments/ending", opt={VERB: "commitment.ending"}, tags=TAGS)
async def list_ending(stamp: Stamped, days: Days = 30) -> EndingOut:
    """Commitments that end within so many days, or have ended and are not retired."""
    today = day_of(stamp.recorded_at)
    found = await queries.ending(today, days, stamp.require(Permission.COMMITMENT_READ))
    return EndingOut(day=today, items=[_shown(one, stamp) for one in found])


@get("/commitments/promised", opt={VERB: "commitment.promised"}, tags=TAGS)
async def list_promised(
    stamp: Stamped, region: Annotated[str, QueryParameter(max_length=80)], day: FromQuery[date | None] = None
) -> PromisedOut:
    """What a region and those below it may count on, on a day, with its confidence and response time."""
    at = await regions.get_by_key(region)
    if not stamp.require(Permission.COMMITMENT_READ).covers(at.path):
        raise Missing("region.missing", "没有这个区划", region=region)
    below = {one.id: one.key for one in await regions.list_subtree(at.path)}
    on = references.thinkable(day) if day else day_of(stamp.recorded_at)
    found = await queries.promised(list(below), on)
    known = await items.find_items({one.item_id for one in found if one.item_id is not None})
    codes = await classes.find_classes_by_id({one.class_id for one in found if one.class_id is not None})
    return PromisedOut(
        day=on,
        items=[
            PromiseOut(
                commitment=one.commitment_id,
                number=one.number,
                party_name=one.party_zh,
                form=one.form,
                region=below[one.region_id],
                item=known[one.item_id].key if one.item_id is not None else None,
                class_code=codes[one.class_id].code if one.class_id is not None else None,
                quantity=one.quantity,
                confidence=one.confidence,
                counted=one.counted,
                response_hours=one.response_hours,
                price_fen=one.price_fen,
                price_per=one.price_per,
                valid_to=one.valid_to,
            )
            for one in found
        ],
    )


@get("/commitments/{commitment:uuid}", opt={VERB: "commitment.read"}, tags=TAGS)
async def get_commitment(stamp: Stamped, commitment: FromPath[UUID]) -> Response[CommitmentOut]:
    """One commitment. The ETag is the version to send as If-Match."""
    found = await queries.get_commitment(commitment, stamp.require(Permission.COMMITMENT_READ))
    return Response(_shown(found, stamp), headers=etag(found.version))


@post("/commitments", opt={VERB: "commitment.create"}, tags=TAGS)
async def create_commitment(stamp: Stamped, data: JSONBody[CommitmentIn]) -> CommitmentDone:
    """Register a commitment. 409 `commitment.twice` where the contract is registered for these goods already."""
    stamp.require(Permission.COMMITMENT_EDIT)
    region = (await references.find_regions([data.region]))[data.region]
    party = (await references.find_parties([data.party], stamp))[data.party]
    item = (await references.find_items([data.item]))[data.item] if data.item else None
    goods = (await classes.get_by_code(CLASS_SCHEME, data.class_code)).id if data.class_code else None
    facts = _said(stamp, data, _blank(region, party, item, goods, data))
    return CommitmentDone(**await actions.create_commitment(stamp=stamp, facts=facts, sign=data.sign))


@put("/commitments/{commitment:uuid}", opt={VERB: "commitment.edit"}, tags=TAGS)
async def edit_commitment(
    stamp: Stamped, commitment: FromPath[UUID], data: JSONBody[CommitmentEdit], if_match: IfMatch
) -> Response[CommitmentDone]:
    """Replace what a commitment says; region, firm and goods stay. 409 `commitment.stale`."""
    before = await queries.get_commitment(commitment, stamp.require(Permission.COMMITMENT_EDIT))
    done = await actions.edit_commitment(
        stamp=stamp,
        commitment_id=commitment,
        version=read_version(if_match),
        facts=_said(stamp, data, before.facts),
    )
    return Response(CommitmentDone(**done), headers=etag(done["version"]))


@post("/commitments/{commitment:uuid}/sign", opt={VERB: "commitment.sign"}, tags=TAGS, status_code=200)
async def sign(stamp: Stamped, commitment: FromPath[UUID]) -> CommitmentDone:
    """It is signed: from its first day on it counts."""
    return CommitmentDone(**await actions.sign(stamp=stamp, commitment_id=commitment))


@post("/commitments/{commitment:uuid}/suspend", opt={VERB: "commitment.suspend"}, tags=TAGS, status_code=200)
async def suspend(stamp: Stamped, commitment: FromPath[UUID]) -> CommitmentDone:
    """It does not count for now."""
    return CommitmentDone(**await actions.suspend(stamp=stamp, commitment_id=commitment))


@post("/commitments/{commitment:uuid}/resume", opt={VERB: "commitment.resume"}, tags=TAGS, status_code=200)
async def resume(stamp: Stamped, commitment: FromPath[UUID]) -> CommitmentDone:
    """It counts again."""
    return CommitmentDone(**await actions.resume(stamp=stamp, commitment_id=commitment))


@post("/commitments/{commitment:uuid}/retire", opt={VERB: "commitment.retire"}, tags=TAGS, status_code=200)
async def retire(stamp: Stamped, commitment: FromPath[UUID]) -> CommitmentDone:
    """It is over for good. It stays readable."""
    return CommitmentDone(**await actions.retire(stamp=stamp, commitment_id=commitment))


@post("/commitments/{commitment:uuid}/drills", opt={VERB: "commitment.drill"}, tags=TAGS)
async def record_drill(stamp: Stamped, commitment: FromPath[UUID], data: JSONBody[DrillIn]) -> CommitmentDone:
    """Write down a try-out; the answer has the confidence that follows from it."""
    done = await actions.record_drill(
        stamp=stamp,
        commitment_id=commitment,
        on=references.thinkable(data.on),
        asked=data.asked,
        shown=data.shown,
        hours=data.hours,
        note=data.note,
    )
    return CommitmentDone(**done)


@post(
    "/commitments/{commitment:uuid}/drills/{drill:uuid}/withdraw",
    opt={VERB: "commitment.withdraw-drill"},
    tags=TAGS,
    status_code=200,
)
async def withdraw_drill(stamp: Stamped, commitment: FromPath[UUID], drill: FromPath[UUID]) -> CommitmentDone:
    """A drill that was written down wrongly counts no more."""
    return CommitmentDone(**await actions.withdraw_drill(stamp=stamp, commitment_id=commitment, drill_id=drill))


# --- call-offs ------------------------------------------------------------------------------------------------------


@get("/commitments/{commitment:uuid}/call-offs", opt={VERB: "call-off.list"}, tags=TAGS)
async def list_calls(stamp: Stamped, commitment: FromPath[UUID]) -> CallsOut:
    """The calls on a commitment, the newest first."""
    found = await queries.get_commitment(commitment, stamp.require(Permission.COMMITMENT_READ))
    return CallsOut(items=[_call(one, stamp) for one in await queries.list_calls(found.id)])


@post("/commitments/{commitment:uuid}/call-offs", opt={VERB: "call-off.request"}, tags=TAGS)
async def request_call(stamp: Stamped, commitment: FromPath[UUID], data: JSONBody[CallIn]) -> CallDone:
    """Ask for goods. 409 `commitment.too-much` says what is left."""
    done = await actions.request_call(
        stamp=stamp, commitment_id=commitment, quantity=data.quantity, reason=data.reason, place=data.place
    )
    return CallDone(**done)


@get("/call-offs/{call_off:uuid}", opt={VERB: "call-off.read"}, tags=TAGS)
async def get_call(stamp: Stamped, call_off: FromPath[UUID]) -> CallOut:
    """One call-off with what came."""
    return _call(await queries.get_call(call_off, stamp.require(Permission.COMMITMENT_READ)), stamp)


@post("/call-offs/{call_off:uuid}/activate", opt={VERB: "call-off.activate"}, tags=TAGS, status_code=200)
async def activate(stamp: Stamped, call_off: FromPath[UUID], data: JSONBody[ActivateIn]) -> CallDone:
    """The activation order. 409 `call-off.own`: nobody orders what he asked for himself."""
    done = await actions.activate(
        stamp=stamp,
        call_id=call_off,
        order_number=data.order_number,
        spoken=data.spoken,
        spoken_by=data.spoken_by,
        spoken_to=data.spoken_to,
    )
    return CallDone(**done)


@post("/call-offs/{call_off:uuid}/paper", opt={VERB: "call-off.file-paper"}, tags=TAGS, status_code=200)
async def file_paper(stamp: Stamped, call_off: FromPath[UUID], data: JSONBody[OrderPaperIn]) -> CallDone:
    """The paper of an order that was spoken: its number, and its scan."""
    done = await actions.file_paper(stamp=stamp, call_id=call_off, order_number=data.order_number, file_ids=data.photos)
    return CallDone(**done)


@post("/call-offs/{call_off:uuid}/check-paper", opt={VERB: "call-off.check-paper"}, tags=TAGS, status_code=200)
async def check_paper(stamp: Stamped, call_off: FromPath[UUID], data: JSONBody[CheckPaperIn]) -> CallDone:
    """Somebody else checks it. 409 `spoken.own-paper`."""
    done = await actions.check_paper(stamp=stamp, call_id=call_off, agrees=data.agrees, note=data.note)
    return CallDone(**done)


@post("/call-offs/{call_off:uuid}/arrive", opt={VERB: "call-off.arrive"}, tags=TAGS, status_code=200)
async def record_arrival(stamp: Stamped, call_off: FromPath[UUID], data: JSONBody[ArrivalOfCallIn]) -> CallDone:
    """So much came. The goods themselves are received by their delivery."""
    document = None
    if data.delivery is not None:
        scope = stamp.require(Permission.STOCK_READ)
        found = await deliveries.find_delivery_by_number(data.delivery, scope)
        if found is None:
            raise Missing("delivery.missing", "没有这张到货单，或不在您的管辖范围内", delivery=data.delivery)
        document = (DELIVERY, found.id)
    done = await actions.record_arrival(
        stamp=stamp,
        call_id=call_off,
        quantity=data.quantity,
        arrived_at=references.aware(data.arrived_at),
        document=document,
        document_number=data.delivery or "",
        note=data.note,
    )
    return CallDone(**done)


@post("/call-offs/{call_off:uuid}/close", opt={VERB: "call-off.close"}, tags=TAGS, status_code=200)
async def close_call(stamp: Stamped, call_off: FromPath[UUID]) -> CallDone:
    """All has come that will come."""
    return CallDone(**await actions.close_call(stamp=stamp, call_id=call_off))


@post("/call-offs/{call_off:uuid}/cancel", opt={VERB: "call-off.cancel"}, tags=TAGS, status_code=200)
async def cancel_call(stamp: Stamped, call_off: FromPath[UUID]) -> CallDone:
    """It is not needed after all. 409 once something has come."""
    return CallDone(**await actions.cancel_call(stamp=stamp, call_id=call_off))


# --- to and from JSON -----------------------------------------------------------------------------------------------


def _blank(region: int, party: int, item: int | None, goods: int | None, data: CommitmentIn) -> CommitmentFacts:
    """Whom and what it is for; the rest is said by `_said`."""
    return CommitmentFacts(
        region_id=region,
        party_id=party,
        form=data.form,
        number=data.number,
        quantity=data.quantity,
        response_hours=data.response_hours,
        confidence=data.confidence,
        valid_from=data.valid_to,
        valid_to=data.valid_to,
        item_id=item,
        class_id=goods,
    )


def _said(stamp: Stamp, data: CommitmentEdit, whom: CommitmentFacts) -> CommitmentFacts:
    plain: Mapping[str, Any] = {
        name: getattr(data, name)
        for name in (
            "form", "number", "quantity", "response_hours", "confidence", "confidence_source", "price_rule",
            "price_fen", "price_per", "handover", "source", "note",
        )
    }  # fmt: skip
    return replace(
        whom,
        **plain,
        unit=data.unit if whom.class_id is not None else "",
        valid_from=references.thinkable(data.valid_from) if data.valid_from else day_of(stamp.recorded_at),
        valid_to=references.thinkable(data.valid_to),
    )


def _shown(one: Commitment, stamp: Stamp) -> CommitmentOut:
    facts, today = one.facts, day_of(stamp.recorded_at)
    plain = {
        name: getattr(facts, name)
        for name in (
            "form", "number", "quantity", "response_hours", "confidence_source", "price_rule", "price_fen",
            "price_per", "valid_from", "valid_to", "handover", "source", "note",
        )
    }  # fmt: skip
    return CommitmentOut(
        id=one.id,
        region=one.region_key,
        region_name=one.region_zh,
        party=one.party_key,
        party_name=one.party_zh,
        item=one.goods_key if facts.item_id is not None else None,
        class_code=one.goods_key if facts.class_id is not None else None,
        goods_name=one.goods_zh,
        unit=one.unit_zh,
        unit_factor=one.unit_factor,
        left=one.left,
        confidence=rules.confidence(facts.confidence, one.results, today),
        stated_confidence=facts.confidence,
        results=len(one.results),
        ended=rules.days_left(one, today) < 0,
        status=one.status,
        version=one.version,
        allowed=workflow.allowed(one, stamp),
        **plain,
    )


def _call(one: CallOff, stamp: Stamp) -> CallOut:
    plain = {
        name: getattr(one, name)
        for name in (
            "id", "number", "quantity", "came", "place", "reason", "status", "spoken", "order_number", "requested_at",
            "requested_by", "activated_at", "activated_by", "closed_at", "due_at", "version",
            "spoken_by", "spoken_to", "papers_due_at", "paper_owed", "paper_filed_by", "paper_checked_by",
        )
    }  # fmt: skip
    return CallOut(
        commitment=one.commitment_id,
        arrivals=[
            CommitmentArrivalOut(
                quantity=came.quantity,
                arrived_at=came.arrived_at,
                document_number=came.document_number,
                note=came.note,
                login=came.login,
            )
            for came in one.arrivals
        ],
        paper_file=one.paper_file_id,
        allowed=workflow.allowed_of_call(one, stamp),
        **plain,
    )


HANDLERS: list[Any] = [
    list_commitments,
    list_ending,
    list_promised,
    get_commitment,
    create_commitment,
    edit_commitment,
    sign,
    suspend,
    resume,
    retire,
    record_drill,
    withdraw_drill,
    list_calls,
    request_call,
    get_call,
    activate,
    file_paper,
    check_paper,
    record_arrival,
    close_call,
    cancel_call,
]
