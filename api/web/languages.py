"""The words of the pages: gettext catalogues in `locale/`, read as they are written (no compiled files).

The key of a message is its English text; `zh` translates it, `en` is complete too, so that wording can be changed
without touching code. Scripts get only the words they use: a message remembers where it stands in the sources.
"""

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cache
from io import BytesIO
from pathlib import Path

from babel.messages.catalog import Catalog
from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po
from babel.support import Translations

from api.field_words import COOKIE as COOKIE

LOCALE = Path(__file__).parent / "locale"
LANGUAGES = ("zh", "en")


@dataclass(frozen=True, slots=True)
class Language:
    """One language, ready for pages: `text` for templates and routes, `script_words` for scripts."""

    code: str
    text: Callable[[str], str]
    translations: Translations
    script_words: Mapping[str, str]

    @property
    def tag(self) -> str:
        """For `<html lang>`."""
        return "zh-CN" if self.code == "zh" else "en"


def read_catalogue(code: str) -> Catalog:
    """The catalogue of a language as it is written."""
    with (LOCALE / code / "LC_MESSAGES" / "pages.po").open("rb") as file:
        return read_po(file, locale=code)


@cache
def language(code: str) -> Language:
    """A language of the pages; any other word gives Chinese."""
    known = code if code in LANGUAGES else "zh"
    catalogue = read_catalogue(known)
    compiled = BytesIO()
    write_mo(compiled, catalogue)
    compiled.seek(0)
    translations = Translations(compiled)
    words = {
        str(message.id): str(message.string)
        for message in catalogue
        if message.id and message.string != message.id and any(name.endswith(".js") for name, _ in message.locations)
    }
    return Language(known, translations.gettext, translations, words)


def as_data(value: object) -> str:
    """JSON that may stand inside a page's <script type="application/json">."""
    text = json.dumps(value, ensure_ascii=False, default=str, separators=(",", ":"))
    return text.replace("<", "\\u003c").replace(">", "\\u003e").replace("&", "\\u0026")
