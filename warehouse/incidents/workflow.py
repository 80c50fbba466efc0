"""The lives of an incident and of a need as tables: buttons, `allowed`, rights and the README's diagrams."""

from catalog.kernel.access import Permission
from catalog.kernel.errors import Refused
from catalog.kernel.stamp import Stamp
from catalog.kernel.workflow import Transition, Workflow
from warehouse.incidents.model import Incident, Need, NeedStatus, Status


def no_open_needs(incident: Incident) -> Refused | None:
    """An incident is closed only when every need is met or withdrawn."""
    if not incident.open_needs:
        return None
    return Refused("incident.needs-open", "还有未满足的需求，不能结案", needs=incident.open_needs)


_EDIT, _LEVEL, _NEED = Permission.INCIDENT_EDIT, Permission.INCIDENT_LEVEL, Permission.NEED_EDIT
_ACTIVE, _ENDED, _CLOSED = Status.ACTIVE.value, Status.ENDED.value, Status.CLOSED.value

INCIDENT = Workflow(
    name="incident",
    initial=_ACTIVE,
    transitions=(
        Transition("edit", _ACTIVE, _ACTIVE, _EDIT),
        Transition("set-level", _ACTIVE, _ACTIVE, _LEVEL),
        Transition("add-needs", _ACTIVE, _ACTIVE, _NEED),
        Transition("end", _ACTIVE, _ENDED, _LEVEL),
        Transition("edit", _ENDED, _ENDED, _EDIT),
        Transition("resume", _ENDED, _ACTIVE, _LEVEL),
        Transition("close", _ENDED, _CLOSED, _EDIT, needs=(no_open_needs,)),
    ),
)

_OPEN = NeedStatus.OPEN.value

NEED = Workflow(
    name="need",
    initial=_OPEN,
    transitions=(
        Transition("edit", _OPEN, _OPEN, _NEED),
        Transition("renew", _OPEN, _OPEN, _NEED),
        Transition("withdraw", _OPEN, NeedStatus.WITHDRAWN.value, _NEED),
        Transition("meet", _OPEN, NeedStatus.MET.value, _NEED),
        Transition("reopen", NeedStatus.MET.value, _OPEN, _NEED),
        Transition("reopen", NeedStatus.WITHDRAWN.value, _OPEN, _NEED),
    ),
)


def allowed(incident: Incident, stamp: Stamp) -> list[str]:
    """What the caller may do with an incident now."""
    return INCIDENT.allowed(incident, status=incident.status.value, stamp=stamp, path=incident.path, site_id=None)


def allowed_of_need(need: Need, stamp: Stamp) -> list[str]:
    """What the caller may do with a need now: where the place that asks lies, or the incident does."""
    verbs: dict[str, None] = {}
    for path in (need.path, need.incident_path):
        found = NEED.allowed(need, status=need.status.value, stamp=stamp, path=path, site_id=None)
        verbs |= dict.fromkeys(found)
    return list(verbs)
