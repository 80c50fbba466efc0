"""The hands of the story: every deed is one call of the program's own actions, stamped with who, when, which.

Beside the books they keep the story's own mirror of what stands where, so that the next deed can be thought out without
asking. The mirror is never written anywhere; where it errs, the ledger refuses and the load stops.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from typing import Any
from uuid import UUID, uuid5

from api.demo_stock.world import Goods, House, Keeper, Rack, Stand
from catalog.kernel.access import EVERYWHERE, Grant, Permission, Role
from catalog.kernel.stamp import Channel, Stamp, content_hash
from catalog.kernel.time import day_of
from warehouse.printing import actions as printing
from warehouse.printing.model import IssueWords, ReceiptWords, Source
from warehouse.replenishment import actions as deliveries
from warehouse.replenishment.model import DeliveryFacts, NewLine, RefuseReason
from warehouse.stock import actions as stock
from warehouse.stock.actions import Arrival, Content, Correction, Counted, Part, Take
from warehouse.stock.model import Condition, DocumentRef, LotFacts, Reason, Receipt, StockKey
from warehouse.stock.queries import find_serials

GOOD, AWAITING, FROZEN, DAMAGED = Condition.GOOD, Condition.AWAITING, Condition.FROZEN, Condition.DAMAGED
SOON = timedelta(seconds=75)


@dataclass(frozen=True, slots=True)
class Incoming:
    """Goods that arrive: where to, and the maker's number of each piece of serial goods."""

    goods: Goods
    facts: LotFacts
    quantity: int
    place_id: int
    condition: Condition = GOOD
    serials: tuple[str, ...] = ()
    line: int | None = None


@dataclass(frozen=True, slots=True)
class Taken:
    """A part of what stands somewhere. `serials` are the pieces of it."""

    stand: Stand
    quantity: int
    serials: tuple[int, ...] = ()
    to_place: int | None = None
    to_condition: Condition | None = None


def take(stand: Stand, quantity: int, *, to_place: int | None = None, to_condition: Condition | None = None) -> Taken:
    """`quantity` of what stands there, of serial goods its first pieces."""
    serials = tuple(stand.serials[:quantity]) if stand.goods.serial else ()
    return Taken(stand, quantity, serials, to_place, to_condition)


class Hands:
    """Deeds in order. The running number makes the attempts, so the same story told again changes nothing."""

    def __init__(self, namespace: UUID) -> None:
        self.namespace = namespace
        self.number = 0
        self.moves = 0

    def stamp(self, who: Keeper, at: datetime, content: Any, *, late: timedelta | None = None) -> Stamp:
        """Who did it, when it happened, and that it reached the books a little (`late`: hours) later."""
        self.number += 1
        attempt = uuid5(self.namespace, str(self.number))
        recorded = at + (late or SOON + timedelta(seconds=self.number * 37 % 240))
        grant = Grant(Role.KEEPER, EVERYWHERE.paths[0], frozenset(Permission))
        channel = Channel.WEB if late is None else Channel.DEVICE
        hashed = content_hash(repr(content))
        return Stamp(attempt, hashed, recorded, at, who.id, who.login, (grant,), channel)

    # -- goods come ------------------------------------------------------------------------------------------------

    async def receive(
        self, house: House, who: Keeper, at: datetime, incoming: Sequence[Incoming], *, reason: Reason, note: str = ""
    ) -> None:
        """Goods without a delivery note: the opening balance."""
        arrivals = [_arrival(one) for one in incoming]
        stamp = self.stamp(who, at, ("receive", arrivals))
        receipt = await stock.receive(stamp=stamp, arrivals=arrivals, reason=reason, note=note)
        await self._stand(house, incoming, receipt, day_of(at))

    async def announce(
        self, house: House, who: Keeper, at: datetime, facts: DeliveryFacts, lines: Sequence[NewLine], *, sent: bool
    ) -> UUID:
        """A delivery note; `sent`: announced, else a draft."""
        stamp = self.stamp(who, at, ("announce", facts, lines))
        receipt = await deliveries.create_delivery(
            stamp=stamp, site_id=house.id, facts=facts, lines=lines, announce=sent
        )
        return UUID(receipt["delivery"])

    async def unload(
        self, house: House, who: Keeper, at: datetime, delivery: UUID, incoming: Sequence[Incoming], note: str = ""
    ) -> Receipt:
        """Receive against a delivery."""
        arrivals = [_arrival(one) for one in incoming]
        stamp = self.stamp(who, at, ("unload", delivery, arrivals))
        receipt = await deliveries.receive(stamp=stamp, delivery_id=delivery, arrivals=arrivals, note=note)
        await self._stand(house, incoming, receipt, day_of(at))
        return receipt

    async def refuse(
        self, who: Keeper, at: datetime, delivery: UUID, line: int, quantity: int, why: RefuseReason, note: str
    ) -> None:
        """Turn goods away at the gate."""
        stamp = self.stamp(who, at, ("refuse", delivery, line, quantity))
        await deliveries.refuse_line(
            stamp=stamp, delivery_id=delivery, line=line, quantity=quantity, reason=why, note=note
        )

    async def close(self, who: Keeper, at: datetime, delivery: UUID) -> UUID | None:
        """All has come; the case of the differences, if there are any."""
        receipt = await deliveries.close(stamp=self.stamp(who, at, ("close", delivery)), delivery_id=delivery)
        return UUID(receipt["case"]) if receipt["case"] else None

    async def cancel(self, who: Keeper, at: datetime, delivery: UUID) -> None:
        """It will not come."""
        await deliveries.cancel(stamp=self.stamp(who, at, ("cancel", delivery)), delivery_id=delivery)

    async def _stand(self, house: House, incoming: Sequence[Incoming], receipt: Receipt, on: date) -> None:
        wanted = [name for one in incoming for name in one.serials]
        pieces = {one.maker_serial: one.serial_id for one in await find_serials(maker_serials=wanted)} if wanted else {}
        for one, line in zip(incoming, receipt.body["lines"], strict=True):
            key = StockKey(line["lot_id"], one.place_id, one.condition.value)
            serials = [pieces[name] for name in one.serials]
            stand = self._put(house, key, one.goods, one.facts, one.quantity, serials)
            if stand.stored == date.min:
                stand.stored = on
        self.moves += len(incoming)

    # -- goods go, and come back -----------------------------------------------------------------------------------

    async def put_away(self, house: House, who: Keeper, at: datetime, taken: Sequence[Taken]) -> UUID:
        """From staging into bins."""
        return await self._within(stock.put_away, house, who, at, taken, "")

    async def move(self, house: House, who: Keeper, at: datetime, taken: Sequence[Taken], note: str) -> UUID:
        """From bin to bin."""
        return await self._within(stock.move, house, who, at, taken, note)

    async def inspect(self, house: House, who: Keeper, at: datetime, taken: Sequence[Taken], note: str) -> UUID:
        """Change the condition."""
        return await self._within(stock.inspect, house, who, at, taken, note)

    async def _within(
        self, verb: Any, house: House, who: Keeper, at: datetime, taken: Sequence[Taken], note: str
    ) -> UUID:
        takes = [_take(one) for one in taken]
        stamp = self.stamp(who, at, (verb.__name__, takes))
        await verb(stamp=stamp, takes=takes, note=note)
        self.moves += len(takes)
        for one in taken:
            place = one.to_place or one.stand.key.place_id
            condition = one.to_condition or Condition(one.stand.key.condition)
            self._shift(house, one, StockKey(one.stand.key.lot_id, place, condition.value))
        return stamp.attempt

    async def issue(
        self,
        house: House,
        who: Keeper,
        at: datetime,
        taken: Sequence[Taken],
        note: str,
        *,
        document: DocumentRef | None = None,
        reservations: tuple[UUID, ...] = (),
        late: timedelta | None = None,
        extra: int = 0,
    ) -> Receipt:
        """Out for use. `late`: a fact, scanned offline; then `extra` base units more of the first line than the books
        have may have gone."""
        takes = [_take(one) for one in taken]
        takes[0] = replace(takes[0], quantity=takes[0].quantity + extra)
        stamp = self.stamp(who, at, ("issue", takes), late=late)
        receipt = await stock.issue(
            stamp=stamp,
            takes=takes,
            note=note,
            document=document,
            reservations=reservations,
            fact=late is not None,
        )
        self.moves += len(takes)
        for one in taken:
            self._drop(house, one)
        return receipt

    async def dispose(self, house: House, at: datetime, taken: Sequence[Taken], note: str) -> None:
        """Scrap; the approver's deed, never the keeper's."""
        takes = [_take(one) for one in taken]
        await stock.dispose(stamp=self.stamp(house.approver, at, ("dispose", takes)), takes=takes, note=note)
        self._gone(house, taken)

    async def test(self, house: House, who: Keeper, at: datetime, taken: Sequence[Taken], note: str) -> None:
        """Samples used up by a test."""
        takes = [_take(one) for one in taken]
        await stock.test(stamp=self.stamp(who, at, ("test", takes)), takes=takes, note=note)
        self._gone(house, taken)

    async def send_back(self, house: House, who: Keeper, at: datetime, taken: Sequence[Taken], note: str) -> None:
        """Back to the supplier."""
        takes = [_take(one) for one in taken]
        await stock.send_back(stamp=self.stamp(who, at, ("send-back", takes)), takes=takes, note=note)
        self._gone(house, taken)

    def _gone(self, house: House, taken: Sequence[Taken]) -> None:
        self.moves += len(taken)
        for one in taken:
            self._drop(house, one)

    async def bring_back(
        self,
        house: House,
        who: Keeper,
        at: datetime,
        taken: Sequence[Taken],
        note: str,
        *,
        graded: Condition = AWAITING,
        late: timedelta | None = None,
    ) -> list[Stand]:
        """What was issued comes back to where it stood, as `graded` or as each part says."""
        takes = [replace(_take(one), to_condition=one.to_condition or graded) for one in taken]
        stamp = self.stamp(who, at, ("return", takes), late=late)
        await stock.return_goods(stamp=stamp, takes=takes, note=note, fact=late is not None)
        self.moves += len(takes)
        return [self._back(house, one, one.to_condition or graded) for one in taken]

    def _back(self, house: House, one: Taken, graded: Condition) -> Stand:
        key = StockKey(one.stand.key.lot_id, one.stand.key.place_id, graded.value)
        return self._put(house, key, one.stand.goods, one.stand.facts, one.quantity, list(one.serials), one.stand)

    async def lend(
        self, house: House, who: Keeper, at: datetime, taken: Sequence[Taken], borrower: str, due_on: date
    ) -> UUID:
        """Goods lent out; the loan."""
        takes = [_take(one) for one in taken]
        stamp = self.stamp(who, at, ("lend", takes, borrower))
        house.lent |= {one.stand.key.lot_id for one in taken}
        receipt = await stock.lend(stamp=stamp, takes=takes, borrower=borrower, due_on=due_on)
        self._gone(house, taken)
        return UUID(receipt.body["loan"])

    async def take_back(
        self, house: House, who: Keeper, at: datetime, loan: UUID, taken: Sequence[Taken]
    ) -> list[Stand]:
        """Lent goods come home, awaiting inspection."""
        takes = [replace(_take(one), to_condition=AWAITING) for one in taken]
        await stock.take_back(stamp=self.stamp(who, at, ("take-back", loan, takes)), loan=loan, takes=takes)
        self.moves += len(takes)
        return [self._back(house, one, AWAITING) for one in taken]

    # -- the books themselves --------------------------------------------------------------------------------------

    async def reverse(self, who: Keeper, at: datetime, attempt: UUID, lines: int, note: str) -> None:
        """Undo. The caller puts the mirror right."""
        await stock.reverse(stamp=self.stamp(who, at, ("reverse", attempt)), attempt=attempt, note=note)
        self.moves += lines

    def undo(self, house: House, taken: Sequence[Taken]) -> None:
        """The mirror after a reversed issue: all stands where it stood."""
        for one in taken:
            key = one.stand.key
            self._put(house, key, one.stand.goods, one.stand.facts, one.quantity, list(one.serials), one.stand)

    async def correct(
        self, house: House, who: Keeper, at: datetime, lot_id: int, correction: Correction
    ) -> list[Stand]:
        """Another lot, with other facts, for all that stands of this one here."""
        stamp = self.stamp(who, at, ("correct", lot_id, correction))
        receipt = await stock.correct(stamp=stamp, lot_id=lot_id, site_id=house.id, correction=correction)
        lines = receipt.body["lines"]
        new_lot = next(line for line in lines if line["lot_id"] != lot_id)
        self.moves += len(lines)
        changed = []
        for stand in [s for s in house.stock.values() if s.key.lot_id == lot_id]:
            facts = replace(stand.facts, **correction.fields, parent_id=lot_id)
            key = StockKey(new_lot["lot_id"], stand.key.place_id, stand.key.condition)
            new = self._put(house, key, stand.goods, facts, stand.on_hand, list(stand.serials))
            new.stored = day_of(at)
            del house.stock[stand.key]
            changed.append(new)
        return changed

    async def make_kit(
        self, house: House, who: Keeper, at: datetime, kit: Goods, count: int, rack: Rack, parts: Sequence[Taken]
    ) -> Stand:
        """Make stocked kits of parts."""
        taken = [Part(one.stand.key.lot_id, one.quantity, one.stand.key.place_id) for one in parts]
        receipt = await stock.make_kit(
            stamp=self.stamp(who, at, ("make-kit", kit.key, count, taken)),
            kit_item_id=kit.id,
            count=count,
            place_id=rack.id,
            parts=taken,
            owner_region_id=house.owner_id,
        )
        self._gone(house, parts)
        line = receipt.body["lines"][-1]
        expires = min((p.stand.facts.expires_on for p in parts if p.stand.facts.expires_on), default=None)
        facts = LotFacts(item_id=kit.id, owner_region_id=house.owner_id, expires_on=expires)
        stand = self._put(house, StockKey(line["lot_id"], rack.id, GOOD.value), kit, facts, count, [])
        stand.stored = day_of(at)
        self.moves += 1
        return stand

    async def break_kit(self, house: House, who: Keeper, at: datetime, kit: Taken, parts: Sequence[Taken]) -> None:
        """Take kits apart into the lots they were made of, where those stood."""
        given = [Part(one.stand.key.lot_id, one.quantity, one.stand.key.place_id) for one in parts]
        await stock.break_kit(
            stamp=self.stamp(who, at, ("break-kit", kit.stand.key, kit.quantity, given)),
            kit_lot_id=kit.stand.key.lot_id,
            count=kit.quantity,
            place_id=kit.stand.key.place_id,
            parts=given,
        )
        self._gone(house, [kit])
        for one in parts:
            self._back(house, one, GOOD)
        self.moves += len(parts)

    async def build_pallet(
        self, who: Keeper, at: datetime, place_id: int, contents: Sequence[Content], sscc: str | None
    ) -> None:
        """Put what stands loose in a bin on a pallet."""
        stamp = self.stamp(who, at, ("pallet", place_id, contents))
        await stock.build_pallet(stamp=stamp, place_id=place_id, contents=contents, sscc=sscc)

    async def reserve(
        self, house: House, at: datetime, stand: Stand, quantity: int, until: datetime, document: DocumentRef
    ) -> UUID:
        """Hold goods for a document."""
        receipt = await stock.reserve(
            stamp=self.stamp(house.dispatcher, at, ("reserve", stand.key, quantity)),
            lot_id=stand.key.lot_id,
            place_id=stand.key.place_id,
            quantity=quantity,
            expires_at=until,
            document=document,
        )
        stand.reserved += quantity
        return UUID(receipt["reservation"])

    async def release(self, house: House, at: datetime, stand: Stand, quantity: int, reservation: UUID) -> None:
        """Give held goods free again."""
        stamp = self.stamp(house.dispatcher, at, ("release", reservation))
        await stock.release(stamp=stamp, reservation=reservation, note="需求取消")
        stand.reserved -= quantity

    async def count(
        self, house: House, who: Keeper, at: datetime, rack_id: int, found: Mapping[StockKey, int], note: str
    ) -> None:
        """Post a count of a bin: `found` names what differs from the books, all the rest is as it should be."""
        here = [s for s in house.stock.values() if s.key.place_id == rack_id]
        counted = [
            Counted(
                s.key.lot_id,
                Condition(s.key.condition),
                found.get(s.key, s.on_hand),
                tuple(s.serials) if s.goods.serial else (),
            )
            for s in here
        ]
        await stock.count(stamp=self.stamp(who, at, ("count", counted)), place_id=rack_id, found=counted, note=note)
        for stand in here:
            if (now := found.get(stand.key, stand.on_hand)) != stand.on_hand:
                stand.on_hand = now
                self.moves += 1

    async def care(
        self,
        house: House,
        who: Keeper,
        at: datetime,
        stand: Stand,
        kind: str,
        *,
        serial: int | None = None,
        passed: bool = True,
        result: str,
    ) -> None:
        """A care event."""
        await stock.care(
            stamp=self.stamp(who, at, ("care", stand.key.lot_id, kind, serial)),
            lot_id=stand.key.lot_id,
            site_id=house.id,
            kind=kind,
            done_on=day_of(at),
            passed=passed,
            result=result,
            serial_id=serial,
        )

    async def settle(self, who: Keeper, at: datetime, case: UUID, words: str) -> None:
        """Close a discrepancy case."""
        await stock.settle_case(stamp=self.stamp(who, at, ("settle", case)), case=case, settlement=words)

    # -- papers ----------------------------------------------------------------------------------------------------

    async def receipt_slip(self, who: Keeper, at: datetime, delivery: UUID, checker: str) -> None:
        """入库单 of a delivery."""
        await printing.issue_receipt_slip(
            stamp=self.stamp(who, at, ("receipt-slip", delivery)),
            source=Source(document_id=delivery),
            words=ReceiptWords(checker=checker),
        )

    async def issue_slip(self, who: Keeper, at: datetime, attempt: UUID, words: IssueWords) -> None:
        """出库单 of an issue."""
        stamp = self.stamp(who, at, ("issue-slip", attempt))
        await printing.issue_issue_slip(stamp=stamp, source=Source(attempt=attempt), words=words)

    async def shelf_card(self, who: Keeper, at: datetime, stand: Stand) -> None:
        """货位卡 of what stands in a bin."""
        stamp = self.stamp(who, at, ("shelf-card", stand.key))
        await printing.issue_shelf_card(stamp=stamp, place_id=stand.key.place_id, lot_id=stand.key.lot_id)

    async def ledger_sheet(self, house: House, who: Keeper, at: datetime, goods: Goods, start: date) -> None:
        """台账 of an item up to the day before."""
        await printing.issue_ledger_sheet(
            stamp=self.stamp(who, at, ("ledger-sheet", goods.key)),
            site_id=house.id,
            start=start,
            end=day_of(at) - timedelta(1),
            item_id=goods.id,
        )

    # -- the mirror ------------------------------------------------------------------------------------------------

    def _put(
        self,
        house: House,
        key: StockKey,
        goods: Goods,
        facts: LotFacts,
        quantity: int,
        serials: list[int],
        like: Stand | None = None,
    ) -> Stand:
        stand = house.stock.get(key)
        if stand is None:
            stand = house.stock[key] = Stand(key, goods, facts, 0)
            if like is not None:
                stand.stored = like.stored
        stand.on_hand += quantity
        stand.serials += serials
        self._fill(house, key.place_id, goods, quantity)
        return stand

    def _drop(self, house: House, one: Taken) -> None:
        stand = house.stock[one.stand.key]
        stand.on_hand -= one.quantity
        for serial in one.serials:
            stand.serials.remove(serial)
        self._fill(house, stand.key.place_id, stand.goods, -one.quantity)
        if stand.on_hand == 0 and stand.reserved == 0:
            del house.stock[stand.key]

    def _shift(self, house: House, one: Taken, key: StockKey) -> None:
        self._drop(house, one)
        self._put(house, key, one.stand.goods, one.stand.facts, one.quantity, list(one.serials), one.stand)

    def _fill(self, house: House, place_id: int, goods: Goods, quantity: int) -> None:
        if (rack := house.racks.get(place_id)) is not None:
            rack.room -= goods.share(rack) * quantity
            rack.since = self.number


def _arrival(one: Incoming) -> Arrival:
    return Arrival(
        facts=one.facts,
        quantity=one.quantity,
        place_id=one.place_id,
        condition=one.condition,
        maker_serials=one.serials,
        origin="江苏常州" if one.facts.maker_id is not None else "",
        document_line=one.line,
    )


def _take(one: Taken) -> Take:
    return Take(
        lot_id=one.stand.key.lot_id,
        quantity=one.quantity,
        place_id=one.stand.key.place_id,
        condition=Condition(one.stand.key.condition),
        to_place=one.to_place,
        to_condition=one.to_condition,
        serial_ids=one.serials,
    )
