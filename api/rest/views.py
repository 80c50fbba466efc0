"""Saved views of lists, and the search for any name, number or code."""

from typing import Annotated, Any
from uuid import UUID

from litestar import delete, get, post, put
from litestar.params import FromPath, JSONBody, QueryParameter

from api.auth.edge import VERB
from api.auth.stamps import Stamped
from api.schemas.base import Changed
from api.schemas.views import HitOut, SearchOut, ViewDone, ViewEdit, ViewNew, ViewOut, ViewsOut
from catalog.kernel.access import Permission, scope_of
from catalog.kernel.time import day_of
from warehouse.search import queries as searching
from warehouse.search.model import Hit
from warehouse.views import actions, queries

TAGS = ["views"]


@get("/views", opt={VERB: "view.list"}, tags=TAGS)
async def list_views(
    stamp: Stamped,
    list: Annotated[str | None, QueryParameter(max_length=40)] = None,  # noqa: A002
) -> ViewsOut:
    """My saved views and those that colleagues of my unit share."""
    stamp.require(Permission.VIEW_SAVE)
    found = await queries.list_views(person_id=stamp.person_id, list_name=list)
    return ViewsOut(items=[ViewOut.model_validate(one, from_attributes=True) for one in found])


@post("/views", opt={VERB: "view.save"}, tags=TAGS)
async def save_view(stamp: Stamped, data: JSONBody[ViewNew]) -> ViewDone:
    """Keep a list as it is now. A name used before takes the new filters."""
    return ViewDone(
        **await actions.save_view(
            stamp=stamp, list_name=data.list, name=data.name, query=data.query, shared=data.shared
        )
    )


@put("/views/{view:uuid}", opt={VERB: "view.edit"}, tags=TAGS)
async def edit_view(stamp: Stamped, view: FromPath[UUID], data: JSONBody[ViewEdit]) -> ViewDone:
    """Another name, shared or not."""
    return ViewDone(
        **await actions.edit_view(stamp=stamp, view_id=view, version=data.version, name=data.name, shared=data.shared)
    )


@delete("/views/{view:uuid}", opt={VERB: "view.retire"}, tags=TAGS, status_code=200)
async def retire_view(
    stamp: Stamped, view: FromPath[UUID], version: Annotated[int, QueryParameter(ge=1, le=2**31 - 1)]
) -> Changed:
    """Take a view of mine off the list."""
    return Changed(**await actions.retire_view(stamp=stamp, view_id=view, version=version))


@get("/search", opt={VERB: "search"}, tags=["search"])
async def search(
    stamp: Stamped, q: Annotated[str, QueryParameter(max_length=200, description="A name, number or code, or a scan.")]
) -> SearchOut:
    """Anything by any name, number or code. What is out of sight is not found."""
    if scope_of(stamp.grants, Permission.STOCK_READ).empty:
        stamp.require(Permission.SITE_READ)
    found = await searching.search(text=q, stamp=stamp, today=day_of(stamp.recorded_at))
    return SearchOut(
        text=found.text, only=_hit(found.only) if found.only else None, items=[_hit(hit) for hit in found.hits]
    )


def _hit(hit: Hit) -> HitOut:
    return HitOut.model_validate(hit, from_attributes=True)


HANDLERS: list[Any] = [list_views, save_view, edit_view, retire_view, search]
