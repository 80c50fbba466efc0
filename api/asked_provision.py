"""What an address or a request asks of provision, as a question: shared by the API and the pages."""

from dataclasses import dataclass
from datetime import date

from catalog.classes import queries as classes
from catalog.classes.model import CLASS_SCHEME
from catalog.items import queries as items
from catalog.kernel.access import Scope
from catalog.kernel.errors import Invalid, Missing
from catalog.kernel.stamp import Stamp
from catalog.kernel.time import day_of
from catalog.regions import queries as regions
from catalog.regions.model import Tier
from warehouse.counts.queries import veil_of
from warehouse.provision.model import Holder, Question
from warehouse.sites import queries as sites

FARTHEST = 3653
"""Days ahead of today that a projection goes."""


@dataclass(frozen=True, slots=True)
class Words:
    """What was typed: keys and codes."""

    region: str | None = None
    site: str | None = None
    holder: Holder = Holder.REGION
    tier: Tier | None = None
    class_code: str | None = None
    day: date | None = None
    season_day: date | None = None


async def question_of(words: Words, scope: Scope, stamp: Stamp) -> Question:
    """The question; without a region all that is in scope. Goods that the caller is counting are left out of it: sums
    would tell what the books have in the bin. Raises Missing, Invalid."""
    veil = await veil_of(stamp.person_id)
    counted = await items.find_items_by_key(sorted(veil.items)) if veil else {}
    today = day_of(stamp.recorded_at)
    day = words.day or today
    if (day - today).days > FARTHEST:
        raise Invalid("provision.too-far", "日期太远，请选十年以内", day=day.isoformat())
    goods = await classes.get_by_code(CLASS_SCHEME, words.class_code) if words.class_code else None
    holder, path, site_ids = words.holder, None, None
    if words.site:
        site = await sites.get_by_code(words.site, scope)
        holder, path, site_ids = Holder.SITE, site.path, frozenset({site.id})
    elif words.region:
        path = (await regions.get_by_key(words.region)).path
    elif scope.paths:
        path = scope.paths[0]
    else:
        holder, path, site_ids = Holder.SITE, "/", scope.site_ids
    if not scope.covers(path) and not (site_ids and scope.site_ids.issuperset(site_ids)):
        raise Missing("norm.no-such-place", "没有这个区划或库点，或不在您的管辖范围内", place=words.region)
    return Question(
        path,
        day,
        holder,
        words.season_day,
        words.tier if holder is Holder.REGION else None,
        goods.path if goods else None,
        site_ids=site_ids,
        without=frozenset(one.id for one in counted.values()),
    )
