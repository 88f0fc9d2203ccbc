"""The layers of the design hold: imports go down the list only."""

from __future__ import annotations

import ast
import re
import subprocess
import sys
from pathlib import Path

import pytest

PACKAGE = Path(__file__).resolve().parent.parent / "rtcnb"
FILES = sorted(PACKAGE.rglob("*.py"))
SCRIPTS = sorted(PACKAGE.rglob("*.js"))

# Each may import itself and what stands before it; those on one line do not know each other.
ORDER = [
    {"errors", "finding", "language"},
    {"web"},
    {"sdp"},
    {"trace"},
    {"runtime"},
    {"media"},
    {"peers"},
    {"vnet", "signaling"},
    {"widgets", "check"},
    {"doctor"},
    {"cli"},
]
RANK = {name: rank for rank, names in enumerate(ORDER) for name in names}
PURE = {"sdp", "trace"}
NOT_PURE = {"asyncio", "IPython", "ipywidgets", "anywidget", "aiortc", "aioice", "av", "cv2", "aiohttp"}
MAX_LINES = 420


def layer(path: Path) -> str:
    return path.relative_to(PACKAGE).parts[0].removesuffix(".py")


def imports(path: Path) -> list[tuple[str, list[str]]]:
    """Return every import of a file, wherever it stands, as an absolute module and its names."""
    package = ("rtcnb", *path.relative_to(PACKAGE).parts[:-1])
    found: list[tuple[str, list[str]]] = []
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            found += [(alias.name, []) for alias in node.names]
        elif isinstance(node, ast.ImportFrom):
            base = package[: len(package) - node.level + 1] if node.level else ()
            module = ".".join([*base, *([node.module] if node.module else [])])
            found.append((module, [alias.name for alias in node.names]))
    return found


def layers_of(module: str, names: list[str]) -> set[str]:
    parts = module.split(".")
    if parts[0] != "rtcnb":
        return set()
    return {parts[1]} if len(parts) > 1 else set(names) - {"__version__"}


@pytest.mark.parametrize("path", FILES, ids=lambda p: str(p.relative_to(PACKAGE)))
def test_imports_go_down_only(path: Path) -> None:
    own = layer(path)
    if own == "__init__":
        return  # the public names come from everywhere, on first use
    assert own in RANK, f"{own} is not a layer of the design"
    for module, names in imports(path):
        for other in layers_of(module, names):
            # A public name by way of the package itself could come from any layer.
            assert other in RANK, f"{path.name} imports {other} from rtcnb, not from its own file"
            lower = RANK[other] < RANK[own]
            same = other == own or (RANK[other] == RANK[own] == 0)
            assert lower or same, f"{path.name} imports {module}"


@pytest.mark.parametrize("path", FILES, ids=lambda p: str(p.relative_to(PACKAGE)))
def test_outside_names_stay_in_their_place(path: Path) -> None:
    own = layer(path)
    outside = {module.split(".")[0] for module, _ in imports(path)}
    if own in PURE:
        assert not outside & NOT_PURE
    allowed = own in ("media", "peers", "vnet") or path == PACKAGE / "runtime" / "loop.py"
    assert allowed or not outside & {"aiortc", "aioice"}
    if "ipywebrtc" in outside:
        assert path.stem == "ipywebrtc_bridge"


@pytest.mark.parametrize("path", FILES, ids=lambda p: str(p.relative_to(PACKAGE)))
def test_private_names_of_aiortc_are_in_one_place(path: Path) -> None:
    if path.parent.name == "aiortc_internals":
        return
    source = path.read_text(encoding="utf-8")
    assert not re.search(r"\b_(RTC[A-Za-z]+|Connection)__\w+", source)
    for module, names in imports(path):
        if module.split(".")[0] in ("aiortc", "aioice"):
            assert not [n for n in (*names, *module.split(".")) if n.startswith("_")]


@pytest.mark.parametrize("path", SCRIPTS, ids=lambda p: str(p.relative_to(PACKAGE)))
def test_scripts_import_only_what_all_share(path: Path) -> None:
    source = path.read_text(encoding="utf-8")
    for specifier in re.findall(r"""^import\b[^"';]*["']([^"']+)["']""", source, re.MULTILINE):
        assert (path.parent / specifier).resolve().parent == PACKAGE / "web"


def test_errors_know_findings_by_type_only() -> None:
    tree = ast.parse((PACKAGE / "errors.py").read_text(encoding="utf-8"))
    for node in tree.body:  # what stands under "if TYPE_CHECKING:" is an ast.If and is left alone
        assert not (isinstance(node, ast.ImportFrom) and node.module in ("finding", "rtcnb.finding"))


@pytest.mark.parametrize("path", [*FILES, *SCRIPTS], ids=lambda p: str(p.relative_to(PACKAGE)))
def test_files_stay_readable(path: Path) -> None:
    assert len(path.read_text(encoding="utf-8").splitlines()) <= MAX_LINES


def test_importing_rtcnb_loads_nothing_heavy() -> None:
    script = "import sys, rtcnb; print(sorted({'cv2', 'av', 'aiortc', 'aioice', 'numpy'} & set(sys.modules)))"
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, timeout=60)
    assert done.stdout.strip() == "[]", done.stderr


def test_every_public_name_loads() -> None:
    import rtcnb

    for name in rtcnb.__all__:
        assert getattr(rtcnb, name) is not None
    with pytest.raises(AttributeError, match="rtcnb has no 'Kamera'"):
        rtcnb.Kamera  # noqa: B018
