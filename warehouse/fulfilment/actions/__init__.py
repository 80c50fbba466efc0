"""Writes of fulfilment: one function per verb. A shipment's row is the lock of everything that hangs on it."""

from warehouse.fulfilment.actions.boxes import (
    close_box,
    load_boxes,
    open_box,
    pack,
    receive_boxes,
    reopen_box,
    unload_boxes,
    unpack,
    void_box,
)
from warehouse.fulfilment.actions.closing import close_incident
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
    "close_box",
    "close_duty",
    "close_incident",
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
    "load_boxes",
    "note_short",
    "open_box",
    "pack",
    "prepare",
    "prepare_release",
    "receive",
    "receive_boxes",
    "redirect",
    "reopen_box",
    "report",
    "set_contact",
    "take_back",
    "unload",
    "unload_boxes",
    "unpack",
    "void_box",
    "write_off",
    "write_off_at_point",
]
