"""The only write: an anchor of a lower house arrives."""

from catalog.kernel import attempts, audit, audit_chain, db
from catalog.kernel.access import Permission
from catalog.kernel.attempts import Receipt
from catalog.kernel.audit import Anchor
from catalog.kernel.errors import Invalid
from catalog.kernel.stamp import Stamp
from warehouse.anchors import rules
from warehouse.anchors.model import Verdict
from warehouse.people import queries as people


async def receive_anchor(*, stamp: Stamp, text: str, key: str, signature: str) -> Receipt:
    """Keep what a lower house sent, whatever it says: one that disagrees is evidence. `text` is the anchor's line as it
    was signed. The receipt says the verdict. Raises Invalid (`audit.bad-anchor`, `anchor.bad-signature`)."""

    async def work() -> Receipt:
        stamp.require(Permission.ANCHOR_SEND)
        anchor = _read(text)
        rules.check_signature(text, key, signature)
        await db.execute("SELECT pg_advisory_xact_lock(hashtextextended($1, 8))", key)
        rows = await db.fetch(
            "SELECT id, verdict, position, audit_seq, mac, digest, made_at FROM received_anchor"
            " WHERE house = decode($1, 'hex') AND position = $2 ORDER BY id",
            key,
            anchor.position,
        )
        known = next((row for row in rows if (row[4], row[5]) == (anchor.mac, anchor.digest)), None)
        if known is not None:
            return {"received": known[0], "verdict": known[1], "position": anchor.position}
        highest = await db.fetch_value(
            "SELECT coalesce(max(position), 0) FROM received_anchor WHERE house = decode($1, 'hex')", key
        )
        verdict = rules.judge(anchor, Anchor(*tuple(rows[0])[2:]) if rows else None, highest)
        name = await people.name_of_token(stamp.token_id) if stamp.token_id is not None else stamp.login
        received = await db.fetch_value(
            "INSERT INTO received_anchor (house, name, position, audit_seq, mac, digest, made_at, text, signature,"
            " verdict, received_at, received_from, attempt) VALUES (decode($1, 'hex'), $2, $3, $4, $5, $6, $7, $8,"
            " decode($9, 'hex'), $10, $11, $12, $13) RETURNING id",
            key,
            name,
            anchor.position,
            anchor.audit_seq,
            anchor.mac,
            anchor.digest,
            anchor.at,
            text,
            signature,
            verdict.value,
            stamp.recorded_at,
            stamp.login,
            stamp.attempt,
        )
        facts = {"house": name, "key": key[:16], "position": anchor.position, "verdict": verdict.value}
        await audit.record(
            stamp,
            "anchor.receive",
            subject_kind="anchor",
            subject_id=str(received),
            success=verdict is Verdict.AGREES,
            code="" if verdict is Verdict.AGREES else f"anchor.{verdict.value}",
            facts=facts,
        )
        return {"received": received, "verdict": verdict.value, "position": anchor.position}

    return await attempts.once(stamp, "anchor.receive", work)


def _read(text: str) -> Anchor:
    """The one anchor of a text, with an instant and hashes of their size. Raises Invalid."""
    found = audit_chain.read_anchors(text)
    sound = len(found) == 1 and found[0].at.tzinfo is not None and 0 < found[0].position < 2**62
    if not sound or len(found[0].mac) != 32 or len(found[0].digest) != 32 or not 0 < found[0].audit_seq < 2**62:
        raise Invalid("audit.bad-anchor", "内容不是一条审计锚", line=1)
    return found[0]
