"""What hears an aiortc connection at work: its packets, its check lists, its DTLS transports.

Methods of single instances are wrapped; other aiortc code in the process is not changed.
"""

from __future__ import annotations

import asyncio
import contextvars
import time
from collections import deque
from collections.abc import Awaitable, Callable, Iterator
from typing import Any, Protocol

import aioice.ice
from aiortc import RTCDtlsTransport, RTCPeerConnection
from aiortc.rtcdtlstransport import certificate_digest

from ...runtime.loop import add_endpoint_hook
from ...trace.packets import protocol_of
from ...trace.secrets import without_login

MEDIA = ("rtp", "rtcp")
RTP_BYTES = 48  # RFC 3550's header and RFC 8285's extensions
DTLS_RECORD_BYTES = 13  # RFC 6347 section 4.1: what is readable of a record with application data
APPLICATION_DATA = 23
MAX_KEPT_BYTES = 2048  # no peer of WebRTC sends larger packets; strangers may
MAX_PENDING = 64
TOGETHER = 32


class Hears(Protocol):
    """Who is told what happens; everything on the connection's own loop."""

    def packet(
        self,
        time: float,
        direction: str,
        protocol: str,
        local: str,
        remote: str,
        data: bytes,
        size: int,
        plain: bytes,
    ) -> None:
        """Hear of a packet; `data` is its beginning, `plain` the beginning of what it carries, decrypted."""

    def pair(self, pair: aioice.ice.CandidatePair, state: str) -> None:
        """Hear of a pair of the check list that changed its state."""

    def selected(self, pair: aioice.ice.CandidatePair) -> None:
        """Hear of the pair that was selected."""

    def dtls(self, state: str, role: str, fingerprint: str, expected: tuple[str, ...]) -> None:
        """Hear of a new state of a DTLS transport."""


_hears: contextvars.ContextVar[Hears | None] = contextvars.ContextVar("rtcnb_hears", default=None)


def attach(pc: RTCPeerConnection, hears: Hears) -> Callable[[], None]:
    """Have `hears` told of everything from the connection's first gathering on.

    Packets of media and data are told some at a time: what is returned tells of those that wait.
    """
    gather = pc._RTCPeerConnection__gather
    known: set[int] = set()
    sockets: list[_Socket] = []

    def tell() -> None:
        for socket in sockets:
            socket.tell()

    async def gather_watched() -> None:
        for transport in _dtls_transports(pc):
            if id(transport) not in known:
                known.add(id(transport))
                socket = _Socket.of(transport.transport._connection, hears)
                sockets.append(socket)
                _watch_checks(transport.transport._connection, hears)
                _watch_dtls(transport, hears)
                _watch_plain(transport, socket)
        if pc.sctp is not None and id(pc.sctp) not in known:
            known.add(id(pc.sctp))
            _watch_data(pc.sctp, _Socket.of(pc.sctp.transport.transport._connection, hears))
        add_endpoint_hook(asyncio.get_running_loop(), _hook)
        token = _hears.set(hears)  # the tasks in which sockets are opened inherit it
        try:
            await gather()
        finally:
            _hears.reset(token)

    pc._RTCPeerConnection__gather = gather_watched
    return tell


def _dtls_transports(pc: RTCPeerConnection) -> Iterator[RTCDtlsTransport]:
    found = {id(t): t for x in pc.getTransceivers() for t in (x.receiver.transport,)}
    if pc.sctp is not None:
        found[id(pc.sctp.transport)] = pc.sctp.transport
    yield from found.values()


# -- packets


def _hook(factory: Callable[[], Any], arguments: dict[str, Any]) -> Callable[[], Any]:
    hears = _hears.get()
    if hears is None:
        return factory

    def watched() -> Any:
        protocol = factory()
        if isinstance(protocol, aioice.ice.StunProtocol):
            _Socket.of(protocol.receiver, hears).watch(protocol)
        elif isinstance(protocol, aioice.turn.TurnClientMixin):
            _watch_turn(protocol, hears)
        return protocol

    return watched


class _Socket:
    """The packets of one ICE connection, those of media and data together with what they carry.

    Sending goes in one step from the plain packet to the socket. What arrives waits in aioice's queue before it is
    decrypted: until then it is pending here. Media and data are told some packets at a time: between the frames of
    a call this code is in no cache, and takes several times as long as right after itself.
    """

    def __init__(self, hears: Hears) -> None:
        self.hears = hears
        self.plain = b""
        self._pending: deque[tuple[float, aioice.ice.StunProtocol, Any, bytes]] = deque()
        self._untold: list[tuple[float, str, aioice.ice.StunProtocol, Any, bytes, int, bytes]] = []
        self._names: dict[Any, str] = {}

    @staticmethod
    def of(connection: aioice.ice.Connection, hears: Hears) -> _Socket:
        socket: _Socket | None = getattr(connection, "_rtcnb_socket", None)
        if socket is None:
            socket = connection._rtcnb_socket = _Socket(hears)
        return socket

    def watch(self, protocol: aioice.ice.StunProtocol) -> None:
        """Hear of every packet of a socket."""
        datagram_received, send_data, send_stun = (
            protocol.datagram_received,
            protocol.send_data,
            protocol.send_stun,
        )

        def received(data: bytes, address: tuple[Any, ...]) -> None:
            if _comes_again(data):
                self._pending.append((time.monotonic(), protocol, address, data))
                if len(self._pending) > MAX_PENDING:  # nothing decrypts them: the keys are not there yet
                    self._give_up(b"")
            else:
                self._tell_now("received", protocol, data, address)
            datagram_received(data, address)

        def data_sent(data: bytes, address: tuple[str, int]) -> Awaitable[None]:
            if _comes_again(data):
                self._tell_later(time.monotonic(), "sent", protocol, address, data, self.plain)
            else:
                self._tell_now("sent", protocol, data, address)
            return send_data(data, address)

        def stun_sent(message: Any, address: tuple[str, int]) -> None:
            encoded = _Encoded(message)
            self._tell_now("sent", protocol, encoded.data, address)
            send_stun(encoded, address)

        protocol.datagram_received = received
        protocol.send_data = data_sent
        protocol.send_stun = stun_sent

    def decrypted(self, header: bytes, plain: bytes) -> None:
        """Take note of what a pending packet carries; it begins with `header`, as the packet does."""
        while self._pending:
            found = self._pending[0][3].startswith(header)
            self._give_up(plain if found else b"")
            if found:
                return

    def _give_up(self, plain: bytes) -> None:
        at, protocol, address, data = self._pending.popleft()
        self._tell_later(at, "received", protocol, address, data, plain)

    def _tell_later(
        self, at: float, way: str, protocol: aioice.ice.StunProtocol, address: Any, data: bytes, plain: bytes
    ) -> None:
        self._untold.append((at, way, protocol, address, data[:RTP_BYTES], len(data), plain))
        if len(self._untold) >= TOGETHER:
            self.tell()

    def tell(self) -> None:
        """Tell of the packets that wait to be told together."""
        untold, self._untold = self._untold, []
        for at, way, protocol, address, data, size, plain in untold:
            kind = protocol_of(data)
            here, there = self._here(protocol), self._name(address)
            self.hears.packet(at, way, kind, here, there, _beginning(kind, data), size, plain)

    def _tell_now(self, way: str, protocol: aioice.ice.StunProtocol, data: bytes, address: Any) -> None:
        self.tell()
        kind, here, there = protocol_of(data), self._here(protocol), self._name(address)
        self.hears.packet(time.monotonic(), way, kind, here, there, _beginning(kind, data), len(data), b"")

    def _here(self, protocol: aioice.ice.StunProtocol) -> str:
        if (known := self._names.get(protocol.id)) is not None:
            return known
        candidate = getattr(protocol, "local_candidate", None)
        if candidate is None:  # its very first packets, while it is being made
            return ""
        made = self._names[protocol.id] = address_text(candidate.host, candidate.port)
        return made

    def _name(self, address: tuple[Any, ...]) -> str:
        if (known := self._names.get(address)) is not None:
            return known
        if len(self._names) > 1000:  # strangers may come from anywhere
            self._names.clear()
        made = self._names[address] = address_text(*address[:2])  # IPv6 has two members more
        return made


class _Encoded:
    """A STUN message that is made bytes once, for the tap and for the socket."""

    def __init__(self, message: Any) -> None:
        self.message = message
        self.data = bytes(message)

    def __bytes__(self) -> bytes:
        return self.data

    def __repr__(self) -> str:
        return repr(self.message)


def _comes_again(data: bytes) -> bool:
    """Whether it is media or data: RTP, RTCP, or a DTLS record with application data (RFC 7983 section 7)."""
    return bool(data) and (127 < data[0] < 192 or data[0] == APPLICATION_DATA)


def _beginning(kind: str, data: bytes) -> bytes:
    if kind == "stun":
        return without_login(data[:MAX_KEPT_BYTES])
    if kind in (*MEDIA, "unknown"):
        return data[:RTP_BYTES]
    if (
        kind == "turn-channel"
    ):  # RFC 8656 section 12.4: channel number and length, then a packet of the others
        return data[:4] + _beginning(protocol_of(data[4:]), data[4:])
    return data[: DTLS_RECORD_BYTES if data[:1] == bytes((APPLICATION_DATA,)) else MAX_KEPT_BYTES]


def address_text(host: str, port: int) -> str:
    """Return an address and a port as one text."""
    return f"[{host}]:{port}" if ":" in host else f"{host}:{port}"


def _watch_turn(protocol: Any, hears: Hears) -> None:
    """Hear of what goes between a TURN client and its server; over TCP too."""
    datagram_received, send = protocol.datagram_received, protocol._send

    def tell(direction: str, data: bytes) -> None:
        kind = protocol_of(data)
        here, there = (protocol.transport.get_extra_info(x) or ("", 0) for x in ("sockname", "peername"))
        ends = address_text(*here[:2]), address_text(*there[:2])
        hears.packet(time.monotonic(), direction, kind, *ends, _beginning(kind, data), len(data), b"")

    def received(data: bytes, address: Any) -> None:
        tell("received", data)
        datagram_received(data, address)

    def sent(data: bytes) -> None:
        tell("sent", data)
        send(data)

    protocol.datagram_received = received
    protocol._send = sent


def _watch_plain(transport: RTCDtlsTransport, socket: _Socket) -> None:
    """Hear of RTP and RTCP before they are encrypted and after they are decrypted."""
    send_rtp, send_data = transport._send_rtp, transport._send_data
    handle_rtp, handle_rtcp = transport._handle_rtp_data, transport._handle_rtcp_data

    async def rtp_sent(data: bytes) -> None:
        socket.plain = data[:RTP_BYTES]
        try:
            await send_rtp(data)
        finally:
            socket.plain = b""

    async def data_sent(data: bytes) -> None:
        socket.plain = _chunk_header(data)
        try:
            await send_data(data)
        finally:
            socket.plain = b""

    def rtp_received(data: bytes, arrival_time_ms: int) -> Awaitable[None]:
        socket.decrypted(data[:12], data[:RTP_BYTES])  # RFC 3711 section 3.1: the header is not encrypted
        return handle_rtp(data, arrival_time_ms=arrival_time_ms)

    def rtcp_received(data: bytes) -> Awaitable[None]:
        socket.decrypted(data[:8], data[:RTP_BYTES])  # section 3.4: nor are the first 8 bytes of RTCP
        return handle_rtcp(data)

    transport._send_rtp, transport._send_data = rtp_sent, data_sent
    transport._handle_rtp_data, transport._handle_rtcp_data = rtp_received, rtcp_received


def _watch_data(sctp: Any, socket: _Socket) -> None:
    handle = sctp._handle_data

    def data_received(data: bytes) -> Awaitable[None]:
        socket.decrypted(bytes((APPLICATION_DATA,)), _chunk_header(data))
        return handle(data)

    sctp._handle_data = data_received


def _chunk_header(data: bytes) -> bytes:
    """Return the headers of an SCTP packet and its first chunk, not what people write to each other.

    RFC 9260 section 3.3.1; a DATA_CHANNEL_OPEN (RFC 8832 section 5.1, payload protocol 50) is nobody's text.
    """
    is_text = data[12:13] == b"\0" and data[24:28] != (50).to_bytes(4, "big")
    return data[:28] if is_text else data[:256]


# -- checks and DTLS


def _watch_checks(connection: aioice.ice.Connection, hears: Hears) -> None:
    check_state, check_complete = connection.check_state, connection.check_complete

    def state_changed(pair: Any, state: Any) -> None:
        check_state(pair, state)
        hears.pair(pair, state.name.lower().replace("_", "-"))

    def completed(pair: Any) -> None:
        before = connection._nominated.get(pair.component)
        check_complete(pair)
        after = connection._nominated.get(pair.component)
        if after is not None and after is not before:
            hears.selected(after)

    connection.check_state, connection.check_complete = state_changed, completed


def _watch_dtls(transport: RTCDtlsTransport, hears: Hears) -> None:
    expected: tuple[str, ...] = ()
    start = transport.start

    async def started(remote: Any) -> None:
        nonlocal expected
        expected = tuple(f.value.upper() for f in remote.fingerprints if f.algorithm.lower() == "sha-256")
        await start(remote)

    def changed() -> None:
        role = transport._role if transport._role != "auto" else ""
        hears.dtls(transport.state, role, fingerprint_of(transport), expected)

    transport.start = started
    transport.on("statechange", changed)


def fingerprint_of(transport: RTCDtlsTransport) -> str:
    """Return the SHA-256 fingerprint of the certificate that the other side showed; "" before it did."""
    certificate = transport._ssl and transport._ssl.get_peer_certificate(as_cryptography=True)
    return certificate_digest(certificate, "sha-256") if certificate else ""
