"""The decisions of alerts, without a database."""

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from typing import Any
from uuid import uuid4

import pytest
from hypothesis import given
from hypothesis import strategies as st

from catalog.kernel.errors import Invalid
from catalog.kernel.time import SHANGHAI
from warehouse.alerts import forms, messages, rules
from warehouse.alerts.model import (
    AlertKind,
    At,
    ChannelFacts,
    Form,
    LotFact,
    Measures,
    NeedFact,
    Quiet,
    Severity,
    Standing,
    Status,
    Wanted,
)
from warehouse.alerts.workflow import ALERT

TODAY = date(2026, 11, 21)
HERE = At(4, "/1/2/4/", 7)
SEVERITIES = st.sampled_from(list(Severity))


def need(usable: int, left_then: int | None = None, minimum: int | None = 10, reorder: int | None = 20) -> NeedFact:
    then = TODAY + timedelta(days=30)
    left = usable if left_then is None else left_then
    return NeedFact(HERE, 1, None, minimum, reorder, usable, 0, then, left, then, "n", "件", 1)


@given(usable=st.integers(0, 50), lost=st.integers(0, 50), low=st.integers(0, 30), more=st.integers(0, 30))
def test_less_stock_is_never_a_milder_alert(usable: int, lost: int, low: int, more: int) -> None:
    def grave(have: int) -> int:
        found = rules.judge(need(have, max(have - lost, 0), low, low + more), Measures(), TODAY)
        return 0 if found is None else int(found.severity) * 10 + 1

    assert grave(usable) >= grave(usable + 1)


@given(usable=st.integers(0, 50), left=st.integers(0, 50), low=st.none() | st.integers(0, 30))
def test_what_the_page_gives_as_the_reason_is_what_was_judged(usable: int, left: int, low: int | None) -> None:
    fact = need(usable, min(left, usable), low)
    fired = [one for one in rules.checks(fact, Measures(), TODAY) if one.fires]
    found = rules.judge(fact, Measures(), TODAY)
    assert (found is None) == (not fired)
    if found is not None:
        assert (found.kind, found.severity) == (fired[0].kind, fired[0].severity)
        assert fired[0].severity == max(one.severity for one in fired)


@pytest.mark.parametrize(
    ("days", "expected"),
    [
        (181, None),
        (180, (AlertKind.NEAR_EXPIRY, 1)),
        (91, (AlertKind.NEAR_EXPIRY, 1)),
        (90, (AlertKind.NEAR_EXPIRY, 2)),
        (0, (AlertKind.NEAR_EXPIRY, 2)),
        (-1, (AlertKind.EXPIRED, 3)),
    ],
)
def test_bands_of_expiry(days: int, expected: tuple[AlertKind, int] | None) -> None:
    fact = LotFact(HERE, 5, 1, TODAY + timedelta(days=days), 3, (180, 90))
    found = rules.judge(fact, Measures(), TODAY)
    assert (found and (found.kind, int(found.severity))) == expected


WANTED = st.builds(
    lambda cause, severity, kind: Wanted(rules.cause_of(need(0))[0], cause, kind, severity, HERE),
    st.sampled_from("abcdefgh"),
    SEVERITIES,
    st.sampled_from(list(AlertKind)),
)


@given(st.lists(WANTED, unique_by=lambda one: one.cause), st.lists(WANTED, unique_by=lambda one: one.cause))
def test_after_the_changes_what_stands_is_what_is_wanted(old: list[Wanted], new: list[Wanted]) -> None:
    standing = [Standing(uuid4(), w.cause, w.kind, w.severity, Status.OPEN, w.facts, False) for w in old]
    done = rules.reconcile(new, standing)
    after = {one.cause: (one.kind, one.severity) for one in standing}
    for gone in done.closed:
        del after[gone.cause]
    for opened in done.opened:
        assert opened.cause not in after
        after[opened.cause] = (opened.kind, opened.severity)
    for before, one in (*done.raised, *done.lowered, *done.freshened):
        assert before.cause == one.cause
        after[one.cause] = (one.kind, one.severity)
    assert after == {one.cause: (one.kind, one.severity) for one in new}
    assert all(one.severity >= before.severity for before, one in done.raised)
    again = [Standing(uuid4(), w.cause, w.kind, w.severity, Status.OPEN, w.facts, False) for w in new]
    nothing = rules.reconcile(new, again)
    assert not any((nothing.opened, nothing.raised, nothing.lowered, nothing.freshened, nothing.closed))


def test_the_nearest_are_told_first_and_nobody_twice() -> None:
    holders = [
        rules.Holder(1, "/1/", None),
        rules.Holder(2, "/1/2/", None),
        rules.Holder(3, "/1/2/4/", 7),
        rules.Holder(3, "/1/2/", None),
        rules.Holder(4, "/1/2/4/", 8),
        rules.Holder(5, "/1/3/", None),
    ]
    assert rules.tiers(HERE, holders) == [{3}, {2}, {1}]
    assert rules.tiers(At(4, "/1/2/4/"), holders) == [{2, 3}, {1}]
    assert rules.tiers(HERE, []) == []


@given(st.integers(0, 1439), st.integers(0, 1439), st.integers(0, 1439))
def test_quiet_ends_when_it_says(begins: int, ends: int, minute: int) -> None:
    quiet = Quiet(begins, ends)
    now = datetime(2026, 11, 21, minute // 60, minute % 60, tzinfo=SHANGHAI).astimezone(UTC)
    at = rules.send_at(Severity.WARNING, quiet, None, now)
    assert at >= now
    assert not rules.is_quiet(quiet, at)
    assert at - now < timedelta(days=1)
    assert rules.send_at(Severity.URGENT, quiet, 480, now) == now
    digest = rules.send_at(Severity.NOTICE, None, 480, now).astimezone(SHANGHAI)
    assert (digest.hour, digest.minute) == (8, 0)


def test_a_notice_is_tried_later_and_later_and_then_given_up() -> None:
    made = datetime(2026, 11, 21, tzinfo=UTC)
    waits = [(rules.retry_at(tries, made, made) or made) - made for tries in range(1, 12)]
    assert waits == sorted(waits)
    assert waits[-1] <= timedelta(minutes=10), "a receiver that is back hears of it soon"
    assert rules.retry_at(9, made, made + timedelta(hours=1)) is not None
    assert rules.retry_at(9, made, made + timedelta(days=4)) is None


class TestLife:
    """The table of an alert's life."""

    def test_every_status_is_reached_and_every_other_pair_refused(self) -> None:
        assert ALERT.reachable() == {one.value for one in Status}
        assert {(t.source, t.verb) for t in ALERT.transitions if t.source == "closed"} == set()

    def test_whatever_is_not_closed_can_close_by_itself(self) -> None:
        closing = {t.source for t in ALERT.transitions if t.verb == "close"}
        assert closing == {one.value for one in Status} - {"closed"}


def test_the_robots_signatures_are_those_of_their_makers() -> None:
    """Computed once by openssl: printf … | openssl dgst -sha256 -hmac … -binary | base64."""
    assert forms.sign_dingtalk("SECabc", "1700000000000") == DINGTALK
    assert forms.sign_feishu("abc", "1700000000") == FEISHU
    assert forms.sign_webhook("abc", "1700000000", b"{}") == WEBHOOK


DINGTALK = "jcUpW0QmtKduN03n4JqQ0PBosVjqnM8gU7fIIvsDmCM="
FEISHU = "VIS10b0EBvzzSdFnuk4tznEmK5wHaruvf/WnViv2yR4="
WEBHOOK = "dbc67ae9960503f659ed1b92a98629f8bca5b204512928da601353adba5b1f2e"


@pytest.mark.parametrize(
    ("form", "status", "answer", "taken"),
    [
        (Form.WEBHOOK, 204, b"", True),
        (Form.WEBHOOK, 302, b"", False),
        (Form.WECOM, 200, b'{"errcode":0,"errmsg":"ok"}', True),
        (Form.WECOM, 200, b'{"errcode":45009,"errmsg":"api freq out of limit"}', False),
        (Form.DINGTALK, 200, b'{"errcode":310000,"errmsg":"sign not match"}', False),
        (Form.FEISHU, 200, b'{"code":19021,"msg":"sign match fail"}', False),
        (Form.FEISHU, 200, b'{"StatusCode":0,"StatusMessage":"success"}', True),
        (Form.FEISHU, 200, b"<html>", False),
    ],
)
def test_an_answer_is_believed_only_where_it_says_taken(form: Form, status: int, answer: bytes, *, taken: bool) -> None:
    assert (forms.refusal(form, status, answer) is None) is taken


@pytest.mark.parametrize(
    ("form", "target"),
    [
        (Form.WEBHOOK, "file:///etc/passwd"),
        (Form.WEBHOOK, "ftp://host/x"),
        (Form.WEBHOOK, "http://"),
        (Form.WEBHOOK, "http://user:pw@host/"),
        (Form.WEBHOOK, "http://[bad/"),
        (Form.MAIL, "nobody"),
        (Form.MAIL, "a@b.cn, c"),
        (Form.MAIL, "a@b.cn\nBcc: c@d.cn"),
    ],
)
def test_an_impossible_target_is_refused(form: Form, target: str) -> None:
    with pytest.raises(Invalid):
        rules.check_channel(ChannelFacts("x", form, target))


def test_a_robots_key_is_not_shown() -> None:
    shown = forms.shown(Form.WECOM, "https://qyapi.weixin.qq.com/cgi-bin/webhook/send?key=693a91f6")
    assert shown == "https://qyapi.weixin.qq.com/…"
    assert forms.shown(Form.MAIL, "a@b.cn") == "a@b.cn"


@pytest.mark.parametrize("kind", list(AlertKind))
def test_every_kind_says_something_in_both_languages(kind: AlertKind) -> None:
    facts: dict[str, Any] = {"left": 3, "right": 10, "day": "2026-12-01", "minimum": 10, "reorder": 20, "usable": 3}
    facts |= {"care": "restack", "number": "D26000001", "lines": 2, "by": "SQ26-0002"}
    zh, en = (messages.why(kind, facts, zh=one) for one in (True, False))
    assert zh
    assert en
    assert zh != en
    assert not any("一" <= letter <= "鿿" for letter in en)
    assert "None" not in zh + en


def test_an_english_text_has_the_english_unit_where_the_item_has_one() -> None:
    for unit_en, said in (("piece", "3 piece usable"), (None, "3 件 usable")):
        wanted = rules.judge(replace(need(3), unit_en=unit_en), Measures(), TODAY)
        assert wanted is not None
        assert said in messages.why(wanted.kind, wanted.facts, zh=False)
        assert "可用 3 件" in messages.why(wanted.kind, wanted.facts, zh=True)
