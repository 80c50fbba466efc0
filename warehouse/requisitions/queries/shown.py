"""A kept plan with names and times, as people read it: from where, which lot, why, why not nearer, what is lacking."""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from uuid import UUID

from catalog.kernel import db
from catalog.kernel.time import day_of
from warehouse.commitments.model import Promise
from warehouse.commitments.queries import find_commitments
from warehouse.commitments.rules import confidence
from warehouse.requisitions.model import KeptPlan, Requisition
from warehouse.requisitions.model import Line as Wanted
from warehouse.requisitions.queries.holds import held_for
from warehouse.requisitions.queries.promises import commitment_of, promised_for, source_name
from warehouse.requisitions.queries.tasks import place_of
from warehouse.requisitions.queries.vehicles import Loaded, Passed, find_loaded, passed_over
from warehouse.requisitions.sourcing import kept
from warehouse.requisitions.sourcing.model import Closeness, Goals, PassedOver, Plan, Shipment, Why
from warehouse.requisitions.sourcing.plan import compare


@dataclass(frozen=True, slots=True)
class Thing:
    """An item with its unit."""

    item_id: int
    key: str
    name_zh: str
    name_en: str | None
    unit_zh: str
    unit_en: str | None
    unit_factor: int
    measured: bool = True
    """Its weight and volume are known."""


@dataclass(frozen=True, slots=True)
class Origin:
    """A source with the names of its store and its owner; of a promise (`commitment_id`) its contract, the firm or city
    that promised, and the region to which it did."""

    source: str
    site_code: str
    site_zh: str
    site_en: str | None
    owner_key: str
    owner_zh: str
    owner_en: str | None
    commitment_id: UUID | None = None
    confidence: int | None = None
    """Percent that is believed to come of what was promised."""
    response_hours: int | None = None
    held_for: int = 0
    """The priority of the needs that hold these goods now; 0: they are free."""


@dataclass(frozen=True, slots=True)
class ShownWhy:
    """A source that was passed over. `minutes`: how far it is, None without a road; `lines`: who gets its goods."""

    origin: Origin
    thing: Thing
    why: Why
    minutes: int | None
    quantity: int
    lines: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class ShownLine:
    """A line of the plan; `number` (from 1) names it in what the dispatcher says next."""

    number: int
    wanted: Wanted
    origin: Origin
    thing: Thing
    lot: str
    expires_on: date | None
    quantity: int
    covers: int
    closeness: Closeness
    leaves_at: datetime
    arrives_at: datetime
    late: bool
    pinned: bool
    why_not: tuple[ShownWhy, ...]
    estimated: bool
    """Whether way and times are only estimated, from the straight line."""

    @property
    def is_substitute(self) -> bool:
        """Other goods than those that were asked for."""
        return self.wanted.facts.item_id is not None and self.wanted.facts.item_id != self.thing.item_id


@dataclass(frozen=True, slots=True)
class ShownShipment:
    """What goes from one store to one place, in grams and millilitres."""

    origin: Origin
    wanted: Wanted
    leaves_at: datetime
    arrives_at: datetime
    grams: int
    millilitres: int
    vehicles: tuple[Loaded, ...]
    unmeasured: int
    """Lines of goods without weight or volume: the sums say at least."""
    passed: tuple[Passed, ...] = ()
    """Where they do not carry it all: vehicles that could alone, and what keeps them now."""

    @property
    def over_grams(self) -> int:
        """What the vehicles cannot carry of the weight: a second trip, or another vehicle."""
        return max(0, self.grams - sum(one.grams for one in self.vehicles))

    @property
    def over_millilitres(self) -> int:
        """What the vehicles have no room for."""
        return max(0, self.millilitres - sum(one.millilitres for one in self.vehicles))

    @property
    def delivered(self) -> bool:
        """The firm that promised the goods brings them."""
        return self.origin.commitment_id is not None


@dataclass(frozen=True, slots=True)
class ShownLack:
    """What a line still lacks, and who could help: stores if something were decided otherwise, firms by contract."""

    wanted: Wanted
    quantity: int
    help: tuple[ShownWhy, ...]
    promises: tuple[Promise, ...] = ()


@dataclass(frozen=True, slots=True)
class ShownChange:
    """What this plan does otherwise than the one before it."""

    wanted: Wanted
    origin: Origin
    thing: Thing
    before: int
    after: int


@dataclass(frozen=True, slots=True)
class ShownBan:
    """A source that the dispatcher does not want for a line."""

    wanted: Wanted
    origin: Origin


@dataclass(frozen=True, slots=True)
class ShownPlan:
    """A plan, readable."""

    kept: KeptPlan
    lines: tuple[ShownLine, ...]
    shipments: tuple[ShownShipment, ...]
    lacks: tuple[ShownLack, ...]
    changes: tuple[ShownChange, ...]
    forbidden: tuple[ShownBan, ...]
    goals: Goals
    unbundled: Goals
    """Before shipments were put together."""
    proven: bool


async def _with_passed(ride: ShownShipment, plan: Plan, writer: "_Writer", at: datetime | None) -> ShownShipment:
    """A load that its vehicles do not carry, with those that could alone and do not, as they stand at `at`."""
    if at is None or ride.delivered or not (ride.over_grams or ride.over_millilitres):
        return ride
    to = {
        key: line.region_zh
        for one in plan.shipments
        if (line := next((line for line in writer.wanted.values() if place_of(line) == one.place), None))
        for key in one.vehicles
    }
    site_id = int(ride.origin.source.split(":")[0])
    return replace(ride, passed=tuple(await passed_over(site_id, ride.grams, ride.millilitres, to, at)))


async def show_plan(
    one: KeptPlan, requisition: Requisition, earlier: KeptPlan | None = None, at: datetime | None = None
) -> ShownPlan:
    """A plan of a requisition that the caller has seen. `earlier`: the one it is compared with, unless that one was
    accepted: what is held already is not asked for again.

    Lines that an edit has taken away since are left out.
    """
    plan = kept.read(one.content)
    before = kept.read(earlier.content) if earlier is not None and earlier.state != "accepted" else None
    names = await _read_names([plan, before] if before else [plan], one, requisition.lines)
    loaded = await find_loaded({vehicle for shipment in plan.shipments for vehicle in shipment.vehicles})
    writer = _Writer(one, {str(line.id): line for line in requisition.lines}, *names, loaded)
    changes = compare(before, plan) if before else []
    promised = await _promises(requisition, one.made_at, plan) if plan.uncovered else {}
    return ShownPlan(
        kept=one,
        lines=tuple(writer.lines(plan)),
        shipments=tuple([await _with_passed(ride, plan, writer, at) for ride in writer.shipments(plan)]),
        lacks=tuple(
            ShownLack(
                writer.wanted[lack.need],
                lack.quantity,
                writer.whys(why for why in lack.help if commitment_of(why.source) is None),
                tuple(promised.get(_asked(writer.wanted[lack.need]), ())),
            )
            for lack in plan.uncovered
            if lack.need in writer.wanted
        ),
        changes=tuple(
            ShownChange(writer.wanted[c.need], writer.origins[c.source], writer.things[c.item], c.before, c.after)
            for c in changes
            if c.need in writer.wanted
        ),
        forbidden=tuple(
            ShownBan(writer.wanted[need], writer.origins[source])
            for need, source in one.wishes.forbidden
            if need in writer.wanted and source in writer.origins
        ),
        goals=plan.goals,
        unbundled=plan.before_consolidation,
        proven=plan.proven,
    )


def _asked(line: Wanted) -> tuple[int | None, int | None]:
    return line.facts.item_id, line.facts.class_id


async def _promises(
    requisition: Requisition, at: datetime, plan: Plan
) -> dict[tuple[int | None, int | None], list[Promise]]:
    """What firms have promised to the regions that ask and to those above them and the plan does not take, by what was
    asked for."""
    taken: dict[str, int] = defaultdict(int)
    for line in plan.lines:
        taken[line.source] += line.quantity
    found: dict[tuple[int | None, int | None], list[Promise]] = defaultdict(list)
    for one in await promised_for(requisition, at):
        left = one.quantity - taken[source_name(one.commitment_id)]
        if left > 0:
            found[one.item_id, one.class_id].append(replace(one, quantity=left))
    return found


@dataclass(frozen=True, slots=True)
class _Writer:
    one: KeptPlan
    wanted: Mapping[str, Wanted]
    origins: Mapping[str, Origin]
    things: Mapping[int, Thing]
    lots: Mapping[str, tuple[str, date | None]]
    loaded: Mapping[str, Loaded]

    def at(self, minutes: int) -> datetime:
        return self.one.made_at + timedelta(minutes=minutes)

    def whys(self, found: Iterable[PassedOver]) -> tuple[ShownWhy, ...]:
        return tuple(
            ShownWhy(
                self.origins[why.source],
                self.things[why.item],
                why.why,
                why.minutes,
                why.quantity,
                tuple(self.wanted[need].line for need in why.needs if need in self.wanted),
            )
            for why in found
        )

    def lines(self, plan: Plan) -> Iterable[ShownLine]:
        guessed = {(one.source, one.place) for one in plan.shipments if one.estimated}
        for number, line in enumerate(plan.lines, 1):
            if line.need not in self.wanted:
                continue
            lot, expires_on = self.lots.get(line.supply.split(":")[0], ("", None))
            yield ShownLine(
                number=number,
                wanted=self.wanted[line.need],
                origin=self.origins[line.source],
                thing=self.things[line.item],
                lot=lot,
                expires_on=expires_on,
                quantity=line.quantity,
                covers=line.covers,
                closeness=line.closeness,
                leaves_at=self.at(line.leaves),
                arrives_at=self.at(line.arrives),
                late=line.late,
                pinned=line.pinned,
                why_not=self.whys(line.why_not),
                estimated=(line.source, place_of(self.wanted[line.need])) in guessed,
            )

    def shipments(self, plan: Plan) -> Iterable[ShownShipment]:
        for one in plan.shipments:
            wanted = next((line for line in self.wanted.values() if place_of(line) == one.place), None)
            if wanted is not None:
                yield ShownShipment(
                    self.origins[one.source], wanted, self.at(one.leaves), self.at(one.arrives), one.grams,
                    one.millilitres, tuple(self.loaded[key] for key in one.vehicles if key in self.loaded),
                    self.unmeasured(plan, one),
                )  # fmt: skip

    def unmeasured(self, plan: Plan, ride: Shipment) -> int:
        return sum(
            1
            for line in plan.lines
            if line.source == ride.source and not self.things[line.item].measured
            if line.need in self.wanted and place_of(self.wanted[line.need]) == ride.place
        )


Names = tuple[dict[str, Origin], dict[int, Thing], dict[str, tuple[str, date | None]]]


async def _read_names(plans: Sequence[Plan], one: KeptPlan, wanted: Iterable[Wanted]) -> Names:
    stored = [line for plan in plans for line in plan.lines if commitment_of(line.source) is None]
    lots = {int(line.supply.split(":")[0]) for line in stored}
    passed = [why for plan in plans for line in plan.lines for why in line.why_not]
    passed += [why for plan in plans for lack in plan.uncovered for why in lack.help]
    items = {line.item for plan in plans for line in plan.lines} | {why.item for why in passed}
    sources = {line.source for plan in plans for line in plan.lines} | {why.source for why in passed}
    sources |= {source for _, source in one.wishes.forbidden}
    classes = {-line.facts.class_id: _class(line) for line in wanted if line.facts.class_id is not None}
    return await _origins(sources, one.made_at), {**await _things(items), **classes}, await _lots(lots)


def _class(line: Wanted) -> Thing:
    """A class that is promised as such, in the unit in which it is asked for."""
    number = -(line.facts.class_id or 0)
    return Thing(number, line.goods_key, line.goods_zh, line.goods_en, line.unit_zh, line.unit_en, line.unit_factor)


async def _origins(sources: Iterable[str], at: datetime) -> dict[str, Origin]:
    firms = {source: commitment for source in sources if (commitment := commitment_of(source)) is not None}
    pairs = [(source, *map(int, source.split(":")[:2])) for source in sorted(sources) if source not in firms]
    rows = await db.fetch(
        "SELECT k.source, s.code, s.name_zh, s.name_en, r.key, r.name_zh, r.name_en"
        " FROM unnest($1::text[], $2::bigint[], $3::bigint[]) k (source, site, owner)"
        " JOIN site s ON s.id = k.site JOIN region r ON r.id = k.owner",
        [pair[0] for pair in pairs],
        [pair[1] for pair in pairs],
        [pair[2] for pair in pairs],
    )
    found = {row[0]: replace(Origin(*row), held_for=held_for(row[0])) for row in rows}
    known = await find_commitments(firms.values())
    for source, commitment_id in firms.items():
        one = known[commitment_id]
        sure = confidence(one.facts.confidence, one.results, day_of(at))
        found[source] = Origin(
            source, one.facts.number, one.party_zh, one.party_en, one.region_key, one.region_zh, one.region_en,
            commitment_id, sure, one.facts.response_hours,
        )  # fmt: skip
    return found


async def _things(items: Iterable[int]) -> dict[int, Thing]:
    rows = await db.fetch(
        "SELECT id, key, name_zh, name_en, unit_zh, unit_en, unit_factor,"
        " weight_g IS NOT NULL AND volume_ml IS NOT NULL FROM item WHERE id = ANY($1::bigint[])",
        sorted(items),
    )
    return {row[0]: Thing(*row) for row in rows}


async def _lots(lots: Iterable[int]) -> dict[str, tuple[str, date | None]]:
    rows = await db.fetch("SELECT id, number, expires_on FROM lot WHERE id = ANY($1::bigint[])", sorted(lots))
    return {str(row[0]): (row[1], row[2]) for row in rows}
