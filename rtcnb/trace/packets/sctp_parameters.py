"""Parameters and error causes of SCTP chunks: type, length and value (RFC 9260 sections 3.2.1, 3.3.10)."""

from __future__ import annotations

from collections.abc import Callable

from .fields import Malformed, Reader, Value, as_text, hexadecimal, listed

Reading = tuple[Value, str]
ReadValue = Callable[[Reader], Reading]

RECONFIGURATION_RESULTS = {  # RFC 6525 section 4.4
    0: "success: nothing to do",
    1: "success: performed",
    2: "denied",
    3: "error: wrong SSN",
    4: "error: request already in progress",
    5: "error: bad sequence number",
    6: "in progress",
}


def _bytes(part: Reader) -> Reading:
    value = part.take(part.left, "value")
    return value, hexadecimal(value) if value else "yes"


def _text(part: Reader) -> Reading:
    text = as_text(part.take(part.left, "value"))
    return text, text


def _number(part: Reader) -> Reading:
    value = part.number(4, "value")
    return value, str(value)


def _chunk_types(part: Reader) -> Reading:
    value = tuple(part.take(part.left, "value"))
    return value, f"chunk types {listed(value)}"


def _numbers(part: Reader) -> tuple[int, ...]:
    return tuple(part.number(2, "stream") for _ in range((part.left + 1) // 2))


def _outgoing_reset(part: Reader) -> Reading:
    """Request, response and last TSN, then the streams, all of them where none is named (RFC 6525 section 4.1)."""
    request, response, tsn = (part.number(4, "sequence number") for _ in range(3))
    streams = _numbers(part)
    named = listed(streams) if streams else "all"
    text = f"request {request}, response {response}, last TSN {tsn}, streams {named}"
    return (request, response, tsn, streams), text


def _incoming_reset(part: Reader) -> Reading:
    """RFC 6525 section 4.2."""
    request, streams = part.number(4, "sequence number"), _numbers(part)
    return (request, streams), f"request {request}, streams {listed(streams) if streams else 'all'}"


def _reconfiguration_response(part: Reader) -> Reading:
    """RFC 6525 section 4.4."""
    response, result = part.number(4, "sequence number"), part.number(4, "result")
    part.take(part.left, "TSNs")
    return (response, result), f"response {response}, {RECONFIGURATION_RESULTS.get(result, result)}"


def _add_streams(part: Reader) -> Reading:
    """RFC 6525 sections 4.5, 4.6."""
    request, count = part.number(4, "sequence number"), part.number(2, "number of new streams")
    part.take(2, "reserved")
    return (request, count), f"request {request}, {count} streams"


PARAMETERS: dict[int, tuple[str, ReadValue]] = {
    1: ("heartbeat info", _bytes),
    5: ("IPv4 address", _bytes),
    6: ("IPv6 address", _bytes),
    7: ("state cookie", _bytes),
    8: ("unrecognized parameter", _bytes),
    9: ("cookie preservative", _number),
    11: ("host name address", _text),
    12: ("supported address types", _bytes),
    13: ("outgoing SSN reset request", _outgoing_reset),
    14: ("incoming SSN reset request", _incoming_reset),
    15: ("SSN/TSN reset request", _number),
    16: ("re-configuration response", _reconfiguration_response),
    17: ("add outgoing streams request", _add_streams),
    18: ("add incoming streams request", _add_streams),
    0x8000: ("ECN capable", _bytes),
    0x8001: ("zero checksum acceptable", _number),
    0x8002: ("random", _bytes),
    0x8003: ("chunk list", _chunk_types),
    0x8004: ("requested HMAC algorithm", _bytes),
    0x8005: ("padding", _bytes),
    0x8008: ("supported extensions", _chunk_types),
    0xC000: ("Forward-TSN-Supported", _bytes),
    0xC006: ("adaptation layer indication", _number),
}
CAUSES: dict[int, tuple[str, ReadValue]] = {
    1: ("invalid stream identifier", _bytes),
    2: ("missing mandatory parameter", _bytes),
    3: ("stale cookie", _number),
    4: ("out of resource", _bytes),
    5: ("unresolvable address", _bytes),
    6: ("unrecognized chunk type", _bytes),
    7: ("invalid mandatory parameter", _bytes),
    8: ("unrecognized parameters", _bytes),
    9: ("no user data", _number),
    10: ("cookie received while shutting down", _bytes),
    11: ("restart of an association with new addresses", _bytes),
    12: ("user-initiated abort", _text),
    13: ("protocol violation", _text),
}


def read_parameters(chunk: Reader) -> tuple[str, ...]:
    """Read all parameters that follow, and return their names (RFC 9260 section 3.2.1)."""
    return _read_all(chunk, PARAMETERS, "parameter")


def read_causes(chunk: Reader) -> tuple[str, ...]:
    """Read all error causes that follow, and return their names (RFC 9260 section 3.3.10)."""
    return _read_all(chunk, CAUSES, "cause")


def _read_all(chunk: Reader, table: dict[int, tuple[str, ReadValue]], noun: str) -> tuple[str, ...]:
    names = []
    while chunk.left:
        start = chunk.position
        kind, length = chunk.number(2, f"{noun} type"), chunk.number(2, f"{noun} length")
        name, read = table.get(kind, (f"{noun} 0x{kind:04X}", _bytes))
        if length < 4:
            raise Malformed(f"{name} length: {length} at byte {start + 2} is less than its own header")
        part = chunk.part(length - 4, name)
        try:
            value, text = read(part)
        except Malformed as fault:
            chunk.draft.fail(f"{name} {fault}")
        else:
            part.add(name, value, start, text)
        names.append(name)
        chunk.part(min(-length % 4, chunk.left), "padding")
    return tuple(names)
