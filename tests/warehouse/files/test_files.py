"""Files on a real database: once, once only, and never gone."""

import hashlib
from dataclasses import replace
from uuid import UUID

import asyncpg
import pytest

from catalog.kernel.access import ROLES, Grant, Role
from catalog.kernel.errors import Denied, Missing, Refused, Stale
from catalog.kernel.stamp import Stamp
from tests.catalog.test_tables import kind
from tests.warehouse.files.samples import photo
from tests.warehouse.stock import world
from warehouse.files import actions, pictures, queries, tables
from warehouse.files.model import Cleaned, Subject

LOT = Subject("lot", "26000001")


def somebody(role: Role = Role.KEEPER, person: int = 1) -> Stamp:
    grants = (Grant(role, "/1/", ROLES[role]),)
    return replace(world.stamp(), login=f"{role}-{person}", person_id=person, grants=grants)


def cleaned(width: int = 64) -> Cleaned:
    found = pictures.clean(photo(width, 48))
    assert isinstance(found, Cleaned)
    return found


async def test_a_photo_added_twice_by_one_attempt_is_one_and_its_bytes_are_kept_once(hall: asyncpg.Connection) -> None:
    file, stamp = cleaned(), somebody()
    first = await actions.add_file(stamp=stamp, file=file, name="a.jpg", subject=LOT)
    again = await actions.add_file(stamp=stamp, file=file, name="a.jpg", subject=LOT)
    assert again["repeat"]
    assert again["id"] == first["id"]
    await actions.add_file(stamp=somebody(), file=file, name="b.jpg", subject=LOT)
    assert first["sha256"] == hashlib.sha256(file.content).hexdigest()
    assert len(await queries.list_files(LOT)) == 2
    assert await hall.fetchval("SELECT count(*) FROM file_content") == 1
    content = await queries.read_content(UUID(first["id"]))
    assert content.data == file.content
    assert (await queries.read_thumbnail(UUID(first["id"]))).data == file.thumbnail
    assert await hall.fetchval("SELECT count(*) FROM audit WHERE verb = 'file.add' AND success") == 2


async def test_only_the_uploader_attaches_and_only_once(hall: asyncpg.Connection) -> None:
    made = await actions.add_file(stamp=somebody(), file=cleaned(), name="a")
    file_id = UUID(made["id"])
    with pytest.raises(Missing):
        await actions.attach_files(stamp=somebody(person=2), file_ids=[file_id], subject=LOT)
    await actions.attach_files(stamp=somebody(), file_ids=[file_id, file_id], subject=LOT)
    await actions.attach_files(stamp=somebody(), file_ids=[file_id], subject=LOT)
    with pytest.raises(Refused) as refusal:
        await actions.attach_files(stamp=somebody(), file_ids=[file_id], subject=Subject("lot", "26000002"))
    assert refusal.value.code == "file.already-attached"
    assert [one.id for one in await queries.list_files(LOT)] == [file_id]
    assert list(await queries.list_files_of("lot", [LOT.id, "26000002"])) == [LOT.id]


async def test_retiring_hides_and_keeps(hall: asyncpg.Connection) -> None:
    made = await actions.add_file(stamp=somebody(), file=cleaned(), name="a", subject=LOT)
    file_id = UUID(made["id"])
    with pytest.raises(Denied):
        await actions.retire_file(stamp=somebody(Role.DISPATCHER, 2), file_id=file_id, version=1, reason="not mine")
    with pytest.raises(Stale):
        await actions.retire_file(stamp=somebody(), file_id=file_id, version=9, reason="wrong lot")
    await actions.retire_file(stamp=somebody(), file_id=file_id, version=1, reason="wrong lot")
    with pytest.raises(Refused):
        await actions.retire_file(stamp=somebody(), file_id=file_id, version=2, reason="again")
    assert await queries.list_files(LOT) == []
    (kept,) = await queries.list_files(LOT, retired=True)
    assert kept.retire_reason == "wrong lot"
    assert (await queries.read_content(file_id)).data


async def test_who_may_not_add_may_not_add(hall: asyncpg.Connection) -> None:
    with pytest.raises(Denied):
        await actions.add_file(stamp=somebody(Role.AUDIT_ADMIN), file=cleaned(), name="a", subject=LOT)


async def test_too_many_beside_one_thing_are_refused(hall: asyncpg.Connection, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("warehouse.files.rules.MOST_PER_SUBJECT", 1)
    await actions.add_file(stamp=somebody(), file=cleaned(), name="a", subject=LOT)
    with pytest.raises(Refused) as refusal:
        await actions.add_file(stamp=somebody(), file=cleaned(), name="b", subject=LOT)
    assert refusal.value.code == "file.too-many"


@pytest.mark.parametrize("table", [tables.FileRow, tables.FileContentRow], ids=lambda t: t._meta.tablename)
async def test_columns_agree_with_the_schema(owner: asyncpg.Connection, table: type[tables.Table]) -> None:
    rows = await owner.fetch(
        "SELECT column_name, data_type, is_nullable = 'YES' FROM information_schema.columns"
        " WHERE table_schema = 'public' AND table_name = $1",
        table._meta.tablename,
    )
    in_schema = {row[0]: (row[1].lower(), row[2]) for row in rows}
    assert {c._meta.db_column_name: (kind(c), c._meta.null) for c in table._meta.columns} == in_schema
