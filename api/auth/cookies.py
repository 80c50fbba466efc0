"""The session cookie: HttpOnly, SameSite=Lax, Secure over https; it ends with the browser or with the session."""

from litestar.datastructures import Cookie

from api.auth.edge import COOKIE, SCREEN_COOKIE, Visit
from warehouse.people.model import LoggedIn


def session_cookie(visit: Visit, entered: LoggedIn) -> Cookie:
    """The cookie of a new session."""
    return Cookie(key=COOKIE, value=entered.secret, path="/", httponly=True, samesite="lax", secure=visit.secure)


def no_cookie(visit: Visit) -> Cookie:
    """Takes the cookie away."""
    return Cookie(key=COOKIE, value="", path="/", httponly=True, samesite="lax", secure=visit.secure, max_age=0)


def screen_cookie(visit: Visit, secret: str, seconds: int) -> Cookie:
    """The cookie of a screen on a wall: it outlives the browser, until its token ends."""
    return Cookie(
        key=SCREEN_COOKIE, value=secret, path="/", httponly=True, samesite="lax", secure=visit.secure, max_age=seconds
    )
