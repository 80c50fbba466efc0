"""From readings to rows: everything a batch of scans may need, loaded set-wise by fixed SQL, as plain values."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Any

from catalog.items import queries as items
from catalog.kernel import db
from labels.codes import Ambiguous, Code, Glued, OwnKind, Reading, Unreadable, read
from warehouse.fulfilment import queries as shipments
from warehouse.picking import queries as picks
from warehouse.replenishment import queries as deliveries
from warehouse.scanning.model import (
    BinTarget,
    DocumentTarget,
    ItemTarget,
    LotTarget,
    Mode,
    PalletRow,
    PalletTarget,
    Room,
    Scan,
    SerialTarget,
    SeveralTarget,
    SiteRow,
    SiteTarget,
    Size,
    Standing,
    Target,
    UnknownTarget,
    UnreadableTarget,
    World,
)
from warehouse.scanning.sight import keep_in_sight, lots_of
from warehouse.stock import queries as stock
from warehouse.stock.model import Lot
from warehouse.stock.queries.loads import LOT_COLUMNS, LOT_WIDTH, lot_from
from warehouse.stock.rules import fefo_order

_SITES = """
SELECT s.id, s.code, s.path, s.region_id, s.name_zh, s.retired_at IS NOT NULL,
    (SELECT min(p.id) FROM place p WHERE p.site_id = s.id AND p.kind = 'staging' AND p.retired_at IS NULL)
FROM site s WHERE s.code = ANY($1::text[])
"""
_BINS = """
SELECT p.id, p.kind, p.code, p.key, p.site_id, s.code, s.path, p.closed_by IS NOT NULL,
    p.retired_at IS NOT NULL OR s.retired_at IS NOT NULL
FROM place p JOIN site s ON s.id = p.site_id WHERE p.key = ANY($1::text[])
UNION ALL
SELECT f.* FROM unnest($2::text[], $3::text[]) k (site, bin), LATERAL (
    SELECT p.id, p.kind, p.code, p.key, p.site_id, s.code, s.path, p.closed_by IS NOT NULL,
        p.retired_at IS NOT NULL OR s.retired_at IS NOT NULL
    FROM site s JOIN place p ON p.site_id = s.id AND p.code = k.bin WHERE s.code = k.site LIMIT 1) f
"""
"""Each pair by the index of codes within a site; joined as a whole, every bin of each site was read."""
_LOTS = f"SELECT {LOT_COLUMNS} FROM lot l JOIN item i ON i.id = l.item_id WHERE l.number = ANY($1::text[])"
_BALANCE = "b.item_id, b.site_id, b.place_id, p.code, p.kind, p.sort_key, b.condition, b.on_hand, b.reserved"
_STANDING = f"""
SELECT {_BALANCE}, {LOT_COLUMNS}
FROM balance b JOIN lot l ON l.id = b.lot_id JOIN item i ON i.id = l.item_id JOIN place p ON p.id = b.place_id
"""
_OF_ITEMS = (
    _STANDING
    + """
JOIN unnest($1::bigint[], $2::bigint[]) k (item_id, site_id) ON k.item_id = b.item_id
    AND (k.site_id = b.site_id OR k.site_id IS NULL)
WHERE b.on_hand > 0
"""
)
_OF_LOTS = f"""
SELECT {_BALANCE}, b.lot_id FROM balance b JOIN place p ON p.id = b.place_id
JOIN unnest($1::bigint[], $2::bigint[]) k (lot_id, site_id) ON k.lot_id = b.lot_id
    AND (k.site_id = b.site_id OR k.site_id IS NULL)
WHERE b.on_hand > 0
"""
"""Of lots that are known already: what a lot is need not be read again with each of its balances."""
_IN_PLACES = _STANDING + "WHERE b.place_id = ANY($1::bigint[]) AND b.on_hand > 0"
_FREE_HERE = f"""
SELECT {_BALANCE}, b.lot_id, b.expires_on FROM balance b JOIN place p ON p.id = b.place_id
WHERE b.item_id = k.item_id AND b.site_id = k.site_id AND b.condition = 'good' AND b.on_hand > b.reserved
  AND p.kind IN ('bin', 'staging')"""
_FIRST = f"""
WITH first AS MATERIALIZED (
    SELECT f.* FROM unnest($1::bigint[], $2::bigint[]) k (item_id, site_id), LATERAL (
        ({_FREE_HERE} AND b.expires_on >= $3 ORDER BY b.expires_on LIMIT 1)
        UNION ALL ({_FREE_HERE} AND b.expires_on IS NULL LIMIT 1)
        ORDER BY expires_on LIMIT 1
    ) f
)
SELECT f.item_id, f.site_id, f.place_id, f.code, f.kind, f.sort_key, f.condition, f.on_hand, f.reserved, {LOT_COLUMNS}
FROM first f JOIN lot l ON l.id = f.lot_id JOIN item i ON i.id = l.item_id
"""
"""In two halves, each read off the index in its order up to the first row: with OR every lot of the item was sorted."""
_PALLETS = """
SELECT p.id, p.number, p.sscc, p.place_id, p.status, l.lot_id, l.condition, l.quantity, t.item_id, s.path, s.id
FROM pallet p JOIN pallet_line l ON l.pallet_id = p.id JOIN lot t ON t.id = l.lot_id
JOIN place c ON c.id = p.place_id LEFT JOIN site s ON s.id = c.site_id
WHERE p.id IN (SELECT id FROM pallet WHERE number = ANY($1::text[])
    UNION SELECT id FROM pallet WHERE sscc = ANY($2::text[])) ORDER BY p.id, l.id
"""
_PAPERS = """
SELECT p.id, p.kind, p.number, s.path, s.id FROM paper p JOIN site s ON s.id = p.site_id
WHERE replace(p.number, '-', '') = ANY($1::text[])
"""
_ROOMS = """
SELECT p.id, p.code, p.key, coalesce(z.storage_classes, '{}'), p.volume_ml, p.weight_g, u.volume, u.weight
FROM place p LEFT JOIN zone z ON z.id = p.zone_id CROSS JOIN LATERAL (
    SELECT coalesce(sum(b.on_hand * i.volume_ml / i.unit_factor), 0)::bigint AS volume,
        coalesce(sum(b.on_hand * i.weight_g / i.unit_factor), 0)::bigint AS weight
    FROM balance b JOIN item i ON i.id = b.item_id WHERE b.place_id = p.id AND b.on_hand > 0) u
WHERE p.id = ANY($1::bigint[]) AND p.kind = 'bin'
"""
_SIZES = """
SELECT i.id, i.unit_factor, i.volume_ml, i.weight_g, c.key FROM item i JOIN storage_class c ON c.id = i.storage_class_id
WHERE i.id = ANY($1::bigint[])
"""
_SITE_PATHS = "SELECT id, path FROM site WHERE id = ANY($1::bigint[])"
_REGIONS = "SELECT key, id FROM region WHERE key = ANY($1::text[]) AND retired_at IS NULL"
_PARTIES = "SELECT key, id FROM party WHERE key = ANY($1::text[]) AND retired_at IS NULL"


@dataclass(slots=True)
class _Wanted:
    """The keys found in a batch's readings, by kind."""

    own: dict[OwnKind, set[str]] = field(default_factory=dict)
    gtins: set[str] = field(default_factory=set)
    texts: set[str] = field(default_factory=set)
    sscc: set[str] = field(default_factory=set)
    maker_serials: set[str] = field(default_factory=set)

    def keys(self, kind: OwnKind) -> list[str]:
        return sorted(self.own.get(kind, ()))


@dataclass(slots=True)
class _Rows:
    """What the keys led to."""

    lots: dict[str, Any]
    serials: dict[str, Any]
    pallets: dict[str, PalletRow]
    pallet_items: dict[int, set[int]]
    items: Any
    documents: dict[str, DocumentTarget]
    boxes: dict[str, DocumentTarget]
    """Boxes of shipments, by own number and by SSCC: they lead to their shipment."""


@dataclass(slots=True)
class Asked:
    """What a batch says, and the questions about it that need no other's answer."""

    scans: Sequence[Scan]
    today: date
    readings: list[Reading]
    wanted: _Wanted
    questions: tuple[db.Question, ...]
    """About the sites and the lots, and the bins where one is named."""


def ask(scans: Sequence[Scan], today: date) -> Asked:
    """Read each scan's string; which sites, bins and lots to look for."""
    readings = [_read(scan, today) for scan in scans]
    wanted = _wanted(scans, readings)
    sites = {s.request.site for s in scans if s.request.site} | set(wanted.keys(OwnKind.SITE))
    keys, pairs = _bins(scans, readings, wanted)
    questions: tuple[db.Question, ...] = ((_SITES, (sorted(sites),)), (_LOTS, (wanted.keys(OwnKind.LOT),)))
    if keys or pairs:
        questions += ((_BINS, (keys, [p[0] for p in pairs], [p[1] for p in pairs])),)
    return Asked(scans, today, readings, wanted, questions)


async def resolve(asked: Asked, answers: Sequence[Sequence[Any]], fresh: Sequence[int]) -> tuple[list[Target], World]:
    """What the strings of the scans at `fresh` stand for, and what deciding about them needs. `answers` are those to
    `asked.questions`."""
    scans, readings = [asked.scans[n] for n in fresh], [asked.readings[n] for n in fresh]
    world = World(asked.today)
    sites, lots, *bins = answers
    for row in sites:
        world.sites[row[1]] = SiteRow(*row)
    for row in bins[0] if bins else ():
        spot = stock.Spot(*row)
        world.bins[spot.key] = spot
        world.bins[f"{spot.site_code}/{spot.code}"] = spot
    rows = await _load_rows(asked.wanted, {row[1]: lot_from(row) for row in lots}, world)
    await _load_given(scans, world)
    read_as = [_target(scan, reading, rows, world) for scan, reading in zip(scans, readings, strict=True)]
    targets = await keep_in_sight(scans, read_as)
    await _load_standing(scans, targets, rows, world)
    return targets, world


def _read(scan: Scan, today: date) -> Reading:
    request = scan.request
    reading = read(request.raw, aim=request.aim, symbology=request.symbology, today=today)
    return reading.candidates[0] if isinstance(reading, Ambiguous) and scan.fact else reading


def _codes(reading: Reading) -> Sequence[Code]:
    match reading:
        case Code():
            return (reading,)
        case Ambiguous():
            return reading.candidates
        case Glued():
            return reading.parts
        case _:
            return ()


def _wanted(scans: Sequence[Scan], readings: Sequence[Reading]) -> _Wanted:
    wanted = _Wanted()
    for scan, reading in zip(scans, readings, strict=True):
        if isinstance(reading, Unreadable):
            text = reading.text.strip().upper()
            if text:
                wanted.texts.add(text)
                wanted.maker_serials |= {text, reading.text.strip()}
                wanted.own.setdefault(OwnKind.ITEM, set()).add(text.replace("-", ""))
        bare = scan.request.raw.strip()
        if scan.request.mode is Mode.LOOK_UP and len(bare) == LOT_NUMBER and bare.isdecimal():
            wanted.own.setdefault(OwnKind.LOT, set()).add(bare)
        for code in _codes(reading):
            if code.own is not None:
                wanted.own.setdefault(code.own.kind, set()).add(code.own.key)
            if code.gtin or code.content_gtin:
                wanted.gtins.add(code.gtin or code.content_gtin or "")
            if code.sscc:
                wanted.sscc.add(code.sscc)
            if code.serial:
                wanted.maker_serials.add(code.serial)
        wanted.maker_serials |= set(scan.request.given.get("serials") or ())
        named = (scan.request.given.get("item"), scan.request.answers.get("item"))
        wanted.own.setdefault(OwnKind.ITEM, set()).update(str(key).replace("-", "") for key in named if key)
        if scan.request.pack:
            wanted.own.setdefault(OwnKind.PACK, set()).add(scan.request.pack.replace("-", ""))
    return wanted


def _bins(
    scans: Sequence[Scan], readings: Sequence[Reading], wanted: _Wanted
) -> tuple[list[str], list[tuple[str, str]]]:
    """The bins named: by own key, and by site and the code on the shelf."""
    typed: set[tuple[str, str]] = set()
    keys = set(wanted.keys(OwnKind.BIN))
    for scan, reading in zip(scans, readings, strict=True):
        if isinstance(reading, Unreadable) and scan.request.site and reading.text.strip():
            typed.add((scan.request.site, _on_the_shelf(reading)))
        for text in (scan.request.bin, scan.request.to_bin):
            if text and scan.request.mode is not Mode.LOOK_UP:
                keys.add(text)
                typed.add((scan.request.site, text))
    return sorted(keys), sorted(typed)


async def _load_rows(wanted: _Wanted, lots: dict[str, Lot], world: World) -> _Rows:
    serial_numbers = wanted.keys(OwnKind.SERIAL)
    pieces = await stock.find_serials(serial_numbers, maker_serials=sorted(wanted.maker_serials))
    serials = {piece.number: piece for piece in pieces}
    for piece in pieces:
        if piece.maker_serial:
            world.pieces.setdefault(piece.maker_serial, []).append(piece)
    pallets: dict[str, PalletRow] = {}
    pallet_items: dict[int, set[int]] = {}
    if wanted.keys(OwnKind.PALLET) or wanted.sscc:
        for row in await db.fetch(_PALLETS, wanted.keys(OwnKind.PALLET), sorted(wanted.sscc)):
            earlier = pallets.get(row[1])
            contents = (*(earlier.contents if earlier else ()), (row[5], row[6], row[7]))
            pallet = PalletRow(row[0], row[1], row[2], row[3], row[4], contents, row[9] or "", row[10])
            pallets[row[1]] = pallet
            if row[2]:
                pallets[row[2]] = pallet
            pallet_items.setdefault(row[0], set()).add(row[8])
    hits: Any = {}
    item_keys, pack_keys = wanted.keys(OwnKind.ITEM), wanted.keys(OwnKind.PACK)
    if wanted.gtins or wanted.texts or item_keys or pack_keys:
        hits = await items.find_codes(sorted(wanted.gtins), sorted(wanted.texts), item_keys, pack_keys)
    for (by, code), hit in hits.items():
        if by == "pack":
            world.packs[code] = (hit.item_id, hit.factor)
    documents = await _load_documents(wanted.keys(OwnKind.DOCUMENT), world)
    boxes = await _load_boxes({*wanted.keys(OwnKind.PALLET), *wanted.sscc} - pallets.keys())
    return _Rows(lots, serials, pallets, pallet_items, hits, documents, boxes)


async def _load_boxes(labels: Collection[str]) -> dict[str, DocumentTarget]:
    if not labels:
        return {}
    boxes = await shipments.find_boxes_by_label(labels)
    loads = await shipments.find_shipments({box.shipment_id for box in boxes.values()})
    return {
        label: DocumentTarget(
            "shipment", load.id, {"number": load.number, "box": box.number}, load.start.path, load.start.site_id,
            (load.end.path, load.end.site_id),
        )
        for label, box in boxes.items()
        for load in (loads[box.shipment_id],)
    }  # fmt: skip


async def _load_documents(keys: Sequence[str], world: World) -> dict[str, DocumentTarget]:
    if not keys:
        return {}
    found: dict[str, DocumentTarget] = {}
    for key, delivery in (await deliveries.find_deliveries_by_label(keys)).items():
        world.deliveries[delivery.id] = delivery
        found[key] = DocumentTarget("delivery", delivery.id, delivery_facts(delivery), delivery.path, delivery.site_id)
    for key, pick in (await picks.find_picks_by_label(keys)).items():
        world.picks[pick.id] = pick
        found[key] = DocumentTarget(
            "pick", pick.id, {"number": pick.number, "name": pick.name}, pick.path, pick.site_id
        )
    for row in await db.fetch(_PAPERS, list(keys)):
        facts = {"number": row[2], "paper": row[1]}
        found[row[2].replace("-", "")] = DocumentTarget("paper", row[0], facts, row[3], row[4])
    return found


def delivery_facts(delivery: Any) -> dict[str, Any]:
    """A delivery note as the scan page shows it: N of M per line."""
    return {
        "number": delivery.number,
        "status": delivery.status,
        "lines": [
            {
                "line": line.line,
                "item_id": line.item_id,
                "item": line.item,
                "expected": line.quantity,
                "received": line.received,
                "refused": line.refused,
                "rest": line.rest,
            }
            for line in delivery.lines
        ],
    }


async def _load_given(scans: Sequence[Scan], world: World) -> None:
    ids = {s.request.document.id for s in scans if s.request.document and s.request.document.kind == "delivery"}
    if ids - set(world.deliveries):
        world.deliveries |= await deliveries.find_deliveries(ids - set(world.deliveries))
    lists = {s.request.document.id for s in scans if s.request.document and s.request.document.kind == "pick"}
    if lists - set(world.picks):
        world.picks |= await picks.find_picks(lists - set(world.picks))
    regions = {s.request.given["owner_region"] for s in scans if s.request.given.get("owner_region")}
    if regions:
        world.regions = {row[0]: row[1] for row in await db.fetch(_REGIONS, sorted(regions))}
    parties = {s.request.given["maker"] for s in scans if s.request.given.get("maker")}
    if parties:
        world.parties = {row[0]: row[1] for row in await db.fetch(_PARTIES, sorted(parties))}


# -- reading → target ----------------------------------------------------------------------------------------------


def _target(scan: Scan, reading: Reading, rows: _Rows, world: World) -> Target:
    bare = scan.request.raw.strip()
    if scan.request.mode is Mode.LOOK_UP and bare in rows.lots:
        return LotTarget(rows.lots[bare])  # read off a page, without the check character: good enough to look it up
    target = _read_target(scan, reading, rows, world)
    if _known(target) or not isinstance(reading, Unreadable):
        return target
    spot = world.bins.get(f"{scan.request.site}/{_on_the_shelf(reading)}")
    return BinTarget(spot) if spot is not None else target


def _on_the_shelf(reading: Unreadable) -> str:
    """What may be the code that is painted on a shelf ("a-03-03"), as bins are named."""
    return reading.text.strip().upper()


def _read_target(scan: Scan, reading: Reading, rows: _Rows, world: World) -> Target:
    match reading:
        case Unreadable():
            return _alias(scan, reading, rows, world)
        case Glued():
            return SeveralTarget([part.text for part in reading.parts])
        case Ambiguous():
            known = [t for t in (_of_code(scan, c, rows, world) for c in reading.candidates) if _known(t)]
            if len(known) == 1:
                return known[0]
            return (
                SeveralTarget([c.text for c in reading.candidates])
                if known
                else _of_code(scan, reading.candidates[0], rows, world)
            )
        case Code():
            return _of_code(scan, reading, rows, world)


def _known(target: Target) -> bool:
    return not isinstance(target, UnknownTarget | UnreadableTarget)


def _alias(scan: Scan, reading: Unreadable, rows: _Rows, world: World) -> Target:
    text = reading.text.strip().upper()
    pieces = world.pieces.get(reading.text.strip()) or world.pieces.get(text, [])
    if len(pieces) == 1:
        return SerialTarget(pieces[0])
    if pieces:
        return SeveralTarget([f"{piece.lot.item_name} {piece.number}" for piece in pieces])
    hit = rows.items.get(("text", text)) or rows.items.get(("key", text.replace("-", "")))
    if hit is not None:
        return ItemTarget(hit)
    if not text:
        return UnreadableTarget(reading.reason.value)
    if scan.request.mode is Mode.LOOK_UP:
        return UnknownTarget("text", text)
    return UnreadableTarget(reading.reason.value, [n.reason.value for n in (*reading.tried, *reading.notes)][:10])


def _of_code(scan: Scan, code: Code, rows: _Rows, world: World) -> Target:
    if code.own is not None:
        return _of_own(code, rows, world)
    if code.sscc:
        if code.sscc in rows.pallets:
            return PalletTarget(rows.pallets[code.sscc])
        return rows.boxes.get(code.sscc) or UnknownTarget("sscc", code.sscc, code)
    gtin = code.gtin or code.content_gtin
    if gtin:
        hit = rows.items.get(("gtin", gtin))
        given = scan.request.answers.get("item")
        if hit is None and given:
            hit = rows.items.get(("key", str(given).replace("-", "")))
        return _of_gtin(scan, hit, code, world) if hit is not None else UnknownTarget("gtin", gtin, code)
    given = scan.request.given.get("item")
    hit = rows.items.get(("key", str(given).replace("-", ""))) if given else None
    return ItemTarget(hit, code) if hit is not None else UnknownTarget("code", code.text, code)


def _of_gtin(scan: Scan, hit: Any, code: Code, world: World) -> Target:
    """A maker's code with a serial number (AI 21) of a piece that is here already means that piece."""
    if code.serial and hit.tracking == "serial" and scan.request.mode is not Mode.RECEIVE:
        for piece in world.pieces.get(code.serial, ()):
            if piece.lot.item_id == hit.item_id:
                return SerialTarget(piece)
    return ItemTarget(hit, code)


def _of_own(code: Code, rows: _Rows, world: World) -> Target:
    own = code.own
    assert own is not None
    found: Target | None = None
    match own.kind:
        case OwnKind.LOT:
            lot = rows.lots.get(own.key)
            found = LotTarget(lot) if lot else None
        case OwnKind.SERIAL:
            serial = rows.serials.get(own.key)
            found = SerialTarget(serial) if serial else None
        case OwnKind.BIN:
            spot = world.bins.get(own.key)
            found = BinTarget(spot) if spot else None
        case OwnKind.SITE:
            site = world.sites.get(own.key)
            found = SiteTarget(site) if site else None
        case OwnKind.PALLET:
            pallet = rows.pallets.get(own.key)
            found = PalletTarget(pallet) if pallet else rows.boxes.get(own.key)
        case OwnKind.ITEM:
            hit = rows.items.get(("key", own.key))
            found = ItemTarget(hit) if hit else None
        case OwnKind.PACK:
            hit = rows.items.get(("pack", own.key))
            found = ItemTarget(hit) if hit else None
        case OwnKind.DOCUMENT:
            found = rows.documents.get(own.key)
    return found or UnknownTarget(own.kind.name.lower(), own.key, code)


# -- what stands there ---------------------------------------------------------------------------------------------


Pair = tuple[int, int | None]
"""(item or lot, site); site None: everywhere."""


@dataclass(slots=True)
class _Shelves:
    """Which balances the decisions of a batch need."""

    items: set[Pair] = field(default_factory=set)
    lots: set[Pair] = field(default_factory=set)
    places: set[int] = field(default_factory=set)
    first: set[tuple[int, int]] = field(default_factory=set)


def _shelves(scans: Sequence[Scan], targets: Sequence[Target], rows: _Rows, world: World) -> _Shelves:
    wanted = _Shelves()
    for scan, target in zip(scans, targets, strict=True):
        site = world.sites.get(scan.request.site)
        site_id = site.id if site else None
        match target:
            case BinTarget():
                wanted.places.add(target.spot.place_id)
                continue
            case _ if scan.request.mode is Mode.RECEIVE:
                continue
            case LotTarget():
                item_id = target.lot.item_id
                wanted.lots.add((target.lot.id, site_id))
            case SerialTarget():
                item_id = target.serial.lot.item_id
                wanted.lots.add((target.serial.lot.id, site_id))
            case ItemTarget():
                item_id = target.hit.item_id
                wanted.items.add((item_id, site_id))
            case PalletTarget():
                wanted.items |= {(item, site_id) for item in rows.pallet_items.get(target.pallet.id, ())}
                continue
            case _:
                continue
        if site_id is not None and scan.request.mode is Mode.ISSUE:
            wanted.first.add((item_id, site_id))
    return wanted


async def _load_standing(scans: Sequence[Scan], targets: Sequence[Target], rows: _Rows, world: World) -> None:
    """What stands there, what expires first, and the room in the bins that goods are put into: in one round trip."""
    wanted = _shelves(scans, targets, rows, world)
    places, goods = _rooms(scans, targets, rows, world)
    questions: list[db.Question] = []
    if wanted.items:
        questions.append((_OF_ITEMS, _columns(wanted.items)))
    if wanted.lots:
        questions.append((_OF_LOTS, _columns(wanted.lots)))
    if wanted.places:
        questions.append((_IN_PLACES, (sorted(wanted.places),)))
    standing = len(questions)
    if wanted.first:
        questions.append((_FIRST, (*_columns(wanted.first), world.today)))
    if places and goods:
        questions += [(_ROOMS, (sorted(places),)), (_SIZES, (sorted(goods),))]
    if not questions:
        return
    answers = await db.fetch_together(*questions)
    known = {lot.id: lot for target in targets for lot in lots_of(target)}
    _set_standing([row for answer in answers[:standing] for row in answer], known, world)
    rest = answers[standing:]
    if wanted.first:
        for row in rest.pop(0):
            world.first[(row[0], row[1])] = _standing(row, known)
    if rest:
        rooms, sizes = rest
        world.rooms = {row[0]: Room(row[0], row[1], row[2], tuple(row[3]), *tuple(row)[4:]) for row in rooms}
        world.sizes = {row[0]: Size(*row) for row in sizes}
    if any(scan.request.mode is Mode.LOOK_UP for scan in scans) and world.standing:
        world.site_paths = {site.id: site.path for site in world.sites.values()}
        sites = {site_id for _, site_id in world.standing} - world.site_paths.keys()
        if sites:
            world.site_paths |= {row[0]: row[1] for row in await db.fetch(_SITE_PATHS, sorted(sites))}


def _set_standing(found: Sequence[Any], known: dict[int, Lot], world: World) -> None:
    seen: set[tuple[int, int, str]] = set()
    for row in found:
        key = (row[9], row[2], row[6])
        if key not in seen:
            seen.add(key)
            world.standing.setdefault((row[0], row[1]), []).append(_standing(row, known))
    for here in world.standing.values():
        if len(here) > 1:
            here.sort(key=lambda s: (fefo_order(s.lot), s.place_sort, s.place_id))


def _rooms(scans: Sequence[Scan], targets: Sequence[Target], rows: _Rows, world: World) -> tuple[set[int], set[int]]:
    """The bins that goods are put into, and those goods: nothing where no scan names such a bin."""
    places: set[int] = set()
    goods: set[int] = set()
    for scan, target in zip(scans, targets, strict=True):
        request = scan.request
        into = {Mode.PUT_AWAY: request.bin, Mode.RECEIVE: request.bin, Mode.MOVE: request.to_bin}.get(request.mode)
        spot = (world.bins.get(f"{request.site}/{into}") or world.bins.get(into)) if into and not scan.fact else None
        if spot is not None:
            places.add(spot.place_id)
            goods |= _items_of(target, rows)
    return places, goods


def _items_of(target: Target, rows: _Rows) -> set[int]:
    match target:
        case LotTarget():
            return {target.lot.item_id}
        case SerialTarget():
            return {target.serial.lot.item_id}
        case ItemTarget():
            return {target.hit.item_id}
        case PalletTarget():
            return set(rows.pallet_items.get(target.pallet.id, ()))
        case _:
            return set()


def _columns(pairs: set[Any]) -> tuple[list[int], list[int | None]]:
    ordered = list(pairs)
    return [p[0] for p in ordered], [p[1] for p in ordered]


def _standing(row: Any, known: dict[int, Lot]) -> Standing:
    lot = known.get(row[9])
    if lot is None:
        lot = known[row[9]] = lot_from(row, 9)
    return Standing(lot, row[2], row[3], row[4], row[5], row[6], row[7], row[8])


LOT_NUMBER = 8
"""Digits of a lot's number, which may also pass for an EAN-8."""
assert LOT_WIDTH == 20, "a Lot's columns follow nine others in _STANDING"
