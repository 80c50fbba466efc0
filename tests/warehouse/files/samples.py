"""Photos as phones make them, and what a hostile sender would send."""

import io
import struct
import zlib

from PIL import Image
from PIL.ExifTags import GPS, IFD, Base
from reportlab.pdfgen.canvas import Canvas


def photo(width: int = 640, height: int = 480, *, kind: str = "JPEG", orientation: int = 1) -> bytes:
    """A picture with a place (Changzhou), a device and a comment in its EXIF, a red corner at its top left."""
    picture = Image.effect_noise((width, height), 60).convert("RGB")
    picture.paste((220, 20, 20), (0, 0, width // 4, height // 4))
    exif = Image.Exif()
    exif[Base.Make.value] = "SECRETPHONE"
    exif[Base.Orientation.value] = orientation
    exif[Base.ImageDescription.value] = "SECRETNOTE"
    exif.get_ifd(IFD.GPSInfo)[GPS.GPSLatitudeRef.value] = "N"
    exif.get_ifd(IFD.GPSInfo)[GPS.GPSLatitude.value] = (31.0, 46.0, 12.0)
    exif.get_ifd(IFD.GPSInfo)[GPS.GPSLongitudeRef.value] = "E"
    exif.get_ifd(IFD.GPSInfo)[GPS.GPSLongitude.value] = (119.0, 57.0, 30.0)
    out = io.BytesIO()
    picture.save(out, kind, exif=exif, quality=90)
    return out.getvalue()


def pdf(pages: int = 1) -> bytes:
    """A scanned paper."""
    out = io.BytesIO()
    canvas = Canvas(out)
    for number in range(pages):
        canvas.drawString(100, 700, f"page {number + 1}")
        canvas.showPage()
    canvas.save()
    return out.getvalue()


def png_bomb(side: int = 60_000) -> bytes:
    """A few kilobytes that say they are gigabytes of pixels."""

    def chunk(name: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + name + data + struct.pack(">I", zlib.crc32(name + data))

    head = struct.pack(">IIBBBBB", side, side, 8, 2, 0, 0, 0)
    lines = zlib.compress(b"\0" * 1_000_000, 9)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", head) + chunk(b"IDAT", lines) + chunk(b"IEND", b"")


HOSTILE: dict[str, tuple[bytes, str]] = {
    "nothing": (b"", "file.empty"),
    "a page": (b"<!doctype html><script>alert(1)</script>", "file.unknown-type"),
    "a drawing with a script": (b'<svg xmlns="http://www.w3.org/2000/svg" onload="alert(1)"/>', "file.unknown-type"),
    "a program": (b"MZ\x90\x00" + bytes(200), "file.unknown-type"),
    "an animation": (b"GIF89a" + bytes(50), "file.unknown-type"),
    "a page that begins like a photo": (b"\xff\xd8\xff<script>alert(1)</script>", "file.broken"),
    "half a photo": (photo()[:3000], "file.broken"),
    "a broken png": (b"\x89PNG\r\n\x1a\n" + b"\0\0\0\rIHDR" + bytes(30), "file.broken"),
    "a broken webp": (b"RIFF\x10\0\0\0WEBPVP8 " + bytes(30), "file.broken"),
    "a bomb": (png_bomb(), "file.too-many-pixels"),
    "a broken pdf": (b"%PDF-1.7\n" + b"rubbish " * 20, "file.broken"),
    "a book": (pdf(101), "file.too-many-pages"),
    "too large": (b"\xff\xd8\xff" + bytes(5 * 1024 * 1024), "file.too-large"),
}
