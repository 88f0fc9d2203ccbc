"""How the stepper looks: the steps of each side, those on the wire between them, and the code."""

from __future__ import annotations

from ..peers.peer import Peer
from ..trace.timeline import Moment
from .markup import Markup, join, tag
from .stepper_presets import PRESETS
from .stepper_steps import Position, Step
from .trace_view import peer_name

SHOWN_CODE = 8


def head(
    peers: tuple[Peer, Peer], preset: str, following: Step | None, working: str, standing: str
) -> Markup:
    """Return the presets, the next step, and the rest."""
    options = [
        tag(
            "option",
            p.title,
            " (not here)" if p.why_not(peers) else None,
            value=p.name,
            selected=p.name == preset,
            disabled=bool(p.why_not(peers)),
            title=p.why_not(peers) or p.says,
        )
        for p in PRESETS.values()
    ]
    select = tag(
        "select", *options, data_change="stepper-preset", title="Which way through the exchange is suggested"
    )
    ready = following is not None and not working
    nothing = working or f"Nothing is left to do: {standing}"
    step = tag(
        "button",
        "Next: ",
        tag("code", following.label if following is not None else "nothing"),
        type="button",
        class_="rtcnb-main",
        data_press="stepper-next",
        aria_disabled=not ready,
        title=following.code if ready and following is not None else nothing,
    )
    rest = tag(
        "button",
        "Do the rest",
        type="button",
        data_press="stepper-rest",
        aria_disabled=bool(working),
        title=working or "Do what is suggested until both are connected",
    )
    barred = {
        p.why_not(peers): [x.title for x in PRESETS.values() if x.why_not(peers)] for p in PRESETS.values()
    }
    notes = [f"{' and '.join(titles)}: {why}." for why, titles in barred.items() if why]
    return join(
        [
            tag(
                "div",
                tag("label", "Preset ", select),
                step,
                rest,
                tag("span", working, role="status"),
                class_="rtcnb-bar",
            ),
            tag("p", tag("small", PRESETS[preset].says), class_="rtcnb-faint"),
            *[tag("p", tag("small", note), class_="rtcnb-faint") for note in notes],
        ]
    )


def buttons(position: Position, following: Step | None, moment: Moment) -> Markup:
    """Return the steps: of the first peer, on the wire, of the second peer."""
    first, second = position.peers
    nothing = tag("p", "Nothing waits here.", class_="rtcnb-faint")
    columns = [
        _column(_peer_title(first, moment), position.sides[0], following),
        _column(tag("b", "on the wire"), position.wire, following, nothing),
        _column(_peer_title(second, moment), position.sides[1], following),
    ]
    return tag("div", tag("div", *columns, class_="rtcnb-steps"), class_="rtcnb-steps-frame")


def _peer_title(peer: Peer, moment: Moment) -> Markup:
    where = {"page": "in the page", "kernel": "in the kernel"}[peer.place]
    states = f"{where} · {peer.signalingState} · {peer.connectionState}"
    return join([peer_name(peer.name, moment), " ", tag("small", states)])


def _column(title: Markup, steps: list[Step], following: Step | None, empty: Markup | None = None) -> Markup:
    listed = [_step(step, following is not None and step.key == following.key) for step in steps]
    return tag("div", tag("div", title), tag("ul", *listed) if listed else empty, class_="rtcnb-side")


def _step(step: Step, is_next: bool) -> Markup:
    button = tag(
        "button",
        tag("span", "▶ ", title="What the preset suggests") if is_next else None,
        tag("code", step.label) if "(" in step.label else step.label,
        type="button",
        class_="rtcnb-main" if is_next else None,
        data_press="stepper-step",
        data_value=step.key,
        aria_disabled=bool(step.why_not),
        title=step.why_not or step.code,
    )
    why = tag("small", f"✕ {step.why_not}", class_="rtcnb-why") if step.why_not else None
    note = tag("small", step.note, class_="rtcnb-why") if step.note and not step.why_not else None
    return tag("li", button, why, note, data_key=step.key, class_="rtcnb-barred" if step.why_not else None)


def code_so_far(code: list[str], failed: str) -> Markup:
    """Return what cells would have run, the last of it on top."""
    if not code:
        return tag("p", "What is pressed is shown here as the code of a cell.", class_="rtcnb-faint")
    last = tag(
        "div",
        tag("code", code[-1], class_="rtcnb-code-line"),
        tag("button", "Copy", type="button", data_copy=code[-1], title="Copy this line"),
        class_="rtcnb-bar rtcnb-last-code",
    )
    error = tag("div", f"✕ {failed}", class_="rtcnb-error") if failed else None
    whole = "\n".join(code)
    earlier = None
    if len(code) > 1:
        copy = tag("button", "Copy all", type="button", data_copy=whole, title="Copy all lines")
        lines = tag(
            "pre", tag("code", whole), class_="rtcnb-scroll", tabindex=0, aria_label="All code so far"
        )
        earlier = tag(
            "details", tag("summary", f"All {len(code)} lines"), tag("div", copy, class_="rtcnb-bar"), lines
        )
    return tag("div", last, error, earlier, class_="rtcnb-code-so-far")
