"""What the Builder shows: the form, and beside it what comes of it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ..media.track import KernelTrack, Kind
from ..peers.transceiver import DIRECTIONS
from .code_markup import code_block
from .form import Option, button, checkbox, field, number_input, section, select, text_input
from .markup import Markup, join, tag
from .peer_code import LANGUAGES
from .peer_plan import CLASSES, NOT_ALONE, PeerPlan, PlannedChannel, Section
from .peer_sources import Source

if TYPE_CHECKING:
    from .builder import Builder

KINDS: tuple[Kind, ...] = ("video", "audio")
PLACES = (
    Option("page", "page: the browser's own RTCPeerConnection"),
    Option("kernel", "kernel: aiortc"),
)
SAYS = {
    "iceTransportPolicy": {"all": "every kind of candidate", "relay": "only what a TURN server relays"},
    "bundlePolicy": {
        "balanced": "a transport for each kind, if the other side cannot bundle",
        "max-compat": "a transport for each section, if the other side cannot bundle",
        "max-bundle": "one transport for all; the other side must bundle",
    },
}
LIMITS = (
    Option("none", "reliable: until it has arrived"),
    Option("maxRetransmits", "maxRetransmits: a count"),
    Option("maxPacketLifeTime", "maxPacketLifeTime: milliseconds"),
)
# Known to browsers, and not to aiortc: shown, so that nobody looks for them.
LACKING: dict[tuple[str, str], tuple[str, ...]] = {("kernel", "video"): ("video/VP9", "video/AV1")}


def form(builder: Builder, plan: PeerPlan) -> Markup:
    """Return the fields."""
    return tag(
        "div",
        _peer(builder, plan),
        section(
            "iceServers",
            builder.servers.draw(plan.place),
            _policy(builder, "iceTransportPolicy"),
            _policy(builder, "bundlePolicy"),
        ),
        section("Tracks", *_tracks(builder), note="addTrack: what this peer sends"),
        section("Transceivers", *_transceivers(builder), note="addTransceiver: sections without a track"),
        section("Codecs", *(_codecs(builder, kind) for kind in KINDS), note="setCodecPreferences"),
        section("Data channels", *_channels(builder), note="createDataChannel"),
        class_="rtcnb-form",
    )


def _peer(builder: Builder, plan: PeerPlan) -> Markup:
    name = text_input("name", plan.name, required=True, title="Of the peer, and of its variable")
    others = ", ".join(f"{name} {value}" for name, value in plan.others)
    return section(
        "Peer",
        tag(
            "div",
            field("name", name),
            field("place", select("place", plan.place, PLACES), kind="rtcnb-wide"),
            class_="rtcnb-entry",
        ),
        tag("small", f"and {others}") if others else None,
    )


def _policy(builder: Builder, name: str) -> Markup:
    options = [Option(value, f"{value}: {text}") for value, text in SAYS[name].items()]
    return field(name, select(f"policy/{name}", builder.policies[name], options))


# -- tracks


def _tracks(builder: Builder) -> list[Markup]:
    ticked = builder.ticked
    new = "a new test pattern"
    rows = [
        checkbox("tick/new video", "new video" in ticked, new, note="numbered pictures"),
        checkbox("tick/new audio", "new audio" in ticked, f"its tone with {new}", note="440 Hz"),
    ]
    sources = builder.sources
    rows += [_track(source, builder) for source in sources]
    known = {source.planned.expression for source in sources}
    for expression in ticked:
        if expression not in known and not expression.startswith("new "):
            rows.append(
                checkbox(f"tick/{expression}", True, tag("code", expression), note="under no name now")
            )
    return rows


def _track(source: Source, builder: Builder) -> Markup:
    planned, ticked = source.planned, source.planned.expression in builder.ticked
    reason = ""
    if planned.place != builder.place:
        reason = f"lives in the {planned.place}, this peer in the {builder.place}"
    elif isinstance(source.track, KernelTrack) and source.track.readyState == "ended":
        reason = "has ended"
    elif planned.variable == builder.shown_name:
        reason = "goes when its name becomes the peer's"
    return checkbox(
        f"tick/{planned.expression}",
        ticked and not reason,
        tag("code", planned.expression),
        reason,
        note=f"{planned.kind}: {source.describe()}",
    )


# -- transceivers


def _transceivers(builder: Builder) -> list[Markup]:
    directions = [Option(each, each) for each in DIRECTIONS]
    rows = [
        tag(
            "div",
            tag("span", tag("b", each.kind), f" {each.track.expression}" if each.track else None),
            select(f"transceiver-direction/{number}", each.direction, directions, aria_label="direction"),
            button(f"transceiver-remove/{number}", "✕", title="Remove it", aria_label="Remove"),
            class_="rtcnb-entry",
            data_key=f"transceiver-{number}",
        )
        for number, each in builder.transceivers
    ]
    add = [
        button("transceiver-add", f"Add {kind}", data_value=kind, title=f'addTransceiver("{kind}")')
        for kind in KINDS
    ]
    return [*rows, tag("div", *add, class_="rtcnb-bar")]


# -- codecs


def _codecs(builder: Builder, kind: Kind) -> Markup:
    rows = builder.codecs.get((builder.place, kind))
    if rows is None:
        choose = button(
            f"codecs-choose/{kind}", "Choose the order", title=f"Ask the {builder.place} what it has"
        )
        says = tag("small", f"the {builder.place}'s own order")
        return tag("div", tag("b", kind), choose, says, class_="rtcnb-bar", data_key=kind)
    listed = list(rows)
    drawn = [
        _codec(kind, number, row.name, row.used, (i == 0, i == len(listed) - 1))
        for i, (number, row) in enumerate(listed)
    ]
    drawn += [
        tag("li", checkbox("none", False, tag("code", name.partition("/")[2]), "aiortc does not have it"))
        for name in LACKING.get((builder.place, kind), ())
    ]
    reset = button(f"codecs-reset/{kind}", "Own order", title="Take the preference back")
    head = tag("div", tag("b", kind), reset, class_="rtcnb-bar")
    return tag("div", head, tag("ol", *drawn, class_="rtcnb-codecs"), data_key=kind)


def _codec(kind: Kind, number: int, mime: str, used: bool, ends: tuple[bool, bool]) -> Markup:
    name = mime.partition("/")[2]
    note = "repair, no codec of its own" if name.lower() in NOT_ALONE else None
    place = f"{kind}/{number}"
    return tag(
        "li",
        checkbox(f"codec/use/{place}", used, tag("code", name), note=note, title=f"Offer {name}"),
        button(
            f"codec/up/{place}",
            "↑",
            "It is the first" if ends[0] else "",
            title="Up",
            aria_label=f"{name} up",
        ),
        button(
            f"codec/down/{place}",
            "↓",
            "It is the last" if ends[1] else "",
            title="Down",
            aria_label=f"{name} down",
        ),
        data_key=f"codec-{number}",
        data_codec=mime,
    )


# -- channels


def _channels(builder: Builder) -> list[Markup]:
    rows = [_channel(number, each) for number, each in builder.channels]
    add = button("channel-add", "Add a channel", title="createDataChannel")
    return [*rows, tag("div", add, class_="rtcnb-bar")]


def _channel(number: int, channel: PlannedChannel) -> Markup:
    limit, count = "none", None
    for name in ("maxRetransmits", "maxPacketLifeTime"):
        if getattr(channel, name) is not None:
            limit, count = name, getattr(channel, name)
    parts = [
        field("label", text_input(f"channel/label/{number}", channel.label)),
        field("protocol", text_input(f"channel/protocol/{number}", channel.protocol)),
        checkbox(
            f"channel/ordered/{number}", channel.ordered, "ordered", title="Messages arrive in their order"
        ),
        field("delivery", select(f"channel/limit/{number}", limit, LIMITS), kind="rtcnb-wide"),
        field(limit, number_input(f"channel/{limit}/{number}", count)) if limit != "none" else None,
        checkbox(
            f"channel/negotiated/{number}",
            channel.negotiated,
            "negotiated",
            title="Both sides make it themselves, with the same id",
        ),
        field("id", number_input(f"channel/id/{number}", channel.id)) if channel.negotiated else None,
        button(f"channel-remove/{number}", "✕", title="Remove this channel", aria_label="Remove"),
    ]
    return tag("div", *parts, class_="rtcnb-entry", data_key=f"channel-{number}")


# -- what comes of it


def result(builder: Builder, plan: PeerPlan) -> Markup:
    """Return what the first offer will have, the Build button, and the code."""
    problems = plan.problems(builder.namespace)
    listed = [tag("li", tag("b", "✕ "), text) for text in problems]
    listed += [tag("li", tag("b", "▲ "), text) for text in plan.notes()]
    codes = [
        code_block(f"{_where(language)}", language, write(plan)) for language, write in LANGUAGES.items()
    ]
    return tag(
        "div",
        tag("h4", "Its first offer will have"),
        tag("ol", *map(_section, plan.sections()), class_="rtcnb-sections", start=0),
        tag("ul", *listed, class_="rtcnb-problems") if listed else None,
        _bar(builder, plan, problems),
        *codes,
        class_="rtcnb-result",
    )


def _where(language: str) -> str:
    return {"Python": "The same in a cell", "JavaScript": "The same in a web page"}[language]


def _section(section: Section) -> Markup:
    words = [tag("b", section.kind), f" {section.direction} ", tag("small", section.what)]
    return tag("li", *words, data_kind=section.kind, data_direction=section.direction)


def _bar(builder: Builder, plan: PeerPlan, problems: list[str]) -> Markup:
    build = button("build", f"Build {plan.variable}", problems[0] if problems else "", title=_what(plan))
    another = (
        button("another", "Another peer", title="An empty form for the next one") if builder.built else None
    )
    said = tag("span", _said(builder), role="status", class_="rtcnb-said")
    return tag("div", build, another, said, class_="rtcnb-bar rtcnb-build")


def _what(plan: PeerPlan) -> str:
    return f"Make the {CLASSES[plan.place]} and bind it to {plan.variable}"


def _said(builder: Builder) -> Markup:
    if not builder.built:
        return join([f"{builder.peer.name} exists; this is how it was built." if builder.peer else None])
    names = [
        join([tag("code", name), f" ({type(made).__name__})"])
        for name, made in reversed(list(builder.built.items()))
    ]
    mark, tense = ("✓ ", "are") if builder.current else ("○ ", "were")
    changed = None if builder.current else "; the form has changed since"
    return join([mark, "made, and " + tense + " names in this notebook: ", join(names, ", "), changed])
