"""Discrepancy cases (差异): opened by the ledger where books and facts disagree, settled by a person with words."""

from datetime import date
from typing import NamedTuple
from uuid import UUID

from catalog.kernel import attempts, audit, db, history
from catalog.kernel.access import Permission, Role
from catalog.kernel.errors import Invalid, Missing, Refused, Stale
from catalog.kernel.stamp import Stamp
from catalog.kernel.time import day_of
from warehouse.people import queries as people
from warehouse.stock import cases
from warehouse.stock.model import CaseOutcome as Outcome


async def open_case(
    *,
    stamp: Stamp,
    site_id: int,
    kind: str,
    facts: dict[str, object],
    document_kind: str,
    document_id: UUID,
    case: UUID,
    mine: bool = True,
) -> None:
    """Open a case for another feature (a delivery that came short). Call inside its transaction.

    It belongs to whoever opened it, or to the site's keepers (not `mine`), and is due `stock.case_days` later;
    `assign_case` changes both.
    """
    await db.execute(
        "INSERT INTO discrepancy_case (uuid, kind, site_id, opened_at, opened_by, attempt, document_kind, document_id,"
        " facts, owner_id, due_on) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9::jsonb, $10, $11)",
        case,
        kind,
        site_id,
        stamp.recorded_at,
        stamp.login,
        stamp.attempt,
        document_kind,
        document_id,
        attempts.as_json(facts),
        stamp.person_id if mine else None,
        await cases.due_on(site_id, day_of(stamp.recorded_at)),
    )
    await db.execute("INSERT INTO feed (topic, key, at) VALUES ('case', $1, $2)", str(case), stamp.recorded_at)


async def assign_case(
    *,
    stamp: Stamp,
    case: UUID,
    owner: str | None = None,
    owner_role: str = Role.KEEPER.value,
    due_on: date | None = None,
    version: int | None = None,
) -> attempts.Receipt:
    """Say who sees to an open case and by when. `owner` is a login; without one it belongs to `owner_role` there.

    Raises Missing, Refused (settled; the person may not settle cases there), Invalid (a day gone by), Stale.
    """

    async def work() -> attempts.Receipt:
        found = await _locked(stamp, case, version)
        if due_on is not None and due_on < day_of(stamp.recorded_at):
            raise Invalid("case.due-in-past", "期限不能早于今天", due_on=due_on.isoformat())
        person_id: int | None = None
        if owner is not None:
            able = await people.list_able(Permission.CASE_SETTLE, found.path, found.site_id)
            person_id = next((one.id for one in able if one.login == owner), None)
            if person_id is None:
                raise Refused("case.owner-not-able", "此人在该库点没有处理差异的权限", owner=owner)
        after = {"owner": owner, "owner_role": owner_role, "due_on": (due_on or found.due_on).isoformat()}
        await db.execute(
            "UPDATE discrepancy_case SET owner_id = $2, owner_role = $3, due_on = coalesce($4, due_on),"
            " version = version + 1 WHERE id = $1",
            found.id,
            person_id,
            owner_role,
            due_on,
        )
        before = {"owner": found.owner, "due_on": found.due_on.isoformat()}
        await history.record(stamp, table="discrepancy_case", key=str(case), verb="assign", before=before, after=after)
        await audit.record(stamp, "case.assign", subject_kind="case", subject_id=str(case), facts=after)
        await db.execute("INSERT INTO feed (topic, key, at) VALUES ('case', $1, $2)", str(case), stamp.recorded_at)
        return {"verb": "assign", "case": str(case), "version": found.version + 1, **after}

    return await attempts.once(stamp, "case.assign", work)


async def settle_case(
    *, stamp: Stamp, case: UUID, settlement: str, outcome: Outcome = Outcome.OTHER, version: int | None = None
) -> attempts.Receipt:
    """Close a case, saying how it ended. Refused if it is settled already; Stale if somebody changed it meanwhile."""
    if not settlement.strip():
        raise Invalid("case.words-needed", "请填写处理结果")

    async def work() -> attempts.Receipt:
        found = await _locked(stamp, case, version)
        await db.execute(
            "UPDATE discrepancy_case SET status = 'settled', settled_at = $2, settled_by = $3, settlement = $4,"
            " outcome = $5, version = version + 1 WHERE id = $1",
            found.id,
            stamp.recorded_at,
            stamp.login,
            settlement,
            outcome.value,
        )
        after = {"status": "settled", "settlement": settlement, "outcome": outcome.value}
        before = {"status": "open"}
        await history.record(stamp, table="discrepancy_case", key=str(case), verb="settle", before=before, after=after)
        await audit.record(stamp, "case.settle", subject_kind="case", subject_id=str(case), facts=after)
        await db.execute("INSERT INTO feed (topic, key, at) VALUES ('case', $1, $2)", str(case), stamp.recorded_at)
        return {"verb": "settle", "case": str(case), **after}

    return await attempts.once(stamp, "case.settle", work)


class _Case(NamedTuple):
    """An open case, locked."""

    id: int
    status: str
    version: int
    path: str
    site_id: int
    owner: str | None
    due_on: date


async def _locked(stamp: Stamp, case: UUID, version: int | None) -> _Case:
    row = await db.fetch_row(
        "SELECT c.id, c.status, c.version, s.path, s.id, o.login, coalesce(c.due_on, c.opened_at::date)"
        " FROM discrepancy_case c JOIN site s ON s.id = c.site_id LEFT JOIN person o ON o.id = c.owner_id"
        " WHERE c.uuid = $1 FOR UPDATE OF c",
        case,
    )
    if row is None:
        raise Missing("case.no-such-case", "没有这个差异单")
    found = _Case(*row)
    stamp.require_at(Permission.CASE_SETTLE, found.path, found.site_id)
    if version is not None and version != found.version:
        raise Stale("case.stale", "差异单已被他人修改，请刷新", version=found.version)
    if found.status != "open":
        raise Refused("case.settled", "差异单已处理")
    return found
