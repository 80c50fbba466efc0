"""Every error of the edge, mapped once: a `Problem`, a refusal of the framework, a missing database, a bug.

Programs get `application/problem+json`; a browser that asked for a page outside /api gets the same problem as a page,
once the web has said how (`Edge.page_of_problem`).
"""

from collections.abc import Iterable, Mapping
from typing import Any

import asyncpg
import structlog
from litestar import Request, Response
from litestar.exceptions import (
    HTTPException,
    NotFoundException,
    SerializationException,
    TooManyRequestsException,
    ValidationException,
)
from litestar.openapi.datastructures import ResponseSpec

from api import field_words
from api.auth.edge import Edge, visit_of
from api.schemas.problem import ProblemBody
from catalog.kernel import db
from catalog.kernel.errors import Problem

PROBLEM_JSON = "application/problem+json"
TITLES: Mapping[int, str] = {
    400: "Bad request",
    401: "Not logged in",
    403: "Not allowed",
    404: "Not found",
    405: "Method not allowed",
    409: "Refused",
    413: "Too large",
    415: "Unsupported media type",
    422: "Not valid",
    429: "Too many",
    500: "Internal error",
    503: "Not available now",
}
SAFE_STATUSES = (400, 401, 403, 404, 422, 429, 500, 503)
"""What any GET may answer besides its success."""
UNSAFE_STATUSES = (*SAFE_STATUSES, 409, 413, 415)
"""What any other method may answer besides its success."""

log = structlog.get_logger("api")


class Unprocessable(Problem):
    """The request has the right form and cannot be valid; `fields` among the facts say where."""

    status = 422


class Unavailable(Problem):
    """Not now: the same request may be sent again."""

    status = 503


def documented(*statuses: int) -> dict[int, ResponseSpec]:
    """`responses=` of a handler with statuses beyond the default set, which needs no word (see `api.openapi`)."""
    return {
        status: ResponseSpec(
            data_container=ProblemBody,
            description=TITLES[status],
            generate_examples=False,
            media_type=PROBLEM_JSON,
        )
        for status in statuses
    }


# --- exceptions to problems ---------------------------------------------------------------------------


def on_problem(request: Request[Any, Any, Any], problem: Problem) -> Response[Any]:
    """Decided on purpose."""
    headers = {}
    if "retry_after" in problem.facts:
        headers["retry-after"] = str(problem.facts["retry_after"])
    elif problem.status == 503:
        headers["retry-after"] = "2"
    if problem.status == 401:
        headers["www-authenticate"] = "Bearer"
    return _answer(request, problem.status, problem.code, problem.detail, problem.facts, headers)


def on_framework(request: Request[Any, Any, Any], error: HTTPException) -> Response[Any]:
    """Refused by Litestar before or around a handler."""
    if isinstance(error, ValidationException):
        chinese = field_words.wants_chinese(request.headers, request.cookies)
        fields = list(_fields(error, chinese=chinese))
        return _answer(request, 422, "request.invalid", "提交的内容不符合要求", {"fields": fields})
    if isinstance(error, NotFoundException):
        return _answer(request, 404, "request.no-such-page", "没有这个地址", {})
    status = error.status_code
    code, detail = {
        400: ("request.unreadable", "无法读懂请求内容"),
        401: ("session.required", "请先登录"),
        403: ("access.denied", "您没有此项权限"),
        405: ("request.method-not-allowed", "此地址不支持这种操作"),
        413: ("request.too-large", "提交的内容过大"),
        415: ("request.media-type", "不支持此内容类型"),
        429: ("request.too-many", "请求过于频繁"),
        503: ("server.unavailable", "服务暂时不可用"),
    }.get(status, ("request.unreadable", "无法读懂请求内容") if status < 500 else ("server.error", "服务器内部错误"))
    if status not in TITLES:
        status = 400 if status < 500 else 500
    headers = {k.lower(): v for k, v in (error.headers or {}).items() if k.lower() in ("allow", "retry-after")}
    if isinstance(error, TooManyRequestsException):
        headers.setdefault("retry-after", "1")
    return _answer(request, status, code, detail, {}, headers)


def on_unreadable(request: Request[Any, Any, Any], _: SerializationException | RecursionError) -> Response[Any]:
    """The body is not what its media type says, or nested deeper than anything that we take."""
    return _answer(request, 400, "request.unreadable", "无法读懂请求内容", {})


def on_data(request: Request[Any, Any, Any], error: asyncpg.DataError) -> Response[Any]:
    """A value the database cannot hold: out of range, a NUL in a text."""
    log.info("request.bad-value", path=request.scope["path"], error=str(error))
    return _answer(request, 422, "request.bad-value", "提交的内容超出范围或含有不允许的字符", {"fields": []})


def on_database_away(request: Request[Any, Any, Any], error: Exception) -> Response[Any]:
    """Nothing is half-written; the same attempt may be sent again."""
    log.warning("database.away", path=request.scope["path"], error=str(error) or type(error).__name__)
    return _answer(request, 503, "database.away", "数据库暂时不可用，请稍候重试", {}, {"retry-after": "2"})


def on_conflict(request: Request[Any, Any, Any], error: Exception) -> Response[Any]:
    """Two transactions in each other's way; this one was undone."""
    log.warning("database.busy", path=request.scope["path"], error=str(error))
    return _answer(request, 503, "database.busy", "系统繁忙，请重试", {}, {"retry-after": "1"})


def on_bug(request: Request[Any, Any, Any], error: Exception) -> Response[Any]:
    """Nobody expected this: say nothing of it outside, everything in the log."""
    visit = visit_of(request.scope)
    log.error(
        "server.error",
        request_id=visit.request_id if visit else "",
        method=request.method,
        path=request.scope["path"],
        exc_info=error,
    )
    return _answer(request, 500, "server.error", "服务器内部错误，请记下编号并联系管理员", {})


def handlers() -> dict[Any, Any]:
    """`Litestar(exception_handlers=...)`."""
    found: dict[Any, Any] = dict.fromkeys(db.CONNECTION_ERRORS, on_database_away)
    return found | {
        Problem: on_problem,
        HTTPException: on_framework,
        SerializationException: on_unreadable,
        RecursionError: on_unreadable,
        asyncpg.DataError: on_data,
        asyncpg.DeadlockDetectedError: on_conflict,
        asyncpg.SerializationError: on_conflict,
        asyncpg.UniqueViolationError: on_conflict,
        asyncpg.QueryCanceledError: on_conflict,
        Exception: on_bug,
    }


def wants_page(request: Request[Any, Any, Any]) -> bool:
    """Whether a browser asked for a page, not a program for data."""
    path = request.scope["path"]
    if path.startswith(("/api/", "/health/", "/metrics", "/schema")):
        return False
    return "text/html" in request.headers.get("accept", "")


def _answer(
    request: Request[Any, Any, Any],
    status: int,
    code: str,
    detail: str,
    facts: Mapping[str, Any],
    headers: dict[str, str] | None = None,
) -> Response[Any]:
    visit = visit_of(request.scope)
    body = ProblemBody(
        title=TITLES.get(status, "Refused"),
        status=status,
        code=code,
        detail=detail,
        facts={key: value for key, value in facts.items() if key != "retry_after"},
        instance=request.scope["path"][:500],
        request_id=visit.request_id if visit else "",
    )
    edge: Edge | None = getattr(request.app.state, "edge", None)
    if edge is not None and edge.page_of_problem is not None and wants_page(request):
        page = edge.page_of_problem(request, body)
        page.headers.update(headers or {})
        return page
    return Response(body, status_code=status, media_type=PROBLEM_JSON, headers=headers or {})


def _fields(error: ValidationException, *, chinese: bool) -> Iterable[dict[str, str]]:
    extra = error.extra if isinstance(error.extra, list) else []
    for found in extra:
        if isinstance(found, dict):
            message = str(found.get("message", ""))
            yield {
                "field": str(found.get("key", "")),
                "message": field_words.in_chinese(message) if chinese else message,
                "where": str(getattr(found.get("source"), "value", found.get("source", ""))),
            }
