"""Where the corpus of real descriptions is; it is no part of the repository."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]


@pytest.fixture(scope="session")
def corpus() -> Path:
    path = Path(os.environ.get("RTCNB_CORPUS") or ROOT.parent / "shared" / "corpus")
    if not (path / "sdp").is_dir():
        pytest.skip(f"no corpus at {path}: set RTCNB_CORPUS to run this test")
    return path
