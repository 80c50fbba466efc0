"""Findings as columns of encoded texts: what leaves the worker and is written."""

from dataclasses import asdict
from typing import Any

from catalog.kernel.jsontext import json_text
from warehouse.exchange.model import Findings, Packed, Reason
from warehouse.exchange.rules.likeness import bare

_BETWEEN = "\x01"
"""Between the keys of a row's questions; no key holds it."""


def pack(findings: Findings) -> Packed:
    """Encode what a dry run found."""
    rows = findings.rows
    return Packed(
        sheets=encoded([asdict(sheet) for sheet in findings.sheets]),
        questions=findings.questions,
        headings={
            bare(column.heading): column.field
            for sheet in findings.sheets
            for column in sheet.columns
            if column.why == "chosen" and column.heading
        },
        sheet=[row.sheet for row in rows],
        row=[row.row for row in rows],
        part=[row.part for row in rows],
        verdict=[row.verdict.value for row in rows],
        title=[row.title for row in rows],
        cells=[encoded(row.cells) for row in rows],
        reasons=[encoded([plain_reason(one) for one in row.reasons]) if row.reasons else "[]" for row in rows],
        facts=[encoded(row.facts) if row.facts else "{}" for row in rows],
        identity=[row.identity for row in rows],
        subject=[row.subject for row in rows],
        keys=[_BETWEEN.join(one.key for one in row.reasons if one.key) for row in rows],
    )


def plain_reason(one: Reason) -> dict[str, Any]:
    """A reason without what it does not say."""
    said = {name: getattr(one, name) for name in ("level", "code", "field", "column", "text", "key", "facts")}
    return {name: value for name, value in said.items() if value}


def encoded(value: Any) -> str:
    """JSON that the database can hold (it knows no NUL)."""
    return json_text(value).replace("\\u0000", "")
