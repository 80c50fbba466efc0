"""Reads of imports, and of what the dry run must know of the house.

A file is seen by whoever uploaded it and by those who may run imports of its kind where it lies.
"""

import json
from collections.abc import Collection, Mapping, Sequence
from datetime import date
from typing import Any
from uuid import UUID

from catalog.kernel import db
from catalog.kernel.access import Permission, Scope
from catalog.kernel.errors import Invalid, Missing
from catalog.kernel.page import Page, checked_limit, read_cursor, write_cursor
from catalog.kernel.quantity import Dimension
from catalog.kernel.stamp import Stamp
from warehouse.exchange.known import Entry, Known, KnownItem, KnownParty, KnownRegion, KnownSite
from warehouse.exchange.model import (
    PERMISSION,
    Choices,
    ImportFile,
    ImportKind,
    ImportRow,
    ImportState,
    RowState,
    Verdict,
)

_FILE = """
SELECT f.id, f.seq, f.kind, f.name, f.sha256, f.size, f.sender, f.path, f.site_id, s.code, s.name_zh, f.state,
    f.problem, f.counts, f.total, f.version, f.person_id, f.login, f.uploaded_at, f.applied_at, f.purged_at, f.read_ms
FROM import_file f LEFT JOIN site s ON s.id = f.site_id
"""
_ROW = """
SELECT seq, sheet, row, part, verdict, state, title, cells, reasons, facts, identity, subject, tries, outcome
FROM import_row
"""
_ALIAS_MOST = {"synonym": 96, "misspelling": 93, "english": 96, "short": 85, "dialect": 88}
"""How sure another name makes an item: a short name (帐篷) may mean several things and is asked."""
MOST_SITES = 3_000


def _file(row: Any) -> ImportFile:
    values = list(row)
    values[2], values[11] = ImportKind(values[2]), ImportState(values[11])
    values[12], values[13] = json.loads(values[12]), json.loads(values[13])
    return ImportFile(*values)


def row_from(row: Any) -> ImportRow:
    """An `ImportRow` of the columns in `_ROW`."""
    values = list(row)
    values[4], values[5] = Verdict(values[4]), RowState(values[5])
    for column in (7, 8, 9, 13):
        values[column] = json.loads(values[column])
    return ImportRow(*values)


def kinds_of(stamp: Stamp) -> list[ImportKind]:
    """What this caller may import somewhere. Denied without import.run."""
    stamp.require(Permission.IMPORT_RUN)
    held = {permission for grant in stamp.grants for permission in grant.permissions}
    return [kind for kind in ImportKind if PERMISSION[kind] in held]


def _seen(stamp: Stamp) -> tuple[Scope, list[str]]:
    return stamp.require(Permission.IMPORT_RUN), [kind.value for kind in kinds_of(stamp)]


_SCOPE = (
    "(f.kind = ANY($1::text[]) AND (f.person_id = $2 OR f.path LIKE ANY($3::text[]) OR f.site_id = ANY($4::bigint[])))"
)


async def get_import(file_id: UUID, stamp: Stamp) -> ImportFile:
    """A file in sight. Raises Denied, Missing."""
    scope, kinds = _seen(stamp)
    row = await db.fetch_row(
        f"{_FILE} WHERE {_SCOPE} AND f.id = $5", kinds, stamp.person_id, scope.prefixes, list(scope.site_ids), file_id
    )
    if row is None:
        raise Missing("import.missing", "没有这个导入文件，或不在您的管辖范围内")
    return _file(row)


async def list_imports(
    *, stamp: Stamp, kind: ImportKind | None = None, cursor: str | None = None, limit: int | None = None
) -> Page[ImportFile]:
    """Files in sight, the newest first."""
    scope, kinds = _seen(stamp)
    size, after = checked_limit(limit), _seq(read_cursor(cursor, 1))
    rows = await db.fetch(
        f"{_FILE} WHERE {_SCOPE} AND ($5::text IS NULL OR f.kind = $5) AND ($6::bigint IS NULL OR f.seq < $6)"
        " ORDER BY f.seq DESC LIMIT $7",
        kinds,
        stamp.person_id,
        scope.prefixes,
        list(scope.site_ids),
        kind.value if kind else None,
        after,
        size + 1,
    )
    found = [_file(row) for row in rows[:size]]
    return Page(found, write_cursor(found[-1].seq) if len(rows) > size else None)


def _seq(after: Sequence[Any] | None) -> int | None:
    if after is None:
        return None
    if type(after[0]) is not int or not -1 <= after[0] < 2**31:
        raise Invalid("page.bad-cursor", "翻页标记无效，请从第一页重新开始")
    return after[0]


async def found_in(file_id: UUID) -> tuple[list[dict[str, Any]], list[dict[str, Any]]]:
    """(sheets, questions) of a file that its caller has been shown."""
    row = await db.fetch_row("SELECT sheets, questions FROM import_file WHERE id = $1", file_id)
    return (json.loads(row[0]), json.loads(row[1])) if row else ([], [])


async def raw_of(file_id: UUID) -> bytes:
    """The file as it came. Raises Missing once it has been purged."""
    raw = await db.fetch_value("SELECT raw FROM import_file WHERE id = $1", file_id)
    if raw is None:
        raise Missing("import.no-raw", "原始文件已按保存期限清除")
    return bytes(raw)


async def choices_of(file: ImportFile) -> Choices:
    """What was chosen for a file and what is remembered of its sender."""
    mapping = await db.fetch_value("SELECT mapping FROM import_file WHERE id = $1", file.id)
    answers = await db.fetch("SELECT key, value FROM import_answer WHERE file_id = $1 AND value <> ''", file.id)
    memory = await db.fetch(
        "SELECT what, key, value FROM import_memory WHERE sender = $1 AND kind = $2", file.sender, file.kind.value
    )
    return Choices(
        sheets=json.loads(mapping or "{}"),
        answers={row[0]: row[1] for row in answers},
        headings={row[1]: row[2] for row in memory if row[0] == "heading"},
        remembered={row[1]: row[2] for row in memory if row[0] == "answer" and row[2]},
    )


async def list_rows(
    file: ImportFile,
    *,
    verdict: Verdict | None = None,
    state: RowState | None = None,
    key: str | None = None,
    cursor: str | None = None,
    limit: int | None = None,
) -> Page[ImportRow]:
    """The rows of a file in their order; `key` narrows to those that wait for one question."""
    size, after = checked_limit(limit), _seq(read_cursor(cursor, 1))
    rows = await db.fetch(
        f"{_ROW} WHERE file_id = $1 AND seq < $2 AND ($3::text IS NULL OR verdict = $3)"
        " AND ($4::text IS NULL OR state = $4) AND ($5::text IS NULL OR $5 = ANY(keys))"
        " AND ($6::int IS NULL OR seq > $6) ORDER BY seq LIMIT $7",
        file.id,
        file.generation,
        verdict.value if verdict else None,
        state.value if state else None,
        key,
        after,
        size + 1,
    )
    found = [row_from(row) for row in rows[:size]]
    return Page(found, write_cursor(found[-1].seq) if len(rows) > size else None)


async def all_rows(file: ImportFile) -> list[ImportRow]:
    """Every row of a file, for the table of verdicts."""
    rows = await db.fetch(f"{_ROW} WHERE file_id = $1 AND seq < $2 ORDER BY seq", file.id, file.generation)
    return [row_from(row) for row in rows]


async def twins(file: ImportFile) -> list[tuple[UUID, str]]:
    """Earlier uploads of the very same bytes, (id, name), for a hint."""
    rows = await db.fetch(
        "SELECT id, name FROM import_file WHERE sha256 = $1 AND kind = $2 AND seq < $3"
        " AND state IN ('applied', 'judged') AND sender = $4 ORDER BY seq DESC LIMIT 3",
        file.sha256,
        file.kind.value,
        file.seq,
        file.sender,
    )
    return [(row[0], row[1]) for row in rows]


async def earlier(
    kind: ImportKind, identities: Collection[bytes], subjects: Collection[bytes], file_id: UUID
) -> tuple[dict[bytes, str], dict[bytes, str]]:
    """Rows that have been imported before: (by identity, by subject), each with the name of its file. Rows of this
    very file count by identity only."""
    rows = await db.fetch(
        "SELECT i.identity, i.subject, f.name, i.file_id FROM import_identity i JOIN import_file f ON f.id = i.file_id"
        " WHERE i.kind = $1 AND (i.identity = ANY($2::bytea[]) OR i.subject = ANY($3::bytea[]))",
        kind.value,
        list(identities),
        list(subjects),
    )
    same = {bytes(row[0]): str(row[2]) for row in rows}
    like = {bytes(row[1]): str(row[2]) for row in rows if row[3] != file_id}
    return same, like


# --- what the dry run must know ----------------------------------------------------------------------------------


async def known_for(file: ImportFile, stamp: Stamp, today: date) -> Known:
    """The house as far as rows of this kind speak of it, in the caller's scope."""
    kind = file.kind
    scope = stamp.require(PERMISSION[kind])
    if kind is ImportKind.STOCK:
        sites = await _sites(scope, bins=True)
        return Known(
            today,
            items=await _items(),
            sites=sites,
            parties=await _parties(scope),
            stocked=await _stocked([site.id for site in sites]),
            default_site=file.site_code or "",
        )
    classes, storage = await _classes() if kind in (ImportKind.ITEMS, ImportKind.CLASSES) else ({}, {})
    places = kind in (ImportKind.SITES, ImportKind.PARTIES, ImportKind.REGIONS)
    return Known(
        today,
        sites=await _sites(scope, bins=True) if kind is ImportKind.BINS else (),
        regions=await _regions() if places else (),
        parties=await _parties(scope) if kind is ImportKind.SITES else (),
        classes=classes,
        storage_classes=storage,
        taken=await _taken(kind),
        entries=await _entries(kind, scope),
    )


_TAKEN = {
    ImportKind.REGIONS: "SELECT key FROM region",
    ImportKind.PARTIES: "SELECT key FROM party",
    ImportKind.SITES: "SELECT code FROM site",
    ImportKind.CLASSES: "SELECT scheme || ':' || code FROM material_class",
    ImportKind.ITEMS: "SELECT key FROM item",
}


async def _taken(kind: ImportKind) -> frozenset[str]:
    return frozenset(row[0] for row in await db.fetch(_TAKEN[kind])) if kind in _TAKEN else frozenset()


_ENTRIES = {
    ImportKind.REGIONS: """
        SELECT r.key, r.id, r.version, jsonb_build_object('name_zh', r.name_zh, 'name_en', r.name_en, 'tier', r.tier,
            'parent', p.key, 'lat', r.lat, 'lon', r.lon, 'source', r.source)
        FROM region r LEFT JOIN region p ON p.id = r.parent_id
        WHERE r.retired_at IS NULL AND r.path LIKE ANY($1::text[]) AND $2::bigint[] IS NOT NULL""",
    ImportKind.PARTIES: """
        SELECT p.key, p.id, p.version, jsonb_build_object('name_zh', p.name_zh, 'name_en', p.name_en, 'kind', p.kind,
            'region', r.key, 'duties', p.duties, 'contact', p.contact, 'phone', p.phone, 'source', p.source)
        FROM party p LEFT JOIN region r ON r.id = p.region_id
        WHERE p.retired_at IS NULL AND (p.region_id IS NULL OR r.path LIKE ANY($1::text[])) AND $2::bigint[] IS NOT NULL
        """,
    ImportKind.SITES: """
        SELECT s.code, s.id, s.version, jsonb_build_object('name_zh', s.name_zh, 'name_en', s.name_en, 'kind', s.kind,
            'region', r.key, 'custodian', c.key, 'custody_for', f.key, 'address', s.address, 'phone', s.phone,
            'lat', s.lat, 'lon', s.lon, 'one_keeper', s.one_keeper, 'live', s.live, 'source', s.source)
        FROM site s JOIN region r ON r.id = s.region_id LEFT JOIN party c ON c.id = s.custodian_id
        LEFT JOIN region f ON f.id = s.custody_for_id
        WHERE s.retired_at IS NULL AND (s.path LIKE ANY($1::text[]) OR s.id = ANY($2::bigint[]))""",
    ImportKind.BINS: """
        SELECT s.code || ':' || p.code, p.id, p.version, jsonb_build_object('zone', z.code, 'volume_ml', p.volume_ml,
            'weight_g', p.weight_g)
        FROM place p JOIN site s ON s.id = p.site_id LEFT JOIN zone z ON z.id = p.zone_id
        WHERE p.kind = 'bin' AND p.retired_at IS NULL
            AND (s.path LIKE ANY($1::text[]) OR s.id = ANY($2::bigint[]))""",
    ImportKind.CLASSES: """
        SELECT c.scheme || ':' || c.code, c.id, c.version, jsonb_build_object('name_zh', c.name_zh,
            'name_en', c.name_en, 'parent', p.code, 'source', c.source)
        FROM material_class c LEFT JOIN material_class p ON p.id = c.parent_id
        WHERE c.retired_at IS NULL AND $1::text[] IS NOT NULL AND $2::bigint[] IS NOT NULL""",
    ImportKind.ITEMS: """
        SELECT i.key, i.id, i.version, jsonb_build_object('name_zh', i.name_zh, 'name_en', i.name_en, 'spec', i.spec,
            'class', c.scheme || ':' || c.code, 'unit', i.unit_zh, 'storage', s.key, 'tracking', i.tracking,
            'life_days', i.storage_life_days, 'life_source', i.storage_life_source,
            'expiry_on_pack', i.expiry_on_pack, 'returnable', i.returnable,
            'price_fen', i.price_fen * i.unit_factor / i.price_per, 'source', i.source)
        FROM item i JOIN material_class c ON c.id = i.class_id JOIN storage_class s ON s.id = i.storage_class_id
        WHERE i.retired_at IS NULL AND $1::text[] IS NOT NULL AND $2::bigint[] IS NOT NULL""",
}
"""What stands there, in the names of a row's facts. ($1, $2: the caller's scope, where a list lies somewhere.)"""


async def _entries(kind: ImportKind, scope: Scope) -> dict[str, Entry]:
    if kind not in _ENTRIES:
        return {}
    rows = await db.fetch(_ENTRIES[kind], scope.prefixes, list(scope.site_ids))
    return {row[0]: Entry(row[1], row[2], json.loads(row[3])) for row in rows}


async def _items() -> tuple[KnownItem, ...]:
    rows = await db.fetch(
        "SELECT id, key, name_zh, coalesce(name_en, ''), spec, unit_zh, unit_factor, dimension, tracking = 'serial',"
        " kind = 'phantom_kit', expiry_on_pack FROM item WHERE retired_at IS NULL ORDER BY id"
    )
    names: dict[int, list[tuple[str, int]]] = {}
    for item_id, alias, kind in await db.fetch("SELECT item_id, alias, kind FROM item_alias WHERE retired_at IS NULL"):
        names.setdefault(item_id, []).append((alias, _ALIAS_MOST.get(kind, 80)))
    packs: dict[int, list[tuple[str, int]]] = {}
    for item_id, name, factor in await db.fetch("SELECT item_id, name_zh, factor FROM pack WHERE retired_at IS NULL"):
        packs.setdefault(item_id, []).append((name, factor))
    return tuple(
        KnownItem(
            id=row[0],
            key=row[1],
            name=row[2],
            spec=row[4],
            unit=row[5],
            factor=row[6],
            dimension=Dimension(row[7]),
            serial=row[8],
            phantom=row[9],
            expiry_on_pack=row[10],
            names=((row[2], 100), *([(row[3], 96)] if row[3] else []), *names.get(row[0], [])),
            packs=tuple(packs.get(row[0], [])),
        )
        for row in rows
    )


async def _sites(scope: Scope, *, bins: bool) -> tuple[KnownSite, ...]:
    rows = await db.fetch(
        "SELECT s.id, s.code, s.name_zh, coalesce(s.custody_for_id, s.region_id), s.live,"
        " (SELECT p.id FROM place p WHERE p.site_id = s.id AND p.kind = 'staging' ORDER BY p.id LIMIT 1)"
        " FROM site s WHERE s.retired_at IS NULL AND (s.path LIKE ANY($1::text[]) OR s.id = ANY($2::bigint[]))"
        " ORDER BY s.code LIMIT $3",
        scope.prefixes,
        list(scope.site_ids),
        MOST_SITES,
    )
    ids = [row[0] for row in rows]
    codes: dict[int, dict[str, int]] = {}
    zones: dict[int, dict[str, int]] = {}
    if bins:
        for site_id, code, place_id in await db.fetch(
            "SELECT site_id, code, id FROM place WHERE site_id = ANY($1::bigint[]) AND kind = 'bin'"
            " AND retired_at IS NULL ORDER BY sort_key",
            ids,
        ):
            codes.setdefault(site_id, {})[code] = place_id
        for site_id, code, zone_id in await db.fetch(
            "SELECT site_id, code, id FROM zone WHERE site_id = ANY($1::bigint[]) AND retired_at IS NULL", ids
        ):
            zones.setdefault(site_id, {})[code] = zone_id
    return tuple(
        KnownSite(row[0], row[1], row[2], row[3], row[5], row[4], codes.get(row[0], {}), zones.get(row[0], {}))
        for row in rows
        if row[5] is not None
    )


async def _stocked(site_ids: Sequence[int]) -> frozenset[tuple[int, int]]:
    """(site, item) where goods stand that no opening balance brought: importing them too might count them twice."""
    rows = await db.fetch(
        "SELECT DISTINCT b.site_id, b.item_id FROM balance b WHERE b.site_id = ANY($1::bigint[]) AND b.on_hand > 0"
        " AND NOT EXISTS (SELECT 1 FROM move m WHERE m.lot_id = b.lot_id AND m.to_place = b.place_id"
        " AND m.reason = 'open-balance')",
        list(site_ids),
    )
    return frozenset((row[0], row[1]) for row in rows)


async def _regions() -> tuple[KnownRegion, ...]:
    rows = await db.fetch(
        "SELECT r.id, r.key, r.name_zh, r.tier, coalesce((SELECT array_agg(c.code) FROM region_code c"
        " WHERE c.region_id = r.id AND c.valid_to IS NULL), '{}') FROM region r WHERE r.retired_at IS NULL"
    )
    return tuple(KnownRegion(row[0], row[1], row[2], row[3], tuple(row[4])) for row in rows)


async def _parties(scope: Scope) -> tuple[KnownParty, ...]:
    rows = await db.fetch(
        "SELECT p.id, p.key, p.name_zh FROM party p LEFT JOIN region r ON r.id = p.region_id WHERE p.retired_at IS NULL"
        " AND (p.region_id IS NULL OR r.path LIKE ANY($1::text[]))",
        scope.prefixes,
    )
    return tuple(KnownParty(*row) for row in rows)


async def _classes() -> tuple[Mapping[tuple[str, str], tuple[int, str]], Mapping[str, tuple[int, str]]]:
    classes = await db.fetch("SELECT scheme, code, id, name_zh FROM material_class WHERE retired_at IS NULL")
    storage = await db.fetch("SELECT key, id, name_zh FROM storage_class")
    return {(row[0], row[1]): (row[2], row[3]) for row in classes}, {row[0]: (row[1], row[2]) for row in storage}


# --- who sends -----------------------------------------------------------------------------------------------------


async def senders(stamp: Stamp) -> list[tuple[str, str]]:
    """(key, name) of whom a file may come from: the caller, regions and offices in scope."""
    scope = stamp.require(Permission.IMPORT_RUN)
    regions = await db.fetch(
        "SELECT 'region:' || key, name_zh FROM region WHERE retired_at IS NULL AND path LIKE ANY($1::text[])"
        " ORDER BY path LIMIT 300",
        scope.prefixes,
    )
    sites = await db.fetch(
        "SELECT 'site:' || code, name_zh FROM site WHERE retired_at IS NULL AND id = ANY($1::bigint[]) ORDER BY code",
        list(scope.site_ids),
    )
    return [(f"person:{stamp.login}", stamp.login), *((row[0], row[1]) for row in (*sites, *regions))]
