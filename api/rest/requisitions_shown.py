"""Requisitions, plans and release orders on their way to JSON."""

from collections.abc import Mapping
from uuid import UUID

from api.schemas.requisitions import (
    ApprovalOut,
    LackOut,
    OriginOut,
    PlanChangeOut,
    PlanLineOut,
    PlanLoadOut,
    PlanVehicleOut,
    PromiseLeftOut,
    ReleaseLineOut,
    ReleaseOut,
    RequisitionCallOut,
    RequisitionLineOut,
    RequisitionOut,
    SourcingPlanOut,
    TakingOut,
    WhyNotOut,
)
from catalog.kernel.stamp import Stamp
from warehouse.commitments.model import Promise
from warehouse.requisitions import queries, workflow
from warehouse.requisitions.model import Line, Release, ReleaseLine, Requisition, Taking
from warehouse.requisitions.queries.promises import CalledFor
from warehouse.requisitions.queries.shown import Origin, ShownPlan, ShownShipment, ShownWhy


async def requisition_out(one: Requisition, stamp: Stamp) -> RequisitionOut:
    """A requisition with what the caller may do with it."""
    standing = await queries.standing(one)
    numbers = {line.id: line.line for line in one.lines}
    plain = ("id", "number", "status", "created_at", "created_by", "submitted_at", "ended_at", "end_reason", "version")
    said = ("reason", "upward", "own_stock", "note")
    return RequisitionOut(
        region=one.region_key,
        region_name=one.region_zh,
        incident=one.facts.incident_id,
        incident_number=one.incident_number,
        level=one.level,
        amount_fen=one.amount_fen,
        approvals=[ApprovalOut(login=a.login, at=a.at, note=a.note, for_login=a.for_login) for a in one.approvals],
        approvals_needed=standing.approvals,
        lines=[_line(line) for line in one.lines],
        calls=[_call(call, numbers) for call in await queries.calls_of(one.id) if call.line_id in numbers],
        taken=[_taking(taking) for taking in await queries.takings_of(one.id)],
        allowed=workflow.allowed(standing, stamp),
        **{name: getattr(one, name) for name in plain},
        **{name: getattr(one.facts, name) for name in said},
    )


def _line(line: Line) -> RequisitionLineOut:
    facts = line.facts
    plain = ("quantity", "priority", "needed_by", "place", "lat", "lon", "note", "receiver", "phone")
    return RequisitionLineOut(
        id=line.id,
        line=line.line,
        region=line.region_key,
        region_name=line.region_zh,
        item=line.goods_key if facts.item_id is not None else None,
        class_code=line.goods_key if facts.class_id is not None else None,
        goods_name=line.goods_zh,
        unit=line.unit_zh,
        unit_factor=line.unit_factor,
        covered=line.covered,
        rest=line.rest,
        need=facts.need_id,
        **{name: getattr(facts, name) for name in plain},
    )


def _origin(one: Origin) -> OriginOut:
    return OriginOut(
        source=one.source,
        site=one.site_code,
        site_name=one.site_zh,
        owner=one.owner_key,
        owner_name=one.owner_zh,
        commitment=one.commitment_id,
        confidence=one.confidence,
        response_hours=one.response_hours,
        held_for=one.held_for,
    )


def _why(one: ShownWhy) -> WhyNotOut:
    return WhyNotOut(
        origin=_origin(one.origin),
        item=one.thing.key,
        item_name=one.thing.name_zh,
        why=one.why.value,
        minutes=one.minutes,
        quantity=one.quantity,
        lines=list(one.lines),
    )


def _promise(one: Promise) -> PromiseLeftOut:
    plain = ("number", "neighbour", "quantity", "confidence", "response_hours")
    return PromiseLeftOut(
        commitment=one.commitment_id, party_name=one.party_zh, **{name: getattr(one, name) for name in plain}
    )


def _call(one: CalledFor, lines: Mapping[UUID, int]) -> RequisitionCallOut:
    call = one.call
    return RequisitionCallOut(
        call_off=call.id,
        number=call.number,
        status=call.status,
        commitment=call.commitment_id,
        contract=one.number,
        party_name=one.party_zh,
        line=lines[one.line_id],
        quantity=call.quantity,
        covers=one.covers,
        came=call.came,
        due_at=call.due_at,
    )


def _taking(one: Taking) -> TakingOut:
    plain = ("at", "line", "quantity", "replanned_at", "settled_at")
    return TakingOut(
        by=one.taker_number,
        priority=one.taker_priority,
        item_name=one.item_zh,
        **{name: getattr(one, name) for name in plain},
    )


def plan_out(plan: ShownPlan) -> SourcingPlanOut:
    """A plan with every reason."""
    plain = ("number", "lot", "expires_on", "quantity", "covers", "leaves_at", "arrives_at", "late", "pinned")
    return SourcingPlanOut(
        id=plan.kept.id,
        made_at=plan.kept.made_at,
        made_by=plan.kept.made_by,
        state=plan.kept.state,
        lines=[
            PlanLineOut(
                line=one.wanted.line,
                origin=_origin(one.origin),
                item=one.thing.key,
                item_name=one.thing.name_zh,
                substitute=one.is_substitute,
                closeness=one.closeness.name.lower(),
                why_not=[_why(why) for why in one.why_not],
                **{name: getattr(one, name) for name in plain},
            )
            for one in plan.lines
        ],
        lacks=[
            LackOut(
                line=one.wanted.line,
                quantity=one.quantity,
                help=[_why(why) for why in one.help],
                promises=[_promise(promise) for promise in one.promises],
            )
            for one in plan.lacks
        ],
        changes=[
            PlanChangeOut(
                line=one.wanted.line, origin=_origin(one.origin), item=one.thing.key, before=one.before, after=one.after
            )
            for one in plan.changes
        ],
        forbidden=[f"{one.wanted.id} {one.origin.source}" for one in plan.forbidden],
        shipments=plan.goals.shipments,
        loads=[_load(one) for one in plan.shipments],
        tonne_km=plan.goals.tonne_km,
        proven=plan.proven,
    )


def _load(one: ShownShipment) -> PlanLoadOut:
    plain = ("leaves_at", "arrives_at", "grams", "millilitres", "unmeasured", "over_grams", "over_millilitres")
    return PlanLoadOut(
        origin=_origin(one.origin),
        line=one.wanted.line,
        vehicles=[
            PlanVehicleOut(vehicle=v.id, plate=v.plate, grams=v.grams, millilitres=v.millilitres) for v in one.vehicles
        ],
        **{name: getattr(one, name) for name in plain},
    )


def release_out(one: Release, stamp: Stamp) -> ReleaseOut:
    """A release order with what the caller may do with it."""
    plain = (
        "id", "number", "status", "requisition_number", "level", "place", "receiver", "phone", "priority", "needed_by",
        "made_at", "made_by", "released_at", "released_by", "spoken", "spoken_by", "spoken_to", "papers_due_at",
        "paper_owed", "paper_number", "paper_filed_by", "paper_checked_by", "end_reason", "version",
    )  # fmt: skip
    return ReleaseOut(
        requisition=one.requisition_id,
        incident=one.incident_id,
        owner=one.owner_key,
        owner_name=one.owner_zh,
        site=one.site_code,
        site_name=one.site_zh,
        region=one.region_key,
        region_name=one.region_zh,
        paper_file=one.paper_file_id,
        lines=[_release_line(line) for line in one.lines],
        allowed=workflow.allowed_of_release(one, stamp),
        **{name: getattr(one, name) for name in plain},
    )


def _release_line(line: ReleaseLine) -> ReleaseLineOut:
    plain = ("id", "line", "unit_factor", "lot", "expires_on", "quantity", "short")
    return ReleaseLineOut(
        requisition_line=line.requisition_line_id,
        need=line.need_id,
        item=line.item_key,
        item_name=line.item_zh,
        unit=line.unit_zh,
        bin=line.place_code,
        reservation=line.reservation_id,
        held=line.reservation_state == "held",
        held_until=line.reserved_until,
        **{name: getattr(line, name) for name in plain},
    )
