"""Money on paper: fen as 元, in figures and in the capital characters that receipts ask for."""

from labels.errors import LabelProblem

_DIGITS = "零壹贰叁肆伍陆柒捌玖"
_UNITS = ("", "拾", "佰", "仟")
_GROUPS = ("", "万", "亿")


def yuan(fen: int) -> str:
    """Whole fen as yuan with two decimals and thousands separators."""
    sign = "-" if fen < 0 else ""
    whole, rest = divmod(abs(fen), 100)
    return f"{sign}{whole:,}.{rest:02d}"


def capital_yuan(fen: int) -> str:
    """The amount in capital characters (大写金额), below a million million yuan.

    Source: 支付结算办法, annex 1 正确填写票据和结算凭证的基本规定: 整 closes whole yuan, 零 stands for skipped places.
    """
    if abs(fen) >= 10**14:
        raise LabelProblem("labels.amount-too-large", f"{fen} fen is beyond any receipt", {"fen": fen})
    sign = "负" if fen < 0 else ""
    whole, rest = divmod(abs(fen), 100)
    jiao, cent = divmod(rest, 10)
    text = _whole(whole) + "元" if whole else ""
    if not rest:
        return sign + (text or "零元") + "整"
    if jiao:
        # a gap between the yuan's last digit and the jiao is spoken
        text += ("零" if whole and whole % 10 == 0 else "") + _DIGITS[jiao] + "角"
    elif text:
        text += "零"
    return sign + text + (_DIGITS[cent] + "分" if cent else "整")


def _whole(number: int) -> str:
    """Groups of four digits; a group that does not fill its places, or follows an empty one, is led in by 零."""
    text = ""
    gap = False
    for place in (2, 1, 0):
        group = number // 10_000**place % 10_000
        if not group:
            gap = bool(text)
            continue
        lead = "零" if text and (gap or group < 1000) else ""
        text += lead + _group(group) + _GROUPS[place]
        gap = False
    return text


def _group(group: int) -> str:
    text = ""
    zero = False
    for place in (3, 2, 1, 0):
        digit = group // 10**place % 10
        if digit:
            text += ("零" if zero and text else "") + _DIGITS[digit] + _UNITS[place]
            zero = False
        else:
            zero = True
    return text
