"""Deputies as JSON."""

from datetime import date
from uuid import UUID

from api.schemas.base import Given, Key, Receipt, Taken
from api.schemas.incidents import Words


class DeputyIn(Taken):
    """Who approves in my name; both days inclusive."""

    login: Key
    begins_on: date
    ends_on: date
    note: Words = ""


class DeputyOut(Given):
    """`deputy_login` approves in the name of `login`."""

    id: UUID
    login: str
    name: str
    deputy_login: str
    deputy_name: str
    begins_on: date
    ends_on: date
    note: str


class DeputiesOut(Given):
    """Whom I have named, and in whose name I may act."""

    mine: list[DeputyOut]
    acting_for: list[DeputyOut]


class DeputyDone(Receipt):
    """What became of it."""

    id: UUID
