"""Sourcing plans and scenarios are worked out in a process of their own: a solver that thinks holds nobody up, and no
long print job holds up a dispatcher."""

import contextlib
from collections.abc import AsyncIterator
from typing import Any

from api.rendering import Renderer
from warehouse.planning.scenario.model import Outcome
from warehouse.planning.scenario.model import Task as ScenarioTask
from warehouse.planning.scenario.plan import work_out
from warehouse.requisitions.sourcing.choices import check
from warehouse.requisitions.sourcing.model import Plan, Task
from warehouse.requisitions.sourcing.plan import plan

SOLVER = Renderer()
"""The process's solver: it holds nothing until it is used."""


async def solve(task: Task) -> Plan:
    """The exact plan. Raises Invalid for wishes that cannot be kept, NotNow where the process cannot be had."""
    check(task)  # here: what a worker raises must not be ours, it would not survive the way back
    return await SOLVER.run(plan, task)


async def solve_scenario(task: ScenarioTask) -> Outcome:
    """What is missing and the cheapest way to close it. Raises NotNow where the process cannot be had."""
    return await SOLVER.run(work_out, task)


@contextlib.asynccontextmanager
async def lifespan(_: Any) -> AsyncIterator[None]:
    """End the worker with the application."""
    try:
        yield
    finally:
        SOLVER.close()
