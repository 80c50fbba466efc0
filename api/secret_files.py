"""Generated secrets: one file each under the data folder, readable by its owner only."""

import os
import secrets
from pathlib import Path


def read_or_create(path: Path, nbytes: int = 24) -> str:
    """The secret kept in `path`; made from the system's random source on first use, mode 0600."""
    found = read(path)
    if found:
        return found
    value = secrets.token_urlsafe(nbytes)
    write(path, value)
    return value


def read(path: Path) -> str | None:
    """The secret kept in `path`, None where there is none or an empty one (a crash before it was written)."""
    try:
        return path.read_text().strip() or None
    except FileNotFoundError:
        return None


def write(path: Path, value: str) -> None:
    """Replace the secret in one step, so that a crash leaves the old or the new one."""
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    partial = path.with_name(f".{path.name}.partial")
    descriptor = os.open(partial, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(descriptor, "w") as file:
        file.write(value + "\n")
        file.flush()
        os.fsync(file.fileno())
    os.replace(partial, path)
