"""The small world of stock behind the real application: people of several roles, and words for requests."""

from dataclasses import dataclass
from typing import Any
from uuid import uuid4

import httpx

V1 = "/api/v1"
ROLES = {
    # login: (role, region)
    "keeper": ("keeper", "city"),
    "keeper-b": ("keeper", "district-b"),
    "approver": ("approver", "city"),
    "dispatcher": ("dispatcher", "city"),
    "planner": ("planner", "city"),
    "purchaser": ("purchaser", "city"),
    "auditor": ("audit_admin", "city"),
    "system": ("system_admin", "city"),
}


@dataclass
class Answer:
    """Status and body of one answer."""

    status: int
    body: Any
    headers: Any


@dataclass
class Caller:
    """Somebody who is logged in."""

    client: httpx.AsyncClient

    async def send(self, method: str, path: str, body: Any = None, **headers: str) -> Answer:
        """One request with an attempt of its own, unless one is given as `key`."""
        key = headers.pop("key", None) or str(uuid4())
        more = {name.replace("_", "-"): value for name, value in headers.items()} | {"idempotency-key": key}
        answer = await self.client.request(method, V1 + path, json=body, headers=more)
        kind = answer.headers.get("content-type", "")
        return Answer(answer.status_code, answer.json() if "json" in kind else answer.content, answer.headers)

    async def ok(self, method: str, path: str, body: Any = None, **headers: str) -> Any:
        """The body of a success."""
        answer = await self.send(method, path, body, **headers)
        assert answer.status in (200, 201), f"{method} {path}: {answer.status} {answer.body}"
        return answer.body

    async def code(self, method: str, path: str, body: Any = None, **headers: str) -> tuple[int, str]:
        """Status and code of a refusal."""
        answer = await self.send(method, path, body, **headers)
        assert answer.headers["content-type"].startswith("application/problem+json"), answer.body
        return answer.status, answer.body["code"]

    async def get(self, path: str) -> Any:
        """What can be read."""
        return await self.ok("GET", path)
