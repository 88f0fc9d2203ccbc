"""The grammar: one row for each line type and attribute. Reading, writing, checking and explaining go by it.

A row has the form of the value, where the line may stand, the clause that defines it, and a sample. Attributes
without a row are right as they stand: RFC 8866 lets a reader ignore what it does not know.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

from ..errors import DescriptionError
from .checks import CHECKS, Check
from .template import Fault, Template, Value
from .text import quote


class Row(NamedTuple):
    """What a line looks like.

    Attributes
    ----------
    template : Template or None
        The form of the value; None for a flag, which has none.
    level : {"session", "media", "both"}
    reference : str
    sample : str
        A whole line that follows the form.
    check : callable or None
        What the form alone cannot tell.
    """

    template: Template | None
    level: str
    reference: str
    sample: str
    check: Check | None = None


# name | level | form | reference | sample value. A form of "-" is a flag's, "..." is any text.
LINES = """
v | session | {version:int} | RFC 8866 section 5.1 | 0
o | session | {username:word} {sess_id:int} {sess_version:int} {nettype:word} {addrtype:word} {unicast_address:word} | RFC 8866 section 5.2 | - 4962303333179871722 2 IN IP4 127.0.0.1
s | session | {session_name:text} | RFC 8866 section 5.3 | -
i | both | {information:text} | RFC 8866 section 5.4 | A lecture on SDP
u | session | {uri:text} | RFC 8866 section 5.5 | https://example.com/seminar.pdf
e | session | {email:text} | RFC 8866 section 5.6 | j.doe@example.com (Jane Doe)
p | session | {phone:text} | RFC 8866 section 5.6 | +1 617 555-6011
c | both | {nettype:word} {addrtype:word} {address:word} | RFC 8866 section 5.7 | IN IP4 0.0.0.0
b | both | {bwtype:token}:{bandwidth:int} | RFC 8866 section 5.8 | AS:512
t | session | {start_time:int} {stop_time:int} | RFC 8866 section 5.9 | 0 0
r | session | {repeat:words} | RFC 8866 section 5.10 | 604800 3600 0 90000
z | session | {adjustments:words} | RFC 8866 section 5.11 | 2882844526 -1h 2898848070 0
k | both | {method:token}[:{key:text}] | RFC 8866 section 5.12 | prompt
m | media | {media:token} {port:int65535}[/{number_of_ports:int}] {proto:word} {formats:words} | RFC 8866 section 5.14 | video 9 UDP/TLS/RTP/SAVPF 96 97
"""

ATTRIBUTES = """
# The session and its sections
group | session | {semantics:token}[ {mids:words}] | RFC 5888 section 5 | BUNDLE 0 1
mid | media | {mid:token} | RFC 5888 section 4 | 0
msid-semantic | session | [ ]{semantics:token}[ {streams:words}] | draft-ietf-mmusic-msid-01 | WMS *
msid | media | {stream:word}[ {track:word}] | RFC 8830 section 2 | stream-1 track-1
bundle-only | media | - | RFC 9143 section 6 | -
sendrecv | both | - | RFC 8866 section 6.7 | -
sendonly | both | - | RFC 8866 section 6.7 | -
recvonly | both | - | RFC 8866 section 6.7 | -
inactive | both | - | RFC 8866 section 6.7 | -
identity | session | {assertion:word}[ {extensions:text}] | RFC 8827 section 5 | eyJpZHAiOnt9fQ==
# ICE
ice-lite | session | - | RFC 8839 section 5.3 | -
ice-ufrag | both | {ufrag:text} | RFC 8839 section 5.4 | Y0V1
ice-pwd | both | {pwd:text} | RFC 8839 section 5.4 | s5u4yXXAD58zR+e8kDSJLIn/
ice-options | both | {options:words} | RFC 8839 section 5.6 | trickle
ice-pacing | session | {pacing_ms:int} | RFC 8839 section 5.5 | 50
ice-mismatch | media | - | RFC 8839 section 5.3 | -
remote-candidates | media | {candidates:words} | RFC 8839 section 5.2 | 1 203.0.113.1 54400
candidate | media | {foundation:word} {component:int} {protocol:word} {priority:int} {address:word} {port:int65535} typ {type:word}[ raddr {relatedAddress:word}][ rport {relatedPort:int65535}][ {extensions:pairs}] | RFC 8839 section 5.1 | 1 1 udp 2122260223 192.0.2.1 54400 typ host generation 0
end-of-candidates | both | - | RFC 8840 section 8.2 | -
# DTLS
fingerprint | both | {hash_function:token} {fingerprint:hex} | RFC 8122 section 5 | sha-1 4A:AD:B9:B1:3F:82:18:3B:54:02:12:DF:3E:5D:49:6B:19:E5:7C:AB
setup | both | {role:token} | RFC 8842 section 5 | actpass
connection | both | {value:token} | RFC 4145 section 5 | new
tls-id | both | {tls_id:token} | RFC 8842 section 4 | 91bbf309c0990a6bec11e38ba2933cee
dtls-id | both | {dtls_id:token} | draft-ietf-mmusic-dtls-sdp-14 | 1
cryptex | both | - | RFC 9335 section 4 | -
crypto | media | {tag:int} {crypto_suite:token} {key_params:text} | RFC 4568 section 4 | 1 AES_CM_128_HMAC_SHA1_80 inline:NzB4d1BINUAvLEw6UzF3WSJ+PSdFcGdUJShpX1Zj
key-mgmt | both | {protocol:token} {data:text} | RFC 4567 section 3 | mikey AQAFgM0XflABAAAAAAAAAAAAAAsAyON
# RTP and RTCP
rtpmap | media | {payload_type:int127} {encoding_name:name}/{clock_rate:int}[/{channels:int}] | RFC 8866 section 6.6 | 111 opus/48000/2
fmtp | media | {format:word} {parameters:params} | RFC 8866 section 6.15 | 111 minptime=10;useinbandfec=1
rtcp-fb | media | {payload_type:word} {feedback:words} | RFC 4585 section 4.2 | 96 nack pli
rtcp | media | {port:int65535}[ {nettype:word} {addrtype:word} {address:word}] | RFC 3605 section 2 | 9 IN IP4 0.0.0.0
rtcp-mux | media | - | RFC 5761 section 5 | -
rtcp-mux-only | both | - | RFC 8858 section 4 | -
rtcp-rsize | both | - | RFC 5506 section 5 | -
rtcp-xr | both | [{formats:words}] | RFC 3611 section 5 | rcvr-rtt=all
extmap | both | {id:int}[/{direction:token}] {uri:word}[ {attributes:text}] | RFC 8285 section 5 | 1 urn:ietf:params:rtp-hdrext:sdes:mid
extmap-allow-mixed | both | - | RFC 8285 section 6 | -
ssrc | media | {ssrc:int4294967295} {attribute:attribute}[:{value:any}] | RFC 5576 section 4.1 | 3570614608 cname:4TOk42mSjXCkVIa6
ssrc-group | media | {semantics:token} {ssrcs:words} | RFC 5576 section 4.2 | FID 2231627014 632943048
rid | media | {rid:token} {direction:token}[ {restrictions:params}] | RFC 8851 section 4 | hi send max-width=1280
simulcast | media | [ ]{direction1:token} {list1:word}[ {direction2:token} {list2:word}] | RFC 8853 section 5.1 | send hi;mid;lo
imageattr | media | {payload_type:word} {attributes:text} | RFC 6236 section 3.1 | 97 send [x=800,y=640] recv *
ptime | media | {packet_time_ms:token} | RFC 8866 section 6.4 | 20
maxptime | media | {maximum_packet_time_ms:token} | RFC 8866 section 6.5 | 120
framerate | media | {frame_rate:token} | RFC 8866 section 6.13 | 30
maxprate | both | {packet_rate:token} | RFC 3890 section 6.3 | 100.0
framesize | media | {payload_type:int127} {width_px:int}-{height_px:int} | 3GPP TS 26.234 section A.4 | 96 640-480
x-google-flag | media | {flag:token} | libwebrtc, before simulcast was standardised | conference
source-filter | both | [ ]{mode:token} {filter:text} | RFC 4570 section 3 | incl IN IP4 232.3.4.5 192.0.2.10
fec-repair-flow | media | [ ]{parameters:params} | RFC 6364 section 4.2 | encoding-id=0
repair-window | media | {window:text} | RFC 6364 section 4.4 | 200ms
depend | media | {dependencies:text} | RFC 5583 section 5.2 | 97 lay L1:96
ts-refclk | both | {clock:text} | RFC 7273 section 4.8 | ptp=IEEE1588-2008:39-A7-94-FF-FE-07-CB-D0:0
mediaclk | both | {clock:text} | RFC 7273 section 5.4 | direct=0
sync-time | media | {time:int} | SMPTE ST 2110-10 | 0
# Data channels
sctp-port | media | {port:int65535} | RFC 8841 section 5 | 5000
max-message-size | media | {max_message_size_bytes:int} | RFC 8841 section 6 | 262144
sctpmap | media | {port:int65535} {application:token}[ {streams:int}] | draft-ietf-mmusic-sctp-sdp-05 | 5000 webrtc-datachannel 1024
sctp-init | media | {init:word} | draft-hancke-tsvwg-snap | AQAAHg==
dcmap | media | {stream:int65535}[ {parameters:params}] | RFC 8864 section 5.1 | 0 subprotocol="chat";label="talk"
dcsa | media | {stream:int65535} {attribute:text} | RFC 8864 section 5.2 | 0 accept-types:text/plain
# What belongs to other uses of SDP
control | both | {url:text} | RFC 7826 section D.1.1 | trackID=1
range | both | {range:text} | RFC 7826 section D.1.6 | npt=0-
etag | session | {etag:text} | RFC 7826 section D.1.8 | "aef7"
accept-types | media | {types:words} | RFC 4975 section 8.6 | text/plain
accept-wrapped-types | media | {types:words} | RFC 4975 section 8.6 | *
path | media | {uris:words} | RFC 4975 section 8.1 | msrp://alice.example.com:7394/2s93i9ek2a;tcp
max-size | media | {size_bytes:int} | RFC 4975 section 8.6 | 10000
floorctrl | media | {roles:words} | RFC 8856 section 5.1 | c-only s-only
confid | media | {conference:token} | RFC 8856 section 5.2 | 4321
userid | media | {user:token} | RFC 8856 section 5.2 | 1234
floorid | media | {floor:token}[ mstrm:{streams:words}] | RFC 8856 section 5.3 | 1 mstrm:10
bfcpver | media | {versions:words} | RFC 8856 section 5.5 | 1 2
T38FaxVersion | media | {version:int} | ITU-T T.38 annex D | 0
T38MaxBitRate | media | {bitrate_bps:int} | ITU-T T.38 annex D | 14400
T38FaxRateManagement | media | {management:token} | ITU-T T.38 annex D | transferredTCF
T38FaxMaxBuffer | media | {buffer_bytes:int} | ITU-T T.38 annex D | 262
T38FaxMaxDatagram | media | {datagram_bytes:int} | ITU-T T.38 annex D | 90
T38FaxUdpEC | media | {correction:token} | ITU-T T.38 annex D | t38UDPRedundancy
curr | media | {precondition:token} {status:text} | RFC 3312 section 5 | qos e2e none
des | media | {precondition:token} {status:text} | RFC 3312 section 5 | qos mandatory e2e sendrecv
conf | media | {precondition:token} {status:text} | RFC 3312 section 5 | qos e2e recv
content | media | {contents:token}[,{more:text}] | RFC 4796 section 5 | slides
label | media | {label:token} | RFC 4574 section 4 | 1
cat | session | {category:text} | RFC 8866 section 6.1 | lectures.webrtc
keywds | session | {keywords:text} | RFC 8866 section 6.2 | webrtc ice
tool | session | {tool:text} | RFC 8866 section 6.3 | GStreamer
orient | media | {orientation:token} | RFC 8866 section 6.8 | landscape
type | session | {type:token} | RFC 8866 section 6.9 | meeting
charset | session | {charset:token} | RFC 8866 section 6.10 | UTF-8
sdplang | both | {language:token} | RFC 8866 section 6.11 | en
lang | both | {language:token} | RFC 8866 section 6.12 | en
quality | media | {quality:int10} | RFC 8866 section 6.14 | 5
"""


def _rows(table: str, prefix: str) -> dict[str, Row]:
    rows = {}
    for text in table.strip().splitlines():
        if text.startswith("#"):
            continue
        name, level, form, reference, sample = (column.strip(" ") for column in text.split(" | "))
        flag = form == "-"
        line = f"{prefix}{name}" + ("" if flag else f"{':' if prefix else '='}{sample}")
        rows[name] = Row(None if flag else Template(form), level, reference, line, CHECKS.get(prefix + name))
    return rows


LINE_ROWS = _rows(LINES, "")
ATTRIBUTE_ROWS = _rows(ATTRIBUTES, "a=")
LINE_TYPES = "vosiuepcbtrzkam"


def row_of(kind: str, attribute: str | None) -> Row | None:
    """The row of a line type, or of an attribute of ``a=`` lines."""
    return ATTRIBUTE_ROWS.get(attribute) if attribute is not None else LINE_ROWS.get(kind)


def read_line(kind: str, value: str, attribute: str | None) -> tuple[dict[str, Value], Fault | None]:
    """Take a line apart.

    Parameters
    ----------
    kind : str
        The letter before ``=``, or ``""`` where there is none.
    value : str
        What follows it; the whole line where `kind` is empty.
    attribute : str or None
        The name before the colon in an ``a=`` line.

    Returns
    -------
    fields : dict
        By name; what is optional and absent is left out.
    fault : tuple of int and str, or None
        The 0-based place in `value` where the fault begins, and the reason.
    """
    if attribute is None:
        row, start, text = LINE_ROWS.get(kind), 0, value
        if row is None:
            return {}, _no_line(kind, value)
    else:
        row = ATTRIBUTE_ROWS.get(attribute)
        if row is None:
            return {}, _no_attribute(attribute)
        start = min(len(attribute) + 1, len(value))
        text = value[start:].rstrip(" ")  # browsers take blanks at the end of an attribute, and nowhere else
    if row.template is None:
        return {}, (start, f"a={attribute} takes no value, here {quote(text)}") if text else None
    fields, fault = row.template.read(text)
    if fault is None and row.check and (problem := row.check(fields, text)):
        span = row.template.span(text, problem[0])
        fault = (span[0] if span else 0, problem[1])
    return fields, fault and (fault[0] + start, fault[1])


def _no_line(kind: str, value: str) -> Fault:
    if kind:
        return 0, f"no line type {quote(kind)}; RFC 8866 has {' '.join(LINE_TYPES)}"
    if not value.strip():
        return 0, "an empty line; SDP has none"
    return 0, "a line is one letter, '=' and a value"


def _no_attribute(attribute: str) -> Fault | None:
    if attribute and not any(character.isspace() for character in attribute):
        return None
    return 0, "an attribute has a name without blanks: a=<name> or a=<name>:<value>"


def write_line(name: str, fields: Mapping[str, Value] | None = None, **more: Value) -> str:
    """Write a line from its fields: ``write_line("a=sctp-port", port=5000)``.

    Parameters
    ----------
    name : str
        A line type such as ``c``, or an attribute as ``a=rtpmap``.
    fields, **more
        The fields as `Line.fields` has them.

    Returns
    -------
    str
        The line, without a line end.

    Raises
    ------
    DescriptionError
        If the grammar has no such line, or a field is missing, unknown or cannot stand there.
    """
    attribute = name.removeprefix("a=") if name.startswith("a=") else None
    row = row_of(name, attribute)
    if row is None:
        raise DescriptionError(f"The grammar has no line {quote(name)}; names are 'c', 'a=rtpmap', ...")
    if row.template is None:
        return name
    value = row.template.write({**(fields or {}), **more})
    line = f"{name}{':' if attribute is not None else '='}{value}"
    if "\n" in line or "\r" in line:
        raise DescriptionError(f"A line holds no line end: {quote(line)}.")
    return line
