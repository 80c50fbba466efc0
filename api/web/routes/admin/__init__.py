"""Pages of the three administrators. Each sees the sections of their own desk only."""

from typing import Any

from api.web.routes.admin import audit, house, people, places, security, tables

HANDLERS: list[Any] = [
    *house.HANDLERS,
    *people.HANDLERS,
    *places.HANDLERS,
    *tables.HANDLERS,
    *security.HANDLERS,
    *audit.HANDLERS,
]
