"""DTLS handshake messages: one row for each type (RFC 6347 section 4.2, RFC 5246 section 7.4)."""

from __future__ import annotations

import hashlib
from collections.abc import Callable

from .dtls_extensions import read_extensions
from .dtls_names import CERTIFICATE_TYPES, CIPHER_SUITES, GROUPS, SIGNATURE_ALGORITHMS, VERSIONS, name_of
from .fields import Cut, Malformed, Reader, hexadecimal, listed

# The random of a ServerHello that asks for another ClientHello (RFC 8446 section 4.1.3).
RETRY_RANDOM = hashlib.sha256(b"HelloRetryRequest").digest()
NAMED_CURVE = 3


def read_handshake(message: Reader) -> None:
    """Read a handshake message, or a fragment of one."""
    draft = message.draft
    kind = message.number_field(1, "msg_type", message_name)
    draft.summary = message_name(kind)
    length = message.number_field(3, "length", "{} bytes".format)
    message.number_field(2, "message_seq")
    offset = message.number_field(3, "fragment_offset")
    size = message.number_field(3, "fragment_length", "{} bytes".format)
    if offset + size > length:
        raise Malformed(
            f"fragment: {offset} + {size} at byte {message.position - 6} is more than {length} bytes"
        )
    if size > message.left:
        draft.fail(f"fragment_length: {size} at byte {message.position - 3}, but {message.left} bytes follow")
    if size == length:
        _read_body(message, kind)
    else:
        _read_fragment(message, kind, offset, length)
    if message.left:
        message.size_field("body size")


def _read_body(body: Reader, kind: int) -> None:
    if kind in MESSAGES:
        MESSAGES[kind][1](body)


def _read_fragment(message: Reader, kind: int, offset: int, length: int) -> None:
    """Read a hello as far as its first fragment goes: those are long since they hold post-quantum keys."""
    stop = message.end
    message.draft.summary += f" (bytes {offset} to {offset + message.left} of {length})"
    if offset or kind not in (CLIENT_HELLO, SERVER_HELLO):
        return
    body = Reader(message.data, message.position, message.position + length, message.draft, message.depth)
    body.stored = message.stored
    try:
        _read_body(body, kind)
    except Cut:
        if message.stored < stop:
            raise  # it was the capture that ended, not the fragment
    message.position = stop


def _read_client_hello(body: Reader) -> None:
    """RFC 6347 section 4.2.1, RFC 5246 section 7.4.1.2."""
    body.number_field(2, "client_version", lambda number: name_of(number, VERSIONS))
    body.bytes_field(32, "random")
    body.bytes_field(body.number(1, "session_id length"), "session_id")
    body.bytes_field(body.number(1, "cookie length"), "cookie")
    start = body.position
    suites = body.part(body.number(2, "cipher_suites length"), "cipher_suites")
    names = tuple(
        name_of(suites.number(2, "cipher suite"), CIPHER_SUITES) for _ in range((suites.left + 1) // 2)
    )
    suites.add("cipher_suites", names, start, listed(names))
    body.bytes_field(body.number(1, "compression_methods length"), "compression_methods")
    read_extensions(body, from_client=True)


def _read_server_hello(body: Reader) -> None:
    """RFC 5246 section 7.4.1.3."""
    body.number_field(2, "server_version", lambda number: name_of(number, VERSIONS))
    start = body.position
    random = body.take(32, "random")
    retry = random == RETRY_RANDOM
    body.add("random", random, start, "of a HelloRetryRequest" if retry else hexadecimal(random))
    if retry:
        body.draft.summary = "HelloRetryRequest"
    body.bytes_field(body.number(1, "session_id length"), "session_id")
    suite = body.number_field(2, "cipher_suite", lambda number: name_of(number, CIPHER_SUITES))
    body.draft.summary += f" {name_of(suite, CIPHER_SUITES)}"
    body.number_field(1, "compression_method")
    read_extensions(body, from_client=False)


def _read_hello_verify_request(body: Reader) -> None:
    """RFC 6347 section 4.2.1."""
    body.number_field(2, "server_version", lambda number: name_of(number, VERSIONS))
    body.bytes_field(body.number(1, "cookie length"), "cookie")


def _read_certificate(body: Reader) -> None:
    """The chain, its own certificate first; SDP has promised its fingerprint (RFC 8122 section 5)."""
    chain = body.part(body.number(3, "certificate_list length"), "certificate_list")
    count = 0
    while chain.left:
        start = chain.position
        size = chain.number(3, "certificate length")
        certificate = chain.take(size, "certificate")
        chain.add("certificate", certificate, start, f"{size} bytes")
        if count == 0:
            fingerprint = hashlib.sha256(certificate).digest().hex(":").upper()
            chain.add("sha-256 fingerprint", fingerprint, start + 3)
            chain.draft.summary += f" sha-256 {fingerprint[:11]}…"
        count += 1
    if not count:
        body.draft.summary += " without a certificate"


def _read_server_key_exchange(body: Reader) -> None:
    """RFC 8422 section 5.4; the other kinds of key exchange are not read."""
    start = body.position
    if body.number(1, "curve_type") != NAMED_CURVE:
        body.position = start
        return
    body.add("curve_type", NAMED_CURVE, start, "named_curve")
    body.number_field(2, "named_curve", lambda number: name_of(number, GROUPS))
    body.bytes_field(body.number(1, "public key length"), "public key")
    body.number_field(2, "signature algorithm", lambda number: name_of(number, SIGNATURE_ALGORITHMS))
    body.bytes_field(body.number(2, "signature length"), "signature")


def _read_certificate_request(body: Reader) -> None:
    """RFC 5246 section 7.4.4."""
    start = body.position
    kinds = body.take(body.number(1, "certificate_types length"), "certificate_types")
    names = tuple(CERTIFICATE_TYPES.get(kind, str(kind)) for kind in kinds)
    body.add("certificate_types", names, start, listed(names))
    start = body.position
    part = body.part(body.number(2, "signature_algorithms length"), "signature_algorithms")
    count = (part.left + 1) // 2
    algorithms = tuple(name_of(part.number(2, "algorithm"), SIGNATURE_ALGORITHMS) for _ in range(count))
    part.add("signature_algorithms", algorithms, start, f"{len(algorithms)}: {listed(algorithms)}")
    body.part(body.number(2, "certificate_authorities length"), "certificate_authorities")


def _read_size(body: Reader) -> None:
    """What these hold is keys and hashes."""


CLIENT_HELLO, SERVER_HELLO = 1, 2
MESSAGES: dict[int, tuple[str, Callable[[Reader], None]]] = {
    0: ("HelloRequest", _read_size),
    1: ("ClientHello", _read_client_hello),
    2: ("ServerHello", _read_server_hello),
    3: ("HelloVerifyRequest", _read_hello_verify_request),
    4: ("NewSessionTicket", _read_size),
    5: ("EndOfEarlyData", _read_size),
    8: ("EncryptedExtensions", _read_size),
    9: ("RequestConnectionId", _read_size),
    10: ("NewConnectionId", _read_size),
    11: ("Certificate", _read_certificate),
    12: ("ServerKeyExchange", _read_server_key_exchange),
    13: ("CertificateRequest", _read_certificate_request),
    14: ("ServerHelloDone", _read_size),
    15: ("CertificateVerify", _read_size),
    16: ("ClientKeyExchange", _read_size),
    20: ("Finished", _read_size),
    21: ("CertificateURL", _read_size),
    22: ("CertificateStatus", _read_size),
    23: ("SupplementalData", _read_size),
    24: ("KeyUpdate", _read_size),
}


def message_name(kind: int) -> str:
    """The name of a handshake message, or its number."""
    return MESSAGES[kind][0] if kind in MESSAGES else f"handshake message {kind}"
