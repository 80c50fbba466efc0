"""What sites, zones and bins may be; how their keys and walking order are made."""

import re
from collections.abc import Iterable, Sequence

from catalog.kernel.errors import Invalid, Refused
from catalog.kernel.quantity import MAX_QUANTITY
from warehouse.sites.model import STAGING_CODE, BinFacts, NewBin, NewSite, NewZone, SiteFacts, ZoneFacts

MOST_AT_ONCE = 500
MOST_BINS_AT_ONCE = 5000
MOST_LOAD_MINUTES = 24 * 60
ALPHABET = "0123456789ABCDEFGHJKLMNPQRSTUVWXYZ"
"""The characters of own keys on labels: without I and O (labels.codes.own says why)."""
KEY_DIGITS = 3
"""34³ = 39,304 places of a site; the width is fixed, so that no two sites' keys can meet."""
_SITE_CODE = re.compile(r"[0-9A-HJ-NP-Z]{2,12}").fullmatch
_ZONE_CODE = re.compile(r"[A-Z0-9][A-Z0-9-]{0,11}").fullmatch
_BIN_CODE = re.compile(r"[A-Z0-9][A-Z0-9.-]{0,19}").fullmatch


def place_key(site_code: str, number: int) -> str:
    """The own key of a site's place number `number` (from 0): place_key("CZ01", 35) == "CZ01011"."""
    if not 0 <= number < len(ALPHABET) ** KEY_DIGITS:
        raise Refused("site.full", "这个库点的货位编号已用完", site=site_code)
    digits = ""
    for _ in range(KEY_DIGITS):
        number, digit = divmod(number, len(ALPHABET))
        digits = ALPHABET[digit] + digits
    return site_code + digits


def place_number(key: str) -> int:
    """The running number in a place's key: the inverse of `place_key`."""
    number = 0
    for digit in key[-KEY_DIGITS:]:
        number = number * len(ALPHABET) + ALPHABET.index(digit)
    return number


def walking_order(code: str) -> str:
    """A code so written that text order is natural order: A-2 before A-10."""
    return re.sub(r"[0-9]+", lambda digits: digits[0].zfill(6), code.upper())


def check_facts(facts: SiteFacts) -> None:
    """Raises Invalid for a nameless site or half a point."""
    if not facts.name_zh.strip():
        raise Invalid("site.no-name", "储备库点必须有中文名称")
    if (facts.lat is None) != (facts.lon is None):
        raise Invalid("site.half-point", "经度和纬度须同时填写")
    if facts.lat is not None and facts.lon is not None and not (abs(facts.lat) <= 90 and abs(facts.lon) <= 180):
        raise Invalid("site.bad-point", "经纬度超出范围", lat=facts.lat, lon=facts.lon)
    if facts.load_minutes is not None and not 0 <= facts.load_minutes <= MOST_LOAD_MINUTES:
        raise Invalid("site.bad-load", "装车时间须在 0 到 1440 分钟之间", load_minutes=facts.load_minutes)


def check_zone(code: str, facts: ZoneFacts) -> None:
    """Raises Invalid for a bad code or a nameless zone."""
    if not _ZONE_CODE(code):
        raise Invalid("zone.bad-code", "库区编号由大写字母、数字和横线组成", which=code)
    if not facts.name_zh.strip():
        raise Invalid("zone.no-name", "库区必须有中文名称", which=code)


def check_bin(new: NewBin) -> None:
    """Raises Invalid for a code that could not stand on a rack."""
    if not _BIN_CODE(new.code) or new.code == STAGING_CODE:
        raise Invalid("bin.bad-code", "货位编号由大写字母、数字、点和横线组成，最长 20 位", which=new.code)
    check_bin_facts(new.facts)


def check_bin_facts(facts: BinFacts) -> None:
    """Raises Invalid for impossible capacities."""
    for measure in (facts.volume_ml, facts.weight_g):
        if measure is not None and not 0 < measure <= MAX_QUANTITY:
            raise Invalid("bin.bad-capacity", "货位容积或承重不正确", measure=measure)
    if facts.sort_key is not None and len(facts.sort_key) > 60:
        raise Invalid("bin.bad-sort-key", "行走次序过长", sort_key=facts.sort_key)


def check_zones(zones: Sequence[NewZone]) -> None:
    """Zones of one site by themselves: no code twice, no bin twice."""
    _check_once("zone.code-twice", "库区编号重复", (zone.code for zone in zones))
    _check_once("bin.code-twice", "货位编号重复", (new.code for zone in zones for new in zone.bins))
    for zone in zones:
        check_zone(zone.code, zone.facts)
        for new in zone.bins:
            check_bin(new)


def check_new(sites: Sequence[NewSite]) -> None:
    """All of a list by itself."""
    bins = sum(len(zone.bins) for new in sites for zone in new.zones)
    if not 1 <= len(sites) <= MOST_AT_ONCE or bins > MOST_BINS_AT_ONCE * 4:
        raise Invalid("site.bad-count", f"一次可新增 1 到 {MOST_AT_ONCE} 个储备库点", count=len(sites), bins=bins)
    _check_once("site.code-twice", "库点编号重复", (new.code for new in sites))
    for new in sites:
        if not _SITE_CODE(new.code):
            raise Invalid("site.bad-code", "库点编号为 2 到 12 位数字和大写字母（不含 I 和 O）", which=new.code)
        check_facts(new.facts)
        check_zones(new.zones)


def _check_once(code: str, detail: str, found: Iterable[str]) -> None:
    seen: set[str] = set()
    for one in found:
        if one in seen:
            raise Invalid(code, detail, twice=one)
        seen.add(one)
