"""People, roles, sessions, tokens and the audit trail, as the API shows and takes them."""

from datetime import datetime
from typing import Annotated, Any, Literal
from uuid import UUID

from pydantic import Field, StringConstraints

from api.schemas.base import Given, Instant, Key, Line, Note, Receipt, Taken
from catalog.kernel.access import Permission, Role
from warehouse.people.model import TokenKind

Password = Annotated[str, StringConstraints(strict=True, min_length=1, max_length=200)]


Code = Annotated[str, StringConstraints(strict=True, min_length=6, max_length=20, pattern=r"^[0-9A-Za-z -]+$")]

# --- sessions -----------------------------------------------------------------------------------------


class LogIn(Taken):
    """Who, and the proof."""

    login: Annotated[str, StringConstraints(strict=True, min_length=1, max_length=80)]
    password: Password
    code: Code | None = Field(None, description="Of the second factor, or a recovery code.")


class LoggedInOut(Given):
    """A new session; its secret is in the cookie `beiyu_session`."""

    session: UUID
    person: UUID
    login: str
    csrf: str = Field(description="To be sent as X-CSRF-Token with every unsafe request.")
    must_change_password: bool
    expires_at: datetime


class PersonRef(Given):
    """The caller."""

    id: UUID
    login: str
    name_zh: str
    name_en: str | None
    language: str
    region: str


class RoleOut(Given):
    """One grant."""

    id: UUID
    role: Role
    region: str
    region_name: str
    site: str | None
    site_name: str | None
    granted_by: str | None
    granted_at: datetime
    reason: str


class ScopeOut(Given):
    """Where one permission holds: subtrees of regions by path, and single sites by their number."""

    permission: Permission
    paths: list[str]
    sites: list[int]


class Me(Given):
    """Who I am and what I may."""

    person: PersonRef
    roles: list[RoleOut]
    permissions: list[ScopeOut]
    csrf: str | None
    must_change_password: bool
    password_days_left: int | None = Field(description="Days until the password expires, once that is near.")
    session_expires_at: datetime | None


class PasswordChange(Taken):
    """One's own password."""

    old: Password
    new: Password


class Done(Receipt):
    """It is so."""

    done: bool = True


class SessionOut(Given):
    """A session still open."""

    id: UUID
    person: UUID
    login: str
    name_zh: str
    created_at: datetime
    last_seen_at: datetime
    expires_at: datetime
    address: str
    agent: str
    current: bool


class SessionsPage(Given):
    """Sessions, the newest first."""

    items: list[SessionOut]
    next_cursor: str | None


# --- second factor ------------------------------------------------------------------------------------


class SecondFactorOut(Given):
    """My second factor."""

    in_force: bool
    since: datetime | None
    recovery_codes_left: int


class SecondFactorBegin(Taken):
    """My password, so that nobody else enrols at an open desk."""

    password: Password


class SecondFactorBegun(Receipt):
    """The secret for the authenticator, told this once: as text, as its address, and as a picture of a QR code."""

    secret: str | None
    uri: str | None
    picture: str | None = Field(description="A data: address of an SVG.")


class CodeShown(Taken):
    """A code of the authenticator."""

    code: Code


class RecoveryCodes(Receipt):
    """Told this once; each works once."""

    recovery_codes: list[str] | None


# --- people -------------------------------------------------------------------------------------------

Login = Annotated[str, StringConstraints(strict=True, min_length=2, max_length=40, pattern=r"^[a-z0-9._-]{2,40}$")]


class PersonNew(Taken):
    """An account to be made; it has no roles yet. Without a password nobody can log in until one is set."""

    login: Login
    name_zh: Line
    name_en: Line | None = None
    region: Key
    party: Key | None = None
    language: Literal["zh", "en"] = "zh"
    password: Password | None = None


class PersonEdit(Taken):
    """What changes; a field that is not sent stays. `name_en` and `party` may be null."""

    name_zh: Line | None = None
    name_en: Line | None = None
    region: Key | None = None
    party: Key | None = None
    language: Literal["zh", "en"] | None = None


class PersonOut(Given):
    """An account."""

    id: UUID
    login: str
    name_zh: str
    name_en: str | None
    region: str
    region_name: str
    party: str | None
    party_name: str | None
    language: str
    must_change_password: bool
    version: int
    retired_at: datetime | None


class PersonCard(PersonOut):
    """An account with its roles."""

    roles: list[RoleOut]


class PeoplePage(Given):
    """People by login."""

    items: list[PersonOut]
    next_cursor: str | None


class PersonMade(Receipt):
    """The new account."""

    id: UUID
    login: str


class PasswordReset(Taken):
    """A first password again; it must be changed at once."""

    password: Password


class Unlocked(Receipt):
    """How many failures were forgotten."""

    failures: int


class AddressUnlock(Taken):
    """A network address that was locked."""

    address: Key


class RoleNew(Taken):
    """A role for a region's subtree, or for one site: exactly one of the two."""

    role: Role
    region: Key | None = None
    site: Key | None = None
    reason: Note = ""


class RoleGiven(Receipt):
    """The new grant."""

    id: UUID


class ReasonOut(Given):
    """One permission, and the grant that gives it."""

    person: UUID
    login: str
    name_zh: str
    permission: Permission
    city_wide: bool = Field(description="Read in the whole city, wherever the grant is.")
    grant: RoleOut


class ReasonsOut(Given):
    """Permissions with their reasons."""

    items: list[ReasonOut]


class LockOut(Given):
    """An account or a network address that is locked now."""

    kind: str
    name: str
    failures: int
    last_at: datetime
    until: datetime
    person_uuid: UUID | None
    name_zh: str | None


class LocksOut(Given):
    """The newest first."""

    items: list[LockOut]


class SurplusOut(Given):
    """An account to look at. `why`: `never` and `unused` (log-in), `no-role`, `many-places` (perhaps shared)."""

    person_uuid: UUID
    login: str
    name_zh: str
    region_name: str
    created_at: datetime
    last_seen_at: datetime | None
    addresses: int
    why: list[str]


class SurplusList(Given):
    """Those never used first."""

    items: list[SurplusOut]


# --- tokens -------------------------------------------------------------------------------------------


class TokenNew(Taken):
    """A bearer token. `api`: one's own. `device`: reads only. `screen`: shows the board of `region` on a wall. Without
    `permissions`: all that is allowed."""

    kind: TokenKind
    name: Line
    person: UUID | None = Field(None, description="For whom; oneself if not sent.")
    permissions: list[Permission] | None = None
    site: Key | None = None
    region: Key | None = None
    expires_at: Instant | None = None


class TokenMade(Receipt):
    """The secret is told this once; a repeat answers without it."""

    id: UUID
    secret: str | None
    picture: str | None = Field(description="The secret, or the link, as a QR code: a data: address of an SVG.")
    link: str | None = Field(None, description="Of a screen: what its browser opens once.")
    expires_at: datetime


class TokenOut(Given):
    """A token without its secret."""

    id: UUID
    kind: TokenKind
    name: str
    person: UUID
    login: str
    site: str | None
    region: str | None
    permissions: list[Permission] | None
    created_by: str | None
    created_at: datetime
    expires_at: datetime | None
    revoked_at: datetime | None
    last_seen_at: datetime | None


class TokensPage(Given):
    """Tokens, the newest first."""

    items: list[TokenOut]
    next_cursor: str | None


# --- audit --------------------------------------------------------------------------------------------


class AuditOut(Given):
    """One act or refusal. `sealed` once it is linked into the chain."""

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
    facts: dict[str, Any]
    sealed: bool


class AuditPage(Given):
    """The trail, the newest first."""

    items: list[AuditOut]
    next_cursor: str | None


class FindingOut(Given):
    """The chain does not hold at row `seq`: `row-changed`, `row-removed`, `seal-missing`, `never-sealed`, `tail-cut`,
    `anchor-differs` or `cut-forged`."""

    seq: int
    what: str


class AnchorOut(Given):
    """The chain up to `position`: its keyed hash, a hash without key over all rows so far, and both as papers show
    them."""

    position: int
    seq: int
    mac: str
    digest: str
    at: datetime
    printed: str


class AuditCheck(Given):
    """The whole chain, recomputed."""

    holds: bool
    findings: list[FindingOut]
