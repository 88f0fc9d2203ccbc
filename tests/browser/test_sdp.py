"""Chromium judges what rtcnb.sdp says: which descriptions it takes, what a pair agrees on, what is only text."""

from __future__ import annotations

import importlib.util
import sys
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest
from playwright.sync_api import Browser, Page

from rtcnb.sdp import Codec, MediaNegotiation, SessionDescription, changes, compare, explain, lint, parse
from rtcnb.sdp.candidate import Candidate
from rtcnb.sdp.codec_profiles import same_name

CHECKOUT = Path(__file__).resolve().parents[2]
AT_ONCE = 100  # a page cannot make more than 500 connections before it forgets the closed ones
EVIL = "<img src=x onerror=window.pwned=1>"

VERDICT = """async (texts) => {
  const verdicts = []
  for (const sdp of texts) {
    const pc = new RTCPeerConnection()
    try { await pc.setRemoteDescription({type: 'offer', sdp}); verdicts.push('ok') }
    catch (error) { verdicts.push(String(error.message)) }
    finally { pc.close() }
  }
  return verdicts
}"""
ANSWER = """async (texts) => {
  const codecs = (list) => list.map((c) => [c.payloadType, c.mimeType, c.clockRate, c.channels ?? null])
  const answers = []
  for (const sdp of texts) {
    const pc = new RTCPeerConnection()
    try {
      await pc.setRemoteDescription({type: 'offer', sdp})
      const answer = await pc.createAnswer()
      await pc.setLocalDescription(answer)
      const transceivers = pc.getTransceivers().map((t) => ({
        mid: t.mid, direction: t.currentDirection,
        sends: codecs(t.sender.getParameters().codecs), receives: codecs(t.receiver.getParameters().codecs),
      }))
      answers.push({answer: answer.sdp, transceivers, takes: pc.sctp?.maxMessageSize ?? null})
    } catch (error) { answers.push({error: String(error.message)}) }
    finally { pc.close() }
  }
  return answers
}"""


def load_examples() -> ModuleType:
    spec = importlib.util.spec_from_file_location("lint_examples", CHECKOUT / "docs" / "lint" / "make.py")
    assert spec and spec.loader
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module
    spec.loader.exec_module(module)
    return module


def ask(browser: Browser, script: str, texts: list[str]) -> Iterator[Any]:
    """Run a script over many texts, in a fresh page now and then."""
    for start in range(0, len(texts), AT_ONCE):
        page = browser.new_page()
        page.goto("about:blank")
        yield from page.evaluate(script, texts[start : start + AT_ONCE])
        page.close()


# Errors by the standard that Chromium notices later or never.
TOLERATED = {
    "paste-html-escaped": "the escape stands in a line that Chromium passes over",
    "bad-fingerprint": "a digest of the wrong length fails only in the DTLS handshake",
}


def test_chromium_refuses_what_lint_calls_an_error_and_takes_the_rest(browser: Browser) -> None:
    """The examples of the rules: those of errors are refused, those of warnings and advice are taken."""
    docs = load_examples()
    examples = [(name, example) for name, example in docs.examples().items() if example.type == "offer"]
    texts = [(name, text) for name, example in examples for text in (example.wrong, example.right)]
    wrong = []
    for (name, text), verdict in zip(texts, ask(browser, VERDICT, [utf8(x) for _, x in texts]), strict=True):
        errors = [finding.rule for finding in lint(text, "offer") if finding.severity == "error"]
        if (verdict != "ok") != bool(errors) and not (name in TOLERATED and verdict == "ok"):
            wrong.append(f"{name}: Chromium says {verdict}; lint says {errors}")
    assert not wrong, "\n".join(wrong)


def utf8(text: str) -> str:
    """A browser's strings hold no half surrogates of ours."""
    return text.encode("utf-8", "replace").decode()


# Chromium makes an answer to these and then cannot apply that.
NOT_APPLIED = {
    "lib-jitsi-meet/SampleSdpStrings-simulcastDifferentSsrcSdpStr.sdp",  # audio and video have one SSRC
    "rfc-jsep/offer-C1.sdp",  # the RFC's offer leaves a=rtcp-mux out of a bundle-only section
}


def test_a_pair_agrees_on_what_chromium_says(
    browser: Browser, corpus: Path, manifest: list[dict[str, str]]
) -> None:
    names = [row["file"] for row in manifest if row["chromium156_setRemote_offer"] == "ok"]
    offers = [(corpus / "sdp" / name).read_bytes().decode("utf-8", "replace") for name in names]
    table: Counter[str] = Counter()
    disagreements: list[str] = []
    for name, offer, got in zip(names, offers, ask(browser, ANSWER, offers), strict=True):
        if "error" in got:
            table["not applied by Chromium"] += 1
            assert name in NOT_APPLIED, f"{name}: {got}"
            continue
        negotiation = compare(offer, got["answer"])
        assert not [x for x in negotiation.violations if x.severity == "error"], name
        by_mid = {transceiver["mid"]: transceiver for transceiver in got["transceivers"]}
        for media in negotiation.media:
            for what, agrees in judged(media, by_mid.get(media.mid), got):
                table[f"{what}: {'agrees' if agrees else 'DISAGREES'}"] += 1
                if not agrees:
                    disagreements.append(f"{name} {media.mid}: {what} {media} {by_mid.get(media.mid)}")
    print(f"\n{len(names)} pairs", *sorted(f"{what} {count}" for what, count in table.items()), sep="\n  ")
    assert not disagreements, disagreements[:5]
    assert table["direction: agrees"] > 100
    assert table["codecs: agrees"] > 100


def judged(media: MediaNegotiation, transceiver: Any, got: Any) -> Iterator[tuple[str, bool]]:
    """What we say of a section, and whether Chromium says the same of its transceiver."""
    role = SessionDescription(type="answer", sdp=got["answer"]).document.media[media.index].carrier.setup
    if media.accepted and role:
        yield "role", media.answerer_role == {"active": "client", "passive": "server"}[role]
    if media.kind == "application":
        if media.accepted:
            yield (
                "message size",
                got["takes"] is None
                or media.offerer_takes_bytes in (0, got["takes"])
                or got["takes"] <= (media.offerer_takes_bytes or 0),
            )
        return
    if transceiver is None:
        yield "rejected", not media.accepted
        return
    yield "direction", transceiver["direction"] == media.answerer_direction
    ours = [kept.answered for kept in media.codecs]
    theirs = transceiver["receives"] or transceiver["sends"]
    if theirs:
        yield (
            "codecs",
            all(any(is_same(one, codec) for codec in ours) for one in theirs)
            and all(any(is_same(one, codec) for one in theirs) for codec in ours if codec.name),
        )
    else:  # Chromium says nothing of an inactive section: the answer's text does
        listed = parse(got["answer"]).media[media.index].codecs
        yield (
            "codecs by text",
            [codec.payload_type for codec in listed] == [codec.payload_type for codec in ours],
        )


def is_same(theirs: list[Any], codec: Codec) -> bool:
    payload_type, mime_type, clock_rate, channels = theirs
    kind, _, name = mime_type.partition("/")
    other = Codec(payload_type, name, clock_rate, channels)
    return payload_type == codec.payload_type and same_name(other, codec, kind)


@pytest.mark.parametrize("dark", [False, True])
def test_a_strangers_text_is_only_text_in_every_display(page: Page, dark: bool) -> None:
    offer = (CHECKOUT / "docs" / "lint" / "offer.sdp").read_text("utf-8")
    for line in sorted(set(offer.splitlines())):
        name, separator, value = line.partition(":")
        for evil in (
            f"{name}:{EVIL}",
            f"{line}{EVIL}",
            f"a={EVIL}:1",
            f"{name}{separator}{value[:4]}{EVIL}{value[4:]}",
        ):
            shown = displays(offer.replace(line, evil, 1), offer)
            page.set_content(f"<body style='background:{'#111' if dark else '#fff'}'>{shown}</body>")
            assert page.locator("img").count() == 0, evil
            if not dark:
                break  # one way a line is enough here; the other theme tries all
    page.wait_for_load_state()
    assert page.evaluate("window.pwned") is None
    assert EVIL in page.locator("body").inner_text() or page.locator("details").count() > 0


def displays(evil: str, offer: str) -> str:
    """Everything that rtcnb.sdp can show of a text."""
    description = SessionDescription(type="offer", sdp=evil)
    line = description.document.lines[-1]
    parts = [
        description._repr_html_(),
        description.document._repr_html_(),
        compare(offer, evil)._repr_html_(),
        changes(offer, evil)._repr_html_(),
        explain(line)._repr_html_(),
        Candidate(f"candidate:{EVIL}", EVIL)._repr_html_(),
        *(finding._repr_html_() for finding in lint(evil)),
    ]
    return "".join(parts)
