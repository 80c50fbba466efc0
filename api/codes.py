"""The list of error codes, read from where they are raised: it cannot be forgotten and cannot be wrong.

Every refusal is raised as `Kind("feature.what-happened", "…")`, so the source itself is the list. Read once, on the
first look at the API's description.
"""

import ast
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path

PACKAGES = ("catalog", "labels", "warehouse", "api")
_ROOT = Path(__file__).parents[1]
_KERNEL = {"Problem": 400, "Missing": 404, "Refused": 409, "Stale": 409, "Invalid": 400, "Denied": 403}


@dataclass(frozen=True, slots=True, order=True)
class Code:
    """One code. `{…}` in a code or a text stands for what is filled in. `statuses` has one entry as a rule."""

    code: str
    statuses: tuple[int, ...]
    detail: str


@cache
def listed() -> tuple[Code, ...]:
    """Every code, sorted."""
    trees = [ast.parse(path.read_text(encoding="utf-8")) for path in _sources()]
    kinds = _kinds(trees)
    statuses: dict[str, set[int]] = {}
    details: dict[str, str] = {}
    for tree in trees:
        for status, code, detail in _raised(tree, kinds):
            statuses.setdefault(code, set()).add(status)
            details.setdefault(code, detail)
    return tuple(Code(code, tuple(sorted(found)), details[code]) for code, found in sorted(statuses.items()))


def _sources() -> Iterator[Path]:
    for package in PACKAGES:
        for path in sorted((_ROOT / package).rglob("*.py")):
            if not {"piccolo_migrations", "node_modules"} & set(path.parts):
                yield path


def _kinds(trees: list[ast.Module]) -> dict[str, int]:
    """The kernel's kinds and all classes made of them, with their status."""
    kinds = dict(_KERNEL)
    classes = [node for tree in trees for node in ast.walk(tree) if isinstance(node, ast.ClassDef)]
    for _ in range(4):  # as deep as kinds of kinds go
        for node in classes:
            base = next((b.id for b in node.bases if isinstance(b, ast.Name) and b.id in kinds), None)
            if base is not None and node.name not in _KERNEL:
                kinds[node.name] = _status(node, kinds[base])
    return kinds


def _status(node: ast.ClassDef, inherited: int) -> int:
    for line in node.body:
        if not isinstance(line, ast.Assign) or not isinstance(line.value, ast.Constant):
            continue
        if any(isinstance(target, ast.Name) and target.id == "status" for target in line.targets):
            return int(str(line.value.value))
    return inherited


def _raised(tree: ast.Module, kinds: dict[str, int]) -> Iterator[tuple[int, str, str]]:
    for node in ast.walk(tree):
        if not isinstance(node, ast.Call) or len(node.args) < 2:
            continue
        name = node.func.id if isinstance(node.func, ast.Name) else getattr(node.func, "attr", "")
        if name in kinds:
            for code in _texts(node.args[0]):
                yield kinds[name], code, next(iter(_texts(node.args[1])), "")
        elif name == "_answer" and len(node.args) >= 4 and isinstance(node.args[1], ast.Constant):
            for code in _texts(node.args[2]):  # api.errors: what the edge itself answers
                yield int(str(node.args[1].value)), code, next(iter(_texts(node.args[3])), "")


def _texts(node: ast.expr) -> Iterator[str]:
    """The texts an expression can be, as far as it says so itself."""
    if isinstance(node, ast.Constant) and isinstance(node.value, str):
        yield node.value
    elif isinstance(node, ast.JoinedStr):
        yield "".join(str(part.value) if isinstance(part, ast.Constant) else "{…}" for part in node.values)
    elif isinstance(node, ast.IfExp):
        yield from _texts(node.body)
        yield from _texts(node.orelse)
