"""Writes of orders: lock the order, decide, write. Approving locks the budget as well, so that rivals for the same
money queue there; issuing takes the number and makes the deliveries, all of it in one transaction."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict
from datetime import date
from typing import Any
from uuid import UUID, uuid5

from catalog.items import queries as items
from catalog.kernel import attempts, audit, db, feed, history
from catalog.kernel.access import EVERYWHERE, Permission
from catalog.kernel.attempts import Receipt
from catalog.kernel.errors import Invalid, Missing, Refused, Stale
from catalog.kernel.parameters import whole
from catalog.kernel.stamp import Stamp
from catalog.kernel.time import day_of
from catalog.packs import queries as packs
from catalog.regions import queries as regions
from warehouse.parties import queries as parties
from warehouse.replenishment.actions.deliveries import withdraw_delivery, write_delivery
from warehouse.replenishment.model.deliveries import DeliveryFacts, DeliveryKind
from warehouse.replenishment.model.orders import (
    ORDER_DOCUMENT,
    SECOND_APPROVAL_ABOVE,
    NewOrderLine,
    Order,
    OrderFacts,
    OrderKind,
    OrderLine,
    OrderStatus,
)
from warehouse.replenishment.queries import budgets
from warehouse.replenishment.queries import orders as queries
from warehouse.replenishment.rules import orders as rules
from warehouse.replenishment.workflow.orders import ORDER, OrderStanding
from warehouse.sites import queries as sites
from warehouse.stock import actions as stock

_OPEN_DELIVERIES = frozenset({"draft", "announced", "receiving"})


async def create_order(
    *, stamp: Stamp, facts: OrderFacts, lines: Sequence[NewOrderLine], submit: bool = False
) -> Receipt:
    """A new order, as a draft or submitted at once. The receipt has its id.

    Needs order.edit at the owner's region, and the site in sight. Raises Missing, Invalid, Refused.
    """

    async def work() -> Receipt:
        order_id = uuid5(stamp.attempt, "order")
        await write_order(stamp, order_id, facts, lines)
        if submit:
            before, target = await _taken(stamp, order_id, "submit", None)
            return await _changed(stamp, "submit", before, target)
        return {"verb": "create", "order": str(order_id), "number": None, "status": "draft", "version": 1}

    return await attempts.once(stamp, "order.create", work)


async def write_order(stamp: Stamp, order_id: UUID, facts: OrderFacts, lines: Sequence[NewOrderLine]) -> None:
    """Write a draft inside the caller's transaction; for proposals, which write several under one attempt."""
    await _check(stamp, facts, lines)
    await db.execute(
        "INSERT INTO supply_order (id, kind, status, owner_region_id, site_id, budget_year, supplier_id, fund_source,"
        " contract, reason, note, authors, created_at, created_by, attempt)"
        " VALUES ($1, $2, 'draft', $3, $4, $5, $6, $7, $8, $9, $10, ARRAY[$11::text], $12, $11, $13)",
        order_id,
        *_head(facts),
        stamp.login,
        stamp.recorded_at,
        uuid5(order_id, "attempt"),
    )
    await _write_lines(order_id, lines)
    after = {**asdict(facts), "lines": len(lines), "status": "draft"}
    await _note(stamp, "create", order_id, None, after)


async def edit_order(
    *,
    stamp: Stamp,
    order_id: UUID,
    version: int,
    facts: OrderFacts | None = None,
    lines: Sequence[NewOrderLine] | None = None,
) -> Receipt:
    """Replace head, lines or both of a draft. Whoever edits becomes one of its authors."""

    async def work() -> Receipt:
        before, _ = await _taken(stamp, order_id, "edit", version)
        await _check(stamp, facts or before.facts, lines if lines is not None else _as_new(before.lines))
        if facts is not None:
            await db.execute(
                "UPDATE supply_order SET kind = $2, owner_region_id = $3, site_id = $4, budget_year = $5,"
                " supplier_id = $6, fund_source = $7, contract = $8, reason = $9, note = $10 WHERE id = $1",
                order_id,
                *_head(facts),
            )
        if lines is not None:
            await db.execute("DELETE FROM supply_order_line WHERE order_id = $1", order_id)
            await _write_lines(order_id, lines)
        await _add_author(stamp, order_id)
        total = sum(line.amount_fen or 0 for line in lines) if lines is not None else before.total_fen
        return await _changed(
            stamp, "edit", before, OrderStatus.DRAFT, {"total_fen": total}, was={"total_fen": before.total_fen}
        )

    return await attempts.once(stamp, "order.edit", work)


async def submit_order(*, stamp: Stamp, order_id: UUID, version: int | None = None) -> Receipt:
    """Ask for approval. Refused while something is missing that an approver must know."""

    async def work() -> Receipt:
        before, target = await _taken(stamp, order_id, "submit", version)
        await _add_author(stamp, order_id)
        return await _changed(stamp, "submit", before, target)

    return await attempts.once(stamp, "order.submit", work)


async def endorse_order(*, stamp: Stamp, order_id: UUID, version: int | None = None) -> Receipt:
    """初审: the first of two approvals of an order above the limit. Raises Refused for its authors."""

    async def work() -> Receipt:
        before, target = await _taken(stamp, order_id, "endorse", version)
        rules.check_approver(before, stamp.login)
        await db.execute("UPDATE supply_order SET endorsed_by = $2 WHERE id = $1", order_id, stamp.login)
        return await _changed(stamp, "endorse", before, target)

    return await attempts.once(stamp, "order.endorse", work)


async def approve_order(
    *, stamp: Stamp, order_id: UUID, over_budget_reason: str = "", version: int | None = None
) -> Receipt:
    """批准: commit the budget's money to the order. Rivals for the same budget wait here for each other.

    Raises Refused for its authors and the endorser; `order.above-budget`, `order.no-budget` unless a reason is given.
    """

    async def work() -> Receipt:
        before, target = await _taken(stamp, order_id, "approve", version)
        rules.check_approver(before, stamp.login)
        budget = None
        if before.fund_source:
            await db.execute(
                "SELECT 1 FROM budget WHERE region_id = $1 AND year = $2 AND fund_source = $3 FOR UPDATE",
                before.owner_region_id,
                before.budget_year,
                before.fund_source,
            )
            budget = await budgets.find_budget(before.owner_region_id, before.budget_year, before.fund_source)
        reason = over_budget_reason.strip()
        over = rules.check_room(before, budget[1] if budget else None, budget[2] if budget else 0, reason)
        kept = reason if over or (budget is None and reason) else ""
        await db.execute(
            "UPDATE supply_order SET approved_by = $2, over_budget_reason = $3 WHERE id = $1",
            order_id,
            stamp.login,
            kept,
        )
        facts = {"total_fen": before.total_fen, "over_fen": over, "over_budget_reason": kept}
        return await _changed(stamp, "approve", before, target, facts)

    return await attempts.once(stamp, "order.approve", work)


async def reject_order(*, stamp: Stamp, order_id: UUID, reason: str, version: int | None = None) -> Receipt:
    """退回: back to its authors, with the reason."""

    async def work() -> Receipt:
        said = _reason(reason)
        before, target = await _taken(stamp, order_id, "reject", version)
        rules.check_approver(before, stamp.login)
        return await _reopened(stamp, "reject", before, target, said)

    return await attempts.once(stamp, "order.reject", work)


async def amend_order(*, stamp: Stamp, order_id: UUID, reason: str, version: int | None = None) -> Receipt:
    """变更: back to a draft for its next revision; approvals lapse and the money is free again. One that is issued
    keeps its number, and its deliveries are taken back; refused once goods of it came."""

    async def work() -> Receipt:
        said = _reason(reason)
        before, target = await _taken(stamp, order_id, "amend", version)
        await _withdraw_deliveries(stamp, before)
        return await _reopened(stamp, "amend", before, target, said)

    return await attempts.once(stamp, "order.amend", work)


async def issue_order(*, stamp: Stamp, order_id: UUID, version: int | None = None) -> Receipt:
    """下达: it goes to the supplier. It takes its gapless number and announces one delivery for each day."""

    async def work() -> Receipt:
        before, target = await _taken(stamp, order_id, "issue", version)
        number = before.number
        if number is None:
            year = day_of(stamp.recorded_at).year
            serial = await db.fetch_value(
                "INSERT INTO supply_order_counter (kind, year, last) VALUES ($1, $2, 1)"
                " ON CONFLICT (kind, year) DO UPDATE SET last = supply_order_counter.last + 1 RETURNING last",
                before.kind.value,
                year,
            )
            number = rules.order_number(before.kind, year, serial)
        await db.execute(
            "UPDATE supply_order SET number = $2, ordered_at = $3 WHERE id = $1", order_id, number, stamp.recorded_at
        )
        parts = [(line, line.quantity, line.expected_on) for line in before.lines]
        numbers = await _announce(stamp, before, parts)
        return await _changed(stamp, "issue", before, target, {"number": number, "deliveries": numbers})

    return await attempts.once(stamp, "order.issue", work)


async def deliver_order(
    *,
    stamp: Stamp,
    order_id: UUID,
    expected_on: date | None = None,
    parts: Mapping[int, int] | None = None,
    version: int | None = None,
) -> Receipt:
    """Announce a further delivery: of these quantities by line, or of everything that no open delivery brings."""

    async def work() -> Receipt:
        before, target = await _taken(stamp, order_id, "deliver", version)
        wanted = rules.check_parts(before, parts or {})
        numbers = await _announce(stamp, before, [(line, quantity, expected_on) for line, quantity in wanted])
        return await _changed(stamp, "deliver", before, target, {"deliveries": numbers})

    return await attempts.once(stamp, "order.deliver", work)


async def reschedule_order(
    *, stamp: Stamp, order_id: UUID, days: Mapping[int, date], reason: str, version: int | None = None
) -> Receipt:
    """The supplier names other days, by line. What was late counts from the new day on; the history keeps the old."""

    async def work() -> Receipt:
        said = _reason(reason)
        before, target = await _taken(stamp, order_id, "reschedule", version)
        known = {line.line: line for line in before.lines}
        for number in days:
            if number not in known:
                raise Invalid("order.no-such-line", "订单没有这一行", line=number)
        if not days:
            raise Invalid("order.no-date", "请写明新的交货日期")
        await db.execute(
            "UPDATE supply_order_line l SET expected_on = n.day FROM unnest($2::int[], $3::date[]) n (line, day)"
            " WHERE l.order_id = $1 AND l.line = n.line",
            order_id,
            list(days),
            list(days.values()),
        )
        was = {"days": {str(number): str(known[number].expected_on or "") for number in days}}
        facts = {"days": {str(number): day.isoformat() for number, day in days.items()}, "reason": said}
        return await _changed(stamp, "reschedule", before, target, facts, was=was)

    return await attempts.once(stamp, "order.reschedule", work)


async def close_order(*, stamp: Stamp, order_id: UUID, reason: str = "", version: int | None = None) -> Receipt:
    """结清: nothing more will come. Short of anything it needs a reason; what no closed delivery has named as missing
    opens one case. Deliveries that brought nothing are taken back."""

    async def work() -> Receipt:
        before, target = await _taken(stamp, order_id, "close", version)
        short = [line for line in before.lines if line.rest]
        if short and not reason.strip():
            raise Refused(
                "order.short-needs-reason",
                "还有物资未到齐，结清须写明原因",
                line=short[0].line,
                item=short[0].item,
                asked=short[0].quantity,
                received=short[0].received,
            )
        await _withdraw_deliveries(stamp, before)
        case = await _open_case(stamp, before, short, reason)
        await _end(stamp, order_id, reason)
        facts = {"short": len(short), "reason": reason.strip(), "case": str(case) if case else None}
        return await _changed(stamp, "close", before, target, facts)

    return await attempts.once(stamp, "order.close", work)


async def cancel_order(*, stamp: Stamp, order_id: UUID, reason: str, version: int | None = None) -> Receipt:
    """作废: it will not be, or nothing of it came. It keeps its number; its deliveries are taken back."""

    async def work() -> Receipt:
        said = _reason(reason)
        before, target = await _taken(stamp, order_id, "cancel", version)
        await _withdraw_deliveries(stamp, before)
        await _end(stamp, order_id, said)
        return await _changed(stamp, "cancel", before, target, {"reason": said})

    return await attempts.once(stamp, "order.cancel", work)


# --- parts ------------------------------------------------------------------------------------------------


async def _taken(stamp: Stamp, order_id: UUID, verb: str, version: int | None) -> tuple[Order, OrderStatus]:
    """The order, locked, after scope, permission, version and needs; and where `verb` leads from here."""
    await db.execute("SELECT 1 FROM supply_order WHERE id = $1 FOR UPDATE", order_id)
    found = (await queries.find_orders([order_id])).get(order_id)
    permissions = {one.permission for one in ORDER.transitions if one.verb == verb}
    scopes = [stamp.require(one) for one in permissions if any(one in grant.permissions for grant in stamp.grants)]
    if not scopes:
        stamp.require(next(iter(permissions)))
    if found is None or not any(scope.covers(found.owner_path) for scope in scopes):
        raise Missing("order.missing", "没有这张订单，或不在您的管辖范围内")
    if version is not None and version != found.version:
        raise Stale("order.stale", "别人已修改，请重新载入", yours=version, current=found.version)
    standing = OrderStanding(found, await whole(SECOND_APPROVAL_ABOVE, found.owner_path))
    taken = ORDER.take(standing, status=found.status.value, verb=verb, stamp=stamp, path=found.owner_path, site_id=None)
    return found, OrderStatus(taken.target)


async def _check(stamp: Stamp, facts: OrderFacts, lines: Sequence[NewOrderLine]) -> None:
    region = await regions.get_region(facts.owner_region_id)
    stamp.require_at(Permission.ORDER_EDIT, region.path)
    site = await sites.get_site(facts.site_id, stamp.require(Permission.SITE_READ))
    if site.retired_at is not None:
        raise Refused("order.site-retired", "储备库点已停用", site=site.code)
    if facts.supplier_id is not None and not await parties.find_names([facts.supplier_id]):
        raise Missing("party.missing", "没有这个单位", party_id=facts.supplier_id)
    rules.check_facts(facts)
    known = await packs.find_packs({line.pack_id for line in lines if line.pack_id is not None})
    goods = await items.find_items({line.item_id for line in lines})
    rules.check_lines(lines, goods, {pack_id: pack.item_id for pack_id, pack in known.items()})


def _as_new(lines: Sequence[OrderLine]) -> list[NewOrderLine]:
    return [
        NewOrderLine(one.item_id, one.quantity, one.price_fen, one.price_per, one.expected_on, one.pack_id, one.why)
        for one in lines
    ]


def _head(facts: OrderFacts) -> tuple[Any, ...]:
    return (
        facts.kind.value,
        facts.owner_region_id,
        facts.site_id,
        facts.budget_year,
        facts.supplier_id,
        facts.fund_source.strip() or None if facts.fund_source else None,
        facts.contract.strip(),
        facts.reason.strip(),
        facts.note.strip(),
    )


async def _write_lines(order_id: UUID, lines: Sequence[NewOrderLine]) -> None:
    await db.execute(
        "INSERT INTO supply_order_line (order_id, line, item_id, quantity, pack_id, price_fen, price_per, amount_fen,"
        " expected_on, why) SELECT $1, n, i, q, k, p, per, a, d, w FROM unnest($2::bigint[], $3::bigint[],"
        " $4::bigint[], $5::bigint[], $6::bigint[], $7::bigint[], $8::date[], $9::text[])"
        " WITH ORDINALITY t (i, q, k, p, per, a, d, w, n)",
        order_id,
        [line.item_id for line in lines],
        [line.quantity for line in lines],
        [line.pack_id for line in lines],
        [line.price_fen for line in lines],
        [line.price_per for line in lines],
        [line.amount_fen for line in lines],
        [line.expected_on for line in lines],
        [line.why for line in lines],
    )


async def _announce(stamp: Stamp, order: Order, parts: Sequence[tuple[OrderLine, int, date | None]]) -> list[str]:
    """Announced deliveries that bring these, one for each day; their numbers."""
    site = await sites.get_site(order.site_id, EVERYWHERE)
    kind = DeliveryKind.TRANSFER if order.kind is OrderKind.TRANSFER else DeliveryKind.PURCHASE
    numbers = []
    for day, lines in rules.batches(parts).items():
        facts = DeliveryFacts(kind, order.owner_region_id, order.supplier_id, order.fund_source, expected_on=day)
        part = stamp.for_part(f"delivery {day}", [order.id, day])
        made = await write_delivery(part, site, facts, lines, announce=True, order_id=order.id)
        numbers.append(str(made["number"]))
    return numbers


async def _withdraw_deliveries(stamp: Stamp, order: Order) -> None:
    for one in order.deliveries:
        if one.status in _OPEN_DELIVERIES:
            await withdraw_delivery(stamp, one.id)


async def _open_case(stamp: Stamp, order: Order, short: Sequence[OrderLine], reason: str) -> UUID | None:
    """A case for lines that fall short though no delivery of theirs was closed: a closed one has opened its own."""
    named = {
        row[0]
        for row in await db.fetch(
            "SELECT DISTINCT dl.order_line FROM delivery d JOIN delivery_line dl ON dl.delivery_id = d.id"
            " WHERE d.order_id = $1 AND d.status = 'closed'",
            order.id,
        )
    }
    lines = [line for line in short if line.line not in named]
    if not lines:
        return None
    case = uuid5(stamp.attempt, "case")
    await stock.open_case(
        stamp=stamp,
        site_id=order.site_id,
        kind="order-short",
        facts={
            "order": order.name,
            "reason": reason.strip(),
            "lines": [
                {
                    "line": one.line,
                    "item": one.item,
                    "kind": "short",
                    "expected": one.quantity,
                    "received": one.received,
                    "refused": one.refused,
                    "quantity": one.rest,
                    "reason": reason.strip(),
                }
                for one in lines
            ],
        },
        document_kind=ORDER_DOCUMENT,
        document_id=order.id,
        case=case,
    )
    return case


def _reason(text: str) -> str:
    said = text.strip()
    if not 0 < len(said) <= 500:
        raise Invalid("order.reason-needed", "请写明原因（500 字以内）")
    return said


async def _end(stamp: Stamp, order_id: UUID, reason: str) -> None:
    await db.execute(
        "UPDATE supply_order SET ended_at = $2, end_reason = $3 WHERE id = $1",
        order_id,
        stamp.recorded_at,
        reason.strip(),
    )


async def _add_author(stamp: Stamp, order_id: UUID) -> None:
    await db.execute(
        "UPDATE supply_order SET authors = array_append(authors, $2::text) WHERE id = $1 AND NOT ($2 = ANY(authors))",
        order_id,
        stamp.login,
    )


async def _reopened(stamp: Stamp, verb: str, before: Order, target: OrderStatus, reason: str) -> Receipt:
    await db.execute(
        "UPDATE supply_order SET status = 'draft', endorsed_by = '', approved_by = '', over_budget_reason = '',"
        " ordered_at = NULL, revision = revision + CASE WHEN number IS NULL THEN 0 ELSE 1 END WHERE id = $1",
        before.id,
    )
    return await _changed(stamp, verb, before, target, {"reason": reason})


async def _changed(
    stamp: Stamp,
    verb: str,
    before: Order,
    status: OrderStatus,
    facts: Mapping[str, Any] | None = None,
    *,
    was: Mapping[str, Any] | None = None,
) -> Receipt:
    """Write the status (never one that follows from moves), history, audit and news; the receipt."""
    stored = OrderStatus.ORDERED if status is OrderStatus.PARTLY_RECEIVED else status
    version = await db.fetch_value(
        "UPDATE supply_order SET status = $2, version = version + 1 WHERE id = $1 RETURNING version",
        before.id,
        stored.value,
    )
    after = {"number": before.number, "status": status.value, "version": version, **(facts or {})}
    earlier = {"status": before.status.value, "version": before.version, **(was or {})}
    await _note(stamp, verb, before.id, earlier, after)
    return {"verb": verb, "order": str(before.id), **after}


async def _note(
    stamp: Stamp, verb: str, order_id: UUID, before: Mapping[str, Any] | None, after: Mapping[str, Any]
) -> None:
    """History, audit and news of one change."""
    await history.record(stamp, table="supply_order", key=str(order_id), verb=verb, before=before, after=after)
    await audit.record(stamp, f"order.{verb}", subject_kind="order", subject_id=str(order_id), facts=after)
    await feed.publish("order", [str(order_id)], stamp.recorded_at)
