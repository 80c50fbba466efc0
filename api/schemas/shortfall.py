"""Provision and shortfall as JSON. Quantities of an item are base units; of a class, units of its norm."""

from datetime import date, datetime

from pydantic import Field

from api.schemas.base import Given


class ProvisionFigures(Given):
    """What there is. Of a day to come: what will be usable then, `arriving` and `due_back` in it."""

    on_hand: int = Field(description="In store, whatever its condition.")
    usable: int = Field(description="In store, good and not expired on the day.")
    reserved: int = Field(description="Of the usable, promised to somebody.")
    free: int
    in_transit: int
    lent: int
    arriving: int
    due_back: int
    on_order: int = Field(description="Announced or ordered, and not arrived by the day.")
    promised: int = Field(description="Commitments, each times its confidence.")


class ShortfallCell(Given):
    """One place and one item, or one class counted together."""

    region: str | None
    site: str | None
    place_name: str
    tier: str
    item: str | None
    class_code: str | None
    goods_name: str
    unit: str
    unit_factor: int
    minimum: int | None
    reorder: int | None
    target: int | None
    maximum: int | None
    need: int | None = Field(description="What the rate is measured against: the minimum, without one the target.")
    unknown: bool = Field(description="A basis figure is not known: left out of every sum, never zero.")
    figures: ProvisionFigures
    gap: int | None = Field(description="Missing in hand.")
    open_gap: int | None = Field(description="What nothing under way, ordered or promised will close.")
    rate: int | None = Field(description="配备率 in thousandths, capped, rounded down; null where nothing is needed.")
    uncapped: int | None
    gap_fen: int | None = Field(description="Cost of the gap at the least reference price; null without one.")
    unverified: bool = Field(description="A norm behind the need has no verified source.")
    people_days: int | None = Field(description="For how many people the usable lasts a day; null: not known.")
    people: int | None = Field(description="For how many people it suffices, where it is handed out once.")
    ration: str | None = Field(description="Item or class of the consumption norm by which that is counted.")
    ration_source: str | None


class CoverRation(Given):
    """What people use, by a consumption norm: `quantity` (base units of an item; display units of a class) for every
    `people`, each day or once."""

    item: str | None
    class_code: str | None
    name: str
    unit: str
    unit_factor: int
    quantity: int
    people: int
    daily: bool
    basis: str = Field(description="people_to_move, or population.")
    source: str


class CoverOf(Given):
    """For how many people goods last: people-days of a daily ration, else people. Null: nobody has said how many people
    may need it, so for how long it lasts is not known."""

    region: str | None = Field(description="A branch; null: all together.")
    usable: int
    amount: int
    people: int | None
    days: int | None
    share: int | None = Field(description="Thousandths of the people, of what is used once or daily, at most 1000.")
    amount_then: int | None = Field(description="Once the planned moves are carried out; null for a past day.")
    days_then: int | None
    share_then: int | None


class ShortfallCover(Given):
    """One ration, and how far the goods that it counts go."""

    ration: CoverRation
    whole: CoverOf
    branches: list[CoverOf]
    moves: dict[str, int] = Field(
        description="Planned moves in the ration's unit: order, road, held (will leave), rotation-out, rotation-in."
    )


class ShortfallCovers(Given):
    """People-days by the consumption norms that hold in the region asked for."""

    day: date
    known_at: datetime
    items: list[ShortfallCover]


class ShortfallPage(Given):
    """A page of cells. `known_at`: what was recorded up to then is in the figures."""

    day: date
    norms_day: date
    at: datetime
    known_at: datetime
    past: bool
    items: list[ShortfallCell]
    next_cursor: str | None


class ShortfallTotal(Given):
    """Cells put together. Sums run over cells whose need is known, in thousandths of display units."""

    keys: list[str]
    names: list[str]
    cells: int
    known: int
    unknown: int
    met: int
    need: int
    usable: int
    filled: int
    gap: int
    open_gap: int
    rate: int | None
    uncapped: int | None
    gap_fen: int
    unpriced: int


class ShortfallTotals(Given):
    """A roll-up, in the order of its labels."""

    day: date
    known_at: datetime
    by: list[str]
    items: list[ShortfallTotal]


class ShortfallLot(Given):
    """One lot behind a cell, at one store in one condition."""

    lot: str
    item: str
    item_name: str
    unit: str
    unit_factor: int
    expires_on: date | None
    site: str
    site_name: str
    place_kind: str
    condition: str
    on_hand: int
    reserved: int
    usable: int
    counts: int = Field(description="Of the usable, in the unit of the line asked for.")


class ShortfallLots(Given):
    """The lots that make up a cell's figures, first the first to expire."""

    day: date
    items: list[ShortfallLot]
