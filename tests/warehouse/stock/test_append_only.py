"""What is written stays: the database itself refuses, whatever the program does."""

import asyncpg
import pytest

from tests.conftest import Database
from tests.warehouse.stock import world

WRITTEN_ONCE = ("move", "move_serial", "attempt", "conversion", "audit", "audit_seal", "row_history")


@pytest.fixture
async def written(hall: asyncpg.Connection) -> None:
    """Some rows to attack."""
    (pumps,) = await world.add_lots(hall, {"item_id": 3})
    await world.receive(pumps, 1, 101, await world.add_serials(hall, pumps, 1))


async def refused(login: asyncpg.Connection, sql: str) -> bool:
    """Whether the database says no for want of rights, and nothing else."""
    try:
        async with login.transaction():
            await login.execute(sql)
    except asyncpg.InsufficientPrivilegeError:
        return True
    return False


async def test_the_application_can_change_nothing_that_is_written_once(
    database: Database, hall: asyncpg.Connection, written: None
) -> None:
    before = [await hall.fetch(f"SELECT * FROM {table}") for table in WRITTEN_ONCE]
    application = await asyncpg.connect(database.app_url)
    try:
        for table in WRITTEN_ONCE:
            column = await hall.fetchval(
                "SELECT column_name FROM information_schema.columns WHERE table_name = $1"
                " AND is_identity = 'NO' LIMIT 1",
                table,
            )
            for sql in (
                f"UPDATE {table} SET {column} = {column}",
                f"UPDATE {table} SET {column} = {column} WHERE false",
                f"DELETE FROM {table}",
                f"DELETE FROM {table} WHERE false",
                f"TRUNCATE {table}",
                f"TRUNCATE {table} CASCADE",
                f"ALTER TABLE {table} DISABLE TRIGGER USER",
                f"ALTER TABLE {table} DISABLE TRIGGER ALL",
                f"DROP TRIGGER {table}_append_only ON {table}",
                f"DROP TABLE {table} CASCADE",
                f"ALTER TABLE {table} ADD COLUMN x int",
                f"CREATE TRIGGER x BEFORE INSERT ON {table} EXECUTE FUNCTION refuse_change()",
            ):
                assert await refused(application, sql), sql
        for sql in (
            "SET session_replication_role = replica",
            "CREATE TABLE x (y int)",
            "CREATE OR REPLACE FUNCTION refuse_change() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NULL; END'",
            "ALTER TABLE balance DROP CONSTRAINT balance_check",
            "SELECT setval(pg_get_serial_sequence('move', 'seq'), 1)",
            "ALTER SEQUENCE move_seq_seq RESTART",
        ):
            assert await refused(application, sql), sql
        for table in WRITTEN_ONCE:
            await application.execute(f"GRANT ALL ON {table} TO CURRENT_USER")  # a warning, and nothing granted
            for right in ("UPDATE", "DELETE", "TRUNCATE", "TRIGGER"):
                assert not await application.fetchval("SELECT has_table_privilege($1, $2)", table, right)
        assert not await application.fetchval("SELECT rolsuper OR rolcreaterole FROM pg_roles WHERE rolname = user")
    finally:
        await application.close()
    assert [await hall.fetch(f"SELECT * FROM {table}") for table in WRITTEN_ONCE] == before


async def test_the_owner_too_is_stopped_by_the_triggers(hall: asyncpg.Connection, written: None) -> None:
    for table in WRITTEN_ONCE:
        for sql in (f"DELETE FROM {table}", f"TRUNCATE {table} CASCADE"):
            assert await refused(hall, sql), sql


async def test_no_balance_can_be_written_below_zero_or_promised_away(
    database: Database, hall: asyncpg.Connection, written: None
) -> None:
    application = await asyncpg.connect(database.app_url)
    try:
        for change in ("on_hand = -1", "reserved = -1", "reserved = on_hand + 1", "condition = 'lost'"):
            with pytest.raises(asyncpg.CheckViolationError):
                await application.execute(f"UPDATE balance SET {change}")
        for table in ("balance", "lot", "serial_state", "reservation", "outside_total"):
            assert await refused(application, f"DELETE FROM {table}"), table
            assert await refused(application, f"TRUNCATE {table} CASCADE"), table
    finally:
        await application.close()


async def test_a_move_goes_somewhere_and_not_into_the_future(hall: asyncpg.Connection, written: None) -> None:
    row = (
        "INSERT INTO move (id, attempt, line, lot_id, quantity, from_place, from_condition, to_place, to_condition,"
        " reason, login, occurred_at, recorded_at, booked_on)"
        " SELECT gen_random_uuid(), attempt, 9, lot_id, {q}, {source}, 'good', {target}, 'good', 'move', 't', {at},"
        " recorded_at, booked_on FROM move LIMIT 1"
    )
    right = {"q": 1, "source": 101, "target": 102, "at": "recorded_at"}
    for wrong in ({"q": 0}, {"q": -1}, {"target": 101}, {"at": "recorded_at + interval '1 second'"}):
        with pytest.raises(asyncpg.CheckViolationError):
            await hall.execute(row.format(**(right | wrong)))
    # Each leg is a balance or an outside total of the same transaction; those say that lot and place exist.
    for leg in (
        "INSERT INTO balance (lot_id, place_id, condition, item_id, site_id) VALUES (1, 999, 'frozen', 1, 1)",
        "INSERT INTO balance (lot_id, place_id, condition, item_id, site_id) VALUES (999, 101, 'frozen', 1, 1)",
        "INSERT INTO outside_total (lot_id, place_id) SELECT lot_id, 99 FROM move LIMIT 1",
        "INSERT INTO outside_total (lot_id, place_id) VALUES (999, 3)",
    ):
        with pytest.raises(asyncpg.ForeignKeyViolationError):
            await hall.execute(leg)


async def test_a_move_is_reversed_at_most_once(hall: asyncpg.Connection, written: None) -> None:
    row = (
        "INSERT INTO move (id, attempt, line, lot_id, quantity, from_place, from_condition, to_place, to_condition,"
        " reason, login, occurred_at, recorded_at, booked_on, reverses)"
        " SELECT gen_random_uuid(), attempt, 9, lot_id, 1, to_place, 'good', from_place, 'good', 'reverse', 't',"
        " recorded_at, recorded_at, booked_on, seq FROM move WHERE reverses IS NULL LIMIT 1"
    )
    await hall.execute(row)
    with pytest.raises(asyncpg.UniqueViolationError):
        await hall.execute(row)
