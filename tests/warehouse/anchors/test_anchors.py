"""Anchors of lower houses: signed, kept whatever they say, judged, never changed."""

import asyncio
import json
from typing import Any
from uuid import uuid4

import asyncpg
import pytest
import pytest_asyncio
from hypothesis import given
from hypothesis import strategies as st

from api import audit as trail
from catalog.kernel import audit_chain
from catalog.kernel.access import Role
from catalog.kernel.audit import Anchor
from catalog.kernel.errors import Denied, Invalid, Missing
from tests.conftest import Database
from tests.warehouse.people.city import NOON, City, build
from warehouse.anchors import actions, queries, rules
from warehouse.anchors.model import Verdict


def anchor(position: int, mark: int = 1) -> Anchor:
    return Anchor(position, position * 2, bytes([mark]) * 32, bytes([mark + 1]) * 32, NOON)


class TestRules:
    """Pure decisions."""

    def test_the_same_hash_agrees_and_another_differs(self) -> None:
        assert rules.judge(anchor(5), anchor(5), 9) is Verdict.AGREES
        assert rules.judge(anchor(5), anchor(5, 7), 9) is Verdict.DIFFERS

    def test_an_unknown_position_must_lie_ahead(self) -> None:
        assert rules.judge(anchor(10), None, 9) is Verdict.AGREES
        assert rules.judge(anchor(8), None, 9) is Verdict.WENT_BACK
        assert rules.judge(anchor(1), None, 0) is Verdict.AGREES

    @given(text=st.text(max_size=80), at=st.integers(0, 127), bit=st.integers(0, 3))
    def test_only_the_signed_text_passes(self, text: str, at: int, bit: int) -> None:
        text = text.encode(errors="ignore").decode()
        sent = trail.signed("secret", text)
        rules.check_signature(text, sent["key"], sent["signature"])
        figures = list(sent["signature"])
        figures[at] = f"{int(figures[at], 16) ^ (1 << bit):x}"
        for wrong in ((text + "x", sent["signature"]), (text, "".join(figures)), (text, "")):
            with pytest.raises(Invalid, match="签名"):
                rules.check_signature(wrong[0], sent["key"], wrong[1])
        with pytest.raises(Invalid):
            rules.check_signature(text, trail.signed("another", text)["key"], sent["signature"])


@pytest_asyncio.fixture
async def city(database: Database) -> City:
    made = await build()
    await made.person("north-audit", "NORTH", (Role.AUDIT_ADMIN, "NORTH"))
    return made


async def send(city: City, one: Anchor, secret: str = "lower", login: str = "aud", **changes: Any) -> Any:
    text = audit_chain.anchor_line(one)
    sent = trail.signed(secret, text) | changes
    stamp = await city.stamp(login, sent)
    return await actions.receive_anchor(stamp=stamp, text=sent["anchor"], key=sent["key"], signature=sent["signature"])


@pytest.mark.database
class TestReceiving:
    """On a real database."""

    async def test_a_house_is_its_key_and_rewriting_shows(self, city: City) -> None:
        assert (await send(city, anchor(10)))["verdict"] == "agrees"
        assert (await send(city, anchor(20)))["verdict"] == "agrees"
        assert (await send(city, anchor(20, 5)))["verdict"] == "differs"
        assert (await send(city, anchor(15)))["verdict"] == "went-back"
        assert (await send(city, anchor(15), secret="other house"))["verdict"] == "agrees"
        stamp = await city.stamp("aud")
        one, other = sorted(await queries.list_houses(stamp=stamp), key=lambda house: -house.received)
        assert (one.received, one.position, one.wrong) == (4, 20, 2)
        assert (other.received, other.position, other.wrong) == (1, 15, 0)
        first = await queries.list_received(house=one, limit=3)
        rest = await queries.list_received(house=one, cursor=first.next_cursor)
        shown = [(got.anchor.position, got.verdict.value) for got in [*first.items, *rest.items]]
        assert shown == [(15, "went-back"), (20, "differs"), (20, "agrees"), (10, "agrees")]

    async def test_the_same_again_is_one_row_even_from_rivals(self, city: City) -> None:
        receipts = await asyncio.gather(*(send(city, anchor(7)) for _ in range(8)))
        assert {receipt["received"] for receipt in receipts} == {receipts[0]["received"]}
        (house,) = await queries.list_houses(stamp=await city.stamp("aud"))
        assert house.received == 1

    async def test_rewritten_one_stays_so_when_sent_again(self, city: City) -> None:
        await send(city, anchor(7))
        await send(city, anchor(7, 9))
        assert (await send(city, anchor(7, 9)))["verdict"] == "differs"

    @pytest.mark.parametrize("text", ["", "{}", "[]", '{"position":1}', "x", "null"])
    async def test_what_is_no_anchor_is_refused(self, city: City, text: str) -> None:
        with pytest.raises(Invalid, match="审计锚"):
            await send(city, anchor(1), **trail.signed("lower", text))

    async def test_hashes_must_have_their_size_and_times_their_zone(self, city: City) -> None:
        plain = json.loads(audit_chain.anchor_line(anchor(3)))
        for change in ({"mac": "ab"}, {"digest": "00" * 33}, {"at": "2026-11-21T04:00:00"}, {"position": 0}):
            with pytest.raises(Invalid):
                await send(city, anchor(3), **trail.signed("lower", json.dumps(plain | change)))

    async def test_nobody_else_sends_or_reads(self, city: City) -> None:
        for login in ("sys", "sec"):
            with pytest.raises(Denied):
                await send(city, anchor(1), login=login)
            with pytest.raises(Denied):
                await queries.list_houses(stamp=await city.stamp(login))
        with pytest.raises(Denied):  # audits a district only
            await queries.list_houses(stamp=await city.stamp("north-audit"))
        with pytest.raises(Missing):
            await queries.get_house("zz", stamp=await city.stamp("aud"))

    async def test_nothing_is_changed_or_deleted(self, city: City, owner: asyncpg.Connection) -> None:
        await send(city, anchor(1))
        for sql in ("UPDATE received_anchor SET name = 'x'", "DELETE FROM received_anchor", "TRUNCATE received_anchor"):
            with pytest.raises(asyncpg.InsufficientPrivilegeError):
                await owner.execute(sql)

    async def test_a_repeat_of_the_attempt_answers_the_first(self, city: City) -> None:
        text = audit_chain.anchor_line(anchor(4))
        sent = trail.signed("lower", text)
        stamp = await city.stamp("aud", sent, uuid4())
        first = await actions.receive_anchor(stamp=stamp, text=text, key=sent["key"], signature=sent["signature"])
        again = await actions.receive_anchor(stamp=stamp, text=text, key=sent["key"], signature=sent["signature"])
        assert again == {**first, "repeat": True}


def test_an_export_is_held_against_anchors() -> None:
    head = {"position": 0, **dict.fromkeys(audit_chain.FIELDS), "mac": "", "verb": "beiyu-audit-start", "code": ""}
    text = json.dumps(head) + "\n"
    done = trail.compare(text.encode(), [anchor(3)])
    assert (done.rows, done.certain, len(done.findings)) == (0, 0, 1)
    assert "cut off" in done.findings[0]
    for wrong in (b"", b"{}", b"\xff\xfe", b"a,b\n1,2\n", b"[]"):
        with pytest.raises(Invalid, match="审计导出"):
            trail.compare(wrong, [anchor(3)])
