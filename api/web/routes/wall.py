"""A screen on the wall of a duty room: it is let in once by its link, and shows the board from then on.

The link carries the token behind `#`, which browsers keep to themselves; the page's script hands it over once and gets
a cookie for it. Such a screen writes nothing, knows no person's rights but to the board and the map, and is not logged
out for want of use: the administrator ends it.
"""

from typing import Any

from litestar import Request, Response, get

from api.auth.cookies import screen_cookie
from api.auth.edge import PUBLIC, SCREEN, edge_of, visit_of
from api.auth.stamps import Calling
from api.web.pages import page
from warehouse.people.rules import Unauthenticated


@get("/wall", opt={PUBLIC: True}, include_in_schema=False)
async def wall_page(request: Request[Any, Any, Any]) -> Response[str]:
    """Where the link leads: tells whether the screen was let in, and goes on to the board."""
    return page(request, "wall.html")


@get("/wall/enter", opt={SCREEN: True}, include_in_schema=False)
async def enter(request: Request[Any, Any, Any], caller: Calling) -> Response[str]:
    """The cookie for a screen's token, which comes as a bearer. Raises Unauthenticated for whoever is no screen."""
    visit = visit_of(request.scope)
    scheme, _, secret = request.headers.get("authorization", "").partition(" ")
    if visit is None or not caller.is_screen or scheme.lower() != "bearer" or caller.expires_at is None:
        raise Unauthenticated("session.required", "请先登录")
    left = int((caller.expires_at - edge_of(request).clock()).total_seconds())
    answer = Response("", status_code=204, media_type="text/html")
    answer.set_cookie(screen_cookie(visit, secret.strip(), left))
    return answer


HANDLERS: list[Any] = [wall_page, enter]
