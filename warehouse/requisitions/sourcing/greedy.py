"""The plain way: the most urgent need takes the best that is left. A measure for the solver; works without it."""

from warehouse.requisitions.sourcing.choices import Choices


def take_greedily(found: Choices) -> dict[int, int]:
    """Choice → steps. Needs by priority, then age; each takes its choices by preference as far as it may."""
    free = [pool.free for pool in found.pools]
    left = [cap.allowance for cap in found.caps]
    caps_of: dict[int, list[tuple[int, int]]] = {}
    for cap, one in enumerate(found.caps):
        for pool, worth in one.worth.items():
            caps_of.setdefault(pool, []).append((cap, worth))
    steps: dict[int, int] = {}
    order = sorted(range(len(found.needs)), key=lambda n: _urgency(found, n))
    for number in order:
        rest = found.needs[number].quantity
        for which in found.of_need[number]:
            if rest <= 0:
                break
            choice = found.choices[which]
            caps = caps_of.get(choice.pool, ())
            taken = min(
                -(-rest // choice.of),
                free[choice.pool] // choice.given,
                *(left[cap] // (worth * choice.given) for cap, worth in caps),
            )
            if taken <= 0:
                continue
            steps[which] = taken
            rest -= taken * choice.of
            free[choice.pool] -= taken * choice.given
            for cap, worth in caps:
                left[cap] -= taken * choice.given * worth
    return steps


def _urgency(found: Choices, number: int) -> tuple[int, int, float, str]:
    need = found.needs[number]
    return need.priority, need.asked, float("inf") if need.by is None else need.by, need.key
