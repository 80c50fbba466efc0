"""Before and after of every editable row: one table for all of them (DESIGN section 11)."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from catalog.kernel import db
from catalog.kernel.stamp import Stamp


@dataclass(frozen=True, slots=True)
class Change:
    """One edit of one row."""

    seq: int
    verb: str
    before: Mapping[str, Any] | None
    after: Mapping[str, Any] | None
    login: str
    at: datetime


async def record(
    stamp: Stamp,
    *,
    table: str,
    key: str,
    verb: str,
    before: Mapping[str, Any] | None,
    after: Mapping[str, Any] | None,
) -> None:
    """Append one change. Call inside the transaction that makes it."""
    await db.execute(
        "INSERT INTO row_history (table_name, row_key, verb, before, after, person_id, login, attempt, at)"
        " VALUES ($1, $2, $3, $4::jsonb, $5::jsonb, $6, $7, $8, $9)",
        table,
        key,
        verb,
        _json(before),
        _json(after),
        stamp.person_id,
        stamp.login,
        stamp.attempt,
        stamp.recorded_at,
    )


async def list_changes(*, table: str, key: str, limit: int = 100) -> Sequence[Change]:
    """The newest changes of one row first."""
    rows = await db.fetch(
        "SELECT seq, verb, before, after, login, at FROM row_history WHERE table_name = $1 AND row_key = $2"
        " ORDER BY seq DESC LIMIT $3",
        table,
        key,
        limit,
    )
    return [Change(r[0], r[1], _load(r[2]), _load(r[3]), r[4], r[5]) for r in rows]


def _json(value: Mapping[str, Any] | None) -> str | None:
    return None if value is None else json.dumps(value, ensure_ascii=False, default=str, sort_keys=True)


def _load(value: str | None) -> Mapping[str, Any] | None:
    return None if value is None else json.loads(value)
