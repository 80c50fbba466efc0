"""Event streams: one follower of the feed per process, however many browsers listen.

The follower tells every stream the ids that are news; each stream reads what its own viewer may see. Of alerts it says
what happened; of what the board shows only *that* something has and up to where: who shows a board reads it anew until
it is as new as that, so that nothing can be lost between two events. A stream resumes where it broke by the feed's
bookmark (`Last-Event-ID`), keeps no session alive, and ends with it.
"""

import asyncio
import contextlib
import json
import re
from collections.abc import AsyncGenerator, Sequence
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

import structlog
from litestar import Request

from api.auth.edge import COOKIE, SCREEN_COOKIE, Edge, edge_of, visit_of
from catalog.kernel import db, feed
from catalog.kernel.access import Permission, Scope, scope_of
from catalog.kernel.feed import Bookmark, News
from catalog.kernel.stamp import Stamp
from warehouse.alerts import messages
from warehouse.alerts.model import Alert, AlertEvent
from warehouse.alerts.queries import alerts as queries
from warehouse.board.messages import coming_line, line, pick_line
from warehouse.board.model import TOPICS as BOARD_TOPICS
from warehouse.board.queries import list_tasks
from warehouse.fulfilment.queries import list_coming
from warehouse.people.rules import Unauthenticated
from warehouse.picking.model import Status as PickStatus
from warehouse.picking.queries import find_picks

POLL_SECONDS = 0.2
BEAT_SECONDS = 20.0
"""A comment keeps proxies from closing a silent stream; at each beat the session is looked at again."""
MOST_MISSED = 500
"""Who missed more is told to read the list anew."""
MOST_STREAMS = 500
TOPICS = ("alert", "pick", *BOARD_TOPICS)
_ID = re.compile(r"([0-9]{1,19})\.([0-9]{1,19})")
log = structlog.get_logger("streams")


@dataclass
class _Listener:
    key: object
    queue: asyncio.Queue[Sequence[News] | None] = field(default_factory=lambda: asyncio.Queue(100))


class Streams:
    """One per process. `start` and `stop` with the application; `end` when the server is told to go."""

    def __init__(self) -> None:
        self._listeners: dict[object, _Listener] = {}
        self._task: asyncio.Task[None] | None = None
        self._position: Bookmark | None = None
        self._ended = False

    def end(self) -> None:
        """End every stream, so that the server can go; browsers come back to the next one."""
        self._ended = True
        for one in list(self._listeners.values()):
            _put(one, None)

    async def stop(self) -> None:
        """End, and the follower with it."""
        self.end()
        if self._task is not None:
            self._task.cancel()
            await asyncio.gather(self._task, return_exceptions=True)

    async def _follow(self) -> None:
        while self._listeners:
            await asyncio.sleep(POLL_SECONDS)
            try:
                if self._position is None:
                    self._position = await feed.frontier()
                news = await feed.read(self._position, MOST_MISSED, TOPICS)
            except (*db.CONNECTION_ERRORS, RuntimeError):
                continue
            if news:
                self._position = news[-1].position
                for one in list(self._listeners.values()):
                    _put(one, news)
        self._task, self._position = None, None

    async def open(
        self, request: Request[Any, Any, Any], stamp: Stamp, last_id: str | None, *, follow: bool
    ) -> AsyncGenerator[bytes, None]:
        """The events of one viewer, from where he broke off."""
        edge = edge_of(request)
        yield b"retry: 3000\n\n"
        since = _bookmark(last_id) or await feed.frontier()
        missed = await feed.read(since, MOST_MISSED, TOPICS)
        if len(missed) == MOST_MISSED:
            since = await feed.frontier()
            yield _event(since, "again", {})
        else:
            since = missed[-1].position if missed else since
            for part in await _told(missed, stamp):
                yield part
            yield _event(since, "hello", {})
        if follow and not self._ended and len(self._listeners) < MOST_STREAMS:
            async for part in self._listen(edge, request, stamp, since):
                yield part

    async def _listen(
        self, edge: Edge, request: Request[Any, Any, Any], stamp: Stamp, since: Bookmark
    ) -> AsyncGenerator[bytes, None]:
        visit = visit_of(request.scope)
        screen = visit is not None and visit.caller is not None and visit.caller.is_screen
        secret = request.cookies.get(SCREEN_COOKIE if screen else COOKIE)
        mine = _Listener(secret or object())
        before = self._listeners.pop(mine.key, None)
        if before is not None:
            _put(before, None)
        self._listeners[mine.key] = mine
        if self._task is None:
            self._task = asyncio.create_task(self._follow())
        try:
            # What came between the first read and now.
            gap = await feed.read(since, MOST_MISSED, TOPICS)
            since = gap[-1].position if gap else since
            for part in await _told(gap, stamp):
                yield part
            while not self._ended:
                try:
                    news = await asyncio.wait_for(mine.queue.get(), BEAT_SECONDS)
                except TimeoutError:
                    if not await _still_in(edge, secret, screen=screen):
                        yield _event(since, "bye", {})
                        return
                    yield b": beat\n\n"
                    continue
                if news is None:
                    return
                fresh = [one for one in news if (one.position.xid, one.position.seq) > (since.xid, since.seq)]
                if fresh:
                    since = fresh[-1].position
                    for part in await _told(fresh, stamp):
                        yield part
        finally:
            if self._listeners.get(mine.key) is mine:
                del self._listeners[mine.key]


def _put(listener: _Listener, news: Sequence[News] | None) -> None:
    if listener.queue.full():  # a browser that does not take what it is sent: it resumes later
        while not listener.queue.empty():
            listener.queue.get_nowait()
        news = None
    listener.queue.put_nowait(news)


async def _still_in(edge: Edge, secret: str | None, *, screen: bool) -> bool:
    """Whether the session lives; looking keeps it no longer alive. A token's stream is cut by its holder."""
    if secret is None:
        return True
    if screen:
        return await edge.callers.by_token(secret, edge.clock()) is not None
    with contextlib.suppress(Unauthenticated):
        return await edge.callers.by_session(secret, edge.clock(), edge.policy, in_use=False) is not None
    return False


async def _told(news: Sequence[News], stamp: Stamp) -> list[bytes]:
    """What a viewer is told, in the order of its bookmarks."""
    told = [
        *await _alerts(news, stamp),
        *await _tasks(news, stamp),
        *await _picks(news, stamp),
        *await _coming(news, stamp),
        *_changed(news, stamp),
    ]
    told.sort(key=lambda one: (one[0].xid, one[0].seq))
    return [_event(*one) for one in told]


async def _alerts(news: Sequence[News], stamp: Stamp) -> list[tuple[Bookmark, str, Any]]:
    last = {UUID(one.key): one.position for one in news if one.topic == "alert"}
    if not last:
        return []
    scope: Scope = scope_of(stamp.grants, Permission.ALERT_READ)
    found = await queries.events_after(list(last), scope, stamp.person_id)
    return [(last[alert.id], "alert", _said(alert, event, mine=mine)) for alert, event, mine in found]


async def _tasks(news: Sequence[News], stamp: Stamp) -> list[tuple[Bookmark, str, Any]]:
    """What others have just told the viewer's store to pick and load: the news in which it was told, no later one."""
    at = {(UUID(one.key), one.at): one.position for one in news if one.topic in ("release", "shipment")}
    scope = scope_of(stamp.grants, Permission.ISSUE)
    if not at or scope.empty:
        return []
    found = await list_tasks(scope, {key for key, _ in at})
    return [
        (at[one.id, one.since], "task", {"id": str(one.id), "zh": line(one, zh=True), "en": line(one, zh=False)})
        for one in found
        if (one.id, one.since) in at and one.told_by != stamp.login
    ]


async def _picks(news: Sequence[News], stamp: Stamp) -> list[tuple[Bookmark, str, Any]]:
    """Pick lists that others have just made for the viewer's store: the news in which each was made, no later one."""
    at = {(UUID(one.key), one.at): one.position for one in news if one.topic == "pick"}
    scope = scope_of(stamp.grants, Permission.ISSUE)
    if not at or scope.empty:
        return []
    found = await find_picks({key for key, _ in at})
    return [
        (
            at[one.id, one.created_at],
            "task",
            {"id": str(one.id), "zh": pick_line(one, zh=True), "en": pick_line(one, zh=False)},
        )
        for one in found.values()
        if (one.id, one.created_at) in at
        and one.status is PickStatus.OPEN
        and one.created_by != stamp.login
        and scope.covers(one.path, one.site_id)
    ]


async def _coming(news: Sequence[News], stamp: Stamp) -> list[tuple[Bookmark, str, Any]]:
    """Goods that have just left for where the viewer receives, or were sent there: the news of that, no later one."""
    at = {(UUID(one.key), one.at): one.position for one in news if one.topic == "shipment"}
    scope = scope_of(stamp.grants, Permission.RECEIVE)
    if not at or scope.empty:
        return []
    return [
        (
            at[one.shipment.id, one.sent_at],
            "task",
            {"id": str(one.shipment.id), "zh": coming_line(one, zh=True), "en": coming_line(one, zh=False)},
        )
        for one in await list_coming(scope, {key for key, _ in at})
        if (one.shipment.id, one.sent_at) in at and one.sent_by != stamp.login
    ]


def _changed(news: Sequence[News], stamp: Stamp) -> list[tuple[Bookmark, str, Any]]:
    """That a board may look different, once for all news together. It names nothing, so it needs no scope."""
    of_boards = [one.position for one in news if one.topic in BOARD_TOPICS]
    if not of_boards or scope_of(stamp.grants, Permission.REQUISITION_READ).empty:
        return []
    return [(of_boards[-1], "board", {"upto": written(of_boards[-1])})]


def _said(alert: Alert, event: AlertEvent, *, mine: bool) -> dict[str, Any]:
    return {
        "id": str(alert.id),
        "verb": event.verb.value,
        "kind": alert.kind.value,
        "severity": int(alert.severity),
        "status": alert.status.value,
        "mine": mine,
        "zh": messages.line(alert, event, zh=True),
        "en": messages.line(alert, event, zh=False),
    }


def _event(position: Bookmark, name: str, data: Any) -> bytes:
    text = json.dumps(data, ensure_ascii=False, separators=(",", ":"))
    return f"id: {written(position)}\nevent: {name}\ndata: {text}\n\n".encode()


def written(position: Bookmark) -> str:
    """A bookmark as browsers keep it: transaction, dot, sequence; later ones are greater, part by part."""
    return f"{position.xid}.{position.seq}"


def _bookmark(text: str | None) -> Bookmark | None:
    found = _ID.fullmatch(text or "")
    if found is None:
        return None
    xid, seq = int(found[1]), int(found[2])
    return Bookmark(xid, seq) if xid < 2**63 and seq < 2**63 else None
