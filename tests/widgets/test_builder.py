"""The Builder: what its form says, what it makes, and what it does not tell."""

from __future__ import annotations

import json
import pickle
from collections.abc import AsyncIterator
from typing import Any

import pytest

import rtcnb
from rtcnb.errors import PageRefused, PeerError
from rtcnb.peers import browser, codecs
from rtcnb.trace import Trace
from rtcnb.widgets.builder import Builder
from rtcnb.widgets.live import static_html

from .drawn import having, page_of, text_of

SECRET = "a-very-secret-word"
HOSTILE = '<img src=x onerror="alert(1)">'


class FakePage:
    """Stands in for the PageObject: what was called, and the codecs of a browser."""

    event_time = 5.0
    page = "p"
    id = "browser-1"
    refuses: tuple[str, ...] = ()

    def __init__(self, *arguments: Any, **more: Any) -> None:
        self.calls: list[Any] = [arguments[1]["rtcConfiguration"]] if "browser" in arguments[0] else []
        self.closed = False

    def post(self, *call: Any) -> None:
        self.calls.append(call)

    async def call(self, method: str, *arguments: Any, **more: Any) -> Any:
        if method == "capabilities":
            names = {"video": ["VP8", "rtx", "VP9", "AV1"], "audio": ["opus", "PCMU"]}[arguments[0]]
            return [{"mimeType": f"{arguments[0]}/{name}", "clockRate": 90000} for name in names]
        refused = [c for c in self.calls if isinstance(c, tuple) and c[0] in self.refuses]
        if refused:
            raise PageRefused("InvalidAccessError", "no")
        return {"value": None, "number": 0}

    async def drop(self) -> None:
        self.closed = True


@pytest.fixture
def page(monkeypatch: pytest.MonkeyPatch) -> type[FakePage]:
    for module in (browser, codecs):
        monkeypatch.setattr(module, "PageObject", FakePage)
    monkeypatch.setattr("rtcnb.media.sources.PageObject", FakePage)
    monkeypatch.setattr("rtcnb.media.device.PageObject", FakePage)
    monkeypatch.setattr(FakePage, "refuses", ())
    return FakePage


@pytest.fixture
async def notebook() -> AsyncIterator[dict[str, Any]]:
    """The notebook's variables; what was built in them is closed."""
    namespace: dict[str, Any] = {}
    yield namespace
    for value in list(namespace.values()):
        if isinstance(value, rtcnb.KernelPeer):
            await value.close()
        elif isinstance(value, rtcnb.TestPattern):
            await value.stop()


async def press(builder: Builder, *presses: tuple[str, Any]) -> None:
    for action, value in presses:
        done = builder.act(action, value)
        if done is not None:
            await done


def code_of(builder: Builder, language: str) -> str:
    (block,) = having(page_of(builder), data_language=language)
    (copy,) = [e.get("data-copy") for e in block.iter("button")]
    assert copy == text_of(next(block.iter("code"))), "what is copied is what is shown"
    return str(copy)


async def test_a_kernel_peer_is_built_by_pressing_and_bound_to_its_name(notebook: dict[str, Any]) -> None:
    builder = Builder(namespace=notebook)
    await press(
        builder,
        ("place", "kernel"),
        ("tick/new video", True),
        ("tick/new audio", True),
        ("transceiver-add", "video"),
        ("transceiver-direction/1", "inactive"),
        ("channel-add", None),
        ("channel/ordered/1", False),
        ("channel/limit/1", "maxRetransmits"),
        ("channel/maxRetransmits/1", "3"),
        ("codecs-choose/video", None),
        ("codec/up/video/3", None),
        ("codec/up/video/3", None),
        ("codec/use/video/2", False),
    )
    told = [text_of(e) for e in having(page_of(builder), data_direction="sendrecv")]
    assert [t.split()[0] for t in told] == ["video", "audio"]
    python = code_of(builder, "Python")
    assert "pattern = rtcnb.TestPattern(audio=True)\n" in python
    assert 'video_codecs = ["video/H264", "video/VP8"]\n' in python
    assert 'chat = alice.createDataChannel("chat", ordered=False, maxRetransmits=3)\n' in python
    assert not builder.over
    await press(builder, ("build", None))
    alice = notebook["alice"]
    assert isinstance(alice, rtcnb.KernelPeer)
    assert (builder.peer, builder.over) == (alice, True)
    assert [type(notebook[n]).__name__ for n in ("chat", "pattern")] == ["DataChannel", "TestPattern"]
    offer = await alice.createOffer()
    assert [(m.kind, m.direction) for m in offer.document.media][:3] == [
        ("video", "sendrecv"),
        ("audio", "sendrecv"),
        ("video", "inactive"),
    ]
    assert [c.name for c in offer.document.media[0].codecs] == ["H264", "H264", "VP8"]
    assert "✓ made, and are names in this notebook: alice (KernelPeer)" in text_of(page_of(builder))
    assert code_of(builder, "Python") == python, "it shows what was built"
    pattern = notebook["pattern"]
    await press(builder, ("build", None))
    assert alice.signalingState == "closed"
    assert pattern.video.readyState == "ended", "the one that was replaced"
    assert notebook["alice"].signalingState == "stable"


async def test_a_page_peer_is_told_what_the_python_would_tell_it(
    notebook: dict[str, Any], page: type[FakePage]
) -> None:
    builder = Builder(namespace=notebook)
    await press(
        builder,
        ("policy/bundlePolicy", "max-bundle"),
        ("server-add", "turn:127.0.0.1:3478"),
        ("server-credential/1", SECRET),
        ("tick/new video", True),
        ("codecs-choose/video", None),
        ("codec/down/video/1", None),
        ("transceiver-add", "audio"),
        ("channel-add", None),
        ("build", None),
    )
    configuration, *calls = notebook["alice"]._page.calls
    assert configuration == {
        "iceServers": [{"urls": ["turn:127.0.0.1:3478"], "username": "user", "credential": SECRET}],
        "bundlePolicy": "max-bundle",
    }
    order = [{"mimeType": f"video/{name}"} for name in ("rtx", "VP8", "VP9", "AV1")]
    assert [(c[0], *c[2:]) for c in calls] == [
        ("addTrack", notebook["pattern"].video.id, False),
        ("addTransceiver", "audio", {"direction": "recvonly"}),
        ("setCodecPreferences", order),
        ("createDataChannel", "chat", {}),
    ]
    assert 'os.environ["TURN_CREDENTIAL"]' in code_of(builder, "Python")
    assert 'credential: "<TURN_CREDENTIAL>"' in code_of(builder, "JavaScript")


async def test_what_the_page_refuses_is_shown_and_nothing_bound(
    notebook: dict[str, Any], page: type[FakePage], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(page, "refuses", ("addTransceiver",))
    builder = Builder(namespace=notebook)
    with pytest.raises(PageRefused):
        await press(builder, ("transceiver-add", "audio"), ("build", None))
    assert notebook == {}
    assert builder.peer is None


async def test_a_credential_is_told_to_nobody(notebook: dict[str, Any]) -> None:
    builder = Builder(namespace=notebook)
    await press(
        builder,
        ("place", "kernel"),
        ("server-add", "turn:127.0.0.1:3478"),
        ("server-credential/1", SECRET),
        ("channel-add", None),
    )
    (field,) = having(page_of(builder), type="password")
    assert "value" not in field.attrib
    assert field.get("placeholder") == "given, hidden"
    await press(builder, ("build", None))
    alice = notebook["alice"]
    again = Builder(alice, namespace=notebook)
    trace = json.dumps([repr(event) for event in alice.trace.select()])
    for shown in (static_html(builder), repr(builder), repr(builder.plan), static_html(again), trace):
        assert SECRET not in shown
    assert SECRET not in repr(builder.servers.rows.values) + repr(again.plan)
    (field,) = having(page_of(again), type="password")
    assert field.get("placeholder") == "hidden; type it again"
    assert "is kept nowhere: type it again" in text_of(page_of(again))
    await press(again, ("server-username/1", "user"), ("server-credential/1", SECRET))
    assert again.plan.problems(notebook) == []


async def test_an_existing_peer_shows_how_it_was_built(notebook: dict[str, Any]) -> None:
    pattern = notebook["pattern"] = rtcnb.TestPattern(audio=True)
    bob = notebook["bob"] = rtcnb.KernelPeer(
        "bob", iceServers="stun:127.0.0.1:3478", bundlePolicy="max-bundle"
    )
    bob.addTrack(pattern.video)
    bob.addTransceiver(pattern.audio, "sendonly")
    bob.addTransceiver("audio", "recvonly").setCodecPreferences(["audio/opus"])
    bob.createDataChannel("chat", negotiated=True, id=4)
    builder = Builder(bob, namespace=notebook)
    assert code_of(builder, "Python") == (
        "import rtcnb\n\n"
        "bob = rtcnb.KernelPeer(\n"
        '    "bob",\n'
        '    iceServers=[{"urls": "stun:127.0.0.1:3478"}],\n'
        '    bundlePolicy="max-bundle",\n'
        ")\n"
        "bob.addTrack(pattern.video)\n"
        'bob.addTransceiver(pattern.audio, direction="sendonly")\n'
        'bob.addTransceiver("audio", direction="recvonly")\n'
        'audio_codecs = ["audio/opus"]\n'
        "for transceiver in bob.getTransceivers():\n"
        '    if transceiver.kind == "audio":\n'
        "        transceiver.setCodecPreferences(audio_codecs)\n"
        'chat = bob.createDataChannel("chat", negotiated=True, id=4)\n'
    )
    assert "bob exists; this is how it was built." in text_of(page_of(builder))
    assert builder.over
    del notebook["pattern"]
    assert "under no name in this notebook" in text_of(page_of(builder))


async def test_what_lives_elsewhere_or_has_ended_cannot_be_ticked_and_says_why(
    notebook: dict[str, Any],
) -> None:
    notebook |= {"camera": rtcnb.Camera(), "gone": rtcnb.TestPattern(), "_hidden": rtcnb.TestPattern()}
    await notebook["gone"].stop()
    bob = notebook["bob"] = rtcnb.KernelPeer("bob")
    notebook["picture"] = bob.track("video")
    builder = Builder(namespace=notebook)
    await press(builder, ("place", "kernel"), ("tick/camera.video", True))
    boxes = {e.get("data-change"): e for e in page_of(builder).iter("input")}
    assert "tick/picture" not in boxes, "the same track, told by the peer that has it"
    assert 'tick/bob.track("video")' in boxes
    assert not any("_hidden" in str(action) for action in boxes)
    assert boxes["tick/camera.video"].get("title") == "lives in the page, this peer in the kernel"
    assert boxes["tick/gone.video"].get("title") == "has ended"
    assert all("disabled" in boxes[f"tick/{n}.video"].attrib for n in ("camera", "gone"))
    assert builder.plan.tracks == ()
    await press(builder, ("place", "page"))
    assert [t.expression for t in builder.plan.tracks] == ["camera.video"], "the tick was kept"


async def test_what_aiortc_lacks_is_disabled_with_the_reason(notebook: dict[str, Any]) -> None:
    builder = Builder(namespace=notebook)
    await press(
        builder, ("place", "kernel"), ("server-add", "stun:127.0.0.1:1"), ("codecs-choose/video", None)
    )
    page = page_of(builder)
    adds = {str(e.get("data-value")): e for e in having(page, data_press="server-add")}
    assert adds["stun:stun.l.google.com:19302"].get("aria-disabled") == "true"
    assert "aiortc takes one STUN" in str(adds["stun:stun.l.google.com:19302"].get("title"))
    assert adds["turn:127.0.0.1:3478"].get("aria-disabled") is None
    assert "VP9 aiortc does not have it" in text_of(page)
    builder.act("server-add", "stun:127.0.0.1:2")
    assert "aiortc does not use stun:127.0.0.1:2" in text_of(page_of(builder))


async def test_build_is_disabled_with_the_reason_and_refuses(notebook: dict[str, Any]) -> None:
    notebook["camera"] = rtcnb.Camera()
    builder = Builder(namespace=notebook)
    for name, sentence in (
        ("camera", "holds a Camera"),
        ("1st", "is no Python name"),
        ("len", "something else"),
    ):
        await press(builder, ("name", name))
        (build,) = having(page_of(builder), data_press="build")
        assert build.get("aria-disabled") == "true"
        assert sentence in str(build.get("title"))
        with pytest.raises(PeerError, match=sentence):
            await press(builder, ("build", None))
    assert isinstance(notebook["camera"], rtcnb.Camera)


async def test_hostile_text_is_text_in_every_field(notebook: dict[str, Any]) -> None:
    peer = rtcnb.KernelPeer(HOSTILE, trace=Trace())
    peer.createDataChannel(HOSTILE, protocol=HOSTILE)
    builder = Builder(peer, namespace=notebook)
    await press(
        builder,
        ("name", HOSTILE),
        ("server-add", HOSTILE),
        ("server-username/1", HOSTILE),
        ("server-credential/1", HOSTILE),
        ("channel-add", None),
        ("channel/label/2", HOSTILE),
        ("channel/protocol/2", HOSTILE),
        (f"tick/{HOSTILE}", True),
        (HOSTILE, HOSTILE),
        (f"policy/{HOSTILE}", HOSTILE),
        ("place", HOSTILE),
        ("transceiver-add", HOSTILE),
        (f"channel/{HOSTILE}/1", HOSTILE),
        ("channel/limit/1", HOSTILE),
        (f"codecs-choose/{HOSTILE}", None),
        (f"codec/use/{HOSTILE}", True),
        ("channel/id/999999999999", "x"),
    )
    page = page_of(builder)
    assert not list(page.iter("img"))
    assert HOSTILE in text_of(page)
    assert "<img" not in static_html(builder)
    assert code_of(builder, "Python")
    await peer.close()


async def test_rows_come_go_and_move(notebook: dict[str, Any]) -> None:
    builder = Builder(namespace=notebook)
    await press(builder, *[("server-add", f"stun:h{n}:1") for n in range(3)], ("server-remove/2", None))
    assert [s.urls for s in builder.plan.servers] == [("stun:h0:1",), ("stun:h2:1",)]
    await press(builder, ("server-urls/3", "stun:a:1, stun:b:1"), ("server-remove/77", None))
    assert builder.plan.servers[1].urls == ("stun:a:1", "stun:b:1")
    await press(builder, ("server-none", None), ("channel-add", None), ("channel-add", None))
    assert builder.plan.servers == ()
    assert [c.variable for c in builder.plan.channels] == ["chat", "chat2"]
    await press(builder, ("channel-remove/1", None), ("channel/negotiated/2", True), ("channel/id/2", "7"))
    assert [c.options() for c in builder.plan.channels] == [{"negotiated": True, "id": 7}]
    await press(builder, ("channel/limit/2", "maxPacketLifeTime"), ("channel/limit/2", "none"))
    assert builder.plan.channels[0].maxPacketLifeTime is None


async def test_another_peer_begins_with_the_next_name(notebook: dict[str, Any]) -> None:
    builder = Builder(namespace=notebook)
    await press(builder, ("place", "kernel"), ("tick/new video", True), ("build", None), ("another", None))
    assert builder.plan.name == "bob"
    assert builder.plan.tracks == ()
    await press(builder, ("tick/new video", True), ("build", None))
    assert sorted(notebook) == ["alice", "bob", "pattern", "pattern_2"]
    assert notebook["pattern"].video.readyState == "live", "alice sends it"
    assert notebook["alice"].signalingState == "stable"


def test_what_is_no_peer_is_refused() -> None:
    with pytest.raises(PeerError, match="got a str"):
        Builder("alice")  # type: ignore[arg-type]


def test_variables_that_are_not_ours_are_left_alone() -> None:
    class Touchy:
        def __getattr__(self, name: str) -> Any:
            raise RuntimeError(f"{name} was touched")

        def __eq__(self, other: object) -> bool:
            raise RuntimeError("compared")

        __hash__ = None  # type: ignore[assignment]

    builder = Builder(namespace={"touchy": Touchy(), "pickle": pickle, "n": 1})
    assert builder.sources == []
    assert list(builder.draw())


def test_every_control_has_a_label_or_a_title() -> None:
    builder = Builder(namespace={})
    for action, value in [("server-add", ""), ("transceiver-add", "video"), ("channel-add", None)]:
        builder.act(action, value)
    page = page_of(builder)
    labelled = {e for label in page.iter("label") for e in label.iter()}
    for control in [*page.iter("input"), *page.iter("select")]:
        assert control in labelled or control.get("aria-label")
    for button in page.iter("button"):
        assert button.get("title"), text_of(button)
