"""Business parameters: what is declared, what holds where, and a region's own value."""

from typing import Annotated, Any

from litestar import get, post, put
from litestar.params import JSONBody, PathParameter, QueryParameter

from api.auth.edge import VERB
from api.auth.stamps import Stamped
from api.schemas.catalog import RegionRef
from api.schemas.parameters import (
    ParameterCard,
    ParameterChanged,
    ParameterClear,
    ParameterOut,
    ParameterSet,
    ParametersOut,
    SettingOut,
)
from catalog.kernel import parameters
from catalog.kernel.access import Permission, scope_of
from catalog.kernel.attempts import Receipt
from catalog.kernel.parameters import Parameter
from catalog.kernel.stamp import Stamp
from catalog.regions import queries as regions
from catalog.regions.model import Region

Key = Annotated[str, PathParameter(max_length=80)]
RegionKey = Annotated[str, PathParameter(max_length=40)]
Where = Annotated[str | None, QueryParameter(max_length=40, description="A region; the whole city if not sent.")]


@get("/parameters", opt={VERB: "parameter.list"}, tags=["parameters"])
async def list_parameters(stamp: Stamped, region: Where = None) -> ParametersOut:
    """Every declared parameter and what holds at `region`."""
    readable = [one for one in parameters.declared() if _may_read(stamp, one)]
    if not readable:
        stamp.require(Permission.CATALOG_READ)
    path = await _path(region)
    return ParametersOut(items=[ParameterOut(**await _shown(one, path)) for one in readable])


@get("/parameters/{key:str}", opt={VERB: "parameter.read"}, tags=["parameters"])
async def get_parameter(stamp: Stamped, key: Key, region: Where = None) -> ParameterCard:
    """One parameter with all regions that set a value (a value that was taken back is null)."""
    one = parameters.parameter(key)
    if not _may_read(stamp, one):
        stamp.require(Permission.CATALOG_READ)
    places = await _places()
    settings = [
        SettingOut(region=_ref(places[setting.path]), value=setting.value, version=setting.version)
        for setting in await parameters.list_settings(key)
    ]
    return ParameterCard(**await _shown(one, await _path(region)), settings=settings)


@put("/parameters/{key:str}/regions/{region:str}", opt={VERB: "parameter.set"}, tags=["parameters"])
async def set_parameter(stamp: Stamped, key: Key, region: RegionKey, data: JSONBody[ParameterSet]) -> ParameterChanged:
    """Let a value hold for a region and all below it. 409 `parameter.stale` when somebody else was faster."""
    path = (await regions.get_by_key(region)).path
    receipt = await parameters.set_parameter(stamp=stamp, key=key, path=path, value=data.value, version=data.version)
    return _changed(region, receipt)


@post(
    "/parameters/{key:str}/regions/{region:str}/clear",
    opt={VERB: "parameter.clear"},
    tags=["parameters"],
    status_code=200,
)
async def clear_parameter(
    stamp: Stamped, key: Key, region: RegionKey, data: JSONBody[ParameterClear]
) -> ParameterChanged:
    """Take a region's value back: what is above it holds again."""
    path = (await regions.get_by_key(region)).path
    receipt = await parameters.clear_parameter(stamp=stamp, key=key, path=path, version=data.version)
    return _changed(region, receipt)


def _may_read(stamp: Stamp, one: Parameter) -> bool:
    """Whoever reads the catalogue reads all; whoever may change a parameter reads that one."""
    return any(not scope_of(stamp.grants, p).empty for p in (Permission.CATALOG_READ, one.permission))


async def _path(region: str | None) -> str:
    return await regions.root_path() if region is None else (await regions.get_by_key(region)).path


async def _places() -> dict[str, Region]:
    """All regions in which some parameter is set, by path."""
    paths = {setting.path for setting in await parameters.list_settings()}
    found = await regions.find_regions_by_id({int(path.rstrip("/").rsplit("/", 1)[1]) for path in paths})
    return {region.path: region for region in found.values()}


async def _shown(one: Parameter, path: str) -> dict[str, Any]:
    fields = (
        "key",
        "kind",
        "unit",
        "name_zh",
        "name_en",
        "meaning_zh",
        "meaning_en",
        "default",
        "source",
        "verified",
        "permission",
    )
    said = [s for s in await parameters.list_settings(one.key) if s.value is not None and path.startswith(s.path)]
    place = (await _places())[said[-1].path] if said else None
    return {name: getattr(one, name) for name in (*fields, "low", "high")} | {
        "kind": str(one.kind),
        "choices": list(await parameters.choices_of(one)),
        "value": await parameters.value_of(one.key, path),
        "set_at": _ref(place) if place is not None else None,
    }


def _ref(region: Region) -> RegionRef:
    return RegionRef.model_validate(region, from_attributes=True)


def _changed(region: str, receipt: Receipt) -> ParameterChanged:
    return ParameterChanged(
        key=receipt["key"],
        region=region,
        value=receipt["value"],
        version=receipt["version"],
        repeat=receipt.get("repeat", False),
    )


HANDLERS: list[Any] = [list_parameters, get_parameter, set_parameter, clear_parameter]
