"""Scenarios and the consumption norms they are worked out with."""

from typing import Annotated, Any
from uuid import UUID

from litestar import Response, get, post, put
from litestar.openapi.datastructures import ResponseSpec
from litestar.params import FromPath, JSONBody, QueryParameter

from api import rendering, solving
from api.auth.edge import FILES, VERB
from api.auth.stamps import Stamped
from api.rest import references
from api.rest.conditions import IfMatch, etag, read_version
from api.rest.sessions import Cursor, Limit
from api.schemas.base import Changed
from api.schemas.scenarios import (
    AreaNeedOut,
    ConsumptionIn,
    ConsumptionLine,
    ConsumptionList,
    ConsumptionOut,
    ConsumptionSaid,
    FixOut,
    ScenarioIn,
    ScenarioLineOut,
    ScenarioOut,
    ScenarioSaid,
    ScenariosPage,
)
from catalog.classes import queries as classes
from catalog.classes.model import CLASS_SCHEME
from catalog.kernel.access import Permission, scope_of
from catalog.kernel.stamp import Stamp
from warehouse.planning.scenario import actions, queries
from warehouse.planning.scenario.model import (
    AreaPeople,
    Consumption,
    ConsumptionNorm,
    Reach,
    Scenario,
    ScenarioFacts,
)
from warehouse.planning.scenario.paper import scenario_table
from warehouse.printing import render

TAGS = ["scenarios"]
Sought = Annotated[str | None, QueryParameter(max_length=100, description="Part of its name or region.")]
Code = Annotated[str | None, QueryParameter(max_length=40)]


@get("/consumption-norms", opt={VERB: "consumption.list"}, tags=TAGS)
async def list_consumption(stamp: Stamped) -> ConsumptionList:
    """Consumption norms of my regions and of those above them, by goods."""
    found = await queries.list_consumption(scope=stamp.require(Permission.NORM_READ))
    return ConsumptionList(items=[_norm(one) for one in found])


@get("/consumption-norms/{norm:uuid}", opt={VERB: "consumption.read"}, tags=TAGS)
async def get_consumption(stamp: Stamped, norm: FromPath[UUID]) -> Response[ConsumptionOut]:
    """One consumption norm. The ETag is the version to send as If-Match."""
    found = await queries.get_consumption(norm, stamp.require(Permission.NORM_READ))
    return Response(_norm(found), headers=etag(found.version))


@post("/consumption-norms", opt={VERB: "consumption.set"}, tags=TAGS)
async def set_consumption(stamp: Stamped, data: JSONBody[ConsumptionIn]) -> Changed:
    """A new consumption norm. 409 `consumption.twice` where there is one already."""
    stamp.require(Permission.NORM_EDIT)
    region = (await references.find_regions([data.region]))[data.region]
    (use,) = await _uses([data])
    return Changed(**await actions.set_consumption(stamp=stamp, region_id=region, hazard=data.hazard, use=use))


@put("/consumption-norms/{norm:uuid}", opt={VERB: "consumption.edit"}, tags=TAGS)
async def edit_consumption(
    stamp: Stamped, norm: FromPath[UUID], data: JSONBody[ConsumptionSaid], if_match: IfMatch
) -> Response[Changed]:
    """Change how much, for how many, its source and note. 409 `consumption.stale`."""
    before = await queries.get_consumption(norm, stamp.require(Permission.NORM_EDIT))
    use = Consumption(
        data.quantity,
        data.people,
        before.facts.basis,
        before.facts.daily,
        before.facts.item_id,
        before.facts.class_id,
        data.source,
        data.note,
    )
    done = await actions.edit_consumption(stamp=stamp, norm_id=norm, version=read_version(if_match), use=use)
    return Response(Changed(**done), headers=etag(done["version"]))


@post("/consumption-norms/{norm:uuid}/retire", opt={VERB: "consumption.retire"}, tags=TAGS, status_code=200)
async def retire_consumption(stamp: Stamped, norm: FromPath[UUID], if_match: IfMatch) -> Changed:
    """Take it out of use. Scenarios that copied it keep their copy."""
    return Changed(**await actions.retire_consumption(stamp=stamp, norm_id=norm, version=read_version(if_match)))


# --- scenarios ------------------------------------------------------------------------------------------------------


@get("/scenarios", opt={VERB: "scenario.list"}, tags=TAGS)
async def list_scenarios(
    stamp: Stamped, q: Sought = None, hazard: Code = None, cursor: Cursor = None, limit: Limit = None
) -> ScenariosPage:
    """Scenarios of my regions, the newest first."""
    found = await queries.list_scenarios(
        scope=stamp.require(Permission.SCENARIO_READ), text=q, hazard=hazard, cursor=cursor, limit=limit
    )
    return ScenariosPage(items=[_shown(one, stamp) for one in found.items], next_cursor=found.next_cursor)


@get("/scenarios/{scenario:uuid}", opt={VERB: "scenario.read"}, tags=TAGS)
async def get_scenario(stamp: Stamped, scenario: FromPath[UUID]) -> Response[ScenarioOut]:
    """One scenario with what came out. The ETag is the version to send as If-Match."""
    found = await queries.get_scenario(scenario, stamp.require(Permission.SCENARIO_READ))
    return Response(_shown(found, stamp), headers=etag(found.version))


@post("/scenarios", opt={VERB: "scenario.create"}, tags=TAGS)
async def create_scenario(stamp: Stamped, data: JSONBody[ScenarioIn]) -> Changed:
    """Save a scenario and work it out. 409 `scenario.no-uses` where there is no consumption norm for it."""
    stamp.require(Permission.SCENARIO_EDIT)
    region = (await references.find_regions([data.region]))[data.region]
    return Changed(
        **await actions.create_scenario(stamp=stamp, facts=await _facts(data, region), solve=solving.solve_scenario)
    )


@put("/scenarios/{scenario:uuid}", opt={VERB: "scenario.edit"}, tags=TAGS)
async def edit_scenario(
    stamp: Stamped, scenario: FromPath[UUID], data: JSONBody[ScenarioSaid], if_match: IfMatch
) -> Response[Changed]:
    """Replace what is assumed, and work it out again. 409 `scenario.stale`."""
    before = await queries.get_scenario(scenario, stamp.require(Permission.SCENARIO_EDIT))
    done = await actions.edit_scenario(
        stamp=stamp,
        scenario_id=scenario,
        version=read_version(if_match),
        facts=await _facts(data, before.facts.region_id),
        solve=solving.solve_scenario,
    )
    return Response(Changed(**done), headers=etag(done["version"]))


@post("/scenarios/{scenario:uuid}/work-out", opt={VERB: "scenario.work-out"}, tags=TAGS, status_code=200)
async def work_out(stamp: Stamped, scenario: FromPath[UUID], if_match: IfMatch) -> Changed:
    """Work it out again with what is in store and promised now."""
    return Changed(
        **await actions.work_out(
            stamp=stamp, scenario_id=scenario, version=read_version(if_match), solve=solving.solve_scenario
        )
    )


@post("/scenarios/{scenario:uuid}/retire", opt={VERB: "scenario.retire"}, tags=TAGS, status_code=200)
async def retire_scenario(stamp: Stamped, scenario: FromPath[UUID], if_match: IfMatch) -> Changed:
    """Put it away; it stays readable."""
    return Changed(**await actions.retire_scenario(stamp=stamp, scenario_id=scenario, version=read_version(if_match)))


@get(
    "/scenarios/{scenario:uuid}/paper",
    opt={VERB: "scenario.print", FILES: ("application/pdf",)},
    tags=TAGS,
    responses={200: ResponseSpec(bytes, description="The scenario", media_type="application/pdf")},
)
async def print_scenario(stamp: Stamped, scenario: FromPath[UUID]) -> Response[bytes]:
    """The scenario on paper, with every source."""
    found = await queries.get_scenario(scenario, stamp.require(Permission.SCENARIO_READ))
    content = await rendering.RENDERER.run(render.render_table, scenario_table(found), rendering.font_path())
    headers = {"content-disposition": f'inline; filename="scenario-{found.seq}.pdf"'}
    return Response(content, media_type="application/pdf", headers=headers)


# --- to and from JSON -----------------------------------------------------------------------------------------------


async def _uses(lines: Any) -> list[Consumption]:
    known = await references.find_items({one.item for one in lines if one.item})
    found = []
    for one in lines:
        goods = (await classes.get_by_code(CLASS_SCHEME, one.class_code)).id if one.class_code else None
        item = known[one.item] if one.item else None
        found.append(Consumption(one.quantity, one.people, one.basis, one.daily, item, goods, one.source, one.note))
    return found


async def _facts(data: ScenarioSaid, region: int) -> ScenarioFacts:
    places = await references.find_regions({one.region for one in data.areas})
    uses: list[ConsumptionLine] = data.uses
    return ScenarioFacts(
        name=data.name,
        hazard=data.hazard,
        region_id=region,
        day=references.thinkable(data.day),
        days=data.days,
        areas=tuple(AreaPeople(places[one.region], one.affected, one.moved) for one in data.areas),
        uses=tuple(await _uses(uses)),
        reach=Reach(**data.reach.model_dump()),
        note=data.note,
    )


def _norm(one: ConsumptionNorm) -> ConsumptionOut:
    facts = one.facts
    return ConsumptionOut(
        id=one.id,
        region=one.region_key,
        hazard=one.hazard,
        item=one.goods_key if facts.item_id is not None else None,
        class_code=one.goods_key if facts.class_id is not None else None,
        goods_name=one.goods_zh,
        unit=one.unit_zh,
        unit_factor=one.unit_factor,
        quantity=facts.quantity,
        people=facts.people,
        basis=facts.basis,
        daily=facts.daily,
        source=facts.source,
        unverified=facts.source.strip().lower().startswith("unverified"),
        note=facts.note,
        version=one.version,
        retired_at=one.retired_at,
    )


def _shown(one: Scenario, stamp: Stamp) -> ScenarioOut:
    facts = one.facts
    may = scope_of(stamp.grants, Permission.SCENARIO_EDIT).covers(one.path)
    return ScenarioOut(
        id=one.id,
        region=one.region_key,
        region_name=one.region_zh,
        name=facts.name,
        hazard=facts.hazard,
        day=facts.day,
        days=facts.days,
        affected=sum(area.affected for area in facts.areas),
        moved=sum(area.moved for area in facts.areas),
        note=facts.note,
        computed_at=one.computed_at,
        computed_by=one.computed_by,
        lines=[_line(line) for line in (one.outcome or {"lines": []})["lines"]],
        changed=(one.outcome or {}).get("changed", False),
        proven=(one.outcome or {}).get("proven", False),
        version=one.version,
        retired_at=one.retired_at,
        may_edit=may and one.retired_at is None,
    )


def _line(line: Any) -> ScenarioLineOut:
    what = line["what"]
    plain = {
        name: line[name]
        for name in (
            "source", "unverified", "need", "here", "here_by_tier", "reach", "gap", "open", "days_here", "cost_fen",
        )
    }  # fmt: skip
    plain["arriving"] = line.get("arriving", 0)
    return ScenarioLineOut(
        goods=what["key"],
        goods_name=what["name_zh"],
        of_class=what["class_id"] is not None,
        unit=what["unit_zh"],
        unit_factor=what["unit_factor"],
        areas=[
            AreaNeedOut(region=a["region"], name=a["name_zh"], tier=a["tier"], need=a["need"]) for a in line["areas"]
        ],
        fixes=[
            FixOut(
                way=fix["way"],
                quantity=fix["quantity"],
                item=fix["item_key"],
                item_name=fix["item_zh"],
                source=fix["source_key"],
                source_name=fix["source_zh"],
                minutes=fix["minutes"],
                in_time=fix["in_time"],
                cost_fen=fix["cost_fen"],
                reason=fix["reason"],
                facts=fix["facts"],
            )
            for fix in line["fixes"]
        ],
        **plain,
    )


HANDLERS: list[Any] = [
    list_consumption,
    get_consumption,
    set_consumption,
    edit_consumption,
    retire_consumption,
    list_scenarios,
    get_scenario,
    create_scenario,
    edit_scenario,
    work_out,
    retire_scenario,
    print_scenario,
]
