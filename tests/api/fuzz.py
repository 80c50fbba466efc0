"""Schemathesis over HTTP, signed in as everybody, with ids that are really there: `fuzz(...)` and what it found.

Each operation is first asked as `tests.api.asks` says (its example), then with generated requests, right ones and wrong
ones, in which about half of the names and ids are replaced by real ones. Every answer is held against the program's own
description: no 500, no status, media type, header or body that is not documented.
"""

import asyncio
import contextlib
import copy
import random
from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any
from uuid import uuid4

import hypothesis
import schemathesis
from hypothesis import HealthCheck, Phase
from schemathesis import GenerationMode
from schemathesis.checks import not_a_server_error
from schemathesis.core.failures import Failure, FailureGroup
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_headers_conformance,
    response_schema_conformance,
    status_code_conformance,
)

from api.auth.gate import csrf_of
from tests.api.matrix import ANY, BUILDERS, Ask, House, Refused, Side

CHECKS = [
    not_a_server_error,
    status_code_conformance,
    content_type_conformance,
    response_headers_conformance,
    response_schema_conformance,
]
THOROUGH = 3
"""By so many of those who may do it an operation is fuzzed; another one's rights, other ones' turn."""
SETTINGS = {
    "database": None,
    "deadline": None,
    "derandomize": True,
    "phases": [Phase.generate],
    "suppress_health_check": list(HealthCheck),
}


@dataclass
class Found:
    """What the fuzzing saw."""

    cases: int = 0
    statuses: Counter[int] = field(default_factory=Counter)
    reached: set[str] = field(default_factory=set)
    """Operations that answered 2xx to somebody."""
    operations: set[str] = field(default_factory=set)
    refusals: dict[str, str] = field(default_factory=dict)
    """The last refusal of each operation to somebody who was known and not forbidden."""
    failures: dict[str, str] = field(default_factory=dict)
    """One sample for each operation and kind of failure."""

    @property
    def share(self) -> float:
        """Of operations that answered 2xx."""
        return len(self.reached) / len(self.operations)


@dataclass
class Fuzzer:
    """One run against one server."""

    url: str
    house: House
    run: Callable[[Any], Any]
    """Run a coroutine on the loop that owns the database pool, from the fuzzing thread."""
    callers: tuple[str, ...]
    examples: int
    found: Found = field(default_factory=Found)
    chance: random.Random = field(default_factory=lambda: random.Random(20261121))
    real: dict[str, list[Any]] = field(default_factory=dict)

    def all(self) -> Found:
        """Every operation as every caller."""
        schema = schemathesis.openapi.from_url(f"{self.url}/schema/openapi.json")
        operations = [result.ok() for result in schema.get_all_operations()]
        for operation in operations:
            self.found.operations.add(operation.label)
        may = {op.label: [caller for caller in self.callers if self._example(op, caller)] for op in operations}
        self.real = self.run(real_names(self.house))
        for turn, operation in enumerate(operations):
            able = may[operation.label]
            thorough = {able[(turn + k) % len(able)] for k in range(min(THOROUGH, len(able)))}
            for caller in self.callers:
                if caller in thorough:
                    self._generate(operation, caller, GenerationMode.POSITIVE, self.examples)
                    self._generate(operation, caller, GenerationMode.NEGATIVE, self.examples)
                elif caller not in able:
                    self._generate(operation, caller, GenerationMode.POSITIVE, 1)
        return self.found

    # -- one request -----------------------------------------------------------------------------------

    def _example(self, operation: Any, caller: str) -> bool:
        """The operation as `asks` says; whether this caller got through."""
        build = BUILDERS.get(operation.label)
        if build is None:
            return False
        home = self.house.sides["city" if operation.label in ANY and operation.method.upper() != "GET" else "in"]
        inside = self.house.sides["in"]
        try:
            ask: Ask = self.run(build(inside, inside))
        except Refused as error:
            self.found.failures.setdefault(f"{operation.label} unasked", f"{operation.label} | {caller} | {error}")
            return False
        case = operation.Case(
            path_parameters={name: str(value) for name, value in ask.path.items()},
            query=dict(ask.query) or None,
            headers=dict(ask.headers) or None,
            **({"body": ask.body, "media_type": "application/json"} if ask.body is not None else {}),
        )
        status = self._send(operation, case, home, caller)
        if status < 300:
            for spent in ask.spends:
                inside.subjects.pop(spent, None)
        return status < 300

    def _generate(self, operation: Any, caller: str, mode: GenerationMode, examples: int) -> None:
        try:
            strategy = operation.as_strategy(generation_mode=mode)
        except Exception:
            if mode is GenerationMode.POSITIVE:
                raise
            return  # nothing about it can be wrong

        @hypothesis.seed(20261121)
        @hypothesis.settings(max_examples=examples, **SETTINGS)
        @hypothesis.given(case=strategy)
        def one(case: Any) -> None:
            if self.chance.random() < 0.7:
                self._make_real(case)
            self._send(operation, case, self.house.sides["in"], caller)

        with contextlib.suppress(hypothesis.errors.Unsatisfiable):
            one()

    def _send(self, operation: Any, case: Any, side: Side, caller: str) -> int:
        unwanted = ("x-fresh-session", "authorization", "cookie")  # who asks is decided here
        headers = {name: value for name, value in dict(case.headers or {}).items() if name.lower() not in unwanted}
        if self.chance.random() < 0.95:
            headers["Idempotency-Key"] = str(uuid4())
        case.headers, case.cookies = headers, {}
        secret = self._secret(side, caller, ends=operation.label == "DELETE /api/v1/sessions/current")
        own = {"Authorization": f"Bearer {secret}"} if caller == "device" else {}
        if caller not in ("device", "nobody"):
            own = {"Cookie": f"beiyu_session={secret}", "X-CSRF-Token": csrf_of(secret or "")}
        try:
            answer = case.call(base_url=self.url, headers=own)
        except (ValueError, UnicodeError):  # not to be written as HTTP at all
            return 999
        self.found.cases += 1
        self.found.statuses[answer.status_code] += 1
        if answer.status_code < 300:
            self.found.reached.add(operation.label)
        elif answer.status_code not in (401, 403):
            self.found.refusals[operation.label] = (
                f"{answer.status_code} {answer.content[:300].decode(errors='replace')}"
            )
        try:
            case.validate_response(answer, checks=CHECKS)
        except FailureGroup as group:
            for failure in group.exceptions:
                self._note(operation, caller, case, answer, failure)
        except Failure as failure:
            self._note(operation, caller, case, answer, failure)
        return int(answer.status_code)

    def _note(self, operation: Any, caller: str, case: Any, answer: Any, failure: BaseException) -> None:
        key = f"{operation.label} {type(failure).__name__} {answer.status_code}"
        sent = f"{case.path_parameters} {case.query} {str(case.body)[:400]} {case.headers}"
        if key not in self.found.failures:
            told = answer.content[:300].decode(errors="replace")
            self.found.failures[key] = f"{key} | {caller} | {failure!s:.500} | {sent} | {told}"
            print(self.found.failures[key])

    def _secret(self, side: Side, caller: str, *, ends: bool) -> str | None:
        if caller == "nobody":
            return None
        if caller == "device":
            return self.house.device
        if ends:
            return str(self.run(self.house.log_in(side.people[caller]))[1])
        return self.house.secrets[side.where, caller]

    # -- real names in generated requests ----------------------------------------------------------------

    def _make_real(self, case: Any) -> None:
        """Put real names and ids where generated ones stand."""
        for name in case.path_parameters or {}:
            if name in self.real:
                case.path_parameters[name] = self.chance.choice(self.real[name])
        if isinstance(case.query, Mapping):
            case.query = {name: self._real(name, value) for name, value in case.query.items()}
        case.body = self._real("", copy.deepcopy(case.body))

    def _real(self, name: str, value: Any) -> Any:
        if isinstance(value, dict):
            return {key: self._real(key, inner) for key, inner in value.items()}
        if isinstance(value, list):
            return [self._real(name.removesuffix("s"), inner) for inner in value]
        if isinstance(value, str | int) and name in self.real and self.chance.random() < 0.8:
            return self.chance.choice(self.real[name])
        if name == "quantity" and isinstance(value, int) and self.chance.random() < 0.7:
            return self.chance.randint(1, 5)
        return value


async def real_names(house: House) -> dict[str, list[Any]]:
    """What there is, by the name of the parameter or field that asks for it."""
    side = house.sides["in"]
    lots = [await side.lot(), await side.staged()]
    item = (await side.new_item())["key"]
    bins = [*side.bins, f"{side.site}/{side.bins[0]}", await side.staging()]
    return {
        "lot": lots,
        "bin": bins,
        "to_bin": bins,
        "bin_key": [await side.empty_bin()],
        "site": [side.site, await side.empty_site()],
        "zone": [side.zone, await side.empty_zone()],
        "item": [item, "ZP-0001", "YJ-0001"],
        "kit": ["YJ-0001"],
        "code": ["ZP-0001", item],
        "pack": [await side.new_pack()],
        "region": [side.region, side.town, await side.leaf()],
        "owner_region": [side.region],
        "parent": [side.town],
        "under": [side.region],
        "party": [await side.party()],
        "maker": [await side.party()],
        "supplier": [await side.party()],
        "scheme": ["local"],
        "class_code": ["ZP-1", await side.new_class()],
        "storage_class": ["general", "textile"],
        "person": [await side.person()],
        "grant": [await side.grant()],
        "session": [await side.session()],
        "token": [await side.token()],
        "serial": [await side.serial()],
        "pallet": [await side.pallet()],
        "case": [await side.case()],
        "delivery": [await side.delivery(status) for status in ("draft", "announced", "receiving")],
        "line": [1],
        "number": [1],
        "paper": [await side.paper(), f"{await side.paper()}.pdf"],
        "attempt": [await side.issued(), await side.received()],
        "reservation": [await side.reservation()],
        "loan": [await side.loan()],
    }


async def fuzz(url: str, house: House, *, callers: tuple[str, ...], examples: int) -> Found:
    """Fuzz the server at `url` in a thread of its own."""
    loop = asyncio.get_running_loop()

    def run(work: Any) -> Any:
        return asyncio.run_coroutine_threadsafe(work, loop).result()

    return await asyncio.to_thread(Fuzzer(url, house, run, callers, examples).all)
