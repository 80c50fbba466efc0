"""The navigation and the glossary, without a server."""

import re

from api.web.glossary import TERMS
from api.web.pages import TEMPLATES, environment
from api.web.words import GROUPS, NAVIGATION, Link, is_current, main_jobs, navigation
from catalog.kernel.access import ROLES, Permission, Role

CJK = re.compile(r"[\u4e00-\u9fff]")


def test_every_entry_has_a_group_a_picture_and_a_known_permission() -> None:
    icon = environment("en").get_template("parts.html").module.icon  # type: ignore[attr-defined]
    for link in NAVIGATION:
        assert link.group in GROUPS, link
        assert "<path" in icon(link.icon), f"{link.href}: no picture called {link.icon}"
        assert link.permission is None or Permission(link.permission)


def test_nobody_is_shown_a_door_that_is_shut_for_him() -> None:
    for role in Role:
        may = {permission.value for permission in ROLES[role]}.__contains__
        shown = [link for group in navigation(may) for link in group.links]
        assert shown == sorted(shown, key=lambda link: list(GROUPS).index(link.group))
        assert {link.href for link in shown} == {
            link.href for link in NAVIGATION if link.permission is None or may(link.permission)
        }
        assert len(main_jobs(may)) <= 4
        assert set(main_jobs(may)) <= set(shown)


def test_one_entry_at_most_is_marked_as_the_place_where_one_is() -> None:
    assert is_current(Link("/stock", "", "", None), "/stock/as-of")
    assert not is_current(Link("/", "", "", None), "/stock")
    for path in ("/", "/scan", "/stock", "/stock/as-of", "/papers/new", "/lots/26000001"):
        assert sum(is_current(link, path) for link in NAVIGATION) <= 1, path


def test_every_term_is_told_in_both_languages() -> None:
    for key, one in TERMS.items():
        assert re.fullmatch(r"[a-z]+(-[a-z]+)*", key)
        assert CJK.search(one.zh), key
        assert CJK.search(one.means_zh), key
        assert one.en, key
        assert one.means_en, key
        assert not CJK.search(one.en + one.means_en), key
        assert one.source or one.verified, f"{key}: our own definition needs no proof"


def test_templates_ask_for_terms_that_exist() -> None:
    """`help("lot")` and term="lot"."""
    for path in TEMPLATES.glob("*.html"):
        text = re.sub(r"{#.*?#}", "", path.read_text(), flags=re.DOTALL)
        asked = set(re.findall(r"\bhelp\(\"([^\"]+)\"\)|\bterm=\"([^\"]+)\"", text))
        assert {one or other for one, other in asked} <= set(TERMS), path.name
