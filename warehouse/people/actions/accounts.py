"""Accounts and their passwords."""

from typing import Any
from uuid import UUID, uuid5

from catalog.kernel import attempts, audit, db, history
from catalog.kernel.access import ADMINISTRATORS, Permission, Role
from catalog.kernel.attempts import Receipt
from catalog.kernel.errors import Denied, Invalid, Missing, Refused, Stale
from catalog.kernel.stamp import Stamp
from warehouse.people import passwords, queries, rules
from warehouse.people.model import Person, Policy
from warehouse.people.tables import PersonRow

_EDITABLE = ("name_zh", "name_en", "region_key", "party_key", "language")


async def create_person(
    *,
    stamp: Stamp,
    login: str,
    name_zh: str,
    region_key: str,
    policy: Policy,
    name_en: str | None = None,
    party_key: str | None = None,
    language: str = "zh",
    password: str | None = None,
    must_change: bool = True,
    hashed: str | None = None,
) -> Receipt:
    """A new account without roles; the receipt is {"person": uuid, "login": …}.

    Without a password nobody can log in until one is set. Raises Invalid, Denied, Missing (region, party) and
    `person.login-taken`. `must_change=False` is for the house's own accounts (demo), and so
    is `hashed`: the password's hash made before, once for many accounts (57 hashes take many seconds).
    """
    login = rules.read_login(login)
    if password is not None:
        rules.check_password(password, login, policy)
        hashed = hashed or await passwords.hash_password(password)

    async def work() -> Receipt:
        region_id, path = await queries.get_place(region_key)
        stamp.require_at(Permission.PERSON_EDIT, path)
        party_id = await _party(party_key)
        await db.execute("SELECT pg_advisory_xact_lock(13, hashtext($1))", login)
        if await db.fetch_value("SELECT true FROM person WHERE login = $1", login):
            raise Refused("person.login-taken", "此用户名已被使用（停用的用户名不再发放）", login=login)
        uuid = uuid5(stamp.attempt, "person")
        person = PersonRow(
            uuid=uuid,
            login=login,
            name_zh=name_zh,
            name_en=name_en,
            party_id=party_id,
            region_id=region_id,
            password_hash=hashed or "",
            password_set_at=None if hashed is None else stamp.recorded_at,
            must_change=must_change,
            language=language,
            created_at=stamp.recorded_at,
        )
        key = (await PersonRow.insert(person))[0]["id"]
        if hashed is not None:
            await _remember_hash(key, hashed, stamp)
        made = await queries.get_person(uuid, stamp.require(Permission.PERSON_EDIT))
        await history.record(stamp, table="person", key=str(key), verb="person.create", before=None, after=_shown(made))
        await audit.record(stamp, "person.create", subject_kind="person", subject_id=str(uuid), facts={"login": login})
        return {"person": str(uuid), "login": login}

    return await attempts.once(stamp, "person.create", work)


async def edit_person(*, stamp: Stamp, person: UUID, version: int, changes: dict[str, Any]) -> Receipt:
    """Change names, region, office or language; `changes` holds only what changes. Raises Stale when `version` is not
    the present one. The receipt carries the new version."""

    async def work() -> Receipt:
        before = await _locked(person, stamp, Permission.PERSON_EDIT)
        if before.version != version:
            raise stale(before.version)
        unknown = set(changes) - set(_EDITABLE)
        if unknown:
            raise Invalid("person.not-editable", "这些内容不能修改", fields=sorted(unknown))
        columns: dict[Any, Any] = {k: v for k, v in changes.items() if k in ("name_zh", "name_en", "language")}
        if "region_key" in changes:
            columns["region_id"], path = await queries.get_place(changes["region_key"])
            stamp.require_at(Permission.PERSON_EDIT, path)
        if "party_key" in changes:
            columns["party_id"] = await _party(changes["party_key"])
        await PersonRow.update({**columns, "version": version + 1}).where(PersonRow.id == before.id)
        after = await queries.get_person(person, stamp.require(Permission.PERSON_EDIT))
        await history.record(
            stamp,
            table="person",
            key=str(before.id),
            verb="person.edit",
            before=_shown(before),
            after=_shown(after),
        )
        await audit.record(
            stamp, "person.edit", subject_kind="person", subject_id=str(person), facts={"fields": sorted(changes)}
        )
        return {"person": str(person), "version": version + 1}

    return await attempts.once(stamp, "person.edit", work)


async def retire_person(*, stamp: Stamp, person: UUID, version: int) -> Receipt:
    """Close an account for good: roles, sessions and tokens end with it. Not one's own."""

    async def work() -> Receipt:
        before = await _locked(person, stamp, Permission.PERSON_EDIT)
        rules.check_not_self(stamp.person_id, before.id)
        if before.version != version:
            raise stale(before.version)
        at = stamp.recorded_at
        await PersonRow.update({"retired_at": at, "version": version + 1}).where(PersonRow.id == before.id)
        for table in ("role_grant", "login_session", "access_token"):
            await db.execute(
                f"UPDATE {table} SET revoked_at = $2 WHERE person_id = $1 AND revoked_at IS NULL",
                before.id,
                at,
            )
        after = _shown(before) | {"retired_at": at.isoformat()}
        await history.record(
            stamp, table="person", key=str(before.id), verb="person.retire", before=_shown(before), after=after
        )
        await audit.record(
            stamp, "person.retire", subject_kind="person", subject_id=str(person), facts={"login": before.login}
        )
        return {"person": str(person), "version": version + 1}

    return await attempts.once(stamp, "person.retire", work)


# --- passwords ----------------------------------------------------------------------------------------


async def change_password(
    *, stamp: Stamp, old: str, new: str, policy: Policy, keep_session: int | None = None
) -> Receipt:
    """One's own password. Raises `password.wrong-old`, `password.too-weak`, `password.reused`; wrong guesses of the
    old one count and lock like failed log-ins. Every other session of the person ends."""
    from warehouse.people.actions.sessions import _begin_try

    if stamp.person_id is None:
        raise Denied("password.nobody", "程序自身没有密码")
    row = await db.fetch_row("SELECT login, password_hash FROM person WHERE id = $1", stamp.person_id)
    if row is None:
        raise rules.no_such_person()
    rules.check_password(new, row["login"], policy)
    failure = await _begin_try(row["login"], stamp.address, stamp.recorded_at, policy)
    old_fits = await passwords.verify(row["password_hash"], old)
    reused = await _was_used(stamp.person_id, new, policy) if old_fits else False
    hashed = await passwords.hash_password(new) if old_fits and not reused else ""
    if old_fits:
        await db.execute("DELETE FROM login_failure WHERE id = $1", failure)

    async def work() -> Receipt:
        if not old_fits:
            raise Denied("password.wrong-old", "原密码不正确")
        if reused:
            raise Refused("password.reused", f"不得使用最近 {policy.history} 次用过的密码", history=policy.history)
        await _set_password(stamp, stamp.person_id or 0, hashed, must_change=False, keep_session=keep_session)
        await audit.record(stamp, "password.change", subject_kind="person", subject_id=str(stamp.person_id))
        return {"changed": True}

    receipt = await attempts.once(stamp, "password.change", work)
    if receipt.get("repeat"):
        await db.execute("DELETE FROM login_failure WHERE id = $1", failure)
    return receipt


async def reset_password(*, stamp: Stamp, person: UUID, password: str, policy: Policy) -> Receipt:
    """Give somebody else a first password again; they must change it at once, and their sessions end.

    Raises `password.administrator`: who makes accounts does not come in as who gives roles or who watches. With a
    second factor of theirs the password alone opens nothing.
    """
    hashed = await passwords.hash_password(password[: policy.max_length + 1])

    async def work() -> Receipt:
        found = await _locked(person, stamp, Permission.PERSON_EDIT)
        rules.check_not_self(stamp.person_id, found.id)
        if stamp.person_id is not None and await _opened_by_password(found.id):
            raise Refused(
                "password.administrator",
                "此管理员未启用动态口令，其密码不能由他人重置；请在服务器上运行 beiyu admin --reset",
                login=found.login,
            )
        rules.check_password(password, found.login, policy)
        await _set_password(stamp, found.id, hashed, must_change=True, keep_session=None)
        await audit.record(stamp, "password.reset", subject_kind="person", subject_id=str(person))
        return {"person": str(person)}

    return await attempts.once(stamp, "password.reset", work)


async def _opened_by_password(person_id: int) -> bool:
    """Whether a password alone makes its holder the security or the audit administrator."""
    return bool(
        await db.fetch_value(
            "SELECT true FROM role_grant WHERE person_id = $1 AND revoked_at IS NULL AND role = ANY($2::text[])"
            " AND NOT EXISTS (SELECT 1 FROM second_factor WHERE person_id = $1 AND confirmed_at IS NOT NULL) LIMIT 1",
            person_id,
            [role.value for role in ADMINISTRATORS - {Role.SYSTEM_ADMIN}],
        )
    )


async def _set_password(
    stamp: Stamp, person_id: int, hashed: str, *, must_change: bool, keep_session: int | None
) -> None:
    await PersonRow.update(
        {"password_hash": hashed, "password_set_at": stamp.recorded_at, "must_change": must_change}
    ).where(PersonRow.id == person_id)
    await _remember_hash(person_id, hashed, stamp)
    await db.execute(
        "UPDATE login_session SET revoked_at = $2, revoked_by = $3"
        " WHERE person_id = $1 AND revoked_at IS NULL AND id IS DISTINCT FROM $4",
        person_id,
        stamp.recorded_at,
        stamp.person_id,
        keep_session,
    )


async def _remember_hash(person_id: int, hashed: str, stamp: Stamp) -> None:
    await db.execute(
        "INSERT INTO password_history (person_id, hash, set_at) VALUES ($1, $2, $3)",
        person_id,
        hashed,
        stamp.recorded_at,
    )


async def _was_used(person_id: int, password: str, policy: Policy) -> bool:
    rows = await db.fetch(
        "SELECT hash FROM password_history WHERE person_id = $1 ORDER BY id DESC LIMIT $2", person_id, policy.history
    )
    for row in rows:
        if await passwords.verify(row["hash"], password):
            return True
    return False


async def _locked(person: UUID, stamp: Stamp, permission: Permission) -> Person:
    """The person, in scope and in use, with the row locked."""
    scope = stamp.require(permission)
    await db.execute("SELECT id FROM person WHERE uuid = $1 FOR UPDATE", person)
    found = await queries.get_person(person, scope)
    if found.retired_at is not None:
        raise Refused("person.retired", "此人员已停用", login=found.login)
    return found


async def _party(key: str | None) -> int | None:
    if key is None:
        return None
    found = await db.fetch_value("SELECT id FROM party WHERE key = $1 AND retired_at IS NULL", key)
    if found is None:
        raise Missing("party.missing", "没有找到此单位")
    return int(found)


def stale(current: int) -> Stale:
    """Somebody else changed the account since it was read."""
    return Stale("person.stale", "此人员资料已被他人修改，请刷新后重试", version=current)


def _shown(person: Person) -> dict[str, Any]:
    return {
        "login": person.login,
        "name_zh": person.name_zh,
        "name_en": person.name_en,
        "region": person.region_key,
        "party": person.party_key,
        "language": person.language,
    }
