"""What a page's address asks for, read kindly: an impossible value is as good as none, a page is not refused for it."""

from datetime import date
from typing import Any, TypeVar
from uuid import UUID

from litestar import Request

from catalog.kernel.access import Scope
from warehouse.sites import queries as sites
from warehouse.sites.model import Site

T = TypeVar("T")
PAGE = 50


def text(request: Request[Any, Any, Any], name: str, longest: int = 100) -> str | None:
    """A text, trimmed; None where it is empty."""
    return request.query_params.get(name, "").strip()[:longest] or None


def cursor(request: Request[Any, Any, Any]) -> str | None:
    """The cursor of the page asked for."""
    return request.query_params.get("cursor") or None


def one_of(request: Request[Any, Any, Any], name: str, kinds: type[T], default: T) -> T:
    """A member of an enum by its value."""
    try:
        return kinds(request.query_params.get(name, ""))  # type: ignore[call-arg]
    except ValueError:
        return default


def member(request: Request[Any, Any, Any], name: str, kinds: type[T]) -> T | None:
    """A member of an enum by its value, None where it is none."""
    try:
        return kinds(request.query_params.get(name, ""))  # type: ignore[call-arg]
    except ValueError:
        return None


def number(request: Request[Any, Any, Any], name: str, most: int) -> int | None:
    """A whole number from 0 to `most`."""
    given = request.query_params.get(name, "")
    return int(given) if given.isascii() and given.isdigit() and len(given) < 10 and int(given) <= most else None


def key(request: Request[Any, Any, Any], name: str) -> UUID | None:
    """The id of a thing; None where it is none."""
    try:
        return UUID(request.query_params.get(name, ""))
    except ValueError:
        return None


def day(request: Request[Any, Any, Any], name: str) -> date | None:
    """A day, YYYY-MM-DD, of years that leave room for the day after and for another time zone."""
    try:
        found = date.fromisoformat(request.query_params.get(name, ""))
    except ValueError:
        return None
    return found if 1900 <= found.year <= 2999 else None


async def site(request: Request[Any, Any, Any], scope: Scope) -> Site | None:
    """The site that `site=CODE` names, in scope."""
    code = text(request, "site", 12)
    return (await sites.find_sites([code], scope)).get(code) if code else None
