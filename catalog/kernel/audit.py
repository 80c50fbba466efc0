"""An audit row for every act and every refusal, chained by keyed hash (DESIGN section 7, DOMAIN.md section 7).

Acts are written in the transaction that does them; refusals after its rollback, by the edge. The chain is laid
afterwards, in an order that no late commit can disturb: `seal` takes rows below the oldest running transaction and
links each to the one before with HMAC-SHA-256. Whoever can write to the database but has not the key cannot forge
the chain; whoever cuts its tail is found by the anchors (`audit_chain`) that are printed on papers and sent away.
"""

import asyncio
import hashlib
import hmac
import json
from collections.abc import AsyncIterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

import msgspec

from catalog.kernel import db
from catalog.kernel.jsontext import json_text
from catalog.kernel.stamp import Channel, Stamp

_COLUMNS = (
    "at",
    "person_id",
    "login",
    "channel",
    "address",
    "verb",
    "subject_kind",
    "subject_id",
    "success",
    "code",
    "attempt",
    "facts",
)
_ONE = f"""
INSERT INTO audit ({", ".join(_COLUMNS)}) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12::jsonb)
"""
_SEAL_LOCK = 7_305_001
LOOK_BACK = 20_000
"""A row may commit this many rows late and is still sealed; one that is later still is found by `check`."""
FIELDS = "seq, at, person_id, login, channel, address, verb, subject_kind, subject_id, success, code, attempt, facts"


async def record(
    stamp: Stamp,
    verb: str,
    *,
    subject_kind: str = "",
    subject_id: str = "",
    success: bool = True,
    code: str = "",
    facts: Mapping[str, Any] | None = None,
) -> None:
    """Append one row for what `stamp`'s caller did (or was refused)."""
    await db.execute(
        _ONE,
        stamp.recorded_at,
        stamp.person_id,
        stamp.login,
        stamp.channel.value,
        stamp.address,
        verb,
        subject_kind,
        str(subject_id),
        success,
        code,
        stamp.attempt,
        json_text(facts or {}),
    )


async def record_stranger(
    verb: str,
    *,
    at: datetime,
    login: str,
    address: str,
    success: bool,
    code: str,
    channel: Channel = Channel.WEB,
) -> None:
    """A row for somebody who has no Stamp (yet): failed log-ins, calls with a bad token."""
    await db.execute(_ONE, at, None, login[:200], channel.value, address, verb, "", "", success, code, None, "{}")


@dataclass(frozen=True, slots=True)
class Entry:
    """One act or refusal of a batch."""

    stamp: Stamp
    verb: str
    subject_kind: str
    subject_id: str
    success: bool
    code: str
    facts: Mapping[str, Any]


async def record_many(entries: Sequence[Entry]) -> None:
    """Append one row per entry, set-wise."""
    await db.append(rows_of(entries))


def rows_of(entries: Sequence[Entry]) -> db.Append:
    """The rows of `entries`, to be appended together with what they tell of: as the ledger and the scans do."""
    rows = [
        (
            entry.stamp.recorded_at,
            entry.stamp.person_id,
            entry.stamp.login,
            entry.stamp.channel.value,
            entry.stamp.address,
            entry.verb,
            entry.subject_kind,
            entry.subject_id,
            entry.success,
            entry.code,
            entry.stamp.attempt,
            json_text(entry.facts),
        )
        for entry in entries
    ]
    return "audit", _COLUMNS, rows


@dataclass(frozen=True, slots=True)
class Finding:
    """The chain does not hold at this audit row: `row-changed`, `row-removed`, `seal-missing` (a link before it is
    gone), `never-sealed` (slipped in beneath the chain), `tail-cut` (an anchor knows of it, the chain ends before),
    `anchor-differs` (an anchor remembers another chain), `cut-forged` (nobody with the key made this cut)."""

    seq: int
    what: str


def link(key: bytes, previous: bytes, row: Sequence[Any]) -> bytes:
    """The keyed hash of one audit row after `previous`. `row` has the columns of `FIELDS` in order."""
    return hmac.digest(key, previous + spelled(row), "sha256")


def spelled(row: Sequence[Any]) -> bytes:
    """One audit row as the hashes see it: a JSON list of its fields, without spaces, times in UTC."""
    plain = [_plain(value) for value in row[:-1]]
    try:
        return _spell_quickly([*plain, _read_quickly(row[-1])])
    except _Fraction:
        return _spell([*plain, json.loads(row[-1])]).encode()


class _Fraction(Exception):
    """A number with a point or an exponent, which JSON libraries write differently."""


def _refuse_fraction(_text: str) -> None:
    raise _Fraction


_spell = json.JSONEncoder(ensure_ascii=False, sort_keys=True, separators=(",", ":")).encode
"""What the hashes mean, and what an export is checked with: plain Python."""
_spell_quickly = msgspec.json.Encoder(order="sorted").encode
_read_quickly = msgspec.json.Decoder(float_hook=_refuse_fraction).decode
"""The same bytes at a tenth of the cost (a test compares them): every row is sealed while others wait."""


def _plain(value: Any) -> Any:
    if isinstance(value, datetime):
        return value.astimezone(UTC).isoformat()
    return str(value) if isinstance(value, UUID) else value


_SEALABLE = f"SELECT {FIELDS} FROM audit a WHERE xid < pg_snapshot_xmin(pg_current_snapshot())"
_LATE = (
    _SEALABLE
    + """ AND seq > $2 AND seq <= $3 AND NOT EXISTS (
    SELECT 1 FROM audit_seal s WHERE s.audit_seq = a.seq AND s.audit_seq > $2
) ORDER BY seq LIMIT $1"""
)
_NEW = _SEALABLE + " AND seq > $2 ORDER BY seq LIMIT $1"


async def seal(key: bytes, limit: int = 5000, *, late: bool = True) -> int:
    """Link up to `limit` rows that no running transaction can precede any more; how many were linked.

    Rows are chained in the order of sealing (position), which need not be the order of seq: a row whose transaction
    committed late is linked later, never skipped. Looking for `late` ones reads the last `LOOK_BACK` rows: once in a
    while is enough.
    """
    async with db.transaction():
        await db.execute("SELECT pg_advisory_xact_lock($1)", _SEAL_LOCK)
        last = await db.fetch_row("SELECT position, mac FROM audit_seal ORDER BY position DESC LIMIT 1")
        position, mac = (last[0], last[1]) if last else (0, b"")
        newest = await db.fetch_value("SELECT coalesce(max(audit_seq), 0) FROM audit_seal")
        rows = list(await db.fetch(_LATE, limit, newest - LOOK_BACK, newest)) if late else []
        if len(rows) < limit:
            rows += await db.fetch(_NEW, limit - len(rows), newest)
        sealed = []
        for row in rows:
            position += 1
            mac = link(key, mac, tuple(row))
            sealed.append((position, row[0], mac))
        if sealed:
            await db.append(("audit_seal", ("position", "audit_seq", "mac"), sealed))
        return len(sealed)


@dataclass(frozen=True, slots=True)
class Anchor:
    """The chain up to `position`: its keyed hash there, and a hash without key over all rows up to it. Printed
    on papers and sent away, it fixes what was before: without the key by `digest`, with it row by row."""

    position: int
    audit_seq: int
    mac: bytes
    digest: bytes
    at: datetime


@dataclass(frozen=True, slots=True)
class Link:
    """One sealed row of the chain: `fields` are the columns of FIELDS, None where the row is gone."""

    position: int
    audit_seq: int
    mac: bytes
    fields: tuple[Any, ...] | None


PORTION = 500
"""Links read and hashed at a time: other requests are served in between."""


async def links(after: int, up_to: int | None = None) -> AsyncIterator[Sequence[Link]]:
    """The chain behind a position, in portions, in order."""
    columns = ", ".join("a." + name for name in FIELDS.split(", "))
    while True:
        rows = await db.fetch(
            f"SELECT s.position, s.audit_seq, s.mac, {columns} FROM audit_seal s LEFT JOIN audit a"
            " ON a.seq = s.audit_seq WHERE s.position > $1 AND ($2::bigint IS NULL OR s.position <= $2)"
            " ORDER BY s.position LIMIT $3",
            after,
            up_to,
            PORTION,
        )
        if not rows:
            return
        yield [Link(r[0], r[1], r[2], None if r[3] is None else tuple(r)[3:]) for r in rows]
        after = rows[-1][0]


async def anchors() -> list[Anchor]:
    """Every anchor kept here, by position."""
    rows = await db.fetch("SELECT position, audit_seq, mac, digest, at FROM audit_anchor ORDER BY position")
    return [Anchor(*row) for row in rows]


def cut_proof(key: bytes, position: int, mac: bytes, digest: bytes, export_hash: str) -> bytes:
    """What only the holder of the key can write beside a cut."""
    text = f"cut\0{position}\0{mac.hex()}\0{digest.hex()}\0{export_hash}"
    return hmac.new(key, text.encode(), hashlib.sha256).digest()


async def check(key: bytes, outside: Sequence[Anchor] = ()) -> list[Finding]:
    """Recompute the whole chain from its last cut on; every place where it does not hold, with the audit row's seq.

    The chain is held against the anchors kept here and those brought from `outside`: a paper, a file, the tier above.
    """
    findings: list[Finding] = []
    position, mac, digest = 0, b"", b""
    cut: Any = await db.fetch_row(
        "SELECT position, audit_seq, mac, digest, export_hash, proof FROM audit_cut ORDER BY position DESC LIMIT 1"
    )
    if cut is not None:
        position, mac, digest = cut[0], cut[2], cut[3]
        if not hmac.compare_digest(cut_proof(key, position, mac, digest, cut[4]), cut[5]):
            findings.append(Finding(cut[1], "cut-forged"))
    known = sorted([*await anchors(), *outside], key=lambda anchor: anchor.position)
    waiting = [anchor for anchor in known if anchor.position > position]
    whole = True
    async for portion in links(position):
        for one in portion:
            gap = one.position != position + 1
            if gap:
                findings.append(Finding(one.audit_seq, "seal-missing"))
            if one.fields is None:
                findings.append(Finding(one.audit_seq, "row-removed"))
            elif not gap and not hmac.compare_digest(link(key, mac, one.fields), one.mac):
                findings.append(Finding(one.audit_seq, "row-changed"))
            whole = whole and not gap and one.fields is not None
            digest = hashlib.sha256(digest + spelled(one.fields)).digest() if one.fields is not None else digest
            position, mac = one.position, one.mac
            while waiting and waiting[0].position <= position:
                anchor = waiting.pop(0)
                differs = anchor.mac != mac or (whole and anchor.digest != digest)
                if anchor.position == position and differs:
                    findings.append(Finding(one.audit_seq, "anchor-differs"))
        await asyncio.sleep(0)
    findings += [Finding(anchor.audit_seq, "tail-cut") for anchor in waiting]
    return findings + await _never_sealed()


async def _never_sealed() -> list[Finding]:
    """Rows older than any that `seal` will still look at: slipped in beneath the chain, or by far too late."""
    rows = await db.fetch(
        "SELECT seq FROM audit a WHERE seq <= (SELECT max(audit_seq) - $1::bigint FROM audit_seal)"
        " AND NOT EXISTS (SELECT 1 FROM audit_seal s WHERE s.audit_seq = a.seq) ORDER BY seq LIMIT 1000",
        LOOK_BACK,
    )
    return [Finding(row[0], "never-sealed") for row in rows]
