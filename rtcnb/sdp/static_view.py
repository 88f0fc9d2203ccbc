"""How a description looks in a saved notebook: HTML and CSS alone, everything in it escaped.

Sections fold; a line opens to its explanation; findings stand below their lines.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace

from ..finding import MARKS, Finding
from .document import Document
from .explain import Explanation, explain
from .line import Line
from .lint import lint
from .passwords import hidden_in, hide, hide_lines, is_password
from .section import Media
from .text import count, html, printable, shorten

# Beyond it a saved notebook would grow too large; browsers' descriptions have 100 to 500 lines.
MOST_EXPLAINED = 600
MOST_SHOWN = 5000

# Theme variables of Jupyter first; their fallbacks suit a light and a dark page alike.
STYLE = """
.rtcnb-sdp{--c-text:var(--jp-ui-font-color1,inherit);--c-dim:var(--jp-ui-font-color2,#7d8590);
--c-line:var(--jp-border-color2,rgba(128,128,128,.35));--c-key:var(--jp-brand-color1,#2f81d8);
--c-soft:var(--jp-layout-color2,rgba(128,128,128,.12));--c-warning:var(--jp-warn-color1,#c07a00);
--c-error:var(--jp-error-color1,#d32f2f);--c-advice:var(--jp-info-color1,#0288a8);
--c-mono:var(--jp-code-font-family,ui-monospace,"DejaVu Sans Mono",monospace);
color:var(--c-text);background:var(--jp-layout-color1,transparent);border:1px solid var(--c-line);
border-radius:6px;overflow:hidden;max-width:1080px;margin:4px 0;
font:13px/1.5 var(--jp-ui-font-family,system-ui,sans-serif)}
.rtcnb-sdp .head{padding:7px 12px}
.rtcnb-sdp .head b{font-size:14px;color:var(--c-key)}
.rtcnb-sdp .dim{color:var(--c-dim);font-weight:400}
.rtcnb-sdp .error>b,.rtcnb-sdp b.error{color:var(--c-error)}
.rtcnb-sdp .warning>b,.rtcnb-sdp b.warning{color:var(--c-warning)}
.rtcnb-sdp .advice>b,.rtcnb-sdp b.advice{color:var(--c-advice)}
.rtcnb-sdp details{margin:0;padding:0;border:0;border-top:1px solid var(--c-line)}
.rtcnb-sdp details.section>summary{margin:0;padding:4px 12px;background:var(--c-soft);font-size:12.5px;
cursor:pointer;overflow-wrap:anywhere}
.rtcnb-sdp summary b{font-weight:600}
.rtcnb-sdp summary:focus-visible{outline:2px solid var(--c-key);outline-offset:-2px}
.rtcnb-sdp .lines{padding:3px 0}
.rtcnb-sdp details.line{border:0}
.rtcnb-sdp details.line>summary,.rtcnb-sdp .line>.code{display:flex;list-style:none;cursor:pointer;
padding:0 12px 0 0;font:12px/1.65 var(--c-mono);direction:ltr;unicode-bidi:isolate}
.rtcnb-sdp details.line>summary::-webkit-details-marker{display:none}
.rtcnb-sdp details.line>summary:hover,.rtcnb-sdp details.line[open]>summary{background:var(--c-soft)}
.rtcnb-sdp .sdp{overflow-wrap:anywhere;min-width:0;white-space:pre-wrap}
.rtcnb-sdp .no{flex:0 0 42px;padding-right:10px;text-align:right;box-sizing:border-box;
color:var(--c-dim);user-select:none}
.rtcnb-sdp .hit.error .no{box-shadow:inset 3px 0 var(--c-error)}
.rtcnb-sdp .hit.warning .no{box-shadow:inset 3px 0 var(--c-warning)}
.rtcnb-sdp .hit.advice .no{box-shadow:inset 3px 0 var(--c-advice)}
.rtcnb-sdp .key{color:var(--c-key)}
.rtcnb-sdp .facts{padding:5px 12px}
.rtcnb-sdp .fact{display:flex;gap:10px;font-size:12.5px}
.rtcnb-sdp .fact>.dim{flex:0 0 140px}
.rtcnb-sdp .fact>span{min-width:0;overflow-wrap:anywhere}
.rtcnb-sdp .why{margin:2px 12px 6px 42px;padding:4px 10px;border-left:2px solid var(--c-key);font-size:12.5px}
.rtcnb-sdp .why div{margin:1px 0}
.rtcnb-sdp .finding{margin:1px 12px 3px 42px;font-size:12.5px;user-select:none}
.rtcnb-sdp .copy{padding:6px 12px 10px;font-size:12.5px}
.rtcnb-sdp .copy p{margin:0 0 6px}
.rtcnb-sdp code{font:12px var(--c-mono);color:inherit;background:var(--c-soft);padding:1px 4px;
border-radius:3px}
.rtcnb-sdp textarea{display:block;box-sizing:border-box;width:100%;height:7.5em;resize:vertical;
padding:6px 8px;font:12px/1.5 var(--c-mono);color:inherit;background:var(--jp-layout-color0,transparent);
border:1px solid var(--c-line);border-radius:3px;word-break:break-all}
"""


@dataclass(frozen=True)
class Notes:
    """What is known of a description beyond its own text.

    Attributes
    ----------
    facts : dict of int to str
        What became of a section, by its index.
    beside : dict of int to str
        What is to be said of a line, by its number.
    hidden : bool
        Whether ICE passwords are shown as dots.
    """

    facts: Mapping[int, str] = field(default_factory=dict)
    beside: Mapping[int, str] = field(default_factory=dict)
    hidden: bool = False


NO_NOTES = Notes()


def description_html(kind: str, document: Document, json_line: str | None) -> str:
    """Show a description as folded sections of numbered lines, without JavaScript.

    Parameters
    ----------
    kind : str
        ``offer``, ``answer``, ...; ``SDP`` where it is not known.
    document : Document
    json_line : str or None
        What to copy to another notebook.
    """
    copy = _copy(json_line) if json_line is not None else ""
    return framed(description_body(kind, document, findings_of(kind, document)) + copy)


def description_body(
    kind: str, document: Document, findings: Sequence[Finding], notes: Notes = NO_NOTES
) -> str:
    """Show a description without the frame, with what else is known of it."""
    if not document.lines:
        return _head(kind, document, findings)
    if notes.hidden:
        findings = without_passwords(findings, document)
    sections = [_section(_session_summary(document), document.session.lines, findings, notes)]
    for media in document.media:
        summary = _summary(media_name(media), notes.facts.get(media.index) or media_facts(media))
        sections.append(_section(summary, media.lines, findings, notes))
    elsewhere = [finding_html(finding) for finding in findings if not finding.evidence]
    return _head(kind, document, findings) + "".join(elsewhere) + "".join(sections)


def without_passwords(findings: Iterable[Finding], document: Document) -> list[Finding]:
    """Return findings that quote no ICE password."""
    passwords = hidden_in(document)
    return [replace(finding, sentence=hide(hide_lines(finding.sentence), passwords)) for finding in findings]


def description_text(kind: str, document: Document) -> str:
    """A description for a terminal: its sections, a line each, and what lint finds."""
    lines = [f"{kind} · {facts_of(document)}"]
    lines += [f"  {media_name(media)} · {media_facts(media)}" for media in document.media]
    for finding in findings_of(kind, document):
        place = f"line {finding.evidence[0].number}: " if finding.evidence else ""
        lines.append(
            f"  {MARKS[finding.severity]} {finding.severity} · {place}{finding.sentence} {finding.remedy}"
        )
    return printable("\n".join(lines))


def framed(body: str) -> str:
    """Put HTML into a frame with the style of all descriptions."""
    return f'<div class="rtcnb-sdp"><style>{STYLE}</style>{body}</div>'


def findings_of(kind: str, document: Document) -> list[Finding]:
    """What lint says of a description of that type."""
    known = kind if kind in ("offer", "answer", "pranswer") else None
    return lint(document, known)  # type: ignore[arg-type]


def _copy(json_line: str) -> str:
    # Jupyter takes letters typed outside an editor for shortcuts; the attribute keeps Ctrl+A in the box.
    return (
        '<details class="section"><summary>Copy as JSON</summary><div class="copy">'
        "<p>Click into the box, select all, copy. In the other notebook: "
        "<code>rtcnb.paste(r'''…''')</code></p>"
        '<textarea readonly rows="6" cols="60" spellcheck="false" data-lm-suppress-shortcuts="true" '
        f'aria-label="The description as JSON">{html(json_line)}</textarea></div></details>'
    )


def facts_of(document: Document) -> str:
    """The size of a description in a few words."""
    facts = [count(len(document.media), "section"), count(len(document.lines), "line")]
    facts += [f"BUNDLE {' '.join(mids)}".strip() for mids in document.bundle]
    return " · ".join(facts)


def _head(kind: str, document: Document, findings: Sequence[Finding]) -> str:
    return (
        f'<div class="head"><b>{html(kind)}</b> <span class="dim">{html(facts_of(document))}</span>'
        f"{_counts(findings)}</div>"
    )


def _counts(findings: Iterable[Finding]) -> str:
    """How many findings of each severity, in a few words."""
    numbers: Counter[str] = Counter(finding.severity for finding in findings)
    shown = [(severity, mark, numbers[severity]) for severity, mark in MARKS.items() if numbers[severity]]
    return "".join(
        f' <b class="{severity}">{mark} {number} advice</b>'
        if severity == "advice"
        else f' <b class="{severity}">{mark} {count(number, severity)}</b>'
        for severity, mark, number in shown
    )


def _session_summary(document: Document) -> str:
    session = document.session
    facts = [count(len(session.lines), "line")]
    if "trickle" in " ".join(session.values_of("ice-options")).split():
        facts.insert(0, "trickle")
    return _summary("session", " · ".join(facts))


def _summary(name: str, facts: str) -> str:
    return f'<b>{html(name)}</b> <span class="dim">· {html(facts)}</span>'


def media_name(media: Media) -> str:
    """``m=audio · mid 0``."""
    mid = "no mid" if media.mid is None else f"mid {media.mid}"
    return f"m={media.kind or ''} · {mid}"


def media_facts(media: Media) -> str:
    """Direction, codecs and candidates of a section in a few words."""
    # A data channel always goes both ways: a direction says nothing about it.
    facts = ["data channel" if media.is_data else media.direction]
    if media.rejected:
        facts = ["rejected (port 0)"]
    if media.codecs:
        facts.append(count(len(media.codecs), "codec"))
    facts.append(count(len(media.candidates), "candidate"))
    return " · ".join(facts)


def by_line(findings: Iterable[Finding]) -> dict[int, list[Finding]]:
    """Return findings by the number of the line that they are about; those about no line are left out."""
    hits: dict[int, list[Finding]] = {}
    for finding in findings:
        if finding.evidence:
            hits.setdefault(finding.evidence[0].number, []).append(finding)
    return hits


def _section(summary: str, lines: Sequence[Line], findings: Sequence[Finding], notes: Notes) -> str:
    first, last = lines[0].number if lines else 0, lines[-1].number if lines else 0
    hits = {number: found for number, found in by_line(findings).items() if first <= number <= last}
    here = [finding for found in hits.values() for finding in found]
    # A section with something to see to opens by itself.
    told = notes.beside.keys() & range(first, last + 1)
    opened = " open" if told or any(finding.severity != "advice" for finding in here) else ""
    shown = [line for line in lines if line.number <= MOST_SHOWN]
    rows = "".join(_row(line, hits.get(line.number, ()), notes) for line in shown)
    left = last - max(first - 1, MOST_SHOWN)
    if left > 0:
        rows += f'<div class="finding">… {count(left, "more line")}</div>'
    return (
        f'<details class="section"{opened}><summary>{summary}{_counts(here)}</summary>'
        f'<div class="lines">{rows}</div></details>'
    )


def _row(line: Line, findings: Sequence[Finding], notes: Notes) -> str:
    worst = worst_of(findings)
    hit = f" hit {worst}" if worst else ""
    text = f'<span class="no">{line.number} </span><span class="sdp">{line_html(line, notes.hidden)}</span>'
    told = "".join(map(finding_html, findings))
    if line.number in notes.beside:
        told += f'<div class="finding"><b>≠</b> {html(notes.beside[line.number])}</div>'
    if line.number > MOST_EXPLAINED:
        return f'<div class="line{hit}"><div class="code">{text}</div></div>{told}'
    # Where a notebook isn't trusted the style goes, but details and line breaks still read well.
    return (
        f'<details class="line{hit}"><summary>{text}</summary>'
        f'<div class="why">{explanation_html(explained(line, notes.hidden))}</div></details>{told}'
    )


def worst_of(findings: Iterable[Finding]) -> str:
    """Return the worst severity; ``""`` where nothing was found."""
    severities = {finding.severity for finding in findings}
    return next((severity for severity in MARKS if severity in severities), "")


def line_html(line: Line, hidden: bool = False, longest: int | None = None) -> str:
    """A line with its name set off; as dots, if wanted, what is an ICE password.

    Parameters
    ----------
    line : Line
    hidden : bool
    longest : int, optional
        How many characters of its value are shown.
    """
    length = 2 + len(line.attribute if line.attribute is not None else "") if line.type else 0
    text = shown_text(line, hidden)
    key, rest = text[:length], text[length:]
    return f'<span class="key">{html(key)}</span>{html(rest if longest is None else shorten(rest, longest))}'


def shown_text(line: Line, hidden: bool) -> str:
    """The text of a line; as dots, if wanted, what is an ICE password."""
    if not hidden or "ice-pwd" not in line.text:
        return line.text
    name, colon, value = line.text.partition(":")
    return (
        f"{name}{colon}{hide(value, hidden_in(line.document))}"
        if is_password(line)
        else hide_lines(line.text)
    )


def explained(line: Line, hidden: bool = False) -> Explanation:
    """Explain a line, if wanted without telling ICE passwords."""
    explanation = explain(line)
    if not hidden or "ice-pwd" not in line.text:
        return explanation
    passwords = hidden_in(line.document) if is_password(line) else ()
    fields = tuple(x._replace(value=hide(hide_lines(x.value), passwords)) for x in explanation.fields)
    return replace(explanation, text=hide(hide_lines(explanation.text), passwords), fields=fields)


def finding_html(finding: Finding) -> str:
    """A finding without a frame of its own."""
    return (
        f'<div class="finding {finding.severity}"><b>{MARKS[finding.severity]} {finding.severity}</b> '
        f'{html(finding.sentence)} {html(finding.remedy)} <span class="dim">({html(finding.rule)})</span></div>'
    )


def explanation_html(explanation: Explanation) -> str:
    """An explanation without a frame of its own."""
    fields = "".join(
        f'<div class="field"><code>{html(field.name)} {html(field.value)}</code> '
        f'<span class="dim">{html(field.meaning)}</span></div>'
        for field in explanation.fields
    )
    quirks = "".join(f"<div>✱ {html(quirk)}</div>" for quirk in explanation.quirks)
    reference = f' <span class="dim">{html(explanation.reference)}</span>' if explanation.reference else ""
    title = f"<div><b>{html(explanation.title)}</b>{reference}</div>"
    return f"{title}<div>{html(explanation.text)}</div>{fields}{quirks}"
