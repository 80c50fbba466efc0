"""Reports that are made by themselves: planned, made once for their day, kept, sent over a real mail server."""

import email
from dataclasses import replace
from datetime import date, timedelta
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

import asyncpg
import pytest
import pytest_asyncio
from hypothesis import given
from hypothesis import strategies as st

from api import report_sending
from api.settings import Settings
from catalog.kernel.access import ROLES, Grant, Role
from catalog.kernel.errors import Denied, Invalid, Missing, Refused, Stale
from catalog.kernel.stamp import Stamp
from catalog.kernel.time import day_of
from tests.catalog.test_tables import kind
from tests.warehouse.alerts.test_delivery import Mailbox, mailbox  # noqa: F401 - a fixture
from tests.warehouse.stock import world
from warehouse.norms import actions as norms
from warehouse.norms.model import NormFacts
from warehouse.reports import actions, rules, tables
from warehouse.reports.model import Every, FileFormat, LetterStatus, PlanFacts
from warehouse.reports.queries import plans

NOW = world.NOW
PLANNER, MAYOR, ELSEWHERE = 901, 902, 903
DUE = NOW + timedelta(days=7)


@pytest_asyncio.fixture
async def office(hall: asyncpg.Connection) -> asyncpg.Connection:
    """A planner of the city, a reader of it with a mail address, a reader of district B; and one norm."""
    for person, login, role, region in (
        (PLANNER, "planner", "planner", 1), (MAYOR, "mayor", "statistician", 1), (ELSEWHERE, "other", "planner", 3),
    ):  # fmt: skip
        await hall.execute(
            "INSERT INTO person (id, uuid, login, name_zh, region_id) VALUES ($1, gen_random_uuid(), $2, $2, 1)",
            person,
            login,
        )
        await hall.execute(
            "INSERT INTO role_grant (uuid, person_id, role, region_id, granted_at)"
            " VALUES (gen_random_uuid(), $1, $2, $3, $4)",
            person, role, region, NOW,
        )  # fmt: skip
    await hall.execute("INSERT INTO alert_subscription (person_id, address) VALUES ($1, 'mayor@city.example')", MAYOR)
    await norms.set_norms(stamp=planner(), norms=[NormFacts(region_id=1, item_id=1, minimum=5, source="市文件")])
    return hall


def planner(path: str = "/1/", person: int = PLANNER) -> Stamp:
    grants = (Grant(Role.PLANNER, path, ROLES[Role.PLANNER]),)
    return replace(world.stamp(), attempt=uuid4(), login="planner", person_id=person, grants=grants)


def facts(**more: Any) -> PlanFacts:
    said: dict[str, Any] = {
        "name": "每周缺口", "query": "show=short", "format": FileFormat.XLSX, "every": Every.WEEKLY, "day": 6,
        "recipients": (MAYOR,), **more,
    }  # fmt: skip
    return PlanFacts(**said)


async def planned(**more: Any) -> UUID:
    return UUID((await actions.plan_report(stamp=planner(), facts=facts(**more), path="/1/"))["id"])


@given(st.sampled_from(Every), st.integers(1, 28), st.dates(date(2020, 1, 1), date(2030, 1, 1)))
def test_the_next_day_is_the_first_that_fits_behind(every: Every, day: int, after: date) -> None:
    day = min(day, 7) if every is Every.WEEKLY else day
    found = rules.next_on(every, day, after)

    def fits(one: date) -> bool:
        return one.isoweekday() == day if every is Every.WEEKLY else one.day == day

    between = (after + timedelta(days=n) for n in range(1, (found - after).days))
    assert found > after
    assert fits(found)
    assert not any(fits(one) for one in between)


async def test_a_report_is_made_once_for_its_day_kept_and_sent(
    office: asyncpg.Connection,
    mailbox: tuple[Mailbox, int],  # noqa: F811
    tmp_path: Path,
) -> None:
    box, port = mailbox
    settings = Settings(data_dir=tmp_path, smtp_host="127.0.0.1", smtp_port=port, smtp_security="none",
                        smtp_from="beiyu@city.example", public_url="https://beiyu.example")  # fmt: skip
    assert day_of(NOW).isoweekday() == 6
    await planned(recipients=(MAYOR, PLANNER))
    assert await report_sending.turn(settings, NOW) == report_sending.Done(), "its day has not come"
    box.refuse = True
    done = await report_sending.turn(settings, DUE)
    assert (done.made, done.failed, done.sent, done.waiting) == (1, 0, 0, 1)
    box.refuse = False
    again = await report_sending.turn(settings, DUE + timedelta(hours=1))
    assert (again.made, again.sent, again.waiting) == (0, 1, 0)
    assert await report_sending.turn(settings, DUE + timedelta(hours=2)) == report_sending.Done()
    (mail,) = box.mails
    assert mail.rcpt_tos == ["mayor@city.example"]
    message = email.message_from_bytes(mail.content)
    (attached,) = [one for one in message.walk() if one.get_filename()]
    content = attached.get_payload(decode=True)
    (run,) = (await plans.list_runs(PLANNER)).items
    assert (run.due_on, run.name) == (day_of(DUE), f"shortfall-{day_of(DUE)}.xlsx")
    assert await plans.get_file(run.id, PLANNER) == (run.name, content)
    assert await plans.get_file(run.id, MAYOR) == (run.name, content)
    assert [(one.login, one.status, one.tries) for one in run.letters] == [
        ("mayor", LetterStatus.SENT, 2),
        ("planner", LetterStatus.UNSENT, 1),
    ]
    with pytest.raises(Missing):
        await plans.get_file(run.id, ELSEWHERE)
    # Three weeks without a worker: one report, not three.
    done = await report_sending.turn(settings, DUE + timedelta(days=21))
    assert (done.made, done.sent) == (1, 1)
    assert (await plans.list_plans(PLANNER))[0].next_on == day_of(DUE) + timedelta(days=28)


async def test_rights_are_those_of_the_day(office: asyncpg.Connection, tmp_path: Path) -> None:
    settings = Settings(data_dir=tmp_path)
    await planned(format=FileFormat.PDF)
    await office.execute("UPDATE role_grant SET revoked_at = now() WHERE person_id = $1", MAYOR)
    done = await report_sending.turn(settings, DUE)
    (run,) = (await plans.list_runs(PLANNER)).items
    assert (done.made, run.letters[0].status) == (1, LetterStatus.UNSENT)
    assert (await plans.get_file(run.id, PLANNER))[1].startswith(b"%PDF")
    await office.execute("UPDATE role_grant SET revoked_at = now() WHERE person_id = $1", PLANNER)
    done = await report_sending.turn(settings, DUE + timedelta(days=7))
    assert (done.made, done.failed) == (0, 1)
    assert "access.denied" in (await plans.list_runs(PLANNER)).items[0].error


async def test_who_may_plan_what_for_whom(office: asyncpg.Connection) -> None:
    stamp = planner()
    first = await actions.plan_report(stamp=stamp, facts=facts(), path="/1/")
    assert (await actions.plan_report(stamp=stamp, facts=facts(), path="/1/"))["id"] == first["id"]
    assert len(await plans.list_plans(PLANNER)) == 1
    with pytest.raises(Refused, match="not-a-reader"):
        await planned(recipients=(MAYOR, ELSEWHERE))
    with pytest.raises(Missing):
        await actions.plan_report(stamp=planner("/1/3/", ELSEWHERE), facts=facts(), path="/1/")
    keeper = replace(planner(), grants=(Grant(Role.KEEPER, "/1/", ROLES[Role.KEEPER]),))
    with pytest.raises(Denied):
        await actions.plan_report(stamp=keeper, facts=facts(), path="/1/")
    for wrong in ({"day": 8}, {"day": 0}, {"name": " "}, {"recipients": ()}, {"query": "x" * 1001}):
        with pytest.raises(Invalid):
            await planned(**wrong)
    plan = UUID(first["id"])
    with pytest.raises(Stale):
        await actions.retire_report(stamp=planner(), plan_id=plan, version=2)
    with pytest.raises(Missing):
        await actions.retire_report(stamp=planner("/1/3/", ELSEWHERE), plan_id=plan, version=1)
    await actions.retire_report(stamp=planner(), plan_id=plan, version=1)
    assert await plans.list_plans(PLANNER) == []
    assert await plans.list_due(date(2030, 1, 1)) == []


@pytest.mark.parametrize("table", [tables.ReportPlanRow, tables.ReportRunRow])
async def test_piccolo_says_what_the_database_says(office: asyncpg.Connection, table: Any) -> None:
    rows = await office.fetch(
        "SELECT column_name, lower(data_type), is_nullable = 'YES' FROM information_schema.columns"
        " WHERE table_name = $1",
        table._meta.tablename,
    )
    stored = {row[0]: row[2] for row in rows}
    said = {column._meta.name: column._meta.params.get("null", False) for column in table._meta.columns}
    assert said == stored
    assert all(kind(column) for column in table._meta.columns)
