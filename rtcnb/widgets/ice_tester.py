"""IceTester: what STUN and TURN servers give, asked from the page and from the kernel."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable, Iterable, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, ClassVar

from ..errors import NoPage, RtcnbError
from ..peers.ice_check import IceReport, ServerCheck, check_ice_servers
from .form import button, checkbox
from .markup import Markup, tag
from .peer_plan import Place, PlannedServer
from .server_form import ServerForm
from .view import Fragment, View

LIMIT = 6.0  # seconds; a check that takes longer is given up
EVERY = 0.25  # seconds; how often the time that has passed is shown
PLACES: tuple[Place, ...] = ("page", "kernel")
Check = Callable[..., Awaitable[IceReport]]
# What a finding of the check means, in a word; see peers/ice_check.py.
VERDICTS = {
    "turn-login": "login refused",
    "turn-refused": "refused",
    "server-unknown": "unknown name",
    "server-refuses": "nobody listens",
    "server-silent": "no answer",
}


@dataclass(frozen=True)
class Row:
    """What one server gives to one end.

    Attributes
    ----------
    url : str
    place : {"page", "kernel"}
    check : ServerCheck or None
        None while it is asked, and where it could not be.
    failed : str
        Why there is no check, in a sentence; `word` says it in short.
    """

    url: str
    place: Place
    check: ServerCheck | None = None
    failed: str = ""
    word: str = ""
    server: PlannedServer = field(default=PlannedServer(()), repr=False)

    @property
    def waiting(self) -> bool:
        """Whether nothing is known yet."""
        return self.check is None and not self.word

    @property
    def verdict(self) -> str:
        """The word for it."""
        if self.waiting:
            return "asking"
        if self.check is None:
            return self.word
        if self.check.ok:
            return "works"
        return VERDICTS.get(self.check.finding.rule if self.check.finding else "", "fails")

    @property
    def error(self) -> str:
        """The error that came, as the standard numbers it (webrtc-pc section 4.8.2)."""
        if self.check is None or self.check.ok:
            return ""
        return str(self.check.code) if self.check.code else "–"

    @property
    def sentence(self) -> str:
        """What came, and after how long; or why nothing did."""
        if self.check is None:
            return self.failed
        if self.check.finding is not None:
            return f"{self.check.finding.sentence} {self.check.finding.remedy}"
        return f"It gave {self.check.given}."


class IceTester(View):
    """A table that says what each STUN and TURN server gives, to the page and to the kernel.

    Parameters
    ----------
    servers : list of dict, optional
        As ``iceServers`` of a peer; more can be typed in. Credentials are not shown.
    check : callable, optional
        What asks; `check_ice_servers` by default.

    Attributes
    ----------
    rows : list of Row
        The verdicts of the last test.

    Raises
    ------
    PeerError
        `servers` is not what W3C's RTCIceServer asks for.

    Examples
    --------
    >>> rtcnb.IceTester("stun:stun.l.google.com:19302")    # doctest: +SKIP
    """

    name: ClassVar[str] = "ice-tester"
    title: ClassVar[str] = "ICE server tester"

    def __init__(self, servers: Any = None, *, check: Check = check_ice_servers) -> None:
        super().__init__()
        self.servers = ServerForm.of(servers)
        self.places: tuple[Place, ...] = PLACES
        self.rows: list[Row] = []
        self._check = check
        self._began: float | None = None

    # -- what is pressed

    def act(self, action: str, value: Any) -> Awaitable[None] | None:
        """Take what was typed; test, when that was pressed."""
        name, _, key = action.partition("/")
        if name == "test":
            return self.test()
        if name == "place" and key in PLACES:
            self.places = tuple(p for p in PLACES if (bool(value) if p == key else p in self.places))
        else:
            self.servers.act(name, key, value)
        return None

    async def test(self) -> None:
        """Ask every server, from every end that is ticked, all at the same time.

        Raises
        ------
        PeerError
            What was typed is not what W3C's RTCIceServer asks for, or there is nothing to ask.
        """
        if self._began is not None:
            return
        asked = [
            Row(url, place, server=replace(server, urls=(url,)))
            for server in self.servers.plan()
            for url in server.urls
            for place in self.places
        ]
        if self._refusal():
            return
        self.rows, self._began = asked, time.monotonic()
        ticking = asyncio.ensure_future(self._tick())
        try:
            await asyncio.gather(*map(self._ask, range(len(asked))))
        finally:
            self._began = None
            ticking.cancel()
            self.changed()

    async def _ask(self, number: int) -> None:
        """Ask one server from one end, and note what came of it."""
        row = self.rows[number]
        try:
            async with asyncio.timeout(LIMIT):
                report = await self._check([row.server.to_dict()], places=[row.place])
            done = replace(row, check=report[0])
        except NoPage as error:
            done = replace(row, word="not asked", failed=f"It was not asked: {error}")
        except RtcnbError as error:
            done = replace(row, word="not asked", failed=str(error))
        except TimeoutError:
            said = f"Nothing came back within {LIMIT:g} s, from {row.url} or from the {row.place} itself."
            done = replace(row, word="no answer", failed=said)
        self.rows[number] = replace(done, server=PlannedServer(()))
        self.changed()

    async def _tick(self) -> None:
        while True:
            await asyncio.sleep(EVERY)
            self.changed()

    @property
    def over(self) -> bool:
        """Whether there are verdicts to keep in the notebook."""
        return bool(self.rows) and self._began is None

    # -- what is shown

    def draw(self) -> Iterable[Fragment]:
        """Return the form, the button with its progress, and the verdicts."""
        yield Fragment("servers", tag("div", self.servers.draw(), class_="rtcnb-form"))
        yield Fragment("bar", self._bar())
        yield Fragment("verdicts", _verdicts(self.rows))

    def _refusal(self) -> str:
        if not self.servers.plan():
            return "There is no server to ask."
        if not self.places:
            return "Neither page nor kernel is ticked."
        return ""

    def _bar(self) -> Markup:
        running = self._began
        reason = "It is being tested" if running is not None else self._refusal()
        ticks = [checkbox(f"place/{p}", p in self.places, f"from the {p}") for p in PLACES]
        return tag(
            "div",
            *ticks,
            button("test", "Test", reason, title="Ask each server what it gives"),
            tag("span", self._progress(), role="status", class_="rtcnb-said"),
            class_="rtcnb-bar",
        )

    def _progress(self) -> Markup | str:
        if self._began is None:
            return self._refusal()
        left = sum(row.waiting for row in self.rows)
        passed = min(time.monotonic() - self._began, LIMIT)
        bar = tag(
            "progress", max=LIMIT, value=f"{passed:.2f}", aria_label="Time that has passed, of the longest"
        )
        return tag(
            "span", bar, f" {passed:.1f} s, {left} of {len(self.rows)} still asked", class_="rtcnb-bar"
        )

    def __repr__(self) -> str:
        told = ", ".join(f"{row.url} from the {row.place}: {row.verdict}" for row in self.rows)
        return f"<IceTester of {len(self.servers.rows)} servers{f': {told}' if told else ''}>"


def _verdicts(rows: Sequence[Row]) -> Markup:
    if not rows:
        return tag("p", "Nothing was tested yet.", class_="rtcnb-faint")
    heads = [tag("th", text, scope="col") for text in ("server", "from", "verdict", "error", "in words")]
    table = tag(
        "table",
        tag("thead", tag("tr", *heads)),
        tag("tbody", *(_verdict(number, row) for number, row in enumerate(rows))),
        class_="rtcnb-verdicts",
    )
    return tag("div", table, class_="rtcnb-scroll")


def _verdict(number: int, row: Row) -> Markup:
    works = row.check is not None and row.check.ok
    mark, look = ("◐", "warn") if row.waiting else ("✓", "ok") if works else ("✕", "bad")
    return tag(
        "tr",
        tag("td", tag("code", row.url)),
        tag("td", row.place),
        tag("td", tag("span", mark, class_=f"rtcnb-{look}-text"), f" {row.verdict}", class_="rtcnb-verdict"),
        tag("td", row.error, class_="rtcnb-mono"),
        tag("td", row.sentence),
        data_key=number,  # one address may be asked with two logins
        data_verdict=row.verdict,
        data_place=row.place,
    )
