"""Where the corpus of real descriptions is; it is no part of the repository. What the long tests add."""

from __future__ import annotations

import csv
import os
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]


@pytest.fixture(scope="session")
def corpus() -> Path:
    path = Path(os.environ.get("RTCNB_CORPUS") or ROOT.parent / "shared" / "corpus")
    if not (path / "sdp").is_dir():
        pytest.skip(f"no corpus at {path}: set RTCNB_CORPUS to run this test")
    return path


@pytest.fixture(scope="session")
def manifest(corpus: Path) -> list[dict[str, str]]:
    """What others said of each description, a row a file."""
    with (corpus / "sdp" / "manifest.tsv").open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file, delimiter="\t"))


@pytest.fixture(scope="session")
def many() -> bool:
    """True in ``make test-long``, where random inputs are tried by the hundred thousand."""
    return os.environ.get("RTCNB_LONG") == "1"
