"""What is asked, decided as far as it is decided outside the database: places, norms, lines, what comes."""

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from catalog.kernel import db
from catalog.kernel.access import Scope
from catalog.kernel.time import SHANGHAI, day_of
from catalog.kits.queries import load_tree
from warehouse.commitments import queries as commitments
from warehouse.norms import queries as norms
from warehouse.norms.model import Subject
from warehouse.provision import rules
from warehouse.provision.model import Coming, Holder, Line, Question, Source
from warehouse.provision.rules import Stream
from warehouse.replenishment import queries as replenishment
from warehouse.stock import holdings
from warehouse.stock.queries import settled


@dataclass(frozen=True, slots=True)
class Table:
    """A question, with everything decided that is decided outside the database: ask it for cells and totals."""

    question: Question
    at: datetime
    """Now, or the last instant of a past day."""
    known_at: datetime
    """What was recorded up to here is in the figures."""
    past: bool
    places: Sequence[tuple[int, Subject]]
    """With the group of places for which the same norms decide."""
    lines: Sequence[Line]
    """Each for the places of its group."""
    prices: Mapping[int, tuple[int, int]]
    streams: Sequence[Stream]
    kept: bool = False
    """Whether what is there now is read from the sums that stock keeps, which give the same."""


# --- deciding what is asked -----------------------------------------------------------------------------------------


async def prepare(question: Question, *, scope: Scope, now: datetime, coming: Sequence[Coming] = ()) -> Table:
    """Read norms, places, goods and what comes; a dozen statements for any size.

    `coming`: what is expected beside announced deliveries, loans and commitments. A past day has none of it: nobody
    wrote down then what was expected. Raises Missing where the place is out of scope.
    """
    today = day_of(now)
    past = question.day < today
    known_at = settled(now) if past else now
    at = min(_end_of(question.day), known_at) if past else now
    kits = await norms.list_phantom_kits()
    goods = {one.item_id: one for one in [*await norms.list_goods(), *kits]}
    same = await norms.alike(
        scope=scope,
        path=question.path,
        on=question.norms_on,
        goods=goods.values(),
        at=at,
        site_ids=await _sites(question) if question.holder is Holder.SITE else None,
    )
    tree = await load_tree([one.item_id for one in kits])
    lines = rules.narrowed(rules.lines(same, goods, tree), question)
    places = [(group, subject) for group, one in enumerate(same) for subject in one.subjects]
    expected = [] if past else [*await _deliveries(question), *await _loans(question), *coming]
    if not past and question.holder is Holder.REGION:
        expected += await _promises([subject.region_id for _, subject in places], question.day)
    return Table(
        question,
        at,
        known_at,
        past,
        sorted(
            (place for place in places if question.tier is None or place[1].tier is question.tier),
            key=lambda place: (place[1].path, place[1].key),
        ),
        lines,
        await _prices({one.item_id for line in lines for one in line.members}),
        rules.streams(expected, question, today),
        not past and await holdings.ready(now),
    )


def _end_of(day: date) -> datetime:
    following = day + timedelta(days=1)
    return datetime(following.year, following.month, following.day, tzinfo=SHANGHAI) - timedelta(microseconds=1)


async def _sites(question: Question) -> set[int]:
    """The live sites asked for: what stands elsewhere is in nobody's books yet."""
    rows = await db.fetch("SELECT id FROM site WHERE live AND retired_at IS NULL AND path LIKE $1", question.path + "%")
    live = {row[0] for row in rows}
    return live if question.site_ids is None else live & question.site_ids


async def _prices(item_ids: Collection[int]) -> dict[int, tuple[int, int]]:
    rows = await db.fetch(
        "SELECT id, price_fen, price_per FROM item WHERE id = ANY($1::bigint[]) AND price_fen IS NOT NULL",
        sorted(item_ids),
    )
    return {row[0]: (row[1], row[2]) for row in rows}


async def _deliveries(question: Question) -> list[Coming]:
    return [
        Coming(Source.ORDER, one.quantity, one.item_id, None, one.owner_region_id, one.site_id, one.expected_on,
               one.expires_on)
        for one in await replenishment.list_expected(path=question.path)
    ]  # fmt: skip


async def _promises(regions: Collection[int], day: date) -> list[Coming]:
    """What was promised to the regions themselves. It stands nowhere, so it meets no site's norm."""
    return [
        Coming(Source.PROMISE, one.quantity, one.item_id, one.class_id, one.region_id, confidence=one.confidence)
        for one in await commitments.promised(regions, day)
    ]


_LENT = """
SELECT b.item_id, l.owner_region_id, n.site_id, n.due_on, b.expires_on, sum(b.on_hand)::bigint
FROM loan n JOIN balance b ON b.place_id = n.place_id AND b.on_hand > 0 AND b.condition = 'good'
JOIN lot l ON l.id = b.lot_id JOIN site s ON s.id = n.site_id
WHERE n.closed_at IS NULL AND s.live AND (l.owner_path LIKE $1 OR s.path LIKE $1) GROUP BY 1, 2, 3, 4, 5
"""


async def _loans(question: Question) -> list[Coming]:
    return [
        Coming(Source.LOAN, row[5], row[0], None, row[1], row[2], row[3], row[4])
        for row in await db.fetch(_LENT, question.path + "%")
    ]


def pairs(table: Table) -> Iterator[tuple[Subject, Line]]:
    """The places and lines of the cells: which there are, not what stands there."""
    lines: dict[int, list[Line]] = {}
    for line in table.lines:
        lines.setdefault(line.group, []).append(line)
    return ((subject, line) for group, subject in table.places for line in lines.get(group, ()))
