"""Dictionaries, label stock, jobs."""

from typing import Annotated, Any

from litestar import Request, Response, get
from litestar.params import PathParameter

from api.auth.edge import edge_of
from api.auth.stamps import Stamped
from api.jobs import JOBS
from api.web.pages import named, viewer_of
from api.web.routes import asked
from api.web.routes.admin.people import tree
from api.web.routes.admin.sections import desk
from catalog.classes import queries as classes
from catalog.items.queries import list_storage_classes
from catalog.kernel import history, jobs, parameters
from catalog.kernel.access import Permission, scope_of
from catalog.regions.queries import root_path
from warehouse.printing import queries as stocks
from warehouse.printing.model import LAYOUT

STORAGE = "storage"
FIRST = ("gbt38565", "local")


@get("/admin/dictionaries", include_in_schema=False)
async def dictionaries_page(request: Request[Any, Any, Any], stamp: Stamped) -> Response[str]:
    """Classes by scheme, and the kinds of storage."""
    stamp.require(Permission.SETTING_EDIT)
    schemes = sorted(await classes.list_schemes(), key=lambda one: (one not in FIRST, one))
    wanted = asked.text(request, "scheme") or (schemes[0] if schemes else STORAGE)
    scheme = wanted if wanted in (*schemes, STORAGE) else STORAGE
    listed = await classes.list_classes(
        scheme=scheme, query=asked.text(request, "q"), cursor=asked.cursor(request), limit=asked.PAGE
    )
    return desk(
        request,
        "admin_dictionaries.html",
        schemes=schemes,
        scheme=scheme,
        listed=listed,
        storage=await list_storage_classes(),
        mine=scope_of(stamp.grants, Permission.CATALOG_EDIT).covers(await root_path()),
    )


@get("/admin/layouts", include_in_schema=False)
async def layouts_page(request: Request[Any, Any, Any], stamp: Stamped) -> Response[str]:
    """Label stock, drawn, with where each is the usual one; what administrators added can be changed."""
    stamp.require(Permission.SETTING_EDIT)
    lang = viewer_of(request).language
    names = {one.path: named(lang, one) for one in await tree()}
    usual: dict[str, list[str]] = {}
    for setting in await parameters.list_settings(LAYOUT.key):
        if setting.value is not None and setting.path in names:
            usual.setdefault(str(setting.value), []).append(names[setting.path])
    root = await root_path()
    if root in names and not any(names[root] in places for places in usual.values()):
        usual.setdefault(str(LAYOUT.default), []).insert(0, names[root])
    retired = request.query_params.get("retired") == "yes"
    return desk(
        request,
        "admin_layouts.html",
        stocks=await stocks.list_stock(retired=retired),
        usual=usual,
        mine=scope_of(stamp.grants, Permission.SETTING_EDIT).covers(root),
    )


@get("/admin/layouts/{name:str}", include_in_schema=False)
async def layout_page(
    request: Request[Any, Any, Any], stamp: Stamped, name: Annotated[str, PathParameter(max_length=40)]
) -> Response[str]:
    """One kind of stock: a sample label, its calibration page, and what may be changed."""
    scope = stamp.require(Permission.SETTING_EDIT)
    stock = await stocks.get_stock(name)
    changes = await history.list_changes(table="label_layout", key=name, limit=20)
    mine = scope.covers(await root_path()) and stock.own and stock.retired_at is None
    return desk(request, "admin_layout.html", stock=stock, mine=mine, changes=changes)


@get("/admin/jobs", include_in_schema=False)
async def jobs_page(request: Request[Any, Any, Any], stamp: Stamped) -> Response[str]:
    """Every job with its last run, and the runs, the newest first."""
    stamp.require(Permission.SETTING_EDIT)
    now = edge_of(request).clock()
    last = await jobs.last_runs()
    shown = [
        (
            job,
            last[name][0] if name in last else None,
            last[name][1] if name in last else None,
            job.schedule.next(now) if job.schedule else None,
        )
        for name, job in JOBS.items()
    ]
    chosen = asked.text(request, "job")
    runs = await jobs.list_runs(job=chosen if chosen in JOBS else None, cursor=asked.cursor(request), limit=asked.PAGE)
    lang = viewer_of(request).language
    names = {name: named(lang, job) for name, job in JOBS.items()}
    return desk(request, "admin_jobs.html", jobs=shown, runs=runs, chosen=chosen, names=names)


HANDLERS: list[Any] = [dictionaries_page, layouts_page, layout_page, jobs_page]
