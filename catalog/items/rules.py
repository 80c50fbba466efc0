"""What an item, its codes and its care may be. Pure."""

import re
import unicodedata
from collections.abc import Sequence

from catalog.items.model import (
    Care,
    CodeKind,
    Item,
    ItemFacts,
    ItemKind,
    NewAlias,
    NewCode,
    NewItem,
    Substitute,
    Tracking,
)
from catalog.kernel.errors import Invalid, Refused
from catalog.kernel.quantity import MAX_QUANTITY, Dimension

MOST_AT_ONCE = 1000
LONGEST_LIFE_DAYS = 36_500
_KEY = re.compile(r"[0-9A-HJ-NP-Z]([0-9A-HJ-NP-Z-]{0,14})[0-9A-HJ-NP-Z]").fullmatch
_WORD = re.compile(r"[a-z][a-z0-9_]{1,39}").fullmatch
LONGEST_LABEL_KEY = 12
"""Own keys on labels have at most 16 characters (labels.codes.own); a pack's key adds P and up to two digits."""


def is_word(text: str) -> bool:
    """Whether `text` can be the key of a kind: small letters, digits, underscores."""
    return _WORD(text) is not None


def label_key(key: str) -> str:
    """An item's key as it stands on labels: without hyphens. Unique, like the key itself."""
    return key.replace("-", "")


def check_digit(digits: str) -> int:
    """The GS1 check digit that belongs behind `digits` (GS1: weights 3, 1, 3 … from the right)."""
    total = sum(int(d) * (3 if n % 2 == 0 else 1) for n, d in enumerate(reversed(digits)))
    return -total % 10


def normalised_gtin(code: str) -> str:
    """GTIN-8, -12, -13 or -14 as 14 digits. Raises Invalid on a wrong length or check digit."""
    digits = unicodedata.normalize("NFKC", code).replace(" ", "").replace("-", "")
    if not (digits.isascii() and digits.isdigit()) or len(digits) not in (8, 12, 13, 14):
        raise Invalid("item.bad-gtin", "商品条码须是 8、12、13 或 14 位数字", which=code)
    if check_digit(digits[:-1]) != int(digits[-1]):
        raise Invalid("item.bad-check-digit", "商品条码校验位不正确，请重新扫描", which=code)
    if not int(digits):
        raise Invalid("item.bad-gtin", "商品条码不能全为零", which=code)
    return digits.zfill(14)


def normalised_text(code: str) -> str:
    """A text code as it is stored: full-width made ordinary, capitals, no spaces around. Raises Invalid if empty."""
    text = " ".join(unicodedata.normalize("NFKC", code).upper().split())
    if not text or len(text) > 60 or any(unicodedata.category(c).startswith("C") for c in text):
        raise Invalid("item.bad-code", "编码不能为空，最长 60 个字符", which=code)
    return text


def normalised(kind: CodeKind, code: str) -> str:
    """A code as it is stored and looked up."""
    return normalised_gtin(code) if kind is CodeKind.GTIN else normalised_text(code)


def check_key(key: str) -> None:
    """Raises Invalid for a key that could not stand on a label."""
    if not _KEY(key) or len(label_key(key)) > LONGEST_LABEL_KEY:
        raise Invalid(
            "item.bad-key",
            f"物资编号由数字、大写字母（不含 I 和 O）和横线组成，去掉横线后最长 {LONGEST_LABEL_KEY} 位",
            key=key,
        )


def check_facts(facts: ItemFacts) -> None:
    """Raises Invalid for facts that cannot be right together."""
    if not facts.name_zh.strip() or not facts.unit_zh.strip():
        raise Invalid("item.no-name", "物资必须有中文名称和计量单位")
    if not 1 <= facts.unit_factor <= MAX_QUANTITY:
        raise Invalid("item.bad-unit", "计量单位换算系数必须是正整数", unit_factor=facts.unit_factor)
    if facts.tracking is Tracking.SERIAL and (facts.dimension is not Dimension.PIECE or facts.unit_factor != 1):
        raise Invalid("item.serial-not-piece", "按件号管理的物资必须以件为单位")
    if facts.kind is ItemKind.PHANTOM_KIT and facts.tracking is Tracking.SERIAL:
        raise Invalid("item.phantom-serial", "虚拟套装不入库，不能按件号管理")
    if facts.kind is not ItemKind.PLAIN and facts.dimension is not Dimension.PIECE:
        raise Invalid("item.kit-not-piece", "套装必须以件为单位")
    for measure in (facts.weight_g, facts.volume_ml, facts.price_fen):
        if measure is not None and not 0 <= measure <= MAX_QUANTITY:
            raise Invalid("item.bad-measure", "重量、体积或单价不正确", measure=measure)
    if not 1 <= facts.price_per <= MAX_QUANTITY:
        raise Invalid("item.bad-price", "单价的计价数量必须是正整数", price_per=facts.price_per)
    if facts.storage_life_days is not None and not 1 <= facts.storage_life_days <= LONGEST_LIFE_DAYS:
        raise Invalid("item.bad-life", f"储存年限须在 1 到 {LONGEST_LIFE_DAYS} 天之间", days=facts.storage_life_days)
    days = facts.near_expiry_days
    if (
        len(days) > 5
        or any(not 0 < day <= LONGEST_LIFE_DAYS for day in days)
        or list(days) != sorted(set(days), reverse=True)
    ):
        raise Invalid("item.bad-near-expiry", "临期天数最多五档，由大到小", days=list(days))
    if len(facts.disaster_types) > 20 or not all(_WORD(word) for word in facts.disaster_types):
        raise Invalid("item.bad-disaster-type", "灾种不正确", disaster_types=list(facts.disaster_types))


def check_edit(before: Item, facts: ItemFacts) -> None:
    """Raises Invalid, or Refused (`item.unit-fixed`) where goods have moved and the unit would change."""
    check_facts(facts)
    if before.unit_fixed:
        for name in ("dimension", "tracking", "kind"):
            if getattr(facts, name) != getattr(before, name):
                raise Refused("item.unit-fixed", "已有收发记录，基本单位、管理方式和类型不能修改", field=name)


def check_aliases(aliases: Sequence[NewAlias]) -> None:
    """Raises Invalid for an empty or overlong alias."""
    for alias in aliases:
        if not alias.alias.strip() or len(alias.alias) > 100 or not _WORD(alias.kind):
            raise Invalid("item.bad-alias", "别名不能为空，最长 100 个字", alias=alias.alias)


def check_care(care: Sequence[Care]) -> None:
    """Raises Invalid for a kind twice or days that are not positive."""
    if len({one.kind for one in care}) != len(care):
        raise Invalid("item.care-twice", "同一种养护出现两次", kinds=[one.kind for one in care])
    for one in care:
        days = (one.first_after_days, one.interval_days)
        if not _WORD(one.kind) or not all(0 < day <= LONGEST_LIFE_DAYS for day in days):
            raise Invalid("item.bad-care", "养护种类或天数不正确", kind=one.kind)


def check_substitutes(item_id: int, substitutes: Sequence[Substitute]) -> None:
    """Raises Invalid for itself, twice the same, or a ratio that is not of positive whole numbers."""
    ids = [one.substitute_id for one in substitutes]
    if item_id in ids or len(set(ids)) != len(ids):
        raise Invalid("item.bad-substitute", "替代物资不能是自己，也不能重复", item_id=item_id)
    if any(not (0 < one.need <= MAX_QUANTITY and 0 < one.give <= MAX_QUANTITY) for one in substitutes):
        raise Invalid("item.bad-ratio", "替代比例必须是正整数", item_id=item_id)


def check_new(items: Sequence[NewItem]) -> None:
    """All of a list by itself: keys, codes and packs must not clash inside it."""
    if not 1 <= len(items) <= MOST_AT_ONCE:
        raise Invalid("item.bad-count", f"一次可新增 1 到 {MOST_AT_ONCE} 种物资", count=len(items))
    keys: set[str] = set()
    codes: set[tuple[str, str]] = set()
    for new in items:
        check_key(new.key)
        if label_key(new.key) in keys:
            raise Invalid("item.key-twice", "物资编号出现两次", key=new.key)
        keys.add(label_key(new.key))
        check_facts(new.facts)
        check_aliases(new.aliases)
        check_care(new.care)
        handles = {pack.handle for pack in new.packs}
        for code in new.codes:
            check_code_twice(code, codes)
            if code.pack_id is not None or (code.pack is not None and code.pack not in handles):
                raise Invalid("item.unknown-pack", "编码所指的包装不存在", key=new.key, pack=code.pack)


def check_code_twice(code: NewCode, seen: set[tuple[str, str]]) -> None:
    """Raises Invalid for a code that stands in the same request already; remembers it."""
    stored = (code.kind.value, normalised(code.kind, code.code))
    if stored in seen:
        raise Invalid("item.code-twice", "编码出现两次", which=code.code)
    seen.add(stored)


def unverified(item: Item) -> tuple[str, ...]:
    """Which facts of an item rest on nothing but general knowledge (their source says "unverified")."""
    facts = {
        "item": item.source,
        "storage_life": item.storage_life_source if item.storage_life_days is not None else "",
        "price": item.price_source if item.price_fen is not None else "",
        "returnable": item.returnable_source,
    }
    return tuple(name for name, source in facts.items() if "unverified" in source.casefold())
