"""The other side's candidates at a kernel peer; above all those whose address is a name that nobody answers."""

from __future__ import annotations

import asyncio
from typing import Any

import aioice.mdns
import pytest

from rtcnb.peers.remote_candidates import MAX_LOOKUPS, RemoteCandidates
from rtcnb.sdp import Candidate, SessionDescription

NAMES = [f"{letter * 8}-rtcnb.local" for letter in "abcdefgh"]
SECTION = "v=0\r\no=- 1 1 IN IP4 0.0.0.0\r\ns=-\r\nt=0 0\r\nm=video 9 UDP/TLS/RTP/SAVPF 96\r\na=mid:0\r\n"


def candidate(address: str) -> Candidate:
    return Candidate(f"candidate:1 1 udp 2113937151 {address} 50000 typ host", "0", 0)


def offer(*addresses: str, end: bool = False) -> SessionDescription:
    bare = SessionDescription(type="offer", sdp=SECTION)
    return bare.with_candidates([candidate(address) for address in addresses], complete=end)


class Connection:
    """Takes addresses at once, and names when `answers` is set: those that it `knows`."""

    def __init__(self, *knows: str) -> None:
        self.knows = knows
        self.answers = asyncio.Event()
        self.taken: list[str] = []
        self.ended = False
        self.work: list[asyncio.Task[None]] = []

    async def addIceCandidate(self, given: Any) -> None:
        if given is None:
            self.ended = True
            return
        if given.ip.endswith(".local"):
            await self.answers.wait()
            if given.ip not in self.knows:
                return
        self.taken.append(given.ip)

    def beside(self, work: Any) -> asyncio.Task[None]:
        self.work.append(asyncio.ensure_future(work))
        return self.work[-1]

    def remote_candidates(self) -> list[str]:
        return self.taken


async def ask(operation: Any) -> Any:
    return await operation()


def taking(connection: Connection, description: SessionDescription) -> tuple[RemoteCandidates, list[str]]:
    notes: list[str] = []
    return RemoteCandidates(connection, description, notes.append), notes  # type: ignore[arg-type]


async def test_nothing_waits_for_a_name() -> None:
    connection = Connection()
    candidates, _ = taking(connection, offer())
    async with asyncio.timeout(1):
        for address in (*NAMES, "192.0.2.1"):
            await candidates.add(candidate(address), ask)
    assert connection.taken == ["192.0.2.1"]
    assert len(candidates.description.document.media[0].candidates) == 9, "each is in the description"


async def test_the_end_is_told_where_no_name_was() -> None:
    connection = Connection()
    candidates, notes = taking(connection, offer(end=True))
    await candidates.begin()
    assert not connection.ended, "aiortc has it from the description"
    await candidates.add(Candidate(), ask)
    assert connection.ended and not notes


@pytest.mark.parametrize("written", [True, False], ids=["in the description", "one by one"])
@pytest.mark.parametrize("known", [True, False])
async def test_the_end_waits_for_the_names_and_is_kept_where_none_resolves(
    written: bool, known: bool
) -> None:
    connection = Connection(*NAMES[:1] if known else ())
    candidates, notes = taking(connection, offer(*NAMES[:2], end=True) if written else offer())
    async with asyncio.timeout(1):
        await candidates.begin()
        for name in () if written else NAMES[:2]:
            await candidates.add(candidate(name), ask)
        await candidates.add(Candidate(), ask)
        assert not connection.ended
        connection.answers.set()
        await asyncio.gather(*connection.work)
    assert connection.ended is known
    assert connection.taken == NAMES[: int(known)]
    assert len(notes) == (0 if known else 2) and all("does not resolve here" in note for note in notes)


async def test_a_name_is_told_once_and_why_it_could_not_be_looked_up() -> None:
    connection = Connection()
    candidates, notes = taking(connection, offer())

    async def fails(given: Any) -> None:
        raise OSError("no multicast here")

    connection.addIceCandidate = fails  # type: ignore[method-assign]
    for _ in range(2):
        await candidates.add(candidate(NAMES[0]), ask)
    await asyncio.gather(*connection.work, return_exceptions=True)
    assert len(notes) == 1 and f"{NAMES[0]}, which does not resolve here (no multicast here)." in notes[0]


async def test_a_stranger_has_no_thousand_names_looked_up() -> None:
    connection = Connection()
    candidates, notes = taking(connection, offer(*(f"{number}-rtcnb.local" for number in range(1000))))
    await candidates.begin()
    assert len(connection.work) == MAX_LOOKUPS
    assert f"(more than {MAX_LOOKUPS} such names at once)" in notes[0]
    connection.answers.set()
    await asyncio.gather(*connection.work)


def test_aiortc_is_given_neither_names_nor_the_end_behind_them() -> None:
    mixed = offer(NAMES[0], "192.0.2.1", end=True)
    candidates, _ = taking(object(), mixed)  # type: ignore[arg-type]
    assert candidates.description is mixed
    assert candidates.shown.sdp == offer("192.0.2.1").sdp
    plain = offer("192.0.2.1", end=True)
    assert taking(object(), plain)[0].shown is plain  # type: ignore[arg-type]


# -- with aiortc


async def test_a_pasted_description_with_names_alone_connects_by_the_other_sides_checks(peers: Any) -> None:
    """RFC 8445 section 7.3.1.3: peer-reflexive; as a browser without a camera is pasted into a kernel."""
    alice, bob = peers
    alice.createDataChannel("chat")
    await alice.setLocalDescription(await alice.createOffer())
    hidden = [candidate(name) for name in NAMES[:4]]
    await bob.setRemoteDescription(alice.localDescription.without_candidates().with_candidates(hidden, True))
    await bob.setLocalDescription(await bob.createAnswer())
    async for _ in bob.candidates():
        pass
    assert bob.localDescription.document.media[0].candidates
    await alice.setRemoteDescription(bob.localDescription)
    await asyncio.gather(alice.wait_connected(10), bob.wait_connected(10))


async def test_a_peer_that_is_closed_looks_nothing_up(peers: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    async def for_ever(*_: Any) -> None:
        await asyncio.Event().wait()

    monkeypatch.setattr(aioice.mdns.MDnsProtocol, "resolve", for_ever)
    alice, bob = peers
    alice.createDataChannel("chat")
    await bob.setRemoteDescription(await alice.createOffer())
    await bob.addIceCandidate(candidate(NAMES[0]))
    await bob.addIceCandidate(None)
    lookups = set(bob._pc._beside)
    assert len(lookups) == 2, "the name and the end behind it"
    await bob.close()
    assert all(lookup.cancelled() for lookup in lookups)
