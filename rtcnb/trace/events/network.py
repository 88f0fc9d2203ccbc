"""Candidate pairs, packets, DTLS and statistics: what happens on the way to the other side."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, ClassVar, Literal

from .base import Event, one_line


@dataclass(frozen=True, kw_only=True, slots=True)
class ServerEvent(Event):
    """A STUN or TURN server gave no candidate (W3C ``icecandidateerror``).

    Attributes
    ----------
    url : str
        ``stun:...`` or ``turn:...``, without credentials.
    error_code : int or None
        The STUN error code, 701 where nothing came back (webrtc-pc 4.8.2.2), None where unknown.
    text : str
    """

    kind: ClassVar[str] = "server"
    url: str
    error_code: int | None = None
    text: str = ""

    def __str__(self) -> str:
        code = f" {self.error_code}" if self.error_code else ""
        return one_line(f"{self.url} gave no candidate:{code} {self.text}")


@dataclass(frozen=True, kw_only=True, slots=True)
class PairEvent(Event):
    """A candidate pair of the check list changed (RFC 8445 section 6.1.2.6).

    Attributes
    ----------
    local, remote : str
        Address and port: ``192.0.2.1:5000``, ``[2001:db8::1]:5000``.
    local_type, remote_type : str
        ``host``, ``srflx``, ``prflx`` or ``relay``; ``""`` where unknown.
    state : {"frozen", "waiting", "in-progress", "succeeded", "failed"}
        As in webrtc-stats.
    nominated : bool
    """

    kind: ClassVar[str] = "pair"
    local: str
    remote: str
    local_type: str = ""
    remote_type: str = ""
    state: str
    nominated: bool = False

    def __str__(self) -> str:
        nominated = ", nominated" if self.nominated else ""
        return one_line(f"pair {_pair(self)}: {self.state}{nominated}")


@dataclass(frozen=True, kw_only=True, slots=True)
class SelectedPair(Event):
    """The pair that carries the call (W3C ``selectedcandidatepairchange``)."""

    kind: ClassVar[str] = "selected"
    local: str
    remote: str
    local_type: str = ""
    remote_type: str = ""

    def __str__(self) -> str:
        return one_line(f"selected pair {_pair(self)}")


@dataclass(frozen=True, kw_only=True, slots=True)
class PacketEvent(Event):
    """A packet at a socket of this peer; `packets.decode` reads it field by field.

    Attributes
    ----------
    direction : {"sent", "received"}
    protocol : str
        ``stun``, ``turn-channel``, ``dtls``, ``rtp`` or ``rtcp`` (both encrypted), ``unknown``.
    local, remote : str
        Address and port; `local` is ``""`` where the socket does not say.
    size_bytes : int
        Of the whole packet.
    data : bytes
        Its beginning; of STUN and DTLS all of it.
    plain : bytes
        Of RTP and RTCP: the beginning of what it carries, decrypted; ``b""`` where that is not known.
    """

    kind: ClassVar[str] = "packet"
    direction: Literal["sent", "received"]
    protocol: str
    local: str = ""
    remote: str = ""
    size_bytes: int
    data: bytes = b""
    plain: bytes = b""

    def __str__(self) -> str:
        way = "to" if self.direction == "sent" else "from"
        return one_line(f"{self.protocol} {self.direction}, {self.size_bytes} bytes {way} {self.remote}")


@dataclass(frozen=True, kw_only=True, slots=True)
class DtlsEvent(Event):
    """The DTLS transport changed its state (W3C ``RTCDtlsTransportState``).

    Attributes
    ----------
    state : {"new", "connecting", "connected", "closed", "failed"}
    role : str
        ``client`` or ``server``; ``""`` before that is settled.
    fingerprint : str
        Of the certificate that the other side showed, sha-256; ``""`` before that.
    expected : tuple of str
        The fingerprints of the remote description.
    """

    kind: ClassVar[str] = "dtls"
    state: str
    role: str = ""
    fingerprint: str = ""
    expected: tuple[str, ...] = ()

    def __str__(self) -> str:
        role = f" as {self.role}" if self.role else ""
        other = (
            ""
            if not self.expected or not self.fingerprint or self.fingerprint in self.expected
            else (f": certificate {self.fingerprint}, the description says {', '.join(self.expected)}")
        )
        return one_line(f"DTLS {self.state}{role}{other}")


@dataclass(frozen=True, kw_only=True, slots=True)
class StatisticsEvent(Event):
    """What getStats said.

    Attributes
    ----------
    report : mapping
        Entries by id, members as in webrtc-stats.
    """

    kind: ClassVar[str] = "statistics"
    report: Mapping[str, Mapping[str, Any]]

    def __str__(self) -> str:
        return f"statistics: {len(self.report)} entries"


def _pair(event: PairEvent | SelectedPair) -> str:
    return f"{event.local_type} {event.local} → {event.remote_type} {event.remote}".strip()
