"""What ``about:webrtc`` of Firefox saves: the page as HTML.

Its texts are in the reader's language, so they are told apart by ids, classes, and the names and arguments of the
translations (``data-l10n-id``, ``data-l10n-args``), which Firefox has from version 98; what older ones have of
descriptions and pairs is read too.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime
from html import unescape
from typing import Any

from ...errors import TraceError
from ..trace import Trace
from .firefox_report import Peers
from .snapshots import Entry
from .untrusted import epoch_seconds

MAX_PAGE = 32 * 2**20  # characters
MAX_DEPTH = 100
MAX_TAG = 10_000
MAX_CELL = 500
ATTRIBUTE = re.compile(r'(?<![\w-])([\w-]++)="([^"]*)"')
NAME = re.compile(r"/?([A-Za-z][A-Za-z0-9-]*)")
VOID = frozenset({"br", "img", "input", "hr", "meta", "link", "rect", "path", "line"})
CANDIDATE = re.compile(r"(.+):(\d{1,5})/(\w+)\(([\w-]+)\)(?: \[[^\]]*\])?")
PAIR_STATES = frozenset({"frozen", "waiting", "in-progress", "failed", "succeeded", "cancelled"})
SSRC = re.compile(r"(?:([\w/.-]+) - )?SSRC (\d+)")
BYTES = re.compile(r"\((\d+(?:\.\d+)?) Kb")
PEER_IDS = ("pc-tools: ", "pc-heading: ", "rtp-stats: ", "ice-stats: ")
# Of the arguments of a translation, the members of webrtc-stats that they are.
MEMBERS = {
    "about-webrtc-received-label": ("packets", "packetsReceived"),
    "about-webrtc-sent-label": ("packets", "packetsSent"),
    "about-webrtc-lost-label": ("packets", "packetsLost"),
    "about-webrtc-jitter-label": ("jitter", "jitter"),
}


def fits(text: str) -> bool:
    """Whether this is such a page."""
    return text.startswith("<") and ("about-webrtc-" in text or 'class="peer-connection"' in text)


@dataclass
class Node:
    """An element, as far as it matters here."""

    tag: str
    attributes: dict[str, str] = field(default_factory=dict)
    children: list[Node | str] = field(default_factory=list)

    def walk(self) -> Iterator[Node]:
        """Return all elements in it, in the order of the text."""
        stack = [self]
        while stack:
            node = stack.pop()
            yield node
            stack += [child for child in reversed(node.children) if isinstance(child, Node)]

    def text(self) -> str:
        """Return its text."""
        parts: list[str] = []
        stack: list[Node | str] = [self]
        while stack:
            node = stack.pop()
            if isinstance(node, str):
                parts.append(node)
            else:
                stack += reversed(node.children)
        return "".join(parts)

    def arguments(self) -> dict[str, Any]:
        """Return the arguments of its translation."""
        try:
            found = json.loads(self.attributes.get("data-l10n-args", "{}"))
        except (ValueError, RecursionError):
            return {}
        return found if isinstance(found, dict) else {}


def load(text: str) -> Trace:
    """Return the trace of a page.

    Raises
    ------
    TraceError
        No peer connection is in it, or it is too long.
    """
    if len(text) > MAX_PAGE:
        raise TraceError("the page", f"{len(text)} characters; {MAX_PAGE} are the most that is read.")
    peers = Peers()
    found = [node for node in parsed(text).walk() if node.attributes.get("class") == "peer-connection"]
    for node in found:
        _read_peer(node, peers)
    if not found:
        raise TraceError(
            "the page", "no peer connection is in it: was it saved by the button of about:webrtc?"
        )
    return peers.trace()


def parsed(text: str) -> Node:
    """Return a page as elements. What is too deep lies flat, and nothing makes this slow."""
    root = Node("")
    stack = [root]
    at = 0
    while at < len(text):
        begin = text.find("<", at)
        if begin < 0:
            begin = len(text)
        if begin > at:
            stack[-1].children.append(unescape(text[at:begin]))
        end = text.find(">", begin)
        if end < 0:
            break
        if text.startswith("<!--", begin):
            end = text.find("-->", begin)
            if end < 0:
                break
            at = end + 3
            continue
        _tag(text[begin + 1 : min(end, begin + MAX_TAG)], stack)
        at = end + 1
    return root


def _tag(inside: str, stack: list[Node]) -> None:
    name = NAME.match(inside)
    if name is None:
        return
    tag = name[1].lower()
    if not inside.startswith("/"):
        attributes = {key.lower(): unescape(value) for key, value in ATTRIBUTE.findall(inside)}
        node = Node(tag, attributes)
        stack[-1].children.append(node)
        if tag not in VOID and not inside.endswith("/") and len(stack) < MAX_DEPTH:
            stack.append(node)
        return
    for i in range(len(stack) - 1, 0, -1):
        if stack[i].tag == tag:
            del stack[i:]
            break


# -- a peer


def _read_peer(node: Node, peers: Peers) -> None:
    elements = list(node.walk())
    name = peers.name_of(_id(elements))
    heading = next((e for e in elements if "connection-" in e.attributes.get("data-l10n-id", "")), None)
    at = _moment(heading.arguments().get("now")) if heading else None
    history = list(_descriptions(elements))
    times = [t for t, _, _ in history if t is not None]
    at = at or max(times, default=None)
    for i, (time, is_local, sdp) in enumerate(history):
        # An older page has no times: they are in their order, a second apart.
        peers.describe(name, time if time is not None else (at or 0.0) - len(history) + i, is_local, sdp)
    peers.configure(name, _configuration(elements))
    if at is None:
        return
    peers.snapshot(name, at, {**_pairs(elements), **_streams(elements)})
    lines = [e.text() for e in elements if e.tag == "td"]
    peers.add_candidates(name, at, "added", lines)
    if heading is not None and heading.attributes["data-l10n-id"].endswith("closed"):
        peers.close(name, at)


def _id(elements: list[Node]) -> str:
    for element in elements:
        id = element.attributes.get("id", "")
        for start in PEER_IDS:
            if id.startswith(start):
                return id.removeprefix(start)
    body = next((e for e in elements if e.attributes.get("class") == "info-body"), None)
    return body.text() if body else ""


def _moment(value: Any) -> float | None:
    if isinstance(value, str) and len(value) < 40:
        try:
            return datetime.fromisoformat(value).timestamp()
        except (ValueError, OverflowError, OSError):
            return None
    return epoch_seconds(value)


def _descriptions(elements: list[Node]) -> Iterator[tuple[float | None, bool, str]]:
    """Return time, whether it is local, and text: from the history, else the two that older pages have."""
    history = next((e for e in elements if e.attributes.get("class") == "sdp-history"), None)
    if history is None:
        found = [e.text() for e in elements if e.tag == "pre"]
        for i, sdp in enumerate([x for x in found if x.startswith("v=")][:2]):
            yield None, i == 0, sdp
        return
    is_local, at = True, None
    for element in history.walk():
        translated = element.attributes.get("data-l10n-id", "")
        if translated.endswith(("local-sdp-heading", "remote-sdp-heading")):
            is_local = "local" in translated
        elif translated == "about-webrtc-sdp-set-timestamp":
            at = epoch_seconds(element.arguments().get("timestamp"))
        elif element.tag == "pre":
            yield at, is_local, element.text()


def _configuration(elements: list[Node]) -> dict[str, Any]:
    box = next((e for e in elements if e.attributes.get("class") == "peer-connection-config"), None)
    if box is None:
        return {}
    found: dict[str, Any] = {}
    for child in box.children:
        key, _, value = child.strip().partition(": ") if isinstance(child, str) else ("", "", "")
        if key in ("bundlePolicy", "iceTransportPolicy") and value:
            found[key] = value
    servers = []
    for urls in re.findall(r"urls: (\[[^\]]*\])", box.text()[:100_000]):
        try:
            servers.append({"urls": json.loads(urls)})
        except ValueError:
            continue
    return {"iceServers": servers, **found} if servers else found


def _pairs(elements: list[Node]) -> dict[str, Entry]:
    """Return the pairs of the table, whatever the order of its columns, with their candidates."""
    found: dict[str, Entry] = {"transport": {"type": "transport"}}
    for i, row in enumerate(e for e in elements if e.tag == "tr"):
        cells = [c.text().strip()[:MAX_CELL] for c in row.children if isinstance(c, Node) and c.tag == "td"]
        ends = [match for cell in cells if (match := CANDIDATE.fullmatch(cell))]
        state = next((cell for cell in cells if cell in PAIR_STATES), "")
        if not state or len(ends) != 2:
            continue
        truths = [cell == "true" for cell in cells if cell in ("true", "false")]
        counts = [int(cell) for cell in cells[-2:] if cell.isdecimal() and len(cell) < 19]
        pair: Entry = {"type": "candidate-pair", "state": state, "transportId": "transport"}
        pair["nominated"] = bool(truths[:1] and truths[0])
        if len(counts) == 2:
            pair["bytesSent"], pair["bytesReceived"] = counts
        for side, end in zip(("local", "remote"), ends, strict=True):
            id = f"{side} {i}"
            pair[f"{side}CandidateId"] = id
            kind = end[4].partition("-")[0]
            entry = {"type": f"{side}-candidate", "address": end[1].strip("[]"), "port": int(end[2])}
            found[id] = {**entry, "protocol": end[3].lower(), "candidateType": kind}
        found[f"pair {i}"] = pair
        if truths[1:2] == [True]:
            found["transport"]["selectedCandidatePairId"] = f"pair {i}"
    return found if len(found) > 1 else {}


def _streams(elements: list[Node]) -> dict[str, Entry]:
    """Return the RTP streams: codec, packets, loss and jitter."""
    found: dict[str, Entry] = {}
    entry: Entry | None = None
    base: dict[str, Any] = {}
    for element in elements:
        if element.tag == "h5" and (stream := SSRC.fullmatch(element.text()[:MAX_CELL])):
            base, entry = {"ssrc": int(stream[2])}, None
            if stream[1]:
                codec = f"codec {stream[1]}"
                base |= {"codecId": codec, "kind": stream[1].partition("/")[0].lower()}
                found[codec] = {"type": "codec", "mimeType": stream[1]}
        elif element.tag == "h6" and base:
            kind = element.text()[:40]
            found.setdefault(f"{kind} {base['ssrc']}", {"type": kind, **base})
        elif element.tag == "span" and base:
            text = element.text()[:MAX_CELL]
            kind = next((k for k in KINDS if text.endswith(f" {k}")), "")
            if kind:  # the line about one of the two ends begins with its time and type
                entry = found.setdefault(f"{kind} {base['ssrc']}", {"type": kind, **base})
            elif entry is not None:
                _add_member(entry, element, text)
    return found


KINDS = ("remote-inbound-rtp", "remote-outbound-rtp", "inbound-rtp", "outbound-rtp")


def _add_member(entry: Entry, element: Node, text: str) -> None:
    argument, member = MEMBERS.get(element.attributes.get("data-l10n-id", ""), ("", ""))
    value = element.arguments().get(argument) if argument else None
    if isinstance(value, int | float) and not isinstance(value, bool):
        entry[member] = value
    elif size := BYTES.search(text):
        sent = "outbound" in entry["type"]
        entry["bytesSent" if sent else "bytesReceived"] = round(float(size[1]) * 1024)
