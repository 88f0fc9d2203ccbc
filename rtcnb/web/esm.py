"""JavaScript of this package as one module: anywidget imports `_esm` from a blob, where relative imports
cannot resolve, so they are inlined here; there is no bundler and no Node at install.
"""

from __future__ import annotations

import re
from functools import cache
from pathlib import Path

PACKAGE = Path(__file__).resolve().parent.parent

IMPORT = re.compile(
    r'^import\s+(?P<names>\{[^}]*\}|\*\s+as\s+\w+)\s+from\s+"(?P<path>[^"]+)";\n?', re.MULTILINE
)
ANY_IMPORT = re.compile(r"^\s*import\b(?!\()", re.MULTILINE)
EXPORT = re.compile(
    r"^export\s+(?=(?:async\s+)?(?:function\*?|class|const|let)\s+(?P<name>\w+))", re.MULTILINE
)
EXPORT_LIST = re.compile(r"^export\s*\{(?P<names>[^}]*)\}[ \t]*;?(?!\s*from\b)", re.MULTILINE)
EXPORT_FROM = re.compile(r"^export\s*(?:\*|\{[^}]*\}\s*from\b)", re.MULTILINE)
ANY_EXPORT = re.compile(r"^export\b", re.MULTILINE)


@cache
def module(path: str | Path) -> str:
    """Return the source of an ES module of this package with its relative imports inlined.

    Each module that it imports, by any number of others, becomes one constant that holds its exports.

    Parameters
    ----------
    path : str or Path
        Below the package, for example ``peers/peer_view.js``.

    Raises
    ------
    ValueError
        An import that is not ``import {...} from "./..."`` or ``import * as ...`` of this package's own, an
        export that cannot become a property, or modules that import each other; with its file and line.
    """
    top = PACKAGE / path
    done: dict[Path, str] = {}
    body = _inlined(top, done, (top,))
    return "".join(done.values()) + body


def _inlined(path: Path, done: dict[Path, str], ancestors: tuple[Path, ...]) -> str:
    """Return the source of `path` with each import turned into a reading of a constant in `done`."""
    source = path.read_text(encoding="utf-8")

    def read(match: re.Match[str]) -> str:
        target = (path.parent / match["path"]).resolve()
        place = _place(path, source, match.start())
        if target in ancestors:
            raise ValueError(f"{place}: {path.name} and {target.name} import each other.")
        if not match["path"].startswith(".") or PACKAGE not in target.parents or not target.is_file():
            raise ValueError(f"{place}: {match['path']} is not a module of this package.")
        if target not in done:
            done[target] = _constant(target, done, (*ancestors, target))
        names = re.sub(r"(\w+)\s+as\s+(\w+)", r"\1: \2", match["names"])
        return f"const {names.removeprefix('* as ').removeprefix('*: ')} = {_name(target)};\n"

    body = IMPORT.sub(read, source)
    if stray := ANY_IMPORT.search(body):
        place = _place(path, body, stray.end())
        raise ValueError(f'{place}: write imports as import {{...}} from "./...";')
    if stray := EXPORT_FROM.search(body):
        raise ValueError(f"{_place(path, body, stray.start())}: export what is made here, not another's.")
    return body


def _constant(path: Path, done: dict[Path, str], ancestors: tuple[Path, ...]) -> str:
    body = _inlined(path, done, ancestors)
    exported = [m["name"] for m in EXPORT.finditer(body)]
    for match in EXPORT_LIST.finditer(body):
        names = re.sub(r"(\w+)\s+as\s+(\w+)", r"\2: \1", match["names"])
        exported += [name.strip() for name in names.split(",") if name.strip()]
    body = EXPORT.sub("", EXPORT_LIST.sub(_blank, body))
    if stray := ANY_EXPORT.search(body):
        place = _place(path, body, stray.start())
        raise ValueError(
            f"{place}: a module that others import exports by name: function, class, const, {{...}}."
        )
    return f"const {_name(path)} = (() => {{\n{body}\nreturn {{ {', '.join(exported)} }};\n}})();\n"


def _blank(match: re.Match[str]) -> str:
    return "\n" * match[0].count("\n")  # so that a later error still names its own line


def _place(path: Path, text: str, position: int) -> str:
    return f"{path}, line {text.count(chr(10), 0, position) + 1}"


def _name(path: Path) -> str:
    return "$" + re.sub(r"\W", "_", path.relative_to(PACKAGE).as_posix().removesuffix(".js"))


@cache
def stylesheet(*texts: str) -> str:
    """Return the theme that every widget shares, followed by a widget's own rules."""
    return "\n".join([(PACKAGE / "web" / "theme.css").read_text(encoding="utf-8"), *texts])
