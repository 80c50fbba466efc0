"""The verbs of counts: each one function, one permission."""

from warehouse.counts.actions.counting import begin_bin, begin_now, enter, enter_now, finish_bin, leave_bin, take_out
from warehouse.counts.actions.document import locked
from warehouse.counts.actions.plan import cancel, create_count, start
from warehouse.counts.actions.result import Explanation, approve, explain, post, send_back
from warehouse.counts.actions.sheets import draw_sheet, type_back

__all__ = [
    "Explanation",
    "approve",
    "begin_bin",
    "begin_now",
    "cancel",
    "create_count",
    "draw_sheet",
    "enter",
    "enter_now",
    "explain",
    "finish_bin",
    "leave_bin",
    "locked",
    "post",
    "send_back",
    "start",
    "take_out",
    "type_back",
]
