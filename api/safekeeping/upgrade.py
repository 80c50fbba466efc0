"""An upgrade: back up, migrate, check. What goes wrong leaves a backup and the words for the way back."""

from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from api import database
from api.safekeeping import backup, restore
from api.safekeeping.tools import SafekeepingError
from api.settings import Settings


@dataclass(frozen=True, slots=True)
class Upgraded:
    """What was done: the backup made before (None where nothing was missing), the migrations that ran, what does not
    hold afterwards."""

    backup: Path | None
    migrations: tuple[str, ...]
    troubles: tuple[str, ...]


def way_back(path: Path) -> str:
    """How to return to the state before."""
    return (
        f"The way back: with the former program and an empty BEIYU_DATA_DIR (or a new database),\n"
        f"    beiyu restore {path}\n所有数据在升级前的备份中：请用原版本程序和空的数据目录执行上面的命令恢复。"
    )


async def upgrade(settings: Settings, found: database.Logins, now: datetime) -> Upgraded:
    """Bring the schema to this program's version, with a backup before and a check after.

    Nobody may serve meanwhile. Raises SafekeepingError and DatabaseError; their text names the way back where there is
    something to go back from.
    """
    if found.owner is None:
        raise SafekeepingError("Upgrading needs BEIYU_DATABASE_URL, the login that owns the tables.")
    missing = await database.missing_migrations(found.owner)
    path = None
    if missing and not await database.is_empty(found.owner):
        made = await backup.make(settings, found.owner, settings.backups / backup.name_of(now, "before-upgrade"), now)
        path = made.path
    try:
        ran = await database.migrate(found)
        troubles = await restore.check(settings, found)
    except Exception as error:
        if path is None:
            raise
        raise SafekeepingError(f"{error}\n{way_back(path)}") from error
    return Upgraded(path, tuple(ran), tuple(troubles))
