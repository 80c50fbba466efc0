"""Reads of proposals, and of everything from which they are made: needs, packs, suppliers, money."""

import json
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from types import MappingProxyType
from typing import Any
from uuid import UUID

from catalog.kernel import db
from catalog.kernel.access import Scope
from catalog.kernel.errors import Missing
from catalog.kernel.page import Page, checked_limit, read_cursor, write_cursor
from catalog.kernel.time import day_of
from warehouse.fulfilment import queries as fulfilment
from warehouse.planning.proposals import rules
from warehouse.planning.proposals.model import Cause, Fund, Need, PackSize, Proposal, Spare, Status, Supply
from warehouse.provision import queries as provision
from warehouse.provision.model import Cell, Coming, Holder, Line, Question, Source
from warehouse.replenishment import queries as replenishment
from warehouse.replenishment.model import ExpectedFrom, Offer, OnOrder
from warehouse.replenishment.rules.deliveries import checked_seq
from warehouse.rotation import queries as rotation
from warehouse.rotation.model import Option

_SELECT = """
SELECT p.id, p.seq, p.key, p.part, p.cause, p.status, p.owner_region_id, r.key, r.name_zh, r.path, p.item_id, i.key,
    i.name_zh, i.unit_zh, i.unit_factor, p.site_id, s.code, s.name_zh, p.quantity, p.pack_id, k.name_zh, k.factor,
    p.supplier_id, f.key, f.name_zh, p.fund_source, p.price_fen, p.price_per, p.amount_fen, p.expected_on, p.why,
    p.order_id, o.number, p.reason, p.until, p.created_at, p.version
FROM proposal p JOIN region r ON r.id = p.owner_region_id JOIN item i ON i.id = p.item_id
LEFT JOIN site s ON s.id = p.site_id LEFT JOIN pack k ON k.id = p.pack_id LEFT JOIN party f ON f.id = p.supplier_id
LEFT JOIN supply_order o ON o.id = p.order_id
"""

_AHEAD = timedelta(days=550)
"""A year's plan may be decided in the year before."""


def _proposal(row: Any) -> Proposal:
    values = list(row)
    values[4], values[5] = Cause(values[4]), Status(values[5])
    values[30] = rules.thaw(json.loads(values[30]))
    return Proposal(*values)


async def list_proposals(
    *,
    scope: Scope,
    status: Status | None = Status.OPEN,
    region_path: str | None = None,
    supplier_id: int | None = None,
    text: str | None = None,
    cursor: str | None = None,
    limit: int | None = None,
) -> Page[Proposal]:
    """Proposals for owners in scope, the newest first. `text` is part of a name or key of goods, owner or supplier."""
    size = checked_limit(limit)
    rows = await db.fetch(
        _SELECT + "WHERE r.path LIKE ANY($1::text[]) AND ($2::text IS NULL OR p.status = $2)"
        " AND ($3::text IS NULL OR r.path LIKE $3) AND ($4::bigint IS NULL OR p.supplier_id = $4)"
        " AND ($5::text IS NULL OR strpos(upper(concat_ws(' ', i.key, i.name_zh, r.name_zh, f.name_zh)), upper($5))"
        "  > 0)"
        " AND ($6::bigint IS NULL OR p.seq < $6) ORDER BY p.seq DESC LIMIT $7",
        scope.prefixes,
        status.value if status else None,
        region_path + "%" if region_path else None,
        supplier_id,
        text or None,
        checked_seq(read_cursor(cursor, 1)),
        size + 1,
    )
    shown = [_proposal(row) for row in rows[:size]]
    return Page(shown, write_cursor(shown[-1].seq) if len(rows) > size else None)


async def get_proposal(proposal_id: UUID, scope: Scope) -> Proposal:
    """A proposal for an owner in scope. Raises Missing."""
    found = (await find_proposals([proposal_id])).get(proposal_id)
    if found is None or not scope.covers(found.owner_path):
        raise Missing("proposal.missing", "没有这条补充建议，或不在您的管辖范围内")
    return found


async def find_proposals(ids: Collection[UUID]) -> dict[UUID, Proposal]:
    """Proposals by id; unknown ones are left out. Not scoped."""
    rows = await db.fetch(_SELECT + "WHERE p.id = ANY($1::uuid[])", list(ids))
    return {row[0]: _proposal(row) for row in rows}


async def open_under(path: str) -> list[Proposal]:
    """The open proposals for owners at and below a region."""
    rows = await db.fetch(_SELECT + "WHERE p.status = 'open' AND r.path LIKE $1 ORDER BY p.seq", path + "%")
    return [_proposal(row) for row in rows]


async def asleep(today: date) -> set[str]:
    """Keys that somebody dismissed until today or later."""
    rows = await db.fetch("SELECT DISTINCT key FROM proposal WHERE status = 'dismissed' AND until >= $1", today)
    return {row[0] for row in rows}


# --- what proposals are made from -------------------------------------------------------------------------


async def needs(path: str, now: datetime) -> list[Need]:
    """What regions at and below `path` should own, and what there is and comes: provision's cells, one for each norm,
    and another one with what decided rotation takes out of it, where it takes something; and what incidents used.

    Orders that are not issued yet count as planned; a loan as due back, and so what a supplier brings in a swap; a
    promise as nothing. A replacement that a rotation plan foresees is no order: it is what is proposed here.
    """
    expected = await replenishment.on_order(planned=True)
    planned = [one for one in expected if one.source is ExpectedFrom.PLANNED]
    coming = [
        Coming(Source.ORDER, one.quantity, one.item_id, None, one.owner_region_id, one.site_id, one.expected_on)
        for one in planned
    ]
    question = Question(path, day_of(now))
    table = await provision.prepare(question, scope=Scope((path,)), now=now, coming=coming)
    drafted: dict[tuple[int, int], int] = {}
    for one in planned:
        key = (one.owner_region_id, one.item_id)
        drafted[key] = drafted.get(key, 0) + one.quantity
    cells = [cell async for part in provision.all_cells(table) for cell in part if _level(cell) is not None]
    lines = {(line.group, line.key): line for line in table.lines}
    groups = {subject.region_id: group for group, subject in table.places}
    offers = await replenishment.last_offers({one.item_id for line in table.lines for one in line.members})
    homes = await _homes({cell.region_id for cell in cells})
    turning = await _turning(path, question.day, {cell.region_id for cell in cells})
    found: list[Need] = []
    for cell in cells:
        line = lines[groups[cell.region_id], cell.goods_key]
        of = {one.item_id: turning[cell.region_id, one.item_id] for one in line.members
              if (cell.region_id, one.item_id) in turning}  # fmt: skip
        need = _need(cell, line, offers, table.prices, drafted, homes, of)
        if need is not None:
            found.append(need)
            if need.leaving:
                found[-1] = replace(need, leaving=0)
                plan = min(one.plan for one in of.values() if one.leaving)
                found.append(replace(need, cause=Cause.ROTATION, reference=plan))
    return [*found, *await _stores_needs(path, now, planned), *await _owed(path, expected)]


async def _stores_needs(path: str, now: datetime, planned: Sequence[OnOrder]) -> list[Need]:
    """What stores at and below `path` must hold by norms of their own, and what stands and comes there. The owner is
    whoever's goods a store keeps: the region that it stands for, else the one that runs it."""
    coming = [
        Coming(Source.ORDER, one.quantity, one.item_id, None, one.owner_region_id, one.site_id, one.expected_on)
        for one in planned
    ]
    question = Question(path, day_of(now), Holder.SITE)
    table = await provision.prepare(question, scope=Scope((path,)), now=now, coming=coming)
    drafted: dict[tuple[int, int], int] = {}
    for one in planned:
        drafted[one.site_id, one.item_id] = drafted.get((one.site_id, one.item_id), 0) + one.quantity
    cells = [cell async for part in provision.all_cells(table) for cell in part if _level(cell) is not None]
    lines = {(line.group, line.key): line for line in table.lines}
    groups = {subject.site_id: group for group, subject in table.places}
    offers = await replenishment.last_offers({one.item_id for line in table.lines for one in line.members})
    owners = await _owners({cell.site_id for cell in cells if cell.site_id is not None}, path)
    on_way = await fulfilment.on_way_to(owners)
    found: list[Need] = []
    for cell in cells:
        if cell.site_id is None or cell.site_id not in owners:
            continue
        line = lines[groups[cell.site_id], cell.goods_key]
        held = {(cell.region_id, item): count for (site, item), count in drafted.items() if site == cell.site_id}
        need = _need(cell, line, offers, table.prices, held, {cell.region_id: cell.site_id}, {}, on_way[cell.site_id])
        if need is not None:
            members = tuple(one.item_id for one in line.members) if len(line.members) > 1 else ()
            owner = owners[cell.site_id]
            found.append(replace(need, cause=Cause.SITE, owner_region_id=owner, members=members))
    return found


async def _owners(site_ids: Collection[int], path: str) -> dict[int, int]:
    """Whose goods live stores keep, where that is a region at or below `path`."""
    rows = await db.fetch(
        "SELECT s.id, r.id FROM site s JOIN region r ON r.id = coalesce(s.custody_for_id, s.region_id)"
        " WHERE s.id = ANY($1::bigint[]) AND s.live AND s.retired_at IS NULL AND r.path LIKE $2 || '%'",
        list(site_ids),
        path,
    )
    return {row[0]: row[1] for row in rows}


async def spares_of(path: str, wanted: Sequence[Need], today: date) -> dict[tuple[int, int], list[Spare]]:
    """By owner and item what stands good and unreserved in live stores at and below `path`, beyond what each of them
    must hold by its own norm. Only of what some store lacks."""
    short = {(one.owner_region_id, one.item_id) for one in wanted if one.store_id is not None and one.missing}
    own: dict[tuple[int, int], int] = {}
    # What counts for a class that a store must hold is not given away: how far it may go no single item says.
    kept = {(one.store_id, item) for one in wanted if one.store_id is not None for item in one.members}
    for one in wanted:
        if one.store_id is not None:
            spare = one.usable - max(one.level, one.trigger)
            own[one.store_id, one.item_id] = min(own.get((one.store_id, one.item_id), spare), spare)
    rows = await db.fetch(
        "SELECT l.owner_region_id, b.item_id, s.id, s.code, sum(b.on_hand - b.reserved)::bigint FROM balance b"
        " JOIN lot l ON l.id = b.lot_id JOIN place p ON p.id = b.place_id JOIN site s ON s.id = b.site_id"
        " WHERE b.item_id = ANY($1::bigint[]) AND l.owner_region_id = ANY($2::bigint[]) AND b.condition = 'good'"
        " AND p.kind IN ('bin', 'staging') AND s.live AND s.retired_at IS NULL AND s.path LIKE $3 || '%'"
        " AND (l.expires_on IS NULL OR l.expires_on >= $4) GROUP BY 1, 2, 3, 4 ORDER BY 4",
        sorted({item for _, item in short}),
        sorted({owner for owner, _ in short}),
        path,
        today,
    )
    found: dict[tuple[int, int], list[Spare]] = {}
    for owner, item, site_id, code, free in map(tuple, rows):
        quantity = min(free, own.get((site_id, item), free))
        if (owner, item) in short and quantity > 0 and (site_id, item) not in kept:
            found.setdefault((owner, item), []).append(Spare(site_id, code, quantity))
    return found


async def _owed(path: str, expected: Sequence[OnOrder]) -> list[Need]:
    """What incidents used and somebody must make good, less what has come since; a norm or none."""
    owed = await fulfilment.owed_under(path)
    homes = await _homes({one.region_id for one in owed})
    found = []
    for one in owed:
        here = [each for each in expected if (each.owner_region_id, each.item_id) == (one.region_id, one.item_id)]
        in_plan = sum(each.quantity for each in here if each.source is ExpectedFrom.PLANNED)
        found.append(
            Need(
                cause=Cause.INCIDENT,
                reference=one.incident,
                owner_region_id=one.region_id,
                item_id=one.item_id,
                level=one.quantity,
                trigger=one.quantity,
                usable=one.came,
                on_order=sum(each.quantity for each in here) - in_plan,
                planned=in_plan,
                site_id=homes.get(one.region_id),
            )
        )
    return found


@dataclass(frozen=True, slots=True)
class _Turning:
    """What rotation does with an owner's goods: takes out usable ones, and has a supplier bring as many or fewer."""

    leaving: int = 0
    swapped: int = 0
    plan: str = ""


async def _turning(path: str, today: date, region_ids: Collection[int]) -> dict[tuple[int, int], _Turning]:
    """By owner and item, of lines that are decided and not settled, up to a year and a half ahead."""
    flows = await rotation.planned(scope=Scope((path,)), until=today + _AHEAD, region_ids=region_ids)
    lines = await rotation.find_lines({one.line_id for one in flows})
    found: dict[tuple[int, int], _Turning] = {}
    for flow in flows:
        line, key = lines[flow.line_id], (flow.region_id, flow.item_id)
        so_far = found.get(key, _Turning())
        if flow.quantity < 0:
            plan = min(so_far.plan or line.plan, line.plan)
            found[key] = replace(so_far, leaving=so_far.leaving - flow.quantity, plan=plan)
        elif line.option is Option.SWAP:
            found[key] = replace(so_far, swapped=so_far.swapped + flow.quantity)
    return found


def _level(cell: Cell) -> int | None:
    return cell.target if cell.target is not None else cell.need


def _need(
    cell: Cell,
    line: Line,
    offers: Mapping[int, Offer],
    prices: Mapping[int, tuple[int, int]],
    drafted: Mapping[tuple[int, int], int],
    homes: Mapping[int, int],
    turning: Mapping[int, _Turning],
    on_way: Mapping[int, int] = MappingProxyType({}),
) -> Need | None:
    """The need behind a cell, in base units of the item that would fill it; None for a class without such an item.
    `on_way`: what vehicles bring that the cell does not know of, by item."""
    member = rules.filler(line.members, offers, prices)
    level = _level(cell)
    if member is None or level is None:
        return None
    trigger = next(one for one in (cell.reorder, cell.minimum, level) if one is not None)
    figures = cell.figures
    in_plan = drafted.get((cell.region_id, member.item_id), 0)

    def base(amount: int, *, up: bool = False) -> int:
        return -(-amount * member.base // member.worth) if up else amount * member.base // member.worth

    counts = {one.item_id: one for one in line.members}

    def counted(amounts: Iterable[tuple[int, int]]) -> int:
        return sum(amount * counts[item].worth // counts[item].base for item, amount in amounts)

    return Need(
        cause=Cause.GAP,
        reference=cell.goods_key,
        owner_region_id=cell.region_id,
        item_id=member.item_id,
        level=base(level, up=True),
        trigger=base(trigger, up=True),
        usable=base(figures.usable),
        on_order=max(base(figures.on_order) - in_plan, 0),
        planned=in_plan,
        in_transit=base(figures.in_transit + counted((item, on_way.get(item, 0)) for item in counts)),
        due_back=base(figures.lent + counted((item, one.swapped) for item, one in turning.items())),
        leaving=base(counted((item, one.leaving) for item, one in turning.items()), up=True),
        site_id=homes.get(cell.region_id),
    )


async def _homes(region_ids: Collection[int]) -> dict[int, int]:
    """Where goods of a region are delivered by default: its own live store, else one that keeps goods for it."""
    rows = await db.fetch(
        "SELECT r.id, s.id FROM unnest($1::bigint[]) r (id) JOIN LATERAL (SELECT s.id FROM site s WHERE s.live"
        " AND s.retired_at IS NULL AND (s.region_id = r.id OR s.custody_for_id = r.id)"
        " ORDER BY (s.custody_for_id IS NOT DISTINCT FROM r.id) DESC, s.custody_for_id IS NULL DESC, s.kind <> 'store',"
        " s.code LIMIT 1) s ON true",
        list(region_ids),
    )
    return {row[0]: row[1] for row in rows}


async def packs_of(item_ids: Collection[int]) -> dict[int, PackSize]:
    """The default pack of each item."""
    rows = await db.fetch(
        "SELECT DISTINCT ON (item_id) item_id, id, name_zh, factor FROM pack WHERE item_id = ANY($1::bigint[])"
        " AND retired_at IS NULL AND is_default ORDER BY item_id, factor DESC",
        list(item_ids),
    )
    return {row[0]: PackSize(row[1], row[2], row[3]) for row in rows}


async def supplies_of(item_ids: Collection[int]) -> dict[int, list[Supply]]:
    """Who last sold each item to the house; for others nobody, at the catalogue's reference price."""
    offers = await replenishment.last_offers(item_ids)
    rows = await db.fetch(
        "SELECT id, price_fen, price_per FROM item WHERE id = ANY($1::bigint[])",
        [one for one in item_ids if one not in offers],
    )
    found = {row[0]: [Supply(None, row[1], row[2])] for row in rows}
    for item_id, one in offers.items():
        found[item_id] = [Supply(one.supplier_id, one.price_fen, one.price_per, one.lead_days)]
    return found


async def funds_of(region_ids: Collection[int], today: date) -> dict[int, list[Fund]]:
    """What is left of this year's budgets of each owner once what waits for approval is approved, the largest first."""
    listed = await replenishment.list_budgets(scope=Scope(("/",)), today=today, year=today.year, region_ids=region_ids)
    found: dict[int, list[Fund]] = {}
    for one in listed:
        found.setdefault(one.region_id, []).append(Fund(one.fund_source, one.left_fen - one.figures.planned_fen))
    return {owner: sorted(of, key=lambda fund: (-fund.left_fen, fund.fund_source)) for owner, of in found.items()}


def names_of(proposals: Sequence[Proposal]) -> list[str]:
    """What proposals are called in a refusal."""
    return [f"{one.owner_name} {one.item}" for one in proposals]
