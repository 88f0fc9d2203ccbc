"""The background loop: awaited from elsewhere, stopped, not stopped by blocking, ended with Python."""

from __future__ import annotations

import asyncio
import subprocess
import sys
import textwrap
import threading
import time

import pytest

from rtcnb.errors import LoopError
from rtcnb.runtime import loop


async def where() -> str:
    return threading.current_thread().name


async def test_run_goes_to_the_background_and_comes_back() -> None:
    assert await loop.run(where()) == "rtcnb"
    assert threading.current_thread().name != "rtcnb"


async def test_run_on_the_background_loop_awaits_directly() -> None:
    async def nested() -> str:
        return await loop.run(where())

    assert await loop.run(nested()) == "rtcnb"


async def test_errors_come_through() -> None:
    async def fail() -> None:
        raise ValueError("as it was")

    with pytest.raises(ValueError, match="as it was"):
        await loop.run(fail())


async def test_a_cancelled_wait_cancels_what_it_waited_for() -> None:
    cancelled = threading.Event()

    async def long() -> None:
        try:
            await asyncio.sleep(60)
        except asyncio.CancelledError:
            cancelled.set()
            raise

    waiting = asyncio.ensure_future(loop.run(long()))
    await asyncio.sleep(0.05)
    waiting.cancel()
    with pytest.raises(asyncio.CancelledError, match="Stopped while waiting"):
        await waiting
    assert await asyncio.to_thread(cancelled.wait, 1)


async def test_asyncio_timeout_works_around_it() -> None:
    with pytest.raises(TimeoutError):
        async with asyncio.timeout(0.05):
            await loop.run(asyncio.sleep(60))


def test_blocking_this_thread_stops_nothing_there() -> None:
    ticks: list[float] = []

    async def tick() -> None:
        for _ in range(20):
            ticks.append(time.monotonic())
            await asyncio.sleep(0.01)

    future = loop.submit(tick())
    future.result(5)  # blocks this thread, on which this test's own loop would run
    assert len(ticks) == 20


def test_call_returns_the_result_from_that_thread() -> None:
    assert loop.call(lambda: threading.current_thread().name) == "rtcnb"


def test_call_says_when_the_loop_is_blocked() -> None:
    release = threading.Event()
    loop.background().call_soon_threadsafe(release.wait, 5)
    try:
        with pytest.raises(LoopError, match="was busy"):
            loop.call(lambda: None, timeout=0.1)
    finally:
        release.set()


async def test_a_hook_sees_every_datagram_socket() -> None:
    opened: list[object] = []

    def hook(factory, arguments):  # type: ignore[no-untyped-def]
        opened.append(arguments.get("local_addr"))
        return factory

    async def open_one() -> None:
        loop_ = asyncio.get_running_loop()
        transport, _ = await loop_.create_datagram_endpoint(
            asyncio.DatagramProtocol, local_addr=("127.0.0.1", 0)
        )
        transport.close()

    loop.background().endpoint_hooks.append(hook)
    try:
        await loop.run(open_one())
    finally:
        loop.background().endpoint_hooks.remove(hook)
    assert opened == [("127.0.0.1", 0)]


def test_python_ends_while_a_call_is_streaming() -> None:
    script = """
        import asyncio, rtcnb

        async def main():
            a, b = rtcnb.KernelPeer("a"), rtcnb.KernelPeer("b")
            a.addTrack(rtcnb.TestPattern(width=320, height=240).video)
            picture = b.track("video")
            await rtcnb.connect(a, b)
            while picture.counters.frames < 3:
                await asyncio.sleep(0.05)
            print("streaming", flush=True)

        asyncio.run(main())
    """
    done = subprocess.run(
        [sys.executable, "-c", textwrap.dedent(script)], capture_output=True, text=True, timeout=40
    )
    assert done.returncode == 0, done.stderr
    assert done.stdout.strip() == "streaming"
