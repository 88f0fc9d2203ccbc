"""What a stranger may put into a saved trace: it is refused with the place, or kept and harms nobody."""

from __future__ import annotations

import asyncio
import copy
import gzip
import json
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

import rtcnb
from rtcnb import language
from rtcnb.errors import TraceError
from rtcnb.sdp import SessionDescription
from rtcnb.trace import (
    ApiCall,
    CandidateEvent,
    DescriptionSet,
    DtlsEvent,
    Event,
    FaultEvent,
    MediaEvent,
    Note,
    PacketEvent,
    PageEvent,
    PairEvent,
    PeerEvent,
    ServerEvent,
    StateChange,
    StatisticsEvent,
    Trace,
    events,
)
from rtcnb.trace.formats import json_lines

HTML = "<img src=x onerror=alert(1)>"
NASTY = [
    HTML,
    '"><script>',
    "\ud800",
    "\udcff",
    "\0",
    "\x1b[2J",
    "{peer}",
    "%s",
    "k=",
    "a=crypto:1 x inline:y",
    "0x",
    "٣",
]
NASTY += [
    "1e400",
    "-1",
    "::",
    "999.999.999.999",
    "x.local",
    "stun:",
    "candidate:",
    "a=ice-ufrag:",
    "\r\n",
    "",
    "a" * 2000,
]
NUMBERS = [0, -1, 2**31, 2**63, -(2**64), 10**400, 1e308, -1e308, 0.1, float("inf"), float("nan"), 4e9, True]

TEXTS = st.one_of(
    st.sampled_from(NASTY), st.text(max_size=20), st.lists(st.sampled_from(NASTY), max_size=3).map("".join)
)
VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.sampled_from(NUMBERS) | TEXTS,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(TEXTS, inner, max_size=3),
    max_leaves=6,
)


async def call(trace: Trace) -> None:
    """A call with everything that a kernel sees of one."""
    alice, bob = rtcnb.KernelPeer("alice", trace=trace), rtcnb.KernelPeer("bob", trace=trace)
    try:
        alice.addTrack(rtcnb.TestPattern(width=64, height=48).video)
        channel = alice.createDataChannel("chat")
        await rtcnb.connect(alice, bob)
        await channel.wait_open()
        channel.send("hello")
        async with asyncio.timeout(20):
            while len(trace.select(kind=StatisticsEvent)) < 4:
                await asyncio.sleep(0.1)
    finally:
        await alice.close()
        await bob.close()


@pytest.fixture(scope="module")
def saved(tmp_path_factory: pytest.TempPathFactory) -> list[dict[str, Any]]:
    """The header and some events of each kind, as saved."""
    trace = Trace()
    asyncio.run(call(trace))
    trace.append(ServerEvent(peer="alice", url="turn:turn.example:3478", error_code=701, text="no answer"))
    trace.append(FaultEvent(peer="bob", fault="wrong-pwd", action="made"))
    trace.append(MediaEvent(action="failed", text="no", error="DeviceDenied", device="a camera", frames=1))
    trace.append(MediaEvent(peer="bob", action="dropped", text="3 frames", frames=3))
    trace.append(PageEvent(action="gone", page="p"))
    trace.append(Note(text="look"))
    trace.append(
        ApiCall(
            peer="bob", method="setRemoteDescription", arguments=("answer",), outcome="error", given="v=0"
        )
    )
    path = tmp_path_factory.mktemp("saved") / "a.jsonl"
    trace.save(path)
    header, *rows = map(json.loads, path.read_text().splitlines())
    kept, count = [header], {}
    for row in rows:
        key = (
            row["kind"],
            row.get("protocol"),
            row.get("side"),
            row.get("state"),
            row.get("peer"),
        )
        count[key] = count.get(key, 0) + 1
        if count[key] <= 2:
            kept.append(row)
    assert {row["kind"] for row in kept[1:]} == set(events.KINDS)
    return kept


def text_of(rows: list[Any]) -> bytes:
    return "\n".join(map(json.dumps, rows)).encode()


def look_at(trace: Trace, folder: Path) -> None:
    """Everything that may be done with a trace."""
    assert repr(trace) and all(str(event) == " ".join(str(event).split()) for event in trace.select())
    shown = trace._repr_html_()
    for tongue in language.LANGUAGES:
        language.use(tongue)
        findings = trace.diagnose()
        shown += findings._repr_html_()
        assert str(findings) and all(str(e) and repr(e) for f in findings for e in f.evidence)
    assert "<img" not in shown and "<script" not in shown
    shown.encode()
    trace.to_pandas()
    trace.save(folder / "a.jsonl")
    again = Trace.load(folder / "a.jsonl")
    assert json_lines.dump(again, False) == (folder / "a.jsonl").read_bytes(), (
        "what is read is what was written"
    )
    trace.save(folder / "b.jsonl", anonymise=True)
    assert len(Trace.load(folder / "b.jsonl")) == len(trace)
    for anonymise in (False, True):
        try:
            trace.save(folder / "c.pcapng", anonymise=anonymise)
        except TraceError as error:
            assert "no packets" in str(error)


@pytest.fixture(autouse=True)
def _language() -> Iterator[None]:
    before = language.current()
    yield
    language.use(before)


def nodes(value: Any, path: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    """The paths of all values in JSON-like data."""
    yield path
    if isinstance(value, dict | list):
        for key, x in value.items() if isinstance(value, dict) else enumerate(value):
            yield from nodes(x, (*path, key))


def replaced(rows: list[Any], path: tuple[Any, ...], value: Any) -> list[Any]:
    rows = copy.deepcopy(rows)
    holder = rows
    for key in path[:-1]:
        holder = holder[key]
    holder[path[-1]] = value
    return rows


@pytest.mark.timeout(1200)
def test_any_node_of_a_saved_trace_may_be_anything(saved: list[Any], tmp_path: Path, many: bool) -> None:
    paths = [(line, *path) for line, row in enumerate(saved) for path in nodes(row)]
    outcomes = {"kept": 0, "refused": 0}

    @settings(
        max_examples=20_000 if many else 250,
        deadline=None,
        suppress_health_check=list(HealthCheck),
        database=None,
    )
    @given(st.sampled_from(paths), VALUES)
    def change(path: tuple[Any, ...], value: Any) -> None:
        try:
            trace = Trace.load(text_of(replaced(saved, path, value)))
        except TraceError as error:
            outcomes["refused"] += 1
            assert len(str(error)) < 500
            named = path[0] == 0 and path[1:] in ((), ("rtcnb-trace",))  # this is no trace at all
            named = named or path[1:] == ("kind",)  # then it is another member that does not fit
            assert path[0] == 0 or f"line {path[0] + 1}" in str(error), str(error)
            assert len(path) < 2 or named or json.dumps(path[1]) in str(error) or "lacks" in str(error), str(
                error
            )
            return
        outcomes["kept"] += 1
        look_at(trace, tmp_path)

    change()
    print(outcomes)
    assert min(outcomes.values()) > 10


def test_every_text_may_be_html(saved: list[Any], tmp_path: Path) -> None:
    """One after the other, each text of each event that is not one of a fixed few."""
    tried = 0
    for path in [(line, *path) for line, row in enumerate(saved[1:], 1) for path in nodes(row)]:
        holder: Any = saved
        for key in path:
            holder = holder[key]
        if not isinstance(holder, str):
            continue
        try:
            trace = Trace.load(text_of([saved[0], *replaced(saved, path, HTML + holder)[1:]]))
        except TraceError:
            continue
        tried += 1
        findings = trace.diagnose()
        shown = trace._repr_html_() + findings._repr_html_()
        assert "<img" not in shown, path
    assert tried > 100


HEAD = b'{"rtcnb-trace":1,"epoch":1}\n'


def note(text: str) -> bytes:
    return b'{"kind":"note","text":"' + text.encode() + b'"}\n'


BOMBS: dict[str, tuple[Callable[[], bytes], str]] = {
    "a string of 100 MB": (lambda: HEAD + note("x" * 100_000_000), "line 2: 100000"),
    "a string of 100 MB for a member": (lambda: HEAD + b'{"kind":"' + b"x" * 100_000_000 + b'"}', "line 2"),
    "100,000 lists": (lambda: HEAD + b"[" * 100_000 + b"]" * 100_000, "line 2: it is nested too deep"),
    "900 lists for a text": (
        lambda: HEAD + b'{"kind":"note","text":' + b"[" * 900 + b"]" * 900 + b"}",
        '2, "text"',
    ),
    "900 objects for a name": (
        lambda: HEAD + b'{"kind":"fault","fault":' + b'{"a":' * 900 + b"1" + b"}" * 901,
        "line 2",
    ),
    "a gzip of 300 MB": (lambda: zeros(300), "gzip: unpacked it has over"),
    "a gzip of gzips": (lambda: gzip.compress(gzip.compress(HEAD)), "nothing that rtcnb reads"),
    "half a gzip": (lambda: gzip.compress(HEAD + note("x"))[:-9], "gzip"),
    "10^400 for a time": (
        lambda: HEAD + b'{"kind":"note","text":"","time":1' + b"0" * 400 + b"}",
        '2, "time"',
    ),
    "-10^400": (lambda: HEAD + b'{"kind":"note","text":"","time":-1' + b"0" * 400 + b"}", '2, "time"'),
    "1e400": (lambda: HEAD + b'{"kind":"note","text":"","time":1e400}', '2, "time"'),
    "NaN": (lambda: HEAD + b'{"kind":"note","text":"","time":NaN}', '2, "time"'),
    "the year 1e300": (lambda: HEAD + b'{"kind":"note","text":"","time":1e300}', '2, "time"'),
    "a number of 5000 digits": (
        lambda: HEAD + b'{"kind":"note","text":"","time":' + b"1" * 5000 + b"}",
        "line 2",
    ),
    "an endless epoch": (lambda: b'{"rtcnb-trace":1,"epoch":Infinity}', 'line 1, "epoch"'),
    "a million lines of junk": (lambda: HEAD + b"{}\n" * 1_000_000, 'line 2, "kind"'),
    "other junk": (lambda: HEAD + b"junk\n" * 1_000_000, "line 2: no JSON"),
    "junk behind 50,000 lines": (lambda: HEAD + note("x") * 50_000 + b"\x80\n", "line 50002: no JSON"),
}


def zeros(megabytes: int) -> bytes:
    return gzip.compress(bytes(megabytes * 2**20), 1)


@pytest.mark.timeout(600)
@pytest.mark.parametrize("name", BOMBS)
def test_what_is_too_much_is_refused_with_the_place(name: str) -> None:
    make, place = BOMBS[name]
    with pytest.raises(TraceError) as caught:
        Trace.load(make())
    assert place in str(caught.value) and len(str(caught.value)) < 500


def test_there_is_an_end_to_lines_and_values(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(json_lines, "MAX_LINES", 1000)
    monkeypatch.setattr(json_lines, "MAX_VALUES", 10_000)
    with pytest.raises(TraceError, match="line 1001: 1000 lines are the most"):
        Trace.load(HEAD + b"\n" * 5000)
    report = b'{"kind":"statistics","report":{"a":{"b":[' + b",".join([b"[]"] * 6000) + b"]}}}"
    with pytest.raises(TraceError, match="the file: 1[0-9]{4} values; 10000 are the most"):
        Trace.load(HEAD + report)


def test_what_is_odd_is_kept(tmp_path: Path) -> None:
    lines = [
        b'{"kind":"note","text":"first","text":"last"}',
        b'{"kind":"note","text":"\\u0000\\ud800","time":-5}',
        b'{"kind":"packet","direction":"sent","protocol":"x","size_bytes":-9223372036854775808,"time":3e9}',
        b'{"kind":"packet","direction":"sent","protocol":"stun","size_bytes":9223372036854775807,"data":"AAE=","time":9}',
        b'{"kind":"statistics","time":8,"report":{"a":{"type":"candidate-pair","requestsSent":"x","responsesReceived":[]}}}',
        b'{"kind":"statistics","time":8,"report":{"a":{"type":"candidate-pair","requestsSent":1e999,"requestsReceived":1'
        + b"0" * 400
        + b"}}}",
        b'{"kind":"peer","configuration":{"iceTransportPolicy":{"relay":[]},"iceServers":7}}',
    ]
    trace = Trace.load(HEAD + b"\n".join(lines))
    times = [event.time for event in trace]
    assert times == sorted(times) and times[0] == -5 and len(times) == len(lines)
    assert "last" in {e.text for e in trace.select(kind=Note)}  # type: ignore[attr-defined]
    look_at(trace, tmp_path)


def test_what_is_shown_is_short() -> None:
    trace = Trace()
    for number in range(1000):
        text = f"{number}<b>" * 3000
        trace.append(Note(peer=text, text=text))
        described = SessionDescription(
            type="offer", sdp="v=0\r\n" + "m=video 9 UDP/TLS/RTP/SAVPF 96\r\n" * 100
        )
        trace.append(DescriptionSet(peer=text, side="local", description=described))
        trace.append(StateChange(peer=text, state="connectionState", new="failed"))
        trace.append(ServerEvent(peer=text, url="turn:" + text, error_code=401, text=text))
    assert len(repr(trace)) < 1000 and len(trace._repr_html_()) < 1_000_000
    findings = trace.diagnose()
    assert 0 < len(findings) <= 100 and len(findings._repr_html_()) < 200_000
    assert all(len(str(event)) <= 1000 for event in trace)


# -- a hundred thousand events of one kind

SDP = "v=0\r\no=- 1 1 IN IP4 0.0.0.0\r\ns=-\r\nt=0 0\r\nm=video 9 UDP/TLS/RTP/SAVPF 96\r\n"
SDP += "a=ice-ufrag:{}\r\na=ice-pwd:{}\r\n"
ERROR_401 = bytes.fromhex("011100102112a442" + "00" * 12 + "00090004000004010000000000000000")


def described(n: int, peer: str, side: Any) -> DescriptionSet:
    description = SessionDescription(type=("offer", "answer")[n % 2], sdp=SDP.format(n % 1000, n))
    return DescriptionSet(time=n, peer=peer, side=side, description=description)


def refused(n: int) -> Event:
    if n % 2:
        return StateChange(
            time=n, peer="a", state="signalingState", new=("stable", "have-local-offer")[n % 4 // 2]
        )
    arguments = {
        "method": "setRemoteDescription",
        "arguments": ("answer",),
        "outcome": "error",
        "error": "codec",
    }
    return ApiCall(time=n, peer="a", given=SDP.format(n, n), **arguments)  # type: ignore[arg-type]


def found(n: int) -> Event:
    line = f"candidate:{n} 1 udp 2122260223 192.168.{n % 250}.5 {n % 60000} typ host"
    return CandidateEvent(
        time=n, peer="a", action=("gathered", "added")[n % 2], candidate=rtcnb.sdp.Candidate(line, "0", 0)
    )


def packet(n: int, protocol: str, data: bytes) -> Event:
    return PacketEvent(
        time=n, peer="ab"[n % 2], direction="received", protocol=protocol, size_bytes=9, data=data
    )


MANY: dict[str, Callable[[int], Event]] = {
    "packets of media": lambda n: packet(n, "rtp", bytes(48)),
    "STUN errors": lambda n: packet(n, "stun", ERROR_401),
    "refusals": refused,
    "peers": lambda n: StateChange(time=n, peer=f"p{n}", state="connectionState", new="failed"),
    "peers with descriptions": lambda n: described(n, f"p{n // 2}", ("local", "remote")[n % 2]),
    "descriptions": lambda n: described(n, "ab"[n % 2], ("local", "remote")[n % 4 // 2]),
    "candidates": found,
    "pairs": lambda n: PairEvent(time=n, peer="a", local=f"10.0.0.1:{n}", remote="b:1", state="failed"),
    "servers": lambda n: ServerEvent(time=n, peer="a", url=f"turn:x{n}", error_code=701),
    "devices": lambda n: MediaEvent(time=n, action="failed", error="DeviceDenied", device=f"camera {n}"),
    "handshakes": lambda n: DtlsEvent(time=n, peer="a", state="failed", fingerprint="AA", expected=("BB",)),
    "the same peer": lambda n: PeerEvent(time=n, peer="a", configuration={"iceTransportPolicy": "relay"}),
}


@pytest.mark.timeout(300)
@pytest.mark.parametrize("name", MANY)
def test_a_diagnosis_of_100_000_events_takes_no_time(name: str) -> None:
    trace = Trace.of([MANY[name](number) for number in range(100_000)])
    began = time.thread_time()
    findings = trace.diagnose()
    took = time.thread_time() - began
    print(f"{name}: {took:.2f} s, {len(findings)} findings")
    assert took < 5 and len(findings) <= 100
