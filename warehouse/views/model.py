"""Nouns of saved views."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID


@dataclass(frozen=True, slots=True)
class SavedView:
    """A list as somebody left it. `query` is the page's query string; `own`: whether the reader made it."""

    id: UUID
    list: str
    name: str
    query: str
    shared: bool
    own: bool
    owner_name: str
    created_at: datetime
    version: int
