"""The store that the journeys work in: a city, people, and goods that each journey has for itself."""

from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from uuid import UUID, uuid4

from api import demo
from catalog.items.queries import find_items_by_key
from catalog.kernel.access import EVERYWHERE, Role
from catalog.kernel.stamp import Stamp, house_stamp
from catalog.kernel.time import day_of
from labels.codes import OwnKind, write_own
from tests.conftest import Database
from tests.journeys.counting import furnish_counts
from warehouse.people import actions as people
from warehouse.people.model import Policy
from warehouse.replenishment import actions as deliveries
from warehouse.replenishment.model import DeliveryFacts, DeliveryKind, NewLine
from warehouse.sites.model import Place, Site
from warehouse.sites.queries import find_sites, list_places
from warehouse.stock import actions as stock
from warehouse.stock.model import LotFacts

SITE = "CZ01"
KEEPER, NEWCOMER, READER, ADMIN, COLLEAGUE = "jy.keeper", "jy.new", "jy.reader", "jy.admin", "jy.colleague"
SECURITY, AUDITOR, PLANNER = "jy.security", "jy.audit", "jy.planner"
DISPATCHER = "jy.dispatcher"
PURCHASER, APPROVER = "jy.buyer", "jy.decides"
GATE, GATE_SITE = "jy.gate", "LY01"
"""A keeper of another store, who receives what the first one sends."""
PASSWORD = "Beiyu-2026!"
YARD = slice(20, 23)
"""These stand in the yard: room for tents, whatever other journeys have put where a hint sent them."""


@dataclass
class Store:
    """What stands where, by the names the journeys use."""

    url: str = ""
    database: Database | None = None
    bins: list[Place] = field(default_factory=list)
    fresh_bins: list[Place] = field(default_factory=list)
    lots: dict[str, str] = field(default_factory=dict)
    deliveries: dict[str, tuple[UUID, str]] = field(default_factory=dict)

    def lot(self, name: str) -> str:
        """What the label of a lot carries."""
        return write_own(OwnKind.LOT, self.lots[name])

    def bin(self, number: int) -> str:
        """What the label of a bin carries."""
        return write_own(OwnKind.BIN, self.bins[number].key)

    def code(self, number: int) -> str:
        """What stands on the rack."""
        return self.bins[number].code

    def note(self, name: str) -> str:
        """What the label of a delivery carries."""
        return write_own(OwnKind.DOCUMENT, self.deliveries[name][1].replace("-", ""))


def _stamp(what: str, at: datetime) -> Stamp:
    return house_stamp(uuid4(), what, at, login="journeys")


async def furnish() -> Store:
    """Fill the database the engine is logged in to."""
    now = datetime.now(UTC)
    await demo.load_catalog_and_city(city="changzhou", at=now)
    for login, name, role, must_change in (
        (KEEPER, "林晓舟", Role.KEEPER, False),
        (NEWCOMER, "新同事", Role.KEEPER, True),
        (COLLEAGUE, "周雨生", Role.KEEPER, False),
        (READER, "钱素英", Role.STATISTICIAN, False),
        (ADMIN, "管理员", Role.SYSTEM_ADMIN, False),
        (SECURITY, "安全管理员", Role.SECURITY_ADMIN, False),
        (AUDITOR, "审计管理员", Role.AUDIT_ADMIN, False),
        (PLANNER, "计划员", Role.PLANNER, False),
        (DISPATCHER, "调度员", Role.DISPATCHER, False),
        (PURCHASER, "采购员", Role.PURCHASER, False),
        (APPROVER, "审批人", Role.APPROVER, False),
        (GATE, "溧阳保管员", Role.KEEPER, False),
    ):
        made = await people.create_person(
            stamp=_stamp(login, now), login=login, name_zh=name, region_key="changzhou", policy=Policy(),
            password=PASSWORD, must_change=must_change,
        )  # fmt: skip
        where = {"site_code": SITE} if role is Role.KEEPER else {"region_key": "changzhou"}
        if login == GATE:
            where = {"site_code": GATE_SITE}
        await people.give_role(stamp=_stamp(login + role, now), person=UUID(str(made["person"])), role=role, **where)
    site = (await find_sites([SITE], EVERYWHERE))[SITE]
    places = list((await list_places(site_id=site.id, scope=EVERYWHERE, limit=500)).items)
    store = Store(bins=places[:60])
    store.bins[YARD] = [place for place in places if place.code.startswith("Y")][: YARD.stop - YARD.start]
    await _stock(store, site, now)
    await _announce(store, site, now)
    lots, store.fresh_bins = await furnish_counts(store.bins, site, PASSWORD, now)
    store.lots |= lots
    return store


async def _stock(store: Store, site: Site, now: datetime) -> None:
    today = day_of(now)
    for name, key, count, at, days in (
        ("first out", "BF-0001", 40, 0, 200),
        ("later out", "BF-0001", 40, 1, 400),
        ("few", "BF-0003", 5, 2, None),
        ("mover", "ZJ-0001", 30, 3, None),
        ("doubled", "ZJ-0003", 30, 4, None),
        ("reloaded", "ZJ-0011", 30, 5, None),
        ("looked up", "ZJ-0015", 30, 6, 60),
        ("expired", "YS-0005", 12, 7, -3),
        ("english", "BF-0010", 20, 8, None),
        ("mistaken", "BF-0012", 20, 9, 100),
        ("spread", "BF-0013", 20, 10, None),
        ("spread too", "BF-0013", 20, 11, None),
        ("pick zh first", "ZJ-0005", 8, 12, 300),
        ("pick zh later", "ZJ-0005", 30, 13, None),
        ("pick en first", "ZJ-0006", 8, 12, 300),
        ("pick en later", "ZJ-0006", 30, 13, None),
        ("lent zh", "XF-0001", 9, 50, None),
        ("lent en", "XF-0002", 9, 51, None),
        ("care zh", "ZP-0002", 10, 14, None),
        ("care en", "ZP-0003", 10, 15, None),
        ("alert zh-1280", "ZJ-0008", 20, 54, None),
        ("alert zh-360", "ZJ-0009", 20, 55, None),
        ("alert en-1280", "ZJ-0010", 20, 56, None),
        ("alert en-360", "ZJ-0012", 20, 57, None),
        ("ship zh-1280", "SJ-0010", 10, 54, None),
        ("ship zh-360", "SJ-0010", 10, 55, None),
        ("ship en-1280", "SJ-0010", 10, 56, None),
        ("ship en-360", "SJ-0010", 10, 57, None),
        ("coming zh", "SJ-0010", 10, 57, None),
        ("coming en", "SJ-0010", 10, 58, None),
        ("boxed zh", "XF-0009", 20, 55, None),
        ("boxed en", "XF-0010", 20, 56, None),
        ("given zh-360", "BF-0009", 10, 58, None),
        ("given en-1280", "BF-0009", 10, 59, None),
        ("rotate zh-1280", "BF-0004", 20, 50, 60),
        ("rotate zh-360", "BF-0005", 20, 51, 60),
        ("rotate en-1280", "BF-0006", 20, 52, 60),
        ("rotate en-360", "BF-0002", 20, 53, 60),
        ("short zh-1280", "SJ-0001", 12, 54, 40),
        ("short zh-360", "SJ-0002", 12, 55, 40),
        ("short en-1280", "ZJ-0007", 12, 56, 40),
        ("short en-360", "LS-0008", 12, 57, 40),
        ("source first", "BF-0008", 100, 58, 300),
        ("source later", "BF-0008", 300, 59, None),
        ("board zh-1280", "BF-0007", 20, 46, None),
        ("board en-768", "BF-0011", 20, 47, None),
        ("board zh-360", "ZJ-0013", 20, 48, None),
        ("board en-360", "DL-0002", 20, 49, None),
        ("board told zh", "LS-0005", 20, 46, None),
        ("board told en", "LS-0006", 20, 47, None),
        ("taken zh", "SJ-0005", 20, 46, None),
        ("taken en", "TX-0002", 20, 47, None),
        ("night", "ZJ-0014", 20, 46, None),
        ("picked zh", "DL-0003", 20, 46, None),
        ("picked en", "DL-0004", 20, 47, None),
    ):
        expires = today + timedelta(days=days) if days is not None else None
        facts = LotFacts(item_id=await _item(key), owner_region_id=site.region_id, maker_batch=None, expires_on=expires)
        if name.startswith(("ship", "given", "coming")):
            facts = LotFacts(item_id=await _item(key), owner_region_id=site.region_id, maker_batch=name)
        if name == "spread too":
            facts = LotFacts(item_id=await _item(key), owner_region_id=site.region_id)
        arrival = stock.Arrival(facts, count, store.bins[at].id)
        receipt = await stock.receive(stamp=_stamp(name, now - timedelta(hours=1)), arrivals=[arrival])
        store.lots[name] = receipt.body["lines"][0]["lot"]


async def _announce(store: Store, site: Site, now: datetime) -> None:
    lines = [
        NewLine(await _item("ZP-0001"), 10, produced_on=date(2026, 1, 5)),
        NewLine(await _item("ZP-0002"), 6),
        NewLine(await _item("ZP-0003"), 4),
    ]
    short = [NewLine(await _item("ZP-0001"), 10), NewLine(await _item("ZP-0002"), 2)]
    expected = [("lorry", lines), ("english lorry", lines)]
    expected += [(f"{what} {language}", short) for what in ("keyboard", "aside") for language in ("zh", "en")]
    for name, wanted in expected:
        made = await deliveries.create_delivery(
            stamp=_stamp(name, now), site_id=site.id, lines=wanted, announce=True,
            facts=DeliveryFacts(DeliveryKind.PURCHASE, site.region_id, note_number="SH-7781", expected_on=day_of(now)),
        )  # fmt: skip
        store.deliveries[name] = (UUID(str(made["delivery"])), str(made["number"]))


async def _item(key: str) -> int:
    return (await find_items_by_key([key]))[key].id
