"""The grammar of a candidate line (RFC 8839 section 5.1): each error names the field that is wrong."""

from __future__ import annotations

import ipaddress
import string
from typing import NamedTuple

from ..errors import CandidateError
from .text import number, quote

ICE_CHARS = frozenset(string.ascii_letters + string.digits + "+/")
HOST_CHARS = frozenset(string.ascii_letters + string.digits + ".-_")
# ssltcp is Google's own: TCP that pretends to be TLS on port 443; browsers still read it.
PROTOCOLS = ("udp", "tcp", "ssltcp")
TYPES = ("host", "srflx", "prflx", "relay")
TCP_TYPES = ("active", "passive", "so")
FIELDS = ("foundation", "component", "protocol", "priority", "address", "port")
CANDIDATE_FORM = "candidate:<foundation> <component> <protocol> <priority> <address> <port> typ <type>"


class Fields(NamedTuple):
    """A candidate line, field by field."""

    foundation: str
    component_id: int
    protocol: str
    priority: int
    address: str
    port: int
    type: str
    extensions: dict[str, str]
    related_address: str | None
    related_port: int | None


def read_fields(body: str) -> Fields:
    """Read what follows ``candidate:``, or raise a CandidateError that names the field."""
    words = body.split(" ")
    for name, word in zip(FIELDS, words, strict=False):
        if not word:
            raise CandidateError(f"{name} is empty in {quote(body)}; one blank stands between fields.")
    if len(words) < len(FIELDS):
        raise CandidateError(
            f"{FIELDS[len(words)]} is missing in {quote(body)}; the form is {CANDIDATE_FORM}."
        )
    foundation, component, protocol, priority, address, port = words[:6]
    if len(foundation) > 32 or not ICE_CHARS.issuperset(foundation):
        raise CandidateError(f"foundation is {quote(foundation)}, not 1 to 32 letters, digits, '+' or '/'.")
    if protocol.lower() not in PROTOCOLS:
        raise CandidateError(f"protocol is {quote(protocol)}, not one of {', '.join(PROTOCOLS)}.")
    if words[6:7] != ["typ"]:
        raise CandidateError(
            f"type is missing: after the port comes 'typ <type>', here {quote(' '.join(words[6:8]))}."
        )
    if words[7:8] == [] or words[7] not in TYPES:
        raise CandidateError(f"type is {quote(''.join(words[7:8]))}, not one of {', '.join(TYPES)}.")
    related_address, related_port, extensions = _read_rest(words[8:])
    if "tcptype" in extensions and protocol.lower() == "udp":
        raise CandidateError("tcpType is only for TCP, and the protocol is UDP (RFC 6544 section 4.5).")
    return Fields(
        foundation=foundation,
        # RFC 8839 stops at 256; browsers do not.
        component_id=_integer("component", component, 2**31 - 1),
        protocol=protocol.lower(),
        # RFC 8445 stops at 2**31 - 1; browsers read all 32 bits, and so do we.
        priority=_integer("priority", priority, 2**32 - 1),
        address=_check_address(address),
        port=_integer("port", port, 65535),
        type=words[7],
        extensions=extensions,
        related_address=related_address,
        related_port=related_port,
    )


def _read_rest(words: list[str]) -> tuple[str | None, int | None, dict[str, str]]:
    """Read the related address and port and the extensions: pairs of a name and a value."""
    related_address, related_port = None, None
    if words in (["raddr"], ["rport"]):
        return None, None, {}  # cut off; browsers read what stands before it
    if words[:1] == ["raddr"]:
        # Here a name or a spoilt IPv4 address does no harm: nobody ever sends to it.
        if not words[1]:
            raise CandidateError("relatedAddress is missing after 'raddr'.")
        if not _is_name(words[1]) and not _is_ipv6(words[1]):
            raise CandidateError(f"relatedAddress is {quote(''.join(words[1:2]))}, not an address.")
        related_address, words = words[1], words[2:]
    if words == ["rport"]:
        return related_address, None, {}
    if words[:1] == ["rport"]:
        related_port = _integer("relatedPort", "".join(words[1:2]), 65535)
        words = words[2:]
    for word in words:
        if any(ord(character) < 0x20 for character in word):
            raise CandidateError(f"an extension holds a control character: {quote(word)}.")
    # The last name may lack its value: other peers read it as empty, and so do we.
    values = [*words[1::2], ""]
    extensions = {name: value for name, value in zip(words[0::2], values, strict=False) if name}
    tcp_type = extensions.get("tcptype")
    if tcp_type is not None and tcp_type not in TCP_TYPES:
        raise CandidateError(f"tcpType is {quote(tcp_type)}, not one of {', '.join(TCP_TYPES)}.")
    return related_address, related_port, extensions


def _integer(name: str, text: str, maximum: int) -> int:
    value = number(text, maximum)
    if value is None:
        raise CandidateError(f"{name} is {quote(text)}, not a whole number from 0 to {maximum}.")
    return value


def _is_name(text: str) -> bool:
    return bool(text) and HOST_CHARS.issuperset(text)


def _is_ipv6(text: str) -> bool:
    try:
        ipaddress.IPv6Address(text.partition("%")[0])  # a zone such as %eth0 may follow
    except ValueError:
        return False
    return True


def _check_address(text: str) -> str:
    if ":" in text:
        if not _is_ipv6(text):
            raise CandidateError(f"address is {quote(text)}, not an IPv6 address.")
    elif not _is_name(text):
        raise CandidateError(f"address is {quote(text)}, neither an IP address nor a host name.")
    elif text.rpartition(".")[2].isdigit():  # no host name ends in a number
        try:
            ipaddress.IPv4Address(text)
        except ValueError:
            raise CandidateError(f"address is {quote(text)}, not an IPv4 address.") from None
    return text
