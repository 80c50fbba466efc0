"""Errors of fields in the language of whoever asks."""

from datetime import date
from enum import Enum
from typing import Any
from uuid import UUID

import pytest
from pydantic import BaseModel, Field, StrictBool, StrictInt, TypeAdapter, ValidationError

from api.field_words import in_chinese, wants_chinese
from api.schemas.base import Instant, Key, Taken
from tests.api.auth.conftest import House, attempt


class Colour(Enum):
    """Two."""

    RED = "red"
    BLUE = "blue"


class Some(BaseModel):
    """A field."""

    it: int


CASES: list[tuple[Any, Any, str]] = [
    (StrictInt, "x", "应为整数"),
    (float, "x", "应为数字"),
    (StrictBool, 1, "应为 true 或 false"),
    (str, 1, "应为文字"),
    (Key, "", "至少 1 个字"),
    (Key, "x" * 81, "最多 80 个字"),
    (Key, "a\x00", "含有不允许的字符，或格式不对"),
    (UUID, "x", "应为 UUID 编号"),
    (date, "x", "应为日期，如 2026-07-01"),
    (Instant, 3, "应为带时区的日期时间，如 2026-07-01T08:00:00+08:00"),
    (Instant, "2026-07-01T08:00:00", "时间须带时区，如 +08:00"),
    (list[int], 1, "应为列表"),
    (Colour, "green", "须为以下之一：'red' 或 'blue'"),
    (Some, {}, "必须填写"),
]


@pytest.mark.parametrize(("kind", "given", "said"), CASES)
def test_what_pydantic_says_is_said_in_chinese(kind: Any, given: Any, said: str) -> None:
    with pytest.raises(ValidationError) as refusal:
        TypeAdapter(kind).validate_python(given)
    assert [in_chinese(one["msg"]) for one in refusal.value.errors()] == [said]


class Bound(Taken):
    """Limits."""

    many: StrictInt = Field(ge=1, le=5)
    list_: list[int] = Field([], max_length=1)


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({"many": 0}, "不能小于 1"),
        ({"many": 6}, "不能大于 5"),
        ({"many": 1, "list_": [1, 2]}, "最多 1 项，现有 2 项"),
        ({"many": 1, "more": 1}, "没有这个字段"),
    ],
)
def test_limits_too(given: dict[str, Any], said: str) -> None:
    with pytest.raises(ValidationError) as refusal:
        Bound(**given)
    assert [in_chinese(one["msg"]) for one in refusal.value.errors()] == [said]


def test_who_reads_chinese() -> None:
    assert wants_chinese({"accept-language": "zh-CN,zh;q=0.9,en;q=0.8"}, {})
    assert not wants_chinese({"accept-language": "en-GB,zh;q=0.8"}, {})
    assert not wants_chinese({"accept-language": "zh-CN"}, {"beiyu_language": "en"})
    assert wants_chinese({}, {"beiyu_language": "zh"})
    assert not wants_chinese({}, {})


async def test_the_api_answers_in_the_language_asked_for(house: House) -> None:
    async with house.as_("sys") as client:
        for asked, said in (("zh-CN", "必须填写"), ("en", "Field required")):
            headers = {**attempt(), "accept-language": asked}
            answer = await client.post("/api/v1/people", json={}, headers=headers)
            assert answer.status_code == 422
            assert said in {one["message"] for one in answer.json()["facts"]["fields"]}
