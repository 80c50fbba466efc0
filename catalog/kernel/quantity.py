"""Whole numbers of a base unit. No float, no Decimal: a pack converts by a whole factor or not at all.

Base units (one per dimension): piece, gram, millilitre, millimetre, square centimetre. A cubic metre of sand is
1,000,000 ml. The display unit (顶, 米, 公斤) is presentation only: `factor` base units make one of it.
"""

from enum import StrEnum

from catalog.kernel.errors import Invalid

MAX_QUANTITY = 10**15
"""Upper bound of any quantity in base units: far above a city's stock, far below bigint (9.2e18)."""


class Dimension(StrEnum):
    """What is counted. Fixed at the item's first move."""

    PIECE = "piece"
    GRAM = "gram"
    MILLILITRE = "millilitre"
    MILLIMETRE = "millimetre"
    SQUARE_CENTIMETRE = "square_centimetre"


def in_base_units(count: int, factor: int) -> int:
    """`count` packs (or display units) of `factor` base units each. Raises Invalid if not positive or too large."""
    if count <= 0:
        raise Invalid("quantity.not-positive", "数量必须大于零", asked=count)
    if factor <= 0:
        raise Invalid("quantity.bad-factor", "包装换算系数必须是正整数", factor=factor)
    total = count * factor
    if total > MAX_QUANTITY:
        raise Invalid("quantity.too-large", "数量过大，请核对", asked=count, factor=factor, limit=MAX_QUANTITY)
    return total


def in_packs(quantity: int, factor: int) -> tuple[int, int]:
    """(whole packs, base units left over) of `quantity` base units: the inverse of `in_base_units`."""
    return divmod(quantity, factor)


def display(quantity: int, factor: int) -> str:
    """`quantity` base units in display units, exactly, without trailing zeros: display(12500, 1000) == "12.5".

    Factors are powers of ten or one for measured goods; any other factor shows as "whole 又 rest".
    """
    sign = "-" if quantity < 0 else ""
    whole, rest = divmod(abs(quantity), factor)
    if rest == 0:
        return f"{sign}{whole}"
    digits = len(str(factor)) - 1
    if factor == 10**digits:
        return f"{sign}{whole}." + str(rest).zfill(digits).rstrip("0")
    return f"{sign}{whole}+{rest}/{factor}"
