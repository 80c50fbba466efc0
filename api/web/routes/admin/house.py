"""The house itself: the first page of each desk, settings, business parameters."""

import re
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Annotated, Any

from litestar import Request, Response, get
from litestar.params import PathParameter

from api.auth.edge import edge_of
from api.auth.stamps import Stamped
from api.settings import Settings
from api.web.pages import viewer_of
from api.web.routes import asked
from api.web.routes.admin.people import tree
from api.web.routes.admin.sections import desk
from api.web.setting_words import MEANINGS
from catalog.kernel import history, parameters
from catalog.kernel.access import Permission, scope_of
from catalog.kernel.errors import Invalid
from catalog.kernel.parameters import Kind, Parameter, Setting, Value
from catalog.kernel.stamp import Stamp
from catalog.regions.model import Region
from warehouse.sites.queries import count_sites_under

SECRET = re.compile(r"_url$|password$|passphrase$|token$|secret")
"""Settings whose value is never shown: addresses may hold a login, the others are secrets."""
_YUAN = re.compile(r"([0-9]{1,13})(?:\.([0-9]{1,2}))?")


@get("/admin", include_in_schema=False)
async def admin_page(request: Request[Any, Any, Any], stamp: Stamped) -> Response[str]:
    """The sections that one may open."""
    stamp.require(Permission.PERSON_READ)
    return desk(request, "admin.html")


@dataclass(frozen=True, slots=True)
class Shown:
    """One setting of the program as the page shows it; a secret only says whether it is set."""

    name: str
    about: str
    default: str
    value: str
    changed: bool


def settings_shown(settings: Settings) -> Sequence[Shown]:
    """Every `BEIYU_` setting with default and present value."""
    found = []
    for name, field in Settings.model_fields.items():
        value, default = getattr(settings, name), field.get_default()
        secret = isinstance(value, str) and name != "public_url" and bool(SECRET.search(name))
        shown = "•••" if secret and value else _text(value)
        found.append(
            Shown(
                f"BEIYU_{name.upper()}",
                MEANINGS.get(name, field.description or ""),
                "" if secret else _text(default),
                shown,
                value != default,
            )
        )
    return found


def _text(value: Any) -> str:
    return "" if value is None else str(value)


@get("/admin/settings", include_in_schema=False)
async def settings_page(request: Request[Any, Any, Any], stamp: Stamped) -> Response[str]:
    """How this server was started; read only."""
    stamp.require(Permission.SETTING_EDIT)
    return desk(request, "admin_settings.html", settings=settings_shown(edge_of(request).settings))


# --- parameters ---------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class InForce:
    """One parameter as it holds at a region: its value, and the region that says so (None: the default)."""

    parameter: Parameter
    value: Value
    said_by: Region | None
    elsewhere: int
    """How many regions have a value of their own."""


def _mine(stamp: Stamp) -> list[Parameter]:
    """The parameters that the caller may change somewhere."""
    return [one for one in parameters.declared() if not scope_of(stamp.grants, one.permission).empty]


@get("/admin/parameters", include_in_schema=False)
async def parameters_page(request: Request[Any, Any, Any], stamp: Stamped) -> Response[str]:
    """Every parameter that one may change, and what holds at a region."""
    places = await tree()
    by_path = {one.path: one for one in places}
    at = next((one for one in places if one.key == asked.text(request, "region")), places[0] if places else None)
    found = []
    settings = [s for s in await parameters.list_settings() if s.value is not None]
    for one in _mine(stamp):
        said = [s for s in settings if s.key == one.key]
        here = [s for s in said if at is not None and at.path.startswith(s.path)]
        value = await parameters.value_of(one.key, at.path if at else "/")
        found.append(InForce(one, value, by_path.get(here[-1].path) if here else None, len(said)))
    return desk(request, "admin_parameters.html", found=found, regions=places, at=at)


@dataclass(frozen=True, slots=True)
class Preview:
    """What a change would do: from which value, in how many regions and stores; which regions keep their own."""

    region: Region
    before: Value
    after: Value
    regions: int
    sites: int
    keep: Sequence[Region]
    version: int
    clear: bool


@get("/admin/parameters/{key:str}", include_in_schema=False)
async def parameter_page(
    request: Request[Any, Any, Any], stamp: Stamped, key: Annotated[str, PathParameter(max_length=80)]
) -> Response[str]:
    """One parameter: where it is set, and what a change would do before it is made."""
    one = parameters.parameter(key)
    scope = stamp.require(one.permission)
    places = await tree()
    by_path = {place.path: place for place in places}
    settings = [s for s in await parameters.list_settings(key) if s.path in by_path]
    at = next((place for place in places if place.key == asked.text(request, "region")), None)
    preview = await _preview(request, one, places, settings, at) if at is not None and scope.covers(at.path) else None
    changes = [
        (by_path[s.path], change)
        for s in settings
        for change in await history.list_changes(table="parameter_value", key=f"{key} {s.path}", limit=10)
    ]
    return desk(
        request,
        "admin_parameter.html",
        one=one,
        choices=await parameters.choices_of(one),
        regions=[place for place in places if scope.covers(place.path)],
        settings=[(by_path[s.path], s) for s in settings if s.value is not None],
        at=at,
        preview=preview,
        wrong=request.query_params.get("value") is not None and at is not None and preview is None,
        changes=sorted(changes, key=lambda pair: pair[1].at, reverse=True)[:20],
        today=viewer_of(request).today,
    )


async def _preview(
    request: Request[Any, Any, Any],
    one: Parameter,
    places: Sequence[Region],
    settings: Sequence[Setting],
    at: Region,
) -> Preview | None:
    """What the address asks to try; None where the value is impossible."""
    clear = request.query_params.get("clear") == "yes"
    choices = await parameters.choices_of(one)
    after = await _above(one, settings, at) if clear else _read(one, request.query_params.get("value", ""), choices)
    if after is None:
        return None
    own = {s.path for s in settings if s.value is not None and s.path.startswith(at.path) and s.path != at.path}
    below = [place for place in places if place.path.startswith(at.path)]
    touched = [place for place in below if not any(place.path.startswith(path) for path in own)]
    kept = [place for place in below if place.path in own]
    sites = await count_sites_under(at.path) - sum(
        [await count_sites_under(path) for path in own if not any(path != p and path.startswith(p) for p in own)]
    )
    version = next((s.version for s in settings if s.path == at.path), 0)
    before = await parameters.value_of(one.key, at.path)
    return Preview(at, before, after, len(touched), sites, kept, version, clear)


async def _above(one: Parameter, settings: Sequence[Setting], at: Region) -> Value:
    """What holds at `at` once its own value is taken back."""
    above = [s for s in settings if s.value is not None and at.path.startswith(s.path) and s.path != at.path]
    return above[-1].value if above and above[-1].value is not None else one.default


def _read(one: Parameter, text: str, choices: Sequence[str] = ()) -> Value | None:
    """The value that a form's text means; None where it is none or out of bounds."""
    kind = Kind(one.kind)
    value: Value = text
    if one.unit == "fen":
        fen = _fen(text)
        if fen is None:
            return None
        value = fen
    elif kind is Kind.WHOLE:
        digits = text.strip().removeprefix("-")
        if not (digits.isascii() and digits.isdigit() and len(digits) < 16):
            return None
        value = int(text)
    elif kind is Kind.SWITCH:
        value = text == "yes"
    try:
        parameters.check(one, value, choices)
    except Invalid:
        return None
    return value


def _fen(text: str) -> int | None:
    """Fen of an amount as people write it in yuan: 5000, ¥5,000.00, 5000元. None for anything else."""
    plain = unicodedata.normalize("NFKC", text).strip().removeprefix("¥").removesuffix("元").replace(",", "").strip()
    found = _YUAN.fullmatch(plain)
    return int(found[1]) * 100 + int((found[2] or "").ljust(2, "0")) if found else None


HANDLERS: list[Any] = [admin_page, settings_page, parameters_page, parameter_page]
