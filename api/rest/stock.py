"""The verbs of stock and what stands where. Every verb is an attempt: `Idempotency-Key` makes it safe to send twice."""

from collections.abc import Sequence
from datetime import date
from typing import Annotated, Any

from litestar import get, post
from litestar.params import FromQuery, JSONBody, QueryParameter

from api.auth.edge import VERB
from api.auth.stamps import Stamped
from api.rest import references
from api.rest.sessions import Cursor, Limit
from api.schemas.stock import (
    ArrivalIn,
    BalanceOut,
    BalancesPage,
    CareIn,
    CareRecorded,
    CorrectIn,
    DisposeIn,
    InspectIn,
    IssueIn,
    KitBreakIn,
    KitMakeIn,
    LeaveIn,
    LegOut,
    LendIn,
    LoanReturnIn,
    LotOut,
    MoveIn,
    PalletBuilt,
    PalletNew,
    PartIn,
    PutAwayIn,
    ReceiptLineOut,
    ReceiveIn,
    Released,
    ReleaseIn,
    Reserved,
    ReserveIn,
    ReturnIn,
    ReverseIn,
    StockReceipt,
    SummaryOut,
    SummaryPage,
    TakeIn,
)
from catalog.kernel.access import Permission, Scope
from catalog.kernel.stamp import Stamp
from catalog.kernel.time import day_of
from warehouse.counts.queries import unranked, veil_of
from warehouse.replenishment import actions as deliveries
from warehouse.replenishment.model import DOCUMENT
from warehouse.sites import queries as sites
from warehouse.stock import actions, queries
from warehouse.stock.actions import Arrival, Content, Correction, Part, Take
from warehouse.stock.model import BalanceRow, Condition, Lot, LotFacts, Receipt
from warehouse.stock.queries import Sort, StockFilter

Sought = Annotated[
    str | None, QueryParameter(max_length=100, description="Item by name, pinyin or key; lot number; maker's batch.")
]
Code = Annotated[str | None, QueryParameter(max_length=60)]
BinCode = Annotated[str | None, QueryParameter(name="bin", max_length=60, description="A bin by key or site/code")]
TAGS = ["stock"]


def receipt(done: Receipt) -> StockReceipt:
    """A stock receipt as JSON."""
    body = dict(done.body)
    lines = [
        ReceiptLineOut(
            **{name: value for name, value in line.items() if name not in ("from", "to")},
            **{"from": LegOut(**line["from"]), "to": LegOut(**line["to"])},
        )
        for line in body.pop("lines")
    ]
    known = {name: value for name, value in body.items() if name in StockReceipt.model_fields and name != "repeat"}
    return StockReceipt(**known, lines=lines, undo=body["attempt"], repeat=done.repeat)


async def _takes(lines: Sequence[TakeIn], scope: Scope) -> list[Take]:
    """Lines as the actions take them; every name is looked up once for all lines."""
    refs = {line.bin for line in lines} | {to for line in lines if (to := getattr(line, "to_bin", None))}
    places = await references.find_places(refs, scope)
    lots = await references.find_lots({line.lot for line in lines}, scope)
    serials = await references.find_serials({number for line in lines for number in line.serials})
    return [
        Take(
            lot_id=lots[line.lot].id,
            quantity=line.quantity,
            place_id=places[line.bin].id,
            condition=line.condition,
            to_place=places[to].id if (to := getattr(line, "to_bin", None)) else None,
            to_condition=getattr(line, "to_condition", None),
            serial_ids=tuple(serials[number] for number in line.serials),
            document_line=line.document_line,
        )
        for line in lines
    ]


# --- in -----------------------------------------------------------------------------------------------


@post("/stock/receive", opt={VERB: "stock.receive"}, tags=TAGS, status_code=200)
async def receive(stamp: Stamped, data: JSONBody[ReceiveIn]) -> StockReceipt:
    """入库. Against a delivery (`document.kind` "delivery") it is counted there; the first receipt starts it."""
    arrivals = await _arrivals(stamp, data.lines)
    stamp = references.as_happened(stamp, data.fact, data.occurred_at)
    if data.document is not None and data.document.kind == DOCUMENT:
        return receipt(
            await deliveries.receive(
                stamp=stamp, delivery_id=data.document.id, arrivals=arrivals, fact=data.fact, note=data.note
            )
        )
    document = references.document(data.document)
    return receipt(
        await actions.receive(
            stamp=stamp, arrivals=arrivals, donated=data.donated, document=document, fact=data.fact, note=data.note
        )
    )


async def _arrivals(stamp: Stamp, lines: Sequence[ArrivalIn]) -> list[Arrival]:
    scope = stamp.require(Permission.RECEIVE)
    places = await references.find_places({line.bin for line in lines}, scope)
    items = await references.find_items({line.item for line in lines})
    regions = await references.find_regions({line.owner_region for line in lines if line.owner_region})
    parties = await references.find_parties(
        {key for line in lines for key in (line.maker, line.owner_party) if key}, stamp
    )
    owners = await references.default_owners(places.values(), scope)
    return [
        Arrival(
            facts=LotFacts(
                item_id=items[line.item],
                owner_region_id=regions[line.owner_region] if line.owner_region else owners[places[line.bin].site_id],
                maker_id=references.optional(line.maker, parties),
                maker_batch=line.maker_batch,
                produced_on=line.produced_on,
                expires_on=line.expires_on,
                owner_party_id=references.optional(line.owner_party, parties),
                fund_source=line.fund_source,
                price_fen=line.price_fen,
                price_per=line.price_per,
            ),
            quantity=line.quantity,
            place_id=places[line.bin].id,
            condition=line.condition,
            maker_serials=tuple(line.serials),
            origin=line.origin,
            document_line=line.document_line,
        )
        for line in lines
    ]


@post("/stock/return", opt={VERB: "stock.return"}, tags=TAGS, status_code=200)
async def return_goods(stamp: Stamped, data: JSONBody[ReturnIn]) -> StockReceipt:
    """回收: back from use into a bin. 409 `stock.more-than-went-out`."""
    takes = await _takes(data.lines, stamp.require(Permission.RETURN))
    stamp = references.as_happened(stamp, data.fact, data.occurred_at)
    return receipt(await actions.return_goods(stamp=stamp, takes=takes, fact=data.fact, note=data.note))


# --- inside -------------------------------------------------------------------------------------------


@post("/stock/put-away", opt={VERB: "stock.put-away"}, tags=TAGS, status_code=200)
async def put_away(stamp: Stamped, data: JSONBody[PutAwayIn]) -> StockReceipt:
    """上架: from staging into bins."""
    takes = await _takes(data.lines, stamp.require(Permission.PUT_AWAY))
    stamp = references.as_happened(stamp, data.fact, data.occurred_at)
    return receipt(await actions.put_away(stamp=stamp, takes=takes, fact=data.fact, note=data.note))


@post("/stock/move", opt={VERB: "stock.move"}, tags=TAGS, status_code=200)
async def move(stamp: Stamped, data: JSONBody[MoveIn]) -> StockReceipt:
    """移库: from bin to bin inside a site."""
    takes = await _takes(data.lines, stamp.require(Permission.MOVE))
    stamp = references.as_happened(stamp, data.fact, data.occurred_at)
    return receipt(await actions.move(stamp=stamp, takes=takes, fact=data.fact, note=data.note))


@post("/stock/inspect", opt={VERB: "stock.inspect"}, tags=TAGS, status_code=200)
async def inspect(stamp: Stamped, data: JSONBody[InspectIn]) -> StockReceipt:
    """质检: another condition for goods where they stand."""
    takes = await _takes(data.lines, stamp.require(Permission.INSPECT))
    stamp = references.as_happened(stamp, data.fact, data.occurred_at)
    return receipt(await actions.inspect(stamp=stamp, takes=takes, note=data.note, fact=data.fact))


# --- out ----------------------------------------------------------------------------------------------


@post("/stock/issue", opt={VERB: "stock.issue"}, tags=TAGS, status_code=200)
async def issue(stamp: Stamped, data: JSONBody[IssueIn]) -> StockReceipt:
    """出库: usable goods only. 409 `stock.not-enough`, `stock.expired`, `stock.not-usable`."""
    takes = await _takes(data.lines, stamp.require(Permission.ISSUE))
    stamp = references.as_happened(stamp, data.fact, data.occurred_at)
    return receipt(
        await actions.issue(
            stamp=stamp,
            takes=takes,
            document=references.document(data.document),
            reservations=references.unique(data.reservations),
            fact=data.fact,
            note=data.note,
        )
    )


@post("/stock/dispose", opt={VERB: "stock.dispose"}, tags=TAGS, status_code=200)
async def dispose(stamp: Stamped, data: JSONBody[DisposeIn]) -> StockReceipt:
    """处置: out of the books for good. Needs stock.dispose, which keepers do not hold."""
    takes = await _takes(data.lines, stamp.require(Permission.DISPOSE))
    document = references.document(data.document)
    return receipt(await actions.dispose(stamp=stamp, takes=takes, note=data.note, document=document))


@post("/stock/test", opt={VERB: "stock.test"}, tags=TAGS, status_code=200)
async def use_up_in_test(stamp: Stamped, data: JSONBody[LeaveIn]) -> StockReceipt:
    """检验耗用: a destructive sample."""
    takes = await _takes(data.lines, stamp.require(Permission.INSPECT))
    return receipt(await actions.test(stamp=stamp, takes=takes, note=data.note))


@post("/stock/send-back", opt={VERB: "stock.send-back"}, tags=TAGS, status_code=200)
async def send_back(stamp: Stamped, data: JSONBody[LeaveIn]) -> StockReceipt:
    """退货: back to the supplier, in whatever condition."""
    takes = await _takes(data.lines, stamp.require(Permission.ISSUE))
    return receipt(await actions.send_back(stamp=stamp, takes=takes, note=data.note))


@post("/stock/lend", opt={VERB: "stock.lend"}, tags=TAGS, status_code=200)
async def lend(stamp: Stamped, data: JSONBody[LendIn]) -> StockReceipt:
    """借出: the receipt names the loan."""
    takes = await _takes(data.lines, stamp.require(Permission.LOAN))
    party = await references.find_parties([data.borrower_party] if data.borrower_party else [], stamp)
    return receipt(
        await actions.lend(
            stamp=stamp,
            takes=takes,
            borrower=data.borrower,
            due_on=data.due_on,
            borrower_id=references.optional(data.borrower_party, party),
            note=data.note,
        )
    )


@post("/stock/loan-return", opt={VERB: "stock.loan-return"}, tags=TAGS, status_code=200)
async def loan_return(stamp: Stamped, data: JSONBody[LoanReturnIn]) -> StockReceipt:
    """借用归还: never more than was lent."""
    takes = await _takes(data.lines, stamp.require(Permission.LOAN))
    return receipt(await actions.take_back(stamp=stamp, loan=data.loan, takes=takes, note=data.note))


# --- right and undo -----------------------------------------------------------------------------------


@post("/stock/correct", opt={VERB: "stock.correct"}, tags=TAGS, status_code=200)
async def correct(stamp: Stamped, data: JSONBody[CorrectIn]) -> StockReceipt:
    """更正 item, lot or expiry: one act; underneath the goods become another lot with a parent link."""
    scope = stamp.require(Permission.CORRECT)
    site = await sites.get_by_code(data.site, scope)
    lots = await references.find_lots([data.lot], scope)
    places = await references.find_places(set(data.bins), scope)
    correction = Correction(
        fields=await _corrected(stamp, data), kind=data.kind, reason=data.reason, evidence=data.evidence
    )
    return receipt(
        await actions.correct(
            stamp=stamp,
            lot_id=lots[data.lot].id,
            site_id=site.id,
            correction=correction,
            place_ids=[place.id for place in places.values()],
        )
    )


async def _corrected(stamp: Stamp, data: CorrectIn) -> dict[str, Any]:
    fields = data.fields.model_dump(exclude_unset=True)
    if fields.get("price_per", 0) is None:
        del fields["price_per"]
    if item := fields.pop("item", None):
        fields["item_id"] = (await references.find_items([item]))[item]
    if region := fields.pop("owner_region", None):
        fields["owner_region_id"] = (await references.find_regions([region]))[region]
    for name in ("maker", "owner_party"):
        if name in fields:
            key = fields.pop(name)
            fields[f"{name}_id"] = (await references.find_parties([key], stamp))[key] if key else None
    return fields


@post("/stock/reverse", opt={VERB: "stock.reverse"}, tags=TAGS, status_code=200)
async def reverse(stamp: Stamped, data: JSONBody[ReverseIn]) -> StockReceipt:
    """冲销: take back an attempt. 409 `stock.cannot-reverse` says what blocks it (`blocked_by`)."""
    stamp.require(Permission.REVERSE)
    return receipt(await actions.reverse(stamp=stamp, attempt=data.attempt, note=data.reason))


# --- held ---------------------------------------------------------------------------------------------


@post("/stock/reserve", opt={VERB: "stock.reserve"}, tags=TAGS, status_code=200)
async def reserve(stamp: Stamped, data: JSONBody[ReserveIn]) -> Reserved:
    """占用: hold usable goods. 409 `stock.not-enough`."""
    scope = stamp.require(Permission.RESERVE)
    places = await references.find_places([data.bin], scope)
    lots = await references.find_lots([data.lot], scope)
    done = await actions.reserve(
        stamp=stamp,
        lot_id=lots[data.lot].id,
        place_id=places[data.bin].id,
        quantity=data.quantity,
        expires_at=data.expires_at,
        priority=data.priority,
        document=references.document(data.document),
    )
    return Reserved(**{name: done[name] for name in Reserved.model_fields if name in done})


@post("/stock/release", opt={VERB: "stock.release"}, tags=TAGS, status_code=200)
async def release(stamp: Stamped, data: JSONBody[ReleaseIn]) -> Released:
    """Give held goods back. 409 `stock.reservation-over`."""
    stamp.require(Permission.RESERVE)
    done = await actions.release(stamp=stamp, reservation=data.reservation, note=data.note)
    return Released(**{name: done[name] for name in Released.model_fields if name in done})


# --- kits, pallets, care ------------------------------------------------------------------------------


@post("/stock/kits/make", opt={VERB: "stock.make-kit"}, tags=TAGS, status_code=200)
async def make_kit(stamp: Stamped, data: JSONBody[KitMakeIn]) -> StockReceipt:
    """Make stocked kits from exactly the parts they need. 409 `stock.kit-incomplete`."""
    scope = stamp.require(Permission.CORRECT)
    places = await references.find_places([data.bin], scope)
    parts = await _parts(data.parts, scope)
    kits = await references.find_items([data.kit])
    owners = await references.default_owners(places.values(), scope)
    region = await references.find_regions([data.owner_region] if data.owner_region else [])
    return receipt(
        await actions.make_kit(
            stamp=stamp,
            kit_item_id=kits[data.kit],
            count=data.count,
            place_id=places[data.bin].id,
            parts=parts,
            owner_region_id=region[data.owner_region] if data.owner_region else owners[places[data.bin].site_id],
        )
    )


@post("/stock/kits/break", opt={VERB: "stock.break-kit"}, tags=TAGS, status_code=200)
async def break_kit(stamp: Stamped, data: JSONBody[KitBreakIn]) -> StockReceipt:
    """Take stocked kits apart again."""
    scope = stamp.require(Permission.CORRECT)
    places = await references.find_places([data.bin], scope)
    lots = await references.find_lots([data.lot], scope)
    return receipt(
        await actions.break_kit(
            stamp=stamp,
            kit_lot_id=lots[data.lot].id,
            count=data.count,
            place_id=places[data.bin].id,
            parts=await _parts(data.parts, scope),
        )
    )


async def _parts(parts: Sequence[PartIn], scope: Scope) -> list[Part]:
    places = await references.find_places({part.bin for part in parts}, scope)
    lots = await references.find_lots({part.lot for part in parts}, scope)
    return [Part(lots[part.lot].id, part.quantity, places[part.bin].id) for part in parts]


@post("/pallets", opt={VERB: "stock.build-pallet"}, tags=TAGS)
async def build_pallet(stamp: Stamped, data: JSONBody[PalletNew]) -> PalletBuilt:
    """组托: goods that stand loose in a bin go on a new pallet. 409 `stock.not-loose`, `stock.sscc-taken`."""
    scope = stamp.require(Permission.PUT_AWAY)
    places = await references.find_places([data.bin], scope)
    lots = await references.find_lots({content.lot for content in data.contents}, scope)
    done = await actions.build_pallet(
        stamp=stamp,
        place_id=places[data.bin].id,
        contents=[Content(lots[one.lot].id, one.quantity, one.condition) for one in data.contents],
        sscc=data.sscc,
    )
    return PalletBuilt(pallet=done["pallet"], place=done["place"], repeat=done.get("repeat", False))


@post("/care", opt={VERB: "stock.care"}, tags=TAGS)
async def care(stamp: Stamped, data: JSONBody[CareIn]) -> CareRecorded:
    """维护保养: restacked, tested, engine run."""
    scope = stamp.require(Permission.CARE)
    site = await sites.get_by_code(data.site, scope)
    lots = await references.find_lots([data.lot], scope)
    serials = await references.find_serials([data.serial] if data.serial else [])
    done = await actions.care(
        stamp=stamp,
        lot_id=lots[data.lot].id,
        site_id=site.id,
        kind=data.kind,
        done_on=data.done_on,
        passed=data.passed,
        result=data.result,
        serial_id=references.optional(data.serial, serials),
    )
    return CareRecorded(**{name: done[name] for name in CareRecorded.model_fields if name in done})


# --- what stands where --------------------------------------------------------------------------------


def lot_out(lot: Lot) -> LotOut:
    """A lot's facts as JSON."""
    return LotOut(
        **{name: getattr(lot, name) for name in LotOut.model_fields if name != "item"},
        item=lot.item_name,
    )


def balance_out(row: BalanceRow) -> BalanceOut:
    """A balance as JSON."""
    return BalanceOut(
        lot=lot_out(row.lot),
        item_key=row.item_key,
        site=row.site_code,
        site_name=row.site_name,
        place=row.place_code,
        place_key=row.place_key,
        place_kind=row.place_kind,
        condition=row.condition,
        on_hand=row.on_hand,
        reserved=row.reserved,
        usable=row.usable,
        free=row.free,
    )


async def filter_of(
    scope: Scope,
    *,
    site: str | None,
    item: str | None,
    lot: str | None = None,
    place: str | None = None,
    condition: Condition | None = None,
    expiring_before: date | None = None,
    expired: bool | None = None,
    q: str | None = None,
) -> StockFilter:
    """What to show, by names. Raises Missing for names that are not there or out of scope."""
    return StockFilter(
        site_id=(await sites.get_by_code(site, scope)).id if site else None,
        place_id=(await references.find_places([place], scope))[place].id if place else None,
        item_id=(await references.find_items([item]))[item] if item else None,
        lot_id=(await references.find_lots([lot], scope))[lot].id if lot else None,
        condition=condition,
        expiring_before=expiring_before,
        expired=expired,
        q=q,
    )


@get("/stock/balances", opt={VERB: "stock.list"}, tags=TAGS)
async def list_balances(
    stamp: Stamped,
    site: Code = None,
    item: Code = None,
    lot: Code = None,
    place: BinCode = None,
    condition: FromQuery[Condition | None] = None,
    expiring_before: FromQuery[date | None] = None,
    expired: FromQuery[bool | None] = None,
    q: Sought = None,
    sort: FromQuery[Sort] = Sort.EXPIRY,
    cursor: Cursor = None,
    limit: Limit = None,
) -> BalancesPage:
    """What stands where, in my scope or owned by it: lot, place and condition."""
    scope = stamp.require(Permission.STOCK_READ)
    wanted = await filter_of(
        scope,
        site=site,
        item=item,
        lot=lot,
        place=place,
        condition=condition,
        expiring_before=expiring_before,
        expired=expired,
        q=q,
    )
    veil = await veil_of(stamp.person_id)
    page = await queries.list_balances(
        scope=scope,
        on=day_of(stamp.recorded_at),
        wanted=wanted,
        sort=unranked(sort, veil),
        cursor=cursor,
        limit=limit,
    )
    rows = veil.over(page.items)
    return BalancesPage(items=[balance_out(row) for row in rows], next_cursor=page.next_cursor)


@get("/stock/summary", opt={VERB: "stock.summary"}, tags=TAGS)
async def summary(stamp: Stamped, item: Code = None, cursor: Cursor = None, limit: Limit = None) -> SummaryPage:
    """Per item and site: on hand, usable, free, the earliest expiry, and how old the figures are. No lots."""
    page = await queries.summary(
        scope=stamp.require(Permission.SUMMARY_READ),
        on=day_of(stamp.recorded_at),
        item_id=(await references.find_items([item]))[item] if item else None,
        cursor=cursor,
        limit=limit,
    )
    rows = [
        SummaryOut(
            item=row.item_key,
            item_name=row.item,
            unit=row.unit,
            unit_factor=row.unit_factor,
            site=row.site_code,
            site_name=row.site_name,
            on_hand=row.on_hand,
            usable=row.usable,
            free=row.free,
            first_expiry=row.first_expiry,
            posted_at=row.posted_at,
        )
        for row in (await veil_of(stamp.person_id)).over(page.items)
    ]
    return SummaryPage(items=rows, next_cursor=page.next_cursor)


HANDLERS: list[Any] = [
    receive,
    return_goods,
    put_away,
    move,
    inspect,
    issue,
    dispose,
    use_up_in_test,
    send_back,
    lend,
    loan_return,
    correct,
    reverse,
    reserve,
    release,
    make_kit,
    break_kit,
    build_pallet,
    care,
    list_balances,
    summary,
]
