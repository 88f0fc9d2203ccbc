"""The candidates of both ends as tables: what each is, the arithmetic of its priority, when it was where."""

from __future__ import annotations

from collections.abc import Collection, Mapping

from ..sdp.text import count
from ..trace import PeerEvent
from .ice_candidates import EndCandidate
from .ice_pairs import Perspective
from .ice_words import Change, priority_sum, priority_words, server_urls
from .markup import Markup, join, tag
from .trace_view import TraceView, peer_name

MOST_CANDIDATES = 40


def new_mark(time: float, change: Change) -> Markup | None:
    """Return a mark for what is new since the last change; words, not colour alone."""
    return tag("span", "new", class_="rtcnb-new") if time >= change.since else None


def candidate_tables(seen: Perspective, every: list[Perspective], change: Change, view: TraceView) -> Markup:
    """Return the candidates of a peer, and those of the other side that only it knows of."""
    moment = view.moment()
    shown = list(seen.local)
    across = next((other for other in every if other.peer == seen.other), None)
    first = {c.address for c in across.remote if c.reflexive} if across is not None else set()
    blocks = [_table(seen.peer, shown, seen.other, change, view, first=first)]
    alone = across is None
    unknown = [c for c in seen.remote if alone or c.source in ("checks", "statistics")]
    if unknown:
        title = f"What {seen.peer} learned of {seen.other or 'the other side'}" + (
            "" if alone else " without being told"
        )
        names = {_port(c): c.address for c in seen.remote if c.is_name}
        blocks.append(_table(title, unknown, seen.peer, change, view, heading=title, names=names))
    if not shown and not unknown:
        blocks = [
            tag("h4", peer_name(seen.peer, moment), "'s candidates"),
            tag("p", "None yet.", class_="rtcnb-faint"),
        ]
    return join(blocks)


def _port(candidate: EndCandidate) -> str:
    return candidate.address.rpartition(":")[2] if candidate.source == "checks" or candidate.is_name else ""


def _table(
    owner: str,
    candidates: list[EndCandidate],
    other: str,
    change: Change,
    view: TraceView,
    heading: str = "",
    first: Collection[str] = (),
    names: Mapping[str, str] | None = None,
) -> Markup:
    names = names or {}
    moment = view.moment()
    title = (
        tag("h4", heading)
        if heading
        else tag("h4", peer_name(owner, moment), f": {count(len(candidates), 'candidate')}")
    )
    drawn = candidates[:MOST_CANDIDATES]
    urls = [] if heading else server_urls(moment.last(PeerEvent, owner))
    servers = {"relay": [u for u in urls if u.startswith("turn")], "srflx": urls}
    for each in drawn:
        if not each.server and len(servers.get(each.type, ())) == 1:
            each.server = servers[each.type][0]  # it can come from nowhere else
    rows = [
        _candidate(c, other, change, moment.begin, c.address in first, names.get(_port(c), "")) for c in drawn
    ]
    left = len(candidates) - len(rows)
    head = tag(
        "tr",
        *(
            tag("th", name, scope="col")
            for name in ("candidate", "priority = type · local · component", "when")
        ),
    )
    table = tag("table", tag("thead", head), tag("tbody", *rows), class_="rtcnb-ice-candidates")
    more = tag("p", tag("small", f"… {left} more after these")) if left else None
    return join([title, tag("div", table, class_="rtcnb-scroll"), more])


def _candidate(
    c: EndCandidate, other: str, change: Change, begin: float, by_check: bool, alias: str = ""
) -> Markup:
    ms = lambda time: f"{(time - begin) * 1000:.0f} ms"  # noqa: E731
    about = [
        c.protocol or None,
        c.tcp_type or None,
        f"component {c.component}" if c.component not in (None, 1) else None,
    ]
    about += [f"mid {', '.join(c.mids)}" if c.mids else None, c.network or None]
    about += [
        f"base {c.related}"
        if c.related and c.type != "relay"
        else f"seen by the server as {c.related}"
        if c.related
        else None
    ]
    about += [f"from {c.server}" if c.server else None, "mDNS name" if c.is_name else None]
    about += [
        {"checks": "peer-reflexive: known from checks alone", "statistics": "known from getStats alone"}.get(
            c.source
        )
    ]
    about += [f"same port as {alias}: likely the same" if alias else None]
    about += [f"{other} knew it from a check before it was told (prflx)" if by_check else None]
    when = [f"gathered {ms(c.gathered)}"] if c.gathered is not None else []
    if c.arrived is not None:
        when.append(f"at {other or 'the other'} {ms(c.arrived)}")
    elif c.source == "gathered" and other:
        when.append(f"not at {other} yet")
    when = when or [f"seen {ms(c.first_seen)}"]
    return tag(
        "tr",
        tag(
            "td",
            tag("b", c.type or "?"),
            " ",
            tag("code", c.address),
            new_mark(max(c.first_seen, c.arrived or 0.0), change),
            tag("small", " · ".join(x for x in about if x)),
        ),
        tag(
            "td",
            tag("span", priority_sum(c.priority), class_="rtcnb-mono")
            if c.priority is not None
            else "unknown",
            tag("small", priority_words(c)),
        ),
        tag("td", when[0], tag("small", when[1]) if len(when) > 1 else None),
        data_key=c.address,
        data_candidate=c.address,
    )
