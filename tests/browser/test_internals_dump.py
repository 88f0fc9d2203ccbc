"""Fresh dumps: a call is made in a tab, and chrome://webrtc-internals saves it while it shows it."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from functools import partial
from http.server import HTTPServer, SimpleHTTPRequestHandler
from pathlib import Path
from typing import Any

import pytest
from conftest import CHROMIUM, FLAGS
from playwright.sync_api import Browser, Page

from rtcnb.trace import (
    DescriptionSet,
    MediaEvent,
    SelectedPair,
    StateChange,
    StatisticsEvent,
    Trace,
    TrackEvent,
)

CALL = """async () => {
    const stream = await navigator.mediaDevices.getUserMedia({ audio: true, video: true });
    const alice = (window.alice = new RTCPeerConnection({ iceServers: [] }));
    const bob = (window.bob = new RTCPeerConnection());
    alice.onicecandidate = ({ candidate }) => bob.addIceCandidate(candidate);
    bob.onicecandidate = ({ candidate }) => alice.addIceCandidate(candidate);
    for (const track of stream.getTracks()) alice.addTrack(track, stream);
    window.channel = alice.createDataChannel("chat");
    await alice.setLocalDescription(await alice.createOffer());
    await bob.setRemoteDescription(alice.localDescription);
    for (const track of stream.getTracks()) bob.addTrack(track, stream);
    await bob.setLocalDescription();
    await alice.setRemoteDescription(bob.localDescription);
}"""
# What the page shows of its connections, and its button pressed before anything changes there.
SHOWN = """([button, url]) => {
    const shown = {};
    for (const pair of document.querySelectorAll(".candidatepair")) {
        const pc = pair.parentElement;
        if (!pc.querySelector("p").textContent.includes(url)) continue;  // of another page of this browser
        const state = (name) => pc.querySelector(`.${name}`).textContent.split(" => ").at(-1).replaceAll('"', "");
        const members = {};
        for (const row of pc.querySelectorAll("tr")) {
            const start = `${pc.id}-table-`;
            if (row.id.startsWith(start)) members[row.id.slice(start.length)] = row.cells[1].textContent;
        }
        shown[pc.id] = {
            pair: pair.querySelector("span").textContent,
            states: {
                iceConnectionState: state("iceconnectionstate"),
                connectionState: state("connectionstate"),
                signalingState: state("signalingstate"),
            },
            members,
        };
    }
    document.getElementById(button).click();
    return shown;
}"""
# Both ends have been drawn for some seconds: the rates of two polls are there, and pictures flow.
DRAWN = """(url) => {
    const ours = [...document.querySelectorAll(".candidatepair")]
        .map((pair) => pair.parentElement)
        .filter((pc) => pc.querySelector("p").textContent.includes(url));
    const rates = ours.flatMap((pc) => [...pc.querySelectorAll("tr")])
        .filter((row) => /OT01V.*-\\[bytesSent_in_bits/.test(row.id));
    return rates.length === 2 && rates.every((row) => Number(row.cells[1].textContent) > 10000);
}"""


class Quiet(SimpleHTTPRequestHandler):
    """Serves a folder and says nothing of it."""

    def log_message(self, *args: Any) -> None:
        pass


@pytest.fixture
def plain_page(tmp_path: Path) -> Iterator[str]:
    """The address of a page with nothing in it, on localhost, where cameras may be used."""
    (tmp_path / "index.html").write_text("<title>a call</title>")
    server = HTTPServer(("127.0.0.1", 0), partial(Quiet, directory=str(tmp_path)))
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}/"
    server.shutdown()
    server.server_close()
    thread.join(10)


@pytest.fixture
def internals(browser: Browser, plain_page: str) -> Iterator[Page]:
    """chrome://webrtc-internals, which shows a call that a page makes."""
    # In a browser of its own: it shows the calls of all tabs, those of other tests too.
    own = browser.browser_type.launch(executable_path=CHROMIUM, args=FLAGS)
    context = own.new_context(permissions=["camera", "microphone"], accept_downloads=True)
    internals = context.new_page()
    internals.goto("chrome://webrtc-internals")
    internals.wait_for_selector("#dump-click-target", state="attached")
    caller = context.new_page()
    caller.goto(plain_page)
    caller.evaluate(CALL)
    internals.wait_for_function(DRAWN, arg=plain_page, timeout=60_000)
    yield internals
    own.close()


def saved(internals: Page, url: str, button: str, path: Path) -> dict[str, Any]:
    """Press a button of the page and keep what it saves; return what the page showed then of the call."""
    with internals.expect_download() as download:
        shown: dict[str, Any] = internals.evaluate(SHOWN, [button, url])
    download.value.save_as(path)
    assert len(shown) == 2
    return shown


def test_selected_pair_codecs_states_and_bitrates_are_those_that_the_page_shows(
    internals: Page, plain_page: str, tmp_path: Path
) -> None:
    shown = saved(internals, plain_page, "dump-click-target", tmp_path / "dump")
    trace = Trace.load(tmp_path / "dump")
    assert set(shown) <= set(trace.peers) and trace.source == "webrtc-internals"
    for name, told in shown.items():
        # Selected pair: "[fd00::2]:56361 <=> [fd00::2]:51682".
        selected = trace.select(peer=name, kind=SelectedPair)[-1]
        assert f"{selected.local} <=> {selected.remote}" == told["pair"]
        # States.
        states = {e.state: e.new for e in trace.select(peer=name, kind=StateChange)}
        assert {state: states[state] for state in told["states"]} == told["states"]
        assert told["states"]["connectionState"] == "connected"
        before, last = (e for e in trace.select(peer=name, kind=StatisticsEvent)[-2:])
        codecs, rates = 0, 0
        for key, text in told["members"].items():
            id, _, member = key.partition("-[")
            # Codecs: "opus (111, minptime=10;useinbandfec=1)".
            if member == "codec]":
                codec = last.report[last.report[id]["codecId"]]
                assert text.startswith(f"{codec['mimeType'].partition('/')[2]} ({codec['payloadType']}")
                codecs += 1
            # Bitrates: of every stream, pair, channel and transport.
            elif member.endswith("_in_bits/s]"):
                counter = member.removesuffix("_in_bits/s]")
                bits = 8 * (last.report[id][counter] - before.report[id][counter])
                assert bits / (last.time - before.time) == pytest.approx(float(text), abs=1.5), key
                rates += 1
        assert codecs == 4 and rates > 12, "sound and pictures, both ways"
    assert trace.diagnose() == []


def test_the_rest_of_a_fresh_dump(internals: Page, plain_page: str, tmp_path: Path) -> None:
    shown = saved(internals, plain_page, "dump-click-target", tmp_path / "dump")
    trace = Trace.load(tmp_path / "dump")
    alice, bob = shown
    described = [(e.peer, e.side, e.description.type) for e in trace.select(kind=DescriptionSet)]
    assert sorted(described) == [
        (alice, "local", "offer"),
        (alice, "remote", "answer"),
        (bob, "local", "answer"),
        (bob, "remote", "offer"),
    ]
    assert [(e.action, e.device) for e in trace.select(kind=MediaEvent)][-3:] == [
        ("starting", ""),
        ("live", "fake_device_0"),
        ("live", "Fake Default Audio Input"),
    ]
    assert sorted(
        e.track_kind for e in trace.select(peer=bob, kind=TrackEvent) if e.action == "received"
    ) == [
        "audio",
        "video",
    ]
    assert not [what for what in trace.missing if "times" in what]
    report = trace.select(peer=alice, kind=StatisticsEvent)[-1].report
    assert {e["label"] for e in report.values() if e["type"] == "data-channel"} == {"chat"}


def without_ufrags(report: dict[str, dict[str, Any]]) -> dict[str, dict[str, Any]]:
    """One like 0123 or 1e23, by chance, is 123 or 1e+23 in the older dump; descriptions have them as they are."""
    return {
        id: {name: value for name, value in entry.items() if not name.lower().endswith("usernamefragment")}
        for id, entry in report.items()
    }


def test_chrome_s_own_rtcstats_says_the_same(internals: Page, plain_page: str, tmp_path: Path) -> None:
    saved(internals, plain_page, "dump-click-target-rtcstats", tmp_path / "rtcstats")
    shown = saved(internals, plain_page, "dump-click-target", tmp_path / "dump")
    theirs, ours = Trace.load(tmp_path / "rtcstats"), Trace.load(tmp_path / "dump")
    assert theirs.source == "rtcstats" and theirs.peers == ours.peers
    for kind in (StateChange, SelectedPair, DescriptionSet, TrackEvent):
        for name in shown:
            told, expected = ([str(e) for e in t.select(peer=name, kind=kind)] for t in (theirs, ours))
            assert told and told == expected[: len(told)]  # the call went on between the two
    for name in shown:
        told, expected = (
            [without_ufrags(e.report) for e in t.select(peer=name, kind=StatisticsEvent)]
            for t in (theirs, ours)
        )
        assert len(told) >= 2
        assert told == expected[: len(told)]
    assert theirs.diagnose() == []
