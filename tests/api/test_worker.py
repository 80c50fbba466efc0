"""Jobs: planned once per slot, done once, taken up again when a worker is lost, and told about."""

import asyncio
import os
import signal
import subprocess
import sys
import time
from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from api import jobs as registry
from api import worker as workers
from api.jobs import Context, Job, Said, Schedule
from api.settings import Settings
from api.worker import Worker
from catalog.kernel import db, jobs
from catalog.kernel.errors import Refused
from catalog.kernel.jobs import Status
from tests.api.test_serve import Installation, installation  # noqa: F401 - a fixture
from tests.conftest import ROOT, Database

NOON = datetime(2026, 11, 26, 4, 0, tzinfo=UTC)


class Clock:
    """A clock that is set."""

    def __init__(self) -> None:
        self.now = NOON

    def __call__(self) -> datetime:
        return self.now


@pytest.mark.parametrize(
    ("schedule", "last", "following"),
    [
        (Schedule(3, 10), "2026-11-25T19:10", "2026-11-26T19:10"),
        (Schedule(23, 0), "2026-11-25T15:00", "2026-11-26T15:00"),
        (Schedule(0, 20, day=1), "2026-10-31T16:20", "2026-11-30T16:20"),
        (Schedule(0, 20, day=28), "2026-10-27T16:20", "2026-11-27T16:20"),
        (Schedule(every_minutes=60), "2026-11-26T04:00", "2026-11-26T05:00"),
    ],
)
def test_slots_are_shanghai_times(schedule: Schedule, last: str, following: str) -> None:
    assert schedule.last(NOON) == datetime.fromisoformat(last).replace(tzinfo=UTC)
    assert schedule.next(NOON) == datetime.fromisoformat(following).replace(tzinfo=UTC)


def test_each_slot_follows_the_one_before() -> None:
    """Over a year and a half, whatever the month's length: last and next meet without a gap."""
    for schedule in (Schedule(3, 10), Schedule(0, 20, day=1), Schedule(every_minutes=45)):
        at = NOON
        for _ in range(600):
            following = schedule.next(at)
            assert following > at
            assert schedule.last(following) == following
            assert schedule.last(following - timedelta(seconds=1)) == schedule.last(at)
            at = following


class Bench:
    """A worker over jobs of the test's own."""

    def __init__(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        self.clock = Clock()
        self.done: list[Any] = []
        self.jobs: dict[str, Job] = {}
        monkeypatch.setattr(workers, "JOBS", self.jobs)
        self.settings = Settings(data_dir=tmp_path)

    def worker(self, name: str = "w") -> Worker:
        return Worker(self.settings, self.clock, name=name, first_seconds=0, idle_seconds=0.02)

    def job(self, name: str, *, fails: Exception | None = None, found: bool = False, **more: Any) -> None:
        async def work(context: Context) -> Said:
            self.done.append((name, dict(context.arguments)))
            if fails:
                raise fails
            return Said("好了", "done", found=found)

        self.jobs[name] = Job(name, name, name, work, **more)

    async def runs(self, job: str) -> list[jobs.Run]:
        return list((await jobs.list_runs(job=job)).items)


@pytest.fixture
def bench(database: Database, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Bench:
    return Bench(tmp_path, monkeypatch)


async def test_a_new_house_begins_with_its_next_slot_and_each_slot_is_done_once(bench: Bench) -> None:
    bench.job("night", schedule=Schedule(3, 10))
    first, second = bench.worker("a"), bench.worker("b")
    await first.plan()
    assert not await first.turn()
    assert [run.status for run in await bench.runs("night")] == [Status.SKIPPED]
    bench.clock.now += timedelta(days=1)
    await asyncio.gather(first.plan(), second.plan())
    turned = await asyncio.gather(first.turn(), second.turn())
    assert sorted(turned) == [False, True]
    assert not await second.turn()
    assert bench.done == [("night", {})]
    run = (await bench.runs("night"))[0]
    assert (run.status, run.words_zh, run.words_en, run.ended_at) == (Status.DONE, "好了", "done", bench.clock.now)


async def test_a_machine_that_slept_makes_up_for_the_last_slot_only(bench: Bench) -> None:
    bench.job("night", schedule=Schedule(3, 10))
    await bench.worker().plan()
    bench.clock.now += timedelta(days=30)
    await bench.worker().plan()
    while await bench.worker().turn():
        pass
    assert bench.done == [("night", {})]


async def test_what_a_job_says_and_how_it_breaks_is_kept(bench: Bench) -> None:
    bench.job("finds", found=True)
    bench.job("refuses", fails=Refused("stock.snapshot-busy", "有未结束的过账"))
    bench.job("raises", fails=ValueError("no such thing"))
    for name in bench.jobs:
        await jobs.ask(name, now=bench.clock.now, asked_by="cz.system")
    while await bench.worker().turn():
        pass
    seen = {run.job: run for run in (await jobs.list_runs()).items}
    assert seen["finds"].status is Status.FOUND
    assert seen["refuses"].status is Status.FAILED
    assert seen["refuses"].words_zh == "有未结束的过账"
    assert seen["raises"].status is Status.FAILED
    assert "no such thing" in seen["raises"].words_en


async def test_a_job_that_takes_too_long_is_ended(bench: Bench) -> None:
    async def work(_: Context) -> Said:
        await asyncio.sleep(60)
        return Said("", "")

    bench.jobs["slow"] = replace(Job("slow", "", "", work), minutes=0)
    await jobs.ask("slow", now=bench.clock.now, asked_by="x")
    assert await bench.worker().turn()
    assert (await bench.runs("slow"))[0].status is Status.FAILED


async def test_asked_twice_is_one_run_and_deferred_work_waits_for_its_time(bench: Bench) -> None:
    bench.job("one")
    bench.job("later")
    first, joined = await jobs.ask("one", now=bench.clock.now, asked_by="a")
    assert not joined
    assert await jobs.ask("one", now=bench.clock.now, asked_by="b") == (first, True)
    for number in (1, 2):
        await jobs.defer("later", {"n": number}, due_at=bench.clock.now + timedelta(hours=1), asked_by="a")
    while await bench.worker().turn():
        pass
    assert bench.done == [("one", {})]
    bench.clock.now += timedelta(hours=2)
    while await bench.worker().turn():
        pass
    assert bench.done[1:] == [("later", {"n": 1}), ("later", {"n": 2})]


async def test_deferred_with_an_act_is_gone_with_it(bench: Bench) -> None:
    async def act() -> None:
        async with db.transaction():
            await jobs.defer("later", {}, due_at=bench.clock.now, asked_by="a")
            raise Refused("test.no", "不")

    with pytest.raises(Refused):
        await act()
    assert (await jobs.list_runs()).items == []


async def test_a_lost_worker_s_run_is_taken_up_again_and_given_up_in_the_end(bench: Bench) -> None:
    bench.job("fragile")
    await jobs.ask("fragile", now=bench.clock.now, asked_by="a")
    for turn in range(1, jobs.MOST_TURNS + 1):
        lost = await jobs.take(["fragile"], now=bench.clock.now, worker=f"lost-{turn}")
        assert lost is not None
        assert lost.turns == turn
        assert not await bench.worker().turn(), "one at a time"
        bench.clock.now += jobs.SILENT_AFTER + timedelta(seconds=1)
        assert await jobs.revive(now=bench.clock.now) == 1
        assert not await jobs.beat(lost.id, now=bench.clock.now, worker=f"lost-{turn}")
    assert (await bench.runs("fragile"))[0].status is Status.BROKEN
    assert not await bench.worker().turn()


async def test_a_worker_that_comes_back_late_changes_nothing(bench: Bench) -> None:
    bench.job("fragile")
    await jobs.ask("fragile", now=bench.clock.now, asked_by="a")
    late = await jobs.take(["fragile"], now=bench.clock.now, worker="late")
    assert late is not None
    bench.clock.now += jobs.SILENT_AFTER + timedelta(seconds=1)
    await jobs.revive(now=bench.clock.now)
    assert await bench.worker().turn()
    await jobs.end(late.id, Status.FAILED, now=bench.clock.now, worker="late", words_zh="", words_en="")
    assert (await bench.runs("fragile"))[0].status is Status.DONE


async def test_old_runs_are_forgotten_and_open_ones_kept(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(jobs, "KEPT_RUNS", 2)
    bench.job("often")
    waiting = await jobs.defer("often", {}, due_at=bench.clock.now + timedelta(days=9), asked_by="a")
    for _ in range(4):
        await jobs.ask("often", now=bench.clock.now, asked_by="a")
        assert await bench.worker().turn()
    assert await jobs.forget_old() == 2
    assert waiting in [run.id for run in await bench.runs("often")]


async def test_every_job_of_the_house_runs_on_an_empty_city_and_twice(database: Database, tmp_path: Path) -> None:
    context = Context(Settings(data_dir=tmp_path), lambda: datetime.now(UTC))
    for job in registry.JOBS.values():
        for _ in range(2):
            said = await job.work(context)
            assert said.zh, job.name
            assert said.en, job.name
            assert not said.found, (job.name, said.en)


# --- as processes -----------------------------------------------------------------------------------------


@pytest.fixture
async def apart(installation: Installation) -> AsyncIterator[subprocess.Popen[bytes]]:  # noqa: F811
    """A server that does no jobs, and `beiyu worker` beside it."""
    installation.serve(WORKER="apart")
    with installation.log.open("ab") as log:
        process = subprocess.Popen(
            [sys.executable, "-m", "api.cli", "worker"],
            cwd=ROOT,
            env=installation.environment(WORKER="apart"),
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
            start_new_session=True,
        )
    yield process
    if process.poll() is None:
        process.kill()
        process.wait()


def _words(installation: Installation, wanted: str, count: int, seconds: float = 60) -> None:  # noqa: F811
    deadline = time.monotonic() + seconds
    while installation.log.read_text().count(wanted) < count:
        assert time.monotonic() < deadline, installation.log.read_text()[-4000:]
        time.sleep(0.1)


def test_a_worker_apart_survives_the_death_of_the_database(
    installation: Installation,  # noqa: F811
    apart: subprocess.Popen[bytes],
) -> None:
    _words(installation, "worker.started", 1)
    assert installation.run("job", "house.clean-up").returncode == 0
    _words(installation, "job.ended", 1)
    below = installation.postmaster
    os.kill(below, signal.SIGKILL)
    while not (installation.is_ready() and installation.postmaster != below):
        time.sleep(0.05)
    assert installation.run("job", "house.clean-up").returncode == 0
    _words(installation, "job.ended", 2)
    apart.send_signal(signal.SIGTERM)
    assert apart.wait(timeout=20) == 0
