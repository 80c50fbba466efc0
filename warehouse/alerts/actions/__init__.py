"""Writes of alerts: judging (the house's own), handling by people, subscriptions and channels, the outbox."""

from warehouse.alerts.actions.channels import add_channel, edit_channel, retire_channel, subscribe
from warehouse.alerts.actions.handling import Passed, acknowledge, pass_time, put_back, snooze, take
from warehouse.alerts.actions.judging import Followed, follow, judge_all, judge_books
from warehouse.alerts.actions.outbox import retry_notice

__all__ = [
    "Followed",
    "Passed",
    "acknowledge",
    "add_channel",
    "edit_channel",
    "follow",
    "judge_all",
    "judge_books",
    "pass_time",
    "put_back",
    "retire_channel",
    "retry_notice",
    "snooze",
    "subscribe",
    "take",
]
