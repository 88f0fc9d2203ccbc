"""What the form of a line alone cannot tell: lengths of digests, known words, whole candidates.

Each check takes the fields and the value of a line and returns None, or the name of the field that is wrong and
the reason.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from ..errors import CandidateError
from .candidate_fields import ICE_CHARS, read_fields
from .text import number, quote

Problem = tuple[str, str]
Check = Callable[[Mapping[str, Any], str], "Problem | None"]

# Bytes in a digest, by the names of RFC 8122 section 5.
DIGEST_BYTES = {"sha-1": 20, "sha-224": 28, "sha-256": 32, "sha-384": 48, "sha-512": 64, "md5": 16, "md2": 16}
SETUP_ROLES = ("active", "passive", "actpass", "holdconn")


def _version(fields: Mapping[str, Any], _: str) -> Problem | None:
    return (
        None if fields["version"] == 0 else ("version", f"the version of SDP is 0, not {fields['version']}")
    )


def _media(fields: Mapping[str, Any], _: str) -> Problem | None:
    if "RTP" not in fields["proto"].split("/"):
        return None
    for payload in fields["formats"]:
        if number(payload, 127) is None:
            return "formats", f"RTP formats are payload types from 0 to 127, not {quote(payload)}"
    return None


def _fingerprint(fields: Mapping[str, Any], _: str) -> Problem | None:
    name, pairs = fields["hash_function"], (len(fields["fingerprint"]) + 1) // 3
    expected = DIGEST_BYTES.get(name.lower())
    if expected is None or expected == pairs:
        return None
    return "fingerprint", f"{name} gives {expected} bytes, here are {pairs}"


def _setup(fields: Mapping[str, Any], _: str) -> Problem | None:
    return None if fields["role"] in SETUP_ROLES else ("role", f"setup is one of {', '.join(SETUP_ROLES)}")


def _ice(name: str, minimum: int) -> Check:
    def check(fields: Mapping[str, Any], _: str) -> Problem | None:
        text = fields[name]
        if not minimum <= len(text) <= 256:
            return name, f"this is {len(text)} characters long; RFC 8839 wants {minimum} to 256"
        if not ICE_CHARS.issuperset(text):
            return name, "only letters, digits, '+' and '/' may stand here"
        return None

    return check


def _candidate(fields: Mapping[str, Any], text: str) -> Problem | None:
    try:
        read_fields(text)
    except CandidateError as error:
        name = str(error).partition(" ")[0]  # its messages begin with the field
        return (name if name in fields else "foundation"), str(error)
    return None


def _payload_type(fields: Mapping[str, Any], _: str) -> Problem | None:
    given = fields["payload_type"]
    if given == "*" or number(given, 127) is not None:
        return None
    return "payload_type", f"a payload type is a number from 0 to 127, or * for all, not {quote(given)}"


def _ssrcs(fields: Mapping[str, Any], _: str) -> Problem | None:
    for ssrc in fields["ssrcs"]:
        if number(ssrc, 2**32 - 1) is None:
            return "ssrcs", f"an SSRC is a number of 32 bits, not {quote(ssrc)}"
    return None


CHECKS: dict[str, Check] = {
    "v": _version,
    "m": _media,
    "a=fingerprint": _fingerprint,
    "a=setup": _setup,
    "a=ice-ufrag": _ice("ufrag", 4),
    "a=ice-pwd": _ice("pwd", 22),
    "a=candidate": _candidate,
    "a=rtcp-fb": _payload_type,
    "a=ssrc-group": _ssrcs,
}
