"""Power cuts under load: `python -m tests.load.bench_crash [kills] [seed]`. 50 kills unless said; prints the story.

Conditions: `beiyu serve` on its embedded PostgreSQL with fsync on, 3 client processes of 6 connections each that send a
scan again with the same id until it is answered; two kills of three hit the server, the third the postmaster.
"""

import sys
import time

from tests.load.meter import calibration
from tests.storms.crashes import cut_the_power, house


def main(kills: int, seed: int) -> None:
    """Cut the power and print."""
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


if __name__ == "__main__":
    main(*(int(a) for a in (sys.argv[1:] + ["50", "20261121"][len(sys.argv) - 1 :])))
