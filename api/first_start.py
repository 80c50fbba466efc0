"""The first start of a house without accounts: its city, its three administrators, the shipped catalogue.

Whoever stands at the server reads a one-time code on its console; the page wants it. Afterwards the door is shut.
"""

import hmac
import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from uuid import UUID, uuid5

from api import secret_files
from api.settings import Settings
from catalog.kernel import audit, db
from catalog.kernel.access import Role
from catalog.kernel.errors import Denied, Refused
from catalog.kernel.parameters import set_parameter
from catalog.kernel.stamp import Channel, Stamp, content_hash, house_stamp
from catalog.regions import actions as regions
from catalog.regions import queries as region_queries
from catalog.regions.model import NewRegion, RegionFacts, Tier
from warehouse.people import actions, queries
from warehouse.people.model import SECOND_FACTOR, Policy

NAMESPACE = UUID("6b1e6f0e-3a55-5d0c-9b3e-be1900000002")
LOGIN = "first-start"
_LETTERS = "ABCDEFGHJKLMNPQRSTUVWXYZ23456789"


@dataclass(frozen=True, slots=True)
class Account:
    """One of the first accounts. Its password must be changed at the first log-in."""

    role: Role
    login: str
    name_zh: str
    password: str


@dataclass(frozen=True, slots=True)
class Start:
    """What the page asks for. `second_factor`: administrators must enrol one."""

    city_key: str
    city_zh: str
    city_en: str | None
    accounts: Sequence[Account]
    catalogue: bool
    second_factor: bool


def _file(settings: Settings) -> Path:
    return settings.secrets_dir / "first-start.code"


async def code_if_due(settings: Settings) -> str | None:
    """The code for the console while there is no account; made on first use. Afterwards None, and its file is gone."""
    path = _file(settings)
    if not await queries.nobody_is_here():
        path.unlink(missing_ok=True)
        return None
    found = secret_files.read(path)
    if found is None:
        found = "-".join("".join(secrets.choice(_LETTERS) for _ in range(5)) for _ in range(2))
        secret_files.write(path, found)
    return found


async def start(*, settings: Settings, policy: Policy, code: str, wanted: Start, at: datetime, address: str) -> None:
    """Make city and administrators at once, or nothing. A wrong code counts like a failed log-in.

    Raises Denied (`first-start.wrong-code`), Refused (`first-start.done`), Locked, and what the actions raise.
    """
    expected = await code_if_due(settings)
    if expected is None:
        raise Refused("first-start.done", "系统已经启用，请登录")
    given = code.strip().upper().replace(" ", "")
    fits = hmac.compare_digest(given.encode(), expected.encode())
    if not await actions.try_secret(name=LOGIN, fits=fits, address=address, at=at, policy=policy):
        raise Denied("first-start.wrong-code", "启用码不正确，请查看服务器窗口")
    async with db.transaction():
        await db.execute("SELECT pg_advisory_xact_lock(hashtextextended('api.first_start', 7))")
        if not await queries.nobody_is_here():
            raise Refused("first-start.done", "系统已经启用，请登录")
        await _make(wanted, policy, at)
        await audit.record(
            _stamp("done", wanted.city_key, at),
            "first-start",
            facts={"address": address, "logins": [account.login for account in wanted.accounts]},
        )
    if wanted.catalogue:
        await load_catalogue(at)
    _file(settings).unlink(missing_ok=True)


async def _make(wanted: Start, policy: Policy, at: datetime) -> None:
    root = await region_queries.root_path()
    if root == "/":
        city = NewRegion(wanted.city_key, None, Tier.CITY, RegionFacts(wanted.city_zh, wanted.city_en))
        await regions.add_regions(stamp=_stamp("city", wanted.city_key, at), regions=[city])
        root = await region_queries.root_path()
    key = (await region_queries.get_region(int(root.strip("/")))).key
    for account in wanted.accounts:
        made = await actions.create_person(
            stamp=_stamp(f"person/{account.role}", account.login, at),
            login=account.login,
            name_zh=account.name_zh,
            region_key=key,
            policy=policy,
            password=account.password,
        )
        await actions.give_role(
            stamp=_stamp(f"role/{account.role}", account.login, at),
            person=UUID(made["person"]),
            role=account.role,
            region_key=key,
            reason="first start",
        )
    if wanted.second_factor:
        await set_parameter(
            stamp=_stamp("second-factor", root, at),
            key=SECOND_FACTOR.key,
            path=root,
            value="administrators",
            version=0,
        )


async def load_catalogue(at: datetime) -> None:
    """The catalogue that ships with the program: classes, storage classes, items, packs, kits. Safe to run again."""
    from api.demo import load_catalogue as load

    await load(lambda step, content: _stamp(f"catalogue/{step}", repr(content), at))


def _stamp(step: str, content: str, at: datetime) -> Stamp:
    digest = content_hash(content).hex()
    return house_stamp(uuid5(NAMESPACE, f"{step}/{digest}"), digest, at, login=LOGIN, channel=Channel.WEB)
