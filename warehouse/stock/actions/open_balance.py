"""Open balance (期初): goods that stood there before the books began, many rows set-wise, one outcome each."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from uuid import UUID

from catalog.items import queries as items
from catalog.items.model import Item
from catalog.kernel.errors import Invalid, Missing, Problem, Refused
from catalog.kernel.jsontext import canonical
from catalog.kernel.stamp import Stamp, hash_of_text
from warehouse.stock import ledger, lots, queries
from warehouse.stock.actions.posting import PERMISSION, PostingOutcome, check_open, codes_of
from warehouse.stock.actions.receive import Arrival, arrival_line
from warehouse.stock.model import SUPPLIER, DocumentRef, Posting, Reason
from warehouse.stock.queries import Spot


@dataclass(frozen=True, slots=True)
class Opening:
    """One row of opening stock with an attempt of its own; `note` keeps what the source said less precisely."""

    attempt: UUID
    arrival: Arrival
    note: str = ""


async def open_balance(
    *, stamp: Stamp, openings: Sequence[Opening], document: DocumentRef | None = None
) -> list[PostingOutcome]:
    """Post each of `openings` by itself: a receipt, or its refusal as a value. Needs stock.count at each site.

    Must run inside the caller's transaction; what the database refuses (a rival's same new row) is raised, and the
    caller does the work again in smaller parts.
    """
    spots = await queries.get_spots({one.arrival.place_id for one in openings})
    known = await items.find_items({one.arrival.facts.item_id for one in openings})
    outcomes: list[PostingOutcome | None] = [_refused(stamp, one.arrival, spots, known) for one in openings]
    fit = [n for n, outcome in enumerate(outcomes) if outcome is None]
    found = await lots.ensure_lots(
        stamp, [openings[n].arrival.facts for n in fit], origins=[openings[n].arrival.origin for n in fit]
    )
    postings: list[Posting] = []
    posted: list[int] = []
    for n, lot in zip(fit, found, strict=True):
        one = openings[n]
        own = replace(stamp, attempt=one.attempt, content_hash=hash_of_text(canonical((one.arrival, one.note))))
        line = await arrival_line(own, one.arrival, lot, SUPPLIER)
        spot = spots[one.arrival.place_id]
        posted.append(n)
        codes = codes_of([spot])
        postings.append(
            Posting(
                own,
                Reason.OPEN_BALANCE,
                (line,),
                spot.site_id or 0,
                document=document,
                note=one.note,
                place_codes=codes,
            )
        )
    if postings:
        for n, outcome in zip(posted, await ledger.post(postings), strict=True):
            outcomes[n] = outcome
    return [outcome for outcome in outcomes if outcome is not None]


def _refused(stamp: Stamp, arrival: Arrival, spots: Mapping[int, Spot], known: Mapping[int, Item]) -> Problem | None:
    spot, item = spots.get(arrival.place_id), known.get(arrival.facts.item_id)
    produced, expires = arrival.facts.produced_on, arrival.facts.expires_on
    if spot is None or spot.site_id is None:
        return Missing("stock.no-such-place", "没有这个货位", place=arrival.place_id)
    if item is None or item.retired_at is not None:
        return Invalid("stock.no-such-item", "没有这种物资", item=arrival.facts.item_id)
    if item.kind == "phantom_kit":
        return Refused("stock.phantom-kit", "虚拟套件不入库，请按组成物资收货", item=item.key)
    if produced is not None and expires is not None and expires < produced:
        return Invalid(
            "stock.expiry-before-production", "有效期早于生产日期", produced_on=str(produced), expires_on=str(expires)
        )
    pieces = len(arrival.maker_serials) or min(arrival.quantity, 1000)
    if item.tracking == "serial" and pieces != arrival.quantity:
        return Invalid("stock.serials-needed", "序列号个数与数量不一致", asked=arrival.quantity, serials=pieces)
    try:
        stamp.require_at(PERMISSION[Reason.OPEN_BALANCE], spot.path, spot.site_id)
        check_open(spot)
    except Problem as problem:
        return problem
    return None
