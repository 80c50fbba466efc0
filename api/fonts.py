"""The font of papers and labels: found on the machine, or built from the npm package of Noto Sans SC.

reportlab embeds TrueType outlines only. Debian's `fonts-wqy-microhei` has them; the npm package
`@fontsource/noto-sans-sc` cuts the same kind of outlines into a hundred web fonts, which `build` puts
together again (about 13,500 characters). `python -m api.fonts build FOLDER` is a step of `make run`.
"""

import sys
from functools import cache
from pathlib import Path
from typing import Any

from api.settings import get_settings

SYSTEM_FONTS = (
    Path("/usr/share/fonts/truetype/wqy/wqy-microhei.ttc"),
    Path("/usr/share/fonts/wqy-microhei/wqy-microhei.ttc"),
    Path("/usr/share/fonts/wenquanyi/wqy-microhei/wqy-microhei.ttc"),
)
PIECES = "noto-sans-sc-*-400-normal.woff2"


class FontMissing(RuntimeError):
    """No font with Chinese was found; the text says what to do."""


def built_font() -> Path:
    """Where `build` puts the font."""
    return get_settings().data_dir.resolve() / "fonts" / "NotoSansSC-Regular.ttf"


@cache
def find_font() -> Path:
    """The TrueType font with Chinese: BEIYU_FONT, the system's, or the built one. Raises FontMissing."""
    chosen = get_settings().font
    if chosen is not None:
        if not chosen.is_file():
            raise FontMissing(f"BEIYU_FONT names {chosen}, which is no file.")
        return chosen
    for candidate in (*SYSTEM_FONTS, built_font()):
        if candidate.is_file():
            return candidate
    raise FontMissing("No font with Chinese: install fonts-wqy-microhei, run `make font`, or set BEIYU_FONT.")


def build(pieces: Path, target: Path) -> int:
    """Put the woff2 pieces of one weight together into one TrueType file; the number of characters."""
    from fontTools.ttLib import TTFont

    files = sorted(pieces.glob(PIECES), key=lambda file: ("chinese-simplified" not in file.name, file.name))
    if not files:
        raise FontMissing(f"{pieces} holds no {PIECES}.")
    whole: Any = TTFont(files[0])
    for table in ("GSUB", "GPOS", "GDEF", "BASE", "STAT", "vhea", "vmtx", "prep", "gasp"):
        if table in whole:
            del whole[table]
    characters: dict[int, str] = dict(whole.getBestCmap())
    for file in files[1:]:
        _add(whole, TTFont(file), characters)
    _write_cmap(whole, characters)
    whole.flavor = None
    target.parent.mkdir(parents=True, exist_ok=True)
    partial = target.with_suffix(".partial")
    whole.save(partial)
    partial.replace(target)
    return len(characters)


def _add(whole: Any, piece: Any, characters: dict[int, str]) -> None:
    """Copy the outlines of those characters that `whole` does not have yet."""
    outlines, order = whole["glyf"].glyphs, whole.getGlyphOrder()
    for code, name in piece.getBestCmap().items():
        if code in characters:
            continue
        outline = piece["glyf"][name]
        if outline.isComposite():
            continue  # accents: the first file has those of Latin
        outline.removeHinting()
        new = f"u{code:05X}"
        order.append(new)
        outlines[new] = outline
        whole["hmtx"].metrics[new] = piece["hmtx"].metrics[name]
        characters[code] = new
    whole.setGlyphOrder(order)
    whole["glyf"].glyphOrder = order


def _write_cmap(whole: Any, characters: dict[int, str]) -> None:
    from fontTools.ttLib.tables._c_m_a_p import CmapSubtable

    tables = []
    for number, platform, encoding, limit in ((4, 3, 1, 0xFFFF), (12, 3, 10, 0x10FFFF)):
        table: Any = CmapSubtable.newSubtable(number)
        table.platformID, table.platEncID, table.language = platform, encoding, 0
        table.cmap = {code: name for code, name in characters.items() if code <= limit}
        tables.append(table)
    whole["cmap"].tables = tables


def main(arguments: list[str]) -> int:
    """`find` says which font is used; `build FOLDER` builds one from the npm package's files."""
    match arguments:
        case ["find"]:
            try:
                sys.stdout.write(f"{find_font()}\n")
            except FontMissing as error:
                sys.stderr.write(f"{error}\n")
                return 1
        case ["build", folder]:
            count = build(Path(folder), built_font())
            sys.stdout.write(f"{built_font()}: {count} characters\n")
        case _:
            sys.stderr.write("python -m api.fonts find | build FOLDER\n")
            return 2
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
