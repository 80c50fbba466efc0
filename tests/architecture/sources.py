"""The four packages as syntax trees, for the rules that the import contracts cannot say."""

import ast
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path

ROOT = Path(__file__).parents[2]
BELOW = ("catalog", "labels", "warehouse")
PACKAGES = ("api", *BELOW)


@dataclass(frozen=True)
class Source:
    """One Python file."""

    path: Path
    module: str
    tree: ast.Module

    @property
    def place(self) -> str:
        """Where it is, for messages."""
        return str(self.path.relative_to(ROOT))

    @property
    def layer(self) -> str:
        """The file's name in its feature: `actions` for actions.py and for every file of a folder actions/."""
        parts = self.module.split(".")
        return next((part for part in parts[2:] if part in {"actions", "queries"}), parts[-1])

    @property
    def feature(self) -> str:
        """`warehouse.stock` of `warehouse.stock.actions.receive`."""
        return ".".join(self.module.split(".")[:2])

    def imports(self) -> Iterator[tuple[int, str]]:
        """Line and full name of everything imported: `from a.b import c` is a.b.c."""
        for node in ast.walk(self.tree):
            if isinstance(node, ast.Import):
                yield from ((node.lineno, name.name) for name in node.names)
            elif isinstance(node, ast.ImportFrom) and node.level == 0 and node.module:
                yield from ((node.lineno, f"{node.module}.{name.name}") for name in node.names)

    def calls(self) -> Iterator[tuple[int, str]]:
        """Line and dotted name of everything called or looked up as an attribute."""
        for node in ast.walk(self.tree):
            if isinstance(node, ast.Attribute):
                yield node.lineno, ast.unparse(node)


@cache
def sources(packages: tuple[str, ...] = PACKAGES) -> tuple[Source, ...]:
    """Every file of the packages, without migrations (they are kept as they ran)."""
    found = []
    for package in packages:
        for path in sorted((ROOT / package).rglob("*.py")):
            if "piccolo_migrations" in path.parts or "node_modules" in path.parts:
                continue
            module = ".".join(path.relative_to(ROOT).with_suffix("").parts).removesuffix(".__init__")
            found.append(Source(path, module, ast.parse(path.read_text(encoding="utf-8"), str(path))))
    return tuple(found)
