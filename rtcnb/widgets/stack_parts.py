"""The parts of a WebRTC stack: what each does in a sentence, where it is defined, and who does it at which end."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Part:
    """A part of the stack.

    Attributes
    ----------
    key : str
    title : str
    sentence : str
        What it does.
    reference : str
        Where it is defined.
    kernel : str
        What does the work in the kernel; ``""`` where aiortc has no such part.
    """

    key: str
    title: str
    sentence: str
    reference: str
    kernel: str


@dataclass(frozen=True)
class Layer:
    """A layer of the stack: its parts stand side by side, or one below the other in a column."""

    key: str
    title: str
    parts: tuple[Part, ...]


API = Layer(
    "api",
    "Web API",
    (
        Part(
            "peer-connection",
            "RTCPeerConnection",
            "What a program calls: it makes offers and answers, adds tracks, and hears of states.",
            "W3C webrtc-pc 4",
            "aiortc",
        ),
        Part(
            "get-user-media",
            "getUserMedia",
            "Asks for a camera or microphone and gives tracks; in the kernel files, patterns and functions do.",
            "W3C mediacapture-streams 10.2",
            "rtcnb, PyAV",
        ),
    ),
)
SESSION = Layer(
    "session",
    "Session",
    (
        Part(
            "sdp",
            "SDP",
            "Says what each end can send and receive; offer and answer settle what the call does.",
            "RFC 9429, RFC 8866",
            "aiortc",
        ),
        Part(
            "signaling",
            "Signaling state",
            "Where the exchange of offer and answer stands; how they travel is not WebRTC's business.",
            "W3C webrtc-pc 4.3.1",
            "aiortc",
        ),
    ),
)
VOICE = Layer(
    "voice",
    "Voice engine",
    (
        Part(
            "audio-codec",
            "Codec",
            "Makes packets of sound, mostly Opus with 20 ms in each, and sound of packets.",
            "RFC 6716, RFC 7587",
            "libopus via PyAV",
        ),
        Part(
            "audio-jitter-buffer",
            "Jitter buffer, NetEq",
            "Holds packets until their turn; stretches and makes up sound where one is late.",
            "RFC 7874; NetEq is libwebrtc's",
            "aiortc, without concealment",
        ),
        Part(
            "echo-cancellation",
            "Echo cancellation",
            "Takes the loudspeaker's sound out of the microphone's; suppressing noise and setting the gain are "
            "steps beside it.",
            "W3C mediacapture-streams 4.3.5",
            "",
        ),
    ),
)
VIDEO = Layer(
    "video",
    "Video engine",
    (
        Part(
            "video-codec",
            "Codec",
            "Makes small packets of pictures: now and then a whole one, else what has changed.",
            "RFC 7742",
            "libvpx, x264 via PyAV",
        ),
        Part(
            "video-jitter-buffer",
            "Jitter buffer",
            "Puts the packets of a frame together, asks again for lost ones, and evens out when frames come.",
            "RFC 4585, RFC 4588",
            "aiortc, rtcnb hands frames on at once",
        ),
        Part(
            "image-enhancements",
            "Image enhancements",
            "Cleans the camera's picture, of noise for one; what statistics tell is how it is fitted to the way: "
            "smaller or fewer pictures where bandwidth or processor lack.",
            "W3C webrtc-stats 8.6, mst-content-hint",
            "",
        ),
    ),
)
TRANSPORT = Layer(
    "transport",
    "Transport",
    (
        Part(
            "srtp",
            "SRTP",
            "Encrypts the payload of each media packet; the header stays readable.",
            "RFC 3711",
            "libsrtp via pylibsrtp",
        ),
        Part(
            "sctp",
            "SCTP data channels",
            "Carries messages, in order and whole or not, as each channel was made.",
            "RFC 8831, RFC 8832",
            "aiortc",
        ),
        Part(
            "dtls",
            "DTLS",
            "Proves the certificates that the descriptions name, and agrees on keys for SRTP and SCTP.",
            "RFC 8827, RFC 5764",
            "OpenSSL via pyOpenSSL",
        ),
        Part(
            "multiplexing",
            "Multiplexing",
            "Puts all sections and their RTCP on one transport: one way to find, one handshake.",
            "RFC 9143, RFC 5761, RFC 7983",
            "aiortc",
        ),
        Part(
            "ice",
            "ICE, STUN, TURN",
            "Finds addresses, tries their pairs, and takes one that works; TURN relays where none does.",
            "RFC 8445, RFC 8489, RFC 8656",
            "aioice",
        ),
        Part(
            "udp",
            "UDP",
            "Carries the packets, in no order and without promise; TCP where UDP is blocked.",
            "RFC 768; RFC 8835",
            "asyncio",
        ),
    ),
)
ENGINES = (VOICE, VIDEO)  # side by side
LAYERS = (API, SESSION, VOICE, VIDEO, TRANSPORT)
