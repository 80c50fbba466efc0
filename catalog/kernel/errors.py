"""What can go wrong on purpose: one `Problem`, five kinds, mapped once to HTTP at the edge.

`code` is `feature.what-happened`: unique, stable, documented. `detail` is Chinese first (the language of the
screens); `facts` are plain values with which a page, a phone or another program can say it in its own words.
A refusal names the failing line, what was asked, what is free, what is protected and where else it stands.
"""

from collections.abc import Mapping
from typing import Any, ClassVar


class Problem(Exception):
    """An anticipated refusal. Never caught inside an open transaction (the transaction would commit)."""

    status: ClassVar[int] = 400

    def __init__(self, code: str, detail: str, **facts: Any) -> None:
        super().__init__(f"{code}: {detail}")
        self.code = code
        self.detail = detail
        self.facts: Mapping[str, Any] = facts
        self.audited = False
        """True once an audit row for this refusal has been written where it was decided; the edge writes no second."""


class Missing(Problem):
    """No such thing, or not in the caller's scope (both answer 404, so that nothing is given away)."""

    status = 404


class Refused(Problem):
    """The request is understood and the present state of things forbids it."""

    status = 409


class Stale(Problem):
    """Somebody else changed the row since the caller read it (If-Match)."""

    status = 409


class Invalid(Problem):
    """The request itself cannot be right, whatever the state of things."""

    status = 400


class Denied(Problem):
    """The caller is known, and has no right to this."""

    status = 403
