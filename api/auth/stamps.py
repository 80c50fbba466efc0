"""From a request to a Stamp: who, when, which attempt, and the keyed hash of what was asked."""

import hashlib
from typing import Any
from uuid import UUID, uuid4

from litestar import Request
from litestar.datastructures import UploadFile
from litestar.di import NamedDependency

from api.auth.edge import NO_ATTEMPT, Edge, Visit, edge_of, visit_of
from api.auth.gate import SAFE
from catalog.kernel.errors import Invalid
from catalog.kernel.stamp import Channel, Stamp
from warehouse.people.model import Caller, TokenKind
from warehouse.people.rules import Unauthenticated

Stamped = NamedDependency[Stamp]
"""A handler's parameter `stamp`."""
Calling = NamedDependency[Caller]
"""A handler's parameter `caller`."""
_NOT_CONTENT = frozenset({"attempt", "csrf_token"})


async def provide_stamp(request: Request[Any, Any, Any]) -> Stamp:
    """The caller's Stamp. Unsafe methods need an attempt id: the `Idempotency-Key` header, or the field `attempt` of
    a form. Raises Unauthenticated, `request.no-attempt`, `request.bad-attempt`."""
    visit, edge = visit_of(request.scope), edge_of(request)
    if visit is None or visit.caller is None:
        raise Unauthenticated("session.required", "请先登录")
    if request.method in SAFE:
        return stamp_of(edge, visit, visit.caller, uuid4(), b"")
    content, given = await _content_of(request)
    if given is None:
        if not request.route_handler.opt.get(NO_ATTEMPT):
            raise Invalid("request.no-attempt", "缺少操作编号（Idempotency-Key）")
        attempt = uuid4()
    else:
        attempt = _read_attempt(given)
    return stamp_of(edge, visit, visit.caller, attempt, _keyed_hash(edge, request, visit.caller, content))


def provide_caller(request: Request[Any, Any, Any]) -> Caller:
    """Whoever calls. Raises Unauthenticated (on public routes, where the gate lets strangers in)."""
    visit = visit_of(request.scope)
    if visit is None or visit.caller is None:
        raise Unauthenticated("session.required", "请先登录")
    return visit.caller


def stamp_of(edge: Edge, visit: Visit, caller: Caller, attempt: UUID, content_hash: bytes) -> Stamp:
    """A Stamp of now for `caller`."""
    now = edge.clock()
    return Stamp(
        attempt=attempt,
        content_hash=content_hash,
        recorded_at=now,
        occurred_at=now,
        person_id=caller.person_id,
        login=caller.login,
        grants=caller.grants,
        channel=channel_of(caller),
        token_id=caller.token_id,
        address=visit.address,
        home_path=caller.home_path,
    )


def channel_of(caller: Caller) -> Channel:
    """The way in: a browser's session, a device, or a program."""
    if caller.token_kind is None:
        return Channel.WEB
    return Channel.DEVICE if caller.token_kind is TokenKind.DEVICE else Channel.API


def _read_attempt(text: str) -> UUID:
    try:
        return UUID(text)
    except ValueError as error:
        raise Invalid("request.bad-attempt", "操作编号须为 UUID") from error


async def _content_of(request: Request[Any, Any, Any]) -> tuple[bytes, str | None]:
    """(what is asked, the attempt id given). A form is its fields without attempt and CSRF token: a browser that sends
    it again may choose another boundary."""
    given = request.headers.get("idempotency-key")
    kind = request.content_type[0]
    if kind not in ("application/x-www-form-urlencoded", "multipart/form-data"):
        return await request.body(), given
    digest = hashlib.sha256()
    form = await request.form()
    for name, value in form.multi_items():
        if name in _NOT_CONTENT:
            continue
        if isinstance(value, UploadFile):
            data = await value.read()
            await value.seek(0)
            value = f"{value.filename}:{hashlib.sha256(data).hexdigest()}"
        for part in (name, str(value)):
            digest.update(len(part).to_bytes(8) + part.encode())
    return digest.digest(), given or form.get("attempt")


def _keyed_hash(edge: Edge, request: Request[Any, Any, Any], caller: Caller, content: bytes) -> bytes:
    """Method, path, query, person and body. The person is part of it: another's attempt id gives away no receipt."""
    digest = hashlib.blake2b(key=edge.request_key[:64], digest_size=32)
    scope = request.scope
    for part in (
        scope["method"].encode(),
        scope.get("raw_path") or scope["path"].encode(),
        scope["query_string"],
        str(caller.person_id).encode(),
        content,
    ):
        digest.update(len(part).to_bytes(8) + part)
    return digest.digest()
