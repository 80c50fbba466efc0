"""Labels as files: PDF for sheets and rolls, PNG as a preview, ZPL for thermal printers."""

from typing import Annotated, Any

from litestar import Response, get, post, put
from litestar.openapi.datastructures import ResponseSpec
from litestar.params import JSONBody, PathParameter, QueryParameter

from api import rendering
from api.auth.edge import FILES, NO_ATTEMPT, VERB
from api.auth.stamps import Stamped
from api.rest import references
from api.rest.conditions import IfMatch, etag, read_version
from api.schemas.labels import FreeLayout, LabelsIn, LayoutOut, LayoutsOut, StockDone, StockIn, StockSaid
from catalog.kernel.access import Permission, scope_of
from catalog.kernel.errors import Invalid
from catalog.kernel.stamp import Stamp
from labels.errors import DoesNotFit, LabelProblem
from labels.sheets import Layout
from warehouse.printing import actions, queries, render, rules
from warehouse.printing.model import Format, LabelJob, LabelKind, Stock

TAGS = ["labels"]
Name = Annotated[str, PathParameter(max_length=40)]
MEDIA = {Format.PDF: "application/pdf", Format.PNG: "image/png", Format.ZPL: "application/zpl"}


@get("/labels/layouts", opt={VERB: "label.layouts"}, tags=TAGS)
async def list_layouts(stamp: Stamped) -> LayoutsOut:
    """Label stock in use: what ships with the program and what administrators added; any other is sent as a layout of
    its own."""
    _check_may_look(stamp)
    return LayoutsOut(
        items=[
            LayoutOut(
                name=one.name,
                name_zh=stock.name_zh,
                name_en=stock.name_en,
                own=stock.own,
                version=stock.version,
                label=(one.label_width, one.label_height),
                page=(one.page_width, one.page_height),
                columns=one.columns,
                rows=one.rows,
                per_page=one.per_page,
                roll=one.roll,
            )
            for stock in await queries.list_stock()
            for one in (stock.layout,)
        ]
    )


@post("/labels/layouts", opt={VERB: "label-layout.add"}, tags=TAGS)
async def add_layout(stamp: Stamped, data: JSONBody[StockIn]) -> StockDone:
    """Add label stock, for the whole city. 409 `label.layout-taken`."""
    return StockDone(**await actions.add_layout(stamp=stamp, stock=_stock(data.name, data)))


@put("/labels/layouts/{layout:str}", opt={VERB: "label-layout.edit"}, tags=TAGS)
async def edit_layout(
    stamp: Stamped, layout: Name, data: JSONBody[StockSaid], if_match: IfMatch
) -> Response[StockDone]:
    """Replace what is said of added stock. 409 `label.layout-stale` when somebody else was faster."""
    done = await actions.edit_layout(stamp=stamp, version=read_version(if_match), stock=_stock(layout, data))
    return Response(StockDone(**done), headers=etag(done["version"]))


@post("/labels/layouts/{layout:str}/retire", opt={VERB: "label-layout.retire"}, tags=TAGS, status_code=200)
async def retire_layout(stamp: Stamped, layout: Name, if_match: IfMatch) -> StockDone:
    """Take added stock out of use. 409 `label.layout-usual` where a place has it as its usual stock."""
    return StockDone(**await actions.retire_layout(stamp=stamp, name=layout, version=read_version(if_match)))


def _check_may_look(stamp: Stamp) -> None:
    """Whoever prints on stock, or keeps the list of it."""
    if scope_of(stamp.grants, Permission.SETTING_EDIT).empty:
        stamp.require(Permission.LABEL_PRINT)


def _stock(name: str, data: StockSaid) -> Stock:
    lengths = {field: getattr(data, field) for field in ("left", "top", "gap_x", "gap_y", "padding_x", "padding_y")}
    try:
        layout = Layout(
            name,
            data.label_width,
            data.label_height,
            data.page_width or data.label_width,
            data.page_height or data.label_height,
            data.columns,
            data.rows,
            **lengths,
        )
    except DoesNotFit as problem:
        raise Invalid("label.layout-exceeds-page", "标签排不下，超出页面", **problem.facts) from problem
    return Stock(layout, data.name_zh, data.name_en)


@post(
    "/labels",
    opt={VERB: "label.print", NO_ATTEMPT: True, FILES: tuple(MEDIA.values())},
    tags=TAGS,
    status_code=200,
    responses={200: ResponseSpec(bytes, description="The file", media_type="application/pdf")},
)
async def print_labels(stamp: Stamped, data: JSONBody[LabelsIn]) -> Response[bytes]:
    """Labels as one file. The same data gives the same bytes; who printed what goes into the audit trail."""
    layout = await _layout(data)
    scope = stamp.require(Permission.LABEL_PRINT)
    if not data.ids:
        return await _file(LabelJob((), layout), f"calibration-{layout.name}")
    ids = list(data.ids)
    if data.kind is LabelKind.BIN:
        places = await references.find_places(set(ids), scope)
        ids = [places[one].key for one in ids]
    place = (await references.find_places([data.bin], scope))[data.bin] if data.bin else None
    job = await actions.print_labels(
        stamp=stamp,
        kind=data.kind,
        ids=ids,
        layout=layout,
        out=data.format,
        start=data.start,
        copies=data.copies,
        dpi=data.dpi,
        symbol=data.symbol,
        place_id=place.id if place else None,
        meant_for=data.meant_for,
    )
    return await _file(job, f"{data.kind.value}-labels")


@get(
    "/labels/calibration",
    opt={VERB: "label.calibrate"},
    tags=TAGS,
    responses={200: ResponseSpec(bytes, description="The page", media_type="application/pdf")},
)
async def calibration(
    stamp: Stamped, layout: Annotated[str, QueryParameter(max_length=40)] = "a4-3x8-70x37"
) -> Response[bytes]:
    """A page to print and lay on the stock, to see by how much the printer shifts."""
    _check_may_look(stamp)
    return await _file(LabelJob((), await queries.layout_of(layout)), f"calibration-{layout}")


@get(
    "/labels/sample",
    opt={VERB: "label.calibrate"},
    tags=TAGS,
    responses={200: ResponseSpec(bytes, description="One label", media_type="image/png")},
)
async def sample(stamp: Stamped, layout: Annotated[str, QueryParameter(max_length=40)]) -> Response[bytes]:
    """A lot's label as it comes out on the stock, with made-up goods; 400 where text or symbol have no room."""
    _check_may_look(stamp)
    job = LabelJob((rules.SAMPLE,), await queries.layout_of(layout), Format.PNG)
    return await _file(job, f"sample-{layout}")


async def _layout(data: LabelsIn) -> Layout:
    try:
        if isinstance(data.layout, str):
            return await queries.layout_of(data.layout, data.right, data.down)
        free: FreeLayout = data.layout
        layout = rules.free_layout(label=free.label, grid=free.grid, page=free.page, origin=free.origin, gap=free.gap)
        return layout.shifted(data.right, data.down) if data.right or data.down else layout
    except LabelProblem as problem:
        raise Invalid(problem.code, problem.detail, **problem.facts) from problem


async def _file(job: LabelJob, name: str) -> Response[bytes]:
    content = await rendering.RENDERER.run(render.render_labels, job, rendering.font_path())
    kind = job.format
    return Response(
        content,
        media_type=MEDIA[kind],
        headers={"content-disposition": f'inline; filename="{name}.{kind.value}"'},
    )


HANDLERS: list[Any] = [
    list_layouts,
    add_layout,
    edit_layout,
    retire_layout,
    print_labels,
    calibration,
    sample,
]
