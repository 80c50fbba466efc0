"""The audit rows of refusals, written after the rollback. Callers we know: each one. Strangers: the first of each
address and minute singly, the rest of the minute as one row, so that nobody can flood the trail."""

from collections import Counter
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from uuid import UUID, uuid4

import structlog

from api.auth.edge import VERB, Visit, visit_of
from api.auth.stamps import channel_of
from api.clock import Clock
from catalog.kernel import audit, db
from catalog.kernel.errors import Problem
from catalog.kernel.stamp import Channel, Stamp

SINGLY = 20
ADDRESSES = 5_000
log = structlog.get_logger("audit")


@dataclass
class _Minute:
    minute: int
    seen: int = 0
    codes: Counter[str] = field(default_factory=Counter)


class Refusals:
    """Writes refusals; counts those of strangers."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._strangers: dict[str, _Minute] = {}

    async def record(self, problem: Problem, scope: Any) -> None:
        """One refusal of the request in `scope`. Never raises: without a database it is logged instead."""
        visit = visit_of(scope)
        if visit is None or problem.audited or problem.status >= 500:
            return
        problem.audited = True
        now = self._clock()
        if visit.caller is None and not self._singly(visit.address, problem.code, now):
            return
        handler = scope.get("route_handler")
        verb = handler.opt.get(VERB) or handler.handler_name if handler else "request"
        facts = {"method": scope["method"], "path": scope["path"][:500], **problem.facts}
        try:
            await audit.record(
                _stamp(visit, now, _attempt_of(scope)),
                verb,
                subject_kind="request",
                subject_id=visit.request_id,
                success=False,
                code=problem.code,
                facts=_clean(facts),
            )
        except (*db.CONNECTION_ERRORS, RuntimeError) as error:
            log.warning("audit.refusal-lost", code=problem.code, verb=verb, login=visit.login, error=str(error))

    def _singly(self, address: str, code: str, now: datetime) -> bool:
        minute = int(now.timestamp()) // 60
        counted = self._strangers.get(address)
        if counted is None or counted.minute != minute:
            if counted is not None and counted.codes:
                return self._count(counted, code)  # not flushed yet: stay in the summary
            if counted is None and len(self._strangers) >= ADDRESSES:
                counted = self._strangers.setdefault("", _Minute(minute))
                return self._count(counted, code)
            counted = self._strangers[address] = _Minute(minute)
        counted.seen += 1
        return counted.seen <= SINGLY or self._count(counted, code)

    @staticmethod
    def _count(counted: _Minute, code: str) -> bool:
        counted.codes[code] += 1
        return False

    async def flush(self) -> None:
        """One row for each address with more than its share; called about once a minute and at the end."""
        now = self._clock()
        minute = int(now.timestamp()) // 60
        for address, counted in list(self._strangers.items()):
            if counted.codes:
                codes, counted.codes = dict(counted.codes), Counter()
                visit = Visit(uuid4().hex, address=address)
                await audit.record(
                    _stamp(visit, now),
                    "request.refused-many",
                    success=False,
                    code="request.flood",
                    facts={"count": sum(codes.values()), "codes": codes},
                )
            if counted.minute < minute:
                self._strangers.pop(address, None)


def _attempt_of(scope: Any) -> UUID | None:
    """The attempt that was refused, where the caller named one."""
    given = next((value for name, value in scope["headers"] if name == b"idempotency-key"), b"")
    try:
        return UUID(given.decode())
    except ValueError:
        return None


def _stamp(visit: Visit, now: datetime, attempt: UUID | None = None) -> Stamp:
    caller = visit.caller
    return Stamp(
        attempt=attempt or uuid4(),
        content_hash=b"",
        recorded_at=now,
        occurred_at=now,
        person_id=caller.person_id if caller else None,
        login=caller.login if caller else visit.login[:80].replace("\0", ""),
        grants=(),
        channel=channel_of(caller) if caller else Channel.API,
        token_id=caller.token_id if caller else None,
        address=visit.address,
    )


def _clean(facts: dict[str, Any]) -> dict[str, Any]:
    """Facts as PostgreSQL's jsonb takes them: no NUL, no lone surrogates, not too long."""
    return {key: _clean_value(value) for key, value in facts.items()}


def _clean_value(value: Any) -> Any:
    if isinstance(value, str):
        return value.replace("\0", "").encode("utf-8", "replace").decode()[:1000]
    if isinstance(value, list | tuple):
        return [_clean_value(v) for v in value[:50]]
    if isinstance(value, dict):
        return {str(k).replace("\0", "")[:100]: _clean_value(v) for k, v in list(value.items())[:50]}
    return value
