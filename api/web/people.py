"""Whose login it is: pages say who did something by name, the trail and the files by login."""

import time
from collections.abc import Mapping

from litestar import Request

from api.auth.edge import visit_of
from warehouse.people import queries as people
from warehouse.people.model import PersonName

FRESH_SECONDS = 30.0
"""Until names are read again: a login that nobody knows yet is shown as it is."""


class Names:
    """Names of all people by login, as one process last read them. In `app.state.names`."""

    def __init__(self) -> None:
        self.by_login: Mapping[str, PersonName] = {}
        self._due = 0.0

    async def refresh(self) -> None:
        """Reads them again when they are no longer fresh; whoever comes meanwhile takes the ones before."""
        if time.monotonic() < self._due:
            return
        self._due = time.monotonic() + FRESH_SECONDS
        self.by_login = await people.names_by_login()


async def refresh_names(request: Request) -> None:  # type: ignore[type-arg]
    """Before each page of somebody who has logged in."""
    visit = visit_of(request.scope)
    if visit is not None and visit.caller is not None:
        names: Names = request.app.state.names
        await names.refresh()
