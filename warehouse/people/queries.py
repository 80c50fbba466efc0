"""Reads: people, their grants, sessions and tokens, and the audit trail of those in scope.

The two `find_..._caller` run before every request that is not cached: one fixed statement each.
"""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any
from uuid import UUID

from catalog.kernel import db
from catalog.kernel.access import CITY_WIDE, ROLES, Grant, Permission, Role, Scope
from catalog.kernel.errors import Missing
from catalog.kernel.page import Page, checked_limit, read_cursor, write_cursor
from warehouse.people.model import (
    Caller,
    Deputy,
    Lock,
    Person,
    PersonName,
    Policy,
    Reason,
    RoleGrant,
    Session,
    Surplus,
    Token,
    TokenKind,
)
from warehouse.people.rules import locked_until, narrowed, no_such_person, surplus_reasons

_GRANTS = """
    coalesce((SELECT json_agg(json_build_array(g.role, gr.path, g.site_id) ORDER BY g.id)
              FROM role_grant g JOIN region gr ON gr.id = g.region_id
              WHERE g.person_id = p.id AND g.revoked_at IS NULL), '[]')::text
"""
_BY_SESSION = f"""
SELECT p.id, p.uuid, p.login, p.name_zh, p.name_en, p.language, r.path, r.key, p.must_change, p.password_set_at,
       {_GRANTS}, s.id, s.uuid, s.last_seen_at, s.expires_at,
       EXISTS (SELECT 1 FROM second_factor f WHERE f.person_id = p.id AND f.confirmed_at IS NOT NULL)
FROM login_session s JOIN person p ON p.id = s.person_id JOIN region r ON r.id = p.region_id
WHERE s.token_hash = $1 AND s.revoked_at IS NULL AND p.retired_at IS NULL
"""
_BY_TOKEN = f"""
SELECT p.id, p.uuid, p.login, p.name_zh, p.name_en, p.language, r.path, r.key, p.must_change, p.password_set_at,
       {_GRANTS}, t.id, t.kind, t.permissions, t.site_id, site.path, t.expires_at, t.last_seen_at,
       shown.path
FROM access_token t JOIN person p ON p.id = t.person_id JOIN region r ON r.id = p.region_id
LEFT JOIN site ON site.id = t.site_id LEFT JOIN region shown ON shown.id = t.region_id
WHERE t.token_hash = $1 AND t.revoked_at IS NULL AND p.retired_at IS NULL
"""
_PERSON = """
SELECT p.id, p.uuid, p.login, p.name_zh, p.name_en, p.region_id, r.key, r.name_zh, r.path, party.key, party.name_zh,
       p.language, p.must_change, p.password_set_at, p.version, p.retired_at
FROM person p JOIN region r ON r.id = p.region_id LEFT JOIN party ON party.id = p.party_id
"""


def _grants(text: str) -> tuple[Grant, ...]:
    return tuple(Grant(Role(role), path, ROLES[Role(role)], site_id) for role, path, site_id in json.loads(text))


async def find_session_caller(token_hash: bytes) -> Caller | None:
    """Whoever holds the session with this hash; its idle and absolute end are judged by the rules, not here."""
    row = await db.fetch_row(_BY_SESSION, token_hash)
    if row is None:
        return None
    return Caller(
        person_id=row[0],
        person_uuid=row[1],
        login=row[2],
        name_zh=row[3],
        name_en=row[4],
        language=row[5],
        home_path=row[6],
        home_key=row[7],
        grants=_grants(row[10]),
        must_change=row[8],
        password_set_at=row[9],
        session_id=row[11],
        session_uuid=row[12],
        last_seen_at=row[13],
        expires_at=row[14],
        second_factor=row[15],
    )


async def find_token_caller(token_hash: bytes) -> Caller | None:
    """Whoever holds the bearer token with this hash, with what the token leaves of their grants."""
    row = await db.fetch_row(_BY_TOKEN, token_hash)
    if row is None:
        return None
    permissions = None if row[13] is None else frozenset(Permission(p) for p in row[13])
    site = None if row[14] is None else (row[14], row[15])
    return Caller(
        person_id=row[0],
        person_uuid=row[1],
        login=row[2],
        name_zh=row[3],
        name_en=row[4],
        language=row[5],
        home_path=row[6],
        home_key=row[7],
        grants=narrowed(_grants(row[10]), permissions, site, row[18]),
        must_change=row[8],
        password_set_at=row[9],
        token_id=row[11],
        token_kind=TokenKind(row[12]),
        expires_at=row[16],
        last_seen_at=row[17],
    )


_DEPUTY = (
    "SELECT d.id, d.person_id, p.login, p.name_zh, d.deputy_id, q.login, q.name_zh, d.begins_on, d.ends_on, d.note"
    " FROM deputy d JOIN person p ON p.id = d.person_id JOIN person q ON q.id = d.deputy_id"
    " WHERE d.revoked_at IS NULL AND p.retired_at IS NULL AND q.retired_at IS NULL AND d.ends_on >= $2"
)


async def list_deputies(person_id: int, today: date) -> tuple[list[Deputy], list[Deputy]]:
    """(whom a person has named, who has named him) today or later, by first day."""
    mine = await db.fetch(_DEPUTY + " AND d.person_id = $1 ORDER BY d.begins_on, d.seq", person_id, today)
    acting = await db.fetch(_DEPUTY + " AND d.deputy_id = $1 ORDER BY d.begins_on, d.seq", person_id, today)
    return [Deputy(*row) for row in mine], [Deputy(*row) for row in acting]


async def acting_for(person_id: int | None, today: date) -> list[Deputy]:
    """In whose names a person acts today."""
    if person_id is None:
        return []
    found = (await list_deputies(person_id, today))[1]
    return [one for one in found if one.begins_on <= today]


async def load_grants(person_id: int) -> tuple[Grant, ...]:
    """All grants of one person now."""
    text = await db.fetch_value(f"SELECT {_GRANTS} FROM person p WHERE p.id = $1", person_id)
    return _grants(text or "[]")


async def find_second_factor(person_id: int) -> tuple[datetime | None, int]:
    """(since when a second factor is in force, recovery codes left) of one person."""
    since = await db.fetch_value("SELECT confirmed_at FROM second_factor WHERE person_id = $1", person_id)
    left = await db.fetch_value(
        "SELECT count(*) FROM recovery_code WHERE person_id = $1 AND gone_at IS NULL", person_id
    )
    return since, int(left)


# --- people -------------------------------------------------------------------------------------------


async def get_person(uuid: UUID, scope: Scope) -> Person:
    """One person in scope, or Missing."""
    row = await db.fetch_row(_PERSON + " WHERE p.uuid = $1", uuid)
    if row is None or not scope.covers(row[8]):
        raise no_such_person()
    return Person(*row)


async def find_by_login(login: str) -> Person | None:
    """The person with this login, in any scope: for the program itself."""
    row = await db.fetch_row(_PERSON + " WHERE p.login = $1", login)
    return None if row is None else Person(*row)


async def list_people(
    *,
    scope: Scope,
    text: str | None = None,
    retired: bool = False,
    cursor: str | None = None,
    limit: int | None = None,
) -> Page[Person]:
    """People whose region lies in scope, by login; `text` is part of a login or name."""
    size = checked_limit(limit)
    after = read_cursor(cursor, 1)
    rows = await db.fetch(
        _PERSON + " WHERE r.path LIKE ANY($1) AND ($2 OR p.retired_at IS NULL) AND p.login > $3"
        " AND ($4 = '' OR strpos(p.login, lower($4)) > 0 OR strpos(p.name_zh, $4) > 0"
        "      OR strpos(lower(coalesce(p.name_en, '')), lower($4)) > 0)"
        " ORDER BY p.login LIMIT $5",
        scope.prefixes,
        retired,
        str(after[0]) if after else "",
        text or "",
        size + 1,
    )
    people = [Person(*row) for row in rows[:size]]
    return Page(people, write_cursor(people[-1].login) if len(rows) > size else None)


async def names_by_login() -> dict[str, PersonName]:
    """Names of everybody there ever was, by login: a login is never given again."""
    rows = await db.fetch("SELECT login, name_zh, name_en FROM person")
    return {row[0]: PersonName(row[1], row[2]) for row in rows}


async def list_able(permission: Permission, path: str, site_id: int) -> list[Person]:
    """Who may do something at a site (in use, by login): for choosing an owner or a second pair of eyes there."""
    roles = [role.value for role, held in ROLES.items() if permission in held]
    rows = await db.fetch(
        _PERSON + " WHERE p.retired_at IS NULL AND EXISTS (SELECT 1 FROM role_grant g JOIN region gr ON"
        " gr.id = g.region_id WHERE g.person_id = p.id AND g.revoked_at IS NULL AND g.role = ANY($1::text[])"
        " AND CASE WHEN g.site_id IS NULL THEN starts_with($2, gr.path) ELSE g.site_id = $3 END) ORDER BY p.login",
        roles,
        path,
        site_id,
    )
    return [Person(*row) for row in rows]


async def list_grants(person_id: int, *, revoked: bool = False) -> Sequence[RoleGrant]:
    """The grants of one person, the newest last. Whoever may see the person may see these."""
    return (await list_grants_of([person_id], revoked=revoked))[person_id]


async def list_grants_of(person_ids: Sequence[int], *, revoked: bool = False) -> Mapping[int, Sequence[RoleGrant]]:
    """The same for several people, in one statement; everybody asked for is there, possibly with none."""
    rows = await db.fetch(
        "SELECT g.person_id, g.uuid, g.role, r.key, r.name_zh, r.path, site.code, site.name_zh, b.login, g.granted_at,"
        " g.reason, g.revoked_at, g.site_id FROM role_grant g JOIN region r ON r.id = g.region_id"
        " LEFT JOIN site ON site.id = g.site_id LEFT JOIN person b ON b.id = g.granted_by"
        " WHERE g.person_id = ANY($1) AND ($2 OR g.revoked_at IS NULL) ORDER BY g.id",
        list(person_ids),
        revoked,
    )
    found: dict[int, list[RoleGrant]] = {person_id: [] for person_id in person_ids}
    for row in rows:
        found[row[0]].append(RoleGrant(row[1], Role(row[2]), *row[3:]))
    return found


async def list_reasons(person: Person) -> Sequence[Reason]:
    """What one person may do, where, and which grant gives it: every permission of every grant."""
    grants = await list_grants(person.id)
    return [
        reason
        for permission in Permission
        for reason in _reasons(person.uuid, person.login, person.name_zh, grants)
        if reason.permission is permission
    ]


async def list_holders(*, scope: Scope, permission: Permission, path: str, site_id: int | None) -> Sequence[Reason]:
    """Who of the people in scope may do `permission` at a place, and why; by login."""
    rows = await db.fetch(
        "SELECT p.id, p.uuid, p.login, p.name_zh FROM person p JOIN region r ON r.id = p.region_id"
        " WHERE p.retired_at IS NULL AND r.path LIKE ANY($1) AND EXISTS (SELECT 1 FROM role_grant g"
        "  WHERE g.person_id = p.id AND g.revoked_at IS NULL AND g.role = ANY($2::text[])) ORDER BY p.login LIMIT 2000",
        scope.prefixes,
        [role.value for role, held in ROLES.items() if permission in held],
    )
    found: list[Reason] = []
    grants = await list_grants_of([row[0] for row in rows])
    for row in rows:
        for reason in _reasons(row[1], row[2], row[3], grants[row[0]]):
            held_at_site = reason.grant.site_id is not None
            there = reason.grant.site_id == site_id if held_at_site else path.startswith(reason.path)
            if reason.permission is permission and there:
                found.append(reason)
    return found


def _reasons(uuid: UUID, login: str, name_zh: str, grants: Sequence[RoleGrant]) -> Sequence[Reason]:
    return [
        Reason(
            uuid,
            login,
            name_zh,
            permission,
            grant,
            "/" if grant.site_code is None and grant.role in CITY_WIDE.get(permission, ()) else grant.region_path,
        )
        for grant in grants
        for permission in ROLES[grant.role]
    ]


async def list_locks(*, scope: Scope, now: datetime, policy: Policy) -> Sequence[Lock]:
    """Accounts of people in scope, unknown logins and addresses that are locked now, the newest first."""
    rows = await db.fetch(
        "SELECT f.kind, f.name, array_agg(f.at ORDER BY f.at DESC), p.uuid, p.name_zh, r.path FROM ("
        " SELECT 'account' AS kind, login AS name, at FROM login_failure WHERE at > $1"
        " UNION ALL SELECT 'address', address, at FROM login_failure WHERE at > $1) f"
        " LEFT JOIN person p ON f.kind = 'account' AND p.login = f.name LEFT JOIN region r ON r.id = p.region_id"
        " GROUP BY f.kind, f.name, p.uuid, p.name_zh, r.path LIMIT 5000",
        now - 2 * policy.lock_for,
    )
    found = []
    for kind, name, tries, uuid, name_zh, path in rows:
        limit = policy.lock_after if kind == "account" else policy.address_lock_after
        until = locked_until(tries[:limit], limit, policy.lock_for)
        if until is not None and until > now and (path is None or scope.covers(path)):
            found.append(Lock(kind, name, len(tries), tries[0], until, uuid, name_zh))
    return sorted(found, key=lambda lock: lock.last_at, reverse=True)


async def list_surplus(*, scope: Scope, now: datetime, unused: timedelta) -> Sequence[Surplus]:
    """Accounts in scope that nobody seems to need, or that several people seem to use; those never used first."""
    rows = await db.fetch(
        "SELECT p.uuid, p.login, p.name_zh, r.name_zh, p.created_at, p.last_seen_at,"
        " (SELECT count(DISTINCT s.address) FROM login_session s WHERE s.person_id = p.id AND s.revoked_at IS NULL"
        "   AND s.expires_at > $2) AS places,"
        " EXISTS (SELECT 1 FROM role_grant g WHERE g.person_id = p.id AND g.revoked_at IS NULL)"
        " FROM person p JOIN region r ON r.id = p.region_id"
        " WHERE p.retired_at IS NULL AND r.path LIKE ANY($1) ORDER BY p.last_seen_at NULLS FIRST, p.login",
        scope.prefixes,
        now,
    )
    found = []
    for row in rows:
        why = surplus_reasons(row[4], row[5], row[6], has_role=row[7], now=now, unused=unused)
        if why:
            uuid, login, name_zh, region_name, made_at, seen_at, places = tuple(row)[:7]
            found.append(Surplus(uuid, login, name_zh, region_name, made_at, seen_at, places, why))
    return found


async def nobody_is_here() -> bool:
    """Whether the house has no account at all yet."""
    return not await db.fetch_value("SELECT EXISTS (SELECT 1 FROM person)")


# --- sessions and tokens ------------------------------------------------------------------------------


async def list_sessions(
    *, scope: Scope, own: int | None, now: datetime, cursor: str | None = None, limit: int | None = None
) -> Page[Session]:
    """Sessions still open: those of people in scope and those of person `own`, the newest first."""
    size = checked_limit(limit)
    after = read_cursor(cursor, 1)
    rows = await db.fetch(
        "SELECT s.id, s.uuid, p.uuid, p.login, p.name_zh, s.created_at, s.last_seen_at, s.expires_at, s.address,"
        " s.agent, r.path FROM login_session s JOIN person p ON p.id = s.person_id JOIN region r ON r.id = p.region_id"
        " WHERE s.revoked_at IS NULL AND s.expires_at > $3 AND (r.path LIKE ANY($1) OR p.id = $2)"
        " AND ($4::bigint IS NULL OR s.id < $4) ORDER BY s.id DESC LIMIT $5",
        scope.prefixes,
        own,
        now,
        _number(after),
        size + 1,
    )
    return Page(
        [Session(*row[1:]) for row in rows[:size]], write_cursor(rows[size - 1][0]) if len(rows) > size else None
    )


async def list_tokens(
    *, scope: Scope, own: int | None, cursor: str | None = None, limit: int | None = None
) -> Page[Token]:
    """Tokens of people in scope and of person `own`, the newest first; revoked ones too."""
    size = checked_limit(limit)
    after = read_cursor(cursor, 1)
    rows = await db.fetch(
        "SELECT t.id, t.uuid, t.kind, t.name, p.uuid, p.login, site.code, t.permissions, b.login, t.created_at,"
        " t.expires_at, t.revoked_at, r.path, t.last_seen_at, w.name_zh, w.name_en, w.key"
        " FROM access_token t JOIN person p ON p.id = t.person_id"
        " JOIN region r ON r.id = p.region_id LEFT JOIN person b ON b.id = t.created_by"
        " LEFT JOIN site ON site.id = t.site_id LEFT JOIN region w ON w.id = t.region_id"
        " WHERE (r.path LIKE ANY($1) OR p.id = $2) AND ($3::bigint IS NULL OR t.id < $3) ORDER BY t.id DESC LIMIT $4",
        scope.prefixes,
        own,
        _number(after),
        size + 1,
    )
    tokens = [
        Token(
            uuid=row[1],
            kind=TokenKind(row[2]),
            name=row[3],
            person_uuid=row[4],
            login=row[5],
            site_code=row[6],
            permissions=None if row[7] is None else frozenset(Permission(p) for p in row[7]),
            created_by=row[8],
            created_at=row[9],
            expires_at=row[10],
            revoked_at=row[11],
            region_path=row[12],
            last_seen_at=row[13],
            region_zh=row[14],
            region_en=row[15],
            region_key=row[16],
        )
        for row in rows[:size]
    ]
    return Page(tokens, write_cursor(rows[size - 1][0]) if len(rows) > size else None)


# --- the audit trail ----------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class AuditEntry:
    """One row of the audit trail."""

    seq: int
    at: datetime
    login: str
    channel: str
    address: str
    verb: str
    subject_kind: str
    subject_id: str
    success: bool
    code: str
    attempt: UUID | None
    facts: Mapping[str, Any]
    sealed: bool


@dataclass(frozen=True, slots=True)
class AuditFilter:
    """What to look for; None or empty leaves a column open. `since` is inclusive, `until` is not."""

    login: str | None = None
    verb: str | None = None
    subject_kind: str | None = None
    subject_id: str | None = None
    address: str | None = None
    success: bool | None = None
    since: datetime | None = None
    until: datetime | None = None
    code: str | None = None


async def list_audit(
    *, scope: Scope, sought: AuditFilter, cursor: str | None = None, limit: int | None = None
) -> Page[AuditEntry]:
    """The trail of people in scope, the newest first. Rows of strangers and of the house (no person) belong to whoever
    audits the whole city."""
    size = checked_limit(limit)
    after = read_cursor(cursor, 1)
    rows = await db.fetch(
        "SELECT a.seq, a.at, a.login, a.channel, a.address, a.verb, a.subject_kind, a.subject_id, a.success, a.code,"
        " a.attempt, a.facts, EXISTS (SELECT 1 FROM audit_seal s WHERE s.audit_seq = a.seq)"
        " FROM audit a LEFT JOIN person p ON p.id = a.person_id LEFT JOIN region r ON r.id = p.region_id"
        " WHERE (r.path LIKE ANY($1) OR (r.path IS NULL AND EXISTS"
        "        (SELECT 1 FROM region root WHERE root.parent_id IS NULL AND root.path LIKE ANY($1))))"
        " AND ($2::text IS NULL OR a.login = $2) AND ($3::text IS NULL OR a.verb = $3)"
        " AND ($4::text IS NULL OR a.subject_kind = $4) AND ($5::text IS NULL OR a.subject_id = $5)"
        " AND ($6::text IS NULL OR a.address = $6) AND ($7::boolean IS NULL OR a.success = $7)"
        " AND ($8::timestamptz IS NULL OR a.at >= $8) AND ($9::timestamptz IS NULL OR a.at < $9)"
        " AND ($10::bigint IS NULL OR a.seq < $10) AND ($12::text IS NULL OR a.code = $12)"
        " ORDER BY a.seq DESC LIMIT $11",
        scope.prefixes,
        sought.login,
        sought.verb,
        sought.subject_kind,
        sought.subject_id,
        sought.address,
        sought.success,
        sought.since,
        sought.until,
        _number(after),
        size + 1,
        sought.code,
    )
    entries = [AuditEntry(*(*row[:11], json.loads(row[11]), row[12])) for row in rows[:size]]
    return Page(entries, write_cursor(entries[-1].seq) if len(rows) > size else None)


def _number(key: list[Any] | None) -> int | None:
    """The sequence in a cursor. Raises Invalid for anything else."""
    if key is None:
        return None
    if not isinstance(key[0], int) or isinstance(key[0], bool) or not 0 <= key[0] < 2**63:
        read_cursor("!", 1)
    return int(key[0])


async def get_place(region_key: str) -> tuple[int, str]:
    """(id, path) of a region still in use, by key; or Missing."""
    row = await db.fetch_row("SELECT id, path FROM region WHERE key = $1 AND retired_at IS NULL", region_key)
    if row is None:
        raise Missing("region.missing", "没有找到此行政区划，或不在您的管辖范围内")
    return row[0], row[1]


async def get_site_place(site_code: str) -> tuple[int, int, str]:
    """(id, region id, path) of a site still in use, by code; or Missing."""
    row = await db.fetch_row("SELECT id, region_id, path FROM site WHERE code = $1 AND retired_at IS NULL", site_code)
    if row is None:
        raise Missing("site.missing", "没有找到此储备库，或不在您的管辖范围内")
    return row[0], row[1], row[2]


async def name_of_token(token_id: int) -> str:
    """The name that a token was given."""
    return str(await db.fetch_value("SELECT name FROM access_token WHERE id = $1", token_id))
