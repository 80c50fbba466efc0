"""Filing and checking the paper of a spoken order, inside the action of whoever owns the order."""

from collections.abc import Sequence
from typing import Any
from uuid import UUID

from catalog.kernel.errors import Invalid
from catalog.kernel.stamp import Stamp
from warehouse.files import actions as files
from warehouse.files.model import Subject
from warehouse.spoken import rules

Columns = dict[str, Any]


async def file_scan(*, stamp: Stamp, subject: Subject, number: str, file_ids: Sequence[UUID]) -> tuple[str, Columns]:
    """The number of the paper and what the order's columns become. The files then belong to the order.

    Raises Invalid (`spoken.no-number`, `spoken.no-scan`), Missing, Refused (files).
    """
    said = rules.check_number(number)
    if not file_ids:
        raise Invalid("spoken.no-scan", "请上传书面指令的扫描件")
    await files.attach_files(stamp=stamp, file_ids=file_ids, subject=subject)
    return said, {
        "paper_file_id": file_ids[0],
        "paper_filed_at": stamp.recorded_at,
        "paper_filed_by": stamp.login,
    }


def check_scan(*, stamp: Stamp, name: str, filed_by: str, agrees: bool, note: str) -> Columns:
    """The paper says what was spoken, or it does not and is owed still: then `note` says why.

    Raises Refused (`spoken.own-paper`), Invalid.
    """
    rules.check_checker(name, filed_by, stamp.login)
    if agrees:
        return {"paper_checked_at": stamp.recorded_at, "paper_checked_by": stamp.login}
    if not note.strip():
        raise Invalid("requisition.reason-needed", "请写明原因（500 字以内）")
    return {"paper_filed_at": None, "paper_filed_by": "", "paper_file_id": None}
