"""Reports that are due: made with the planner's own rights of today, kept, and sent to whoever may still read them.

Making and sending are two things: what was made lies in the database, and each letter is tried again by itself.
"""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID, uuid5

import structlog

from api import exports
from api.asked_cover import rations_at
from api.notices import TROUBLES, letter, send_mail
from api.settings import Settings
from catalog.kernel import db
from catalog.kernel.access import Permission, scope_of
from catalog.kernel.errors import Problem
from catalog.kernel.stamp import Channel, Stamp, content_hash
from catalog.kernel.time import day_of
from warehouse.alerts.queries import notices
from warehouse.people import queries as people
from warehouse.provision import queries as provision
from warehouse.reports import actions
from warehouse.reports.model import FileFormat, LetterStatus, Plan
from warehouse.reports.queries import plans

MOST_ATTACHED = 8 * 1024 * 1024
"""What is larger is not attached: it lies under /reports/scheduled."""
KINDS = {FileFormat.PDF: ("application", "pdf"),
         FileFormat.XLSX: ("application", "vnd.openxmlformats-officedocument.spreadsheetml.sheet")}  # fmt: skip
log = structlog.get_logger("reports")


@dataclass(frozen=True, slots=True)
class Done:
    """What a turn did."""

    made: int = 0
    failed: int = 0
    sent: int = 0
    waiting: int = 0


async def turn(settings: Settings, now: datetime) -> Done:
    """Make what is due, then send what waits."""
    made = failed = 0
    for plan in await plans.list_due(day_of(now)):
        content, error = await _made(plan, now)
        name = f"shortfall-{day_of(now).isoformat()}.{plan.facts.format.value}"
        if await actions.keep_run(plan=plan, now=now, name=name, content=content, error=error):
            made, failed = made + (content is not None), failed + (content is None)
    sent = waiting = 0
    for row in await plans.list_waiting():
        status = await _sent(settings, row, now)
        sent, waiting = sent + (status is LetterStatus.SENT), waiting + (status is LetterStatus.WAITING)
    return Done(made, failed, sent, waiting)


async def _made(plan: Plan, now: datetime) -> tuple[bytes | None, str]:
    """The file, or why there is none."""
    from api.web.languages import language
    from api.web.routes import shortfall

    grants = await people.load_grants(plan.person_id)
    stamp = Stamp(
        uuid5(plan.id, f"{plan.next_on}"), content_hash(str(plan.id)), now, now, plan.person_id, plan.login, grants,
        Channel.JOB,
    )  # fmt: skip
    try:
        scope = stamp.require(Permission.NORM_READ)
        asked = await shortfall.asked_by(plan.facts.query, scope, stamp)
        if asked.question.path != plan.path:
            return None, "计划人的管辖范围已变 / the planner's area is another now"
        if plan.facts.format is FileFormat.PDF:
            return await shortfall.pdf_of(asked, scope, now, now), ""
        table = await provision.prepare(asked.question, scope=scope, now=now)
        rations = await rations_at(plan.path, asked.hazard)
        sheet, rows = shortfall.sheet_of(table, asked, rations, language("zh"), plan.login)
        return await exports.workbook(sheet, rows), ""
    except Problem as problem:
        return None, f"{problem.detail} ({problem.code})"
    except db.CONNECTION_ERRORS:
        raise
    except Exception as error:
        log.exception("report.failed", plan=str(plan.id))
        return None, str(error) or type(error).__name__


async def _sent(settings: Settings, row: Any, now: datetime) -> LetterStatus:
    run, person_id, _tries, called, due_on, name, content, path = tuple(row)
    address = (await notices.subscription_of(person_id)).address
    error, status = "", LetterStatus.SENT
    if not scope_of(await people.load_grants(person_id), Permission.NORM_READ).covers(path):
        status, error = LetterStatus.UNSENT, "不再有权查看 / may not read it any more"
    elif not address:
        status, error = LetterStatus.UNSENT, "未填写邮箱 / no mail address"
    else:
        try:
            await asyncio.to_thread(_mail, settings, address, (run, person_id), called, str(due_on), name, content)
        except TROUBLES as trouble:
            status, error = LetterStatus.WAITING, str(trouble) or type(trouble).__name__
            log.warning("report.not-sent", run=str(run), error=error)
    await actions.note_letter(run_id=run, person_id=person_id, status=status, now=now, address=address, error=error)
    return status


def _mail(
    settings: Settings, address: str, key: tuple[UUID, int], called: str, day: str, name: str, content: bytes
) -> None:
    link = f"{settings.public_url or ''}/reports/scheduled"
    attached = len(content) <= MOST_ATTACHED
    text: Sequence[str] = (
        f"{called}：{day} 的应急物资缺口报告" + ("见附件。" if attached else "已生成，文件较大，请登录后下载。"),
        f"{called}: the shortfall report of {day} " + ("is attached." if attached else "lies ready to be fetched."),
        link,
    )
    run, person = key
    message = letter(settings, address, f"{called} {day}", "\n".join(text), f"{run}.{person}")
    if attached:
        main, sub = KINDS[FileFormat(name.rpartition(".")[2])]
        message.add_attachment(content, maintype=main, subtype=sub, filename=name)
    send_mail(settings, message)
