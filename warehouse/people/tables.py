"""Piccolo's mirror of the people tables. Constraints and indexes are in the migration."""

from piccolo.columns import UUID, Array, BigInt, BigSerial, Boolean, Bytea, Date, Integer, Text, Timestamptz
from piccolo.table import Table


class PersonRow(Table, tablename="person"):
    """An account. Never deleted: `retired_at`; a login is never used again."""

    id = BigSerial(primary_key=True)
    uuid = UUID()
    login = Text()
    name_zh = Text()
    name_en = Text(null=True, default=None)
    party_id = BigInt(null=True, default=None)
    region_id = BigInt()
    password_hash = Text(secret=True)
    password_set_at = Timestamptz(null=True, default=None)
    must_change = Boolean(default=True)
    language = Text(default="zh")
    version = Integer(default=1)
    retired_at = Timestamptz(null=True, default=None)
    created_at = Timestamptz()
    last_seen_at = Timestamptz(null=True, default=None)


class PasswordHistoryRow(Table, tablename="password_history"):
    """Hashes of passwords that were in use, so that the last ones are not taken again."""

    id = BigSerial(primary_key=True)
    person_id = BigInt()
    hash = Text(secret=True)
    set_at = Timestamptz()


class RoleGrantRow(Table, tablename="role_grant"):
    """One role of one person on one subtree or site; revoked, never deleted."""

    id = BigSerial(primary_key=True)
    uuid = UUID()
    person_id = BigInt()
    role = Text()
    region_id = BigInt()
    site_id = BigInt(null=True, default=None)
    granted_by = BigInt(null=True, default=None)
    granted_at = Timestamptz()
    reason = Text()
    revoked_at = Timestamptz(null=True, default=None)


class DeputyRow(Table, tablename="deputy"):
    """Somebody who approves in a person's name for a time; revoked, never deleted."""

    id = UUID(primary_key=True)
    seq = BigInt()
    person_id = BigInt()
    deputy_id = BigInt()
    begins_on = Date()
    ends_on = Date()
    note = Text()
    created_at = Timestamptz()
    revoked_at = Timestamptz(null=True, default=None)
    attempt = UUID()


class LoginSessionRow(Table, tablename="login_session"):
    """A log-in, known by the SHA-256 of its secret."""

    id = BigSerial(primary_key=True)
    uuid = UUID()
    token_hash = Bytea(secret=True)
    person_id = BigInt()
    created_at = Timestamptz()
    last_seen_at = Timestamptz()
    expires_at = Timestamptz()
    address = Text()
    agent = Text()
    revoked_at = Timestamptz(null=True, default=None)
    revoked_by = BigInt(null=True, default=None)


class AccessTokenRow(Table, tablename="access_token"):
    """A bearer token, known by the SHA-256 of its secret."""

    id = BigSerial(primary_key=True)
    uuid = UUID()
    kind = Text()
    name = Text()
    token_hash = Bytea(secret=True)
    person_id = BigInt()
    site_id = BigInt(null=True, default=None)
    permissions = Array(base_column=Text(), null=True, default=None)
    created_by = BigInt(null=True, default=None)
    created_at = Timestamptz()
    expires_at = Timestamptz(null=True, default=None)
    revoked_at = Timestamptz(null=True, default=None)
    last_seen_at = Timestamptz(null=True, default=None)
    region_id = BigInt(null=True, default=None)


class SecondFactorRow(Table, tablename="second_factor"):
    """The secret of somebody's authenticator, encrypted; in force once confirmed."""

    person_id = BigInt(primary_key=True)
    secret = Text(secret=True)
    begun_at = Timestamptz()
    confirmed_at = Timestamptz(null=True, default=None)
    last_step = BigInt(default=0)


class RecoveryCodeRow(Table, tablename="recovery_code"):
    """The keyed hash of a recovery code; gone once used or replaced."""

    id = BigSerial(primary_key=True)
    person_id = BigInt()
    hash = Bytea(secret=True)
    made_at = Timestamptz()
    gone_at = Timestamptz(null=True, default=None)


class LoginFailureRow(Table, tablename="login_failure"):
    """A log-in that has not succeeded (yet). The locks of accounts and addresses derive from these rows."""

    id = BigSerial(primary_key=True)
    address = Text()
    login = Text()
    at = Timestamptz()
