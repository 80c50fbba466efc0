"""Writes of requisitions up to their approval, and their end. A requisition's row is the lock of what hangs on it."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, replace
from datetime import datetime
from typing import Any
from uuid import UUID, uuid5

from catalog.classes import queries as classes
from catalog.items import queries as items
from catalog.items.model import ItemKind
from catalog.kernel import attempts, audit, db
from catalog.kernel.access import Permission
from catalog.kernel.attempts import Receipt
from catalog.kernel.errors import Invalid, Missing, Refused
from catalog.kernel.stamp import Stamp
from catalog.kernel.time import day_of
from catalog.kits import queries as kits
from catalog.regions import queries as regions
from warehouse.incidents import queries as incidents
from warehouse.incidents.model import Need, NeedStatus
from warehouse.incidents.model import Status as IncidentStatus
from warehouse.parties import queries as parties
from warehouse.people import queries as people
from warehouse.requisitions import queries, rules
from warehouse.requisitions.actions.notes import changed, locked, note
from warehouse.requisitions.actions.releases import end_waiting, reason_of
from warehouse.requisitions.actions.takings import settle
from warehouse.requisitions.model import LONGEST_TEXT, LineFacts, RequisitionFacts, Status
from warehouse.requisitions.queries.tasks import at_home

_COLUMNS = ("region_id", "reason", "incident_id", "party_id", "upward", "own_stock", "note")
_LINE_COLUMNS = (
    "region_id", "quantity", "item_id", "class_id", "unit", "need_id", "priority", "needed_by", "place", "lat", "lon",
    "note",
)  # fmt: skip


async def create_requisition(
    *,
    stamp: Stamp,
    facts: RequisitionFacts,
    lines: Sequence[LineFacts] = (),
    need_ids: Sequence[UUID] = (),
    submit: bool = False,
) -> Receipt:
    """A new requisition, of lines written by hand and of needs of its incident; a draft, or submitted at once.

    Needs requisition.edit at the region that asks. Raises Invalid and Missing with the line, Refused
    (`requisition.need-taken`, `requisition.need-over`, `requisition.own-stock-first`), Denied.
    """

    async def work() -> Receipt:
        stamp.require(Permission.REQUISITION_EDIT)
        region = await regions.find_region(facts.region_id)
        if region is None:
            raise Missing("region.missing", "没有这个区划", region_id=facts.region_id)
        stamp.require_at(Permission.REQUISITION_EDIT, region.path)
        requisition_id = uuid5(stamp.attempt, "requisition")
        wanted, said = await _of_needs(stamp, facts, need_ids, requisition_id)
        rules.check_facts(said)
        await _check_head(stamp, said)
        ready = await _ready(stamp, region.path, [*wanted, *lines])
        values = [_plain(getattr(said, name)) for name in _COLUMNS]
        spots = ", ".join(f"${n}" for n in range(6, len(_COLUMNS) + 6))
        number = await db.fetch_value(
            f"INSERT INTO requisition (id, number, status, authors, created_at, created_by, attempt,"
            f" {', '.join(_COLUMNS)}) VALUES ($1, 'SQ' || to_char($2::date, 'YY-') ||"
            f" lpad(nextval('requisition_number')::text, 4, '0'), 'draft', ARRAY[$3::text], $4, $3, $5, {spots})"
            " RETURNING number",
            requisition_id,
            day_of(stamp.recorded_at),
            stamp.login,
            stamp.recorded_at,
            stamp.attempt,
            *values,
        )
        await _write_lines(stamp, requisition_id, ready)
        after = {**asdict(said), "number": number, "status": Status.DRAFT.value, "lines": len(ready)}
        await note(stamp, "create", requisition_id, None, after)
        if submit:
            return await _submit(stamp, requisition_id, None)
        return {"id": str(requisition_id), "number": number, "status": Status.DRAFT.value, "version": 1}

    return await attempts.once(stamp, "requisition.create", work)


async def edit_requisition(
    *,
    stamp: Stamp,
    requisition_id: UUID,
    version: int,
    facts: RequisitionFacts,
    lines: Sequence[LineFacts] | None = None,
) -> Receipt:
    """Replace what a draft says; its region and incident stay. `lines` replace all lines. Who edits is an author."""

    async def work() -> Receipt:
        before = (await locked(stamp, requisition_id, "edit", version)).requisition
        if (facts.region_id, facts.incident_id) != (before.facts.region_id, before.facts.incident_id):
            raise Refused("requisition.other-region", "申请单位和事件不能修改：请另建申请")
        rules.check_facts(facts)
        await _check_head(stamp, facts)
        sets = ", ".join(f"{name} = ${n}" for n, name in enumerate(_COLUMNS, 2))
        await db.execute(
            f"UPDATE requisition SET {sets} WHERE id = $1",
            requisition_id,
            *[_plain(getattr(facts, name)) for name in _COLUMNS],
        )
        if lines is not None:
            ready = await _ready(stamp, before.path, lines)
            await _check_needs_free({one.need_id for one in ready if one.need_id is not None}, requisition_id)
            await db.execute("UPDATE requisition_line SET gone = true WHERE requisition_id = $1", requisition_id)
            await _write_lines(stamp, requisition_id, ready)
        await _add_author(stamp, requisition_id)
        return await changed(stamp, "edit", before, before.status, None, {"said": asdict(facts)})

    return await attempts.once(stamp, "requisition.edit", work)


async def submit_requisition(*, stamp: Stamp, requisition_id: UUID, version: int | None = None) -> Receipt:
    """Ask for approval. Refused while the asking region has such goods free and does not say why it cannot use them."""

    async def work() -> Receipt:
        return await _submit(stamp, requisition_id, version)

    return await attempts.once(stamp, "requisition.submit", work)


async def approve_requisition(
    *, stamp: Stamp, requisition_id: UUID, note: str = "", version: int | None = None, for_login: str = ""
) -> Receipt:
    """Approve: the last approval lets it be sourced, those before it are kept (初审). Not by its authors, nor twice.

    `for_login`: as the deputy of that person, with his right to approve and no other; neither of the two may have
    written it. Refused (`requisition.no-deputy`) where he has not named the caller for today.
    """
    own = stamp

    async def work() -> Receipt:
        stamp = await _in_the_name_of(own, for_login)
        found = await queries.get_requisition(requisition_id, stamp.require(Permission.REQUISITION_APPROVE))
        await db.execute("SELECT 1 FROM requisition WHERE id = $1 FOR UPDATE", requisition_id)
        found = await queries.get_requisition(requisition_id, stamp.require(Permission.REQUISITION_APPROVE))
        last = len(found.approvals) + 1 >= await queries.approvals_needed(found)
        verb = "approve" if last else "endorse"
        before = (await locked(stamp, requisition_id, verb, version)).requisition
        rules.check_approver(before, stamp.login, for_login)
        await db.execute(
            "INSERT INTO requisition_approval (requisition_id, login, at, note, for_login) VALUES ($1, $2, $3, $4, $5)",
            requisition_id,
            stamp.login,
            stamp.recorded_at,
            note.strip()[:LONGEST_TEXT],
            for_login,
        )
        facts = {"approvals": len(before.approvals) + 1, "note": note.strip()}
        if for_login:
            facts["for"] = for_login
        return await changed(stamp, verb, before, Status.APPROVED if last else Status.SUBMITTED, None, facts)

    return await attempts.once(stamp, "requisition.approve", work)


async def reject_requisition(*, stamp: Stamp, requisition_id: UUID, reason: str, version: int | None = None) -> Receipt:
    """退回: back to its authors, with the reason; approvals lapse."""
    return await _reopen(stamp, "reject", requisition_id, reason, version)


async def amend_requisition(*, stamp: Stamp, requisition_id: UUID, reason: str, version: int | None = None) -> Receipt:
    """变更: its authors take it back to a draft; approvals and the plan lapse."""
    return await _reopen(stamp, "amend", requisition_id, reason, version)


async def cancel_requisition(*, stamp: Stamp, requisition_id: UUID, reason: str, version: int | None = None) -> Receipt:
    """作废: it is not needed. What was held for it is free again. Refused once an order has been released."""

    async def work() -> Receipt:
        said = reason_of(reason)
        before = (await locked(stamp, requisition_id, "cancel", version)).requisition
        freed = await end_waiting(stamp, requisition_id, said)
        await _drop_plan(requisition_id)
        await settle(stamp, requisition_id)
        sets = {"ended_at": stamp.recorded_at, "end_reason": said}
        return await changed(stamp, "cancel", before, Status.CANCELLED, sets, {"reason": said, "freed": freed})

    return await attempts.once(stamp, "requisition.cancel", work)


async def withdraw_sources(*, stamp: Stamp, requisition_id: UUID, reason: str, version: int | None = None) -> Receipt:
    """撤回货源: no order has been released yet; all that was held is free again, and it may be planned anew."""

    async def work() -> Receipt:
        said = reason_of(reason)
        before = (await locked(stamp, requisition_id, "withdraw", version)).requisition
        freed = await end_waiting(stamp, requisition_id, said)
        return await changed(stamp, "withdraw", before, Status.APPROVED, None, {"reason": said, "freed": freed})

    return await attempts.once(stamp, "requisition.withdraw", work)


async def close_requisition(
    *, stamp: Stamp, requisition_id: UUID, reason: str = "", version: int | None = None
) -> Receipt:
    """办结: every order is settled. What nothing brought needs a word."""

    async def work() -> Receipt:
        before = (await locked(stamp, requisition_id, "close", version)).requisition
        if before.open_lines and not reason.strip():
            line = before.open_lines[0]
            raise Refused(
                "requisition.short-needs-reason",
                "还有物资未满足，办结须写明原因",
                line=line.line,
                goods=line.goods_zh,
                asked=line.facts.quantity,
                covered=line.covered,
            )
        await settle(stamp, requisition_id)
        sets = {"ended_at": stamp.recorded_at, "end_reason": reason.strip()[:LONGEST_TEXT]}
        return await changed(stamp, "close", before, Status.CLOSED, sets, {"reason": reason.strip()})

    return await attempts.once(stamp, "requisition.close", work)


async def forget_contacts(*, stamp: Stamp, before: datetime) -> int:
    """Clear away receivers and phones of requisitions that were over before an instant; how many lines."""
    rows = await db.fetch(
        "UPDATE requisition_contact c SET receiver = '', phone = '' FROM requisition_line l JOIN requisition q"
        " ON q.id = l.requisition_id WHERE l.id = c.line_id AND (q.ended_at < $1 OR l.gone AND q.created_at < $1)"
        " AND (c.receiver <> '' OR c.phone <> '') RETURNING c.line_id",
        before,
    )
    if rows:
        facts = {"rows": len(rows)}
        await audit.record(stamp, "requisition.forget-contacts", subject_kind="requisition", facts=facts)
    return len(rows)


# --- parts ----------------------------------------------------------------------------------------------------------


async def _in_the_name_of(stamp: Stamp, login: str) -> Stamp:
    """The caller with another's right to approve; himself where no other is named."""
    if not login:
        return stamp
    named = await people.acting_for(stamp.person_id, day_of(stamp.recorded_at))
    one = next((one for one in named if one.login == login), None)
    if one is None:
        raise Refused("requisition.no-deputy", "对方今天没有委托您代为审批", login=login)
    right = frozenset({Permission.REQUISITION_APPROVE})
    lent = (replace(grant, permissions=grant.permissions & right) for grant in await people.load_grants(one.person_id))
    return replace(stamp, grants=tuple(grant for grant in lent if grant.permissions))


async def _submit(stamp: Stamp, requisition_id: UUID, version: int | None) -> Receipt:
    before = (await locked(stamp, requisition_id, "submit", version)).requisition
    if before.facts.upward and before.path != await regions.root_path():
        rules.check_own_first(before, await at_home(before, stamp.recorded_at))
    await _add_author(stamp, requisition_id)
    return await changed(stamp, "submit", before, Status.SUBMITTED, {"submitted_at": stamp.recorded_at})


async def _reopen(stamp: Stamp, verb: str, requisition_id: UUID, reason: str, version: int | None) -> Receipt:
    async def work() -> Receipt:
        said = reason_of(reason)
        before = (await locked(stamp, requisition_id, verb, version)).requisition
        if verb == "reject":
            rules.check_approver(replace(before, approvals=()), stamp.login)
        await settle(stamp, requisition_id)
        await db.execute(
            "UPDATE requisition_approval SET lapsed = true WHERE requisition_id = $1 AND NOT lapsed", requisition_id
        )
        await _drop_plan(requisition_id)
        return await changed(stamp, verb, before, Status.DRAFT, {"submitted_at": None}, {"reason": said})

    return await attempts.once(stamp, f"requisition.{verb}", work)


async def _drop_plan(requisition_id: UUID) -> None:
    await db.execute(
        "UPDATE sourcing_plan SET state = 'superseded' WHERE requisition_id = $1 AND state = 'current'", requisition_id
    )


async def _add_author(stamp: Stamp, requisition_id: UUID) -> None:
    await db.execute(
        "UPDATE requisition SET authors = array_append(authors, $2::text) WHERE id = $1 AND NOT ($2 = ANY(authors))",
        requisition_id,
        stamp.login,
    )


def _plain(value: Any) -> Any:
    return value.strip() if type(value) is str else value


async def _of_needs(
    stamp: Stamp, facts: RequisitionFacts, need_ids: Sequence[UUID], requisition_id: UUID
) -> tuple[list[LineFacts], RequisitionFacts]:
    """Lines of needs, and what these say of own stock. A need stands on one requisition at a time."""
    if not need_ids:
        return [], facts
    if facts.incident_id is None:
        raise Invalid("requisition.no-incident", "按需求申请须选定事件")
    scope = stamp.require(Permission.INCIDENT_READ)
    await db.execute("SELECT 1 FROM need WHERE id = ANY($1::uuid[]) ORDER BY id FOR UPDATE", list(need_ids))
    found = {one.id: one for one in await incidents.find_needs(need_ids, scope)}
    lines = []
    for line, need_id in enumerate(dict.fromkeys(need_ids), 1):
        need = found.get(need_id)
        if need is None or need.incident_id != facts.incident_id:
            raise Missing("need.missing", "没有这条需求，或不在您的管辖范围内", line=line, need=str(need_id))
        if need.status is not NeedStatus.OPEN or not need.lacking:
            raise Refused("requisition.need-over", "需求已满足或已撤回", line=line, goods=need.goods_zh)
        lines.append(_line_of(need))
    await _check_needs_free(set(need_ids), requisition_id)
    used = dict.fromkeys(one.facts.own_stock_used.strip() for one in found.values() if one.facts.own_stock_used.strip())
    said = facts if facts.own_stock.strip() else replace(facts, own_stock="；".join(used)[:LONGEST_TEXT])
    return lines, said


def _line_of(need: Need) -> LineFacts:
    one = need.facts
    return LineFacts(
        region_id=one.region_id,
        quantity=need.lacking,
        item_id=one.item_id,
        class_id=one.class_id,
        unit=one.unit,
        need_id=need.id,
        priority=one.priority,
        needed_by=one.needed_by,
        place=one.place,
        lat=one.lat,
        lon=one.lon,
        note=one.note,
        receiver=one.receiver,
        phone=one.phone,
    )


async def _check_needs_free(need_ids: set[UUID], requisition_id: UUID) -> None:
    row = await db.fetch_row(
        "SELECT q.number, l.need_id FROM requisition_line l JOIN requisition q ON q.id = l.requisition_id"
        " WHERE l.need_id = ANY($1::uuid[]) AND NOT l.gone AND q.id <> $2 AND q.status NOT IN ('closed', 'cancelled')"
        " ORDER BY q.seq LIMIT 1",
        list(need_ids),
        requisition_id,
    )
    if row is not None:
        raise Refused("requisition.need-taken", f"需求已列入申请 {row[0]}", requisition=row[0], need=str(row[1]))


async def _check_head(stamp: Stamp, facts: RequisitionFacts) -> None:
    if facts.incident_id is not None:
        incident = await incidents.get_incident(facts.incident_id, stamp.require(Permission.INCIDENT_READ))
        if incident.status is not IncidentStatus.ACTIVE:
            raise Refused("requisition.incident-over", "事件响应已结束，不能再申请", incident=incident.number)
    if facts.party_id is not None and not await parties.find_names([facts.party_id]):
        raise Missing("party.missing", "没有这个单位，或不在您的管辖范围内", party_id=facts.party_id)


async def _ready(stamp: Stamp, path: str, lines: Sequence[LineFacts]) -> list[LineFacts]:
    """The lines, checked; a kit that is only a list becomes what it is made of."""
    rules.check_lines(lines, stamp.recorded_at)
    places = await regions.find_regions_by_id({one.region_id for one in lines})
    known = await items.find_items({one.item_id for one in lines if one.item_id is not None})
    classed = await classes.find_classes_by_id({one.class_id for one in lines if one.class_id is not None})
    ready: list[LineFacts] = []
    for line, one in enumerate(lines, 1):
        place = places.get(one.region_id)
        if place is None or not (place.path.startswith(path) or one.need_id is not None):
            raise Missing("region.missing", "没有这个区划，或不在申请单位管辖范围内", line=line)
        if one.class_id is not None and one.class_id not in classed:
            raise Missing("class.missing", "没有这个类别", line=line, class_id=one.class_id)
        item = known.get(one.item_id) if one.item_id is not None else None
        if one.item_id is not None and (item is None or item.retired_at is not None):
            raise Missing("stock.no-such-item", "没有这种物资", line=line, item_id=one.item_id)
        if item is not None and item.kind is ItemKind.PHANTOM_KIT:
            parts: Mapping[int, int] = await kits.explode(item.id, one.quantity)
            note = "；".join(filter(None, [one.note, f"套件：{item.name_zh}"]))[:LONGEST_TEXT]
            ready += [replace(one, item_id=part, quantity=count, note=note) for part, count in sorted(parts.items())]
        else:
            ready.append(one)
    return ready


async def _write_lines(stamp: Stamp, requisition_id: UUID, lines: Sequence[LineFacts]) -> None:
    spots = ", ".join(f"${n}" for n in range(4, len(_LINE_COLUMNS) + 4))
    for number, one in enumerate(lines, 1):
        line_id = uuid5(stamp.attempt, f"line {number}")
        await db.execute(
            f"INSERT INTO requisition_line (id, requisition_id, line, {', '.join(_LINE_COLUMNS)})"
            f" VALUES ($1, $2, $3, {spots})",
            line_id,
            requisition_id,
            number,
            *[_plain(getattr(one, name)) for name in _LINE_COLUMNS],
        )
        await db.execute(
            "INSERT INTO requisition_contact (line_id, receiver, phone) VALUES ($1, $2, $3)",
            line_id,
            one.receiver.strip(),
            one.phone.strip(),
        )
