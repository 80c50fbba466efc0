"""Strict reading of one seed file: exact heading, typed cells, and errors that name file, line and column.

Raises `Invalid` with code `seed.missing-file`, `seed.bad-heading`, `seed.bad-row`, `seed.bad-cell`,
`seed.unknown-reference` or `seed.duplicate`; facts carry `file`, `line`, `column` and the offending `value`.
"""

import csv
import io
import re
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import date
from importlib.resources.abc import Traversable

from catalog.kernel.errors import Invalid

_WHOLE = re.compile(r"0|[1-9][0-9]*")
_DEGREES = re.compile(r"-?[0-9]{1,3}\.[0-9]{1,7}")


@dataclass(frozen=True, slots=True)
class Row:
    """One line of a seed file; every accessor says exactly what it accepts."""

    file: str
    line: int
    cells: dict[str, str]

    def problem(self, code: str, column: str, what: str) -> Invalid:
        """A refusal that names where it happened."""
        value = self.cells.get(column, "")
        return Invalid(
            f"seed.{code}",
            f"{self.file} 第 {self.line} 行，列 {column}：{what}（{value!r}）",
            file=self.file,
            line=self.line,
            column=column,
            value=value,
        )

    def text(self, column: str) -> str:
        """Not empty, no blanks around it."""
        value = self.cells[column]
        if not value or value != value.strip():
            raise self.problem("bad-cell", column, "不得为空，首尾不得有空格")
        return value

    def free_text(self, column: str) -> str:
        """May be empty."""
        return self.text(column) if self.cells[column] else ""

    def known_text(self, column: str) -> str | None:
        """Empty is None."""
        return self.text(column) if self.cells[column] else None

    def matching(self, column: str, pattern: str) -> str:
        """Text of a fixed form."""
        value = self.text(column)
        if not re.fullmatch(pattern, value):
            raise self.problem("bad-cell", column, f"格式应为 {pattern}")
        return value

    def whole(self, column: str, *, least: int = 0) -> int:
        """Plain ASCII digits, no sign, no separators, no leading zero."""
        value = self.text(column)
        if not _WHOLE.fullmatch(value):
            raise self.problem("bad-cell", column, "应为整数")
        number = int(value)
        if number < least:
            raise self.problem("bad-cell", column, f"不得小于 {least}")
        return number

    def known_whole(self, column: str, *, least: int = 0) -> int | None:
        """Empty is None."""
        return self.whole(column, least=least) if self.cells[column] else None

    def yes(self, column: str) -> bool:
        """`yes` or `no`, nothing else."""
        return self.choice(column, ("yes", "no")) == "yes"

    def choice(self, column: str, allowed: Collection[str]) -> str:
        """One of a closed list."""
        value = self.text(column)
        if value not in allowed:
            raise self.problem("bad-cell", column, "只能是 " + "、".join(sorted(allowed)))
        return value

    def choices(self, column: str, allowed: Collection[str]) -> tuple[str, ...]:
        """A semicolon list from a closed list, without repeats; empty is ()."""
        values = tuple(self.cells[column].split(";")) if self.cells[column] else ()
        if len(set(values)) != len(values) or not set(values) <= set(allowed):
            raise self.problem("bad-cell", column, "只能是下列值，不得重复：" + "、".join(sorted(allowed)))
        return values

    def day(self, column: str) -> date:
        """YYYY-MM-DD."""
        try:
            return date.fromisoformat(self.matching(column, r"[0-9]{4}-[0-9]{2}-[0-9]{2}"))
        except ValueError as wrong:
            raise self.problem("bad-cell", column, "不是日期") from wrong

    def known_day(self, column: str) -> date | None:
        """Empty is None."""
        return self.day(column) if self.cells[column] else None

    def degrees(self, column: str, *, limit: float) -> float | None:
        """Decimal degrees with a point, between minus and plus `limit`; empty is None."""
        if not self.cells[column]:
            return None
        value = self.text(column)
        if not _DEGREES.fullmatch(value) or abs(float(value)) > limit:
            raise self.problem("bad-cell", column, "应为十进制度")
        return float(value)

    def reference(self, column: str, known: Collection[str]) -> str:
        """Must stand in another (already read) file."""
        value = self.text(column)
        if value not in known:
            raise self.problem("unknown-reference", column, "引用的对象不存在")
        return value

    def known_reference(self, column: str, known: Collection[str]) -> str | None:
        """Empty is None."""
        return self.reference(column, known) if self.cells[column] else None


def read_text(folder: Traversable, name: str) -> str:
    """A whole file as UTF-8 text; the byte-order mark that spreadsheets write is dropped."""
    try:
        return folder.joinpath(name).read_text(encoding="utf-8-sig")
    except (FileNotFoundError, NotADirectoryError, IsADirectoryError) as wrong:
        raise Invalid("seed.missing-file", f"缺少数据文件 {name}", file=name, line=0) from wrong
    except UnicodeDecodeError as wrong:
        raise Invalid("seed.bad-row", f"{name} 不是 UTF-8 文本", file=name, line=0) from wrong


def read_rows(
    folder: Traversable, name: str, columns: Sequence[str], *, unique: Sequence[Sequence[str]] = ()
) -> list[Row]:
    """All lines of a file whose heading is exactly `columns`; each column set in `unique` names one line only.

    The last column of every seed file is `source`, and it is never empty.
    """
    reader = csv.reader(io.StringIO(read_text(folder, name), newline=""), strict=True)
    rows: list[Row] = []
    try:
        heading = next(reader, [])
        if heading != list(columns):
            raise Invalid(
                "seed.bad-heading",
                f"{name} 表头应为 {','.join(columns)}",
                file=name,
                line=1,
                found=",".join(heading),
            )
        for cells in reader:
            if len(cells) != len(columns):
                raise Invalid(
                    "seed.bad-row",
                    f"{name} 第 {reader.line_num} 行应有 {len(columns)} 列，实有 {len(cells)} 列",
                    file=name,
                    line=reader.line_num,
                )
            row = Row(name, reader.line_num, dict(zip(columns, cells, strict=True)))
            row.text("source")
            rows.append(row)
    except csv.Error as wrong:
        raise Invalid(
            "seed.bad-row", f"{name} 第 {reader.line_num} 行：{wrong}", file=name, line=reader.line_num
        ) from wrong
    for identity in unique:
        _refuse_repeats(rows, identity)
    return rows


def _refuse_repeats(rows: Sequence[Row], identity: Sequence[str]) -> None:
    seen: set[tuple[str, ...]] = set()
    for row in rows:
        key = tuple(row.cells[column] for column in identity)
        if key in seen:
            raise row.problem("duplicate", identity[-1], "与前面的行重复")
        seen.add(key)
