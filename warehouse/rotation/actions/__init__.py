"""The verbs of rotation: each one function, one permission."""

from warehouse.rotation.actions.approval import approve, grant_gap, send_back
from warehouse.rotation.actions.carrying import (
    carry_out,
    check_recordable,
    finish,
    note_record,
    sample,
    void_record,
)
from warehouse.rotation.actions.plan import choose, propose, set_policy, withdraw
from warehouse.rotation.actions.results import record_test, settle

__all__ = [
    "approve",
    "carry_out",
    "check_recordable",
    "choose",
    "finish",
    "grant_gap",
    "note_record",
    "propose",
    "record_test",
    "sample",
    "send_back",
    "set_policy",
    "settle",
    "void_record",
    "withdraw",
]
