"""The fast lane: a WebSocket from the page to the background loop, for frames, where it can be reached.

It listens on loopback only. Both ends prove that they know a key that travelled over the notebook's own
connection, so that neither a stranger's page nor a stranger's server can stand in.
"""

from __future__ import annotations

import asyncio
import hmac
import json
import logging
import secrets
from collections.abc import Callable, Sequence
from typing import Any

from aiohttp import WSMsgType, web

log = logging.getLogger("rtcnb")

HANDSHAKE_TIMEOUT = 5.0
MAX_MESSAGE_BYTES = 16 * 2**20
MAX_CONNECTIONS = 16

Receive = Callable[[dict[str, Any], list[memoryview]], None]


def pack(content: dict[str, Any], buffers: Sequence[bytes | memoryview]) -> bytes:
    """Join a message and its buffers: 4 bytes header length, a JSON header with their sizes, the buffers."""
    header = json.dumps({"content": content, "sizes": [len(b) for b in buffers]}).encode()
    return b"".join([len(header).to_bytes(4, "big"), header, *buffers])


def unpack(data: bytes) -> tuple[dict[str, Any], list[memoryview]]:
    """Take a message apart; ValueError where it is not one."""
    view = memoryview(data)
    end = 4 + int.from_bytes(view[:4], "big")
    header = json.loads(bytes(view[4:end]))
    if not isinstance(header, dict) or not isinstance(header.get("content"), dict):
        raise ValueError("not a message of the fast lane")
    buffers = []
    for size in header.get("sizes", []):
        buffers.append(view[end : end + size])
        end += size
    return header["content"], buffers


class FastLane:
    """The kernel's end. Everything here runs on the background loop.

    Parameters
    ----------
    receive : callable
        Called with each message's content and buffers.
    """

    def __init__(self, receive: Receive) -> None:
        self.key = secrets.token_urlsafe(32)
        self.port = 0
        self._receive = receive
        self._sockets: dict[str, web.WebSocketResponse] = {}
        self._connections = 0
        self._runner: web.AppRunner | None = None
        self._sending: set[asyncio.Task[None]] = set()

    async def listen(self) -> None:
        """Listen on a free port of the loopback address."""
        app = web.Application()
        app.router.add_get("/", self._serve)
        self._runner = web.AppRunner(app, access_log=None)
        await self._runner.setup()
        site = web.TCPSite(self._runner, "127.0.0.1", 0)
        await site.start()
        self.port = self._runner.addresses[0][1]

    async def close(self) -> None:
        """Close every socket and stop listening."""
        if self._runner is not None:
            await self._runner.cleanup()

    def send(self, page: str, content: dict[str, Any], buffers: Sequence[bytes | memoryview]) -> bool:
        """Send to a page; False where it has no open socket here."""
        socket = self._sockets.get(page)
        if socket is None or socket.closed:
            return False
        task = asyncio.ensure_future(self._send(socket, pack(content, buffers)))
        self._sending.add(task)
        task.add_done_callback(self._sending.discard)
        return True

    async def _send(self, socket: web.WebSocketResponse, data: bytes) -> None:
        try:
            await socket.send_bytes(data)
        except (ConnectionError, RuntimeError) as error:  # closed meanwhile; the page's "bye" tells the rest
            log.debug("fast lane: %s", error)

    async def _serve(self, request: web.Request) -> web.StreamResponse:
        if self._connections >= MAX_CONNECTIONS:
            return web.Response(status=503, text="too many pages")
        socket = web.WebSocketResponse(max_msg_size=MAX_MESSAGE_BYTES, heartbeat=10)
        await socket.prepare(request)
        self._connections += 1
        page = ""
        try:
            async with asyncio.timeout(HANDSHAKE_TIMEOUT):
                page = await self._shake_hands(socket)
            self._sockets[page] = socket
            async for message in socket:
                if message.type == WSMsgType.BINARY:
                    self._receive(*unpack(message.data))
        except (TimeoutError, ValueError, TypeError, KeyError) as error:
            log.warning("fast lane: closed a connection that did not keep to the protocol (%s)", error)
        finally:
            self._connections -= 1
            if self._sockets.get(page) is socket:
                del self._sockets[page]
            await socket.close()
        return socket

    async def _shake_hands(self, socket: web.WebSocketResponse) -> str:
        hello = await socket.receive_json()
        page, theirs = str(hello["instance"]), str(hello["nonce"])
        ours = secrets.token_urlsafe(16)
        await socket.send_json({"nonce": ours, "proof": self._proof(f"kernel {theirs} {ours}")})
        proof = str((await socket.receive_json())["proof"])
        if not hmac.compare_digest(proof.encode(), self._proof(f"page {ours} {theirs}").encode()):
            raise ValueError("wrong proof")
        await socket.send_json({"welcome": True})
        return page

    def _proof(self, text: str) -> str:
        return hmac.digest(self.key.encode(), text.encode(), "sha256").hex()
