"""The line to a Jupyter: a TCP proxy that can be made slow, and cut."""

from __future__ import annotations

import asyncio
import ssl
import threading
import time
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager

CHUNK = 4096
Ends = tuple[asyncio.StreamReader, asyncio.StreamWriter]


class Throttle:
    """So many bytes a second in one direction; no limit at first."""

    def __init__(self) -> None:
        self.rate_bytes_s = float("inf")
        self.sent = 0
        self._free_at = 0.0

    async def wait_for(self, size: int) -> None:
        self.sent += size
        if self.rate_bytes_s == float("inf"):
            return
        self._free_at = max(self._free_at, time.monotonic()) + size / self.rate_bytes_s
        await asyncio.sleep(max(0.0, self._free_at - time.monotonic()))


class Proxy:
    """TCP on loopback to whatever `reach` opens, each direction with its throttle."""

    def __init__(self, reach: Callable[[], Awaitable[Ends]]) -> None:
        self.reach = reach
        self.out, self.back = Throttle(), Throttle()
        self.port = 0
        self._passes = asyncio.Event()
        self._passes.set()
        self._open: set[asyncio.StreamWriter] = set()
        self.loop = asyncio.new_event_loop()
        self.over = asyncio.Event()

    def slow_down(self, bits_s: float) -> None:
        self.out.rate_bytes_s = self.back.rate_bytes_s = bits_s / 8

    def cut(self) -> None:
        """Close every connection; those that are tried until `mend` wait, as where a network is gone."""
        self.loop.call_soon_threadsafe(self._passes.clear)
        self.loop.call_soon_threadsafe(self.abort)

    def mend(self) -> None:
        self.loop.call_soon_threadsafe(self._passes.set)

    def end(self) -> None:
        """Let nobody wait any more; on the proxy's own thread."""
        self._passes.set()
        self.abort()

    def abort(self) -> None:
        for writer in self._open:
            writer.transport.abort()

    async def listen(self, tls: ssl.SSLContext | None) -> asyncio.Server:
        server = await asyncio.start_server(self._connect, "127.0.0.1", self.port, ssl=tls)
        self.port = server.sockets[0].getsockname()[1]
        return server

    async def _connect(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await self._passes.wait()
        try:
            if self.over.is_set():
                raise ConnectionRefusedError
            inner_reader, inner_writer = await self.reach()
        except OSError:
            writer.close()
            return
        self._open |= {writer, inner_writer}
        await asyncio.gather(
            self._copy(reader, inner_writer, self.back), self._copy(inner_reader, writer, self.out)
        )
        self._open -= {writer, inner_writer}

    @staticmethod
    async def _copy(reader: asyncio.StreamReader, writer: asyncio.StreamWriter, throttle: Throttle) -> None:
        # Small buffers: what a slow line holds back must be felt by the sender, as it is by TCP.
        writer.transport.set_write_buffer_limits(high=CHUNK)
        try:
            while data := await reader.read(CHUNK):
                await throttle.wait_for(len(data))
                writer.write(data)
                await writer.drain()
        except ConnectionError:
            pass
        finally:
            writer.close()


@contextmanager
def proxy_to(reach: Callable[[], Awaitable[Ends]], tls: ssl.SSLContext | None = None) -> Iterator[Proxy]:
    """Run a proxy in a thread of its own, with https in front where it is given a certificate."""
    proxy, ready = Proxy(reach), threading.Event()

    async def serve() -> None:
        server = await proxy.listen(tls)
        ready.set()
        await proxy.over.wait()
        server.close()
        proxy.end()
        if left := asyncio.all_tasks() - {asyncio.current_task()}:
            await asyncio.wait(left, timeout=5)

    thread = threading.Thread(target=lambda: proxy.loop.run_until_complete(serve()), daemon=True)
    thread.start()
    if not ready.wait(10):
        raise TimeoutError("the proxy did not start")
    try:
        yield proxy
    finally:
        proxy.loop.call_soon_threadsafe(proxy.over.set)
        thread.join(10)
