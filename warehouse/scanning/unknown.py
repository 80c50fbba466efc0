"""Maker's codes that keepers met and the catalogue does not know, for whoever keeps the catalogue."""

import json
from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from catalog.items import queries as items
from catalog.kernel import db
from catalog.kernel.access import Permission
from catalog.kernel.stamp import Stamp
from catalog.regions.queries import root_path
from catalog.regions.rules import check_city_wide

LOOKED_BACK = timedelta(days=90)
"""How far back scans are looked through."""
MOST = 200
"""Codes shown at once, those met last first."""

_ASKED = """
SELECT c.receipt -> 'facts' -> 'reading' ->> 'gtin' AS gtin, count(*), max(c.recorded_at),
    (array_agg(c.login ORDER BY c.seq DESC))[1],
    array_agg(DISTINCT s.code) FILTER (WHERE s.code IS NOT NULL),
    array_agg(DISTINCT c.raw), (array_agg(c.receipt -> 'facts' -> 'reading' ORDER BY c.seq DESC))[1]::text
FROM scan c LEFT JOIN site s ON s.id = c.site_id
WHERE c.code = 'scan.ask-item' AND c.recorded_at >= $1
GROUP BY 1 HAVING c.receipt -> 'facts' -> 'reading' ->> 'gtin' IS NOT NULL ORDER BY max(c.seq) DESC
"""
_TOLD = """
SELECT raw, request -> 'answers' ->> 'item', count(*) FROM scan
WHERE raw = ANY($1::text[]) AND (request -> 'answers' ->> 'item') IS NOT NULL AND outcome = 'done'
GROUP BY 1, 2
"""


@dataclass(frozen=True, slots=True)
class UnknownCode:
    """A GTIN (14 digits) that was scanned `times` times and stands for nothing. `told`: keys of items that keepers said
    it was, the most frequent first. `reading`: what the last scan of it says besides."""

    gtin: str
    times: int
    last_at: datetime
    last_by: str
    sites: tuple[str, ...]
    told: tuple[str, ...]
    reading: Mapping[str, Any]


async def unknown_codes(*, stamp: Stamp, now: datetime) -> Sequence[UnknownCode]:
    """Codes met in the days before `now` that are still unknown. Needs catalog.edit on the whole city."""
    check_city_wide(stamp, Permission.CATALOG_EDIT, await root_path())
    rows = await db.fetch(_ASKED, now - LOOKED_BACK)
    known = {code for _by, code in await items.find_codes([row[0] for row in rows], [])}
    rows = [row for row in rows if row[0] not in known][:MOST]
    told: dict[str, Counter[str]] = defaultdict(Counter)
    for raw, item, count in await db.fetch(_TOLD, [raw for row in rows for raw in row[5]]):
        told[raw][item] += count
    return [
        UnknownCode(gtin, times, at, by, tuple(sites or ()), _most([told[raw] for raw in raws]), json.loads(reading))
        for gtin, times, at, by, sites, raws, reading in rows
    ]


def _most(told: Sequence[Counter[str]]) -> tuple[str, ...]:
    counts = sum(told, Counter[str]())
    return tuple(sorted(counts, key=lambda item: (-counts[item], item)))
