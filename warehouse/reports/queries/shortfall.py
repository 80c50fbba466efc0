"""Reads of reports: put together from provision, norms and stock."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

from catalog.kernel import db
from catalog.kernel.access import Scope
from warehouse.norms import queries as norms
from warehouse.norms.model import Basis
from warehouse.provision import queries as provision
from warehouse.provision.model import By, Holder, Question, Total
from warehouse.provision.queries import Table
from warehouse.reports import rules
from warehouse.reports.model import Age, Covered, Expiring, Ration, Shortfall, Spot
from warehouse.reports.queries.moving import moves_of

MONTHS = 24
"""So far ahead expiry is shown."""
_EXPIRING = """
SELECT date_trunc('month', b.expires_on)::date, count(DISTINCT b.lot_id),
    coalesce(sum(div(b.on_hand::numeric * coalesce(l.price_fen, i.price_fen)
        * 2 + coalesce(l.price_per, i.price_per), coalesce(l.price_per, i.price_per) * 2)), 0)::bigint,
    count(DISTINCT b.lot_id) FILTER (WHERE l.price_fen IS NULL AND i.price_fen IS NULL)
FROM balance b JOIN lot l ON l.id = b.lot_id JOIN item i ON i.id = b.item_id
JOIN material_class c ON c.id = i.class_id JOIN site s ON s.id = b.site_id AND s.live
WHERE b.on_hand > 0 AND b.condition = 'good' AND b.expires_on >= $3 AND b.expires_on < $4
    AND (CASE WHEN $5 THEN l.owner_path ELSE s.path END) LIKE $1 AND ($2::text IS NULL OR c.path LIKE $2)
    AND ($6::bigint[] IS NULL OR s.id = ANY($6)) AND NOT b.item_id = ANY($7::bigint[])
GROUP BY 1 ORDER BY 1
"""


_AGES = """
SELECT s.code, s.name_zh, s.name_en, max(m.recorded_at) FROM site s
LEFT JOIN place q ON q.site_id = s.id AND q.retired_at IS NULL LEFT JOIN LATERAL (
    (SELECT recorded_at FROM move WHERE to_place = q.id ORDER BY seq DESC LIMIT 1) UNION ALL
    (SELECT recorded_at FROM move WHERE from_place = q.id ORDER BY seq DESC LIMIT 1)) m ON true
WHERE s.live AND s.retired_at IS NULL AND s.path LIKE $1 AND ($2::bigint[] IS NULL OR s.id = ANY($2))
GROUP BY s.id ORDER BY 4 NULLS FIRST, s.code
"""


async def shortfall(question: Question, *, scope: Scope, now: datetime, rations: Sequence[Ration] = ()) -> Shortfall:
    """The report of a day. `rations`: by what people-days are counted, none without. Raises Missing where the place is
    out of scope."""
    table = await provision.prepare(question, scope=scope, now=now)
    ways: list[Sequence[By]] = [[], [By.TIER], [By.BRANCH], [By.CLASS], [By.GOODS]]
    whole, tiers, branches, classes, goods = await provision.roll_ups(table, ways)
    return Shortfall(
        table,
        whole[0] if whole else None,
        tiers,
        branches,
        classes,
        goods,
        await _spots(branches),
        [] if table.past else await ages(question),
        await covered(table, rations) if rations else [],
    )


async def covered(table: Table, rations: Sequence[Ration]) -> list[Covered]:
    """People-days: how far what is usable on the day goes by these rations, branch by branch, and how far it will once
    the planned moves are carried out."""
    question = table.question
    goods = [
        one
        for one in await norms.list_goods(class_path=question.class_path)
        if question.item_ids is None or one.item_id in question.item_ids
    ]
    counted = rules.rationed(rations, goods)
    usable = await provision.usable_by_branch(table, counted)
    moves = None if table.past else await moves_of(table, counted)
    here = int(question.path.strip("/").rpartition("/")[2] or 0)
    labels = [*(label for label, _, _ in usable), *(one.branch for one in moves or ())]
    paths = [label.path for label in labels if label.path is not None]
    regions = {here, *(int(path.strip("/").rpartition("/")[2]) for path in paths)}
    people: dict[tuple[str, bool], int] = {}
    whole = ""
    for subject in await norms.subjects_of(sorted(regions), [], question.day):
        known = {fact.kind: fact.value for fact in subject.figures}
        for moved, kind in ((True, Basis.MOVED), (False, Basis.POPULATION)):
            if kind.value in known:
                people[subject.key, moved] = known[kind.value]
        whole = subject.key if subject.region_id == here else whole
    return rules.covered(rations, goods, usable, people, whole, moves)


async def ages(question: Question) -> list[Age]:
    """How fresh the books are from which the figures come, store by store, the stalest first."""
    sites = sorted(question.site_ids) if question.site_ids is not None else None
    return [Age(*row) for row in await db.fetch(_AGES, question.path + "%", sites)]


async def expiring(table: Table) -> list[Expiring]:
    """By month, what of today's goods expires from the day asked on."""
    question = table.question
    first = question.day
    beyond = (first.replace(day=1) + timedelta(days=31 * MONTHS)).replace(day=1)
    rows = await db.fetch(
        _EXPIRING,
        question.path + "%",
        question.class_path + "%" if question.class_path else None,
        first,
        beyond,
        question.holder is Holder.REGION,
        sorted(question.site_ids) if question.site_ids is not None else None,
        sorted(question.without),
    )
    found = {row[0]: Expiring(*row) for row in map(tuple, rows)}
    month = first.replace(day=1)
    all_of_them = []
    while month < beyond:
        all_of_them.append(found.get(month, Expiring(month, 0, 0, 0)))
        month = (month + timedelta(days=32)).replace(day=1)
    return all_of_them


async def _spots(branches: Sequence[Total]) -> list[Spot]:
    rows: Any = await db.fetch(
        "SELECT key, lat, lon FROM region WHERE key = ANY($1::text[]) AND lat IS NOT NULL",
        [one.of[0].key for one in branches],
    )
    at = {row[0]: (row[1], row[2]) for row in rows}
    return [Spot(one.of[0], *at[one.of[0].key], one) for one in branches if one.of[0].key in at]
