"""What one line may say: a check per line type and per attribute that WebRTC leans on.

Each check gets the value and returns None, or where in the value the fault begins and what it is. Lines and
attributes without a check are right as they stand: RFC 8866 lets a reader ignore what it does not know.
"""

from __future__ import annotations

import string
from collections.abc import Callable

from ..errors import CandidateError
from .candidate import parse_candidate
from .candidate_fields import ICE_CHARS
from .text import number, quote

Fault = tuple[int, str]
Check = Callable[[str], "Fault | None"]

LINE_TYPES = "vosiuepcbtrzkam"
HEX = frozenset(string.hexdigits)
# Bytes in a digest, by the names of RFC 8122 section 5.
DIGEST_BYTES = {"sha-1": 20, "sha-224": 28, "sha-256": 32, "sha-384": 48, "sha-512": 64, "md5": 16, "md2": 16}
SETUP_ROLES = ("active", "passive", "actpass", "holdconn")


def check_line(kind: str, value: str) -> Fault | None:
    """Find what is wrong with a line.

    Parameters
    ----------
    kind : str
        The letter before ``=``, or ``""`` where there is none.
    value : str
        What follows it; the whole line where `kind` is empty.

    Returns
    -------
    tuple of int and str, or None
        The 0-based place in `value` where the fault begins, and the reason.
    """
    if not kind:
        if not value.strip():
            return 0, "an empty line; SDP has none"
        return 0, "a line is one letter, '=' and a value"
    if kind not in LINE_TYPES:
        return 0, f"no line type {quote(kind)}; RFC 8866 has {' '.join(LINE_TYPES)}"
    if kind != "a":
        check = LINES.get(kind)
        return check(value) if check else None
    name, colon, text = value.partition(":")
    if not name or any(character.isspace() for character in name):
        return 0, "an attribute has a name without blanks: a=<name> or a=<name>:<value>"
    attribute_check = ATTRIBUTES.get(name)
    fault = attribute_check(text) if attribute_check else None
    return (fault[0] + len(name) + len(colon), fault[1]) if fault else None


def _version(value: str) -> Fault | None:
    return None if value == "0" else (0, f"the version of SDP is 0, not {quote(value)}")


def _origin(value: str) -> Fault | None:
    fields = value.split(" ")
    if len(fields) != 6:
        form = "username, session id, version, IN, address type, address"
        return 0, f"o= has six fields ({form}), here {len(fields)}"
    for field, name in ((fields[1], "session id"), (fields[2], "session version")):
        if not (field.isascii() and field.isdigit()):
            return len(fields[0]) + 1, f"the {name} is a whole number, not {quote(field)}"
    return None


def _not_empty(value: str) -> Fault | None:
    return None if value else (0, "a value is missing; where there is no name to give, write s=-")


def _time(value: str) -> Fault | None:
    fields = value.split(" ")
    if len(fields) != 2 or not all(field.isascii() and field.isdigit() for field in fields):
        return 0, "t= has two whole numbers, start and stop; WebRTC writes t=0 0"
    return None


def _connection(value: str) -> Fault | None:
    if len(value.split(" ")) != 3 or value.endswith(" "):
        return 0, "c= has three fields: IN, IP4 or IP6, address"
    return None


def _bandwidth(value: str) -> Fault | None:
    name, _, amount = value.partition(":")
    if not name or number(amount) is None:
        return 0, "b= is <type>:<number>, for example AS:512"
    return None


def _media(value: str) -> Fault | None:
    fields = value.split(" ")
    if len(fields) < 4 or not all(fields[:4]):
        return 0, "m= has at least four fields: kind, port, protocol, formats"
    port, slash, ports = fields[1].partition("/")
    if number(port, 65535) is None or (slash and number(ports) is None):
        return len(fields[0]) + 1, f"the port is a number from 0 to 65535, not {quote(fields[1])}"
    return None


def _rtpmap(value: str) -> Fault | None:
    payload_type, _, encoding = value.partition(" ")
    if number(payload_type, 127) is None:
        return 0, f"the payload type is a number from 0 to 127, not {quote(payload_type)}"
    name, _, rate = encoding.partition("/")
    rate = rate.partition("/")[0].rstrip(" ")
    if not name or number(rate) is None:
        return len(payload_type) + 1, "the encoding is <name>/<clock rate>, for example VP8/90000"
    return None


def _fmtp(value: str) -> Fault | None:
    return None if value.partition(" ")[2].strip() else (0, "fmtp is <format> <parameters>")


def _fingerprint(value: str) -> Fault | None:
    algorithm, _, digest = value.rstrip(" ").partition(" ")
    pairs = digest.split(":")
    if not algorithm or not all(len(pair) == 2 and HEX.issuperset(pair) for pair in pairs):
        return len(algorithm) + 1, "a fingerprint is <hash function> and pairs of hex digits with ':' between"
    expected = DIGEST_BYTES.get(algorithm.lower())
    if expected is not None and len(pairs) != expected:
        return len(algorithm) + 1, f"{algorithm} gives {expected} bytes, here are {len(pairs)}"
    return None


def _setup(value: str) -> Fault | None:
    return None if value.strip() in SETUP_ROLES else (0, f"setup is one of {', '.join(SETUP_ROLES)}")


def _ice(minimum: int) -> Check:
    def check(value: str) -> Fault | None:
        if not minimum <= len(value) <= 256:
            return 0, f"this is {len(value)} characters long; RFC 8839 wants {minimum} to 256"
        if not ICE_CHARS.issuperset(value):
            return 0, "only letters, digits, '+' and '/' may stand here"
        return None

    return check


def _candidate(value: str) -> Fault | None:
    try:
        parse_candidate(f"candidate:{value}")
    except CandidateError as error:
        return 0, str(error)
    return None


def _token(value: str) -> Fault | None:
    return None if value.strip() and " " not in value.strip() else (0, "one word must stand here")


def _a_number(maximum: int) -> Check:
    def check(value: str) -> Fault | None:
        word = value.partition(" ")[0]
        return None if number(word, maximum) is not None else (0, f"a number up to {maximum} must stand here")

    return check


LINES: dict[str, Check] = {
    "v": _version,
    "o": _origin,
    "s": _not_empty,
    "t": _time,
    "c": _connection,
    "b": _bandwidth,
    "m": _media,
}

ATTRIBUTES: dict[str, Check] = {
    "rtpmap": _rtpmap,
    "fmtp": _fmtp,
    "fingerprint": _fingerprint,
    "setup": _setup,
    "ice-ufrag": _ice(4),
    "ice-pwd": _ice(22),
    "candidate": _candidate,
    "mid": _token,
    "ssrc": _a_number(2**32 - 1),
    "sctp-port": _a_number(65535),
    "max-message-size": _a_number(2**64 - 1),
}
