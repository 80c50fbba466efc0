"""Rows in their order, and nothing of those that PostgreSQL cannot hold."""

import asyncpg
import pytest

from catalog.kernel import db
from tests.conftest import Database

pytestmark = pytest.mark.database
FEED = ("topic", "key", "at")


async def _keys() -> list[str]:
    return [row[0] for row in await db.fetch("SELECT key FROM feed WHERE topic = 'append' ORDER BY seq")]


async def test_rows_are_appended_in_their_order(database: Database) -> None:
    at = await db.fetch_value("SELECT now()")
    for few_or_many in ("bca", "hgfedji"):
        await db.append(("feed", FEED, [("append", key, at) for key in few_or_many]))
    assert await _keys() == [*"bca", *"hgfedji"]


async def test_rows_of_several_tables_are_appended_together(database: Database) -> None:
    at = await db.fetch_value("SELECT now()")
    seal = ("position", "audit_seq", "mac")
    for count in (1, 5):
        rows = [(count * 10 + n, count * 10 + n, b"") for n in range(count)]
        await db.append(
            ("feed", FEED, [("append", "x", at)] * count), ("audit_seal", seal, rows), ("audit", ("at",), [])
        )
    assert len(await _keys()) == await db.fetch_value("SELECT count(*) FROM audit_seal") == 6


@pytest.mark.parametrize("bad", ["\ud800", "a\0b", 5, None])
@pytest.mark.parametrize("before", [1, 9])
async def test_a_value_that_cannot_be_held_undoes_the_whole(database: Database, bad: object, before: int) -> None:
    at = await db.fetch_value("SELECT now()")

    async def written() -> None:
        async with db.transaction():
            await db.append(("feed", FEED, [("append", "good", at)]))
            await db.append(("feed", FEED, [("append", "first", at)] * before + [("append", bad, at)]))

    with pytest.raises((asyncpg.DataError, asyncpg.IntegrityConstraintViolationError)):
        await written()
    assert await _keys() == []
    await db.append(("feed", FEED, [("append", "after", at)]))
    assert await _keys() == ["after"]


async def test_questions_asked_together_are_answered_as_if_apart(database: Database) -> None:
    numbers = ("SELECT n, n * $2::int, NULL::text FROM unnest($1::int[]) n ORDER BY n DESC", ([1, 2, 3], 10))
    words = ("SELECT w, w FROM unnest($1::text[]) w", (["甲", 'b"{,}'],))
    nothing = ("SELECT 1 WHERE $1::bool", (False,))
    questions = (numbers, words, nothing)
    together = await db.fetch_together(*questions)
    apart = [await db.fetch(sql, *args) for sql, args in questions]
    assert [[tuple(row) for row in rows] for rows in together] == [[tuple(row) for row in rows] for rows in apart]
    assert [tuple(row) for row in together[0]] == [(3, 30, None), (2, 20, None), (1, 10, None)]
    assert await db.fetch_together(words) == [apart[1]]


async def test_settings_hold_for_their_transaction(database: Database) -> None:
    async with db.transaction(db.GENERIC_PLANS, db.INDEX_ORDER):
        assert await db.fetch_value("SELECT current_setting('enable_bitmapscan')") == "off"
        assert await db.fetch_value("SELECT current_setting('plan_cache_mode')") == "force_generic_plan"
    assert await db.fetch_value("SELECT current_setting('enable_bitmapscan')") == "on"
