"""Pick lists and work put aside, as the API shows and takes them."""

from datetime import date, datetime
from typing import Annotated, Any, Literal
from uuid import UUID

from pydantic import Field, StrictInt, StringConstraints

from api.schemas.base import PLAIN, Given, Key, Line, Receipt, Taken

PickStatus = Literal["open", "closed", "cancelled"]
Count = Annotated[StrictInt, Field(ge=1, le=10**12)]
Title = Annotated[
    str, StringConstraints(strict=True, min_length=1, max_length=100, pattern=PLAIN, strip_whitespace=True)
]


class WantedIn(Taken):
    """So much of an item, in base units."""

    item: Key
    quantity: Count


class PickNew(Taken):
    """What is wanted of one site. `name` says what for."""

    site: Key
    name: Title
    wanted: list[WantedIn] = Field(min_length=1, max_length=200)


class ShortIn(Taken):
    """So much of a line is not there."""

    quantity: Count
    note: Line


class PickLineOut(Given):
    """What to take from where; without lot and place it was not to be had."""

    line: int
    item: str
    item_name: str
    unit: str
    unit_factor: int
    lot: str | None
    expires_on: date | None
    place: str | None
    place_key: str | None
    quantity: int
    picked: int
    short: int
    short_note: str
    rest: int
    missing: bool


class PickOut(Given):
    """A pick list, its lines in walking order."""

    id: UUID
    number: str
    site: str
    site_name: str
    name: str
    status: PickStatus
    created_at: datetime
    created_by: str
    ended_at: datetime | None
    ended_by: str
    version: int
    done: int
    lines: list[PickLineOut]


class PicksPage(Given):
    """The newest first."""

    items: list[PickOut]
    next_cursor: str | None


class PickDone(Receipt):
    """What became of the list. `missing`: lines of which nothing is free, when it was made."""

    pick: UUID
    number: str
    status: PickStatus
    version: int
    lines: int | None = None
    missing: int | None = None
    line: int | None = None


AsideKind = Literal["receive", "put-away", "move", "pick", "issue", "care", "count"]


class AsideIn(Taken):
    """How the page stands, to be gone on with later. `content` is the page's own."""

    site: Key
    kind: AsideKind
    name: Title
    content: dict[str, Any]


class AsideOut(Given):
    """Work that waits, and whose it is."""

    id: UUID
    site: str
    site_name: str
    kind: AsideKind
    name: str
    login: str
    person_name: str
    kept_at: datetime
    mine: bool


class AsidesOut(Given):
    """The newest first."""

    items: list[AsideOut]


class AsideKept(Receipt):
    """It is kept."""

    aside: UUID
    name: str


class AsideEnded(Receipt):
    """It is taken up or dropped; `content` as it was kept."""

    aside: UUID
    site: str
    name: str
    kind: AsideKind
    content: dict[str, Any]


class HintOut(Given):
    """A bin for the goods and why. Free room in millilitres, load in grams, after putting them there."""

    place: str
    code: str
    zone: str
    reasons: list[str]
    free_volume_ml: int | None
    free_weight_g: int | None


class HintsOut(Given):
    """The best first; empty where no bin will do."""

    items: list[HintOut]
