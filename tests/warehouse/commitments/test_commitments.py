"""Commitments on a real database: signed, tried, called off, delivered; who counts on them and who is refused."""

import asyncio
from dataclasses import replace
from datetime import date, timedelta
from typing import Any
from uuid import UUID, uuid4

import asyncpg
import pytest

from catalog.kernel.access import EVERYWHERE, ROLES, Grant, Role, Scope
from catalog.kernel.errors import Denied, Invalid, Missing, Refused, Stale
from catalog.kernel.history import list_changes
from catalog.kernel.stamp import Stamp
from tests.catalog.test_tables import kind
from tests.warehouse.stock import world
from warehouse.commitments import actions, queries, tables, workflow
from warehouse.commitments.model import CallStatus, CommitmentFacts, Form, PriceRule, Status
from warehouse.files import actions as files
from warehouse.files.model import Cleaned, FileKind

TODAY = date(2026, 11, 21)
TENT, QUILT = 1, 2
CITY, A, B, TOWN = 1, 2, 3, 4


def hand(login: str = "buyer", role: Role = Role.PURCHASER, path: str = "/1/", hours: int = 0) -> Stamp:
    at = world.NOW + timedelta(hours=hours)
    stamp = world.stamp(at=at)
    return replace(stamp, attempt=uuid4(), login=login, grants=(Grant(role, path, ROLES[role]),))


def boss(**more: Any) -> Stamp:
    return hand("boss", Role.APPROVER, **more)


def facts(**more: Any) -> CommitmentFacts:
    said: dict[str, Any] = {
        "region_id": A, "party_id": 1, "form": Form.AGREEMENT, "number": "XY-2026-01", "quantity": 100,
        "response_hours": 6, "confidence": 80, "confidence_source": "合同第五条", "item_id": TENT,
        "valid_from": date(2026, 1, 1), "valid_to": date(2026, 12, 31), "price_rule": PriceRule.FIXED,
        "price_fen": 50_000, "source": "合同", **more,
    }  # fmt: skip
    return CommitmentFacts(**said)


async def signed(**more: Any) -> UUID:
    done = await actions.create_commitment(stamp=hand(), facts=facts(**more), sign=True)
    return UUID(done["id"])


async def called(commitment: UUID, quantity: int, **more: Any) -> UUID:
    done = await actions.request_call(
        stamp=hand(**more), commitment_id=commitment, quantity=quantity, reason="台风“测试”", place="AA01"
    )
    return UUID(done["id"])


async def filed(call: UUID, number: str) -> None:
    """The scan of the paper, by who spoke the order."""
    scan = await files.add_file(stamp=boss(hours=10), file=Cleaned(FileKind.PDF, b"%PDF-1.4 test"), name="order.pdf")
    await actions.file_paper(stamp=boss(hours=10), call_id=call, order_number=number, file_ids=[UUID(scan["id"])])


async def promised(day: date = TODAY, *regions: int) -> list[tuple[int, int | None, int, int, int]]:
    found = await queries.promised(regions or (CITY, A, B, TOWN), day)
    return [(one.region_id, one.item_id or one.class_id, one.quantity, one.confidence, one.counted) for one in found]


async def test_only_what_is_signed_and_in_its_dates_is_counted_on(hall: asyncpg.Connection) -> None:
    draft = UUID((await actions.create_commitment(stamp=hand(), facts=facts()))["id"])
    assert await promised() == []
    assert await queries.holders(TODAY) == set()
    await actions.sign(stamp=hand(), commitment_id=draft)
    assert await queries.holders(TODAY) == {1}
    assert await queries.holders(date(2027, 1, 1)) == set()
    await signed(region_id=B, item_id=None, class_id=1, unit="件", quantity=55, confidence=50)
    assert await promised() == [(A, TENT, 100, 80, 80), (B, 1, 55, 50, 27)]
    assert await promised(TODAY, B) == [(B, 1, 55, 50, 27)]
    assert await promised(date(2027, 1, 1)) == []
    assert await promised(date(2025, 12, 31)) == []
    await actions.suspend(stamp=hand(), commitment_id=draft)
    assert await promised() == [(B, 1, 55, 50, 27)]
    await actions.resume(stamp=hand(), commitment_id=draft)
    await actions.retire(stamp=hand(), commitment_id=draft)
    assert await promised() == [(B, 1, 55, 50, 27)]
    assert (await queries.get_commitment(draft, EVERYWHERE)).status is Status.RETIRED
    with pytest.raises(Refused) as refusal:
        await actions.resume(stamp=hand(), commitment_id=draft)
    assert refusal.value.code == "commitment.not-from-here"


async def test_what_ends_soon_or_has_ended_is_listed(hall: asyncpg.Connection) -> None:
    soon = await signed(valid_to=TODAY + timedelta(days=30))
    later = await signed(number="2", valid_to=TODAY + timedelta(days=31))
    over = await signed(number="3", valid_to=TODAY - timedelta(days=1))
    assert [one.id for one in await queries.ending(TODAY, 30, EVERYWHERE)] == [over, soon]
    assert [one.id for one in await queries.ending(TODAY, 31, EVERYWHERE)] == [over, soon, later]
    assert await queries.ending(TODAY, 30, Scope(("/1/3/",))) == []
    await actions.retire(stamp=hand(), commitment_id=over)
    assert [one.id for one in await queries.ending(TODAY, 30, EVERYWHERE)] == [soon]


async def test_a_drill_moves_the_confidence_and_a_withdrawn_one_does_not(hall: asyncpg.Connection) -> None:
    one = await signed()
    drill: dict[str, Any] = {"commitment_id": one, "on": TODAY, "asked": 100, "shown": 60, "hours": 5}
    stamp = hand()
    for _ in range(2):  # the same attempt twice has one effect
        assert (await actions.record_drill(stamp=stamp, **drill))["confidence"] == 73
    assert (await promised())[0][3] == 73
    (shown,) = await queries.list_drills(one)
    done = await actions.withdraw_drill(stamp=hand(), commitment_id=one, drill_id=shown.id)
    assert done["confidence"] == 80
    assert (await queries.list_drills(one))[0].withdrawn_at is not None
    with pytest.raises(Missing):
        await actions.withdraw_drill(stamp=hand(), commitment_id=one, drill_id=shown.id)
    with pytest.raises(Invalid) as refusal:
        await actions.record_drill(stamp=hand(), **{**drill, "on": TODAY + timedelta(days=1)})
    assert refusal.value.code == "commitment.drill-in-future"


async def test_a_call_off_is_asked_ordered_delivered_and_counted(hall: asyncpg.Connection) -> None:
    one = await signed()
    call = await called(one, 60)
    assert await promised() == [(A, TENT, 40, 80, 32)]
    with pytest.raises(Refused) as early:
        await actions.record_arrival(stamp=hand(), call_id=call, quantity=10)
    assert early.value.code == "call-off.not-from-here"
    with pytest.raises(Denied):
        await actions.activate(stamp=hand(), call_id=call, order_number="令1")
    with pytest.raises(Invalid):
        await actions.activate(stamp=boss(), call_id=call)
    await actions.activate(stamp=boss(), call_id=call, spoken=True, spoken_by="李", spoken_to="张")
    shown = await queries.get_call(call, EVERYWHERE)
    assert shown.due_at == world.NOW + timedelta(hours=6)
    assert (shown.spoken_by, shown.spoken_to, shown.paper_owed) == ("李", "张", True)
    assert shown.papers_due_at == world.NOW + timedelta(hours=48)
    delivery = uuid4()
    await actions.record_arrival(
        stamp=hand(hours=5),
        call_id=call,
        quantity=30,
        document=("delivery", delivery),
        document_number="AA01-26-000001",
    )
    await actions.record_arrival(stamp=hand(hours=9), call_id=call, quantity=20)
    with pytest.raises(Refused) as owed:
        await actions.close_call(stamp=hand(hours=10), call_id=call)
    assert owed.value.code == "call-off.paper-owed"
    with pytest.raises(Refused) as came:
        await actions.cancel_call(stamp=hand(hours=10), call_id=call)
    assert came.value.code == "call-off.something-came"
    with pytest.raises(Invalid) as unseen:
        await actions.file_paper(stamp=boss(hours=10), call_id=call, order_number="7", file_ids=[])
    assert unseen.value.code == "spoken.no-scan"
    await filed(call, "常应急令〔2026〕6号")
    assert "check-paper" not in workflow.allowed_of_call(await queries.get_call(call, EVERYWHERE), boss())
    with pytest.raises(Refused) as own:
        await actions.check_paper(stamp=boss(hours=10), call_id=call, agrees=True)
    assert own.value.code == "spoken.own-paper"
    second = {"role": Role.APPROVER, "hours": 10}
    await actions.check_paper(stamp=hand("second", **second), call_id=call, agrees=False, note="文号不符")
    assert [one.number for one, _ in await queries.owed_calls(EVERYWHERE)] == [shown.number]
    await filed(call, "常应急令〔2026〕7号")
    with pytest.raises(Refused):  # filed is not checked
        await actions.close_call(stamp=hand(hours=10), call_id=call)
    await actions.check_paper(stamp=hand("second", **second), call_id=call, agrees=True)
    assert await queries.owed_calls(EVERYWHERE) == []
    await actions.close_call(stamp=hand(hours=10), call_id=call)
    # 50 came: 50 are left. 30 of 60 in time, 20 late: (30 + 10) / 60 = 66.66 %; (80 + 80 + 66.66) / 3 = 75.5
    assert await promised() == [(A, TENT, 50, 75, 37)]
    shown = await queries.get_call(call, EVERYWHERE)
    assert (shown.status, shown.came, shown.order_number) == (CallStatus.CLOSED, 50, "常应急令〔2026〕7号")
    assert shown.arrivals[0].document_id == delivery
    verbs = await hall.fetch("SELECT verb FROM audit WHERE subject_id = $1 ORDER BY seq", str(call))
    assert [row[0] for row in verbs] == [
        f"call-off.{verb}"
        for verb in (
            *("request", "activate", "arrive", "arrive"),
            *("file-paper", "check-paper", "file-paper", "check-paper", "close"),
        )
    ]


async def test_more_than_is_left_or_not_in_force_is_refused_with_what_there_is(hall: asyncpg.Connection) -> None:
    one = await signed()
    call = await called(one, 60)
    with pytest.raises(Refused) as refusal:
        await called(one, 41)
    assert refusal.value.code == "commitment.too-much"
    assert (refusal.value.facts["asked"], refusal.value.facts["free"], refusal.value.facts["taken"]) == (41, 40, 60)
    with pytest.raises(Refused) as less:
        await actions.edit_commitment(stamp=hand(), commitment_id=one, version=1, facts=facts(quantity=59))
    assert less.value.code == "commitment.below-taken"
    with pytest.raises(Refused) as open_:
        await actions.retire(stamp=hand(), commitment_id=one)
    assert open_.value.code == "commitment.calls-open"
    await actions.cancel_call(stamp=hand(), call_id=call)
    assert await promised() == [(A, TENT, 100, 80, 80)]
    over = await signed(number="2", valid_to=TODAY - timedelta(days=1))
    with pytest.raises(Refused) as ended:
        await called(over, 1)
    assert ended.value.code == "commitment.not-in-force"


async def test_nobody_orders_what_he_asked_for(hall: asyncpg.Connection) -> None:
    one = await signed()
    both = replace(hand("both"), grants=(Grant(Role.PURCHASER, "/1/", ROLES[Role.PURCHASER] | ROLES[Role.APPROVER]),))
    call = UUID((await actions.request_call(stamp=both, commitment_id=one, quantity=1, reason="急"))["id"])
    with pytest.raises(Refused) as refusal:
        await actions.activate(stamp=replace(both, attempt=uuid4()), call_id=call, order_number="令1")
    assert refusal.value.code == "call-off.own"


async def test_rivals_never_call_off_more_than_was_promised(hall: asyncpg.Connection) -> None:
    one = await signed()
    done = await asyncio.gather(*(called(one, 30, login=f"d{n}") for n in range(8)), return_exceptions=True)
    refused = [one for one in done if isinstance(one, Refused)]
    assert {one.code for one in refused} == {"commitment.too-much"}
    assert len(refused) == 5
    assert await promised() == [(A, TENT, 10, 80, 8)]


async def test_editing_keeps_history_version_and_goods(hall: asyncpg.Connection) -> None:
    one = await signed()
    stamp = hand()
    for _ in range(2):
        done = await actions.edit_commitment(stamp=stamp, commitment_id=one, version=1, facts=facts(quantity=150))
        assert done["version"] == 2
    with pytest.raises(Stale):
        await actions.edit_commitment(stamp=hand(), commitment_id=one, version=1, facts=facts(quantity=10))
    with pytest.raises(Refused) as refusal:
        await actions.edit_commitment(stamp=hand(), commitment_id=one, version=2, facts=facts(item_id=QUILT))
    assert refusal.value.code == "commitment.other-goods"
    with pytest.raises(Refused) as twice:
        await signed()
    assert twice.value.code == "commitment.twice"
    await signed(item_id=QUILT)  # the same contract, other goods
    assert [change.verb for change in await list_changes(table="commitment", key=str(one))] == ["edit", "create"]


async def test_scope_decides_who_sees_and_who_acts(hall: asyncpg.Connection) -> None:
    one, other = await signed(), await signed(region_id=B)
    district = Scope(("/1/2/",))
    assert [row.id for row in (await queries.list_commitments(scope=district)).items] == [one]
    assert [row.id for row in (await queries.list_commitments(scope=EVERYWHERE, limit=1)).items] == [one]
    with pytest.raises(Missing):
        await queries.get_commitment(other, district)
    with pytest.raises(Missing):
        await called(other, 1, path="/1/2/")
    with pytest.raises(Missing):
        await actions.create_commitment(stamp=hand(path="/1/2/"), facts=facts(region_id=CITY))
    with pytest.raises(Denied):
        await actions.create_commitment(stamp=hand(role=Role.KEEPER), facts=facts(number="9"))
    call = await called(other, 1)
    with pytest.raises(Missing):
        await actions.activate(stamp=boss(path="/1/2/"), call_id=call, order_number="1")
    with pytest.raises(Missing):
        await queries.get_call(call, district)


async def test_columns_agree_with_the_schema(owner: asyncpg.Connection) -> None:
    for table in (tables.CommitmentRow, tables.CommitmentDrillRow, tables.CallOffRow, tables.CallOffArrivalRow):
        rows = await owner.fetch(
            "SELECT column_name, data_type, is_nullable = 'YES' FROM information_schema.columns"
            " WHERE table_schema = 'public' AND table_name = $1",
            table._meta.tablename,
        )
        in_schema = {row[0]: (row[1].lower(), row[2]) for row in rows}
        assert {c._meta.db_column_name: (kind(c), c._meta.null) for c in table._meta.columns} == in_schema
