"""A small city for the tests of people: one city, two districts, a town; three administrators and some others."""

from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

from catalog.kernel import db
from catalog.kernel.access import Role
from catalog.kernel.stamp import Channel, Stamp, content_hash, house_stamp
from warehouse.people import actions, queries
from warehouse.people.model import Policy

NOON = datetime(2026, 11, 21, 4, 0, tzinfo=UTC)
PASSWORD = "Beiyu-2026-x"
REGIONS = [
    (1, "CITY", None, "city", "/1/", "常州市"),
    (2, "NORTH", 1, "district", "/1/2/", "新北区"),
    (3, "SOUTH", 1, "district", "/1/3/", "武进区"),
    (4, "TOWN", 2, "town", "/1/2/4/", "春江镇"),
]
POLICY = Policy()


@dataclass
class Clock:
    """A clock that stands until it is moved."""

    now: datetime = NOON

    def __call__(self) -> datetime:
        return self.now

    def move(self, **by: float) -> datetime:
        """Let time pass."""
        self.now += timedelta(**by)
        return self.now


@dataclass
class City:
    """What was made: the uuid of every person by login."""

    clock: Clock
    people: dict[str, UUID] = field(default_factory=dict)

    def house(self, content: Any = None) -> Stamp:
        """The program's own hand, a new attempt."""
        return house_stamp(uuid4(), content, self.clock())

    async def stamp(self, login: str, content: Any = None, attempt: UUID | None = None) -> Stamp:
        """What `login` would arrive with."""
        person = await queries.find_by_login(login)
        assert person is not None
        return Stamp(
            attempt=attempt or uuid4(),
            content_hash=content_hash(content),
            recorded_at=self.clock(),
            occurred_at=self.clock(),
            person_id=person.id,
            login=login,
            grants=await queries.load_grants(person.id),
            channel=Channel.WEB,
            address="10.0.0.9",
            home_path=person.region_path,
        )

    async def person(
        self, login: str, region: str = "CITY", *roles: tuple[Role, str], must_change: bool = False
    ) -> UUID:
        """A new person with PASSWORD and roles at regions."""
        made = await actions.create_person(
            stamp=self.house(),
            login=login,
            name_zh=f"人员{login}",
            region_key=region,
            policy=POLICY,
            password=PASSWORD,
            must_change=must_change,
        )
        uuid = UUID(made["person"])
        for role, at in roles:
            await actions.give_role(stamp=self.house(), person=uuid, role=role, region_key=at)
        self.people[login] = uuid
        return uuid


async def build(clock: Clock | None = None) -> City:
    """Regions, a site, and the people of the tests."""
    for row in REGIONS:
        await db.execute(
            "INSERT INTO region (id, key, parent_id, tier, path, name_zh, source)"
            " VALUES ($1, $2, $3, $4, $5, $6, 'test')",
            *row,
        )
    await db.execute(
        "INSERT INTO site (id, uuid, code, name_zh, kind, region_id, path)"
        " VALUES (1, $1, 'XB01', '新北库', 'store', 2, '/1/2/'), (2, $2, 'WJ01', '武进库', 'store', 3, '/1/3/')",
        uuid4(),
        uuid4(),
    )
    city = City(clock or Clock())
    await city.person("sys", "CITY", (Role.SYSTEM_ADMIN, "CITY"))
    await city.person("sec", "CITY", (Role.SECURITY_ADMIN, "CITY"))
    await city.person("aud", "CITY", (Role.AUDIT_ADMIN, "CITY"))
    await city.person("sec-north", "NORTH", (Role.SECURITY_ADMIN, "NORTH"))
    await city.person("keeper", "NORTH", (Role.KEEPER, "NORTH"))
    await city.person("south", "SOUTH", (Role.STATISTICIAN, "SOUTH"))
    await city.person("new", "NORTH", must_change=True)
    return city
