"""Lots, numbered pieces and pallets as cards; the ledger's moves; the books of any past second; what is held."""

from collections.abc import Sequence
from datetime import date, datetime
from typing import Annotated, Any
from uuid import UUID

from litestar import get
from litestar.params import FromQuery, PathParameter

from api.auth.edge import VERB
from api.auth.stamps import Stamped
from api.rest import references
from api.rest.sessions import Cursor, Limit
from api.rest.stock import BinCode, Code, Sought, balance_out, filter_of, lot_out
from api.schemas.lots import CareOut, LotCard, LotEntryOut, LotsPage, PalletLineOut, PalletOut, SerialCard
from api.schemas.stock import (
    AsOfAnswer,
    AsOfOut,
    MoveLegOut,
    MoveOut,
    MovesPage,
    ReservationOut,
    ReservationsPage,
    ReservationState,
    StatementAnswer,
    StatementOut,
)
from catalog.kernel.access import Permission, Scope
from catalog.kernel.errors import Missing
from catalog.kernel.page import Page
from catalog.kernel.stamp import Stamp
from catalog.kernel.time import day_of
from warehouse.counts.model import Veil
from warehouse.counts.queries import unranked, veil_of
from warehouse.parties import queries as parties
from warehouse.sites import queries as sites
from warehouse.stock import queries
from warehouse.stock.model import Condition, Lot, Reason
from warehouse.stock.queries import (
    AsOfFilter,
    By,
    Leg,
    LotEntry,
    MoveFilter,
    MoveRow,
    Sort,
    StatementRow,
    StockFilter,
    held,
)
from warehouse.stock.queries.held import CareEvent

InPath = Annotated[str, PathParameter(max_length=40)]
TAGS = ["lots"]


# --- lots ---------------------------------------------------------------------------------------------


@get("/lots", opt={VERB: "lot.list"}, tags=TAGS)
async def list_lots(
    stamp: Stamped,
    site: Code = None,
    item: Code = None,
    place: BinCode = None,
    condition: FromQuery[Condition | None] = None,
    expiring_before: FromQuery[date | None] = None,
    expired: FromQuery[bool | None] = None,
    q: Sought = None,
    sort: FromQuery[Sort] = Sort.EXPIRY,
    cursor: Cursor = None,
    limit: Limit = None,
) -> LotsPage:
    """Lots that have goods in my sight, each with what is seen of it."""
    scope = stamp.require(Permission.STOCK_READ)
    wanted = await filter_of(
        scope,
        site=site,
        item=item,
        place=place,
        condition=condition,
        expiring_before=expiring_before,
        expired=expired,
        q=q,
    )
    veil = await veil_of(stamp.person_id)
    page = await queries.list_lots(
        scope=scope,
        on=day_of(stamp.recorded_at),
        wanted=wanted,
        sort=unranked(sort, veil),
        cursor=cursor,
        limit=limit,
    )
    return LotsPage(items=[LotEntryOut(**_entry(one)) for one in veil.over(page.items)], next_cursor=page.next_cursor)


def _entry(entry: LotEntry) -> dict[str, Any]:
    plain = {name: getattr(entry, name) for name in LotEntryOut.model_fields if name not in ("lot", "sites")}
    return plain | {"lot": lot_out(entry.lot), "sites": list(entry.sites)}


async def _seen(number: str, stamp: Stamp, scope: Scope) -> LotEntry:
    """A lot by number, if anything of it was ever in sight."""
    lot = (await queries.find_lots(numbers=[number])).get(number)
    on = day_of(stamp.recorded_at)
    entry = await queries.get_entry(lot_id=lot.id, scope=scope, on=on) if lot else None
    if entry is None:
        raise Missing("stock.no-such-lot", "没有这个批次，或不在您的管辖范围内", lot=number)
    return entry


@get("/lots/{lot:str}", opt={VERB: "lot.read"}, tags=TAGS)
async def get_lot(stamp: Stamped, lot: InPath) -> LotCard:
    """One lot: its facts, where it stands in my sight, its care."""
    scope = stamp.require(Permission.STOCK_READ)
    entry = await _seen(lot, stamp, scope)
    standing = await queries.list_balances(
        scope=scope, on=day_of(stamp.recorded_at), wanted=StockFilter(lot_id=entry.lot.id), limit=500
    )
    makers = await parties.find_names([entry.lot.maker_id]) if entry.lot.maker_id else {}
    maker = makers.get(entry.lot.maker_id or 0)
    veil = await veil_of(stamp.person_id)
    return LotCard(
        **_entry(veil.over([entry])[0]),
        maker=maker.key if maker else None,
        maker_name=maker.name_zh if maker else None,
        parent=await _number_of(entry.lot.parent_id),
        balances=[balance_out(row) for row in veil.over(standing.items)],
        care=_care(await held.list_care_events(scope=scope, lot_id=entry.lot.id)),
    )


async def _number_of(lot_id: int | None) -> str | None:
    parent: Lot | None = (await queries.get_lots(ids=[lot_id])).get(lot_id) if lot_id is not None else None
    return parent.number if parent else None


def _care(events: Sequence[CareEvent]) -> list[CareOut]:
    return [
        CareOut(
            serial=event.serial,
            site=event.site_code,
            kind=event.kind,
            done_on=event.done_on,
            passed=event.passed,
            result=event.result,
            login=event.login,
            recorded_at=event.recorded_at,
        )
        for event in events
    ]


@get("/lots/{lot:str}/moves", opt={VERB: "lot.moves"}, tags=TAGS)
async def list_lot_moves(stamp: Stamped, lot: InPath, cursor: Cursor = None, limit: Limit = None) -> MovesPage:
    """The history of a lot in my sight, the newest first."""
    scope = stamp.require(Permission.STOCK_READ)
    entry = await _seen(lot, stamp, scope)
    wanted = MoveFilter(lot_id=entry.lot.id)
    page = await queries.list_moves(scope=scope, wanted=wanted, cursor=cursor, limit=limit)
    return _moves(page, await veil_of(stamp.person_id))


# --- pieces and pallets -------------------------------------------------------------------------------


@get("/serials/{serial:str}", opt={VERB: "serial.read"}, tags=TAGS)
async def get_serial(stamp: Stamped, serial: InPath) -> SerialCard:
    """One numbered piece: where it is, its lot, its care. Its history: /moves?serial=…"""
    scope = stamp.require(Permission.STOCK_READ)
    found = await held.get_serial(serial, scope)
    spots = await queries.get_spots([found.place_id]) if found.place_id is not None else {}
    spot = spots.get(found.place_id or 0)
    return SerialCard(
        number=found.number,
        maker_serial=found.maker_serial,
        lot=lot_out(found.lot),
        place=spot.code if spot else None,
        place_key=spot.key if spot else None,
        place_kind=spot.kind if spot else None,
        site=spot.site_code or None if spot else None,
        condition=found.condition,
        care=_care(await held.list_care_events(scope=scope, lot_id=found.lot.id, serial_id=found.serial_id)),
    )


@get("/pallets/{pallet:str}", opt={VERB: "pallet.read"}, tags=TAGS)
async def get_pallet(stamp: Stamped, pallet: InPath) -> PalletOut:
    """A pallet, where it stands and what lies on it."""
    card = await held.get_pallet(pallet, stamp.require(Permission.STOCK_READ))
    veil = await veil_of(stamp.person_id)
    return PalletOut(
        id=card.uuid,
        number=card.number,
        sscc=card.sscc,
        status=card.status,
        void_reason=card.void_reason,
        created_at=card.created_at,
        site=card.site_code,
        place=card.place_code,
        place_key=card.place_key,
        lines=[
            PalletLineOut(
                lot=line.lot,
                item=line.item_key,
                item_name=line.item,
                unit=line.unit,
                unit_factor=line.unit_factor,
                expires_on=line.expires_on,
                condition=line.condition,
                quantity=line.quantity,
            )
            for line in veil.over(card.lines)
        ],
    )


# --- the ledger ---------------------------------------------------------------------------------------


@get("/moves", opt={VERB: "move.list"}, tags=TAGS)
async def list_moves(
    stamp: Stamped,
    lot: Code = None,
    site: Code = None,
    item: Code = None,
    place: BinCode = None,
    serial: Code = None,
    document: FromQuery[UUID | None] = None,
    attempt: FromQuery[UUID | None] = None,
    reason: FromQuery[Reason | None] = None,
    since: FromQuery[datetime | None] = None,
    until: FromQuery[datetime | None] = None,
    cursor: Cursor = None,
    limit: Limit = None,
) -> MovesPage:
    """Rows of the ledger in my sight, the newest first, recorded from `since` to before `until`."""
    scope = stamp.require(Permission.STOCK_READ)
    wanted = MoveFilter(
        lot_id=(await _seen(lot, stamp, scope)).lot.id if lot else None,
        site_id=(await sites.get_by_code(site, scope)).id if site else None,
        item_id=(await references.find_items([item]))[item] if item else None,
        place_id=(await references.find_places([place], scope))[place].id if place else None,
        serial_id=(await held.get_serial(serial, scope)).serial_id if serial else None,
        document_id=document,
        attempt=attempt,
        reason=reason,
        since=references.aware(since),
        until=references.aware(until),
    )
    page = await queries.list_moves(scope=scope, wanted=wanted, cursor=cursor, limit=limit)
    return _moves(page, await veil_of(stamp.person_id))


def _leg(leg: Leg) -> MoveLegOut:
    return MoveLegOut(place=leg.code, key=leg.key, kind=leg.kind, site=leg.site_code, condition=leg.condition)


_SAME = [
    "seq",
    "id",
    "attempt",
    "lot",
    "unit",
    "unit_factor",
    "quantity",
    "reason",
    "note",
    "document_line",
    "login",
    "occurred_at",
    "recorded_at",
    "device_time",
    "booked_on",
    "case",
    "reverses",
    "reversed_by",
]
"""What a move says as it is."""


def _moves(page: Page[MoveRow], veil: Veil) -> MovesPage:
    return MovesPage(
        items=[
            MoveOut(
                **{name: getattr(row, name) for name in _SAME},
                item=row.item_key,
                item_name=row.item,
                **{"from": _leg(row.source), "to": _leg(row.target)},
                document_kind=row.document.kind if row.document else None,
                document_id=row.document.id if row.document else None,
                fact=row.is_fact,
                serials=list(row.serials),
            )
            for row in veil.over(page.items)
        ],
        next_cursor=page.next_cursor,
    )


@get("/stock/as-of", opt={VERB: "stock.as-of"}, tags=["stock"])
async def as_of(
    stamp: Stamped,
    at: FromQuery[datetime],
    known_at: FromQuery[datetime | None] = None,
    site: Code = None,
    item: Code = None,
    lot: Code = None,
    place: BinCode = None,
) -> AsOfAnswer:
    """Balances as they stood at `at`, as far as was known at `known_at` (at the latest some seconds ago)."""
    scope = stamp.require(Permission.STOCK_READ)
    references.aware(at)
    latest = queries.settled(stamp.recorded_at)
    known = latest if known_at is None else min(references.aware(known_at) or latest, latest)
    wanted = AsOfFilter(
        site_id=(await sites.get_by_code(site, scope)).id if site else None,
        item_id=(await references.find_items([item]))[item] if item else None,
        lot_id=(await _seen(lot, stamp, scope)).lot.id if lot else None,
        place_id=(await references.find_places([place], scope))[place].id if place else None,
    )
    found = await queries.as_of(at=at, known_at=known, scope=scope, wanted=wanted)
    rows = (await veil_of(stamp.person_id)).over(found)
    return AsOfAnswer(
        at=at,
        known_at=known,
        items=[
            AsOfOut(
                lot=row.lot,
                item=row.item_key,
                item_name=row.item,
                unit=row.unit,
                unit_factor=row.unit_factor,
                expires_on=row.expires_on,
                site=row.site_code,
                place=row.place_code,
                condition=row.condition,
                on_hand=row.on_hand,
            )
            for row in rows
        ],
    )


@get("/stock/statement", opt={VERB: "stock.statement"}, tags=["stock"])
async def statement(
    stamp: Stamped, month: FromQuery[date], by: FromQuery[By] = By.ITEM, site: Code = None, item: Code = None
) -> StatementAnswer:
    """收发存 of the month of a day, by booked day: opening + came - went = closing, by item, lot or site."""
    scope = stamp.require(Permission.STOCK_READ)
    references.thinkable(month)
    found = await queries.statement(
        month=month,
        scope=scope,
        by=by,
        site_id=(await sites.get_by_code(site, scope)).id if site else None,
        item_id=(await references.find_items([item]))[item] if item else None,
    )
    rows = (await veil_of(stamp.person_id)).over(found)
    return StatementAnswer(
        month=month.replace(day=1),
        items=[shown_statement(row) for row in rows],
    )


def shown_statement(row: StatementRow) -> StatementOut:
    """A line of 收发存 as JSON."""
    return StatementOut(
        item=row.item_key,
        item_name=row.item,
        unit=row.unit,
        unit_factor=row.unit_factor,
        lot=row.lot,
        site=row.site_code,
        opening=row.opening,
        came=row.came,
        went=row.went,
        closing=row.closing,
        ins=dict(row.ins or {}),
        outs=dict(row.outs or {}),
    )


@get("/reservations", opt={VERB: "reservation.list"}, tags=["stock"])
async def list_reservations(
    stamp: Stamped,
    status: FromQuery[ReservationState] = "held",
    site: Code = None,
    lot: Code = None,
    document: FromQuery[UUID | None] = None,
    cursor: Cursor = None,
    limit: Limit = None,
) -> ReservationsPage:
    """Goods promised and not yet gone (or, by `status`, how that ended), the newest first."""
    scope = stamp.require(Permission.STOCK_READ)
    page = await held.list_reservations(
        scope=scope,
        state=status,
        site_id=(await sites.get_by_code(site, scope)).id if site else None,
        lot_id=(await _seen(lot, stamp, scope)).lot.id if lot else None,
        document_id=document,
        cursor=cursor,
        limit=limit,
    )
    same = [name for name in ReservationOut.model_fields if name not in ("item", "item_name", "site", "place")]
    items = [
        ReservationOut(
            **{name: getattr(row, name) for name in same},
            item=row.item_key,
            item_name=row.item,
            site=row.site_code,
            place=row.place_code,
        )
        for row in (await veil_of(stamp.person_id)).over(page.items)
    ]
    return ReservationsPage(items=items, next_cursor=page.next_cursor)


HANDLERS: list[Any] = [
    list_lots,
    get_lot,
    list_lot_moves,
    get_serial,
    get_pallet,
    list_moves,
    as_of,
    statement,
    list_reservations,
]
