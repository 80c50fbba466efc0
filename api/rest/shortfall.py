"""Shortfall: what each place must hold against what is there, comes and is promised; on any day."""

from collections.abc import Sequence
from datetime import date
from typing import Annotated, Any

from litestar import get
from litestar.params import FromQuery, QueryParameter

from api.asked_cover import checked_hazard, rations_at
from api.asked_provision import Words, question_of
from api.auth.edge import VERB
from api.auth.stamps import Stamped
from api.rest import references
from api.rest.sessions import Cursor, Limit
from api.schemas.shortfall import (
    CoverOf,
    CoverRation,
    ProvisionFigures,
    ShortfallCell,
    ShortfallCover,
    ShortfallCovers,
    ShortfallLot,
    ShortfallLots,
    ShortfallPage,
    ShortfallTotal,
    ShortfallTotals,
)
from catalog.kernel.access import Permission
from catalog.kernel.errors import Invalid, Missing
from catalog.kernel.stamp import Stamp
from catalog.regions.model import Tier
from warehouse.norms.model import Basis
from warehouse.provision import queries, rules
from warehouse.provision.model import By, Cell, Figures, Holder, Total
from warehouse.provision.queries import Show, Sort
from warehouse.reports import rules as reports
from warehouse.reports.model import Cover, Covered, Ration
from warehouse.reports.queries import covered

TAGS = ["shortfall"]
Code = Annotated[str | None, QueryParameter(max_length=80)]
Day = Annotated[date | None, QueryParameter(description="A past day, today (default) or one of the next ten years.")]
NormsDay = Annotated[
    date | None, QueryParameter(description="The norms of that day (its season) instead of the day's.")
]
Hazard = Annotated[
    str | None,
    QueryParameter(max_length=40, description="Count people-days by the norms for this hazard too; else general ones."),
]
Ways = Annotated[list[By] | None, QueryParameter(max_items=3)]


async def _table(
    stamp: Stamp,
    region: str | None,
    site: str | None,
    holder: Holder,
    tier: Tier | None,
    class_code: str | None,
    day: date | None,
    norms_day: date | None,
) -> queries.Table:
    scope = stamp.require(Permission.NORM_READ)
    on, season = (references.thinkable(one) if one else None for one in (day, norms_day))
    question = await question_of(Words(region, site, holder, tier, class_code, on, season), scope, stamp)
    return await queries.prepare(question, scope=scope, now=stamp.recorded_at)


@get("/shortfall", opt={VERB: "shortfall.list"}, tags=TAGS)
async def list_shortfall(
    stamp: Stamped,
    region: Code = None,
    site: Code = None,
    holder: FromQuery[Holder] = Holder.REGION,
    tier: FromQuery[Tier | None] = None,
    class_code: Code = None,
    day: Day = None,
    norms_day: NormsDay = None,
    sort: FromQuery[Sort] = Sort.PLACE,
    show: FromQuery[Show] = Show.ALL,
    cursor: Cursor = None,
    limit: Limit = None,
    hazard: Hazard = None,
) -> ShortfallPage:
    """Place by place and item by item. `holder`: what regions own, or what stands at sites. Goods of a bin that the
    caller is counting are left out."""
    table = await _table(stamp, region, site, holder, tier, class_code, day, norms_day)
    page = await queries.list_cells(table, sort=sort, show=show, cursor=cursor, limit=limit)
    rations = await rations_at(table.question.path, checked_hazard(hazard))
    return ShortfallPage(
        day=table.question.day,
        norms_day=table.question.norms_on,
        at=table.at,
        known_at=table.known_at,
        past=table.past,
        items=[_cell(one, rations) for one in page.items],
        next_cursor=page.next_cursor,
    )


@get("/shortfall/totals", opt={VERB: "shortfall.total"}, tags=TAGS)
async def total_shortfall(
    stamp: Stamped,
    by: Ways = None,
    region: Code = None,
    site: Code = None,
    holder: FromQuery[Holder] = Holder.REGION,
    tier: FromQuery[Tier | None] = None,
    class_code: Code = None,
    day: Day = None,
    norms_day: NormsDay = None,
) -> ShortfallTotals:
    """The same put together by tier, branch (next level of regions), place, class or goods; without `by`, all of it."""
    table = await _table(stamp, region, site, holder, tier, class_code, day, norms_day)
    ways = [one for one in By if one in (by or [])]
    found = await queries.roll_up(table, ways)
    return ShortfallTotals(
        day=table.question.day,
        known_at=table.known_at,
        by=[one.value for one in ways],
        items=[_total(one) for one in found],
    )


@get("/shortfall/cover", opt={VERB: "shortfall.cover"}, tags=TAGS)
async def cover_of_shortfall(
    stamp: Stamped,
    region: Code = None,
    site: Code = None,
    holder: FromQuery[Holder] = Holder.REGION,
    tier: FromQuery[Tier | None] = None,
    class_code: Code = None,
    day: Day = None,
    hazard: Hazard = None,
) -> ShortfallCovers:
    """For how many people, and how many days of them, what is usable lasts by the region's consumption norms; now, and
    once the planned moves are carried out (orders, goods between stores, what is held, decided rotation)."""
    table = await _table(stamp, region, site, holder, tier, class_code, day, None)
    found = await covered(table, await rations_at(table.question.path, checked_hazard(hazard)))
    return ShortfallCovers(day=table.question.day, known_at=table.known_at, items=[_covered(one) for one in found])


@get("/shortfall/lots", opt={VERB: "shortfall.lots"}, tags=TAGS)
async def lots_of_shortfall(
    stamp: Stamped,
    goods: Annotated[str, QueryParameter(max_length=40, description="Key of an item, or code of a class.")],
    region: Code = None,
    site: Code = None,
    day: Day = None,
    norms_day: NormsDay = None,
) -> ShortfallLots:
    """The lots behind one cell: of one region or site and one item or class."""
    if (region is None) == (site is None):
        raise Invalid("norm.whom", "请指定一个库点或一个区划")
    table = await _table(stamp, region, site, Holder.REGION, None, None, day, norms_day)
    cell = next(
        (pair for pair in queries.pairs(table) if pair[0].key == (site or region) and pair[1].key == goods), None
    )
    if cell is None:
        raise Missing("provision.no-line", "这里没有这种物资的储备标准", goods=goods)
    found = await queries.list_lots(table, place=cell[0], line=cell[1], scope=stamp.require(Permission.STOCK_READ))
    return ShortfallLots(
        day=table.question.day,
        items=[
            ShortfallLot(
                lot=one.number,
                item=one.item_key,
                item_name=one.item_zh,
                unit=one.unit_zh,
                unit_factor=one.unit_factor,
                expires_on=one.expires_on,
                site=one.site_code,
                site_name=one.site_zh,
                place_kind=one.place_kind,
                condition=one.condition,
                on_hand=one.on_hand,
                reserved=one.reserved,
                usable=one.usable,
                counts=one.counts,
            )
            for one in found
        ],
    )


# --- to JSON --------------------------------------------------------------------------------------------------------


def _cell(one: Cell, rations: Sequence[Ration]) -> ShortfallCell:
    need = one.need
    lasts = reports.served(one.item_id, one.class_path, one.figures.usable, one.unit_factor, rations)
    return ShortfallCell(
        region=one.place_key if one.site_id is None else None,
        site=one.place_key if one.site_id is not None else None,
        place_name=one.place_zh,
        tier=one.tier.value,
        item=one.goods_key if one.item_id is not None else None,
        class_code=one.goods_key if one.class_id is not None else None,
        goods_name=one.goods_zh,
        unit=one.unit_zh,
        unit_factor=one.unit_factor,
        minimum=one.minimum,
        reorder=one.reorder,
        target=one.target,
        maximum=one.maximum,
        need=need,
        unknown=one.unknown,
        figures=_figures(one.figures),
        gap=one.gap,
        open_gap=one.open_gap,
        rate=None if need is None else rules.per_mille(rules.rate(one.figures.usable, need)),
        uncapped=None if need is None else rules.per_mille(rules.uncapped(one.figures.usable, need)),
        gap_fen=one.gap_fen,
        unverified=one.unverified,
        people_days=lasts.amount if lasts and lasts.ration.daily else None,
        people=lasts.amount if lasts and not lasts.ration.daily else None,
        ration=lasts.ration.key if lasts else None,
        ration_source=lasts.ration.source if lasts else None,
    )


def _cover(one: Cover) -> CoverOf:
    return CoverOf(
        region=one.branch.key if one.branch else None,
        usable=one.usable,
        amount=one.amount,
        people=one.people,
        days=one.days,
        share=one.share,
        amount_then=one.then,
        days_then=one.after.days if one.after else None,
        share_then=one.after.share if one.after else None,
    )


def _covered(one: Covered) -> ShortfallCover:
    ration = one.ration
    return ShortfallCover(
        ration=CoverRation(
            item=ration.key if ration.item_id is not None else None,
            class_code=ration.key if ration.class_id is not None else None,
            name=ration.name_zh,
            unit=ration.unit_zh,
            unit_factor=ration.unit_factor,
            quantity=ration.quantity,
            people=ration.people,
            daily=ration.daily,
            basis=(Basis.MOVED if ration.moved else Basis.POPULATION).value,
            source=ration.source,
        ),
        whole=_cover(one.whole),
        branches=[_cover(part) for part in one.branches],
        moves={kind.value: units for kind, units in one.moves},
    )


def _figures(one: Figures) -> ProvisionFigures:
    return ProvisionFigures(free=one.free, **{name: getattr(one, name) for name in Figures.__slots__})


def _total(one: Total) -> ShortfallTotal:
    return ShortfallTotal(
        keys=[label.key for label in one.of],
        names=[label.zh for label in one.of],
        rate=rules.per_mille(one.rate),
        uncapped=rules.per_mille(one.uncapped),
        **{
            name: getattr(one, name)
            for name in ("cells", "known", "unknown", "met", "need", "usable", "filled", "gap", "open_gap", "gap_fen",
                         "unpriced")
        },
    )  # fmt: skip


HANDLERS: list[Any] = [list_shortfall, total_shortfall, cover_of_shortfall, lots_of_shortfall]
