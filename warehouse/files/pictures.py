"""From hostile bytes to a file that may be kept: pure and picklable, for a worker process.

A photo is drawn anew from its pixels, so that nothing else of it survives: no EXIF, no GPS, no XMP, no comment, no
second file glued behind it. Its size is looked at before it is unpacked.
"""

import io
import warnings
from typing import Any

from PIL import Image, ImageOps, UnidentifiedImageError

from warehouse.files import rules
from warehouse.files.model import Cleaned, FileKind, Unfit

LONGEST_SIDE = 2560
THUMBNAIL_SIDE = 320
_FORMATS = {FileKind.JPEG: "JPEG", FileKind.PNG: "PNG", FileKind.WEBP: "WEBP"}
_BROKEN = Unfit("file.broken", "文件已损坏或不完整，无法打开")
_LOCKED = Unfit("file.locked", "PDF 已加密，请去掉密码后再上传")


def clean(content: bytes) -> Cleaned | Unfit:
    """The file as it will be kept, or why it is not taken. Never raises for what a sender can send."""
    kind = rules.sniff(content)
    if isinstance(kind, Unfit):
        return kind
    return _pdf(content) if kind is FileKind.PDF else _picture(content, kind)


def _picture(content: bytes, kind: FileKind) -> Cleaned | Unfit:
    try:
        with (
            warnings.catch_warnings(action="ignore"),
            Image.open(io.BytesIO(content), formats=[_FORMATS[kind]]) as found,
        ):
            if unfit := rules.check_pixels(*found.size):
                return unfit
            if kind is FileKind.JPEG:
                found.draft("RGB", (LONGEST_SIDE, LONGEST_SIDE))
            upright = ImageOps.exif_transpose(found)
            upright.thumbnail((LONGEST_SIDE, LONGEST_SIDE))
            return _drawn_anew(upright, kind)
    except Image.DecompressionBombError:
        return Unfit("file.too-many-pixels", "图片尺寸过大，请缩小后再上传", (("most", rules.MOST_PIXELS),))
    except (OSError, UnidentifiedImageError, ValueError, SyntaxError, EOFError, IndexError, KeyError, TypeError,
            ZeroDivisionError, OverflowError, MemoryError, NotImplementedError):  # fmt: skip
        return _BROKEN  # whatever a decoder meets in bytes that somebody made to hurt it


def _drawn_anew(upright: Image.Image, kind: FileKind) -> Cleaned | Unfit:
    see_through = kind is not FileKind.JPEG and ("A" in upright.getbands() or "transparency" in upright.info)
    pixels = upright.convert("RGBA" if see_through else "RGB")
    bare = Image.frombytes(pixels.mode, pixels.size, pixels.tobytes())
    kept = _written(bare, kind)
    if len(kept) > rules.MOST_BYTES:  # a photo that was sent as PNG
        kind, kept = FileKind.JPEG, _written(_on_white(bare), FileKind.JPEG)
    if len(kept) > rules.MOST_BYTES:
        return Unfit("file.too-large", "文件超过 5 MB，请缩小后再上传", (("most", rules.MOST_BYTES),))
    return Cleaned(kind, kept, bare.width, bare.height, _thumbnail(bare))


def _written(bare: Image.Image, kind: FileKind) -> bytes:
    out = io.BytesIO()
    if kind is FileKind.PNG:
        bare.save(out, "PNG", optimize=False)
    elif kind is FileKind.WEBP:
        bare.save(out, "WEBP", quality=82, method=2)
    else:
        bare.save(out, "JPEG", quality=84)
    return out.getvalue()


def _on_white(bare: Image.Image) -> Image.Image:
    if bare.mode != "RGBA":
        return bare
    white = Image.new("RGB", bare.size, "white")
    white.paste(bare, mask=bare.getchannel("A"))
    return white


def _thumbnail(bare: Image.Image) -> bytes:
    small = _on_white(bare.copy())
    small.thumbnail((THUMBNAIL_SIDE, THUMBNAIL_SIDE))
    out = io.BytesIO()
    small.save(out, "JPEG", quality=72)
    return out.getvalue()


def _pdf(content: bytes) -> Cleaned | Unfit:
    import pypdfium2  # its bindings are slow to read: not when the program starts

    try:
        document = pypdfium2.PdfDocument(content)
    except pypdfium2.PdfiumError as error:
        return _LOCKED if "password" in str(error).lower() else _BROKEN
    try:
        pages = len(document)
        if pages == 0:
            return _BROKEN
        if pages > rules.MOST_PAGES:
            return Unfit("file.too-many-pages", "PDF 页数过多", (("pages", pages), ("most", rules.MOST_PAGES)))
        return Cleaned(FileKind.PDF, content, thumbnail=_first_page(document))
    finally:
        document.close()


def _first_page(document: Any) -> bytes | None:
    from pypdfium2 import PdfiumError

    try:
        page = document[0]
        longest = max(page.get_size())
        if not 0 < longest < 20_000:
            return None
        return _thumbnail(page.render(scale=2 * THUMBNAIL_SIDE / longest).to_pil().convert("RGB"))
    except (PdfiumError, ValueError, OSError, MemoryError):
        return None
