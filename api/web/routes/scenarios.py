"""Scenarios: the list, the form, what came out with its chart, two side by side; and the consumption norms."""

from collections.abc import AsyncIterator, Mapping, Sequence
from datetime import date
from typing import Any
from uuid import UUID

from litestar import Request, Response, get
from litestar.params import FromPath

from api import exports
from api.auth.edge import edge_of
from api.auth.stamps import Stamped
from api.web.pages import Viewer, moment, named, page, viewer_of
from api.web.routes import asked
from api.web.routes.stock import cut_of
from api.web.words import word
from catalog.classes import queries as classes
from catalog.classes.model import CLASS_SCHEME
from catalog.items import queries as items
from catalog.kernel.access import Permission, Scope, scope_of
from catalog.kernel.history import list_changes
from catalog.regions import queries as regions
from warehouse.planning.scenario import queries
from warehouse.planning.scenario.model import HAZARDS, Basis, Reach, Scenario

Request_ = Request[Any, Any, Any]
PEOPLE = ("population", "people_to_move")


async def _goods_names(scenarios: Sequence[Scenario]) -> dict[str, dict[str, Any]]:
    """Names of goods in both languages by key: what came out keeps the Chinese ones."""
    lines = [line for one in scenarios if one.outcome for line in one.outcome["lines"]]
    keys = {line["what"]["key"] for line in lines} | {fix["item_key"] for line in lines for fix in line["fixes"]}
    found = {
        key: {"name_zh": one.name_zh, "name_en": one.name_en}
        for key, one in (await items.find_items_by_key(keys)).items()
    }
    of_class = await classes.find_classes((CLASS_SCHEME, key) for key in keys)
    return found | {key: {"name_zh": one.name_zh, "name_en": one.name_en} for (_, key), one in of_class.items()}


@get("/scenarios", include_in_schema=False)
async def scenarios_page(request: Request_, stamp: Stamped) -> Response[str]:
    """Scenarios in sight, the newest first."""
    hazard = asked.text(request, "hazard", 40)
    listed = await queries.list_scenarios(
        scope=stamp.require(Permission.SCENARIO_READ),
        text=asked.text(request, "q"),
        hazard=hazard if hazard in HAZARDS else None,
        retired=request.query_params.get("retired") == "yes",
        cursor=asked.cursor(request),
        limit=asked.PAGE,
    )
    return page(request, "scenarios.html", listed=listed, hazards=HAZARDS, totals=totals)


def totals(scenario: Scenario) -> Mapping[str, int]:
    """Of what came out: lines, lines with a gap, lines that nothing closes, cost and what has no known cost."""
    lines = scenario.outcome["lines"] if scenario.outcome else []
    return {
        "lines": len(lines),
        "gaps": sum(1 for line in lines if line["gap"]),
        "open": sum(1 for line in lines if line["open"]),
        "cost": sum(line["cost_fen"] for line in lines),
        "unpriced": sum(1 for line in lines for fix in line["fixes"] if fix["cost_fen"] is None),
    }


async def _form(scope: Scope, today: date) -> dict[str, Any]:
    known = await regions.list_in(scope)
    figures = {kind: await regions.find_facts(kind, [one.id for one in known], today) for kind in PEOPLE}
    return {
        "regions": known,
        "people": {one.id: {kind: figures[kind].get(one.id) for kind in PEOPLE} for one in known},
        "hazards": HAZARDS,
        "bases": list(Basis),
    }


@get("/scenarios/new", include_in_schema=False)
async def new_scenario_page(request: Request_, stamp: Stamped) -> Response[str]:
    """The form of a new scenario."""
    scope = stamp.require(Permission.SCENARIO_EDIT)
    norms = await queries.list_consumption(scope=stamp.require(Permission.NORM_READ))
    return page(
        request,
        "scenario_new.html",
        **await _form(scope, viewer_of(request).today),
        reach=Reach(source=""),
        norms=norms,
        today=viewer_of(request).today,
    )


@get("/scenarios/{scenario_id:uuid}", include_in_schema=False)
async def scenario_page(request: Request_, stamp: Stamped, scenario_id: FromPath[UUID]) -> Response[str]:
    """What came out of a scenario, with its chart, and the form to change what is assumed."""
    found = await queries.get_scenario(scenario_id, stamp.require(Permission.SCENARIO_READ))
    may = scope_of(stamp.grants, Permission.SCENARIO_EDIT).covers(found.path) and found.retired_at is None
    others = await queries.list_scenarios(scope=stamp.require(Permission.SCENARIO_READ), limit=50)
    return page(
        request,
        "scenario.html",
        one=found,
        facts=found.facts,
        lines=found.outcome["lines"] if found.outcome else [],
        areas=found.outcome["areas"] if found.outcome else [],
        totals=totals(found),
        proven=(found.outcome or {}).get("proven", True),
        changed=(found.outcome or {}).get("changed", False),
        names=await _goods_names([found]),
        may_edit=may,
        others=[other for other in others.items if other.id != found.id],
        changes=await list_changes(table="scenario", key=str(found.id)),
        whats=await queries.whats_of(found.facts.uses),
        reach=found.facts.reach,
        **(await _form(scope_of(stamp.grants, Permission.SCENARIO_EDIT), viewer_of(request).today) if may else {}),
    )


@get("/scenarios/compare", include_in_schema=False)
async def compare_page(request: Request_, stamp: Stamped) -> Response[str]:
    """Two scenarios side by side, line by line."""
    scope = stamp.require(Permission.SCENARIO_READ)
    wanted = [_uuid(request, name) for name in ("a", "b")]
    pair = [await queries.get_scenario(scenario_id, scope) for scenario_id in wanted if scenario_id is not None]
    listed = await queries.list_scenarios(scope=scope, limit=100)
    rows: dict[str, list[Any]] = {}
    if len(pair) == 2:
        for side, one in enumerate(pair):
            for line in one.outcome["lines"] if one.outcome else []:
                rows.setdefault(line["what"]["key"], [None, None])[side] = line
    return page(
        request,
        "scenario_compare.html",
        listed=listed.items,
        pair=pair,
        rows=sorted(rows.items()),
        names=await _goods_names(pair),
        totals=totals,
    )


def _uuid(request: Request_, name: str) -> UUID | None:
    try:
        return UUID(request.query_params.get(name, ""))
    except ValueError:
        return None


@get(["/scenarios/{scenario_id:uuid}/export.csv", "/scenarios/{scenario_id:uuid}/export.xlsx"], include_in_schema=False)
async def scenario_export(request: Request_, stamp: Stamped, scenario_id: FromPath[UUID]) -> Response[Any]:
    """Every line and every step as a file, with what is assumed on its second sheet."""
    found = await queries.get_scenario(scenario_id, stamp.require(Permission.SCENARIO_READ))
    viewer = viewer_of(request)
    names = await _goods_names([found])
    _ = viewer.language.text

    async def pages() -> AsyncIterator[Sequence[exports.Row]]:
        yield [row for line in (found.outcome or {"lines": []})["lines"] for row in _rows(line, names, viewer)]

    facts, reach = found.facts, found.facts.reach
    sheet = exports.Sheet(
        f"scenario-{found.seq}",
        _("Scenario"),
        [
            *(_("Goods"), _("Item or class"), _("Unit"), _("Need"), _("Usable in the area")),
            *(_("Arriving in time"), _("Within reach")),
            *(_("Gap"), _("What to do"), _("From"), _("Goods moved"), _("Quantity"), _("Hours"), _("In time")),
            *(_("Cost (yuan)"), _("Reason"), _("Source")),
        ],
        cut_of(viewer),
        [
            (_("Scenario"), facts.name),
            (_("Hazard"), word(viewer.language, "disaster", facts.hazard)),
            (_("First day"), facts.day.isoformat()),
            (_("Days"), str(facts.days)),
            *(
                (one["name_zh"], f"{one['affected']:,} / {one['moved']:,}")
                for one in (found.outcome or {"areas": []})["areas"]
            ),
            (_("Within reach: hours"), str(reach.hours)),
            (_("Speed (km/h)"), str(reach.speed_kmh)),
            (_("Loading (minutes)"), str(reach.load_minutes)),
            (_("Detour (percent of the straight line)"), str(reach.detour_percent)),
            (_("Minimum that others keep (percent)"), str(reach.keep_percent)),
            (_("Source"), reach.source),
            (_("Worked out"), moment(found.computed_at)),
            (_("As of"), moment(edge_of(request).clock())),
            (_("Made by"), viewer.name),
        ],
        _("About this list"),
    )
    return await exports.download(sheet, pages(), request.scope["path"].rpartition(".")[2])


def _rows(line: Mapping[str, Any], names: Mapping[str, Any], viewer: Viewer) -> list[exports.Row]:
    lang, what = viewer.language, line["what"]

    def size(quantity: int) -> exports.Cell:
        return exports.figure(quantity, what["unit_factor"])

    def called(key: str, otherwise: str) -> str:
        return named(lang, names.get(key, {"name_zh": otherwise}))

    head = [called(what["key"], what["name_zh"]), what["key"], what["unit_zh"]]
    found: list[exports.Row] = [
        [*head, *(size(line.get(name, 0)) for name in ("need", "here", "arriving", "reach", "gap")), "", "", "",
         None, None, "", None, "", line["source"]]
    ]  # fmt: skip
    found.extend(
        [
            *(*head, None, None, None, None, None, word(lang, "scenario_way", fix["way"])),
            " ".join(one for one in (fix["facts"].get("number", ""), fix["source_zh"]) if one),
            *(called(fix["item_key"], fix["item_zh"]), size(fix["quantity"])),
            None if fix["minutes"] is None else round(fix["minutes"] / 60, 1),
            lang.text("yes") if fix["in_time"] else lang.text("no"),
            None if fix["cost_fen"] is None else fix["cost_fen"] / 100,
            *(word(lang, "scenario_reason", fix["reason"]), ""),
        ]
        for fix in line["fixes"]
    )
    if line["open"]:
        open_ = lang.text("nothing closes it")
        found.append([*head, None, None, None, None, None, open_, "", "", size(line["open"]), None, "", None, "", ""])
    return found


@get("/consumption", include_in_schema=False)
async def consumption_page(request: Request_, stamp: Stamped) -> Response[str]:
    """Consumption norms in sight, with the form of a new one for planners."""
    scope = stamp.require(Permission.NORM_READ)
    may = scope_of(stamp.grants, Permission.NORM_EDIT)
    return page(
        request,
        "consumption.html",
        norms=await queries.list_consumption(scope=scope),
        may_edit=may.covers,
        regions=await regions.list_in(may),
        classes=await classes.own_classes(deepest=2),
        hazards=HAZARDS,
        bases=list(Basis),
    )


HANDLERS: list[Any] = [
    scenarios_page,
    new_scenario_page,
    compare_page,
    scenario_page,
    scenario_export,
    consumption_page,
]
