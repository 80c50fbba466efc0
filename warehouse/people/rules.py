"""Decisions about log-in, passwords, roles and tokens: plain functions over values.

Sources of the numbers: DOMAIN.md section 7 (GB/T 22239-2019 and what its assessors look for); they arrive as a
`Policy`.
"""

import re
import unicodedata
from collections.abc import Collection, Iterable, Sequence
from datetime import date, datetime, timedelta

from catalog.kernel.access import ADMINISTRATORS, Grant, Permission, Role
from catalog.kernel.errors import Denied, Invalid, Missing, Problem, Refused
from warehouse.people.model import Caller, Policy, TokenKind, Tries

LOGIN = re.compile(r"[a-z0-9._-]{2,40}")
SEEN_EVERY = timedelta(minutes=1)
"""`last_seen_at` is written at most this often; the idle limit is so much vaguer."""
READING = frozenset(
    {
        Permission.CATALOG_READ,
        Permission.PARTY_READ,
        Permission.SITE_READ,
        Permission.STOCK_READ,
        Permission.SUMMARY_READ,
    }
)
"""All that a device token may hold (DESIGN section 7: devices read)."""
SHOWN = frozenset({Permission.INCIDENT_READ, Permission.REQUISITION_READ, Permission.SHIPMENT_READ})
"""What the board reads: all that a screen on a wall holds, and which routes take it is said by the edge."""


class Unauthenticated(Problem):
    """Nobody has proved who they are."""

    status = 401


class Locked(Problem):
    """Too many failures; `retry_after` in seconds is among the facts."""

    status = 429


class Busy(Problem):
    """More log-ins wait for their hash than will be served soon; `retry_after` in seconds is among the facts."""

    status = 503


# --- logins and passwords -----------------------------------------------------------------------------


def read_login(text: str) -> str:
    """A login as it is stored: lower case, half width, without surrounding blanks. Raises Invalid."""
    login = unicodedata.normalize("NFKC", text).strip().lower()
    if not LOGIN.fullmatch(login):
        raise Invalid("person.bad-login", "用户名须为 2 到 40 个小写字母、数字或 . _ -")
    return login


def check_password(password: str, login: str, policy: Policy) -> None:
    """Invalid unless long enough, of four kinds of characters, and without the login in it.

    The facts name every rule that is not met, so that one reply is enough.
    """
    unmet = []
    if not policy.min_length <= len(password) <= policy.max_length:
        unmet.append("length")
    kinds = {
        "upper": any(c.isupper() for c in password),
        "lower": any(c.islower() for c in password),
        "digit": any(c.isdigit() for c in password),
        "symbol": any(not c.isalnum() and not c.isspace() and c.isprintable() for c in password),
    }
    unmet += [kind for kind, found in kinds.items() if not found]
    if any(unicodedata.category(c) == "Cc" for c in password):
        unmet.append("control")
    if login and login in password.lower():
        unmet.append("login-inside")
    if unmet:
        raise Invalid(
            "password.too-weak",
            f"密码至少 {policy.min_length} 位，须同时含大写字母、小写字母、数字和符号，且不得包含用户名",
            unmet=unmet,
            min_length=policy.min_length,
        )


def password_expired(must_change: bool, set_at: datetime | None, now: datetime, policy: Policy) -> bool:
    """Whether only changing the password is allowed: first log-in, after a reset, or too old."""
    return must_change or set_at is None or now - set_at >= policy.max_age


def password_warning(set_at: datetime | None, now: datetime, policy: Policy) -> int | None:
    """Days until the password expires, once that is near; else None."""
    if set_at is None:
        return None
    left = set_at + policy.max_age - now
    return max(left.days, 0) if left <= policy.warn_before else None


# --- locks --------------------------------------------------------------------------------------------


def locked_until(tries: Sequence[datetime], limit: int, window: timedelta) -> datetime | None:
    """Until when the failures `tries` (newest first) lock: `window` after the newest, if within `window` before it
    there are at least `limit`. May lie in the past."""
    if not tries:
        return None
    newest = tries[0]
    within = sum(1 for at in tries if newest - at < window)
    return newest + window if within >= limit else None


def check_locks(tries: Tries, now: datetime, policy: Policy) -> None:
    """Locked while the account or the address is. Unknown logins lock like known ones: nothing is given away."""
    for kind, failures, limit, text in (
        ("account", tries.of_login, policy.lock_after, "登录失败次数过多，账号已临时锁定"),
        ("address", tries.of_address, policy.address_lock_after, "此网络地址登录失败次数过多，已临时锁定"),
    ):
        until = locked_until(failures, limit, policy.lock_for)
        if until is not None and until > now:
            seconds = int((until - now).total_seconds()) + 1
            raise Locked(f"session.{kind}-locked", text, until=until.isoformat(), retry_after=seconds)


def wrong_credentials() -> Unauthenticated:
    """One answer for an unknown login, a wrong password and an account out of use."""
    return Unauthenticated("session.wrong-credentials", "用户名或密码不正确")


def second_factor_due(wanted: str, roles: Collection[Role], enrolled: bool) -> bool:
    """Whether somebody must enrol a second factor before anything else; `wanted` is the parameter's value."""
    if enrolled or wanted == "optional":
        return False
    return wanted == "everyone" or bool(ADMINISTRATORS & set(roles))


# --- sessions -----------------------------------------------------------------------------------------


def session_ended(last_seen_at: datetime, expires_at: datetime, now: datetime, policy: Policy) -> str | None:
    """Why a session is over (`idle` or `expired`), or None."""
    if now >= expires_at:
        return "expired"
    return "idle" if now - last_seen_at >= policy.idle else None


def seen_due(last_seen_at: datetime, now: datetime) -> bool:
    """Whether it is time to write that the session is still in use."""
    return now - last_seen_at >= SEEN_EVERY


# --- roles --------------------------------------------------------------------------------------------


def check_exclusive(held: Collection[Role], wanted: Role) -> None:
    """Refused if `wanted` may not stand beside `held`: the three administrators exclude each other and every
    business role (GB/T 22239-2019, 8.1.5)."""
    others = {role for role in held if role is not wanted}
    clashing = others if wanted in ADMINISTRATORS else others & ADMINISTRATORS
    if clashing:
        raise Refused(
            "grant.exclusive-roles",
            "系统、安全、审计管理员三者互斥，且不得兼任业务角色",
            wanted=wanted.value,
            held=sorted(role.value for role in clashing),
        )


LONGEST_NOTE = 500
MOST_DEPUTY_DAYS = 90
"""Our own measure: who is away for longer hands his role over."""


def check_deputy_days(begins_on: date, ends_on: date, today: date) -> None:
    """Raises Invalid for days that are over, backwards, or too many."""
    if ends_on < max(begins_on, today) or (ends_on - begins_on).days >= MOST_DEPUTY_DAYS:
        raise Invalid(
            "deputy.bad-days",
            f"起止日期不正确：不能早于今天，且不超过 {MOST_DEPUTY_DAYS} 天",
            begins_on=begins_on.isoformat(),
            ends_on=ends_on.isoformat(),
            most_days=MOST_DEPUTY_DAYS,
        )


def check_not_self(granter: int | None, receiver: int) -> None:
    """Denied when somebody gives, takes or resets something for themselves."""
    if granter is not None and granter == receiver:
        raise Denied("grant.own-account", "不能为自己授权")


MANY_PLACES = 3
"""So many addresses with open sessions at a time look like one account in several hands."""


def surplus_reasons(
    made_at: datetime, seen_at: datetime | None, places: int, *, has_role: bool, now: datetime, unused: timedelta
) -> tuple[str, ...]:
    """Why an account should be looked at (GB/T 22239-2019 8.1.4.2: surplus and shared accounts); empty if it need not.

    A new account has `unused` to come in for the first time.
    """
    found = []
    if seen_at is None and now - made_at >= unused:
        found.append("never")
    if seen_at is not None and now - seen_at >= unused:
        found.append("unused")
    if not has_role:
        found.append("no-role")
    if places >= MANY_PLACES:
        found.append("many-places")
    return tuple(found)


# --- tokens -------------------------------------------------------------------------------------------


def check_token(
    kind: TokenKind,
    permissions: frozenset[Permission] | None,
    *,
    own: bool,
    held: Iterable[Grant],
) -> frozenset[Permission]:
    """The permissions a new token gets. A device token only reads, a screen shows the board; an api token is made
    by its own person, so that no administrator lends himself another's hand. Nothing beyond what the person holds."""
    have = frozenset(p for grant in held for p in grant.permissions)
    if kind is TokenKind.API and not own:
        raise Denied("token.not-own", "接口令牌只能由本人创建")
    if kind is TokenKind.DEVICE:
        beyond = (permissions or frozenset()) - READING
        if beyond:
            raise Refused("token.device-reads-only", "设备令牌只能只读", beyond=sorted(p.value for p in beyond))
        permissions = (have & READING) if permissions is None else permissions
    elif kind is TokenKind.SCREEN:
        permissions = have & SHOWN
    elif permissions is None:
        permissions = have
    beyond = permissions - have
    if beyond:
        raise Refused("token.beyond-person", "令牌权限超出本人权限", beyond=sorted(p.value for p in beyond))
    if not permissions:
        raise Refused("token.empty", "令牌没有任何权限")
    return permissions


def narrowed(
    grants: Iterable[Grant],
    permissions: frozenset[Permission] | None,
    site: tuple[int, str] | None,
    region: str | None = None,
) -> tuple[Grant, ...]:
    """What is left of a person's grants in the hand of a token: fewer permissions, and only at `site` (id, path) or in
    the `region` with this path."""
    kept = []
    for grant in grants:
        allowed = grant.permissions if permissions is None else grant.permissions & permissions
        if not allowed:
            continue
        if region is not None:
            if grant.path.startswith(region):
                kept.append(Grant(grant.role, grant.path, allowed, grant.site_id))
            elif grant.site_id is None and region.startswith(grant.path):
                kept.append(Grant(grant.role, region, allowed))
        elif site is None:
            kept.append(Grant(grant.role, grant.path, allowed, grant.site_id))
        elif grant.site_id == site[0] or (grant.site_id is None and site[1].startswith(grant.path)):
            kept.append(Grant(grant.role, site[1], allowed, site[0]))
    return tuple(kept)


def require_session(caller: Caller) -> None:
    """Denied for tokens: some acts want the person at the keyboard."""
    if caller.session_id is None:
        raise Denied("token.no-session", "此操作须由本人登录后进行")


def no_such_person() -> Missing:
    """Not there, or not in scope."""
    return Missing("person.missing", "没有找到此人员，或不在您的管辖范围内")
