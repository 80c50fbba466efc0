"""A problem as a page: the same code, words and facts as the API's `problem+json`."""

from typing import Any
from urllib.parse import quote

from litestar import Request, Response
from litestar.response import Redirect

from api.schemas.problem import ProblemBody
from api.web.pages import page


def render_problem(request: Request[Any, Any, Any], problem: ProblemBody) -> Response[Any]:
    """The error page; whoever is not logged in, or must change the password, is led there and back."""
    target = request.url.path + (f"?{request.url.query}" if request.url.query else "")
    if problem.status == 401:
        return _led(request, f"/login?next={quote(target, safe='')}")
    if problem.code == "session.password-must-change":
        return _led(request, f"/password?next={quote(target, safe='')}")
    if problem.code == "session.second-factor-must-enrol":
        return _led(request, f"/second-factor?next={quote(target, safe='')}")
    return page(request, "problem.html", status=problem.status, problem=problem)


def _led(request: Request[Any, Any, Any], target: str) -> Response[Any]:
    if request.headers.get("hx-request"):
        return Response("", status_code=200, headers={"hx-redirect": target})
    return Redirect(target, status_code=303)
