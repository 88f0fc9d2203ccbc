"""Section and Media: what a part of a description says, by name instead of by line."""

from __future__ import annotations

from collections.abc import Iterable
from functools import cached_property
from typing import Any, NamedTuple

from ..errors import CandidateError
from .candidate import Candidate, parse_candidate
from .codec import Codec, codecs_of
from .line import Line
from .text import number

DIRECTIONS = ("sendrecv", "sendonly", "recvonly", "inactive")


class Fingerprint(NamedTuple):
    """The digest of a DTLS certificate (RFC 8122)."""

    algorithm: str
    value: str


class HeaderExtension(NamedTuple):
    """What an id in RTP header extensions stands for (RFC 8285)."""

    id: int
    uri: str
    direction: str | None
    attributes: str | None


class SsrcGroup(NamedTuple):
    """RTP streams that belong together: FID (media, RTX), FEC-FR, SIM (RFC 5576)."""

    semantics: str
    ssrcs: tuple[int, ...]


class Rid(NamedTuple):
    """A restricted RTP stream, one layer of simulcast (RFC 8851)."""

    id: str
    direction: str
    restrictions: dict[str, str]


def by_name(lines: Iterable[Line]) -> dict[str, list[Line]]:
    """Sort lines by attribute, or by type where they have none; an attribute of one letter keeps its ``a=``."""
    found: dict[str, list[Line]] = {}
    for line in lines:
        attribute = line.attribute
        name = line.type if attribute is None else attribute if len(attribute) > 1 else f"a={attribute}"
        found.setdefault(name, []).append(line)
    return found


class Section:
    """The session level, or one media section: some lines in a row.

    Attributes
    ----------
    lines : tuple of Line
    """

    def __init__(self, lines: tuple[Line, ...]) -> None:
        self.lines = lines

    @cached_property
    def _by_name(self) -> dict[str, list[Line]]:
        return by_name(self.lines)

    def line(self, name: str) -> Line | None:
        """The first line of that attribute or type: ``section.line("setup")``, ``section.line("c")``."""
        found = self._by_name.get(name)
        return found[0] if found else None

    def lines_of(self, name: str) -> list[Line]:
        """All lines of that attribute or type."""
        return list(self._by_name.get(name, ()))

    def readable(self, name: str) -> list[dict[str, Any]]:
        """The fields of all its lines that follow their grammar."""
        return [line.fields for line in self._by_name.get(name, ()) if not line.error]

    def values_of(self, attribute: str) -> list[str]:
        """The values of all its lines, without blanks around them; flags and empty values are left out."""
        values = [(line.attribute_value or "").strip() for line in self._by_name.get(attribute, ())]
        return [value for value in values if value]

    def value(self, attribute: str) -> str | None:
        """The first value of that attribute, without blanks around it."""
        values = self.values_of(attribute)
        return values[0] if values else None

    @property
    def stated_direction(self) -> str | None:
        """``sendrecv``, ``sendonly``, ``recvonly``, ``inactive``, or None where there is no such line."""
        flags = [line for direction in DIRECTIONS for line in self._by_name.get(direction, ())]
        # The last one counts, as in libwebrtc.
        return max(flags, key=lambda line: line.number).attribute if flags else None


class Media(Section):
    """An m= line and what follows it (RFC 8866 section 5.14).

    What concerns the transport (ICE, DTLS) is looked up at session level where the section does not say it.
    Everything is None or empty where the text is broken; nothing here raises.

    Attributes
    ----------
    index : int
        0-based; the ``sdpMLineIndex`` of its candidates.
    session : Section
        What stands before the first m= line.
    """

    def __init__(self, index: int, lines: tuple[Line, ...], session: Section) -> None:
        super().__init__(lines)
        self.index = index
        self.session = session

    def __repr__(self) -> str:
        return f"Media({self.index}: {self.kind} mid={self.mid!r} {self.direction}, {len(self.lines)} lines)"

    # --- the m= line

    @cached_property
    def _words(self) -> list[str]:
        return self.lines[0].value.split()

    def _word(self, place: int) -> str | None:
        return self._words[place] if len(self._words) > place else None

    @property
    def kind(self) -> str | None:
        """``audio``, ``video`` or ``application``, and whatever else stands there."""
        return self._word(0)

    @property
    def port(self) -> int | None:
        """The port; 9 before any candidate is known, 0 for a rejected section."""
        return number((self._word(1) or "").partition("/")[0], 65535)

    @property
    def protocol(self) -> str | None:
        """``UDP/TLS/RTP/SAVPF``, ``UDP/DTLS/SCTP``, ..."""
        return self._word(2)

    @property
    def formats(self) -> list[str]:
        """Payload types in the order of preference, or ``webrtc-datachannel``."""
        return self._words[3:]

    @cached_property
    def is_rtp(self) -> bool:
        """True where the protocol carries RTP."""
        return "RTP" in (self.protocol or "").upper().split("/")

    @cached_property
    def is_data(self) -> bool:
        """True where the protocol carries data channels."""
        return "SCTP" in (self.protocol or "").upper().split("/")

    # --- the section

    @cached_property
    def mid(self) -> str | None:
        """The name of the section (RFC 5888)."""
        return self.value("mid")

    @property
    def direction(self) -> str:
        """``sendrecv`` where neither section nor session says otherwise (RFC 8866 section 6.7)."""
        return self.stated_direction or self.session.stated_direction or "sendrecv"

    @property
    def rejected(self) -> bool:
        """True for port 0, unless ``a=bundle-only`` gives it that meaning (RFC 9143 section 6)."""
        return self.port == 0 and not self.bundle_only

    @property
    def bundle_only(self) -> bool:
        """True where the section exists only inside its BUNDLE group (RFC 9143 section 6)."""
        return self.line("bundle-only") is not None

    @property
    def msid(self) -> str | None:
        """Stream and track of the sender (RFC 8830); the first, if there are several."""
        return self.value("msid")

    # --- transport

    def _inherited(self, attribute: str) -> str | None:
        return self.value(attribute) or self.session.value(attribute)

    @property
    def ufrag(self) -> str | None:
        """The ICE user name fragment (RFC 8839 section 5.4)."""
        return self._inherited("ice-ufrag")

    @property
    def pwd(self) -> str | None:
        """The ICE password."""
        return self._inherited("ice-pwd")

    @property
    def ice_options(self) -> tuple[str, ...]:
        """``trickle``, ``renomination``, ...: those of the section and of the session together."""
        words = " ".join((*self.session.values_of("ice-options"), *self.values_of("ice-options"))).split()
        return tuple(dict.fromkeys(words))

    @property
    def setup(self) -> str | None:
        """The DTLS role: ``actpass``, ``active`` or ``passive`` (RFC 8842)."""
        return self._inherited("setup")

    @property
    def fingerprints(self) -> list[Fingerprint]:
        """The certificate digests; those at session level if the section has none."""
        values = self.values_of("fingerprint") or self.session.values_of("fingerprint")
        pairs = [value.partition(" ") for value in values]
        return [Fingerprint(algorithm, digest.strip()) for algorithm, _, digest in pairs if digest.strip()]

    @property
    def rtcp_mux(self) -> bool:
        """True where RTP and RTCP share a port (RFC 5761)."""
        return self.line("rtcp-mux") is not None

    @property
    def rtcp_rsize(self) -> bool:
        """True where RTCP packets may be short (RFC 5506)."""
        return self.line("rtcp-rsize") is not None

    @property
    def candidates(self) -> list[Candidate]:
        """The candidates that can be read; `Line.error` says what is wrong with others."""
        found = []
        mid, ufrag = self.mid, self.ufrag
        for line in self.lines_of("candidate"):
            try:
                parsed = parse_candidate(f"candidate:{line.attribute_value}", mid, min(self.index, 65535))
            except CandidateError:
                continue
            fragment = parsed.usernameFragment or ufrag
            found.append(Candidate(parsed.candidate, parsed.sdpMid, parsed.sdpMLineIndex, fragment))
        return found

    @property
    def carrier(self) -> Media:
        """The section whose transport carries this one: the tagged one of its BUNDLE group, or itself."""
        document = self.lines[0].document
        tagged = document.tagged_mids.get(self.mid) if self.mid is not None else None
        return (document.section_with(tagged) if tagged not in (None, self.mid) else None) or self

    # --- what is sent

    @cached_property
    def codecs(self) -> list[Codec]:
        """What the payload types stand for, in the order of preference; empty where there is no RTP."""
        return codecs_of(self) if self.is_rtp else []

    def codec(self, payload_type: int) -> Codec | None:
        """The codec with this payload type, or None."""
        return next((codec for codec in self.codecs if codec.payload_type == payload_type), None)

    @cached_property
    def header_extensions(self) -> list[HeaderExtension]:
        """The RTP header extensions of the session and the section (RFC 8285)."""
        rows = [*self.session.readable("extmap"), *self.readable("extmap")]
        return [HeaderExtension(x["id"], x["uri"], x.get("direction"), x.get("attributes")) for x in rows]

    @cached_property
    def ssrcs(self) -> dict[int, dict[str, str]]:
        """The announced RTP streams, each with its attributes such as ``cname`` (RFC 5576)."""
        found: dict[int, dict[str, str]] = {}
        for fields in self.readable("ssrc"):
            found.setdefault(fields["ssrc"], {}).setdefault(fields["attribute"], fields.get("value", ""))
        return found

    @cached_property
    def ssrc_groups(self) -> list[SsrcGroup]:
        """Which RTP streams belong together."""
        rows = self.readable("ssrc-group")
        return [SsrcGroup(row["semantics"], tuple(map(int, row["ssrcs"]))) for row in rows]

    @cached_property
    def repair_ssrcs(self) -> dict[int, tuple[str, int]]:
        """SSRC of a repair stream -> semantics of its group (FID, FEC-FR), and the SSRC that it repairs."""
        repairs: dict[int, tuple[str, int]] = {}
        for group in self.ssrc_groups:
            if group.semantics in ("FID", "FEC-FR") and group.ssrcs:
                repairs |= dict.fromkeys(group.ssrcs[1:], (group.semantics, group.ssrcs[0]))
        return repairs

    @property
    def rids(self) -> list[Rid]:
        """The layers of simulcast by their names (RFC 8851)."""
        rows = self.readable("rid")
        return [Rid(row["rid"], row["direction"], row.get("restrictions", {})) for row in rows]

    @cached_property
    def simulcast_rids(self) -> frozenset[str]:
        """The rids that ``a=simulcast`` names; one that starts paused has a ``~`` before it (RFC 8853)."""
        text = (self.value("simulcast") or "").replace(";", " ").replace(",", " ")
        return frozenset(text.split())

    @property
    def sctp_port(self) -> int | None:
        """The SCTP port of data channels (RFC 8841), also from the old ``a=sctpmap``."""
        for name in ("sctp-port", "sctpmap"):
            for fields in self.readable(name):
                return int(fields["port"])
        return None

    @property
    def max_message_size(self) -> int | None:
        """The largest data channel message in bytes; 0 for no limit, None where it is not said (65,536)."""
        rows = self.readable("max-message-size")
        return int(rows[0]["max_message_size_bytes"]) if rows else None
