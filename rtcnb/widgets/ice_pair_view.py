"""One candidate pair in detail: why it won or not, its history, its checks each way, its statistics."""

from __future__ import annotations

from ..trace.timeline import Moment
from .ice_checks import Check
from .ice_pairs import Pair, Perspective
from .ice_strip import AFTER, strip
from .ice_words import pair_sum, why_selected
from .markup import Markup, join, tag
from .trace_view import peer_name

MOST_CHECKS = 40
HIDDEN = {"id", "type", "timestamp", "localCandidateId", "remoteCandidateId", "transportId"}


def pair_details(seen: Perspective, pair: Pair, moment: Moment) -> Markup:
    """Return all that the trace has of a pair, as `seen.peer` saw it."""
    begin = moment.begin
    title = tag(
        "h4",
        peer_name(pair.peer, moment),
        ": ",
        f"{pair.local_type or '?'} ",
        tag("code", pair.local),
        f" → {pair.remote_type or '?'} ",
        tag("code", pair.remote),
        " ",
        tag("span", f"{pair.mark} {pair.word}" + (", selected" if pair.selected else "")),
    )
    words = why_selected(seen, pair, moment) if pair.selected else _why_not(seen, pair, moment)
    arithmetic = pair_sum(seen, pair)
    parts = [
        title,
        tag("p", "Why this pair: " if pair.selected else None, join(words, " "), class_="rtcnb-ice-why")
        if words
        else None,
        tag(
            "p",
            tag("small", "pair priority (RFC 8445 6.1.2.3) "),
            tag("span", arithmetic, class_="rtcnb-mono"),
            class_="rtcnb-ice-sum",
        )
        if arithmetic
        else None,
        strip(pair, begin) if pair.since else None,
        tag("p", tag("small", _legend(pair))) if pair.checks.all else None,
        tag("div", _ways(pair), _history(pair, begin), class_="rtcnb-columns"),
        _each_check(pair, begin),
        _statistics(pair),
    ]
    return tag("div", *parts, class_="rtcnb-ice-detail", data_pair=f"{pair.local} {pair.remote}")


def _why_not(seen: Perspective, pair: Pair, moment: Moment) -> list[str]:
    errors = pair.checks.errors
    told = [f"Answered with an error: {number} × {text}." for text, number in errors.items()]
    if not pair.states:
        told.append(f"Checks came this way before {pair.peer} had such a pair in its check list.")
    elif pair.state == "succeeded" and seen.selected is not None:
        if pair.selected_at:
            told.append(
                f"Selected at {_ms(pair.selected_at[-1], moment.begin)}, and later given up for another."
            )
        else:
            told.append("It works, and another was selected.")
    elif pair.state in ("waiting", "frozen"):
        told.append(
            "It waits for its turn: pairs are checked one after the other, the highest priority first "
            "(RFC 8445 6.1.4.2)."
        )
    sent, back = pair.tally()["sent request"], pair.tally()["received response"]
    if sent and back == 0:
        told.append("No answer has come: lost, filtered, or nobody is there.")
    return told


def _legend(pair: Pair) -> str:
    rests = pair.state == "succeeded"
    rest = pair.changed + AFTER
    later = sum(c.time > rest and c.kind == "request" for c in pair.checks.all) if rests else 0
    more = f" {later} later ones, which keep the consent fresh (RFC 7675), are not drawn." if later else ""
    return (
        f"Ticks above the bar: requests sent; below: requests received; thick ones have USE-CANDIDATE.{more}"
    )


def _ways(pair: Pair) -> Markup:
    tally = pair.tally()
    source = "counted from packets" if pair.checks.all else "from getStats"
    say = lambda name: "?" if tally[name] is None else tally[name]  # noqa: E731
    trips = pair.checks.round_trips_ms
    rows = [
        ("requests sent", say("sent request"), "answers received", say("received response")),
        ("requests received", say("received request"), "answers sent", say("sent response")),
    ]
    body = [tag("tr", *(tag("td", cell) for cell in row)) for row in rows]
    trip = pair.round_trip_ms()
    times = "" if trip is None else f"round trip {trip:.1f} ms"
    if len(trips) > 1:
        times = f"round trip {min(trips):.1f} to {max(trips):.1f} ms, last {trips[-1]:.1f} ms"
    told = " · ".join(x for x in (source, times) if x)
    return tag("div", tag("table", tag("tbody", *body)), tag("small", told))


def _history(pair: Pair, begin: float) -> Markup:
    steps = [(time, state) for time, state in pair.states]
    if pair.nominated is not None:
        steps.append((pair.nominated, "nominated"))
    steps += [(time, "selected") for time in pair.selected_at]
    steps.sort(key=lambda step: step[0])
    rows = [
        tag("tr", tag("td", _ms(time, begin), class_="rtcnb-mono"), tag("td", word)) for time, word in steps
    ]
    return tag("div", tag("table", tag("tbody", *rows)), class_="rtcnb-ice-history")


def _each_check(pair: Pair, begin: float) -> Markup | None:
    checks = pair.checks.all
    if not checks:
        return None
    rows = [_check(check, begin) for check in checks[:MOST_CHECKS]]
    left = len(checks) - len(rows)
    more = tag("p", tag("small", f"… {left} more after these")) if left else None
    table = tag("table", tag("tbody", *rows))
    return tag(
        "details",
        tag("summary", f"Each check ({len(checks)} packets)"),
        tag("div", table, class_="rtcnb-scroll"),
        more,
        data_key="checks",
    )


def _check(check: Check, begin: float) -> Markup:
    return tag(
        "tr",
        tag("td", _ms(check.time, begin), class_="rtcnb-mono"),
        tag("td", "→ sent" if check.direction == "sent" else "← received"),
        tag("td", check.decoded.summary.removeprefix("STUN ")),
        tag("td", tag("code", check.transaction.hex())),
    )


def _statistics(pair: Pair) -> Markup | None:
    members = [(name, value) for name, value in pair.statistics.items() if name not in HIDDEN]
    if not members:
        return None
    rows = [
        tag("tr", tag("td", tag("code", name)), tag("td", value, class_="rtcnb-mono"))
        for name, value in members
    ]
    return tag(
        "details",
        tag("summary", "What getStats says of it"),
        tag("div", tag("table", tag("tbody", *rows)), class_="rtcnb-scroll"),
        data_key="statistics",
    )


def _ms(time: float, begin: float) -> str:
    return f"{(time - begin) * 1000:.1f} ms"
