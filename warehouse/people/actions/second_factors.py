"""Enrolling a second factor, proving it, and taking it away."""

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from catalog.kernel import attempts, audit, db
from catalog.kernel.access import Permission
from catalog.kernel.attempts import Receipt
from catalog.kernel.errors import Denied, Invalid, Refused
from catalog.kernel.stamp import Stamp
from warehouse.people import passwords, rules, second_factor
from warehouse.people.actions.accounts import _locked
from warehouse.people.actions.sessions import _begin_try, spend
from warehouse.people.model import Policy
from warehouse.people.second_factor import Vault


async def begin_second_factor(*, stamp: Stamp, password: str, policy: Policy, vault: Vault) -> Receipt:
    """A new secret of one's own, not yet in force; {"secret", "uri"} are told this once, a repeat answers without.

    Raises `password.wrong-old` (counted like a failed log-in) and `second-factor.there` where one is in force already:
    a lost one is reset by the security administrator.
    """
    person_id = _own(stamp)
    row = await db.fetch_row("SELECT login, password_hash FROM person WHERE id = $1", person_id)
    if row is None:
        raise rules.no_such_person()
    failure = await _begin_try(row["login"], stamp.address, stamp.recorded_at, policy)
    fits = await passwords.verify(row["password_hash"], password)
    if fits:
        await db.execute("DELETE FROM login_failure WHERE id = $1", failure)
    secret: str | None = None

    async def work() -> Receipt:
        nonlocal secret
        if not fits:
            raise Denied("password.wrong-old", "原密码不正确")
        await _lock(person_id)
        if await db.fetch_value("SELECT confirmed_at FROM second_factor WHERE person_id = $1", person_id):
            raise Refused("second-factor.there", "已启用动态口令；如手机遗失，请联系安全管理员重置")
        secret = second_factor.new_secret()
        await db.execute(
            "INSERT INTO second_factor (person_id, secret, begun_at) VALUES ($1, $2, $3)"
            " ON CONFLICT (person_id) DO UPDATE SET secret = excluded.secret, begun_at = excluded.begun_at,"
            " confirmed_at = NULL, last_step = 0",
            person_id,
            vault.close(secret),
            stamp.recorded_at,
        )
        await audit.record(stamp, "second-factor.begin", subject_kind="person", subject_id=str(person_id))
        return {"begun": True}

    receipt = await attempts.once(stamp, "second-factor.begin", work)
    told = {"secret": secret, "uri": second_factor.uri(secret, row["login"]) if secret else None}
    return {**receipt, **told}


async def confirm_second_factor(*, stamp: Stamp, code: str, vault: Vault) -> Receipt:
    """Put the secret in force by its first code; {"recovery_codes"} are told this once. From now on log-in asks for it.

    Raises `second-factor.not-begun`, `second-factor.wrong-code`.
    """
    person_id = _own(stamp)
    codes: Sequence[str] | None = None

    async def work() -> Receipt:
        nonlocal codes
        await _lock(person_id)
        row = await db.fetch_row("SELECT secret, confirmed_at FROM second_factor WHERE person_id = $1", person_id)
        secret = vault.open(row["secret"]) if row else None
        if row is None or secret is None or row["confirmed_at"] is not None:
            raise Refused("second-factor.not-begun", "请先生成动态口令密钥")
        step = second_factor.matching_step(secret, code, stamp.recorded_at, 0)
        if step is None:
            raise Invalid("second-factor.wrong-code", "动态口令不正确，请核对手机时间后重试")
        await db.execute(
            "UPDATE second_factor SET confirmed_at = $2, last_step = $3 WHERE person_id = $1",
            person_id,
            stamp.recorded_at,
            step,
        )
        codes = await _new_codes(person_id, stamp.recorded_at, vault)
        await audit.record(stamp, "second-factor.confirm", subject_kind="person", subject_id=str(person_id))
        return {"confirmed": True}

    receipt = await attempts.once(stamp, "second-factor.confirm", work)
    return {**receipt, "recovery_codes": codes}


async def renew_recovery_codes(*, stamp: Stamp, code: str, policy: Policy, vault: Vault) -> Receipt:
    """New recovery codes instead of the old ones, for whoever shows a code; told this once.

    A wrong code counts like a failed log-in. Raises `second-factor.wrong-code`.
    """
    person_id = _own(stamp)
    failure = await _begin_try(stamp.login, stamp.address, stamp.recorded_at, policy)
    shown = await spend(person_id, code, stamp.recorded_at, vault)
    if shown is not None:
        await db.execute("DELETE FROM login_failure WHERE id = $1", failure)
    codes: Sequence[str] | None = None

    async def work() -> Receipt:
        nonlocal codes
        if shown is None:
            raise Invalid("second-factor.wrong-code", "动态口令不正确，请核对手机时间后重试")
        codes = await _new_codes(person_id, stamp.recorded_at, vault)
        await audit.record(stamp, "second-factor.renew-codes", subject_kind="person", subject_id=str(person_id))
        return {"renewed": True}

    receipt = await attempts.once(stamp, "second-factor.renew-codes", work)
    return {**receipt, "recovery_codes": codes}


async def reset_second_factor(*, stamp: Stamp, person: UUID) -> Receipt:
    """Take somebody's second factor away (a lost phone); their sessions end. Not one's own.

    Raises Missing, Denied, `second-factor.none`.
    """

    async def work() -> Receipt:
        found = await _locked(person, stamp, Permission.UNLOCK)
        rules.check_not_self(stamp.person_id, found.id)
        gone = await db.fetch_value(
            "UPDATE second_factor SET secret = '', confirmed_at = NULL WHERE person_id = $1 AND secret <> ''"
            " RETURNING true",
            found.id,
        )
        if not gone:
            raise Refused("second-factor.none", "此人员没有启用动态口令", login=found.login)
        await _void_codes(found.id, stamp.recorded_at)
        await db.execute(
            "UPDATE login_session SET revoked_at = $2, revoked_by = $3 WHERE person_id = $1 AND revoked_at IS NULL",
            found.id,
            stamp.recorded_at,
            stamp.person_id,
        )
        facts = {"login": found.login}
        await audit.record(stamp, "second-factor.reset", subject_kind="person", subject_id=str(person), facts=facts)
        return {"person": str(person)}

    return await attempts.once(stamp, "second-factor.reset", work)


def _own(stamp: Stamp) -> int:
    if stamp.person_id is None:
        raise Denied("password.nobody", "程序自身没有密码")
    return stamp.person_id


async def _lock(person_id: int) -> None:
    await db.execute("SELECT id FROM person WHERE id = $1 FOR UPDATE", person_id)


async def _new_codes(person_id: int, at: datetime, vault: Vault) -> Sequence[str]:
    await _void_codes(person_id, at)
    codes = second_factor.new_recovery_codes()
    await db.execute(
        "INSERT INTO recovery_code (person_id, hash, made_at) SELECT $1, h, $3 FROM unnest($2::bytea[]) h",
        person_id,
        [vault.fingerprint(person_id, code) for code in codes],
        at,
    )
    return codes


async def _void_codes(person_id: int, at: datetime) -> None:
    await db.execute("UPDATE recovery_code SET gone_at = $2 WHERE person_id = $1 AND gone_at IS NULL", person_id, at)
