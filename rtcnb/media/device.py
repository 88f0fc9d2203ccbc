"""What a camera, a microphone and a screen have in common: they live in the page and open when asked."""

from __future__ import annotations

import asyncio
import secrets
import weakref
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from typing import Any, ClassVar, Literal

from .. import trace as traces
from ..errors import (
    DeviceBusy,
    DeviceDenied,
    DeviceError,
    DeviceMissing,
    MediaError,
    PageGone,
    PageRefused,
    PageTimeout,
    RtcnbError,
)
from ..runtime import loop
from ..runtime.displays import variables_of
from ..runtime.emitter import Emitter
from ..runtime.page_object import PageObject
from . import constraints as known
from .device_errors import device_error
from .track import Kind, PageTrack

START_TIMEOUT = 60.0  # a person may have to answer the browser's question
STATE_AFTER: dict[type, str] = {DeviceDenied: "denied", DeviceMissing: "missing", DeviceBusy: "busy"}

GONE = "The page that held the {noun} was closed or reloaded. Start it again."
ENDED = "The {noun} was unplugged, or its permission was taken back. Start it again."


@dataclass(frozen=True)
class DeviceInfo:
    """One camera, microphone or loudspeaker (W3C mediacapture-main section 9.2.1).

    Without a permission the browser tells no label, and perhaps no id.
    """

    deviceId: str
    kind: str
    label: str
    groupId: str = field(default="", repr=False)


class Device(Emitter):
    """Base of Camera, Microphone and Screen.

    Attributes
    ----------
    video, audio : PageTrack or None
        The same before a start, after it, after the next, and in the next page.
    state : {"off", "starting", "live", "ended", "denied", "missing", "busy", "failed"}
    asked : dict
        The constraints, by kind.
    obtained : dict
        By kind, what the browser gave: ``settings``, ``capabilities`` and ``label``.
    permission : {"prompt", "granted", "denied", "unknown"}
        As the page last told; unknown before the first call, and where a browser does not tell.
    error : RtcnbError or None
        Why the last start failed.
    note : str
        Why it ended by itself, in a sentence.
    """

    EVENTS: ClassVar[frozenset[str]] = frozenset({"started", "stopped", "ended", "error"})
    noun: ClassVar[str] = "device"
    method: ClassVar[Literal["getUserMedia", "getDisplayMedia"]] = "getUserMedia"
    _all: ClassVar[weakref.WeakSet[Device]] = weakref.WeakSet()

    def __init__(self, asked: dict[Kind, dict[str, Any]]) -> None:
        super().__init__()
        id = f"{self.noun}-{secrets.token_hex(4)}"
        self.asked = {kind: known.checked(kind, wanted) for kind, wanted in asked.items()}
        self.video = PageTrack(f"{id}/video", "video", self.noun) if "video" in asked else None
        self.audio = PageTrack(f"{id}/audio", "audio", f"{self.noun} sound") if "audio" in asked else None
        self.state = "off"
        self.obtained: dict[str, dict[str, Any]] = {}
        self.permission = "unknown"
        self.error: RtcnbError | None = None
        self.note = ""
        self.observers: list[Any] = []
        self._page: PageObject | None = None
        self._starting = asyncio.Lock()
        self._view: Any = None
        self._variables: set[str] = set()

    @property
    def main(self) -> Kind:
        """The kind that this device is about."""
        return "video" if self.video is not None else "audio"

    @property
    def settings(self) -> dict[str, Any]:
        """What was obtained, by constraint; of the picture where there is one."""
        return dict(self.obtained.get(self.main, {}).get("settings", {}))

    @property
    def capabilities(self) -> dict[str, Any]:
        """What the device could do, by constraint; of the picture where there is one."""
        return dict(self.obtained.get(self.main, {}).get("capabilities", {}))

    @property
    def label(self) -> str:
        """What the browser calls the device; empty before it was open."""
        return str(self.obtained.get(self.main, {}).get("label", ""))

    # -- what cells call

    async def start(self, timeout: float = START_TIMEOUT) -> None:
        """Open the device; the browser may ask the person for permission.

        Where this raises, times out or is stopped, nothing opens later either.

        Raises
        ------
        DeviceDenied, DeviceMissing, DeviceBusy, DeviceCannot, InsecurePage
            Why it could not be opened, and what to do.
        NoPage
            No browser page answers.
        PageTimeout
            Nobody answered the browser's question within `timeout` seconds.
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

        As in JavaScript, these take the place of all that was asked before; a chosen device stays.

        Raises
        ------
        ConstraintError, DeviceCannot, DeviceError
        """
        wanted = known.checked(self.main, constraints)
        await loop.run(self._in_page("applyConstraints", self.main, wanted))
        chosen = {n: v for n, v in self.asked[self.main].items() if n in ("deviceId", "groupId")}
        self.asked[self.main] = {**chosen, **wanted}
        loop.call(self._tell)

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
        if self.state != "live":
            raise device_error(self.noun, "NotRunning", "")
        reply = await loop.run(self._in_page("snapshot", timeout=timeout))
        from .frames import decode_jpeg

        return decode_jpeg(reply["$buffers"][0])

    async def frames(self, width: int | None = None) -> AsyncIterator[Any]:
        """Iterate over its pictures in the kernel; this needs no peer: ``async for image in camera.frames()``.

        Each is the latest at its time; what the loop's body has no time for is not sent.

        Parameters
        ----------
        width : int, optional
            Pixels; a wider picture is made smaller before it is sent.

        Yields
        ------
        ndarray of shape (height, width, 3), dtype uint8, BGR

        Raises
        ------
        DeviceError
            It is not running.
        """
        if self.video is None:
            raise MediaError(f"A {self.noun} has no picture.")
        if self.state != "live":
            raise device_error(self.noun, "NotRunning", "")
        from .page_frames import images

        async for image in images(self.video, width):
            yield image

    # -- on the background loop

    async def _start(self, timeout: float, page: str | None) -> None:
        async with self._starting:
            if self.state == "live" and (page is None or (self._page and self._page.page == page)):
                return
            await self._drop_elsewhere(page)
            await self._stop_replaced()
            self.error, self.note = None, ""
            self._become("starting")
            try:
                opened = await self._in_page("start", self._constraints(), timeout=timeout, page=page)
            except RtcnbError as error:
                self._give_up(error)
                raise
            except asyncio.CancelledError:
                self._give_up(None)
                raise
            if not opened:
                raise DeviceError(f"The {self.noun} was stopped while it was opening.")
            if self.state == "starting":  # it may have ended since the page replied
                self._become("live")
                self.emit("started")

    async def _stop_replaced(self) -> None:
        """Turn off the device that this one has replaced: the notebook's variable held that one before."""
        self._variables |= variables_of(self)
        for older in [d for d in Device._all if d is not self and d.noun == self.noun]:
            if older._variables & self._variables and not variables_of(older):
                try:
                    await older._stop()
                except (PageGone, PageTimeout):
                    pass  # it ends with its page, if that has not taken it along already
                await older._leave_page()
        Device._all.add(self)

    def _constraints(self) -> dict[str, Any]:
        return {kind: wanted or True for kind, wanted in self.asked.items()}

    def _give_up(self, error: RtcnbError | None) -> None:
        """Note why it did not open; an answer to the browser's question that comes later opens nothing."""
        if self._page is not None and self._page.page is not None and not self._page.closed:
            self._page.post("stop")
        self.error = error
        failed = isinstance(error, DeviceError)
        self._become(STATE_AFTER.get(type(error), "failed") if failed else "off")
        if error is not None:
            self.emit("error", error=error)

    async def _drop_elsewhere(self, page: str | None) -> None:
        """Let go of the device in another page than this one."""
        if self._page is not None and page is not None and self._page.page not in (None, page):
            await self._leave_page()

    async def _leave_page(self) -> None:
        old, self._page = self._page, None
        try:
            if old is not None:
                await old.drop()
        except (PageGone, PageTimeout):
            pass

    async def _stop(self) -> None:
        self.error, self.note = None, ""
        if self._page is not None and not self._page.closed and self.state != "off":
            await self._in_page("stop")
            self._become("off")
            self.emit("stopped")
        elif self.state != "off":
            self._become("off")  # a page that is gone took it along

    async def _choose(self, device_id: str, page: str) -> None:
        """Use this device from now on: at once where one is running, else at the next start."""
        self.asked[self.main]["deviceId"] = {"exact": device_id}
        if self.state == "live":
            await self._stop()
            await self._start(START_TIMEOUT, page)

    async def _in_page(
        self, method: str, *args: Any, timeout: float = START_TIMEOUT, page: str | None = None
    ) -> Any:
        if self._page is None or self._page.closed:
            config = {
                "method": self.method,
                "noun": self.noun,
                "video": _id(self.video),
                "audio": _id(self.audio),
            }
            self._page = PageObject("media/camera.js", config, self._hear, self._page_gone, prefer=page)
        try:
            return await self._page.call(method, *args, timeout=timeout)
        except PageRefused as refused:
            raise device_error(self.noun, refused.name, refused.detail, refused.data) from refused

    def _hear(self, event: str, detail: Any, buffers: list[memoryview]) -> None:
        if event == "permission":
            self.permission = str(detail["state"])
        elif event == "obtained" and self.state in ("starting", "live"):
            self.obtained = detail
            self._tell()
        elif event == "ended" and not detail["left"]:
            self._end(ENDED)

    def _page_gone(self) -> None:
        if self.state in ("live", "starting"):
            self._end(GONE)

    def _end(self, why: str) -> None:
        self.note = why.format(noun=self.noun)
        self._become("ended")
        self.emit("ended")

    def _become(self, state: str) -> None:
        self.state = state
        error = type(self.error).__name__ if self.error else ""
        text = f"{self.noun} {state}" + (f": {self.error}" if self.error else "")
        traces.current().append(traces.MediaEvent(action=state, text=text, error=error, device=self.label))
        self._tell()

    def _tell(self) -> None:
        for observer in list(self.observers):
            observer()

    # -- display

    def __repr__(self) -> str:
        return f"<{type(self).__name__} {self.state}{self._size()}>"

    def _size(self) -> str:
        settings = self.settings
        if self.state != "live" or "width" not in settings:
            return ""
        rate = settings.get("frameRate")
        return f" {settings['width']}x{settings['height']}" + (f" at {rate:g} fps" if rate else "")

    def _repr_mimebundle_(self, **kwargs: Any) -> Any:
        from .camera_view import CameraView

        if self._view is None or self._view.closed:
            self._view = CameraView(self)
        return self._view.bundle(**kwargs)


def _id(track: PageTrack | None) -> str | None:
    return track.id if track is not None else None
