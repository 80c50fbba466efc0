"""The one font of labels and papers: an embedded TrueType font with Chinese glyphs, from a path passed in."""

from dataclasses import dataclass
from functools import lru_cache
from hashlib import sha256
from pathlib import Path

from labels.errors import LabelProblem, MissingGlyph

MM_PER_POINT = 25.4 / 72


class _Widths(dict[str, float]):
    """Advance of each character in ems, looked up once; None stands for a glyph that is not there."""

    def __init__(self, glyphs: dict[int, int], widths: dict[int, float]) -> None:
        super().__init__()
        self._glyphs = glyphs
        self._widths = widths

    def __missing__(self, char: str) -> float:
        code = ord(char)
        if code not in self._glyphs:
            raise MissingGlyph(
                "labels.missing-glyph",
                f"the font has no picture for {char!r} (U+{code:04X})",
                {"character": char, "code_point": f"U+{code:04X}"},
            )
        self[char] = width = self._widths[code] / 1000
        return width


@dataclass(frozen=True, slots=True)
class Font:
    """A registered font: the name reportlab knows it by, and its measures in ems."""

    name: str
    widths: _Widths
    ascent: float
    """Height of capitals and Chinese characters above the baseline."""
    descent: float
    """Depth below the baseline, positive."""

    def ems(self, text: str) -> float:
        """Width in ems. Raises MissingGlyph for a character the font cannot draw."""
        return sum(map(self.widths.__getitem__, text))

    def width(self, text: str, size: float) -> float:
        """Width in millimetres at a size in points."""
        return self.ems(text) * size * MM_PER_POINT


def register(path: str | Path) -> Font:
    """Load a TTF, or the first face of a TTC, and make it known to reportlab; once per file and process.

    Raises LabelProblem when the file is missing or not TrueType (reportlab cannot embed CFF outlines).
    """
    return _register(str(path))


@lru_cache(maxsize=8)
def _register(path: str) -> Font:
    from reportlab.pdfbase import pdfmetrics
    from reportlab.pdfbase.ttfonts import TTFError, TTFont

    name = "labels-" + sha256(path.encode()).hexdigest()[:12]
    try:
        loaded = TTFont(name, path, subfontIndex=0)
    except (TTFError, OSError) as error:
        raise LabelProblem(
            "labels.unusable-font", f"no TrueType font can be read: {error}", {"file": Path(path).name}
        ) from error
    pdfmetrics.registerFont(loaded)
    face = loaded.face
    return Font(name, _Widths(face.charToGlyph, face.charWidths), face.ascent / 1000, abs(face.descent) / 1000)
