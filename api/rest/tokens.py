"""Bearer tokens for devices and programs."""

from typing import Any
from uuid import UUID

from litestar import Request, delete, get, post
from litestar.params import FromPath, JSONBody

from api.auth import addresses
from api.auth.edge import VERB, edge_of
from api.auth.stamps import Calling, Stamped
from api.pictures import qr
from api.rest.sessions import Cursor, Limit
from api.schemas.people import Done, TokenMade, TokenNew, TokenOut, TokensPage
from catalog.kernel.access import Permission, scope_of
from warehouse.people import actions, queries, rules
from warehouse.people.model import TokenKind


@get("/tokens", opt={VERB: "token.list"}, tags=["tokens"])
async def list_tokens(stamp: Stamped, caller: Calling, cursor: Cursor = None, limit: Limit = None) -> TokensPage:
    """My tokens, and those of people in the scope of `token.edit`; revoked ones too."""
    page = await queries.list_tokens(
        scope=scope_of(stamp.grants, Permission.TOKEN_EDIT), own=caller.person_id, cursor=cursor, limit=limit
    )
    items = [
        TokenOut(
            id=t.uuid,
            kind=t.kind,
            name=t.name,
            person=t.person_uuid,
            login=t.login,
            site=t.site_code,
            region=t.region_key,
            permissions=None if t.permissions is None else sorted(t.permissions),
            created_by=t.created_by,
            created_at=t.created_at,
            expires_at=t.expires_at,
            revoked_at=t.revoked_at,
            last_seen_at=t.last_seen_at,
        )
        for t in page.items
    ]
    return TokensPage(items=items, next_cursor=page.next_cursor)


@post("/tokens", opt={VERB: "token.create"}, tags=["tokens"])
async def create_token(
    request: Request[Any, Any, Any], stamp: Stamped, caller: Calling, data: JSONBody[TokenNew]
) -> TokenMade:
    """A token for myself, or a read-only device token for somebody in scope. A token cannot make tokens."""
    rules.require_session(caller)
    receipt = await actions.create_token(
        stamp=stamp,
        person=data.person or caller.person_uuid,
        kind=data.kind,
        name=data.name,
        policy=edge_of(request).policy,
        permissions=None if data.permissions is None else frozenset(data.permissions),
        site_code=data.site,
        region_key=data.region,
        expires_at=data.expires_at,
    )
    secret, link = receipt["secret"], None
    if secret and data.kind is TokenKind.SCREEN:
        # Behind the sign #: a browser keeps it to itself, so that no log between here and there has it.
        link = f"{addresses.way_here(request, '/wall') or str(request.base_url).rstrip('/') + '/wall'}#{secret}"
    return TokenMade(
        id=UUID(receipt["token"]),
        secret=secret,
        picture=qr(link or secret) if secret else None,
        link=link,
        expires_at=receipt["expires_at"],
        repeat=receipt.get("repeat", False),
    )


@delete("/tokens/{token:uuid}", opt={VERB: "token.revoke"}, tags=["tokens"], status_code=200)
async def revoke_token(request: Request[Any, Any, Any], stamp: Stamped, caller: Calling, token: FromPath[UUID]) -> Done:
    """End a token: my own, or one in the scope of `token.edit`. In force at once. A token cannot end tokens."""
    rules.require_session(caller)
    receipt = await actions.revoke_token(stamp=stamp, token=token)
    edge_of(request).callers.forget()
    return Done(repeat=receipt.get("repeat", False))


HANDLERS: list[Any] = [list_tokens, create_token, revoke_token]
