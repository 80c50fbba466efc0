"""The audit chain outside the database: anchors that fix it, exports that carry it, cuts that shorten it.

A keyed chain proves itself only to whoever holds the key. An anchor therefore also carries a hash without key over all
rows up to its position: with an anchor on paper or with the tier above, an export is checked without the key, up to
that anchor. `api/verify_audit_export.py` does both, with nothing but Python.
"""

import csv
import hashlib
import io
import json
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any, Literal

from catalog.kernel import audit, db
from catalog.kernel.audit import Anchor, Link
from catalog.kernel.errors import Invalid, Refused
from catalog.kernel.time import SHANGHAI

FIELDS = audit.FIELDS.split(", ")
COLUMNS = ("position", *FIELDS, "mac")
ONLINE_DAYS = 184
"""Audit rows stay in the database at least this long (six calendar months; DOMAIN.md section 7)."""
_ANCHOR_LOCK = 7_305_003
Format = Literal["jsonl", "csv"]


@dataclass(frozen=True, slots=True)
class Start:
    """Where a stretch of the chain begins: after this position, with these hashes."""

    position: int = 0
    mac: bytes = b""
    digest: bytes = b""


# --- anchors ------------------------------------------------------------------------------------------


async def make_anchor(now: datetime) -> Anchor | None:
    """An anchor at the end of the chain; the newest one where nothing was added since, None on an empty chain."""
    async with db.transaction():
        await db.execute("SELECT pg_advisory_xact_lock($1)", _ANCHOR_LOCK)
        before = await newest_anchor()
        start = Start(before.position, before.mac, before.digest) if before else Start()
        digest, last = start.digest, None
        async for portion in audit.links(start.position):
            for one in portion:
                if one.fields is None or one.position != start.position + 1:
                    raise Refused("audit.broken-chain", "审计链在此处不完整，请先核查", row=one.audit_seq)
                digest = hashlib.sha256(digest + audit.spelled(one.fields)).digest()
                start, last = Start(one.position, one.mac, digest), one
        if last is None:
            return before
        await db.execute(
            "INSERT INTO audit_anchor (position, audit_seq, mac, digest, at) VALUES ($1, $2, $3, $4, $5)",
            last.position,
            last.audit_seq,
            last.mac,
            digest,
            now,
        )
        return Anchor(last.position, last.audit_seq, last.mac, digest, now)


async def newest_anchor() -> Anchor | None:
    """The last anchor made."""
    row = await db.fetch_row(
        "SELECT position, audit_seq, mac, digest, at FROM audit_anchor ORDER BY position DESC LIMIT 1"
    )
    return None if row is None else Anchor(*row)


def printed(anchor: Anchor | None) -> str:
    """An anchor as papers carry it: position, sixteen figures each of the hash without and with key, Shanghai time."""
    if anchor is None:
        return ""
    codes = f"{anchor.digest.hex()[:16]} {anchor.mac.hex()[:16]}"
    return f"审计锚 {anchor.position} {codes} {anchor.at.astimezone(SHANGHAI):%Y-%m-%d %H:%M}"


def anchor_line(anchor: Anchor) -> str:
    """An anchor as one line of JSON, as it is written to files and sent away."""
    plain = {
        "position": anchor.position,
        "audit_seq": anchor.audit_seq,
        "mac": anchor.mac.hex(),
        "digest": anchor.digest.hex(),
        "at": anchor.at.astimezone(UTC).isoformat(),
    }
    return json.dumps(plain, separators=(",", ":"))


def read_anchors(text: str) -> list[Anchor]:
    """Anchors from lines of JSON. Raises Invalid naming the line."""
    found = []
    for number, line in enumerate(text.splitlines(), 1):
        if not line.strip():
            continue
        try:
            one = json.loads(line)
            mac, digest = bytes.fromhex(one["mac"]), bytes.fromhex(one["digest"])
            at = datetime.fromisoformat(one["at"])
            found.append(Anchor(int(one["position"]), int(one["audit_seq"]), mac, digest, at))
        except (ValueError, KeyError, TypeError) as error:
            raise Invalid("audit.bad-anchor", f"第 {number} 行不是审计锚", line=number) from error
    return found


async def unsent(target: str) -> Anchor | None:
    """The newest anchor, unless it has reached `target`."""
    row = await db.fetch_row(
        "SELECT a.position, a.audit_seq, a.mac, a.digest, a.at FROM audit_anchor a WHERE NOT EXISTS (SELECT FROM"
        " audit_anchor_sent s WHERE s.position = a.position AND s.target = $1 AND s.success)"
        " AND a.position = (SELECT max(position) FROM audit_anchor)",
        target,
    )
    return None if row is None else Anchor(*row)


async def note_sent(anchor: Anchor, target: str, *, at: datetime, success: bool, words: str) -> None:
    """Note that an anchor was sent, or why it was not."""
    await db.execute(
        "INSERT INTO audit_anchor_sent (position, target, at, success, words) VALUES ($1, $2, $3, $4, $5)",
        anchor.position,
        target,
        at,
        success,
        words[:500],
    )


# --- exports ------------------------------------------------------------------------------------------


async def stretch(since: datetime | None, until: datetime | None) -> tuple[Start, int]:
    """The part of the chain that holds every sealed row of a time: where it begins, and its last position.

    It may hold neighbours of other times: a chain has no holes. Raises Invalid where there is none.
    """
    row: Any = await db.fetch_row(
        "SELECT min(s.position), max(s.position) FROM audit_seal s JOIN audit a ON a.seq = s.audit_seq"
        " WHERE ($1::timestamptz IS NULL OR a.at >= $1) AND ($2::timestamptz IS NULL OR a.at < $2)",
        since,
        until,
    )
    if row[0] is None:
        raise Invalid("audit.nothing-there", "这段时间没有已入链的审计记录")
    return await start_of(row[0] - 1), row[1]


async def start_of(position: int) -> Start:
    """The hashes of the chain at a position, from the anchor or cut before it."""
    if position == 0:
        return Start()
    row = await db.fetch_row(
        "SELECT position, mac, digest FROM audit_anchor WHERE position <= $1 ORDER BY position DESC LIMIT 1", position
    )
    start = Start(*row) if row else Start()
    async for portion in audit.links(start.position, position):
        for one in portion:
            digest = hashlib.sha256(start.digest + audit.spelled(one.fields or ("{}",))).digest()
            start = Start(one.position, one.mac, digest)
    return start


async def export(start: Start, up_to: int, kind: Format) -> AsyncIterator[str]:
    """A stretch of the chain as text, in portions: first where it begins, then a line for every row."""
    write = _jsonl if kind == "jsonl" else _csv
    head = Link(start.position, 0, start.mac, None)
    yield write([head], start.digest)
    async for portion in audit.links(start.position, up_to):
        yield write(portion, None)


def _plain(one: Link, digest: bytes | None) -> list[Any]:
    if one.fields is None:
        blank: list[Any] = [None] * len(FIELDS)
        if digest is not None:
            blank[FIELDS.index("verb")], blank[FIELDS.index("code")] = "beiyu-audit-start", digest.hex()
        return [one.position, *blank, one.mac.hex()]
    values = json.loads(audit.spelled(one.fields))
    return [one.position, *values, one.mac.hex()]


def _jsonl(portion: Sequence[Link], digest: bytes | None) -> str:
    rows = [dict(zip(COLUMNS, _plain(one, digest), strict=True)) for one in portion]
    return "".join(json.dumps(row, ensure_ascii=False, separators=(",", ":")) + "\n" for row in rows)


def _csv(portion: Sequence[Link], digest: bytes | None) -> str:
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\r\n")
    if digest is not None:
        out.write("\ufeff")
        writer.writerow(COLUMNS)
    for one in portion:
        writer.writerow([_cell(value) for value in _plain(one, digest)])
    return out.getvalue()


def _cell(value: Any) -> str:
    """Text that a spreadsheet would take for a formula gets one apostrophe in front; so does an apostrophe."""
    if value is None:
        return ""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, dict):
        value = json.dumps(value, ensure_ascii=False, sort_keys=True, separators=(",", ":"))
    text = str(value)
    return "'" + text if text[:1] in ("=", "+", "-", "@", "\t", "\r", "'") else text


# --- cuts ---------------------------------------------------------------------------------------------


async def cut_point(before: datetime, now: datetime) -> Anchor:
    """The last anchor of which no row is younger than `before`. Raises Refused under `ONLINE_DAYS`, or without one."""
    if before > now - timedelta(days=ONLINE_DAYS):
        raise Refused("audit.too-young", f"审计记录须在线保存至少 {ONLINE_DAYS} 天", days=ONLINE_DAYS)
    row = await db.fetch_row(
        "SELECT n.position, n.audit_seq, n.mac, n.digest, n.at FROM audit_anchor n WHERE n.position < coalesce("
        " (SELECT min(s.position) FROM audit_seal s JOIN audit a ON a.seq = s.audit_seq WHERE a.at >= $1),"
        " (SELECT max(position) + 1 FROM audit_seal))"
        " AND n.position > coalesce((SELECT max(position) FROM audit_cut), 0) ORDER BY n.position DESC LIMIT 1",
        before,
    )
    if row is None:
        raise Refused("audit.nothing-to-cut", "此日期之前没有可归档的审计记录")
    return Anchor(*row)


async def last_cut() -> Start:
    """Where the chain begins here."""
    row = await db.fetch_row("SELECT position, mac, digest FROM audit_cut ORDER BY position DESC LIMIT 1")
    return Start(*row) if row else Start()


async def cut(key: bytes, anchor: Anchor, export_hash: str, *, now: datetime) -> int:
    """Delete what an export holds, up to an anchor; how many rows. Only the owner of the tables may.

    The triggers against deletion are lifted inside this one transaction; others wait for it.
    """
    async with db.transaction():
        await db.execute("LOCK TABLE audit, audit_seal IN ACCESS EXCLUSIVE MODE")
        for table in ("audit", "audit_seal"):
            await db.execute(f"ALTER TABLE {table} DISABLE TRIGGER {table}_append_only")
        gone = await db.fetch("DELETE FROM audit_seal WHERE position <= $1 RETURNING audit_seq", anchor.position)
        await db.execute("DELETE FROM audit WHERE seq = ANY($1)", [row[0] for row in gone])
        for table in ("audit", "audit_seal"):
            await db.execute(f"ALTER TABLE {table} ENABLE TRIGGER {table}_append_only")
        await db.execute(
            "INSERT INTO audit_cut (position, audit_seq, mac, digest, rows, export_hash, at, proof)"
            " VALUES ($1, $2, $3, $4, $5, $6, $7, $8)",
            anchor.position,
            anchor.audit_seq,
            anchor.mac,
            anchor.digest,
            len(gone),
            export_hash,
            now,
            audit.cut_proof(key, anchor.position, anchor.mac, anchor.digest, export_hash),
        )
        return len(gone)
