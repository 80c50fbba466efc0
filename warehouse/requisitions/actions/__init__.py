"""Writes of requisitions, plans and release orders: one function per verb."""

from warehouse.requisitions.actions.carry import note_sent
from warehouse.requisitions.actions.plans import accept_plan, keep_plan
from warehouse.requisitions.actions.releases import (
    cancel_release,
    check_paper,
    file_paper,
    follow_calls,
    move_release,
    note_short,
    recall_release,
    refuse_release,
    release,
)
from warehouse.requisitions.actions.requisitions import (
    amend_requisition,
    approve_requisition,
    cancel_requisition,
    close_requisition,
    create_requisition,
    edit_requisition,
    forget_contacts,
    reject_requisition,
    submit_requisition,
    withdraw_sources,
)

__all__ = [
    "accept_plan",
    "amend_requisition",
    "approve_requisition",
    "cancel_release",
    "cancel_requisition",
    "check_paper",
    "close_requisition",
    "create_requisition",
    "edit_requisition",
    "file_paper",
    "follow_calls",
    "forget_contacts",
    "keep_plan",
    "move_release",
    "note_sent",
    "note_short",
    "recall_release",
    "refuse_release",
    "reject_requisition",
    "release",
    "submit_requisition",
    "withdraw_sources",
]
