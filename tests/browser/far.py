"""A Jupyter far away: in a namespace of its own, reached through a TCP proxy that can be made slow."""

from __future__ import annotations

import asyncio
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

CHUNK = 4096


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
    """TCP on loopback to a Unix socket, each direction with its throttle."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.out, self.back = Throttle(), Throttle()
        self.port = 0

    def slow_down(self, bits_s: float) -> None:
        self.out.rate_bytes_s = self.back.rate_bytes_s = bits_s / 8

    async def listen(self) -> asyncio.Server:
        server = await asyncio.start_server(self._connect, "127.0.0.1", self.port)
        self.port = server.sockets[0].getsockname()[1]
        return server

    async def _connect(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            inner_reader, inner_writer = await asyncio.open_unix_connection(str(self.path))
        except OSError:
            writer.close()
            return
        await asyncio.gather(
            self._copy(reader, inner_writer, self.back), self._copy(inner_reader, writer, self.out)
        )

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
def proxy_to(path: Path) -> Iterator[Proxy]:
    """Run a proxy in a thread of its own."""
    proxy, ready, loop = Proxy(path), threading.Event(), asyncio.new_event_loop()

    async def begin() -> None:
        await proxy.listen()
        ready.set()

    def run() -> None:
        loop.create_task(begin())
        loop.run_forever()

    thread = threading.Thread(target=run, daemon=True)
    thread.start()
    if not ready.wait(10):
        raise TimeoutError("the proxy did not start")
    try:
        yield proxy
    finally:
        loop.call_soon_threadsafe(loop.stop)
        thread.join(10)
