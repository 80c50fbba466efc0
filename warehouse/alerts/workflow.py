"""An alert's life as a table. `raise` and `close` are the house's own: people take in hand, stock closes."""

from catalog.kernel.access import Permission
from catalog.kernel.workflow import Transition, Workflow
from warehouse.alerts.model import Status

_O, _A, _H, _C = (one.value for one in Status)
_MAY = Permission.ALERT_HANDLE

ALERT = Workflow(
    "alert",
    _O,
    (
        Transition("acknowledge", _O, _A, _MAY),
        Transition("take", _O, _H, _MAY),
        Transition("take", _A, _H, _MAY),
        Transition("put-back", _H, _A, _MAY),
        Transition("raise", _A, _O, _MAY),
        Transition("close", _O, _C, _MAY),
        Transition("close", _A, _C, _MAY),
        Transition("close", _H, _C, _MAY),
    ),
)
OWN = frozenset({"raise", "close"})
"""Verbs that no person asks for."""
