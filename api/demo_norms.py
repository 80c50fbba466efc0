"""The demo city's stocking norms, from `norms.csv` of its seeds, through the feature's own action."""

from datetime import date, datetime
from uuid import UUID, uuid5

from catalog.classes.queries import find_classes
from catalog.items.queries import find_items_by_key
from catalog.kernel.access import EVERYWHERE
from catalog.kernel.stamp import content_hash, house_stamp
from catalog.regions.queries import find_regions
from catalog.seeds.model import CitySeeds
from warehouse.norms import actions
from warehouse.norms.model import Basis, Each, Equivalent, NormFacts, Season
from warehouse.sites.queries import find_sites

NAMESPACE = UUID("6b1e6f0e-3a55-5d0c-9b3e-be1900000004")
IN_FORCE = date(2026, 1, 1)


async def load_norms(city: CitySeeds, *, at: datetime) -> int:
    """Set the city's norms in one act; how many. Safe to run again. Raises what the action raises."""
    if not city.norms:
        return 0
    regions = await find_regions({one.place for one in city.norms})
    sites = await find_sites({one.place for one in city.norms}, EVERYWHERE)
    items = await find_items_by_key(
        {one.goods for one in city.norms} | {e[0] for n in city.norms for e in n.equivalents}
    )
    classes = await find_classes({("local", one.goods) for one in city.norms})
    facts = []
    for one in city.norms:
        item = items.get(one.goods)
        facts.append(
            NormFacts(
                site_id=sites[one.place].id if one.place in sites else None,
                region_id=regions[one.place].id if one.place in regions else None,
                each=Each(one.each) if one.each else None,
                item_id=item.id if item else None,
                class_id=None if item else classes["local", one.goods].id,
                minimum=one.minimum,
                reorder=one.reorder,
                target=one.target,
                maximum=one.maximum,
                lead_days=one.lead_days,
                round_to=one.round_to,
                basis=Basis(one.basis),
                basis_per=one.basis_per,
                unit=one.unit,
                season=Season(*one.season) if one.season else None,
                valid_from=IN_FORCE,
                source=one.source,
                note=one.note,
                equivalents=tuple(Equivalent(items[key].id, base, worth) for key, base, worth in one.equivalents),
            )
        )
    digest = content_hash(repr(city.norms)).hex()
    stamp = house_stamp(uuid5(NAMESPACE, f"{city.name}/norms"), digest, at, login="demo")
    done = await actions.set_norms(stamp=stamp, norms=facts)
    return len(done["ids"])
