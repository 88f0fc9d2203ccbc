"""STUN and TURN against coturn: a call over the relay, and every way in which a server gives none."""

from __future__ import annotations

import asyncio
import base64
import contextlib
import re
import socket
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import aioice.stun
import aioice.turn
import pytest
from coturn import CREDENTIAL, REALM, REST, SECRET, USERNAME, Coturn, rest_login, serve
from failures import attempt, healthy, judge, nameless, peers
from ports import free_port

import rtcnb
from rtcnb import faults
from rtcnb.errors import ConnectionFailed
from rtcnb.trace import PacketEvent, SelectedPair, ServerEvent, Trace
from rtcnb.trace.packets import decode

StartCoturn = Callable[..., Coturn]


def hides(secret: str, trace: Trace, directory: Path) -> bool:
    """Whether a word is nowhere in what is shown of a trace, in its packets, nor in its files."""
    trace.save(directory / "secret.jsonl")
    trace.save(directory / "secret.pcapng")
    shown = [repr(trace), *map(str, trace.events), *map(repr, trace.events), *map(repr, trace.diagnose())]
    packets = [x.data + x.plain for x in trace.select(kind=PacketEvent)]  # type: ignore[attr-defined]
    files = [(directory / name).read_bytes() for name in ("secret.jsonl", "secret.pcapng")]
    forms = {secret.encode(), secret.encode().hex().encode(), base64.b64encode(secret.encode())}
    everything = [text.encode() for text in shown] + packets + files
    return not any(form in text for form in forms for text in everything)


@pytest.mark.parametrize("ci", [True, False])
def test_ci_fails_without_coturn_and_others_skip(
    ci: bool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("coturn.PROGRAM", "no-such-program")
    monkeypatch.setenv("CI", "true" if ci else "")
    outcomes = (pytest.fail.Exception, pytest.skip.Exception)
    with pytest.raises(outcomes, match="not installed") as caught, serve(tmp_path):
        pass
    assert caught.type is outcomes[0 if ci else 1]


async def flows(alice: Any, bob: Any, channel: Any) -> None:
    """A message each way, and pictures."""
    theirs = asyncio.get_running_loop().create_future()
    bob.on("datachannel", lambda event: theirs.done() or theirs.set_result(event.channel))
    frames = bob.track("video")
    await rtcnb.connect(alice, bob)
    async with asyncio.timeout(10):
        await channel.wait_open()
        there = await theirs
        there.on("message", lambda event: there.send(f"{event.data}, too"))
        channel.send("over the relay")
        async for answer in channel:
            assert answer == "over the relay, too"
            break
        while frames.counters.frames < 3:
            await asyncio.sleep(0.05)


@pytest.mark.parametrize("transport", ["udp", "tcp"])
async def test_a_call_over_the_relay(coturn: Coturn, transport: str, tmp_path: Path) -> None:
    async with peers(iceServers=[coturn.turn(transport=transport)], **faults.RELAY_ONLY) as (alice, bob):
        alice.addTrack(rtcnb.TestPattern(width=64, height=48).video)
        await flows(alice, bob, alice.createDataChannel("chat"))
        selected: list[Any] = [alice.trace.select(peer=p.name, kind=SelectedPair)[-1] for p in (alice, bob)]
        assert {(pair.local_type, pair.remote_type) for pair in selected} == {("relay", "relay")}
        healthy(alice.trace, tmp_path)
        await alice.close()
        await bob.close()
        healthy(alice.trace, tmp_path)
        assert hides(CREDENTIAL, alice.trace, tmp_path) and hides(USERNAME, alice.trace, tmp_path)
        judge_packets(alice.trace, coturn)


def judge_packets(trace: Trace, coturn: Coturn) -> None:
    """What went to coturn and came from it: all of it read, the login's name hidden, each relay given back."""
    server = f"127.0.0.1:{coturn.port}"
    packets: list[Any] = [x for x in trace.select(kind=PacketEvent) if x.remote == server]  # type: ignore[attr-defined]
    read = [decode(x.data, size_bytes=x.size_bytes) for x in packets]
    assert [d.error for d in read if d.error] == []
    said = [kind_of(d.summary) for d in read]
    assert {"Allocate request", "Allocate error response", "Allocate success response"} <= set(said)
    assert {"ChannelBind request", "ChannelBind success response"} <= set(said)
    assert said.count("Allocate success response") == said.count("Refresh request"), "each is given back"
    allocated = read[said.index("Allocate success response")]
    assert {"XOR-RELAYED-ADDRESS", "XOR-MAPPED-ADDRESS", "LIFETIME"} <= {f.name for f in allocated.fields}
    asked = next(d for d, s in zip(read, said, strict=True) if s == "Allocate request" and d.get("REALM"))
    assert asked.get("REALM") == REALM and set(asked.get("USERNAME")) == {"*"}
    relayed = [d.inner[0].summary for d in read if d.protocol == "turn-channel"]
    checks = [d.inner[0] for d in read if d.inner and d.inner[0].protocol == "stun"]
    assert all("FINGERPRINT" in {f.name for f in check.fields} for check in checks), "checks are kept whole"
    for what in ("STUN Binding request", "STUN Binding success", "DTLS ClientHello", "SRTP"):
        assert any(summary.startswith(what) for summary in relayed), what


async def test_messages_that_aioice_does_not_send_by_itself(coturn: Coturn) -> None:
    """CreatePermission, and the Send and Data indications, with coturn at the other end (RFC 8656 10, 11)."""
    transport, _ = await aioice.turn.create_turn_endpoint(
        asyncio.DatagramProtocol, ("127.0.0.1", coturn.port), USERNAME, CREDENTIAL
    )
    client = transport._TurnTransport__inner_protocol
    packets: list[bytes] = []
    received, send = client.datagram_received, client._send
    client.datagram_received = lambda data, address: (packets.append(data), received(data, address))
    client._send = lambda data: (packets.append(data), send(data))
    message, method, kind = aioice.stun.Message, aioice.stun.Method, aioice.stun.Class
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as peer:
        peer.bind(("127.0.0.1", 0))
        peer.setblocking(False)
        address = peer.getsockname()
        permission = message(message_method=method.CREATE_PERMISSION, message_class=kind.REQUEST)
        permission.attributes["XOR-PEER-ADDRESS"] = address
        await client.request_with_retry(permission)
        sending = message(message_method=method.SEND, message_class=kind.INDICATION)
        sending.attributes["XOR-PEER-ADDRESS"] = address
        sending.attributes["DATA"] = b"\x80\x60" + bytes(10)
        client.send_stun(sending, client.server)
        async with asyncio.timeout(10):
            data, relay = await asyncio.get_running_loop().sock_recvfrom(peer, 1500)
            peer.sendto(data, relay)
            while not any(decode(x).summary.startswith("STUN Data") for x in packets):
                await asyncio.sleep(0.01)
    await client.delete()
    read = {kind_of(decode(x).summary): decode(x) for x in packets}
    assert all(d.error == "" for d in read.values())
    assert "CreatePermission success response" in read
    for what in ("CreatePermission request", "Send indication", "Data indication"):
        assert read[what].get("XOR-PEER-ADDRESS") == address
    for what in ("Send indication", "Data indication"):
        assert read[what].inner[0].summary.startswith("SRTP pt 96")


def kind_of(summary: str) -> str:
    """Return class and method of a STUN message, of what its summary says."""
    return re.sub(r"^STUN (\w+ \w+( response)?).*", r"\1", summary)


async def test_the_fault_that_leaves_only_relays(coturn: Coturn, tmp_path: Path) -> None:
    async with peers(iceServers=[coturn.turn()]) as (alice, bob):
        alice.createDataChannel("chat")
        fault = faults.relay_only(rtcnb.Wire(alice, bob))
        await rtcnb.connect(alice, bob)
        assert {c.type async for c in alice.candidates() if not c.is_end} == {"relay"}
        healthy(alice.trace, tmp_path)
        fault.undo()
    async with peers() as (alice, bob):
        alice.createDataChannel("chat")
        faults.relay_only(rtcnb.Wire(alice, bob)).undo()
        await rtcnb.connect(alice, bob)
        assert "host" in {c.type async for c in alice.candidates()}


# -- servers that give no relay

WRONG_LOGINS = ["wrong credential", "unknown username", "expired"]


def refusing(what: str, start: StartCoturn) -> tuple[Coturn, dict[str, Any]]:
    """Start a server, and return it with a login that it refuses."""
    coturn = start(login=REST) if what == "expired" else start()
    login = {
        "wrong credential": (USERNAME, "wrong-word-Qf5"),
        "unknown username": ("nobody-Rt8", CREDENTIAL),
        "expired": rest_login(lifetime_s=-60),
    }[what]
    return coturn, coturn.turn(*login)


@pytest.mark.parametrize("what", WRONG_LOGINS)
async def test_a_login_that_is_refused(what: str, coturn_with: StartCoturn, tmp_path: Path) -> None:
    coturn, server = refusing(what, coturn_with)
    async with peers(iceServers=[coturn.stun, server], **faults.RELAY_ONLY) as (alice, bob):
        alice.createDataChannel("chat")
        begun = time.monotonic()
        errors = await attempt(rtcnb.Wire(alice, bob), alice, bob, timeout=40)
        assert time.monotonic() - begun < 20, "what is missing is said after 5 s"
        assert errors and all(e.findings[0].rule == "turn-login" for e in errors)  # type: ignore[attr-defined]
        assert f"The TURN server {server['urls']} answered alice but refused the login (401)" in str(errors)
        assert alice.connectionState == bob.connectionState == "new", "there is no pair to check"
        judge("turn-login", alice.trace, tmp_path)
        assert {f.rule for f in alice.trace.diagnose()} == {"turn-login", "relay-only"}, "signaling is fine"
        for word in (server["username"], server["credential"], CREDENTIAL, SECRET):
            assert hides(word, alice.trace, tmp_path) and word not in repr(errors) + str(errors)


async def test_rest_credentials_that_have_not_expired(coturn_with: StartCoturn, tmp_path: Path) -> None:
    server = coturn_with(login=REST).turn(*rest_login(lifetime_s=60))
    async with peers(iceServers=[server], **faults.RELAY_ONLY) as (alice, bob):
        alice.createDataChannel("chat")
        await rtcnb.connect(alice, bob)
        healthy(alice.trace, tmp_path)


async def test_a_call_that_works_without_the_relay_that_was_refused(coturn: Coturn, tmp_path: Path) -> None:
    server = coturn.turn(credential="wrong-word-Qf5")
    async with peers(iceServers=[coturn.stun, server]) as (alice, bob):
        alice.createDataChannel("chat")
        await rtcnb.connect(alice, bob)
        assert {c.type async for c in alice.candidates() if not c.is_end} == {"host", "srflx"}
        judge("turn-lost", alice.trace, tmp_path)
        finding = alice.trace.diagnose()[0]
        assert finding.severity == "warning" and f"{server['urls']} gave alice no relay (401 Unauth" in str(
            finding
        )
        assert [e.error_code for e in alice.trace.select(kind=ServerEvent)] == [401, 401]  # type: ignore[attr-defined]


@contextlib.contextmanager
def unreachable(how: str) -> Iterator[tuple[str, str]]:
    """Yield the address of a server of that kind, with its transport."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as deaf:
        deaf.bind(("127.0.0.1", 0))
        yield {
            "silent port": (f"127.0.0.1:{deaf.getsockname()[1]}", "udp"),
            "closed port": (f"127.0.0.1:{free_port()}", "udp"),
            "closed TCP port": (f"127.0.0.1:{free_port()}", "tcp"),
            "unknown name": ("nowhere.invalid:3478", "udp"),
        }[how]


# What is said of a TURN server that cannot be reached, and of a STUN server: there no ICMP is heard.
SAID_OF_TURN = {
    "silent port": r"did not answer alice \(no answer within 5 s\)",
    "closed port": r"No TURN server listens at .* alice was refused the connection",
    "closed TCP port": r"No TURN server listens at .* alice was refused the connection",
    "unknown name": r"alice cannot find the TURN server turn:nowhere\.invalid.* does not resolve",
}
SAID_OF_STUN = {
    "silent port": r"did not answer alice, whose gathering waited [5-9]\.\d s",
    "closed port": r"did not answer alice, whose gathering waited [5-9]\.\d s",
    "unknown name": r"alice cannot find the STUN server stun:nowhere\.invalid.* does not resolve",
}


@pytest.mark.parametrize("how", SAID_OF_TURN)
async def test_a_turn_server_that_cannot_be_reached(how: str, tmp_path: Path) -> None:
    with unreachable(how) as (host, transport):
        server = {"urls": f"turn:{host}?transport={transport}", "username": "u", "credential": "c"}
        async with peers(iceServers=[server], **faults.RELAY_ONLY) as (alice, bob):
            alice.createDataChannel("chat")
            begun = time.monotonic()
            errors = await attempt(rtcnb.Wire(alice, bob), alice, bob, timeout=40)
            assert time.monotonic() - begun < 20, (
                "what is missing is said after 5 s, or 6 where nothing answers"
            )
            assert re.search(SAID_OF_TURN[how], str(errors[0]))
            judge("turn-unreachable", alice.trace, tmp_path)


@pytest.mark.parametrize("how", ["silent port", "closed port"])
async def test_a_call_that_works_without_the_server_that_is_down(how: str, tmp_path: Path) -> None:
    with unreachable(how) as (host, _):
        server = {"urls": f"turn:{host}", "username": "u", "credential": "c"}
        async with peers(iceServers=[server]) as (alice, bob):
            alice.createDataChannel("chat")
            await rtcnb.connect(alice, bob, timeout=20)
            judge("turn-lost", alice.trace, tmp_path)


@pytest.mark.parametrize("how", SAID_OF_STUN)
async def test_a_stun_server_that_cannot_be_reached(how: str, tmp_path: Path) -> None:
    with unreachable(how) as (host, _):
        async with peers(iceServers=f"stun:{host}") as (alice, bob):
            alice.createDataChannel("chat")
            await rtcnb.connect(alice, bob, timeout=20)
            assert re.search(SAID_OF_STUN[how], str(alice.trace.diagnose()[0]))
            judge("dead-stun", alice.trace, tmp_path)


async def test_a_stun_server_that_answers(coturn: Coturn, tmp_path: Path) -> None:
    async with peers(iceServers=[coturn.stun]) as (alice, bob):
        alice.createDataChannel("chat")
        await rtcnb.connect(alice, bob)
        assert "srflx" in {c.type async for c in alice.candidates()}
        healthy(alice.trace, tmp_path)


async def gather(peer: Any) -> set[str]:
    """Have a peer gather, and return the types that it found."""
    peer.createDataChannel("chat")
    await peer.setLocalDescription(await peer.createOffer())
    return {c.type async for c in peer.candidates() if not c.is_end}


@pytest.mark.parametrize(
    ("options", "code"), [(["user-quota=1"], "486"), (["min-port=9990", "max-port=9990"], "508")]
)
async def test_a_server_that_has_no_relay_left(
    options: list[str], code: str, coturn_with: StartCoturn, tmp_path: Path
) -> None:
    server = coturn_with(*options).turn()
    async with peers(iceServers=[server], **faults.RELAY_ONLY) as (alice, bob):
        assert await gather(alice) == {"relay"}, "the first one"
        await bob.setRemoteDescription(alice.localDescription)
        await bob.setLocalDescription(await bob.createAnswer())
        with pytest.raises(ConnectionFailed, match=rf"has no relay left for it: {code} "):
            await bob.wait_connected(timeout=8)
        judge("turn-refused", alice.trace, tmp_path)
        rules = {f.rule for f in nameless(alice.trace).diagnose()}
        assert "turn-login" not in rules and "no-remote-candidates" not in rules


async def test_a_server_that_may_not_send_to_the_other_side(coturn_with: StartCoturn, tmp_path: Path) -> None:
    coturn = coturn_with("denied-peer-ip=127.0.0.0-127.255.255.255")
    async with peers(iceServers=[coturn.turn()], **faults.RELAY_ONLY) as (alice, bob):
        alice.createDataChannel("chat")
        await attempt(rtcnb.Wire(alice, bob), alice, bob)
        judge("relay-forbidden", alice.trace, tmp_path)
        told = alice.trace.diagnose()[0]
        assert re.search(r"refuses to send from it to 127\.0\.0\.1:\d+: 403 Forbidden IP", told.sentence)
        assert len(told.evidence) == 2, "the request and its answer"


# -- the end of a call


async def test_a_call_ends_though_its_server_is_gone(coturn_with: StartCoturn) -> None:
    coturn = coturn_with()
    async with peers(iceServers=[coturn.turn()], **faults.RELAY_ONLY) as (alice, bob):
        alice.createDataChannel("chat")
        await rtcnb.connect(alice, bob)
        coturn.stop()
        begun = time.monotonic()
        await asyncio.gather(alice.close(), bob.close())
        assert time.monotonic() - begun < 20, "aioice alone asks for 63 s to have the relay released"


async def test_nothing_is_asked_after_the_end(tmp_path: Path) -> None:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as deaf:
        deaf.bind(("127.0.0.1", 0))
        host = f"127.0.0.1:{deaf.getsockname()[1]}"
        servers = [{"urls": f"stun:{host}"}, {"urls": f"turn:{host}", "username": "u", "credential": "c"}]
        async with peers(iceServers=servers) as (alice, _):
            alice.createDataChannel("chat")
            await alice.setLocalDescription(await alice.createOffer())
            loop = asyncio.get_running_loop()
            deaf.setblocking(False)
            async with asyncio.timeout(5):
                await loop.sock_recv(deaf, 1500)
            await alice.close()
            assert not alice.trace.select(kind=ServerEvent), "it was not the server that ended it"
            with contextlib.suppress(BlockingIOError):
                while True:
                    deaf.recv(1500)
            with pytest.raises(TimeoutError):
                async with asyncio.timeout(2.5):  # they would be asked again after 0.5, 1 and 2 s
                    await loop.sock_recv(deaf, 1500)
