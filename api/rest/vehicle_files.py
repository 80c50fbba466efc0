"""A file of vehicles: names and keys to ids, all rows or none, every cell at fault named."""

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from litestar import post
from litestar.params import JSONBody

from api.auth.edge import VERB
from api.auth.stamps import Stamped
from api.importing import read_apart
from api.rest import references
from api.schemas.vehicles import VehicleFileIn, VehiclesDone
from catalog.kernel.access import Permission, Scope, scope_of
from catalog.kernel.errors import Invalid, Missing, Refused
from catalog.kernel.page import all_pages
from catalog.kernel.stamp import Stamp
from catalog.regions import queries as regions
from warehouse.exchange.rules.road_rows import CellFault
from warehouse.exchange.rules.vehicle_rows import ANYWHERE, VehicleLine, read_vehicles
from warehouse.parties import queries as parties
from warehouse.sites import queries as sites
from warehouse.vehicles import actions, queries, rules
from warehouse.vehicles.model import VehicleFacts

MOST_FAULTS = 50
Names = Mapping[str, int | None]
"""Key, code or name → id; None where several have that name."""


@post("/vehicles/file", opt={VERB: "vehicle.register"}, tags=["vehicles"], status_code=200)
async def load_vehicle_file(stamp: Stamped, data: JSONBody[VehicleFileIn]) -> VehiclesDone:
    """A file of vehicles, all its rows or none; plates that are registered already stay as they are. 400
    (404 where a store is not there) `vehicle.bad-rows` names the cells at fault."""
    stamp.require(Permission.VEHICLE_EDIT)
    lines, faults = await read_apart(read_vehicles, data.name, references.file_content(data.content))
    plates = [rules.plain_plate(line.texts["plate"]) for line in lines]
    taken = await queries.taken_plates(plates)
    new = [line for line, plate in zip(lines, plates, strict=True) if plate not in taken]
    known = await _known(stamp)
    wanted: list[VehicleFacts] = []
    seen: set[str] = set()
    for line, plate in zip(lines, plates, strict=True):
        if plate in seen:
            faults.append(line.fault("plate", "vehicle.plate-twice", "车牌重复"))
        seen.add(plate)
    for line in new:
        facts = _facts(line, known, faults)
        wanted += [facts] if facts is not None else []
    if faults:
        # Whose store it is must not be told: what lies out of scope is not there.
        kind = Missing if any(one.code == "vehicle.no-site" for one in faults) else Invalid
        raise kind(
            "vehicle.bad-rows",
            "有些格子不能用，什么都没有写入；请改好后再传",
            faults=[
                {"cell": one.cell, "text": one.text, "code": one.code, "detail": one.detail}
                for one in faults[:MOST_FAULTS]
            ],
            count=len(faults),
        )
    return VehiclesDone(**await actions.load(stamp=stamp, vehicles=wanted, known=len(lines) - len(new)))


@dataclass(frozen=True, slots=True)
class _Known:
    """What a file's names may mean to whoever sends it."""

    regions: Names
    sites: Names
    parties: Names
    scope: Scope
    region_paths: Mapping[int, str]
    site_paths: Mapping[int, str]


async def _known(stamp: Stamp) -> _Known:
    mine, firms = stamp.require(Permission.VEHICLE_EDIT), scope_of(stamp.grants, Permission.PARTY_READ)
    places = await regions.list_subtree(await regions.root_path())
    stores = [
        one
        async for page in all_pages(lambda cursor: sites.list_sites(scope=mine, cursor=cursor))
        for one in page.items
    ]
    carriers = [
        one
        async for page in all_pages(lambda cursor: parties.list_parties(scope=firms, cursor=cursor))
        for one in page.items
    ]
    return _Known(
        _names((one.id, one.key, one.name_zh, one.name_en) for one in places),
        _names((one.id, one.code, one.name_zh, one.name_en) for one in stores),
        _names((one.id, one.key, one.name_zh, one.name_en) for one in carriers),
        mine,
        {one.id: one.path for one in places},
        {one.id: one.path for one in stores},
    )


def _names(rows: Iterable[tuple[int, str, str, str | None]]) -> Names:
    there = list(rows)
    said = Counter(name for _, _, *names in there for name in {name for name in names if name})
    by_name = {name: one if said[name] == 1 else None for one, _, *names in there for name in names if name}
    return by_name | {key: one for one, key, *_ in there}


def _facts(line: VehicleLine, known: _Known, faults: list[CellFault]) -> VehicleFacts | None:
    """What a row says; None where something of it cannot be, which is then among the faults."""
    before = len(faults)

    def meant(column: str, names: Names) -> int | None:
        text = line.texts.get(column, "")
        if not text or (column == "site" and text.casefold() in ANYWHERE):
            return None
        found = names.get(text) or names.get(text.upper())
        if found is None:
            several = text in names
            detail = "有几个都叫这个名字，请填编号" if several else "没有找到，或不在您的管辖范围内"
            faults.append(line.fault(column, f"vehicle.no-{column}", detail))
        return found

    region, site, carrier = meant("region", known.regions), meant("site", known.sites), meant("carrier", known.parties)
    path = "" if region is None else known.region_paths[region]
    if len(faults) == before and (region is None or (site is None and not known.scope.covers(path))):
        faults.append(line.fault("region", "vehicle.no-region", "没有找到，或不在您的管辖范围内"))
    if site is not None and not known.site_paths[site].startswith(path):
        faults.append(line.fault("site", "vehicle.home-elsewhere", "库点不在这个区划内"))
    if len(faults) > before or region is None or line.kind is None or line.grams is None or line.millilitres is None:
        return None
    texts = {name: line.texts.get(name, "") for name in ("driver", "phone", "out_of_service", "note")}
    facts = VehicleFacts(
        line.texts["plate"], line.kind, region, line.grams, line.millilitres,
        odd_plate=bool(line.texts.get("odd_plate")), site_id=site, carrier_id=carrier,
        valid_from=line.valid_from, valid_to=line.valid_to, **texts,
    )  # fmt: skip
    try:
        rules.check_facts(facts, line.row)
    except (Invalid, Refused) as problem:
        faults.append(line.fault("plate", problem.code, problem.detail))
        return None
    return facts


HANDLERS: list[Any] = [load_vehicle_file]
