"""How a description looks in a saved notebook: HTML and CSS alone, everything in it escaped."""

from __future__ import annotations

from collections.abc import Sequence

from .document import Document
from .line import Line
from .section import Media
from .text import count, html

# Theme variables of Jupyter first; their fallbacks suit a light and a dark page alike.
STYLE = """
.rtcnb-sdp{--c-text:var(--jp-ui-font-color1,inherit);--c-dim:var(--jp-ui-font-color2,#7d8590);
--c-line:var(--jp-border-color2,rgba(128,128,128,.35));--c-key:var(--jp-brand-color1,#2f81d8);
--c-soft:var(--jp-layout-color2,rgba(128,128,128,.12));--c-warn:var(--jp-warn-color1,#c07a00);
--c-mono:var(--jp-code-font-family,ui-monospace,"DejaVu Sans Mono",monospace);
color:var(--c-text);background:var(--jp-layout-color1,transparent);border:1px solid var(--c-line);
border-radius:6px;overflow:hidden;max-width:1080px;margin:4px 0;
font:13px/1.5 var(--jp-ui-font-family,system-ui,sans-serif)}
.rtcnb-sdp .head{padding:7px 12px;display:flex;flex-wrap:wrap;gap:2px 10px;align-items:baseline}
.rtcnb-sdp .head b{font-size:14px;color:var(--c-key)}
.rtcnb-sdp .dim{color:var(--c-dim);font-weight:400}
.rtcnb-sdp .warn{color:var(--c-warn);font-weight:600}
.rtcnb-sdp details{margin:0;padding:0;border:0;border-top:1px solid var(--c-line)}
.rtcnb-sdp summary{margin:0;padding:4px 12px;background:var(--c-soft);font-size:12.5px;cursor:pointer;
overflow-wrap:anywhere}
.rtcnb-sdp summary b{font-weight:600}
.rtcnb-sdp summary:focus-visible{outline:2px solid var(--c-key);outline-offset:-2px}
.rtcnb-sdp pre.code{margin:0;padding:4px 12px 4px 0;border:0;background:none;color:inherit;white-space:pre;
overflow-x:auto;font:12px/1.6 var(--c-mono);direction:ltr}
.rtcnb-sdp .code span{font:inherit}
.rtcnb-sdp .row{unicode-bidi:isolate}
.rtcnb-sdp .bad .no{box-shadow:inset 3px 0 var(--c-warn)}
.rtcnb-sdp .no{display:inline-block;min-width:38px;padding-right:8px;text-align:right;box-sizing:border-box;
color:var(--c-dim);user-select:none}
.rtcnb-sdp .key{color:var(--c-key)}
.rtcnb-sdp .why{color:var(--c-warn);user-select:none;padding-left:7px}
.rtcnb-sdp .copy{padding:6px 12px 10px;font-size:12.5px}
.rtcnb-sdp .copy p{margin:0 0 6px}
.rtcnb-sdp code{font:12px var(--c-mono);color:inherit;background:var(--c-soft);padding:1px 4px;
border-radius:3px}
.rtcnb-sdp textarea{display:block;box-sizing:border-box;width:100%;height:7.5em;resize:vertical;
padding:6px 8px;font:12px/1.5 var(--c-mono);color:inherit;background:var(--jp-layout-color0,transparent);
border:1px solid var(--c-line);border-radius:3px;word-break:break-all}
"""


def description_html(kind: str, document: Document, json_line: str) -> str:
    """Show a description as folded sections of numbered lines, without JavaScript.

    Parameters
    ----------
    kind : str
        ``offer``, ``answer``, ...
    document : Document
    json_line : str
        What to copy to another notebook.
    """
    media = document.media
    sections = [_section(_session_summary(document), document.session.lines)] if document.lines else []
    sections += [_section(_media_summary(section), section.lines) for section in media]
    # Jupyter takes letters typed outside an editor for shortcuts; the attribute keeps Ctrl+A in the box.
    copy = (
        '<details><summary>Copy as JSON</summary><div class="copy">'
        "<p>Click into the box, select all, copy. In the other notebook: "
        "<code>rtcnb.paste(r'''…''')</code></p>"
        '<textarea readonly rows="6" cols="60" spellcheck="false" data-lm-suppress-shortcuts="true" '
        f'aria-label="The description as JSON">{html(json_line)}</textarea></div></details>'
    )
    return (
        f'<div class="rtcnb-sdp"><style>{STYLE}</style>{_head(kind, document)}{"".join(sections)}{copy}</div>'
    )


def _head(kind: str, document: Document) -> str:
    facts = [count(len(document.media), "section"), count(len(document.lines), "line")]
    facts += [f"BUNDLE {' '.join(mids)}".strip() for mids in document.bundle]
    return (
        f'<div class="head"><b>{html(kind)}</b> <span class="dim">{html(" · ".join(facts))}</span>'
        f"{_warning(document.lines)}</div>"
    )


def _session_summary(document: Document) -> str:
    session = document.session
    facts = [count(len(session.lines), "line")]
    if "trickle" in " ".join(session.values_of("ice-options")).split():
        facts.insert(0, "trickle")
    return f'<b>session</b> <span class="dim">· {html(" · ".join(facts))}</span>'


def _media_summary(media: Media) -> str:
    # A data channel always goes both ways: a direction says nothing about it.
    facts = ["data channel" if "SCTP" in (media.protocol or "").upper() else media.direction]
    if media.rejected:
        facts = ["rejected (port 0)"]
    if media.codecs:
        facts.append(count(len(media.codecs), "codec"))
    facts.append(count(len(media.candidates), "candidate"))
    mid = "no mid" if media.mid is None else f"mid {media.mid}"
    name = f"m={media.kind or ''} · {mid}"
    return f'<b>{html(name)}</b> <span class="dim">· {html(" · ".join(facts))}</span>'


def _warning(lines: Sequence[Line]) -> str:
    broken = sum(1 for line in lines if line.error)
    return f' <span class="warn">▲ {count(broken, "broken line")}</span>' if broken else ""


def _section(summary: str, lines: Sequence[Line]) -> str:
    # A section with something to see to opens by itself.
    warning = _warning(lines)
    # Where a notebook isn't trusted the style goes, but a pre with line ends still reads as code.
    rows = "\n".join(map(_row, lines))
    return (
        f"<details{' open' if warning else ''}><summary>{summary}{warning}</summary>"
        f'<pre class="code" tabindex="0">{rows}</pre></details>'
    )


def _row(line: Line) -> str:
    name = line.attribute if line.attribute is not None else ""
    key, rest = (line.text[: 2 + len(name)], line.text[2 + len(name) :]) if line.type else ("", line.text)
    number = f'<span class="no">{line.number} </span>'
    if not line.error:
        return f'<span class="row">{number}<span class="key">{html(key)}</span>{html(rest)}</span>'
    return (
        f'<span class="row bad">{number}<span class="key">{html(key)}</span>{html(rest)}'
        f'<span class="why"> ▲ {html(line.error)}</span></span>'
    )
