"""English names of goods, their units, regions, stores and parties, for pages that show what the books say in Chinese.

Books, facts of refusals and papers carry the Chinese name. The catalogue knows an English one for many; it is small, so
the process keeps it, and asks again every minute.
"""

import asyncio
import contextlib
from collections.abc import AsyncIterator, Mapping
from typing import Any

import structlog

from api.web.languages import Language
from catalog.items import queries
from catalog.kernel import db
from catalog.packs.queries import english_names as pack_names
from catalog.regions.queries import english_names as region_names
from warehouse.parties.queries import english_names as party_names
from warehouse.sites.queries import english_names as store_names

EVERY_SECONDS = 60
MOST_NAMES = 2000
MEASURES = {"份": "portion", "件": "piece", "套": "set", "个": "piece", "吨": "t"}
"""Units in which norms and commitments count a class, where no item of the catalogue has them."""
log = structlog.get_logger("english")
_goods: Mapping[str, str] = {}
_units: Mapping[str, str] = {}
_places: Mapping[str, str] = {}


def goods(lang: Language, name: str | None) -> str:
    """The name of goods in the page's language; the Chinese one where there is no other."""
    return _goods.get(name or "", name or "") if lang.code == "en" else name or ""


def unit(lang: Language, word: str | None) -> str:
    """The same for a unit."""
    return _units.get(word or "", word or "") if lang.code == "en" else word or ""


def place(lang: Language, name: str | None) -> str:
    """The same for a region, a store or a party, also where more follows behind a blank: a point in a region."""
    if lang.code != "en" or not name:
        return name or ""
    first, blank, rest = name.partition(" ")
    return _places.get(name) or _places.get(first, first) + blank + rest


def units(lang: Language) -> Mapping[str, str]:
    """All units, for scripts of a page in this language."""
    return _units if lang.code == "en" else {}


def names(lang: Language) -> Mapping[str, str]:
    """All names of goods, for a page whose scripts show what the books say. None where they would weigh too much."""
    return _goods if lang.code == "en" and len(_goods) <= MOST_NAMES else {}


async def load() -> None:
    """Ask the catalogue."""
    global _goods, _units, _places
    _goods, units_ = await queries.english_words()
    _units = {**MEASURES, **await pack_names(), **units_}
    _places = await party_names() | await region_names() | await store_names()


async def _keep() -> None:
    while True:
        try:
            await load()
        except (*db.CONNECTION_ERRORS, OSError) as error:
            log.warning("english.waiting", error=type(error).__name__)
        await asyncio.sleep(EVERY_SECONDS)


@contextlib.asynccontextmanager
async def lifespan(_: Any) -> AsyncIterator[None]:
    """Keep it with the application."""
    task = asyncio.create_task(_keep())
    try:
        yield
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)
