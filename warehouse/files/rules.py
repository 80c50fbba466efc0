"""The decisions of files: what kind the bytes are, how large they may be, what a name may contain."""

import re
import unicodedata

from warehouse.files.model import FileKind, Unfit

MOST_BYTES = 5 * 1024 * 1024
"""Of one file, as sent and as kept (DESIGN section 11)."""
MOST_PIXELS = 40_000_000
"""Of one picture as its head declares it: a bomb is refused before it is unpacked."""
MOST_PAGES = 100
MOST_PER_SUBJECT = 100
"""Files that are not retired beside one thing; more is an archive, not evidence."""
MOST_UNATTACHED = 200
"""Uploads of one person that belong to nothing yet."""

_EMPTY = Unfit("file.empty", "文件是空的，请重新选择")
_TOO_LARGE = "文件超过 5 MB，请缩小后再上传"
_UNKNOWN = "只接受 JPEG、PNG、WebP 照片和 PDF；此文件不是其中任何一种"


def sniff(content: bytes) -> FileKind | Unfit:
    """What the first bytes say. HTML, SVG, HEIC, GIF and whatever else are not taken."""
    if not content:
        return _EMPTY
    if len(content) > MOST_BYTES:
        return Unfit("file.too-large", _TOO_LARGE, (("size", len(content)), ("most", MOST_BYTES)))
    if content[:3] == b"\xff\xd8\xff":
        return FileKind.JPEG
    if content[:8] == b"\x89PNG\r\n\x1a\n":
        return FileKind.PNG
    if content[:4] == b"RIFF" and content[8:12] == b"WEBP":
        return FileKind.WEBP
    if content[:5] == b"%PDF-":
        return FileKind.PDF
    return Unfit("file.unknown-type", _UNKNOWN)


def check_pixels(width: int, height: int) -> Unfit | None:
    """Why a picture of this size is not unpacked."""
    if width * height > MOST_PIXELS:
        return Unfit(
            "file.too-many-pixels",
            "图片尺寸过大，请缩小后再上传",
            (("width", width), ("height", height), ("most", MOST_PIXELS)),
        )
    return None


def plain_name(name: str, kind: FileKind) -> str:
    """A file name that no system takes for a path or a command, with the ending of what it really is."""
    kept = "".join(c for c in unicodedata.normalize("NFC", name) if unicodedata.category(c)[0] != "C")
    stem = re.split(r"[/\\]", kept)[-1].rpartition(".")[0] or re.split(r"[/\\]", kept)[-1]
    stem = re.sub(r'[<>:"|?*%;]', "_", stem).strip(" .")[:80]
    return f"{stem or 'photo'}.{'jpg' if kind is FileKind.JPEG else kind.value}"
