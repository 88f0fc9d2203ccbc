"""``rtcnb sdp``: four commands, files or standard input, text or JSON, exit status 1 where there are errors."""

from __future__ import annotations

import io
import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from rtcnb.cli import main
from rtcnb.sdp import SessionDescription

OFFER = (Path(__file__).parents[1] / "docs" / "lint" / "offer.sdp").read_bytes()
BROKEN = OFFER.replace(b"a=setup:actpass", b"a=setup:both", 1)


@pytest.fixture
def offer(tmp_path: Path) -> str:
    path = tmp_path / "offer.sdp"
    path.write_bytes(OFFER)
    return str(path)


@pytest.fixture
def broken(tmp_path: Path) -> str:
    path = tmp_path / "broken.sdp"
    path.write_bytes(BROKEN)
    return str(path)


def run(capsys: pytest.CaptureFixture[str], *arguments: str) -> tuple[int, str, str]:
    status = main(["sdp", *arguments])
    out, err = capsys.readouterr()
    return status, out, err


def test_lint_says_where_and_what(capsys: pytest.CaptureFixture[str], offer: str, broken: str) -> None:
    assert run(capsys, "lint", "--type", "offer", offer) == (0, "0 error, 0 warning, 0 advice\n", "")
    status, out, _ = run(capsys, "lint", broken)
    assert status == 1
    assert f"{broken}:19:9: error: a=setup:both is no DTLS role." in out
    assert out.endswith("1 error, 0 warning, 0 advice\n")
    assert "\x1b" not in out  # no colours where it is no terminal


def test_lint_as_json(capsys: pytest.CaptureFixture[str], broken: str) -> None:
    status, out, _ = run(capsys, "lint", "--json", broken)
    (finding,) = json.loads(out)
    assert status == 1
    assert (finding["rule"], finding["severity"], finding["line"]) == ("bad-setup", "error", 19)
    assert finding["file"] == broken


def test_the_type_comes_from_json(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    path = tmp_path / "answer.json"
    path.write_text(SessionDescription(type="answer", sdp=OFFER.decode()).to_json())
    status, out, _ = run(capsys, "lint", str(path))
    assert status == 1
    assert "answer-actpass" in out
    assert run(capsys, "lint", "--type", "offer", str(path))[0] == 0


def test_explain(capsys: pytest.CaptureFixture[str], offer: str) -> None:
    status, out, _ = run(capsys, "explain", offer)
    assert status == 0
    assert "  67  a=rtpmap:96 VP8/90000\n      Payload type 96 is VP8." in out
    status, out, _ = run(capsys, "explain", "--json", "--language", "zh", offer)
    told = json.loads(out)
    assert len(told) == OFFER.count(b"\n")
    assert told[0]["text"] == "v=0"
    assert max(told[0]["explanation"]) >= "\u4e00"  # Chinese


def test_compare(capsys: pytest.CaptureFixture[str], tmp_path: Path, offer: str) -> None:
    answer = tmp_path / "answer.sdp"
    answer.write_bytes(
        OFFER.replace(b"actpass", b"active").replace(b"FJEh", b"abcd").replace(b"a=sendrecv", b"a=recvonly")
    )
    status, out, _ = run(capsys, "compare", offer, str(answer))
    assert status == 0
    assert "offered sendrecv, answered recvonly" in out
    assert run(capsys, "compare", offer, offer)[0] == 1  # no answer to itself
    status, out, _ = run(capsys, "compare", "--json", offer, str(answer))
    assert json.loads(out)["media"][0]["answerer_role"] == "client"
    status, out, _ = run(capsys, "compare", "--munged", offer, str(answer))
    assert status == 0
    assert "audio (mid 0): direction sendrecv → recvonly" in out
    status, out, _ = run(capsys, "compare", "--munged", "--json", offer, str(answer))
    assert {"direction", "setup"} <= {change["what"] for change in json.loads(out)}


@pytest.mark.parametrize(
    "spoil",
    [
        lambda text: text.replace("\r\n", "\n"),
        lambda text: text.replace("\r\n", "\\r\\n"),
        lambda text: json.dumps({"type": "offer", "sdp": text}),
        lambda text: json.dumps(text),
        lambda text: "".join(f"    {line}\n" for line in text.splitlines()),
        lambda text: "".join(f"> {line}\n\n" for line in text.splitlines()),
        lambda text: "\ufeff" + text,
        lambda text: json.dumps(json.dumps({"type": "offer", "sdp": text})),
        lambda text: text.replace("=", "&#61;").replace("\r\n", "  \r\n"),
    ],
)
def test_format_mends_a_paste(capsysbinary: Any, tmp_path: Path, spoil: Any) -> None:
    path = tmp_path / "pasted"
    path.write_bytes(spoil(OFFER.decode()).encode())
    assert main(["sdp", "format", str(path)]) == 0
    assert capsysbinary.readouterr().out == OFFER.replace(b": WMS", b": WMS")


def test_standard_input(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(BROKEN)))
    status, out, _ = run(capsys, "lint", "-")
    assert status == 1
    assert out.startswith("-:19:9: error")


def test_a_file_that_is_not_there(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    status, out, err = run(capsys, "lint", str(tmp_path / "nowhere.sdp"))
    assert (status, out) == (2, "")
    assert "nowhere.sdp: No such file" in err


def test_unknown_options_are_refused(capsys: pytest.CaptureFixture[str]) -> None:
    for arguments in (["lint"], ["lint", "x", "--colour"], ["translate", "x"], []):
        with pytest.raises(SystemExit) as caught:
            main(["sdp", *arguments])
        assert caught.value.code == 2
    capsys.readouterr()


def test_colours_only_on_a_terminal(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, broken: str
) -> None:
    monkeypatch.setattr(sys.stdout, "isatty", lambda: True)
    monkeypatch.delenv("NO_COLOR", raising=False)
    assert "\x1b[31;1merror\x1b[0m" in run(capsys, "lint", broken)[1]
    monkeypatch.setenv("NO_COLOR", "")
    assert "\x1b" not in run(capsys, "lint", broken)[1]


def test_a_stranger_cannot_send_codes_to_the_terminal(
    capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    path = tmp_path / "evil.sdp"
    path.write_bytes(BROKEN.replace(b"s=-", b"s=\x1b]0;pwned\x07\x9b").replace(b"a=mid:1", b"a=mid:\x1b[2J"))
    for command in ("explain", "lint"):
        assert "\x1b" not in run(capsys, command, str(path))[1]
    assert "\x1b" not in run(capsys, "compare", str(path), str(path))[1]


def test_a_closed_pipe_is_no_error(offer: str) -> None:
    command = f"{sys.executable} -m rtcnb.cli sdp explain {offer} | head -1"
    done = subprocess.run(command, shell=True, capture_output=True, timeout=60, cwd=Path(__file__).parents[1])
    assert b"v=0" in done.stdout
    assert done.stderr == b""


def test_the_commands_need_no_notebook(offer: str) -> None:
    """Pure Python: nothing of Jupyter, aiortc, numpy or OpenCV is loaded."""
    code = (
        "import sys; from rtcnb.cli import main; main(['sdp', 'lint', sys.argv[1]]); "
        "heavy = ('aiortc', 'av', 'cv2', 'numpy', 'IPython', 'ipywidgets', 'asyncio'); "
        "print([name for name in heavy if name in sys.modules])"
    )
    done = subprocess.run(
        [sys.executable, "-c", code, offer],
        capture_output=True,
        text=True,
        timeout=60,
        cwd=Path(__file__).parents[1],
    )
    assert done.stdout.splitlines()[-1] == "[]", done.stderr
