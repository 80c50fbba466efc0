"""How long scans are kept: thirteen months (DESIGN section 11). What they did stays with the books."""

from datetime import datetime, timedelta

from catalog.kernel import db

KEPT = timedelta(days=397)
"""Thirteen months, the longest of them."""
_PORTION = 5_000


async def delete_aged(now: datetime) -> int:
    """Delete scans recorded longer ago than `KEPT`, in portions that hold nobody up; how many. Safe to break off."""
    total = 0
    while True:
        gone = await db.fetch(
            "DELETE FROM scan WHERE id IN (SELECT id FROM scan WHERE recorded_at < $1 ORDER BY seq LIMIT $2)"
            " RETURNING id",
            now - KEPT,
            _PORTION,
        )
        total += len(gone)
        if len(gone) < _PORTION:
            return total
