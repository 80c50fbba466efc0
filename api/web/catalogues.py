"""Keeps `locale/` in step with the sources: `python -m api.web.catalogues` adds new texts and drops those gone.

New texts arrive empty in Chinese (a test fails until they are translated) and as themselves in English.
"""

from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

from babel.messages.catalog import Catalog
from babel.messages.extract import extract_from_dir
from babel.messages.pofile import write_po

from api.web.languages import LANGUAGES, LOCALE, read_catalogue

HERE = Path(__file__).parent
_METHODS = [
    ("static/**", "ignore"),
    ("frontend/node_modules/**", "ignore"),
    ("frontend/font/**", "ignore"),
    ("frontend/public/**", "ignore"),
    ("frontend/vite.config.js", "ignore"),
    ("**/*.py", "python"),
    ("templates/**.html", "jinja2"),
    ("frontend/src/**.js", "javascript"),
]
_DAY = datetime(2026, 11, 21, tzinfo=UTC)
_KEYWORDS = {"_": None, "N_": None, "t": None}


def _found() -> Iterator[tuple[str, int, str]]:
    for name, line, text, _comments, _context in extract_from_dir(
        HERE,
        method_map=_METHODS,
        options_map={"templates/**.html": {"trim_blocks": "true", "lstrip_blocks": "true", "newstyle_gettext": "true"}},
        keywords=_KEYWORDS,
    ):
        if isinstance(text, str) and text.strip():
            yield name.replace("\\", "/"), line, text


def extracted() -> Catalog:
    """Every text of templates, routes and scripts, with the files (not lines: they move) it stands in."""
    found = Catalog(project="beiyu", charset="utf-8", fuzzy=False)
    for name, _line, text in sorted(_found()):
        found.add(text, locations=[(name, 1)])
    return found


def update(code: str) -> None:
    """Bring one language's catalogue up to date on disk. Texts that are gone go; nothing is guessed."""
    path = LOCALE / code / "LC_MESSAGES" / "pages.po"
    path.parent.mkdir(parents=True, exist_ok=True)
    earlier = {str(m.id): str(m.string) for m in read_catalogue(code) if m.id} if path.exists() else {}
    head = f"# Beiyu's pages, {code}."
    fresh = Catalog(locale=code, project="beiyu", charset="utf-8", fuzzy=False, header_comment=head)
    for message in extracted():
        if message.id:
            text = str(message.id)
            known = earlier.get(text) or (text if code == "en" else "")
            fresh.add(text, known, locations=message.locations, flags=message.flags - {"fuzzy"})
    fresh.creation_date = fresh.revision_date = _DAY  # no diff where no text has changed
    with path.open("wb") as file:
        write_po(file, fresh, width=110, sort_output=True, include_lineno=False)


if __name__ == "__main__":
    for each in LANGUAGES:
        update(each)
