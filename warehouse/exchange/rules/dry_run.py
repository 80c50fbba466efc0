"""The dry run: a file and what is known of the house, to a verdict for every row. One call, in the worker.

It writes nothing and decides nothing silently. The same file, choices and house give the same findings.
"""

import gc
import hashlib
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import replace
from typing import Any

from catalog.kernel.errors import Invalid
from catalog.kernel.jsontext import canonical
from warehouse.exchange.known import Known
from warehouse.exchange.model import (
    Cell,
    Choices,
    ColumnFound,
    Findings,
    ImportKind,
    Packed,
    Reason,
    RowFound,
    Sheet,
    Verdict,
)
from warehouse.exchange.rules import layout, master_rows, stock_rows
from warehouse.exchange.rules.bench import Bench, Draft
from warehouse.exchange.rules.files import read_file
from warehouse.exchange.rules.layout import Table
from warehouse.exchange.rules.packing import pack
from warehouse.exchange.rules.units import split_heading
from warehouse.exchange.rules.values import is_ditto, plain

Judge = Callable[[Draft, str, str], None]
_NAMES = {"stock": ("item", "item_key"), "bins": ("code",)}


def dry_run(kind: ImportKind, name: str, data: bytes, choices: Choices, known: Known) -> Findings:
    """Read and judge. Raises Invalid (`import.…`) for a file that cannot be read."""
    sheets = read_file(name, data)
    goods = stock_rows.Goods.of(known) if kind is ImportKind.STOCK else None
    bench = Bench(choices)
    tables = [layout.lay_out(sheet, kind, choices, goods.names if goods else None) for sheet in sheets]
    if goods:
        for table in tables:
            _wide_items(table, goods)
    judge: Judge
    if goods:
        stock = goods

        def judge(draft: Draft, unit: str, item: str) -> None:
            stock_rows.judge(draft, stock, unit, item)
    else:
        judge = master_rows.judge_of(kind, known)
    rows: list[RowFound] = []
    for sheet, table in zip(sheets, tables, strict=True):
        if table.found.used:
            rows += _rows(sheet, table, kind, bench, judge)
    _mark_repeats(rows, bench)
    if kind is not ImportKind.STOCK:
        master_rows.check_among(kind, rows)
        rows = master_rows.parents_first(kind, rows)
    return Findings([table.found for table in tables], rows, bench.questions)


def outcome_of(kind: ImportKind, name: str, data: bytes, choices: Choices, known: Known) -> Packed | dict[str, Any]:
    """`dry_run` for a process border: encoded, a refusal as a value. The collector of cycles rests meanwhile: there are
    none, and it would look at ten thousand rows again and again."""
    gc.disable()
    try:
        return pack(dry_run(kind, name, data, choices, known))
    except Invalid as problem:
        return {"code": problem.code, "detail": problem.detail, "facts": dict(problem.facts)}
    finally:
        gc.enable()


def _wide_items(table: Table, goods: stock_rows.Goods) -> None:
    """Columns of a wide table: each is an item, known for sure, as remembered, or to be chosen on the mapping page."""
    for column in table.found.columns:
        if column.field != "item:" or column.why == "chosen":
            continue
        sure = [key for key, score in goods.names.exact(split_heading(column.heading)[0]) if score >= 90]
        if len(set(sure)) == 1:
            column.field, column.score = f"item:{sure[0]}", 100


def _rows(sheet: Sheet, table: Table, kind: ImportKind, bench: Bench, judge: Judge) -> Iterator[RowFound]:
    columns = [column for column in table.found.columns if column.field]
    wide = [column for column in columns if column.field.startswith("item:")]
    narrow = [column for column in columns if not column.field.startswith("item:")]
    named = [c.index for c in narrow if c.field in _NAMES.get(kind.value, ("name_zh",))]
    written = {cell for _, cells in table.body for cell in cells if type(cell) is str}
    dittos = frozenset(cell for cell in written if is_ditto(cell))
    above: dict[int, Cell] = {}
    for number, cells in table.body:
        texts = [plain(cell) for cell in cells]
        why = layout.not_goods(texts, table, named)
        if why == "blank":
            continue
        if why:
            yield _left_out(sheet.name, number, texts, why)
            continue
        if dittos:
            cells = _as_above(cells, dittos, above)
            texts = [plain(cell) for cell in cells]
        common = Draft(
            bench,
            sheet.name,
            number,
            "",
            {column.field: cells[column.index] for column in narrow},
            {column.field: texts[column.index] for column in narrow},
            {column.field: column.letter for column in narrow},
        )
        hidden = number - 1 in sheet.hidden_rows
        if wide:
            yield from _wide_rows(common, wide, cells, judge, hidden=hidden)
        else:
            unit = next((column.unit for column in narrow if column.field == "quantity"), "")
            yield _judged(common, judge, unit, "", hidden=hidden)


def _wide_rows(
    common: Draft, wide: Sequence[ColumnFound], cells: Sequence[Cell], judge: Judge, *, hidden: bool
) -> Iterator[RowFound]:
    """One row per filled cell of a wide table; the unit stands in the heading."""
    for column in wide:
        if plain(cells[column.index]) in ("", "0", "/", "-"):
            continue
        heading = split_heading(column.heading)[0]
        draft = replace(
            common,
            part=column.letter,
            cells={**common.cells, "quantity": cells[column.index], "item": heading},
            texts={**common.texts, "quantity": plain(cells[column.index]), "item": plain(heading)},
            letters={**common.letters, "quantity": column.letter, "item": column.letter},
            reasons=[],
            facts={},
            words=[],
        )
        yield _judged(draft, judge, column.unit, column.field.removeprefix("item:"), hidden=hidden)


def _judged(draft: Draft, judge: Judge, unit: str, item: str, *, hidden: bool) -> RowFound:
    if hidden and draft.ask("hidden-row", "", draft.sheet, [("take", {}, 0)]) is None:
        pass
    judge(draft, unit, item)
    verdict = draft.verdict
    facts = draft.facts if verdict in (Verdict.OK, Verdict.ASK) else {}
    shown = {name: text[:120] for name, text in draft.texts.items() if text}
    title = draft.text("item") or draft.text("name_zh") or draft.text("code") or draft.text("item_key")
    found = RowFound(draft.sheet, draft.row, draft.part, verdict, title[:80], shown, draft.reasons, facts)
    if verdict is Verdict.OK:
        found.identity, found.subject = identities(facts)
    return found


_NOT_IDENTITY = frozenset({"note", "item_name", "site_name", "unit", "unit_factor", "source"})


def identities(facts: dict[str, Any], occurrence: int = 0) -> tuple[bytes, bytes]:
    """(identity, subject) of what would be imported: with and without its quantity."""
    said = {key: value for key, value in facts.items() if key not in _NOT_IDENTITY and value is not None}
    subject = _digest({key: value for key, value in said.items() if key != "quantity"})
    return hashlib.sha256(b"%s/%d/%d" % (subject, said.get("quantity", 0), occurrence)).digest(), subject


def _digest(content: Any) -> bytes:
    return hashlib.sha256(canonical(content)).digest()


def _mark_repeats(rows: Iterable[RowFound], bench: Bench) -> None:
    """A row that says the same as an earlier one of the file: asked, because goods may really be there twice."""
    seen: dict[bytes, tuple[RowFound, int]] = {}
    for row in rows:
        if not row.identity:
            continue
        if row.identity not in seen:
            seen[row.identity] = (row, 1)
            continue
        first, times = seen[row.identity]
        draft = Draft(bench, row.sheet, row.row, row.part, {}, {"item": row.title}, {})
        answer = draft.ask(
            "repeated", "item", row.identity.hex()[:16], [("both", {}, 0)], sheet=first.sheet, row=first.row
        )
        row.reasons += draft.reasons
        row.verdict = draft.verdict
        if answer == "both":
            seen[row.identity] = (first, times + 1)
            row.identity, row.subject = identities(row.facts, times)
        else:
            row.identity = row.subject = b""


def _as_above(cells: Sequence[Cell], dittos: frozenset[str], above: dict[int, Cell]) -> list[Cell]:
    """The cells with 同上 (one of `dittos`) filled from the row above it in the same column."""
    filled = []
    for index, cell in enumerate(cells):
        if cell is None or cell == "":
            pass
        elif isinstance(cell, str) and cell in dittos:
            cell = above.get(index)
        else:
            above[index] = cell
        filled.append(cell)
    return filled


def _left_out(sheet: str, number: int, texts: Sequence[str], why: str) -> RowFound:
    said = [text for text in texts if text]
    reason = Reason("skip", why, text=said[0][:80])
    return RowFound(
        sheet, number, "", Verdict.SKIP, said[0][:80], {"": " | ".join(dict.fromkeys(said))[:200]}, [reason]
    )
