"""Argon2id in a few threads of their own: a hash takes about 0.1 s and 64 MiB, so few at once and few waiting.

The parameters are RFC 9106's second choice (3 passes, 64 MiB, 4 lanes). A stored hash carries its own, so they can
be raised: `needs_rehash` says when.
"""

import asyncio
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError

from warehouse.people.rules import Busy

AT_ONCE = 2
WAITING = 64
T = TypeVar("T")

_hasher = PasswordHasher()
_threads = ThreadPoolExecutor(AT_ONCE, thread_name_prefix="argon2")
_waiting = 0
_nobody = ""


async def hash_password(password: str) -> str:
    """The PHC string to store. Raises Busy."""
    return await _in_thread(lambda: _hasher.hash(password))


async def verify(stored: str | None, password: str) -> bool:
    """Whether `password` is the stored one. None (nobody of that name) takes as long and is False. Raises Busy."""
    return await _in_thread(lambda: _verify(stored or _dummy(), password) and bool(stored))


def needs_rehash(stored: str) -> bool:
    """Whether `stored` was made with other parameters than today's."""
    return _hasher.check_needs_rehash(stored)


def _verify(stored: str, password: str) -> bool:
    try:
        return _hasher.verify(stored, password)
    except (VerificationError, InvalidHashError):
        return False


def _dummy() -> str:
    global _nobody
    if not _nobody:
        _nobody = _hasher.hash("nobody")
    return _nobody


async def _in_thread(work: Callable[[], T]) -> T:
    global _waiting
    if _waiting >= WAITING:
        raise Busy("session.busy", "登录请求过多，请稍候再试", retry_after=5)
    _waiting += 1
    try:
        return await asyncio.get_running_loop().run_in_executor(_threads, work)
    finally:
        _waiting -= 1
