"""Money is whole fen. A price is fen per base quantity (450 fen per 1,000 g).

Amounts round half up per line; when a total is split over lines, the remainder goes on the last line, so the lines
always add up to the total.
"""

from dataclasses import dataclass

from catalog.kernel.errors import Invalid


@dataclass(frozen=True, slots=True)
class Price:
    """`fen` for every `per` base units."""

    fen: int
    per: int = 1

    def __post_init__(self) -> None:
        if self.fen < 0 or self.per <= 0:
            raise Invalid("money.bad-price", "单价不正确", fen=self.fen, per=self.per)


def amount(price: Price, quantity: int) -> int:
    """Fen for `quantity` base units, rounded half up."""
    return (2 * price.fen * quantity + price.per) // (2 * price.per)


def split(total: int, quantities: list[int]) -> list[int]:
    """Share `total` fen over lines in proportion to their quantities; the remainder goes on the last line."""
    if not quantities or min(quantities) < 0 or sum(quantities) == 0:
        raise Invalid("money.cannot-split", "没有可分摊的数量")
    whole = sum(quantities)
    shares = [(2 * total * q + whole) // (2 * whole) for q in quantities[:-1]]
    return [*shares, total - sum(shares)]


def yuan(fen: int) -> str:
    """Fen as 元 with two decimals and thousands separators: yuan(123456) == "1,234.56"."""
    sign = "-" if fen < 0 else ""
    return f"{sign}{abs(fen) // 100:,}.{abs(fen) % 100:02d}"
