"""What the instruments of a kernel peer cost: CPU for each packet, and of a whole video call.

    python benchmarks/instruments.py            # about six minutes; nothing else should run
    python benchmarks/instruments.py --quick    # about one, to see that it works

packets  Two aiortc connections in this process, connected for real, one of them watched. The same packets go
         through both, in turn: from what sends them down to the socket, from the socket up to what reads them. The
         trace is full from the start, so that its thinning counts. Bound: 10 us of CPU for each packet.
call     A kernel peer in a process of its own, with its instruments or without them, in turn; the other end is
         plain aiortc in another process. 640x480, 30 frames a second. In "answer" the peer receives the video,
         finds its edges and sends them back, as in the tour; in "receive" it only receives, which is the least that
         a kernel does in a call. What counts is the CPU of the peer's process for each frame. Bound: 5 % more.

What differs from run to run is shown beside each median: the least and the most.
"""

from __future__ import annotations

import argparse
import asyncio
import itertools
import json
import statistics
import subprocess
import sys
import time
from collections.abc import Awaitable, Callable
from typing import Any

PACKET_BOUND_US = 10.0
CALL_BOUND = 0.05
RUNS = 7
PACKETS = 2000
BATCH = 25  # fewer than wait for their decryption at once
FRAMES = 600
WARM_UP_FRAMES = 150
TIMEOUT_S = 240.0


# -- packets


class Connected:
    """An aiortc connection, watched or not, and another one that it is connected with."""

    def __init__(self) -> None:
        from aiortc import RTCPeerConnection

        self.pc, self.far = RTCPeerConnection(), RTCPeerConnection()
        self._numbers = itertools.count()

    async def connect(self) -> None:
        channel = self.pc.createDataChannel("chat")
        await self.pc.setLocalDescription(await self.pc.createOffer())
        await self.far.setRemoteDescription(self.pc.localDescription)
        await self.far.setLocalDescription(await self.far.createAnswer())
        await self.pc.setRemoteDescription(self.far.localDescription)
        async with asyncio.timeout(30):
            while channel.readyState != "open":
                await asyncio.sleep(0.05)
        self.dtls, self.far_dtls = self.pc.sctp.transport, self.far.sctp.transport
        self.ice = self.dtls.transport._connection
        pair = self.ice._nominated[1]
        self.protocol, self.address = pair.protocol, pair.remote_addr
        # Nothing leaves from here on: the network is not to be measured. So nobody may wait for consent (RFC 7675).
        self.protocol.transport.sendto = lambda data, address: None
        for dtls in (self.dtls, self.far_dtls):
            dtls.transport._connection._query_consent_task.cancel()

    async def close(self) -> None:
        await self.pc.close()
        await self.far.close()

    def rtp(self) -> bytes:
        number = (next(self._numbers) & 0xFFFF).to_bytes(2, "big")
        return b"\x80\x7f" + number + bytes(4) + b"ssrc" + bytes(1100)

    async def take(self, packets: list[bytes]) -> None:
        """Let packets arrive at the socket, and wait until they are read."""
        for packet in packets:
            self.protocol.datagram_received(packet, self.address)
        while self.ice._queue.qsize():
            await asyncio.sleep(0)

    async def send_rtp(self, packets: list[bytes]) -> None:
        for packet in packets:
            await self.dtls._send_rtp(packet)

    async def send_data(self, packets: list[bytes]) -> None:
        for packet in packets:
            await self.dtls._send_data(packet)

    async def send_stun(self, messages: list[Any]) -> None:
        for message in messages:
            self.protocol.send_stun(message, self.address)


REPORT = b"\x81\xc9\x00\x07ssrc" + bytes(24)  # an RTCP receiver report (RFC 3550 section 6.4.2)
DATA = (
    bytes(12) + b"\x00\x03\x04\x10" + bytes(1040)
)  # an SCTP DATA chunk of no association (RFC 9260 section 3.3.1)


def check() -> Any:
    """A connectivity check as it comes and goes every 5 seconds (RFC 8445 section 7.2.2)."""
    from aioice import stun

    message = stun.Message(message_method=stun.Method.BINDING, message_class=stun.Class.RESPONSE)
    message.attributes["XOR-MAPPED-ADDRESS"] = ("192.0.2.1", 5000)
    message.add_message_integrity(b"password")
    return message


def encrypted(end: Connected, data: bytes) -> bytes:
    end.far_dtls._ssl.send(data)
    return end.far_dtls._ssl.bio_read(2000)


Way = tuple[Callable[[Connected], Any], Callable[[Connected, list[Any]], Awaitable[None]]]
WAYS: dict[str, Way] = {
    "RTP sent": (lambda end: end.rtp(), Connected.send_rtp),
    "RTP received": (lambda end: end.far_dtls._tx_srtp.protect(end.rtp()), Connected.take),
    "RTCP sent": (lambda end: REPORT, Connected.send_rtp),
    "RTCP received": (lambda end: end.far_dtls._tx_srtp.protect_rtcp(REPORT), Connected.take),
    "DTLS sent": (lambda end: DATA, Connected.send_data),
    "DTLS received": (lambda end: encrypted(end, DATA), Connected.take),
    "STUN sent": (lambda end: check(), Connected.send_stun),
    "STUN received": (lambda end: bytes(check()), Connected.take),
}


async def cpu_us(end: Connected, way: Way, count: int) -> float:
    """Return the CPU of a packet; making it is not counted."""
    make, push = way
    batches = [[make(end) for _ in range(BATCH)] for _ in range(count // BATCH)]
    await asyncio.sleep(0)
    began = time.process_time()
    for batch in batches:
        await push(end, batch)
    return (time.process_time() - began) / count * 1e6


async def packets(runs: int, count: int) -> bool:
    from rtcnb.peers.instruments import Reporter
    from rtcnb.trace import PacketEvent, Trace

    watched, plain = Connected(), Connected()
    trace = Trace()
    for number in range(trace.max_events):
        trace.append(PacketEvent(time=number / 300, peer="k", direction="sent", protocol="rtp", size_bytes=1,
                                 data=bytes(48 + number % 2), plain=bytes(48 + number % 2)))  # fmt: skip
    Reporter(trace, "kernel").attach(watched.pc)
    await asyncio.gather(watched.connect(), plain.connect())
    worst = 0.0
    for name, way in WAYS.items():
        for end in (watched, plain):
            await cpu_us(end, way, BATCH * 4)
        before = len(trace) + trace.thinned + trace.dropped
        measured = [(await cpu_us(watched, way, count), await cpu_us(plain, way, count)) for _ in range(runs)]
        kept = (len(trace) + trace.thinned + trace.dropped - before) / (runs * count)
        cost = shown([a - b for a, b in measured], "us")
        print(
            f"{name:<14} {cost}  ({kept:.2f} of them kept; unwatched {shown([b for _, b in measured], 'us')})"
        )
        worst = max(worst, statistics.median(a - b for a, b in measured))
    await asyncio.gather(watched.close(), plain.close())
    return report(f"packets: at most {worst:.1f} us", worst <= PACKET_BOUND_US, f"{PACKET_BOUND_US:.0f} us")


# -- a call


async def far_end(mode: str) -> None:
    """Offer the video, in a process of its own; plain aiortc."""
    from aiortc import RTCPeerConnection, RTCSessionDescription

    from rtcnb.media.generators import Pattern

    pc = RTCPeerConnection()
    if mode == "answer":
        pc.on("track", lambda track: asyncio.ensure_future(drain(track)))
    pc.addTransceiver(Pattern(640, 480, 30), "sendrecv" if mode == "answer" else "sendonly")
    await pc.setLocalDescription(await pc.createOffer())
    print(json.dumps({"type": "offer", "sdp": pc.localDescription.sdp}), flush=True)
    answer = json.loads(await asyncio.to_thread(sys.stdin.readline))
    await pc.setRemoteDescription(RTCSessionDescription(**answer))
    await asyncio.to_thread(sys.stdin.readline)  # until the peer has measured
    await pc.close()


async def drain(track: Any) -> None:
    from aiortc.mediastreams import MediaStreamError

    try:
        while True:
            await track.recv()
    except MediaStreamError:
        return


async def kernel_end(mode: str, instruments: bool, frames: int) -> None:
    """Answer the offer as a kernel peer, in a process of its own, and measure that process."""
    import cv2

    import rtcnb
    from rtcnb.peers.instruments import Reporter
    from rtcnb.trace import PacketEvent, StatisticsEvent

    if not instruments:
        Reporter.attach = Reporter.poll = lambda *arguments: None  # type: ignore[method-assign]

    def edges(image: Any) -> Any:
        return cv2.Canny(image, 100, 200)

    peer = rtcnb.KernelPeer("kernel")
    await peer.setRemoteDescription(json.loads(await asyncio.to_thread(sys.stdin.readline)))
    video = peer.track("video")
    if mode == "answer":
        peer.addTrack(rtcnb.process(video, edges))
    await peer.setLocalDescription(await peer.createAnswer())
    answer = await peer.wait_gathered()
    print(json.dumps({"type": "answer", "sdp": answer.sdp}), flush=True)
    await peer.wait_connected(30)

    async def counted(number: int) -> tuple[int, float, float]:
        async with asyncio.timeout(TIMEOUT_S):
            while video.counters.frames < number:
                await asyncio.sleep(0.02)
        return video.counters.frames, time.process_time(), time.monotonic()

    begin, begin_s, began = await counted(WARM_UP_FRAMES)
    end, end_s, ended = await counted(begin + frames)
    kinds = [len(peer.trace.select(kind=kind)) for kind in (PacketEvent, StatisticsEvent)]
    measured = {
        "ms": (end_s - begin_s) / (end - begin) * 1000,
        "fps": (end - begin) / (ended - began),
        "kept": kinds,
    }
    print(json.dumps(measured), flush=True)
    await peer.close()


def call(mode: str, instruments: bool, frames: int) -> dict[str, Any]:
    """Run one call and return what its kernel's end measured."""
    ends = []
    try:
        for arguments in (["--far", mode], ["--kernel", mode, str(int(instruments)), str(frames)]):
            command = [sys.executable, __file__, *arguments]
            ends.append(subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True))
        far, kernel = ends
        assert far.stdin and far.stdout and kernel.stdin and kernel.stdout
        for giver, taker in ((far.stdout, kernel.stdin), (kernel.stdout, far.stdin)):
            taker.write(giver.readline())
            taker.flush()
        measured: dict[str, Any] = json.loads(kernel.stdout.readline())
    finally:
        for end in ends:
            end.terminate()
            end.wait(20)
    return measured


def calls(runs: int, frames: int) -> bool:
    good = True
    for mode in ("answer", "receive"):
        measured: dict[bool, list[float]] = {True: [], False: []}
        for number in range(runs):
            for instruments in (True, False) if number % 2 else (False, True):
                run = call(mode, instruments, frames)
                measured[instruments].append(run["ms"])
                print(
                    f"  {mode} {'with   ' if instruments else 'without'} {run['ms']:6.2f} ms a frame, "
                    f"{run['fps']:.1f} fps, packets and statistics kept: {run['kept']}",
                    flush=True,
                )
        more = statistics.median(measured[True]) / statistics.median(measured[False]) - 1
        for instruments, values in measured.items():
            print(
                f"{mode}, {'with' if instruments else 'without'} instruments: {shown(values, 'ms')} of CPU a frame"
            )
        good &= report(f"{mode}: {more:+.1%} of the kernel's CPU", more <= CALL_BOUND, f"{CALL_BOUND:.0%}")
    return good


# -- both


def shown(values: list[float], unit: str) -> str:
    return f"{statistics.median(values):6.2f} {unit} ({min(values):.2f} to {max(values):.2f})"


def report(what: str, good: bool, bound: str) -> bool:
    print(f"{what}; bound {bound}: {'held' if good else 'NOT HELD'}", flush=True)
    return good


def main() -> int:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("part", nargs="?", choices=["packets", "call"], help="default: both")
    parser.add_argument("--quick", action="store_true")
    parser.add_argument("--runs", type=int, default=RUNS)
    parser.add_argument("--far", metavar="MODE", help=argparse.SUPPRESS)
    parser.add_argument(
        "--kernel", nargs=3, metavar=("MODE", "INSTRUMENTS", "FRAMES"), help=argparse.SUPPRESS
    )
    options = parser.parse_args()
    if options.far:
        asyncio.run(far_end(options.far))
        return 0
    if options.kernel:
        mode, instruments, frames = options.kernel
        asyncio.run(kernel_end(mode, instruments == "1", int(frames)))
        return 0
    runs = 2 if options.quick else options.runs
    good = True
    if options.part != "call":
        good &= asyncio.run(packets(runs, PACKETS))
    if options.part != "packets":
        good &= calls(runs, 150 if options.quick else FRAMES)
    return 0 if good else 1


if __name__ == "__main__":
    sys.exit(main())
