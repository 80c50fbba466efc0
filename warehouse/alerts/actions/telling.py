"""Writes what happened to alerts: their history, the news of it, who is told, and the outbox of notices."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from uuid import UUID, uuid5

from catalog.kernel import db, feed
from catalog.kernel.access import ROLES, Permission
from catalog.kernel.jsontext import json_text
from warehouse.alerts import rules
from warehouse.alerts.model import TOLD, AlertKind, At, EventVerb, Form, MailMode, Quiet, Severity
from warehouse.alerts.queries import facts as read

NAMESPACE = UUID("6b1e6f0e-3a55-5d0c-9b3e-be1900000041")
_ROLES = [role.value for role, permissions in ROLES.items() if Permission.ALERT_HANDLE in permissions]


@dataclass(frozen=True, slots=True)
class Happening:
    """One thing that happened to an alert. `level`: which tier is told; `alone`: only that one (the others know)."""

    alert_id: UUID
    verb: EventVerb
    kind: AlertKind
    severity: Severity
    at: At
    facts: Any
    level: int = 0
    alone: bool = False
    note: str = ""
    login: str = ""


@dataclass(frozen=True, slots=True)
class _Mail:
    kinds: tuple[AlertKind, ...]
    severity: Severity
    digest_at: int | None
    quiet: Quiet | None


@dataclass(frozen=True, slots=True)
class _Line:
    id: UUID
    form: Form
    path: str
    site_id: int | None
    kinds: tuple[AlertKind, ...]
    severity: Severity
    digest_at: int | None
    quiet: Quiet | None


@dataclass
class Office:
    """Who sees to what, and which ways lead to them; read once per act."""

    holders: list[rules.Holder]
    mails: dict[int, _Mail]
    lines: list[_Line]
    _tiers: dict[tuple[str, int | None], list[frozenset[int]]] = field(default_factory=dict)

    def tiers(self, at: At) -> list[frozenset[int]]:
        """Who sees to a place, the nearest first."""
        key = (at.path, at.site_id)
        if key not in self._tiers:
            self._tiers[key] = rules.tiers(at, self.holders)
        return self._tiers[key]


async def office() -> Office:
    """Everybody who sees to alerts, with their ways."""
    holders = [rules.Holder(*row) for row in map(tuple, await read.holders_of(_ROLES))]
    mails = {
        row[0]: _Mail(_kinds(row[1]), Severity(row[2]), row[4] if row[3] == MailMode.DIGEST else None, _quiet(row, 5))
        for row in await db.fetch(
            "SELECT person_id, kinds, severity, mail, digest_at, quiet_from, quiet_to FROM alert_subscription"
            " WHERE mail <> 'off'"
        )
    }
    lines = [
        _Line(row[0], Form(row[1]), row[2], row[3], _kinds(row[4]), Severity(row[5]), row[6], _quiet(row, 7))
        for row in await db.fetch(
            "SELECT c.id, c.form, coalesce(r.path, s.path), c.site_id, c.kinds, c.severity, c.digest_at, c.quiet_from,"
            " c.quiet_to FROM notice_channel c LEFT JOIN region r ON r.id = c.region_id"
            " LEFT JOIN site s ON s.id = c.site_id WHERE c.retired_at IS NULL ORDER BY c.seq"
        )
    ]
    return Office(holders, mails, lines)


def _kinds(values: Sequence[str]) -> tuple[AlertKind, ...]:
    return tuple(AlertKind(one) for one in values)


def _quiet(row: Any, at: int) -> Quiet | None:
    return Quiet(row[at], row[at + 1]) if row[at] is not None else None


async def tell(happened: Sequence[Happening], *, now: datetime) -> None:
    """Write the history, publish the news, and put notices into the outbox for whoever is to be told."""
    if not happened:
        return
    rows = await db.fetch(
        "INSERT INTO alert_event (alert_id, verb, kind, severity, at, login, note, facts)"
        " SELECT a, v, k, s, $5, l, n, f::jsonb FROM unnest($1::uuid[], $2::text[], $3::text[], $4::smallint[],"
        " $6::text[], $7::text[], $8::text[]) WITH ORDINALITY x (a, v, k, s, l, n, f, o) ORDER BY o RETURNING seq",
        [one.alert_id for one in happened],
        [one.verb.value for one in happened],
        [one.kind.value for one in happened],
        [int(one.severity) for one in happened],
        now,
        [one.login for one in happened],
        [one.note for one in happened],
        [json_text(one.facts) for one in happened],
    )
    await feed.publish("alert", [str(one.alert_id) for one in happened], now)
    loud = [(row[0], one) for row, one in zip(rows, happened, strict=True) if _is_told(one.verb)]
    if loud:
        await _send(loud, await office(), now)


def _is_told(verb: EventVerb) -> bool:
    return verb in TOLD or verb is EventVerb.CLOSED


async def _send(loud: Sequence[tuple[int, Happening]], house: Office, now: datetime) -> None:
    told: list[tuple[UUID, int]] = []
    notices: list[tuple[int, int | None, UUID | None, datetime]] = []
    for seq, one in loud:
        people = _people(one, house.tiers(one.at)) if one.verb in TOLD else frozenset[int]()
        told += [(one.alert_id, person) for person in sorted(people)]
        for person in sorted(people & house.mails.keys()):
            mail = house.mails[person]
            if rules.wants(mail.kinds, mail.severity, one.kind, one.severity):
                notices.append((seq, person, None, rules.send_at(one.severity, mail.quiet, mail.digest_at, now)))
        notices += [
            (seq, None, line.id, rules.send_at(one.severity, line.quiet, line.digest_at, now))
            for line in house.lines
            if _goes(line, one)
        ]
    await db.execute(
        "INSERT INTO alert_told (alert_id, person_id, told_at) SELECT a, p, $3 FROM unnest($1::uuid[], $2::bigint[])"
        " x (a, p) ON CONFLICT DO NOTHING",
        [alert for alert, _ in told],
        [person for _, person in told],
        now,
    )
    await db.execute(
        "INSERT INTO notice (id, event_seq, person_id, channel_id, next_at, created_at)"
        " SELECT i, e, p, c, n, $6 FROM unnest($1::uuid[], $2::bigint[], $3::bigint[], $4::uuid[], $5::timestamptz[])"
        " x (i, e, p, c, n)",
        [uuid5(NAMESPACE, f"{seq}/{person}/{channel}") for seq, person, channel, _ in notices],
        [seq for seq, *_ in notices],
        [person for _, person, _, _ in notices],
        [channel for _, _, channel, _ in notices],
        [at for *_, at in notices],
        now,
    )


def _people(one: Happening, groups: list[frozenset[int]]) -> frozenset[int]:
    if one.alone:
        return groups[one.level] if one.level < len(groups) else frozenset()
    return frozenset().union(*groups[: one.level + 1])


def _goes(line: _Line, one: Happening) -> bool:
    here = line.site_id == one.at.site_id if line.site_id is not None else one.at.path.startswith(line.path)
    said = one.verb in TOLD or line.form is Form.WEBHOOK
    return here and said and rules.wants(line.kinds, line.severity, one.kind, one.severity)
