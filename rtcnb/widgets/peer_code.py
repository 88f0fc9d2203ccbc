"""A PeerPlan as Python for a cell, and as the JavaScript of a web page; no credential is in either."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from typing import Any

from ..peers.transceiver import DIRECTIONS
from .peer_plan import CLASSES, PeerPlan, PlannedServer, PlannedTrack, PlannedTransceiver

WIDE = 88
SURROGATE = re.compile("[\ud800-\udfff]")
NAME = re.compile(r"[A-Za-z_$][\w$]*", re.ASCII)
# What JavaScript keeps for itself, and what the code below calls.
WORDS = """
arguments await break case catch class const continue debugger default delete do else enum eval export extends
false finally for function if implements import in instanceof interface let new null package private protected
public return static super switch this throw true try typeof var void while with yield
document navigator setInterval transceiver AudioContext MediaStream Object OscillatorNode RTCPeerConnection
RTCRtpReceiver String
"""
RESERVED = frozenset(WORDS.split())


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
    arguments = [quoted(plan.name)]
    if plan.servers:
        servers = ", ".join(_python_server(server, logins) for server in plan.servers)
        arguments.append(f"iceServers=[{servers}]")
    arguments += [f"{name}={_python_value(value)}" for name, value in plan.policies().items()]
    lines = [_call(f"{peer} = rtcnb.{CLASSES[plan.place]}", arguments)]
    lines += [f"{peer}.addTrack({track.expression})" for track in plan.tracks]
    lines += [_python_transceiver(peer, each) for each in plan.transceivers]
    for kind, names in plan.codecs:
        wanted = ", ".join(map(quoted, names))
        lines += [
            f"for transceiver in {peer}.getTransceivers():",
            f"    if transceiver.kind == {quoted(kind)}:",
            f"        transceiver.setCodecPreferences([{wanted}])",
        ]
    for channel in plan.channels:
        options = [f"{name}={_python_value(value)}" for name, value in channel.options().items()]
        lines.append(
            _call(f"{channel.variable} = {peer}.createDataChannel", [quoted(channel.label), *options])
        )
    return "\n".join(lines)


class _Logins:
    """The names of environment variables, a set for each server that has a login."""

    def __init__(self) -> None:
        self.count = 0

    def next(self) -> tuple[str, str]:
        self.count += 1
        end = f"_{self.count}" if self.count > 1 else ""
        return f"TURN_USERNAME{end}", f"TURN_CREDENTIAL{end}"


def _python_server(server: PlannedServer, logins: _Logins) -> str:
    members = [f'"urls": {_python_value(server.to_dict()["urls"] if server.urls else "")}']
    if server.has_login:
        username, credential = logins.next()
        known = quoted(server.username) if server.username else f'os.environ["{username}"]'
        members += [f'"username": {known}', f'"credential": os.environ["{credential}"]']
    return "{" + ", ".join(members) + "}"


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
    logins = _Logins()
    servers = [_javascript_server(server, logins) for server in plan.servers]
    members = [f"iceServers: [{', '.join(servers)}]"] if servers else []
    members += [f"{name}: {_javascript_value(value)}" for name, value in plan.policies().items()]
    line = f"const {js_name(plan.variable)} = new RTCPeerConnection({{ {', '.join(members)} }});"
    if not members:
        return line.replace("{  }", "")
    if len(line) <= WIDE:
        return line
    inner = "".join(f"  {member},\n" for member in members)
    return f"const {js_name(plan.variable)} = new RTCPeerConnection({{\n{inner}}});"


def _javascript_server(server: PlannedServer, logins: _Logins) -> str:
    members = [f"urls: {_javascript_value(server.to_dict()['urls'] if server.urls else '')}"]
    if server.has_login:
        username, credential = logins.next()
        members += [
            f"username: {quoted(server.username or f'<{username}>')}",
            f"credential: {quoted(f'<{credential}>')}",
        ]
    return "{ " + ", ".join(members) + " }"


def _javascript_sources(plan: PeerPlan) -> list[str]:
    return [_javascript_source(js_name(name), tracks) for name, tracks in by_variable(plan).items()]


def _javascript_source(name: str, tracks: list[PlannedTrack]) -> str:
    first = tracks[0]
    if first.source in ("camera", "microphone", "screen"):
        method = "getDisplayMedia" if first.source == "screen" else "getUserMedia"
        asked = _javascript_value(json.loads(first.constraints or "{}"))
        return f"const {name} = await navigator.mediaDevices.{method}({asked});"
    if first.source == "pattern" or first.place == "kernel":
        return _canvas(name, tracks)
    return f"// {name} is what this page calls it" if first.source == "track" else ""


def _canvas(name: str, tracks: list[PlannedTrack]) -> str:
    """A stream that a page draws and hums by itself."""
    lines = []
    if tracks[0].source != "pattern":
        expression = tracks[0].expression.replace("\n", " ")
        lines.append(
            f"// {expression} lives in the kernel; a page draws its own, this one a number that counts."
        )
    lines.append(f"const {name} = new MediaStream();")
    if any(t.kind == "video" for t in tracks):
        lines += [
            f'const {name}Canvas = Object.assign(document.createElement("canvas"), {{ width: 640, height: 480 }});',
            f'const {name}Brush = {name}Canvas.getContext("2d");',
            f"let {name}Number = 0;",
            "setInterval(() => {",
            f"  {name}Brush.clearRect(0, 0, 640, 480);",
            f"  {name}Brush.fillText(String({name}Number++), 20, 60);",
            "}, 1000 / 30);",
            f"{name}.addTrack({name}Canvas.captureStream(30).getVideoTracks()[0]);",
        ]
    if any(t.kind == "audio" for t in tracks):
        lines += [
            f"const {name}Sound = new AudioContext();",
            f"const {name}Tone = new OscillatorNode({name}Sound, {{ frequency: 440 }});",
            f"const {name}End = {name}Sound.createMediaStreamDestination();",
            f"{name}Tone.connect({name}End);",
            f"{name}Tone.start();",
            f"{name}.addTrack({name}End.stream.getAudioTracks()[0]);",
        ]
    return "\n".join(lines)


def _javascript_rest(plan: PeerPlan) -> str:
    peer = js_name(plan.variable)
    lines = [f"{peer}.addTrack({_javascript_track(track, with_stream=True)});" for track in plan.tracks]
    for each in plan.transceivers:
        subject = quoted(each.kind) if each.track is None else _javascript_track(each.track)
        init = "" if each.direction == DIRECTIONS[0] else f", {{ direction: {quoted(each.direction)} }}"
        lines.append(f"{peer}.addTransceiver({subject}{init});")
    for kind, names in plan.codecs:
        lines += [
            f"const {kind}Codecs = {_javascript_value(names)}.flatMap((name) =>",
            f"  RTCRtpReceiver.getCapabilities({quoted(kind)}).codecs.filter((codec) => codec.mimeType === name),",
            ");",
            f"for (const transceiver of {peer}.getTransceivers()) {{",
            "  const { kind } = transceiver.receiver.track;",
            f"  if (kind === {quoted(kind)}) transceiver.setCodecPreferences({kind}Codecs);",
            "}",
        ]
    for channel in plan.channels:
        options = channel.options()
        given = quoted(channel.label) + (f", {_javascript_value(options)}" if options else "")
        lines.append(f"const {js_name(channel.variable)} = {peer}.createDataChannel({given});")
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


def _call(function: str, arguments: list[str], wide: int = WIDE) -> str:
    line = f"{function}({', '.join(arguments)})"
    if len(line) <= wide:
        return line
    inner = "".join(f"    {argument},\n" for argument in arguments)
    return f"{function}(\n{inner})"


Writer = Callable[[PeerPlan], str]
LANGUAGES: dict[str, Writer] = {"Python": python_of, "JavaScript": javascript_of}
