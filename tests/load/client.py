"""A load generator in processes of its own: keep-alive connections, each sends when its last request is answered.

Server, database and generator share the machine's cores, so the generator is kept cheap: requests are encoded before
the clock runs, answers are read by a bare protocol, and their outcomes are counted in the bytes; only an answer that
is not wholly `done` is parsed.
"""

import asyncio
import itertools
import json
import multiprocessing
import os
import time
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlsplit


@dataclass
class Figures:
    """What one run measured: seconds per request, outcomes per scan, wall time, the generator's own CPU seconds."""

    latencies: list[float] = field(default_factory=list)
    outcomes: dict[str, int] = field(default_factory=dict)
    statuses: dict[int, int] = field(default_factory=dict)
    seconds: float = 0.0
    cpu: float = 0.0

    def percentile(self, share: float) -> float:
        """Milliseconds that `share` of the requests stayed below."""
        ordered = sorted(self.latencies)
        return 1000 * ordered[min(int(len(ordered) * share), len(ordered) - 1)] if ordered else float("nan")

    def line(self, name: str, per_request: int = 1) -> str:
        """One line of the figures."""
        rate = len(self.latencies) * per_request / self.seconds
        load = os.getloadavg()[0]
        return (
            f"{name:<34} {rate:>9.0f}/s  p50 {self.percentile(0.5):7.2f}  p95 {self.percentile(0.95):7.2f}"
            f"  p99 {self.percentile(0.99):7.2f} ms  load {load:4.1f}  {self.outcomes or self.statuses}"
        )

    def take(self, started: float, status: int, body: bytes) -> None:
        """Count one answer that has come in whole."""
        self.latencies.append(time.perf_counter() - started)
        self.statuses[status] = self.statuses.get(status, 0) + 1
        if status != 200 or not body.startswith(b'{"results"'):
            return
        done, all_of_them = body.count(b'"outcome":"done"'), body.count(b'"outcome":"')
        if done == all_of_them:
            self.outcomes["done"] = self.outcomes.get("done", 0) + done
            return
        for result in json.loads(body)["results"]:
            word = result["outcome"] if result["outcome"] != "refused" else result["code"]
            self.outcomes[word] = self.outcomes.get(word, 0) + 1


class _Caller(asyncio.Protocol):
    """One connection: sends the next request as soon as the last is answered, or when its turn comes."""

    def __init__(self, requests: Iterator[bytes], figures: Figures, until: float, pace: float, late: float) -> None:
        self._requests, self._figures, self._until, self._pace = requests, figures, until, pace
        self._due = time.perf_counter() + late
        self._buffer = b""
        self._body = -1
        self._started = 0.0
        self._transport: asyncio.Transport
        self.ended: asyncio.Future[None] = asyncio.get_running_loop().create_future()

    def connection_made(self, transport: Any) -> None:
        self._transport = transport
        self._next()

    def _next(self) -> None:
        if self._pace and self._due > time.perf_counter():
            asyncio.get_running_loop().call_later(self._due - time.perf_counter(), self._send)
            return
        self._send()

    def _send(self) -> None:
        request = next(self._requests, None)
        if request is None or time.perf_counter() > self._until:
            self._transport.close()
            return
        self._due += self._pace
        self._started = time.perf_counter()
        self._transport.write(request)

    def data_received(self, data: bytes) -> None:
        self._buffer = self._buffer + data if self._buffer else data
        if self._body < 0:
            end = self._buffer.find(b"\r\n\r\n")
            if end < 0:
                return
            head = self._buffer[:end].lower() + b"\r\n"
            start = head.index(b"content-length:") + 15
            self._body = end + 4
            self._length = int(head[start : head.index(b"\r", start)])
        if len(self._buffer) < self._body + self._length:
            return
        answer, body = self._buffer, self._buffer[self._body :]
        self._buffer, self._body = b"", -1
        self._figures.take(self._started, int(answer[9:12]), body)
        self._next()

    def connection_lost(self, error: Exception | None) -> None:
        if error is not None:
            self.ended.set_exception(error)
        else:
            self.ended.set_result(None)


def request_bytes(url: str, token: str, method: str, path: str, body: Any = None) -> bytes:
    """One HTTP/1.1 request, ready to send."""
    content = b"" if body is None else json.dumps(body).encode()
    head = (
        f"{method} {path} HTTP/1.1\r\nHost: {urlsplit(url).netloc}\r\nAuthorization: Bearer {token}\r\n"
        f"Content-Type: application/json\r\nContent-Length: {len(content)}\r\n\r\n"
    )
    return head.encode() + content


async def drive(
    url: str, requests: Iterable[bytes], *, connections: int, seconds: float = 1e9, per_second: float = 0
) -> Figures:
    """Send `requests` over `connections`, at most `seconds` long; `per_second` paces them, 0 means flat out."""
    where = urlsplit(url)
    figures = Figures()
    source = iter(requests)
    pace = connections / per_second if per_second else 0
    loop = asyncio.get_running_loop()
    cpu, started = time.process_time(), time.perf_counter()

    def caller(number: int) -> Callable[[], _Caller]:
        return lambda: _Caller(source, figures, started + seconds, pace, pace * number / connections)

    host, port = where.hostname or "", where.port or 80
    callers = [(await loop.create_connection(caller(n), host, port))[1] for n in range(connections)]
    await asyncio.gather(*[one.ended for one in callers])
    figures.seconds = time.perf_counter() - started
    figures.cpu = time.process_time() - cpu
    return figures


def _in_process(args: tuple[Any, ...]) -> Figures:
    import uvloop

    url, requests, options = args
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        return runner.run(drive(url, requests, **options))


def drive_apart(url: str, requests: list[bytes], *, processes: int = 1, **options: Any) -> Figures:
    """`drive` in processes of its own, so that the generator does not share the server's interpreter."""
    shares = [list(itertools.islice(requests, n, None, processes)) for n in range(processes)]
    with multiprocessing.get_context("spawn").Pool(processes) as pool:
        parts = pool.map(_in_process, [(url, share, options) for share in shares])
    whole = Figures()
    for part in parts:
        whole.latencies += part.latencies
        for key, count in part.outcomes.items():
            whole.outcomes[key] = whole.outcomes.get(key, 0) + count
        for status, count in part.statuses.items():
            whole.statuses[status] = whole.statuses.get(status, 0) + count
        whole.seconds = max(whole.seconds, part.seconds)
        whole.cpu += part.cpu
    return whole
