"""Versions as HTTP writes them: ETag out, If-Match in."""

import re
from typing import Annotated

from litestar.params import HeaderParameter

from catalog.kernel.errors import Invalid

_ETAG = re.compile(r'(?:W/)?"?([1-9][0-9]{0,8})"?')

IfMatch = Annotated[
    str,
    HeaderParameter(
        name="If-Match",
        required=True,
        description='The version that was read, as its ETag: "3".',
        pattern=r'^"[1-9][0-9]{0,8}"$',
    ),
]


def read_version(text: str) -> int:
    """The version in an If-Match. Raises Invalid."""
    found = _ETAG.fullmatch(text.strip())
    if found is None:
        raise Invalid("request.bad-if-match", 'If-Match 须为所读版本，例如 "3"')
    return int(found.group(1))


def etag(version: int) -> dict[str, str]:
    """The header that tells a version."""
    return {"etag": f'"{version}"'}
