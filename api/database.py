"""Two logins, one schema: who migrates, who serves, and whether schema and code agree.

The **owner** owns the tables and migrates; the **application** login reads and writes rows and can neither
change the schema nor what is append-only. Migrations grant it what it may do (`grant_application` in the
warehouse's schema); this module only makes the role and calls that.
"""

import asyncio
import contextlib
import io
import os
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any
from urllib.parse import quote, unquote, urlsplit, urlunsplit

import asyncpg

from api import secret_files
from api.settings import Settings

os.environ.setdefault("PICCOLO_CONF", "api.piccolo_conf")

OLDEST_SERVER = 150000  # PostgreSQL 15: UNIQUE NULLS NOT DISTINCT
MIGRATION_LOCK = 0x6265_6979_75  # "beiyu", one migration at a time per database
SESSION_SETTINGS = {"application_name": "beiyu", "jit": "off", "timezone": "UTC"}


class DatabaseError(RuntimeError):
    """The database cannot be used as it is; the text is for the person at the keyboard."""


@dataclass(frozen=True)
class Logins:
    """URLs of the two logins; `owner` is None where only the application's is known."""

    owner: str | None
    app: str

    @property
    def app_role(self) -> str:
        """The name of the application's role."""
        return urlsplit(self.app).username or ""


def logins(settings: Settings, owner_url: str | None = None) -> Logins:
    """The two logins from the settings, or from the embedded PostgreSQL's `owner_url`.

    Without a login for the application its password is kept (made, on first use) under `settings.secrets_dir`.
    """
    owner = owner_url or settings.database_url
    if settings.database_app_url and not owner_url:
        return Logins(owner, settings.database_app_url)
    if owner is None:
        raise DatabaseError("No database: neither BEIYU_DATABASE_URL nor the embedded PostgreSQL.")
    return Logins(owner, _app_url(owner, settings.secrets_dir))


def _app_url(owner_url: str, secrets_dir: Path) -> str:
    parts = urlsplit(owner_url)
    database = parts.path.lstrip("/")
    if not database:
        raise DatabaseError("BEIYU_DATABASE_URL names no database: postgresql://user:password@host:port/DATABASE")
    role = f"{database}_app"
    password = secret_files.read_or_create(secrets_dir / f"{role}.password")
    place = parts.netloc.rpartition("@")[2]
    return urlunsplit(parts._replace(netloc=f"{quote(role, safe='')}:{quote(password, safe='')}@{place}"))


# --- the one engine -----------------------------------------------------------------------------------


def configure(url: str) -> None:
    """Point Piccolo's engine at `url`. The pool must be closed."""
    from api.piccolo_conf import DB

    if DB.pool is not None:
        raise RuntimeError("close the pool before pointing the engine elsewhere")
    DB.config.clear()
    DB.config.update(dsn=url, server_settings=dict(SESSION_SETTINGS))


async def open_pool(smallest: int, largest: int) -> None:
    """Open the pool of the configured engine; does nothing where it is open."""
    from api.piccolo_conf import DB

    if DB.pool is None:
        await DB.start_connection_pool(min_size=smallest, max_size=largest, reset=_nothing_to_reset)


async def _nothing_to_reset(_connection: Any) -> None:
    """Nothing here sets anything for a session (only SET LOCAL), listens or locks beyond its transaction, so a
    connection goes back without asyncpg's round trip that would undo it. (An open transaction is rolled back first.)"""


async def close_pool() -> None:
    """Close the pool, cutting connections that do not come back within some seconds."""
    from api.piccolo_conf import DB

    pool, DB.pool = DB.pool, None
    if pool is None:
        return
    try:
        await asyncio.wait_for(pool.close(), timeout=5)
    except (TimeoutError, OSError, asyncpg.PostgresError, asyncpg.InterfaceError):
        pool.terminate()


async def answers() -> bool:
    """Whether the database answers a query now."""
    from catalog.kernel import db

    try:
        return bool(await db.fetch_value("SELECT true"))
    except db.CONNECTION_ERRORS:
        return False


# --- schema -------------------------------------------------------------------------------------------


@cache
def migrations_of_code() -> frozenset[tuple[str, str]]:
    """The (app, name) of every migration this program knows."""
    from piccolo.apps.migrations.commands.base import BaseMigrationManager

    from api.piccolo_conf import APP_REGISTRY

    manager = BaseMigrationManager()
    found: set[tuple[str, str]] = set()
    for app in APP_REGISTRY.app_configs.values():
        modules = manager.get_migration_modules(app.resolved_migrations_folder_path)
        found.update((app.app_name, name) for name in manager.get_migration_ids(modules))
    return frozenset(found)


async def _migrations_of_schema(connection: Any) -> set[tuple[str, str]]:
    try:
        rows = await connection.fetch("SELECT app_name, name FROM migration")
    except asyncpg.UndefinedTableError:
        return set()
    return {(row["app_name"], row["name"]) for row in rows}


async def check_schema(url: str) -> None:
    """Raise DatabaseError, saying what to do, unless the schema is exactly the code's."""
    connection = await _connect(url)
    try:
        in_code, in_schema = migrations_of_code(), await _migrations_of_schema(connection)
    except asyncpg.InsufficientPrivilegeError as error:
        raise DatabaseError("This login may not read the schema's version. Run `beiyu migrate` first.") from error
    finally:
        await connection.close()
    if in_code - in_schema:
        missing = ", ".join(sorted(name for _, name in in_code - in_schema))
        raise DatabaseError(f"The database is behind this program (missing: {missing}). Run `beiyu migrate` first.")
    if in_schema - in_code:
        unknown = ", ".join(sorted(name for _, name in in_schema - in_code))
        raise DatabaseError(f"The database is ahead of this program (unknown: {unknown}). Use the newer program.")


async def missing_migrations(url: str) -> list[str]:
    """Names of migrations that the code has and the schema has not."""
    connection = await _connect(url)
    try:
        return sorted(name for _, name in migrations_of_code() - await _migrations_of_schema(connection))
    finally:
        await connection.close()


async def is_empty(url: str) -> bool:
    """Whether no migration ever ran here."""
    connection = await _connect(url)
    try:
        return not await _migrations_of_schema(connection)
    finally:
        await connection.close()


async def migrate(found: Logins) -> list[str]:
    """Bring the schema to the code's version as the owner; the names of the migrations that ran.

    One at a time per database (advisory lock); safe to run again; leaves the engine without a pool, pointing
    at the owner: `configure` it for the application afterwards.
    """
    if found.owner is None:
        raise DatabaseError("Migrating needs BEIYU_DATABASE_URL, the login that owns the tables.")
    lock = await _connect(found.owner)
    try:
        if lock.get_server_version().major * 10000 < OLDEST_SERVER:
            raise DatabaseError(f"PostgreSQL {lock.get_server_version().major} is too old: 15 or newer is needed.")
        await lock.execute("SELECT pg_advisory_lock($1)", MIGRATION_LOCK)
        await _make_app_role(lock, found.app)
        before = await _migrations_of_schema(lock)
        missing = migrations_of_code() - before
        if missing:
            await _run_migrations(found.owner)
        await lock.execute(f'GRANT CONNECT ON DATABASE "{_database(found.owner)}" TO "{found.app_role}"')
        if await lock.fetchval("SELECT to_regprocedure('grant_application(text)') IS NOT NULL"):
            await lock.execute("SELECT grant_application($1)", found.app_role)
        # A migration may bring the rights on its own tables along: grant_application_…(role_name).
        parts = await lock.fetch(
            "SELECT oid::regproc::text FROM pg_proc WHERE pronamespace = 'public'::regnamespace"
            " AND proname LIKE 'grant\\_application\\_%' ORDER BY proname"
        )
        for part in parts:
            await lock.execute(f"SELECT {part[0]}($1)", found.app_role)
        return sorted(name for _, name in missing)
    finally:
        await lock.close()


async def _run_migrations(owner_url: str) -> None:
    from piccolo.apps.migrations.commands.forwards import run_forwards

    await close_pool()
    configure(owner_url)
    await open_pool(1, 2)
    said = io.StringIO()
    try:
        with contextlib.redirect_stdout(said):
            result = await run_forwards(app_name="all")
    finally:
        await close_pool()
    if not result.success:
        raise DatabaseError(f"The migration failed: {result.message}\n{said.getvalue()}")


async def _make_app_role(owner: Any, app_url: str) -> None:
    """A login without rights of its own, with the password we keep."""
    parts = urlsplit(app_url)
    role = parts.username or ""
    exists = await owner.fetchval("SELECT true FROM pg_roles WHERE rolname = $1", role)
    quoted = await owner.fetchrow(
        "SELECT quote_ident($1) AS role, quote_literal($2) AS password",
        role,
        unquote(parts.password or ""),
    )
    try:
        if not exists:
            await owner.execute(f"CREATE ROLE {quoted['role']} LOGIN PASSWORD {quoted['password']}")
        elif not await _may_log_in(owner, app_url, quoted["role"]):
            await owner.execute(f"ALTER ROLE {quoted['role']} LOGIN PASSWORD {quoted['password']}")
    except asyncpg.InsufficientPrivilegeError as error:
        raise DatabaseError(
            f"The owner's login may not make the role {role}: give it CREATEROLE, or make a login yourself "
            "and name it in BEIYU_DATABASE_APP_URL."
        ) from error


async def _may_log_in(owner: Any, app_url: str, quoted_role: str) -> bool:
    database = await owner.fetchval("SELECT quote_ident(current_database())")
    await owner.execute(f"GRANT CONNECT ON DATABASE {database} TO {quoted_role}")
    try:
        connection = await asyncpg.connect(app_url)
    except (asyncpg.InvalidPasswordError, asyncpg.InvalidAuthorizationSpecificationError):
        return False
    await connection.close()
    return True


async def _connect(url: str) -> Any:
    try:
        return await asyncpg.connect(url, timeout=10, server_settings=dict(SESSION_SETTINGS))
    except (asyncpg.InvalidPasswordError, asyncpg.InvalidAuthorizationSpecificationError) as error:
        raise DatabaseError(f"{error}. If this login was not made yet: run `beiyu migrate` first.") from error
    except (OSError, TimeoutError, asyncpg.PostgresError) as error:
        place = urlsplit(url).netloc.rpartition("@")[2] + urlsplit(url).path
        raise DatabaseError(f"No connection to PostgreSQL at {place}: {error or type(error).__name__}") from error


def _database(url: str) -> str:
    return urlsplit(url).path.lstrip("/").replace('"', '""')
