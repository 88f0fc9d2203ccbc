"""ICE: the candidates of both ends, the pairs that were made of them, and which carries the call and why."""

from __future__ import annotations

import json
from collections.abc import Awaitable, Iterable
from typing import Any, ClassVar

from ..sdp.text import count
from .ice_candidate_view import candidate_tables, new_mark
from .ice_candidates import EndCandidate, why_not_paired
from .ice_checks import CheckIndex
from .ice_pair_view import pair_details
from .ice_pairs import Pair, Perspective, perspective
from .ice_words import Change, lacks, last_change
from .markup import Markup, join, tag
from .trace_view import TraceView, peer_name
from .view import Fragment, Rows

MOST_COLUMNS, MOST_CELLS = 8, 64
ROW_HEIGHT = 26
OPEN = {"not arrived", "no pair made", "its base checks"}  # why there is no pair, where there could be one
LOOKS = {"succeeded": "ok", "failed": "bad", "cancelled": "bad", "in-progress": "wait", "inprogress": "wait"}


class IceView(TraceView):
    """Candidates, pairs, and the selected pair of each peer; see `TraceView`.

    Attributes
    ----------
    chosen : str
        The pair whose details are shown; ``""`` for the selected one.
    """

    name: ClassVar[str] = "ice"
    title: ClassVar[str] = "ICE"

    def __init__(self, *of: Any, **options: Any) -> None:
        super().__init__(*of, **options)
        self.chosen = ""
        self._checks = CheckIndex(self.trace)
        self._shown_key = ""
        self._others: dict[tuple[str, float], str] = {}
        self._lists: dict[str, list[str]] = {}

    def act(self, action: str, value: Any) -> Awaitable[None] | None:
        """Choose a pair, in a matrix or in a list."""
        if action == "ice-pair":
            self.chosen = str(value)
        elif action.startswith("ice-row-") and isinstance(value, int):
            keys = self._lists.get(action, [])
            if 0 <= value < len(keys):
                self.chosen = keys[value]
        self.changed()
        return None

    def draw(self) -> Iterable[Fragment]:
        """Return what changed last, the pairs, the chosen pair, and the candidates."""
        moment = self.moment()
        self._checks.refresh()
        peers = self.shown_peers(moment)
        if not peers:
            yield Fragment("none", tag("p", "No peer has been made yet.", class_="rtcnb-faint"))
            return
        seen = [perspective(peer, self._other(peer, peers), moment, self._checks) for peer in peers]
        change = last_change(peers, moment)
        begin = moment.begin
        yield Fragment("change", _said(change, moment.trace.missing))
        large = [s for s in seen if s.pairs and not _fits(s)]
        found = self._shown(seen)
        self._shown_key = key_of(found[1]) if found is not None else ""
        boxes = [self._box(s, change, begin) for s in seen]
        yield Fragment("pairs", tag("div", *boxes, class_="rtcnb-columns rtcnb-ice-pairs"))
        for number, each in enumerate(large):
            title = tag("h4", peer_name(each.peer, moment), ": its pairs, the highest priority first")
            yield Fragment(f"list-{number}", title, self._list(each, f"ice-row-{number}", begin))
        if found is not None:
            yield Fragment("pair", pair_details(*found, moment))
        tables = [tag("div", candidate_tables(s, seen, change, self), data_key=s.peer) for s in seen]
        yield Fragment("candidates", tag("div", *tables, class_="rtcnb-columns"))

    # -- which

    def _other(self, peer: str, peers: list[str]) -> str:
        rest = [p for p in peers if p != peer]
        if len(rest) == 1:
            return rest[0]
        moment = self.moment()
        call = (peer, moment.made(peer))
        if call not in self._others and len(moment.peers) > 1:
            side = moment.side(peer)
            if side is not None and side.other is not None:
                self._others[call] = side.other.name
        return self._others.get(call, "")

    def _shown(self, seen: list[Perspective]) -> tuple[Perspective, Pair] | None:
        """The pair that was chosen; else the one that carries the call, else the best."""
        every = [(s, p) for s in seen for p in s.pairs]
        for s, p in every:
            if key_of(p) == self.chosen:
                return s, p
        selected = next(((s, p) for s, p in every if p is s.selected), None)
        return selected or (every[0] if every else None)

    # -- parts

    def _box(self, seen: Perspective, change: Change, begin: float) -> Markup:
        moment = self.moment()
        names = [
            peer_name(seen.peer, moment),
            " checks ",
            peer_name(seen.other, moment) if seen.other else "the other side",
        ]
        role = tag("small", f" {seen.role}" if seen.role else "", title=seen.role_reason)
        body: object
        if not seen.local and not seen.remote:
            body = tag("p", "No candidates yet, so no pairs.", class_="rtcnb-faint")
        elif not _fits(seen):
            candidates = f"{len(seen.local)} × {len(seen.remote)} candidates"
            where = ", listed below" if seen.pairs else ""
            body = tag("p", f"{count(len(seen.pairs), 'pair')} of {candidates}{where}.")
        else:
            body = [self._matrix(seen, change, begin), _left_out(seen)]
        return tag(
            "div",
            tag("h4", *names, role),
            self._lacks(seen),
            body,
            data_key=seen.peer,
            data_perspective=seen.peer,
        )

    def _lacks(self, seen: Perspective) -> Markup | None:
        problems, remarks = lacks(seen, self.moment())
        items = [tag("li", "▲ ", problem, class_="rtcnb-ice-problem") for problem in problems]
        items += [tag("li", remark) for remark in remarks]
        return (
            tag("ul", *items, class_="rtcnb-ice-lacks", aria_label=f"What {seen.peer} lacks")
            if items
            else None
        )

    def _matrix(self, seen: Perspective, change: Change, begin: float) -> Markup:
        rows, columns = used(seen)
        if not rows or not columns:
            whose = seen.peer if not rows else seen.other or "the other side"
            return tag("p", f"No pairs: no candidate of {whose} is known here.", class_="rtcnb-faint")
        head = [tag("th", tag("small", f"{seen.peer} ↓ {seen.other or 'other'} →"))]
        head += [tag("th", _heading(c, change), scope="col") for c in columns]
        body = []
        for local in rows:
            cells = [tag("td", self._cell(seen, local, remote, change)) for remote in columns]
            body.append(
                tag("tr", tag("th", _heading(local, change), scope="row"), *cells, data_key=local.address)
            )
        table = tag("table", tag("thead", tag("tr", *head)), tag("tbody", *body), class_="rtcnb-ice-matrix")
        return tag("div", table, class_="rtcnb-scroll")

    def _cell(self, seen: Perspective, local: EndCandidate, remote: EndCandidate, change: Change) -> Markup:
        pair = seen.pair(local.address, remote.address)
        if pair is None:
            return tag("span", f"– {why_not_paired(local, remote)}".rstrip(), class_="rtcnb-faint")
        words = f"{pair.mark} {pair.word}"
        more = [x for x in ("selected" if pair.selected else "", "nominated" if pair.nominated else "") if x]
        return tag(
            "button",
            tag("b", words),
            f" · {more[0]}" if more else None,
            new_mark(pair.changed, change),
            tag("small", tally_words(pair)),
            type="button",
            data_press="ice-pair",
            data_value=key_of(pair),
            data_key=key_of(pair),
            data_state=pair.state,
            aria_pressed=key_of(pair) == self._shown_key,
            title=f"Show the history of {pair.local} → {pair.remote}",
            class_=f"rtcnb-ice-cell rtcnb-ice-{LOOKS.get(pair.state, 'idle')}"
            + (" rtcnb-ice-selected" if pair.selected else ""),
        )

    def _list(self, seen: Perspective, action: str, begin: float) -> Rows:
        pairs = seen.pairs
        keys = self._lists[action] = [key_of(pair) for pair in pairs]
        rows = Rows(
            count=len(pairs),
            height_px=ROW_HEIGHT,
            draw=lambda start, stop: [_row(pair, begin) for pair in pairs[start:stop]],
            label=f"Pairs of {seen.peer}, the highest priority first",
            press=action,
            focused=keys.index(self._shown_key) if self._shown_key in keys else -1,
            version=hash(
                tuple((k, p.changed, p.selected, tally_words(p)) for k, p in zip(keys, pairs, strict=True))
            ),
        )
        return rows


def _said(change: Change, missing: tuple[str, ...]) -> Markup:
    told = tag("p", change.words, class_="rtcnb-ice-last", role="status") if change.words else None
    note = "The file has no single checks: states and counts are those of its statistics, some once a second."
    return join([told, tag("p", note, class_="rtcnb-faint") if "single checks" in missing else None])


def key_of(pair: Pair) -> str:
    """Return what a pair is called between the page and here."""
    return json.dumps([pair.peer, pair.local, pair.remote])


def tally_words(pair: Pair) -> str:
    """Return a pair's checks in short: ``3 sent, 3 answered · 2 came``."""
    tally = pair.tally()
    sent, answered, came = tally["sent request"], tally["received response"], tally["received request"]
    refused = pair.checks.counts["received error"]
    told = []
    if sent is not None:
        told.append(f"{sent} sent")
        if answered is None or answered > refused or not refused:
            told.append(f"{'?' if answered is None else answered - refused} answered")
        if refused:
            told.append(f"{refused} refused")
    told = [", ".join(told)] if told else []
    told += [] if came is None else [f"{came} came"]
    trip = pair.round_trip_ms()
    told += [] if trip is None else [f"{trip:.1f} ms"]
    return " · ".join(told)


def used(seen: Perspective) -> tuple[list[EndCandidate], list[EndCandidate]]:
    """Return the candidates of both sides that are worth a row or a column.

    Those of sections in no pair are left out, since these are bundled over others, and those that nothing on the
    other side can be paired with, such as TCP where the other has UDP alone.
    """
    locals_ = {p.local for p in seen.pairs}
    remotes = {p.remote for p in seen.pairs}
    mids = {m for c in seen.local if c.address in locals_ for m in c.mids}
    mids |= {m for c in seen.remote if c.address in remotes for m in c.mids}

    def kept(candidates: list[EndCandidate], paired: set[str]) -> list[EndCandidate]:
        return [c for c in candidates if not mids or not c.mids or c.address in paired or mids & set(c.mids)]

    rows, columns = kept(seen.local, locals_), kept(seen.remote, remotes)
    fit = [(r, c) for r in rows for c in columns if why_not_paired(r, c) in OPEN]
    own, theirs = {r.address for r, _ in fit} | locals_, {c.address for _, c in fit} | remotes
    if own and theirs:
        rows, columns = [r for r in rows if r.address in own], [c for c in columns if c.address in theirs]
    return rows, columns


def _fits(seen: Perspective) -> bool:
    rows, columns = used(seen)
    return len(columns) <= MOST_COLUMNS and len(rows) * len(columns) <= MOST_CELLS


def _left_out(seen: Perspective) -> Markup | None:
    rows, columns = used(seen)
    left = [c for c in (*seen.local, *seen.remote) if c not in rows and c not in columns]
    if not left:
        return None
    used_mids = {m for c in (*rows, *columns) for m in c.mids}
    bundled = [c for c in left if c.mids and not used_mids & set(c.mids)]
    mids = ", ".join(sorted({m for c in bundled for m in c.mids}))
    told = []
    if bundled:
        told.append(f"{len(bundled)} of mid {mids}, bundled over another section (RFC 9143)")
    if len(left) > len(bundled):
        told.append(f"{len(left) - len(bundled)} of a protocol or family that the other side has none of")
    return tag("p", tag("small", f"Not shown: candidates in no pair, {'; '.join(told)}."))


def _heading(candidate: EndCandidate, change: Change) -> Markup:
    kind = candidate.type or "?"
    how = "" if candidate.protocol in ("", "udp") else f" {candidate.protocol} {candidate.tcp_type}".rstrip()
    return join(
        [
            tag("span", kind, how, class_="rtcnb-ice-type"),
            new_mark(candidate.first_seen, change),
            tag("code", candidate.address),
        ]
    )


def _row(pair: Pair, begin: float) -> Markup:
    more = ", selected" if pair.selected else ", nominated" if pair.nominated else ""
    return tag(
        "span",
        tag(
            "b",
            f"{pair.mark} {pair.word}{more}",
            class_="rtcnb-ice-state",
        ),
        " ",
        tag("code", f"{pair.local_type or '?'} {pair.local} → {pair.remote_type or '?'} {pair.remote}"),
        tag("span", f"  {tally_words(pair)} · since {(pair.since - begin) * 1000:.0f} ms"),
    )
