"""What a pack may be."""

from collections.abc import Sequence

from catalog.kernel.errors import Invalid
from catalog.kernel.quantity import MAX_QUANTITY
from catalog.packs.model import NewPack, PackFacts

MOST_OF_ONE_ITEM = 99


def check_facts(facts: PackFacts) -> None:
    """Raises Invalid for a nameless pack, a factor that is not a positive whole number, or impossible measures."""
    if not facts.name_zh.strip():
        raise Invalid("pack.no-name", "包装必须有名称")
    if not 1 <= facts.factor <= MAX_QUANTITY:
        raise Invalid("pack.bad-factor", "包装换算系数必须是正整数", factor=facts.factor)
    for measure in (facts.weight_g, facts.volume_ml):
        if measure is not None and not 0 <= measure <= MAX_QUANTITY:
            raise Invalid("pack.bad-measure", "包装重量或体积不正确", measure=measure)


def check_new(packs: Sequence[NewPack], already: int) -> None:
    """The new packs of one item that has `already` so many (retired ones too)."""
    if already + len(packs) > MOST_OF_ONE_ITEM:
        raise Invalid("pack.too-many", f"一种物资最多 {MOST_OF_ONE_ITEM} 种包装")
    if len({pack.handle for pack in packs}) != len(packs):
        raise Invalid("pack.handle-twice", "同一包装出现两次", handles=[pack.handle for pack in packs])
    if sum(pack.facts.is_default for pack in packs) > 1:
        raise Invalid("pack.two-defaults", "一种物资只能有一种默认包装")
    for pack in packs:
        check_facts(pack.facts)


def pack_key(item_label_key: str, number: int) -> str:
    """The own key of an item's pack: pack_key("ZP0001", 2) == "ZP0001P2"."""
    return f"{item_label_key}P{number}"
