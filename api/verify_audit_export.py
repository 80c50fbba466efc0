#!/usr/bin/env python3
"""Check an export of Beiyu's audit trail by itself: this file, Python 3.9 or newer, and nothing else.

    python3 verify_audit_export.py EXPORT [--anchors FILE]... [--printed "POSITION CODE [CODE]"]... [--key FILE]

EXPORT   what `beiyu audit export` or the page of the audit trail wrote: lines of JSON, or CSV.
ANCHORS  lines of JSON that `beiyu audit anchor` wrote, or that were sent to the tier above.
PRINTED  what the foot of a paper says after 审计锚: the position and the one or two codes of sixteen figures.
KEY      the file secrets/audit.key of the data folder. Who has it can forge the chain, so keep it apart from exports.

What is found, and with what:
  without anything         positions that are missing, twice or out of order
  with an anchor           any row changed, removed, inserted, moved, up to the anchor's position, located between two
                           anchors; a tail that was cut off before the anchor
  with the key             any such row, located exactly, up to the end; a cut-off tail only with an anchor

Ends with 0 when all holds, 1 when something was found, 2 when it could not check. 备豫审计导出文件独立核验程序。
"""

from __future__ import annotations

import argparse
import csv
import hashlib
import hmac
import json
import re
import sys
from collections.abc import Iterator, Sequence
from typing import Any

Row = dict[str, Any]

FIELDS = (
    "seq", "at", "person_id", "login", "channel", "address", "verb", "subject_kind", "subject_id", "success", "code",
    "attempt", "facts",
)  # fmt: skip
NUMBERS = ("position", "seq", "person_id")
START = "beiyu-audit-start"


class Unreadable(Exception):
    """The file is not an export."""


def read_export(path: str) -> Iterator[Row]:
    """Rows as dictionaries, from JSON lines or CSV."""
    csv.field_size_limit(2**27)
    with open(path, encoding="utf-8-sig", newline="") as file:
        first = file.read(1)
        file.seek(0)
        if first == "{":
            for number, line in enumerate(file, 1):
                try:
                    row = json.loads(line)
                    row["position"]
                except (ValueError, KeyError, TypeError):
                    raise Unreadable(f"line {number} is not a row of an export") from None
                yield row
        else:
            for row in csv.DictReader(file):
                yield from_cells(row)


def from_cells(cells: dict[str, str]) -> Row:
    """A row from the cells of a CSV."""
    row: Row = {}
    try:
        for name, cell in cells.items():
            text = cell[1:] if cell[:1] == "'" else cell
            if name in NUMBERS:
                row[name] = int(text) if text else None
            elif name == "success":
                row[name] = {"true": True, "false": False, "": None}[text]
            elif name == "facts":
                row[name] = json.loads(text) if text else None
            elif name == "attempt":
                row[name] = text or None
            else:
                row[name] = text
    except (ValueError, KeyError, TypeError, AttributeError):
        raise Unreadable("a line is not a row of an export: {}".format(cells.get("position"))) from None
    return row


def spelled(row: Row) -> bytes:
    """A row as the hashes see it."""
    values = [row.get(name) for name in FIELDS]
    return json.dumps(values, ensure_ascii=False, sort_keys=True, separators=(",", ":")).encode()


def read_anchors(files: Sequence[str], printed: Sequence[str]) -> dict[int, list[tuple[str, str | None, str]]]:
    """{position: [(digest, mac, where from)]}: hex texts, possibly only their beginnings, or None."""
    found: dict[int, list[tuple[str, str | None, str]]] = {}
    for path in files:
        with open(path, encoding="utf-8") as file:
            for line in file:
                if line.strip():
                    one = json.loads(line)
                    found.setdefault(one["position"], []).append((one["digest"], one["mac"], path))
    for text in printed:
        # As it stands there, with its word before and the time behind, or without.
        position, *rest = text.replace("审计锚", " ").split()
        codes = [one for one in rest if re.fullmatch("[0-9a-f]{16,64}", one)]
        found.setdefault(int(position), []).append((codes[0], codes[1] if len(codes) > 1 else None, "paper"))
    return found


class Checker:
    """Goes through the rows in order and collects what does not hold."""

    def __init__(self, anchors: dict[int, list[tuple[str, str | None, str]]], key: bytes | None) -> None:
        self.anchors, self.key = anchors, key
        self.findings: list[str] = []
        self.begun = False
        self.position = 0
        self.mac = self.digest = b""
        self.certain = 0
        self.rows = 0
        self.seen: set[int] = set()
        self.holed = False

    def say(self, position: int, row: Row | None, what: str) -> None:
        """One finding."""
        where = f"position {position}" + (f", row {row['seq']} of {row['at']}" if row and row.get("seq") else "")
        self.findings.append(f"{where}: {what}")

    def begin(self, row: Row) -> None:
        """The first line: where the export begins."""
        if row.get("verb") != START:
            raise Unreadable("the first line does not say where the export begins")
        self.position, self.mac = row["position"], bytes.fromhex(row["mac"])
        self.digest = bytes.fromhex(row["code"])
        self.certain = self.position
        self.begun = True
        self.compare(row)

    def take(self, row: Row) -> None:
        """One row."""
        self.rows += 1
        position, expected = row["position"], self.position + 1
        if position in self.seen:
            self.say(position, row, "this position stands here twice 位置重复")
        elif position < expected:
            self.say(position, row, "out of order: rows were moved 次序被调换")
        elif position > expected:
            self.say(position, row, f"{position - expected} rows before it are missing 之前缺少记录")
        gap = position != expected
        self.holed = self.holed or gap
        self.seen.add(position)
        given, text = bytes.fromhex(row["mac"]), spelled(row)
        if self.key is not None and not gap:
            made = hmac.new(self.key, self.mac + text, hashlib.sha256).digest()
            if not hmac.compare_digest(made, given):
                self.say(position, row, "the row does not fit its keyed hash: changed, inserted or moved 内容被改动")
        self.digest = hashlib.sha256(self.digest + text).digest()
        self.position, self.mac = max(position, self.position), given
        self.compare(row)

    def compare(self, row: Row) -> None:
        """With every anchor of this position."""
        for digest, mac, source in self.anchors.pop(row["position"], ()):
            wrong = not self.digest.hex().startswith(digest) or (mac and not row["mac"].startswith(mac))
            if wrong and not self.holed:
                text = "something between the two was changed, removed, inserted or moved 两锚之间被改动"
                self.say(row["position"], row, f"anchor ({source}) differs; last good one at {self.certain}: {text}")
            if not wrong:
                self.certain = row["position"]

    def end(self) -> None:
        """What anchors know of and the export does not hold."""
        for position in sorted(self.anchors):
            if position > self.position:
                text = f"an anchor knows of it, the export ends at {self.position}: the tail was cut off 尾部被截断"
                self.say(position, None, text)


def main(arguments: Sequence[str] | None = None) -> int:
    """Check one export."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("export")
    parser.add_argument("--anchors", action="append", default=[], metavar="FILE")
    parser.add_argument("--printed", action="append", default=[], metavar="TEXT")
    parser.add_argument("--key", metavar="FILE")
    chosen = parser.parse_args(arguments)
    try:
        key = None
        if chosen.key:
            with open(chosen.key, encoding="ascii") as file:
                key = file.read().strip().encode()
        checker = Checker(read_anchors(chosen.anchors, chosen.printed), key)
        for row in read_export(chosen.export):
            (checker.take if checker.begun else checker.begin)(row)
    except (OSError, ValueError, KeyError, IndexError, Unreadable) as error:
        print(f"cannot check: {error}", file=sys.stderr)
        return 2
    if not checker.begun:
        print("cannot check: the file is empty", file=sys.stderr)
        return 2
    checker.end()
    for finding in checker.findings:
        print(finding)
    if checker.findings:
        print(f"{len(checker.findings)} findings in {checker.rows} rows 发现 {len(checker.findings)} 处问题")
        return 1
    how = (
        "row by row with the key 已用密钥逐条核验"
        if key
        else f"up to position {checker.certain} by anchors 已按审计锚核验"
    )
    print(f"{checker.rows} rows up to position {checker.position}: {how}. Nothing found 未发现问题.")
    if not key and checker.certain < checker.position:
        print(f"Rows after position {checker.certain} can only be checked with the key or a later anchor.")
    return 0


if __name__ == "__main__":
    sys.exit(main())
