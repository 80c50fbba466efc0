"""The gate every routed request passes: address, caller, CSRF, password in force. Plain ASGI, for its speed."""

import base64
import hashlib
import hmac
import re
import time
from typing import Any
from uuid import uuid4

from litestar import Request
from litestar.enums import ScopeType
from litestar.types import ASGIApp, Receive, Scope, Send

from api.auth import addresses
from api.auth.edge import BACKGROUND, COOKIE, PUBLIC, SCREEN, SCREEN_COOKIE, WHILE_EXPIRED, Edge, Visit
from catalog.kernel.errors import Denied
from catalog.kernel.parameters import value_of
from warehouse.people import rules
from warehouse.people.model import SECOND_FACTOR, Caller

SAFE = frozenset({"GET", "HEAD", "OPTIONS"})
_COOKIE = re.compile(rb"(?:^|;)\s*" + COOKIE.encode() + rb"=([A-Za-z0-9_-]{20,200})(?:;|$)")
_SCREEN = re.compile(rb"(?:^|;)\s*" + SCREEN_COOKIE.encode() + rb"=([A-Za-z0-9_-]{20,200})(?:;|$)")
_REQUEST_ID = re.compile(rb"[A-Za-z0-9._-]{8,64}")


def csrf_of(secret: str) -> str:
    """The CSRF token of a session: a function of its secret, so it is bound to it and stored nowhere."""
    digest = hashlib.sha256(b"csrf\0" + secret.encode()).digest()
    return base64.urlsafe_b64encode(digest).decode().rstrip("=")


def gate(edge: Edge) -> Any:
    """The middleware factory for `Litestar(middleware=[...])`."""

    def around(app: ASGIApp) -> ASGIApp:
        async def enter(scope: Scope, receive: Receive, send: Send) -> None:
            if scope["type"] != ScopeType.HTTP:
                raise Denied("request.no-websockets", "不支持此连接方式")
            await admit(edge, scope, receive)
            await app(scope, receive, send)

        return enter

    return around


async def admit(edge: Edge, scope: Any, receive: Receive) -> None:
    """Fill in the Visit, or raise why not: Unauthenticated, Denied."""
    headers: dict[bytes, bytes] = dict(scope["headers"])
    visit = new_visit(scope, headers)
    visit.address, visit.secure = addresses.client_of(scope, headers, edge)
    opt = scope["route_handler"].opt
    public = bool(opt.get(PUBLIC))
    unsafe = scope["method"] not in SAFE
    bearer = headers.get(b"authorization", b"")
    if bearer[:7].lower() == b"bearer ":
        visit.caller = await edge.callers.by_token(bearer[7:].decode("latin-1").strip(), edge.clock())
    else:
        cookies = headers.get(b"cookie", b"")
        screen = None if public else _SCREEN.search(cookies)
        if found := _COOKIE.search(cookies):
            over = public or screen is not None  # whoever logged in at a screen has left it
            await _enter_by_cookie(edge, visit, found.group(1).decode(), public=over, in_use=not opt.get(BACKGROUND))
        if screen is not None and visit.caller is None:
            visit.caller = await edge.callers.by_token(screen.group(1).decode(), edge.clock())
    caller = visit.caller
    if caller is None:
        if not public:
            raise rules.Unauthenticated("session.required", "请先登录")
        if unsafe and not addresses.own_origin(headers, edge):
            raise Denied("csrf.bad-origin", "请求来自其他网站，已拒绝")
        return
    if caller.is_screen and not opt.get(SCREEN) and not public:
        raise Denied("token.screen-only", "大屏只能查看看板和地图")
    if caller.session_id is not None:
        if unsafe:
            await _check_csrf(edge, scope, receive, headers, visit, public=public)
        if not opt.get(WHILE_EXPIRED) and not public:
            check_password_in_force(caller, edge)
            if not caller.second_factor:
                await check_second_factor(caller)


def new_visit(scope: Any, headers: dict[bytes, bytes]) -> Visit:
    """A fresh Visit in the scope's state. A request id from outside is kept if it is harmless."""
    given = headers.get(b"x-request-id", b"")
    number = given.decode() if _REQUEST_ID.fullmatch(given) else uuid4().hex
    visit = Visit(number, started=time.perf_counter())
    scope.setdefault("state", {})["visit"] = visit
    return visit


def check_password_in_force(caller: Caller, edge: Edge) -> None:
    """Denied until a first or expired password has been changed."""
    if rules.password_expired(caller.must_change, caller.password_set_at, edge.clock(), edge.policy):
        raise Denied("session.password-must-change", "密码须先修改，才能继续使用")


async def check_second_factor(caller: Caller) -> None:
    """Denied until whoever must have a second factor has enrolled one."""
    wanted = str(await value_of(SECOND_FACTOR.key, caller.home_path))
    if rules.second_factor_due(wanted, {grant.role for grant in caller.grants}, caller.second_factor):
        raise Denied("session.second-factor-must-enrol", "须先启用动态口令，才能继续使用")


async def _enter_by_cookie(edge: Edge, visit: Visit, secret: str, *, public: bool, in_use: bool) -> None:
    try:
        visit.caller = await edge.callers.by_session(secret, edge.clock(), edge.policy, in_use=in_use)
    except rules.Unauthenticated:
        if not public:
            raise
        return
    if visit.caller is not None:
        visit.csrf = csrf_of(secret)


async def _check_csrf(
    edge: Edge, scope: Any, receive: Receive, headers: dict[bytes, bytes], visit: Visit, *, public: bool
) -> None:
    if not addresses.own_origin(headers, edge):
        raise Denied("csrf.bad-origin", "请求来自其他网站，已拒绝")
    if public:
        return
    given = headers.get(b"x-csrf-token", b"").decode("latin-1")
    if not given and b"form" in headers.get(b"content-type", b""):
        form = await Request[Any, Any, Any](scope, receive).form()
        given = str(form.get("csrf_token", ""))
    if not hmac.compare_digest(given.encode(), (visit.csrf or "").encode()):
        raise Denied("csrf.bad-token", "页面已过期，请刷新后重试")
