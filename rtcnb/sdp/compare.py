"""Offer x answer -> Negotiation: what the two agreed on, why the rest was lost, and what may not be."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from functools import cached_property
from typing import Any

from ..finding import Findings, Printed
from .codec import Codec
from .codec_profiles import pair_codecs, profile_words, same_name
from .compare_rules import violations_of
from .description import SessionDescription
from .document import Document, parse
from .section import HeaderExtension, Media

REVERSED = {"sendonly": "recvonly", "recvonly": "sendonly"}
# Who of actpass, active and passive starts DTLS (RFC 8842 section 5): role of the offerer, of the answerer.
ROLES = {"active": ("server", "client"), "passive": ("client", "server")}


@dataclass(frozen=True)
class KeptCodec:
    """A codec that both sides have.

    Attributes
    ----------
    offered, answered : Codec
        As each side writes it: payload type and parameters may differ.
    """

    offered: Codec
    answered: Codec

    @property
    def remapped(self) -> bool:
        """True where the answer gives it another payload type."""
        return self.offered.payload_type != self.answered.payload_type

    def __str__(self) -> str:
        return f"{self.answered}{f' (offered as {self.offered.payload_type})' if self.remapped else ''}"


@dataclass(frozen=True)
class LostCodec:
    """A codec of the offer that is not in the answer.

    Attributes
    ----------
    codec : Codec
    reason : {"rejected", "not answered", "no common profile", "lost with"}
        ``lost with``: RTX whose codec was lost.
    detail : str
        The profiles that the answer has, or the payload type that it was lost with.
    """

    codec: Codec
    reason: str
    detail: str = ""

    def __str__(self) -> str:
        return f"{self.codec}: {self.reason}{f' ({self.detail})' if self.detail else ''}"


@dataclass(frozen=True)
class MediaNegotiation:
    """What became of one m= line.

    Attributes
    ----------
    index : int
    mid, kind : str or None
        Of the offer.
    accepted : bool
    rejected_by : {"offerer", "answerer", None}
    codecs : tuple of KeptCodec
        In the answer's order of preference.
    lost : tuple of LostCodec
    added : tuple of Codec
        In the answer, but never offered.
    offered_direction, answered_direction : str
        As each side says it of itself.
    offerer_direction, answerer_direction : str or None
        What results for each: the ``currentDirection`` of its transceiver; None where it was rejected.
    offerer_role, answerer_role : {"client", "server", None}
        Who starts the DTLS handshake is the client; None where nothing says it.
    transport : str
        The mid of the section whose transport carries this one.
    rtcp_mux : bool
    header_extensions, lost_extensions : tuple of HeaderExtension
    offerer_takes_bytes, answerer_takes_bytes : int or None
        The longest data channel message; None for media, 0 for no limit.
    """

    index: int
    mid: str | None
    kind: str | None
    accepted: bool
    rejected_by: str | None
    codecs: tuple[KeptCodec, ...]
    lost: tuple[LostCodec, ...]
    added: tuple[Codec, ...]
    offered_direction: str
    answered_direction: str
    offerer_direction: str | None
    answerer_direction: str | None
    offerer_role: str | None
    answerer_role: str | None
    transport: str
    rtcp_mux: bool
    header_extensions: tuple[HeaderExtension, ...]
    lost_extensions: tuple[HeaderExtension, ...]
    offerer_takes_bytes: int | None = None
    answerer_takes_bytes: int | None = None


@dataclass(frozen=True)
class IceOutcome:
    """What the ICE agents told each other.

    Attributes
    ----------
    offerer_options, answerer_options : tuple of str
    offerer_lite, answerer_lite : bool
    controlling : {"offerer", "answerer"}
        Who nominates the pair (RFC 8445 section 6.1.1).
    """

    offerer_options: tuple[str, ...]
    answerer_options: tuple[str, ...]
    offerer_lite: bool
    answerer_lite: bool
    controlling: str

    @property
    def trickle(self) -> bool:
        """True where both sides take candidates after their descriptions."""
        return "trickle" in self.offerer_options and "trickle" in self.answerer_options


@dataclass(frozen=True, repr=False)
class Negotiation(Printed):
    """What offer and answer agreed on.

    Attributes
    ----------
    offer, answer : Document
    media : tuple of MediaNegotiation
        One for each m= line of the offer that the answer has too.
    ice : IceOutcome
    bundle : tuple of tuple of str
        The mids that share a transport; the first of each is the tagged one.
    violations : Findings
        Where the answer is no answer to this offer.
    """

    offer: Document
    answer: Document
    media: tuple[MediaNegotiation, ...]
    ice: IceOutcome
    bundle: tuple[tuple[str, ...], ...]
    violations: Findings

    @cached_property
    def ok(self) -> bool:
        """True where no violation is an error."""
        return not any(finding.severity == "error" for finding in self.violations)

    def __repr__(self) -> str:
        accepted = sum(media.accepted for media in self.media)
        return f"Negotiation({accepted} of {len(self.media)} sections accepted, {len(self.violations)} violations)"

    def __str__(self) -> str:
        from .compare_view import negotiation_text

        return negotiation_text(self)

    def _repr_html_(self) -> str:
        from .compare_view import negotiation_html

        return negotiation_html(self)

    def to_json(self) -> dict[str, Any]:
        """Everything but the texts of offer and answer, as dicts and lists."""
        violations = [
            {name: getattr(finding, name) for name in ("severity", "rule", "sentence", "remedy", "reference")}
            for finding in self.violations
        ]
        return {
            "media": [asdict(media) for media in self.media],
            "ice": {**asdict(self.ice), "trickle": self.ice.trickle},
            "bundle": [list(group) for group in self.bundle],
            "violations": violations,
        }


Description = SessionDescription | Document | str


def document_of(given: Description) -> Document:
    """The document of whatever holds one."""
    if isinstance(given, SessionDescription):
        return given.document
    return given if isinstance(given, Document) else parse(str(given))


def compare(offer: Description, answer: Description) -> Negotiation:
    """Say what an offer and its answer agreed on (RFC 3264, RFC 9429 section 5).

    Parameters
    ----------
    offer, answer : SessionDescription, Document or str

    Returns
    -------
    Negotiation
        Any two texts can be compared; `Negotiation.violations` tells where the second is no answer to the first.
    """
    ours, theirs = document_of(offer), document_of(answer)
    transports = {mid: group[0] for group in _bundle(ours, theirs) for mid in group}
    media = tuple(_media(mine, its, transports) for mine, its in zip(ours.media, theirs.media, strict=False))
    return Negotiation(
        ours, theirs, media, _ice(ours, theirs), _bundle(ours, theirs), violations_of(ours, theirs)
    )


def _media(offered: Media, answered: Media, transports: Mapping[str, str]) -> MediaNegotiation:
    refused = "offerer" if offered.rejected else "answerer" if answered.rejected else None
    kept, lost, added = _codecs(offered, answered, refused is not None)
    direction = None if refused else _direction(offered.direction, answered.direction)
    roles = (None, None) if refused else ROLES.get(answered.carrier.setup or "", (None, None))
    mid = answered.mid if answered.mid is not None else offered.mid
    extensions = {(x.id, x.uri): x for x in answered.header_extensions}
    here = offered.header_extensions
    data = offered.is_data and not refused
    return MediaNegotiation(
        index=offered.index,
        mid=mid,
        kind=offered.kind,
        accepted=refused is None,
        rejected_by=refused,
        codecs=kept,
        lost=lost,
        added=added,
        offered_direction=offered.direction,
        answered_direction=answered.direction,
        offerer_direction=REVERSED.get(direction, direction) if direction else None,
        answerer_direction=direction,
        offerer_role=roles[0],
        answerer_role=roles[1],
        transport=transports.get(mid or "", mid or str(offered.index)),
        rtcp_mux=offered.rtcp_mux and answered.rtcp_mux,
        header_extensions=()
        if refused
        else tuple(extensions[x.id, x.uri] for x in here if (x.id, x.uri) in extensions),
        lost_extensions=tuple(x for x in here if refused or (x.id, x.uri) not in extensions),
        offerer_takes_bytes=_takes(offered) if data else None,
        answerer_takes_bytes=_takes(answered) if data else None,
    )


def _takes(media: Media) -> int:
    # RFC 8841 section 6: 64 KiB where nothing is said.
    return 65536 if media.max_message_size is None else media.max_message_size


def _direction(offered: str, answered: str) -> str:
    """The answerer's direction, less what the offer does not allow (RFC 3264 section 6.1)."""
    sends = answered in ("sendrecv", "sendonly") and offered in ("sendrecv", "recvonly")
    receives = answered in ("sendrecv", "recvonly") and offered in ("sendrecv", "sendonly")
    return {(True, True): "sendrecv", (True, False): "sendonly", (False, True): "recvonly"}.get(
        (sends, receives), "inactive"
    )


def _codecs(
    offered: Media, answered: Media, refused: bool
) -> tuple[tuple[KeptCodec, ...], tuple[LostCodec, ...], tuple[Codec, ...]]:
    if refused:
        return (), tuple(LostCodec(codec, "rejected") for codec in offered.codecs), ()
    pairs = pair_codecs(offered, answered)
    kept = tuple(
        KeptCodec(pairs[codec.payload_type], codec)
        for codec in answered.codecs
        if codec.payload_type in pairs
    )
    found = {pair.offered.payload_type for pair in kept}
    missing = [codec for codec in offered.codecs if codec.payload_type not in found]
    lost = tuple(_lost(codec, answered, found) for codec in missing)
    return kept, lost, tuple(codec for codec in answered.codecs if codec.payload_type not in pairs)


def _lost(codec: Codec, answered: Media, kept: set[int]) -> LostCodec:
    if codec.name.lower() == "rtx" and codec.apt is not None and codec.apt not in kept:
        return LostCodec(codec, "lost with", str(codec.apt))
    others = [x for x in answered.codecs if same_name(codec, x, answered.kind) and not codec.is_helper]
    if not others:
        return LostCodec(codec, "not answered")
    return LostCodec(codec, "no common profile", " or ".join(dict.fromkeys(map(profile_words, others))))


def _bundle(offer: Document, answer: Document) -> tuple[tuple[str, ...], ...]:
    """The answer's groups, less what was not offered or is rejected (RFC 9143 section 7.3)."""
    alive = {media.mid for media in answer.media if not media.rejected}
    offered = set(offer.tagged_mids)
    groups = (tuple(mid for mid in group if mid in alive and mid in offered) for group in answer.bundle)
    return tuple(group for group in groups if group)


def _ice(offer: Document, answer: Document) -> IceOutcome:
    options = [
        tuple(dict.fromkeys(x for media in doc.media for x in media.ice_options)) for doc in (offer, answer)
    ]
    # The offerer controls, unless it alone is lite.
    controlling = "answerer" if offer.ice_lite and not answer.ice_lite else "offerer"
    return IceOutcome(options[0], options[1], offer.ice_lite, answer.ice_lite, controlling)
