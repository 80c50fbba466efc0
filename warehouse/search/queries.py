"""Looks a text up everywhere the caller may look. Every source asks with the scope of its own permission."""

import contextlib
from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any
from uuid import UUID

from catalog.items import queries as items
from catalog.kernel import db
from catalog.kernel.access import Permission, Scope, scope_of
from catalog.kernel.errors import Missing
from catalog.kernel.search import normal
from catalog.kernel.stamp import Stamp
from labels.codes import OwnKind
from warehouse.fulfilment import queries as shipments
from warehouse.parties import queries as parties
from warehouse.people import queries as people
from warehouse.replenishment.rules import number_of_label
from warehouse.search import rules
from warehouse.search.model import Found, Hit, Kind, Subject
from warehouse.search.rules import MOST, Wanted
from warehouse.sites import queries as sites
from warehouse.stock.queries.sight import Sight, Where, see


@dataclass(frozen=True, slots=True)
class _Asker:
    """Who looks: scopes by permission, and what of the stock is in sight."""

    stamp: Stamp
    stock: Scope
    sight: Sight | None

    def scope(self, permission: Permission) -> Scope:
        return scope_of(self.stamp.grants, permission)


Source = Callable[[Wanted, _Asker], Awaitable[Sequence[Hit]]]


_PEOPLE = "SELECT {id}::text, name_zh, name_en, login FROM person WHERE {id} = ANY($1)"
_SITES = "SELECT {id}::text, name_zh, name_en, code FROM site WHERE {id} = ANY($1)"
_NUMBERED = "SELECT id::text, number, NULL, '' FROM {table} WHERE id = ANY($1)"
_BY_UUID = {
    "person": _PEOPLE.format(id="uuid"),
    "delivery": _NUMBERED.format(table="delivery"),
    "paper": _NUMBERED.format(table="paper"),
    "pick": _NUMBERED.format(table="pick_list"),
    "stocktake": _NUMBERED.format(table="stocktake"),
    "import": "SELECT id::text, name, NULL, '' FROM import_file WHERE id = ANY($1)",
    "case": "SELECT c.uuid::text, s.name_zh, s.name_en, s.code FROM discrepancy_case c JOIN site s ON s.id = c.site_id"
    " WHERE c.uuid = ANY($1)",
    "token": "SELECT t.uuid::text, t.name, NULL, p.login FROM access_token t JOIN person p ON p.id = t.person_id"
    " WHERE t.uuid = ANY($1)",
    "session": "SELECT s.uuid::text, p.name_zh, p.name_en, p.login FROM login_session s JOIN person p"
    " ON p.id = s.person_id WHERE s.uuid = ANY($1)",
}
_BY_NUMBER = {
    "person": _PEOPLE.format(id="id"),
    "site": _SITES.format(id="id"),
    "anchor": "SELECT id::text, name, NULL, position::text FROM received_anchor WHERE id = ANY($1)",
    "bin": "SELECT p.id::text, p.code, NULL, s.code FROM place p JOIN site s ON s.id = p.site_id WHERE p.id = ANY($1)",
    "zone": "SELECT z.id::text, z.name_zh, NULL, s.code FROM zone z JOIN site s ON s.id = z.site_id"
    " WHERE z.id = ANY($1)",
}
_BY_KEY = {
    "site": _SITES.format(id="code"),
    "party": "SELECT key, name_zh, name_en, key FROM party WHERE key = ANY($1)",
    "region": "SELECT key, name_zh, name_en, key FROM region WHERE key = ANY($1)",
    "item": "SELECT key, name_zh, name_en, key FROM item WHERE key = ANY($1)",
    "label-layout": "SELECT name, name_zh, name_en, name FROM label_layout WHERE name = ANY($1)",
}


async def names_of(subjects: Iterable[tuple[str, str]]) -> Mapping[tuple[str, str], Subject]:
    """What (kind, id) pairs of the audit trail stand for, as far as they have a name; one statement for each kind and
    form of id. No scope: whoever may read a row of the trail may read the name of what it is about."""
    wanted: dict[str, dict[str, list[Any]]] = {}
    for kind, text in set(subjects):
        if kind in _BY_UUID and (found := _uuid(text)) is not None:
            wanted.setdefault(_BY_UUID[kind], {}).setdefault(kind, []).append(found)
        elif kind in _BY_NUMBER and text.isascii() and text.isdigit() and len(text) < 19:
            wanted.setdefault(_BY_NUMBER[kind], {}).setdefault(kind, []).append(int(text))
        elif kind in _BY_KEY:
            wanted.setdefault(_BY_KEY[kind], {}).setdefault(kind, []).append(text)
    return {
        (kind, row[0]): Subject(row[1], row[2], row[3])
        for sql, kinds in wanted.items()
        for kind, ids in kinds.items()
        for row in await db.fetch(sql, ids)
    }


def _uuid(text: str) -> UUID | None:
    try:
        return UUID(text)
    except ValueError:
        return None


async def search(*, text: str, stamp: Stamp, today: date) -> Found:
    """What a text finds in the caller's sight. Nothing for an empty one."""
    wanted = rules.understand(text, today)
    if not wanted.typed:
        return Found("")
    stock = scope_of(stamp.grants, Permission.STOCK_READ)
    asker = _Asker(stamp, stock, None if stock.empty else await see(stock))
    hits: list[Hit] = []
    for source in SOURCES:
        hits += await source(wanted, asker)
    return rules.gathered(wanted.typed, hits)


def _starts(text: str) -> str:
    return "".join("\\" + c if c in "\\%_" else c for c in text) + "%"


def _seen(asker: _Asker, *conditions: str, args: Sequence[Any], site: str, owner: str) -> Where | None:
    """Conditions on goods in sight; None where the caller sees none."""
    if asker.sight is None:
        return None
    where = Where(args=args)
    where.conditions += conditions
    where.seen(asker.sight, site, owner)
    return where


async def _lots(wanted: Wanted, asker: _Asker) -> Sequence[Hit]:
    """By number or maker's batch, exact or its beginning. A lot is seen where it stands, stood, or is owned."""
    if asker.sight is None:
        return []
    numbers = [*wanted.keys(OwnKind.LOT), wanted.upper]
    batches = [*wanted.batches, wanted.typed, wanted.upper]
    begins = "" if wanted.is_code or len(wanted.typed) < 3 else wanted.upper
    where = Where(args=(numbers, batches, _starts(begins) if begins else "", MOST * 4))
    where.conditions.append(
        "l.id IN (SELECT id FROM lot WHERE number = ANY($1) UNION SELECT id FROM lot WHERE maker_batch = ANY($2)"
        " UNION (SELECT id FROM lot WHERE $3 <> '' AND number LIKE $3 LIMIT $4)"
        " UNION (SELECT id FROM lot WHERE $3 <> '' AND maker_batch LIKE $3 LIMIT $4))"
    )
    if not asker.sight.everything:
        stood = f"EXISTS (SELECT 1 FROM balance b WHERE b.lot_id = l.id AND {asker.sight.at('b.site_id')})"
        where.conditions.append(f"({asker.sight.owned('l.owner_path')} OR {stood})")
    rows = await db.fetch(
        "SELECT l.number, l.maker_batch, i.name_zh, i.name_en, l.number = ANY($1) OR l.maker_batch = ANY($2)"
        f" FROM lot l JOIN item i ON i.id = l.item_id{where.text()} ORDER BY 5 DESC, l.number LIMIT {MOST}",
        *where.args,
    )
    return [Hit(Kind.LOT, r[0], r[2], r[3], " · ".join(t for t in (r[0], r[1]) if t), r[4]) for r in rows]


async def _serials(wanted: Wanted, asker: _Asker) -> Sequence[Hit]:
    numbers = [*wanted.keys(OwnKind.SERIAL), *wanted.serials, wanted.typed, wanted.upper]
    where = _seen(
        asker,
        "(n.number = ANY($1) OR n.maker_serial = ANY($1))",
        args=(numbers,),
        site="coalesce(p.site_id, 0)",
        owner="l.owner_path",
    )
    if where is None:
        return []
    rows = await db.fetch(
        "SELECT n.number, n.maker_serial, i.name_zh, i.name_en FROM serial n JOIN lot l ON l.id = n.lot_id"
        " JOIN item i ON i.id = l.item_id LEFT JOIN serial_state t ON t.serial_id = n.id"
        f" LEFT JOIN place p ON p.id = t.place_id{where.text()} ORDER BY n.number LIMIT {MOST}",
        *where.args,
    )
    return [Hit(Kind.SERIAL, r[0], r[2], r[3], " · ".join(t for t in (r[0], r[1]) if t), True) for r in rows]


async def _pallets(wanted: Wanted, asker: _Asker) -> Sequence[Hit]:
    numbers = [*wanted.keys(OwnKind.PALLET), *wanted.ssccs, wanted.upper]
    where = _seen(asker, "(t.number = ANY($1) OR t.sscc = ANY($1))", args=(numbers,), site="p.site_id", owner="''")
    if where is None:
        return []
    rows = await db.fetch(
        "SELECT t.number, CASE p.kind WHEN 'bin' THEN p.code END, s.name_zh, s.name_en FROM pallet t"
        " JOIN place p ON p.id = t.place_id JOIN site s ON s.id = p.site_id"
        f"{where.text()} ORDER BY t.number LIMIT {MOST}",
        *where.args,
    )
    return [Hit(Kind.PALLET, r[0], r[0], None, " · ".join(t for t in (r[2], r[1]) if t), True) for r in rows]


async def _boxes(wanted: Wanted, asker: _Asker) -> Sequence[Hit]:
    """Boxes and pallets of shipments in sight, by own number or SSCC: they lead to the shipment."""
    scope = asker.scope(Permission.SHIPMENT_READ)
    if scope.empty:
        return []
    hits = {}
    found = await shipments.find_boxes_by_label([*wanted.keys(OwnKind.PALLET), *wanted.ssccs, wanted.upper])
    for box in found.values():
        with contextlib.suppress(Missing):
            load = await shipments.get_shipment(box.shipment_id, scope)
            hits[box.id] = Hit(Kind.BOX, f"{load.id}#box-{box.number}", box.number, None, load.number, True)
    return list(hits.values())


async def _bins(wanted: Wanted, asker: _Asker) -> Sequence[Hit]:
    """By key, by `site/code`, or by the code on the rack in any store in scope."""
    scope = asker.scope(Permission.SITE_READ)
    if scope.empty:
        return []
    site, slash, code = wanted.upper.partition("/")
    args = (
        [*wanted.keys(OwnKind.BIN), wanted.upper],
        site.strip() if slash else None,
        code.strip() if slash else wanted.upper,
        scope.prefixes,
        list(scope.site_ids),
    )
    rows = await db.fetch(
        "SELECT p.key, p.code, s.name_zh, s.name_en, s.code, p.kind FROM place p JOIN site s ON s.id = p.site_id"
        " WHERE p.kind IN ('bin', 'staging') AND (s.path LIKE ANY($4::text[]) OR s.id = ANY($5::bigint[]))"
        " AND (p.key = ANY($1) OR (p.code = $3 AND p.site_id IN"
        " (SELECT id FROM site WHERE $2::text IS NULL OR code = $2)))"
        f" ORDER BY p.retired_at IS NOT NULL, s.code, p.code LIMIT {MOST}",
        *args,
    )
    return [Hit(Kind.BIN, r[0], r[1], None, f"{r[2]} · {r[4]}", True) for r in rows]


async def _sites(wanted: Wanted, asker: _Asker) -> Sequence[Hit]:
    scope = asker.scope(Permission.SITE_READ)
    if scope.empty:
        return []
    exact = await sites.find_sites([*wanted.keys(OwnKind.SITE), wanted.upper], scope)
    more = () if wanted.is_code else (await sites.list_sites(scope=scope, query=wanted.typed, limit=MOST)).items
    asked = normal(wanted.typed)
    return [
        Hit(Kind.SITE, one.code, one.name_zh, one.name_en, one.code, one.code in exact or normal(one.name_zh) == asked)
        for one in [*exact.values(), *more]
    ]


async def _items(wanted: Wanted, asker: _Asker) -> Sequence[Hit]:
    if asker.scope(Permission.CATALOG_READ).empty:
        return []
    hits = await items.find_codes(
        sorted(wanted.gtins), [wanted.typed], wanted.keys(OwnKind.ITEM), wanted.keys(OwnKind.PACK)
    )
    ids = {hit.item_id for hit in hits.values()}
    exact = {one.key: one for one in (await items.find_items(ids)).values()}
    exact |= await items.find_items_by_key([wanted.upper])
    more = () if wanted.is_code else (await items.list_items(query=wanted.typed, limit=MOST)).items
    asked = normal(wanted.typed)
    return [
        Hit(Kind.ITEM, one.key, one.name_zh, one.name_en, one.key, one.key in exact or normal(one.name_zh) == asked)
        for one in [*exact.values(), *more]
    ]


_AT = "JOIN site s ON s.id = x.site_id"
_DOCUMENTS = {
    Kind.DELIVERY: f"SELECT x.id::text, x.number, s.name_zh FROM delivery x {_AT} WHERE x.number = ANY($1::text[])",
    Kind.COUNT: f"SELECT x.id::text, x.number, s.name_zh FROM stocktake x {_AT} WHERE x.number = ANY($1::text[])",
    Kind.PAPER: f"SELECT x.id::text, x.number, s.name_zh FROM paper x {_AT}"
    " WHERE replace(x.number, '-', '') = ANY($1::text[])",
    Kind.CASE: f"SELECT x.uuid::text, x.kind, s.name_zh FROM discrepancy_case x {_AT} WHERE x.uuid = ANY($1::uuid[])",
}
_NOTES = f"""
SELECT x.id::text, x.number || ' · ' || x.note_number, s.name_zh FROM delivery x {_AT}
WHERE x.note_number <> '' AND x.note_number = ANY($1::text[])
"""


async def _documents(wanted: Wanted, asker: _Asker) -> Sequence[Hit]:
    """Deliveries by number or the supplier's note, counts by number, papers by number (with or without hyphens), cases
    by their id."""
    if asker.sight is None:
        return []
    here = "" if asker.sight.everything else f" AND {asker.sight.at('s.id')}"
    keys = [*wanted.keys(OwnKind.DOCUMENT), wanted.upper.replace("-", "")]
    numbers = [wanted.upper, *(number for key in keys if (number := number_of_label(key)))]
    asked: list[tuple[Kind, str, Sequence[Any]]] = [
        (Kind.DELIVERY, _DOCUMENTS[Kind.DELIVERY], numbers),
        (Kind.DELIVERY, _NOTES, [wanted.typed, wanted.upper]),
        (Kind.COUNT, _DOCUMENTS[Kind.COUNT], [wanted.upper]),
        (Kind.PAPER, _DOCUMENTS[Kind.PAPER], keys),
    ]
    if (case := rules.as_uuid(wanted.typed)) is not None:
        asked.append((Kind.CASE, _DOCUMENTS[Kind.CASE], [case]))
    return [
        Hit(kind, row[0], row[1], None, row[2], True)
        for kind, sql, values in asked
        for row in await db.fetch(f"{sql}{here} LIMIT {MOST}", list(values))
    ]


async def _parties(wanted: Wanted, asker: _Asker) -> Sequence[Hit]:
    scope = asker.scope(Permission.PARTY_READ)
    if scope.empty or wanted.is_code:
        return []
    found = (await parties.list_parties(scope=scope, query=wanted.typed, limit=MOST)).items
    asked = normal(wanted.typed)
    return [Hit(Kind.PARTY, p.key, p.name_zh, p.name_en, p.key, normal(p.name_zh) == asked) for p in found]


async def _people(wanted: Wanted, asker: _Asker) -> Sequence[Hit]:
    scope = asker.scope(Permission.PERSON_READ)
    if scope.empty or wanted.is_code:
        return []
    found = (await people.list_people(scope=scope, text=wanted.typed, limit=MOST)).items
    asked = {wanted.typed, wanted.typed.lower()}
    return [
        Hit(Kind.PERSON, str(p.uuid), p.name_zh, p.name_en, p.login, p.login in asked or p.name_zh in asked)
        for p in found
    ]


SOURCES: tuple[Source, ...] = (
    _lots,
    _serials,
    _pallets,
    _boxes,
    _bins,
    _sites,
    _items,
    _documents,
    _parties,
    _people,
)
"""Everywhere that is looked; another feature's is one more function."""
