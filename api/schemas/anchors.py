"""Anchors that lower houses send, as the API takes and shows them."""

from datetime import datetime
from typing import Annotated

from pydantic import Field, StringConstraints

from api.schemas.base import Given, Receipt, Taken
from warehouse.anchors.model import Verdict

Hex32 = Annotated[str, StringConstraints(strict=True, pattern=r"^[0-9a-f]{64}$")]
Hex64 = Annotated[str, StringConstraints(strict=True, pattern=r"^[0-9a-f]{128}$")]


class AnchorIn(Taken):
    """`anchor` is the line exactly as it was signed (`beiyu audit anchor` prints it), `key` the Ed25519 public key of
    the house, `signature` over the line in UTF-8; both in hexadecimal."""

    anchor: Annotated[str, StringConstraints(strict=True, min_length=1, max_length=2000)]
    key: Hex32
    signature: Hex64


class AnchorTaken(Receipt):
    """It is kept. `verdict` other than `agrees`: what this house sent before says otherwise."""

    received: int
    position: int
    verdict: Verdict


class HouseOut(Given):
    """A lower house, known by the key it signs with."""

    key: str
    fingerprint: str
    name: str
    received: int
    position: int
    first_at: datetime
    last_at: datetime
    wrong: int


class HousesOut(Given):
    """The houses that send their anchors here."""

    items: list[HouseOut]


class ReceivedOut(Given):
    """One anchor as it arrived."""

    position: int
    seq: int
    mac: str
    digest: str
    at: datetime
    received_at: datetime
    name: str
    verdict: Verdict


class ReceivedPage(Given):
    """One page of them."""

    items: list[ReceivedOut]
    next_cursor: str | None = None


class ExportIn(Taken):
    """An audit export of that house (lines of JSON or CSV), in base64."""

    content: Annotated[str, StringConstraints(strict=True, max_length=10_000_000)]


class ComparisonOut(Given):
    """The export against what its house sent: up to `certain` the anchors prove it."""

    holds: bool
    rows: int
    position: int
    certain: int
    findings: list[str] = Field(description="What does not hold, in words")
