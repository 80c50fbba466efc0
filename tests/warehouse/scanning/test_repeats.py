"""The same scan id again: with the same contents one answer, with other contents refused, and in the audit trail."""

from dataclasses import replace

import asyncpg

from catalog.kernel.stamp import content_hash
from tests.warehouse.scanning.test_scan import code_of, on_hand, one, stocked
from warehouse.scanning.actions import scan
from warehouse.scanning.model import Outcome, Scan


def other(first: Scan, quantity: int) -> Scan:
    """The same id with another quantity."""
    request = replace(first.request, quantity=quantity)
    return replace(first, request=request, stamp=replace(first.stamp, content_hash=content_hash(quantity)))


async def test_a_stranger_between_twins_does_not_answer_for_the_first(hall: asyncpg.Connection) -> None:
    lot = await stocked(hall)
    first = one(code_of(lot), quantity=2)
    told = await scan([first, other(first, 7), first])
    assert [r.outcome for r in told] == [Outcome.DONE, Outcome.REFUSED, Outcome.REPEAT]
    assert [r.code for r in told] == ["scan.issued", "attempt.other-content", "scan.issued"]
    assert told[2].was is Outcome.DONE
    assert await on_hand(lot, 101) == 48


async def test_a_refused_stranger_is_in_the_audit_trail(hall: asyncpg.Connection) -> None:
    lot = await stocked(hall)
    first = one(code_of(lot), quantity=2)
    await scan([first])
    (told,) = await scan([other(first, 3)])
    assert told.code == "attempt.other-content"
    rows = await hall.fetch("SELECT success, code FROM audit WHERE attempt = $1 ORDER BY seq", first.request.id)
    assert [tuple(row) for row in rows] == [(True, ""), (False, "attempt.other-content")]
