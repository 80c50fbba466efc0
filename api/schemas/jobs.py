"""Jobs and their runs, as the API shows them."""

from datetime import datetime
from typing import Literal

from api.schemas.base import Given, Receipt

RunStatus = Literal["waiting", "running", "done", "found", "failed", "broken", "skipped"]


class RunOut(Given):
    """One run. `found`: it ended and somebody must look; `broken`: its worker was lost too often; `skipped`: the slot
    at which a new installation first looked."""

    id: int
    job: str
    why: Literal["periodic", "asked", "deferred"]
    status: RunStatus
    due_at: datetime
    started_at: datetime | None
    ended_at: datetime | None
    asked_by: str
    turns: int
    words_zh: str
    words_en: str


class JobOut(Given):
    """One job, when it is due, and how it went last. `next_due_at` is null where it only runs when asked for."""

    name: str
    name_zh: str
    name_en: str
    next_due_at: datetime | None
    last: RunOut | None
    last_good: RunOut | None


class JobsOut(Given):
    """All jobs. `worker` is the setting: inside the server, apart, or off."""

    worker: Literal["inside", "apart", "off"]
    items: list[JobOut]


class RunsPage(Given):
    """Runs, the newest first."""

    items: list[RunOut]
    next_cursor: str | None


class RunAsked(Receipt):
    """The run that will do it. `joined`: one was waiting or running already, and that one is meant."""

    run: int
    job: str
    joined: bool
