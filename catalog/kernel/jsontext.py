"""Plain values as the JSON text that is stored: receipts, facts, what was asked."""

import json
from typing import Any

import msgspec

_encode = msgspec.json.Encoder(enc_hook=str).encode
_encode_sorted = msgspec.json.Encoder(enc_hook=str, order="sorted").encode


def json_text(value: Any) -> str:
    """`value` as JSON, not escaped; what JSON does not know is written as its `str`."""
    try:
        return _encode(value).decode()
    except OverflowError:  # beyond 64 bits
        return json.dumps(value, ensure_ascii=False, default=str)


def canonical(value: Any) -> bytes:
    """The one form of `value` to take a digest of: keys in order, nothing between, UTF-8."""
    try:
        return _encode_sorted(value)
    except OverflowError:
        return json.dumps(value, sort_keys=True, ensure_ascii=False, separators=(",", ":"), default=str).encode()
