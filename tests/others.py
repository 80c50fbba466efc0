"""Tests that run beside others on the same PostgreSQL."""

import asyncio

from catalog.kernel import audit, db


async def others_done() -> None:
    """Wait until all that is committed by now lies below every running transaction, those of other tests included: what
    seals the audit trail or reads the feed waits for them, in whichever database they are."""
    ours = await db.fetch_value("SELECT pg_current_xact_id()::text::bigint")
    while await db.fetch_value("SELECT pg_snapshot_xmin(pg_current_snapshot())::text::bigint") <= ours:
        await asyncio.sleep(0.02)


async def all_sealed(key: bytes) -> None:
    """Seal the audit trail up to what is written by now."""
    await others_done()
    while await audit.seal(key):
        pass
