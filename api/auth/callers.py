"""Secrets to callers. A fixed statement per secret, remembered for at most a second in this process.

A revocation made by this process is in force at once (`forget`), one made elsewhere within that second.
"""

import time
from dataclasses import replace
from datetime import datetime

from warehouse.people import actions, queries, rules
from warehouse.people.actions.sessions import hash_of
from warehouse.people.model import Caller, Policy

REMEMBERED_SECONDS = 1.0
MOST = 10_000


class Callers:
    """The process's memory of who holds which secret; also of secrets that nobody holds."""

    def __init__(self) -> None:
        self._known: dict[bytes, tuple[float, Caller | None]] = {}
        self._age = 0

    def forget(self) -> None:
        """Ask the database again for everybody: after any change to sessions, tokens, roles or people."""
        self._known.clear()
        self._age += 1

    async def by_session(self, secret: str, now: datetime, policy: Policy, *, in_use: bool) -> Caller | None:
        """The holder of a session. Raises Unauthenticated where it has ended by idleness or age. `in_use` says that
        this request keeps it alive."""
        key = hash_of(secret)
        caller = await self._find(key, is_token=False)
        if caller is None or caller.last_seen_at is None or caller.expires_at is None:
            return None
        why = rules.session_ended(caller.last_seen_at, caller.expires_at, now, policy)
        if why is not None:
            raise rules.Unauthenticated("session.ended", "登录已超时，请重新登录", why=why)
        session_id = caller.session_id
        if in_use and session_id is not None and rules.seen_due(caller.last_seen_at, now):
            caller = replace(caller, last_seen_at=now)
            if key in self._known:
                self._known[key] = (self._known[key][0], caller)
            await actions.mark_seen(session_id=session_id, at=now)
        return caller

    async def by_token(self, secret: str, now: datetime) -> Caller | None:
        """The holder of a bearer token still valid."""
        caller = await self._find(hash_of(secret), is_token=True)
        if caller is None or (caller.expires_at is not None and now >= caller.expires_at):
            return None
        token_id = caller.token_id
        if token_id is not None and (caller.last_seen_at is None or rules.seen_due(caller.last_seen_at, now)):
            key = hash_of(secret)
            caller = replace(caller, last_seen_at=now)
            if key in self._known:
                self._known[key] = (self._known[key][0], caller)
            await actions.mark_token_seen(token_id=token_id, at=now)
        return caller

    async def _find(self, key: bytes, *, is_token: bool) -> Caller | None:
        found = self._known.get(key)
        if found is not None and time.monotonic() - found[0] < REMEMBERED_SECONDS:
            return found[1]
        asked_at, age = time.monotonic(), self._age
        caller = await (queries.find_token_caller(key) if is_token else queries.find_session_caller(key))
        if len(self._known) >= MOST:
            self._known.clear()
        if age == self._age:  # else the answer may be older than a revocation
            self._known[key] = (asked_at, caller)
        return caller
