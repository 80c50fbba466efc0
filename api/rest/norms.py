"""Norms: what a place must hold, why, and what a change would do."""

from collections.abc import Mapping
from datetime import date
from typing import Annotated, Any
from uuid import UUID

from litestar import Response, get, post, put
from litestar.params import FromPath, FromQuery, JSONBody, QueryParameter

from api.auth.edge import NO_ATTEMPT, VERB
from api.auth.stamps import Stamped
from api.exports import figure
from api.importing import read_apart
from api.rest import references
from api.rest.conditions import IfMatch, etag, read_version
from api.rest.sessions import Cursor, Limit
from api.schemas.base import Changed
from api.schemas.norms import (
    EquivalentOut,
    FigureOut,
    LoserOut,
    NormCellChange,
    NormChangeOut,
    NormFileAgreed,
    NormFileDone,
    NormFileIn,
    NormFileJudged,
    NormIn,
    NormOut,
    NormRowFault,
    NormRowOut,
    NormSaid,
    NormsPage,
    PreviewIn,
    PreviewOut,
    RequirementOut,
    RequirementsOut,
    WhyOut,
)
from catalog.classes import queries as classes
from catalog.classes.model import CLASS_SCHEME
from catalog.items import queries as items
from catalog.kernel.access import Permission, Scope, scope_of
from catalog.kernel.errors import Invalid, Missing
from catalog.kernel.stamp import Stamp
from catalog.kernel.time import day_of
from catalog.regions import queries as regions
from warehouse.exchange.rules.norm_rows import Read, read_norms
from warehouse.norms import actions, queries
from warehouse.norms.model import (
    USUAL_PER,
    Basis,
    Equivalent,
    Field,
    Judged,
    Norm,
    NormFacts,
    Preview,
    Requirement,
    Season,
)
from warehouse.sites import queries as sites

TAGS = ["norms"]
Sought = Annotated[str | None, QueryParameter(max_length=100, description="Part of a name or key of place or goods.")]
Code = Annotated[str | None, QueryParameter(max_length=80)]
ItemKey = Annotated[str, QueryParameter(max_length=40)]


@get("/norms", opt={VERB: "norm.list"}, tags=TAGS)
async def list_norms(
    stamp: Stamped,
    q: Sought = None,
    region: Code = None,
    site: Code = None,
    basis: FromQuery[Basis | None] = None,
    unverified: FromQuery[bool | None] = None,
    retired: FromQuery[bool] = False,
    cursor: Cursor = None,
    limit: Limit = None,
) -> NormsPage:
    """Norms that concern my area, also those of the regions above that reach down to it."""
    scope = stamp.require(Permission.NORM_READ)
    found = await queries.list_norms(
        scope=scope,
        text=q,
        under=(await regions.get_by_key(region)).path if region else None,
        site_id=(await sites.get_by_code(site, scope)).id if site else None,
        basis=basis,
        unverified=unverified,
        retired=retired,
        cursor=cursor,
        limit=limit,
    )
    keys = await _item_keys(found.items)
    return NormsPage(items=[_shown(one, stamp, keys) for one in found.items], next_cursor=found.next_cursor)


@get("/norms/{norm:uuid}", opt={VERB: "norm.read"}, tags=TAGS)
async def get_norm(stamp: Stamped, norm: FromPath[UUID]) -> Response[NormOut]:
    """One norm. The ETag is the version to send as If-Match."""
    found = await queries.get_norm(norm, stamp.require(Permission.NORM_READ))
    return Response(_shown(found, stamp, await _item_keys([found])), headers=etag(found.version))


@post("/norms", opt={VERB: "norm.set"}, tags=TAGS)
async def set_norm(stamp: Stamped, data: JSONBody[NormIn]) -> Changed:
    """Add a norm. 409 `norm.tie` where nothing would decide, `norm.order-broken` where figures would clash."""
    done = await actions.set_norms(stamp=stamp, norms=[await _facts(stamp, data)])
    return Changed(id=done["ids"][0], version=1, repeat=bool(done.get("repeat")))


@post("/norms/preview", opt={VERB: "norm.preview", NO_ATTEMPT: True}, tags=TAGS, status_code=200)
async def preview_norm(stamp: Stamped, data: JSONBody[PreviewIn]) -> PreviewOut:
    """What a norm would change, place by place, without setting it."""
    if data.instead_of is None:
        facts = await _facts(stamp, data)
    else:
        before = await queries.get_norm(data.instead_of, stamp.require(Permission.NORM_EDIT))
        facts = await _said(data, _of(before.facts), stamp)
    found = await actions.preview(stamp=stamp, norms=[facts], instead_of=data.instead_of)
    return _previewed(found)


@post("/norms/import/check", opt={VERB: "norm.import-check", NO_ATTEMPT: True}, tags=TAGS, status_code=200)
async def check_norm_file(stamp: Stamped, data: JSONBody[NormFileIn]) -> NormFileJudged:
    """What a file of norms would do, row by row, and what would change by it. Nothing is written."""
    stamp.require(Permission.NORM_EDIT)
    read = await _read(data)
    found = await actions.judge_lines(stamp=stamp, rows=read.lines, scheme=CLASS_SCHEME)
    return NormFileJudged(
        counts=found.counts,
        aside=read.aside,
        rows=[_row(one) for one in found.rows],
        preview=_previewed(found.preview),
    )


@post("/norms/import", opt={VERB: "norm.import"}, tags=TAGS, status_code=200)
async def import_norm_file(stamp: Stamped, data: JSONBody[NormFileAgreed]) -> NormFileDone:
    """Set and change what the file says, all usable rows or none. 409 `norm.file-stale` where a norm was changed since
    the file was checked."""
    stamp.require(Permission.NORM_EDIT)
    read = await _read(data)
    done = await actions.import_norms(
        stamp=stamp,
        rows=read.lines,
        scheme=CLASS_SCHEME,
        agreed=[(one.row, one.norm, one.version) for one in data.agreed],
        file=data.name,
    )
    return NormFileDone(counts=done["counts"], repeat=bool(done.get("repeat")))


async def _read(data: NormFileIn) -> Read:
    return await read_apart(read_norms, data.name, references.file_content(data.content))


@put("/norms/{norm:uuid}", opt={VERB: "norm.edit"}, tags=TAGS)
async def edit_norm(
    stamp: Stamped, norm: FromPath[UUID], data: JSONBody[NormSaid], if_match: IfMatch
) -> Response[Changed]:
    """Replace what a norm says; its place and goods stay. 409 `norm.stale`."""
    before = await queries.get_norm(norm, stamp.require(Permission.NORM_EDIT))
    facts = await _said(data, _of(before.facts), stamp)
    done = await actions.edit_norm(stamp=stamp, norm_id=norm, version=read_version(if_match), facts=facts)
    return Response(Changed(**done), headers=etag(done["version"]))


@post("/norms/{norm:uuid}/retire", opt={VERB: "norm.retire"}, tags=TAGS, status_code=200)
async def retire_norm(stamp: Stamped, norm: FromPath[UUID], if_match: IfMatch) -> Changed:
    """Take a norm out of force for good. It stays readable."""
    return Changed(**await actions.retire_norm(stamp=stamp, norm_id=norm, version=read_version(if_match)))


@get("/norms/why", opt={VERB: "norm.why"}, tags=TAGS)
async def why(
    stamp: Stamped, item: ItemKey, region: Code = None, site: Code = None, day: FromQuery[date | None] = None
) -> WhyOut:
    """What a region or site must hold of an item on a day, and how each figure came about."""
    if (region is None) == (site is None):
        raise Invalid("norm.whom", "请指定一个库点或一个区划")
    on = references.thinkable(day) if day else day_of(stamp.recorded_at)
    subject, goods, found = await queries.why(
        scope=stamp.require(Permission.NORM_READ), region=region, site=site, item=item, on=on
    )
    keys = await _item_keys(found.applicable)
    figures = [
        FigureOut(
            field=field,
            value=one.value,
            stated=one.stated,
            norm=_shown(one.norm, stamp, keys),
            basis_value=one.basis_value,
            basis_as_of=one.basis_as_of,
            basis_source=one.basis_source,
            losers=[
                LoserOut(norm=_shown(lost.norm, stamp, keys), why=lost.why.value)
                for lost in found.losers.get(field, ())
            ],
        )
        for field, one in found.figures.items()
    ]
    return WhyOut(
        place=subject.key,
        place_name=subject.name_zh,
        item=goods.key,
        item_name=goods.name_zh,
        day=on,
        counted_with=found.governing.what_key if found.governing and found.class_id else None,
        lead_days=found.lead_days,
        figures=figures,
    )


@get("/norms/requirements", opt={VERB: "norm.requirements"}, tags=TAGS)
async def list_requirements(
    stamp: Stamped,
    region: Annotated[str, QueryParameter(max_length=80)],
    day: FromQuery[date | None] = None,
    class_code: Code = None,
) -> RequirementsOut:
    """What every region and site in a region must hold on a day."""
    scope = stamp.require(Permission.NORM_READ)
    on = references.thinkable(day) if day else day_of(stamp.recorded_at)
    at = await regions.get_by_key(region)
    goods = await classes.get_by_code(CLASS_SCHEME, class_code) if class_code else None
    found = await queries.requirements(scope=scope, path=at.path, on=on, class_path=goods.path if goods else None)
    return RequirementsOut(day=on, items=[_required(one) for one in found])


# --- to and from JSON -----------------------------------------------------------------------------------------------


def _previewed(found: Preview) -> PreviewOut:
    return PreviewOut(
        day=found.day,
        places=found.places,
        unknown=found.unknown,
        more=found.more,
        differences=[
            NormChangeOut(
                place=one.subject.key,
                place_name=one.subject.name_zh,
                goods=one.what_key,
                goods_name=one.what_zh,
                unit=one.unit_zh,
                unit_factor=one.unit_factor,
                before=one.before,
                after=one.after,
            )
            for one in found.differences
        ],
    )


def _row(one: Judged) -> NormRowOut:
    factor = one.what.unit_factor if one.what else 1
    was = _told(one.before.facts, factor) if one.before else {}
    will = _told(one.facts, factor) if one.facts and not one.faults else was
    return NormRowOut(
        row=one.line.row,
        verdict=one.verdict,
        place=one.place.key if one.place else one.line.place,
        place_name=one.place.name_zh if one.place else "",
        place_name_en=one.place.name_en if one.place else None,
        each=one.line.said.get("each"),
        goods=one.what.key if one.what else one.line.goods,
        goods_name=one.what.name_zh if one.what else "",
        goods_name_en=one.what.name_en if one.what else None,
        norm=one.before.id if one.before else None,
        version=one.before.version if one.before else 0,
        unverified=bool(one.facts and one.usable and one.facts.unverified),
        changes=[
            NormCellChange(column=name, before=was.get(name), after=will[name])
            for name in will
            if was.get(name) != will[name]
        ],
        faults=[
            NormRowFault(column=bad.column, cell=bad.cell, text=bad.text, code=bad.code, detail=bad.detail)
            for bad in one.faults
        ],
    )


def _told(facts: NormFacts, factor: int) -> dict[str, str | None]:
    """What a norm says by column, as a table shows it."""
    season = facts.season
    said: dict[str, Any] = {
        **{field.value: figure(facts.stated(field), factor) for field in Field},
        "unit": facts.unit or None,
        "basis": facts.basis.value,
        "basis_per": facts.basis_per if facts.basis is not Basis.FIXED else None,
        "lead_days": facts.lead_days,
        "round_to": figure(facts.round_to, factor),
        "season_from": _written(season.begins) if season else None,
        "season_to": _written(season.ends) if season else None,
        "valid_from": facts.valid_from,
        "valid_to": facts.valid_to,
        "source": facts.source,
        "note": facts.note or None,
    }
    return {name: None if value is None else str(value) for name, value in said.items()}


def _required(one: Requirement) -> RequirementOut:
    norm = one.resolution.governing
    at_site = one.subject.site_id is not None
    return RequirementOut(
        region=None if at_site else one.subject.key,
        site=one.subject.key if at_site else None,
        place_name=one.subject.name_zh,
        item=one.items[0].key if one.item_id is not None else None,
        class_code=norm.what_key if norm and one.class_id is not None else None,
        goods_name=norm.what_zh if norm else "",
        unit=norm.unit_zh if norm else "",
        unit_factor=norm.unit_factor if norm else 1,
        **{field.value: one.resolution.value(field) for field in Field},
        unknown=[field for field, figure in one.resolution.figures.items() if figure.value is None],
        items=[goods.key for goods in one.items],
    )


async def _item_keys(norms: Any) -> Mapping[int, str]:
    wanted = {one.item_id for norm in norms for one in norm.facts.equivalents}
    return {item_id: item.key for item_id, item in (await items.find_items(wanted)).items()} if wanted else {}


def _shown(norm: Norm, stamp: Stamp, keys: Mapping[int, str]) -> NormOut:
    facts = norm.facts
    plain = {
        name: getattr(facts, name)
        for name in ("each", "lead_days", "round_to", "basis", "basis_per", "valid_from", "valid_to", "source", "note")
    }
    may = scope_of(stamp.grants, Permission.NORM_EDIT).covers(norm.path, facts.site_id)
    return NormOut(
        id=norm.id,
        region=norm.anchor_key if facts.region_id is not None else None,
        site=norm.anchor_key if facts.site_id is not None else None,
        place_name=norm.anchor_zh,
        item=norm.what_key if facts.item_id is not None else None,
        class_code=norm.what_key if facts.class_id is not None else None,
        goods_name=norm.what_zh,
        unit=norm.unit_zh,
        unit_factor=norm.unit_factor,
        **{field.value: facts.stated(field) for field in Field},
        **plain,
        season_from=_written(facts.season.begins) if facts.season else None,
        season_to=_written(facts.season.ends) if facts.season else None,
        unverified=norm.unverified,
        equivalents=[
            EquivalentOut(item=keys.get(one.item_id, ""), base=one.base, worth=one.worth) for one in facts.equivalents
        ],
        version=norm.version,
        retired_at=norm.retired_at,
        may_edit=may and norm.retired_at is None,
    )


def _written(at: int) -> str:
    return f"{at // 100:02}-{at % 100:02}"


def _of(facts: NormFacts) -> NormFacts:
    """Only whom and what a norm is for."""
    return NormFacts(facts.site_id, facts.region_id, facts.each, facts.item_id, facts.class_id)


async def _facts(stamp: Stamp, given: NormIn) -> NormFacts:
    scope: Scope = stamp.require(Permission.NORM_EDIT)
    site = (await sites.get_by_code(given.site, scope)).id if given.site else None
    region = (await references.find_regions([given.region]))[given.region] if given.region else None
    item = (await references.find_items([given.item]))[given.item] if given.item else None
    goods = (await classes.get_by_code(CLASS_SCHEME, given.class_code)).id if given.class_code else None
    return await _said(given, NormFacts(site, region, given.each, item, goods), stamp)


async def _said(given: NormSaid, whom: NormFacts, stamp: Stamp) -> NormFacts:
    if (given.season_from is None) != (given.season_to is None):
        raise Invalid("norm.bad-season", "季节须写成 月-日，例如 05-01", line=1)
    season = None
    if given.season_from is not None and given.season_to is not None:
        season = Season(*(int(text.replace("-", "")) for text in (given.season_from, given.season_to)))
    known = await items.find_items_by_key([one.item for one in given.equivalents]) if given.equivalents else {}
    for one in given.equivalents:
        if one.item not in known:
            raise Missing("stock.no-such-item", "没有这种物资", item=one.item)
    return NormFacts(
        site_id=whom.site_id,
        region_id=whom.region_id,
        each=whom.each,
        item_id=whom.item_id,
        class_id=whom.class_id,
        **{field.value: getattr(given, field.value) for field in Field},
        lead_days=given.lead_days,
        round_to=given.round_to,
        basis=given.basis,
        basis_per=given.basis_per if given.basis_per is not None else USUAL_PER[given.basis],
        unit=given.unit if whom.class_id is not None else "",
        season=season,
        valid_from=references.thinkable(given.valid_from) if given.valid_from else day_of(stamp.recorded_at),
        valid_to=references.thinkable(given.valid_to) if given.valid_to else None,
        source=given.source,
        note=given.note,
        equivalents=tuple(Equivalent(known[one.item].id, one.base, one.worth) for one in given.equivalents),
    )


HANDLERS: list[Any] = [
    list_norms,
    why,
    list_requirements,
    get_norm,
    set_norm,
    preview_norm,
    check_norm_file,
    import_norm_file,
    edit_norm,
    retire_norm,
]
