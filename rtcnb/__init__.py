"""rtcnb: WebRTC in notebooks, both ends of a call under one API, taught and taken apart.

Names load on first use: ``import rtcnb`` alone brings in neither aiortc nor OpenCV.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from . import check as check
    from . import errors as errors
    from . import language as language
    from . import sdp as sdp
    from .doctor import doctor as doctor
    from .errors import RtcnbError as RtcnbError
    from .finding import Finding as Finding
    from .media.camera import Camera as Camera
    from .media.camera import Microphone as Microphone
    from .media.camera import Screen as Screen
    from .media.processing import process as process
    from .media.sources import TestPattern as TestPattern
    from .media.view import view as view
    from .peers import faults as faults
    from .peers.browser import BrowserPeer as BrowserPeer
    from .peers.ice_check import check_ice_servers as check_ice_servers
    from .peers.instruments import observe as observe
    from .peers.kernel import KernelPeer as KernelPeer
    from .peers.wire import Wire as Wire
    from .peers.wire import connect as connect
    from .sdp import Candidate as Candidate
    from .sdp import SessionDescription as SessionDescription
    from .sdp import paste as paste
    from .trace import Trace as Trace
    from .widgets.builder import Builder as Builder
    from .widgets.ice_tester import IceTester as IceTester
    from .widgets.inspector import Inspector as Inspector
    from .widgets.ladder import Ladder as Ladder
    from .widgets.sdp_inspector import SdpInspector as SdpInspector
    from .widgets.stepper import Stepper as Stepper

__version__ = "0.1.0"

_HOMES = {
    "BrowserPeer": "peers.browser",
    "Builder": "widgets.builder",
    "Camera": "media.camera",
    "Candidate": "sdp",
    "Finding": "finding",
    "IceTester": "widgets.ice_tester",
    "Inspector": "widgets.inspector",
    "KernelPeer": "peers.kernel",
    "Ladder": "widgets.ladder",
    "Microphone": "media.camera",
    "RtcnbError": "errors",
    "Screen": "media.camera",
    "SdpInspector": "widgets.sdp_inspector",
    "SessionDescription": "sdp",
    "Stepper": "widgets.stepper",
    "TestPattern": "media.sources",
    "Trace": "trace",
    "check_ice_servers": "peers.ice_check",
    "Wire": "peers.wire",
    "connect": "peers.wire",
    "observe": "peers.instruments",
    "doctor": "doctor",
    "paste": "sdp",
    "process": "media.processing",
    "view": "media.view",
}
_MODULES = {
    "check": "check",
    "errors": "errors",
    "faults": "peers.faults",
    "language": "language",
    "sdp": "sdp",
}

__all__ = sorted([*_HOMES, *_MODULES, "__version__"])


def __getattr__(name: str) -> Any:
    if name in _MODULES:
        return importlib.import_module(f".{_MODULES[name]}", __name__)
    if name not in _HOMES:
        raise AttributeError(f"rtcnb has no {name!r}; it has {', '.join(__all__)}.")
    value = getattr(importlib.import_module(f".{_HOMES[name]}", __name__), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return __all__
