"""The rules of log-in, as tables."""

from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from catalog.kernel.access import ADMINISTRATORS, CITY_WIDE, ROLES, Grant, Permission, Role, scope_of
from catalog.kernel.errors import Denied, Invalid, Refused
from tests.warehouse.people.city import NOON, POLICY
from warehouse.people import rules
from warehouse.people.model import TokenKind, Tries
from warehouse.people.rules import narrowed


@pytest.mark.parametrize(
    ("password", "unmet"),
    [
        ("Abcdef1!", []),
        ("长的密码Aa1！", []),
        ("Abcde1!", ["length"]),
        ("abcdef1!", ["upper"]),
        ("ABCDEF1!", ["lower"]),
        ("Abcdefg!", ["digit"]),
        ("Abcdefg1", ["symbol"]),
        ("Abcdefg 1", ["symbol"]),
        ("Keeper-01", ["login-inside"]),
        ("Abcdef1!\n", ["control"]),
        ("", ["length", "upper", "lower", "digit", "symbol"]),
        ("Aa1!" * 51, ["length"]),
    ],
)
def test_password(password: str, unmet: list[str]) -> None:
    if not unmet:
        rules.check_password(password, "keeper", POLICY)
        return
    with pytest.raises(Invalid) as refusal:
        rules.check_password(password, "keeper", POLICY)
    assert refusal.value.code == "password.too-weak"
    assert refusal.value.facts["unmet"] == unmet


@pytest.mark.parametrize(
    ("text", "login"),
    [
        ("  Zhang.San ", "zhang.san"),
        ("ｋｅｅｐｅｒ", "keeper"),
        ("a", None),
        ("王五", None),
        ("a b", None),
        ("x" * 41, None),
    ],
)
def test_login(text: str, login: str | None) -> None:
    if login is None:
        with pytest.raises(Invalid):
            rules.read_login(text)
    else:
        assert rules.read_login(text) == login


@pytest.mark.parametrize(
    ("minutes_ago", "locked_minutes"),
    [
        ([], None),
        ([1, 2, 3, 4], None),
        ([1, 2, 3, 4, 5], 29),
        ([0, 5, 10, 20, 29], 30),
        ([0, 5, 10, 20, 30], None),  # the fifth lies outside the window before the newest
        ([29, 30, 31, 32, 33], 1),
        ([30, 31, 32, 33, 34], None),
    ],
)
def test_account_lock(minutes_ago: list[int], locked_minutes: int | None) -> None:
    tries = Tries(tuple(NOON - timedelta(minutes=m) for m in minutes_ago), ())
    if locked_minutes is None:
        rules.check_locks(tries, NOON, POLICY)
        return
    with pytest.raises(rules.Locked) as refusal:
        rules.check_locks(tries, NOON, POLICY)
    assert refusal.value.code == "session.account-locked"
    assert refusal.value.facts["until"] == (NOON + timedelta(minutes=locked_minutes)).isoformat()


def test_an_address_locks_later_than_an_account() -> None:
    tries = tuple(NOON - timedelta(seconds=s) for s in range(POLICY.address_lock_after))
    rules.check_locks(Tries((), tries[1:]), NOON, POLICY)
    with pytest.raises(rules.Locked) as refusal:
        rules.check_locks(Tries((), tries), NOON, POLICY)
    assert refusal.value.code == "session.address-locked"


@pytest.mark.parametrize(
    ("must_change", "age_days", "expired"),
    [(True, 0, True), (False, 0, False), (False, 89, False), (False, 90, True), (False, None, True)],
)
def test_password_age(must_change: bool, age_days: int | None, expired: bool) -> None:
    set_at = None if age_days is None else NOON - timedelta(days=age_days)
    assert rules.password_expired(must_change, set_at, NOON, POLICY) is expired


@pytest.mark.parametrize(("age_days", "left"), [(0, None), (82, None), (83, 7), (89, 1), (95, 0)])
def test_password_warning(age_days: int, left: int | None) -> None:
    assert rules.password_warning(NOON - timedelta(days=age_days), NOON, POLICY) == left


@pytest.mark.parametrize(
    ("idle_minutes", "left_minutes", "why"),
    [(0, 60, None), (29, 60, None), (30, 60, "idle"), (0, 0, "expired"), (40, -1, "expired")],
)
def test_session_end(idle_minutes: int, left_minutes: int, why: str | None) -> None:
    seen, until = NOON - timedelta(minutes=idle_minutes), NOON + timedelta(minutes=left_minutes)
    assert rules.session_ended(seen, until, NOON, POLICY) == why


@pytest.mark.parametrize("held", list(Role))
@pytest.mark.parametrize("wanted", list(Role))
def test_administrators_stand_alone(held: Role, wanted: Role) -> None:
    allowed = held is wanted or not {held, wanted} & ADMINISTRATORS
    if allowed:
        rules.check_exclusive({held}, wanted)
    else:
        with pytest.raises(Refused, match=r"grant\.exclusive-roles"):
            rules.check_exclusive({held}, wanted)


def test_no_administrator_holds_stock() -> None:
    for role in ADMINISTRATORS:
        assert not [p for p in ROLES[role] if p.value.startswith("stock.")]


def test_nobody_gives_to_themselves() -> None:
    rules.check_not_self(1, 2)
    rules.check_not_self(None, 2)
    with pytest.raises(Denied):
        rules.check_not_self(2, 2)


KEEPER = (Grant(Role.KEEPER, "/1/2/", ROLES[Role.KEEPER]),)


@pytest.mark.parametrize(
    ("kind", "asked", "own", "code"),
    [
        (TokenKind.API, {Permission.ISSUE}, True, None),
        (TokenKind.API, None, True, None),
        (TokenKind.API, {Permission.ISSUE}, False, "token.not-own"),
        (TokenKind.API, {Permission.AUDIT_READ}, True, "token.beyond-person"),
        (TokenKind.API, set(), True, "token.empty"),
        (TokenKind.DEVICE, None, False, None),
        (TokenKind.DEVICE, {Permission.STOCK_READ}, False, None),
        (TokenKind.DEVICE, {Permission.ISSUE}, False, "token.device-reads-only"),
    ],
)
def test_token(kind: TokenKind, asked: set[Permission] | None, own: bool, code: str | None) -> None:
    wanted = None if asked is None else frozenset(asked)
    if code is None:
        given_ = rules.check_token(kind, wanted, own=own, held=KEEPER)
        assert given_ <= ROLES[Role.KEEPER]
        assert kind is TokenKind.API or given_ <= rules.READING
    else:
        with pytest.raises((Denied, Refused), match=code):
            rules.check_token(kind, wanted, own=own, held=KEEPER)


def test_the_summary_of_the_city_is_for_those_who_level_it() -> None:
    """Dispatchers and planners of a district see the summary of the whole city, and nothing else of it; a token for one
    site stays there."""
    for role in Role:
        grants = (Grant(role, "/1/2/", ROLES[role]),)
        summary = scope_of(grants, Permission.SUMMARY_READ)
        assert summary.covers("/1/3/") is (role in {Role.DISPATCHER, Role.PLANNER})
        assert not scope_of(grants, Permission.STOCK_READ).covers("/1/3/")
        at_site = scope_of(narrowed(grants, None, (7, "/1/2/")), Permission.SUMMARY_READ)
        assert not at_site.paths


PATHS = st.lists(st.integers(1, 3), min_size=1, max_size=3).map(lambda ids: "/" + "".join(f"{i}/" for i in ids))
GRANTS = st.builds(
    lambda role, path, site: Grant(role, path, ROLES[role], site),
    st.sampled_from(Role),
    PATHS,
    st.none() | st.integers(1, 3),
)


@given(
    st.lists(GRANTS, max_size=4),
    st.none() | st.frozensets(st.sampled_from(Permission)),
    st.none() | st.tuples(st.integers(1, 3), PATHS),
)
def test_a_token_never_widens(
    grants: list[Grant], permissions: frozenset[Permission] | None, site: tuple[int, str] | None
) -> None:
    """Whatever a token may, its person may; and at a token's site alone."""
    left = narrowed(grants, permissions, site)
    for permission in Permission:
        narrow, wide = scope_of(left, permission), scope_of(grants, permission)
        if permissions is not None and permission not in permissions:
            assert narrow.empty
        if site is None:
            assert permission in CITY_WIDE or set(narrow.paths) <= {g.path for g in grants}
            assert all(wide.covers(path) for path in narrow.paths)
            assert narrow.site_ids <= wide.site_ids
        else:
            assert not narrow.paths
            assert narrow.site_ids <= {site[0]}
            if narrow.site_ids:
                assert wide.covers(site[1], site[0])
