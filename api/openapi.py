"""The API's own description: Litestar's, completed with what holds for every operation, and a page to read it.

The default refusals, the `Idempotency-Key` and the ways to prove who one is are said once here and not at every
handler. The page is plain HTML made on the server: it loads nothing from anywhere.
"""

import json
from collections.abc import Iterator
from html import escape
from typing import Any

from litestar import Request
from litestar.enums import MediaType
from litestar.openapi.plugins import JsonRenderPlugin, OpenAPIRenderPlugin

from api.auth.edge import COOKIE, FILES, NO_ATTEMPT, PUBLIC
from api.codes import listed
from api.errors import PROBLEM_JSON, SAFE_STATUSES, TITLES, UNSAFE_STATUSES
from api.schemas.problem import ProblemBody
from api.shapes import make_exact

SAFE = ("get", "head", "options")
_ATTEMPT = {
    "name": "Idempotency-Key",
    "in": "header",
    "required": True,
    "description": "A UUID of your own for this attempt. Sent again with the same content it answers the first "
    "receipt; with other content it is refused.",
    "schema": {"type": "string", "format": "uuid"},
}


class CompletedJson(JsonRenderPlugin):
    """/schema/openapi.json"""

    def render(self, request: Request[Any, Any, Any], openapi_schema: dict[str, Any]) -> bytes:
        """The completed description as JSON."""
        return self.render_json(request, completed(request, openapi_schema))


class ReadingPage(OpenAPIRenderPlugin):
    """/schema: the same for people."""

    def __init__(self) -> None:
        super().__init__(path=["/", "/read"], media_type=MediaType.HTML)

    def render(self, request: Request[Any, Any, Any], openapi_schema: dict[str, Any]) -> bytes:
        """The completed description as a page."""
        return page(completed(request, openapi_schema)).encode()


def completed(request: Request[Any, Any, Any], schema: dict[str, Any]) -> dict[str, Any]:
    """Add what holds for every operation. Done once; safe to do again."""
    if "x-completed" in schema:
        return schema
    opts = _opts_by_place(request)
    components = schema.setdefault("components", {})
    make_exact(components.setdefault("schemas", {}))
    components["schemas"]["Problem"] = ProblemBody.model_json_schema()
    components["securitySchemes"] = {
        "session": {"type": "apiKey", "in": "cookie", "name": COOKIE, "description": "POST /api/v1/sessions; unsafe "
                    "methods also need the header X-CSRF-Token (GET /api/v1/me tells it)."},
        "token": {"type": "http", "scheme": "bearer", "description": "A device or API token."},
    }  # fmt: skip
    for path, method, operation in _operations(schema):
        opt = opts.get((path, method), {})
        statuses = SAFE_STATUSES if method in SAFE else UNSAFE_STATUSES
        responses = operation.setdefault("responses", {})
        for status in statuses:
            responses[str(status)] = _problem_response(status)
        for media in opt.get(FILES, ()):
            responses["200"].setdefault("content", {})[media] = {"schema": {"type": "string", "format": "binary"}}
        if not opt.get(PUBLIC):
            operation["security"] = [{"session": []}, {"token": []}]
        if method not in SAFE and path.startswith("/api/") and not opt.get(PUBLIC) and not opt.get(NO_ATTEMPT):
            operation.setdefault("parameters", []).append(_ATTEMPT)
    schema["x-completed"] = True
    return schema


def _problem_response(status: int) -> dict[str, Any]:
    return {
        "description": TITLES[status],
        "content": {PROBLEM_JSON: {"schema": {"$ref": "#/components/schemas/Problem"}}},
    }


def _operations(schema: dict[str, Any]) -> Iterator[tuple[str, str, dict[str, Any]]]:
    for path, item in schema.get("paths", {}).items():
        for method, operation in item.items():
            if isinstance(operation, dict) and "responses" in operation:
                yield path, method, operation


def _opts_by_place(request: Request[Any, Any, Any]) -> dict[tuple[str, str], dict[str, Any]]:
    found: dict[tuple[str, str], dict[str, Any]] = {}
    for route in request.app.routes:
        for handler in getattr(route, "route_handlers", []):
            for method in getattr(handler, "http_methods", ()):
                found[route.path_format, str(method).lower()] = dict(handler.opt)
    return found


# --- for people ---------------------------------------------------------------------------------------

STYLE = """
body { font: 15px/1.5 system-ui, sans-serif; max-width: 70rem; margin: 1.5rem auto; padding: 0 1rem; color: #1d2733 }
summary { cursor: pointer; padding: .35rem 0 }
details { border-top: 1px solid #d8dee6 }
code, pre { font: 13px/1.45 ui-monospace, monospace }
pre { background: #f4f6f9; padding: .6rem; overflow: auto }
.method { display: inline-block; min-width: 4.5rem; font-weight: 600 }
.get { color: #0a6b3d } .post { color: #0b5394 } .patch, .put { color: #8a5a00 } .delete { color: #a61c1c }
table { border-collapse: collapse }
td { padding: .15rem .8rem .15rem 0; vertical-align: top }
@media (prefers-color-scheme: dark) { body { background: #10151c; color: #d9e1ea } pre { background: #1a222c } }
"""


def page(schema: dict[str, Any]) -> str:
    """All operations by tag, then all shapes."""
    info = schema["info"]
    groups: dict[str, list[str]] = {}
    for path, method, operation in _operations(schema):
        tag = (operation.get("tags") or ["other"])[0]
        groups.setdefault(tag, []).append(_operation(path, method, operation))
    parts = [f"<h2>{escape(tag)}</h2>{''.join(found)}" for tag, found in sorted(groups.items())]
    shapes = [
        f'<details id="{escape(name)}"><summary><code>{escape(name)}</code></summary>{_json(shape)}</details>'
        for name, shape in sorted(schema["components"]["schemas"].items())
    ]
    return _document(
        info["title"],
        f"<h1>{escape(info['title'])} {escape(info['version'])}</h1><p>{escape(info.get('description') or '')}</p>"
        f'<p><a href="/schema/openapi.json">openapi.json</a> · <a href="/schema/error-codes">error codes</a></p>'
        f"{''.join(parts)}<h2>Shapes</h2>{''.join(shapes)}",
    )


def page_of_codes() -> str:
    """Every error code with its status and sentence."""
    rows = "".join(
        f"<tr><td><code>{escape(found.code)}</code></td><td>{', '.join(map(str, found.statuses))}</td>"
        f"<td>{escape(found.detail)}</td></tr>"
        for found in listed()
    )
    return _document("Error codes", f"<h1>Error codes</h1><table>{rows}</table>")


def _document(title: str, body: str) -> str:
    return (
        '<!doctype html><html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width">'
        f'<title>{escape(title)}</title><link rel="stylesheet" href="/schema/read.css"></head>'
        f"<body>{body}</body></html>"
    )


def _operation(path: str, method: str, operation: dict[str, Any]) -> str:
    rows = "".join(
        f"<tr><td><code>{escape(p['name'])}</code>{' *' if p.get('required') else ''}</td><td>{escape(p['in'])}</td>"
        f"<td>{escape(_kind(p.get('schema', {})))}</td><td>{escape(p.get('description') or '')}</td></tr>"
        for p in operation.get("parameters", [])
    )
    body = "".join(
        f"<p>Body <code>{escape(kind)}</code>: {_link(content.get('schema', {}))}</p>"
        for kind, content in operation.get("requestBody", {}).get("content", {}).items()
    )
    answers = "".join(
        f"<tr><td>{escape(status)}</td><td>{escape(answer.get('description') or '')}</td><td>"
        + " ".join(_link(content.get("schema", {})) for content in answer.get("content", {}).values())
        + "</td></tr>"
        for status, answer in sorted(operation["responses"].items())
    )
    return (
        f'<details><summary><span class="method {method}">{method.upper()}</span> <code>{escape(path)}</code> '
        f"{escape(operation.get('summary') or '')}</summary><p>{escape(operation.get('description') or '')}</p>"
        f"<table>{rows}</table>{body}<table>{answers}</table></details>"
    )


def _link(schema: dict[str, Any]) -> str:
    if "$ref" in schema:
        name = schema["$ref"].rsplit("/", 1)[-1]
        return f'<a href="#{escape(name)}"><code>{escape(name)}</code></a>'
    return f"<code>{escape(_kind(schema))}</code>"


def _kind(schema: dict[str, Any]) -> str:
    kind = schema.get("format") or schema.get("type") or ", ".join(_kind(s) for s in schema.get("oneOf", []))
    return " | ".join(map(str, kind)) if isinstance(kind, list) else str(kind or "any")


def _json(value: Any) -> str:
    return f"<pre>{escape(json.dumps(value, ensure_ascii=False, indent=2))}</pre>"
