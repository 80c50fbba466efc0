"""Boards that many screens watch: read once, never older than the news; and what the stream says of them."""

import asyncio
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import uuid4

import asyncpg
import pytest

from api import boards as module
from api import streams
from api.boards import Boards
from catalog.kernel import feed
from catalog.kernel.access import EVERYWHERE, ROLES, Grant, Role
from catalog.kernel.feed import Bookmark, News
from tests.others import others_done
from tests.warehouse.stock import world
from warehouse.board.model import TOPICS, Board, Sight

NOW = datetime(2026, 11, 27, 1, 0, tzinfo=UTC)
ALL = Sight(EVERYWHERE, EVERYWHERE, EVERYWHERE)


@pytest.fixture
def readings(monkeypatch: pytest.MonkeyPatch) -> list[datetime]:
    """When the board was really read."""
    found: list[datetime] = []

    async def read(*, sight: Sight, at: datetime, incident_id: Any) -> Board:
        found.append(at)
        await asyncio.sleep(0.01)
        return Board(at, 120, (), (), (), (), (), (), ())

    monkeypatch.setattr(module.queries, "read_board", read)
    return found


async def _news(owner: asyncpg.Connection, topic: str = "release") -> None:
    await owner.execute("INSERT INTO feed (topic, key, at) VALUES ($1, $2, now())", topic, str(uuid4()))


async def test_twenty_screens_cost_one_reading_until_there_is_news(
    owner: asyncpg.Connection, readings: list[datetime]
) -> None:
    boards = Boards()
    await asyncio.gather(*(boards.read(ALL, None, NOW) for _ in range(20)))
    assert len(readings) == 1
    for topic in TOPICS:
        before = len(readings)
        await _news(owner, topic)
        await others_done()
        newest = await feed.frontier()
        found = await boards.read(ALL, None, NOW)
        assert len(readings) == before + 1, topic
        assert (found.upto.xid, found.upto.seq) >= (newest.xid, newest.seq)
        await boards.read(ALL, None, NOW)
        assert len(readings) == before + 1
    await _news(owner, "care")
    await others_done()
    await boards.read(ALL, None, NOW)
    assert len(readings) == 1 + len(TOPICS)


async def test_time_alone_makes_a_board_old(owner: asyncpg.Connection, readings: list[datetime]) -> None:
    boards = Boards()
    await boards.read(ALL, None, NOW)
    await boards.read(ALL, None, NOW + timedelta(seconds=14))
    assert len(readings) == 1
    await boards.read(ALL, None, NOW + timedelta(seconds=16))
    assert len(readings) == 2


async def test_other_eyes_and_other_incidents_have_boards_of_their_own(
    owner: asyncpg.Connection, readings: list[datetime]
) -> None:
    boards, other = Boards(), Sight(EVERYWHERE, EVERYWHERE, module.queries.Scope(("/1/3/",)))
    for sight, incident in ((ALL, None), (other, None), (ALL, uuid4())):
        await boards.read(sight, incident, NOW)
    assert len(readings) == 3


async def test_what_commits_late_is_not_overlooked(
    owner: asyncpg.Connection, database: Any, readings: list[Any]
) -> None:
    """A transaction that began before the reading and ends after it makes the next reading a new one."""
    boards = Boards()
    async with owner.transaction():
        await _news(owner)
        await boards.read(ALL, None, NOW)
        await boards.read(ALL, None, NOW)
        assert len(readings) == 1
    await others_done()
    await boards.read(ALL, None, NOW)
    assert len(readings) == 2


async def test_the_stream_says_up_to_where_there_is_news_and_nothing_else(owner: asyncpg.Connection) -> None:
    news = [News(Bookmark(7, n), topic, str(uuid4()), NOW) for n, topic in enumerate(("incident", "release", "case"))]
    reader = world.stamp()
    (told,) = await streams._told(news, reader)
    assert told == b'id: 7.2\nevent: board\ndata: {"upto":"7.2"}\n\n'
    administrator = replace(reader, grants=(Grant(Role.SYSTEM_ADMIN, "/", ROLES[Role.SYSTEM_ADMIN]),))
    assert await streams._told(news, administrator) == []
