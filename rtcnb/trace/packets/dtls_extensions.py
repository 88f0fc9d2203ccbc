"""What a ClientHello offers and a ServerHello takes: one row for each extension (RFC 5246 section 7.4.1.4)."""

from __future__ import annotations

from collections.abc import Callable

from .dtls_names import EXTENSIONS, GROUPS, SIGNATURE_ALGORITHMS, SRTP_PROFILES, VERSIONS, name_of
from .fields import Malformed, Reader, Value, as_text, hexadecimal, listed

Reading = tuple[Value, str]
ReadValue = Callable[[Reader, bool], Reading]  # its flag: whether the client sent it


def read_extensions(body: Reader, from_client: bool) -> None:
    """Read the extensions of a hello, each as a field; a hello may end before them."""
    if not body.left:
        return
    part = body.part(body.number(2, "extensions length"), "extensions")
    while part.left:
        start = part.position
        kind = part.number(2, "extension type")
        name = name_of(kind, EXTENSIONS)
        value = part.part(part.number(2, f"{name} length"), name)
        try:
            reading, text = READERS.get(kind, _bytes)(value, from_client)
        except Malformed as fault:
            part.draft.fail(f"{name} {fault}")
            raw = value.data[start + 4 : value.stored]
            reading, text = raw, f"malformed: {hexadecimal(raw)}"
        value.add(name, reading, start, text, value.end)


def _bytes(value: Reader, from_client: bool) -> Reading:
    taken = value.take(value.left, "value")
    return taken, hexadecimal(taken) if taken else "yes"


def _names(value: Reader, names: dict[int, str], length_size: int = 2) -> tuple[str, ...]:
    part = value.part(value.number(length_size, "list length"), "list")
    return tuple(name_of(part.number(2, "list entry"), names) for _ in range((part.left + 1) // 2))


def _groups(value: Reader, from_client: bool) -> Reading:
    names = _names(value, GROUPS)
    return names, listed(names)


def _signature_algorithms(value: Reader, from_client: bool) -> Reading:
    names = _names(value, SIGNATURE_ALGORITHMS)
    return names, f"{len(names)}: {listed(names)}"


def _use_srtp(value: Reader, from_client: bool) -> Reading:
    """The profiles, then an MKI that WebRTC leaves empty (RFC 5764 section 4.1.1)."""
    names = _names(value, SRTP_PROFILES)
    value.take(value.number(1, "MKI length"), "MKI")
    return names, listed(names)


def _server_name(value: Reader, from_client: bool) -> Reading:
    """RFC 6066 section 3; the server's is empty."""
    if not value.left:
        return "", "taken"
    part = value.part(value.number(2, "list length"), "list")
    names = []
    while part.left:
        part.number(1, "name type")
        names.append(as_text(part.take(part.number(2, "name length"), "name")))
    text = ", ".join(names)
    return text, text


def _application_protocols(value: Reader, from_client: bool) -> Reading:
    """ALPN (RFC 7301 section 3.1); WebRTC's own are ``webrtc`` and ``c-webrtc`` (RFC 8833)."""
    part = value.part(value.number(2, "list length"), "list")
    names = []
    while part.left:
        names.append(as_text(part.take(part.number(1, "protocol length"), "protocol")))
    return tuple(names), listed(tuple(names))


def _supported_versions(value: Reader, from_client: bool) -> Reading:
    """A list from the client, one from the server (RFC 8446 section 4.2.1)."""
    if not from_client:
        name = name_of(value.number(2, "version"), VERSIONS)
        return (name,), name
    names = _names(value, VERSIONS, length_size=1)
    return names, listed(names)


def _key_share(value: Reader, from_client: bool) -> Reading:
    """The groups of the keys; a HelloRetryRequest names a group and sends no key (RFC 8446 section 4.2.8)."""
    part = value.part(value.number(2, "list length"), "list") if from_client else value
    names = []
    while part.left:
        names.append(name_of(part.number(2, "group"), GROUPS))
        if part.left:
            part.take(part.number(2, "key length"), "key")
    return tuple(names), listed(tuple(names))


READERS: dict[int, ReadValue] = {
    0: _server_name,
    10: _groups,
    13: _signature_algorithms,
    14: _use_srtp,
    16: _application_protocols,
    43: _supported_versions,
    50: _signature_algorithms,
    51: _key_share,
}
