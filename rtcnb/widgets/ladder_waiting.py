"""What waits on the wire, in the hand of the reader: deliver it, lose it, double it, change it, let it wait."""

from __future__ import annotations

import math
import sys
from collections.abc import Awaitable
from typing import TYPE_CHECKING, Any

from ..errors import PeerError
from ..sdp import SessionDescription
from ..trace import Trace
from .markup import Markup, tag

if TYPE_CHECKING:
    from ..peers.message import Message

LONGEST_DELAY = 3600.0
# What is written on a button, in a narrow place, and what it does.
BUTTONS = (
    ("deliver", "Deliver", "Deliver", "Give it to {receiver}"),
    ("drop", "Drop", "Drop", "Lose it"),
    ("duplicate", "Duplicate", "×2", "Put a copy right behind it"),
    ("edit", "Edit", "Edit", "Change its text on the way"),
    ("delay", "Later", "Later", "Deliver it by itself after some seconds"),
)


def waiting_message(number: int, trace: Trace) -> Message | None:
    """Return the message of that number if it waits on a wire of this trace now."""
    messages = sys.modules.get("rtcnb.peers.message")  # where no wire was made here, it need not be loaded
    found: Message | None = messages.waiting(number) if messages is not None else None
    return found if found is not None and found.trace is trace and trace.ended is None else None


def place_of(message: Message) -> int:
    """Return where it stands in ``wire.pending``."""
    pending = message.wire.pending
    return pending.index(message) if message in pending else 0


def buttons_of(message: Message) -> Markup:
    """Return the buttons of a message that waits."""
    place = place_of(message)
    drawn = []
    for action, word, short, does in BUTTONS:
        if action == "deliver" and not message.receiver:
            drawn.append(_copy(message))
            continue
        title = does.format(receiver=message.receiver)
        code = f"wire.pending[{place}].{action}({'…' if action in ('edit', 'delay') else ''})"
        drawn.append(
            tag(
                "button",
                tag("span", word, class_="rtcnb-wide"),
                tag("span", short, class_="rtcnb-narrow", aria_hidden=True) if short != word else None,
                type="button",
                title=f"{title}: {code}",
                aria_label=f"{word} message {message.number}",
                class_=None if short != word else "rtcnb-one",
                data_press=f"ladder-{action}",
                data_value=message.number,
            )
        )
    return tag("span", *drawn, class_="rtcnb-buttons")


def _copy(message: Message) -> Markup:
    return tag(
        "button",
        "Copy",
        type="button",
        title="Its other end is in another notebook: copy it, and give it to wire.paste(...) there",
        data_copy=message.to_json(),
    )


def press(action: str, value: Any, trace: Trace) -> Awaitable[None] | None:
    """Do what a cell would do with the message of that number.

    Raises
    ------
    PeerError
        It waits no more.
    """
    message = demand(value, trace)
    if action == "deliver":
        return message.deliver()
    if action == "drop":
        message.drop()
    elif action == "duplicate":
        message.duplicate()
    return None


def demand(number: Any, trace: Trace) -> Message:
    """Return the message of that number.

    Raises
    ------
    PeerError
        It waits no more.
    """
    found = waiting_message(int(number), trace) if str(number).isdecimal() else None
    if found is None:
        raise PeerError(
            f"Message {str(number)[:20]} waits no more: it was delivered, lost, or its wire is gone."
        )
    return found


def text_of(message: Message) -> str:
    """Return what can be edited: the SDP, or the candidate's line."""
    content = message.content
    return content.sdp if isinstance(content, SessionDescription) else content.candidate


def put_back(message: Message, text: str) -> None:
    """Edit a message; a text box knows no CR LF, so they are put back where they were.

    Raises
    ------
    PeerError
        It waits no more.
    CandidateError
        A candidate of several lines.
    """
    before = text_of(message)
    plain = text.replace("\r\n", "\n")
    if isinstance(message.content, SessionDescription):
        text = plain.replace("\n", "\r\n") if "\r\n" in before else plain
    else:
        text = plain.rstrip("\n")
    if text != before:
        message.edit(text)


def seconds_of(text: Any) -> float:
    """Read for how long a message is to wait.

    Raises
    ------
    PeerError
        It is no number of seconds from 0 to 3600.
    """
    try:
        seconds = float(text)
    except (TypeError, ValueError):
        seconds = math.nan
    if not 0 <= seconds <= LONGEST_DELAY:
        raise PeerError(
            f"Later: {str(text)[:20]!r} is no number of seconds from 0 to {LONGEST_DELAY:.0f}, such as 2.5."
        )
    return seconds
