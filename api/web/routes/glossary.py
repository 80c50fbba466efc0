"""What the words mean: the glossary as a page to read and to print."""

from typing import Any

from litestar import Request, Response, get

from api.web.glossary import TERMS
from api.web.pages import page


@get("/glossary", include_in_schema=False)
async def glossary_page(request: Request[Any, Any, Any]) -> Response[str]:
    """Every term with its meaning and source."""
    return page(request, "glossary.html", terms=TERMS)


HANDLERS: list[Any] = [glossary_page]
