"""What DESIGN section 3 decides and the import contracts in pyproject.toml cannot say."""

import ast
import re

from tests.architecture.sources import BELOW, PACKAGES, ROOT, Source, sources

BANNED_NAMES = {"utils", "util", "helpers", "helper", "common", "manager", "managers", "misc", "shared", "base_utils"}
PICCOLO_LAYERS = {"tables", "queries", "actions", "ledger", "piccolo_app"}
PICCOLO_KERNEL = {"catalog.kernel.db", "catalog.kernel.feed", "catalog.kernel.history", "catalog.kernel.audit"}
PICCOLO_EDGE = {"api.piccolo_conf", "api.database"}
CLOCKS = re.compile(r"^(datetime\.)?(datetime|date)\.(now|today|utcnow)$|^time\.(time|time_ns|monotonic|perf_counter)$")
ENVIRONMENT = re.compile(r"^os\.(environ|getenv)\b")
LONGEST_FUNCTION = 70  # lines; a page of code that one can see whole


def test_no_drawer_for_everything() -> None:
    """No utils, helpers, common, manager: a name says what is inside."""
    wrong = [source.place for source in sources() if BANNED_NAMES & set(source.module.split("."))]
    assert not wrong


def test_piccolo_lives_in_its_files_only() -> None:
    """Tables, queries, actions, the ledger, the kernel's db/feed/history/audit and the app files."""
    wrong = [
        f"{source.place}:{line} {name}"
        for source in sources()
        for line, name in source.imports()
        if name.split(".")[0] == "piccolo"
        and source.layer not in PICCOLO_LAYERS
        and source.module not in PICCOLO_KERNEL | PICCOLO_EDGE
    ]
    assert not wrong


def test_tables_are_imported_by_tables_and_queries_of_others_only() -> None:
    """A foreign key or a join may cross a feature's border, nothing else of a table may."""
    wrong = []
    for source in sources(BELOW):
        for line, name in source.imports():
            target = re.match(r"((?:catalog|warehouse)\.\w+)\.tables\b", name)
            if target and target[1] != source.feature and source.layer not in {"tables", "queries"}:
                wrong.append(f"{source.place}:{line} {name}")
    assert not wrong


def test_below_the_edge_nobody_reads_a_clock_or_the_environment() -> None:
    """When, who and which attempt arrive together as a Stamp."""
    wrong = [
        f"{source.place}:{line} {name}"
        for source in sources(BELOW)
        for line, name in source.calls()
        if CLOCKS.match(name) or ENVIRONMENT.match(name)
    ]
    wrong += [
        f"{source.place}:{line} {name}"
        for source in sources(BELOW)
        for line, name in source.imports()
        if name in {"os.environ", "os.getenv", "time.time", "time.monotonic"}
    ]
    assert not wrong


def test_the_environment_is_read_by_the_settings_only() -> None:
    """Except for PICCOLO_CONF, which Piccolo asks for, and the bare environment of the embedded PostgreSQL."""
    allowed = {"api.settings", "api.database", "api.cli", "api.embedded"}
    wrong = [
        f"{source.place}:{line} {name}"
        for source in sources(("api",))
        for line, name in source.calls()
        if ENVIRONMENT.match(name) and source.module not in allowed
    ]
    assert not wrong


def test_decisions_never_wait() -> None:
    """Rules, workflows and nouns are plain functions over values: no coroutine, nothing awaited."""
    wrong = [
        f"{source.place}:{node.lineno}"
        for source in sources(BELOW)
        if source.layer in {"rules", "workflow", "model"} and source.feature != "catalog.kernel"
        for node in ast.walk(source.tree)
        if isinstance(node, ast.AsyncFunctionDef | ast.Await | ast.AsyncFor | ast.AsyncWith)
    ]
    assert not wrong


def test_queries_only_read() -> None:
    """No INSERT, UPDATE, DELETE, TRUNCATE or lock-taking write in a queries file."""
    writing = re.compile(r"^\s*(INSERT INTO|UPDATE \w+\s+SET|DELETE FROM|TRUNCATE)\b", re.IGNORECASE | re.MULTILINE)
    wrong = [
        f"{source.place}:{node.lineno}"
        for source in sources(BELOW)
        if source.layer == "queries"
        for node in ast.walk(source.tree)
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and writing.search(node.value)
    ]
    assert not wrong


def test_stock_is_written_by_the_stock_feature_only() -> None:
    """Moves and balances: one writer."""
    writing = re.compile(
        r"(INSERT\s+INTO|UPDATE|DELETE\s+FROM)\s+(move|move_serial|balance|serial_state|outside_total)\b", re.IGNORECASE
    )
    wrong = [
        f"{source.place}:{node.lineno}"
        for source in sources()
        if source.feature != "warehouse.stock"
        for node in ast.walk(source.tree)
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and writing.search(node.value)
    ]
    assert not wrong


def test_no_function_longer_than_a_page() -> None:
    """Docstrings do not count."""
    wrong = [
        f"{source.place}:{node.lineno} {node.name} has {length} lines"
        for source in sources()
        for node in ast.walk(source.tree)
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef) and (length := _length(node)) > LONGEST_FUNCTION
    ]
    assert not wrong


def _length(function: ast.FunctionDef | ast.AsyncFunctionDef) -> int:
    body = function.body[1:] if ast.get_docstring(function) and len(function.body) > 1 else function.body
    return (function.end_lineno or 0) - body[0].lineno + 1


def test_every_module_says_what_it_is() -> None:
    """A docstring in every file that holds code."""
    wrong = [source.place for source in sources() if source.tree.body and ast.get_docstring(source.tree) is None]
    assert not wrong


def test_every_feature_has_its_page() -> None:
    """README.md of at most one screen: what it owns, its verbs, its invariants, its decisions."""
    folders = {ROOT / package for package in PACKAGES}
    folders |= {source.path.parent for source in sources(("catalog", "warehouse")) if _is_feature(source)}
    missing = [str(folder.relative_to(ROOT)) for folder in sorted(folders) if not (folder / "README.md").exists()]
    assert not missing


def _is_feature(source: Source) -> bool:
    return len(source.path.relative_to(ROOT).parts) == 3


def test_nothing_of_this_machine_is_committed_in_the_locks() -> None:
    """Hashes and versions, no hosts; so any mirror will do."""
    for lock in (*ROOT.glob("requirements*.txt"), *ROOT.glob("api/web/frontend/**/package-lock.json")):
        if "node_modules" in lock.parts:
            continue
        text = lock.read_text()
        assert "--index-url" not in text, lock
        assert "--find-links" not in text, lock
        assert '"resolved"' not in text, lock


def test_the_wrong_barcode_is_never_required() -> None:
    """The distribution is python-barcode; the one called barcode is for DNA."""
    for lock in ROOT.glob("requirements*.txt"):
        assert not re.search(r"^barcode\b", lock.read_text(), re.MULTILINE), lock
