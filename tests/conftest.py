"""The corpus of real descriptions, which is no part of the repository; what long and timed tests need; coturn."""

from __future__ import annotations

import csv
import gc
import os
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, ExitStack, contextmanager
from pathlib import Path

import coturn as turnserver
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


@pytest.fixture(scope="session")
def coturn(tmp_path_factory: pytest.TempPathFactory) -> Iterator[turnserver.Coturn]:
    """A STUN and TURN server for all tests that ask nothing special of it."""
    with turnserver.serve(tmp_path_factory.mktemp("coturn")) as running:
        yield running


@pytest.fixture
def coturn_with(tmp_path: Path) -> Iterator[Callable[..., turnserver.Coturn]]:
    """Start one with further lines in its configuration: ``coturn_with("user-quota=1")``."""
    with ExitStack() as running:

        def start(*options: str, login: tuple[str, ...] = turnserver.LONG_TERM) -> turnserver.Coturn:
            return running.enter_context(turnserver.serve(tmp_path, *options, login=login))

        yield start


@pytest.fixture
def no_garbage_collection() -> Iterator[None]:
    """The collector's time depends on all that the process holds, so on the tests before."""
    gc.collect()
    gc.disable()
    yield
    gc.enable()


Beside = Callable[[Callable[[], object]], AbstractContextManager[None]]


@pytest.fixture
def beside() -> Beside:
    """Do something over and over on another thread; threads change between almost any two steps meanwhile."""

    @contextmanager
    def going_on(do: Callable[[], object]) -> Iterator[None]:
        ended, usual, raised = threading.Event(), sys.getswitchinterval(), []

        def go_on() -> None:
            try:
                while not ended.is_set():
                    do()
            except Exception as error:
                raised.append(error)

        thread = threading.Thread(target=go_on)
        sys.setswitchinterval(1e-6)
        try:
            thread.start()
            yield
        finally:
            ended.set()
            sys.setswitchinterval(usual)
            thread.join(5)
        if raised:
            raise raised[0]

    return going_on
