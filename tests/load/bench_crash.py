"""Power cuts under load: `python -m tests.load.bench_crash [kills] [seed] [night]`. 50 kills unless said; the story.

Conditions: `beiyu serve` on its embedded PostgreSQL with fsync on; two kills of three hit the server, the third the
postmaster. Scans: 3 client processes of 6 connections each. With the word `night`: 3 lanes that ask, approve, plan,
accept, release, load, leave and receive. Everything is sent again under the same id until it is answered.
"""

import asyncio
import sys
import time

from tests.load.meter import calibration
from tests.storms.crashes import cut_the_power, house
from tests.storms.test_night import power_cuts


def main(kills: int, seed: int) -> None:
    """Cut the power while scans come in, and print."""
    print(calibration(), flush=True)
    began = time.monotonic()
    with house() as found:
        story = cut_the_power(found, kills, seed, tell=lambda line: print(line, flush=True))
    back = sorted(story.back)
    print(
        f"{story.kills} kills ({story.postgres_kills} of the postmaster) in {time.monotonic() - began:.0f} s,"
        f" ready again after {back[len(back) // 2]:.1f} s (median), {back[-1]:.1f} s (longest)"
    )
    print(f"{story.scans} scans, {story.retried} sent more than once; outcomes {dict(story.outcomes)}")
    print(f"answers {dict(story.statuses)}")
    print(f"differences: {len(story.differences)}", *story.differences[:20], sep="\n  ")


def night(kills: int, seed: int) -> None:
    """Cut the power between asking and receipt, and print."""
    print(calibration(), flush=True)
    began = time.monotonic()
    with house() as found:
        story = asyncio.run(power_cuts(found, kills, None, seed, tell=lambda line: print(line, flush=True)))
        wrong = story.differences + ([f"verify: {said}"] if (said := found.verify()) else [])
    back = sorted(story.back)
    print(
        f"{story.kills} kills ({story.postgres_kills} of the postmaster) in {time.monotonic() - began:.0f} s,"
        f" ready again after {back[len(back) // 2]:.1f} s (median), {back[-1]:.1f} s (longest)"
    )
    print(f"{story.trips} orders brought from asking to receipt; sent again because of {dict(story.statuses)}")
    print(f"differences: {len(wrong)}", *wrong[:20], sep="\n  ")


if __name__ == "__main__":
    words = [a for a in sys.argv[1:] if not a.isdigit()]
    numbers = [int(a) for a in sys.argv[1:] if a.isdigit()]
    (night if words == ["night"] else main)(*(numbers + [50, 20261121][len(numbers) :]))
