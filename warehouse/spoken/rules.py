"""What an order by voice must say, and how long it owes its paper."""

from datetime import datetime

from catalog.kernel.errors import Invalid, Refused

LONGEST_TEXT = 500


def check_voice(by: str, to: str) -> None:
    """Who spoke and who heard it. Raises Invalid."""
    if not by.strip() or not to.strip():
        raise Invalid("spoken.unnamed", "口头下令须写明下令人和接令人")
    if len(by) > LONGEST_TEXT or len(to) > LONGEST_TEXT:
        raise Invalid("requisition.too-long", "文字过长", longest=LONGEST_TEXT)


def check_number(number: str) -> str:
    """The number of the written order. Raises Invalid."""
    said = number.strip()
    if not 0 < len(said) <= LONGEST_TEXT:
        raise Invalid("spoken.no-number", "请填写书面指令的文号")
    return said


def check_checker(name: str, filed_by: str, login: str) -> None:
    """Somebody else checks the paper. Raises Refused."""
    if login == filed_by:
        raise Refused("spoken.own-paper", "手续须由他人核对", order=name)


def owed(spoken: bool, checked_at: datetime | None) -> bool:
    """It was spoken, and its paper is not there and checked yet."""
    return spoken and checked_at is None
