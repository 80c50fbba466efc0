"""Business settings: a feature declares them with default, meaning and source; a region may set another value.

    declare(Parameter("alerts.near_expiry_days", 90, Kind.WHOLE, "days", name_zh=..., ...))   # in the feature's model
    days = await value_of("alerts.near_expiry_days", site.path)                              # the most specific wins

A value holds for a region and all below it, until a lower region sets its own. Nothing else reads the table.
"""

import asyncio
import json
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from catalog.kernel import attempts, audit, db, feed, history
from catalog.kernel.access import Permission
from catalog.kernel.attempts import Receipt
from catalog.kernel.errors import Invalid, Missing, Stale
from catalog.kernel.stamp import Stamp

Value = int | str | bool
UNVERIFIED = "unverified"
REMEMBERED_SECONDS = 1.0
LONGEST_TEXT = 500


class Kind(StrEnum):
    """What a value is. Strings of the same spelling are taken too."""

    WHOLE = "int"
    TEXT = "text"
    SWITCH = "bool"


@dataclass(frozen=True, slots=True)
class Parameter:
    """One declared setting. `key` is `feature.what`; `low` and `high` bound a whole number (inclusive) or the length of
    a text; `choices` names the only texts allowed; `permission` says who may change it. An empty `source` or
    "unverified" is shown as unverified."""

    key: str
    default: Value
    kind: Kind | str
    unit: str = ""
    name_zh: str = ""
    name_en: str = ""
    meaning_zh: str = ""
    meaning_en: str = ""
    source: str = ""
    low: int | None = None
    high: int | None = None
    choices: tuple[str, ...] = ()
    permission: Permission = Permission.SETTING_EDIT

    @property
    def verified(self) -> bool:
        """Whether a source stands behind the default."""
        return self.source not in ("", UNVERIFIED)


@dataclass(frozen=True, slots=True)
class Setting:
    """What one region says about one parameter. `value` None: it said something once, and took it back."""

    key: str
    path: str
    value: Value | None
    version: int


_declared: dict[str, Parameter] = {}
_offered: dict[str, Callable[[], Awaitable[Sequence[str]]]] = {}


def declare(*parameters: Parameter) -> None:
    """Make parameters known, at import of the feature's model. Declaring the same again is harmless.

    Raises ValueError for a key that is taken by another, or a default that its own bounds forbid.
    """
    for parameter in parameters:
        if not (parameter.name_zh and parameter.name_en):
            raise ValueError(f"{parameter.key}: a parameter needs its name in both languages")
        if _declared.setdefault(parameter.key, parameter) != parameter:
            raise ValueError(f"{parameter.key}: declared twice, differently")
        try:
            check(parameter, parameter.default)
        except Invalid as error:
            raise ValueError(f"{parameter.key}: the default {parameter.default!r} is not allowed") from error


def offer(key: str, read: Callable[[], Awaitable[Sequence[str]]]) -> None:
    """Further choices of a parameter that are rows: `read` tells them. At import of the feature's queries."""
    _offered[key] = read


async def choices_of(wanted: Parameter) -> tuple[str, ...]:
    """The only texts allowed, those declared and those that are rows; empty: any."""
    more = await _offered[wanted.key]() if wanted.key in _offered else ()
    return (*wanted.choices, *more)


def declared() -> Sequence[Parameter]:
    """All parameters, by key."""
    return [_declared[key] for key in sorted(_declared)]


def parameter(key: str) -> Parameter:
    """One parameter, or Missing (`parameter.missing`)."""
    found = _declared.get(key)
    if found is None:
        raise Missing("parameter.missing", "没有这项业务参数", key=key)
    return found


def check(wanted: Parameter, value: Value, choices: Sequence[str] = ()) -> None:
    """Raises Invalid unless `value` is of the parameter's kind, within its bounds, and one of its choices."""
    choices = choices or wanted.choices
    kind = Kind(wanted.kind)
    fits = {Kind.WHOLE: type(value) is int, Kind.SWITCH: type(value) is bool, Kind.TEXT: isinstance(value, str)}[kind]
    if not fits:
        raise Invalid("parameter.wrong-kind", "参数值的类型不正确", key=wanted.key, kind=kind.value)
    if kind is Kind.SWITCH:
        return
    size = value if kind is Kind.WHOLE else len(str(value))
    low = wanted.low if wanted.low is not None else (-(2**53) if kind is Kind.WHOLE else 0)
    high = wanted.high if wanted.high is not None else (2**53 if kind is Kind.WHOLE else LONGEST_TEXT)
    if not low <= int(size) <= high:
        raise Invalid("parameter.out-of-bounds", f"参数值须在 {low} 到 {high} 之间", key=wanted.key, low=low, high=high)
    if choices and value not in choices:
        raise Invalid("parameter.no-such-choice", "只能选择列出的值", key=wanted.key, choices=list(choices))


# --- reading ------------------------------------------------------------------------------------------


_known: dict[str, dict[str, Value]] | None = None
_known_of: Any = None
"""The pool the remembered values came through: another pool may be another database."""
_age = 0


async def value_of(key: str, path: str = "/") -> Value:
    """What holds for `key` at a region's `path`: the value of the most specific region that sets one, else the default.

    Remembered for a second in this process. Raises Missing for a key nobody declared.
    """
    return _found(await _values(), key, path)


async def read_once() -> Callable[[str, str], Value]:
    """`value_of` for many keys and paths, over one reading: inside a transaction each `value_of` is a statement."""
    values = await _values()
    return lambda key, path: _found(values, key, path)


def _found(values: Mapping[str, Mapping[str, Value]], key: str, path: str) -> Value:
    wanted, said = parameter(key), values.get(key, {})
    place = max((set_at for set_at in said if path.startswith(set_at)), key=len, default=None)
    return wanted.default if place is None else said[place]


async def whole(key: str, path: str = "/") -> int:
    """`value_of` a parameter that is a whole number."""
    value = await value_of(key, path)
    if type(value) is not int:
        raise TypeError(f"{key} is no whole number")
    return value


async def list_settings(key: str | None = None) -> Sequence[Setting]:
    """What regions say (of one parameter), the highest region first; also what they took back."""
    rows = await db.fetch(
        "SELECT key, path, value, version FROM parameter_value WHERE $1::text IS NULL OR key = $1"
        " ORDER BY key, length(path), path",
        key,
    )
    return [Setting(row[0], row[1], None if row[2] is None else json.loads(row[2]), row[3]) for row in rows]


def forget() -> None:
    """Ask the database again at the next `value_of`."""
    global _known, _age
    _known, _age = None, _age + 1


async def _values() -> Mapping[str, Mapping[str, Value]]:
    global _known, _known_of
    pool = db.engine().pool
    if _known is None or _known_of is not pool:
        age, found = _age, dict[str, dict[str, Value]]()
        for setting in await list_settings():
            if setting.value is not None:
                found.setdefault(setting.key, {})[setting.path] = setting.value
        if db.in_transaction() or age != _age:
            return found  # may hold what is not committed, or be older than a change
        _known, _known_of = found, pool
        asyncio.get_running_loop().call_later(REMEMBERED_SECONDS, forget)
    return _known


# --- writing ------------------------------------------------------------------------------------------


async def set_parameter(*, stamp: Stamp, key: str, path: str, value: Value, version: int) -> Receipt:
    """Let `value` hold for the region at `path` and all below it. `version` is the one read there, 0: never set.

    The receipt: {"key", "path", "version", "value"}. Needs the parameter's permission at the region.
    Raises Missing, Denied, Invalid, Stale (`parameter.stale`).
    """
    wanted = parameter(key)
    check(wanted, value, await choices_of(wanted))
    return await _write(stamp, "set", key, path, value, version)


async def clear_parameter(*, stamp: Stamp, key: str, path: str, version: int) -> Receipt:
    """Take back what the region at `path` said: what is above it holds again. Raises as `set_parameter`."""
    parameter(key)
    return await _write(stamp, "clear", key, path, None, version)


async def _write(stamp: Stamp, verb: str, key: str, path: str, value: Value | None, version: int) -> Receipt:
    async def work() -> Receipt:
        stamp.require_at(parameter(key).permission, path)
        await db.execute("SELECT pg_advisory_xact_lock(hashtextextended($1::text || ' ' || $2::text, 11))", key, path)
        row = await db.fetch_row("SELECT value, version FROM parameter_value WHERE key = $1 AND path = $2", key, path)
        before = Setting(key, path, row and row[0] and json.loads(row[0]), row[1] if row else 0)
        if before.version != version:
            raise Stale("parameter.stale", "别人已修改此参数，请重新载入", yours=version, current=before.version)
        await db.execute(
            "INSERT INTO parameter_value (key, path, value, version) VALUES ($1, $2, $3::jsonb, $4)"
            " ON CONFLICT (key, path) DO UPDATE SET value = excluded.value, version = excluded.version",
            key,
            path,
            None if value is None else json.dumps(value, ensure_ascii=False),
            version + 1,
        )
        told = {"key": key, "path": path}
        await history.record(
            stamp,
            table="parameter_value",
            key=f"{key} {path}",
            verb=f"parameter.{verb}",
            before=None if before.value is None else {**told, "value": before.value},
            after=None if value is None else {**told, "value": value},
        )
        await audit.record(
            stamp,
            f"parameter.{verb}",
            subject_kind="parameter",
            subject_id=key,
            facts={"path": path, "before": before.value, "after": value},
        )
        await feed.publish("parameter", [key], stamp.recorded_at)
        return {**told, "version": version + 1, "value": value}

    receipt = await attempts.once(stamp, f"parameter.{verb}", work)
    forget()
    return receipt
