"""Who may do what, where. A grant is permission × subtree; the actions check it, so every way in passes it.

Scope is a subtree of regions by stored path ("/1/5/23/"), never by stripping digits of a code. Out of scope answers
404 (`Missing`), a missing permission inside scope answers 403 (`Denied`). Deny by default: what is not in `ROLES`
is nobody's.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum
from functools import lru_cache

from catalog.kernel.errors import Denied, Missing


class Permission(StrEnum):
    """Every verb that needs a right. The same word in URL, handler, function, ledger reason, button and test."""

    CATALOG_READ = "catalog.read"
    CATALOG_EDIT = "catalog.edit"
    CATALOG_APPROVE = "catalog.approve"
    REGION_EDIT = "region.edit"
    PARTY_READ = "party.read"
    PARTY_EDIT = "party.edit"
    SITE_READ = "site.read"
    SITE_EDIT = "site.edit"
    SUMMARY_READ = "summary.read"
    STOCK_READ = "stock.read"
    RECEIVE = "stock.receive"
    PUT_AWAY = "stock.put-away"
    MOVE = "stock.move"
    ISSUE = "stock.issue"
    RETURN = "stock.return"
    COUNT = "stock.count"
    COUNT_PLAN = "count.plan"
    COUNT_APPROVE = "count.approve"
    CORRECT = "stock.correct"
    REVERSE = "stock.reverse"
    INSPECT = "stock.inspect"
    DISPOSE = "stock.dispose"
    RESERVE = "stock.reserve"
    CARE = "stock.care"
    LOAN = "stock.loan"
    CONVERT = "stock.convert"
    CASE_SETTLE = "case.settle"
    DELIVERY_EDIT = "delivery.edit"
    LABEL_PRINT = "label.print"
    PAPER_ISSUE = "paper.issue"
    FILE_ADD = "file.add"
    FILE_RETIRE = "file.retire"
    VIEW_SAVE = "view.save"
    PERSON_READ = "person.read"
    PERSON_EDIT = "person.edit"
    GRANT_EDIT = "grant.edit"
    TOKEN_EDIT = "token.edit"
    SESSION_REVOKE = "session.revoke"
    UNLOCK = "person.unlock"
    SETTING_EDIT = "setting.edit"
    AUDIT_READ = "audit.read"
    ANCHOR_SEND = "anchor.send"
    VERIFY = "ledger.verify"
    IMPORT_RUN = "import.run"
    NORM_READ = "norm.read"
    NORM_EDIT = "norm.edit"
    COMMITMENT_READ = "commitment.read"
    COMMITMENT_EDIT = "commitment.edit"
    COMMITMENT_CALL = "commitment.call"
    COMMITMENT_ACTIVATE = "commitment.activate"
    ROTATION_READ = "rotation.read"
    ROTATION_PLAN = "rotation.plan"
    ROTATION_APPROVE = "rotation.approve"
    ROTATION_CARRY = "rotation.carry"
    SCENARIO_READ = "scenario.read"
    SCENARIO_EDIT = "scenario.edit"
    ALERT_READ = "alert.read"
    ALERT_HANDLE = "alert.handle"
    NOTICE_EDIT = "notice.edit"
    INCIDENT_READ = "incident.read"
    INCIDENT_EDIT = "incident.edit"
    INCIDENT_LEVEL = "incident.level"
    NEED_EDIT = "need.edit"
    REQUISITION_READ = "requisition.read"
    REQUISITION_EDIT = "requisition.edit"
    REQUISITION_APPROVE = "requisition.approve"
    REQUISITION_SOURCE = "requisition.source"
    RELEASE_ORDER = "release.order"
    RELEASE_CARRY = "release.carry"
    ORDER_READ = "order.read"
    ORDER_EDIT = "order.edit"
    ORDER_APPROVE = "order.approve"
    ORDER_ISSUE = "order.issue"
    SHIPMENT_READ = "shipment.read"
    SHIPMENT_EDIT = "shipment.edit"
    SHIPMENT_REDIRECT = "shipment.redirect"
    VEHICLE_READ = "vehicle.read"
    VEHICLE_EDIT = "vehicle.edit"
    HAND_OUT = "stock.hand-out"
    RECOVERY_EDIT = "recovery.edit"
    BUDGET_READ = "budget.read"
    BUDGET_EDIT = "budget.edit"


class Role(StrEnum):
    """Bundles of permissions as offices hand them out (DESIGN section 7)."""

    KEEPER = "keeper"
    STATISTICIAN = "statistician"
    DISPATCHER = "dispatcher"
    PLANNER = "planner"
    APPROVER = "approver"
    PURCHASER = "purchaser"
    SYSTEM_ADMIN = "system_admin"
    SECURITY_ADMIN = "security_admin"
    AUDIT_ADMIN = "audit_admin"


ADMINISTRATORS = frozenset({Role.SYSTEM_ADMIN, Role.SECURITY_ADMIN, Role.AUDIT_ADMIN})
"""Exclusive of each other and of every business role (GB/T 22239-2019, 8.1.5; DOMAIN.md section 7)."""

_P = Permission
_READERS = {_P.CATALOG_READ, _P.PARTY_READ, _P.SITE_READ, _P.STOCK_READ, _P.SUMMARY_READ, _P.VIEW_SAVE, _P.NORM_READ}
_READERS |= {_P.COMMITMENT_READ, _P.ROTATION_READ, _P.INCIDENT_READ, _P.REQUISITION_READ}
_READERS |= {_P.ALERT_READ, _P.ALERT_HANDLE, _P.ORDER_READ, _P.SHIPMENT_READ, _P.VEHICLE_READ}
ROLES: dict[Role, frozenset[Permission]] = {
    Role.KEEPER: frozenset(
        _READERS
        | {
            _P.RECEIVE,
            _P.PUT_AWAY,
            _P.MOVE,
            _P.ISSUE,
            _P.RETURN,
            _P.COUNT,
            _P.COUNT_PLAN,
            _P.CORRECT,
            _P.REVERSE,
            _P.INSPECT,
        }
        | {_P.CARE, _P.LOAN, _P.CONVERT, _P.DELIVERY_EDIT, _P.LABEL_PRINT, _P.PAPER_ISSUE, _P.CASE_SETTLE}
        | {_P.FILE_ADD, _P.FILE_RETIRE, _P.IMPORT_RUN, _P.ROTATION_CARRY, _P.NEED_EDIT}
        | {_P.REQUISITION_EDIT, _P.RELEASE_CARRY}
        | {_P.SHIPMENT_EDIT, _P.VEHICLE_EDIT, _P.HAND_OUT}
    ),
    Role.STATISTICIAN: frozenset(
        _READERS
        | {_P.LABEL_PRINT, _P.PAPER_ISSUE, _P.CASE_SETTLE, _P.VERIFY, _P.FILE_ADD, _P.FILE_RETIRE}
        | {_P.COUNT_PLAN, _P.BUDGET_READ}
    ),
    Role.DISPATCHER: frozenset(
        _READERS
        | {_P.RESERVE, _P.FILE_ADD, _P.COMMITMENT_CALL, _P.SCENARIO_READ}
        | {_P.INCIDENT_EDIT, _P.NEED_EDIT}
        | {_P.REQUISITION_EDIT, _P.REQUISITION_SOURCE, _P.RELEASE_CARRY}
        | {_P.VEHICLE_EDIT, _P.SHIPMENT_EDIT, _P.SHIPMENT_REDIRECT, _P.RECOVERY_EDIT}
    ),
    Role.PLANNER: frozenset(
        _READERS
        | {_P.CATALOG_EDIT, _P.FILE_ADD, _P.IMPORT_RUN, _P.NORM_EDIT, _P.NOTICE_EDIT}
        | {_P.COMMITMENT_EDIT, _P.ROTATION_PLAN, _P.SCENARIO_READ, _P.SCENARIO_EDIT}
        | {_P.ORDER_EDIT, _P.BUDGET_READ, _P.BUDGET_EDIT, _P.RECOVERY_EDIT}
    ),
    Role.APPROVER: frozenset(
        _READERS
        | {_P.DISPOSE, _P.REVERSE, _P.CASE_SETTLE, _P.RESERVE, _P.FILE_ADD}
        | {_P.COUNT_APPROVE, _P.COMMITMENT_ACTIVATE, _P.ROTATION_APPROVE, _P.SCENARIO_READ}
        | {_P.INCIDENT_EDIT, _P.INCIDENT_LEVEL, _P.NEED_EDIT}
        | {_P.REQUISITION_EDIT, _P.REQUISITION_APPROVE, _P.RELEASE_ORDER}
        | {_P.ORDER_APPROVE, _P.BUDGET_READ, _P.CATALOG_APPROVE}
        | {_P.SHIPMENT_EDIT, _P.SHIPMENT_REDIRECT, _P.RECOVERY_EDIT}
    ),
    Role.PURCHASER: frozenset(
        _READERS
        | {_P.DELIVERY_EDIT, _P.PARTY_EDIT, _P.FILE_ADD}
        | {_P.COMMITMENT_EDIT, _P.COMMITMENT_CALL, _P.SCENARIO_READ}
        | {_P.ORDER_EDIT, _P.ORDER_ISSUE, _P.BUDGET_READ}
    ),
    Role.SYSTEM_ADMIN: frozenset(
        {
            _P.CATALOG_READ,
            _P.CATALOG_EDIT,
            _P.REGION_EDIT,
            _P.PARTY_READ,
            _P.PARTY_EDIT,
            _P.SITE_READ,
            _P.SITE_EDIT,
        }
        | {_P.PERSON_READ, _P.PERSON_EDIT, _P.SETTING_EDIT, _P.VERIFY, _P.IMPORT_RUN, _P.NOTICE_EDIT}
    ),
    Role.SECURITY_ADMIN: frozenset(
        {_P.PERSON_READ, _P.SITE_READ, _P.GRANT_EDIT, _P.TOKEN_EDIT, _P.SESSION_REVOKE, _P.UNLOCK}
    ),
    Role.AUDIT_ADMIN: frozenset({_P.AUDIT_READ, _P.ANCHOR_SEND, _P.PERSON_READ, _P.SITE_READ, _P.VERIFY}),
}


CITY_WIDE: dict[Permission, frozenset[Role]] = {_P.SUMMARY_READ: frozenset({Role.DISPATCHER, Role.PLANNER})}
"""Whoever levels stock between districts must see where there is some: item, site, free and the age of the figure of
the whole city, never lots, contacts or papers (DESIGN section 7). A grant for one site stays there."""


@dataclass(frozen=True, slots=True)
class Grant:
    """These permissions on this subtree, optionally narrowed to one site of it."""

    role: Role
    path: str
    permissions: frozenset[Permission]
    site_id: int | None = None


@dataclass(frozen=True, slots=True)
class Scope:
    """Where a permission holds: subtrees of regions and single sites. Every query takes one."""

    paths: tuple[str, ...] = ()
    site_ids: frozenset[int] = frozenset()

    def covers(self, path: str, site_id: int | None = None) -> bool:
        """Whether a region path (and, for site-narrowed grants, a site) lies inside."""
        return any(path.startswith(p) for p in self.paths) or (site_id is not None and site_id in self.site_ids)

    @property
    def empty(self) -> bool:
        """Nothing is visible."""
        return not self.paths and not self.site_ids

    @property
    def prefixes(self) -> list[str]:
        """LIKE patterns for SQL: `path LIKE ANY($1)`. Paths consist of digits and slashes only."""
        return [p + "%" for p in self.paths]


EVERYWHERE = Scope(paths=("/",))
"""For the program's own jobs and the command line of the house; never for a person's request."""


def scope_of(grants: Iterable[Grant], permission: Permission) -> Scope:
    """The scope in which `grants` give `permission`; empty if they never do."""
    return _scope_of(tuple(grants), permission)


@lru_cache(maxsize=4096)
def _scope_of(grants: tuple[Grant, ...], permission: Permission) -> Scope:
    """Remembered: a batch of scans asks for the same few again and again."""
    paths: set[str] = set()
    sites: set[int] = set()
    for grant in grants:
        if permission in grant.permissions:
            if grant.site_id is None:
                paths.add("/" if grant.role in CITY_WIDE.get(permission, ()) else grant.path)
            else:
                sites.add(grant.site_id)
    kept = sorted(p for p in paths if not any(q != p and p.startswith(q) for q in paths))
    return Scope(tuple(kept), frozenset(sites))


def require(grants: Iterable[Grant], permission: Permission) -> Scope:
    """The scope of `permission`, or Denied if there is none anywhere."""
    scope = scope_of(grants, permission)
    if scope.empty:
        raise Denied("access.denied", "您没有此项权限", permission=permission.value)
    return scope


def require_at(grants: Iterable[Grant], permission: Permission, path: str, site_id: int | None = None) -> None:
    """Denied without the permission anywhere; Missing where the place lies outside its scope."""
    if not require(grants, permission).covers(path, site_id):
        raise Missing("access.out-of-scope", "没有找到，或不在您的管辖范围内")
