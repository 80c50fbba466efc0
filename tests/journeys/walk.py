"""Every page that the program has, and an address of each: found by walking from link to link as its users do."""

import base64
import re
from dataclasses import dataclass
from functools import cache
from html import unescape
from typing import Any
from urllib.parse import urlencode, urlsplit
from uuid import uuid4

from playwright.async_api import APIRequestContext

from api.web.routes import HANDLERS

USERS = ("cz.keeper", "cz.statistician", "cz.planner", "cz.approver", "cz.purchaser", "cz.dispatcher", "cz.system",
         "cz.security", "cz.audit")  # fmt: skip
"""Of the demo city, one for each role; whoever finds a page first shows it."""

MOST_OF_A_KIND = 3
"""Addresses of one route that are opened while walking: a list leads to many cards that are alike."""

ALSO = (
    ("/stock", "/stock?q=nosuchthing"),
    ("/stock", "/stock?by=owner"),
    ("/stock", "/stock?by=serial"),
    ("/items", "/items?q=nosuchthing"),
    ("/cases", "/cases?status=all"),
    ("/alerts/why", "/alerts/why?place=site:CZ01&item=ZP-0001"),
    ("/labels", "/labels?kind=bin"),
    ("/loans", "/loans?show=all"),
    ("/papers/new", "/papers/new?kind=ledger_sheet"),
    ("/lots/{number:str}", "/lots/NOSUCHLOT"),
)
"""A second look at some routes: lists where nothing is found, other forms, a page of a refusal."""

NOT_WALKED = re.compile(r"^/(login|static|api|schema|health|metrics)\b")
MOST_CHOICES = 12
FILTERS = re.compile(r"""<form\b[^>]*\bid="filters".*?</form>""", re.DOTALL)
SELECT = re.compile(r"""<select\b[^>]*?\bname="(\w+)"[^>]*>(.*?)</select>""", re.DOTALL)
VALUE = re.compile(r"""<option\b[^>]*?\bvalue="([^"]*)\"""")
LINK = re.compile(r"""<a\b[^>]*?\bhref="(/[^"#]*)[^>]*>""")


@dataclass(frozen=True)
class Sight:
    """One address to look at, with the route it belongs to and who looks."""

    route: str
    login: str
    address: str

    @property
    def name(self) -> str:
        """For pictures."""
        plain = re.sub(r"\W+", "-", re.sub(r"\{(\w+)[^}]*\}", r"\1", self.route)).strip("-") or "home"
        more = re.sub(r"\W+", "-", self.address.partition("?")[2] or ("nosuch" if "NOSUCH" in self.address else ""))
        return f"{plain}-{more}".strip("-")[:70]


@cache
def routes() -> dict[str, re.Pattern[str]]:
    """Every GET of the pages, and how its addresses look."""
    found = {}
    for handler in HANDLERS:
        for path in handler.paths:
            shape = re.sub(r"\\?\{(\w+):path\\?\}", ".+", path)
            shape = re.sub(r"\{[^}]*\}", "[^/]+", shape)
            found[path] = re.compile(f"^{shape}$")
    return found


def route_of(path: str) -> str | None:
    """The route that answers a path: the one with the fewest gaps."""
    fitting = [route for route, shape in routes().items() if shape.match(path)]
    return min(fitting, key=lambda route: route.count("{"), default=None)


def choices(address: str, page: str) -> list[str]:
    """Addresses of a list with one choice of one of its filters each (of long ones some), and each of its orders."""
    path = urlsplit(address).path
    found = []
    for form in FILTERS.findall(page):
        for name, options in SELECT.findall(form):
            values = [unescape(value) for value in VALUE.findall(options) if value]
            found += [f"{path}?{urlencode({name: value})}" for value in values[:MOST_CHOICES]]
    found += [unescape(link[1]) for link in LINK.finditer(page) if re.search(r"[?;&]sort=", link[1])]
    return list(dict.fromkeys(one for one in found if one.startswith(path)))


async def begin_work(keeper: APIRequestContext, statistician: APIRequestContext, url: str) -> None:
    """A count that a keeper has begun and a file that waits for answers: the demo city has none of its own."""
    rows = (
        "物资名称,单位,数量,有效期,存放地点",
        "单帐篷,顶,200余,长期,CZ01",
        "棉被,床,12，000,2029.5,CZ01",
        "没有的物资,个,3,,CZ01",
    )
    table = "\n".join(rows)
    await _send(keeper, url, "imports", {
        "kind": "stock", "name": "镇里的台账.csv", "content": base64.b64encode(table.encode()).decode(), "site": "CZ01"
    })  # fmt: skip
    await _send(
        keeper, url, "picks", {"site": "CZ01", "name": "演练领用", "wanted": [{"item": "BF-0001", "quantity": 3}]}
    )
    shown = await (await statistician.get(f"{url}/counts/new?site=CZ01")).text()
    bins = re.findall(r'name="bins(?:\[\])?" value="([^"]+)"', shown)[:3]
    await _send(statistician, url, "counts", {"site": "CZ01", "bins": bins or ["CZ01/A-01-01"], "begin": True})


async def _send(request: APIRequestContext, url: str, what: str, body: dict[str, Any]) -> None:
    token = re.search(r'name="csrf-token" content="([^"]+)"', await (await request.get(url)).text())
    headers = {"X-CSRF-Token": token[1] if token else "", "Idempotency-Key": str(uuid4())}
    answer = await request.post(f"{url}/api/v1/{what}", data=body, headers=headers)
    assert answer.ok, f"{what}: {await answer.text()}"


async def walk(request: APIRequestContext, url: str) -> tuple[dict[str, list[str]], set[str], list[str]]:
    """From the first page over every link, as whoever is logged in: addresses of pages by route, the routes that
    answer with a file or with data, and the links that lead nowhere."""
    pages: dict[str, list[str]] = {}
    files: set[str] = set()
    dead: list[str] = []
    waiting, known = ["/"], {"/"}
    while waiting:
        address = waiting.pop(0)
        route = route_of(urlsplit(address).path)
        if route is None:
            if not NOT_WALKED.match(address):
                dead.append(address)
            continue
        if len(pages.get(route, ())) >= MOST_OF_A_KIND or route in files:
            continue
        answer = await request.get(url + address, max_redirects=0)
        if answer.status in (301, 302, 303, 307):
            target = urlsplit(answer.headers["location"])._replace(scheme="", netloc="").geturl()
            waiting += [target] if target not in known else []
            known.add(target)
            files.add(route)  # a door, not a page
            continue
        if not answer.ok:
            dead.append(f"{address} ({answer.status})")
            continue
        if "text/html" not in answer.headers.get("content-type", ""):
            files.add(route)
            continue
        pages.setdefault(route, []).append(address)
        for link in LINK.finditer(await answer.text()):
            target = unescape(link[1])
            if target not in known and " download" not in link[0]:
                known.add(target)
                waiting.append(target)
            elif " download" in link[0] and (found := route_of(urlsplit(target).path)):
                files.add(found)
    return pages, files, dead
