"""Rotation (收储轮换): plans proposed, decided, carried out by scanning, settled; what is at risk; what is planned."""

from collections.abc import Mapping
from datetime import date
from typing import Annotated, Any
from uuid import UUID

from litestar import Response, get, post, put
from litestar.openapi.datastructures import ResponseSpec
from litestar.params import FromPath, FromQuery, JSONBody, PathParameter, QueryParameter

from api import rendering
from api.auth.edge import FILES, VERB
from api.auth.stamps import Stamped
from api.expected import expected_goods, suppliers_for
from api.rest import references
from api.rest.conditions import IfMatch, etag, read_version
from api.rest.sessions import Cursor, Limit
from api.schemas.rotation import (
    GapIn,
    GapOut,
    OfferOut,
    PlannedMovesOut,
    PlannedOut,
    PoliciesOut,
    PolicyDone,
    PolicyIn,
    PolicyOut,
    ProposeIn,
    ProposeOut,
    RiskOut,
    RisksOut,
    RotationApproved,
    RotationApproveIn,
    RotationChoiceIn,
    RotationDone,
    RotationLineHead,
    RotationLineOut,
    RotationLinesPage,
    RotationPlanOut,
    RotationPlansOut,
    RotationReasonIn,
    RotationSettleIn,
    RotationTakeIn,
    SampleIn,
    SettlementOut,
    ShortOut,
    TestResultIn,
    TestResultOut,
)
from catalog.classes import queries as classes
from catalog.classes.model import CLASS_SCHEME
from catalog.kernel.access import Permission, Scope
from catalog.kernel.time import day_of
from catalog.regions import queries as regions
from warehouse.printing import render
from warehouse.printing.rotation_papers import plan_table
from warehouse.rotation import actions, queries, rules, workflow
from warehouse.rotation.model import Choice, Line, Option, Plan, Status, Verdict
from warehouse.sites import queries as sites

TAGS = ["rotation"]
MOST_PRINTED = 2_000
Code = Annotated[str | None, QueryParameter(max_length=80)]
Year = Annotated[int | None, QueryParameter(ge=2000, le=2999)]
Month = Annotated[int | None, QueryParameter(ge=1, le=12)]
ClassCode = Annotated[str, PathParameter(max_length=40)]


@get("/rotation/plans", opt={VERB: "rotation.plans"}, tags=TAGS)
async def list_rotation_plans(stamp: Stamped, year: Year = None) -> RotationPlansOut:
    """Plans of owners in my area, and of those whose goods stand here."""
    found = await queries.list_plans(scope=stamp.require(Permission.ROTATION_READ), year=year)
    return RotationPlansOut(items=[_plan(one) for one in found])


@get("/rotation/plans/{plan:uuid}", opt={VERB: "rotation.plan"}, tags=TAGS)
async def get_rotation_plan(stamp: Stamped, plan: FromPath[UUID]) -> RotationPlanOut:
    """One plan with its sums."""
    return _plan(await queries.get_plan(plan, stamp.require(Permission.ROTATION_READ)))


@get(
    "/rotation/plans/{plan:uuid}/paper",
    opt={VERB: "rotation.print", FILES: ("application/pdf",)},
    tags=TAGS,
    responses={200: ResponseSpec(bytes, description="The plan", media_type="application/pdf")},
)
async def print_rotation_plan(stamp: Stamped, plan: FromPath[UUID]) -> Response[bytes]:
    """轮换计划 on paper, as it stands now: the lines that I may see."""
    scope = stamp.require(Permission.ROTATION_READ)
    found = await queries.get_plan(plan, scope)
    lines: list[Line] = []
    cursor: str | None = None
    while len(lines) < MOST_PRINTED:
        page = await queries.list_lines(scope=scope, plan_id=plan, cursor=cursor, limit=200)
        lines += page.items
        cursor = page.next_cursor
        if cursor is None:
            break
    table = plan_table(found, sorted(lines, key=lambda one: one.number), stamp.recorded_at)
    content = await rendering.RENDERER.run(render.render_table, table, rendering.font_path())
    headers = {"content-disposition": f'inline; filename="rotation-{found.year}.pdf"'}
    return Response(content, media_type="application/pdf", headers=headers)


@get("/rotation/lines", opt={VERB: "rotation.list"}, tags=TAGS)
async def list_rotation_lines(
    stamp: Stamped,
    year: Year = None,
    plan: FromQuery[UUID | None] = None,
    region: Code = None,
    site: Code = None,
    option: FromQuery[Option | None] = None,
    status: FromQuery[list[Status] | None] = None,
    month: Month = None,
    q: Annotated[str | None, QueryParameter(max_length=100)] = None,
    cursor: Cursor = None,
    limit: Limit = None,
) -> RotationLinesPage:
    """Lines, by the day on which the goods are to leave."""
    scope = stamp.require(Permission.ROTATION_READ)
    page = await queries.list_lines(
        scope=scope,
        year=year,
        plan_id=plan,
        under=(await regions.get_by_key(region)).path if region else None,
        site_id=(await sites.get_by_code(site, scope)).id if site else None,
        option=option,
        statuses=status or (),
        month=month,
        text=q,
        cursor=cursor,
        limit=limit,
    )
    return RotationLinesPage(items=[RotationLineHead(**_head(one)) for one in page.items], next_cursor=page.next_cursor)


@get("/rotation/lines/{line:uuid}", opt={VERB: "rotation.read"}, tags=TAGS)
async def get_rotation_line(stamp: Stamped, line: FromPath[UUID]) -> Response[RotationLineOut]:
    """One line with its options compared. The ETag is the version to send as If-Match."""
    scope = stamp.require(Permission.ROTATION_READ)
    found = await queries.get_line(line, scope)
    (standing,) = await queries.standings_of([found], day_of(stamp.recorded_at), await expected_goods())
    shown = RotationLineOut(
        **_head(found),
        offers=[OfferOut(**{name: getattr(one, name) for name in OfferOut.model_fields}) for one in standing.offers],
        shorts=[
            ShortOut(
                place=one.subject.key,
                place_name=one.subject.name_zh,
                norm=one.norm.id,
                first=one.first,
                last=one.last,
                minimum=one.minimum,
                projected=one.projected,
            )
            for one in standing.shorts
            if scope.covers(one.subject.path, one.subject.site_id)
        ],
        allowed=workflow.allowed(standing, stamp),
    )
    return Response(shown, headers=etag(found.version))


@post("/rotation/propose", opt={VERB: "rotation.propose"}, tags=TAGS)
async def propose_rotation(stamp: Stamped, data: JSONBody[ProposeIn]) -> ProposeOut:
    """Put what falls due in a year into the plans of its owners. Twice changes nothing."""
    done = await actions.propose(stamp=stamp, region_key=data.region, year=data.year)
    return ProposeOut(**{name: done[name] for name in ProposeOut.model_fields if name in done})


@put("/rotation/lines/{line:uuid}/choice", opt={VERB: "rotation.choose"}, tags=TAGS)
async def choose_rotation(
    stamp: Stamped, line: FromPath[UUID], data: JSONBody[RotationChoiceIn], if_match: IfMatch
) -> RotationDone:
    """Say what is to become of a line. It may be saved though a minimum would break (`shorts`), not approved.

    Goods are swapped with a supplier only: a registered one, who delivered the lot, or who has promised goods. Selling
    and scrapping need a test house or enough named experts."""
    keys = [key for key in (data.party, data.test_house) if key]
    known = await references.find_parties(keys, stamp) if keys else {}
    choice = Choice(
        option=data.option,
        out_on=data.out_on,
        quantity=data.quantity,
        in_on=data.in_on,
        in_quantity=data.in_quantity,
        party_id=known.get(data.party or ""),
        test_house_id=known.get(data.test_house or ""),
        experts=tuple(data.experts),
        purpose=data.purpose,
    )
    version = read_version(if_match)
    inflow = await expected_goods()
    suppliers: set[int] = set()
    if data.option is Option.SWAP:
        found = await queries.get_line(line, stamp.require(Permission.ROTATION_PLAN))
        suppliers = await suppliers_for(found.lot.id, day_of(stamp.recorded_at))
    return _done(
        await actions.choose(
            stamp=stamp, line_id=line, choice=choice, version=version, inflow=inflow, suppliers=suppliers
        )
    )


@post("/rotation/approve", opt={VERB: "rotation.approve"}, tags=TAGS, status_code=200)
async def approve_rotation(stamp: Stamped, data: JSONBody[RotationApproveIn]) -> RotationApproved:
    """Decide on lines, all or none. 409 `rotation.below-minimum` names the day and the place."""
    ids = references.unique(data.lines)
    done = await actions.approve(stamp=stamp, line_ids=ids, inflow=await expected_goods())
    return RotationApproved(lines=done["lines"], repeat=bool(done.get("repeat")))


@post("/rotation/lines/{line:uuid}/gap", opt={VERB: "rotation.grant-gap"}, tags=TAGS, status_code=200)
async def grant_gap(stamp: Stamped, line: FromPath[UUID], data: JSONBody[GapIn]) -> RotationDone:
    """Grant a window of months in which a minimum may lie broken."""
    done = await actions.grant_gap(stamp=stamp, line_id=line, months=data.months, reason=data.reason, joint=data.joint)
    return _done(done)


@post("/rotation/lines/{line:uuid}/send-back", opt={VERB: "rotation.send-back"}, tags=TAGS, status_code=200)
async def send_back_rotation(stamp: Stamped, line: FromPath[UUID], data: JSONBody[RotationReasonIn]) -> RotationDone:
    """Take an approval back, as long as nothing has been carried out."""
    return _done(await actions.send_back(stamp=stamp, line_id=line, reason=data.reason))


@post("/rotation/lines/{line:uuid}/withdraw", opt={VERB: "rotation.withdraw"}, tags=TAGS, status_code=200)
async def withdraw_rotation(stamp: Stamped, line: FromPath[UUID], data: JSONBody[RotationReasonIn]) -> RotationDone:
    """Take a proposed line out of the plan; it is not proposed there again."""
    return _done(await actions.withdraw(stamp=stamp, line_id=line, reason=data.reason))


@post("/rotation/lines/{line:uuid}/sample", opt={VERB: "rotation.sample"}, tags=TAGS, status_code=200)
async def take_sample(stamp: Stamped, line: FromPath[UUID], data: JSONBody[SampleIn]) -> RotationDone:
    """Take goods for a destructive test."""
    place = await _place(data.place, stamp.require(Permission.ROTATION_CARRY))
    return _done(await actions.sample(stamp=stamp, line_id=line, place_id=place, quantity=data.quantity))


@post("/rotation/lines/{line:uuid}/test", opt={VERB: "rotation.test"}, tags=TAGS, status_code=200)
async def record_test(stamp: Stamped, line: FromPath[UUID], data: JSONBody[TestResultIn]) -> RotationDone:
    """The test house's result. Failed: the line is to be decided anew."""
    result = Verdict(data.passed, data.on, data.report, data.until, stamp.login)
    return _done(await actions.record_test(stamp=stamp, line_id=line, test=result))


@post("/rotation/lines/{line:uuid}/carry-out", opt={VERB: "rotation.carry-out"}, tags=TAGS, status_code=200)
async def carry_out(stamp: Stamped, line: FromPath[UUID], data: JSONBody[RotationTakeIn]) -> RotationDone:
    """Goods of an approved line, as they were scanned. An extension takes all that stands at the place."""
    place = await _place(data.place, stamp.require(Permission.ROTATION_CARRY))
    serials = await references.find_serials(data.serials) if data.serials else {}
    done = await actions.carry_out(
        stamp=stamp, line_id=line, place_id=place, quantity=data.quantity, serial_ids=tuple(serials.values())
    )
    return _done(done)


@post("/rotation/lines/{line:uuid}/finish", opt={VERB: "rotation.finish"}, tags=TAGS, status_code=200)
async def finish_rotation(stamp: Stamped, line: FromPath[UUID], data: JSONBody[RotationReasonIn]) -> RotationDone:
    """What has not been carried out stays."""
    return _done(await actions.finish(stamp=stamp, line_id=line, reason=data.reason))


@post("/rotation/lines/{line:uuid}/settle", opt={VERB: "rotation.settle"}, tags=TAGS, status_code=200)
async def settle_rotation(stamp: Stamped, line: FromPath[UUID], data: JSONBody[RotationSettleIn]) -> RotationDone:
    """Close a line with its money and proof. 409 `rotation.no-record` for a disposal without its record."""
    done = await actions.settle(
        stamp=stamp, line_id=line, income_fen=data.income_fen, paid_fen=data.paid_fen, proof=data.proof
    )
    return _done(done)


@get("/rotation/policies", opt={VERB: "rotation.policies"}, tags=TAGS)
async def list_rotation_policies(stamp: Stamped) -> PoliciesOut:
    """What may not be done with goods of a class."""
    stamp.require(Permission.ROTATION_READ)
    return PoliciesOut(
        items=[
            PolicyOut(
                class_code=one.class_code,
                class_name=one.class_name,
                forbids=list(one.forbids),
                extend_days=one.extend_days,
                source=one.source,
                unverified=one.source.strip().lower().startswith("unverified"),
            )
            for one in await queries.list_policies()
        ]
    )


@put("/rotation/policies/{class_code:str}", opt={VERB: "rotation.policy"}, tags=TAGS)
async def set_rotation_policy(stamp: Stamped, class_code: ClassCode, data: JSONBody[PolicyIn]) -> PolicyDone:
    """Say what may not be done with goods of a class. Holds for the whole city."""
    stamp.require(Permission.ROTATION_PLAN)
    goods = await classes.get_by_code(CLASS_SCHEME, class_code)
    done = await actions.set_policy(
        stamp=stamp, class_id=goods.id, forbids=data.forbids, extend_days=data.extend_days, source=data.source
    )
    return PolicyDone(class_code=class_code, version=done["version"], repeat=bool(done.get("repeat")))


@get("/rotation/risk", opt={VERB: "rotation.risk"}, tags=TAGS)
async def list_risks(
    stamp: Stamped, region: Code = None, months: Annotated[int, QueryParameter(ge=1, le=36)] = 12
) -> RisksOut:
    """What will have expired unused within so many months at the use of the last year."""
    scope = stamp.require(Permission.ROTATION_READ)
    today = day_of(stamp.recorded_at)
    under = (await regions.get_by_key(region)).path if region else None
    found = await queries.risks(scope=scope, today=today, months=months, under=under)
    return RisksOut(
        day=today,
        days=rules.DAYS_OF_USE,
        items=[
            RiskOut(
                lot=one.stored.lot,
                item=one.stored.item_key,
                item_name=one.stored.item,
                unit=one.stored.unit,
                unit_factor=one.stored.unit_factor,
                class_code=one.stored.class_code,
                fund_source=one.stored.fund_source,
                expires_on=one.stored.expires_on,
                on_hand=one.stored.quantity,
                quantity=one.quantity,
                value_fen=one.value_fen,
            )
            for one in found
        ],
    )


@get("/rotation/planned", opt={VERB: "rotation.planned"}, tags=TAGS)
async def list_planned(stamp: Stamped, until: FromQuery[date], site: Code = None, item: Code = None) -> PlannedMovesOut:
    """What decided lines will take out and bring in up to a day."""
    scope = stamp.require(Permission.ROTATION_READ)
    found = await queries.planned(
        scope=scope,
        until=references.thinkable(until),
        site_ids=[(await sites.get_by_code(site, scope)).id] if site else None,
        item_ids=list((await references.find_items([item])).values()) if item else None,
    )
    return PlannedMovesOut(
        until=until,
        items=[
            PlannedOut(
                day=one.day,
                quantity=one.quantity,
                item_id=one.item_id,
                region_id=one.region_id,
                site_id=one.site_id,
                line=one.line_id,
            )
            for one in found
        ],
    )


# --- to JSON --------------------------------------------------------------------------------------------------------


async def _place(ref: str, scope: Scope) -> int:
    return (await references.find_places([ref], scope))[ref].id


def _done(receipt: Mapping[str, Any]) -> RotationDone:
    return RotationDone(**{name: receipt[name] for name in RotationDone.model_fields if name in receipt})


def _plan(plan: Plan) -> RotationPlanOut:
    plain = {name: getattr(plan, name) for name in RotationPlanOut.model_fields if name != "region"}
    return RotationPlanOut(**plain, region=plan.region_key)


def _head(line: Line) -> dict[str, Any]:
    lot = line.lot
    apart = {"lot", "item", "item_name", "unit", "unit_factor", "site", "owner", "gap", "test", "settlement", "experts"}
    plain = {name: getattr(line, name) for name in RotationLineHead.model_fields if name not in apart}
    kept = {
        name: shape(**{field: getattr(value, field) for field in shape.model_fields}) if value else None
        for name, value, shape in (
            ("gap", line.gap, GapOut),
            ("test", line.test, TestResultOut),
            ("settlement", line.settlement, SettlementOut),
        )
    }
    return {
        **plain,
        **kept,
        "lot": lot.number,
        "item": line.item_key,
        "item_name": lot.item_name,
        "unit": lot.unit,
        "unit_factor": lot.unit_factor,
        "site": line.site_code,
        "owner": line.owner_key,
        "experts": list(line.experts),
    }


HANDLERS: list[Any] = [
    list_rotation_plans,
    get_rotation_plan,
    print_rotation_plan,
    list_rotation_lines,
    get_rotation_line,
    propose_rotation,
    choose_rotation,
    approve_rotation,
    grant_gap,
    send_back_rotation,
    withdraw_rotation,
    take_sample,
    record_test,
    carry_out,
    finish_rotation,
    settle_rotation,
    list_rotation_policies,
    set_rotation_policy,
    list_risks,
    list_planned,
]
