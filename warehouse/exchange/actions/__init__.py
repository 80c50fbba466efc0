"""The verbs of exchange: each one function. Goods and lists are written by the ordinary list actions."""

from warehouse.exchange.actions.apply import Progress, apply_chunk, begin_apply
from warehouse.exchange.actions.choices import answer, choose, reopen
from warehouse.exchange.actions.files import keep_findings, keep_problem, purge, purge_before, upload, withdraw

__all__ = [
    "Progress",
    "answer",
    "apply_chunk",
    "begin_apply",
    "choose",
    "keep_findings",
    "keep_problem",
    "purge",
    "purge_before",
    "reopen",
    "upload",
    "withdraw",
]
