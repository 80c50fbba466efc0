"""Reads of parties. In scope: without a region, of a region in scope, custodian of a site in scope."""

from collections.abc import Iterable, Mapping
from typing import Any

from catalog.kernel import db
from catalog.kernel.access import Scope
from catalog.kernel.errors import Missing
from catalog.kernel.listing import Listing
from catalog.kernel.page import Page
from warehouse.parties.model import Duty, Party, PartyKind, PartyName

_SELECT = """
SELECT p.id, p.uuid, p.key, p.kind, p.region_id, r.path, p.duties, p.name_zh, p.name_en, p.contact, p.phone,
p.source, p.version, p.retired_at FROM party p LEFT JOIN region r ON r.id = p.region_id"""
_IN_SCOPE = (
    "(p.region_id IS NULL OR r.path LIKE ANY({}::text[])"
    " OR p.id IN (SELECT s.custodian_id FROM site s WHERE s.id = ANY({}::bigint[])))"
)


def _party(row: Any) -> Party:
    values = list(row)
    values[3] = PartyKind(values[3])
    values[6] = tuple(Duty(duty) for duty in values[6])
    return Party(*values)


async def find_party(party_id: int, scope: Scope) -> Party | None:
    """A party in scope, also a retired one."""
    sql = f"{_SELECT} WHERE p.id = $1 AND " + _IN_SCOPE.format("$2", "$3")
    row = await db.fetch_row(sql, party_id, scope.prefixes, list(scope.site_ids))
    return _party(row) if row else None


async def get_party(party_id: int, scope: Scope) -> Party:
    """A party in scope. Raises Missing."""
    found = await find_party(party_id, scope)
    if found is None:
        raise Missing("party.missing", "没有这个单位，或不在您的管辖范围内", party_id=party_id)
    return found


async def find_parties(keys: Iterable[str], scope: Scope) -> Mapping[str, Party]:
    """Parties in scope by key, set-wise; others are left out."""
    sql = f"{_SELECT} WHERE p.key = ANY($1::text[]) AND " + _IN_SCOPE.format("$2", "$3")
    rows = await db.fetch(sql, list(keys), scope.prefixes, list(scope.site_ids))
    return {row[2]: _party(row) for row in rows}


async def get_by_key(key: str, scope: Scope) -> Party:
    """A party in scope by key. Raises Missing."""
    found = (await find_parties([key], scope)).get(key)
    if found is None:
        raise Missing("party.missing", "没有这个单位，或不在您的管辖范围内", party=key)
    return found


async def find_names(party_ids: Iterable[int]) -> Mapping[int, PartyName]:
    """Key and names by id, for showing whom a document names. Names only: contacts are scoped."""
    rows = await db.fetch("SELECT id, key, name_zh, name_en FROM party WHERE id = ANY($1::bigint[])", list(party_ids))
    return {row[0]: PartyName(*row) for row in rows}


async def english_names() -> dict[str, str]:
    """The English names of parties by their Chinese ones."""
    rows = await db.fetch("SELECT name_zh, name_en FROM party WHERE name_en IS NOT NULL")
    return {row[0]: row[1] for row in rows}


async def list_parties(
    *,
    scope: Scope,
    query: str | None = None,
    kind: PartyKind | None = None,
    duty: Duty | None = None,
    region_id: int | None = None,
    retired: bool = False,
    cursor: str | None = None,
    limit: int | None = None,
) -> Page[Party]:
    """Parties in scope by key."""
    found = Listing(_SELECT)
    found.where(_IN_SCOPE, scope.prefixes, list(scope.site_ids))
    if not retired:
        found.where("p.retired_at IS NULL")
    if kind is not None:
        found.where("p.kind = {}", kind.value)
    if duty is not None:
        found.where("{} = ANY(p.duties)", duty.value)
    if region_id is not None:
        found.where("p.region_id = {}", region_id)
    found.search("p.search", query)
    return await found.page(('p.key COLLATE "C"',), cursor, limit, _party)
