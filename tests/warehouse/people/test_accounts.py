"""Accounts and passwords on a real database."""

import asyncio
from uuid import UUID, uuid4

import asyncpg
import pytest

from catalog.kernel import db, history
from catalog.kernel.access import Scope
from catalog.kernel.errors import Denied, Invalid, Missing, Refused, Stale
from tests.warehouse.people.city import PASSWORD, POLICY, City
from warehouse.people import actions, passwords, queries
from warehouse.people.rules import Locked, Unauthenticated

ALL = Scope(("/",))


async def enter(city: City, login: str, password: str = PASSWORD, address: str = "10.0.0.1") -> str:
    """Log in; the secret."""
    entered = await actions.log_in(
        login=login, password=password, at=city.clock(), address=address, agent="test", policy=POLICY
    )
    return entered.secret


async def test_a_person_is_made_in_scope_with_history_and_audit(city: City) -> None:
    stamp = await city.stamp("sys")
    made = await actions.create_person(
        stamp=stamp, login="Li.Si", name_zh="李四", region_key="TOWN", policy=POLICY, password=PASSWORD
    )
    person = await queries.get_person(UUID(made["person"]), ALL)
    assert (person.login, person.region_path, person.must_change) == ("li.si", "/1/2/4/", True)
    changes = await history.list_changes(table="person", key=str(person.id))
    assert [c.verb for c in changes] == ["person.create"]
    assert await db.fetch_value("SELECT success FROM audit WHERE verb = 'person.create' AND login = 'sys'")


async def test_no_trace_of_a_password_is_kept(city: City, owner: asyncpg.Connection) -> None:
    await enter(city, "keeper")
    tables = await owner.fetch("SELECT table_name FROM information_schema.tables WHERE table_schema = 'public'")
    for (table,) in tables:
        for row in await owner.fetch(f'SELECT t::text FROM "{table}" t'):
            assert PASSWORD not in row[0], table


async def test_a_login_is_never_given_twice(city: City) -> None:
    made = await queries.find_by_login("new")
    assert made is not None
    await actions.retire_person(stamp=await city.stamp("sys"), person=made.uuid, version=1)
    with pytest.raises(Refused, match=r"person\.login-taken"):
        await actions.create_person(
            stamp=await city.stamp("sys"), login="new", name_zh="又", region_key="CITY", policy=POLICY
        )


async def test_many_at_once_want_the_same_login(city: City) -> None:
    stamps = [await city.stamp("sys") for _ in range(8)]
    done = await asyncio.gather(
        *(actions.create_person(stamp=s, login="same", name_zh="同", region_key="CITY", policy=POLICY) for s in stamps),
        return_exceptions=True,
    )
    assert sum(isinstance(d, Refused) for d in done) == 7
    assert await db.fetch_value("SELECT count(*) FROM person WHERE login = 'same'") == 1


async def test_the_same_attempt_in_parallel_is_one_effect_and_one_answer(city: City) -> None:
    attempt = uuid4()
    stamps = [await city.stamp("sys", "x", attempt) for _ in range(6)]
    done = await asyncio.gather(
        *(actions.create_person(stamp=s, login="once", name_zh="一", region_key="CITY", policy=POLICY) for s in stamps)
    )
    assert len({d["person"] for d in done}) == 1
    assert sum(bool(d.get("repeat")) for d in done) == 5
    assert (
        await db.fetch_value("SELECT count(*) FROM audit WHERE verb = 'person.create' AND attempt = $1", attempt) == 1
    )


async def test_the_same_attempt_with_other_content_is_refused(city: City) -> None:
    attempt = uuid4()
    first = await city.stamp("sys", "a", attempt)
    await actions.create_person(stamp=first, login="aa", name_zh="甲", region_key="CITY", policy=POLICY)
    other = await city.stamp("sys", "b", attempt)
    with pytest.raises(Refused, match=r"attempt\.other-content"):
        await actions.create_person(stamp=other, login="bb", name_zh="乙", region_key="CITY", policy=POLICY)


async def test_edit_wants_the_present_version(city: City) -> None:
    keeper = city.people["keeper"]
    stamp = await city.stamp("sys")
    done = await actions.edit_person(stamp=stamp, person=keeper, version=1, changes={"name_zh": "王库"})
    assert done["version"] == 2
    with pytest.raises(Stale):
        await actions.edit_person(stamp=await city.stamp("sys"), person=keeper, version=1, changes={"name_zh": "李库"})
    assert (await queries.get_person(keeper, ALL)).name_zh == "王库"


async def test_out_of_scope_is_missing_and_without_right_denied(city: City) -> None:
    south, stamp = city.people["south"], await city.stamp("sec-north")
    with pytest.raises(Missing):
        await actions.unlock(stamp=stamp, person=south)
    with pytest.raises(Denied):
        await actions.unlock(stamp=await city.stamp("keeper"), person=south)


async def test_retiring_ends_everything(city: City) -> None:
    secret = await enter(city, "keeper")
    from warehouse.people.actions.sessions import hash_of

    assert await queries.find_session_caller(hash_of(secret)) is not None
    await actions.retire_person(stamp=await city.stamp("sys"), person=city.people["keeper"], version=1)
    assert await queries.find_session_caller(hash_of(secret)) is None
    with pytest.raises(Unauthenticated):
        await enter(city, "keeper")
    with pytest.raises(Denied):
        await actions.retire_person(stamp=await city.stamp("sys"), person=city.people["sys"], version=1)


# --- passwords and locks ------------------------------------------------------------------------------


async def test_the_last_five_passwords_are_not_taken_again(city: City) -> None:
    current = PASSWORD
    for n in range(5):
        city.clock.move(days=1)
        new = f"Another-{n}-Pw"
        await actions.change_password(stamp=await city.stamp("keeper"), old=current, new=new, policy=POLICY)
        current = new
        if n < 4:
            with pytest.raises(Refused, match=r"password\.reused"):
                await actions.change_password(
                    stamp=await city.stamp("keeper"), old=current, new=PASSWORD, policy=POLICY
                )
    await actions.change_password(stamp=await city.stamp("keeper"), old=current, new=PASSWORD, policy=POLICY)
    await enter(city, "keeper")


async def test_changing_the_password_ends_the_other_sessions(city: City) -> None:
    from warehouse.people.actions.sessions import hash_of

    here, there = await enter(city, "keeper"), await enter(city, "keeper")
    caller = await queries.find_session_caller(hash_of(here))
    assert caller is not None
    await actions.change_password(
        stamp=await city.stamp("keeper"),
        old=PASSWORD,
        new="Other-2026-y",
        policy=POLICY,
        keep_session=caller.session_id,
    )
    assert await queries.find_session_caller(hash_of(here)) is not None
    assert await queries.find_session_caller(hash_of(there)) is None


async def test_a_weak_password_is_refused(city: City) -> None:
    with pytest.raises(Invalid, match=r"password\.too-weak"):
        await actions.change_password(stamp=await city.stamp("keeper"), old=PASSWORD, new="keeper1", policy=POLICY)


@pytest.mark.parametrize("login", ["keeper", "nobody-of-that-name"])
async def test_five_failures_lock_for_half_an_hour_known_or_not(city: City, login: str) -> None:
    for _ in range(5):
        with pytest.raises(Unauthenticated):
            await enter(city, login, "wrong")
    with pytest.raises(Locked, match=r"session\.account-locked"):
        await enter(city, login)
    city.clock.move(minutes=29, seconds=59)
    with pytest.raises(Locked):
        await enter(city, login)
    city.clock.move(seconds=1)
    if login == "keeper":
        await enter(city, login)
    else:
        with pytest.raises(Unauthenticated):
            await enter(city, login)


async def test_a_success_forgets_the_failures(city: City) -> None:
    for _ in range(3):
        for _ in range(4):
            with pytest.raises(Unauthenticated):
                await enter(city, "keeper", "wrong")
        await enter(city, "keeper")


async def test_guessing_in_parallel_gives_no_more_guesses(city: City) -> None:
    done = await asyncio.gather(*(enter(city, "keeper", f"wrong{n}") for n in range(30)), return_exceptions=True)
    assert sum(isinstance(d, Unauthenticated) for d in done) == 5
    assert sum(isinstance(d, Locked) for d in done) == 25


async def test_an_address_is_locked_after_many_logins(city: City) -> None:
    for n in range(POLICY.address_lock_after):
        with pytest.raises(Unauthenticated):
            await enter(city, f"guess{n}", "wrong", "10.9.9.9")
    with pytest.raises(Locked, match=r"session\.address-locked"):
        await enter(city, "keeper", address="10.9.9.9")
    await enter(city, "keeper", address="10.1.1.1")
    await actions.unlock_address(stamp=await city.stamp("sec"), address="10.9.9.9")
    await enter(city, "keeper", address="10.9.9.9")


async def test_an_unlock_is_by_somebody_else_and_audited(city: City) -> None:
    for _ in range(5):
        with pytest.raises(Unauthenticated):
            await enter(city, "keeper", "wrong")
    with pytest.raises(Denied):
        await actions.unlock(stamp=await city.stamp("sec"), person=city.people["sec"])
    done = await actions.unlock(stamp=await city.stamp("sec-north"), person=city.people["keeper"])
    assert done["failures"] == 5
    await enter(city, "keeper")
    row = await db.fetch_row("SELECT login, subject_id FROM audit WHERE verb = 'person.unlock' AND success")
    assert row is not None
    assert (row[0], row[1]) == ("sec-north", str(city.people["keeper"]))


async def test_wrong_old_passwords_lock_like_failed_log_ins(city: City) -> None:
    for _ in range(5):
        with pytest.raises(Denied, match=r"password\.wrong-old"):
            await actions.change_password(
                stamp=await city.stamp("keeper"), old="wrong", new="Other-2026-y", policy=POLICY
            )
    with pytest.raises(Locked):
        await actions.change_password(stamp=await city.stamp("keeper"), old=PASSWORD, new="Other-2026-y", policy=POLICY)


async def test_hashes_made_with_older_parameters_are_renewed(city: City, monkeypatch: pytest.MonkeyPatch) -> None:
    from argon2 import PasswordHasher

    from warehouse.people import passwords

    before = await db.fetch_value("SELECT password_hash FROM person WHERE login = 'keeper'")
    monkeypatch.setattr(passwords, "_hasher", PasswordHasher(time_cost=2, memory_cost=128, parallelism=1))
    await enter(city, "keeper")
    after = await db.fetch_value("SELECT password_hash FROM person WHERE login = 'keeper'")
    assert before != after
    assert "m=128,t=2" in after
    await enter(city, "keeper")


async def test_cleaning_up_keeps_what_still_counts(city: City) -> None:
    old = await enter(city, "keeper")
    city.clock.move(days=2)
    fresh = await enter(city, "keeper")
    assert await actions.clean_up(now=city.clock(), policy=POLICY) == 1
    from warehouse.people.actions.sessions import hash_of

    assert await queries.find_session_caller(hash_of(old)) is None
    assert await queries.find_session_caller(hash_of(fresh)) is not None


@pytest.mark.parametrize("ending", ["reset", "retire"])
async def test_who_is_coming_in_while_the_password_is_reset_stays_outside(
    city: City, monkeypatch: pytest.MonkeyPatch, ending: str
) -> None:
    """The slow hash leaves time: the old password fits, and the sessions are ended before this one is written."""
    keeper = city.people["keeper"]
    verify = passwords.verify

    async def slowly(stored: str | None, password: str) -> bool:
        fits = await verify(stored, password)
        monkeypatch.setattr(passwords, "verify", verify)
        city.clock.move(seconds=1)
        stamp = await city.stamp("sys")
        if ending == "reset":
            await actions.reset_password(stamp=stamp, person=keeper, password="Other-2026-x", policy=POLICY)
        else:
            await actions.retire_person(stamp=stamp, person=keeper, version=1)
        return fits

    monkeypatch.setattr(passwords, "verify", slowly)
    with pytest.raises(Unauthenticated, match=r"session\.wrong-credentials"):
        await enter(city, "keeper")
    open_ones = "SELECT count(*) FROM login_session s JOIN person p ON p.id = s.person_id WHERE p.login = 'keeper'"
    assert await db.fetch_value(open_ones + " AND s.revoked_at IS NULL") == 0


@pytest.mark.parametrize("login", ["sec", "aud"])
async def test_who_makes_accounts_does_not_become_another_administrator(city: City, login: str) -> None:
    """A reset alone would open their desk; with a second factor of theirs it does not, and from the console it may."""
    other = city.people[login]
    given = {"person": other, "password": "Other-2026-x", "policy": POLICY}
    with pytest.raises(Refused, match=r"password\.administrator"):
        await actions.reset_password(stamp=await city.stamp("sys"), **given)
    await enter(city, login)
    await actions.reset_password(stamp=city.house(), **given)
    await db.execute(
        "INSERT INTO second_factor (person_id, secret, begun_at, confirmed_at)"
        " SELECT id, 'x', now(), now() FROM person WHERE login = $1",
        login,
    )
    await actions.reset_password(stamp=await city.stamp("sys"), **given)
