"""Coming in and going out."""

import hashlib
import secrets
from datetime import datetime
from uuid import UUID, uuid4

from catalog.kernel import attempts, audit, db
from catalog.kernel.access import Permission
from catalog.kernel.attempts import Receipt
from catalog.kernel.errors import Missing
from catalog.kernel.stamp import Channel, Stamp
from warehouse.people import passwords, queries, rules, second_factor
from warehouse.people.model import LoggedIn, Policy, Tries
from warehouse.people.second_factor import Vault

_LOGIN_LOCK, _ADDRESS_LOCK = 11, 12


def hash_of(secret: str) -> bytes:
    """What is stored of a session's or token's secret (256 random bits need no salt)."""
    return hashlib.sha256(secret.encode()).digest()


async def log_in(
    *,
    login: str,
    password: str,
    at: datetime,
    address: str,
    agent: str,
    policy: Policy,
    channel: Channel = Channel.WEB,
    code: str | None = None,
    vault: Vault | None = None,
) -> LoggedIn:
    """A new session for whoever knows the password and, where a second factor is in force, shows a `code` of it.

    Raises Locked, Busy, Unauthenticated (`session.code-needed`: the password fits and a code is missing); the refusal's
    audit row is the edge's. An unknown login costs the same time and locks in the same way as a known one. Sending it
    twice makes two sessions: it has no attempt id.
    """
    login = login.strip().lower()[:80].replace("\0", "")
    failure = await _begin_try(login, address, at, policy)
    row = await db.fetch_row(
        "SELECT id, uuid, password_hash, password_set_at, must_change FROM person"
        " WHERE login = $1 AND retired_at IS NULL",
        login,
    )
    stored = row["password_hash"] if row else None
    try:
        known = await passwords.verify(stored, password[: policy.max_length + 1])
    except rules.Busy:
        await db.execute("DELETE FROM login_failure WHERE id = $1", failure)
        raise
    if row is None or not known:
        raise rules.wrong_credentials()
    second = await _second_proof(row["id"], code, at, vault, failure)
    better = await passwords.hash_password(password) if passwords.needs_rehash(stored or "") else None
    secret, session = secrets.token_urlsafe(32), uuid4()
    expires_at = at + policy.session_age
    async with db.transaction():
        await db.execute("DELETE FROM login_failure WHERE login = $1", login)
        # While the hash was computed the password may have been reset or the account closed, and its sessions ended.
        still = await db.fetch_value(
            "UPDATE person SET last_seen_at = $2 WHERE id = $1 AND retired_at IS NULL"
            " AND password_set_at IS NOT DISTINCT FROM $3 RETURNING true",
            row["id"],
            at,
            row["password_set_at"],
        )
        if not still:
            raise rules.wrong_credentials()
        if better is not None:
            await db.execute("UPDATE person SET password_hash = $2 WHERE id = $1", row["id"], better)
        await db.execute(
            "INSERT INTO login_session (uuid, token_hash, person_id, created_at, last_seen_at, expires_at, address,"
            " agent) VALUES ($1, $2, $3, $4, $4, $5, $6, $7)",
            session,
            hash_of(secret),
            row["id"],
            at,
            expires_at,
            address,
            agent[:200].replace("\0", ""),
        )
        stamp = Stamp(session, b"", at, at, row["id"], login, (), channel, address=address)
        facts = {"second": second} if second else {}
        await audit.record(stamp, "session.log-in", subject_kind="session", subject_id=str(session), facts=facts)
    must_change = rules.password_expired(row["must_change"], row["password_set_at"], at, policy)
    return LoggedIn(secret, session, row["uuid"], login, must_change, expires_at)


async def _second_proof(
    person_id: int, code: str | None, at: datetime, vault: Vault | None, failure: int
) -> str | None:
    """What was shown beside the password: None where nothing is asked for. A wrong code stays noted as a failure."""
    if not await db.fetch_value(
        "SELECT true FROM second_factor WHERE person_id = $1 AND confirmed_at IS NOT NULL", person_id
    ):
        return None
    if not code:
        await db.execute("DELETE FROM login_failure WHERE id = $1", failure)
        raise rules.Unauthenticated("session.code-needed", "请输入动态口令")
    shown = await spend(person_id, code, at, vault) if vault is not None else None
    if shown is None:
        raise rules.Unauthenticated("session.wrong-code", "动态口令不正确，或已使用过")
    return shown


async def spend(person_id: int, code: str, at: datetime, vault: Vault) -> str | None:
    """Use up a code of somebody: "code" for one of the authenticator, "recovery" for a recovery code, None for neither.

    No code is taken twice, also not by two log-ins at the same moment.
    """
    async with db.transaction():
        row = await db.fetch_row(
            "SELECT secret, last_step FROM second_factor WHERE person_id = $1 AND confirmed_at IS NOT NULL FOR UPDATE",
            person_id,
        )
        secret = vault.open(row["secret"]) if row else None
        step = None if row is None or secret is None else second_factor.matching_step(secret, code, at, row[1])
        if step is not None:
            await db.execute("UPDATE second_factor SET last_step = $2 WHERE person_id = $1", person_id, step)
            return "code"
        used = await db.fetch_value(
            "UPDATE recovery_code SET gone_at = $3 WHERE person_id = $1 AND hash = $2 AND gone_at IS NULL"
            " RETURNING true",
            person_id,
            vault.fingerprint(person_id, code),
            at,
        )
        return "recovery" if used else None


async def _begin_try(login: str, address: str, at: datetime, policy: Policy) -> int:
    """Check the locks and note the try as a failure *before* the slow hash, so that a burst of parallel guesses
    counts like a slow one. A success takes it away again."""
    async with db.transaction():
        await db.execute("SELECT pg_advisory_xact_lock($1, hashtext($2))", _LOGIN_LOCK, login)
        await db.execute("SELECT pg_advisory_xact_lock($1, hashtext($2))", _ADDRESS_LOCK, address)
        rules.check_locks(await _tries(login, address, policy), at, policy)
        number = await db.fetch_value(
            "INSERT INTO login_failure (login, address, at) VALUES ($1, $2, $3) RETURNING id", login, address, at
        )
    return int(number)


async def try_secret(*, name: str, fits: bool, address: str, at: datetime, policy: Policy) -> bool:
    """Whether a secret that is no person's fits; a miss counts like a failed log-in of `name`. Raises Locked."""
    failure = await _begin_try(name, address, at, policy)
    if fits:
        await db.execute("DELETE FROM login_failure WHERE id = $1", failure)
    return fits


async def _tries(login: str, address: str, policy: Policy) -> Tries:
    by_login = await db.fetch(
        "SELECT at FROM login_failure WHERE login = $1 ORDER BY at DESC LIMIT $2", login, policy.lock_after
    )
    by_address = await db.fetch(
        "SELECT at FROM login_failure WHERE address = $1 ORDER BY at DESC LIMIT $2", address, policy.address_lock_after
    )
    return Tries(tuple(r[0] for r in by_login), tuple(r[0] for r in by_address))


async def log_out(*, stamp: Stamp, session_id: int) -> None:
    """End one's own session. Doing it again changes nothing."""
    async with db.transaction():
        ended = await db.fetch_value(
            "UPDATE login_session SET revoked_at = $2, revoked_by = $3 WHERE id = $1 AND revoked_at IS NULL"
            " RETURNING uuid",
            session_id,
            stamp.recorded_at,
            stamp.person_id,
        )
        if ended is not None:
            await audit.record(stamp, "session.log-out", subject_kind="session", subject_id=str(ended))


async def mark_seen(*, session_id: int, at: datetime) -> None:
    """Note that the session is in use. Called at most once a minute (`rules.seen_due`)."""
    await db.execute(
        "UPDATE login_session SET last_seen_at = $2 WHERE id = $1 AND last_seen_at < $2 AND revoked_at IS NULL",
        session_id,
        at,
    )


async def mark_token_seen(*, token_id: int, at: datetime) -> None:
    """Note that a token is in use. Called at most once a minute (`rules.seen_due`)."""
    await db.execute(
        "UPDATE access_token SET last_seen_at = $2 WHERE id = $1 AND (last_seen_at IS NULL OR last_seen_at < $2)",
        token_id,
        at,
    )


async def revoke_session(*, stamp: Stamp, session: UUID) -> Receipt:
    """End somebody's session: one's own, or one in the scope of `session.revoke`."""

    async def work() -> Receipt:
        row = await db.fetch_row(
            "SELECT s.id, s.person_id, r.path FROM login_session s JOIN person p ON p.id = s.person_id"
            " JOIN region r ON r.id = p.region_id WHERE s.uuid = $1 AND s.revoked_at IS NULL FOR UPDATE OF s",
            session,
        )
        if row is None:
            raise Missing("session.missing", "没有找到此会话，或已结束")
        if row["person_id"] != stamp.person_id:
            stamp.require_at(Permission.SESSION_REVOKE, row["path"])
        await db.execute(
            "UPDATE login_session SET revoked_at = $2, revoked_by = $3 WHERE id = $1",
            row["id"],
            stamp.recorded_at,
            stamp.person_id,
        )
        await audit.record(stamp, "session.revoke", subject_kind="session", subject_id=str(session))
        return {"session": str(session)}

    return await attempts.once(stamp, "session.revoke", work)


async def unlock(*, stamp: Stamp, person: UUID) -> Receipt:
    """Forget the failures of one account, so that its lock ends now. Nobody unlocks themselves."""

    async def work() -> Receipt:
        found = await queries.get_person(person, stamp.require(Permission.UNLOCK))
        rules.check_not_self(stamp.person_id, found.id)
        forgotten = await db.fetch("DELETE FROM login_failure WHERE login = $1 RETURNING id", found.login)
        facts = {"login": found.login, "failures": len(forgotten)}
        await audit.record(stamp, "person.unlock", subject_kind="person", subject_id=str(person), facts=facts)
        return {"person": str(person), "failures": len(forgotten)}

    return await attempts.once(stamp, "person.unlock", work)


async def unlock_address(*, stamp: Stamp, address: str) -> Receipt:
    """Forget the failures of one network address."""

    async def work() -> Receipt:
        stamp.require(Permission.UNLOCK)
        forgotten = await db.fetch("DELETE FROM login_failure WHERE address = $1 RETURNING id", address)
        facts = {"failures": len(forgotten)}
        await audit.record(stamp, "address.unlock", subject_kind="address", subject_id=address, facts=facts)
        return {"address": address, "failures": len(forgotten)}

    return await attempts.once(stamp, "address.unlock", work)


async def clean_up(*, now: datetime, policy: Policy) -> int:
    """Delete sessions that ended a day ago (their log-in and log-out stay in the audit trail) and failures that can
    lock nobody any more; how many rows. Safe to run twice."""
    gone = await db.fetch(
        "DELETE FROM login_session WHERE expires_at < $1::timestamptz - interval '1 day'"
        " OR revoked_at < $1::timestamptz - interval '1 day' RETURNING id",
        now,
    )
    past = await db.fetch("DELETE FROM login_failure WHERE at < $1 RETURNING id", now - 2 * policy.lock_for)
    return len(gone) + len(past)
