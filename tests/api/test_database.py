"""Two logins: the application's may neither change the schema nor what is append-only."""

import asyncpg
import pytest

from api import database as api_database
from catalog.kernel import db
from tests.conftest import Database, Postgres


async def test_the_engine_is_the_applications_login(database: Database, postgres: Postgres) -> None:
    assert await db.fetch_value("SELECT current_user") == postgres.app_role


async def test_each_test_has_a_database_of_its_own(database: Database) -> None:
    await db.execute("INSERT INTO feed (topic, key, at) VALUES ('test', 'own', now())")
    assert await db.fetch_value("SELECT count(*) FROM feed WHERE topic = 'test'") == 1


async def test_and_sees_nothing_of_the_one_before(database: Database) -> None:
    assert await db.fetch_value("SELECT count(*) FROM feed WHERE topic = 'test'") == 0


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE move SET quantity = 1",
        "DELETE FROM move",
        "TRUNCATE move CASCADE",
        "ALTER TABLE move DISABLE TRIGGER ALL",
        "ALTER TABLE move DISABLE TRIGGER move_append_only",
        "DROP TRIGGER move_append_only ON move",
        "DROP TABLE move CASCADE",
        "CREATE TABLE mine (x int)",
        "SET session_replication_role = replica",
        "DELETE FROM migration",
        "SET ROLE beiyu_owner",
    ],
)
async def test_the_application_may_not(database: Database, statement: str) -> None:
    with pytest.raises(asyncpg.InsufficientPrivilegeError):
        await db.execute(statement)


@pytest.mark.parametrize("statement", ["UPDATE move SET quantity = 1", "DELETE FROM move", "TRUNCATE move CASCADE"])
async def test_even_the_owner_may_not_rewrite_moves(owner: asyncpg.Connection, statement: str) -> None:
    with pytest.raises(asyncpg.PostgresError, match="append-only"):
        await owner.execute(statement)


async def test_migrating_again_changes_nothing(database: Database) -> None:
    await api_database.close_pool()
    found = api_database.Logins(database.owner_url, database.app_url)
    assert await api_database.migrate(found) == []
    await api_database.check_schema(database.app_url)


async def test_a_schema_that_is_behind_is_refused_with_what_to_do(
    database: Database, owner: asyncpg.Connection
) -> None:
    await owner.execute("DELETE FROM migration WHERE app_name = 'warehouse'")
    with pytest.raises(api_database.DatabaseError, match="beiyu migrate"):
        await api_database.check_schema(database.app_url)


async def test_a_schema_that_is_ahead_is_refused(database: Database, owner: asyncpg.Connection) -> None:
    await owner.execute("INSERT INTO migration (name, app_name, ran_on) VALUES ('2099', 'warehouse', now())")
    with pytest.raises(api_database.DatabaseError, match="ahead"):
        await api_database.check_schema(database.app_url)


async def test_a_server_that_is_not_there_is_named_without_its_password() -> None:
    with pytest.raises(api_database.DatabaseError, match=r"127\.0\.0\.1:1/x") as refused:
        await api_database.check_schema("postgresql://someone:hidden@127.0.0.1:1/x")
    assert "hidden" not in str(refused.value)
