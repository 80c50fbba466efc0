"""Nouns of work that was put aside."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any
from uuid import UUID

MOST_CONTENT = 100_000
"""Characters of JSON in one entry."""


class Kind(StrEnum):
    """What was being done."""

    RECEIVE = "receive"
    PUT_AWAY = "put-away"
    MOVE = "move"
    PICK = "pick"
    ISSUE = "issue"
    CARE = "care"
    COUNT = "count"


@dataclass(frozen=True, slots=True)
class Kept:
    """One entry, with whose it is."""

    id: UUID
    site_id: int
    site_code: str
    site_name: str
    path: str
    person_id: int
    login: str
    person_name: str
    kind: Kind
    name: str
    content: Mapping[str, Any]
    kept_at: datetime
    ended_by: str
    ended: bool
