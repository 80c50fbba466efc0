"""Lend and take back: one place with a balance per loan, so nobody returns more than was lent."""

from collections.abc import Sequence
from datetime import date
from uuid import UUID, uuid5

from catalog.kernel import db
from catalog.kernel.errors import Invalid, Missing
from catalog.kernel.stamp import Stamp
from catalog.kernel.time import day_of
from warehouse.stock import queries
from warehouse.stock.actions.posting import codes_of, load_spots, one_site, post_one
from warehouse.stock.actions.transfer import Take
from warehouse.stock.model import Condition, DocumentRef, Line, Posting, Reason, Receipt


async def lend(
    *, stamp: Stamp, takes: Sequence[Take], borrower: str, due_on: date, borrower_id: int | None = None, note: str = ""
) -> Receipt:
    """Lend usable goods until `due_on`: they stand in the loan's own place until they come back."""

    async def build() -> Posting:
        if not takes or not borrower.strip():
            raise Invalid("stock.no-lines", "请填写借用单位和物资")
        if due_on < day_of(stamp.occurred_at):
            raise Invalid("stock.due-in-past", "归还日期已过", due_on=due_on.isoformat())
        spots = await load_spots(stamp, Reason.LEND, {t.place_id for t in takes})
        site_id = one_site(spots.values())
        loan = uuid5(stamp.attempt, "loan")
        place = await _loan_place(loan, site_id)
        await db.execute(
            "INSERT INTO loan (id, place_id, site_id, borrower_id, borrower, due_on, lent_at)"
            " VALUES ($1, $2, $3, $4, $5, $6, $7)",
            loan,
            place,
            site_id,
            borrower_id,
            borrower,
            due_on,
            stamp.occurred_at,
        )
        found = await queries.get_lots(ids={t.lot_id for t in takes})
        lines = []
        for number, take in enumerate(takes):
            if take.lot_id not in found:
                raise Missing("stock.no-such-lot", "没有这个批次", line=number, lot=take.lot_id)
            lot = found[take.lot_id]
            lines.append(
                Line(lot, take.quantity, take.place_id, take.condition, place, Condition.GOOD, take.serial_ids)
            )
        return Posting(
            stamp,
            Reason.LEND,
            tuple(lines),
            site_id,
            document=DocumentRef("loan", loan),
            note=note,
            place_codes=codes_of(spots.values()),
            extra={"loan": str(loan), "due_on": due_on.isoformat()},
        )

    return await post_one(stamp, Reason.LEND, build)


async def take_back(*, stamp: Stamp, loan: UUID, takes: Sequence[Take], note: str = "") -> Receipt:
    """Goods of a loan come back into `place_id` of each take, awaiting inspection unless graded at the gate."""

    async def build() -> Posting:
        row = await db.fetch_row("SELECT place_id FROM loan WHERE id = $1", loan)
        if row is None:
            raise Missing("stock.no-such-loan", "没有这笔借用", loan=str(loan))
        spots = await load_spots(stamp, Reason.LOAN_RETURN, {t.place_id for t in takes} | {row[0]})
        found = await queries.get_lots(ids={t.lot_id for t in takes})
        lines = []
        for number, take in enumerate(takes):
            if take.lot_id not in found:
                raise Missing("stock.no-such-lot", "没有这个批次", line=number, lot=take.lot_id)
            condition = take.to_condition or Condition.AWAITING
            lot = found[take.lot_id]
            lines.append(Line(lot, take.quantity, row[0], Condition.GOOD, take.place_id, condition, take.serial_ids))
        return Posting(
            stamp,
            Reason.LOAN_RETURN,
            tuple(lines),
            one_site(spots.values()),
            document=DocumentRef("loan", loan),
            note=note,
            place_codes=codes_of(spots.values()),
        )

    return await post_one(stamp, Reason.LOAN_RETURN, build)


async def _loan_place(loan: UUID, site_id: int) -> int:
    key = "LOAN" + loan.hex[:12].upper()
    place: int = await db.fetch_value(
        "INSERT INTO place (uuid, kind, site_id, code, key) VALUES ($1, 'loan', $2, $3, $3) RETURNING id",
        loan,
        site_id,
        key,
    )
    return place
