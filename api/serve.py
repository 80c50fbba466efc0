"""`beiyu serve`: the database beneath, the schema, the demo city where asked for, and then the server.

Nothing here outlives a Ctrl-C, and nothing that `kill -9` leaves behind stops the next start.
"""

import asyncio
import contextlib
import errno
import gc
import importlib
import signal
import socket
import sys
import threading
from collections.abc import AsyncIterator, Coroutine, Iterator
from datetime import UTC, datetime
from types import FrameType
from typing import TYPE_CHECKING, Any

import structlog
import uvicorn

from api import database, first_start, tls, worker
from api.embedded import EmbeddedError, EmbeddedPostgres
from api.settings import Settings

if TYPE_CHECKING:
    from api.streams import Streams

log = structlog.get_logger("serve")
WATCH_SECONDS = 0.2
DRAIN_SECONDS = 8
COLLECT_AFTER = (20_000, 10, 10)
"""Looking for garbage in cycles after so many new objects: a batch of scans makes that many, keeps them all until it is
written, and Python's own 700 would look through them some thirty times (a tenth of what a scan costs)."""


class CannotServe(RuntimeError):
    """The server cannot start; the text is for the person at the keyboard."""


def embedded_of(settings: Settings) -> EmbeddedPostgres | None:
    """The embedded PostgreSQL, None where the settings name another."""
    if settings.database_url or settings.database_app_url:
        return None
    return EmbeddedPostgres(settings.postgres_dir)


def run_on_loop(work: Coroutine[Any, Any, Any]) -> Any:
    """Run to the end on uvloop where there is one."""
    try:
        from uvloop import new_event_loop
    except ImportError:
        return asyncio.run(work)
    with asyncio.Runner(loop_factory=new_event_loop) as runner:
        return runner.run(work)


def serve(settings: Settings, *, demo: bool) -> int:
    """Serve until told to stop. Raises CannotServe, EmbeddedError, DatabaseError with a text for people."""
    with _listening(settings) as listener, _terminated_as_interrupted():
        threading.Thread(target=_import_ahead, daemon=True).start()
        embedded = embedded_of(settings)
        if embedded is None:
            run_on_loop(_serve(settings, database.logins(settings), None, listener, demo=demo))
            return 0
        owner = embedded.start()
        try:
            found = database.logins(settings, owner.url)
            run_on_loop(_serve(settings, found, embedded, listener, demo=demo))
        finally:
            embedded.stop()
    return 0


def _import_ahead() -> None:
    """Import the application while the database starts: both take about a second, and the one mostly waits."""
    gc.disable()
    try:
        importlib.import_module("api.app")
    finally:
        gc.enable()


async def _serve(
    settings: Settings,
    found: database.Logins,
    embedded: EmbeddedPostgres | None,
    listener: socket.socket,
    *,
    demo: bool,
) -> None:
    if embedded is not None:
        await database.migrate(found)
    else:
        await database.check_schema(found.app)
    database.configure(found.app)
    await database.open_pool(settings.database_pool_min, settings.database_pool_max)
    try:
        accounts = await load_demo() if demo else []
        code = None if accounts else await first_start.code_if_due(settings)
        async with _watched(settings, embedded), worker.beside(settings):
            await _answer(settings, listener, accounts, code)
    finally:
        await database.close_pool()


async def load_demo() -> list[Any]:
    """Load the demo city into an empty database; the accounts to show: login, password, role.

    `api.demo.load_if_empty` loads, takes up a load that broke off, and answers whether it did anything.
    """
    demo: Any = importlib.import_module("api.demo")
    if not hasattr(demo, "load_if_empty"):
        log.warning("demo.absent")
        return []
    if await demo.load_if_empty():
        log.info("demo.loaded")
        gc.collect()  # before what is left is frozen
    return list(demo.ACCOUNTS)


# --- the server itself --------------------------------------------------------------------------------


class _Server(uvicorn.Server):
    """uvicorn, without raising a handled signal once more at the end, and saying so once it answers."""

    def __init__(self, config: uvicorn.Config, ready: str, streams: "Streams") -> None:
        super().__init__(config)
        self._ready = ready
        self._streams = streams

    def handle_exit(self, sig: int, frame: FrameType | None) -> None:
        self._streams.end()  # they would be waited for
        super().handle_exit(sig, frame)

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets=sockets)
        if self.started:
            sys.stdout.write(self._ready)
            sys.stdout.flush()

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        loop = asyncio.get_running_loop()
        for one in (signal.SIGINT, signal.SIGTERM):
            loop.add_signal_handler(one, self.handle_exit, one, None)
        try:
            yield
        finally:
            for one in (signal.SIGINT, signal.SIGTERM):
                loop.remove_signal_handler(one)


async def _answer(settings: Settings, listener: socket.socket, accounts: list[Any], code: str | None) -> None:
    gc.disable()  # what is imported and built now stays until the end
    from api.app import create_app

    certificate = _certificate(settings)
    app = create_app(settings)
    config = uvicorn.Config(
        app,
        http="httptools",
        ws="none",
        lifespan="on",
        log_config=None,
        access_log=False,
        server_header=False,
        proxy_headers=bool(settings.trusted_proxies),
        forwarded_allow_ips=settings.trusted_proxies or None,
        timeout_graceful_shutdown=DRAIN_SECONDS,
        ssl_certfile=certificate.cert if certificate else None,
        ssl_keyfile=certificate.key if certificate else None,
    )
    config.load()
    gc.freeze()
    gc.set_threshold(*COLLECT_AFTER)
    gc.enable()
    server = _Server(config, _greeting(settings, listener, accounts, code), app.state.streams)
    port = listener.getsockname()[1]
    async with tls.kept_fresh(settings, config.ssl), tls.leading_here(settings, port):
        await server.serve(sockets=[listener])
    if not server.started:
        raise CannotServe("The application did not start; see the lines above.")


def _certificate(settings: Settings) -> tls.Certificate | None:
    """What to answer https with, None for plain http. Raises CannotServe."""
    if not tls.wanted(settings):
        return None
    try:
        return tls.prepare(settings, datetime.now(UTC))
    except (OSError, ValueError) as error:
        raise CannotServe(f"No https: {error}") from error


def _greeting(settings: Settings, listener: socket.socket, accounts: list[Any], code: str | None) -> str:
    host, port = listener.getsockname()[:2]
    shown = f"[{host}]" if ":" in host else host
    scheme = "https" if tls.wanted(settings) else "http"
    lines = ["", f"  Beiyu 备豫   {settings.public_url or f'{scheme}://{shown}:{port}'}", ""]
    if scheme == "https" and settings.host == "0.0.0.0":  # noqa: S104 - compared, not bound
        lines += [*(f"  Phones begin at 手机请打开 https://{one}:{port}/install" for one in tls.addresses()), ""]
    if accounts:
        lines += ["  Demo accounts 演示账号 (login  password  role):"]
        lines += [f"    {'  '.join(str(part) for part in account)}" for account in accounts]
        lines += [""]
    if code:
        lines += [f"  First start 首次启用: open the address above; the code is 启用码  {code}", ""]
    return "\n".join([*lines, "  Stop with Ctrl-C.", "", ""])


async def until_told(work: Coroutine[Any, Any, None]) -> None:
    """Do `work` until it ends or SIGINT or SIGTERM comes."""
    told = asyncio.Event()
    loop = asyncio.get_running_loop()
    for one in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(one, told.set)
    working, waiting = asyncio.create_task(work), asyncio.create_task(told.wait())
    await asyncio.wait([working, waiting], return_when=asyncio.FIRST_COMPLETED)
    waiting.cancel()
    if not working.done():
        working.cancel()
    await asyncio.gather(working, waiting, return_exceptions=True)
    if not working.cancelled() and (error := working.exception()) is not None:
        raise error


# --- the socket, the signals, the database beneath ------------------------------------------------------


@contextlib.contextmanager
def _listening(settings: Settings) -> Iterator[socket.socket]:
    """The bound socket, before anything else is started. Raises CannotServe where the port is taken."""
    family = socket.AF_INET6 if ":" in settings.host else socket.AF_INET
    listener = socket.socket(family, socket.SOCK_STREAM)
    try:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            listener.bind((settings.host, settings.port))
        except OSError as error:
            if error.errno == errno.EADDRINUSE:
                reason = "is taken by another program (is Beiyu running already?)"
            elif error.errno == errno.EACCES:
                reason = "may not be opened by this user"
            else:
                reason = f"cannot be opened: {error.strerror or error}"
            raise CannotServe(
                f"Port {settings.port} on {settings.host} {reason}. Choose another: BEIYU_PORT=8001"
            ) from error
        yield listener
    finally:
        listener.close()


@contextlib.contextmanager
def _terminated_as_interrupted() -> Iterator[None]:
    """A termination while the database starts or the demo loads ends us in order, as Ctrl-C does."""

    def interrupt(*_: object) -> None:
        raise KeyboardInterrupt

    before = signal.signal(signal.SIGTERM, interrupt)
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, before)


@contextlib.asynccontextmanager
async def _watched(settings: Settings, embedded: EmbeddedPostgres | None) -> AsyncIterator[None]:
    """Start the embedded database again whenever it dies; the pool connects anew by itself."""
    if embedded is None:
        yield
        return
    watching = asyncio.create_task(_watch(settings, embedded))
    try:
        yield
    finally:
        watching.cancel()
        await asyncio.gather(watching, return_exceptions=True)


async def _watch(settings: Settings, embedded: EmbeddedPostgres) -> None:
    while True:
        await asyncio.sleep(WATCH_SECONDS)
        if embedded.is_alive():
            continue
        log.error("postgres.died")
        before = embedded.connection
        try:
            after = await asyncio.to_thread(embedded.restart)
        except EmbeddedError as error:
            log.exception("postgres.not-restarted", reason=str(error))
            await asyncio.sleep(2)
            continue
        log.info("postgres.restarted", port=after.port)
        if after != before:
            await database.close_pool()
            database.configure(database.logins(settings, after.url).app)
            await database.open_pool(settings.database_pool_min, settings.database_pool_max)
