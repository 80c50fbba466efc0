"""`matrix.csv` is the promise of who may do what where; here it is kept, route by route."""

import asyncpg
import pytest

from api.app import create_app
from catalog.kernel.access import ADMINISTRATORS, Role
from tests.api import asks  # noqa: F401 - says how to ask each route
from tests.api.auth.conftest import started
from tests.api.matrix import (
    ANY,
    BUILDERS,
    CALLERS,
    Seen,
    ask_all,
    differences,
    furnished,
    read_table,
    routes_of,
    settings_for,
)
from tests.conftest import Database

PUBLIC = (
    "/health",
    "/schema",
    "/static",
    "/login",
    "/install",
    "/metrics",
    "/api/v1/first-start",
    "/first-start",
    "/wall",
)


class TestTheTable:
    """Laws that the promise itself obeys, whatever the program does."""

    def test_nobody_comes_in_unknown(self) -> None:
        for (name, where), row in read_table().items():
            path = name.split()[1]
            if path.startswith(PUBLIC) or name == "POST /api/v1/sessions" or where == "city":
                continue
            assert row["nobody"] == ("401" if path.startswith("/api/") else "303"), name

    def test_a_device_only_reads(self) -> None:
        for (name, where), row in read_table().items():
            if name.startswith("GET ") or name.split()[1] in ("/api/v1/sessions", "/api/v1/first-start"):
                continue
            if where == "city":
                continue
            assert row["device"] in ("403", "200 access.denied") or " @look-up" in name, name

    def test_out_of_scope_is_not_there(self) -> None:
        """404 for whoever may do it at home, else 403; a list narrowed to a foreign site may be empty."""
        table = read_table()
        for (name, where), row in table.items():
            if (
                where != "out"
                or "/scans" in name
                or (name.startswith("GET ") and (" @site" in name or "export" in name))
            ):
                continue
            if "{" not in name and name.startswith("GET ") and " @" not in name and "as-of" not in name:
                continue  # a list
            for caller in CALLERS[1:]:
                at_home = table[name, "in"][caller]
                # 404: a site's keeper sees no party of the region; 409: he may, and another has the bin in hand
                may_at_home = at_home.startswith("2") or at_home in ("404", "409")
                if (name, caller) == ("POST /api/v1/stock/reverse", "approver"):
                    may_at_home = True  # disposals only; here an issue is to be undone
                one_s_own = "sessions" in name or "tokens" in name
                assert row[caller] in (("404", "403") if one_s_own else ("404",) if may_at_home else ("403",)), (
                    name,
                    caller,
                )

    def test_administrators_touch_no_goods_and_business_roles_no_accounts(self) -> None:
        for (name, where), row in read_table().items():
            path = name.split()[1]
            if path.startswith(("/api/v1/stock", "/api/v1/lots", "/api/v1/moves", "/api/v1/scans", "/api/v1/papers")):
                assert all(row[role.value] == "403" for role in ADMINISTRATORS), (name, where)
            if path.startswith(("/api/v1/people", "/api/v1/roles", "/api/v1/audit", "/api/v1/addresses")):
                business = [role.value for role in Role if role not in ADMINISTRATORS]
                assert all(row[role] == "403" for role in business), (name, where)

    def test_only_the_city_changes_what_all_share(self) -> None:
        shared = ("/api/v1/items", "/api/v1/classes", "/api/v1/packs", "/api/v1/storage-classes")
        for (name, where), row in read_table().items():
            if name.split()[1].startswith(shared) and not name.startswith("GET ") and where == "any":
                assert all(row[caller] == "403" for caller in CALLERS[1:]), name


@pytest.mark.database
class TestTheProgram:
    """Every route, asked as everybody."""

    async def test_keeps_the_promise_and_tells_nothing_of_the_neighbours(
        self, database: Database, owner: asyncpg.Connection, tmp_path_factory: pytest.TempPathFactory
    ) -> None:
        app = create_app(settings_for(tmp_path_factory.mktemp("matrix")))
        table = read_table()
        routes = routes_of(app)
        assert [name for name in routes if name not in BUILDERS] == [], "say in tests/api/asks.py how to ask these"
        promised = {name for name, _ in table}
        assert [name for name in BUILDERS if name not in promised and name.partition(" @")[0] in routes] == []
        assert {name.partition(" @")[0] for name in promised} <= set(routes), "promised and not there"
        async with started(app), furnished(app, owner) as house:
            seen: Seen = await ask_all(house)
        assert seen.unasked == []
        assert differences(table, seen.table) == []
        assert set(seen.table) == set(table)
        assert seen.leaks == []
        assert set(BUILDERS) >= ANY
