"""Writes: one public function per verb. Each opens its own transaction and leaves an audit row in it."""

from warehouse.people.actions.accounts import (
    change_password,
    create_person,
    edit_person,
    reset_password,
    retire_person,
)
from warehouse.people.actions.deputies import appoint_deputy, end_deputy
from warehouse.people.actions.roles import give_role, revoke_role
from warehouse.people.actions.second_factors import (
    begin_second_factor,
    confirm_second_factor,
    renew_recovery_codes,
    reset_second_factor,
)
from warehouse.people.actions.sessions import (
    clean_up,
    log_in,
    log_out,
    mark_seen,
    mark_token_seen,
    revoke_session,
    try_secret,
    unlock,
    unlock_address,
)
from warehouse.people.actions.tokens import create_token, revoke_token

__all__ = [
    "appoint_deputy",
    "begin_second_factor",
    "change_password",
    "clean_up",
    "confirm_second_factor",
    "create_person",
    "create_token",
    "edit_person",
    "end_deputy",
    "give_role",
    "log_in",
    "log_out",
    "mark_seen",
    "mark_token_seen",
    "renew_recovery_codes",
    "reset_password",
    "reset_second_factor",
    "retire_person",
    "revoke_role",
    "revoke_session",
    "revoke_token",
    "try_secret",
    "unlock",
    "unlock_address",
]
