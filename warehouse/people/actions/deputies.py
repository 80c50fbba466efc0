"""Deputies: a person names somebody who approves in his name for a time. Both stand in what is written then."""

from datetime import date
from typing import Any
from uuid import UUID, uuid5

from catalog.kernel import attempts, audit, db
from catalog.kernel.access import Permission, Role
from catalog.kernel.attempts import Receipt
from catalog.kernel.errors import Missing, Refused
from catalog.kernel.stamp import Stamp
from catalog.kernel.time import day_of
from warehouse.people import queries, rules


async def appoint_deputy(*, stamp: Stamp, login: str, begins_on: date, ends_on: date, note: str = "") -> Receipt:
    """Name a deputy for oneself, both days inclusive. Needs requisition.approve: nobody lends what he has not.

    Raises Denied, Missing (`deputy.no-such-person`), Invalid (`deputy.bad-days`), Refused (`deputy.oneself`,
    `deputy.twice`, `grant.exclusive-roles`: an administrator decides about no goods).
    """

    async def work() -> Receipt:
        stamp.require(Permission.REQUISITION_APPROVE)
        rules.check_deputy_days(begins_on, ends_on, day_of(stamp.recorded_at))
        deputy = await queries.find_by_login(login)
        if deputy is None or deputy.retired_at is not None:
            raise Missing("deputy.no-such-person", "没有这个在岗人员", login=login)
        if stamp.person_id is None or deputy.id == stamp.person_id:
            raise Refused("deputy.oneself", "不能委托自己", login=login)
        rules.check_exclusive({grant.role for grant in await queries.list_grants(deputy.id)}, Role.APPROVER)
        await db.execute("SELECT 1 FROM person WHERE id = $1 FOR UPDATE", stamp.person_id)
        if await db.fetch_value(
            "SELECT true FROM deputy WHERE person_id = $1 AND deputy_id = $2 AND revoked_at IS NULL"
            " AND begins_on <= $4 AND ends_on >= $3",
            stamp.person_id,
            deputy.id,
            begins_on,
            ends_on,
        ):
            raise Refused("deputy.twice", "此人在这段时间已是您的受托人", login=login)
        uuid = uuid5(stamp.attempt, "deputy")
        await db.execute(
            "INSERT INTO deputy (id, person_id, deputy_id, begins_on, ends_on, note, created_at, attempt)"
            " VALUES ($1, $2, $3, $4, $5, $6, $7, $8)",
            uuid,
            stamp.person_id,
            deputy.id,
            begins_on,
            ends_on,
            note.strip()[: rules.LONGEST_NOTE],
            stamp.recorded_at,
            stamp.attempt,
        )
        facts = {"deputy": login, "begins_on": begins_on.isoformat(), "ends_on": ends_on.isoformat()}
        await audit.record(stamp, "deputy.appoint", subject_kind="person", subject_id=str(deputy.uuid), facts=facts)
        return {"id": str(uuid)}

    return await attempts.once(stamp, "deputy.appoint", work)


async def end_deputy(*, stamp: Stamp, deputy_id: UUID) -> Receipt:
    """Take it back, from now on; by whoever named him. Raises Missing."""

    async def work() -> Receipt:
        row: Any = await db.fetch_row(
            "UPDATE deputy SET revoked_at = $3 WHERE id = $1 AND person_id = $2 AND revoked_at IS NULL"
            " RETURNING (SELECT p.login FROM person p WHERE p.id = deputy_id)",
            deputy_id,
            stamp.person_id,
            stamp.recorded_at,
        )
        if row is None:
            raise Missing("deputy.missing", "没有这项委托，或已收回", deputy=str(deputy_id))
        await audit.record(stamp, "deputy.end", subject_kind="person", facts={"deputy": row[0]})
        return {"id": str(deputy_id)}

    return await attempts.once(stamp, "deputy.end", work)
