"""Rows that have been imported before: the same row adds nothing, the same goods with another figure are asked."""

import json
from collections.abc import Mapping, Sequence
from typing import Any

from warehouse.exchange.model import Choices, ImportKind, Packed, Reason
from warehouse.exchange.rules.bench import Bench, Draft
from warehouse.exchange.rules.packing import encoded, plain_reason


def mark(
    kind: ImportKind, found: Packed, choices: Choices, same: Mapping[bytes, str], like: Mapping[bytes, str]
) -> None:
    """Change the verdicts of rows whose identity or subject is known (file names by digest)."""
    bench = Bench(choices, found.questions)
    for n, identity in enumerate(found.identity):
        if identity and identity in same:
            reason = Reason("skip", "imported-before", facts={"file": same[identity]})
            _change(found, n, "skip", [reason])
        elif identity and kind is ImportKind.STOCK and found.subject[n] in like:
            draft = Draft(bench, found.sheet[n], found.row[n], found.part[n], {}, {"item": found.title[n]}, {})
            group = found.subject[n].hex()[:16]
            draft.ask("imported-otherwise", "item", group, [("take", {}, 0)], file=like[found.subject[n]])
            _change(found, n, draft.verdict.value, draft.reasons)


def _change(found: Packed, n: int, verdict: str, reasons: Sequence[Reason]) -> None:
    found.verdict[n] = verdict
    found.reasons[n] = encoded([*json.loads(found.reasons[n]), *map(plain_reason, reasons)])
    keys = [found.keys[n], *(one.key for one in reasons)]
    found.keys[n] = "\x01".join(key for key in keys if key)


def check_answer(key: str, value: str) -> str:
    """The words of an answer that say nothing good; empty where it may be kept."""
    if not key or len(key) > 300 or len(value) > 200:
        return "too-long"
    return ""


def counted(rows: Sequence[tuple[str, str, int]]) -> dict[str, Any]:
    """The counts of a file from (verdict, state, how many). `ready` rows would be applied now."""
    counts: dict[str, int] = {"rows": 0, "ready": 0}
    for verdict, state, number in rows:
        counts["rows"] += number
        if state in ("done", "repeat", "refused"):
            counts[state] = counts.get(state, 0) + number
            continue
        counts[verdict] = counts.get(verdict, 0) + number
        if verdict == "ok":
            counts["ready"] += number
    return counts
