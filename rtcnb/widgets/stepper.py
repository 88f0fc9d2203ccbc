"""Stepper: the exchange of a call step by step, by buttons that do what a cell would do."""

from __future__ import annotations

import asyncio
import sys
from collections.abc import Awaitable, Callable, Iterable
from dataclasses import replace
from typing import Any, ClassVar

from ..errors import ConnectionFailed, InvalidState, PeerError
from ..peers.peer import Peer
from ..peers.wire import Wire, wires_between
from ..runtime import loop
from ..trace import ApiCall, TrackEvent
from .ladder import Ladder
from .stepper_draw import buttons, code_so_far, head
from .stepper_presets import PRESETS, Past, Preset
from .stepper_steps import Position, Step, position_of
from .trace_view import TraceView
from .view import Fragment

ADDING = ("addTrack", "addTransceiver", "createDataChannel")
CONNECT_TIMEOUT = 15.0
MOST_STEPS = 500  # of "do the rest"
LOOK_EVERY = 0.1
MOST_CODE = 200


class Stepper(TraceView):
    """The legal next steps of both sides of a call as buttons, and what was done as a ladder below.

    Steps are derived from the state of the peers and from what waits on the wire, so cells and buttons mix at any
    point. A step that is not allowed says which rule forbids it.

    Parameters
    ----------
    alice, bob : Peer
        The caller and the callee. Where no `Wire` joins them yet, one is made.

    Attributes
    ----------
    preset : str
        Which way through the exchange is suggested: ``tracks-first``, ``tracks-later``, ``perfect`` or
        ``rollback``.
    ladder : Ladder
    code : list of str
        What cells would have run for what was pressed.

    Raises
    ------
    PeerError
        It was given something else than two peers.

    Examples
    --------
    >>> rtcnb.Stepper(alice, bob)                              # doctest: +SKIP
    """

    name: ClassVar[str] = "stepper"
    title: ClassVar[str] = "Stepper"

    def __init__(self, alice: Peer, bob: Peer) -> None:
        if not isinstance(alice, Peer) or not isinstance(bob, Peer) or alice is bob:
            raise PeerError("Stepper(alice, bob) takes two peers, KernelPeer or BrowserPeer.")
        super().__init__(alice, bob)
        self.ends = (alice, bob)
        self.preset = next(iter(PRESETS))
        self.ladder = Ladder(alice, bob, timeline=self.timeline)
        self.ladder.shown_by.append(self.changed)
        self.code: list[str] = []
        self._failed = ""
        self._working = ""
        if not wires_between(alice, bob):
            first, second = self.position().names
            self._wire = Wire(alice, bob)  # the peers hold it too
            self._did(f"wire = rtcnb.Wire({first}, {second})", "wire", self._wire)

    @property
    def wire(self) -> Wire:
        """The wire between the two; made again where the last one was closed."""
        found = wires_between(*self.ends)
        return found[0] if found else Wire(*self.ends)

    # -- where the call stands

    def position(self) -> Position:
        """Return the steps as they are now, allowed or not."""
        return position_of(self.ends, rollback=self._preset().rollback)

    def next_step(self) -> Step | None:
        """Return the step that the preset suggests; None where nothing is left to do."""
        return self._preset().next_step(self.position(), self._past())

    def _preset(self) -> Preset:
        return PRESETS[self.preset]

    def _past(self) -> Past:
        self.timeline.refresh()
        moment = self.timeline.at()
        tracks, anything = [], []
        rolled_back = False
        for peer in self.ends:
            since = moment.made(peer.name)
            calls = [
                c for c in moment.of(ApiCall, peer=peer.name) if c.time >= since and c.outcome != "error"
            ]
            added = [
                e for e in moment.of(TrackEvent, peer=peer.name) if e.time >= since and e.action == "added"
            ]
            tracks.append(bool(added))
            anything.append(bool(added) or any(call.method in ADDING for call in calls))
            rolled_back = rolled_back or any("rollback" in call.arguments for call in calls)
        return Past((tracks[0], tracks[1]), (anything[0], anything[1]), rolled_back)

    # -- what is pressed

    def act(self, action: str, value: Any) -> Awaitable[None] | None:
        """Do a step, the next one, or all the rest; what is the ladder's goes to the ladder."""
        if action == "stepper-preset":
            self._choose(str(value))
        elif action == "stepper-step":
            return self._do(self._found(str(value)))
        elif action == "stepper-next":
            step = self.next_step()
            if step is None:
                raise InvalidState(f"Nothing is left to do: {self._standing()}.")
            return self._do(step)
        elif action == "stepper-rest":
            return self._do_the_rest()
        else:
            return self.ladder.act(action, value)
        return None

    def _choose(self, name: str) -> None:
        preset = PRESETS.get(name)
        if preset is None:
            raise PeerError(f"There is no preset {name[:40]!r}; there are {', '.join(PRESETS)}.")
        if why := preset.why_not(self.ends):
            raise PeerError(f"{preset.title}: {why}.")
        self.preset = name

    def _found(self, key: str) -> Step:
        """Return the step of that key.

        Raises
        ------
        InvalidState
            It is not allowed, or no longer there.
        """
        step = self.position().step(key)
        if step is None:
            raise InvalidState("This step is no longer there: the call has moved on meanwhile.")
        if step.why_not:
            raise InvalidState(f"{step.label}: {step.why_not}")
        return step

    async def _do(self, step: Step) -> None:
        self._failed = ""
        try:
            value = await loop.run(_run(step))
        except Exception as error:
            self._did(step.code, "", None)
            self._failed = f"{type(error).__name__}: {error}"
            raise
        self._did(step.code, step.binds, value)

    def _did(self, code: str, name: str, value: Any) -> None:
        self.code.append(code)
        del self.code[:-MOST_CODE]
        if name:
            _bind(name, value)
        self.changed()

    async def _do_the_rest(self) -> None:
        """Do what the preset suggests until both are connected.

        Raises
        ------
        ConnectionFailed
            They did not connect; its findings say why.
        PeerError
            A step was refused, or none is left that leads on.
        """
        self._working = "Doing the rest …"
        try:
            await loop.run(self._finish())
        except Exception as error:
            self._failed = f"{type(error).__name__}: {error}"
            raise
        finally:
            self._working = ""
            self.changed()

    async def _finish(self) -> None:
        told = self._connected()
        for _ in range(MOST_STEPS):
            while (step := self.next_step()) is not None:
                await self._do(step)
            told = told or self._wait_code()
            if self._connected():
                if self.next_step() is None:
                    return
            elif not all(peer.signalingState == "stable" and peer.remoteDescription for peer in self.ends):
                raise InvalidState(f"No step leads on from here: {self._standing()}.")
            else:
                await self._connected_or_news()
        raise ConnectionFailed(f"After {MOST_STEPS} steps the two are not connected.", [])

    def _connected(self) -> bool:
        return all(peer.connectionState == "connected" for peer in self.ends)

    def _wait_code(self) -> bool:
        self._did(f"await {self.position().names[0]}.wait_connected()", "", None)
        return True

    async def _connected_or_news(self) -> None:
        """Wait until both are connected, or until there is another step: candidates come meanwhile."""
        waiting = tasks = {asyncio.ensure_future(peer.wait_connected(CONNECT_TIMEOUT)) for peer in self.ends}
        try:
            while waiting and self.next_step() is None:
                done, waiting = await asyncio.wait(waiting, timeout=LOOK_EVERY)
                for task in done:
                    task.result()
        finally:
            for task in waiting:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)  # both may have failed, and one was told

    def _standing(self) -> str:
        return ", ".join(
            f"{peer.name} is {peer.signalingState} and {peer.connectionState}" for peer in self.ends
        )

    # -- what is shown

    def draw(self) -> Iterable[Fragment]:
        """Return the controls, the steps of each side and on the wire, the code, and the ladder."""
        code, failed = list(self.code), self._failed  # first: no code is shown whose step is still to come
        position, past = self.position(), self._past()
        following = self._preset().next_step(position, past)
        yield Fragment("head", head(self.ends, self.preset, following, self._working, self._standing()))
        yield Fragment("steps", buttons(position, following, self.timeline.at()))
        yield Fragment("code", code_so_far(code, failed))
        for fragment in self.ladder.draw():
            yield replace(fragment, key=f"ladder/{fragment.key}")

    def watch(self, dirty: Callable[[], None]) -> Callable[[], None]:
        """Call `dirty` whenever the trace grows, or a peer changes."""
        unwatch = super().watch(dirty)
        for peer in self.ends:
            peer._observers.append(dirty)

        def end() -> None:
            unwatch()
            for peer in self.ends:
                if dirty in peer._observers:
                    peer._observers.remove(dirty)

        return end


async def _run(step: Step) -> Any:
    return await step.run()


def _bind(name: str, value: Any) -> None:
    """Give a variable of the notebook its value, as the cell would that is shown."""
    shell = sys.modules["IPython"].get_ipython() if "IPython" in sys.modules else None
    if shell is not None:
        shell.user_ns[name] = value
