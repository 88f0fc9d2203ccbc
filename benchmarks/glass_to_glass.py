"""How long a picture takes from a page, through Python and Canny, back to the page.

    python benchmarks/glass_to_glass.py            # about five minutes; nothing else should run
    python benchmarks/glass_to_glass.py --quick    # about one, to see that it works

A page draws numbered frames of 640x480, 30 a second, and reads the numbers off the video that comes back. Each
way runs in a process and a page of its own, one after the other:

raw        aiortc as its documentation shows it: a track that transforms each frame in ``recv()``
streamlit  streamlit-webrtc's processing track, where that package is installed
rtcnb      ``rtcnb.process`` on a ``KernelPeer``

What counts are the ratios within one run: the milliseconds differ from machine to machine. The page keeps the
size for all ways alike, since Chromium otherwise shrinks the picture for one and not for another.
"""

from __future__ import annotations

import argparse
import asyncio
import importlib.util
import json
import shutil
import socket
import statistics
import subprocess
import sys
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

PAGE = Path(__file__).with_suffix(".html")
NUMBER_ROWS = 40 / 480
WARM_UP_S = 5
FLAGS = [
    "--no-sandbox",
    "--autoplay-policy=no-user-gesture-required",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--disable-features=WebRtcHideLocalIpsWithMdns",
]


# -- the Python end of each way


def canny(image: Any, slow_ms: float) -> Any:
    """Return the edges, with the number kept; after a pause that stands for a slow model."""
    import cv2

    if slow_ms:
        time.sleep(slow_ms / 1000)
    edges = cv2.cvtColor(cv2.Canny(image, 100, 200), cv2.COLOR_GRAY2BGR)
    rows = round(image.shape[0] * NUMBER_ROWS)
    edges[:rows] = image[:rows]
    return edges


def raw_track(source: Any, slow_ms: float, sizes: set[str]) -> Any:
    import av
    from aiortc import MediaStreamTrack

    class Transform(MediaStreamTrack):
        kind = "video"

        async def recv(self) -> Any:
            frame = await source.recv()
            sizes.add(f"{frame.width}x{frame.height}")
            image = canny(frame.to_ndarray(format="bgr24"), slow_ms)
            result = av.VideoFrame.from_ndarray(image, format="bgr24")
            result.pts, result.time_base = frame.pts, frame.time_base
            return result

    return Transform()


def streamlit_track(source: Any, slow_ms: float, sizes: set[str]) -> Any:
    import av
    from streamlit_webrtc.models import CallbackAttachableProcessor
    from streamlit_webrtc.process import AsyncVideoProcessTrack

    def callback(frame: Any) -> Any:
        sizes.add(f"{frame.width}x{frame.height}")
        image = canny(frame.to_ndarray(format="bgr24"), slow_ms)
        return av.VideoFrame.from_ndarray(image, format="bgr24")

    processor = CallbackAttachableProcessor(
        frame_callback=callback, queued_frames_callback=None, ended_callback=None
    )
    return AsyncVideoProcessTrack(track=source, processor=processor)


async def answer_with_aiortc(make_track: Any, offer: dict[str, str], slow_ms: float, sizes: set[str]) -> Any:
    from aiortc import RTCPeerConnection, RTCSessionDescription

    pc = RTCPeerConnection()
    pc.on("track", lambda track: pc.addTrack(make_track(track, slow_ms, sizes)))
    await pc.setRemoteDescription(RTCSessionDescription(**offer))
    await pc.setLocalDescription(await pc.createAnswer())
    return pc.localDescription


async def answer_with_rtcnb(offer: dict[str, str], slow_ms: float, sizes: set[str]) -> Any:
    import rtcnb

    def edges(image: Any) -> Any:
        sizes.add(f"{image.shape[1]}x{image.shape[0]}")
        return canny(image, slow_ms)

    peer = rtcnb.KernelPeer("benchmark")
    await peer.setRemoteDescription(offer)
    peer.addTrack(rtcnb.process(peer.track("video"), edges))
    await peer.setLocalDescription(await peer.createAnswer())
    return await peer.wait_gathered()


def serve(way: str, port: int, slow_ms: float) -> None:
    """Serve the page and answer its offer; runs in a process of its own."""
    from aiohttp import web

    sizes: set[str] = set()

    async def offer(request: web.Request) -> web.Response:
        given = json.loads(await request.text())
        if way == "rtcnb":
            answer = await answer_with_rtcnb(given, slow_ms, sizes)
        else:
            make_track = {"raw": raw_track, "streamlit": streamlit_track}[way]
            answer = await answer_with_aiortc(make_track, given, slow_ms, sizes)
        return web.json_response({"type": answer.type, "sdp": answer.sdp})

    async def received(request: web.Request) -> web.Response:
        now = sorted(sizes)
        sizes.clear()
        return web.json_response(now)

    async def index(request: web.Request) -> web.FileResponse:
        return web.FileResponse(PAGE)

    app = web.Application()
    app.add_routes([web.get("/", index), web.post("/offer", offer), web.get("/sizes", received)])
    web.run_app(app, host="127.0.0.1", port=port, print=None)


# -- the measurement


@dataclass(frozen=True)
class Run:
    """What one way did."""

    way: str
    slow_ms: float
    latencies_ms: list[tuple[float, float]]  # when it was seen, how long it took
    seconds: float
    received: str
    returned: str

    def median_ms(self, begin_s: float = 0.0, end_s: float = float("inf")) -> float:
        first = self.latencies_ms[0][0] if self.latencies_ms else 0.0
        chosen = [ms for at, ms in self.latencies_ms if begin_s <= (at - first) / 1000 < end_s]
        return statistics.median(chosen) if chosen else float("nan")

    def __str__(self) -> str:
        values = sorted(ms for _, ms in self.latencies_ms)
        p95 = values[int(len(values) * 0.95)] if values else float("nan")
        return (
            f"{self.way:<10} {self.slow_ms:>4.0f} ms function  p50 {self.median_ms():>6.0f} ms p95 {p95:>6.0f} ms  "
            f"{len(values) / self.seconds:>4.1f} fps  Python got {self.received}, the page {self.returned}"
        )


def free_port() -> int:
    with socket.socket() as s:
        s.bind(("127.0.0.1", 0))
        return int(s.getsockname()[1])


async def measure(way: str, slow_ms: float, seconds: float) -> Run:
    from playwright.async_api import async_playwright

    port = free_port()
    command = [sys.executable, __file__, "--serve", way, str(port), str(slow_ms)]
    server = subprocess.Popen(command, stderr=subprocess.DEVNULL)
    try:
        async with async_playwright() as playwright:
            browser = await playwright.chromium.launch(executable_path=shutil.which("chromium"), args=FLAGS)
            page = await browser.new_page()
            await open_when_there(page, f"http://127.0.0.1:{port}/", server)
            await page.evaluate("start()")
            await asyncio.sleep(WARM_UP_S)
            await page.evaluate("take()")
            await page.evaluate("fetch('/sizes').then(r => r.json())")
            await asyncio.sleep(seconds)
            taken = await page.evaluate("take()")
            received = await page.evaluate("fetch('/sizes').then(r => r.json())")
            await browser.close()
    finally:
        server.terminate()
        server.wait(10)
    return Run(way, slow_ms, taken["seen"], seconds, "/".join(received), taken["size"])


async def open_when_there(page: Any, url: str, server: subprocess.Popen[bytes]) -> None:
    from playwright.async_api import Error

    for _ in range(100):
        try:
            await page.goto(url)
            return
        except Error:
            if server.poll() is not None:
                raise
            await asyncio.sleep(0.1)
    raise TimeoutError(f"{url} does not answer")


async def main(quick: bool) -> None:
    ways = ["raw", "streamlit", "rtcnb"]
    if importlib.util.find_spec("streamlit_webrtc") is None:
        print("streamlit-webrtc is not installed: left out (pip install streamlit-webrtc)")
        ways.remove("streamlit")
    runs: dict[tuple[str, float], Run] = {}
    for slow_ms in (0.0, 100.0):
        for way in ways:
            long = slow_ms and way == "rtcnb"
            seconds = 8 if quick else 60 if long else 20
            runs[way, slow_ms] = await measure(way, slow_ms, seconds)
            print(runs[way, slow_ms], flush=True)
    for slow_ms in (0.0, 100.0):
        ours = runs["rtcnb", slow_ms]
        for way in ways[:-1]:
            ratio = ours.median_ms() / runs[way, slow_ms].median_ms()
            print(f"rtcnb / {way}, {slow_ms:.0f} ms function: {ratio:.2f} of the median")
    slow = runs["rtcnb", 100.0]
    begin, end = slow.median_ms(0, 10), slow.median_ms(slow.seconds - 10)
    print(
        f"rtcnb, 100 ms function: first 10 s {begin:.0f} ms, last 10 s {end:.0f} ms, ratio {end / begin:.2f}"
    )


if __name__ == "__main__":
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--quick", action="store_true")
    parser.add_argument("--serve", nargs=3, metavar=("WAY", "PORT", "MS"), help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.serve:
        serve(options.serve[0], int(options.serve[1]), float(options.serve[2]))
    else:
        asyncio.run(main(options.quick))
