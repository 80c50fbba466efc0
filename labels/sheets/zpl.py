"""ZPL II graphics: a bitmap as a ^GFA field with Zebra's run-length compression, made here and read back here.

Source: Zebra ZPL II programming guide, ^GF and "Alternative data compression scheme" (~DG): G-Y repeat the next
hexadecimal digit 1-19 times, g-z 20-400 times, a comma fills the line with zeros, ! with ones, a colon repeats
the line above.
"""

import re
from functools import lru_cache
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from PIL import Image


def graphic(image: "Image.Image", copies: int = 1) -> bytes:
    """One label format that prints a black-and-white image (mode 1) as large as it is."""
    width, height = image.size
    row_bytes = -(-width // 8)
    # ZPL prints ones; Pillow's ones are white
    inverted = image.point(lambda level: 0 if level else 255)
    packed = inverted.tobytes()
    rows = [packed[at : at + row_bytes].hex().upper() for at in range(0, row_bytes * height, row_bytes)]
    total = row_bytes * height
    data = "".join(_compressed(rows))
    return (f"^XA^PW{width}^LL{height}^LH0,0^FO0,0^GFA,{total},{total},{row_bytes},{data}^FS^PQ{copies}^XZ\n").encode(
        "ascii"
    )


def _compressed(rows: list[str]) -> list[str]:
    out: list[str] = []
    last = None
    for row in rows:
        out.append(":" if row == last else _line(row))
        last = row
    return out


@lru_cache(maxsize=8192)
def _line(row: str) -> str:
    body = row.rstrip("0")
    tail = "," if len(body) < len(row) else ""
    if not tail and row.endswith("F"):
        body = row.rstrip("F")
        tail = "!"
    return _runs(lambda run: _run(run[1], len(run[0])), body) + tail


_runs = re.compile(r"(.)\1+").sub


def _run(digit: str, times: int) -> str:
    counts = ""
    while times >= 20:
        twenties = min(times // 20, 20)
        counts += chr(ord("g") + twenties - 1)
        times -= 20 * twenties
    if times:
        counts += chr(ord("G") + times - 1)
    return counts + digit


_field = re.compile(rb"\^GFA,(\d+),(\d+),(\d+),([^^]*)\^FS")


def pictures(zpl: bytes) -> "list[Image.Image]":
    """The bitmaps of a ZPL stream written by `graphic`, for previews and proofs."""
    from PIL import Image

    found: list[Image.Image] = []
    for match in _field.finditer(zpl):
        total, row_bytes = int(match[1]), int(match[3])
        packed = b"".join(bytes.fromhex(row) for row in _rows(match[4].decode("ascii"), row_bytes * 2))
        image = Image.frombytes("1", (row_bytes * 8, total // row_bytes), packed)
        found.append(image.point(lambda level: 0 if level else 255))
    return found


def _rows(data: str, length: int) -> list[str]:
    rows: list[str] = []
    line, times = "", 0
    for char in data:
        if char == ":":
            rows.append(rows[-1])
        elif char in ",!":
            rows.append(line.ljust(length, "0" if char == "," else "F"))
            line = ""
        elif "G" <= char <= "Y":
            times += ord(char) - ord("G") + 1
        elif "g" <= char <= "z":
            times += 20 * (ord(char) - ord("g") + 1)
        else:
            line += char * (times or 1)
            times = 0
            if len(line) >= length:
                rows.append(line)
                line = ""
    return rows
