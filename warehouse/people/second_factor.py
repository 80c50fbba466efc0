"""The second proof at log-in: time-based codes (RFC 6238: SHA-1, 6 digits, 30 s) and recovery codes.

What is stored is useless without the vault's key, which lies among the secrets and not in the database.
"""

import base64
import hashlib
import hmac
import re
import secrets
from collections.abc import Sequence
from datetime import datetime

import pyotp
from cryptography.fernet import Fernet, InvalidToken

ISSUER = "Beiyu"
STEP_SECONDS = 30
SKEW = 1
"""Steps a phone's clock may be early or late."""
RECOVERY_CODES = 10
_ALPHABET = "abcdefghjkmnpqrstuvwxyz23456789"
_DIGITS = re.compile(r"[0-9]{6}")


class Vault:
    """Encrypts secrets and fingerprints recovery codes with one key of at least 32 random bytes, as text."""

    def __init__(self, key: str) -> None:
        digest = hashlib.sha256(b"beiyu second factor\0" + key.encode()).digest()
        self._fernet = Fernet(base64.urlsafe_b64encode(digest))
        self._key = digest

    def close(self, secret: str) -> str:
        """The text to store."""
        return self._fernet.encrypt(secret.encode()).decode()

    def open(self, stored: str) -> str | None:
        """The secret again; None where the key is another, or nothing is stored."""
        try:
            return self._fernet.decrypt(stored.encode()).decode()
        except InvalidToken:
            return None

    def fingerprint(self, person_id: int, code: str) -> bytes:
        """What is stored of a recovery code."""
        return hmac.new(self._key, f"{person_id} {plain(code)}".encode(), hashlib.sha256).digest()


def new_secret() -> str:
    """160 random bits, base32."""
    return pyotp.random_base32(32)


def uri(secret: str, login: str) -> str:
    """What the QR code for an authenticator holds."""
    return pyotp.TOTP(secret).provisioning_uri(name=login, issuer_name=ISSUER)


def step_at(now: datetime) -> int:
    """The number of the 30 seconds that `now` lies in."""
    return int(now.timestamp()) // STEP_SECONDS


def code_at(secret: str, step: int) -> str:
    """The six digits of one step."""
    return pyotp.TOTP(secret).generate_otp(step)


def matching_step(secret: str, code: str, now: datetime, last_step: int) -> int | None:
    """The step whose code this is, one early or late; None for a wrong code and for one that was taken before."""
    given = plain(code)
    if not _DIGITS.fullmatch(given):
        return None
    here = step_at(now)
    for step in range(here - SKEW, here + SKEW + 1):
        if step > last_step and hmac.compare_digest(code_at(secret, step), given):
            return step
    return None


def new_recovery_codes() -> Sequence[str]:
    """Codes for the day the phone is lost; each can be used once."""
    return [
        "-".join("".join(secrets.choice(_ALPHABET) for _ in range(5)) for _ in range(2)) for _ in range(RECOVERY_CODES)
    ]


def plain(code: str) -> str:
    """A code as it is compared: without blanks and hyphens, small letters."""
    return re.sub(r"[\s-]", "", code).lower()
