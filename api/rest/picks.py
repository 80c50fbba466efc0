"""The desk's own: pick lists, work put aside, where to put goods."""

from collections.abc import Mapping
from typing import Annotated, Any
from uuid import UUID

from litestar import Response, delete, get, post
from litestar.openapi.datastructures import ResponseSpec
from litestar.params import FromPath, FromQuery, JSONBody, PathParameter, QueryParameter

from api import rendering
from api.auth.edge import FILES, VERB
from api.auth.stamps import Stamped
from api.rest import references
from api.rest.conditions import etag
from api.rest.sessions import Cursor, Limit
from api.schemas.picks import (
    AsideEnded,
    AsideIn,
    AsideKept,
    AsideOut,
    AsidesOut,
    HintOut,
    HintsOut,
    PickDone,
    PickLineOut,
    PickNew,
    PickOut,
    PicksPage,
    PickStatus,
    ShortIn,
)
from catalog.items import queries as items
from catalog.kernel.access import Permission
from warehouse.asides import actions as asides
from warehouse.asides import queries as kept
from warehouse.asides.model import Kind
from warehouse.picking import actions, queries
from warehouse.picking.model import Pick, Status, Wanted
from warehouse.printing import render
from warehouse.printing.rules import pick_table
from warehouse.scanning import queries as scanning
from warehouse.sites import queries as sites

PICKS, DESK = ["picks"], ["desk"]
Code = Annotated[str | None, QueryParameter(max_length=40)]


@get("/picks", opt={VERB: "pick.list"}, tags=PICKS)
async def list_picks(
    stamp: Stamped,
    site: Code = None,
    status: FromQuery[PickStatus | None] = None,
    cursor: Cursor = None,
    limit: Limit = None,
) -> PicksPage:
    """Pick lists of sites in my scope, the newest first."""
    page = await queries.list_picks(
        scope=stamp.require(Permission.STOCK_READ),
        site_code=site,
        status=Status(status) if status else None,
        cursor=cursor,
        limit=limit,
    )
    return PicksPage(items=[_shown(one) for one in page.items], next_cursor=page.next_cursor)


@get("/picks/{pick:uuid}", opt={VERB: "pick.read"}, tags=PICKS)
async def get_pick(stamp: Stamped, pick: FromPath[UUID]) -> Response[PickOut]:
    """One pick list, N of M per line. The ETag is its version."""
    found = await queries.get_pick(pick, stamp.require(Permission.STOCK_READ))
    return Response(_shown(found), headers=etag(found.version))


@get(
    "/picks/{pick:uuid}/paper",
    opt={VERB: "pick.print", FILES: ("application/pdf",)},
    tags=PICKS,
    responses={200: ResponseSpec(bytes, description="The list", media_type="application/pdf")},
)
async def print_pick(stamp: Stamped, pick: FromPath[UUID]) -> Response[bytes]:
    """The list on paper, in walking order, with its code and a number per line."""
    found = await queries.get_pick(pick, stamp.require(Permission.STOCK_READ))
    content = await rendering.RENDERER.run(render.render_table, pick_table(found), rendering.font_path())
    headers = {"content-disposition": f'inline; filename="{found.number}.pdf"'}
    return Response(content, media_type="application/pdf", headers=headers)


def _shown(pick: Pick) -> PickOut:
    lines = [
        PickLineOut(
            **{name: getattr(line, name) for name in PickLineOut.model_fields if name not in ("item", "item_name")},
            item=line.item_key,
            item_name=line.item,
        )
        for line in pick.lines
    ]
    plain = {name: getattr(pick, name) for name in PickOut.model_fields if name not in ("site", "lines", "status")}
    return PickOut(**plain, site=pick.site_code, status=pick.status.value, lines=lines)


@post("/picks", opt={VERB: "pick.create"}, tags=PICKS)
async def create_pick(stamp: Stamped, data: JSONBody[PickNew]) -> PickDone:
    """拣货单: first expired first, in walking order. 409 `pick.nothing-there` where nothing of it stands free."""
    site = await sites.get_by_code(data.site, stamp.require(Permission.ISSUE))
    known = await references.find_items({one.item for one in data.wanted})
    wanted = [Wanted(known[one.item], one.quantity) for one in data.wanted]
    return _done(await actions.create_pick(stamp=stamp, site_id=site.id, name=data.name, wanted=wanted))


@post("/picks/{pick:uuid}/lines/{line:int}/short", opt={VERB: "pick.short"}, tags=PICKS, status_code=200)
async def note_short(
    stamp: Stamped,
    pick: FromPath[UUID],
    line: Annotated[int, PathParameter(ge=1, le=10_000)],
    data: JSONBody[ShortIn],
) -> PickDone:
    """So much of a line was looked for and is not there."""
    return _done(await actions.note_short(stamp=stamp, pick_id=pick, line=line, quantity=data.quantity, note=data.note))


@post("/picks/{pick:uuid}/close", opt={VERB: "pick.close"}, tags=PICKS, status_code=200)
async def close_pick(stamp: Stamped, pick: FromPath[UUID]) -> PickDone:
    """Done picking, complete or not."""
    return _done(await actions.close_pick(stamp=stamp, pick_id=pick))


@post("/picks/{pick:uuid}/cancel", opt={VERB: "pick.cancel"}, tags=PICKS, status_code=200)
async def cancel_pick(stamp: Stamped, pick: FromPath[UUID]) -> PickDone:
    """Not needed. 409 `pick.already-picked` once goods have gone out on it."""
    return _done(await actions.cancel_pick(stamp=stamp, pick_id=pick))


def _done(receipt: Mapping[str, Any]) -> PickDone:
    return PickDone(**{name: receipt[name] for name in PickDone.model_fields if name in receipt})


# --- put aside ----------------------------------------------------------------------------------------


@get("/desk/asides", opt={VERB: "aside.list"}, tags=DESK)
async def list_asides(stamp: Stamped, site: Code = None) -> AsidesOut:
    """Work that waits at the sites I work at, mine and my colleagues'."""
    found = await kept.list_kept(scope=stamp.require(Permission.PUT_AWAY), site_code=site)
    return AsidesOut(
        items=[
            AsideOut(
                id=one.id,
                site=one.site_code,
                site_name=one.site_name,
                kind=one.kind.value,
                name=one.name,
                login=one.login,
                person_name=one.person_name,
                kept_at=one.kept_at,
                mine=one.person_id == stamp.person_id,
            )
            for one in found
        ]
    )


@post("/desk/asides", opt={VERB: "aside.keep"}, tags=DESK)
async def keep_aside(stamp: Stamped, data: JSONBody[AsideIn]) -> AsideKept:
    """Put work aside under a name; mine of that name is replaced."""
    site = await sites.get_by_code(data.site, stamp.require(Permission.PUT_AWAY))
    done = await asides.keep(stamp=stamp, site_id=site.id, kind=Kind(data.kind), name=data.name, content=data.content)
    return AsideKept(**{name: done[name] for name in AsideKept.model_fields if name in done})


@post("/desk/asides/{aside:uuid}/take-up", opt={VERB: "aside.take-up"}, tags=DESK, status_code=200)
async def take_up_aside(stamp: Stamped, aside: FromPath[UUID]) -> AsideEnded:
    """Go on with it. 409 `aside.taken` when somebody has it already."""
    done = await asides.take_up(stamp=stamp, kept_id=aside)
    return AsideEnded(**{name: done[name] for name in AsideEnded.model_fields if name in done})


@delete("/desk/asides/{aside:uuid}", opt={VERB: "aside.drop"}, tags=DESK, status_code=200)
async def drop_aside(stamp: Stamped, aside: FromPath[UUID]) -> AsideEnded:
    """It is not needed any more."""
    done = await asides.drop(stamp=stamp, kept_id=aside)
    return AsideEnded(**{name: done[name] for name in AsideEnded.model_fields if name in done})


# --- where to put goods -------------------------------------------------------------------------------


@get("/desk/put-away-hints", opt={VERB: "desk.hint"}, tags=DESK)
async def put_away_hints(
    stamp: Stamped,
    site: Annotated[str, QueryParameter(max_length=40)],
    lot: Annotated[str | None, QueryParameter(max_length=40)] = None,
    item: Annotated[str | None, QueryParameter(max_length=80)] = None,
    quantity: Annotated[int, QueryParameter(ge=1, le=10**12)] = 1,
) -> HintsOut:
    """Bins for a lot (or an item), best first, and why; `quantity` in base units."""
    scope = stamp.require(Permission.PUT_AWAY)
    place = await sites.get_by_code(site, scope)
    lot_id: int | None = None
    if lot:
        found = (await references.find_lots([lot], stamp.require(Permission.STOCK_READ)))[lot]
        lot_id, item_id = found.id, found.item_id
    else:
        item_id = (await items.get_by_key(item or "")).id
    shown = await scanning.put_away_hints(
        site_id=place.id, item_id=item_id, lot_id=lot_id, quantity=quantity, scope=scope
    )
    return HintsOut(
        items=[
            HintOut(
                place=one.key,
                code=one.code,
                zone=one.zone,
                reasons=list(one.reasons),
                free_volume_ml=one.free_volume_ml,
                free_weight_g=one.free_weight_g,
            )
            for one in shown
        ]
    )


HANDLERS: list[Any] = [
    list_picks,
    get_pick,
    print_pick,
    create_pick,
    note_short,
    close_pick,
    cancel_pick,
    list_asides,
    keep_aside,
    take_up_aside,
    drop_aside,
    put_away_hints,
]
