"""Work in a process of its own: it answers, and it ends with whoever no longer waits for it."""

import asyncio
import os
import time
from datetime import UTC, datetime
from pathlib import Path

import asyncpg
import pytest

from api import apart
from tests.others import others_done
from tests.warehouse.stock import world
from warehouse.alerts import actions
from warehouse.alerts.actions import judging
from warehouse.norms import actions as norms
from warehouse.norms.model import NormFacts


async def other_process() -> int:
    """Where it runs."""
    return os.getpid()


async def forever(note: str) -> None:
    """Say where it runs and go on for ever."""
    await asyncio.to_thread(Path(note).write_text, str(os.getpid()))
    await asyncio.sleep(3600)


async def test_the_full_pass_runs_apart_and_writes_what_it_finds(owner: asyncpg.Connection) -> None:
    await world.build(owner)
    await norms.set_norms(stamp=world.stamp(), norms=[NormFacts(site_id=1, item_id=1, minimum=5, source="x")])
    assert await apart.run(other_process) != os.getpid()
    tally = await apart.run(actions.judge_all, now=world.NOW)
    assert tally.opened == 1
    assert await owner.fetchval("SELECT count(*) FROM alert") == 1


async def test_whoever_stops_waiting_ends_it(owner: asyncpg.Connection, tmp_path: Path) -> None:
    note = tmp_path / "pid"
    task = asyncio.create_task(apart.run(forever, str(note)))
    until = time.monotonic() + 60
    while not (note.exists() and note.read_text()):
        assert time.monotonic() < until
        await asyncio.sleep(0.05)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    process = Path(f"/proc/{note.read_text()}/stat")
    while process.exists() and process.read_text().rpartition(")")[2].split()[0] != "Z":
        assert time.monotonic() < until, "it goes on"
        await asyncio.sleep(0.05)


async def test_a_norm_for_many_places_is_left_to_the_full_pass(
    owner: asyncpg.Connection, monkeypatch: pytest.MonkeyPatch
) -> None:
    await world.build(owner)
    await actions.judge_all(now=datetime.now(UTC))
    monkeypatch.setattr(judging, "MOST_TOUCHED", 0)
    await norms.set_norms(stamp=world.stamp(), norms=[NormFacts(site_id=1, item_id=1, minimum=5, source="x")])
    await others_done()
    followed = await actions.follow(now=world.NOW)
    while followed.news and not followed.wants_all:
        followed = await actions.follow(now=world.NOW)
    assert followed.wants_all
