"""The whole program as one ASGI application: `create_app(settings)`."""

import asyncio
import contextlib
import re
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Any

import structlog
from litestar import Litestar, Response, Router, get
from litestar.config.app import AppConfig
from litestar.datastructures import State
from litestar.di import Provide
from litestar.openapi.config import OpenAPIConfig
from litestar.plugins.pydantic import PydanticPlugin
from litestar.types import Message, Scope
from prometheus_client import Counter, Histogram

from api import database, demo, errors, importing, rendering, rest, solving, web
from api.auth.edge import PUBLIC, Edge, make_edge, visit_of
from api.auth.gate import gate, new_visit
from api.auth.stamps import provide_caller, provide_stamp
from api.boards import Boards
from api.clock import Clock, system_clock
from api.openapi import STYLE, CompletedJson, ReadingPage, page_of_codes
from api.rest import health
from api.settings import Settings
from api.streams import Streams
from api.web import english
from catalog.kernel import audit, db
from catalog.kernel.errors import Problem
from warehouse.scanning.desk import Desk

VERSION = "0.1.0"
log = structlog.get_logger("app")

POLICY = (
    "default-src 'self'; script-src 'self' 'wasm-unsafe-eval'; style-src 'self';"
    " style-src-attr 'unsafe-inline'; img-src 'self' data: blob:{tiles}; media-src 'self' blob:;"
    " connect-src 'self'; worker-src 'self' blob:; object-src 'none'; base-uri 'none';"
    " form-action 'self'; frame-ancestors 'none'"
)
SECURITY_HEADERS = [
    (b"x-content-type-options", b"nosniff"),
    (b"x-frame-options", b"DENY"),
    (b"referrer-policy", b"same-origin"),
    (b"cross-origin-opener-policy", b"same-origin"),
    (b"permissions-policy", b"camera=(self), geolocation=(self), microphone=()"),
]
"""With the policy: self only. `wasm-unsafe-eval` is for the camera's barcode reader; style attributes (not sheets) for
charts. The one exception is pictures of the host whose map tiles the house has set."""
HSTS = (b"strict-transport-security", b"max-age=31536000")
NO_STORE = (b"cache-control", b"no-store")

REQUESTS = Counter("beiyu_requests_total", "Requests answered", ["method", "route", "status"])
SECONDS = Histogram(
    "beiyu_request_seconds",
    "Time until the answer began",
    ["route"],
    buckets=(0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 10),
)


AS_DECLARED: Any = None
"""Fields are as strict as they say. Litestar's own default, False, lets "4", 4.0 and true pass for a StrictInt."""


def policy_of(settings: Settings) -> bytes:
    """The content security policy: with the hosts of the map's tiles, where some are set."""
    hosts = {host: None for address in settings.map_tiles.split() if (host := tile_host(address))}
    return POLICY.format(tiles="".join(f" {host}" for host in hosts)).encode()


def tile_host(address: str) -> str:
    """Where tiles of this address come from, as a policy names it: `https://t{s}.x.cn/…` is `https://*.x.cn`."""
    found = re.match(r"(https?://)([A-Za-z0-9{}.-]+)(:[0-9]+)?(?=/)", address)
    if found is None:
        return ""
    labels = ["*" if "{" in label else label for label in found[2].split(".")]
    return f"{found[1]}{'.'.join(labels)}{found[3] or ''}" if "*" not in labels[1:] else ""


def create_app(
    settings: Settings,
    *,
    clock: Clock = system_clock,
    install: Callable[[AppConfig], AppConfig] | None = None,
    route_handlers: list[Any] | None = None,
) -> Litestar:
    """The application. The engine must be configured (`api.database.configure`); its pool opens with the lifespan.

    `install` may add to the application (the web does so with its templates and pages); `route_handlers` are
    further handlers, for tests.
    """
    edge = make_edge(settings, clock)
    return Litestar(
        route_handlers=[rest.router(), *health.HANDLERS, schema_style, error_codes, *(route_handlers or [])],
        plugins=[PydanticPlugin(validate_strict=AS_DECLARED, prefer_alias=True)],
        on_app_init=[web.install, *([install] if install else [])],
        middleware=[gate(edge)],
        dependencies={"stamp": Provide(provide_stamp), "caller": Provide(provide_caller, sync_to_thread=False)},
        exception_handlers=errors.handlers(),
        before_send=[_finish],
        after_exception=[_record_refusal],
        state=State({"edge": edge, "streams": Streams(), "boards": Boards(), "policy": policy_of(settings)}),
        lifespan=[_lifespan, rendering.lifespan, solving.lifespan, importing.lifespan, english.lifespan],
        request_max_body_size=settings.max_body_mb * 1024 * 1024,
        logging_config=None,
        openapi_config=OpenAPIConfig(
            title="Beiyu 备豫",
            version=VERSION,
            description="Emergency materials of a city: what must be in store, what is, and how it is made good again.",
            use_handler_docstrings=True,
            create_examples=False,
            render_plugins=[ReadingPage(), CompletedJson()],
            openapi_router=Router("/schema", route_handlers=[], include_in_schema=False, opt={PUBLIC: True}),
        ),
    )


@get("/schema/error-codes", opt={PUBLIC: True}, include_in_schema=False, sync_to_thread=True)
def error_codes() -> Response[str]:
    """Every error code, for people."""
    return Response(page_of_codes(), media_type="text/html")


@get("/schema/read.css", opt={PUBLIC: True}, include_in_schema=False, sync_to_thread=False)
def schema_style() -> Response[str]:
    """The looks of the API's reading page (inline styles are forbidden)."""
    return Response(STYLE, media_type="text/css", headers={"cache-control": "max-age=3600"})


# --- around every request -----------------------------------------------------------------------------


async def _finish(message: Message, scope: Scope) -> None:
    """Headers that every answer carries, and its count."""
    if message["type"] != "http.response.start":
        return
    visit = visit_of(scope) or new_visit(scope, dict(scope["headers"]))
    headers = message["headers"] = list(message["headers"])
    names = {name for name, _ in headers}
    headers += SECURITY_HEADERS
    headers.append((b"content-security-policy", scope["litestar_app"].state.policy))
    headers.append((b"x-request-id", visit.request_id.encode()))
    if visit.secure:
        headers.append(HSTS)
    if b"cache-control" not in names:
        headers.append(NO_STORE)
    route = scope.get("path_template") or "none"
    REQUESTS.labels(scope.get("method", ""), route, str(message["status"])).inc()
    SECONDS.labels(route).observe(time.perf_counter() - visit.started)


async def _record_refusal(error: Exception, scope: Scope) -> None:
    """An audit row for every refusal, after its rollback and before the answer."""
    if isinstance(error, Problem):
        edge: Edge = scope["litestar_app"].state.edge
        await edge.refusals.record(error, scope)


# --- beside the requests ------------------------------------------------------------------------------


@contextlib.asynccontextmanager
async def _lifespan(app: Litestar) -> AsyncIterator[None]:
    edge: Edge = app.state.edge
    from api.piccolo_conf import DB

    opened = DB.pool is None
    if opened:
        await database.open_pool(edge.settings.database_pool_min, edge.settings.database_pool_max)
    edge.demo = await demo.is_demo()
    tasks = [
        asyncio.create_task(_forever("sealer", 1.0, Sealer(edge.audit_key))),
        asyncio.create_task(_forever("janitor", 60.0, lambda: _tidy(edge))),
    ]
    app.state.desk = desk = Desk()
    desk.start()
    try:
        yield
    finally:
        await app.state.streams.stop()
        await desk.stop()
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        with contextlib.suppress(*db.CONNECTION_ERRORS, RuntimeError):
            await edge.refusals.flush()
        if opened:
            await database.close_pool()


async def _forever(name: str, seconds: float, work: Callable[[], Awaitable[None]]) -> None:
    """Do `work` again and again; an error is logged and the next turn comes all the same."""
    while True:
        await asyncio.sleep(seconds)
        try:
            await work()
        except (*db.CONNECTION_ERRORS, RuntimeError) as error:
            log.warning("task.waiting", task=name, error=str(error) or type(error).__name__)
        except Exception:
            log.exception("task.failed", task=name)


class Sealer:
    """Seals the audit trail when rows were added, and once a minute in any case (a row may commit late). In small
    portions: other requests are served between them."""

    PORTION = 500
    LATE_EVERY = 10
    """Portions between two looks for rows that committed late: well within `audit.LOOK_BACK` rows."""

    def __init__(self, key: bytes) -> None:
        self._key = key
        self._last = -1
        self._turns = 0

    async def __call__(self) -> None:
        newest = await db.fetch_value("SELECT coalesce(max(seq), 0) FROM audit")
        self._turns += 1
        if newest == self._last and self._turns % 60:
            return
        sealed, portions = await audit.seal(self._key, self.PORTION), 1
        while sealed == self.PORTION:
            await asyncio.sleep(0.02)
            sealed = await audit.seal(self._key, self.PORTION, late=portions % self.LATE_EVERY == 0)
            portions += 1
        if sealed == 0:
            self._last = newest


async def _tidy(edge: Edge) -> None:
    await edge.refusals.flush()
