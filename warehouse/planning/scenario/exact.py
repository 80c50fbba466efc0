"""The exact way: one goal after the other, each held fast while the next is sought (HiGHS, lexicographic).

Goals: line by line as much as can be in time; line by line as much as can be at all; as little as can be of what has no
known cost; then the least cost. Among what costs the same, what is nearest, not proven: it only breaks ties. What a
place keeps is a limit, not a goal.

Lines that share no goods and no minimum do not know each other: each such island is a programme of its own. First the
linear one; most corners are whole. Where one is not, the branching solver does it again, with a limit of nodes, never
of seconds: the same task gives the same plan.
"""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from functools import cache

import highspy
import numpy as np

from warehouse.planning.scenario.greedy import Steps
from warehouse.planning.scenario.model import Task
from warehouse.planning.scenario.supplies import Cap, Demand, Supply, unit_cost

MOST_NODES = 2_000
_INF = highspy.kHighsInf
_FAR = 10**5
"""Minutes for what nobody knows the way of."""
_WHOLE = 1e-6
_NEAR_ENOUGH = 0.02


@cache
def _solver() -> highspy.Highs:
    """The process's one solver, cleared before each use: every new one prints who made it."""
    return highspy.Highs()  # type: ignore[no-untyped-call]


def most_in_time(lines: Sequence[Demand], only: Callable[[Supply], bool]) -> tuple[dict[int, int], bool]:
    """Line → the most units that these supplies can bring, the lines in order; and whether that is proven."""
    found: dict[int, int] = {}
    proven = True
    for island in islands(lines):
        steps, sure = _solved(lines, island, only, lambda p: p.cover(lambda one: not one.late))
        proven &= sure
        for (line, _), units in steps.items():
            found[line] = found.get(line, 0) + units
    return found, proven


def cheapest(lines: Sequence[Demand], task: Task) -> tuple[Steps, bool]:
    """The best steps, and whether that is proven."""

    def goals(programme: "_Programme") -> None:
        programme.cover(lambda one: not one.late)
        programme.cover(lambda _: True)
        costs = [unit_cost(c.supply, task) for c in programme.columns]
        unpriced = {n: float(c.supply.unit) for n, c in enumerate(programme.columns) if costs[n] is None}
        if unpriced:
            programme.least(unpriced)
        programme.least({n: cost for n, cost in enumerate(costs) if cost})
        minutes = [c.supply.minutes for c in programme.columns]
        programme.nearer({n: float(_FAR if one is None else one) for n, one in enumerate(minutes)})

    found: Steps = {}
    proven = True
    for island in islands(lines):
        steps, sure = _solved(lines, island, lambda _: True, goals)
        found |= steps
        proven &= sure
    return found, proven


def islands(lines: Sequence[Demand]) -> list[list[int]]:
    """Numbers of lines that still want something, put together where they share a supply or a cap."""
    parent = list(range(len(lines)))

    def root(n: int) -> int:
        while parent[n] != n:
            n = parent[n]
        return n

    first: dict[int, int] = {}
    for number, line in enumerate(lines):
        if line.wanted <= 0:
            continue
        for supply in line.beyond:
            for shared in (supply, *supply.caps):
                a, b = root(number), root(first.setdefault(id(shared), number))
                parent[max(a, b)] = min(a, b)
    found: dict[int, list[int]] = {}
    for number, line in enumerate(lines):
        if line.wanted > 0 and line.beyond:
            found.setdefault(root(number), []).append(number)
    return list(found.values())


def _solved(
    lines: Sequence[Demand],
    island: Sequence[int],
    only: Callable[[Supply], bool],
    goals: Callable[["_Programme"], None],
) -> tuple[Steps, bool]:
    for whole in (False, True):
        programme = _Programme(lines, island, only, whole)
        if not programme.columns:
            return {}, True
        goals(programme)
        if whole or programme.is_whole():
            return programme.steps(), programme.proven
    raise AssertionError("unreachable")


@dataclass(slots=True)
class _Column:
    """Display units of a supply for a line."""

    line: int
    place: int
    supply: Supply
    most: float
    scale: int
    """Units of the line in one display unit: base units for an item, 1 for a class."""


@dataclass
class _Rows:
    lower: list[float] = field(default_factory=list)
    upper: list[float] = field(default_factory=list)
    start: list[int] = field(default_factory=lambda: [0])
    index: list[int] = field(default_factory=list)
    value: list[float] = field(default_factory=list)

    def add(self, lower: float, upper: float, entries: Iterable[tuple[int, float]]) -> None:
        for column, value in entries:
            self.index.append(column)
            self.value.append(value)
        self.lower.append(lower)
        self.upper.append(upper)
        self.start.append(len(self.index))


class _Programme:
    """One linear (or, `whole`, integer) programme over the lines of an island."""

    def __init__(
        self, lines: Sequence[Demand], island: Sequence[int], only: Callable[[Supply], bool], whole: bool
    ) -> None:
        self.lines, self.island, self.whole = lines, island, whole
        self.columns: list[_Column] = []
        for number in island:
            line = lines[number]
            for place, supply in enumerate(line.beyond):
                scale = 1 if line.what.item_id is None else supply.unit
                most = min(line.units(supply), line.wanted) / scale
                if most > 0 and only(supply):
                    self.columns.append(_Column(number, place, supply, most, scale))
        self.proven = True
        self.values: list[float] = []
        if not self.columns:
            return
        self.highs = _solver()
        self.highs.clear()
        for option, value in (
            ("output_flag", False), ("threads", 1), ("random_seed", 1), ("mip_max_nodes", MOST_NODES),
            ("mip_rel_gap", 0.0), ("mip_abs_gap", 1e-6), ("solver", "choose" if whole else "simplex"),
            ("presolve", "choose" if whole else "off"), ("simplex_strategy", 4),  # primal: on from the last one
        ):  # fmt: skip
            self.highs.setOptionValue(option, value)
        self.highs.passModel(self._model())

    def _model(self) -> highspy.HighsLp:
        rows = _Rows()
        upper = [one.most for one in self.columns]
        whole = [one.scale == 1 for one in self.columns]
        of_line: dict[int, list[tuple[int, float]]] = {}
        of_supply: dict[int, list[tuple[int, float]]] = {}
        of_cap: dict[int, tuple[Cap, dict[int, list[int]]]] = {}
        for n, one in enumerate(self.columns):
            of_line.setdefault(one.line, []).append((n, 1.0))
            of_supply.setdefault(id(one.supply), []).append((n, 1.0))
            for cap in one.supply.caps:
                if one.supply.item is not None:
                    by_item = of_cap.setdefault(id(cap), (cap, {}))[1]
                    by_item.setdefault(one.supply.item.item_id, []).append(n)
        for number, entries in of_line.items():
            scale = self.columns[entries[0][0]].scale
            rows.add(-_INF, self.lines[number].wanted / scale, entries)
        for entries in of_supply.values():
            supply = self.columns[entries[0][0]].supply
            if len(entries) > 1:
                rows.add(-_INF, supply.left / supply.unit, entries)
        for cap, by_item in of_cap.values():
            self._limit(rows, cap, by_item, upper, whole)
        count = len(upper)
        self.count = count
        model = highspy.HighsLp()
        model.num_col_, model.num_row_ = count, len(rows.lower)
        model.col_cost_ = np.zeros(count)
        model.col_lower_ = np.zeros(count)
        model.col_upper_ = np.array(upper, dtype=np.double)
        model.row_lower_ = np.array(rows.lower, dtype=np.double)
        model.row_upper_ = np.array(rows.upper, dtype=np.double)
        model.a_matrix_.format_ = highspy.MatrixFormat.kRowwise
        model.a_matrix_.start_ = np.array(rows.start, dtype=np.int32)
        model.a_matrix_.index_ = np.array(rows.index, dtype=np.int32)
        model.a_matrix_.value_ = np.array(rows.value, dtype=np.double)
        if self.whole:
            kinds = (highspy.HighsVarType.kContinuous, highspy.HighsVarType.kInteger)
            model.integrality_ = [kinds[one] for one in whole]
        return model

    def _limit(
        self, rows: _Rows, cap: Cap, by_item: dict[int, list[int]], upper: list[float], whole: list[bool]
    ) -> None:
        """What a place keeps. Where an item does not count in whole units, a column of its own rounds it up, as the
        books do."""
        together: list[tuple[int, float]] = []
        for item_id, members in by_item.items():
            base, worth = cap.guard.ratios[item_id]
            each = self.columns[members[0]].supply.unit * worth
            if worth % base == 0:
                together += [(n, each / base) for n in members]
            else:
                rows.add(0.0, _INF, [(len(upper), 1.0), *((n, -each / base) for n in members)])
                together.append((len(upper), 1.0))
                upper.append(float(max(cap.allowance, 0)))
                whole.append(True)
        rows.add(-_INF, float(cap.allowance), together)

    def cover(self, counts: Callable[[Supply], bool]) -> None:
        """As much as can be of each line, one after the other."""
        for number in self.island:
            mine = [n for n, one in enumerate(self.columns) if one.line == number and counts(one.supply)]
            if mine:
                reached = self._seek(dict.fromkeys(mine, 1.0), highspy.ObjSense.kMaximize)
                self._hold(reached - _slack(reached), _INF, dict.fromkeys(mine, 1.0))

    def least(self, costs: dict[int, float]) -> None:
        """As little as can be of this sum."""
        reached = self._seek(costs, highspy.ObjSense.kMinimize)
        self._hold(-_INF, reached + _slack(reached), costs)

    def nearer(self, minutes: dict[int, float]) -> None:
        """Among equals the nearest, as far as nodes go: no goal that has to be proven."""
        proven = self.proven
        self.highs.setOptionValue("mip_rel_gap", _NEAR_ENOUGH)
        self._seek(minutes, highspy.ObjSense.kMinimize)
        self.proven = proven

    def _hold(self, lower: float, upper: float, entries: dict[int, float]) -> None:
        columns = np.array(list(entries), dtype=np.int32)
        self.highs.addRow(lower, upper, len(entries), columns, np.array(list(entries.values()), dtype=np.double))

    def _seek(self, costs: dict[int, float], sense: highspy.ObjSense) -> float:
        self.highs.changeObjectiveSense(sense)
        wanted = np.zeros(self.count)
        wanted[list(costs)] = list(costs.values())
        self.highs.changeColsCost(self.count, np.arange(self.count, dtype=np.int32), wanted)
        if self.whole:
            self.highs.clearSolver()  # with a start, HiGHS 1.16 may say the best value and give the start for its steps
        self.highs.run()
        status = self.highs.getModelStatus()
        self.proven &= status == highspy.HighsModelStatus.kOptimal
        if self.highs.getInfo().primal_solution_status == highspy.SolutionStatus.kSolutionStatusFeasible:
            self.values = list(self.highs.getSolution().col_value)
        else:
            self.proven = False
        self.values = self.values or [0.0] * self.count
        return sum(self.values[n] * each for n, each in costs.items())

    def is_whole(self) -> bool:
        """Whether every step is in whole units, so that the linear programme was the exact one."""
        if any(
            one.scale == 1 and abs(v - round(v)) > _WHOLE for one, v in zip(self.columns, self.values, strict=False)
        ):
            return False
        rounded = [v for v in self.values[len(self.columns) :] if abs(v - round(v)) > _WHOLE]
        return not rounded

    def steps(self) -> Steps:
        """(line, place) → units of the line, rounded."""
        found = {}
        for one, value in zip(self.columns, self.values, strict=False):
            units = round(value * one.scale)
            if units > 0:
                found[one.line, one.place] = units
        return found


def _slack(value: float) -> float:
    """What a goal that is held may give way, so that rounding makes nothing impossible: of ten million yuan a fen."""
    return 1e-6 + 1e-9 * abs(value)
