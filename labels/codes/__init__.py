"""GS1 and own codes, read and written side by side. Pure: no clock, no environment, no I/O."""

from labels.codes.gs1 import (
    bracketed,
    check_digit,
    has_check_digit,
    normal_gtin,
    read_date,
    write_elements,
    write_lot,
    write_own_gtin13,
    write_sscc,
)
from labels.codes.model import Ambiguous, Code, Form, Glued, Note, Own, OwnKind, Reading, Reason, Unreadable
from labels.codes.own import check_character, own_text, parse_own, write_own
from labels.codes.reader import read

__all__ = [
    "Ambiguous",
    "Code",
    "Form",
    "Glued",
    "Note",
    "Own",
    "OwnKind",
    "Reading",
    "Reason",
    "Unreadable",
    "bracketed",
    "check_character",
    "check_digit",
    "has_check_digit",
    "normal_gtin",
    "own_text",
    "parse_own",
    "read",
    "read_date",
    "write_elements",
    "write_lot",
    "write_own",
    "write_own_gtin13",
    "write_sscc",
]
