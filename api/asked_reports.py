"""What an address or a request asks of the reports beside shortfall: shared by the API and the pages."""

from collections.abc import Sequence
from datetime import date, timedelta
from typing import TypeVar
from urllib.parse import parse_qsl

from api.asked_provision import Words, question_of
from catalog.items import queries as items
from catalog.kernel.access import Scope
from catalog.kernel.errors import Invalid, Missing
from catalog.kernel.page import Page, checked_limit, read_cursor, write_cursor
from catalog.kernel.stamp import Stamp
from catalog.regions import queries as regions
from catalog.regions.model import Tier
from warehouse.alerts.queries.alerts import AlertFilter
from warehouse.counts.queries import veil_of
from warehouse.provision.model import Holder, Question

T = TypeVar("T")
HISTORY = timedelta(days=90)
LONGEST_HISTORY = timedelta(days=3660)
FIRST_YEAR, LAST_YEAR = 2000, 2999


async def narrowed(scope: Scope, region: str | None) -> Scope:
    """The scope, or the part of it that is a region with all below. Raises Missing for what is not in it."""
    if region is None:
        return scope
    path = (await regions.get_by_key(region)).path
    if not scope.covers(path):
        raise Missing("region.missing", "没有这个区划，或不在您的管辖范围内", region=region)
    return Scope((path,))


async def area(scope: Scope, region: str | None) -> str:
    """The path of that region, else of the first in scope. Raises Missing where there is none."""
    paths = (await narrowed(scope, region)).paths
    if not paths:
        raise Missing("region.missing", "没有这个区划，或不在您的管辖范围内", region=region)
    return paths[0]


async def counted_by(person_id: int | None) -> list[int]:
    """Items that the caller is counting: sums would tell what the books have in the bin."""
    veil = await veil_of(person_id)
    found = await items.find_items_by_key(sorted(veil.items)) if veil else {}
    return [one.id for one in found.values()]


def period(since: date | None, until: date | None, today: date) -> tuple[date, date]:
    """Both days, the last 90 without them. Raises Invalid for one that is too long or ends before it begins."""
    last = until or today
    first = since or last - HISTORY
    if not timedelta(0) <= last - first <= LONGEST_HISTORY:
        raise Invalid("report.bad-period", "起止日期不正确，最长十年", since=first.isoformat(), until=last.isoformat())
    return first, last


def history(since: date, until: date, wanted: AlertFilter) -> AlertFilter:
    """Alerts that were opened in a period, whatever became of them."""
    return AlertFilter(
        closed=None, snoozed=None, kinds=wanted.kinds, severity=wanted.severity, site_id=wanted.site_id,
        under=wanted.under, text=wanted.text, opened=(since, until),
    )  # fmt: skip


def part(rows: Sequence[T], cursor: str | None, limit: int | None) -> Page[T]:
    """A page of rows that are all there: they are sums, and few."""
    after = read_cursor(cursor, 1)
    begin = after[0] if after is not None else 0
    if type(begin) is not int or not 0 <= begin < 2**31:
        raise Invalid("page.bad-cursor", "翻页标记无效，请从第一页重新开始")
    end = begin + checked_limit(limit)
    return Page(rows[begin:end], write_cursor(end) if end < len(rows) else None)


def kept(query: str, name: str, kinds: type[T]) -> T | None:
    """A member of an enum that a kept address names; None where it names none."""
    try:
        return kinds(dict(parse_qsl(query, max_num_fields=50)).get(name))  # type: ignore[call-arg]
    except ValueError:
        return None


def kept_day(query: str, name: str) -> date | None:
    """A day that a kept address names, of thinkable years; None where it names none."""
    try:
        found = date.fromisoformat(dict(parse_qsl(query, max_num_fields=50)).get(name, ""))
    except ValueError:
        return None
    return found if FIRST_YEAR <= found.year <= LAST_YEAR else None


async def kept_question(query: str, scope: Scope, stamp: Stamp) -> Question:
    """What the kept address of a shortfall report asks on the stamp's day. Raises Missing, Invalid."""
    given = dict(parse_qsl(query, max_num_fields=50))
    words = Words(
        given.get("region"), given.get("site"), kept(query, "holder", Holder) or Holder.REGION,
        kept(query, "tier", Tier), given.get("class"), season_day=kept_day(query, "norms"),
    )  # fmt: skip
    return await question_of(words, scope, stamp)
