"""The sourcing engine at the size of a bad night: `python -m tests.load.bench_sourcing [needs] [sites] [lots] [seeds]`.

Prints the CPU time of both ways and what they reach; judges nothing. Pure: no database, one process.
"""

import random
import statistics
import sys
import time
from datetime import date, timedelta

from warehouse.requisitions.sourcing.model import (
    Need,
    Plan,
    Protection,
    Road,
    Size,
    Source,
    Substitute,
    Supply,
    Task,
    Vehicle,
)
from warehouse.requisitions.sourcing.plan import plan, plan_greedily

TODAY = date(2026, 7, 1)
ITEMS, DISTRICTS, TOWNS = 60, 7, 9


def bad_night(needs: int, sites: int, lots: int, seed: int) -> Task:
    """A city of 7 districts with 9 towns each; stores at all tiers; every item protected to a third at every site."""
    chance = random.Random(seed)
    towns = [f"/1/{2 + d}/{100 + 20 * d + t}/" for d in range(DISTRICTS) for t in range(TOWNS)]
    paths = ["/1/"] * (sites // 15) + [f"/1/{2 + n % DISTRICTS}/" for n in range(sites // 5)]
    paths += [chance.choice(towns) for _ in range(sites - len(paths))]
    sources = [Source(f"S{n:03d}", path, ready=chance.choice((20, 30, 45))) for n, path in enumerate(paths)]
    at = {source.key: (chance.random() * 60, chance.random() * 60) for source in sources}
    places = {f"P{n}": (chance.random() * 60, chance.random() * 60) for n in range(40)}
    supplies = [
        Supply(
            f"L{n:05d}", chance.choice(sources).key, chance.randrange(ITEMS), chance.randrange(5, 400),
            None if chance.random() < 0.3 else TODAY + timedelta(chance.randrange(5, 900)),
        )
        for n in range(lots)
    ]  # fmt: skip
    total: dict[tuple[str, int], int] = {}
    for supply in supplies:
        total[supply.source, supply.item] = total.get((supply.source, supply.item), 0) + supply.free
    wanted = [
        Need(
            f"N{n}", f"P{chance.randrange(40)}", chance.choice(towns), chance.randrange(ITEMS),
            chance.randrange(20, 3000), chance.choice((1, 1, 2, 2, 3)), chance.choice((None, 120, 240)), n,
        )
        for n in range(needs)
    ]  # fmt: skip
    roads = {}
    for site, (x, y) in at.items():
        for place, (u, v) in places.items():
            km = 1.3 * ((x - u) ** 2 + (y - v) ** 2) ** 0.5
            roads[site, place] = Road(round(km * 1.5), round(km * 1000))
    return Task(
        today=TODAY,
        needs=tuple(wanted),
        sources=tuple(sources),
        supplies=tuple(supplies),
        roads=roads,
        protections=tuple(Protection(f"{s}{i}", q - q // 3, {(s, i): 1}) for (s, i), q in total.items()),
        substitutes=tuple(Substitute(n, n + 1, 1, 2) for n in range(0, 10, 2)),
        sizes={n: Size(500 + 400 * n, 2000 + 900 * n) for n in range(ITEMS)},
        vehicles=tuple(
            Vehicle(f"V{n}", 5_000_000, 20_000_000, frozenset([chance.choice(sources).key])) for n in range(60)
        ),
    )


def main(needs: int, sites: int, lots: int, seeds: int) -> None:
    """Measure and print."""
    for name, make in (("exact", plan), ("greedy", plan_greedily)):
        spent, found = [], []
        for seed in range(seeds):
            task = bad_night(needs, sites, lots, seed)
            began = time.process_time()
            found.append(make(task))
            spent.append(time.process_time() - began)
        print(f"{name:7} {needs} needs x {sites} sites x {lots} lots: median {statistics.median(spent):.2f} s,"
              f" worst {max(spent):.2f} s; {_say(found)}")  # fmt: skip


def _say(found: list[Plan]) -> str:
    covered = [sum(q for _, q in made.goals.covered) for made in found]
    return (
        f"covered {statistics.mean(covered):.0f}, late {statistics.mean(m.goals.late for m in found):.0f},"
        f" shipments {statistics.mean(m.goals.shipments for m in found):.0f}"
        f" (before consolidation {statistics.mean(m.before_consolidation.shipments for m in found):.0f}),"
        f" tonne-km {statistics.mean(m.goals.tonne_km for m in found):.0f},"
        f" proven {sum(m.proven for m in found)} of {len(found)}"
    )


if __name__ == "__main__":
    given = [int(a) for a in sys.argv[1:]]
    main(*(given + [200, 150, 4500, 5][len(given) :]))
