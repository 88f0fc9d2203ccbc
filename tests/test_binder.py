"""The environment for Binder: pinned, complete, and the project itself in it."""

from __future__ import annotations

import os
import re
import subprocess
import tomllib
from pathlib import Path

from packaging.requirements import Requirement
from packaging.utils import canonicalize_name
from packaging.version import Version

CHECKOUT = Path(__file__).parents[1]
BINDER = CHECKOUT / "binder"
# The same module; it needs no libGL.
INSTEAD = {"opencv-python": "opencv-python-headless"}


def pins() -> dict[str, Version]:
    lines = (BINDER / "requirements.txt").read_text().splitlines()
    pinned = [line for line in lines if line and not line.startswith("#")]
    assert all(re.fullmatch(r"[\w.-]+==[\w.+!]+", line) for line in pinned)
    return {
        canonicalize_name(name): Version(version) for name, version in (line.split("==") for line in pinned)
    }


def test_every_dependency_is_pinned_to_a_version_that_will_do() -> None:
    project = tomllib.loads((CHECKOUT / "pyproject.toml").read_text())["project"]
    pinned = pins()
    for text in (*project["dependencies"], *project["optional-dependencies"]["lab"]):
        requirement = Requirement(text)
        version = pinned[INSTEAD.get(requirement.name, requirement.name)]
        assert requirement.specifier.contains(version), f"{text}: {version}"


def test_the_checkout_itself_is_installed() -> None:
    script = BINDER / "postBuild"
    assert "--no-deps --editable ." in script.read_text()
    subprocess.run(["bash", "-n", script], check=True, timeout=20)
    if os.name == "posix":
        assert os.access(script, os.X_OK), "repo2docker runs it as a program"


def test_the_python_is_one_that_the_project_supports() -> None:
    version = (BINDER / "runtime.txt").read_text().strip().removeprefix("python-")
    project = tomllib.loads((CHECKOUT / "pyproject.toml").read_text())["project"]
    assert Requirement(f"python{project['requires-python']}").specifier.contains(f"{version}.0")
