"""`beiyu backup`, `restore`, `upgrade`: words in, words out. 0 when all is well, 1 when something does not hold."""

import argparse
import contextlib
import sys
from collections.abc import Iterator
from datetime import UTC, datetime

from api import database
from api.safekeeping import backup, restore, upgrade
from api.serve import embedded_of, run_on_loop
from api.settings import Settings


def _say(text: str, *, wrong: bool = False) -> None:
    (sys.stderr if wrong else sys.stdout).write(text + "\n")


@contextlib.contextmanager
def _alone(settings: Settings) -> Iterator[database.Logins]:
    """The logins, with the embedded database started for this command only: a running server is refused."""
    embedded = embedded_of(settings)
    if embedded is None:
        yield database.logins(settings)
        return
    owner = embedded.start()
    try:
        yield database.logins(settings, owner.url)
    finally:
        embedded.stop()


def run_backup(settings: Settings, chosen: argparse.Namespace) -> int:
    """Back up now, also while the server runs."""
    now = datetime.now(UTC)
    path = chosen.file or settings.backups / backup.name_of(now)
    embedded = embedded_of(settings)
    if embedded is None:
        found = database.logins(settings)
        made = run_on_loop(backup.make(settings, found.owner or found.app, path, now))
    else:
        with embedded.running() as owner:
            made = run_on_loop(backup.make(settings, owner.url, path, now))
    _say(f"{made.path}: {made.rows} rows, {made.size / 1e6:.1f} MB, sha256 {made.sha256}")
    if not made.encrypted:
        _say(
            "It holds the keys of the audit trail in the clear: keep it as you keep the house, or set "
            "BEIYU_BACKUP_PASSPHRASE.",
            wrong=True,
        )
    return 0


def run_restore(settings: Settings, chosen: argparse.Namespace) -> int:
    """Restore into an empty place, then check everything."""
    with _alone(settings) as found:
        done = run_on_loop(restore.restore(settings, found, chosen.file))
    _say(f"Restored {done.rows} rows as of {done.at}.")
    return _told(done.troubles)


def run_upgrade(settings: Settings, _: argparse.Namespace) -> int:
    """Back up, migrate, check."""
    with _alone(settings) as found:
        done = run_on_loop(upgrade.upgrade(settings, found, datetime.now(UTC)))
    if done.backup is not None:
        _say(f"backup: {done.backup}")
    _say("\n".join(f"migrated: {name}" for name in done.migrations) or "The schema is up to date.")
    code = _told(done.troubles)
    if code and done.backup is not None:
        _say(upgrade.way_back(done.backup), wrong=True)
    return code


def _told(troubles: tuple[str, ...]) -> int:
    for trouble in troubles:
        _say(trouble, wrong=True)
    if troubles:
        _say(f"{len(troubles)} things do not hold.", wrong=True)
        return 1
    _say("Every figure follows from the moves, and the audit chain holds.")
    return 0
