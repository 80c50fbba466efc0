"""Two times for every fact: what is believed of a device's clock, and the Shanghai day."""

from datetime import UTC, date, datetime, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st

from catalog.kernel.errors import Invalid
from catalog.kernel.time import booking_day, corrected, day_of, raw_time

NOW = datetime(2026, 11, 21, 2, 0, tzinfo=UTC)
MINUTE = timedelta(minutes=1)
EAST, WEST = timezone(timedelta(hours=14)), timezone(timedelta(hours=-14))


class TestCorrected:
    def test_a_clock_within_two_minutes_is_believed(self) -> None:
        at = NOW - 90 * MINUTE
        assert corrected(at, NOW - 2 * MINUTE, NOW) == at

    @pytest.mark.parametrize("skew", [timedelta(hours=-8), timedelta(minutes=-3), timedelta(days=-20_000)])
    def test_a_wrong_clock_is_set_right_by_its_difference(self, skew: timedelta) -> None:
        assert corrected(NOW - 90 * MINUTE + skew, NOW + skew, NOW) == NOW - 90 * MINUTE

    def test_never_after_it_was_recorded(self) -> None:
        assert corrected(NOW + 90 * MINUTE, NOW, NOW) == NOW

    @pytest.mark.parametrize(
        "absurd",
        [datetime(1, 1, 1, tzinfo=EAST), datetime(9999, 12, 31, 23, tzinfo=WEST), datetime(1970, 1, 1, tzinfo=UTC)],
    )
    def test_a_time_that_cannot_be_counts_as_now(self, absurd: datetime) -> None:
        assert corrected(absurd, None, NOW) == NOW
        assert corrected(absurd, absurd, NOW) == NOW

    def test_a_command_happens_when_it_is_decided(self) -> None:
        assert corrected(NOW - 3 * MINUTE, None, NOW, fact=False) == NOW
        assert corrected(NOW - MINUTE, None, NOW, fact=False) == NOW - MINUTE

    def test_a_time_without_its_zone_is_refused(self) -> None:
        with pytest.raises(Invalid):
            corrected(datetime(2026, 1, 1), None, NOW)

    @given(
        st.datetimes(timezones=st.sampled_from([UTC, EAST, WEST])),
        st.none() | st.datetimes(timezones=st.sampled_from([UTC, EAST, WEST])),
        st.booleans(),
    )
    def test_whatever_a_device_says_there_is_a_time_and_it_is_not_later(
        self, at: datetime, clock: datetime | None, fact: bool
    ) -> None:
        assert corrected(at, clock, NOW, fact=fact) <= NOW
        kept = raw_time(at)
        assert kept is None or kept == at


class TestDays:
    def test_the_day_turns_at_sixteen_hours_utc(self) -> None:
        assert day_of(datetime(2026, 11, 30, 15, 59, 59, 999999, tzinfo=UTC)) == date(2026, 11, 30)
        assert day_of(datetime(2026, 11, 30, 16, 0, tzinfo=UTC)) == date(2026, 12, 1)

    def test_a_closed_month_is_booked_on_the_first_open_day(self) -> None:
        last_of_october = datetime(2026, 10, 31, 15, 0, tzinfo=UTC)
        assert booking_day(last_of_october, None) == date(2026, 10, 31)
        assert booking_day(last_of_october, date(2026, 11, 1)) == date(2026, 11, 1)
        assert booking_day(last_of_october + timedelta(hours=1), date(2026, 11, 1)) == date(2026, 11, 1)
        assert booking_day(NOW, date(2026, 11, 1)) == date(2026, 11, 21)
