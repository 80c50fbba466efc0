"""The one clock. Everything below `api` gets its instants in a Stamp; tests hand in another clock."""

from collections.abc import Callable
from datetime import UTC, datetime

Clock = Callable[[], datetime]


def system_clock() -> datetime:
    """Now, aware UTC."""
    return datetime.now(UTC)
