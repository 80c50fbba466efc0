"""Both languages are complete, and the catalogues are in step with the sources."""

import re
from pathlib import Path

import pytest
from babel.messages.catalog import Catalog

from api.web import catalogues
from api.web.languages import LANGUAGES, language, read_catalogue
from api.web.refusals import REFUSALS
from api.web.words import NAVIGATION, WORDS, saying, word

ROOT = Path(__file__).parents[3]
CJK = re.compile(r"[\u2e80-\u9fff\uff00-\uffef]")
PLACEHOLDER = re.compile(r"%\(\w+\)s|\{\w+\}")
CODE = re.compile(r'"((?:[a-z][a-z0-9]*)(?:-[a-z]+)*\.[a-z]+(?:-[a-z0-9]+)*)",\s*f?"[^"\n]*[\u4e00-\u9fff]')
DESK = (
    "access", "attempt", "bin", "budget", "case", "csrf", "database", "delivery", "file", "import", "label", "labels",
    "order", "page", "paper", "password", "place", "proposal", "quantity", "request", "scan", "server", "session",
    "stock", "time",
)  # fmt: skip
"""The first halves of the codes that the pages can meet."""


@pytest.fixture(scope="module")
def sources() -> Catalog:
    return catalogues.extracted()


@pytest.mark.parametrize("code", LANGUAGES)
def test_every_text_of_the_sources_is_in_the_catalogue(code: str, sources: Catalog) -> None:
    """`python -m api.web.catalogues` brings them into step."""
    wanted = {str(message.id) for message in sources if message.id}
    known = {str(message.id) for message in read_catalogue(code) if message.id}
    assert wanted - known == set()
    assert known - wanted == set()


@pytest.mark.parametrize("code", LANGUAGES)
def test_nothing_is_untranslated_or_fuzzy(code: str) -> None:
    catalogue = read_catalogue(code)
    assert [message.id for message in catalogue if message.id and not message.string] == []
    assert [message.id for message in catalogue if message.fuzzy and message.id] == []


@pytest.mark.parametrize("code", LANGUAGES)
def test_translations_keep_their_placeholders(code: str) -> None:
    for message in read_catalogue(code):
        if message.id:
            asked, given = (sorted(PLACEHOLDER.findall(str(text))) for text in (message.id, message.string))
            assert asked == given, message.id


def test_english_has_no_chinese_and_chinese_is_chinese() -> None:
    assert [m.id for m in read_catalogue("en") if CJK.search(str(m.string))] == []
    plain = [m.id for m in read_catalogue("zh") if m.id and not CJK.search(str(m.string))]
    assert plain == ["{done} of {all}"]


def test_templates_hold_no_text_of_their_own() -> None:
    """What stands between tags comes from the catalogue; the mark of the house is no text."""
    for path in sorted((ROOT / "api/web/templates").glob("*.html")):
        text = re.sub(r"{#.*?#}", "", path.read_text(), flags=re.DOTALL)
        for mark in ("备豫", "备", "中文", "中"):
            text = text.replace(mark, "")
        assert CJK.findall(text) == [], path.name
        bare = re.sub(r"{%.*?%}|{{.*?}}|<script.*?</script>|<style.*?</style>|<!--.*?-->", "", text, flags=re.DOTALL)
        found = [
            w
            for w in re.findall(r">([^<>]*[A-Za-z]{3,}[^<>]*)<", bare)
            if w.strip() not in {"CSV", "Excel", "PDF", "SSCC", "ZPL"}
        ]
        assert found == [], path.name


def test_every_refusal_that_the_desk_can_meet_has_english_words() -> None:
    met: set[str] = set()
    for package in ("catalog", "warehouse", "api"):
        for path in (ROOT / package).rglob("*.py"):
            if "node_modules" not in path.parts:
                met |= {code for code in CODE.findall(path.read_text()) if code.partition(".")[0] in DESK}
    assert sorted(met - set(REFUSALS)) == []


def test_words_are_said_in_the_language_of_the_page() -> None:
    zh, en = language("zh"), language("en")
    assert word(zh, "condition", "frozen") == "冻结"
    assert word(en, "condition", "frozen") == "frozen"
    assert word(en, "reason", "never-heard-of") == "never-heard-of"
    assert saying(zh, "stock.not-enough", "可用数量不足：需要 9，可用 5") == "可用数量不足：需要 9，可用 5"
    assert saying(en, "stock.not-enough", "可用数量不足") == "There is not enough of it free."
    assert not CJK.search(saying(en, "unheard.of", "没有听说过"))
    for link in NAVIGATION:
        assert zh.text(link.text) != link.text
    for words in WORDS.values():
        for text in words.values():
            assert CJK.search(zh.text(text)), text


def test_scripts_get_their_words_only() -> None:
    words = language("zh").script_words
    assert words["Undo"] == "撤销"
    assert "Telephone" not in words
    assert language("en").script_words == {}
