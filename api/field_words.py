"""What is wrong with a field, in Chinese: pydantic says it in English only, in one sentence for each type of error.

The sentences are those of pydantic 2 (https://docs.pydantic.dev/latest/errors/validation_errors/); what is not among
them stays as it is. They are told to whoever asks for Chinese: a page in Chinese (its cookie), else Accept-Language.
"""

import re
from collections.abc import Mapping

COOKIE = "beiyu_language"
"""What the viewer of a page has chosen."""
_SAID: tuple[tuple[re.Pattern[str], str], ...] = tuple(
    (re.compile(pattern), chinese)
    for pattern, chinese in (
        (r"Field required", "必须填写"),
        (r"Extra inputs are not permitted", "没有这个字段"),
        (r"Input should be a valid string", "应为文字"),
        (r"Input should be a valid integer, got a number with a fractional part", "应为整数，不能带小数"),
        (r"Input should be a valid integer, unable to parse string as an integer", "应为整数"),
        (r"Input should be a valid integer", "应为整数"),
        (r"Input should be a valid (?:number|decimal).*", "应为数字"),
        (r"Input should be a finite number", "应为有限的数字"),
        (r"Input should be a valid boolean.*", "应为 true 或 false"),
        (r"Input should be a valid list", "应为列表"),
        (r"Input should be a valid (?:dictionary|mapping).*", "应为对象"),
        (r"Input should be a valid UUID.*", "应为 UUID 编号"),
        (r"Input should be a valid date or datetime.*|Input should be a valid date.*", "应为日期，如 2026-07-01"),
        (r"Input should be a valid datetime.*", "应为日期时间，如 2026-07-01T08:00:00+08:00"),
        (r"Input should have timezone info", "时间须带时区，如 +08:00"),
        (
            r"Value error, an ISO 8601 date and time with its offset",
            "应为带时区的日期时间，如 2026-07-01T08:00:00+08:00",
        ),
        (r"Input should be greater than or equal to (.+)", r"不能小于 \1"),
        (r"Input should be greater than (.+)", r"须大于 \1"),
        (r"Input should be less than or equal to (.+)", r"不能大于 \1"),
        (r"Input should be less than (.+)", r"须小于 \1"),
        (r"Input should be a multiple of (.+)", r"须为 \1 的倍数"),
        (r"String should have at least (\d+) characters?", r"至少 \1 个字"),
        (r"String should have at most (\d+) characters?", r"最多 \1 个字"),
        (r"String should match pattern .*", "含有不允许的字符，或格式不对"),
        (r"List should have at least (\d+) items? after validation, not (\d+)", r"至少 \1 项，现有 \2 项"),
        (r"List should have at most (\d+) items? after validation, not (\d+)", r"最多 \1 项，现有 \2 项"),
        (r"List should have at least (\d+) items?.*", r"至少 \1 项"),
        (r"List should have at most (\d+) items?.*", r"最多 \1 项"),
        (r"Input should be (.+)", r"须为以下之一：\1"),
    )
)


def wants_chinese(headers: Mapping[str, str], cookies: Mapping[str, str]) -> bool:
    """Whether whoever asks reads Chinese: by the page's own cookie, else by the first language of the header."""
    chosen = cookies.get(COOKIE) or headers.get("accept-language", "").split(",")[0].split(";")[0].strip()
    return chosen.lower().startswith("zh")


def in_chinese(message: str) -> str:
    """The sentence in Chinese; one that is not known as it is."""
    for pattern, chinese in _SAID:
        found = pattern.fullmatch(message)
        if found:
            return found.expand(chinese).replace(" or ", " 或 ")
    return message
