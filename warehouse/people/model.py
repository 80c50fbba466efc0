"""People and the ways they come in, as plain values."""

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from enum import StrEnum
from uuid import UUID

from catalog.kernel.access import Grant, Permission, Role
from catalog.kernel.parameters import Kind, Parameter, declare


class TokenKind(StrEnum):
    """A `device` token (scanner at a gate) only reads; an `api` token is a person's own, for programs; a `screen` on a
    wall shows the board and the map of one region and nothing else."""

    DEVICE = "device"
    API = "api"
    SCREEN = "screen"


SECOND_FACTOR = Parameter(
    "people.second_factor",
    "optional",
    Kind.TEXT,
    name_zh="登录第二因素（动态口令）",
    name_en="Second factor at log-in",
    meaning_zh="optional：自愿；administrators：三类管理员必须；everyone：所有人必须。按人员所属区划取值。",
    meaning_en="Who must prove themselves by a code of their phone as well: optional, administrators, everyone.",
    source="GB/T 22239-2019 8.1.4.1: two or more factors at level 3 (DOMAIN.md section 7)",
    choices=("optional", "administrators", "everyone"),
    permission=Permission.GRANT_EDIT,
)
declare(SECOND_FACTOR)


@dataclass(frozen=True, slots=True)
class Policy:
    """Thresholds of log-in and password. The defaults are those assessors of GB/T 22239-2019 look for
    (DOMAIN.md section 7): 8 characters of four kinds, changed every 90 days, the last 5 not reused, warned 7 days
    ahead, a lock of 30 minutes after 5 failures, log-out after 30 idle minutes."""

    min_length: int = 8
    max_length: int = 200
    history: int = 5
    max_age: timedelta = timedelta(days=90)
    warn_before: timedelta = timedelta(days=7)
    lock_after: int = 5
    lock_for: timedelta = timedelta(minutes=30)
    address_lock_after: int = 50
    """Higher than for one account: a whole office may stand behind one address."""
    idle: timedelta = timedelta(minutes=30)
    session_age: timedelta = timedelta(hours=12)
    """A session ends after this, however busy: one working shift."""
    token_age: timedelta = timedelta(days=365)


@dataclass(frozen=True, slots=True)
class Person:
    """Somebody with an account. `region_path` is where they belong; it decides who may administer them."""

    id: int
    uuid: UUID
    login: str
    name_zh: str
    name_en: str | None
    region_id: int
    region_key: str
    region_name: str
    region_path: str
    party_key: str | None
    party_name: str | None
    language: str
    must_change: bool
    password_set_at: datetime | None
    version: int
    retired_at: datetime | None


@dataclass(frozen=True, slots=True)
class PersonName:
    """What somebody is called."""

    name_zh: str
    name_en: str | None


@dataclass(frozen=True, slots=True)
class Deputy:
    """`deputy_login` approves in the name of `login` on these days, both inclusive."""

    id: UUID
    person_id: int
    login: str
    name: str
    deputy_id: int
    deputy_login: str
    deputy_name: str
    begins_on: date
    ends_on: date
    note: str


@dataclass(frozen=True, slots=True)
class RoleGrant:
    """One role given to one person for one subtree, or one site of it."""

    uuid: UUID
    role: Role
    region_key: str
    region_name: str
    region_path: str
    site_code: str | None
    site_name: str | None
    granted_by: str | None
    granted_at: datetime
    reason: str
    revoked_at: datetime | None
    site_id: int | None = None


@dataclass(frozen=True, slots=True)
class Session:
    """A log-in that has not been ended. The secret itself is not kept, only its hash."""

    uuid: UUID
    person_uuid: UUID
    login: str
    name_zh: str
    created_at: datetime
    last_seen_at: datetime
    expires_at: datetime
    address: str
    agent: str
    region_path: str


@dataclass(frozen=True, slots=True)
class Token:
    """A bearer token, without its secret. `permissions` None means all that its person may do."""

    uuid: UUID
    kind: TokenKind
    name: str
    person_uuid: UUID
    login: str
    site_code: str | None
    permissions: frozenset[Permission] | None
    created_by: str | None
    created_at: datetime
    expires_at: datetime | None
    revoked_at: datetime | None
    region_path: str
    last_seen_at: datetime | None = None
    region_zh: str | None = None
    """What a screen shows."""
    region_en: str | None = None
    region_key: str | None = None


@dataclass(frozen=True, slots=True)
class Reason:
    """One grant that gives a permission to a person, and where."""

    person_uuid: UUID
    login: str
    name_zh: str
    permission: Permission
    grant: RoleGrant
    path: str
    """Where it holds: the grant's region, or the whole city for what is read city-wide."""


@dataclass(frozen=True, slots=True)
class Lock:
    """An account or address that too many failures have locked."""

    kind: str
    """`account` or `address`."""
    name: str
    failures: int
    last_at: datetime
    until: datetime
    person_uuid: UUID | None
    name_zh: str | None


@dataclass(frozen=True, slots=True)
class Surplus:
    """An account to look at: `why` holds `never` (not logged in since it was made), `unused`, `no-role`,
    `many-places` (open sessions from several addresses at a time: perhaps shared)."""

    person_uuid: UUID
    login: str
    name_zh: str
    region_name: str
    created_at: datetime
    last_seen_at: datetime | None
    addresses: int
    why: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Caller:
    """Somebody who has proved who they are, with everything a Stamp needs. Exactly one of `session_id` and
    `token_id` is set."""

    person_id: int
    person_uuid: UUID
    login: str
    name_zh: str
    name_en: str | None
    language: str
    home_path: str
    home_key: str
    grants: tuple[Grant, ...]
    must_change: bool
    password_set_at: datetime | None
    session_id: int | None = None
    session_uuid: UUID | None = None
    token_id: int | None = None
    token_kind: TokenKind | None = None
    last_seen_at: datetime | None = None
    expires_at: datetime | None = None
    second_factor: bool = False
    """Whether a second factor is in force."""

    @property
    def is_screen(self) -> bool:
        """Whether this is a screen on a wall: only board and map are open to it."""
        return self.token_kind is TokenKind.SCREEN


@dataclass(frozen=True, slots=True)
class LoggedIn:
    """A new session: `secret` goes into the cookie and is known nowhere else."""

    secret: str
    session_uuid: UUID
    person_uuid: UUID
    login: str
    must_change: bool
    expires_at: datetime


@dataclass(frozen=True, slots=True)
class Tries:
    """Log-ins without success, newest first, of one login and of one address."""

    of_login: tuple[datetime, ...]
    of_address: tuple[datetime, ...]
