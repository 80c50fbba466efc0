"""The lives of a requisition and of a release order as tables: buttons, `allowed`, rights and the README's diagrams."""

from dataclasses import dataclass

from catalog.kernel.access import Permission
from catalog.kernel.errors import Refused
from catalog.kernel.stamp import Stamp
from catalog.kernel.workflow import StockEffect, Transition, Workflow
from warehouse.requisitions.model import Release, ReleaseStatus, Requisition, Status


@dataclass(frozen=True, slots=True)
class Standing:
    """A requisition with how many approvals it needs, and how far its release orders and call-offs are."""

    requisition: Requisition
    approvals: int
    releases: tuple[ReleaseStatus, ...] = ()


def has_lines(standing: Standing) -> Refused | None:
    """Nobody submits an empty list."""
    if standing.requisition.lines:
        return None
    return Refused("requisition.no-lines", "调用申请没有物资行", requisition=standing.requisition.number)


def one_is_missing(standing: Standing) -> Refused | None:
    """This approval is the last one needed."""
    there = len(standing.requisition.approvals)
    if there + 1 >= standing.approvals:
        return None
    return Refused("requisition.needs-endorsing", "还须其他人先初审", approvals=there, needed=standing.approvals)


def more_are_missing(standing: Standing) -> Refused | None:
    """After this approval another one is needed."""
    there = len(standing.requisition.approvals)
    if there + 1 < standing.approvals:
        return None
    return Refused("requisition.needs-no-endorsing", "无需初审，可直接批准", approvals=there, needed=standing.approvals)


def something_open(standing: Standing) -> Refused | None:
    """Only what nothing brings yet is planned."""
    if standing.requisition.open_lines:
        return None
    return Refused("requisition.all-covered", "所有物资都已有来源", requisition=standing.requisition.number)


def nothing_out(standing: Standing) -> Refused | None:
    """No release order has been given: goods that may be moving are not called back by a stroke of the pen."""
    still = (ReleaseStatus.WAITING, ReleaseStatus.REFUSED, ReleaseStatus.CANCELLED)
    out = [one.value for one in standing.releases if one not in still]
    if not out:
        return None
    return Refused("requisition.released-already", "已有动用指令下达，不能撤销，请先撤销指令", releases=len(out))


def all_settled(standing: Standing) -> Refused | None:
    """Every release order has been closed, or nothing came of it."""
    done = (ReleaseStatus.CLOSED, ReleaseStatus.REFUSED, ReleaseStatus.CANCELLED)
    left = [one.value for one in standing.releases if one not in done]
    if not left:
        return None
    return Refused("requisition.releases-open", "还有未办结的动用指令", releases=len(left))


def paper_is_owed(release: Release) -> Refused | None:
    """Only an order that was spoken gets its paper later."""
    if release.paper_owed:
        return None
    return Refused("release.no-paper-owed", "这份动用指令不欠手续", release=release.name)


def paper_is_filed(release: Release) -> Refused | None:
    """There is a scan to check."""
    if release.paper_owed and release.paper_filed_at is not None:
        return None
    return Refused("release.no-paper-to-check", "没有待核对的手续扫描件", release=release.name)


def paper_is_there(release: Release) -> Refused | None:
    """What was only spoken is on paper, and checked, before the order is closed."""
    if not release.paper_owed:
        return None
    return Refused("release.paper-owed", "动用指令为口头下达，请先补齐并核对书面手续", release=release.name)


_EDIT, _APPROVE = Permission.REQUISITION_EDIT, Permission.REQUISITION_APPROVE
_SOURCE, _ORDER, _CARRY = Permission.REQUISITION_SOURCE, Permission.RELEASE_ORDER, Permission.RELEASE_CARRY
_DRAFT, _SUBMITTED, _APPROVED = Status.DRAFT.value, Status.SUBMITTED.value, Status.APPROVED.value
_SOURCED, _RELEASED, _PICKING = Status.SOURCED.value, Status.RELEASED.value, Status.PICKING.value
_SHIPPED, _RECEIVED = Status.SHIPPED.value, Status.RECEIVED.value
_CLOSED, _CANCELLED = Status.CLOSED.value, Status.CANCELLED.value
_RESERVE, _FREE = StockEffect.RESERVE, StockEffect.RELEASE

REQUISITION = Workflow(
    name="requisition",
    initial=_DRAFT,
    transitions=(
        Transition("edit", _DRAFT, _DRAFT, _EDIT),
        Transition("submit", _DRAFT, _SUBMITTED, _EDIT, needs=(has_lines,)),
        Transition("cancel", _DRAFT, _CANCELLED, _EDIT),
        Transition("endorse", _SUBMITTED, _SUBMITTED, _APPROVE, needs=(more_are_missing,)),
        Transition("approve", _SUBMITTED, _APPROVED, _APPROVE, needs=(one_is_missing,)),
        Transition("reject", _SUBMITTED, _DRAFT, _APPROVE),
        Transition("amend", _SUBMITTED, _DRAFT, _EDIT),
        Transition("cancel", _SUBMITTED, _CANCELLED, _EDIT),
        Transition("plan", _APPROVED, _APPROVED, _SOURCE, needs=(something_open,)),
        Transition("accept", _APPROVED, _SOURCED, _SOURCE, _RESERVE, needs=(something_open,)),
        Transition("amend", _APPROVED, _DRAFT, _EDIT),
        Transition("cancel", _APPROVED, _CANCELLED, _EDIT),
        Transition("plan", _SOURCED, _SOURCED, _SOURCE, needs=(something_open,)),
        Transition("accept", _SOURCED, _SOURCED, _SOURCE, _RESERVE, needs=(something_open,)),
        Transition("withdraw", _SOURCED, _APPROVED, _SOURCE, _FREE, needs=(nothing_out,)),
        Transition("cancel", _SOURCED, _CANCELLED, _EDIT, _FREE, needs=(nothing_out,)),
        Transition("release", _SOURCED, _RELEASED, _ORDER, _RESERVE),
        Transition("plan", _RELEASED, _RELEASED, _SOURCE, needs=(something_open,)),
        Transition("accept", _RELEASED, _SOURCED, _SOURCE, _RESERVE, needs=(something_open,)),
        Transition("call-back", _RELEASED, _APPROVED, _ORDER, _FREE),
        Transition("pick", _RELEASED, _PICKING, _CARRY, StockEffect.RESERVE),
        Transition("plan", _PICKING, _PICKING, _SOURCE, needs=(something_open,)),
        Transition("accept", _PICKING, _SOURCED, _SOURCE, _RESERVE, needs=(something_open,)),
        Transition("ship", _PICKING, _SHIPPED, _CARRY, StockEffect.POST),
        Transition("plan", _SHIPPED, _SHIPPED, _SOURCE, needs=(something_open,)),
        Transition("accept", _SHIPPED, _SOURCED, _SOURCE, _RESERVE, needs=(something_open,)),
        Transition("receive", _SHIPPED, _RECEIVED, _CARRY, StockEffect.ARRIVE),
        Transition("plan", _RECEIVED, _RECEIVED, _SOURCE, needs=(something_open,)),
        Transition("accept", _RECEIVED, _SOURCED, _SOURCE, _RESERVE, needs=(something_open,)),
        Transition("close", _RECEIVED, _CLOSED, _EDIT, needs=(all_settled,)),
    ),
)
FOLLOWS = frozenset({"release", "call-back", "pick", "ship", "receive"})
"""These happen by themselves, when release orders go on; they are no buttons of the requisition."""

_WAITING, _REFUSED = ReleaseStatus.WAITING.value, ReleaseStatus.REFUSED.value

RELEASE = Workflow(
    name="release",
    initial=_WAITING,
    transitions=(
        Transition("release", _WAITING, _RELEASED, _ORDER, _RESERVE),
        Transition("refuse", _WAITING, _REFUSED, _ORDER, _FREE),
        Transition("cancel", _WAITING, _CANCELLED, _SOURCE, _FREE),
        Transition("recall", _RELEASED, _CANCELLED, _ORDER, _FREE),
        Transition("pick", _RELEASED, _PICKING, _CARRY),
        Transition("short", _RELEASED, _RELEASED, _CARRY),
        Transition("file-paper", _RELEASED, _RELEASED, _ORDER, needs=(paper_is_owed,)),
        Transition("check-paper", _RELEASED, _RELEASED, _ORDER, needs=(paper_is_filed,)),
        Transition("short", _PICKING, _PICKING, _CARRY),
        Transition("ship", _PICKING, _SHIPPED, _CARRY, StockEffect.POST),
        Transition("file-paper", _PICKING, _PICKING, _ORDER, needs=(paper_is_owed,)),
        Transition("check-paper", _PICKING, _PICKING, _ORDER, needs=(paper_is_filed,)),
        Transition("receive", _SHIPPED, _RECEIVED, _CARRY, StockEffect.ARRIVE),
        Transition("file-paper", _SHIPPED, _SHIPPED, _ORDER, needs=(paper_is_owed,)),
        Transition("check-paper", _SHIPPED, _SHIPPED, _ORDER, needs=(paper_is_filed,)),
        Transition("close", _RECEIVED, _CLOSED, _CARRY, needs=(paper_is_there,)),
        Transition("file-paper", _RECEIVED, _RECEIVED, _ORDER, needs=(paper_is_owed,)),
        Transition("check-paper", _RECEIVED, _RECEIVED, _ORDER, needs=(paper_is_filed,)),
    ),
)
CARRIED = frozenset({"pick", "ship", "receive", "short", "close"})
"""Fulfilment does these, with the goods; they are no buttons of the order's own page."""


def allowed(standing: Standing, stamp: Stamp) -> list[str]:
    """What the caller may do with a requisition now."""
    one = standing.requisition
    verbs = REQUISITION.allowed(standing, status=one.status.value, stamp=stamp, path=one.path, site_id=None)
    mine = stamp.login in one.authors or stamp.login in {approval.login for approval in one.approvals}
    return [verb for verb in verbs if verb not in FOLLOWS and not (mine and verb in ("approve", "endorse"))]


def path_of(release: Release, verb: str) -> tuple[str, int | None]:
    """Where the right to `verb` must hold: the owner decides, the requisition's dispatcher withdraws, the store and
    whoever receives carry out."""
    if verb == "cancel":
        return release.requisition_path, None
    if verb in CARRIED:
        return (release.region_path, None) if verb in ("receive", "close") else (release.site_path, release.site_id)
    return release.owner_path, None


def allowed_of_release(release: Release, stamp: Stamp) -> list[str]:
    """What the caller may do with a release order now."""
    found: list[str] = []
    for transition in RELEASE.transitions:
        if transition.source != release.status.value or transition.verb in CARRIED:
            continue
        path, site = path_of(release, transition.verb)
        if transition.verb in RELEASE.allowed(
            release, status=release.status.value, stamp=stamp, path=path, site_id=site
        ) and not _not_his(transition.verb, release, stamp):
            found.append(transition.verb)
    return list(dict.fromkeys(found))


def _not_his(verb: str, release: Release, stamp: Stamp) -> bool:
    if verb == "release":
        return stamp.login in release.authors
    return verb == "check-paper" and stamp.login == release.paper_filed_by
