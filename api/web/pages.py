"""From a route's values to a page: who looks, in which language, with which words and figures.

A route calls `page(request, "stock.html", ...)`; templates get the values, `_` and the filters below, and `viewer`.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from functools import cache
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

from jinja2 import Environment, FileSystemLoader, StrictUndefined, pass_context
from jinja2.runtime import Context
from litestar import Request, Response
from markupsafe import Markup

from api.auth.edge import edge_of, visit_of
from api.web import assets, english, glossary, languages, words
from api.web.languages import Language
from catalog.kernel import quantity as quantities
from catalog.kernel.access import Permission, Role
from catalog.kernel.time import SHANGHAI, day_of
from warehouse.people.model import Caller

Request_ = Request[Any, Any, Any]
TEMPLATES = Path(__file__).parent / "templates"


@dataclass(frozen=True, slots=True)
class Viewer:
    """Who looks at a page, and how. `today` is the Shanghai day."""

    caller: Caller | None
    language: Language
    csrf: str
    today: date
    theme: str
    at: datetime
    """When the page was made, for its printed head."""

    def may(self, permission: str) -> bool:
        """Whether a grant gives this permission anywhere: what the page offers. The actions judge again."""
        return self.caller is not None and any(
            Permission(permission) in grant.permissions for grant in self.caller.grants
        )

    @property
    def on_wall(self) -> bool:
        """Whether this is a screen on a wall: it shows the board, and there is nowhere to go from there."""
        return self.caller is not None and self.caller.is_screen

    @property
    def roles(self) -> frozenset[Role]:
        """The roles the viewer holds anywhere."""
        return frozenset(grant.role for grant in self.caller.grants) if self.caller else frozenset()

    @property
    def name(self) -> str:
        """The viewer's name in the page's language."""
        if self.caller is None:
            return ""
        return (self.language.code == "en" and self.caller.name_en) or self.caller.name_zh


def viewer_of(request: Request_) -> Viewer:
    """The viewer of a request: the language by cookie, else by person, else by setting."""
    visit = visit_of(request.scope)
    edge = edge_of(request)
    now = edge.clock()
    caller = visit.caller if visit else None
    chosen = request.cookies.get(languages.COOKIE, "")
    if chosen not in languages.LANGUAGES:
        chosen = caller.language if caller else edge.settings.language
    theme = request.cookies.get("beiyu_theme", "")
    return Viewer(
        caller,
        languages.language(chosen),
        (visit.csrf if visit else None) or "",
        day_of(now),
        theme if theme in ("light", "dark") else "",
        now,
    )


def page(request: Request_, template: str, *, status: int = 200, **values: Any) -> Response[str]:
    """A page of the desk. Lists ask for it again by htmx and take their own part of it."""
    viewer = viewer_of(request)
    values |= {"viewer": viewer, "path": request.url.path, "query": dict(request.query_params), "lang": viewer.language}
    values["names_by_login"] = request.app.state.names.by_login
    edge = edge_of(request)
    ends = viewer.caller.expires_at if viewer.caller else None
    values |= {"demo": edge.demo, "idle_seconds": int(edge.policy.idle.total_seconds())}
    values |= {"session_seconds": None if ends is None else int((ends - viewer.at).total_seconds())}
    text = environment(viewer.language.code).get_template(template).render(values)
    return Response(text, status_code=status, media_type="text/html")


@cache
def environment(code: str) -> Environment:
    """Jinja for one language."""
    lang = languages.language(code)
    made = Environment(
        loader=FileSystemLoader(TEMPLATES),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        extensions=["jinja2.ext.i18n"],
    )
    made.install_gettext_translations(lang.translations, newstyle=True)  # type: ignore[attr-defined]
    made.globals |= {
        "asset": assets.entry,
        "url_with": url_with,
        "word": lambda kind, value: words.word(lang, kind, value),
        "saying": lambda code, detail: words.saying(lang, code, detail),
        "script_words": lambda: as_markup(
            {"words": lang.script_words, "codes": words.codes(lang), "units": english.units(lang)}
        ),
        "navigation": words.navigation,
        "main_jobs": words.main_jobs,
        "is_current": words.is_current,
        "term": lambda key: glossary.TERMS[key],
        "chinese": lang.code == "zh",
    }
    made.globals["help"] = lambda key: made.get_template("parts.html").module.help(key)  # type: ignore[attr-defined]
    made.filters |= {
        "amount": amount,
        "money": money,
        "wan": wan,
        "day": day,
        "moment": moment,
        "named": lambda thing: named(lang, thing),
        "who": who,
        "goods": lambda name: english.goods(lang, name),
        "unit": lambda word: english.unit(lang, word),
        "area": lambda name: english.place(lang, name),
        "spot": lambda code: words.place_name(lang, code),
        "data": as_markup,
    }
    return made


def as_markup(value: object) -> Markup:
    """JSON for a data block of a page; `as_data` has escaped what could end the block."""
    return Markup(languages.as_data(value))  # noqa: S704


# --- figures and names --------------------------------------------------------------------------------


UNTOLD = "•••"
"""In the place of a figure that its reader may not have now."""


def amount(quantity: int | None, factor: int = 1) -> str:
    """Base units in display units, with thin groups of thousands: 12500 g is "12.5", 1200000 pieces "1,200,000". None
    is a figure that is not told (`warehouse.counts.model.Veil`)."""
    if quantity is None:
        return UNTOLD
    text = quantities.display(quantity, factor)
    whole, point, rest = text.partition(".")
    return f"{int(whole):,}{point}{rest}" if whole.lstrip("-").isdigit() else text


def money(fen: int | None) -> str:
    """Fen as yuan with two decimals."""
    if fen is None:
        return ""
    return f"{'−' if fen < 0 else ''}¥{abs(fen) // 100:,}.{abs(fen) % 100:02d}"


def wan(fen: int | None) -> str:
    """Fen as 万元 (10,000 yuan) with two decimals, rounded half up; the heading names the unit."""
    if fen is None:
        return ""
    hundredths = (abs(fen) + 5_000) // 10_000
    return f"{'−' if fen < 0 else ''}{hundredths // 100:,}.{hundredths % 100:02d}"


def day(value: date | None) -> str:
    """ISO day; nothing for none."""
    return value.isoformat() if value else ""


def moment(value: datetime | None) -> str:
    """Shanghai time to the minute."""
    return value.astimezone(SHANGHAI).strftime("%Y-%m-%d %H:%M") if value else ""


def named(lang: Language, thing: Any) -> str:
    """`name_en` on English pages where there is one, else `name_zh`; a mapping or an object."""
    read: Callable[[str], Any] = thing.get if isinstance(thing, Mapping) else lambda name: getattr(thing, name, None)
    return str((lang.code == "en" and read("name_en")) or read("name_zh") or "")


@pass_context
def who(context: Context, login: str | None) -> str:
    """The name that belongs to a login, in the page's language; the house by its word; else the login itself."""
    name = context["names_by_login"].get(login)
    if name:
        return named(context["lang"], name)
    return words.word(context["lang"], "house", login) if login in words.WORDS["house"] else login or ""


@pass_context
def url_with(context: Context, **changes: Any) -> str:
    """This page's address with some of its query changed; None takes a name out."""
    query = {**context["query"], **changes}
    kept = {name: value for name, value in query.items() if value not in (None, "")}
    return f"{context['path']}?{urlencode(kept)}" if kept else str(context["path"])
