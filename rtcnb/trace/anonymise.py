"""The same trace without what tells whose it is: each address, credential and label by its own stand-in.

Equal things stay equal and kinds stay kinds (private, public, link-local; a ``.local`` name), so that a diagnosis
of what is left says the same.
"""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Callable, Iterable
from typing import Any

from .events import DescriptionSet, Event, MediaEvent, MessageEvent, PacketEvent
from .formats.json_lines import to_event, to_row
from .stun_rewriting import rewritten

IPV4 = re.compile(r"(?<![\w./-])(?:\d{1,3}\.){3}\d{1,3}(?![\w.])")
IPV6 = re.compile(
    r"(?<![\w:.])(?=[0-9A-Fa-f]*:[0-9A-Fa-f]*:)[0-9A-Fa-f:]{2,39}(?:\d{1,3}(?:\.\d{1,3}){3})?(?![\w:])"
)
MDNS = re.compile(r"(?<![\w-])(?<![\w-]\.)[\w-]++(?:\.[\w-]++)*\.local\b")
SERVER = re.compile(r"\b((?:stun|turn)s?:(?://)?)([\w.-]*[A-Za-z][\w.-]*)")
FINGERPRINT = re.compile(r"\b(?:[0-9A-Fa-f]{2}:){15,63}[0-9A-Fa-f]{2}\b")
UFRAG = re.compile(r"(a=ice-ufrag:|\bufrag )([^\s]+)")
# Of whom a session is: RFC 8866 sections 5.2 to 5.6.
PERSONAL_LINE = re.compile(r"^(o=)\S+( .*)|^([siuep]=).*", re.MULTILINE)
# Statistics members that are certificates, credentials, or names of devices (webrtc-stats).
HIDDEN_MEMBERS = {"base64Certificate", "label"}

# RFC 5737 and RFC 3849 give addresses for examples, RFC 1918, 6598, 3927, 4193 and 4291 the kinds.
KINDS4 = (
    ("100.64.0.0/10", "100.64.0.0/10"),
    ("169.254.0.0/16", "169.254.0.0/16"),
    ("10.0.0.0/8", "10.0.0.0/8"),
    ("172.16.0.0/12", "10.0.0.0/8"),
    ("192.168.0.0/16", "10.0.0.0/8"),
    ("0.0.0.0/0", "203.0.113.0/24"),
)
KINDS6 = (("fe80::/10", "fe80::/64"), ("fc00::/7", "fd00::/64"), ("::/0", "2001:db8::/32"))


def anonymised(events: Iterable[Event]) -> list[Event]:
    """Return the events with stand-ins for what tells whose they are.

    Names of peers and notes stay as they are, apart from addresses in them: whoever wrote them may read them.
    Of packets stay STUN's types, errors and addresses, the headers of DTLS records, and the headers of RTP.
    """
    events = list(events)
    stand_in = _StandIns()
    stand_in.learn(events)
    made = []
    for event in events:
        row = to_row(event)
        if isinstance(event, PacketEvent):
            row.pop("data", None)
            row.pop("plain", None)
        row = stand_in.of_row(row)
        changed = to_event(row, "anonymise")
        if isinstance(event, PacketEvent):
            _set(
                changed, "data", rewritten(event.protocol, event.data, stand_in.of_address, stand_in.of_ufrag)
            )
            _set(changed, "plain", event.plain[:12])  # RFC 3550 section 5.1: the fixed header
        made.append(changed)
    return made


def _set(event: Event, name: str, value: Any) -> None:
    object.__setattr__(event, name, value)  # it is ours alone as yet


class _StandIns:
    """What stands for what; the same for the same."""

    def __init__(self) -> None:
        self._known: dict[str, dict[str, str]] = {}
        self._exact: dict[str, str] = {}
        self._anywhere: re.Pattern[str] | None = None
        self._texts: dict[str, str] = {}

    def learn(self, events: list[Event]) -> None:
        """Find the credentials and labels, which may then stand anywhere."""
        found: dict[str, str] = {}
        for event in events:
            for description in _descriptions(event):
                for media in description.document.media:
                    if media.ufrag:
                        self.of_ufrag(media.ufrag)
                    if media.pwd:
                        found[media.pwd] = self._numbered("pwd", media.pwd, lambda n: f"pwd{n:021d}")
            if isinstance(event, MediaEvent) and event.device:
                found[event.device] = self._numbered("device", event.device, lambda n: f"device {n}")
        longest_first = sorted(found, key=len, reverse=True)
        self._exact = found
        if found:
            self._anywhere = re.compile("|".join(map(re.escape, longest_first)))

    def of_row(self, value: Any, member: str = "") -> Any:
        """Return JSON-like data with stand-ins in every text."""
        if isinstance(value, str):
            return "" if member in HIDDEN_MEMBERS else self.of_text(value)
        if isinstance(value, dict):
            return {
                (k if k.isidentifier() else self.of_text(k)): x
                if k in ("peer", "kind")
                else self.of_row(x, k)
                for k, x in value.items()
            }
        if isinstance(value, list):
            return [self.of_row(x, member) for x in value]
        return value

    def of_text(self, text: str) -> str:
        """Return a text with stand-ins."""
        known = self._texts.get(text)
        if known is None:
            if len(self._texts) > 100_000:
                self._texts.clear()
            known = self._texts[text] = self._of_new_text(text)
        return known

    def _of_new_text(self, text: str) -> str:
        if text in self._known.get("ufrag", ()):
            return self.of_ufrag(text)
        if text.startswith("v="):
            text = PERSONAL_LINE.sub(lambda m: f"{m[1]}-{m[2]}" if m[1] else f"{m[3]}-", text)
        if self._anywhere is not None:
            text = self._anywhere.sub(lambda m: self._exact[m[0]], text)
        text = UFRAG.sub(lambda m: m[1] + self.of_ufrag(m[2]), text)
        text = FINGERPRINT.sub(lambda m: self._fingerprint(m[0]), text)
        text = MDNS.sub(lambda m: self._numbered("mdns", m[0], lambda n: f"host-{n}.local"), text)
        text = SERVER.sub(
            lambda m: m[1] + self._numbered("server", m[2], lambda n: f"server-{n}.example"), text
        )
        text = IPV6.sub(lambda m: self.of_address(m[0]), text)
        return IPV4.sub(lambda m: self.of_address(m[0]), text)

    def of_ufrag(self, ufrag: str) -> str:
        """Return the stand-in of an ICE user name fragment."""
        return self._numbered("ufrag", ufrag, lambda n: f"ufrag{n:03d}")

    def of_address(self, text: str) -> str:
        """Return the stand-in of an address; what is none, and what is the same everywhere, stays."""
        try:
            address = ipaddress.ip_address(text)
        except ValueError:
            return text
        if address.is_loopback or address.is_unspecified:
            return text
        kinds = KINDS4 if address.version == 4 else KINDS6
        network = next(new for old, new in kinds if address in ipaddress.ip_network(old))
        return self._numbered(network, str(address), lambda n: _nth(network, n))

    def _fingerprint(self, fingerprint: str) -> str:
        octets = fingerprint.count(":") + 1
        stand_in = lambda n: ":".join(["00"] * (octets - 2) + [f"{n >> 8:02X}", f"{n & 255:02X}"])  # noqa: E731
        return self._numbered("fingerprint", fingerprint.upper(), stand_in)

    def _numbered(self, what: str, original: str, stand_in: Callable[[int], str]) -> str:
        known = self._known.setdefault(what, {})
        if original not in known:
            known[original] = stand_in(len(known) + 1)
        return known[original]


def _nth(network: str, number: int) -> str:
    within = ipaddress.ip_network(network)
    if (
        number >= within.num_addresses
    ):  # more strangers than RFC 5737 has examples; RFC 2544's are no one's either
        within = ipaddress.ip_network("198.18.0.0/15")
    return str(within[number % within.num_addresses])


def _descriptions(event: Event) -> list[Any]:
    if isinstance(event, DescriptionSet):
        return [event.description, *([event.created] if event.created else [])]
    return [event.description] if isinstance(event, MessageEvent) and event.description else []
