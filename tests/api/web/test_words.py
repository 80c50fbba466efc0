"""Nothing that the audit trail tells of is without a word."""

import ast
import csv
import re
from collections import defaultdict
from collections.abc import Iterator

import pytest

from api import rest
from api.auth.edge import VERB
from api.web.languages import LANGUAGES, language
from api.web.routes import HANDLERS
from api.web.words import WORDS, act
from tests.architecture.sources import ROOT, Source, sources
from warehouse.scanning.model import Mode
from warehouse.stock.model import Reason

KIND = re.compile(r'subject_kind="([a-z_-]+)"')
WRITERS = {"audit.record", "audit.record_stranger", "audit.Entry", "_note"}
ACT = re.compile(r"[a-z]+(-[a-z]+)*\.[a-z]+(-[a-z]+)*")


def test_every_subject_of_the_audit_trail_has_a_word() -> None:
    written = {
        kind
        for folder in ("catalog", "warehouse", "api")
        for file in (ROOT / folder).rglob("*.py")
        for kind in KIND.findall(file.read_text(encoding="utf-8"))
    }
    assert len(written) > 40
    assert written - set(WORDS["subject_kind"]) == set()


@pytest.mark.parametrize("code", LANGUAGES)
def test_every_act_of_the_audit_trail_has_words(code: str) -> None:
    """Those that routes are refused by, those that actions write (`f"pick.{verb}"` with every verb that is handed to a
    function of its feature), those of scans and postings."""
    acts = {f"stock.{one.value}" for one in Reason} | {f"scan.{one.value}" for one in Mode}
    acts |= _of_routes() | _written()
    assert len(acts) > 400
    assert [one for one in sorted(acts - WORDS["act"].keys()) if act(language(code), one) == one] == []


def _of_routes() -> set[str]:
    served = [*HANDLERS, *(handler for route in rest.router().routes for handler in route.route_handlers)]
    return {handler.opt[VERB] for handler in served if VERB in handler.opt}


def _written() -> set[str]:
    whole: set[str] = set()
    things: dict[str, set[str]] = defaultdict(set)
    for source in sources():
        for call in _calls(source):
            if ast.unparse(call.func) in WRITERS:
                for given in [*call.args, *(word.value for word in call.keywords if word.arg == "verb")]:
                    if isinstance(given, ast.Constant) and ACT.fullmatch(str(given.value)):
                        whole.add(str(given.value))
                    if isinstance(given, ast.JoinedStr) and isinstance(given.values[0], ast.Constant):
                        things[source.feature].add(str(given.values[0].value).rstrip("."))
    return whole | {f"{thing}.{verb}" for feature in things for thing in things[feature] for verb in _verbs(feature)}


def _verbs(feature: str) -> set[str]:
    """Every constant that is handed to a parameter `verb` of a function of a feature."""
    mine = [source for source in sources() if source.feature == feature]
    places = {
        node.name: [one.arg for one in node.args.args].index("verb") if "verb" in map(_name, node.args.args) else None
        for source in mine
        for node in ast.walk(source.tree)
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
        and "verb" in map(_name, [*node.args.args, *node.args.kwonlyargs])
    }
    found = set()
    for source in mine:
        for call in _calls(source):
            called = ast.unparse(call.func).rpartition(".")[2]
            if called in places:
                at = places[called]
                given = [word.value for word in call.keywords if word.arg == "verb"]
                given += call.args[at : at + 1] if at is not None else []
                found |= {one.value for part in given for one in ast.walk(part) if isinstance(one, ast.Constant)}
    return {one for one in found if isinstance(one, str) and re.fullmatch(r"[a-z]+(-[a-z]+)*", one)}


def _calls(source: Source) -> Iterator[ast.Call]:
    return (node for node in ast.walk(source.tree) if isinstance(node, ast.Call))


def _name(one: ast.arg) -> str:
    return one.arg


def test_every_scheme_of_classes_that_is_shipped_has_a_name() -> None:
    with (ROOT / "catalog/seeds/common/classes.csv").open(encoding="utf-8") as file:
        assert {row["scheme"] for row in csv.DictReader(file)} - set(WORDS["class_scheme"]) == set()
