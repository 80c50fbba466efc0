"""People and their roles, and the audit trail."""

from datetime import datetime
from typing import Annotated, Any, Literal
from uuid import UUID

from litestar import Request, Response, delete, get, patch, post
from litestar.params import FromPath, FromQuery, JSONBody, QueryParameter
from litestar.response import Stream

from api import audit as trail
from api import audit_commands
from api.auth.edge import FILES, VERB, edge_of
from api.auth.stamps import Stamped
from api.rest.conditions import IfMatch, etag, read_version
from api.rest.sessions import Cursor, Limit, role_out
from api.schemas.base import Changed
from api.schemas.people import (
    AnchorOut,
    AuditCheck,
    AuditOut,
    AuditPage,
    Done,
    FindingOut,
    PasswordReset,
    PeoplePage,
    PersonCard,
    PersonEdit,
    PersonMade,
    PersonNew,
    PersonOut,
    RoleGiven,
    RoleNew,
    Unlocked,
)
from catalog.kernel import audit, audit_chain
from catalog.kernel.access import Permission
from catalog.kernel.errors import Invalid
from catalog.regions import rules as regions
from catalog.regions.queries import root_path
from warehouse.people import actions, queries
from warehouse.people.model import Person

Sought = Annotated[str | None, QueryParameter(max_length=200)]


@get("/people", opt={VERB: "person.list"}, tags=["people"])
async def list_people(
    stamp: Stamped, q: Sought = None, retired: FromQuery[bool] = False, cursor: Cursor = None, limit: Limit = None
) -> PeoplePage:
    """People whose region lies in my scope, by login; `q` is part of a login or name."""
    page = await queries.list_people(
        scope=stamp.require(Permission.PERSON_READ), text=q, retired=retired, cursor=cursor, limit=limit
    )
    return PeoplePage(items=[PersonOut(**_shown(p)) for p in page.items], next_cursor=page.next_cursor)


@get("/people/{person:uuid}", opt={VERB: "person.read"}, tags=["people"])
async def get_person(stamp: Stamped, person: FromPath[UUID]) -> Response[PersonCard]:
    """One person with their roles. The ETag is the version to send as If-Match."""
    found = await queries.get_person(person, stamp.require(Permission.PERSON_READ))
    roles = [role_out(grant) for grant in await queries.list_grants(found.id)]
    return Response(PersonCard(**_shown(found), roles=roles), headers=etag(found.version))


def _shown(person: Person) -> dict[str, Any]:
    return {
        "id": person.uuid,
        "login": person.login,
        "name_zh": person.name_zh,
        "name_en": person.name_en,
        "region": person.region_key,
        "region_name": person.region_name,
        "party": person.party_key,
        "party_name": person.party_name,
        "language": person.language,
        "must_change_password": person.must_change,
        "version": person.version,
        "retired_at": person.retired_at,
    }


@post("/people", opt={VERB: "person.create"}, tags=["people"])
async def create_person(request: Request[Any, Any, Any], stamp: Stamped, data: JSONBody[PersonNew]) -> PersonMade:
    """A new account without roles. Its first password must be changed at the first log-in."""
    receipt = await actions.create_person(
        stamp=stamp,
        login=data.login,
        name_zh=data.name_zh,
        name_en=data.name_en,
        region_key=data.region,
        party_key=data.party,
        language=data.language,
        password=data.password,
        policy=edge_of(request).policy,
    )
    return PersonMade(id=UUID(receipt["person"]), login=receipt["login"], repeat=receipt.get("repeat", False))


@patch("/people/{person:uuid}", opt={VERB: "person.edit"}, tags=["people"])
async def edit_person(
    request: Request[Any, Any, Any],
    stamp: Stamped,
    person: FromPath[UUID],
    data: JSONBody[PersonEdit],
    if_match: IfMatch,
) -> Response[Changed]:
    """Change what is sent. 409 `person.stale` when somebody else was faster."""
    changes = data.model_dump(exclude_unset=True)
    for field in ("name_zh", "region", "language"):
        if field in changes and changes[field] is None:
            raise Invalid("person.not-empty", "此项不能为空", field=field)
    for field in ("region", "party"):
        if field in changes:
            changes[f"{field}_key"] = changes.pop(field)
    receipt = await actions.edit_person(stamp=stamp, person=person, version=read_version(if_match), changes=changes)
    edge_of(request).callers.forget()
    return _changed(person, receipt)


@delete("/people/{person:uuid}", opt={VERB: "person.retire"}, tags=["people"], status_code=200)
async def retire_person(
    request: Request[Any, Any, Any], stamp: Stamped, person: FromPath[UUID], if_match: IfMatch
) -> Response[Changed]:
    """Close an account for good; its roles, sessions and tokens end at once."""
    receipt = await actions.retire_person(stamp=stamp, person=person, version=read_version(if_match))
    edge_of(request).callers.forget()
    return _changed(person, receipt)


def _changed(person: UUID, receipt: Any) -> Response[Changed]:
    body = Changed(id=person, version=receipt["version"], repeat=receipt.get("repeat", False))
    return Response(body, headers=etag(body.version))


@post("/people/{person:uuid}/password", opt={VERB: "password.reset"}, tags=["people"], status_code=200)
async def reset_password(
    request: Request[Any, Any, Any], stamp: Stamped, person: FromPath[UUID], data: JSONBody[PasswordReset]
) -> Done:
    """A first password again for somebody else; their sessions end, and they must change it."""
    edge = edge_of(request)
    receipt = await actions.reset_password(stamp=stamp, person=person, password=data.password, policy=edge.policy)
    edge.callers.forget()
    return Done(repeat=receipt.get("repeat", False))


@post("/people/{person:uuid}/unlock", opt={VERB: "person.unlock"}, tags=["people"], status_code=200)
async def unlock(stamp: Stamped, person: FromPath[UUID]) -> Unlocked:
    """End the lock of an account now."""
    receipt = await actions.unlock(stamp=stamp, person=person)
    return Unlocked(failures=receipt["failures"], repeat=receipt.get("repeat", False))


@post("/people/{person:uuid}/roles", opt={VERB: "grant.give"}, tags=["people"])
async def give_role(
    request: Request[Any, Any, Any], stamp: Stamped, person: FromPath[UUID], data: JSONBody[RoleNew]
) -> RoleGiven:
    """Give a role for a region's subtree or one site. Nobody gives themselves one; the administrators exclude each
    other and every business role."""
    receipt = await actions.give_role(
        stamp=stamp, person=person, role=data.role, region_key=data.region, site_code=data.site, reason=data.reason
    )
    edge_of(request).callers.forget()
    return RoleGiven(id=UUID(receipt["grant"]), repeat=receipt.get("repeat", False))


@delete("/roles/{grant:uuid}", opt={VERB: "grant.revoke"}, tags=["people"], status_code=200)
async def revoke_role(request: Request[Any, Any, Any], stamp: Stamped, grant: FromPath[UUID]) -> Done:
    """Take a role away; in force with the next request."""
    receipt = await actions.revoke_role(stamp=stamp, grant=grant)
    edge_of(request).callers.forget()
    return Done(repeat=receipt.get("repeat", False))


# --- the audit trail ----------------------------------------------------------------------------------


@get("/audit", opt={VERB: "audit.read"}, tags=["audit"])
async def list_audit(
    stamp: Stamped,
    login: Sought = None,
    verb: Sought = None,
    subject_kind: Sought = None,
    subject_id: Sought = None,
    address: Sought = None,
    success: FromQuery[bool | None] = None,
    since: FromQuery[datetime | None] = None,
    until: FromQuery[datetime | None] = None,
    code: Sought = None,
    cursor: Cursor = None,
    limit: Limit = None,
) -> AuditPage:
    """Acts and refusals of people in my scope, the newest first. Looking at the trail leaves a row in it."""
    for instant in (since, until):
        if instant is not None and instant.tzinfo is None:
            raise Invalid("time.naive", "时间缺少时区")
    sought = queries.AuditFilter(login, verb, subject_kind, subject_id, address, success, since, until, code)
    page = await queries.list_audit(
        scope=stamp.require(Permission.AUDIT_READ), sought=sought, cursor=cursor, limit=limit
    )
    if cursor is None:
        await audit.record(stamp, "audit.read", facts={"found": len(page.items)})
    items = [AuditOut(**{name: getattr(entry, name) for name in AuditOut.model_fields}) for entry in page.items]
    return AuditPage(items=items, next_cursor=page.next_cursor)


@get("/audit/check", opt={VERB: "audit.check"}, tags=["audit"])
async def check_audit(request: Request[Any, Any, Any], stamp: Stamped) -> AuditCheck:
    """Recompute the whole chain; every place where it does not hold."""
    stamp.require(Permission.AUDIT_READ)
    findings = await trail.verify(edge_of(request).settings)
    await audit.record(stamp, "audit.check", facts={"findings": len(findings)})
    return AuditCheck(holds=not findings, findings=[FindingOut(seq=f.seq, what=f.what) for f in findings])


@get("/audit/export", opt={VERB: "audit.export", FILES: ("application/x-ndjson", "text/csv")}, tags=["audit"])
async def export_audit(
    stamp: Stamped,
    format: FromQuery[Literal["jsonl", "csv"]] = "jsonl",  # noqa: A002 - the word in the address
    since: FromQuery[datetime | None] = None,
    until: FromQuery[datetime | None] = None,
) -> Stream:
    """Every sealed row of a time with position and keyed hash, as lines of JSON or CSV. Whole stretches of the chain,
    so only for whoever audits the whole city; `GET /audit/verifier` is the program that checks it."""
    for instant in (since, until):
        if instant is not None and instant.tzinfo is None:
            raise Invalid("time.naive", "时间缺少时区")
    regions.check_city_wide(stamp, Permission.AUDIT_READ, await root_path())
    start, last = await audit_chain.stretch(since, until)
    facts = {"from": start.position + 1, "to": last, "format": format}
    await audit.record(stamp, "audit.export", facts=facts)
    return Stream(
        audit_chain.export(start, last, format),
        media_type="application/x-ndjson" if format == "jsonl" else "text/csv; charset=utf-8",
        headers={"content-disposition": f'attachment; filename="audit-{start.position + 1}-{last}.{format}"'},
    )


@get("/audit/anchors", opt={VERB: "audit.read"}, tags=["audit"])
async def list_anchors(stamp: Stamped) -> list[AnchorOut]:
    """The newest hundred anchors, the newest first: each fixes the chain up to its position."""
    stamp.require(Permission.AUDIT_READ)
    newest = (await audit.anchors())[-100:]
    return [
        AnchorOut(
            position=one.position,
            seq=one.audit_seq,
            mac=one.mac.hex(),
            digest=one.digest.hex(),
            at=one.at,
            printed=audit_chain.printed(one),
        )
        for one in reversed(newest)
    ]


@get("/audit/verifier", opt={VERB: "audit.read", FILES: ("text/x-python",)}, tags=["audit"])
async def audit_verifier(stamp: Stamped) -> Response[str]:
    """The program that checks an export by itself: one file, Python and nothing else."""
    stamp.require(Permission.AUDIT_READ)
    headers = {"content-disposition": 'attachment; filename="verify_audit_export.py"'}
    return Response(audit_commands.script(), media_type="text/x-python", headers=headers)


HANDLERS: list[Any] = [
    list_people,
    get_person,
    create_person,
    edit_person,
    retire_person,
    reset_password,
    unlock,
    give_role,
    revoke_role,
    list_audit,
    check_audit,
    export_audit,
    list_anchors,
    audit_verifier,
]
