"""The command `beiyu`. Each command is thin: settings in, an action or a query called, words out.

Nothing heavy is imported before it is known which command runs.
"""

import argparse
import asyncio
import gc
import os
import sys
from collections.abc import Awaitable, Callable, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

os.environ.setdefault("PICCOLO_CONF", "api.piccolo_conf")

from pydantic import ValidationError

from api.settings import Settings, get_settings

WRONG = 1
CANNOT = 2
GARBAGE = (50_000, 20, 20)
"""Containers made before rubbish in rings is looked for: a start, or a batch of scans, makes thousands and no ring."""


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command; 0 when all is well, 1 when it found something wrong, 2 when it could not run."""
    gc.set_threshold(*GARBAGE)
    chosen = _parser().parse_args(arguments)
    try:
        settings = get_settings()
    except ValidationError as error:
        for wrong in error.errors():
            name = "BEIYU_" + "_".join(str(part) for part in wrong["loc"]).upper()
            print(f"{name}: {wrong['msg']} (it is {wrong['input']!r})", file=sys.stderr)
        return CANNOT
    settings = settings.model_copy(
        update={name: value for name in ("host", "port") if (value := getattr(chosen, name, None)) is not None}
    )
    from api import logs
    from api.database import DatabaseError
    from api.embedded import EmbeddedError
    from api.serve import CannotServe

    logs.configure(settings)
    try:
        done: int = chosen.run(settings, chosen)
    except (CannotServe, DatabaseError, EmbeddedError) as error:
        print(f"\n{error}\n", file=sys.stderr)
        return CANNOT
    except KeyboardInterrupt:
        return 0 if chosen.command == "serve" else 130
    return done


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="beiyu",
        description="Emergency materials of a city. Settings are BEIYU_… variables; `beiyu check-config` lists them.",
    )
    commands = parser.add_subparsers(dest="command", required=True, metavar="COMMAND")

    def add(name: str, run: Callable[[Settings, argparse.Namespace], int], says: str) -> argparse.ArgumentParser:
        command = commands.add_parser(name, help=says, description=says)
        command.set_defaults(run=run)
        return command

    serve = add("serve", _serve, "Serve pages and API; migrates the embedded database by itself.")
    serve.add_argument("--demo", action="store_true", help="load the demo city into an empty database first")
    serve.add_argument("--host", help="instead of BEIYU_HOST")
    serve.add_argument("--port", type=int, help="instead of BEIYU_PORT")
    add("migrate", _migrate, "Bring the schema to this program's version, as the owner of the tables.")
    add("demo", _demo, "Load the demo city into an empty, migrated database.")
    add("verify", _verify, "Recompute all balances from the moves and name every difference; repairs nothing.")
    snapshot = add(
        "snapshot", _snapshot, "Keep what stood at a month's or a day's end, so that days after it are found fast."
    )
    snapshot.add_argument(
        "period", nargs="?", metavar="YYYY-MM[-DD]", help="the month that has ended, or the day; else the last month"
    )
    add("worker", _worker, "Do the jobs in a process apart, where BEIYU_WORKER is not `inside`.")
    job = add("job", _job, "Have a job done by the worker now; without a name, show all jobs and their last runs.")
    job.add_argument("name", nargs="?", help="for example house.verify")
    admin = add("admin", _admin, "Show how the first administrators come to be; --reset lets one in who is locked out.")
    admin.add_argument(
        "--reset", metavar="LOGIN", help="a one-time password for an administrator, without second factor"
    )
    _add_audit(commands)
    backup = add("backup", _safekeeping("run_backup"), "Back up everything into one file, also while the server runs.")
    backup.add_argument("file", nargs="?", type=Path, help="else one named by the time, in BEIYU_BACKUP_DIR")
    restore = add("restore", _safekeeping("run_restore"), "Restore a backup into an empty place and check everything.")
    restore.add_argument("file", type=Path)
    add(
        "upgrade", _safekeeping("run_upgrade"), "Back up, bring the schema to this program's version, check everything."
    )
    made = add("tls", _tls, "Make or renew this machine's authority and certificate for https; say where phones begin.")
    made.add_argument("--name", action="append", default=[], help="a further name or address; better: BEIYU_TLS_NAMES")
    made.add_argument("--renew", action="store_true", help="a new certificate, although the present one is good")
    add("check-config", _check_config, "Show every setting, and whether database, font and pages are in place.")
    return parser


def _serve(settings: Settings, chosen: argparse.Namespace) -> int:
    from api.serve import serve

    return serve(settings, demo=chosen.demo)


def _migrate(settings: Settings, _: argparse.Namespace) -> int:
    from api import database
    from api.serve import embedded_of, run_on_loop

    embedded = embedded_of(settings)
    if embedded is None:
        ran = run_on_loop(database.migrate(database.logins(settings)))
    else:
        with embedded.running() as owner:
            ran = run_on_loop(database.migrate(database.logins(settings, owner.url)))
    print("\n".join(f"migrated: {name}" for name in ran) or "The schema is up to date.")
    return 0


def _with_database(settings: Settings, work: Callable[[], Awaitable[int]], *, as_owner: bool = False) -> int:
    """Run `work` as the application (or the owner) on the database the settings name; a running server may stay."""
    from api import database
    from api.serve import embedded_of, run_on_loop

    async def on(found: database.Logins, *, own: bool) -> int:
        if own:
            await database.migrate(found)
        else:
            await database.check_schema(found.app)
        if as_owner and found.owner is None:
            raise database.DatabaseError("This needs BEIYU_DATABASE_URL, the login that owns the tables.")
        database.configure(found.owner if as_owner and found.owner else found.app)
        await database.open_pool(1, 4)
        try:
            return await work()
        finally:
            await database.close_pool()

    embedded = embedded_of(settings)
    if embedded is None:
        return int(run_on_loop(on(database.logins(settings), own=False)))
    with embedded.running() as owner:
        return int(run_on_loop(on(database.logins(settings, owner.url), own=True)))


def _demo(settings: Settings, _: argparse.Namespace) -> int:
    from api.serve import load_demo

    async def load() -> int:
        for account in await load_demo():
            print("  ".join(str(part) for part in account))
        return 0

    return _with_database(settings, load)


def _verify(settings: Settings, _: argparse.Namespace) -> int:
    async def verify() -> int:
        from warehouse.stock import verify as stock

        differences = await stock.run()
        for difference in differences:
            print(difference)
        print(f"{len(differences)} differences." if differences else "Every figure follows from the moves.")
        return WRONG if differences else 0

    return _with_database(settings, verify)


def _snapshot(settings: Settings, chosen: argparse.Namespace) -> int:
    async def snapshot() -> int:
        from warehouse.stock import snapshots

        print(await snapshots.take_end_of(chosen.period, now=datetime.now(UTC)))
        return 0

    return _with_database(settings, snapshot)


def _worker(settings: Settings, _: argparse.Namespace) -> int:
    from api import worker

    return worker.apart(settings)


def _job(settings: Settings, chosen: argparse.Namespace) -> int:
    async def ask() -> int:
        from uuid import uuid4

        from api import jobs
        from catalog.kernel.stamp import house_stamp

        if chosen.name is None:
            print(await jobs.overview(datetime.now(UTC)))
            return 0
        stamp = house_stamp(uuid4(), chosen.name, datetime.now(UTC))
        done = await jobs.ask_for(stamp=stamp, name=chosen.name)
        print(f"Run {done['run']} of {chosen.name}: a worker takes it within seconds.")
        return 0

    return _with_database(settings, ask)


def _admin(settings: Settings, chosen: argparse.Namespace) -> int:
    async def admin() -> int:
        from api import first_start, rescue

        code = await first_start.code_if_due(settings)
        if code is not None:
            print(f"No account yet. Start the server, open its address, and give this code: {code}")
            return 0
        if chosen.reset is None:
            print("\n".join(await rescue.administrators()) or "No administrator in use.")
            return 0
        password = await rescue.reset(settings, chosen.reset)
        print(
            f"{chosen.reset}  {password}\nTo be changed at the next log-in; the audit trail says who reset it: house."
        )
        return 0

    return _with_database(settings, admin)


def _safekeeping(name: str) -> Callable[[Settings, argparse.Namespace], int]:
    def run(settings: Settings, chosen: argparse.Namespace) -> int:
        from api.safekeeping import commands
        from api.safekeeping.tools import SafekeepingError

        try:
            done: int = getattr(commands, name)(settings, chosen)
        except SafekeepingError as error:
            print(f"\n{error}\n", file=sys.stderr)
            return CANNOT
        return done

    return run


def _tls(settings: Settings, chosen: argparse.Namespace) -> int:
    from api import tls

    try:
        found = tls.prepare(settings, datetime.now(UTC), chosen.name, renew=chosen.renew)
    except (OSError, ValueError) as error:
        print(error, file=sys.stderr)
        return CANNOT
    print(tls.told(settings, found))
    return 0


def _add_audit(commands: Any) -> None:
    trail = commands.add_parser("audit", help="Check, anchor, export or archive the audit trail.")
    verbs = trail.add_subparsers(dest="verb", required=True, metavar="VERB")
    check = verbs.add_parser("verify", help="recompute the whole chain; every place where it does not hold")
    check.add_argument("--anchors", type=Path, action="append", default=[], metavar="FILE", help="kept elsewhere")
    anchor = verbs.add_parser("anchor", help="make an anchor, send it where the settings say, print it")
    anchor.add_argument("--file", type=Path, help="append it to this file too")
    export = verbs.add_parser("export", help="write the sealed rows of a time to a new file")
    export.add_argument("file", type=Path)
    export.add_argument("--csv", action="store_true", help="CSV instead of lines of JSON")
    cut = verbs.add_parser("cut", help="export rows older than a day (184 at least), then delete them; as the owner")
    cut.add_argument("file", type=Path)
    cut.add_argument("--before", required=True, metavar="YYYY-MM-DD")
    for each in (export,):
        each.add_argument("--since", metavar="YYYY-MM-DD")
        each.add_argument("--until", metavar="YYYY-MM-DD", help="first day no longer wanted")
    verbs.add_parser("script", help="print the program that checks an export by itself")
    trail.set_defaults(run=_audit)


def _audit(settings: Settings, chosen: argparse.Namespace) -> int:
    from api import audit_commands

    if chosen.verb == "script":
        print(audit_commands.script(), end="")
        return 0
    work = getattr(audit_commands, chosen.verb)
    return _with_database(settings, lambda: work(settings, chosen), as_owner=chosen.verb == "cut")


def _check_config(settings: Settings, _: argparse.Namespace) -> int:
    from api import database, fonts
    from api.serve import embedded_of

    secret = {"database_url", "database_app_url", "metrics_token", "backup_passphrase", "smtp_password"}
    for name, about in Settings.model_fields.items():
        value = getattr(settings, name)
        shown = "(set)" if name in secret and value else value
        print(f"BEIYU_{name.upper()}={'' if shown is None else shown}\n    {about.description}")
    wrong = []
    try:
        print(f"\nfont: {fonts.find_font()}")
    except fonts.FontMissing as error:
        wrong.append(str(error))
    if not (Path(__file__).parent / "web" / "static" / "manifest.json").exists():
        wrong.append("The pages are not built: `make pages`.")
    if embedded_of(settings) is None:
        try:
            asyncio.run(database.check_schema(database.logins(settings).app))
        except database.DatabaseError as error:
            wrong.append(str(error))
    else:
        print(f"database: embedded, in {settings.postgres_dir}")
    print("\n".join(wrong) or "All is in place.")
    return WRONG if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
