"""Which codecs an end has, and which of them were meant (webrtc-pc sections 5.2 and 5.4)."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Literal

from ..errors import NotSupported, PeerError
from ..media.track import Kind
from ..runtime import loop
from ..runtime.page_object import PageObject

Codec = dict[str, Any]  # W3C's RTCRtpCodec: mimeType, clockRate, channels, sdpFmtpLine
MEMBERS = frozenset({"mimeType", "clockRate", "channels", "sdpFmtpLine"})


def checked(codecs: Sequence[str | Codec], kind: Kind) -> list[Codec]:
    """Return codecs that were given, each as a dict.

    Raises
    ------
    PeerError
        One is neither a MIME type of this kind nor a dict with one.
    """
    found = []
    for given in [codecs] if isinstance(codecs, str | dict) else codecs:
        codec = {"mimeType": given} if isinstance(given, str) else given
        name = codec.get("mimeType") if isinstance(codec, dict) else None
        if not isinstance(name, str) or not name.lower().startswith(f"{kind}/"):
            raise PeerError(
                f'setCodecPreferences() of a {kind} section takes names such as "{kind}/'
                f'{"VP8" if kind == "video" else "opus"}", or dicts with such a mimeType. It got {given!r}.'
            )
        found.append({k: v for k, v in codec.items() if k in MEMBERS and v is not None})
    return found


def chosen(wanted: Sequence[Codec], have: Sequence[Codec], who: str) -> list[Codec]:
    """Return those codecs of an end that were meant, in the order of preference.

    Raises
    ------
    NotSupported
        One of them fits none that `who` has.
    """
    found: list[Codec] = []
    for codec in wanted:
        same = [each for each in have if _fits(each, codec)]
        if not same:
            names = ", ".join(dict.fromkeys(str(each["mimeType"]) for each in have))
            raise NotSupported(
                f"{who}.setCodecPreferences(): {who} has no codec {' '.join(map(str, codec.values()))}. "
                f"It has {names}."
            )
        found += [each for each in same if each not in found]
    return found


def _fits(have: Codec, wanted: Codec) -> bool:
    """Whether each member that was named is the same; names of codecs know no case (RFC 6838 section 4.2)."""
    return str(have["mimeType"]).lower() == str(wanted["mimeType"]).lower() and all(
        have.get(name) == value for name, value in wanted.items() if name != "mimeType"
    )


async def capabilities(place: Literal["page", "kernel"], kind: Kind) -> list[Codec]:
    """Return the codecs of one end in its own order, as ``RTCRtpReceiver.getCapabilities`` tells them.

    Raises
    ------
    NoPage, PageTimeout
        The page was asked, and does not answer.
    """
    if place == "kernel":
        from .kernel_transceivers import capabilities_of

        return [codec for codec, _ in capabilities_of(kind)]
    return await loop.run(_of_page(kind))


async def _of_page(kind: Kind) -> list[Codec]:
    page = PageObject("peers/codecs.js", {}, lambda event, detail, buffers: None)
    try:
        return list(await page.call("capabilities", kind))
    finally:
        await page.drop()
