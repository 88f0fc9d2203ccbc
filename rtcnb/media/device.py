"""What a camera, a microphone and a screen have in common: they live in the page and open when asked."""

from __future__ import annotations

import asyncio
import secrets
import time
from dataclasses import dataclass
from typing import Any, ClassVar, Literal

from .. import trace as traces
from ..errors import (
    ConstraintError,
    DeviceBusy,
    DeviceCannot,
    DeviceDenied,
    DeviceError,
    DeviceMissing,
    InsecurePage,
    MediaError,
    PageGone,
    PageRefused,
    RtcnbError,
)
from ..runtime import loop
from ..runtime.emitter import Emitter
from ..runtime.page import PageObject
from . import constraints as known
from .track import Kind, PageTrack

START_TIMEOUT = 60.0  # a person may have to answer the browser's question


@dataclass(frozen=True)
class DeviceInfo:
    """One camera, microphone or loudspeaker (W3C mediacapture-main section 9.2.1); no label before a permission."""

    deviceId: str
    kind: str
    label: str
    groupId: str = ""


class Device(Emitter):
    """Base of Camera, Microphone and Screen.

    Attributes
    ----------
    video, audio : PageTrack or None
        The same before a start, after it, and after the next.
    state : {"off", "starting", "live", "ended", "failed"}
    asked : dict
        The constraints, by kind.
    settings : dict
        What was obtained, by constraint; of the picture where there is one.
    capabilities : dict
        What the device could do.
    error : DeviceError or None
        Why the last start failed.
    """

    EVENTS: ClassVar[frozenset[str]] = frozenset({"started", "stopped", "ended", "error"})
    noun: ClassVar[str] = "device"
    method: ClassVar[Literal["getUserMedia", "getDisplayMedia"]] = "getUserMedia"

    def __init__(self, asked: dict[Kind, dict[str, Any]]) -> None:
        super().__init__()
        id = f"{self.noun}-{secrets.token_hex(4)}"
        self.asked = {kind: known.checked(kind, wanted) for kind, wanted in asked.items()}
        self.video = PageTrack(f"{id}/video", "video", self.noun) if "video" in asked else None
        self.audio = PageTrack(f"{id}/audio", "audio", f"{self.noun} sound") if "audio" in asked else None
        self.state = "off"
        self.settings: dict[str, Any] = {}
        self.capabilities: dict[str, Any] = {}
        self.label = ""
        self.error: DeviceError | None = None
        self.observers: list[Any] = []
        self._page: PageObject | None = None
        self._starting = asyncio.Lock()
        self._view: Any = None

    # -- what cells call

    async def start(self, timeout: float = START_TIMEOUT) -> None:
        """Open the device; the browser may ask the person for permission.

        Raises
        ------
        DeviceDenied, DeviceMissing, DeviceBusy, DeviceCannot, InsecurePage
            Why it could not be opened, and what to do.
        NoPage
            No browser page answers.
        """
        await loop.run(self._start(timeout, None))

    async def stop(self) -> None:
        """Turn the device off."""
        await loop.run(self._stop())

    async def devices(self) -> list[DeviceInfo]:
        """Return every camera, microphone and loudspeaker that the browser tells of."""
        found = await loop.run(self._in_page("devices"))
        return [DeviceInfo(**entry) for entry in found]

    async def applyConstraints(self, **constraints: Any) -> None:
        """Ask the running device for something else (W3C mediacapture-main section 4.3.3).

        Raises
        ------
        ConstraintError, DeviceCannot, DeviceError
        """
        kind: Kind = "video" if self.video is not None else "audio"
        wanted = known.checked(kind, constraints)
        self._obtained(await loop.run(self._in_page("applyConstraints", kind, wanted)))
        self.asked[kind].update(wanted)
        self._tell()

    async def snapshot(self, timeout: float = 10.0) -> Any:
        """Return one picture; this needs no peer.

        Returns
        -------
        ndarray of shape (height, width, 3), dtype uint8, BGR

        Raises
        ------
        DeviceError
            It is not running.
        """
        if self.video is None:
            raise MediaError(f"A {self.noun} has no picture.")
        reply = await loop.run(self._in_page("snapshot", timeout=timeout))
        from .frames import decode_jpeg

        return decode_jpeg(reply["$buffers"][0])

    # -- on the background loop

    async def _start(self, timeout: float, page: str | None) -> None:
        async with self._starting:
            if self.state == "live" and (page is None or (self._page and self._page.page == page)):
                return
            await self._drop_elsewhere(page)
            self._become("starting")
            constraints = {kind: wanted or True for kind, wanted in self.asked.items()}
            try:
                described = await self._in_page("start", constraints, timeout=timeout, page=page)
            except DeviceError as error:
                self.error = error
                self._become("failed")
                self.emit("error", error=error)
                raise
            except RtcnbError:
                self._become("off")
                raise
            self.error = None
            self._obtained(described)
            self._become("live")
            self.emit("started")

    async def _drop_elsewhere(self, page: str | None) -> None:
        """Let go of the device in another page than this one."""
        if self._page is not None and page is not None and self._page.page not in (None, page):
            old, self._page = self._page, None
            try:
                await old.drop()
            except PageGone:
                pass

    async def _stop(self) -> None:
        if self._page is not None and not self._page.closed and self.state != "off":
            await self._in_page("stop")
            self._become("off")
            self.emit("stopped")

    async def _in_page(
        self, method: str, *args: Any, timeout: float = START_TIMEOUT, page: str | None = None
    ) -> Any:
        if self._page is None or self._page.closed:
            config = {"method": self.method, "video": _id(self.video), "audio": _id(self.audio)}
            self._page = PageObject("media/camera.js", config, self._hear, self._page_gone, prefer=page)
        try:
            return await self._page.call(method, *args, timeout=timeout)
        except PageRefused as refused:
            raise self._error(refused) from refused

    def _hear(self, event: str, detail: Any, buffers: list[memoryview]) -> None:
        if event == "ended":
            self._become("ended")
            self.emit("ended")

    def _page_gone(self) -> None:
        if self.state in ("live", "starting"):
            self._become("ended")
            self.emit("ended")

    def _obtained(self, described: dict[str, Any]) -> None:
        main = described.get("video") or described.get("audio") or {}
        self.settings = main.get("settings", {})
        self.capabilities = main.get("capabilities", {})
        self.label = str(main.get("label", ""))

    def _become(self, state: str) -> None:
        self.state = state
        text = f"{self.noun} {state}" + (f": {self.error}" if state == "failed" else "")
        traces.current().append(traces.MediaEvent(time=time.monotonic(), action=state, text=text))
        self._tell()

    def _tell(self) -> None:
        for observer in list(self.observers):
            observer()

    def _error(self, refused: PageRefused) -> RtcnbError:
        """Return the exception for what the browser said (mediacapture-main section 10.2)."""
        noun, said = self.noun, f"The browser says: {refused.detail or refused.name}."
        if refused.name in ("NotAllowedError", "SecurityError"):
            if "policy" in refused.detail.lower():
                return DeviceDenied(f"This notebook host forbids the {noun} in output frames. {said}")
            return DeviceDenied(
                f"The {noun} was not allowed. {said} Allow it for this site (the icon beside the address), or in "
                "the system's privacy settings, and start it again."
            )
        if refused.name == "NotFoundError":
            return DeviceMissing(
                f"There is no {noun} here. {said} Plug one in, or go on with rtcnb.TestPattern(place='page')."
            )
        if refused.name in ("NotReadableError", "AbortError"):
            return DeviceBusy(
                f"The {noun} is there but cannot be read. {said} Another program or tab may hold it: close that "
                "and start it again."
            )
        if refused.name == "OverconstrainedError":
            name = str(refused.data.get("constraint", ""))
            return DeviceCannot(
                f"No {noun} can do what was asked: {name or 'a constraint'} cannot be met. Give the value plain, "
                'without {"exact": ...}, to get the nearest.',
                name,
            )
        if refused.name == "InsecurePage":
            return InsecurePage(
                f"The {noun} needs https or localhost, and this page has neither. Open the notebook by https, or "
                "through an ssh tunnel as http://localhost."
            )
        if refused.name == "InvalidStateError" and self.method == "getUserMedia":
            return DeviceError(f"The {noun} is not running. Start it: await {noun}.start().")
        if refused.name == "TypeError":
            return ConstraintError(f"The browser cannot use these constraints: {refused.detail}")
        return DeviceError(f"The {noun} could not be used. {said}")

    # -- display

    def __repr__(self) -> str:
        return f"<{type(self).__name__} {self.state}{self._size()}>"

    def _size(self) -> str:
        if self.state != "live" or "width" not in self.settings:
            return ""
        rate = self.settings.get("frameRate")
        return f" {self.settings['width']}x{self.settings['height']}" + (f" at {rate:g} fps" if rate else "")

    def _repr_mimebundle_(self, **kwargs: Any) -> Any:
        from .camera_view import CameraView

        if self._view is None:
            self._view = CameraView(self)
        return self._view.bundle(**kwargs)


def _id(track: PageTrack | None) -> str | None:
    return track.id if track is not None else None
