"""Log-in, log-out, and who I am."""

from typing import Annotated, Any
from uuid import UUID

from litestar import Request, Response, delete, get, post
from litestar.params import FromPath, JSONBody, QueryParameter

from api.auth.cookies import no_cookie, session_cookie
from api.auth.edge import NO_ATTEMPT, PUBLIC, VERB, WHILE_EXPIRED, edge_of, visit_of
from api.auth.gate import csrf_of
from api.auth.stamps import Calling, Stamped
from api.schemas.people import (
    AddressUnlock,
    Done,
    LoggedInOut,
    LogIn,
    Me,
    PasswordChange,
    PersonRef,
    RoleOut,
    ScopeOut,
    SessionOut,
    SessionsPage,
    Unlocked,
)
from catalog.kernel.access import Permission, scope_of
from catalog.kernel.stamp import Channel
from warehouse.people import actions, queries, rules
from warehouse.people.model import LoggedIn, RoleGrant

Cursor = Annotated[str | None, QueryParameter(description="next_cursor of the page before", max_length=500)]
Limit = Annotated[int | None, QueryParameter(ge=1, le=500, description="Rows of a page, 50 if not sent")]


async def enter(
    request: Request[Any, Any, Any],
    login: str,
    password: str,
    code: str | None = None,
    channel: Channel = Channel.WEB,
) -> LoggedIn:
    """Log in for a request of ours: tell the visit who tries, so that a refusal is audited under that login."""
    edge, visit = edge_of(request), visit_of(request.scope)
    if visit is None:
        raise rules.wrong_credentials()
    visit.login, visit.caller = login, None
    return await actions.log_in(
        login=login,
        password=password,
        at=edge.clock(),
        address=visit.address,
        agent=request.headers.get("user-agent", ""),
        policy=edge.policy,
        channel=channel,
        code=code,
        vault=edge.vault,
    )


@post("/sessions", opt={PUBLIC: True, NO_ATTEMPT: True, VERB: "session.log-in"}, tags=["sessions"])
async def log_in(request: Request[Any, Any, Any], data: JSONBody[LogIn]) -> Response[LoggedInOut]:
    """Log in. The session's secret comes as the cookie `beiyu_session`. 401, and after too many failures 429.

    401 `session.code-needed`: the password fits, and a code of the second factor (or a recovery code) is wanted too.
    """
    entered = await enter(request, data.login, data.password, data.code)
    visit = visit_of(request.scope)
    body = LoggedInOut(
        session=entered.session_uuid,
        person=entered.person_uuid,
        login=entered.login,
        csrf=csrf_of(entered.secret),
        must_change_password=entered.must_change,
        expires_at=entered.expires_at,
    )
    return Response(body, status_code=201, cookies=[session_cookie(visit, entered)] if visit else [])


@delete(
    "/sessions/current",
    opt={WHILE_EXPIRED: True, NO_ATTEMPT: True, VERB: "session.log-out"},
    tags=["sessions"],
    status_code=200,
)
async def log_out(request: Request[Any, Any, Any], stamp: Stamped, caller: Calling) -> Response[Done]:
    """Log out."""
    rules.require_session(caller)
    await actions.log_out(stamp=stamp, session_id=caller.session_id or 0)
    edge_of(request).callers.forget()
    visit = visit_of(request.scope)
    return Response(Done(), cookies=[no_cookie(visit)] if visit else [])


@get("/sessions", opt={VERB: "session.list"}, tags=["sessions"])
async def list_sessions(
    request: Request[Any, Any, Any], stamp: Stamped, caller: Calling, cursor: Cursor = None, limit: Limit = None
) -> SessionsPage:
    """My open sessions, and those of people in the scope of `session.revoke`."""
    page = await queries.list_sessions(
        scope=scope_of(stamp.grants, Permission.SESSION_REVOKE),
        own=caller.person_id,
        now=edge_of(request).clock(),
        cursor=cursor,
        limit=limit,
    )
    items = [
        SessionOut(
            id=s.uuid,
            person=s.person_uuid,
            login=s.login,
            name_zh=s.name_zh,
            created_at=s.created_at,
            last_seen_at=s.last_seen_at,
            expires_at=s.expires_at,
            address=s.address,
            agent=s.agent,
            current=s.uuid == caller.session_uuid,
        )
        for s in page.items
    ]
    return SessionsPage(items=items, next_cursor=page.next_cursor)


@delete("/sessions/{session:uuid}", opt={VERB: "session.revoke"}, tags=["sessions"], status_code=200)
async def revoke_session(
    request: Request[Any, Any, Any], stamp: Stamped, caller: Calling, session: FromPath[UUID]
) -> Done:
    """End a session: my own, or one in the scope of `session.revoke`. In force at once. A token cannot end sessions."""
    rules.require_session(caller)
    receipt = await actions.revoke_session(stamp=stamp, session=session)
    edge_of(request).callers.forget()
    return Done(repeat=receipt.get("repeat", False))


@get("/me", opt={WHILE_EXPIRED: True, VERB: "me.read"}, tags=["sessions"])
async def read_me(request: Request[Any, Any, Any], caller: Calling) -> Me:
    """Who I am, what I may and where, and the CSRF token of this session."""
    edge, visit = edge_of(request), visit_of(request.scope)
    now = edge.clock()
    scopes = [(permission, scope_of(caller.grants, permission)) for permission in Permission]
    return Me(
        person=PersonRef(
            id=caller.person_uuid,
            login=caller.login,
            name_zh=caller.name_zh,
            name_en=caller.name_en,
            language=caller.language,
            region=caller.home_key,
        ),
        roles=[role_out(grant) for grant in await queries.list_grants(caller.person_id)],
        permissions=[
            ScopeOut(permission=p, paths=list(s.paths), sites=sorted(s.site_ids)) for p, s in scopes if not s.empty
        ],
        csrf=visit.csrf if visit else None,
        must_change_password=caller.session_id is not None
        and rules.password_expired(caller.must_change, caller.password_set_at, now, edge.policy),
        password_days_left=rules.password_warning(caller.password_set_at, now, edge.policy),
        session_expires_at=caller.expires_at,
    )


def role_out(grant: RoleGrant) -> RoleOut:
    """A grant as the API shows it."""
    return RoleOut(
        id=grant.uuid,
        role=grant.role,
        region=grant.region_key,
        region_name=grant.region_name,
        site=grant.site_code,
        site_name=grant.site_name,
        granted_by=grant.granted_by,
        granted_at=grant.granted_at,
        reason=grant.reason,
    )


@post("/me/password", opt={WHILE_EXPIRED: True, VERB: "password.change"}, tags=["sessions"], status_code=200)
async def change_password(
    request: Request[Any, Any, Any], stamp: Stamped, caller: Calling, data: JSONBody[PasswordChange]
) -> Done:
    """Change my password; my other sessions end."""
    rules.require_session(caller)
    edge = edge_of(request)
    receipt = await actions.change_password(
        stamp=stamp, old=data.old, new=data.new, policy=edge.policy, keep_session=caller.session_id
    )
    edge.callers.forget()
    return Done(repeat=receipt.get("repeat", False))


@post("/addresses/unlock", opt={VERB: "address.unlock"}, tags=["people"], status_code=200)
async def unlock_address(stamp: Stamped, data: JSONBody[AddressUnlock]) -> Unlocked:
    """Forget the failed log-ins of a network address."""
    receipt = await actions.unlock_address(stamp=stamp, address=data.address)
    return Unlocked(failures=receipt["failures"], repeat=receipt.get("repeat", False))


HANDLERS: list[Any] = [
    log_in,
    log_out,
    list_sessions,
    revoke_session,
    read_me,
    change_password,
    unlock_address,
]
