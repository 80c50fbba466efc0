"""Log-in and password pages."""

from typing import Any

from litestar import Request, Response, get
from litestar.response import Redirect

from api.auth.edge import PUBLIC, WHILE_EXPIRED, edge_of, visit_of
from api.auth.stamps import Calling, Stamped
from api.web.pages import page
from catalog.kernel.parameters import value_of
from catalog.kernel.time import day_of
from warehouse.people import queries, rules
from warehouse.people.model import SECOND_FACTOR


def local_path(target: str) -> str:
    """`target` if it is a path of this site, else the first page: nobody is led elsewhere after log-in."""
    safe = target.startswith("/") and not target.startswith(("//", "/\\")) and not any(c in target for c in "\r\n\t\\")
    return target if safe and not target.startswith(("/login", "/password", "/first-start")) else "/"


@get("/login", opt={PUBLIC: True}, include_in_schema=False)
async def log_in_page(request: Request[Any, Any, Any]) -> Response[Any]:
    """The way in; who is in already goes on."""
    target = local_path(request.query_params.get("next", "/"))
    visit = visit_of(request.scope)
    if visit is not None and visit.caller is not None:
        return Redirect(target, status_code=303)
    edge = edge_of(request)
    if not edge.demo and await queries.nobody_is_here():
        return Redirect("/first-start", status_code=303)
    return page(request, "login.html", next=target, demo=edge.demo, warning=edge.settings.login_notice)


@get("/password", opt={WHILE_EXPIRED: True}, include_in_schema=False)
async def password_page(request: Request[Any, Any, Any], caller: Calling) -> Response[str]:
    """Change one's own password, by wish or because one must."""
    edge = edge_of(request)
    due = rules.password_expired(caller.must_change, caller.password_set_at, edge.clock(), edge.policy)
    target = local_path(request.query_params.get("next", "/"))
    return page(request, "password.html", next=target, must_change=due, policy=edge.policy)


@get("/second-factor", opt={WHILE_EXPIRED: True}, include_in_schema=False)
async def second_factor_page(request: Request[Any, Any, Any], caller: Calling) -> Response[Any]:
    """Enrol a second factor, by wish or because one must; or make new recovery codes."""
    edge = edge_of(request)
    if rules.password_expired(caller.must_change, caller.password_set_at, edge.clock(), edge.policy):
        return Redirect("/password?next=/second-factor", status_code=303)
    since, left = await queries.find_second_factor(caller.person_id)
    wanted = str(await value_of(SECOND_FACTOR.key, caller.home_path))
    due = rules.second_factor_due(wanted, {grant.role for grant in caller.grants}, since is not None)
    target = local_path(request.query_params.get("next", "/"))
    return page(request, "second_factor.html", next=target, since=since, left=left, due=due)


@get("/deputies", include_in_schema=False)
async def deputies_page(request: Request[Any, Any, Any], stamp: Stamped, caller: Calling) -> Response[str]:
    """Who approves in my name, and in whose name I may."""
    mine, acting = await queries.list_deputies(caller.person_id, day_of(stamp.recorded_at))
    return page(request, "deputies.html", mine=mine, acting=acting)


@get("/first-start", opt={PUBLIC: True}, include_in_schema=False)
async def first_start_page(request: Request[Any, Any, Any]) -> Response[Any]:
    """The three administrators of a house without accounts; shut once there is one."""
    if not await queries.nobody_is_here():
        return Redirect("/login", status_code=303)
    return page(request, "first_start.html")


HANDLERS: list[Any] = [log_in_page, password_page, second_factor_page, deputies_page, first_start_page]
