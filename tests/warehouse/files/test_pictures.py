"""What is kept of a photo, and what is not taken at all."""

import io

import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from tests.warehouse.files.samples import HOSTILE, pdf, photo
from warehouse.files import pictures, rules
from warehouse.files.model import Cleaned, FileKind, Unfit


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP"])
def test_a_photo_keeps_its_pixels_and_nothing_else(kind: str) -> None:
    sent = photo(kind=kind)
    assert b"SECRET" in sent
    assert Image.open(io.BytesIO(sent)).getexif()
    kept = pictures.clean(sent)
    assert isinstance(kept, Cleaned)
    assert kept.kind.value == kind.lower()
    found = Image.open(io.BytesIO(kept.content))
    assert (found.format, found.size) == (kind, (640, 480))
    assert not found.getexif()
    assert not set(found.info) - {"jfif", "jfif_version", "jfif_unit", "jfif_density", "loop", "background"}
    assert b"SECRET" not in kept.content
    assert b"Exif" not in kept.content
    red, green, _ = found.convert("RGB").getpixel((20, 20))  # type: ignore[misc]
    assert red > 180 > 80 > green


def test_a_file_glued_behind_a_photo_is_gone() -> None:
    kept = pictures.clean(photo() + b"<script>alert(1)</script>PK\x03\x04")
    assert isinstance(kept, Cleaned)
    assert b"script" not in kept.content


def test_a_photo_stands_upright_without_being_told() -> None:
    kept = pictures.clean(photo(orientation=6))  # taken with the phone held upright
    assert isinstance(kept, Cleaned)
    assert (kept.width, kept.height) == (480, 640)
    red, green, _ = Image.open(io.BytesIO(kept.content)).convert("RGB").getpixel((470, 10))  # type: ignore[misc]
    assert red > 180 > 80 > green


def test_a_large_photo_is_made_smaller_and_has_a_thumbnail() -> None:
    kept = pictures.clean(photo(4000, 1000))
    assert isinstance(kept, Cleaned)
    assert kept.width is not None
    assert kept.width <= pictures.LONGEST_SIDE
    assert kept.thumbnail is not None
    assert max(Image.open(io.BytesIO(kept.thumbnail)).size) <= pictures.THUMBNAIL_SIDE


def test_a_pdf_stays_what_it_was_and_shows_its_first_page() -> None:
    sent = pdf(2)
    kept = pictures.clean(sent)
    assert isinstance(kept, Cleaned)
    assert (kept.kind, kept.content) == (FileKind.PDF, sent)
    assert kept.thumbnail is not None


@pytest.mark.parametrize("what", HOSTILE)
def test_what_is_not_taken_says_why(what: str) -> None:
    content, code = HOSTILE[what]
    refused = pictures.clean(content)
    assert isinstance(refused, Unfit)
    assert refused.code == code
    assert refused.detail


@given(
    st.sampled_from([b"\xff\xd8\xff", b"\x89PNG\r\n\x1a\n", b"RIFF1234WEBP", b"%PDF-", b""]), st.binary(max_size=400)
)
def test_whatever_comes_it_never_breaks(head: bytes, rest: bytes) -> None:
    assert isinstance(pictures.clean(head + rest), Cleaned | Unfit)


@given(st.integers(0, 2000), st.binary(min_size=1, max_size=8))
def test_a_photo_with_some_bytes_changed_never_breaks(at: int, noise: bytes) -> None:
    sent = photo(64, 48)
    assert isinstance(pictures.clean(sent[:at] + noise + sent[at + len(noise) :]), Cleaned | Unfit)


@pytest.mark.parametrize(
    ("given_", "kept"),
    [
        ("IMG_01.HEIC", "IMG_01.jpg"),
        ("../../etc/passwd", "passwd.jpg"),
        ('a"b;c\r\n.exe', "a_b_c.jpg"),
        ("", "photo.jpg"),
        ("外包装破损.png", "外包装破损.jpg"),
    ],
)
def test_a_name_is_only_a_name(given_: str, kept: str) -> None:
    assert rules.plain_name(given_, FileKind.JPEG) == kept
