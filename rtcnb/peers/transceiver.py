"""What addTrack and addTransceiver return, of either kind of peer."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal

from ..errors import InvalidState
from ..media.track import Kind
from .codecs import Codec, checked

DIRECTIONS = ("sendrecv", "sendonly", "recvonly", "inactive")
MadeBy = Literal["addTrack", "addTransceiver", "setRemoteDescription"]


@dataclass(eq=False)
class Sender:
    """What `addTrack` returns; `removeTrack` takes it back.

    Attributes
    ----------
    peer : str
    track
        What was given to be sent; None where nothing is.
    """

    peer: str
    track: Any
    handle: Any = None


@dataclass(eq=False)
class Transceiver:
    """A sender and a receiver that share one section of the descriptions (webrtc-pc section 5.4).

    Attributes
    ----------
    kind : {"audio", "video"}
    direction : {"sendrecv", "sendonly", "recvonly", "inactive"}
    mid : str or None
    sender : Sender or None
    made_by : {"addTrack", "addTransceiver", "setRemoteDescription"}
    preferred : tuple of dict
        What `setCodecPreferences` was given last.
    """

    kind: Kind
    direction: str
    mid: str | None = None
    sender: Sender | None = None
    handle: Any = None
    made_by: MadeBy = "setRemoteDescription"
    preferred: tuple[Codec, ...] = ()
    prefer: Callable[[list[Codec]], None] | None = field(default=None, repr=False)

    def setCodecPreferences(self, codecs: Sequence[str | Codec]) -> None:
        """Say which codecs this section may use, the best first (webrtc-pc section 5.4).

        The next offer or answer has these and no others, in this order.

        Parameters
        ----------
        codecs : list of str or dict
            ``"video/VP8"`` means every codec of that name that this end has; a dict, as
            ``RTCRtpReceiver.getCapabilities`` tells it, those whose members are the same:
            ``{"mimeType": "video/H264", "sdpFmtpLine": ...}``. An empty list takes the preference back.

        Raises
        ------
        NotSupported
            This end has no such codec; of a page that surfaces at the next ``await`` on the peer.
        InvalidState
            The peer is closed.
        """
        wanted = checked(codecs, self.kind)
        if self.prefer is None:
            raise InvalidState("setCodecPreferences(): this transceiver belongs to no peer.")
        self.prefer(wanted)
        self.preferred = tuple(wanted)
