"""Writes of fulfilment: one function per verb. A shipment's row is the lock of everything that hangs on it."""

from warehouse.fulfilment.actions.load import load, note_short, unload
from warehouse.fulfilment.actions.orders import finish_release
from warehouse.fulfilment.actions.points import add_point, bring_back, hand_out, set_contact
from warehouse.fulfilment.actions.points import write_off as write_off_at_point
from warehouse.fulfilment.actions.prepare import cancel, edit, prepare, prepare_release
from warehouse.fulfilment.actions.receive import close, find, forget_contacts, receive, take_back, write_off
from warehouse.fulfilment.actions.recovery import close_duty, draw_up, edit_duty, fill
from warehouse.fulfilment.actions.travel import arrive, depart, redirect, report

__all__ = [
    "add_point",
    "arrive",
    "bring_back",
    "cancel",
    "close",
    "close_duty",
    "depart",
    "draw_up",
    "edit",
    "edit_duty",
    "fill",
    "find",
    "finish_release",
    "forget_contacts",
    "hand_out",
    "load",
    "note_short",
    "prepare",
    "prepare_release",
    "receive",
    "redirect",
    "report",
    "set_contact",
    "take_back",
    "unload",
    "write_off",
    "write_off_at_point",
]
