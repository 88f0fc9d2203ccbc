"""Is a STUN message whole, and from someone who knows the password? (RFC 8489 sections 9 and 14.5 to 14.7)"""

from __future__ import annotations

import hashlib
import hmac
import unicodedata
import zlib
from collections.abc import Iterator

HEADER_BYTES = 20
FINGERPRINT = 0x8028
FINGERPRINT_XOR = 0x5354554E

# Attribute -> its hash, and the shortest value that counts: SHA-256 may be cut (section 14.6).
INTEGRITY = {0x0008: ("sha1", 20), 0x001C: ("sha256", 16)}


def check_integrity(data: bytes, key: bytes) -> bool | None:
    """Check MESSAGE-INTEGRITY and MESSAGE-INTEGRITY-SHA256 (RFC 8489 sections 14.5, 14.6).

    Parameters
    ----------
    data : bytes
        A STUN message.
    key : bytes
        The password in ICE (``ice-pwd``, encoded); `long_term_key` in TURN.

    Returns
    -------
    bool or None
        Whether all that it carries of the two are right; None where it carries none.
    """
    checked: dict[int, bool] = {}
    for kind, start, end in _attributes(data):
        if kind in INTEGRITY and kind not in checked:  # only the first of a kind counts (section 14)
            checked[kind] = _check(data, start, end, key, *INTEGRITY[kind])
    return all(checked.values()) if checked else None


def check_fingerprint(data: bytes) -> bool | None:
    """Check FINGERPRINT (RFC 8489 section 14.7): CRC-32 of all before it, with ``STUN`` mixed in.

    Parameters
    ----------
    data : bytes
        A STUN message.

    Returns
    -------
    bool or None
        None where it carries none.
    """
    for kind, start, end in _attributes(data):
        if kind == FINGERPRINT:
            right = zlib.crc32(_as_if_ending(data, start, end)) ^ FINGERPRINT_XOR
            return data[start + 4 : end] == right.to_bytes(4, "big")
    return None


def long_term_key(username: str, realm: str, password: str) -> bytes:
    """The key of TURN's long-term credentials, MD5 of the three (RFC 8489 section 9.2.2).

    Parameters
    ----------
    username, password : str
    realm : str
        As the server's REALM attribute says.

    Returns
    -------
    bytes
        16 bytes.
    """
    text = f"{username}:{_opaque(realm)}:{_opaque(password)}"
    return hashlib.md5(text.encode("utf-8", "replace"), usedforsecurity=False).digest()


def _opaque(text: str) -> str:
    """The OpaqueString profile: one kind of blank, composed characters (RFC 8265 section 4.2)."""
    blanks = "".join(" " if unicodedata.category(character) == "Zs" else character for character in text)
    return unicodedata.normalize("NFC", blanks)


def _check(data: bytes, start: int, end: int, key: bytes, name: str, shortest: int) -> bool:
    given = data[start + 4 : end]
    right = hmac.new(key, _as_if_ending(data, start, end), name).digest()
    if not shortest <= len(given) <= len(right) or len(given) % 4:
        return False
    return hmac.compare_digest(given, right[: len(given)])


def _as_if_ending(data: bytes, start: int, end: int) -> bytes:
    """All before the attribute, with the length that the message has if it ends with the attribute."""
    return data[:2] + (end - HEADER_BYTES).to_bytes(2, "big") + data[4:start]


def _attributes(data: bytes) -> Iterator[tuple[int, int, int]]:
    """Type, start and end of each attribute, as long as they make sense."""
    stop = min(len(data), HEADER_BYTES + int.from_bytes(data[2:4], "big"))
    start = HEADER_BYTES
    while start + 4 <= stop:
        length = int.from_bytes(data[start + 2 : start + 4], "big")
        end = start + 4 + length
        if end > stop:
            return
        yield int.from_bytes(data[start : start + 2], "big"), start, end
        start = end + -length % 4
