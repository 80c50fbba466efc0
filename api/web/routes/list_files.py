"""Lists as files: what a page shows a screen at a time, all of it, as Excel or CSV. A list says its columns and how a
page of it is fetched; the rest is alike for all."""

from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from typing import Any

from litestar import Request, Response

from api import exports
from api.auth.edge import edge_of
from api.web.pages import moment, viewer_of
from api.web.routes.stock import cut_of
from catalog.kernel.page import Page, all_pages

FETCHED = 200
"""Entries asked for at a time."""
Column = tuple[str, Callable[[Any], exports.Cell]]
"""A heading in the viewer's language, and the cell of an entry."""


async def list_file(
    request: Request[Any, Any, Any],
    *,
    name: str,
    title: str,
    columns: Sequence[Column],
    fetch: Callable[[str | None, int], Awaitable[Page[Any]]],
    rows_of: Callable[[Any], Sequence[Any]] = lambda entry: (entry,),
) -> Response[Any]:
    """The list as the file its address ends in. `fetch(cursor, limit)` is what the page asks too, with its filters;
    `rows_of` an entry are the rows it becomes (the lines of a document)."""
    viewer = viewer_of(request)
    _ = viewer.language.text

    async def pages() -> AsyncIterator[Sequence[exports.Row]]:
        async for found in all_pages(lambda cursor: fetch(cursor, FETCHED)):
            rows = [row for entry in found.items for row in rows_of(entry)]
            if rows:
                yield [[cell(row) for _text, cell in columns] for row in rows]

    narrowed = " · ".join(f"{key}: {value}" for key, value in request.query_params.multi_items() if value)
    notes = [
        (_("List"), title),
        *([(_("Filters"), narrowed)] if narrowed else []),
        (_("As of"), moment(edge_of(request).clock())),
        (_("Made by"), viewer.name),
    ]
    sheet = exports.Sheet(
        f"{name}-{viewer.today.isoformat()}",
        title,
        [text for text, _cell in columns],
        cut_of(viewer),
        notes,
        _("About this list"),
    )
    return await exports.download(sheet, pages(), request.scope["path"].rpartition(".")[2])
