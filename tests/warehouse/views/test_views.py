"""Saved views on a real database: one's own, the unit's, nobody else's."""

from dataclasses import replace
from uuid import UUID

import asyncpg
import pytest
import pytest_asyncio
from hypothesis import given
from hypothesis import strategies as st

from catalog.kernel.access import ROLES, Grant, Role
from catalog.kernel.errors import Denied, Invalid, Missing, Refused, Stale
from catalog.kernel.stamp import Stamp
from tests.catalog.test_tables import kind
from tests.warehouse.stock import world
from warehouse.views import actions, queries, rules, tables

PEOPLE = {1: "viewer", 2: "colleague", 3: "stranger"}


@pytest_asyncio.fixture
async def hall(owner: asyncpg.Connection) -> asyncpg.Connection:
    """Three people: two of one unit, one of another."""
    await world.build(owner)
    for party in (1, 2):
        await owner.execute(
            "INSERT INTO party (id, uuid, key, kind, name_zh) VALUES ($1, gen_random_uuid(), $2, 'office', $2)"
            " ON CONFLICT DO NOTHING",
            900 + party,
            f"unit-{party}",
        )
    for person, login in PEOPLE.items():
        await owner.execute(
            "INSERT INTO person (id, uuid, login, name_zh, party_id, region_id) VALUES ($1, gen_random_uuid(), $2, $2,"
            " $3, 1)",
            900 + person,
            login,
            902 if login == "stranger" else 901,
        )
    return owner


def somebody(person: int = 1, role: Role = Role.KEEPER) -> Stamp:
    grants = (Grant(role, "/1/", ROLES[role]),)
    return replace(world.stamp(), login=PEOPLE[person], person_id=900 + person, grants=grants)


async def save(person: int = 1, name: str = "快到期", query: str = "near=90&by=lot", **more: bool) -> UUID:
    done = await actions.save_view(stamp=somebody(person), list_name="stock", name=name, query=query, **more)
    return UUID(done["id"])


async def test_a_view_comes_back_and_its_name_takes_new_filters(hall: asyncpg.Connection) -> None:
    first = await save(query="?near=90&cursor=abc&by=lot")
    assert [(v.name, v.query, v.own) for v in await queries.list_views(person_id=901)] == [
        ("快到期", "by=lot&near=90", True)
    ]
    assert await save(query="near=30") == first
    (again,) = await queries.list_views(person_id=901, list_name="stock")
    assert (again.query, again.version) == ("near=30", 2)
    assert await queries.list_views(person_id=901, list_name="lots") == []


async def test_only_the_unit_sees_what_is_shared_and_only_the_owner_changes_it(hall: asyncpg.Connection) -> None:
    shared, _ = await save(shared=True), await save(name="mine")
    assert [v.id for v in await queries.list_views(person_id=902)] == [shared]
    assert await queries.list_views(person_id=903) == []
    with pytest.raises(Refused) as refusal:
        await actions.edit_view(stamp=somebody(2), view_id=shared, version=1, name="x", shared=True)
    assert refusal.value.code == "view.not-yours"
    with pytest.raises(Missing):
        await actions.retire_view(stamp=somebody(3), view_id=shared, version=1)
    with pytest.raises(Stale):
        await actions.retire_view(stamp=somebody(), view_id=shared, version=9)
    with pytest.raises(Refused):
        await actions.edit_view(stamp=somebody(), view_id=shared, version=1, name="mine", shared=True)
    await actions.retire_view(stamp=somebody(), view_id=shared, version=1)
    assert await queries.list_views(person_id=902) == []
    await save()  # its name is free again


async def test_what_cannot_be_saved_says_why(hall: asyncpg.Connection, monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(Denied):
        await actions.save_view(stamp=somebody(1, Role.AUDIT_ADMIN), list_name="stock", name="a", query="")
    await hall.execute("UPDATE person SET party_id = NULL WHERE id = 901")
    with pytest.raises(Refused) as refusal:
        await save(shared=True)
    assert refusal.value.code == "view.no-unit"
    monkeypatch.setattr(rules, "MOST_VIEWS", 1)
    await save()
    with pytest.raises(Refused):
        await save(name="one more")
    for name, query in (("", "a=b"), ("x" * 41, "a=b"), ("x", "a" * 1001)):
        with pytest.raises(Invalid):
            await save(name=name, query=query)
    with pytest.raises(Invalid):
        await actions.save_view(stamp=somebody(), list_name="secrets", name="a", query="")


@given(st.text(max_size=200))
def test_a_kept_query_stays_as_it_is(query: str) -> None:
    try:
        once = rules.checked_query(query)
    except (Invalid, ValueError):
        return
    assert rules.checked_query(once) == once
    assert "cursor=" not in once


async def test_columns_agree_with_the_schema(owner: asyncpg.Connection) -> None:
    rows = await owner.fetch(
        "SELECT column_name, data_type, is_nullable = 'YES' FROM information_schema.columns"
        " WHERE table_schema = 'public' AND table_name = 'saved_view'"
    )
    in_schema = {row[0]: (row[1].lower(), row[2]) for row in rows}
    assert {c._meta.db_column_name: (kind(c), c._meta.null) for c in tables.SavedViewRow._meta.columns} == in_schema
