"""The fast lane lets in who knows the key, and shows that it knows it too."""

from __future__ import annotations

import hmac
from typing import Any

import aiohttp
import pytest

from rtcnb.runtime.fast_lane import FastLane, pack, unpack


def proof(key: str, text: str) -> str:
    return hmac.digest(key.encode(), text.encode(), "sha256").hex()


class Lane:
    """A listening lane and a client to try it with."""

    def __init__(self) -> None:
        self.received: list[tuple[Any, list[bytes]]] = []
        self.lane = FastLane(
            lambda content, buffers: self.received.append((content, [bytes(b) for b in buffers]))
        )

    async def __aenter__(self) -> Lane:
        await self.lane.listen()
        self.session = aiohttp.ClientSession()
        self.socket = await self.session.ws_connect(f"http://127.0.0.1:{self.lane.port}/")
        return self

    async def __aexit__(self, *error: Any) -> None:
        await self.session.close()
        await self.lane.close()

    async def shake_hands(self, key: str) -> dict[str, Any]:
        await self.socket.send_json({"instance": "p1", "nonce": "ours"})
        self.theirs = await self.socket.receive_json(timeout=2)
        await self.socket.send_json({"proof": proof(key, f"page {self.theirs['nonce']} ours")})
        return self.theirs


async def test_frames_go_both_ways_after_both_proofs() -> None:
    async with Lane() as client:
        theirs = await client.shake_hands(client.lane.key)
        assert theirs["proof"] == proof(client.lane.key, f"kernel ours {theirs['nonce']}")
        assert (await client.socket.receive_json(timeout=2)) == {"welcome": True}
        await client.socket.send_bytes(pack({"kind": "event"}, [b"abc", b"de"]))
        assert client.lane.send("p1", {"op": "push"}, [b"jpeg"])
        content, buffers = unpack(await client.socket.receive_bytes(timeout=2))
        assert content == {"op": "push"} and bytes(buffers[0]) == b"jpeg"
    assert client.received == [({"kind": "event"}, [b"abc", b"de"])]


async def test_a_stranger_is_shut_out() -> None:
    async with Lane() as client:
        await client.shake_hands("not the key")
        message = await client.socket.receive(timeout=2)
        assert message.type in (aiohttp.WSMsgType.CLOSE, aiohttp.WSMsgType.CLOSED)
        assert not client.lane.send("p1", {}, [b"frame"])


@pytest.mark.parametrize("said", ["[]", "{}", "not json", '{"instance": 1}'])
async def test_nonsense_closes_the_connection(said: str) -> None:
    async with Lane() as client:
        await client.socket.send_str(said)
        message = await client.socket.receive(timeout=2)
        assert message.type in (aiohttp.WSMsgType.CLOSE, aiohttp.WSMsgType.CLOSED)


def test_unpack_refuses_what_is_no_message() -> None:
    for data in (b"", b"\0\0\0\4null", b"\0\0\0\2{}", b"\xff\xff\xff\xff"):
        with pytest.raises(ValueError):
            unpack(data)
