"""Lint: every rule by its examples, and what its findings look like."""

from __future__ import annotations

import importlib.util
import sys
import time
import tomllib
from collections import Counter
from pathlib import Path
from string import Formatter
from types import ModuleType

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from rtcnb import language
from rtcnb.errors import DescriptionError, RtcnbError
from rtcnb.sdp import SessionDescription, lint, parse
from rtcnb.sdp.lint import MOST_PER_RULE
from rtcnb.sdp.lint_texts import load_texts
from rtcnb.sdp.pasted import damage_of, mended
from rtcnb.sdp.rules import RULES

ROOT = Path(__file__).parents[2]


def load_examples() -> ModuleType:
    spec = importlib.util.spec_from_file_location("lint_examples", ROOT / "docs" / "lint" / "make.py")
    assert spec and spec.loader
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module  # dataclasses look their module up
    spec.loader.exec_module(module)
    return module


DOCS = load_examples()
EXAMPLES = DOCS.examples()


def test_every_rule_has_an_example_and_texts() -> None:
    assert set(EXAMPLES) == set(RULES)
    for spoken in language.LANGUAGES:
        assert set(load_texts(spoken)) == set(RULES)


@pytest.mark.parametrize("name", list(RULES))
def test_a_rule_hits_what_breaks_it_and_nothing_else(name: str) -> None:
    example = EXAMPLES[name]
    hits = DOCS.findings(name, example.wrong, example.type)
    assert hits, "the wrong example passes"
    assert not DOCS.findings(name, example.right, example.type), "the right example is hit"
    finding = hits[0]
    assert finding.severity == RULES[name].severity
    assert finding.sentence and finding.remedy and finding.reference
    assert len(finding.sentence) < 300
    assert "{" not in finding.sentence.replace("v=0", "")


@pytest.mark.parametrize("spoken", language.LANGUAGES)
@pytest.mark.parametrize("name", list(RULES))
def test_the_texts_of_a_rule_can_be_filled(name: str, spoken: language.Language) -> None:
    example = EXAMPLES[name]
    findings = [x for x in lint(parse(example.wrong), example.type, spoken) if x.rule == name]
    assert findings[0].sentence and findings[0].remedy


def test_both_languages_fill_the_same_values() -> None:
    def names(text: str) -> set[str | None]:
        return {name for _, name, _, _ in Formatter().parse(text) if name}

    english, chinese = load_texts("en"), load_texts("zh")
    for name in RULES:
        assert names(english[name].sentence) == names(chinese[name].sentence), name
        assert names(english[name].remedy) == names(chinese[name].remedy), name


def test_the_page_of_rules_is_the_newest() -> None:
    assert (ROOT / "docs" / "lint.md").read_text("utf-8") == DOCS.page(), "run docs/lint/make.py"


def test_the_examples_file_has_nothing_else() -> None:
    raw = tomllib.loads((ROOT / "docs" / "lint" / "examples.toml").read_text("utf-8"))
    assert all(set(entry) <= {"wrong", "right", "wrong_text", "type"} for entry in raw.values())


def test_a_browsers_offer_has_no_findings() -> None:
    assert lint(DOCS.OFFER, "offer") == []


def test_the_type_decides_which_rules_hold() -> None:
    offer = DOCS.edit([])
    assert "answer-actpass" not in [x.rule for x in lint(offer)]
    assert "answer-actpass" not in [x.rule for x in lint(SessionDescription(type="offer", sdp=offer))]
    for kind in ("answer", "pranswer"):
        assert "answer-actpass" in [x.rule for x in lint(SessionDescription(type=kind, sdp=offer))]
    with pytest.raises(DescriptionError, match="type"):
        lint(offer, "request")  # type: ignore[arg-type]
    with pytest.raises(RtcnbError, match="en and zh"):
        lint(offer, language="fr")  # type: ignore[arg-type]


def test_errors_come_first_and_the_paste_before_all() -> None:
    findings = lint(
        "v=0\r\no=- 1 1 IN IP4 127.0.0.1\r\ns=-\r\nt=0 0\r\nm=audio 9 UDP/TLS/RTP/SAVPF 111\r\na=fing"
    )
    assert findings[0].rule == "paste-truncated"
    order = [("error", "warning", "advice").index(x.severity) for x in findings[1:]]
    assert order == sorted(order)
    assert [x.rule for x in lint("v=0\\r\\no=- 1")] == ["paste-json-escaped"]


def test_the_evidence_is_the_line() -> None:
    document = parse(DOCS.edit(["a=setup:actpass -> a=setup:both"]))
    finding = next(x for x in lint(document) if x.rule == "bad-setup")
    assert finding.evidence == (document.lines_of("setup")[0],)


def test_one_rule_does_not_bury_the_others() -> None:
    findings = lint(DOCS.OFFER.text + "nonsense\r\n" * 1000)
    assert Counter(x.rule for x in findings)["not-a-line"] == MOST_PER_RULE


@pytest.mark.parametrize("unit", ["\\", "\\r", "&", "&#", "<", "a=x:\\\r\n", "...", " "])
def test_a_megabyte_of_anything_is_judged_at_once(unit: str) -> None:
    """No pattern of ours looks at the same text again and again."""
    text = "v=0\r\n" + unit * (1_000_000 // len(unit))
    began = time.process_time()
    damage_of(text)
    mended(text[:200_000])
    assert time.process_time() - began < 2


@settings(max_examples=150, deadline=None)
@given(st.text(alphabet=st.sampled_from("vosmtac=:;/ 019\r\nxé~*,"), max_size=300))
def test_no_text_makes_lint_raise(text: str) -> None:
    for kind in (None, "offer", "answer"):
        lint("v=0\r\n" + text, kind)  # type: ignore[arg-type]
    lint(text)
