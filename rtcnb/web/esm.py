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


@cache
def module(path: str) -> str:
    """Return the source of an ES module of this package with its relative imports inlined.

    Each module that it imports, by any number of others, becomes one constant that holds its exports.

    Parameters
    ----------
    path : str
        Below the package, for example ``peers/peer_view.js``.

    Raises
    ------
    ValueError
        An import that is not ``import {...} from "./..."`` or ``import * as ...`` of this package's own, or
        modules that import each other.
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
        if target in ancestors:
            raise ValueError(f"{path.name} and {target.name} import each other.")
        if not match["path"].startswith(".") or PACKAGE not in target.parents:
            raise ValueError(f"{path}: {match['path']} is not a module of this package.")
        if target not in done:
            done[target] = _constant(target, done, (*ancestors, target))
        names = re.sub(r"(\w+)\s+as\s+(\w+)", r"\1: \2", match["names"])
        return f"const {names.removeprefix('* as ').removeprefix('*: ')} = {_name(target)};\n"

    body = IMPORT.sub(read, source)
    if stray := ANY_IMPORT.search(body):
        line = body.count("\n", 0, stray.end()) + 1
        raise ValueError(f'{path}, line {line}: write imports as import {{...}} from "./...";')
    return body


def _constant(path: Path, done: dict[Path, str], ancestors: tuple[Path, ...]) -> str:
    body = _inlined(path, done, ancestors)
    exported = [m["name"] for m in EXPORT.finditer(body)]
    return f"const {_name(path)} = (() => {{\n{EXPORT.sub('', body)}\nreturn {{ {', '.join(exported)} }};\n}})();\n"


def _name(path: Path) -> str:
    return "$" + re.sub(r"\W", "_", path.relative_to(PACKAGE).as_posix().removesuffix(".js"))


@cache
def stylesheet(*texts: str) -> str:
    """Return the theme that every widget shares, followed by a widget's own rules."""
    return "\n".join([(PACKAGE / "web" / "theme.css").read_text(encoding="utf-8"), *texts])
