"""Several people at once: one wins, the others are told why, nobody sees an error of the database."""

import asyncio
from dataclasses import replace
from uuid import uuid4

from catalog.items import actions, queries
from catalog.items.model import CodeKind, NewCode, NewItem
from catalog.kernel.errors import Refused, Stale
from tests.catalog.small import house, make_catalogue, make_item

RIVALS = 8


async def test_one_key_is_one_item(database: object) -> None:
    facts = await make_catalogue()
    done = await asyncio.gather(
        *(actions.create_items(stamp=house(), items=[NewItem("ZP-0001", facts)]) for _ in range(RIVALS)),
        return_exceptions=True,
    )
    assert sum(isinstance(one, list) for one in done) == 1
    assert {one.code for one in done if isinstance(one, Refused)} == {"item.key-taken"}


async def test_one_code_is_one_items(database: object) -> None:
    facts = await make_catalogue()
    items = [await make_item(facts, f"AA-{n}", f"物资{n}") for n in range(RIVALS)]
    code = NewCode(CodeKind.GTIN, "6901234567892")
    done = await asyncio.gather(
        *(actions.add_codes(stamp=house(), item_id=item, codes=[code]) for item in items), return_exceptions=True
    )
    assert sum(isinstance(one, list) for one in done) == 1
    assert {one.code for one in done if isinstance(one, Refused)} == {"item.code-taken"}


async def test_of_two_edits_of_one_version_one_is_stale(database: object) -> None:
    facts = await make_catalogue()
    item = await make_item(facts, "ZP-0001")
    done = await asyncio.gather(
        *(
            actions.edit_item(stamp=house(), item_id=item, version=1, facts=replace(facts, name_zh=f"帐篷{n}"))
            for n in range(RIVALS)
        ),
        return_exceptions=True,
    )
    assert done.count(2) == 1
    assert sum(isinstance(one, Stale) for one in done) == RIVALS - 1
    assert (await queries.get_item(item)).version == 2


async def test_one_attempt_sent_by_many_is_one_item_and_one_answer(database: object) -> None:
    facts = await make_catalogue()
    stamp = house("same", uuid4())
    done = await asyncio.gather(
        *(actions.create_items(stamp=stamp, items=[NewItem("ZP-0001", facts)]) for _ in range(RIVALS))
    )
    assert len({tuple(ids) for ids in done}) == 1
    assert len((await queries.list_items()).items) == 1
