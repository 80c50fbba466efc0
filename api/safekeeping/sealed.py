"""A stream encrypted by a passphrase: `BEIYU1`, a salt, then frames of AES-256-GCM, the last one marked.

Frames are numbered in their nonce and the last says that it is the last: none can be changed, left out, moved or cut
off without being noticed. The key comes from the passphrase by scrypt.
"""

import hashlib
import os
from typing import Any, BinaryIO

from api.safekeeping.tools import SafekeepingError

MAGIC = b"BEIYU1\n"
FRAME = 1 << 20
_TAG = 16


def _cipher(passphrase: str, salt: bytes) -> Any:
    """Imported here: most who start us encrypt nothing."""
    from cryptography.hazmat.primitives.ciphers.aead import AESGCM

    return AESGCM(hashlib.scrypt(passphrase.encode(), salt=salt, n=2**15, r=8, p=1, maxmem=2**26, dklen=32))


def _nonce(number: int, *, last: bool) -> bytes:
    return number.to_bytes(11, "big") + (b"\x01" if last else b"\x00")


class Writer:
    """Encrypts what is written into `file`. `close` writes the last frame, not the file's end."""

    def __init__(self, file: BinaryIO, passphrase: str) -> None:
        salt = os.urandom(16)
        self._file, self._cipher = file, _cipher(passphrase, salt)
        self._waiting, self._number = bytearray(), 0
        file.write(MAGIC + salt)

    def write(self, data: bytes) -> int:
        """Take data; whole frames go on at once."""
        self._waiting += data
        while len(self._waiting) > FRAME:
            self._frame(bytes(self._waiting[:FRAME]), last=False)
            del self._waiting[:FRAME]
        return len(data)

    def close(self) -> None:
        """The last frame, possibly empty."""
        self._frame(bytes(self._waiting), last=True)

    def _frame(self, data: bytes, *, last: bool) -> None:
        sealed = self._cipher.encrypt(_nonce(self._number, last=last), data, MAGIC)
        self._file.write(len(sealed).to_bytes(4, "big") + sealed)
        self._number += 1


class Reader:
    """Decrypts `file`, whose magic has been read. Raises SafekeepingError for a wrong passphrase or any damage."""

    def __init__(self, file: BinaryIO, passphrase: str) -> None:
        self._file, self._cipher = file, _cipher(passphrase, file.read(16))
        self._waiting, self._number, self._ended = bytearray(), 0, False

    def read(self, size: int = -1) -> bytes:
        """At most `size` bytes; empty at the end."""
        while not self._ended and (size < 0 or len(self._waiting) < size):
            self._frame()
        size = len(self._waiting) if size < 0 else size
        data = bytes(self._waiting[:size])
        del self._waiting[:size]
        return data

    def close(self) -> None:
        """Close the file beneath."""
        self._file.close()

    def _frame(self) -> None:
        from cryptography.exceptions import InvalidTag

        length = int.from_bytes(self._file.read(4), "big")
        sealed = self._file.read(length)
        if not _TAG <= length <= FRAME + _TAG or len(sealed) != length:
            raise SafekeepingError("The backup is cut off or damaged.")
        for last in (False, True):
            try:
                self._waiting += self._cipher.decrypt(_nonce(self._number, last=last), sealed, MAGIC)
            except InvalidTag:
                continue
            self._ended, self._number = last, self._number + 1
            return
        raise SafekeepingError("The passphrase is wrong, or the backup is damaged.")
