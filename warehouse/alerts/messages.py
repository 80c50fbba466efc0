"""What an alert says, in a sentence, in both languages: the same in the inbox, in mail, and in a chat group."""

from collections.abc import Mapping
from typing import Any

from warehouse.alerts.model import Alert, AlertEvent, AlertKind, EventVerb, Severity

KINDS: Mapping[AlertKind, tuple[str, str]] = {
    AlertKind.BELOW_MINIMUM: ("低于最低储备", "Below the minimum"),
    AlertKind.BELOW_REORDER: ("低于补库点", "Below the reorder point"),
    AlertKind.WILL_FALL_BELOW: ("将跌破最低储备", "Will fall below the minimum"),
    AlertKind.NEAR_EXPIRY: ("临近到期", "Near expiry"),
    AlertKind.EXPIRED: ("过期仍在库", "Expired, still on hand"),
    AlertKind.CARE_DUE: ("保养到期", "Care is due"),
    AlertKind.OVER_CAPACITY: ("货位超容", "Bin over its capacity"),
    AlertKind.COUNT_OVERDUE: ("盘点超期", "Count overdue"),
    AlertKind.LEDGER_DIFFERENCE: ("账实差异", "Ledger difference"),
    AlertKind.DELIVERY_LATE: ("到货逾期", "Delivery late"),
    AlertKind.ORDER_LATE: ("订单逾期", "Order late"),
    AlertKind.COMMITMENT_ENDING: ("协议到期", "Commitment ending"),
    AlertKind.HOLD_TAKEN: ("占用被调走", "Hold taken"),
    AlertKind.PAPER_OVERDUE: ("口头指令欠手续", "Paper of a spoken order"),
    AlertKind.LOAN_OVERDUE: ("借用到期未还", "Loan not back"),
}
SEVERITIES: Mapping[Severity, tuple[str, str]] = {
    Severity.NOTICE: ("提示", "notice"),
    Severity.WARNING: ("警告", "warning"),
    Severity.URGENT: ("紧急", "urgent"),
}
VERBS: Mapping[EventVerb, tuple[str, str]] = {
    EventVerb.OPENED: ("发出", "opened"),
    EventVerb.RAISED: ("升级", "graver"),
    EventVerb.LOWERED: ("减轻", "milder"),
    EventVerb.ACKNOWLEDGED: ("已确认", "acknowledged"),
    EventVerb.TAKEN: ("已在处理", "taken in hand"),
    EventVerb.PUT_BACK: ("放回", "put back"),
    EventVerb.SNOOZED: ("暂缓", "snoozed"),
    EventVerb.WOKEN: ("暂缓结束", "snooze over"),
    EventVerb.ESCALATED: ("上报上一级", "to the tier above"),
    EventVerb.CLOSED: ("自动解除", "closed by itself"),
}
_CARE = {
    "restack": ("翻垛", "restacking"),
    "test": ("质量检测", "the quality test"),
    "quality_test": ("质量检测", "the quality test"),
    "run": ("试运转", "the trial run"),
    "engine_run": ("试运转", "the trial run"),
    "sun": ("晾晒", "sun and air"),
    "sunning": ("晾晒", "sun and air"),
    "charge": ("充电", "charging"),
    "inspect": ("检查", "the inspection"),
    "inspection": ("检查", "the inspection"),
    "air_tightness": ("气密性试验", "the air-tightness test"),
}


def _pick(pair: tuple[str, str], zh: bool) -> str:
    return pair[0] if zh else pair[1]


def kind(one: AlertKind, *, zh: bool) -> str:
    """What kind it is."""
    return _pick(KINDS[one], zh)


def severity(one: Severity, *, zh: bool) -> str:
    """How grave it is."""
    return _pick(SEVERITIES[one], zh)


def verb(one: EventVerb, *, zh: bool) -> str:
    """What happened to it."""
    return _pick(VERBS[one], zh)


def place(alert: Alert, *, zh: bool) -> str:
    """Where it is."""
    name = alert.place_zh if zh else alert.place_en
    return f"{name} {alert.site_code}" if alert.site_code else name


def goods(alert: Alert, *, zh: bool) -> str:
    """What it is about; empty where it is about no goods."""
    if alert.item_zh is not None:
        name = alert.item_zh if zh else alert.item_en or alert.item_zh
        return f"{name} {alert.item_key}"
    if alert.class_zh is not None:
        return alert.class_zh if zh else alert.class_en or alert.class_zh
    return ""


def why(one: AlertKind, facts: Mapping[str, Any], *, zh: bool) -> str:
    """The figures that decided, in a sentence."""
    if not zh and facts.get("unit_en"):
        facts = {**facts, "unit": facts["unit_en"]}
    left, right, day = facts.get("left"), facts.get("right"), facts.get("day") or ""
    match one:
        case AlertKind.BELOW_MINIMUM | AlertKind.BELOW_REORDER:
            least = facts.get("minimum" if one is AlertKind.BELOW_MINIMUM else "reorder")
            text = ("可用 {left}，{what} {right}，缺 {gap}", "{left} usable, {what} {right}, {gap} short")
            names = ("最低储备", "minimum") if one is AlertKind.BELOW_MINIMUM else ("补库点", "reorder point")
            gap = (least or 0) - (left or 0)
            return _pick(text, zh).format(
                left=_amount(left, facts), what=_pick(names, zh), right=_amount(least, facts), gap=_amount(gap, facts)
            )
        case AlertKind.WILL_FALL_BELOW:
            text = (
                "现可用 {usable}；{day} 起因到期或占用只剩 {left}，低于最低储备 {right}",
                "{usable} usable now; from {day} expiry or reservations leave {left}, below the minimum {right}",
            )
            return _pick(text, zh).format(
                usable=_amount(facts.get("usable"), facts), day=day, left=_amount(left, facts),
                right=_amount(right, facts),
            )  # fmt: skip
        case AlertKind.NEAR_EXPIRY:
            text = ("{day} 到期，已进入 {right} 天档", "expires on {day}: within {right} days")
            return _pick(text, zh).format(day=day, right=right)
        case AlertKind.EXPIRED:
            return _pick(("{day} 已到期，仍在库", "expired on {day} and still on hand"), zh).format(day=day)
        case AlertKind.CARE_DUE:
            what = _pick(_CARE.get(str(facts.get("care")), (str(facts.get("care")),) * 2), zh)
            return _pick(("{what}应于 {day} 前完成", "{what} is due by {day}"), zh).format(what=what, day=day)
        case AlertKind.OVER_CAPACITY:
            text = ("已占容量的 {left}%", "holds {left}% of what it was measured for")
            return _pick(text, zh).format(left=left)
        case AlertKind.COUNT_OVERDUE:
            text = (
                "{left} 个有货货位超期未盘，最早自 {day} 起",
                "{left} bins with goods were not counted for long, the first since {day}",
            )
            return _pick(text, zh).format(left=left, day=day)
        case AlertKind.LEDGER_DIFFERENCE:
            return _difference(facts, day, zh)
        case _:
            return _of_document(one, facts, zh=zh)


def _of_document(one: AlertKind, facts: Mapping[str, Any], *, zh: bool) -> str:
    """The same, of what is about a paper: a delivery, an order, a commitment, a requisition, a release order."""
    left, day = facts.get("left"), facts.get("day") or ""
    match one:
        case AlertKind.DELIVERY_LATE:
            text = ("到货单 {number} 应于 {day} 到货", "delivery {number} should have come by {day}")
            return _pick(text, zh).format(number=facts.get("number"), day=day)
        case AlertKind.ORDER_LATE:
            text = (
                "订单 {number} 有 {lines} 行逾期未到齐，最早应于 {day} 到货",
                "order {number}: {lines} lines have not come in full, the first was due on {day}",
            )
            return _pick(text, zh).format(number=facts.get("number"), lines=facts.get("lines"), day=day)
        case AlertKind.COMMITMENT_ENDING:
            over = isinstance(left, int) and left < 0
            text = (
                (
                    "协议 {number} 已于 {day} 到期，未续签也未停用",
                    "commitment {number} ended on {day}: renew or retire it",
                )
                if over
                else ("协议 {number} 将于 {day} 到期", "commitment {number} ends on {day}")
            )
            return _pick(text, zh).format(number=facts.get("number"), day=day)

        case AlertKind.HOLD_TAKEN:
            text = (
                "申请 {number} 占用的物资有 {lines} 行被更紧急的申请 {by} 调走，请确认新方案",
                "requisition {number}: {by}, more urgent, took {lines} lines that it held; accept a new plan",
            )
            return _pick(text, zh).format(number=facts.get("number"), by=facts.get("by"), lines=facts.get("lines"))
        case AlertKind.PAPER_OVERDUE:
            return _paper(facts, day, zh)
        case AlertKind.LOAN_OVERDUE:
            text = ("{number} 借用的物资应于 {day} 前归还", "what {number} borrowed was due back by {day}")
            return _pick(text, zh).format(number=facts.get("number"), day=day)
        case _:
            raise AssertionError(f"{one} says nothing")


def _paper(facts: Mapping[str, Any], day: str, zh: bool) -> str:
    what = _pick(("调用单", "call-off") if facts.get("commitment") else ("动用指令", "order"), zh)
    if facts.get("filed"):
        text = (
            "口头{what} {number} 的书面手续已上传，应于 {day} 前核对",
            "the paper of spoken {what} {number} is filed and was to be checked by {day}",
        )
    else:
        text = (
            "口头{what} {number} 的书面手续应于 {day} 前补齐",
            "the paper of spoken {what} {number} is due by {day}",
        )
    return _pick(text, zh).format(what=what, number=facts.get("number"), day=day)


def _difference(facts: Mapping[str, Any], day: str, zh: bool) -> str:
    if "differences" in facts:
        text = ("账目核对有 {count} 处不符", "{count} figures do not follow from the moves")
        return _pick(text, zh).format(count=facts.get("left"))
    if day:
        return _pick(("差异单应于 {day} 前办结", "the discrepancy case must be settled by {day}"), zh).format(day=day)
    return _pick(("有未办结的差异单", "a discrepancy case is open"), zh)


def _amount(value: Any, facts: Mapping[str, Any]) -> str:
    """A quantity in the unit that people use, without zeros behind the point."""
    if not isinstance(value, int):
        return "–"
    factor = int(facts.get("factor") or 1)
    whole, rest = divmod(abs(value), factor)
    text = f"{whole:,}"
    if rest:
        digits = len(str(factor - 1))
        text += "." + f"{rest * 10**digits // factor:0{digits}}".rstrip("0")
    sign = "−" if value < 0 else ""
    unit = str(facts.get("unit") or "")
    return f"{sign}{text} {unit}".rstrip()


def line(alert: Alert, event: AlertEvent, *, zh: bool) -> str:
    """What happened to an alert as a line of a message: how grave, what, where, which goods, why."""
    happened, facts, what, how = event.verb, event.facts or alert.facts, event.kind, event.severity
    parts = [place(alert, zh=zh), goods(alert, zh=zh)]
    if alert.lot:
        parts.append(_pick(("批次 {}", "lot {}"), zh).format(alert.lot))
    if alert.place_code and alert.lot is None:
        parts.append(_pick(("货位 {}", "bin {}"), zh).format(alert.place_code))
    about = " · ".join(part for part in parts if part)
    state = "" if happened is EventVerb.OPENED else _pick(("（{}）", " ({})"), zh).format(verb(happened, zh=zh))
    said = why(what, facts, zh=zh)
    return _pick(("【{s}】{k}{v}：{a}。{w}。", "[{s}] {k}{v}: {a}. {w}."), zh).format(
        s=severity(how, zh=zh), k=kind(what, zh=zh), v=state, a=about, w=said
    )
