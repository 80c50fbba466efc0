"""Saved views and search, as the API takes and shows them."""

from datetime import datetime
from typing import Annotated
from uuid import UUID

from pydantic import Field, StrictBool, StringConstraints

from api.schemas.base import PLAIN, Given, Key, Line, Receipt, Taken, Version
from warehouse.search.model import Kind


class ViewNew(Taken):
    """A list as it is now. `query` is the page's query string; what belongs to one page only is left out."""

    list: Key = Field(description="stock, lots, items, sites, deliveries, papers, cases, counts, care or shortfall")
    name: Line
    query: Annotated[str, StringConstraints(strict=True, max_length=1000, pattern=PLAIN)]
    shared: StrictBool = Field(False, description="Colleagues of my unit see it too.")


class ViewEdit(Taken):
    """Another name, shared or not."""

    name: Line
    shared: StrictBool
    version: Version


class ViewOut(Given):
    """A saved view. `own`: mine, else a colleague's."""

    id: UUID
    list: str
    name: str
    query: str
    shared: bool
    own: bool
    owner_name: str
    created_at: datetime
    version: int


class ViewsOut(Given):
    """My views and those my unit shares."""

    items: list[ViewOut]


class ViewDone(Receipt):
    """The view that was kept."""

    id: UUID
    version: int
    name: str


class HitOut(Given):
    """One thing found. `exact`: the text is its very name, number or code."""

    kind: Kind
    key: str
    title: str
    title_en: str | None
    detail: str
    exact: bool


class SearchOut(Given):
    """What a text finds in my sight. `only` is the one exact hit, if there is exactly one."""

    text: str
    only: HitOut | None
    items: list[HitOut]
