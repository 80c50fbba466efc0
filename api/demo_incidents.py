"""One typhoon in the demo city: an incident at level III with needs of three towns, by the city's own people."""

from datetime import datetime, timedelta
from uuid import UUID

from api.demo_counts import hands_of
from catalog.items.queries import find_items_by_key
from catalog.kernel.access import Role
from catalog.regions.queries import find_regions
from warehouse.incidents import actions
from warehouse.incidents.model import Hazard, IncidentFacts, Level, NeedFacts

NEEDS = (
    # town, item, quantity in base units, priority, hours until needed
    ("liyang", "ZP-0001", 60, 1, 6),
    ("liyang", "BF-0001", 400, 2, 12),
    ("jintan", "SJ-0004", 120, 1, 4),
    ("wujin", "SJ-0004", 80, 2, 12),
)
"""Invented."""


async def load_incidents(*, now: datetime) -> int:
    """Open the incident and ask for the goods; how many needs. Safe to run again."""
    hands = [hand for hand in await hands_of({Role.APPROVER}) if hand.grant.site_id is None]
    regions = await find_regions({"changzhou", *(need[0] for need in NEEDS)})
    items = await find_items_by_key({need[1] for need in NEEDS})
    if not hands or len(regions) < len({need[0] for need in NEEDS}) + 1:
        return 0
    approver = min(hands, key=lambda hand: len(hand.grant.path))
    facts = IncidentFacts(
        name="台风“贝碧嘉”（演示）",
        hazard=Hazard.TYPHOON,
        region_id=regions["changzhou"].id,
        occurred_at=now - timedelta(hours=3),
        place="溧阳、金坛、武进沿河低洼地带",
        affected=24_000,
        moved=3_200,
    )
    done = await actions.open_incident(
        stamp=approver.stamp("incident/open", now - timedelta(hours=2)),
        facts=facts,
        level=Level.III,
        order_number="常防指〔演示〕1号",
        reason="台风预警，转移三千余人",
    )
    needs = [
        NeedFacts(
            regions[town].id,
            quantity,
            item_id=items[item].id,
            priority=priority,
            needed_by=now + timedelta(hours=hours),
            own_stock_used="本级已全部动用",
        )
        for town, item, quantity, priority, hours in NEEDS
        if item in items
    ]
    await actions.add_needs(
        stamp=approver.stamp("incident/needs", now - timedelta(hours=1)),
        incident_id=UUID(str(done["id"])),
        needs=needs,
    )
    return len(needs)
