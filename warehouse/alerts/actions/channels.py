"""What people want to be told, and where a place's alerts go besides."""

from collections.abc import Callable
from dataclasses import replace
from typing import Any
from uuid import UUID, uuid5

from catalog.kernel import attempts, audit, db, history
from catalog.kernel.access import Permission
from catalog.kernel.attempts import Receipt
from catalog.kernel.errors import Denied, Missing, Stale
from catalog.kernel.stamp import Stamp
from warehouse.alerts import forms, rules
from warehouse.alerts.model import Channel, ChannelFacts, Form, Subscription
from warehouse.alerts.queries import notices as read

Seal = Callable[[str], str]
"""Encrypts what is secret of a target; its key is the edge's."""


async def subscribe(*, stamp: Stamp, wanted: Subscription) -> Receipt:
    """Say what I want to be told. `wanted.version` is the one read, 0: never set. Raises Invalid, Stale, Denied."""

    async def work() -> Receipt:
        stamp.require(Permission.ALERT_READ)
        if stamp.person_id is None:
            raise Denied("alert.no-person", "只有人员账号可以订阅")
        rules.check_subscription(wanted)
        before = await read.subscription_of(stamp.person_id, lock=True)
        if before.version != wanted.version:
            raise Stale("alert.stale", "别人已修改，请重新载入", yours=wanted.version, current=before.version)
        quiet = wanted.quiet
        await db.execute(
            "INSERT INTO alert_subscription (person_id, kinds, severity, sound, mail, address, digest_at, quiet_from,"
            " quiet_to, version) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10) ON CONFLICT (person_id) DO UPDATE SET"
            " kinds = excluded.kinds, severity = excluded.severity, sound = excluded.sound, mail = excluded.mail,"
            " address = excluded.address, digest_at = excluded.digest_at, quiet_from = excluded.quiet_from,"
            " quiet_to = excluded.quiet_to, version = excluded.version",
            stamp.person_id,
            [one.value for one in wanted.kinds],
            int(wanted.severity),
            wanted.sound,
            wanted.mail.value,
            wanted.address,
            wanted.digest_at,
            quiet.begins if quiet else None,
            quiet.ends if quiet else None,
            wanted.version + 1,
        )
        facts = {"mail": wanted.mail.value, "address": wanted.address, "severity": int(wanted.severity)}
        await audit.record(
            stamp, "alert.subscribe", subject_kind="person", subject_id=str(stamp.person_id), facts=facts
        )
        return {"version": wanted.version + 1}

    return await attempts.once(stamp, "alert.subscribe", work)


async def add_channel(
    *, stamp: Stamp, facts: ChannelFacts, region_id: int | None, site_id: int | None, path: str, seal: Seal
) -> Receipt:
    """A new channel for a region and all below it, or for one site. Needs notice.edit there. Raises Invalid."""

    async def work() -> Receipt:
        stamp.require_at(Permission.NOTICE_EDIT, path, site_id)
        rules.check_channel(facts)
        channel = uuid5(stamp.attempt, "channel")
        await db.execute(
            "INSERT INTO notice_channel (id, name, form, region_id, site_id, target, target_shown, secret, kinds,"
            " severity, digest_at, quiet_from, quiet_to, created_by)"
            " VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14)",
            channel,
            facts.name,
            facts.form.value,
            region_id,
            site_id,
            _sealed(facts, seal),
            forms.shown(facts.form, facts.target),
            seal(facts.secret) if facts.secret else "",
            *_said(facts),
            stamp.login,
        )
        await _note(stamp, "add", channel, None, facts)
        return {"id": str(channel), "version": 1}

    return await attempts.once(stamp, "notice-channel.add", work)


async def edit_channel(*, stamp: Stamp, channel: UUID, version: int, facts: ChannelFacts, seal: Seal) -> Receipt:
    """Change a channel; its place and form stay. An empty target or secret keeps the one there is.

    Raises Missing, Stale, Invalid.
    """

    async def work() -> Receipt:
        before = await _locked(stamp, channel, version)
        wanted = replace(facts, form=before.form)
        rules.check_channel(wanted, kept=not wanted.target)
        await db.execute(
            "UPDATE notice_channel SET name = $2, kinds = $3, severity = $4, digest_at = $5, quiet_from = $6,"
            " quiet_to = $7, target = coalesce($8, target), target_shown = coalesce($9, target_shown),"
            " secret = coalesce($10, secret), version = version + 1 WHERE id = $1",
            channel,
            wanted.name,
            *_said(wanted),
            _sealed(wanted, seal) if wanted.target else None,
            forms.shown(wanted.form, wanted.target) if wanted.target else None,
            seal(wanted.secret) if wanted.secret else None,
        )
        await _note(stamp, "edit", channel, before, wanted)
        return {"id": str(channel), "version": version + 1}

    return await attempts.once(stamp, "notice-channel.edit", work)


async def retire_channel(*, stamp: Stamp, channel: UUID, version: int) -> Receipt:
    """Send nothing more through it; what waits for it is cancelled. Raises Missing, Stale."""

    async def work() -> Receipt:
        before = await _locked(stamp, channel, version)
        await db.execute(
            "UPDATE notice_channel SET retired_at = $2, target = '', secret = '', version = version + 1 WHERE id = $1",
            channel,
            stamp.recorded_at,
        )
        await db.execute(
            "UPDATE notice SET status = 'cancelled', ended_at = $2 WHERE channel_id = $1 AND status = 'waiting'",
            channel,
            stamp.recorded_at,
        )
        await _note(stamp, "retire", channel, before, None)
        return {"id": str(channel), "version": version + 1}

    return await attempts.once(stamp, "notice-channel.retire", work)


def _sealed(facts: ChannelFacts, seal: Seal) -> str:
    """A robot's address carries its key; a mailbox is no secret."""
    return facts.target if facts.form is Form.MAIL else seal(facts.target)


def _said(facts: ChannelFacts) -> list[Any]:
    quiet = facts.quiet
    return [
        [one.value for one in facts.kinds],
        int(facts.severity),
        facts.digest_at,
        quiet.begins if quiet else None,
        quiet.ends if quiet else None,
    ]


async def _locked(stamp: Stamp, channel: UUID, version: int) -> Channel:
    await db.execute("SELECT id FROM notice_channel WHERE id = $1 FOR UPDATE", channel)
    found = await read.get_channel(channel, stamp.require(Permission.NOTICE_EDIT))
    stamp.require_at(Permission.NOTICE_EDIT, found.path, found.site_id)
    if found.retired_at is not None:
        raise Missing("notice.no-such-channel", "没有这个通知渠道，或不在您的管辖范围内", channel=str(channel))
    if found.version != version:
        raise Stale("notice.stale", "别人已修改，请重新载入", yours=version, current=found.version)
    return found


async def _note(stamp: Stamp, verb: str, channel: UUID, before: Channel | None, after: ChannelFacts | None) -> None:
    def plain(one: Channel | ChannelFacts | None) -> dict[str, Any] | None:
        if one is None:
            return None
        shown = one.target_shown if isinstance(one, Channel) else forms.shown(one.form, one.target)
        return {"name": one.name, "form": one.form.value, "target": shown, "severity": int(one.severity)}

    key = str(channel)
    await history.record(stamp, table="notice_channel", key=key, verb=verb, before=plain(before), after=plain(after))
    await audit.record(
        stamp, f"notice-channel.{verb}", subject_kind="channel", subject_id=key, facts=plain(after or before) or {}
    )
