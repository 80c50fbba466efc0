"""Norms on a real database: set, seen, explained, changed with a preview, refused with the place named."""

from dataclasses import replace
from datetime import date
from typing import Any
from uuid import UUID, uuid4

import asyncpg
import pytest

from catalog.kernel.access import EVERYWHERE, ROLES, Grant, Role, Scope
from catalog.kernel.errors import Denied, Missing, Refused, Stale
from catalog.kernel.history import list_changes
from catalog.kernel.stamp import Stamp
from tests.catalog.test_tables import kind
from tests.warehouse.stock import world
from warehouse.norms import actions, queries, tables
from warehouse.norms.model import Basis, Each, Equivalent, Field, Lost, NormFacts

TODAY = date(2026, 11, 21)
TENT, QUILT = 1, 2
CITY, A, B, TOWN = 1, 2, 3, 4


def planner(path: str = "/1/", role: Role = Role.PLANNER) -> Stamp:
    return replace(world.stamp(), attempt=uuid4(), login="planner", grants=(Grant(role, path, ROLES[role]),))


async def put(*norms: NormFacts, stamp: Stamp | None = None) -> list[UUID]:
    done = await actions.set_norms(stamp=stamp or planner(), norms=norms)
    return [UUID(one) for one in done["ids"]]


def of(region: int, item: int = TENT, minimum: int | None = 10, **more: Any) -> NormFacts:
    return NormFacts(region_id=region, item_id=item, minimum=minimum, source="市文件〔2026〕1号", **more)


async def minimum(region: str | None, site: str | None = None, item: str = "ZP-0001") -> int | None:
    *_, found = await queries.why(scope=EVERYWHERE, region=region, site=site, item=item, on=TODAY)
    return found.value(Field.MINIMUM)


async def test_the_nearer_decides_and_the_rest_says_why_not(hall: asyncpg.Connection) -> None:
    city, town = await put(of(CITY, each=Each.TOWN, minimum=100, maximum=300), of(TOWN, minimum=240))
    subject, goods, found = await queries.why(scope=EVERYWHERE, region="town-a1", item="ZP-0001", on=TODAY)
    assert (subject.key, goods.key) == ("town-a1", "ZP-0001")
    assert [found.value(field) for field in Field] == [240, None, None, 300]
    assert found.figures[Field.MINIMUM].norm.id == town
    assert [(one.norm.id, one.why) for one in found.losers[Field.MINIMUM]] == [(city, Lost.LESS_NEAR)]
    assert await minimum("district-a") is None
    assert await minimum("city") is None


async def test_a_basis_is_read_from_the_dated_figures_and_unknown_stays_unknown(hall: asyncpg.Connection) -> None:
    await hall.executemany(
        "INSERT INTO region_fact (region_id, kind, value, as_of, source) VALUES ($1, 'population', $2, $3, 'census')",
        [(A, 600_000, date(2020, 11, 1)), (A, 668_906, date(2025, 1, 1)), (A, 999_999, date(2027, 1, 1))],
    )
    await put(of(CITY, each=Each.DISTRICT, minimum=5, basis=Basis.POPULATION, basis_per=10_000))
    *_, found = await queries.why(scope=EVERYWHERE, region="district-a", item="ZP-0001", on=TODAY)
    figure = found.figures[Field.MINIMUM]
    assert (figure.value, figure.basis_value, figure.basis_as_of) == (335, 668_906, date(2025, 1, 1))
    *_, other = await queries.why(scope=EVERYWHERE, region="district-b", item="ZP-0001", on=TODAY)
    assert Field.MINIMUM in other.figures
    assert other.value(Field.MINIMUM) is None
    required = await queries.requirements(scope=EVERYWHERE, path="/1/", on=TODAY)
    assert {one.subject.key: one.resolution.value(Field.MINIMUM) for one in required} == {
        "district-a": 335,
        "district-b": None,
    }


async def test_a_class_is_counted_together_without_goods_that_have_their_own(hall: asyncpg.Connection) -> None:
    pool = NormFacts(region_id=A, class_id=1, minimum=50, unit="件", equivalents=(Equivalent(QUILT, 2, 1),))
    await put(pool, of(A, minimum=7))
    required = await queries.requirements(scope=EVERYWHERE, path="/1/2/", on=TODAY)
    assert [(one.item_id, one.class_id, [g.key for g in one.items]) for one in required] == [
        (TENT, None, ["ZP-0001"]),
        (None, 1, ["MB-0001", "SB-0001", "SZ-0001"]),
    ]
    governing = required[1].resolution.governing
    assert governing is not None
    assert governing.facts.equivalents == (Equivalent(QUILT, 2, 1),)


async def test_a_rule_for_each_store_reaches_stores_only(hall: asyncpg.Connection) -> None:
    await put(of(CITY, each=Each.SITE, minimum=3), NormFacts(site_id=2, item_id=TENT, minimum=8))
    assert [await minimum(None, code) for code in ("CZ01", "AA01", "BB01")] == [3, 8, 3]
    assert await minimum("town-a1") is None


async def test_ties_and_contradictions_are_refused_with_their_place(hall: asyncpg.Connection) -> None:
    await put(of(CITY, each=Each.TOWN, minimum=100))
    with pytest.raises(Refused) as tie:
        await put(of(CITY, each=Each.TOWN, minimum=120))
    assert tie.value.code == "norm.tie"
    with pytest.raises(Refused) as broken:
        await put(of(TOWN, minimum=None, maximum=90))
    assert broken.value.code == "norm.order-broken"
    assert (broken.value.facts["place"], broken.value.facts["low_value"]) == ("town-a1", 100)
    assert await hall.fetchval("SELECT count(*) FROM norm") == 1
    # Also by raising the rule above, and by taking away what lies between.
    (own,) = await put(of(TOWN, minimum=50, maximum=90))
    await put(NormFacts(region_id=TOWN, item_id=TENT, target=70, valid_from=date(2026, 1, 1)))
    await actions.edit_norm(stamp=planner(), norm_id=own, version=1, facts=of(TOWN, minimum=60, maximum=90))
    with pytest.raises(Refused) as retired:
        await actions.retire_norm(stamp=planner(), norm_id=own, version=2)
    assert (retired.value.code, retired.value.facts["high_value"]) == ("norm.order-broken", 70)


async def test_a_preview_names_what_changes_and_writes_nothing(hall: asyncpg.Connection) -> None:
    (first,) = await put(of(CITY, each=Each.DISTRICT, minimum=100))
    found = await actions.preview(stamp=planner(), norms=[of(A, minimum=150, target=200)])
    (one,) = found.differences
    assert (found.day, found.places, one.subject.key, one.what_key) == (TODAY, 1, "district-a", "ZP-0001")
    assert (one.before[Field.MINIMUM], one.after[Field.MINIMUM], one.after[Field.TARGET]) == (100, 150, 200)
    changed = await actions.preview(
        stamp=planner(), norms=[of(CITY, each=Each.DISTRICT, minimum=120)], instead_of=first
    )
    assert sorted(one.subject.key for one in changed.differences) == ["district-a", "district-b"]
    assert await hall.fetchval("SELECT count(*) FROM norm") == 1


async def test_editing_keeps_history_version_and_place(hall: asyncpg.Connection) -> None:
    (norm,) = await put(of(A, minimum=100))
    stamp = planner()
    for _ in range(2):  # the same attempt twice has one effect
        done = await actions.edit_norm(stamp=stamp, norm_id=norm, version=1, facts=of(A, minimum=120))
        assert done["version"] == 2
    with pytest.raises(Stale):
        await actions.edit_norm(stamp=planner(), norm_id=norm, version=1, facts=of(A, minimum=130))
    with pytest.raises(Refused) as refusal:
        await actions.edit_norm(stamp=planner(), norm_id=norm, version=2, facts=of(B, minimum=130))
    assert refusal.value.code == "norm.other-place"
    await actions.retire_norm(stamp=planner(), norm_id=norm, version=2)
    assert await minimum("district-a") is None
    assert (await queries.get_norm(norm, EVERYWHERE)).retired_at is not None
    assert [one.verb for one in await list_changes(table="norm", key=str(norm))] == ["retire", "edit", "set"]
    assert await hall.fetchval("SELECT count(*) FROM feed WHERE topic = 'norm' AND key = $1", str(norm)) == 3
    acts = "SELECT count(*) FROM audit WHERE verb LIKE 'norm.%' AND subject_id = $1"
    assert await hall.fetchval(acts, str(norm)) == 3


async def test_scope_decides_who_sees_and_who_sets(hall: asyncpg.Connection) -> None:
    city, town, other = await put(of(CITY, each=Each.TOWN, minimum=1), of(TOWN, minimum=5), of(B, QUILT, minimum=5))
    district = Scope(("/1/2/",))
    assert [one.id for one in (await queries.list_norms(scope=district)).items] == [city, town]
    keeper = Scope((), frozenset({2}))
    assert [one.id for one in (await queries.list_norms(scope=keeper)).items] == [city]
    with pytest.raises(Missing):
        await queries.get_norm(other, district)
    with pytest.raises(Missing):
        await queries.why(scope=district, region="district-b", item="MB-0001", on=TODAY)
    for attempt in (of(CITY, minimum=2), of(B, minimum=2)):
        with pytest.raises(Missing):
            await put(attempt, stamp=planner("/1/2/"))
    with pytest.raises(Missing):
        await actions.edit_norm(
            stamp=planner("/1/2/"), norm_id=city, version=1, facts=of(CITY, each=Each.TOWN, minimum=9)
        )
    with pytest.raises(Denied):
        await put(of(A), stamp=planner(role=Role.KEEPER))
    await put(of(A), stamp=planner("/1/2/"))


async def test_columns_agree_with_the_schema(owner: asyncpg.Connection) -> None:
    for table in (tables.NormRow, tables.NormEquivalentRow):
        rows = await owner.fetch(
            "SELECT column_name, data_type, is_nullable = 'YES' FROM information_schema.columns"
            " WHERE table_schema = 'public' AND table_name = $1",
            table._meta.tablename,
        )
        in_schema = {row[0]: (row[1].lower(), row[2]) for row in rows}
        assert {c._meta.db_column_name: (kind(c), c._meta.null) for c in table._meta.columns} == in_schema
