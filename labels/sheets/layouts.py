"""Label stock as data. All lengths in millimetres, from the top left corner of the page."""

from dataclasses import dataclass, replace

from labels.errors import DoesNotFit


@dataclass(frozen=True, slots=True)
class Layout:
    """One kind of stock: a page with a grid of labels. On a roll the page is the label.

    `padding` is the edge of each label that stays empty, for cutting tolerance and for the strip along the
    paper's edge that office printers cannot reach.
    """

    name: str
    label_width: float
    label_height: float
    page_width: float
    page_height: float
    columns: int = 1
    rows: int = 1
    left: float = 0.0
    top: float = 0.0
    gap_x: float = 0.0
    gap_y: float = 0.0
    padding_x: float = 2.0
    padding_y: float = 2.0

    def __post_init__(self) -> None:
        width = self.left + self.columns * self.label_width + (self.columns - 1) * self.gap_x
        height = self.top + self.rows * self.label_height + (self.rows - 1) * self.gap_y
        empty = min(self.columns, self.rows) < 1 or min(self.label_width, self.label_height) <= 0
        if empty or width > self.page_width + 1e-6 or height > self.page_height + 1e-6:
            raise DoesNotFit(
                "labels.layout-exceeds-page",
                f"layout {self.name} needs {width:.1f} × {height:.1f} mm, the page has "
                f"{self.page_width:.1f} × {self.page_height:.1f} mm",
                {"layout": self.name, "needed_mm": [width, height], "page_mm": [self.page_width, self.page_height]},
            )

    @property
    def per_page(self) -> int:
        return self.columns * self.rows

    @property
    def roll(self) -> bool:
        """Whether every page is one label."""
        return self.per_page == 1

    def corner(self, place: int) -> tuple[float, float]:
        """Left and top of the label at a place on the page, counted from 0 by rows."""
        row, column = divmod(place, self.columns)
        return (
            self.left + column * (self.label_width + self.gap_x),
            self.top + row * (self.label_height + self.gap_y),
        )

    def shifted(self, right: float, down: float) -> "Layout":
        """The layout moved by what the calibration page showed for a printer."""
        return replace(self, left=self.left + right, top=self.top + down)


def sheet(
    name: str,
    *,
    label: tuple[float, float],
    grid: tuple[int, int],
    page: tuple[float, float] = (210.0, 297.0),
    origin: tuple[float, float] = (0.0, 0.0),
    gap: tuple[float, float] = (0.0, 0.0),
    padding: tuple[float, float] = (3.0, 3.0),
) -> Layout:
    """A free sheet: label size, columns and rows, page size, top left corner of the first label, gaps."""
    return Layout(name, *label, *page, *grid, *origin, *gap, *padding)


def roll(name: str, width: float, height: float, padding: float = 2.0) -> Layout:
    """Labels one after the other, for thermal printers."""
    return Layout(name, width, height, width, height, padding_x=padding, padding_y=padding)


A4_3X8 = sheet("a4-3x8-70x37", label=(70, 37), grid=(3, 8), origin=(0, 0.5), padding=(4.5, 4))
"""24 labels without gaps; the padding keeps clear of the 4 mm that office printers leave at the edge."""
A4_2X7 = sheet("a4-2x7-99x38", label=(99.1, 38.1), grid=(2, 7), origin=(4.65, 15.15), gap=(2.5, 0), padding=(2.5, 2))
ROLL_70X50 = roll("roll-70x50", 70, 50)
ROLL_100X70 = roll("roll-100x70", 100, 70, padding=2.5)

LAYOUTS: dict[str, Layout] = {each.name: each for each in (A4_3X8, A4_2X7, ROLL_70X50, ROLL_100X70)}
"""The stock that ships with Beiyu, by name."""
