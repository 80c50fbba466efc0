"""What all shapes share: nothing unknown is accepted, nothing is silently turned into something else."""

from datetime import datetime
from typing import Annotated, Any
from uuid import UUID

from pydantic import (
    AwareDatetime,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    StrictBool,
    StrictInt,
    StringConstraints,
)

PLAIN = r"^[^\u0000-\u0008\u000b\u000c\u000e-\u001f\u007f]*$"
"""Text without control characters (the database cannot hold a NUL)."""


class Taken(BaseModel):
    """A request body: unknown fields are refused."""

    model_config = ConfigDict(extra="forbid", frozen=True, defer_build=True)


class Given(BaseModel):
    """An answer."""

    model_config = ConfigDict(frozen=True, defer_build=True)


def _text_only(value: Any) -> Any:
    if isinstance(value, str | datetime):
        return value
    raise ValueError("an ISO 8601 date and time with its offset")


Instant = Annotated[AwareDatetime, BeforeValidator(_text_only, json_schema_input_type=AwareDatetime)]
"""An ISO 8601 instant with its offset; numbers are not taken for seconds."""
Line = Annotated[
    str, StringConstraints(strict=True, min_length=1, max_length=200, pattern=PLAIN, strip_whitespace=True)
]
"""One line that must not be empty."""
Note = Annotated[str, StringConstraints(strict=True, max_length=1000, pattern=PLAIN)]
"""Free text, possibly empty."""
Key = Annotated[str, StringConstraints(strict=True, min_length=1, max_length=80, pattern=PLAIN)]
"""A key or code of ours."""
Version = Annotated[StrictInt, Field(ge=1, le=2**31 - 1)]
"""The version of a row, as read."""


class Receipt(Given):
    """What an act did. `repeat` says that this attempt had been made before and nothing was done again."""

    repeat: bool = False


class Changed(Receipt):
    """The row that was changed, and its new version."""

    id: UUID
    version: int


class CheckPaperIn(Taken):
    """Whether the paper of a spoken order says what was spoken; if not, why."""

    agrees: StrictBool
    note: Annotated[str, StringConstraints(strict=True, max_length=500, pattern=PLAIN, strip_whitespace=True)] = ""
