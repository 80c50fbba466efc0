"""Propose a plan, choose what becomes of a line, take a line out; what may not be done with a class."""

from collections.abc import Collection, Sequence
from typing import Any
from uuid import UUID, uuid5

from catalog.kernel import attempts, audit, db, feed, history
from catalog.kernel.access import Permission
from catalog.kernel.attempts import Receipt
from catalog.kernel.errors import Invalid, Missing, Refused
from catalog.kernel.stamp import Stamp
from catalog.kernel.time import day_of
from catalog.regions import queries as regions
from warehouse.parties import queries as parties
from warehouse.parties.model import PartyKind
from warehouse.rotation import queries, rules
from warehouse.rotation.actions.document import changed, judged
from warehouse.rotation.model import Choice, Flow, Old, Option, Status, Terms

_LOCK = "SELECT pg_advisory_xact_lock(hashtextextended('warehouse.rotation', 7))"


async def propose(*, stamp: Stamp, region_key: str, year: int) -> Receipt:
    """Put what falls due in a year, owned by a region or one below it, into the plans of its owners.

    Goods that stand in an open line, or have stood in the same plan, are left out: proposing twice, also by rivals at
    once, changes nothing. Each line comes with the option that costs least and its replacement on the same day. Needs
    rotation.plan over the region. Raises Missing, Invalid.
    """

    async def work() -> Receipt:
        region = await regions.get_by_key(region_key)
        stamp.require_at(Permission.ROTATION_PLAN, region.path)
        today = day_of(stamp.recorded_at)
        rules.check_year(year, today)
        await db.execute(_LOCK)
        policies = await queries.list_policies()
        due: dict[int, list[tuple[Old, Terms]]] = {}
        settings: dict[str, Terms] = {}
        for old in await queries.candidates(region.path):
            if old.owner_path not in settings:
                settings[old.owner_path] = await queries.terms_at(old.owner_path)
            terms = settings[old.owner_path]
            if rules.in_plan(old, terms, year, today):
                due.setdefault(old.owner_region_id, []).append((old, terms))
        plans = await _plans(stamp, sorted(due), year)
        known = await queries.dealt_with([plan for plan, _ in plans.values()])
        rows = []
        for owner, found in sorted(due.items()):
            plan, last = plans[owner]
            for old, terms in sorted(
                found, key=lambda one: (rules.due_on(one[0], one[1], year), one[0].lot_id, one[0].site_id)
            ):
                if (plan, old.lot_id, old.site_id, old.condition.value) in known:
                    continue
                last += 1
                ends, why = rules.end_of(old, terms)
                day = rules.due_on(old, terms, year)
                out_on = max(day, today)
                policy = rules.policy_of(policies, old.class_path)
                best = rules.suggested(rules.offers(old, terms, policy, out_on))
                option = best.option if best else None
                replaced = option not in (None, Option.EXTEND) and best is not None and best.days_left is not None
                replaced = replaced and old.condition == "good" and (best is not None and (best.days_left or 0) >= 0)
                rows.append(
                    (
                        uuid5(stamp.attempt, f"rotation/{owner}/{old.lot_id}/{old.site_id}/{old.condition.value}"),
                        plan,
                        last,
                        old.lot_id,
                        old.site_id,
                        old.condition.value,
                        old.quantity,
                        why.value,
                        ends,
                        day,
                        option.value if option else None,
                        out_on,
                        out_on if replaced else None,
                        old.quantity if replaced else None,
                        best.cost_fen if best else None,
                        best.waste_fen if best else None,
                        stamp.login,
                    )
                )
        if rows:
            await _insert(stamp, rows)
        return {"verb": "propose", "year": year, "lines": len(rows), "plans": [str(plan) for plan, _ in plans.values()]}

    return await attempts.once(stamp, "rotation.propose", work)


async def _plans(stamp: Stamp, owners: Sequence[int], year: int) -> dict[int, tuple[UUID, int]]:
    """Per owner its plan of the year, made where there is none, and the number of its last line."""
    if owners:
        await db.execute(
            "INSERT INTO rotation_plan (id, number, region_id, year, created_at, created_by, attempt)"
            " SELECT u.id, 'LH-' || upper(r.key) || '-' || $3, r.id, $3::int, $4, $5, $6"
            " FROM unnest($1::uuid[], $2::bigint[]) u (id, region_id) JOIN region r ON r.id = u.region_id"
            " ON CONFLICT (region_id, year) DO NOTHING",
            [uuid5(stamp.attempt, f"plan/{owner}/{year}") for owner in owners],
            list(owners),
            str(year),
            stamp.recorded_at,
            stamp.login,
            stamp.attempt,
        )
    rows = await db.fetch(
        "SELECT q.region_id, q.id, coalesce((SELECT max(line) FROM rotation_line x WHERE x.plan_id = q.id), 0)"
        " FROM rotation_plan q WHERE q.region_id = ANY($1::bigint[]) AND q.year = $2 ORDER BY q.region_id",
        list(owners),
        year,
    )
    return {row[0]: (row[1], row[2]) for row in rows}


async def _insert(stamp: Stamp, rows: Sequence[Sequence[Any]]) -> None:
    names = "id plan_id line lot_id site_id condition quantity why ends_on due_on option out_on in_on in_quantity"
    columns = [*names.split(), "cost_fen", "waste_fen", "created_by"]
    types = [
        "uuid",
        "uuid",
        "int",
        "bigint",
        "bigint",
        "text",
        "bigint",
        "text",
        "date",
        "date",
        "text",
        "date",
        "date",
        "bigint",
        "bigint",
        "bigint",
        "text",
    ]
    spots = ", ".join(f"${number}::{kind}[]" for number, kind in enumerate(types, 1))
    await db.execute(
        f"INSERT INTO rotation_line ({', '.join(columns)}) SELECT * FROM unnest({spots})",
        *[list(column) for column in zip(*rows, strict=True)],
    )
    for plan in dict.fromkeys(row[1] for row in rows):
        mine = [row for row in rows if row[1] == plan]
        facts = {"lines": len(mine), "first": mine[0][2], "last": mine[-1][2]}
        await history.record(stamp, table="rotation_plan", key=str(plan), verb="propose", before=None, after=facts)
        await audit.record(stamp, "rotation.propose", subject_kind="rotation-plan", subject_id=str(plan), facts=facts)
    await feed.publish("rotation", [str(row[0]) for row in rows], stamp.recorded_at)


async def choose(
    *,
    stamp: Stamp,
    line_id: UUID,
    choice: Choice,
    version: int | None = None,
    inflow: Sequence[Flow] = (),
    suppliers: Collection[int] = (),
) -> Receipt:
    """Say what is to become of a line, when, and what comes in its place. A gap that was granted before falls away.

    `suppliers`: parties who delivered the lot or have promised goods; goods are swapped with them or with a registered
    supplier only. The receipt says which minimum it would break (`shorts`): saving it is allowed, approving it is not.
    Raises Missing, Stale, Invalid, Refused (`rotation.unfit`, `rotation.more-than-there`, `rotation.no-witness`).
    """

    async def work() -> Receipt:
        standing = await judged(stamp, line_id, "choose", version)
        line, today = standing.line, day_of(stamp.recorded_at)
        policy = standing.policy
        offers = rules.offers(line.old(), standing.terms, policy, max(choice.out_on, today))
        offer = next(one for one in offers if one.option is choice.option)
        rules.check_choice(line, choice, offer, today, line.standing)
        await _check_parties(stamp, choice, suppliers)
        refusal = rules.unwitnessed(line, choice, standing.terms)
        if refusal is not None:
            raise refusal
        columns = {
            "option": choice.option.value,
            "out_on": choice.out_on,
            "quantity": choice.quantity,
            "in_on": choice.in_on,
            "in_quantity": choice.in_quantity,
            "party_id": choice.party_id,
            "test_house_id": choice.test_house_id,
            "experts": list(rules.named(choice.experts)),
            "purpose": choice.purpose.strip(),
            "cost_fen": offer.cost_fen,
            "waste_fen": offer.waste_fen,
            "gap": None,
            "chosen_by": stamp.login,
            "chooser_id": stamp.person_id,
        }
        facts = {
            "option": choice.option.value,
            "out_on": choice.out_on.isoformat(),
            "quantity": choice.quantity,
            "in_on": choice.in_on.isoformat() if choice.in_on else None,
            "cost_fen": offer.cost_fen,
        }
        done = await changed(stamp, "choose", line, Status.PROPOSED, columns, facts)
        after = (await queries.find_lines([line_id]))[line_id]
        (judgement,) = await queries.standings_of([after], today, inflow)
        return {**done, "shorts": len(judgement.shorts)}

    return await attempts.once(stamp, "rotation.choose", work)


async def _check_parties(stamp: Stamp, choice: Choice, suppliers: Collection[int]) -> None:
    scope = stamp.require(Permission.PARTY_READ)
    if choice.party_id is not None:
        other = await parties.get_party(choice.party_id, scope)
        if choice.option is Option.SWAP and not rules.may_swap(other.id, other.kind, suppliers):
            raise Refused(
                "rotation.not-a-supplier", "轮换须与该批次的供应商、登记的供应商或协议单位进行", party=other.key
            )
    if choice.test_house_id is not None:
        house = await parties.get_party(choice.test_house_id, scope)
        if house.kind is not PartyKind.TEST_HOUSE:
            raise Invalid("rotation.not-a-test-house", "所选单位不是检测机构", party=house.key)


async def withdraw(*, stamp: Stamp, line_id: UUID, reason: str, version: int | None = None) -> Receipt:
    """Nothing is to become of it under this plan; it is not proposed there again."""

    async def work() -> Receipt:
        if not reason.strip():
            raise Invalid("rotation.reason-needed", "请填写理由")
        standing = await judged(stamp, line_id, "withdraw", version)
        said = {"reason": reason.strip()}
        return await changed(stamp, "withdraw", standing.line, Status.WITHDRAWN, {"end_note": reason.strip()}, said)

    return await attempts.once(stamp, "rotation.withdraw", work)


async def set_policy(
    *, stamp: Stamp, class_id: int, forbids: Sequence[Option], extend_days: int | None, source: str
) -> Receipt:
    """What may not be done with goods of a class, and how far one test extends them. Holds for the whole city: needs
    rotation.plan over its root. Raises Missing, Invalid."""

    async def work() -> Receipt:
        stamp.require_at(Permission.ROTATION_PLAN, await regions.root_path())
        if not source.strip():
            raise Invalid("rotation.no-source", "请填写来源；没有来源请写 unverified")
        if extend_days is not None and not 1 <= extend_days <= 3650:
            raise Invalid("rotation.bad-extension", "延长天数须为 1 到 3650")
        if await db.fetch_value("SELECT path FROM material_class WHERE id = $1", class_id) is None:
            raise Missing("rotation.no-such-class", "没有这个物资类别", class_id=class_id)
        said = sorted({one.value for one in forbids})
        version = await db.fetch_value(
            "INSERT INTO rotation_policy (class_id, forbids, extend_days, source) VALUES ($1, $2, $3, $4)"
            " ON CONFLICT (class_id) DO UPDATE SET forbids = EXCLUDED.forbids, extend_days = EXCLUDED.extend_days,"
            " source = EXCLUDED.source, version = rotation_policy.version + 1 RETURNING version",
            class_id,
            said,
            extend_days,
            source.strip(),
        )
        after = {"forbids": said, "extend_days": extend_days, "source": source.strip(), "version": version}
        key = str(class_id)
        await history.record(stamp, table="rotation_policy", key=key, verb="set", before=None, after=after)
        await audit.record(stamp, "rotation.policy", subject_kind="class", subject_id=key, facts=after)
        await feed.publish("rotation-policy", [key], stamp.recorded_at)
        return {"verb": "policy", "id": key, **after}

    return await attempts.once(stamp, "rotation.policy", work)
