"""The process that draws: started when needed, replaced when it dies, gone when idle or when the server is gone."""

import asyncio
import contextlib
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from api import rendering
from catalog.kernel.errors import Invalid
from labels.errors import BadCode

ROOT = Path(__file__).parents[2]


async def test_a_worker_that_died_is_replaced_and_an_idle_one_ends() -> None:
    renderer = rendering.Renderer(idle_seconds=0.2)
    assert not renderer.started
    pid = await renderer.run(os.getpid)
    assert pid != os.getpid()
    assert await renderer.run(os.getpid) == pid
    with pytest.raises(rendering.NotNow):
        await renderer.run(os._exit, 3)
    assert await renderer.run(os.getpid) != pid
    await asyncio.sleep(0.5)
    assert not renderer.started
    assert await renderer.run(os.getpid) > 0
    renderer.close()


async def test_what_cannot_be_drawn_comes_out_as_a_refusal_with_its_facts() -> None:
    renderer = rendering.Renderer()
    with pytest.raises(Invalid) as refusal:
        await renderer.run(_refuse)
    assert (refusal.value.code, refusal.value.facts) == ("labels.bad-own-key", {"key": "x"})
    assert renderer.started
    renderer.close()


async def test_too_many_jobs_at_once_are_told_to_come_back() -> None:
    renderer = rendering.Renderer()
    jobs = [asyncio.create_task(renderer.run(time.sleep, 0.05)) for _ in range(rendering.MOST_WAITING + 3)]
    done = await asyncio.gather(*jobs, return_exceptions=True)
    assert sum(isinstance(one, rendering.NotNow) for one in done) == 3
    assert sum(one is None for one in done) == rendering.MOST_WAITING
    renderer.close()


def test_the_worker_does_not_outlive_a_server_that_was_killed() -> None:
    code = (
        "import asyncio, os\n"
        "from api.rendering import Renderer\n"
        "async def main():\n"
        "    print(await Renderer().run(os.getpid), flush=True)\n"
        "    await asyncio.sleep(60)\n"
        "asyncio.run(main())\n"
    )
    with subprocess.Popen([sys.executable, "-c", code], cwd=ROOT, stdout=subprocess.PIPE, text=True) as server:
        assert server.stdout is not None
        worker = int(server.stdout.readline())
        os.kill(worker, 0)
        server.send_signal(signal.SIGKILL)
        server.wait()
    deadline = time.monotonic() + 20
    with contextlib.suppress(ProcessLookupError, FileNotFoundError):
        while time.monotonic() < deadline:
            os.kill(worker, 0)
            if Path(f"/proc/{worker}/stat").read_text().rpartition(")")[2].split()[0] == "Z":
                return
            time.sleep(0.05)
        pytest.fail("the worker is still there")


def _refuse() -> None:
    raise BadCode("labels.bad-own-key", "no", {"key": "x"})
