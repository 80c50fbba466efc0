"""A font with Chinese glyphs: the system's, else the one the asset build made."""

import os
from pathlib import Path

import pytest

_PLACES = (
    os.environ.get("BEIYU_FONT", ""),
    "/usr/share/fonts/truetype/wqy/wqy-microhei.ttc",
    *sorted(str(p) for p in Path(__file__).parents[2].glob("api/web/static/**/*.ttf")),
)


@pytest.fixture(scope="session")
def font_path() -> str:
    for place in _PLACES:
        if place and Path(place).is_file():
            return place
    pytest.skip("no TrueType font with Chinese glyphs: install fonts-wqy-microhei")
