"""The statistics view shows what the trace holds, up to the moment, and nothing else."""

from __future__ import annotations

import time
from typing import Any

import pytest

from rtcnb.errors import RtcnbError
from rtcnb.trace import PeerEvent, StatisticsEvent, Trace
from rtcnb.trace.series import Series
from rtcnb.widgets import figures
from rtcnb.widgets.chart import Axis, chart
from rtcnb.widgets.live import static_html
from rtcnb.widgets.stats_view import StatisticsView

from .figures_of import EVIL, Drawn, drawn

Report = dict[str, dict[str, Any]]


def sender(second: int) -> Report:
    reason = "cpu" if 4 <= second < 7 else "none"
    return {
        "O": {
            "type": "outbound-rtp",
            "kind": "video",
            "mid": "1",
            "ssrc": 77,
            "codecId": "C",
            "bytesSent": 125_000 * second,
            "packetsSent": 100 * second,
            "framesPerSecond": 30 - second,
            "frameWidth": 640,
            "frameHeight": 480,
            "qualityLimitationReason": reason,
        },
        "C": {"type": "codec", "mimeType": "video/VP8"},
        "R": {"type": "remote-inbound-rtp", "localId": "O", "roundTripTime": 0.1, "fractionLost": 0.5},
        "T": {
            "type": "transport",
            "selectedCandidatePairId": "P",
            "bytesSent": second,
            "dtlsState": "connected",
        },
        "P": {
            "type": "candidate-pair",
            "localCandidateId": "L",
            "state": "succeeded",
            "bytesSent": 10 * second,
        },
        "Q": {"type": "candidate-pair", "localCandidateId": "L", "state": "failed"},
        "L": {"type": "local-candidate", "candidateType": "host", "address": "192.0.2.1", "port": 5},
        "D": {"type": "data-channel", "label": "chat", "state": "open", "messagesSent": second},
    }


def receiver(second: int) -> Report:
    stream = {"type": "inbound-rtp", "kind": "video", "mid": "1", "ssrc": 77, "packetsReceived": 90 * second}
    back = {"type": "outbound-rtp", "kind": "video", "mid": "1", "ssrc": 78}
    figures = {"bytesReceived": 1000 * second, "jitter": 0.02, "packetsLost": 10 * second}
    return {"B": back, "I": stream | figures}


def call(seconds: int = 10) -> Trace:
    events: list[Any] = [PeerEvent(time=0, peer=peer, place="page") for peer in ("alice", "bob")]
    for second in range(1, seconds + 1):
        events.append(StatisticsEvent(time=second, peer="alice", report=sender(second)))
        events.append(StatisticsEvent(time=second, peer="bob", report=receiver(second)))
    return Trace.of(events)


def test_values_are_those_of_the_trace() -> None:
    shown = drawn(StatisticsView(call())).figures()
    assert shown["bitrate_bps"] == [("1000000", "1.00 Mbit/s"), ("8000", "8.00 kbit/s")]
    assert shown["packets_per_second"] == [("100", "100 /s"), ("90", "90.0 /s")]
    assert shown["frames_per_second"][0] == ("20", "20.0 /s")
    assert shown["frame_height"] == [("480", "640×480")]
    assert shown["round_trip_ms"] == [("100", "100 ms")]
    assert shown["loss"] == [("0.5", "50.0 %"), ("0.1", "10.0 %")]
    assert shown["jitter_ms"] == [("20", "20.0 ms")]
    assert shown["sent_bitrate_bps"] == [("80", "80.0 bit/s"), ("8", "8.00 bit/s")]
    assert shown["messages_sent_per_second"] == [("1", "1.00 /s")]


def test_what_one_sends_stands_beside_what_the_other_receives() -> None:
    page = drawn(StatisticsView(call()))
    streams = [(str(a["data-stream"]), a["aria-label"]) for a, _ in page.with_attribute("data-stream")]
    assert streams[:2] == [("O", "alice, sends VP8 ssrc 77"), ("I", "bob, receives video ssrc 77")]
    assert [s for s, _ in streams[2:]] == ["B", "P", "T", "D"] and "nothing sent yet" in page.text
    assert "alice: 1 other pair, which carried nothing" in page.text
    assert "host 192.0.2.1:5" in page.text and "✓ selected" in page.text


def test_a_moment_shows_nothing_that_came_later() -> None:
    view = StatisticsView(call())
    view.until = 5.5
    page = drawn(view)
    shown = page.figures()
    assert shown["frames_per_second"][0] == ("25", "25.0 /s")
    assert shown["quality_limitation_reason"] == [("cpu", "cpu")]
    assert "held back by cpu 4.0 s to 5.0 s" in page.text and "6.0 s" not in page.text
    view.until = None
    page = drawn(view)
    assert (
        page.figures()["frames_per_second"][0][0] == "20" and "held back by cpu 4.0 s to 7.0 s" in page.text
    )
    view.until = 0.5
    assert "alice: no statistics yet" in drawn(view).text


def test_the_moment_is_marked_on_every_chart() -> None:
    view = StatisticsView(call())
    view.until = 5.5
    page = drawn(view)
    marks = page.with_attribute("class", "until")
    assert len(marks) == len(page.with_attribute("class", "rtcnb-chart")) > 10
    assert marks[0][1] == "the moment shown: 5.5 s"


def test_the_last_values_are_a_table() -> None:
    page = drawn(StatisticsView(call()))
    rows = ["".join(t) for name, _, t in page.elements if name == "tr"]
    assert rows[0].startswith("atbitratepackets") and rows[1].startswith(
        "10.0 s1.00 Mbit/s100 /s20.0 /s480 px"
    )


def test_a_window_shows_the_end_of_the_call() -> None:
    view = StatisticsView(call(100))
    view.act("statistics-window", "15")
    assert "frame rate of alice, sends VP8 ssrc 77: now -" not in drawn(view).text
    labels = [str(a["aria-label"]) for a, _ in drawn(view).with_attribute("role", "img")]
    assert any("85" not in label for label in labels) and "15 s" in drawn(view).text
    with pytest.raises(RtcnbError, match="is no choice"):
        view.act("statistics-window", "7")


def test_what_an_end_does_not_tell_is_said() -> None:
    page = drawn(StatisticsView(call()))
    assert "not told by this end: target, encoding" in page.text
    page = drawn(
        StatisticsView(Trace.of([PeerEvent(peer="alice", time=0)], source="rtcstats", missing=("packets",)))
    )
    assert "This file (rtcstats) holds no statistics." in page.text
    assert "No peer has been made yet." in drawn(StatisticsView(Trace())).text


@pytest.mark.parametrize("evil", [EVIL, ["x"], {"a": 1}, 10**300, -1, True])
def test_whatever_a_file_holds_is_text(evil: Any) -> None:
    reports = [sender(1), sender(2)]
    for report in reports:
        for entry in report.values():
            entry |= {name: evil for name in entry if name != "type"}
        report[EVIL] = {"type": "inbound-rtp", "bytesReceived": evil, "kind": evil, "mid": evil, "rid": evil}
    events = [StatisticsEvent(time=float(t), peer=EVIL, report=r) for t, r in enumerate(reports)]
    page = Drawn(static_html(StatisticsView(Trace.of(events, source=EVIL, missing=(EVIL,)))))
    assert "img" not in page.names
    assert (EVIL in page.text) and all(len(t) < 2000 for a, t in page.with_attribute("data-stat"))


def test_many_streams_are_not_all_drawn() -> None:
    streams = {
        f"I{n}": {"type": "inbound-rtp", "kind": "video", "mid": "0", "packetsReceived": 5} for n in range(60)
    }
    page = drawn(StatisticsView(Trace.of([StatisticsEvent(time=1, peer="bob", report=streams)])))
    assert len(page.with_attribute("data-stream")) == 40 and "… and 20 more, not drawn" in page.text


def test_a_long_call_is_drawn_quickly() -> None:
    trace = call(3600)
    view = StatisticsView(trace)
    begun = time.process_time()
    body = sum(len(f.body) for f in view.draw())
    cold = time.process_time() - begun
    list(view.draw())
    assert time.process_time() - begun - cold < 0.2, "nothing is new: 5 ms"
    assert cold < 2 and body < 400_000, "0.2 s and 200 kB"


# -- a chart by itself


def axis(**given: Any) -> Axis:
    return Axis(**{"begin": 100.0, "end": 110.0, "zero": 100.0, **given})


def drawing(values: list[float], **given: Any) -> Drawn:
    import numpy as np

    series = Series(np.arange(100.0, 100.0 + len(values)), np.array(values, dtype=float))
    return Drawn(chart(series, "bit/s", axis(), "bitrate", 0, **given))


def test_a_line_breaks_where_nothing_was_told() -> None:
    nan = float("nan")
    paths = [a["d"] for n, a, _ in drawing([1, 2, nan, 3, 4]).elements if n == "path"]
    assert str(paths[0]).count("M") == 2 and "nan" not in str(paths[0])


def test_a_chart_says_its_values_and_units() -> None:
    page = drawing([500_000, 1_500_000, 1_000_000])
    label = "bitrate: now 1.00 Mbit/s, least 500 kbit/s, most 1.50 Mbit/s"
    assert page.elements[0][1]["aria-label"] == label
    titles = ["".join(t) for n, _, t in page.elements if n == "title"]
    assert "most: 1.50 Mbit/s at 1.0 s" in titles
    texts = ["".join(t) for n, _, t in page.elements if n == "text"]
    assert texts[:3] == ["Mbit/s", "0", "2"] and texts[3:] == ["0 s", "5 s", "10 s"]


def test_bands_say_why_and_when() -> None:
    page = drawing([1, 2, 3], bands=[(101.0, 108.0, "bandwidth")])
    titles = ["".join(t) for n, _, t in page.elements if n == "title"]
    assert "held back by bandwidth from 1.0 s to 8.0 s" in titles


@pytest.mark.parametrize(
    ("begin", "end", "steps"),
    [
        (0, 10, [0, 5, 10]),
        (3, 4, [3, 4]),
        (0, 7200, [0, 1800, 3600, 5400, 7200]),
        (65, 80, [65, 70, 75, 80]),
        (0, float("inf"), []),
    ],
)
def test_time_has_round_steps(begin: float, end: float, steps: list[float]) -> None:
    assert figures.time_steps(begin, end) == steps


@pytest.mark.parametrize(
    ("value", "unit", "shown"),
    [
        (None, "ms", "–"),
        (0, "bit/s", "0 bit/s"),
        (1_234_567, "bit/s", "1.23 Mbit/s"),
        (0.005, "%", "0.50 %"),
        (33.36, "ms", "33.4 ms"),
        (1e300, "ms", "1e+300 ms"),
    ],
)
def test_numbers_have_about_three_digits(value: float | None, unit: str, shown: str) -> None:
    assert figures.text(value, unit) == shown


@pytest.mark.parametrize(
    ("greatest", "top"), [(0, 1), (0.03, 0.03), (7, 8), (11, 20), (640, 800), (float("inf"), 1)]
)
def test_axes_end_at_round_numbers(greatest: float, top: float) -> None:
    assert figures.top_of(greatest) >= min(greatest, top) and figures.top_of(greatest) in (top, 0.04)
