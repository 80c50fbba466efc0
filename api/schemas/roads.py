"""Ways by road."""

from datetime import datetime
from typing import Annotated

from pydantic import Field, StringConstraints

from api.schemas.base import Given, Key, Line, Taken

_Km = Annotated[float, Field(strict=False, ge=0, le=10_000, allow_inf_nan=False)]


class WayIn(Taken):
    """From a store to a region's middle. Without minutes and kilometres the way is taken out."""

    site: Key
    region: Key
    minutes: Annotated[int, Field(strict=True, ge=0, le=10_080)] | None = None
    km: _Km | None = None


class WaysIn(Taken):
    """Ways to set, all or none. `source`: where the figures are from."""

    ways: Annotated[list[WayIn], Field(min_length=1, max_length=20_000)]
    source: Line


class WayFileIn(Taken):
    """A file (base64) of ways. `source` counts where a row names none."""

    name: Line
    content: Annotated[str, StringConstraints(strict=True, max_length=8_400_000)]
    source: Line


class WaysDone(Given):
    """How many ways are new, changed, taken out, and the same as before."""

    new: int
    changed: int
    removed: int
    same: int


class WayOut(Given):
    """A known way."""

    site: str
    region: str
    minutes: int
    km: float
    source: str
    set_at: datetime


class WaysPage(Given):
    """A page of ways."""

    items: list[WayOut]
    next_cursor: str | None
