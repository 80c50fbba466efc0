"""The catalogue that ships, as a dry run knows it, and dirty workbooks."""

import csv
import io
from collections import defaultdict
from datetime import date, datetime
from functools import cache
from pathlib import Path
from typing import Any

import xlsxwriter

from catalog.kernel.quantity import Dimension
from warehouse.exchange.known import Known, KnownItem, KnownSite
from warehouse.exchange.model import Choices, Findings, ImportKind, RowFound
from warehouse.exchange.rules.dry_run import dry_run

SEEDS = Path(__file__).parents[3] / "catalog" / "seeds" / "common"
MOST = {"synonym": 96, "misspelling": 93, "english": 96, "short": 85}
TODAY = date(2026, 11, 26)


def _rows(name: str) -> list[dict[str, str]]:
    with (SEEDS / name).open(encoding="utf-8") as file:
        return list(csv.DictReader(file))


@cache
def known(site: str = "XY01") -> Known:
    """220 items and two small stores."""
    names: dict[str, list[tuple[str, int]]] = defaultdict(list)
    for row in _rows("aliases.csv"):
        names[row["item_key"]].append((row["alias"], MOST.get(row["kind"], 80)))
    packs: dict[str, list[tuple[str, int]]] = defaultdict(list)
    for row in _rows("packs.csv"):
        packs[row["item_key"]].append((row["name_zh"], int(row["factor"])))
    items = [
        KnownItem(
            n,
            row["key"],
            row["name_zh"],
            row["spec"],
            row["unit_zh"],
            int(row["display_factor"]),
            Dimension(row["dimension"]),
            row["tracking"] == "serial",
            row["kind"] == "phantom_kit",
            row["expiry_on_pack"] == "yes",
            ((row["name_zh"], 100), *names[row["key"]]),
            tuple(packs[row["key"]]),
        )
        for n, row in enumerate(_rows("items.csv"), 1)
    ]
    stores = (
        KnownSite(1, "XY01", "雪堰镇储备点", 9, 100, False, {"A-01": 101, "A-02": 102}, {"A": 1}),
        KnownSite(2, "XY02", "潘家储备点", 9, 200, False, {"B-01": 201}, {"B": 2}),
    )
    return Known(TODAY, tuple(items), stores, default_site=site)


def book(*sheets: list[list[Any]], merged: tuple[tuple[int, int, int, int, str], ...] = (), **options: Any) -> bytes:
    """An Excel file, one list of rows per sheet. `merged` are ranges of the first one."""
    out = io.BytesIO()
    with xlsxwriter.Workbook(out, {"in_memory": True, "default_date_format": "yyyy-mm-dd"}) as made:
        for index, rows in enumerate(sheets):
            page = made.add_worksheet()
            for number, row in enumerate(rows):
                for column, cell in enumerate(row):
                    if isinstance(cell, date | datetime):
                        page.write_datetime(number, column, cell)
                    elif isinstance(cell, str) and cell.startswith("="):
                        page.write_formula(number, column, cell, None, 42)
                    elif cell is not None:
                        page.write(number, column, cell)
            if index == 0:
                for top, left, bottom, right, text in merged:
                    page.merge_range(top, left, bottom, right, text)
                for column in options.get("hidden_columns", ()):
                    page.set_column(column, column, None, None, {"hidden": True})
                for row in options.get("hidden_rows", ()):
                    page.set_row(row, None, None, {"hidden": True})
            if index in options.get("hidden_sheets", ()):
                page.hide()
    return out.getvalue()


def run(data: bytes, choices: Choices | None = None, kind: ImportKind = ImportKind.STOCK, **more: Any) -> Findings:
    """Dry-run a file against the shipped catalogue."""
    return dry_run(kind, more.pop("name", "清单.xlsx"), data, choices or Choices(), more.pop("house", None) or known())


def codes(row: RowFound) -> set[str]:
    """What is said of a row."""
    return {reason.code for reason in row.reasons}


def answers(found: Findings, **said: str) -> dict[str, str]:
    """Answers by the code of their question (with _ for -): all questions of that code."""
    return {q.key: said[name] for q in found.questions.values() if (name := q.code.replace("-", "_")) in said}
