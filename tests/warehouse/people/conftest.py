"""Fast hashes and a small city."""

import pytest
import pytest_asyncio
from argon2 import PasswordHasher

from tests.conftest import Database
from tests.warehouse.people.city import City, build
from warehouse.people import passwords


@pytest.fixture(autouse=True)
def _fast_hashes(monkeypatch: pytest.MonkeyPatch) -> None:
    """Real argon2id, with the least it can do: the tests log in hundreds of times."""
    monkeypatch.setattr(passwords, "_hasher", PasswordHasher(time_cost=1, memory_cost=64, parallelism=1))
    monkeypatch.setattr(passwords, "_nobody", "")


@pytest_asyncio.fixture
async def city(database: Database) -> City:
    """The small city in a fresh database."""
    return await build()
