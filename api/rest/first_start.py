"""The first start of a house without accounts. Public while there is none, and shut afterwards."""

from typing import Annotated, Any

from litestar import Request, post
from litestar.params import JSONBody
from pydantic import Field, StrictBool, StringConstraints

from api import first_start
from api.auth.edge import NO_ATTEMPT, PUBLIC, VERB, edge_of, visit_of
from api.schemas.base import Line, Taken
from api.schemas.people import Done, Login, Password
from catalog.kernel.access import Role


class FirstAccount(Taken):
    """One administrator. The password is a first one: it must be changed at the first log-in."""

    login: Login
    name_zh: Line
    password: Password


class FirstStart(Taken):
    """What a house needs before anybody can come in."""

    code: Annotated[str, StringConstraints(strict=True, max_length=40)] = Field(description="From the console.")
    city_key: Annotated[str, StringConstraints(strict=True, pattern=r"^[A-Za-z0-9._-]{1,40}$")]
    city_zh: Line
    city_en: Line | None = None
    system: FirstAccount
    security: FirstAccount
    audit: FirstAccount
    catalogue: StrictBool = Field(True, description="Load the catalogue that ships with the program.")
    second_factor: StrictBool = Field(True, description="Administrators must enrol a second factor.")


@post("/first-start", opt={PUBLIC: True, NO_ATTEMPT: True, VERB: "first-start"}, tags=["sessions"], status_code=200)
async def start_house(request: Request[Any, Any, Any], data: JSONBody[FirstStart]) -> Done:
    """Make the city and its three administrators. 409 `first-start.done` once there is any account."""
    edge, visit = edge_of(request), visit_of(request.scope)
    roles = {Role.SYSTEM_ADMIN: data.system, Role.SECURITY_ADMIN: data.security, Role.AUDIT_ADMIN: data.audit}
    await first_start.start(
        settings=edge.settings,
        policy=edge.policy,
        code=data.code,
        at=edge.clock(),
        address=visit.address if visit else "",
        wanted=first_start.Start(
            city_key=data.city_key,
            city_zh=data.city_zh,
            city_en=data.city_en,
            accounts=[first_start.Account(role, one.login, one.name_zh, one.password) for role, one in roles.items()],
            catalogue=data.catalogue,
            second_factor=data.second_factor,
        ),
    )
    return Done()


HANDLERS: list[Any] = [start_house]
