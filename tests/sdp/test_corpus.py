"""Real descriptions, and what Chromium said of each: lint and candidates agree with it; nothing is lost."""

from __future__ import annotations

import json
import random
import re
from collections import Counter
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from rtcnb.errors import CandidateError
from rtcnb.finding import Finding
from rtcnb.sdp import Document, Line, changes, compare, explain, lint, parse, parse_candidate

DISAGREEMENTS = (Path(__file__).parent / "disagreements.md").read_text("utf-8")
MUTATIONS = 5_000
MUTATIONS_LONG = 200_000
VERDICT = "chromium156_setRemote_offer"
PARSE_ERROR = "SessionDescription. "

# What Chromium says of a description that it could read, and the rules that say the same.
CAUSES = {
    "without DTLS fingerprint": {"no-fingerprint"},
    "rtcp-mux must be enabled": {"no-rtcp-mux"},
    "RTCP-MUX is not enabled": {"no-rtcp-mux"},
    "maximum supported length of 16": {"long-mid"},
    "more than one track": {"plan-b", "two-tracks"},
    "codec collision for header extension": {"bundle-extmap-conflict"},
    "Failed to add remote stream ssrc": {"ssrc-group-unknown", "bad-ssrc"},
    "ssrc-group with semantics": {"ssrc-group-size"},
    "cryptex level": {"cryptex-not-everywhere"},
    "Invalid ICE parameters": {"bad-ice-credentials", "no-ice-credentials"},
    "without ice-ufrag and ice-pwd": {"no-ice-credentials"},
    "matching no m= section": {"bundle-unknown-mid"},
    "video description send parameters": {"rtx-without-apt", "rtx-of-nothing", "no-video-codec"},
    "Duplicate a=mid": {"duplicate-mid", "mid-taken"},
}


def read(corpus: Path, name: str) -> Document:
    return parse((corpus / "sdp" / name).read_bytes())


def errors_of(document: Document) -> list[Finding]:
    return [finding for finding in lint(document, "offer") if finding.severity == "error"]


def explained(name: str) -> bool:
    """True where the file beside this one says why we disagree."""
    return f"`{name}`" in DISAGREEMENTS


def report(title: str, agree: int, total: int, disagree: list[str]) -> float:
    share = agree / total
    print(f"\n{title}: {agree} of {total} ({share:.1%})", *(f"  {text}" for text in disagree), sep="\n")
    return share


def test_every_description_comes_back_byte_for_byte(corpus: Path) -> None:
    names = sorted((corpus / "sdp").glob("*/*.sdp"))
    assert len(names) > 600
    for name in names:
        data = name.read_bytes()
        assert bytes(parse(data)) == data, name


def named_lines(document: Document, message: str) -> list[Line]:
    """The lines that a parse error of Chromium names: it begins with the whole text of one."""
    return [line for line in document.lines if line.text.strip() and message.startswith(line.text)]


def test_lint_has_an_error_on_the_line_that_chromium_names(
    corpus: Path, manifest: list[dict[str, str]]
) -> None:
    agree, total, disagree = 0, 0, []
    for row in manifest:
        if not row[VERDICT].startswith("parse-error"):
            continue
        document, message = read(corpus, row["file"]), row[VERDICT].partition(PARSE_ERROR)[2]
        named = named_lines(document, message)
        if not named:
            continue
        total += 1
        hit = {line.number for finding in errors_of(document) for line in finding.evidence}
        if hit & {line.number for line in named}:
            agree += 1
        else:
            disagree.append(f"{row['file']}: {message[:100]}")
            assert explained(row["file"])
    assert total > 150
    assert report("parse errors that name a line", agree, total, disagree) >= 0.95


def test_lint_has_no_error_where_chromium_has_none(corpus: Path, manifest: list[dict[str, str]]) -> None:
    agree, total, disagree = 0, 0, []
    for row in manifest:
        if row[VERDICT] != "ok":
            continue
        total += 1
        errors = errors_of(read(corpus, row["file"]))
        if not errors:
            agree += 1
        else:
            disagree.append(f"{row['file']}: {', '.join(finding.rule for finding in errors)}")
            assert explained(row["file"])
    assert total > 200
    assert report("accepted descriptions without an error", agree, total, disagree) >= 0.98


def test_lint_names_the_cause_of_every_refusal(corpus: Path, manifest: list[dict[str, str]]) -> None:
    agree, total, disagree = 0, 0, []
    for row in manifest:
        if not row[VERDICT].startswith("semantic"):
            continue
        total += 1
        message = row[VERDICT]
        wanted = next(rules for words, rules in CAUSES.items() if words in message)
        rules = {finding.rule for finding in errors_of(read(corpus, row["file"]))}
        if rules & wanted:
            agree += 1
        else:
            disagree.append(f"{row['file']}: {message[-100:]}; lint says {sorted(rules)}")
            assert explained(row["file"])
    assert total > 140
    assert report("semantic refusals with their cause", agree, total, disagree) >= 0.90


def test_no_rule_drowns_the_others(corpus: Path, manifest: list[dict[str, str]]) -> None:
    hits = Counter(finding.rule for row in manifest for finding in lint(read(corpus, row["file"]), "offer"))
    total = hits.total()
    print(f"\n{total} findings:", ", ".join(f"{rule} {count}" for rule, count in hits.most_common(12)))
    assert hits.most_common(1)[0][1] <= total / 5


def test_candidates_agree_with_chromium(corpus: Path) -> None:
    rows = [line.split("\t") for line in (corpus / "candidates.tsv").read_text("utf-8").splitlines()[1:]]
    agree, disagree = 0, []
    for text, _source, _path, _peer, verdict, *_ in rows:
        try:
            read_it = not parse_candidate(text).is_end  # of the end, Chromium says null for every field too
        except CandidateError as error:
            read_it, reason = False, str(error)
        if read_it == (verdict == "parsed"):
            agree += 1
        else:
            disagree.append(f"{text}: Chromium {verdict}, {'we read it' if read_it else reason}")
            assert f"`{text}`" in DISAGREEMENTS, text
    assert len(rows) > 150
    assert report("candidates", agree, len(rows), disagree) >= 0.97


def test_every_pair_compares(corpus: Path) -> None:
    """With the answer's own text; what Chromium says after applying is in tests/browser/test_sdp.py."""
    rows = [json.loads(line) for line in (corpus / "sdp/chromium-answers.jsonl").read_text().splitlines()]
    table: Counter[str] = Counter()
    for row in rows:
        offer, answer = read(corpus, row["file"]), parse(row["answer"])
        negotiation = compare(offer, answer)
        json.dumps(negotiation.to_json())
        assert str(negotiation) and negotiation._repr_html_()
        assert negotiation.ok, f"{row['file']}: {negotiation.violations}"
        for media, answered in zip(negotiation.media, answer.media, strict=True):
            table["sections"] += 1
            table["accepted" if media.accepted else "rejected"] += 1
            assert media.accepted == (not answered.rejected)
            if media.accepted:
                assert [kept.answered for kept in media.codecs] == answered.codecs, row["file"]
                assert not media.added
    print(f"\n{len(rows)} pairs:", dict(table))
    assert len(rows) == 242


def mutate(dice: random.Random, data: bytes, others: list[bytes]) -> bytes:
    """Change a description as accidents do: bytes, lines, parts of others."""
    changed = bytearray(data)
    for _ in range(dice.randint(1, 6)):
        place = dice.randrange(len(changed) + 1)
        match dice.randrange(5):
            case 0:
                changed[place:place] = bytes([dice.randrange(256)])
            case 1:
                del changed[place : place + dice.randint(1, 30)]
            case 2:
                other = dice.choice(others)
                start = dice.randrange(len(other) + 1)
                changed[place:place] = other[start : start + dice.randint(1, 200)]
            case 3:
                changed[place:place] = dice.choice(
                    [b"\r", b"\n", b"\r\n", b"=", b":", b" ", b"a=", b"m=", b"\xff\xfe"]
                )
            case _:
                lines = bytes(changed).splitlines(keepends=True)
                dice.shuffle(lines)
                changed = bytearray(b"".join(lines))
    return bytes(changed)


def read_all(data: bytes) -> None:
    """Whatever stands in it, it comes back and every field can be asked for."""
    document = parse(data)
    assert bytes(document) == data
    assert "".join(line.text + line.ending for line in document.lines) == str(document)
    for line in document.lines:
        assert str(document)[line.start : line.end] == line.text
        assert isinstance(line.fields, dict)
        assert (line.error is None) == (line.column == 0)


def look_at_all(data: bytes) -> None:
    """Everything that is said of a document can be said of this one."""
    document = parse(data)
    for line in document.lines[:60]:
        explain(line)
    lint(document, "offer")
    compare(document, document)
    changes(document, "v=0\r\n")
    for media in document.media:
        for name in (x for x in dir(media) if not x.startswith("_")):
            getattr(media, name)


@pytest.mark.timeout(3000)
def test_mutated_descriptions_come_back(corpus: Path, many: bool) -> None:
    dice = random.Random(7)
    originals = [name.read_bytes() for name in sorted((corpus / "sdp").glob("*/*.sdp"))]
    for number in range(MUTATIONS_LONG if many else MUTATIONS):
        data = mutate(dice, dice.choice(originals), originals)
        read_all(data)
        if number % 20 == 0:
            look_at_all(data)


ALPHABET = st.sampled_from(
    [*"vosmtac=:;/ 0196\r\n\t~*,.-", "\x00", "é", "\ud800", "\udcff", "a=rtpmap:", "m=audio 9 RTP/AVP 0\r\n"]
)


def hypothesis_examples(test: Callable[[str], None], count: int) -> None:
    settings(max_examples=count, deadline=None)(given(st.lists(ALPHABET, max_size=80).map("".join))(test))()


@pytest.mark.timeout(3000)
def test_random_texts_come_back(many: bool) -> None:
    def comes_back(text: str) -> None:
        assert str(parse(text)) == text
        assert all(line.fields is not None for line in parse(text).lines)

    hypothesis_examples(comes_back, 20_000 if many else 1_000)


def test_the_disagreements_are_still_there(corpus: Path, manifest: list[dict[str, str]]) -> None:
    """Nothing is explained that is not there any more."""
    names = {row["file"] for row in manifest}
    for name in re.findall(r"^- `([^`]+\.sdp)`", DISAGREEMENTS, re.MULTILINE):
        assert name in names
        row = next(row for row in manifest if row["file"] == name)
        errors = errors_of(read(corpus, name))
        if row[VERDICT] == "ok":
            assert errors
