"""Receive (入库): goods come in from a supplier or donor, into a bin or a staging area."""

from collections.abc import Sequence
from dataclasses import dataclass

from catalog.items import queries as items
from catalog.kernel.access import Permission
from catalog.kernel.errors import Invalid, Refused
from catalog.kernel.stamp import Stamp
from warehouse.stock import lots
from warehouse.stock.actions.posting import codes_of, load_spots, one_site, post_one
from warehouse.stock.model import DONOR, SUPPLIER, Condition, DocumentRef, Line, Lot, LotFacts, Posting, Reason, Receipt


@dataclass(frozen=True, slots=True)
class Arrival:
    """`quantity` base units of goods with these facts, into a place. `maker_serials`: one per piece of serial goods
    (None where the maker gave none)."""

    facts: LotFacts
    quantity: int
    place_id: int
    condition: Condition = Condition.GOOD
    maker_serials: tuple[str | None, ...] = ()
    origin: str = ""
    document_line: int | None = None


async def receive(
    *,
    stamp: Stamp,
    arrivals: Sequence[Arrival],
    donated: bool = False,
    document: DocumentRef | None = None,
    fact: bool = False,
    note: str = "",
    reason: Reason = Reason.RECEIVE,
    permission: Permission | None = None,
) -> Receipt:
    """Post `arrivals`, all or none: each joins the lot whose every fact is equal, else a new own lot.

    Needs stock.receive at the site (stock.count for an opening balance; `permission`:
    the right of whoever approved it). Raises Missing for an unknown place or item,
    Refused for a closed bin, Invalid for impossible facts.
    """

    async def build() -> Posting:
        if not arrivals:
            raise Invalid("stock.no-lines", "没有可处理的行")
        spots = await load_spots(stamp, reason, {a.place_id for a in arrivals}, fact=fact, permission=permission)
        await _check_items(arrivals)
        found = await lots.ensure_lots(stamp, [a.facts for a in arrivals], origins=[a.origin for a in arrivals])
        outside = DONOR if donated else SUPPLIER
        lines = [await arrival_line(stamp, a, lot, outside) for a, lot in zip(arrivals, found, strict=True)]
        return Posting(
            stamp,
            reason,
            tuple(lines),
            one_site(spots.values()),
            fact=fact,
            document=document,
            note=note,
            place_codes=codes_of(spots.values()),
        )

    return await post_one(stamp, reason, build)


async def arrival_line(stamp: Stamp, arrival: Arrival, lot: Lot, outside: int) -> Line:
    """The ledger line of one arrival; numbered pieces get their own numbers here."""
    serials: tuple[int, ...] = ()
    if lot.tracking == "serial":
        names = arrival.maker_serials or (None,) * min(arrival.quantity, 1000)
        if len(names) != arrival.quantity:
            raise Invalid(
                "stock.serials-needed",
                "序列号个数与数量不一致",
                asked=arrival.quantity,
                serials=len(names),
            )
        serials = tuple(await lots.add_serials(stamp, lot, names))
    return Line(
        lot,
        arrival.quantity,
        outside,
        Condition.GOOD,
        arrival.place_id,
        arrival.condition,
        serials,
        document_line=arrival.document_line,
    )


async def _check_items(arrivals: Sequence[Arrival]) -> None:
    found = await items.find_items({a.facts.item_id for a in arrivals})
    for number, arrival in enumerate(arrivals):
        item = found.get(arrival.facts.item_id)
        if item is None:
            raise Invalid("stock.no-such-item", "没有这种物资", line=number, item=arrival.facts.item_id)
        if item.kind == "phantom_kit":
            raise Refused("stock.phantom-kit", "虚拟套件不入库，请按组成物资收货", line=number, item=item.key)
        produced, expires = arrival.facts.produced_on, arrival.facts.expires_on
        if produced is not None and expires is not None and expires < produced:
            raise Invalid(
                "stock.expiry-before-production",
                "有效期早于生产日期",
                line=number,
                produced_on=produced.isoformat(),
                expires_on=expires.isoformat(),
            )
