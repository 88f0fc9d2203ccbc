"""One trace of both ends: in causal order on one clock, with the page's statistics; and faults with a page."""

from __future__ import annotations

import re
from collections.abc import Callable

import pytest
from lab import Notebook

Open = Callable[..., Notebook]

CALL = """
import asyncio, json, rtcnb
from rtcnb import faults
from rtcnb.peers.wire import exchange
from rtcnb.runtime import page
trace = rtcnb.Trace()
alice, bob = rtcnb.{alice}("alice", trace=trace), rtcnb.{bob}("bob", trace=trace)
pattern = rtcnb.TestPattern(width=160, height=120)
if isinstance(bob, rtcnb.KernelPeer):
    bob.addTrack(pattern.video)
    alice.addTransceiver("video", "recvonly")
else:
    alice.addTrack(pattern.video)
channel = alice.createDataChannel("chat")
"""
CONNECT = """
arrived = asyncio.get_running_loop().create_future()
bob.on("datachannel", lambda event: arrived.done() or arrived.set_result(event.channel))
await rtcnb.connect(alice, bob)
theirs = await asyncio.wait_for(arrived, 10)
heard = []
channel.on("message", lambda event: heard.append(event.data))
theirs.on("message", lambda event: heard.append(event.data))
await channel.wait_open(); await theirs.wait_open()
for number in range(20):
    channel.send(f"to bob {number}")
    theirs.send(f"to alice {number}")
async with asyncio.timeout(10):
    while len(heard) < 40 or any(len(trace.select(peer, "statistics")) < 2 for peer in ("alice", "bob")):
        await asyncio.sleep(0.05)
"""
ORDER = """
known, candidates = {}, []
for place, event in enumerate(trace.select()):
    if event.kind == "description":
        key = (event.description.type, tuple(m.ufrag for m in event.description.document.media))
        if event.side == "local":
            known[key] = place
        else:
            assert key in known, f"received before it was set: {event}"
    elif event.kind == "candidate" and not event.candidate.is_end:
        key = event.candidate.candidate.split(" ufrag ")[0]
        if event.action == "gathered":
            known.setdefault(key, place)
        else:
            assert key in known, f"added before it was gathered: {event}"
            candidates.append(event.peer)
assert set(candidates) == {"alice", "bob"}, f"each was given some of the other's: {candidates}"

def in_order(kind, thing_of, first, then):
    # Each thing that arrived set out before; the number of those that did.
    under_way, count = {}, 0
    for event in trace.select(kind=kind):
        if event.action == first:
            under_way[thing_of(event)] = under_way.get(thing_of(event), 0) + 1
        elif event.action == then:
            assert under_way.get(thing_of(event), 0) > 0, f"received before it was sent: {event}"
            under_way[thing_of(event)] -= 1
            count += 1
    return count

count = in_order("message", lambda e: e.number, "sent", "received")
assert count >= 4, f"{count} messages arrived"
other = {"alice": "bob", "bob": "alice"}
way = lambda e: e.peer if e.action == "sent" else other[e.peer]
count = in_order("channel", way, "sent", "received")
assert count == 40, f"{count} of 40 arrived on the channel"
signaling = [(e.peer, e.new) for e in trace.select(kind="state") if e.state == "signalingState"]
wanted = [("alice", "have-local-offer"), ("bob", "have-remote-offer"), ("bob", "stable"), ("alice", "stable")]
assert signaling == wanted, signaling
types = [e.description.type for e in trace.select(kind="description")]
assert types == ["offer", "offer", "answer", "answer"], types
by_peer = {p: {e.kind for e in trace.select(peer=p)} for p in trace.peers}
wanted = {"peer", "call", "state", "description", "candidate", "message", "pair", "selected", "dtls", "statistics"}
missing = {p: wanted - kinds for p, kinds in by_peer.items() if wanted - kinds}
assert not missing, missing
said = [e.clock_error_ms for e in trace.select(kind="page") if e.action == "clock"]
assert said and 0 < said[-1] < 1000, said
print("said:", *[e for e in trace.select(kind="page") if e.action == "clock"], sep="; ")
errors_ms = [p.clock.error_ms for p in page.link().pages.values()]
print("measured: error of the page's clock", [round(e, 1) for e in errors_ms], "ms")
print("worst", [f.rule for f in trace.diagnose() if f.severity != "advice"])
"""


@pytest.mark.parametrize("alice", ["BrowserPeer", "KernelPeer"])
def test_one_trace_has_both_sides_in_causal_order(notebook: Open, alice: str) -> None:
    nb = notebook()
    bob = {"BrowserPeer": "KernelPeer", "KernelPeer": "BrowserPeer"}[alice]
    nb.run(CALL.format(alice=alice, bob=bob))
    nb.run(CONNECT)
    told = nb.run(ORDER).text
    print(told)
    assert "worst []" in told and "inf" not in told


FAULT = """
wire = rtcnb.Wire(alice, bob)
faults.make(wire, {fault!r})
try:
    await exchange(wire, alice, bob)
except rtcnb.RtcnbError as error:
    print("refused:", str(error)[:100])
wire.auto = True
waited = await asyncio.gather(alice.wait_connected(8), bob.wait_connected(8), return_exceptions=True)
print("states", alice.connectionState, bob.connectionState)
print("first", next((f.rule for f in trace.diagnose()), "-"), [f.rule for f in trace.diagnose()])
found = [e.candidate for e in trace.select(peer="alice", kind="candidate") if e.action == "gathered"]
print("page gathered", [candidate.type for candidate in found])
trace.save("trace.jsonl")
print("file", next((f.rule for f in rtcnb.Trace.load("trace.jsonl").diagnose()), "-"))
await alice.close(); await bob.close(); await pattern.stop()
"""
FAULTS = {
    "wrong-pwd": "wrong-pwd",
    "wrong-fingerprint": "wrong-fingerprint",
    "both-active": "role-clash",
    "sections-swapped": "sections-differ",
    "codec-removed": "no-common-codec",
    "candidates-withheld": "no-candidates",
    "candidate-first": "candidate-first",
    "answer-twice": "answer-twice",
    "stale-offer": "stale-description",
    "mdns-only": "mdns-only",
    "relay-only": "relay-only",
}


@pytest.mark.timeout(300)
def test_each_fault_between_page_and_kernel_is_named(notebook: Open) -> None:
    nb = notebook()
    found = {}
    for fault in FAULTS:
        nb.run(CALL.format(alice="BrowserPeer", bob="KernelPeer"))
        told = nb.run(FAULT.format(fault=fault), timeout=60).text
        print(told)
        live, saved = (re.search(rf"^{where} (\S+)", told, re.M) for where in ("first", "file"))
        assert live and saved and live[1] == saved[1]
        found[fault] = live[1]
        if fault == "relay-only":
            assert "page gathered [None]" in told, "the end of candidates alone"
    assert found == FAULTS
