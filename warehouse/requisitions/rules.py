"""The decisions of requisitions and release orders, over plain values."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from catalog.kernel.errors import Invalid, Refused
from catalog.kernel.quantity import MAX_QUANTITY
from warehouse.requisitions.model import (
    LONGEST_TEXT,
    MOST_LINES,
    OVER,
    PAST,
    LineFacts,
    Release,
    ReleaseStatus,
    Requisition,
    RequisitionFacts,
    Status,
)
from warehouse.spoken.rules import check_voice

PRIORITIES = (1, 2, 3, 4)


def check_facts(facts: RequisitionFacts) -> None:
    """Raises Invalid for a head that cannot be right."""
    if not facts.reason.strip():
        raise Invalid("requisition.no-reason", "请写明调用事由")
    if any(len(text) > LONGEST_TEXT for text in (facts.reason, facts.own_stock, facts.note)):
        raise Invalid("requisition.too-long", "文字过长", longest=LONGEST_TEXT)


def check_lines(lines: Sequence[LineFacts], now: datetime) -> None:
    """Raises Invalid for lines that cannot be taken; names the first wrong one (from 1)."""
    if not 1 <= len(lines) <= MOST_LINES:
        raise Invalid("requisition.bad-count", f"一份申请须有 1 到 {MOST_LINES} 行物资", lines=len(lines))
    for line, one in enumerate(lines, 1):
        if (one.item_id is None) is (one.class_id is None):
            raise Invalid("requisition.what", "请在物资和类别中选择一个", line=line)
        if one.class_id is not None and not one.unit.strip():
            raise Invalid("requisition.no-unit", "按类别申请须写明计量单位", line=line)
        if not 0 < one.quantity <= MAX_QUANTITY:
            raise Invalid("requisition.bad-quantity", "数量必须大于零且不超过上限", line=line, asked=one.quantity)
        if one.priority not in PRIORITIES:
            raise Invalid("requisition.bad-priority", "紧急程度须为 1 到 4", line=line, asked=one.priority)
        # A need asked hours ago may be late by now: it is still wanted. Only typing by hand is held to the clock.
        if one.need_id is None and one.needed_by is not None and one.needed_by < now - PAST:
            raise Invalid("requisition.bad-time", "要求送达时间不能早于现在", line=line)
        if any(len(text) > LONGEST_TEXT for text in (one.place, one.note, one.receiver, one.phone, one.unit)):
            raise Invalid("requisition.too-long", "文字过长", line=line, longest=LONGEST_TEXT)
        if (one.lat is None) is not (one.lon is None) or not -90 <= (one.lat or 0) <= 90:
            raise Invalid("requisition.bad-point", "经纬度须同时填写，且在有效范围内", line=line)
        if not -180 <= (one.lon or 0) <= 180:
            raise Invalid("requisition.bad-point", "经纬度须同时填写，且在有效范围内", line=line)


@dataclass(frozen=True, slots=True)
class AtHome:
    """What the asking region itself has free of a line's goods, in base units, and in which stores."""

    line: int
    goods: str
    quantity: int
    sites: tuple[str, ...]


def check_own_first(requisition: Requisition, at_home: Sequence[AtHome]) -> None:
    """Own tier first: who asks upward has used its own, or says why not. Raises Refused with what is free at home."""
    facts = requisition.facts
    if not facts.upward or facts.own_stock.strip() or not at_home:
        return
    first = at_home[0]
    raise Refused(
        "requisition.own-stock-first",
        "本级还有可用物资：请先动用本级，或写明不能动用的原因",
        line=first.line,
        free=first.quantity,
        goods=[
            {"line": one.line, "goods": one.goods, "free": one.quantity, "sites": list(one.sites)} for one in at_home
        ],
    )


def check_approver(requisition: Requisition, login: str, for_login: str = "") -> None:
    """Raises Refused where the caller, or in whose name he acts, wrote it, or has approved it already."""
    mine = {login, for_login} - {""}
    if mine & set(requisition.authors):
        raise Refused("requisition.own", "不能审批自己起草或提交的申请", requisition=requisition.number)
    if any(mine & {one.login, one.for_login} for one in requisition.approvals):
        raise Refused("requisition.same-approver", "初审和批准须由不同的人进行", requisition=requisition.number)


_FAR = (
    ReleaseStatus.WAITING, ReleaseStatus.RELEASED, ReleaseStatus.PICKING, ReleaseStatus.SHIPPED, ReleaseStatus.RECEIVED,
)  # fmt: skip
_FOLLOWING = {
    ReleaseStatus.WAITING: Status.SOURCED,
    ReleaseStatus.RELEASED: Status.RELEASED,
    ReleaseStatus.PICKING: Status.PICKING,
    ReleaseStatus.SHIPPED: Status.SHIPPED,
    ReleaseStatus.RECEIVED: Status.RECEIVED,
}


def following(releases: Sequence[ReleaseStatus]) -> Status:
    """How far a requisition is by its release orders: as far as the one that is least far; approved without any."""
    live = [ReleaseStatus.RECEIVED if one is ReleaseStatus.CLOSED else one for one in releases if one not in OVER]
    return _FOLLOWING[min(live, key=_FAR.index)] if live else Status.APPROVED


def check_spoken(spoken: bool, allowed: bool, by: str, to: str, level: int | None) -> None:
    """Whether an order may be spoken, and says who spoke and to whom. Raises Refused, Invalid."""
    if not spoken:
        return
    if not allowed:
        raise Refused("release.not-by-voice", "当前响应级别不允许口头下令，请以书面指令下达", level=level)
    check_voice(by, to)


def check_held(release: Release) -> None:
    """All its goods are still held. Raises Refused with every line that is not: it lapsed, or a fact took the goods."""
    gone = [line for line in release.lines if line.reservation_state != "held" or line.reserved < line.quantity]
    if gone:
        raise Refused(
            "release.goods-gone",
            "有物资的占用已失效，请撤销后重新安排货源",
            line=gone[0].line,
            lines=[
                {
                    "line": line.line,
                    "item": line.item_zh,
                    "lot": line.lot,
                    "asked": line.quantity,
                    "held": line.reserved if line.reservation_state == "held" else 0,
                }
                for line in gone
            ],
        )


def check_releaser(release: Release, login: str) -> None:
    """Nobody releases what he asked for. Raises Refused."""
    if login in release.authors:
        raise Refused("release.own", "不能下达自己申请的动用指令", release=release.name)


def release_number(year: int, serial: int) -> str:
    """A release order's number: Shanghai year and its gapless serial."""
    return f"ZL-{year}-{serial:04}"


def check_short(quantities: Mapping[str, int], quantity: int) -> None:
    """So much of a line is not there. Raises Invalid, Refused."""
    if quantity <= 0:
        raise Invalid("release.bad-quantity", "数量必须大于零且不超过上限", asked=quantity)
    if quantity > quantities["rest"]:
        raise Refused("release.short-too-much", "短缺数量大于该行数量", asked=quantity, rest=quantities["rest"])
