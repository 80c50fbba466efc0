"""Who (with their grants), when, and which attempt: everything an action must know about its caller."""

import hashlib
import json
from dataclasses import dataclass, field, replace
from datetime import datetime
from enum import StrEnum
from typing import Any, Self
from uuid import UUID, uuid5

from catalog.kernel.access import EVERYWHERE, Grant, Permission, Role, Scope, require, require_at


class Channel(StrEnum):
    """The way in."""

    WEB = "web"
    API = "api"
    DEVICE = "device"
    CLI = "cli"
    JOB = "job"


@dataclass(frozen=True, slots=True)
class Stamp:
    """Arrives with every action. `attempt` is made by the caller (scan id, Idempotency-Key); `content_hash` is the
    hash of what was asked, so that a repeat with other contents is refused (DESIGN section 5)."""

    attempt: UUID
    content_hash: bytes
    recorded_at: datetime
    occurred_at: datetime
    person_id: int | None
    login: str
    grants: tuple[Grant, ...]
    channel: Channel = Channel.API
    token_id: int | None = None
    address: str = ""
    device_time: datetime | None = None
    home_path: str = field(default="/")

    def require(self, permission: Permission) -> Scope:
        """The caller's scope for `permission`; Denied if none."""
        return require(self.grants, permission)

    def require_at(self, permission: Permission, path: str, site_id: int | None = None) -> None:
        """Denied without the permission; Missing where the place lies out of scope."""
        require_at(self.grants, permission, path, site_id)

    def for_part(self, name: str, content: Any) -> Self:
        """The same caller and time, for one named part of a larger request: its own derived attempt."""
        return replace(self, attempt=uuid5(self.attempt, name), content_hash=content_hash(content))


def content_hash(content: Any) -> bytes:
    """SHA-256 over a canonical JSON form. Equal contents give equal hashes whatever the key order."""
    text = json.dumps(content, sort_keys=True, separators=(",", ":"), ensure_ascii=False, default=str)
    return hash_of_text(text.encode(errors="surrogatepass"))


def hash_of_text(text: bytes) -> bytes:
    """The same, of a form that is canonical already."""
    return hashlib.sha256(text).digest()


def house_stamp(
    attempt: UUID, content: Any, at: datetime, *, login: str = "house", channel: Channel = Channel.CLI
) -> Stamp:
    """The program's own hand: seeds, demo, command line. Every permission everywhere; the audit says so."""
    grant = Grant(role=Role.SYSTEM_ADMIN, path=EVERYWHERE.paths[0], permissions=frozenset(Permission))
    return Stamp(attempt, content_hash(content), at, at, None, login, (grant,), channel)
