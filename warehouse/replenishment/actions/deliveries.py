"""Writes of deliveries. Stock itself is written by `warehouse.stock`; here stands what was expected and turned away.

A row is locked FOR UPDATE by every transition and FOR SHARE by every receipt against it, so that a closing delivery
waits for the scans under way and counts them.
"""

from collections.abc import Mapping, Sequence
from typing import Any
from uuid import UUID, uuid5

from catalog.items import queries as items
from catalog.kernel import attempts, audit, db, feed, history
from catalog.kernel.access import Permission
from catalog.kernel.attempts import Receipt
from catalog.kernel.errors import Invalid, Missing, Refused, Stale
from catalog.kernel.quantity import MAX_QUANTITY
from catalog.kernel.stamp import Stamp
from catalog.kernel.time import day_of
from catalog.regions import queries as regions
from warehouse.parties import queries as parties
from warehouse.replenishment import rules
from warehouse.replenishment.model.deliveries import (
    DOCUMENT,
    Delivery,
    DeliveryFacts,
    DeliveryKind,
    NewLine,
    Refusal,
    RefuseReason,
    Status,
    Stray,
)
from warehouse.replenishment.queries import deliveries as queries
from warehouse.replenishment.workflow import deliveries as workflow
from warehouse.sites import queries as sites
from warehouse.sites.model import Site
from warehouse.stock import actions as stock
from warehouse.stock.actions import Arrival
from warehouse.stock.model import DocumentRef
from warehouse.stock.model import Receipt as StockReceipt

_RETRIES = 5


async def create_delivery(
    *, stamp: Stamp, site_id: int, facts: DeliveryFacts, lines: Sequence[NewLine], announce: bool = False
) -> Receipt:
    """A new delivery to a site, as a draft or announced at once. The receipt has its id and number.

    Needs delivery.edit at the site. Raises Missing (site, region, supplier), Invalid, Refused (retired site).
    """

    async def work() -> Receipt:
        site = await sites.get_site(site_id, stamp.require(Permission.DELIVERY_EDIT))
        return await write_delivery(stamp, site, facts, lines, announce=announce)

    return await attempts.once(stamp, "delivery.create", work)


async def write_delivery(
    stamp: Stamp,
    site: Site,
    facts: DeliveryFacts,
    lines: Sequence[NewLine],
    *,
    announce: bool,
    order_id: UUID | None = None,
) -> Receipt:
    """Write a delivery inside the caller's transaction, for whoever has asked what the caller may do: an order makes
    its own. One stamp writes one delivery. Raises what `create_delivery` raises, but for permissions."""
    if site.retired_at is not None:
        raise Refused("delivery.site-retired", "储备库点已停用", site=site.code)
    await _check_facts(facts)
    rules.check_lines(lines, await items.find_items({line.item_id for line in lines}))
    status = Status.ANNOUNCED if announce else Status.DRAFT
    delivery_id = uuid5(stamp.attempt, "delivery")
    number = await db.fetch_value(
        "INSERT INTO delivery (id, number, site_id, supplier_id, kind, note_number, invoice_number,"
        " owner_region_id, fund_source, expected_on, status, created_at, created_by, attempt, order_id)"
        " VALUES ($1, $2 || to_char($3::date, '-YY-') || lpad(nextval('delivery_number')::text, 6, '0'), $4, $5,"
        " $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16) RETURNING number",
        delivery_id,
        site.code,
        day_of(stamp.recorded_at),
        site.id,
        *_head(facts),
        status.value,
        stamp.recorded_at,
        stamp.login,
        stamp.attempt,
        order_id,
    )
    await _write_lines(delivery_id, lines)
    after = {"number": number, "status": status.value, "lines": len(lines)}
    await _note(stamp, "create", delivery_id, None, after, site.id)
    return {"verb": "create", "delivery": str(delivery_id), **after, "version": 1}


async def edit_delivery(
    *,
    stamp: Stamp,
    delivery_id: UUID,
    version: int,
    facts: DeliveryFacts | None = None,
    lines: Sequence[NewLine] | None = None,
) -> Receipt:
    """Replace head, lines or both, while it is a draft or announced. Raises Missing, Stale, Refused, Invalid."""

    async def work() -> Receipt:
        before = await _locked(stamp, delivery_id, "edit", version)
        if before.order_id is not None and lines is not None:
            raise Refused("delivery.lines-of-order", "这张到货单来自订单，物资行请在订单上变更", order=before.order)
        if facts is not None:
            await _check_facts(facts)
            await db.execute(
                "UPDATE delivery SET supplier_id = $2, kind = $3, note_number = $4, invoice_number = $5,"
                " owner_region_id = $6, fund_source = $7, expected_on = $8 WHERE id = $1",
                delivery_id,
                *_head(facts),
            )
        if lines is not None:
            rules.check_lines(lines, await items.find_items({line.item_id for line in lines}))
            await db.execute("DELETE FROM delivery_line WHERE delivery_id = $1", delivery_id)
            await _write_lines(delivery_id, lines)
        return await _changed(stamp, "edit", before, before.status)

    return await attempts.once(stamp, "delivery.edit", work)


async def announce(*, stamp: Stamp, delivery_id: UUID, version: int | None = None) -> Receipt:
    """It is on its way: it may be received from now on."""
    return await _step(stamp, delivery_id, "announce", version)


async def start(*, stamp: Stamp, delivery_id: UUID, version: int | None = None) -> Receipt:
    """The lorry is here. The first scan against an announced delivery does the same."""
    return await _step(stamp, delivery_id, "start", version)


async def cancel(*, stamp: Stamp, delivery_id: UUID, version: int | None = None) -> Receipt:
    """It will not come, or nothing of it was taken. Refused once goods of it are in stock."""
    return await _step(stamp, delivery_id, "cancel", version)


async def withdraw_delivery(stamp: Stamp, delivery_id: UUID) -> None:
    """Cancel a delivery inside the caller's transaction, for an order that takes it back and has asked what the caller
    may do. Raises Refused once goods of it are in stock."""
    await db.execute("SELECT 1 FROM delivery WHERE id = $1 FOR UPDATE", delivery_id)
    found = (await queries.find_deliveries([delivery_id]))[delivery_id]
    refusal = workflow.nothing_received(found)
    if refusal is not None:
        raise refusal
    workflow.DELIVERY.find(found.status.value, "cancel")
    await _changed(stamp, "cancel", found, Status.CANCELLED)


async def refuse_line(
    *, stamp: Stamp, delivery_id: UUID, line: int, quantity: int, reason: RefuseReason, note: str = ""
) -> Receipt:
    """Goods of a line are turned away at the gate: they never enter stock and stand in the case when it is closed."""

    async def work() -> Receipt:
        if not 0 < quantity <= MAX_QUANTITY:
            raise Invalid("delivery.bad-quantity", "数量必须大于零且不超过上限", line=line, asked=quantity)
        before = await _locked(stamp, delivery_id, "refuse", None)
        found = next((one for one in before.lines if one.line == line), None)
        if found is None:
            raise Missing("delivery.no-such-line", "到货单没有这一行", line=line)
        refusals = (*found.refusals, Refusal(reason, quantity, note.strip()))
        if found.refused + quantity > MAX_QUANTITY or len(refusals) > 50:
            raise Refused("delivery.refused-too-much", "拒收数量或次数过多", line=line, refused=found.refused)
        await db.execute(
            "UPDATE delivery_line SET refused = refused + $3, refuse_reason = $4 WHERE delivery_id = $1 AND line = $2",
            delivery_id,
            line,
            quantity,
            rules.write_refusals(refusals),
        )
        facts = {"line": line, "item": found.item, "quantity": quantity, "reason": reason.value, "note": note.strip()}
        return await _changed(stamp, "refuse", before, Status.RECEIVING, facts)

    return await attempts.once(stamp, "delivery.refuse", work)


async def turn_away(*, stamp: Stamp, delivery_id: UUID, what: str, quantity: int, note: str = "") -> Receipt:
    """Goods that came with a delivery but stand in none of its lines go back at the gate: they never enter stock and
    stand in the case when it is closed. `what` is what was seen: a name, a code, words."""

    async def work() -> Receipt:
        stray = Stray(" ".join(what.split())[:120], quantity, note.strip())
        if not stray.what or not 0 < quantity <= MAX_QUANTITY:
            raise Invalid("delivery.bad-stray", "请写明是什么货、多少", asked=quantity)
        before = await _locked(stamp, delivery_id, "refuse", None)
        if len(before.strays) >= 50:
            raise Refused("delivery.refused-too-much", "拒收数量或次数过多", refused=len(before.strays))
        await db.execute(
            "UPDATE delivery SET strays = $2 WHERE id = $1", delivery_id, rules.write_strays((*before.strays, stray))
        )
        facts = {"what": stray.what, "quantity": quantity, "note": stray.note}
        return await _changed(stamp, "refuse", before, Status.RECEIVING, facts)

    return await attempts.once(stamp, "delivery.turn-away", work)


async def close(*, stamp: Stamp, delivery_id: UUID, version: int | None = None) -> Receipt:
    """All that will come has come. Any difference (short, over, damaged, refused, unplanned, wrong) opens a discrepancy
    case that names each line; the receipt has the case."""

    async def work() -> Receipt:
        before = await _locked(stamp, delivery_id, "close", version)
        extra = await queries.unplanned(delivery_id)
        names = await items.find_items({item_id for item_id, _ in extra})
        found = rules.differences(before, [(names[item_id].name_zh, quantity) for item_id, quantity in extra])
        case: UUID | None = None
        if found:
            case = uuid5(stamp.attempt, "case")
            await stock.open_case(
                stamp=stamp,
                site_id=before.site_id,
                kind="delivery-difference",
                facts={
                    "delivery": before.number,
                    "kinds": sorted({one.kind for one in found}),
                    "lines": [
                        {
                            "line": one.line,
                            "item": one.item,
                            "kind": one.kind,
                            "expected": one.expected,
                            "received": one.received,
                            "refused": one.refused,
                            "quantity": one.quantity,
                            "reason": one.reason,
                        }
                        for one in found
                    ],
                },
                document_kind=DOCUMENT,
                document_id=delivery_id,
                case=case,
            )
        facts = {"case": str(case) if case else None, "differences": len(found)}
        return await _changed(stamp, "close", before, Status.CLOSED, facts)

    return await attempts.once(stamp, "delivery.close", work)


async def mark_receiving(stamp: Stamp, delivery_id: UUID) -> None:
    """Goods are being received against it: an announced delivery becomes receiving; one that is receiving stays so.

    For whoever posts a receipt, inside the transaction of that receipt: the delivery cannot be closed until it ends.
    Two short statements. Raises Missing, Refused (`delivery.not-receivable`).
    """
    began = await db.fetch_row(
        "UPDATE delivery SET status = 'receiving', version = version + 1 WHERE id = $1 AND status = 'announced'"
        " RETURNING number, site_id, version",
        delivery_id,
    )
    row = await db.fetch_row(
        "SELECT d.status, d.site_id, s.path, d.number FROM delivery d JOIN site s ON s.id = d.site_id WHERE d.id = $1"
        " FOR SHARE OF d",
        delivery_id,
    )
    if row is None:
        raise Missing("delivery.missing", "没有这张到货单，或不在您的管辖范围内")
    stamp.require_at(Permission.RECEIVE, row[2], row[1])
    if row[0] != Status.RECEIVING.value:
        raise Refused("delivery.not-receivable", "到货单当前不能收货", delivery=row[3], status=row[0])
    if began is not None:
        after = {"status": row[0], "version": began[2]}
        await _note(stamp, "start", delivery_id, {"status": Status.ANNOUNCED.value}, after, row[1])


async def receive(
    *,
    stamp: Stamp,
    delivery_id: UUID,
    arrivals: Sequence[Arrival],
    fact: bool = False,
    note: str = "",
) -> StockReceipt:
    """Receive goods against a delivery: `stock.receive` with the delivery as its document, in one transaction.

    Each arrival names its line in `document_line`, or none for goods that were not announced. Raises what
    `mark_receiving` and `stock.receive` raise; `delivery.other-item` for a line of another item.
    """
    for last in range(_RETRIES):
        try:
            async with db.transaction():
                row = await db.fetch_row("SELECT 1 FROM attempt WHERE id = $1", stamp.attempt)
                delivery = (await queries.find_deliveries([delivery_id])).get(delivery_id)
                if delivery is None:
                    raise Missing("delivery.missing", "没有这张到货单，或不在您的管辖范围内")
                if row is None:
                    await mark_receiving(stamp, delivery_id)
                    await _check_arrivals(delivery, arrivals)
                return await stock.receive(
                    stamp=stamp,
                    arrivals=arrivals,
                    donated=delivery.kind is DeliveryKind.DONATION,
                    document=DocumentRef(DOCUMENT, delivery_id),
                    fact=fact,
                    note=note,
                )
        except db.SERIALIZATION_ERRORS:
            if last == _RETRIES - 1:
                raise
    raise AssertionError("unreachable")


async def _check_arrivals(delivery: Delivery, arrivals: Sequence[Arrival]) -> None:
    lines = {line.line: line for line in delivery.lines}
    places = {arrival.place_id for arrival in arrivals}
    here = {
        row[0]
        for row in await db.fetch(
            "SELECT id FROM place WHERE id = ANY($1::bigint[]) AND site_id = $2", list(places), delivery.site_id
        )
    }
    if places - here:
        raise Refused("delivery.other-site", "货位不在到货单的库点", site=delivery.site_code)
    for number, arrival in enumerate(arrivals):
        if arrival.document_line is None:
            continue
        line = lines.get(arrival.document_line)
        if line is None:
            raise Missing("delivery.no-such-line", "到货单没有这一行", line=arrival.document_line)
        if line.item_id != arrival.facts.item_id:
            raise Refused("delivery.other-item", "物资与到货单行不符", line=number, expected=line.item)


# --- parts ------------------------------------------------------------------------------------------------


async def _step(stamp: Stamp, delivery_id: UUID, verb: str, version: int | None) -> Receipt:
    async def work() -> Receipt:
        before = await _locked(stamp, delivery_id, verb, version)
        target = workflow.DELIVERY.find(before.status.value, verb).target
        return await _changed(stamp, verb, before, Status(target))

    return await attempts.once(stamp, f"delivery.{verb}", work)


async def _locked(stamp: Stamp, delivery_id: UUID, verb: str, version: int | None) -> Delivery:
    """The delivery, locked, after scope, permission, needs and version. Out of scope is Missing whatever the verb."""
    await db.execute("SELECT 1 FROM delivery WHERE id = $1 FOR UPDATE", delivery_id)
    found = (await queries.find_deliveries([delivery_id])).get(delivery_id)
    if found is None:
        raise Missing("delivery.missing", "没有这张到货单，或不在您的管辖范围内")
    permission = workflow.DELIVERY.permission(verb)
    stamp.require_at(permission, found.path, found.site_id)
    if version is not None and version != found.version:
        raise Stale("delivery.stale", "别人已修改，请重新载入", yours=version, current=found.version)
    workflow.DELIVERY.take(
        found, status=found.status.value, verb=verb, stamp=stamp, path=found.path, site_id=found.site_id
    )
    return found


async def _check_facts(facts: DeliveryFacts) -> None:
    if await regions.find_region(facts.owner_region_id) is None:
        raise Missing("region.missing", "没有这个区划", region_id=facts.owner_region_id)
    if facts.supplier_id is not None and not await parties.find_names([facts.supplier_id]):
        raise Missing("party.missing", "没有这个单位", party_id=facts.supplier_id)
    if any(len(text or "") > 200 for text in (facts.note_number, facts.invoice_number, facts.fund_source)):
        raise Invalid("delivery.too-long", "单号或资金来源过长")


def _head(facts: DeliveryFacts) -> tuple[Any, ...]:
    return (
        facts.supplier_id,
        facts.kind.value,
        facts.note_number,
        facts.invoice_number,
        facts.owner_region_id,
        facts.fund_source,
        facts.expected_on,
    )


async def _write_lines(delivery_id: UUID, lines: Sequence[NewLine]) -> None:
    await db.execute(
        "INSERT INTO delivery_line (delivery_id, line, item_id, quantity, maker_batch, produced_on, expires_on,"
        " price_fen, price_per, order_line) SELECT $1, n, i, q, b, p, e, f, per, o FROM unnest($2::bigint[],"
        " $3::bigint[], $4::text[], $5::date[], $6::date[], $7::bigint[], $8::bigint[], $9::integer[])"
        " WITH ORDINALITY k (i, q, b, p, e, f, per, o, n)",
        delivery_id,
        [line.item_id for line in lines],
        [line.quantity for line in lines],
        [line.maker_batch for line in lines],
        [line.produced_on for line in lines],
        [line.expires_on for line in lines],
        [line.price_fen for line in lines],
        [line.price_per for line in lines],
        [line.order_line for line in lines],
    )


async def _changed(
    stamp: Stamp, verb: str, before: Delivery, status: Status, facts: Mapping[str, Any] | None = None
) -> Receipt:
    version = await db.fetch_value(
        "UPDATE delivery SET status = $2, version = version + 1 WHERE id = $1 RETURNING version",
        before.id,
        status.value,
    )
    after = {"number": before.number, "status": status.value, "version": version, **(facts or {})}
    was = {"status": before.status.value, "version": before.version}
    await _note(stamp, verb, before.id, was, after, before.site_id)
    return {"verb": verb, "delivery": str(before.id), **after}


async def _note(
    stamp: Stamp,
    verb: str,
    delivery_id: UUID,
    before: Mapping[str, Any] | None,
    after: Mapping[str, Any],
    site_id: int,
) -> None:
    """History, audit and news of one change."""
    await history.record(stamp, table="delivery", key=str(delivery_id), verb=verb, before=before, after=after)
    await audit.record(
        stamp,
        f"delivery.{verb}",
        subject_kind="delivery",
        subject_id=str(delivery_id),
        facts={**after, "site_id": site_id},
    )
    await feed.publish("delivery", [str(delivery_id)], stamp.recorded_at)
