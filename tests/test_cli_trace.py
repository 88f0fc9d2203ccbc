"""``rtcnb trace``: what it prints, what it writes, and its exit status."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from rtcnb.cli import main
from rtcnb.sdp import SessionDescription
from rtcnb.trace import ApiCall, DescriptionSet, Note, StateChange, Trace


@pytest.fixture
def saved(tmp_path: Path) -> str:
    trace = Trace()
    offer = SessionDescription(type="offer", sdp="v=0\r\no=- 1 1 IN IP4 192.168.7.7\r\ns=-\r\nt=0 0\r\n")
    trace.append(ApiCall(time=1.0, peer="alice", method="createOffer"))
    trace.append(DescriptionSet(time=2.0, peer="alice", side="local", description=offer))
    trace.append(StateChange(time=2.0, peer="alice", state="signalingState", new="have-local-offer"))
    trace.append(Note(time=3.0, text="\x1b[31mred"))
    trace.save(tmp_path / "call.jsonl")
    return str(tmp_path / "call.jsonl")


def test_show(saved: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["trace", "show", saved]) == 0
    text = capsys.readouterr().out
    assert "alice       createOffer()" in text and "1000.0 ms" in text and "\x1b" not in text
    assert main(["trace", "show", saved, "--kind", "state", "--json"]) == 0
    assert [json.loads(line)["new"] for line in capsys.readouterr().out.splitlines()] == ["have-local-offer"]


def test_diagnose(saved: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["trace", "diagnose", saved]) == 1
    assert "no media sections" in capsys.readouterr().out
    assert main(["trace", "diagnose", saved, "--json"]) == 1
    assert json.loads(capsys.readouterr().out)[0]["rule"] == "no-media-sections"


def test_export(saved: str, tmp_path: Path) -> None:
    target = tmp_path / "other.jsonl"
    assert main(["trace", "export", saved, str(target), "--anonymise"]) == 0
    assert "192.168" not in target.read_text() and "createOffer" in target.read_text()


def test_what_cannot_be_read_says_where(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "bad").write_text("hello")
    assert main(["trace", "show", str(tmp_path / "bad")]) == 2
    assert "nothing that rtcnb reads" in capsys.readouterr().err
    assert main(["trace", "show", str(tmp_path / "none")]) == 2


DUMP = {
    "getUserMedia": [],
    "PeerConnections": {
        "8-1": {
            "rtcConfiguration": '{"iceTransportPolicy":"relay"}',
            "updateLog": [
                {"type": "createOffer", "value": "", "timestamp": 1_795_342_627_015},
                {
                    "type": "setLocalDescription",
                    "value": json.dumps(
                        {"type": "offer", "sdp": "v=0\r\no=- 1 1 IN IP4 0.0.0.0\r\ns=-\r\nt=0 0\r\n"}
                    ),
                    "timestamp": 1_795_342_627_020,
                },
                {"type": "setLocalDescriptionOnSuccess", "value": "", "timestamp": 1_795_342_627_021},
            ],
            "stats": {},
        }
    },
}


def test_a_dump_of_a_browser_is_shown_diagnosed_and_written(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    dump, there, back = (str(tmp_path / name) for name in ("dump.txt", "call.rtcstats", "call.jsonl"))
    Path(dump).write_text(json.dumps(DUMP))
    assert main(["trace", "show", dump, "--peer", "8-1"]) == 0
    shown = capsys.readouterr().out
    assert "createOffer()" in shown and "local description: offer" in shown
    assert main(["trace", "diagnose", dump]) == 1
    assert "no media sections" in capsys.readouterr().out
    assert main(["trace", "export", dump, there]) == 0
    assert Path(there).read_text().startswith("RTCStatsDump\n")
    assert main(["trace", "export", there, back]) == 0
    capsys.readouterr()
    assert main(["trace", "show", back]) == 0
    assert capsys.readouterr().out == shown


def test_a_dump_that_cannot_be_read_says_where(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    odd = {"getUserMedia": [], "PeerConnections": {"8-1": {"updateLog": ["\x1b[31m"], "stats": {}}}}
    (tmp_path / "dump").write_text(json.dumps(odd))
    assert main(["trace", "show", str(tmp_path / "dump")]) == 2
    text = capsys.readouterr().err
    assert 'PeerConnections["8-1"].updateLog[0]' in text and "\x1b" not in text
