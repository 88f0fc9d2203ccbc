"""ICE servers typed into a form: a row each. A credential goes in and never comes out again."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

from ..peers.ice_servers import checked
from .form import Entries, button, text_input
from .form import field as labelled
from .markup import Markup, join, tag
from .peer_plan import Place, PlannedServer

PUBLIC_STUN = "stun:stun.l.google.com:19302"
LOCAL_TURN = "turn:127.0.0.1:3478"
ONE_EACH = "aiortc takes one STUN and one TURN server, and there is one"
NO_LOGIN = "Only TURN asks for a login"


@dataclass(frozen=True)
class ServerRow:
    """What is typed into one row.

    Attributes
    ----------
    urls, username : str
    credential : str
    typed : int
        How often a credential was given; the page empties its field when this changes.
    hidden : bool
        There is a login, and nobody kept it.
    """

    urls: str = ""
    username: str = ""
    credential: str = field(default="", repr=False)
    typed: int = 0
    hidden: bool = False

    @property
    def addresses(self) -> tuple[str, ...]:
        """The addresses, which stand apart by blanks or commas."""
        return tuple(part for part in re.split(r"[\s,]+", self.urls) if part)

    @property
    def family(self) -> str:
        """``stun`` or ``turn``."""
        return "turn" if any(url.startswith("turn") for url in self.addresses) else "stun"

    def plan(self) -> PlannedServer:
        """Return the server that is meant."""
        if self.family == "stun":
            return PlannedServer(self.addresses)
        return PlannedServer(self.addresses, self.username, self.credential, self.hidden)


class ServerForm:
    """Rows of ICE servers."""

    def __init__(self, servers: Iterable[PlannedServer] = ()) -> None:
        self.rows: Entries[ServerRow] = Entries(map(_row, servers))

    @classmethod
    def of(cls, ice_servers: Any) -> ServerForm:
        """Return a form that holds W3C's iceServers.

        Raises
        ------
        PeerError
            Something in it is not what W3C's RTCIceServer asks for.
        """
        return cls(map(_planned, checked(ice_servers)))

    def plan(self) -> tuple[PlannedServer, ...]:
        """Return the servers that are meant, in order."""
        return tuple(row.plan() for row in self.rows.values)

    def act(self, action: str, key: str, value: Any) -> bool:
        """Do what was pressed or typed in a row; return whether it was the form's."""
        row = int(key) if key.isdecimal() else None
        if action in ("server-urls", "server-username"):
            self.rows.change(row, **{action.partition("-")[2]: str(value)[:2000]})
        elif action == "server-credential":
            typed = sum(each.typed for number, each in self.rows if number == row)
            self.rows.change(row, credential=str(value)[:2000], typed=typed + 1)
        elif action == "server-remove":
            self.rows.remove(row)
        elif action == "server-none":
            self.rows = Entries()
        elif action == "server-add":
            username = "user" if value == LOCAL_TURN else ""
            self.rows.add(ServerRow(str(value or ""), username))
        else:
            return False
        return True

    def draw(self, place: Place | None = None) -> Markup:
        """Return the rows and the presets; a kernel peer takes less."""
        families = [row.family for row in self.rows.values]
        full = {f: ONE_EACH if place == "kernel" and f in families else "" for f in ("stun", "turn")}
        both = ONE_EACH if all(full.values()) else ""
        none = "" if len(self.rows) else "There is none"
        presets = tag(
            "div",
            button("server-none", "None", none, title="Take every server away"),
            button("server-add", "Public STUN", full["stun"], data_value=PUBLIC_STUN, title=PUBLIC_STUN),
            button("server-add", "Local TURN", full["turn"], data_value=LOCAL_TURN, title=LOCAL_TURN),
            button("server-add", "Another server", both, data_value="", title="An empty row"),
            tag("small", both or full["stun"] or full["turn"]) if place == "kernel" else None,
            class_="rtcnb-bar",
        )
        nothing = (
            None if len(self.rows) else tag("small", "none: only the addresses that each end has itself")
        )
        return join([nothing, *(_drawn(number, row) for number, row in self.rows), presets])


def _planned(given: dict[str, Any]) -> PlannedServer:
    username, credential = (str(given.get(name) or "") for name in ("username", "credential"))
    return PlannedServer(tuple(given["urls"]), username, credential)


def _row(server: PlannedServer) -> ServerRow:
    typed = 1 if server.credential else 0
    return ServerRow(" ".join(server.urls), server.username, server.credential, typed, server.hidden)


def _drawn(number: int, row: ServerRow) -> Markup:
    stun = row.family == "stun"
    lost = "hidden; type it again" if row.hidden else ""
    urls = text_input(f"server-urls/{number}", row.urls, placeholder="stun:host:port or turn:host:port")
    username = text_input(
        f"server-username/{number}",
        row.username,
        placeholder="hidden" if row.hidden and not row.username else None,
        disabled=stun,
        title=NO_LOGIN if stun else None,
    )
    credential = tag(
        "input",
        type="password",
        autocomplete="new-password",
        data_change=f"server-credential/{number}",
        data_typed=row.typed,
        placeholder=None if stun else ("given, hidden" if row.credential else lost),
        disabled=stun,
        title=NO_LOGIN if stun else "It is kept in this kernel only, and not shown again",
    )
    return tag(
        "div",
        labelled("urls", urls, kind="rtcnb-wide"),
        labelled("username", username),
        labelled("credential", credential),
        button("server-remove/" + str(number), "✕", title="Remove this server", aria_label="Remove"),
        class_="rtcnb-entry",
        data_key=f"server-{number}",
    )
