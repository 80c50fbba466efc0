"""Why an alert fired, or why none did: the same facts and the same comparisons that judging uses."""

from dataclasses import dataclass
from datetime import date

from catalog.kernel import db
from catalog.kernel.access import Scope
from warehouse.alerts import rules
from warehouse.alerts.model import Alert, Check, LotFact, NeedFact
from warehouse.alerts.queries import alerts, facts
from warehouse.norms import queries as norms
from warehouse.norms import rules as norm_rules
from warehouse.norms.model import Goods, Requirement, Subject


@dataclass(frozen=True, slots=True)
class LotReason:
    """A lot at a store, and the comparisons of its days."""

    lot: str
    fact: LotFact
    checks: tuple[Check, ...]


@dataclass(frozen=True, slots=True)
class Reasons:
    """What was compared for a place and an item on a day. `need` None: no figure holds (or its basis is unknown)."""

    subject: Subject
    goods: Goods
    requirement: Requirement | None
    need: NeedFact | None
    checks: tuple[Check, ...]
    lots: tuple[LotReason, ...]
    standing: tuple[Alert, ...]
    alike: tuple[Goods, ...]
    """Goods that are counted together with it."""


async def why(*, scope: Scope, region: str | None, site: str | None, item: str, today: date) -> Reasons:
    """What judging looks at for a place and an item today, and what comes of it. Raises Missing."""
    subject, goods, _ = await norms.why(scope=scope, region=region, site=site, item=item, on=today)
    measured = facts.Measured()
    measures = await measured.at(subject.path)
    shelf = await norms.list_goods()
    every = await norms.norms_over([subject], [one.item_id for one in shelf])
    needed = next(
        (
            one
            for one in norm_rules.requirements(every, [subject], shelf, today)
            if any(part.item_id == goods.item_id for part in one.items)
        ),
        None,
    )
    need = None
    if needed is not None:
        horizon = facts.horizon_of([needed], today, measures.lead_days)
        ids = [one.item_id for one in needed.items]
        if subject.site_id is not None:
            shelves = (await facts.shelves_of_sites(today, horizon, [subject.site_id], ids)).get(subject.site_id, {})
        else:
            owned = await facts.shelves_of_owners(today, horizon, [subject.region_id], ids)
            shelves = owned.get(subject.region_id, {})
        need = rules.need_fact(needed, shelves, measures, today)
    reasons = []
    if subject.site_id is not None:
        rows = await db.fetch(
            "SELECT DISTINCT b.lot_id, l.number FROM balance b JOIN lot l ON l.id = b.lot_id"
            " WHERE b.site_id = $1 AND b.item_id = $2 AND b.on_hand > 0 ORDER BY 2 LIMIT 200",
            subject.site_id,
            goods.item_id,
        )
        numbers = {row[0]: row[1] for row in rows}
        for fact in await facts.lots_at(subject.site_id, list(numbers)):
            found = tuple(rules.checks(fact, measures, today))
            reasons.append(LotReason(numbers[fact.lot_id], fact, found))
    standing = await alerts.standing_at(
        scope=scope, site_id=subject.site_id, region_key=None if subject.site_id else subject.key, item_key=goods.key
    )
    return Reasons(
        subject,
        goods,
        needed,
        need,
        tuple(rules.checks(need, measures, today)) if need is not None else (),
        tuple(sorted(reasons, key=lambda one: one.fact.expires_on)),
        tuple(standing),
        tuple(one for one in needed.items if one.item_id != goods.item_id) if needed is not None else (),
    )
