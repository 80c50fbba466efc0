"""What a region tree may look like, and who may change what all of the city shares."""

import re
from collections.abc import Iterable, Mapping, Sequence
from itertools import pairwise

from catalog.kernel.access import Permission
from catalog.kernel.errors import Denied, Invalid, Refused
from catalog.kernel.stamp import Stamp
from catalog.regions.model import NewRegion, Region, RegionCode, RegionFact, RegionFacts, Tier

RANK = {Tier.CITY: 0, Tier.DISTRICT: 1, Tier.TOWN: 2, Tier.VILLAGE: 3}
MOST_AT_ONCE = 5000
_KEY = re.compile(r"[A-Za-z0-9._-]{1,40}").fullmatch
_KIND = re.compile(r"[a-z][a-z0-9_]{1,39}").fullmatch


def check_city_wide(stamp: Stamp, permission: Permission, root: str) -> None:
    """Denied unless `permission` holds for the whole city: the catalog and shared parties belong to all of it."""
    if not stamp.require(permission).covers(root):
        raise Denied("access.city-only", "这项内容全市共用，只有市级可以修改", permission=permission.value)


def check_facts(facts: RegionFacts) -> None:
    """Raises Invalid for a nameless region or half a point."""
    if not facts.name_zh.strip():
        raise Invalid("region.no-name", "区划必须有中文名称")
    if (facts.lat is None) != (facts.lon is None):
        raise Invalid("region.half-point", "经度和纬度须同时填写")
    if facts.lat is not None and facts.lon is not None and not (abs(facts.lat) <= 90 and abs(facts.lon) <= 180):
        raise Invalid("region.bad-point", "经纬度超出范围", lat=facts.lat, lon=facts.lon)


def check_below(tier: Tier, parent: Tier | None, key: str) -> None:
    """Raises Invalid unless a node of `tier` may hang under one of `parent` (None: it is the root)."""
    if parent is None:
        if tier is not Tier.CITY:
            raise Invalid("region.no-parent", "除城市外，每个区划都必须有上级", key=key)
    elif RANK[tier] <= RANK[parent]:
        raise Invalid("region.wrong-tier", "下级区划的层级必须低于上级", key=key, tier=tier, parent=parent)


def check_code(code: RegionCode) -> None:
    """Raises Invalid for an unusable code or a period that ends before it begins."""
    if not _KIND(code.scheme) or not _KEY(code.code):
        raise Invalid("region.bad-code", "区划代码只能包含字母、数字、点和横线", which=code.code)
    if code.valid_to is not None and code.valid_to < code.valid_from:
        raise Invalid("region.bad-period", "代码的截止日期早于启用日期", which=code.code)


def check_figure(figure: RegionFact) -> None:
    """Raises Invalid for a bad kind or a negative figure. Unknown figures are left out, never zero."""
    if not _KIND(figure.kind):
        raise Invalid("region.bad-fact-kind", "指标名称不正确", kind=figure.kind)
    if not 0 <= figure.value < 2**63:
        raise Invalid("region.bad-fact", "指标数值不正确", kind=figure.kind, value=figure.value)


def check_new(regions: Sequence[NewRegion], known: Mapping[str, Region]) -> None:
    """All of a list, against the nodes that are there (`known`: by key, also retired ones)."""
    if not 1 <= len(regions) <= MOST_AT_ONCE:
        raise Invalid("region.bad-count", f"一次可新增 1 到 {MOST_AT_ONCE} 个区划", count=len(regions))
    tiers = {key: region.tier for key, region in known.items()}
    roots = sum(1 for region in known.values() if region.parent_id is None)
    for new in regions:
        if not _KEY(new.key):
            raise Invalid("region.bad-key", "区划编号只能包含字母、数字、点和横线", key=new.key)
        if new.key in tiers:
            raise Refused("region.key-taken", "区划编号已使用（停用的编号也不再使用）", key=new.key)
        if new.parent_key is not None and new.parent_key not in tiers:
            raise Invalid("region.unknown-parent", "上级区划不存在", key=new.key, parent=new.parent_key)
        parent = known.get(new.parent_key) if new.parent_key else None
        if parent is not None and parent.retired_at is not None:
            raise Refused("region.parent-retired", "上级区划已停用", key=new.key, parent=parent.key)
        check_below(new.tier, tiers[new.parent_key] if new.parent_key else None, new.key)
        check_facts(new.facts)
        for code in new.codes:
            check_code(code)
        for figure in new.figures:
            check_figure(figure)
        roots += new.parent_key is None
        tiers[new.key] = new.tier
    if roots > 1:
        raise Refused("region.second-city", "一个数据库只能有一个城市；其他城市请登记为单位")


def overlapping(codes: Iterable[tuple[int, RegionCode]]) -> tuple[RegionCode, RegionCode] | None:
    """Two periods that clash: one code for two regions at a time, or two codes of one scheme for one region."""
    groups: dict[tuple[str, str, str], list[RegionCode]] = {}
    for region_id, code in codes:
        groups.setdefault(("code", code.scheme, code.code), []).append(code)
        groups.setdefault(("region", code.scheme, str(region_id)), []).append(code)
    for group in groups.values():
        group.sort(key=lambda c: c.valid_from)
        for first, second in pairwise(group):
            if first.valid_to is None or second.valid_from <= first.valid_to:
                return first, second
    return None
