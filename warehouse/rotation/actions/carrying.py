"""At the store: samples, carrying out by scanning, the end with a rest; the disposal record's number."""

from uuid import UUID

from catalog.kernel import attempts, db
from catalog.kernel.access import Permission
from catalog.kernel.attempts import Receipt
from catalog.kernel.errors import Invalid, Missing, Refused
from catalog.kernel.stamp import Stamp
from warehouse.rotation import queries, rules
from warehouse.rotation.actions.document import changed, judged, locked
from warehouse.rotation.model import DISPOSALS, DOCUMENT, Line, Option, Status
from warehouse.stock import actions as stock
from warehouse.stock.model import DocumentRef

_ONE_AFTER_THE_OTHER = "SELECT pg_advisory_xact_lock(hashtextextended('rotation.minimum:' || $1, 7))"
_WORDS = {
    Option.USE: "轮换：演练使用",
    Option.PASS: "轮换：调拨消耗单位",
    Option.SWAP: "轮换：供应商换新",
    Option.SELL: "轮换：变卖",
    Option.SCRAP: "轮换：报废",
}


async def carry_out(
    *, stamp: Stamp, line_id: UUID, place_id: int, quantity: int, serial_ids: tuple[int, ...] = ()
) -> Receipt:
    """Take goods of an approved line from a place, as they were scanned there; what is left decides whether it is done.

    Used and passed on: issued. Swapped: sent back. Sold and scrapped: disposed. Extended: all that stands at the place
    becomes a lot with the new date, with the test as evidence. A minimum may not break today, whatever the plan said,
    unless its gap was granted: the replacement must really be in. Raises Missing, Invalid, Refused (`rotation.…`, and
    what the ledger refuses).
    """

    async def work() -> Receipt:
        (line,) = await locked(stamp, [line_id], "carry-out")
        await db.execute(_ONE_AFTER_THE_OTHER, str(line.lot.owner_region_id))
        standing = await judged(stamp, line_id, "carry-out", None, now=True)
        line = standing.line
        columns: dict[str, int] = {}
        if line.option is Option.EXTEND:
            quantity_done, columns = await _extend(stamp, line, place_id)
        else:
            rules.check_take(line, quantity)
            refusal = rules.uncovered(line, standing.shorts)
            if refusal is not None:
                raise refusal
            await _take(stamp, line, place_id, quantity, serial_ids)
            quantity_done = quantity
        left = max(line.rest - quantity_done, 0)
        facts = {"quantity": quantity_done, "rest": left}
        done = await changed(stamp, "carry-out", line, Status.CARRYING, columns, facts)
        if left == 0:
            after = (await queries.find_lines([line_id]))[line_id]
            done = {**done, **await changed(stamp, "finish", after, Status.CARRIED, {}, facts), "verb": "carry-out"}
        return done

    return await attempts.once(stamp, "rotation.carry-out", work)


async def _take(stamp: Stamp, line: Line, place_id: int, quantity: int, serial_ids: tuple[int, ...]) -> None:
    assert line.option is not None
    take = stock.Take(line.lot.id, quantity, place_id, line.condition, serial_ids=serial_ids, document_line=line.number)
    part = stamp.for_part("goods", [line.lot.id, place_id, quantity, list(serial_ids)])
    document = DocumentRef(DOCUMENT, line.id)
    note = f"{_WORDS[line.option]} {line.plan}-{line.number}"
    if line.option in DISPOSALS:
        right = Permission.ROTATION_CARRY
        await stock.dispose(stamp=part, takes=[take], note=note, document=document, permission=right)
    elif line.option is Option.SWAP:
        await stock.send_back(stamp=part, takes=[take], note=note, document=document)
    else:
        await stock.issue(stamp=part, takes=[take], note=note, document=document)


async def _extend(stamp: Stamp, line: Line, place_id: int) -> tuple[int, dict[str, int]]:
    assert line.test is not None
    there = next((one[3] for one in (await queries.places_of([line]))[line.id] if one[0] == place_id), 0)
    if there == 0:
        raise Refused("rotation.not-there", "该批次不在这个货位", line=line.number, lot=line.lot.number, place=place_id)
    test = line.test
    evidence = {
        "rotation": f"{line.plan}-{line.number}",
        "test_house": line.test_house,
        "report": test.report,
        "tested_on": test.on.isoformat(),
        "sample": line.sampled,
    }
    correction = stock.Correction({"expires_on": test.until}, "extend", f"检验合格延期 {test.report}", evidence)
    receipt = await stock.correct(
        stamp=stamp.for_part("goods", [line.lot.id, place_id]),
        lot_id=line.lot.id,
        site_id=line.site_id,
        correction=correction,
        place_ids=[place_id],
    )
    new_lot = await db.fetch_value("SELECT id FROM lot WHERE number = $1", receipt.body["new_lot"])
    return there, {"converted": line.converted + there, "new_lot_id": new_lot}


async def sample(*, stamp: Stamp, line_id: UUID, place_id: int, quantity: int) -> Receipt:
    """Take goods for a destructive test: they are used up. Raises Missing, Refused."""

    async def work() -> Receipt:
        standing = await judged(stamp, line_id, "sample", None, now=True)
        line = standing.line
        rules.check_take(line, quantity)
        await stock.test(
            stamp=stamp.for_part("goods", [line.lot.id, place_id, quantity]),
            takes=[stock.Take(line.lot.id, quantity, place_id, line.condition, document_line=line.number)],
            note=f"轮换抽样检验 {line.plan}-{line.number}",
            document=DocumentRef(DOCUMENT, line.id),
        )
        return await changed(stamp, "sample", line, Status.APPROVED, {}, {"quantity": quantity})

    return await attempts.once(stamp, "rotation.sample", work)


async def finish(*, stamp: Stamp, line_id: UUID, reason: str, version: int | None = None) -> Receipt:
    """What has not been carried out stays; the reason is required."""

    async def work() -> Receipt:
        if not reason.strip():
            raise Invalid("rotation.reason-needed", "请填写理由")
        standing = await judged(stamp, line_id, "finish", version, now=True)
        said = {"reason": reason.strip(), "rest": standing.line.rest}
        return await changed(stamp, "finish", standing.line, Status.CARRIED, {"end_note": reason.strip()}, said)

    return await attempts.once(stamp, "rotation.finish", work)


async def note_record(*, stamp: Stamp, line_id: UUID, record_id: UUID, number: str) -> None:
    """A line's disposal record has been issued: called by printing inside the transaction that took its number.

    A void record gives way to another. Raises Missing, Refused.
    """
    await db.execute("SELECT 1 FROM rotation_line WHERE id = $1 FOR UPDATE", line_id)
    line = (await queries.find_lines([line_id])).get(line_id)
    if line is None:
        raise Missing("rotation.missing", "没有这一行轮换计划，或不在您的管辖范围内", rotation=str(line_id))
    check_recordable(line)
    columns = {"record_id": record_id, "record_number": number}
    await changed(stamp, "record", line, line.status, columns, {"number": number})


async def void_record(*, stamp: Stamp, line_id: UUID, number: str) -> None:
    """The record has been voided: another is needed. Refused once the line has been settled on it."""
    await db.execute("SELECT 1 FROM rotation_line WHERE id = $1 FOR UPDATE", line_id)
    line = (await queries.find_lines([line_id]))[line_id]
    if line.status is Status.SETTLED:
        raise Refused("rotation.settled-on-it", "本行已据此记录结算，不能作废", line=line.number, number=number)
    columns = {"record_id": None, "record_number": None}
    await changed(stamp, "void-record", line, line.status, columns, {"number": number})


def check_recordable(line: Line) -> None:
    """Raises Refused unless goods have been disposed of and no record stands yet."""
    if line.option not in DISPOSALS or line.status is not Status.CARRIED:
        raise Refused("rotation.nothing-disposed", "变卖或报废执行完毕后才能出具处置记录", line=line.number)
    if line.record_number is not None:
        raise Refused("rotation.recorded-already", "已出具处置记录", line=line.number, number=line.record_number)
