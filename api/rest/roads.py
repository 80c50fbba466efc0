"""Ways by road from stores to regions: the list, setting them, and a file of them."""

from collections.abc import Iterable
from typing import Annotated, Any

from litestar import get, post
from litestar.params import JSONBody, QueryParameter

from api.auth.edge import VERB
from api.auth.stamps import Stamped
from api.importing import read_apart
from api.rest import references
from api.rest.sessions import Cursor, Limit
from api.schemas.roads import WayFileIn, WayOut, WaysDone, WaysIn, WaysPage
from catalog.kernel.access import Permission
from catalog.kernel.errors import Invalid, Missing
from catalog.kernel.stamp import Stamp
from catalog.regions import queries as regions
from warehouse.exchange.rules.road_rows import CellFault, RoadLine, read_roads
from warehouse.sites import queries as sites
from warehouse.sites import roads
from warehouse.sites.roads import Way

TAGS = ["sites"]
MOST_FAULTS = 50
KeyOf = Annotated[str | None, QueryParameter(max_length=80)]


@get("/roads", opt={VERB: "road.list"}, tags=TAGS)
async def list_ways(
    stamp: Stamped, site: KeyOf = None, region: KeyOf = None, cursor: Cursor = None, limit: Limit = None
) -> WaysPage:
    """Known ways from stores in my scope, by store and region."""
    page = await roads.list_roads(
        scope=stamp.require(Permission.SITE_READ), site_code=site, region_key=region, cursor=cursor, limit=limit
    )
    return WaysPage(
        items=[
            WayOut(
                site=one.site_code,
                region=one.region_key,
                minutes=one.minutes,
                km=one.metres / 1000,
                source=one.source,
                set_at=one.set_at,
            )
            for one in page.items
        ],
        next_cursor=page.next_cursor,
    )


@post("/roads", opt={VERB: "site.roads"}, tags=TAGS, status_code=200)
async def set_ways(stamp: Stamped, data: JSONBody[WaysIn]) -> WaysDone:
    """Set, change and take out ways, all or none; ways not named stay."""
    lines = [
        RoadLine(
            number, one.site.upper(), one.region, one.minutes, None if one.km is None else round(one.km * 1000), "", {}
        )
        for number, one in enumerate(data.ways, 1)
    ]
    return await _load(stamp, lines, [], data.source)


@post("/roads/file", opt={VERB: "site.roads"}, tags=TAGS, status_code=200)
async def load_way_file(stamp: Stamped, data: JSONBody[WayFileIn]) -> WaysDone:
    """A file of ways, all its rows or none: 400 (404 where a store is not there) `road.bad-rows` names the cells
    at fault."""
    stamp.require(Permission.SITE_EDIT)
    lines, faults = await read_apart(read_roads, data.name, references.file_content(data.content))
    return await _load(stamp, lines, faults, data.source)


async def _load(stamp: Stamp, lines: list[RoadLine], bad: Iterable[CellFault], source: str) -> WaysDone:
    faults = list(bad)
    known = await sites.find_sites({one.site for one in lines}, stamp.require(Permission.SITE_EDIT))
    by_key, by_name = {}, {}
    for region in await regions.list_subtree(await regions.root_path()):
        by_key[region.key] = region.id
        by_name[region.name_zh] = None if region.name_zh in by_name else region.id
    ways: list[Way] = []
    for one in lines:
        region_id = by_key.get(one.region) or by_name.get(one.region)
        if one.site not in known:
            faults.append(_fault(one, "site", one.site, "road.no-site", "没有这个库点，或不在您的管辖范围内"))
        if region_id is None:
            at = "region" if "region" in one.cells else "region_name"
            said = "有几个区划叫这个名字，请填编号" if one.region in by_name else "没有这个区划"
            faults.append(_fault(one, at, one.region, "road.no-region", said))
        if (one.minutes is None) != (one.metres is None):
            faults.append(_fault(one, "minutes", "", "road.half", "时间和路程须都填，或都不填（不填即删除）"))
        if one.site in known and region_id is not None:
            ways.append(Way(known[one.site].id, region_id, one.minutes, one.metres, one.source or source))
    if faults:
        # Whose store it is must not be told: what lies out of scope is not there.
        kind = Missing if any(one.code == "road.no-site" for one in faults) else Invalid
        raise kind(
            "road.bad-rows",
            "有些格子不能用，什么都没有写入；请改好后再传",
            faults=[
                {"cell": one.cell, "text": one.text, "code": one.code, "detail": one.detail}
                for one in faults[:MOST_FAULTS]
            ],
            count=len(faults),
        )
    return WaysDone(**await roads.load_roads(stamp=stamp, ways=ways))


def _fault(line: RoadLine, column: str, text: str, code: str, detail: str) -> CellFault:
    return CellFault(line.cells.get(column) or f"#{line.row}", text, code, detail)


HANDLERS: list[Any] = [list_ways, set_ways, load_way_file]
