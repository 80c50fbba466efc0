"""Every pair of colours that the theme lays on each other keeps WCAG AA, in light and in dark."""

import re
from pathlib import Path

import pytest

STYLES = Path(__file__).parents[3] / "api/web/frontend/src"
GROUNDS = ("tblr-body-bg", "surface", "surface-2")
TONES = ("done", "set", "repeat", "refused", "ask", "unreadable")
PAIRS = [
    *[(text, ground, 4.5) for ground in GROUNDS for text in ("tblr-body-color", "quiet")],
    *[(text, ground, 4.5) for ground in GROUNDS[:2] for text in ("tblr-link-color", "tblr-link-hover-color")],
    *[(f"{tone}-ink", f"{tone}-soft", 4.5) for tone in TONES],
    *[(f"{tone}-soft", f"{tone}-ink", 4.5) for tone in ("done",)],
    *[(tone, ground, 4.5) for tone in ("refused", "ask") for ground in GROUNDS[:2]],
    ("tblr-primary-fg", "tblr-primary", 4.5),
    ("tblr-primary", "surface", 4.5),
    # What is no text but must be seen: focus, the mark of the current entry, the frames of outcomes (1.4.11).
    *[(mark, ground, 3.0) for mark in ("focus", "mark", "tblr-primary") for ground in GROUNDS],
    *[(tone, f"{tone}-soft", 3.0) for tone in TONES],
]


def variables(theme: str) -> dict[str, str]:
    """The custom properties of a light; what dark does not name it takes from light."""
    text = re.sub(r"/\*.*?\*/", "", (STYLES / "theme.css").read_text(), flags=re.DOTALL)
    found: dict[str, str] = {}
    for selector, body in re.findall(r"([^{}]+)\{([^{}]*)\}", text):
        if ":root" in selector or f'[data-bs-theme="{theme}"]' in selector:
            found |= {name: value.strip() for name, value in re.findall(r"--([\w-]+):\s*([^;]+);", body)}
    return found


def luminance(colour: str) -> float:
    """Relative luminance of #rrggbb (WCAG 2.2)."""
    parts = [int(colour[at : at + 2], 16) / 255 for at in (1, 3, 5)]
    r, g, b = [part / 12.92 if part <= 0.03928 else ((part + 0.055) / 1.055) ** 2.4 for part in parts]
    return 0.2126 * r + 0.7152 * g + 0.0722 * b


def contrast(one: str, other: str) -> float:
    """The ratio of two colours, from 1 to 21."""
    light, dark = sorted((luminance(one), luminance(other)), reverse=True)
    return (light + 0.05) / (dark + 0.05)


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_pairs_of_colours_can_be_read(theme: str) -> None:
    found = variables(theme)
    poor = {
        f"{text} on {ground}": round(contrast(found[text], found[ground]), 2)
        for text, ground, least in PAIRS
        if contrast(found[text], found[ground]) < least
    }
    assert poor == {}


def test_the_measure_is_right() -> None:
    assert round(contrast("#000000", "#ffffff"), 1) == 21.0
    assert round(contrast("#777777", "#ffffff"), 2) == 4.48
