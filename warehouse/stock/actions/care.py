"""Care (维护保养): restack, quality test, engine run: an event per lot or piece at a site, with date and result."""

from datetime import date

from catalog.kernel import attempts, audit, db, feed
from catalog.kernel.access import Permission
from catalog.kernel.errors import Invalid, Missing
from catalog.kernel.stamp import Stamp
from catalog.kernel.time import day_of
from warehouse.sites import queries as sites
from warehouse.stock import queries
from warehouse.stock.actions.posting import load_lot


async def care(
    *,
    stamp: Stamp,
    lot_id: int,
    site_id: int,
    kind: str,
    done_on: date,
    passed: bool,
    result: str = "",
    serial_id: int | None = None,
) -> attempts.Receipt:
    """Record that `kind` (an item_care kind) was done on a day.

    Raises Invalid for a day in the future, Missing for goods that never stood at the site and for another lot's piece.
    """

    async def work() -> attempts.Receipt:
        await sites.get_site(site_id, stamp.require(Permission.CARE))
        if done_on > day_of(stamp.recorded_at):
            raise Invalid("stock.care-in-future", "保养日期不能晚于今天", done_on=done_on.isoformat())
        lot = await load_lot(lot_id)
        stood = "SELECT EXISTS (SELECT 1 FROM balance WHERE lot_id = $1 AND site_id = $2)"
        if not await db.fetch_value(stood, lot_id, site_id):
            raise Missing("stock.no-such-lot", "该批次不在本仓库", lot=lot_id)
        if serial_id is not None:
            pieces = await queries.get_serials(ids=[serial_id])
            if serial_id not in pieces or pieces[serial_id].lot.id != lot_id:
                raise Missing("stock.no-such-serial", "没有这个编号", serial=serial_id)
        await db.execute(
            "INSERT INTO care_event (attempt, lot_id, serial_id, site_id, kind, done_on, passed, result, person_id,"
            " login, recorded_at) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)",
            stamp.attempt,
            lot_id,
            serial_id,
            site_id,
            kind,
            done_on,
            passed,
            result,
            stamp.person_id,
            stamp.login,
            stamp.recorded_at,
        )
        facts = {"lot": lot.number, "kind": kind, "done_on": done_on.isoformat(), "passed": passed}
        await audit.record(stamp, "stock.care", subject_kind="site", subject_id=str(site_id), facts=facts)
        await feed.publish("care", [str(lot_id)], stamp.recorded_at)
        return {"verb": "care", **facts}

    return await attempts.once(stamp, "care", work)
