"""Decisions: is it signed, and how does it stand to what came before."""

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from catalog.kernel.audit import Anchor
from catalog.kernel.errors import Invalid
from warehouse.anchors.model import Verdict


def check_signature(text: str, key: str, signature: str) -> None:
    """Raises Invalid unless the holder of `key` signed exactly this text (Ed25519, both in hexadecimal)."""
    try:
        Ed25519PublicKey.from_public_bytes(bytes.fromhex(key)).verify(bytes.fromhex(signature), text.encode())
    except (ValueError, InvalidSignature) as error:
        raise Invalid("anchor.bad-signature", "签名与内容不符，审计锚未接收") from error


def judge(new: Anchor, same: Anchor | None, highest: int) -> Verdict:
    """`same` is the first anchor of that position, `highest` the highest position that the house has sent."""
    if same is not None:
        return Verdict.AGREES if (same.mac, same.digest) == (new.mac, new.digest) else Verdict.DIFFERS
    return Verdict.WENT_BACK if new.position < highest else Verdict.AGREES
