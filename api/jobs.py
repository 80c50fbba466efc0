"""Every job of the house: its name, when it is due, what it does. `api.worker` runs them.

A job is a plain coroutine over a `Context`; it answers what it has to tell as `Said`. It must be safe to run twice and
to break off anywhere; it ends within its `minutes`. What it needs is imported inside: an idle server stays small.
"""

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any
from uuid import uuid4

from api.clock import Clock
from api.settings import Settings
from catalog.kernel import attempts, audit, jobs
from catalog.kernel.access import Permission
from catalog.kernel.errors import Missing
from catalog.kernel.stamp import Channel, Stamp, house_stamp
from catalog.kernel.time import SHANGHAI
from catalog.regions import rules as regions
from catalog.regions.queries import root_path


@dataclass(frozen=True, slots=True)
class Context:
    """What a job may use."""

    settings: Settings
    clock: Clock
    arguments: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Said:
    """What a run has to tell. `found`: somebody must look."""

    zh: str
    en: str
    found: bool = False


@dataclass(frozen=True, slots=True)
class Schedule:
    """When a job is due: at a time of the day in Shanghai, on one day of the month or every day; or every so many
    minutes, counted from midnight UTC."""

    hour: int = 0
    minute: int = 0
    day: int | None = None
    every_minutes: int | None = None

    def last(self, now: datetime) -> datetime:
        """The latest due instant that is not after `now`."""
        if self.every_minutes is not None:
            step = timedelta(minutes=self.every_minutes)
            begin = now.replace(hour=0, minute=0, second=0, microsecond=0)
            return begin + (now - begin) // step * step
        local = now.astimezone(SHANGHAI)
        due = local.replace(hour=self.hour, minute=self.minute, second=0, microsecond=0)
        if self.day is not None:
            due = due.replace(day=self.day)
            if due > local:
                due = (due.replace(day=1) - timedelta(days=1)).replace(day=self.day)
        elif due > local:
            due -= timedelta(days=1)
        return due.astimezone(now.tzinfo)

    def next(self, now: datetime) -> datetime:
        """The first due instant after `now`."""
        if self.every_minutes is not None:
            return self.last(now) + timedelta(minutes=self.every_minutes)
        if self.day is None:
            return self.last(now) + timedelta(days=1)
        following = (self.last(now).astimezone(SHANGHAI).replace(day=1) + timedelta(days=32)).replace(day=self.day)
        return following.astimezone(now.tzinfo)


Work = Callable[[Context], Awaitable[Said]]


@dataclass(frozen=True, slots=True)
class Job:
    """One job. Without a schedule it only runs when it is asked for or deferred."""

    name: str
    name_zh: str
    name_en: str
    work: Work
    schedule: Schedule | None = None
    minutes: int = 60
    """A run that takes longer is ended."""


# --- what the house does by itself ----------------------------------------------------------------------


async def _snapshot(context: Context) -> Said:
    from warehouse.stock import snapshots

    taken = await snapshots.take_due(context.clock())
    if taken is None:
        return Said("本月快照已存在，变动不多，无须按日汇总", "The month's snapshot is there; little has moved since")
    if isinstance(taken, snapshots.Sums):
        return Said(f"已保存 {taken.day} 日初库存汇总 {taken.rows} 项", f"Kept the {taken.rows} sums of {taken.day}")
    return Said(
        f"已保存 {taken.month} 月初结存快照，共 {taken.rows} 条", f"Kept {taken.rows} balances of {taken.month}"
    )


async def _verify(context: Context) -> Said:
    from warehouse.alerts import actions as alerts
    from warehouse.stock import verify

    differences = await verify.run()
    await alerts.judge_books(now=context.clock(), differences=differences)
    if not differences:
        return Said("账目核对无误", "Every figure follows from the moves")
    shown = "; ".join(str(one) for one in differences[:20])
    return Said(
        f"账目核对发现 {len(differences)} 处不符：{shown}", f"{len(differences)} differences: {shown}", found=True
    )


async def _add_up(context: Context) -> Said:
    from warehouse.stock import holdings

    count = await holdings.rebuild(now=context.clock())
    return Said(f"已按结存重新汇总 {count} 项", f"Added up {count} holdings anew from the balances")


async def _verify_audit(context: Context) -> Said:
    from api import audit as trail

    findings = await trail.verify(context.settings)
    if not findings:
        return Said("审计链完整", "The audit chain holds")
    zh = "；".join(trail.say(one, "zh") for one in findings[:20])
    en = "; ".join(trail.say(one) for one in findings[:20])
    return Said(f"审计链有 {len(findings)} 处问题：{zh}", f"{len(findings)} findings: {en}", found=True)


async def _anchor(context: Context) -> Said:
    from api import audit as trail
    from catalog.kernel import audit_chain

    made, troubles = await trail.anchor(context.settings, context.clock())
    if troubles:
        text = "; ".join(troubles)
        return Said(f"审计锚未能送出：{text}", f"The anchor could not be sent: {text}", found=True)
    if made is None:
        return Said("审计记录为空", "There is no audit row yet")
    return Said(audit_chain.printed(made), f"Anchor at position {made.position}")


async def _retain(context: Context) -> Said:
    from catalog.kernel import feed
    from warehouse.alerts.actions import outbox
    from warehouse.scanning import retention

    now = context.clock()
    scans = await retention.delete_aged(now)
    news = await feed.forget(now)
    files = await _purge_imports(now)
    notices = await outbox.forget_old(now)
    people = await _forget_contacts(now)
    return Said(
        f"到期删除扫码记录 {scans} 条、消息 {news} 条、通知 {notices} 条，清除导入原始文件 {files} 个、"
        f"联系人 {people} 条",
        f"Deleted {scans} scans, {news} news and {notices} notices, cleared away {files} imported files and {people}"
        " contacts",
    )


async def _forget_contacts(now: datetime) -> int:
    from catalog.kernel import db
    from catalog.kernel.parameters import whole
    from warehouse.fulfilment import actions as fulfilment
    from warehouse.incidents import actions as incidents
    from warehouse.incidents.model import CONTACT_DAYS
    from warehouse.requisitions import actions as requisitions
    from warehouse.vehicles import actions as vehicles

    stamp = house_stamp(uuid4(), "contacts.forget", now, login="house", channel=Channel.JOB)
    before = now - timedelta(days=await whole(CONTACT_DAYS.key, await root_path()))
    async with db.transaction():
        needs = await incidents.forget_contacts(stamp=stamp, before=before)
        asked = await requisitions.forget_contacts(stamp=stamp, before=before)
        driven = await vehicles.forget_contacts(stamp=stamp, before=before)
        return needs + asked + driven + await fulfilment.forget_contacts(stamp=stamp, before=before)


async def _purge_imports(now: datetime) -> int:
    from catalog.kernel.parameters import whole
    from warehouse.exchange import actions
    from warehouse.exchange.model import KEEP_DAYS

    stamp = house_stamp(uuid4(), "import.purge", now, login="house", channel=Channel.JOB)
    day = now - timedelta(days=await whole(KEEP_DAYS.key, await root_path()))
    purged, last = 0, -1
    while last != 0:
        last = await actions.purge_before(stamp=stamp, day=day)
        purged += last
    return purged


async def _backup(context: Context) -> Said:
    from api.piccolo_conf import DB
    from api.safekeeping import backup

    settings, now = context.settings, context.clock()
    if settings.backup_keep == 0:
        return Said("未启用每晚备份（BEIYU_BACKUP_KEEP=0）", "No nightly backup is wanted (BEIYU_BACKUP_KEEP=0)")
    path = settings.backups / backup.name_of(now)
    if path in backup.nightly(settings.backups):
        return Said(f"此刻的备份已存在：{path}", f"The backup of this moment is there already: {path}")
    made = await backup.make(settings, DB.config["dsn"], path, now)
    backup.keep_newest(settings.backups, settings.backup_keep)
    size = f"{made.size / 1e6:.1f} MB"
    return Said(f"已备份到 {made.path}，{made.rows} 行，{size}", f"Backed up to {made.path}: {made.rows} rows, {size}")


async def _clean_up(context: Context) -> Said:
    from api.auth.edge import policy_of
    from warehouse.people import actions

    now = context.clock()
    sessions = await actions.clean_up(now=now, policy=policy_of(context.settings))
    runs = await jobs.forget_old()
    return Said(
        f"清理会话与登录失败记录 {sessions} 条、作业记录 {runs} 条",
        f"Deleted {sessions} ended sessions and old failures, {runs} runs of jobs",
    )


async def _judge_all(context: Context) -> Said:
    from api import apart
    from warehouse.alerts import actions

    found = await apart.run(actions.judge_all, now=context.clock())
    return Said(
        f"预警全部重判：新增 {found.opened}，升级 {found.raised}，减轻 {found.lowered}，解除 {found.closed}",
        f"Judged anew: {found.opened} opened, {found.raised} graver, {found.lowered} milder, {found.closed} closed",
    )


async def _send_reports(context: Context) -> Said:
    from api import report_sending

    done = await report_sending.turn(context.settings, context.clock())
    return Said(
        f"生成报表 {done.made} 份，失败 {done.failed} 份；发出 {done.sent} 封，待重发 {done.waiting} 封",
        f"Made {done.made} reports, {done.failed} failed; sent {done.sent} mails, {done.waiting} to be tried again",
        found=done.failed > 0,
    )


async def _follow_calls(context: Context) -> Said:
    from api import replanning
    from warehouse.requisitions import actions

    moved = await actions.follow_calls(now=context.clock())
    planned = await replanning.turn(context.clock())
    return Said(
        f"随调用单推进申请 {moved} 份，占用被调走后重新计算方案 {planned} 份",
        f"Brought {moved} requisitions as far as their call-offs, planned {planned} anew whose goods were taken",
    )


JOBS: Mapping[str, Job] = {
    job.name: job
    for job in (
        Job("house.snapshot", "结存快照", "Balances of the past, kept", _snapshot, Schedule(0, 20), 120),
        Job("house.verify", "账目核对", "Recompute every figure", _verify, Schedule(3, 10), 240),
        Job("house.add-up", "重新汇总库存", "Add up all holdings anew", _add_up),
        Job("alerts.full", "预警全部重判", "Judge all alerts anew", _judge_all, Schedule(0, 5), 60),
        Job("reports.send", "定期报表", "Make and send reports", _send_reports, Schedule(every_minutes=30), 25),
        Job("requisitions.follow", "申请推进与重排", "Requisitions go on", _follow_calls, Schedule(every_minutes=1), 5),
        Job("house.verify-audit", "审计链核查", "Check the audit chain", _verify_audit, Schedule(4, 10), 240),
        Job("house.anchor", "审计锚", "Anchor the audit chain", _anchor, Schedule(every_minutes=30), 20),
        Job("house.retention", "到期数据删除", "Delete what is kept no longer", _retain, Schedule(4, 40), 60),
        Job("house.backup", "每晚备份", "Back up everything", _backup, Schedule(2, 10), 240),
        Job("house.clean-up", "清理过期记录", "Clear away what has aged", _clean_up, Schedule(every_minutes=60), 10),
    )
}
"""By name. A part of the program that has a job adds it here."""


def get_job(name: str) -> Job:
    """The job of that name. Raises `job.no-such-job`."""
    if name not in JOBS:
        raise Missing("job.no-such-job", "没有此项作业", job=name)
    return JOBS[name]


async def ask_for(*, stamp: Stamp, name: str) -> attempts.Receipt:
    """Have a job done now, for whoever may edit the settings of the whole city; the run, and whether it was on its way
    already."""

    async def work() -> attempts.Receipt:
        regions.check_city_wide(stamp, Permission.SETTING_EDIT, await root_path())
        job = get_job(name)
        run, joined = await jobs.ask(job.name, now=stamp.recorded_at, asked_by=stamp.login)
        await audit.record(stamp, "job.run", subject_kind="job", subject_id=job.name, facts={"run": run})
        return {"run": run, "job": job.name, "joined": joined}

    return await attempts.once(stamp, "job.run", work)


async def overview(now: datetime) -> str:
    """Every job with its next due time and its last run, one a line, for the command line."""
    last = await jobs.last_runs()
    lines = []
    for job in JOBS.values():
        due = job.schedule.next(now).astimezone(SHANGHAI).strftime("%Y-%m-%d %H:%M") if job.schedule else "when asked"
        run = last[job.name][0] if job.name in last else None
        how = f"{run.status.value}: {run.words_en}" if run else "never ran"
        lines.append(f"{job.name:20} {job.name_zh:12} next {due:17} {how}")
    return "\n".join(lines)
