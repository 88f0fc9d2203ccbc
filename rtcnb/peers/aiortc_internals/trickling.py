"""aiortc with candidates as they come.

aiortc gathers all candidates before ``setLocalDescription`` returns and fires no ``icecandidate``. The
connection below returns at once and reports each candidate as it comes, by overriding one method of its own
instance; other aiortc code in the same process is not changed.

What aioice cannot do stays so: its own connectivity checks start only after all of its gathering, so a STUN
server that does not answer delays the checks of a kernel peer by `GATHER_TIMEOUT`, even though its host
candidates were sent at once (it answers the other side's checks meanwhile).
"""

from __future__ import annotations

import asyncio
import ipaddress
import logging
from collections.abc import Callable, Coroutine
from typing import Any

import aioice.ice
from aiortc import InvalidStateError, RTCConfiguration, RTCPeerConnection
from aiortc.jitterbuffer import JitterBuffer
from aiortc.rtcicetransport import RTCIceCandidate, RTCIceTransport, candidate_from_aioice

from .jitter_buffer import PromptJitterBuffer
from .turn_client import unless_refused, watch_turn_clients

log = logging.getLogger("rtcnb")

GATHER_TIMEOUT = 5.0
END_TIMEOUT = 1.0  # of what was cancelled


CandidateListener = Callable[[RTCIceCandidate], None]
ServerListener = Callable[[str, BaseException], None]


class TricklingConnection(RTCPeerConnection):
    """An RTCPeerConnection whose ``setLocalDescription`` returns at once and that reports candidates.

    Parameters
    ----------
    configuration : RTCConfiguration
    on_candidate : callable
        Called with each candidate, its ``sdpMid`` and ``sdpMLineIndex`` set.
    on_server : callable
        Called with a STUN or TURN server's URL and the exception when it gave no candidate.
    on_gathered : callable
        Called when all gathering has ended.
    """

    def __init__(
        self,
        configuration: RTCConfiguration,
        on_candidate: CandidateListener,
        on_server: ServerListener,
        on_gathered: Callable[[], None],
    ) -> None:
        super().__init__(configuration)
        self.on_candidate = on_candidate
        self.on_server = on_server
        self.on_gathered = on_gathered
        self.gathering: asyncio.Task[None] | None = None
        self._transport_policy: aioice.TransportPolicy | None = None
        self.connecting: asyncio.Task[None] | None = None
        self._beside: set[asyncio.Task[None]] = set()

    def gather_by(self, policy: str) -> None:
        """Gather by an ``iceTransportPolicy`` other than the configured one, where it has not begun yet."""
        self._transport_policy = aioice.TransportPolicy[policy.upper()]

    async def _RTCPeerConnection__gather(self) -> None:
        places = {t: place for t, place in self._transports() if t.iceGatherer.state == "new"}
        if not places:
            return
        for transport, (mid, index) in places.items():
            connection = transport.iceGatherer._connection
            connection._transport_policy = self._transport_policy or connection._transport_policy
            gathering = _Gathering(connection, mid, index, self.on_candidate, self.on_server)
            connection.get_component_candidates = gathering.get_component_candidates
        self.gathering = asyncio.ensure_future(self._gather_and_connect(list(places), self.gathering))

    async def _gather_and_connect(
        self, transports: list[RTCIceTransport], earlier: asyncio.Task[None] | None
    ) -> None:
        # `gather` sets its state before it first waits; setLocalDescription's caller must see it.
        results = await asyncio.gather(*(t.iceGatherer.gather() for t in transports), return_exceptions=True)
        for error in results:
            if isinstance(error, BaseException):
                log.debug("gathering ended early: %r", error)
        if earlier is not None:
            await asyncio.wait({earlier})
        if self.signalingState != "closed":
            self.on_gathered()
            # A task of its own, as in aiortc: cut off with this one, it would let others wait for it for ever.
            self.connecting = asyncio.ensure_future(self._RTCPeerConnection__connect())

    async def _RTCPeerConnection__connect(self) -> None:
        """Connect what has what it needs; aiortc starts this as a task that nobody waits for."""
        try:
            await super()._RTCPeerConnection__connect()
        except ConnectionError as error:  # the other end has gone; the states say so
            log.debug("connecting ended early: %r", error)
        except InvalidStateError:
            if self.signalingState != "closed":
                raise

    def _transports(self) -> list[tuple[RTCIceTransport, tuple[str, int]]]:
        """Return each ICE transport with the mid and index of the m-line that owns it."""
        owners: dict[RTCIceTransport, tuple[str, int]] = {}
        for transceiver in self.getTransceivers():
            transport = transceiver.receiver.transport.transport
            if transceiver.mid is not None:
                owners.setdefault(transport, (transceiver.mid, transceiver._get_mline_index()))
        if self.sctp is not None and self.sctp.mid is not None:
            index = self._RTCPeerConnection__sctp_mline_index
            owners.setdefault(self.sctp.transport.transport, (self.sctp.mid, index))
        return list(owners.items())

    def hand_over_frames_promptly(self) -> None:
        """Let every video receiver that has not begun hand over a frame with its last packet."""
        for transceiver in self.getTransceivers():
            receiver = transceiver.receiver
            stock = receiver._RTCRtpReceiver__jitter_buffer
            if transceiver.kind == "video" and type(stock) is JitterBuffer:
                receiver._RTCRtpReceiver__jitter_buffer = PromptJitterBuffer(stock.capacity, is_video=True)

    def late_packets(self) -> dict[str, int]:
        """Return the packets that came too late for a frame, by receiver."""
        buffers = {
            f"{t.kind}, mid {t.mid}": t.receiver._RTCRtpReceiver__jitter_buffer
            for t in self.getTransceivers()
        }
        return {name: b.late_packets for name, b in buffers.items() if isinstance(b, PromptJitterBuffer)}

    def beside(self, work: Coroutine[Any, Any, None]) -> asyncio.Task[None]:
        """Begin what nobody is to wait for; it ends by itself, or with the connection."""
        task = asyncio.ensure_future(work)
        self._beside.add(task)
        task.add_done_callback(self._beside.discard)
        return task

    async def close(self) -> None:
        for task in (self.gathering, *self._beside):
            if task is not None:
                task.cancel()
        if self._beside:
            await asyncio.wait(self._beside, timeout=END_TIMEOUT)
        await super().close()

    def remote_candidates(self) -> list[RTCIceCandidate]:
        """Return what every ICE transport holds of the other side's candidates."""
        return [c for transport, _ in self._transports() for c in transport.getRemoteCandidates()]


class _Gathering:
    """The gathering of one ICE connection, telling each candidate as it comes.

    It stands in for ``Connection.get_component_candidates`` of one instance: host candidates by aioice's
    own method, with the servers hidden from it; then each server's answer as it arrives.
    """

    def __init__(
        self,
        connection: aioice.ice.Connection,
        mid: str,
        index: int,
        on_candidate: CandidateListener,
        on_server: ServerListener,
    ) -> None:
        self.connection = connection
        self.mid, self.index = mid, index
        self.on_candidate, self.on_server = on_candidate, on_server
        self.hosts_by_aioice = connection.get_component_candidates

    async def get_component_candidates(
        self, component: int, addresses: list[str], timeout: float = GATHER_TIMEOUT
    ) -> list[aioice.Candidate]:
        connection = self.connection
        relay_only = connection._transport_policy == aioice.TransportPolicy.RELAY
        if not addresses and not relay_only:
            # aioice leaves loopback out; on a machine without a network that is all there is.
            addresses = ["127.0.0.1"]
        stun, turn = connection.stun_server, connection.turn_server
        connection.stun_server = connection.turn_server = None
        try:
            candidates = await self.hosts_by_aioice(component, addresses)
        finally:
            connection.stun_server, connection.turn_server = stun, turn
        if connection._closing:  # meanwhile: bundled into another transport, or the call ended
            for protocol in connection._protocols:
                protocol.transport.close()
            return []
        for candidate in candidates:
            self._tell(candidate)
        watch_turn_clients()
        found = await asyncio.gather(*(self._ask(url, job, timeout) for url, job in self._jobs(component)))
        return candidates + [candidate for candidate in found if candidate is not None]

    def _jobs(self, component: int) -> list[tuple[str, Any]]:
        """Return each question to a server, with the URL (RFC 7064, RFC 7065) of the server."""
        stun, turn = self.connection.stun_server, self.connection.turn_server
        jobs = []
        if stun:
            for protocol in list(self.connection._protocols):
                if ipaddress.ip_address(protocol.local_candidate.host).version == 4:
                    job = aioice.ice.server_reflexive_candidate(protocol, stun)
                    jobs.append((f"stun:{stun[0]}:{stun[1]}", job))
        if turn:
            scheme = "turns" if self.connection.turn_ssl else "turn"
            url = f"{scheme}:{turn[0]}:{turn[1]}?transport={self.connection.turn_transport}"
            jobs.append((url, self._relay(component)))
        return jobs

    def _relay(self, component: int) -> Any:
        connection = self.connection
        return aioice.ice.relayed_candidate(
            component=component,
            hide_related_address=connection._transport_policy == aioice.TransportPolicy.RELAY,
            protocol_factory=lambda: aioice.ice.StunProtocol(connection),
            turn_server=connection.turn_server,
            turn_username=connection.turn_username,
            turn_password=connection.turn_password,
            turn_ssl=connection.turn_ssl,
            turn_transport=connection.turn_transport,
        )

    async def _ask(self, url: str, job: Any, timeout: float) -> aioice.Candidate | None:
        try:
            async with asyncio.timeout(timeout):
                candidate, protocol = await unless_refused(job)
        except TimeoutError:
            self.on_server(url, TimeoutError(f"no answer within {timeout:g} s"))
            return None
        except Exception as error:
            self.on_server(url, error)
            return None
        if self.connection._closing:  # nobody else would give the relay back
            if protocol is not None:
                protocol.transport.close()
            return None
        if protocol is not None:
            self.connection._protocols.append(protocol)
        self._tell(candidate)
        return candidate

    def _tell(self, candidate: aioice.Candidate) -> None:
        told = candidate_from_aioice(candidate)
        told.sdpMid, told.sdpMLineIndex = self.mid, self.index
        self.on_candidate(told)
