"""/health and /metrics: for whoever watches the server. No one is asked who they are, and nothing is told but this."""

import hmac
from typing import Any

from litestar import Request, Response, get
from prometheus_client import CONTENT_TYPE_LATEST, generate_latest

from api import database
from api.auth.edge import PUBLIC, edge_of
from catalog.kernel import db
from catalog.kernel.errors import Missing, Problem
from warehouse.people.rules import Unauthenticated


class NotReady(Problem):
    """The server runs, and cannot serve."""

    status = 503


@get("/health/live", opt={PUBLIC: True}, tags=["health"], sync_to_thread=False)
def live() -> dict[str, str]:
    """The process answers."""
    return {"status": "live"}


@get("/health/ready", opt={PUBLIC: True}, tags=["health"])
async def ready() -> dict[str, str]:
    """The database answers and its schema is the one this program knows. Raises NotReady."""
    try:
        rows = await db.fetch("SELECT app_name, name FROM migration")
    except (*db.CONNECTION_ERRORS, RuntimeError) as error:
        raise NotReady("database.away", "数据库暂时不可用，请稍候重试") from error
    if {(row[0], row[1]) for row in rows} != database.migrations_of_code():
        raise NotReady("database.other-schema", "数据库结构与程序版本不一致，请先运行 beiyu migrate")
    return {"status": "ready"}


@get("/metrics", opt={PUBLIC: True}, include_in_schema=False, sync_to_thread=False)
def metrics(request: Request[Any, Any, Any]) -> Response[bytes]:
    """Prometheus text, for the bearer of BEIYU_METRICS_TOKEN; without that setting there is no such page."""
    token = edge_of(request).settings.metrics_token
    if not token:
        raise Missing("request.no-such-page", "没有这个地址")
    given = request.headers.get("authorization", "").removeprefix("Bearer ")
    if not hmac.compare_digest(given.encode(), token.encode()):
        raise Unauthenticated("metrics.bad-token", "令牌不正确")
    return Response(generate_latest(), media_type=CONTENT_TYPE_LATEST)


HANDLERS = [live, ready, metrics]
