"""Writes of saved views: only one's own."""

from typing import Any
from uuid import UUID, uuid5

from catalog.kernel import attempts, audit, db, history
from catalog.kernel.access import Permission
from catalog.kernel.attempts import Receipt
from catalog.kernel.errors import Denied, Refused, Stale
from catalog.kernel.stamp import Stamp
from warehouse.views import queries, rules
from warehouse.views.model import SavedView


async def save_view(*, stamp: Stamp, list_name: str, name: str, query: str, shared: bool = False) -> Receipt:
    """Keep a list as it is now under a name; a name that one has used before takes the new filters.

    Raises Invalid (list, name, query), Refused (too many, sharing without a unit).
    """

    async def work() -> Receipt:
        person, party = await _owner(stamp)
        listed, called, asked = rules.checked_list(list_name), rules.checked_name(name), rules.checked_query(query)
        _check_sharing(shared, party)
        before = await db.fetch_row(
            "SELECT id, version FROM saved_view WHERE person_id = $1 AND list = $2 AND name = $3 AND retired_at IS NULL"
            " FOR UPDATE",
            person,
            listed,
            called,
        )
        if before is None:
            await _check_room(person)
            view_id, version = uuid5(stamp.attempt, "view"), 1
            await db.execute(
                "INSERT INTO saved_view (id, person_id, party_id, list, name, query, shared, created_at, attempt)"
                " VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)",
                view_id, person, party, listed, called, asked, shared, stamp.recorded_at, stamp.attempt,
            )  # fmt: skip
        else:
            view_id, version = before[0], before[1] + 1
            await _write(view_id, called, asked, shared, party)
        await _note(stamp, "save", view_id, {"list": listed, "name": called, "query": asked, "shared": shared})
        return {"id": str(view_id), "version": version, "name": called}

    return await attempts.once(stamp, "view.save", work)


async def edit_view(*, stamp: Stamp, view_id: UUID, version: int, name: str, shared: bool) -> Receipt:
    """Another name, shared or not. Raises Missing, Stale, Refused (name used), Invalid."""

    async def work() -> Receipt:
        found, party = await _own(stamp, view_id, version)
        called = rules.checked_name(name)
        _check_sharing(shared, party)
        taken = await db.fetch_value(
            "SELECT true FROM saved_view WHERE person_id = $1 AND list = $2 AND name = $3 AND id <> $4"
            " AND retired_at IS NULL",
            stamp.person_id,
            found.list,
            called,
            view_id,
        )
        if taken:
            raise Refused("view.name-taken", "您已有同名的视图", name=called)
        await _write(view_id, called, found.query, shared, party)
        await _note(stamp, "edit", view_id, {"name": called, "shared": shared})
        return {"id": str(view_id), "version": version + 1, "name": called}

    return await attempts.once(stamp, "view.edit", work)


async def retire_view(*, stamp: Stamp, view_id: UUID, version: int) -> Receipt:
    """Take it off the list. Raises Missing, Stale."""

    async def work() -> Receipt:
        await _own(stamp, view_id, version)
        await db.execute(
            "UPDATE saved_view SET retired_at = $2, version = version + 1 WHERE id = $1", view_id, stamp.recorded_at
        )
        await _note(stamp, "retire", view_id, {})
        return {"id": str(view_id), "version": version + 1}

    return await attempts.once(stamp, "view.retire", work)


async def _owner(stamp: Stamp) -> tuple[int, int | None]:
    stamp.require(Permission.VIEW_SAVE)
    if stamp.person_id is None:
        raise Denied("access.denied", "您没有此项权限", permission=Permission.VIEW_SAVE.value)
    # The person's row is the lock under which views are counted.
    return stamp.person_id, await db.fetch_value(
        "SELECT party_id FROM person WHERE id = $1 FOR UPDATE", stamp.person_id
    )


async def _own(stamp: Stamp, view_id: UUID, version: int) -> tuple[SavedView, int | None]:
    person, party = await _owner(stamp)
    found = await queries.get_view(view_id, person_id=person)
    if not found.own:
        raise Refused("view.not-yours", "这是同事的视图，只有本人能修改", owner=found.owner_name)
    if found.version != version:
        raise Stale("view.stale", "别人已修改，请重新载入", yours=version, current=found.version)
    return found, party


def _check_sharing(shared: bool, party: int | None) -> None:
    if shared and party is None:
        raise Refused("view.no-unit", "您的账号没有所属单位，无法共享")


async def _check_room(person: int) -> None:
    count = await db.fetch_value("SELECT count(*) FROM saved_view WHERE person_id = $1 AND retired_at IS NULL", person)
    if count >= rules.MOST_VIEWS:
        raise Refused("view.too-many", "保存的视图已达上限，请先删除一些", most=rules.MOST_VIEWS)


async def _write(view_id: UUID, name: str, query: str, shared: bool, party: int | None) -> None:
    await db.execute(
        "UPDATE saved_view SET name = $2, query = $3, shared = $4, party_id = $5, version = version + 1 WHERE id = $1",
        view_id,
        name,
        query,
        shared,
        party,
    )


async def _note(stamp: Stamp, verb: str, view_id: UUID, after: dict[str, Any]) -> None:
    await history.record(stamp, table="saved_view", key=str(view_id), verb=verb, before=None, after=after)
    await audit.record(stamp, f"view.{verb}", subject_kind="view", subject_id=str(view_id), facts=after)
