"""doctor: what works here and what does not, a line each, with what to do about it.

``await rtcnb.doctor()`` in a cell looks at the page too; ``rtcnb doctor`` on the command line cannot.
"""

from __future__ import annotations

import asyncio
import importlib
import importlib.metadata
import os
import platform
import statistics
import sys
import time
import types
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import asdict, dataclass
from typing import Any, Literal

from .errors import NoPage, PageError, PeerError, RtcnbError
from .finding import Printed
from .runtime import loop
from .trace import Trace

State = Literal["good", "odd", "bad", "unknown"]
MARKS: dict[State, str] = {"good": "✓", "odd": "▲", "bad": "✕", "unknown": "?"}
PAGE_TIMEOUT = 5.0
CALL_TIMEOUT = 6.0
PINGS = 5
NEEDED = ("aiortc", "aioice", "av", "aiohttp", "anywidget", "ipywidgets", "ipywebrtc", "numpy")
USEFUL = ("ipykernel", "jupyterlab", "notebook", "jupyter-server-proxy")
CAMERA_STATES: dict[str, tuple[State, str]] = {
    "granted": ("good", ""),
    "prompt": ("good", "The browser will ask when it is first opened."),
    "denied": (
        "bad",
        "Allow it in the browser's address bar (the icon before the address), and reload the page.",
    ),
    "unknown": ("unknown", "This browser does not tell; open it and see."),
}


@dataclass(frozen=True)
class Check:
    """One thing that was looked at.

    Attributes
    ----------
    name : str
    state : {"good", "odd", "bad", "unknown"}
    found : str
        A sentence.
    remedy : str
        What to do; empty where all is well.
    """

    name: str
    state: State
    found: str
    remedy: str = ""

    def __str__(self) -> str:
        return f"{MARKS[self.state]} {self.name}: {self.found}{f' {self.remedy}' if self.remedy else ''}"


class Report(Printed, list[Check]):
    """What was found, a line each."""

    @property
    def ok(self) -> bool:
        """True where nothing is bad."""
        return all(check.state != "bad" for check in self)

    def __str__(self) -> str:
        return "\n".join(map(str, self))

    def _repr_html_(self) -> str:
        from .sdp.text import html

        rows = "".join(
            f'<tr><td style="text-align:left;white-space:nowrap">{MARKS[check.state]} {html(check.state)}</td>'
            f'<th style="text-align:left">{html(check.name)}</th>'
            f'<td style="text-align:left">{html(check.found)} <b>{html(check.remedy)}</b></td></tr>'
            for check in self
        )
        return f'<table class="rtcnb-doctor"><tbody>{rows}</tbody></table>'

    def to_json(self) -> list[dict[str, str]]:
        """The rows as dicts."""
        return [asdict(check) for check in self]


async def doctor(iceServers: Any = (), page: bool = True) -> Report:
    """Look at what rtcnb needs, here; it takes less than 15 s.

    Parameters
    ----------
    iceServers : list of dict, dict or str
        STUN and TURN servers to try, from the page and from the kernel.
    page : bool
        Look for a browser page, and at it.

    Returns
    -------
    Report
    """
    report = Report([*_libraries(), _opencv(), _host()])
    report += await _safely("kernel call", _kernel_call)
    there = False
    if page:
        found = await _safely("page", _page)
        there = found[0].state == "good"
        report += found
    if there:
        report += await _safely("call between page and kernel", _page_call)
    if iceServers:
        report += await _servers(iceServers, there)
    return report


async def _safely(name: str, check: Callable[[], Awaitable[list[Check]]]) -> list[Check]:
    try:
        return await check()
    except (RtcnbError, TimeoutError, OSError) as error:
        return [Check(name, "bad", str(error) or type(error).__name__)]


# -- this Python


def _libraries() -> list[Check]:
    versions = {name: _version(name) for name in (*NEEDED, *USEFUL)}
    missing = [name for name in NEEDED if versions[name] is None]
    told = ", ".join(f"{name} {version}" for name, version in versions.items() if version)
    rtcnb = _version("rtcnb") or "of a checkout"
    python = f"Python {platform.python_version()} on {platform.system()}; rtcnb {rtcnb}"
    checks = [Check("python", "good", f"{python}.")]
    if missing:
        install = f"pip install {' '.join(missing)}"
        return [
            *checks,
            Check("libraries", "bad", f"missing: {', '.join(missing)}.", f"Install them: {install}"),
        ]
    return [*checks, Check("libraries", "good", f"{told}.")]


def _version(name: str) -> str | None:
    try:
        return importlib.metadata.version(name)
    except importlib.metadata.PackageNotFoundError:
        return None


def _opencv() -> Check:
    try:
        cv2 = importlib.import_module("cv2")
    except ImportError as error:
        remedy = "Install it: pip install opencv-python"
        if "libGL" in str(error) or "libgthread" in str(error) or "libxcb" in str(error):
            remedy = "Install what it needs (Debian: apt-get install libgl1 libglib2.0-0 libxcb1), or "
            remedy += "opencv-python-headless in its place."
        return Check("OpenCV", "bad", f"it does not load: {error}.", remedy)
    return Check("OpenCV", "good", f"{cv2.__version__} loads.")


@dataclass(frozen=True)
class Host:
    """Where notebooks are shown, how it is recognised, and what works there."""

    name: str
    here: Callable[[], bool]
    state: State
    works: str


def _running(module: str) -> bool:
    return module in sys.modules


HOSTS = (
    Host(
        "Colab",
        lambda: _running("google.colab"),
        "odd",
        "Kernel peers, SDP tools and processing work; whether its page can be reached was never tried.",
    ),
    Host(
        "VS Code",
        lambda: "VSCODE_PID" in os.environ or "VSCODE_CWD" in os.environ,
        "odd",
        "Kernel peers, SDP tools and processing work; its page may not carry messages while a cell waits.",
    ),
    Host(
        "Voila",
        lambda: any(name.startswith("VOILA_") for name in os.environ),
        "odd",
        "It runs all cells before the page has made any widget: what awaits the page fails. Kernel peers work.",
    ),
    Host(
        "marimo",
        lambda: _running("marimo"),
        "odd",
        "Kernel peers, SDP tools and processing work; its page was never tried.",
    ),
    Host(
        "Binder",
        lambda: "BINDER_LAUNCH_HOST" in os.environ or "BINDER_SERVICE_HOST" in os.environ,
        "odd",
        "No UDP passes: put two peers into the page or two into the kernel, and use rtcnb.process(camera, f).",
    ),
    Host("JupyterHub", lambda: "JUPYTERHUB_USER" in os.environ, "good", "Everything works that UDP allows."),
)


def _host() -> Check:
    for host in HOSTS:
        if host.here():
            return Check("host", host.state, f"{host.name}. {host.works}")
    if "ipykernel" not in sys.modules:
        return Check(
            "host", "good", "no notebook: a script or a command line. What lives in a page is not to be had."
        )
    return Check("host", "good", "a Jupyter kernel.")


# -- calls


async def _kernel_call() -> list[Check]:
    from .peers.kernel import KernelPeer
    from .peers.wire import connect

    trace = Trace()
    one, other = KernelPeer("doctor one", trace=trace), KernelPeer("doctor other", trace=trace)
    return [await _call("kernel call", one, other, connect, "aiortc cannot send UDP to itself here.")]


async def _page_call() -> list[Check]:
    from .peers.browser import BrowserPeer
    from .peers.kernel import KernelPeer
    from .peers.wire import connect

    trace = Trace()
    one, other = BrowserPeer("doctor page", trace=trace), KernelPeer("doctor kernel", trace=trace)
    remedy = (
        "Use two peers of the page or two of the kernel, rtcnb.process(camera, f), or a TURN server on TCP."
    )
    return [await _call("call between page and kernel", one, other, connect, remedy)]


async def _call(name: str, one: Any, other: Any, connect: Any, remedy: str) -> Check:
    began = time.monotonic()
    try:
        one.createDataChannel("doctor")
        async with asyncio.timeout(CALL_TIMEOUT):
            await connect(one, other)
        ms = round((time.monotonic() - began) * 1000)
        return Check(name, "good", f"connected over UDP in {ms} ms.")
    except PeerError as error:
        return Check(name, "bad", f"{error}", "" if getattr(error, "findings", None) else remedy)
    except TimeoutError:
        return Check(name, "bad", f"not connected within {CALL_TIMEOUT:g} s.", remedy)
    finally:
        await one.close()
        await other.close()


async def _servers(iceServers: Any, there: bool) -> list[Check]:
    from .peers.ice_check import check_ice_servers

    try:
        report = await check_ice_servers(iceServers, ("page", "kernel") if there else ("kernel",))
    except RtcnbError as error:
        return [Check("ICE servers", "bad", str(error))]
    return [
        Check(f"{check.url} from the {check.place}", "good", str(check).partition(": ✓ ")[2] + ".")
        if check.finding is None
        else Check(f"{check.url} from the {check.place}", "bad", check.finding.sentence, check.finding.remedy)
        for check in report
    ]


# -- the page


async def _page() -> list[Check]:
    from .runtime import page as pages

    try:
        link = pages.link()
        async with asyncio.timeout(PAGE_TIMEOUT + PAGE_TIMEOUT):
            described, round_trips_ms, lane = await loop.run(_ask(pages, link))
    except NoPage:
        remedy = (
            "Open the notebook in JupyterLab 4.2 or newer, or Notebook 7.2 or newer, and run this in a cell."
        )
        return [Check("page", "unknown", "no browser page answers this Python.", remedy)]
    except (PageError, TimeoutError) as error:
        return [Check("page", "bad", str(error) or "the page did not answer in time.", "Reload the page.")]
    checks = [
        Check(
            "page",
            "good",
            f"{described['agent']}; a call and its reply take {statistics.median(round_trips_ms):.0f} ms over the "
            f"notebook's connection; frames go {f'by {lane}' if lane else 'the same way'}; {len(link.pages)} open.",
        )
    ]
    return [*checks, _secure(described), *_devices(described)]


async def _ask(pages: Any, link: Any) -> tuple[dict[str, Any], list[float], str]:
    """Ask the page that was focused last; runs on the background loop."""
    from .runtime.page_object import PageObject

    thing = PageObject("doctor.js", {}, lambda event, detail, buffers: None)
    try:
        described = await thing.call("describe", timeout=PAGE_TIMEOUT)
        round_trips_ms = []
        for _ in range(PINGS):
            began = time.perf_counter()
            await thing.call("ping", timeout=PAGE_TIMEOUT)
            round_trips_ms.append((time.perf_counter() - began) * 1000)
        link.want_fast_lane(thing.page)
        lane = await link.pages[thing.page].fast_lane
        return described, round_trips_ms, lane
    finally:
        await thing.drop()


def _secure(described: dict[str, Any]) -> Check:
    if not described["webrtc"]:
        return Check(
            "secure page", "bad", "this browser has no RTCPeerConnection.", "Use Chromium, Firefox or Safari."
        )
    if not described["secure"]:
        remedy = "Open the notebook by https, or by localhost (ssh -L), for camera and microphone."
        return Check("secure page", "bad", f"{described['origin']} is neither https nor localhost.", remedy)
    return Check("secure page", "good", f"{described['origin']} may use camera and microphone.")


def _devices(described: dict[str, Any]) -> Sequence[Check]:
    checks = []
    for name, state in described["permissions"].items():
        number = described["devices"].get(name, 0)
        if not number:
            remedy = 'Without one, rtcnb.TestPattern(place="page") stands in.' if name == "camera" else ""
            checks.append(Check(name, "odd", "the browser sees none.", remedy))
            continue
        how, remedy = CAMERA_STATES.get(state, CAMERA_STATES["unknown"])
        checks.append(Check(name, how, f"{number} seen, permission {state}.", remedy))
    return checks


class _Callable(types.ModuleType):
    """``rtcnb.doctor`` is this module as soon as somebody imports it, and shall still be the function."""

    __call__ = staticmethod(doctor)


sys.modules[__name__].__class__ = _Callable
