"""A way back in for an administrator, for the machine's owner: `beiyu admin --reset LOGIN`. Audited as the house."""

import secrets
from uuid import uuid4

from api.auth.edge import policy_of
from api.clock import system_clock
from api.settings import Settings
from catalog.kernel.access import ADMINISTRATORS, EVERYWHERE
from catalog.kernel.errors import Refused
from catalog.kernel.stamp import house_stamp
from warehouse.people import actions, queries
from warehouse.people.rules import no_such_person


def one_time_password(length: int = 14) -> str:
    """A password that keeps the rules, without letters that look alike."""
    kinds = ("ABCDEFGHJKLMNPQRSTUVWXYZ", "abcdefghijkmnpqrstuvwxyz", "23456789", "+-=%#")
    found = [secrets.choice(kind) for kind in kinds]
    found += [secrets.choice(kinds[0] + kinds[1] + kinds[2]) for _ in range(max(length, 8) - len(kinds))]
    secrets.SystemRandom().shuffle(found)
    return "".join(found)


async def administrators() -> list[str]:
    """One line for each administrator in use: login, name, role, where."""
    lines = []
    listed = await queries.list_people(scope=EVERYWHERE, limit=500)
    for person in listed.items:
        lines += [
            f"{person.login}  {person.name_zh}  {grant.role.value}  {grant.region_name}"
            for grant in await queries.list_grants(person.id)
            if grant.role in ADMINISTRATORS
        ]
    return lines


async def reset(settings: Settings, login: str) -> str:
    """The one-time password of an administrator; second factor and locks are taken away. Raises Missing, Refused."""
    person = await queries.find_by_login(login)
    if person is None:
        raise no_such_person()
    if not ADMINISTRATORS & {grant.role for grant in await queries.list_grants(person.id)}:
        raise Refused("person.not-administrator", "只能这样重置管理员的密码", login=login)
    policy, now = policy_of(settings), system_clock()
    password = one_time_password(max(14, policy.min_length))
    await actions.reset_password(
        stamp=house_stamp(uuid4(), login, now), person=person.uuid, password=password, policy=policy
    )
    await actions.unlock(stamp=house_stamp(uuid4(), login, now), person=person.uuid)
    since, _ = await queries.find_second_factor(person.id)
    if since is not None:
        await actions.reset_second_factor(stamp=house_stamp(uuid4(), login, now), person=person.uuid)
    return password
