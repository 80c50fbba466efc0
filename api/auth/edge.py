"""What the edge holds for the life of the process, and what it knows of one request."""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import timedelta
from ipaddress import IPv4Network, IPv6Network, ip_network
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from litestar import Request, Response
from litestar.types import Scope as AsgiScope

from api import secret_files
from api.clock import Clock
from api.schemas.problem import ProblemBody
from api.settings import Settings
from warehouse.people.model import Caller, Policy
from warehouse.people.second_factor import Vault

if TYPE_CHECKING:
    from api.auth.callers import Callers
    from api.auth.refusals import Refusals

COOKIE = "beiyu_session"
SCREEN_COOKIE = "beiyu_screen"
"""Holds the token of a screen on a wall, in the browser of that screen alone."""

# What a route says about itself in `opt`. Without a word it wants a caller, an attempt id for unsafe methods, and
# a password in force.
PUBLIC = "public"
"""Anybody may call it; a caller is known where there is one."""
WHILE_EXPIRED = "while_expired"
"""Works although the password must be changed first."""
BACKGROUND = "background"
"""Does not count as use of the session (event streams, polling)."""
SCREEN = "screen"
"""Open to a screen on a wall; nothing else is."""
NO_ATTEMPT = "no_attempt"
"""An unsafe method that needs no Idempotency-Key."""
VERB = "verb"
"""The word for it in the audit trail; without it the handler's name."""
FILES = "files"
"""Media types in which a success may also come, as a file; they are documented beside the handler's own."""

PageOfProblem = Callable[[Request[Any, Any, Any], ProblemBody], Response[Any]]


@dataclass
class Edge:
    """One per process, in `app.state.edge`."""

    settings: Settings
    policy: Policy
    clock: Clock
    callers: "Callers"
    refusals: "Refusals"
    request_key: bytes
    """Keys the hash of a request's content, so that a stored hash gives no password away."""
    audit_key: bytes
    vault: Vault
    """Encrypts the secrets of second factors."""
    proxies: tuple[IPv4Network | IPv6Network, ...] = ()
    own_origin: str | None = None
    demo: bool = False
    """Whether the city is made up; pages say so."""
    page_of_problem: PageOfProblem | None = None
    """Shows a problem as a page to a browser; set by the web."""


@dataclass(slots=True)
class Visit:
    """One request, as far as it is known. In `scope["state"]["visit"]`."""

    request_id: str
    address: str = ""
    secure: bool = False
    started: float = 0.0
    caller: Caller | None = None
    csrf: str | None = None
    login: str = ""
    """The login somebody tries, for the audit trail."""
    facts: dict[str, Any] = field(default_factory=dict)


def visit_of(scope: AsgiScope) -> Visit | None:
    """What is known of a request; None before the gate has seen it."""
    found = scope["state"].get("visit") if "state" in scope else None
    return found if isinstance(found, Visit) else None


def edge_of(request: Request[Any, Any, Any]) -> Edge:
    """The process's edge."""
    edge: Edge = request.app.state.edge
    return edge


def policy_of(settings: Settings) -> Policy:
    """The thresholds from the settings."""
    return Policy(
        min_length=settings.password_min_length,
        history=settings.password_history,
        max_age=timedelta(days=settings.password_max_age_days),
        lock_after=settings.lock_after_failures,
        lock_for=timedelta(minutes=settings.lock_minutes),
        address_lock_after=settings.lock_address_after_failures,
        idle=timedelta(minutes=settings.idle_minutes),
        session_age=timedelta(hours=settings.session_hours),
        token_age=timedelta(days=settings.token_max_days),
    )


def make_edge(settings: Settings, clock: Clock) -> Edge:
    """The edge of this process; the two keys are made on first use and kept among the secrets."""
    from api.auth.callers import Callers
    from api.auth.refusals import Refusals

    url = urlsplit(settings.public_url) if settings.public_url else None
    return Edge(
        settings=settings,
        policy=policy_of(settings),
        clock=clock,
        callers=Callers(),
        refusals=Refusals(clock),
        request_key=secret_files.read_or_create(settings.secrets_dir / "request.key", 32).encode(),
        audit_key=secret_files.read_or_create(settings.secrets_dir / "audit.key", 32).encode(),
        vault=Vault(secret_files.read_or_create(settings.secrets_dir / "second-factor.key", 32)),
        proxies=tuple(ip_network(p.strip(), strict=False) for p in settings.trusted_proxies.split(",") if p.strip()),
        own_origin=f"{url.scheme}://{url.netloc}" if url else None,
    )
