"""STUN attributes: one row for each, with its number, its name and what reads its value (RFC 8489 section 14)."""

from __future__ import annotations

from collections.abc import Callable
from ipaddress import IPv4Address, IPv6Address
from typing import NamedTuple

from .demultiplex import decode_relayed
from .fields import Reader, Value, as_text, hexadecimal, listed

Reading = tuple[Value, str]
ReadValue = Callable[[Reader, bytes], Reading]  # the value's bytes, and the 16 that addresses are XORed with


class Attribute(NamedTuple):
    """A row of the table."""

    name: str
    read: ReadValue


FAMILIES = {1: "IPv4", 2: "IPv6"}
TRANSPORTS = {6: "TCP", 17: "UDP"}
PASSWORD_ALGORITHMS = {1: "MD5", 2: "SHA-256"}


def _number(size: int) -> ReadValue:
    def read(part: Reader, pad: bytes) -> Reading:
        value = part.number(size, "value")
        return value, str(value)

    return read


def _named(size: int, names: dict[int, str]) -> ReadValue:
    """A number that stands for something; 3 reserved bytes may follow (RFC 8656 section 18)."""

    def read(part: Reader, pad: bytes) -> Reading:
        value = part.number(size, "value")
        part.rest()
        return value, names.get(value, str(value))

    return read


def _text(part: Reader, pad: bytes) -> Reading:
    text = as_text(part.take(part.left, "value"))
    return text, text


def _bytes(part: Reader, pad: bytes) -> Reading:
    value = part.take(part.left, "value")
    return value, hexadecimal(value)


def _hash(part: Reader, pad: bytes) -> Reading:
    value, text = _bytes(part, pad)
    return value, f"{text}, which `check_integrity` checks with the key"


def _flag(part: Reader, pad: bytes) -> Reading:
    return 1, "yes"


def _address(part: Reader, pad: bytes) -> Reading:
    """An address as it is (RFC 8489 section 14.1)."""
    part.take(1, "reserved")
    family = part.number(1, "family")
    port = int.from_bytes(_unmask(part.take(2, "port"), pad), "big")
    address = _unmask(part.take(16 if family == 2 else 4, f"{FAMILIES.get(family, 'IPv4')} address"), pad)
    if family not in FAMILIES:
        return (f"family {family}", port), f"address family {family}, which is neither 1 (IPv4) nor 2 (IPv6)"
    if family == 2:
        return (str(IPv6Address(address)), port), f"[{IPv6Address(address)}]:{port}"
    return (str(IPv4Address(address)), port), f"{IPv4Address(address)}:{port}"


def _plain_address(part: Reader, pad: bytes) -> Reading:
    return _address(part, bytes(16))


def _unmask(value: bytes, pad: bytes) -> bytes:
    """Undo the XOR that hides an address from NATs that rewrite whatever looks like one (section 14.2)."""
    return bytes(a ^ b for a, b in zip(value, pad, strict=False))


def _error_code(part: Reader, pad: bytes) -> Reading:
    """Hundreds, the rest, and words for people (RFC 8489 section 14.8)."""
    part.take(2, "reserved")
    hundreds = part.number(1, "error class") & 7
    code = hundreds * 100 + part.number(1, "error number")
    reason = as_text(part.take(part.left, "reason phrase"))
    return code, f"{code} {reason}".rstrip()


def _unknown_attributes(part: Reader, pad: bytes) -> Reading:
    names = []
    while part.left:
        names.append(attribute_name(part.number(2, "attribute type")))
    return tuple(names), listed(tuple(names))


def _priority(part: Reader, pad: bytes) -> Reading:
    """The arithmetic of RFC 8445 section 5.1.2.1."""
    value = part.number(4, "value")
    return value, f"{value} = {value >> 24}·2²⁴ + {value >> 8 & 0xFFFF}·2⁸ + {value & 0xFF}"


def _tie_breaker(part: Reader, pad: bytes) -> Reading:
    value = part.number(8, "tie-breaker")
    return value, f"tie-breaker {value}"


def _seconds(part: Reader, pad: bytes) -> Reading:
    value = part.number(4, "value")
    return value, f"{value} s"


def _channel_number(part: Reader, pad: bytes) -> Reading:
    value = part.number(2, "channel number")
    part.take(2, "reserved")
    return value, f"0x{value:04X}"


def _even_port(part: Reader, pad: bytes) -> Reading:
    reserve = part.number(1, "R bit") >> 7
    return reserve, "and reserve the next port" if reserve else "no second port"


def _hexadecimal_number(part: Reader, pad: bytes) -> Reading:
    value = part.number(4, "value")
    return value, f"0x{value:08X}, which `check_fingerprint` checks"


def _password_algorithms(part: Reader, pad: bytes) -> Reading:
    """A list of algorithms, each with its parameters padded to 4 bytes (RFC 8489 section 14.11)."""
    names = []
    while part.left:
        number, length = part.number(2, "algorithm"), part.number(2, "parameters length")
        part.part(min(length + -length % 4, part.left), "parameters")
        names.append(PASSWORD_ALGORITHMS.get(number, f"0x{number:04X}"))
    return tuple(names), listed(tuple(names))


def _network_info(part: Reader, pad: bytes) -> Reading:
    """What libwebrtc tells of the interface: a higher cost is used less gladly (its ``api/transport/stun.h``)."""
    network, cost = part.number(2, "network id"), part.number(2, "network cost")
    return (network, cost), f"network id {network}, network cost {cost}"


def _data(part: Reader, pad: bytes) -> Reading:
    """What is relayed is a packet itself (RFC 8656 section 18.3)."""
    start, size = part.position, part.left
    decoded = decode_relayed(part, size, "data")
    words = f"{size} bytes: {decoded.summary}" if decoded else f"{size} bytes, nested too deep to decode"
    return part.data[start : part.stored], words


ATTRIBUTES = {
    0x0001: Attribute("MAPPED-ADDRESS", _plain_address),
    0x0002: Attribute("RESPONSE-ADDRESS", _plain_address),
    0x0003: Attribute("CHANGE-REQUEST", _named(4, {0: "nothing", 2: "port", 4: "IP", 6: "IP and port"})),
    0x0004: Attribute("SOURCE-ADDRESS", _plain_address),
    0x0005: Attribute("CHANGED-ADDRESS", _plain_address),
    0x0006: Attribute("USERNAME", _text),
    0x0007: Attribute("PASSWORD", _bytes),
    0x0008: Attribute("MESSAGE-INTEGRITY", _hash),
    0x0009: Attribute("ERROR-CODE", _error_code),
    0x000A: Attribute("UNKNOWN-ATTRIBUTES", _unknown_attributes),
    0x000B: Attribute("REFLECTED-FROM", _plain_address),
    0x000C: Attribute("CHANNEL-NUMBER", _channel_number),
    0x000D: Attribute("LIFETIME", _seconds),
    0x0012: Attribute("XOR-PEER-ADDRESS", _address),
    0x0013: Attribute("DATA", _data),
    0x0014: Attribute("REALM", _text),
    0x0015: Attribute("NONCE", _text),
    0x0016: Attribute("XOR-RELAYED-ADDRESS", _address),
    0x0017: Attribute("REQUESTED-ADDRESS-FAMILY", _named(1, FAMILIES)),
    0x0018: Attribute("EVEN-PORT", _even_port),
    0x0019: Attribute("REQUESTED-TRANSPORT", _named(1, TRANSPORTS)),
    0x001A: Attribute("DONT-FRAGMENT", _flag),
    0x001B: Attribute("ACCESS-TOKEN", _bytes),
    0x001C: Attribute("MESSAGE-INTEGRITY-SHA256", _hash),
    0x001D: Attribute("PASSWORD-ALGORITHM", _password_algorithms),
    0x001E: Attribute("USERHASH", _bytes),
    0x0020: Attribute("XOR-MAPPED-ADDRESS", _address),
    0x0022: Attribute("RESERVATION-TOKEN", _bytes),
    0x0024: Attribute("PRIORITY", _priority),
    0x0025: Attribute("USE-CANDIDATE", _flag),
    0x0026: Attribute("PADDING", _bytes),
    0x0027: Attribute("RESPONSE-PORT", _named(2, {})),
    0x002A: Attribute("CONNECTION-ID", _number(4)),
    0x8000: Attribute("ADDITIONAL-ADDRESS-FAMILY", _named(1, FAMILIES)),
    0x8001: Attribute("ADDRESS-ERROR-CODE", _bytes),
    0x8002: Attribute("PASSWORD-ALGORITHMS", _password_algorithms),
    0x8003: Attribute("ALTERNATE-DOMAIN", _text),
    0x8004: Attribute("ICMP", _bytes),
    0x8020: Attribute("XOR-MAPPED-ADDRESS (before RFC 5389)", _address),
    0x8022: Attribute("SOFTWARE", _text),
    0x8023: Attribute("ALTERNATE-SERVER", _plain_address),
    0x8027: Attribute("CACHE-TIMEOUT", _seconds),
    0x8028: Attribute("FINGERPRINT", _hexadecimal_number),
    0x8029: Attribute("ICE-CONTROLLED", _tie_breaker),
    0x802A: Attribute("ICE-CONTROLLING", _tie_breaker),
    0x802B: Attribute("RESPONSE-ORIGIN", _plain_address),
    0x802C: Attribute("OTHER-ADDRESS", _plain_address),
    0x802E: Attribute("THIRD-PARTY-AUTHORIZATION", _text),
    0x8030: Attribute("MOBILITY-TICKET", _bytes),
    0xC001: Attribute("NOMINATION", _number(4)),  # libwebrtc's renomination; elsewhere ENF-FLOW-DESCRIPTION
    0xC057: Attribute("GOOG-NETWORK-INFO", _network_info),
    0xC058: Attribute("GOOG-LAST-ICE-CHECK-RECEIVED", _bytes),
    0xC059: Attribute("GOOG-MISC-INFO", _bytes),
    0xC05B: Attribute("GOOG-CONNECTION-ID", _bytes),
    0xC05C: Attribute("GOOG-DELTA", _bytes),
    0xC05D: Attribute("GOOG-DELTA-ACK", _bytes),
    0xC05E: Attribute("GOOG-DELTA-SYNC-REQ", _bytes),
    0xC060: Attribute("GOOG-MESSAGE-INTEGRITY-32", _bytes),
    0xC070: Attribute("META-DTLS-IN-STUN", _data),
    0xC071: Attribute("META-DTLS-IN-STUN-ACK", _bytes),
}


def attribute_name(number: int) -> str:
    """The name of an attribute, or its number as ``0x7F01``."""
    row = ATTRIBUTES.get(number)
    return row.name if row else f"0x{number:04X}"


def read_attribute(part: Reader, number: int, start: int, pad: bytes) -> None:
    """Read the value of an attribute that begins at `start`, and note it from its type to its value's end."""
    row = ATTRIBUTES.get(number, Attribute(attribute_name(number), _bytes))
    end = part.end
    value, text = row.read(part, pad)
    if part.left:
        part.draft.fail(f"{row.name}: {part.left} bytes too many at byte {part.position}")
    part.add(row.name, value, start, text, end)
