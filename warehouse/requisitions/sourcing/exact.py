"""The exact way: the goals one after the other, each held fast while the next is sought (HiGHS, lexicographic).

Goals: cover by priority; then as much as can be from one's own, the district's, the city's … goods; then as little as
can be too late; then as little as can be of substitutes; then what expires first; then little transport. Protection is
a limit, not a goal.

Needs that share no goods and no protection do not know each other. Each goal is therefore held for each such *island*
by itself, which keeps the figures small. Where an island is a plain network (goods one for one, protections inside one
another) the corners of its linear programme are whole numbers: no branching is needed, and one programme holds all such
islands. Of the rest only those steps are branched that do not go one for one, up to a limit of nodes: once they are
whole, what is left is such a network again (all steps, where protections are the cause). Never a limit of seconds: the
same task gives the same plan.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from itertools import chain

import highspy
import numpy as np

from warehouse.requisitions.sourcing.choices import Cap, Choice, Choices
from warehouse.requisitions.sourcing.model import Closeness

MOST_NODES = 2000
_INF = highspy.kHighsInf
_WHOLE = 1e-6
"""So near to a whole number is one."""
_GAP = 0.02
"""So near to the least transport is near enough, as a share of it."""
_LINEAR: dict[str, bool | float | str] = {"solve_relaxation": True, "solver": "simplex", "presolve": "off"}
_BRANCHING: dict[str, bool | float | str] = {
    "solve_relaxation": False, "solver": "choose", "presolve": "choose", "mip_heuristic_run_feasibility_jump": False,
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Solved:
    """Choice → steps, and whether each goal was proven."""

    steps: dict[int, int]
    proven: bool


def solve(found: Choices, cost: Callable[[int], float]) -> Solved:
    """The best steps. `cost` of one step of a choice is what the last goal, transport, adds up."""
    island_of = _islands(found)
    by_caps = _crooked_by_caps(found, island_of)
    crooked = by_caps | {island_of[choice.need] for choice in found.choices if _is_crooked(choice)}
    steps: dict[int, int] = {}
    proven = True
    programmes: dict[int | None, list[int]] = {}
    for which, choice in enumerate(found.choices):
        island = island_of[choice.need]
        programmes.setdefault(island if island in crooked else None, []).append(which)
    for number, chosen in programmes.items():
        whole = [n for n, which in enumerate(chosen) if number in by_caps or _is_crooked(found.choices[which])]
        taken, sure = _Programme(found, chosen, island_of, whole).run(cost)
        steps |= taken
        proven &= sure
    return Solved(steps, proven)


def _is_crooked(choice: Choice) -> bool:
    return choice.of != 1 or choice.given != 1


def _crooked_by_caps(found: Choices, island_of: Sequence[int]) -> set[int]:
    """Islands whose protections are weighted or cut across each other: there a corner need not be whole."""
    need_of_pool = {found.choices[c].pool: found.choices[c].need for c in range(len(found.choices))}
    caps_of: dict[int, list[Cap]] = {}
    for cap in found.caps:
        for pool in cap.worth:
            caps_of.setdefault(pool, []).append(cap)
    crooked = set()
    for cap in found.caps:
        touched = {island_of[need_of_pool[pool]] for pool in cap.worth if pool in need_of_pool}
        others = (other for pool in cap.worth for other in caps_of[pool])
        if len(set(cap.worth.values())) > 1 or any(_across(cap, other) for other in others):
            crooked |= touched
    return crooked


def _across(one: Cap, other: Cap) -> bool:
    a, b = one.worth.keys(), other.worth.keys()
    return bool(a & b) and not (a <= b or b <= a)


def _islands(found: Choices) -> list[int]:
    """For each need the number of its island: needs joined by a pool or a protection."""
    parent = list(range(len(found.needs)))

    def root(n: int) -> int:
        while parent[n] != n:
            parent[n] = parent[parent[n]]
            n = parent[n]
        return n

    first: dict[int, int] = {}
    for choice in found.choices:
        a, b = root(choice.need), root(first.setdefault(choice.pool, choice.need))
        parent[max(a, b)] = min(a, b)
    for cap in found.caps:
        roots = sorted({root(first[pool]) for pool in cap.worth if pool in first})
        for other in roots[1:]:
            parent[other] = roots[0]
    return [root(n) for n in range(len(found.needs))]


def _is_whole(values: np.ndarray) -> bool:
    return bool(np.all(np.abs(values - np.round(values)) < _WHOLE))


@cache
def _solver() -> highspy.Highs:
    """The process's one solver, cleared before each use: every new one prints who made it."""
    return highspy.Highs()  # type: ignore[no-untyped-call]


class _Programme:
    """One programme over some choices: columns: steps, then what needs are covered of. Linear but for the `whole`."""

    def __init__(self, found: Choices, chosen: Sequence[int], island_of: Sequence[int], whole: Sequence[int]) -> None:
        self.found, self.chosen, self.whole = found, chosen, whole
        self.needs = sorted({found.choices[c].need for c in chosen})
        self.column_of_need = {need: len(chosen) + n for n, need in enumerate(self.needs)}
        self.columns = len(chosen) + len(self.needs)
        self.proven = True
        self.highs = _solver()
        self.highs.clear()
        self._options({
            "output_flag": False, "threads": 1, "random_seed": 1, "mip_max_nodes": MOST_NODES,
            "mip_rel_gap": 0.0, "mip_abs_gap": 0.5, "simplex_strategy": 4, **_LINEAR,  # primal: on from the last one
        })  # fmt: skip
        self.island_of_column = np.array(
            [island_of[found.choices[c].need] for c in chosen] + [island_of[need] for need in self.needs]
        )
        self.highs.passModel(self._model())
        self.values = np.zeros(self.columns)  # the best whole steps so far; to send nothing is always possible

    def _model(self) -> highspy.HighsLp:
        rows: list[tuple[float, float, list[int], list[float]]] = []
        by_need: dict[int, list[int]] = {}
        by_pool: dict[int, list[int]] = {}
        for column, which in enumerate(self.chosen):
            choice = self.found.choices[which]
            by_need.setdefault(choice.need, []).append(column)
            by_pool.setdefault(choice.pool, []).append(column)
        choices = [self.found.choices[which] for which in self.chosen]
        for need, columns in by_need.items():
            over = max(choices[c].of for c in columns) - 1  # a last step may give more than is wanted
            entries = [float(choices[c].of) for c in columns]
            rows.append((0.0, float(over), [*columns, self.column_of_need[need]], [*entries, -1.0]))
        for pool, columns in by_pool.items():
            rows.append((-_INF, self.found.pools[pool].free, columns, [float(choices[c].given) for c in columns]))
        for cap in self.found.caps:
            columns = [c for pool in cap.worth for c in by_pool.get(pool, ())]
            if columns:
                entries = [float(cap.worth[choices[c].pool] * choices[c].given) for c in columns]
                rows.append((-_INF, cap.allowance, columns, entries))
        model = highspy.HighsLp()
        model.num_col_, model.num_row_ = self.columns, len(rows)
        model.col_cost_ = np.zeros(self.columns)
        model.col_lower_ = np.zeros(self.columns)
        wanted = [self.found.needs[n].quantity for n in self.needs]
        model.col_upper_ = np.array([_INF] * len(self.chosen) + wanted, dtype=np.double)
        model.row_lower_ = np.array([row[0] for row in rows], dtype=np.double)
        model.row_upper_ = np.array([row[1] for row in rows], dtype=np.double)
        model.a_matrix_.format_ = highspy.MatrixFormat.kRowwise
        model.a_matrix_.start_ = np.cumsum([0, *(len(row[2]) for row in rows)], dtype=np.int32)
        model.a_matrix_.index_ = np.array([c for row in rows for c in row[2]], dtype=np.int32)
        model.a_matrix_.value_ = np.array([v for row in rows for v in row[3]], dtype=np.double)
        if self.whole:
            kinds = [highspy.HighsVarType.kContinuous] * self.columns
            for column in self.whole:
                kinds[column] = highspy.HighsVarType.kInteger
            model.integrality_ = kinds
        return model

    def run(self, cost: Callable[[int], float]) -> tuple[dict[int, int], bool]:
        """All goals in turn; (choice → steps, proven)."""
        choices = [self.found.choices[which] for which in self.chosen]
        for priority in sorted({self.found.needs[n].priority for n in self.needs}):
            mine = [n for n in self.needs if self.found.needs[n].priority == priority]
            self._reach({self.column_of_need[n]: 1 for n in mine}, best=max)
        for near in Closeness:
            self._reach({c: ch.of for c, ch in enumerate(choices) if ch.closeness is near}, best=max)
        self._reach({c: ch.of for c, ch in enumerate(choices) if ch.late}, best=min)
        self._reach({c: ch.of for c, ch in enumerate(choices) if ch.rank}, best=min)
        bands = [self.found.pools[ch.pool].band for ch in choices]
        self._reach({c: ch.given * bands[c] for c, ch in enumerate(choices) if bands[c]}, best=min)
        # Transport is none of the goals that are reached exactly; with a whisper against the worse substitutes.
        self.highs.setOptionValue("mip_rel_gap", _GAP)
        transport = [cost(which) + 1e-3 * ch.rank for which, ch in zip(self.chosen, choices, strict=True)]
        self._seek(np.arange(len(choices)), np.array(transport), highest=False)
        taken = {which: round(self.values[c]) for c, which in enumerate(self.chosen)}
        return {which: steps for which, steps in taken.items() if steps}, self.proven

    def _reach(self, worth: Mapping[int, int], *, best: Callable[..., int]) -> None:
        """Seek the best Σ worth of columns and hold it, island by island."""
        if not worth:
            return
        highest = best is max
        columns, each = np.array([*worth], dtype=np.int32), np.array([*worth.values()], dtype=np.double)
        self._seek(columns, each, highest=highest, counted=True)
        order = np.argsort(self.island_of_column[columns], kind="stable")
        columns, each = columns[order], each[order]
        begins = np.unique(self.island_of_column[columns], return_index=True)[1]
        for members, values in zip(np.split(columns, begins[1:]), np.split(each, begins[1:]), strict=True):
            reached = float(np.round(self.values[members] @ values))
            self.highs.addRow(*((reached, _INF) if highest else (-_INF, reached)), len(members), members, values)

    def _seek(self, columns: np.ndarray, each: np.ndarray, *, highest: bool, counted: bool = False) -> None:
        """Make `values` the best. `counted`: the goal is a whole number, so what is within one of the bound is best;
        another is best within its gap. The linear programme comes first, as it goes on from where the last one ended;
        then its steps rounded, the rest worked out anew; then branching."""
        sense = highspy.ObjSense.kMaximize if highest else highspy.ObjSense.kMinimize
        self.highs.changeObjectiveSense(sense)
        wanted = np.zeros(self.columns)
        wanted[columns] = each
        self.highs.changeColsCost(self.columns, np.arange(self.columns, dtype=np.int32), wanted)
        found, solved = self._run()
        if not self.whole:
            self.values, self.proven = np.round(found), self.proven and solved
            return
        bound = float(wanted @ found)
        enough = 1 - _WHOLE if counted else max(_GAP * abs(bound), _WHOLE)
        basis = self.highs.getBasis()
        if solved:
            for tried in chain((found, self.values), self._rounded(found)):
                if _is_whole(tried) and abs(bound - float(wanted @ tried)) < enough:
                    self.values = np.round(tried)
                    self.highs.setBasis(basis)
                    return
        self._options(_BRANCHING)
        self.highs.clearSolver()  # with a start, HiGHS 1.16 may say the best value and give the start for its steps
        found, solved = self._run()
        if not _is_whole(found):
            found = self._with_fixed(np.round(found[self.whole]))
        if _is_whole(found):
            self.values, self.proven = np.round(found), self.proven and solved
        else:
            self.proven = False
        self._options(_LINEAR)
        self.highs.setBasis(basis)

    def _rounded(self, found: np.ndarray) -> Iterator[np.ndarray]:
        for way in (np.floor, np.round):
            yield self._with_fixed(way(found[self.whole]))

    def _with_fixed(self, steps: np.ndarray) -> np.ndarray:
        """The best with these `whole` steps given: a network, so its corner is whole. Nothing where there is none."""
        self._options(_LINEAR)
        many, columns = len(self.whole), np.array(self.whole, dtype=np.int32)
        self.highs.changeColsBounds(many, columns, steps, steps)
        found, solved = self._run()
        self.highs.changeColsBounds(many, columns, np.zeros(many), np.full(many, _INF))
        return found if solved else np.full(self.columns, np.nan)

    def _options(self, values: Mapping[str, bool | float | str]) -> None:
        for option, value in values.items():
            self.highs.setOptionValue(option, value)

    def _run(self) -> tuple[np.ndarray, bool]:
        self.highs.run()
        values = np.array(self.highs.getSolution().col_value)
        return values, self.highs.getModelStatus() == highspy.HighsModelStatus.kOptimal
