"""Relative imports are inlined, each module once; what cannot be is an error with its place."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from rtcnb.web import esm

REAL = sorted(
    p.relative_to(esm.PACKAGE).as_posix() for p in esm.PACKAGE.rglob("*.js") if p.parent.name != "web"
)


@pytest.fixture
def package(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setattr(esm, "PACKAGE", tmp_path)
    esm.module.cache_clear()
    return tmp_path


def test_exports_become_one_constant_for_all_who_import(package: Path) -> None:
    (package / "base.js").write_text("export const one = 1;\nexport async function two() {}\nlet three;\n")
    (package / "middle.js").write_text('import { one } from "./base.js";\nexport class Four {}\n')
    (package / "top.js").write_text(
        'import { one as first, two } from "./base.js";\nimport * as middle from "./middle.js";\n'
        "export default { first, two, middle };\n"
    )
    source = esm.module("top.js")
    assert source.count("const one = 1") == 1
    assert "return { one, two };" in source and "return { Four };" in source
    assert "const { one: first, two } = $base;" in source and "const middle = $middle;" in source
    assert source.index("$base =") < source.index("$middle =") < source.index("export default")


def test_a_list_of_exports_is_exported_under_its_names(package: Path) -> None:
    (package / "base.js").write_text("const a = 1;\nconst b = 2;\nexport {\n  a,\n  b as c,\n};\n")
    (package / "top.js").write_text('import { a, c } from "./base.js";\nexport default { a, c };\n')
    source = esm.module(Path("top.js"))
    assert "return { a, c: b };" in source
    assert source.count("export") == 1


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("export default 1;\n", "base.js, line 1: .* exports by name"),
        ("const a = {};\nexport const { b } = a;\n", "base.js, line 2: .* exports by name"),
        ('\nexport * from "./other.js";\n', "base.js, line 2: export what is made here"),
        ('export { a } from "./other.js";\n', "base.js, line 1: export what is made here"),
    ],
)
def test_exports_that_cannot_be_properties_are_said(package: Path, text: str, sentence: str) -> None:
    (package / "base.js").write_text(text)
    (package / "top.js").write_text('import { a } from "./base.js";\n')
    with pytest.raises(ValueError, match=sentence):
        esm.module("top.js")


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ('import x from "./base.js";\n', "line 1"),
        ('\nimport "elsewhere";\n', "line 2"),
        ('import { a } from "elsewhere";\n', "not a module of this package"),
        ('\nimport { a } from "../../outside.js";\n', "top.js, line 2: .* is not a module of this package"),
        ('import { a } from "./absent.js";\n', "not a module of this package"),
        ('\n\nimport { a } from "./top.js";\n', "top.js, line 3: .* import each other"),
    ],
)
def test_what_cannot_be_inlined_is_said(package: Path, text: str, sentence: str) -> None:
    (package / "base.js").write_text("")
    (package / "top.js").write_text(text)
    with pytest.raises(ValueError, match=sentence):
        esm.module("top.js")


@pytest.mark.parametrize("path", REAL)
def test_our_own_modules_stand_alone(path: str) -> None:
    source = esm.module(path)
    assert not re.search(r"^import\b", source, re.MULTILINE)
    assert len(re.findall(r"^export default\b", source, re.MULTILINE)) == 1
