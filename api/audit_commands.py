"""`beiyu audit …`: words in, words out. Each answers 0 when all is well, 1 when something was found."""

import argparse
import sys
from datetime import UTC, datetime
from pathlib import Path

from api import audit as trail
from api import verify_audit_export
from api.settings import Settings
from catalog.kernel import audit, audit_chain
from catalog.kernel.errors import Problem
from catalog.kernel.time import SHANGHAI

CANNOT = 2


def _print(text: str, *, wrong: bool = False) -> None:
    (sys.stderr if wrong else sys.stdout).write(text + "\n")


def script() -> str:
    """The program that checks an export by itself."""
    return Path(verify_audit_export.__file__).read_text(encoding="utf-8")


async def verify(settings: Settings, chosen: argparse.Namespace) -> int:
    """The whole chain, also against anchors from files."""
    try:
        findings = await trail.verify(settings, chosen.anchors)
    except (OSError, Problem) as problem:
        _print(str(getattr(problem, "detail", problem)), wrong=True)
        return CANNOT
    for finding in findings:
        _print(f"{trail.say(finding)} {trail.say(finding, 'zh')}")
    kept = len(await audit.anchors())
    held = f"{kept + len(chosen.anchors)} sources of anchors" if chosen.anchors else f"{kept} anchors kept here"
    _print(f"{len(findings)} findings." if findings else f"The audit chain holds, and agrees with {held}.")
    return 1 if findings else 0


async def anchor(settings: Settings, chosen: argparse.Namespace) -> int:
    """Make one, send it, print it as papers do and as a line of JSON."""
    made, troubles = await trail.anchor(settings, datetime.now(UTC))
    if made is None:
        _print("There is no sealed audit row yet.")
        return 0
    _print(audit_chain.printed(made))
    _print(audit_chain.anchor_line(made))
    if chosen.file is not None:
        with chosen.file.open("a", encoding="ascii") as file:
            file.write(audit_chain.anchor_line(made) + "\n")
    for trouble in troubles:
        _print(trouble, wrong=True)
    return 1 if troubles else 0


async def export(_: Settings, chosen: argparse.Namespace) -> int:
    """The sealed rows of a time, to a new file."""
    try:
        start, last = await audit_chain.stretch(_day(chosen.since), _day(chosen.until))
        made = await trail.export_to(chosen.file, "csv" if chosen.csv else "jsonl", start, last)
    except (OSError, ValueError, Problem) as problem:
        _print(str(getattr(problem, "detail", problem)), wrong=True)
        return CANNOT
    _print(f"{chosen.file}: positions {start.position + 1} to {last}, sha256 {made}")
    return 0


async def cut(settings: Settings, chosen: argparse.Namespace) -> int:
    """Archive rows older than a day, then delete them."""
    try:
        before = _day(chosen.before)
        assert before is not None
        point, rows, made = await trail.cut(settings, before, chosen.file, datetime.now(UTC))
    except (OSError, ValueError, Problem) as problem:
        _print(str(getattr(problem, "detail", problem)), wrong=True)
        return CANNOT
    _print(f"{rows} rows up to position {point.position} are in {chosen.file} (sha256 {made}) and no longer here.")
    _print("Keep that file: together with this anchor it proves what was before.")
    _print(audit_chain.anchor_line(point))
    return 0


def _day(text: str | None) -> datetime | None:
    """The beginning of a Shanghai day. Raises ValueError."""
    return datetime.strptime(text, "%Y-%m-%d").replace(tzinfo=SHANGHAI) if text else None
