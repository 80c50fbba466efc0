"""The outbox: what is due is lent to a sender for a while, and comes back sent, to be tried again, or failed.

At least once: a sender that dies after sending and before saying so sends again, under the same id.
"""

from collections.abc import Sequence
from datetime import datetime, timedelta
from uuid import UUID

from catalog.kernel import attempts, audit, db
from catalog.kernel.access import Permission
from catalog.kernel.attempts import Receipt
from catalog.kernel.errors import Missing, Refused
from catalog.kernel.stamp import Stamp
from catalog.regions import rules as regions
from catalog.regions.queries import root_path
from warehouse.alerts import rules
from warehouse.alerts.model import NoticeStatus, Outgoing, Severity
from warehouse.alerts.queries import notices as read

LENT = timedelta(minutes=3)
LONGEST_ERROR = 300
KEPT = timedelta(days=90)


async def lend(*, now: datetime, limit: int) -> list[Outgoing]:
    """Take notices that are due: nobody else gets them for a while. What has become quiet meanwhile waits."""
    async with db.transaction():
        rows = await db.fetch(
            "UPDATE notice SET next_at = $2, tries = tries + 1 WHERE id IN (SELECT id FROM notice"
            " WHERE status = 'waiting' AND next_at <= $1 ORDER BY next_at, seq LIMIT $3"
            " FOR UPDATE SKIP LOCKED) RETURNING id",
            now,
            now + LENT,
            limit,
        )
    found = await read.outgoing([row[0] for row in rows])
    quiet = [one for one in found if one.event.severity is not Severity.URGENT and rules.is_quiet(one.quiet, now)]
    for one in quiet:
        assert one.quiet is not None
        await db.execute(
            "UPDATE notice SET next_at = $2, tries = tries - 1 WHERE id = $1 AND status = 'waiting'",
            one.id,
            rules.next_time(one.quiet.ends, now),
        )
    return [one for one in found if one not in quiet]


async def sent(*, notices: Sequence[UUID], now: datetime) -> None:
    """They were taken by their receivers."""
    await db.execute(
        "UPDATE notice SET status = 'sent', ended_at = $2, error = ''"
        " WHERE id = ANY($1::uuid[]) AND status = 'waiting'",
        list(notices),
        now,
    )


async def not_sent(*, notices: Sequence[Outgoing], error: str, now: datetime) -> None:
    """They were not: tried again later and later, then listed as failed."""
    for one in notices:
        again = rules.retry_at(one.tries, one.created_at, now)
        await db.execute(
            "UPDATE notice SET status = $2, next_at = coalesce($3, next_at), error = $4, ended_at = $5"
            " WHERE id = $1 AND status = 'waiting'",
            one.id,
            (NoticeStatus.WAITING if again else NoticeStatus.FAILED).value,
            again,
            error[:LONGEST_ERROR],
            None if again else now,
        )


async def retry_notice(*, stamp: Stamp, notice: UUID) -> Receipt:
    """Try a failed or waiting notice at once. For whoever may edit the settings of the whole city.

    Raises Denied, Missing, Refused (`notice.sent`).
    """

    async def work() -> Receipt:
        regions.check_city_wide(stamp, Permission.SETTING_EDIT, await root_path())
        row = await db.fetch_row("SELECT status FROM notice WHERE id = $1 FOR UPDATE", notice)
        if row is None:
            raise Missing("notice.missing", "没有这条通知", notice=str(notice))
        if row[0] not in (NoticeStatus.FAILED.value, NoticeStatus.WAITING.value):
            raise Refused("notice.sent", "这条通知已送达，无需重发", status=row[0])
        await db.execute(
            "UPDATE notice SET status = 'waiting', next_at = $2, created_at = $2, ended_at = NULL WHERE id = $1",
            notice,
            stamp.recorded_at,
        )
        await audit.record(stamp, "notice.retry", subject_kind="notice", subject_id=str(notice))
        return {"id": str(notice)}

    return await attempts.once(stamp, "notice.retry", work)


async def forget_old(now: datetime) -> int:
    """Delete notices that ended long ago; how many."""
    rows = await db.fetch("DELETE FROM notice WHERE ended_at < $1 RETURNING seq", now - KEPT)
    return len(rows)
