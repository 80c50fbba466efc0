"""Two times for every fact: `occurred_at` (in the hall) and `recorded_at` (here); and the day it is booked on.

Nobody below `api` reads a clock: the instants arrive in the Stamp. Instants are aware UTC; expiry is a date.
"""

from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from functools import lru_cache
from zoneinfo import ZoneInfo

from catalog.kernel.errors import Invalid

SHANGHAI = ZoneInfo("Asia/Shanghai")
ALLOWED_SKEW = timedelta(minutes=2)
"""A device clock within this of ours is believed as it is (DESIGN section 6)."""
OLDEST = timedelta(days=366)
"""No queue of scans waits longer than a year: an earlier time is a clock that has lost its battery."""


@lru_cache(maxsize=1024)
def day_of(instant: datetime) -> date:
    """The Asia/Shanghai calendar day of an aware instant."""
    if instant.tzinfo is None:
        raise Invalid("time.naive", "时间缺少时区")
    return instant.astimezone(SHANGHAI).date()


def corrected(
    device_time: datetime, device_clock: datetime | None, recorded_at: datetime, *, fact: bool = True
) -> datetime:
    """When it happened, by our clock.

    `device_clock` is what the device's clock said at the moment of upload (our `recorded_at`). Beyond two minutes of
    skew the device's times are shifted by the difference. Never after `recorded_at`. The raw value is kept by the
    caller.

    A time that cannot be is no time: what a dead battery or a broken program sends (earlier than OLDEST, outside the
    calendar) counts as `recorded_at`, so that one absurd scan holds up no queue. A command happens when it is decided:
    beyond the allowed skew its time counts as `recorded_at` too.
    """
    if device_time.tzinfo is None or (device_clock is not None and device_clock.tzinfo is None):
        raise Invalid("time.naive", "时间缺少时区")
    shift = timedelta(0)
    if device_clock is not None and abs(recorded_at - device_clock) > ALLOWED_SKEW:
        shift = recorded_at - device_clock
    try:
        happened = (device_time + shift).astimezone(UTC)
    except OverflowError:
        return recorded_at
    if recorded_at - happened > (OLDEST if fact else ALLOWED_SKEW):
        return recorded_at
    return min(happened, recorded_at)


def raw_time(device_time: datetime | None) -> datetime | None:
    """A device's own time as it is kept; None where UTC (and so the database) cannot express it."""
    try:
        return device_time and device_time.astimezone(UTC)
    except OverflowError:
        return None


def booking_day(occurred_at: datetime, open_from: date | None) -> date:
    """The day a move is booked on: its Shanghai day, but in a closed month the first open day (`open_from`)."""
    day = day_of(occurred_at)
    return day if open_from is None or day >= open_from else open_from


@dataclass(frozen=True, slots=True)
class Season:
    """An inclusive MM-DD window; from > to wraps the year; 02-29 counts as 02-28 (DESIGN section 11)."""

    start: tuple[int, int]
    end: tuple[int, int]

    def __post_init__(self) -> None:
        for month, day in (self.start, self.end):
            try:
                date(2024, month, day)
            except ValueError as error:
                raise Invalid("season.bad-day", "季节起止日期不正确", month=month, day=day) from error

    def covers(self, on: date) -> bool:
        """Whether `on` lies in the window."""
        start, end, day = (_no_leap(d) for d in (self.start, self.end, (on.month, on.day)))
        return start <= day <= end if start <= end else day >= start or day <= end


def _no_leap(day: tuple[int, int]) -> tuple[int, int]:
    return (2, 28) if day == (2, 29) else day
