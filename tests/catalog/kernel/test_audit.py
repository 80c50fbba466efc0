"""The chain of audit rows, laid after their commit."""

import asyncpg
import pytest

from catalog.kernel import audit, db
from tests.conftest import Database
from tests.others import others_done

pytestmark = pytest.mark.database


async def test_a_row_that_commits_late_is_sealed_by_the_next_look_for_late_ones(
    database: Database, owner: asyncpg.Connection
) -> None:
    """Its number is below those sealed meanwhile: a turn that only takes new rows leaves it, a whole one does not."""
    key = b"key"
    row = "INSERT INTO audit (at, login, channel, verb, success) VALUES (now(), $1, 'api', 'x', true) RETURNING seq"
    slow = owner.transaction()
    await slow.start()
    late = await owner.fetchval(row, "late")
    for name in ("a", "b"):
        await db.execute(row, name)
    assert await audit.seal(key) == 0, "rows above a running transaction wait for it"
    await slow.commit()
    newest = await db.fetch_value("SELECT max(seq) FROM audit")
    await db.execute(
        "INSERT INTO audit_seal (position, audit_seq, mac) SELECT 1 + count(*), $1, 'x'::bytea FROM audit_seal", newest
    )
    assert await audit.seal(key, late=False) == 0
    await others_done()
    assert await audit.seal(key) == 2
    assert late in {r[0] for r in await db.fetch("SELECT audit_seq FROM audit_seal")}
