"""What the journeys of counting need beside the store: a second keeper, an approver, goods in bins of their own, and a
store that is not live yet."""

from datetime import datetime, timedelta
from uuid import UUID, uuid4

from catalog.items.queries import find_items_by_key
from catalog.kernel.access import EVERYWHERE, Role
from catalog.kernel.stamp import Stamp, house_stamp
from warehouse.people import actions as people
from warehouse.people.model import Policy
from warehouse.sites import actions as sites
from warehouse.sites.model import NewBin, NewSite, NewZone, Place, Site, SiteFacts, SiteKind, ZoneFacts
from warehouse.sites.queries import find_sites, list_places
from warehouse.stock import actions as stock
from warehouse.stock.model import LotFacts

SECOND, APPROVER, FRESH_KEEPER, FRESH_SITE = "jy.second", "jy.approver", "jy.fresh", "PK01"
BINS = slice(30, 36)
"""The bins of the store that are counted; two for each journey."""


def _stamp(what: str, at: datetime) -> Stamp:
    return house_stamp(uuid4(), what, at, login="journeys")


async def furnish_counts(
    bins: list[Place], site: Site, password: str, now: datetime
) -> tuple[dict[str, str], list[Place]]:
    """(lot numbers by name, the bins of the fresh store)."""
    fresh = NewSite(
        FRESH_SITE,
        SiteFacts("新北新设储备点", SiteKind.POINT, site.region_id, live=False),
        (NewZone("A", ZoneFacts("A区"), (NewBin("A-01"), NewBin("A-02"))),),
    )
    await sites.create_sites(stamp=_stamp("fresh", now), sites=[fresh])
    for login, name, role, where in (
        (SECOND, "陈国梁", Role.KEEPER, {"site_code": site.code}),
        (FRESH_KEEPER, "许秋月", Role.KEEPER, {"site_code": FRESH_SITE}),
        (APPROVER, "沈一帆", Role.APPROVER, {"region_key": "changzhou"}),
    ):
        made = await people.create_person(
            stamp=_stamp(login, now), login=login, name_zh=name, region_key="changzhou", policy=Policy(),
            password=password, must_change=False,
        )  # fmt: skip
        await people.give_role(stamp=_stamp(login + role, now), person=UUID(str(made["person"])), role=role, **where)
    lots = {}
    for number, (name, key, count) in enumerate(
        (
            ("count tents", "ZP-0001", 40),
            ("count quilts", "BF-0001", 120),
            ("count english", "ZP-0002", 25),
            ("count more", "BF-0003", 60),
            ("count paper", "ZP-0003", 18),
            ("count last", "BF-0010", 30),
        )
    ):
        item = (await find_items_by_key([key]))[key].id
        facts = LotFacts(item_id=item, owner_region_id=site.region_id, maker_batch=f"P{number}", price_fen=35000)
        arrival = stock.Arrival(facts, count, bins[BINS][number].id)
        receipt = await stock.receive(stamp=_stamp(name, now - timedelta(hours=2)), arrivals=[arrival])
        lots[name] = receipt.body["lines"][0]["lot"]
    fresh_id = (await find_sites([FRESH_SITE], EVERYWHERE))[FRESH_SITE].id
    return lots, list((await list_places(site_id=fresh_id, scope=EVERYWHERE)).items)
