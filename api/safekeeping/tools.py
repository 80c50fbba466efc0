"""pg_dump and psql: where they are, and how they are called without a password on any command line."""

import importlib.util
import re
import subprocess
from collections.abc import Iterator, Mapping
from functools import cache
from pathlib import Path
from urllib.parse import unquote, urlsplit

from api.embedded import WHEEL


class SafekeepingError(RuntimeError):
    """A backup or restore cannot be done; the text is for the person at the keyboard."""


def tools_for(server_version: int) -> Path:
    """The folder with the oldest pg_dump and psql that are not older than a server (version as 150004)."""
    wanted = server_version // 10000
    fitting = sorted((major, str(folder)) for folder, major in _found() if major >= wanted)
    if not fitting:
        raise SafekeepingError(f"No pg_dump of PostgreSQL {wanted} or newer here: install its client programs.")
    return Path(fitting[0][1])


@cache
def _found() -> tuple[tuple[Path, int], ...]:
    """Every folder with both programs, and their major version."""
    found = []
    for folder in _folders():
        if (folder / "psql").exists() and (folder / "pg_dump").exists():
            said = subprocess.run([folder / "pg_dump", "--version"], capture_output=True, text=True, check=False).stdout
            if major := re.search(r"(\d+)(?:\.\d+|beta|rc|devel|$)", said):
                found.append((folder, int(major[1])))
    return tuple(found)


def _folders() -> Iterator[Path]:
    spec = importlib.util.find_spec(WHEEL)
    for place in (spec.submodule_search_locations or ()) if spec else ():
        yield from Path(place).glob("pginstall*/bin")
    yield from Path("/usr/lib/postgresql").glob("*/bin")
    yield Path("/usr/bin")
    yield Path("/usr/local/bin")


def environment(url: str) -> Mapping[str, str]:
    """Where and who, as libpq reads it: nothing of it appears in a list of processes."""
    parts = urlsplit(url)
    return {
        "PGHOST": parts.hostname or "127.0.0.1",
        "PGPORT": str(parts.port or 5432),
        "PGUSER": unquote(parts.username or ""),
        "PGPASSWORD": unquote(parts.password or ""),
        "PGDATABASE": unquote(parts.path.lstrip("/")),
        "PGCONNECT_TIMEOUT": "15",
        "PGCLIENTENCODING": "UTF8",
        "LC_ALL": "C",
        "TZ": "UTC",
    }
