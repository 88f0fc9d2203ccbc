"""Before x after -> what was munged, in the words of sections instead of a text diff."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

from ..finding import Printed
from .codec import Codec
from .compare import Description, document_of
from .document import Document
from .line import Line
from .section import DIRECTIONS, Media, Section

# What is told in other words; every other line that came or went is told as a line.
TOLD = {"m", "rtpmap", "fmtp", "rtcp-fb", "candidate", "extmap", "end-of-candidates", "b"}
TOLD |= {
    "sendrecv",
    "sendonly",
    "recvonly",
    "inactive",
    "ice-ufrag",
    "ice-pwd",
    "setup",
    "fingerprint",
    "mid",
}


@dataclass(frozen=True)
class Change:
    """One thing that was changed.

    Attributes
    ----------
    what : str
        A stable name: ``codec-removed``, ``codec-order``, ``direction``, ...
    where : str
        ``session``, or a section such as ``audio (mid 0)``.
    sentence : str
    before, after : str or None
    """

    what: str
    where: str
    sentence: str
    before: str | None = None
    after: str | None = None

    def __str__(self) -> str:
        return f"{self.where}: {self.sentence}"


class Changes(Printed, tuple[Change, ...]):
    """What was changed, in the order of the description; empty where nothing was."""

    def __repr__(self) -> str:
        return f"Changes({', '.join(change.what for change in self)})"

    def __str__(self) -> str:
        from .compare_view import changes_text

        return changes_text(self)

    def _repr_html_(self) -> str:
        from .compare_view import changes_html

        return changes_html(self)

    def to_json(self) -> list[dict[str, Any]]:
        """As dicts."""
        return [asdict(change) for change in self]


def changes(before: Description, after: Description) -> Changes:
    """Say what was changed from one description to another, as between create and set.

    Parameters
    ----------
    before, after : SessionDescription, Document or str

    Returns
    -------
    Changes
        A tuple of Change, with rich display.
    """
    old, new = document_of(before), document_of(after)
    if old.text == new.text:
        return Changes()
    found = [*_session(old, new), *_sections(old, new)]
    if not found:
        found.append(Change("layout", "session", "only line ends or the order of lines differ"))
    return Changes(found)


def changed_lines(before: Description, after: Description) -> dict[int, str | None]:
    """Find the lines of `after` that its section did not have before.

    Returns
    -------
    dict of int to (str or None)
        By the number of the line, what stood in its place: the line that is gone and begins as it does, such as
        ``a=fmtp:102``; None where there was none.
    """
    old, new = document_of(before), document_of(after)
    found = _new_lines(old.session, new.session)
    pairs, _, come = _pairs(old, new)
    for media, other in pairs:
        found |= _new_lines(media, other)
    for media in come:
        found |= {line.number: None for line in media.lines}
    return dict(sorted(found.items()))


def _new_lines(old: Section, new: Section) -> dict[int, str | None]:
    was, now = ({line.text for line in section.lines} for section in (old, new))
    gone: dict[str, list[str]] = {}
    for line in old.lines:
        if line.text not in now:
            gone.setdefault(_subject(line), []).append(line.text)
    found: dict[int, str | None] = {}
    for line in new.lines:
        if line.text not in was:
            places = gone.get(_subject(line))
            found[line.number] = places.pop(0) if places else None
    return found


def _subject(line: Line) -> str:
    """What a line is about: ``a=fmtp:102``; of directions and other lines that can stand once, their kind."""
    if line.attribute in DIRECTIONS:
        return "direction"
    if line.attribute not in ("rtpmap", "fmtp", "rtcp-fb", "extmap", "ssrc", "rid"):
        return line.name
    return f"{line.name}:{(line.attribute_value or '').partition(' ')[0]}"


def _session(old: Document, new: Document) -> Iterator[Change]:
    was, now = ("; ".join(" ".join(group) for group in doc.bundle) for doc in (old, new))
    if was != now:
        yield _changed("bundle", "session", "BUNDLE group", was, now)
    where = "session"
    yield from _transport(where, old.session, new.session)
    yield from _bandwidths(where, old.session, new.session)
    yield from _other_lines(where, old.session, new.session, {"group"} if was != now else set())


def _sections(old: Document, new: Document) -> Iterator[Change]:
    pairs, gone, come = _pairs(old, new)
    for media in gone:
        yield Change("section-removed", _where(media), "the section was removed")
    for media in come:
        yield Change("section-added", _where(media), "the section was added")
    order = [(mine.index, its.index) for mine, its in pairs]
    if sorted(order) != sorted(order, key=lambda pair: pair[1]):
        names = [", ".join(_where(x) for x in doc.media) for doc in (old, new)]
        yield _changed("section-order", "session", "order of the sections", *names)
    for mine, its in pairs:
        yield from _media(mine, its)


def _pairs(old: Document, new: Document) -> tuple[list[tuple[Media, Media]], list[Media], list[Media]]:
    """Which section became which: by mid, else by place."""
    pairs: list[tuple[Media, Media]] = []
    taken: set[int] = set()
    for media in old.media:
        other = new.section_with(media.mid) if media.mid is not None else None
        if other is None and media.index < len(new.media):
            same = new.media[media.index]
            other = (
                same if same.kind == media.kind and (same.mid is None or same.mid not in old.mids) else None
            )
        if other is not None and other.index not in taken:
            taken.add(other.index)
            pairs.append((media, other))
    paired = {mine.index for mine, _ in pairs}
    gone = [media for media in old.media if media.index not in paired]
    return pairs, gone, [media for media in new.media if media.index not in taken]


def _where(section: Media) -> str:
    name = f"mid {section.mid}" if section.mid is not None else f"m-line {section.index}"
    return f"{section.kind} ({name})"


def _media(old: Media, new: Media) -> Iterator[Change]:
    where = _where(old)
    for what, words in (("kind", "kind"), ("mid", "mid"), ("protocol", "protocol")):
        was, now = getattr(old, what), getattr(new, what)
        if was != now:
            yield _changed(what, where, words, was, now)
    if new.rejected and not old.rejected:
        yield Change("rejected", where, "the section was rejected (port 0)", str(old.port), "0")
    elif old.rejected and not new.rejected:
        yield Change("accepted", where, f"the section was brought back (port {new.port})", "0", str(new.port))
    elif old.port != new.port:
        yield _changed("port", where, "port", old.port, new.port)
    if old.direction != new.direction:
        yield _changed("direction", where, "direction", old.direction, new.direction)
    yield from _codecs(where, old, new)
    yield from _transport(where, old, new)
    yield from _bandwidths(where, old, new)
    yield from _candidates(where, old, new)
    yield from _extensions(where, old, new)
    yield from _other_lines(where, old, new, set())


def _changed(what: str, where: str, words: str, was: object, now: object) -> Change:
    def shown(value: object) -> str:
        return "none" if value in (None, "") else str(value)

    return Change(
        what,
        where,
        f"{words} {shown(was)} → {shown(now)}",
        *(None if x is None else str(x) for x in (was, now)),
    )


def _codecs(where: str, old: Media, new: Media) -> Iterator[Change]:
    was, now = ({codec.payload_type: codec for codec in media.codecs} for media in (old, new))
    for payload, codec in was.items():
        if payload not in now:
            primary = codec.apt if codec.name.lower() == "rtx" else None
            if primary in was and primary not in now:
                continue  # told with the codec that it repeats
            rtx = f" with its RTX {codec.rtx}" if codec.rtx is not None and codec.rtx not in now else ""
            yield Change(
                "codec-removed", where, f"codec {codec.name} ({payload}) was removed{rtx}", str(codec)
            )
    for payload, codec in now.items():
        if payload not in was:
            yield Change("codec-added", where, f"codec {codec.name} ({payload}) was added", None, str(codec))
        else:
            yield from _codec(where, was[payload], codec)
    kept = [[payload for payload in order if payload in was and payload in now] for order in (was, now)]
    if kept[0] != kept[1]:
        names = [
            ", ".join(now[payload].name for payload in order if not now[payload].is_helper) for order in kept
        ]
        yield Change("codec-order", where, f"codec order is now {names[1]}", *names)


def _codec(where: str, old: Codec, new: Codec) -> Iterator[Change]:
    name = f"{new.name} ({new.payload_type})"
    if (old.name, old.clock_rate, old.channels) != (new.name, new.clock_rate, new.channels):
        yield _changed("codec-changed", where, "codec", old, new)
    for key, was, now in _differences(old.parameters, new.parameters):
        if was is None:
            yield Change("parameter-added", where, f"{name}: {key}={now} was added", None, now)
        elif now is None:
            yield Change("parameter-removed", where, f"{name}: {key}={was} was removed", was)
        else:
            yield _changed("parameter-changed", where, f"{name}: {key}", was, now)
    for what in (x for x in old.feedback if x not in new.feedback):
        yield Change("feedback-removed", where, f"{name}: feedback {what} was removed", what)
    for what in (x for x in new.feedback if x not in old.feedback):
        yield Change("feedback-added", where, f"{name}: feedback {what} was added", None, what)


def _differences(
    old: Mapping[str, str], new: Mapping[str, str]
) -> Iterator[tuple[str, str | None, str | None]]:
    for key in dict.fromkeys((*old, *new)):
        if old.get(key) != new.get(key):
            yield key, old.get(key), new.get(key)


def _transport(where: str, old: Section, new: Section) -> Iterator[Change]:
    for attribute, words in (("ice-ufrag", "ICE user name fragment"), ("setup", "DTLS role")):
        was, now = old.value(attribute), new.value(attribute)
        if was != now:
            yield _changed(attribute, where, words, was, now)
    if old.value("ice-pwd") != new.value("ice-pwd"):
        yield Change("ice-pwd", where, "the ICE password was changed")
    if old.values_of("fingerprint") != new.values_of("fingerprint"):
        yield Change("fingerprint", where, "the certificate's fingerprint was changed")


def _bandwidths(where: str, old: Section, new: Section) -> Iterator[Change]:
    was, now = (
        {row["bwtype"]: str(row["bandwidth"]) for row in section.readable("b")} for section in (old, new)
    )
    for kind, before, after in _differences(was, now):
        yield _changed("bandwidth", where, f"bandwidth {kind}", before, after)


def _candidates(where: str, old: Media, new: Media) -> Iterator[Change]:
    was, now = (dict.fromkeys(media.values_of("candidate")) for media in (old, new))
    for words, gone in (
        ("removed", [x for x in was if x not in now]),
        ("added", [x for x in now if x not in was]),
    ):
        for text in gone:
            yield Change(f"candidate-{words}", where, f"a candidate was {words}: {_shown(text)}")
    ended = [media.line("end-of-candidates") is not None for media in (old, new)]
    if ended[0] != ended[1]:
        yield Change(
            "end-of-candidates", where, f"end-of-candidates was {'added' if ended[1] else 'removed'}"
        )


def _shown(text: str) -> str:
    words = text.split(" ")
    return " ".join(words[7:8] + words[2:3] + words[4:6]) if len(words) > 7 else text[:60]


def _extensions(where: str, old: Media, new: Media) -> Iterator[Change]:
    was, now = ({row["uri"]: str(row["id"]) for row in media.readable("extmap")} for media in (old, new))
    for uri, before, after in _differences(was, now):
        words = "removed" if after is None else "added" if before is None else f"given the id {after}"
        yield Change("header-extension", where, f"header extension {uri} was {words}", before, after)


def _other_lines(where: str, old: Section, new: Section, told: set[str]) -> Iterator[Change]:
    """What has no better name: simulcast, msid, rtcp-mux, ... line by line."""
    was, now = (_rest(section.lines, told) for section in (old, new))
    for text in (x for x in was if x not in now):
        yield Change("line-removed", where, f"{text} was removed", text)
    for text in (x for x in now if x not in was):
        yield Change("line-added", where, f"{text} was added", None, text)


def _rest(lines: Sequence[Line], told: set[str]) -> dict[str, None]:
    names = TOLD | told
    return {line.text: None for line in lines if (line.attribute or line.type) not in names}
