"""Figures, links and files of the pages, without a server."""

import re
from datetime import UTC, date, datetime
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from api.web import assets, pages, words
from api.web.languages import as_data, language
from api.web.routes import HANDLERS
from api.web.routes.session import local_path
from warehouse.people.model import PersonName

WEB = Path(assets.__file__).parent


def test_figures_are_exact_and_grouped() -> None:
    assert pages.amount(12500, 1000) == "12.5"
    assert pages.amount(1_234_567) == "1,234,567"
    assert pages.money(145050) == "¥1,450.50"
    assert pages.money(None) == ""
    assert pages.day(date(2026, 3, 1)) == "2026-03-01"
    assert pages.moment(datetime(2026, 3, 1, 17, 30, tzinfo=UTC)) == "2026-03-02 01:30"


def test_names_fall_back_to_chinese() -> None:
    thing = {"name_zh": "帐篷", "name_en": None}
    assert pages.named(language("en"), thing) == "帐篷"
    assert pages.named(language("en"), thing | {"name_en": "Tent"}) == "Tent"
    assert pages.named(language("zh"), thing | {"name_en": "Tent"}) == "帐篷"


@given(st.text(max_size=80))
def test_after_log_in_nobody_is_led_to_another_site(target: str) -> None:
    led = local_path(target)
    assert led.startswith("/")
    assert not led.startswith(("//", "/\\"))
    assert not re.search(r"[\r\n\t\\]", led)


@pytest.mark.parametrize("target", ["//evil.example", "/\\evil.example", "https://evil.example", "/login?next=/", ""])
def test_odd_targets_lead_to_the_first_page(target: str) -> None:
    assert local_path(target) == "/"


def test_data_blocks_cannot_be_left() -> None:
    text = as_data({"name": "</script><script>alert(1)</script>&"})
    assert "<" not in text
    assert "&" not in text


def test_pages_only_read() -> None:
    """Whatever is written goes through the API: one place for rights, attempts and audit."""
    for handler in HANDLERS:
        assert handler.http_methods <= {"GET", "HEAD", "OPTIONS"}, handler
        assert handler.include_in_schema is False


def test_no_script_and_no_style_stands_in_a_page() -> None:
    """The content security policy allows files of our own only; nothing is loaded from another host."""
    for path in (WEB / "templates").glob("*.html"):
        text = path.read_text()
        for tag in re.findall(r"<script[^>]*>", text):
            assert "src=" in tag or 'type="application/json"' in tag, (path.name, tag)
        assert "<style" not in text
        assert not re.search(r"\son[a-z]+=\"|style=\"|javascript:", text), path.name
        assert not re.search(r"(src|href)=\"(https?:)?//", text), path.name


def test_files_outside_the_build_are_not_served(tmp_path: Path) -> None:
    for name in (
        "../pages.py",
        "../../settings.py",
        "manifest.json",
        "/etc/passwd",
        "assets/../../pages.py",
        "nothing",
    ):
        assert assets.find_asset(name) is None


def test_people_are_called_by_name() -> None:
    """A page says who did something by name, where it knows the login."""
    known = {"cz.keeper": PersonName("林晓舟", "Lin Xiaozhou")}
    for code, name in (("zh", "林晓舟"), ("en", "Lin Xiaozhou")):
        shown = pages.environment(code).from_string("{{ one | who }}/{{ two | who }}/{{ none | who }}")
        told = {"one": "cz.keeper", "two": "gone", "none": None, "lang": language(code), "names_by_login": known}
        assert shown.render(told) == f"{name}/gone/"


def test_no_desk_page_shows_a_bare_login() -> None:
    """Administrators see logins; everybody else names (`| who`). Who spoke an order is a name that was typed."""
    bare = re.compile(r">[^<]*\{\{ (?!viewer)[a-z_.]+\.(login|(?!spoken)[a-z]+_by) \}\}")
    found = [
        (path.name, one[0])
        for path in (WEB / "templates").glob("*.html")
        if not path.name.startswith(("admin", "first_start", "password", "second_factor"))
        for one in bare.finditer(path.read_text())
    ]
    assert [one for one in found if "| named }} · {{" not in one[1]] == []


def test_places_on_the_road_are_named_by_kind() -> None:
    assert words.place_name(language("zh"), "SHIP0123456789AB") == "运输车辆"
    assert words.place_name(language("zh"), "USE0123456789AB") == "接收点"
    assert words.place_name(language("zh"), "A-01-02") == "A-01-02"
    assert words.place_name(language("zh"), "SHIP-01") == "SHIP-01"
