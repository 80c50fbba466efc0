"""The table itself, in SQL: places × lines with what is there; put together, or a page of it."""

import math
from collections import Counter
from collections.abc import AsyncGenerator, Collection, Sequence
from contextlib import aclosing
from enum import StrEnum
from typing import Any

import asyncpg

from catalog.kernel import db
from catalog.kernel.errors import Invalid
from catalog.kernel.page import Page, checked_limit, read_cursor, write_cursor
from catalog.regions.model import Tier
from warehouse.norms import rules as norms
from warehouse.norms.model import Basis, Field, Subject
from warehouse.provision import rules
from warehouse.provision.model import By, Cell, Figures, Holder, Label, Total
from warehouse.provision.queries.table import Table
from warehouse.provision.queries.there import OF_STOCK, Statement, stock_now, stock_then

_BASES = {Basis.FIXED: 1, Basis.POPULATION: 2, Basis.DIKE: 3, Basis.SHELTER: 4, Basis.MOVED: 5, Basis.SITE: 6}
_TIERS = list(Tier)
_ALL_FIGURES = tuple(Figures.__slots__)
_FIELDS = [field.value for field in Field]
_NEEDS = (Field.MINIMUM, Field.TARGET)


class Sort(StrEnum):
    """Orders of the cells: by place and goods; or the largest missing share first, the unknown last."""

    PLACE = "place"
    GAP = "gap"


class Show(StrEnum):
    """Which cells."""

    ALL = "all"
    SHORT = "short"
    UNKNOWN = "unknown"


# --- what is given --------------------------------------------------------------------------------------------------


def _places(statement: Statement, branches: Sequence[int]) -> str:
    regions = statement.table.question.holder is Holder.REGION
    rows = []
    for number, (group, subject) in enumerate(statement.table.places):
        known = {fact.kind: fact.value for fact in subject.figures}
        figures = [known.get(basis.value) for basis in list(_BASES)[1:-1]]
        holder = subject.region_id if regions else subject.site_id
        rows.append([number, group, holder, _TIERS.index(subject.tier), branches[number], *figures, subject.sites])
    columns = [("n", "int"), ("grp", "int"), ("holder", "bigint"), ("tier", "int"), ("branch", "int")]
    return statement.rows("places", columns + [(f"b{number}", "bigint") for number in list(_BASES.values())[1:]], rows)


def _lines(statement: Statement, tops: Sequence[int], goods: Sequence[int]) -> str:
    rows = []
    for number, line in enumerate(statement.table.lines):
        need = rules.need_of(line)
        fen, per = rules.cheapest(line, statement.table.prices) or (None, None)
        rows.append(
            [number, line.group, line.item_id, line.class_id, line.unit_factor, len(line.terms),
             _NEEDS.index(need) if need else None, fen, per, tops[number], goods[number]]
        )  # fmt: skip
    columns = [("p", "int"), ("grp", "int"), ("item_id", "bigint"), ("class_id", "bigint"), ("factor", "bigint")]
    return statement.rows(
        "lines",
        [
            *columns,
            ("terms", "int"),
            ("need_of", "int"),
            ("fen", "bigint"),
            ("per", "bigint"),
            ("top", "int"),
            ("goods", "int"),
        ],
        rows,
    )


def _terms(statement: Statement) -> str:
    rows = []
    for number, line in enumerate(statement.table.lines):
        for term in line.terms:
            row: list[Any] = [number, term.times]
            for said in term.said:
                if said is None:
                    row += [None, None, None, None]
                elif said[1].basis is Basis.FIXED:
                    row += [norms.amount(said[1], said[0], 1), 1, 1, 1]
                else:
                    row += [said[0], _BASES[said[1].basis], said[1].basis_per, said[1].round_to or 1]
            rows.append(row)
    columns = [("p", "int"), ("times", "bigint")]
    for name in _FIELDS:
        columns += [(name, "bigint"), (f"{name}_by", "int"), (f"{name}_per", "bigint"), (f"{name}_step", "bigint")]
    return statement.rows("terms", columns, rows)


def _members(statement: Statement) -> str:
    """What counts in the lines of classes; an item's own line is that item."""
    rows = [
        [number, line.group, one.item_id, one.base, one.worth]
        for number, line in enumerate(statement.table.lines)
        if line.item_id is None
        for one in line.members
    ]
    columns = [("p", "int"), ("grp", "int"), ("item_id", "bigint"), ("base", "bigint"), ("worth", "bigint")]
    return statement.rows("members", columns, rows)


def _streams(statement: Statement) -> str:
    rows = [
        [one.holder_id, one.item_id, one.class_id, *(getattr(one.figures, name) for name in _ALL_FIGURES)]
        for one in statement.table.streams
    ]
    columns = [("holder", "bigint"), ("item_id", "bigint"), ("class_id", "bigint")]
    return statement.rows("coming", columns + [(name, "bigint") for name in _ALL_FIGURES], rows)


# --- put together ---------------------------------------------------------------------------------------------------


_SMALL = 10**9
"""Two figures below it multiply within a bigint."""


def _value(name: str) -> str:
    """A figure of a term at a place: as `norms.rules.amount`, NULL without the basis. Whole numbers where they cannot
    run over; `numeric` costs several times as much, and there are as many figures as cells."""
    basis = f"CASE t.{name}_by " + " ".join(f"WHEN {n} THEN u.b{n}" for n in list(_BASES.values())[1:]) + " END"
    rounded = (
        f"(div(div(t.{name}::numeric * {basis} + t.{name}_per - 1, t.{name}_per) + t.{name}_step - 1, t.{name}_step)"
        f" * t.{name}_step)::bigint"
    )
    short = (
        f"((t.{name} * {basis} + t.{name}_per - 1) / t.{name}_per + t.{name}_step - 1) / t.{name}_step * t.{name}_step"
    )
    return (
        f"t.times * CASE WHEN t.{name}_by = 1 THEN t.{name}"
        f" WHEN t.{name} < {_SMALL} AND {basis} < {_SMALL} THEN {short} ELSE {rounded} END"
    )


def _wanted(table: Table) -> tuple[str, Sequence[str]]:
    """Every place `u` and line `l` of it, and its four figures. A line of several terms is their sum, unknown if one of
    them is."""
    values = [_value(name) for name in _FIELDS]
    if all(len(line.terms) == 1 for line in table.lines):
        return "places u JOIN lines l ON l.grp = u.grp JOIN terms t ON t.p = l.p", values
    pairs = "FROM places u JOIN lines l USING (grp) JOIN terms t ON t.p = l.p WHERE l.terms {}"
    single = f"SELECT u.n, l.p, {', '.join(values)} {pairs.format('= 1')}"
    summed = ", ".join(f"CASE WHEN count(*) = count({one}) THEN sum({one})::bigint END" for one in values)
    several = f"SELECT u.n, l.p, {summed} {pairs.format('> 1')} GROUP BY 1, 2"
    named = f"({single} UNION ALL {several}) w (n, p, {', '.join(_FIELDS)})"
    return f"{named} JOIN places u ON u.n = w.n JOIN lines l ON l.p = w.p", [f"w.{name}" for name in _FIELDS]


_POOLED = f"""
    SELECT n, p, {", ".join(f"total({name}) AS {name}" for name in _ALL_FIGURES)} FROM (
        SELECT u.n, m.p, {", ".join(f"x.{name} * m.worth / m.base AS {name}" for name in _ALL_FIGURES)}
        FROM there x JOIN places u USING (holder) JOIN members m ON m.grp = u.grp AND m.item_id = x.item_id
        UNION ALL
        SELECT u.n, l.p, {", ".join(f"c.{name}" for name in _ALL_FIGURES)}
        FROM coming c JOIN places u USING (holder) JOIN lines l ON l.grp = u.grp AND l.class_id = c.class_id
    ) y GROUP BY n, p
"""
"""(place, line of a class) with what is there and comes for it."""


async def _cells(table: Table, branches: Sequence[int], tops: Sequence[int], goods: Sequence[int]) -> Statement:
    """A statement's beginning: the common table `cell`, one row for each place and line.

    OFFSET 0 keeps PostgreSQL from writing a figure's arithmetic out again wherever the figure is used; columns that
    nobody asks for are not worked out.
    """
    statement = Statement(table)
    given = [
        _places(statement, branches),
        _lines(statement, tops, goods),
        _terms(statement),
        _members(statement),
        _streams(statement),
    ]
    stock = await stock_then(statement) if table.past else stock_now(statement)
    zeros = ", ".join("0::bigint" for _ in _ALL_FIGURES[len(OF_STOCK) :])
    names = ", ".join(_ALL_FIGURES)
    wanted, values = _wanted(table)
    pools = any(line.item_id is None for line in table.lines)
    there = ("h.{0}, k.{0}" if pools else "h.{0}").format
    statement.text = f"""
WITH {", ".join(given)}, stock AS ({stock}), there AS (
    SELECT holder, item_id, {", ".join(f"total({name}) AS {name}" for name in _ALL_FIGURES)} FROM (
        SELECT holder, item_id, {", ".join(f"coalesce({x}, 0) AS {x}" for x in OF_STOCK)}, {zeros} FROM stock
        UNION ALL SELECT holder, item_id, {names} FROM coming WHERE item_id IS NOT NULL
    ) x (holder, item_id, {names}) GROUP BY 1, 2
){f", held AS ({_POOLED})" if pools else ""}, cell AS (
    SELECT *, CASE need_of WHEN 0 THEN minimum WHEN 1 THEN target END AS need FROM (
        SELECT u.n, l.p, {", ".join(f"{value} AS {x}" for x, value in zip(_FIELDS, values, strict=True))},
            {", ".join(f"coalesce({there(name)}, 0) AS {name}" for name in _ALL_FIGURES)},
            u.tier, u.branch, l.top, l.goods, l.factor, l.fen, l.per, l.need_of
        FROM {wanted} LEFT JOIN there h ON h.holder = u.holder AND h.item_id = l.item_id
        {"LEFT JOIN held k ON k.n = u.n AND k.p = l.p" if pools else ""} OFFSET 0
    ) one OFFSET 0
)
"""
    return statement


# --- cells ----------------------------------------------------------------------------------------------------------

_GAP = "greatest(need - usable, 0)"
_OPEN = "greatest(need - usable - in_transit - on_order - promised, 0)"
_COST = (
    f"CASE WHEN fen IS NULL THEN NULL WHEN {_GAP} < {_SMALL} AND fen < {_SMALL} AND per < {_SMALL}"
    f" THEN ({_GAP} * fen * 2 + per) / (per * 2) ELSE div({_GAP}::numeric * fen * 2 + per, per * 2)::bigint END"
)
_SHOWN = {Show.ALL: "true", Show.SHORT: "need > usable", Show.UNKNOWN: "need IS NULL AND need_of IS NOT NULL"}
_ORDER = {
    Sort.PLACE: "0::bigint",
    # The missing thousandths, the most first; lines that need nothing and lines whose need is unknown come last.
    Sort.GAP: f"-coalesce({_GAP} * 1000 / nullif(need, 0), -1)",
}


async def list_cells(
    table: Table,
    *,
    sort: Sort = Sort.PLACE,
    show: Show = Show.ALL,
    cursor: str | None = None,
    limit: int | None = None,
) -> Page[Cell]:
    """A page of places × goods. The order holds as long as norms, places and goods stay."""
    size = checked_limit(limit)
    after = read_cursor(cursor, 3)
    if not table.lines or not table.places:
        return Page([])
    zeros = [0] * max(len(table.places), len(table.lines))
    statement = await _cells(table, zeros, zeros, zeros)
    where = _SHOWN[show]
    if after is not None:
        spots = ", ".join(statement.bind(str(value), "text") + "::bigint" for value in after)
        where += f" AND ({_ORDER[sort]}, n, p) > ({spots})"
    sql = _listed(statement, sort, where) + f" LIMIT {size + 1}"
    try:
        rows = await db.fetch_large(sql, *statement.args)
    except asyncpg.DataError as error:
        raise Invalid("page.bad-cursor", "翻页标记无效，请从第一页重新开始") from error
    shown = rows[:size]
    following = write_cursor(*tuple(shown[-1])[:3]) if len(rows) > size else None
    return Page([_cell(table, tuple(row)[1:]) for row in shown], following)


async def all_cells(
    table: Table, *, sort: Sort = Sort.PLACE, show: Show = Show.ALL
) -> AsyncGenerator[Sequence[Cell], None]:
    """All of them, some thousand at a time, worked out once and in constant memory: pages would work each out anew.
    Whoever stops before the end closes it (`contextlib.aclosing`)."""
    if not table.lines or not table.places:
        return
    zeros = [0] * max(len(table.places), len(table.lines))
    statement = await _cells(table, zeros, zeros, zeros)
    parts = db.fetch_in_parts(_listed(statement, sort, _SHOWN[show]), *statement.args)
    async with aclosing(parts):
        async for rows in parts:
            yield [_cell(table, tuple(row)[1:]) for row in rows]


def _listed(statement: Statement, sort: Sort, where: str) -> str:
    return f"""{statement.text}
SELECT {_ORDER[sort]}, n, p, {", ".join(_FIELDS)}, need, {", ".join(_ALL_FIGURES)}, {_COST}
FROM cell WHERE {where} ORDER BY 1, 2, 3"""


def _cell(table: Table, row: Sequence[Any]) -> Cell:
    subject, line = table.places[row[0]][1], table.lines[row[1]]
    minimum, reorder, target, maximum, need = row[2:7]
    return Cell(
        subject.key, subject.name_zh, subject.name_en, subject.region_id, subject.path, subject.tier, subject.site_id,
        line.item_id, line.class_id, line.key, line.name_zh, line.name_en, line.unit_zh, line.unit_en,
        line.unit_factor, line.lead_days, line.unverified, minimum, reorder, target, maximum, need,
        need is None and rules.need_of(line) is not None, Figures(*row[7:16]), row[16],
        line.class_path,
    )  # fmt: skip


# --- roll-ups -------------------------------------------------------------------------------------------------------

_DIMENSIONS = {By.TIER: "tier", By.BRANCH: "branch", By.PLACE: "n", By.CLASS: "top", By.GOODS: "goods"}


def _thousandths(value: str) -> str:
    return f"coalesce(total(({value}) * 1000 / factor) FILTER (WHERE need IS NOT NULL), 0)"


_SUMS = {
    "cells": "count(*)",
    "known": "count(need)",
    "unknown": "count(*) FILTER (WHERE need IS NULL AND need_of IS NOT NULL)",
    "met": "count(*) FILTER (WHERE usable >= need)",
    "need": _thousandths("need"),
    "usable": _thousandths("usable"),
    "filled": _thousandths("least(greatest(usable, 0), need)"),
    "gap": _thousandths(_GAP),
    "open_gap": _thousandths(_OPEN),
    "gap_fen": f"coalesce(total({_COST}), 0)",
    "unpriced": "count(*) FILTER (WHERE need > usable AND fen IS NULL)",
}


_WORTH_IT = 4
"""So many times more cells than groups, and a step between pays."""


def _count(table: Table) -> int:
    lines = Counter(line.group for line in table.lines)
    return sum(lines[group] for group, _ in table.places)


async def roll_up(table: Table, by: Sequence[By] = ()) -> list[Total]:
    """The cells put together in the database; without `by`, all of them in one line."""
    return (await roll_ups(table, [by]))[0]


async def roll_ups(table: Table, ways: Sequence[Sequence[By]]) -> list[list[Total]]:
    """The same in several ways at once, over one reading of the cells."""
    if not table.lines or not table.places:
        return [[] for _ in ways]
    branches, branch_labels = await _branches(table)
    tops, top_labels = await _tops(table)
    goods, goods_labels = _goods(table)
    labels = {
        By.TIER: [Label(tier.value, tier.value) for tier in _TIERS],
        By.BRANCH: branch_labels,
        By.PLACE: [_label_of(subject) for _, subject in table.places],
        By.CLASS: top_labels,
        By.GOODS: goods_labels,
    }
    statement = await _cells(table, branches, tops, goods)
    used = [one for one in By if any(one in by for by in ways)]
    columns = [_DIMENSIONS[one] for one in used]
    sets = ", ".join(f"({', '.join(_DIMENSIONS[one] for one in by)})" for by in ways)
    source, sums = "cell", [f"{sql} AS {name}" for name, sql in _SUMS.items()]
    if math.prod(len(labels[one]) for one in used) * _WORTH_IT < _count(table):
        # Put together finely first: the ways then share a few thousand rows instead of going over every cell each.
        source = f"""(SELECT {", ".join([*columns, *sums])} FROM cell
        {"GROUP BY " + ", ".join(columns) if columns else ""}) fine"""
        sums = [f"total({name})" for name in _SUMS]
    sql = f"""{statement.text}
SELECT {f"GROUPING({', '.join(columns)})" if columns else "0"}, {", ".join([*columns, *sums])}
FROM {source} GROUP BY GROUPING SETS ({sets}) {"ORDER BY " + ", ".join(columns) if columns else ""}"""
    found: dict[int, list[Total]] = {}
    for row in map(tuple, await db.fetch_large(sql, *statement.args)):
        of = [labels[one][row[1 + at]] for at, one in enumerate(used) if row[1 + at] is not None]
        found.setdefault(row[0], []).append(Total(tuple(of), *row[1 + len(used) :]))
    masks = [sum(1 << (len(used) - 1 - at) for at, one in enumerate(used) if one not in by) for by in ways]
    return [found.get(mask, []) for mask in masks]


async def usable_by_branch(table: Table, item_ids: Collection[int]) -> list[tuple[Label, int, int]]:
    """(branch, item, usable on the day) of these items, whether a norm asks for them or not: base units of what the
    places of the question hold, with what is due by then; none of items that the reader is counting."""
    wanted = sorted(set(item_ids) - table.question.without)
    if not wanted or not table.places:
        return []
    branches, labels = await _branches(table)
    statement = Statement(table)
    items = statement.bind(wanted, "bigint[]")
    given = f"{_places(statement, branches)}, {_streams(statement)}"
    stock = await stock_then(statement, items) if table.past else stock_now(statement, items)
    rows = await db.fetch_large(
        f"""WITH {given} SELECT u.branch, x.item_id, sum(x.usable)::bigint FROM (
    SELECT holder, item_id, usable FROM ({stock}) s
    UNION ALL SELECT holder, item_id, usable FROM coming WHERE item_id = ANY({items})
) x JOIN places u USING (holder) WHERE x.usable <> 0 GROUP BY 1, 2 ORDER BY 1, 2""",
        *statement.args,
    )
    return [(labels[row[0]], row[1], row[2]) for row in rows]


def _label_of(subject: Subject) -> Label:
    return Label(subject.key, subject.name_zh, subject.name_en, subject.path)


async def _branches(table: Table) -> tuple[list[int], list[Label]]:
    """For each place the region next below the one asked for, or that one itself."""
    depth = table.question.path.count("/")
    above = ["/".join(subject.path.split("/")[: depth + 1]).rstrip("/") + "/" for _, subject in table.places]
    found = {
        row[0]: Label(row[1], row[2], row[3], row[0])
        for row in await db.fetch(
            "SELECT path, key, name_zh, name_en FROM region WHERE path = ANY($1::text[])", sorted(set(above))
        )
    }
    order = {path: number for number, path in enumerate(sorted(found))}
    return [order[path] for path in above], [found[path] for path in sorted(found)]


async def _tops(table: Table) -> tuple[list[int], list[Label]]:
    """For each line the highest class above it."""
    ids = [int(line.class_path.strip("/").split("/")[0]) for line in table.lines]
    rows = await db.fetch(
        "SELECT id, code, name_zh, name_en FROM material_class WHERE id = ANY($1::bigint[]) ORDER BY code",
        sorted(set(ids)),
    )
    order = {row[0]: number for number, row in enumerate(rows)}
    return [order[one] for one in ids], [Label(row[1], row[2], row[3]) for row in rows]


def _goods(table: Table) -> tuple[list[int], list[Label]]:
    """For each line the item or class, however many groups of places have a line of it."""
    named = {
        (line.key, line.item_id, line.class_id): Label(line.key, line.name_zh, line.name_en) for line in table.lines
    }
    order = {key: number for number, key in enumerate(sorted(named, key=lambda key: (key[0], key[1] or 0)))}
    labels = [named[key] for key in order]
    return [order[line.key, line.item_id, line.class_id] for line in table.lines], labels
