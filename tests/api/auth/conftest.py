"""The application on a small city, reached in-process by real HTTP requests."""

import asyncio
import tempfile
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, fields
from functools import cache
from pathlib import Path
from typing import Any
from uuid import uuid4

import httpx
import pytest
import pytest_asyncio
from argon2 import PasswordHasher
from litestar import Litestar

from api.app import create_app
from api.auth.edge import Edge, make_edge
from api.clock import Clock
from api.settings import Settings
from tests.conftest import Database
from tests.warehouse.people.city import PASSWORD, City, build
from warehouse.people import passwords


@pytest.fixture(autouse=True)
def _fast_hashes(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(passwords, "_hasher", PasswordHasher(time_cost=1, memory_cost=64, parallelism=1))
    monkeypatch.setattr(passwords, "_nobody", "")


@pytest_asyncio.fixture
async def city(database: Database) -> City:
    """The small city in a fresh database."""
    return await build()


@dataclass
class House:
    """The application with a clock that stands still."""

    app: Litestar
    city: City

    @asynccontextmanager
    async def visitor(self, address: str = "10.0.0.1", **headers: str) -> AsyncIterator[httpx.AsyncClient]:
        """A client without a session."""
        transport = httpx.ASGITransport(self.app, raise_app_exceptions=False, client=(address, 5000))  # type: ignore[arg-type]
        async with httpx.AsyncClient(transport=transport, base_url="http://beiyu.test", headers=headers) as client:
            yield client

    @asynccontextmanager
    async def as_(self, login: str, password: str = PASSWORD) -> AsyncIterator[httpx.AsyncClient]:
        """A client logged in, which sends its CSRF token."""
        async with self.visitor() as client:
            entered = await client.post("/api/v1/sessions", json={"login": login, "password": password})
            assert entered.status_code == 201, entered.text
            client.headers["x-csrf-token"] = entered.json()["csrf"]
            yield client


def attempt() -> dict[str, str]:
    """A header with a new attempt id."""
    return {"idempotency-key": str(uuid4())}


def make_settings(folder: Path, **more: Any) -> Settings:
    """Settings of a test."""
    return Settings(data_dir=folder, **more)


_FOLDER = tempfile.TemporaryDirectory(prefix="beiyu-app-")


@cache
def _application() -> Litestar:
    return create_app(make_settings(Path(_FOLDER.name)))


def application(settings: Settings, clock: Clock) -> Litestar:
    """The one application of the process, with this test's settings and clock and no memory of the tests before:
    making one takes half a second, and hundreds of tests want one. Who changes what it is made of makes his own."""
    app = _application()
    edge, fresh = app.state.edge, make_edge(settings, clock)
    fresh.page_of_problem = edge.page_of_problem
    for one in fields(Edge):
        setattr(edge, one.name, getattr(fresh, one.name))
    return app


@pytest_asyncio.fixture
async def house(city: City, tmp_path: Path) -> AsyncIterator[House]:
    """The application, started."""
    app = application(make_settings(tmp_path, metrics_token="look"), city.clock)
    async with started(app):
        yield House(app, city)


@asynccontextmanager
async def started(app: Litestar) -> AsyncIterator[None]:
    """The lifespan in a task of its own: fixtures are left in another task than they were entered."""
    up, end = asyncio.Event(), asyncio.Event()

    async def live() -> None:
        async with app.lifespan():
            up.set()
            await end.wait()

    task = asyncio.create_task(live())
    waiting = asyncio.create_task(up.wait())
    await asyncio.wait([task, waiting], return_when=asyncio.FIRST_COMPLETED)
    try:
        yield
    finally:
        waiting.cancel()
        end.set()
        await task
