"""A PeerPlan as Python for a cell, and as the JavaScript of a web page; no credential is in either."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from ..peers.transceiver import DIRECTIONS
from .peer_plan import CLASSES, PeerPlan, PlannedServer, PlannedTrack, PlannedTransceiver

WIDE = 72
SURROGATE = re.compile("[\ud800-\udfff]")
NAME = re.compile(r"[A-Za-z_$][\w$]*", re.ASCII)
# What JavaScript keeps for itself, and what the code below calls.
WORDS = """
arguments await break case catch class const continue debugger default delete do else enum eval export extends
false finally for function if implements import in instanceof interface let new null package private protected
public return static super switch this throw true try typeof var void while with yield
counting document humming navigator setInterval transceiver AudioContext MediaStream Object OscillatorNode
RTCPeerConnection RTCRtpReceiver audioCodecs audioOrder videoCodecs videoOrder
"""
RESERVED = frozenset(WORDS.split())
# What a page has in the place of a test pattern.
MAKERS = {
    "video": """\
function counting() {
  const size = { width: 640, height: 480 };
  const canvas = Object.assign(document.createElement("canvas"), size);
  const brush = canvas.getContext("2d");
  let number = 0;
  setInterval(() => {
    brush.fillStyle = "black";
    brush.fillRect(0, 0, 640, 480);
    brush.fillStyle = "white";
    brush.fillText(number++, 20, 60);
  }, 1000 / 30);
  return canvas.captureStream(30).getVideoTracks()[0];
}""",
    "audio": """\
function humming() {
  const context = new AudioContext();
  const end = context.createMediaStreamDestination();
  const tone = new OscillatorNode(context, { frequency: 440 });
  tone.connect(end);
  tone.start();
  return end.stream.getAudioTracks()[0];
}""",
}
CALLS = {"video": "counting()", "audio": "humming()"}


def quoted(text: str) -> str:
    """Return a text as a literal of both languages."""
    return SURROGATE.sub(lambda m: f"\\u{ord(m[0]):04x}", json.dumps(text, ensure_ascii=False))


# -- Python


def python_of(plan: PeerPlan) -> str:
    """Return the cell that makes this peer."""
    parts = [_imports(plan), _python_sources(plan), _python_peer(plan)]
    return "\n\n".join(part for part in parts if part) + "\n"


def _imports(plan: PeerPlan) -> str:
    needs_login = any(server.has_login for server in plan.servers)
    return "import os\n\nimport rtcnb" if needs_login else "import rtcnb"


def _python_sources(plan: PeerPlan) -> str:
    lines = []
    for variable, tracks in by_variable(plan).items():
        if tracks[0].new:
            options = ["audio=True"] if any(t.kind == "audio" for t in tracks) else []
            options += ['place="page"'] if plan.place == "page" else []
            lines.append(f"{variable} = rtcnb.TestPattern({', '.join(options)})")
        if starts(tracks[0]):
            lines.append(f"await {variable}.start()")
    return "\n".join(lines)


def _python_peer(plan: PeerPlan) -> str:
    peer, logins = plan.variable, _Logins()
    arguments: list[Node] = [quoted(plan.name)]
    if plan.servers:
        arguments.append(Group("iceServers=[", [_python_server(s, logins) for s in plan.servers], "]"))
    arguments += [f"{name}={_python_value(value)}" for name, value in plan.policies().items()]
    lines = [laid_out(Group(f"{peer} = rtcnb.{CLASSES[plan.place]}(", arguments, ")"), 4)]
    lines += [f"{peer}.addTrack({track.expression})" for track in plan.tracks]
    lines += [_python_transceiver(peer, each) for each in plan.transceivers]
    for kind, names in plan.codecs:
        wanted = Group(f"{kind}_codecs = [", list(map(quoted, names)), "]")
        lines += [
            laid_out(wanted, 4),
            f"for transceiver in {peer}.getTransceivers():",
            f"    if transceiver.kind == {quoted(kind)}:",
            f"        transceiver.setCodecPreferences({kind}_codecs)",
        ]
    for channel in plan.channels:
        options = [f"{name}={_python_value(value)}" for name, value in channel.options().items()]
        called = Group(
            f"{channel.variable} = {peer}.createDataChannel(", [quoted(channel.label), *options], ")"
        )
        lines.append(laid_out(called, 4))
    return "\n".join(lines)


class _Logins:
    """The names of environment variables, a set for each server that has a login."""

    def __init__(self) -> None:
        self.count = 0

    def next(self) -> tuple[str, str]:
        self.count += 1
        end = f"_{self.count}" if self.count > 1 else ""
        return f"TURN_USERNAME{end}", f"TURN_CREDENTIAL{end}"


def _python_server(server: PlannedServer, logins: _Logins) -> Node:
    members: list[Node] = [f'"urls": {_python_value(server.to_dict()["urls"] if server.urls else "")}']
    if server.has_login:
        username, credential = logins.next()
        known = quoted(server.username) if server.username else f'os.environ["{username}"]'
        members += [f'"username": {known}', f'"credential": os.environ["{credential}"]']
    return Group("{", members, "}")


def _python_transceiver(peer: str, each: PlannedTransceiver) -> str:
    subject = each.track.expression if each.track is not None else quoted(each.kind)
    direction = "" if each.direction == DIRECTIONS[0] else f", direction={quoted(each.direction)}"
    return f"{peer}.addTransceiver({subject}{direction})"


def _python_value(value: Any) -> str:
    if isinstance(value, str):
        return quoted(value)
    if isinstance(value, list | tuple):
        return f"[{', '.join(map(_python_value, value))}]"
    if isinstance(value, dict):
        return "{" + ", ".join(f"{quoted(str(k))}: {_python_value(v)}" for k, v in value.items()) + "}"
    return repr(value)


# -- JavaScript


def javascript_of(plan: PeerPlan) -> str:
    """Return what a web page would write; at the top level of a module, or in an async function."""
    parts = [_javascript_peer(plan), *_javascript_sources(plan), _javascript_rest(plan)]
    return "\n\n".join(part for part in parts if part) + "\n"


def _javascript_peer(plan: PeerPlan) -> str:
    logins, members = _Logins(), list[Node]()
    if plan.servers:
        members.append(Group("iceServers: [", [_javascript_server(s, logins) for s in plan.servers], "]"))
    members += [f"{name}: {_javascript_value(value)}" for name, value in plan.policies().items()]
    made = f"const {js_name(plan.variable)} = new RTCPeerConnection("
    return laid_out(Group(made + "{ ", members, " });"), 2) if members else made + ");"


def _javascript_server(server: PlannedServer, logins: _Logins) -> Node:
    members: list[Node] = [f"urls: {_javascript_value(server.to_dict()['urls'] if server.urls else '')}"]
    if server.has_login:
        username, credential = logins.next()
        members.append(f"username: {quoted(server.username or f'<{username}>')}")
        members.append(f"credential: {quoted(f'<{credential}>')}")
    return Group("{ ", members, " }")


def _javascript_sources(plan: PeerPlan) -> list[str]:
    sources = by_variable(plan)
    drawn = {t.kind for tracks in sources.values() for t in tracks if _is_drawn(tracks[0])}
    helpers = [MAKERS[kind] for kind in ("video", "audio") if kind in drawn]
    return [
        *helpers,
        "\n".join(line for n, t in sources.items() if (line := _javascript_source(js_name(n), t))),
    ]


def _is_drawn(track: PlannedTrack) -> bool:
    """Whether a page makes it by itself: there is nothing to ask for, and nothing of the kernel's to be had."""
    return track.source == "pattern" or track.place == "kernel"


def _javascript_source(name: str, tracks: list[PlannedTrack]) -> str:
    first = tracks[0]
    if first.source in ("camera", "microphone", "screen"):
        method = "getDisplayMedia" if first.source == "screen" else "getUserMedia"
        asked = json.loads(first.constraints or "{}")
        members: list[Node] = [f"{kind}: {_javascript_value(wanted)}" for kind, wanted in asked.items()]
        return laid_out(
            Group(f"const {name} = await navigator.mediaDevices.{method}({{ ", members, " });"), 2
        )
    if _is_drawn(first):
        lives = (
            ""
            if first.source == "pattern"
            else f" // {first.expression} lives in the kernel; this is a page's"
        )
        calls = [CALLS[kind] for kind in ("video", "audio") if any(t.kind == kind for t in tracks)]
        return f"const {name} = new MediaStream([{', '.join(calls)}]);{lives}"
    return f"// {name}: what the page itself calls this track" if first.source == "track" else ""


def _javascript_rest(plan: PeerPlan) -> str:
    peer = js_name(plan.variable)
    lines = [f"{peer}.addTrack({_javascript_track(track, with_stream=True)});" for track in plan.tracks]
    for each in plan.transceivers:
        subject = quoted(each.kind) if each.track is None else _javascript_track(each.track)
        init = "" if each.direction == DIRECTIONS[0] else f", {{ direction: {quoted(each.direction)} }}"
        lines.append(f"{peer}.addTransceiver({subject}{init});")
    for kind, names in plan.codecs:
        lines += [
            laid_out(Group(f"const {kind}Order = [", list(map(quoted, names)), "];"), 2),
            f"const {kind}Codecs = RTCRtpReceiver.getCapabilities({quoted(kind)}).codecs;",
            f"for (const transceiver of {peer}.getTransceivers()) {{",
            f"  if (transceiver.receiver.track.kind !== {quoted(kind)}) continue;",
            "  transceiver.setCodecPreferences(",
            f"    {kind}Order.flatMap((name) => {kind}Codecs.filter((c) => c.mimeType === name)),",
            "  );",
            "}",
        ]
    for channel in plan.channels:
        made = f"const {js_name(channel.variable)} = {peer}.createDataChannel({quoted(channel.label)}"
        options: list[Node] = [f"{n}: {_javascript_value(v)}" for n, v in channel.options().items()]
        lines.append(laid_out(Group(made + ", { ", options, " });"), 2) if options else made + ");")
    return "\n".join(lines)


def _javascript_track(track: PlannedTrack, with_stream: bool = False) -> str:
    name = js_name(track.variable)
    if track.source == "remote" and track.place == "page":
        index = re.search(r", (\d+)\)$", track.expression)
        number = index[1] if index else "0"
        return f"{name}.getReceivers().filter((r) => r.track.kind === {quoted(track.kind)})[{number}].track"
    if track.source == "track" and track.place == "page":
        return name
    stream = f", {name}" if with_stream else ""
    return f"{name}.get{track.kind.capitalize()}Tracks()[0]{stream}"


def _javascript_value(value: Any) -> str:
    if isinstance(value, str):
        return quoted(value)
    if isinstance(value, list | tuple):
        return f"[{', '.join(map(_javascript_value, value))}]"
    if isinstance(value, dict):
        if not value:
            return "{}"
        return "{ " + ", ".join(f"{_member(str(k))}: {_javascript_value(v)}" for k, v in value.items()) + " }"
    return json.dumps(value)


def _member(name: str) -> str:
    return name if NAME.fullmatch(name) else quoted(name)


def js_name(name: str) -> str:
    """Return a Python variable's name as JavaScript can have it."""
    return f"{name}_" if name in RESERVED else name


# -- both


def by_variable(plan: PeerPlan) -> dict[str, list[PlannedTrack]]:
    """Return the tracks by what they come from, in order."""
    found: dict[str, list[PlannedTrack]] = {}
    for track in plan.sources:
        found.setdefault(track.variable, []).append(track)
    return found


def starts(track: PlannedTrack) -> bool:
    """Whether its source is started first; a kernel's runs by itself."""
    return track.place == "page" and track.source in ("camera", "microphone", "screen", "pattern")


@dataclass(frozen=True)
class Group:
    """Something in brackets: on one line where it fits, else an item a line."""

    begin: str
    items: Sequence[Node]
    end: str

    def __str__(self) -> str:
        return self.begin + ", ".join(map(str, self.items)) + self.end


Node = str | Group


def laid_out(node: Node, indent: int, depth: int = 0) -> str:
    """Return code that is not wider than it has to be.

    Parameters
    ----------
    node : str or Group
    indent : int
        Blanks for each level.
    depth : int
        The level it stands on.
    """
    line = str(node)
    if isinstance(node, str) or len(line) + indent * depth <= WIDE:
        return line
    inner = " " * indent * (depth + 1)
    items = "".join(f"{inner}{laid_out(item, indent, depth + 1)},\n" for item in node.items)
    return f"{node.begin.rstrip()}\n{items}{' ' * indent * depth}{node.end.lstrip()}"


Writer = Callable[[PeerPlan], str]
LANGUAGES: dict[str, Writer] = {"Python": python_of, "JavaScript": javascript_of}
