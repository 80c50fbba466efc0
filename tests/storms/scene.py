"""What a storm breaks upon: the small world of stock, labels on its bins, a keeper `storm` with a token."""

import asyncpg

from tests.warehouse.stock import world
from warehouse.people.actions.sessions import hash_of

TOKEN = "storm-" + "x" * 40
AUDITOR = "audit-" + "x" * 40
"""The token of an audit administrator."""
TENT = "02000000000015"
"""The GTIN of a tent, one piece."""


async def furnish(owner: asyncpg.Connection) -> None:
    """Insert it all into an empty, migrated database."""
    await world.build(owner)
    await owner.execute("UPDATE place SET key = 'CZ' || id WHERE id >= 100")
    await owner.execute("INSERT INTO item_code (item_id, kind, code, source) VALUES (1, 'gtin', $1, 'test')", TENT)
    await person(owner, 900, "storm", "keeper", TOKEN)
    await person(owner, 901, "storm-audit", "audit_admin", AUDITOR)


async def person(owner: asyncpg.Connection, number: int, login: str, role: str, token: str) -> None:
    """Somebody of the whole city with a role and a token."""
    await owner.execute(
        "INSERT INTO person (id, uuid, login, name_zh, region_id, must_change, password_set_at)"
        " VALUES ($1, gen_random_uuid(), $2, '风暴', 1, false, now())",
        number,
        login,
    )
    await owner.execute(
        "INSERT INTO role_grant (uuid, person_id, role, region_id, granted_at)"
        " VALUES (gen_random_uuid(), $1, $2, 1, now())",
        number,
        role,
    )
    await owner.execute(
        "INSERT INTO access_token (uuid, kind, name, token_hash, person_id, created_at)"
        " VALUES (gen_random_uuid(), 'api', 'storm', $1, $2, now())",
        hash_of(token),
        number,
    )
