"""Reads for labels and papers. Each takes the scope in which the caller may print; what lies outside is Missing."""

import json
from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any
from uuid import UUID

from catalog.items import rules as item_rules
from catalog.kernel import db, parameters
from catalog.kernel.access import Scope
from catalog.kernel.errors import Invalid, Missing
from catalog.kernel.page import Page, checked_limit, read_cursor, write_cursor
from catalog.kernel.quantity import display
from catalog.kernel.time import day_of
from labels.documents import LedgerLine
from labels.sheets import (
    LAYOUTS,
    BinLabel,
    DocumentLabel,
    ItemLabel,
    Layout,
    LotLabel,
    PalletLabel,
    SerialLabel,
    SiteLabel,
)
from warehouse.printing import rules
from warehouse.printing.model import LAYOUT, TITLES, Paper, PaperKind, SlipMove, Source, Stock
from warehouse.printing.rules import quantity_text
from warehouse.replenishment import queries as deliveries
from warehouse.replenishment import rules as delivery_rules
from warehouse.stock.model import Reason

_SITE = "(s.path LIKE ANY($2::text[]) OR s.id = ANY($3::bigint[]))"
_IN_STORE = "('bin', 'staging')"


# --- label stock ------------------------------------------------------------------------------------------

_STOCK = """
SELECT name, label_width, label_height, page_width, page_height, columns, rows, left_edge, top_edge, gap_x, gap_y,
    padding_x, padding_y, name_zh, name_en, version, retired_at FROM label_layout
"""
_COUNTS = (5, 6)


def _stock(row: Any) -> Stock:
    figures = [row[at] if at in _COUNTS else row[at] / 100 for at in range(1, 13)]
    return Stock(Layout(row[0], *figures), *tuple(row)[13:])


async def list_stock(*, retired: bool = False) -> Sequence[Stock]:
    """What ships, then what administrators added, by name. It is one list for all: whoever prints may see it."""
    rows = await db.fetch(f"{_STOCK} WHERE $1 OR retired_at IS NULL ORDER BY name", retired)
    return [*(Stock(one) for one in LAYOUTS.values()), *map(_stock, rows)]


async def get_stock(name: str) -> Stock:
    """One kind that ships or was added, retired ones too. Raises Missing."""
    if name in LAYOUTS:
        return Stock(LAYOUTS[name])
    row = await db.fetch_row(f"{_STOCK} WHERE name = $1", name)
    if row is None:
        raise Missing("label.no-such-layout", "没有这种标签纸", layout=name)
    return _stock(row)


async def layout_of(name: str, right: float = 0.0, down: float = 0.0) -> Layout:
    """The layout to print on, moved by what its calibration page showed. Raises Invalid for one that is not in use."""
    in_use = {one.layout.name: one.layout for one in await list_stock()}
    if name not in in_use:
        raise Invalid("label.no-such-layout", "没有这种标签纸", layout=name, possible=sorted(in_use))
    return in_use[name].shifted(right, down) if right or down else in_use[name]


async def _own_names() -> Sequence[str]:
    return [one.layout.name for one in await list_stock() if one.own]


parameters.offer(LAYOUT.key, _own_names)


def _complete(kind: str, wanted: Sequence[str], found: Mapping[str, Any]) -> list[Any]:
    missing = [one for one in wanted if one not in found]
    if missing:
        raise Missing("label.no-such-thing", "没有找到，或不在您的管辖范围内", kind=kind, missing=missing[:20])
    return [found[one] for one in wanted]


# --- labels -----------------------------------------------------------------------------------------------

_GTIN = """(SELECT c.code FROM item_code c WHERE c.item_id = i.id AND c.kind = 'gtin' AND c.pack_id IS NULL
    AND c.retired_at IS NULL AND c.code NOT LIKE '02%' ORDER BY c.id LIMIT 1)"""
_LOTS = f"""
SELECT l.number, i.name_zh, i.spec, coalesce(nullif(l.origin, ''), m.name_zh, ''), i.unit_zh, i.unit_factor,
    l.produced_on, l.stored_on, l.expires_on, l.maker_batch, r.name_zh, {_GTIN},
    coalesce(sum(b.on_hand), 0)::bigint, array_agg(DISTINCT b.condition) FILTER (WHERE b.on_hand > 0),
    array_agg(DISTINCT p.code) FILTER (WHERE b.on_hand > 0)
FROM lot l JOIN item i ON i.id = l.item_id JOIN region r ON r.id = l.owner_region_id
LEFT JOIN party m ON m.id = l.maker_id
LEFT JOIN balance b ON b.lot_id = l.id AND ($4::bigint IS NULL OR b.place_id = $4)
    AND (l.owner_path LIKE ANY($2::text[]) OR EXISTS (SELECT 1 FROM site s WHERE s.id = b.site_id AND {_SITE}))
LEFT JOIN place p ON p.id = b.place_id
WHERE l.number = ANY($1::text[])
GROUP BY l.id, i.id, r.id, m.id HAVING count(b.lot_id) > 0 OR l.owner_path LIKE ANY($2::text[])
"""


async def lot_labels(numbers: Sequence[str], scope: Scope, *, on: date, place_id: int | None = None) -> list[LotLabel]:
    """Labels of lots, in the order asked: what stands in sight, or at one place, on a day. Raises Missing."""
    found: dict[str, LotLabel] = {}
    for row in await db.fetch(_LOTS, list(numbers), scope.prefixes, list(scope.site_ids), place_id):
        conditions: Sequence[str] = row[13] or ()
        places: Sequence[str] = row[14] or ()
        gtin = row[11] if rules.fit_for_gs1(row[9]) else None
        found[row[0]] = LotLabel(
            own_key=row[0],
            name=row[1],
            spec=row[2],
            origin=row[3],
            number=row[0],
            quantity=quantity_text(row[12], row[5], row[4]) if row[12] else "",
            quality=rules.quality(conditions, row[8], on),
            produced_on=row[6],
            received_on=row[7],
            expires_on=row[8],
            bin=places[0] if len(places) == 1 else "",
            batch=row[9] or "",
            owner=row[10],
            gtin=gtin,
        )
    return _complete("lot", numbers, found)


_BINS = f"""
SELECT p.key, p.code, s.name_zh, coalesce(z.name_zh, ''), p.kind,
    EXISTS (SELECT 1 FROM balance b WHERE b.place_id = p.id AND b.on_hand > 0),
    (SELECT i.name_zh || CASE WHEN i.spec = '' THEN '' ELSE ' ' || i.spec END FROM move m JOIN lot l ON l.id = m.lot_id
        JOIN item i ON i.id = l.item_id WHERE m.to_place = p.id ORDER BY m.seq DESC LIMIT 1)
FROM place p JOIN site s ON s.id = p.site_id LEFT JOIN zone z ON z.id = p.zone_id
WHERE p.key = ANY($1::text[]) AND p.kind IN {_IN_STORE} AND {_SITE}
"""


async def bin_labels(keys: Sequence[str], scope: Scope, *, meant_for: str = "") -> list[BinLabel]:
    """Bins by key. An empty one is a place-holder for `meant_for`, else what last stood there, else its zone."""
    found = {}
    for key, code, site, zone, kind, full, last in await db.fetch(
        _BINS, list(keys), scope.prefixes, list(scope.site_ids)
    ):
        holder = "" if full or kind != "bin" else meant_for or last or zone or "待定"
        found[key] = BinLabel(
            own_key=key, name="收发区" if kind == "staging" else code, site=site, zone=zone, meant_for=holder
        )
    return _complete("bin", keys, found)


_SITES = f"""
SELECT s.code, s.name_zh, r.tier, r.name_zh, s.address, coalesce(c.name_zh, ''), s.phone
FROM site s JOIN region r ON r.id = s.region_id LEFT JOIN party c ON c.id = s.custodian_id
WHERE s.code = ANY($1::text[]) AND {_SITE}
"""


async def site_labels(codes: Sequence[str], scope: Scope) -> list[SiteLabel]:
    """Labels for the doors of sites."""
    found = {
        row[0]: SiteLabel(
            own_key=row[0],
            name=row[1],
            tier=rules.TIERS.get(row[2], ""),
            region=row[3],
            address=row[4],
            keeper=row[5],
            phone=row[6],
        )
        for row in await db.fetch(_SITES, list(codes), scope.prefixes, list(scope.site_ids))
    }
    return _complete("site", codes, found)


_SERIALS = f"""
SELECT n.number, i.name_zh, i.spec, coalesce(n.maker_serial, ''), coalesce(m.name_zh, ''), l.produced_on, l.stored_on,
    (SELECT min(coalesce(
        (SELECT max(e.done_on) FROM care_event e WHERE e.lot_id = l.id AND (e.serial_id = n.id OR e.serial_id IS NULL)
            AND e.kind = c.kind AND e.passed) + c.interval_days,
        CASE WHEN c.basis = 'production' THEN coalesce(l.produced_on, l.stored_on) ELSE l.stored_on END
            + c.first_after_days))
     FROM item_care c WHERE c.item_id = i.id AND c.retired_at IS NULL),
    CASE WHEN p.kind = 'bin' THEN p.code ELSE '' END
FROM serial n LEFT JOIN serial_state t ON t.serial_id = n.id JOIN lot l ON l.id = coalesce(t.lot_id, n.lot_id)
JOIN item i ON i.id = l.item_id LEFT JOIN party m ON m.id = l.maker_id LEFT JOIN place p ON p.id = t.place_id
LEFT JOIN site s ON s.id = p.site_id
WHERE n.number = ANY($1::text[]) AND (l.owner_path LIKE ANY($2::text[]) OR {_SITE})
"""


async def serial_labels(numbers: Sequence[str], scope: Scope) -> list[SerialLabel]:
    """Labels of machines, with the day their next care is due."""
    found = {
        row[0]: SerialLabel(
            own_key=row[0],
            name=row[1],
            spec=row[2],
            serial=row[3],
            maker=row[4],
            produced_on=row[5],
            received_on=row[6],
            care_due_on=row[7],
            bin=row[8] or "",
        )
        for row in await db.fetch(_SERIALS, list(numbers), scope.prefixes, list(scope.site_ids))
    }
    return _complete("serial", numbers, found)


_PALLETS = f"""
SELECT q.number, q.sscc, q.created_at, s.name_zh, i.name_zh, i.spec, k.quantity, i.unit_factor, i.unit_zh, i.weight_g,
    l.expires_on
FROM pallet q JOIN place p ON p.id = q.place_id JOIN site s ON s.id = p.site_id
JOIN pallet_line k ON k.pallet_id = q.id JOIN lot l ON l.id = k.lot_id JOIN item i ON i.id = l.item_id
WHERE q.number = ANY($1::text[]) AND q.status = 'open' AND {_SITE} ORDER BY q.id, k.id
"""


async def pallet_labels(numbers: Sequence[str], scope: Scope) -> list[PalletLabel]:
    """Labels of pallets with what lies on them; the weight is goods only, and left out where an item's is unknown."""
    rows: dict[str, list[Any]] = {}
    for row in await db.fetch(_PALLETS, list(numbers), scope.prefixes, list(scope.site_ids)):
        rows.setdefault(row[0], []).append(row)
    found = {}
    for number, lines in rows.items():
        grams = None if any(x[9] is None for x in lines) else sum(x[6] * x[9] // x[7] for x in lines)
        found[number] = PalletLabel(
            own_key=number,
            contents=tuple(" ".join(filter(None, (x[4], x[5], quantity_text(x[6], x[7], x[8])))) for x in lines),
            weight="" if grams is None else f"{-(-grams // 1000)} kg",
            packed_on=day_of(lines[0][2]),
            site=lines[0][3],
            expires_on=min((x[10] for x in lines if x[10] is not None), default=None),
            sscc=lines[0][1],
        )
    return _complete("pallet", numbers, found)


_ITEMS = f"""
SELECT i.key, i.name_zh, i.spec, i.unit_zh, i.unit_factor, k.name_zh, i.storage_life_days, {_GTIN},
    (SELECT p.name_zh || '/' || p.factor FROM pack p WHERE p.item_id = i.id AND p.retired_at IS NULL
     ORDER BY p.is_default DESC, p.factor LIMIT 1), NULL::text, NULL::bigint
FROM item i JOIN storage_class k ON k.id = i.storage_class_id WHERE i.key = ANY($1::text[])
UNION ALL
SELECT p.key, i.name_zh, i.spec, i.unit_zh, i.unit_factor, k.name_zh, i.storage_life_days,
    (SELECT c.code FROM item_code c WHERE c.pack_id = p.id AND c.kind = 'gtin' AND c.retired_at IS NULL
     ORDER BY c.id LIMIT 1), NULL, p.name_zh, p.factor
FROM pack p JOIN item i ON i.id = p.item_id JOIN storage_class k ON k.id = i.storage_class_id
WHERE p.key = ANY($1::text[])
"""


async def item_labels(keys: Sequence[str]) -> list[ItemLabel]:
    """Labels of items by key, and of packs by theirs. A maker's GTIN-13 becomes the symbol where there is one."""
    found = {}
    for row in await db.fetch(_ITEMS, list(keys)):
        key, name, spec, unit, factor, storage, life, gtin, default_pack, pack, pack_factor = row
        pack_text = f"{pack} = {quantity_text(pack_factor, factor, unit)}" if pack else ""
        if default_pack:
            pack_name, _, size = default_pack.rpartition("/")
            pack_text = f"{pack_name} = {quantity_text(int(size), factor, unit)}"
        found[key] = ItemLabel(
            own_key=item_rules.label_key(key),
            name=name,
            spec=spec,
            code=key,
            unit=pack or unit,
            pack=pack_text,
            storage=storage,
            life=f"{life} 天" if life else "",
            gtin13=gtin[1:] if gtin and gtin.startswith("0") else None,
            is_pack=pack is not None,
        )
    return _complete("item", keys, found)


async def document_labels(numbers: Sequence[str], scope: Scope) -> list[DocumentLabel]:
    """Labels of documents by number: deliveries and issued papers."""
    found: dict[str, DocumentLabel] = {}
    for number in numbers:
        delivery = await deliveries.find_delivery_by_number(number, scope)
        if delivery is not None:
            found[number] = DocumentLabel(
                own_key=delivery_rules.label_key(number),
                title="到货单",
                number=number,
                issued_on=delivery.expected_on or day_of(delivery.created_at),
                source=delivery.supplier_name or "",
                target=delivery.site_name,
                note=delivery.note_number,
            )
            continue
        paper = await find_paper_by_number(number, scope)
        if paper is not None:
            found[number] = DocumentLabel(
                own_key=rules.paper_key(number, paper.id.hex),
                title=TITLES[paper.kind],
                number=number,
                issued_on=day_of(paper.issued_at),
                source=paper.site_name,
                target=str(paper.content.get("destination", "")),
            )
    return _complete("document", numbers, found)


# --- papers -----------------------------------------------------------------------------------------------

_PAPER = """
SELECT d.id, d.seq, d.number, d.outside_number, d.kind, d.site_id, s.code, s.name_zh, s.path, d.content::text,
    d.document_kind, d.document_id, d.issued_at, d.issued_by, d.voided_at, d.void_reason
FROM paper d JOIN site s ON s.id = d.site_id
"""


def _paper(row: Any) -> Paper:
    values = list(row)
    values[4], values[9] = PaperKind(values[4]), json.loads(values[9])
    return Paper(*values)


async def get_paper(paper_id: UUID, scope: Scope) -> Paper:
    """An issued paper of a site in scope. Raises Missing."""
    row = await db.fetch_row(_PAPER + "WHERE d.id = $1", paper_id)
    found = _paper(row) if row else None
    if found is None or not scope.covers(found.path, found.site_id):
        raise Missing("paper.missing", "没有这张单据，或不在您的管辖范围内")
    return found


async def find_paper_by_number(number: str, scope: Scope) -> Paper | None:
    """An issued paper in scope by its number."""
    row = await db.fetch_row(_PAPER + "WHERE d.number = $1", number)
    found = _paper(row) if row else None
    return found if found is not None and scope.covers(found.path, found.site_id) else None


async def list_papers(
    *,
    scope: Scope,
    site_code: str | None = None,
    kind: PaperKind | None = None,
    document_id: UUID | None = None,
    cursor: str | None = None,
    limit: int | None = None,
) -> Page[Paper]:
    """Issued papers in scope, the newest first, void ones too."""
    size, after = checked_limit(limit), read_cursor(cursor, 1)
    rows = await db.fetch(
        _PAPER + "WHERE (s.path LIKE ANY($1::text[]) OR s.id = ANY($2::bigint[])) AND ($3::text IS NULL OR s.code = $3)"
        " AND ($4::text IS NULL OR d.kind = $4) AND ($5::uuid IS NULL OR d.document_id = $5)"
        " AND ($6::bigint IS NULL OR d.seq < $6) ORDER BY d.seq DESC LIMIT $7",
        scope.prefixes,
        list(scope.site_ids),
        site_code,
        kind.value if kind else None,
        document_id,
        rules.checked_seq(after),
        size + 1,
    )
    shown = [_paper(row) for row in rows[:size]]
    return Page(shown, write_cursor(shown[-1].seq) if len(rows) > size else None)


_SLIP = """
SELECT m.seq, i.name_zh, i.key, i.sort_key, i.spec, i.unit_zh, i.unit_factor, m.quantity, l.id, l.number,
    l.maker_batch, l.expires_on, l.price_fen, l.price_per, l.fund_source, p.site_id, p.code, m.reason, m.occurred_at,
    m.login, coalesce(w.name_zh, ''), m.document_kind, m.document_id,
    (SELECT d.number FROM paper_move x JOIN paper d ON d.id = x.paper_id WHERE x.move_seq = m.seq
        AND d.voided_at IS NULL AND d.kind IN ('receipt_slip', 'issue_slip') LIMIT 1)
FROM move m JOIN lot l ON l.id = m.lot_id JOIN item i ON i.id = l.item_id
JOIN place p ON p.id = CASE WHEN $1 = 'receipt_slip' THEN m.to_place ELSE m.from_place END
LEFT JOIN person w ON w.id = m.person_id
WHERE m.reason = ANY($2::text[]) AND m.reverses IS NULL AND p.site_id IS NOT NULL
    AND NOT EXISTS (SELECT 1 FROM move back WHERE back.reverses = m.seq)
"""


async def slip_moves(kind: PaperKind, source: Source) -> list[SlipMove]:
    """The moves of a source that belong on such a slip; reversals and what they took back do not. Not scoped."""
    reasons = sorted(one.value for one in rules.REASONS[kind])
    tail = f" ORDER BY m.seq LIMIT {rules.MOST_LINES + 1}"
    if source.attempt is not None:
        rows = await db.fetch(_SLIP + "AND m.attempt = $3" + tail, kind.value, reasons, source.attempt)
    elif source.document_id is not None:
        rows = await db.fetch(_SLIP + "AND m.document_id = $3" + tail, kind.value, reasons, source.document_id)
    else:
        condition = "AND m.booked_on = $3 AND p.site_id = $4"
        rows = await db.fetch(_SLIP + condition + tail, kind.value, reasons, source.day, source.site_id)
    return [SlipMove(*row) for row in rows]


async def slips_of(seqs: Sequence[int]) -> list[str]:
    """The numbers of live slips that any of these moves stand on."""
    rows = await db.fetch(
        "SELECT DISTINCT d.number FROM paper_move x JOIN paper d ON d.id = x.paper_id WHERE x.move_seq ="
        " ANY($1::bigint[]) AND d.voided_at IS NULL AND d.kind IN ('receipt_slip', 'issue_slip') ORDER BY 1",
        list(seqs),
    )
    return [row[0] for row in rows]


# What came into or left the store of a site, signed: steps inside the store do not count.
_FLOW = f"""
FROM move m JOIN lot l ON l.id = m.lot_id JOIN place f ON f.id = m.from_place JOIN place t ON t.id = m.to_place
CROSS JOIN LATERAL (SELECT
    CASE WHEN t.site_id = $1 AND t.kind IN {_IN_STORE} THEN m.quantity ELSE 0 END
    - CASE WHEN f.site_id = $1 AND f.kind IN {_IN_STORE} THEN m.quantity ELSE 0 END AS signed) v
WHERE (m.lot_id = $2 OR ($2::bigint IS NULL AND l.item_id = $3)) AND v.signed <> 0
"""


async def ledger_lines(
    *, site_id: int, lot_id: int | None, item_id: int, start: date, end: date, factor: int
) -> tuple[int, list[LedgerLine], int, int]:
    """(opening balance, lines of the days start to end, total in, total out) of a lot or item in a site's store."""
    opening: int = await db.fetch_value(
        "SELECT coalesce(sum(v.signed), 0)::bigint " + _FLOW + "AND m.booked_on < $4", site_id, lot_id, item_id, start
    )
    rows = await db.fetch(
        "SELECT m.booked_on, m.reason, v.signed, l.number, m.note, coalesce(w.name_zh, m.login),"
        " (SELECT d.number FROM paper_move x JOIN paper d ON d.id = x.paper_id WHERE x.move_seq = m.seq"
        "  AND d.voided_at IS NULL AND d.kind IN ('receipt_slip', 'issue_slip') LIMIT 1) "
        + _FLOW.replace("WHERE", "LEFT JOIN person w ON w.id = m.person_id WHERE", 1)
        + f"AND m.booked_on BETWEEN $4 AND $5 ORDER BY m.booked_on, m.seq LIMIT {rules.MOST_LINES + 1}",
        site_id,
        lot_id,
        item_id,
        start,
        end,
    )
    lines, balance, came, went = [], opening, 0, 0
    for day, reason, signed, lot, note, by, number in rows:
        balance += signed
        came, went = came + max(signed, 0), went + max(-signed, 0)
        word = rules.REASON_WORDS[Reason(reason)]
        lines.append(
            LedgerLine(
                booked_on=day,
                number=number or "",
                summary=" ".join(filter(None, (word, "" if lot_id else lot, note[:40]))),
                balance=display(balance, factor),
                came_in=display(signed, factor) if signed > 0 else "",
                went_out=display(-signed, factor) if signed < 0 else "",
                by=by,
            )
        )
    return opening, lines, came, went


async def card_lines(*, place_id: int, lot_id: int, factor: int, newest: int = 8) -> tuple[int, list[LedgerLine]]:
    """(what stands of a lot at a place, its last moves there in order, with the balance after each)."""
    on_hand: int = await db.fetch_value(
        "SELECT coalesce(sum(on_hand), 0)::bigint FROM balance WHERE place_id = $1 AND lot_id = $2", place_id, lot_id
    )
    rows = await db.fetch(
        "SELECT m.booked_on, m.reason, CASE WHEN m.to_place = $1 THEN m.quantity ELSE -m.quantity END, m.note,"
        " coalesce(w.name_zh, m.login), (SELECT d.number FROM paper_move x JOIN paper d ON d.id = x.paper_id"
        " WHERE x.move_seq = m.seq AND d.voided_at IS NULL LIMIT 1)"
        " FROM move m LEFT JOIN person w ON w.id = m.person_id WHERE m.lot_id = $2"
        " AND (m.to_place = $1) <> (m.from_place = $1) ORDER BY m.seq DESC LIMIT $3",
        place_id,
        lot_id,
        newest,
    )
    lines: list[LedgerLine] = []
    after = on_hand
    for day, reason, signed, note, by, number in rows:
        lines.append(
            LedgerLine(
                booked_on=day,
                number=number or "",
                summary=" ".join(filter(None, (rules.REASON_WORDS[Reason(reason)], note[:40]))),
                balance=display(after, factor),
                came_in=display(signed, factor) if signed > 0 else "",
                went_out=display(-signed, factor) if signed < 0 else "",
                by=by,
            )
        )
        after -= signed
    return on_hand, lines[::-1]


async def keeper_name(person_id: int | None, login: str) -> str:
    """The name that is printed for whoever issues a paper."""
    name = await db.fetch_value("SELECT name_zh FROM person WHERE id = $1", person_id) if person_id else None
    return str(name or login)


async def name_of_login(login: str) -> str:
    """The name that is printed for a login; the login itself where nobody has it."""
    name = await db.fetch_value("SELECT name_zh FROM person WHERE login = $1", login)
    return str(name or login)
