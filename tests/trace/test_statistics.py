"""Statistics: figures of streams from snapshots of getStats, whatever these hold."""

from __future__ import annotations

import math
import time
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from rtcnb.trace import PeerEvent, StatisticsEvent, Trace
from rtcnb.trace.measures import MEASURES
from rtcnb.trace.series import Series, thinned
from rtcnb.trace.statistics import PeerStatistics, Statistics
from rtcnb.trace.timeline import Timeline

Report = dict[str, Any]


def inbound(**members: Any) -> Report:
    return {"IN": {"type": "inbound-rtp", "kind": "video", **members}}


def snapshot(time: float, report: Any, peer: str = "bob") -> StatisticsEvent:
    return StatisticsEvent(time=time, peer=peer, report=report)


def statistics(*events: Any, until: float | None = None) -> PeerStatistics:
    timeline = Timeline(Trace.of(events))
    return Statistics.of(timeline).at("bob", timeline.at(until))


def values(found: PeerStatistics, name: str, id: str = "IN") -> list[float]:
    stream = found.streams[id]
    measure = next(m for m in MEASURES[stream.type] if m.name == name)
    return [round(float(x), 6) for x in found.series(stream, measure).values]


def test_a_bitrate_is_what_a_counter_grew_by_in_a_second() -> None:
    found = statistics(*[snapshot(t, inbound(bytesReceived=b)) for t, b in ((1, 0), (2, 1000), (4, 5000))])
    assert values(found, "bitrate_bps") == [8000, 16000]
    assert found.figure(found.streams["IN"], "bitrate_bps") == 16000


def test_the_time_of_an_entry_is_its_own_where_it_is_told() -> None:
    stamped = [inbound(bytesReceived=b, timestamp=t) for b, t in ((0, 5000.0), (1000, 7000.0))]
    assert values(statistics(snapshot(1, stamped[0]), snapshot(2, stamped[1])), "bitrate_bps") == [4000]
    back = [inbound(bytesReceived=b, timestamp=t) for b, t in ((0, 7000.0), (1000, 5000.0))]
    assert values(statistics(snapshot(1, back[0]), snapshot(2, back[1])), "bitrate_bps") == [8000]


def test_two_snapshots_at_once_tell_no_rate() -> None:
    told = ((1, 0), (2, 1000), (2.01, 1500), (3, 2000), (3.1, 2000), (3.2, 2000), (3.3, 2300), (4.3, 3300))
    found = statistics(*[snapshot(t, inbound(bytesReceived=b)) for t, b in told])
    assert values(found, "bitrate_bps") == [8000, 8000, 8000, 8000]


def test_a_counter_that_begins_again_is_a_gap() -> None:
    told = ((1, 9000), (2, 10000), (3, 500), (4, 1500))
    found = values(statistics(*[snapshot(t, inbound(bytesReceived=b)) for t, b in told]), "bitrate_bps")
    assert found[0] == found[2] == 8000 and math.isnan(found[1])


def test_loss_and_times_per_frame_are_of_the_interval() -> None:
    first = inbound(packetsLost=10, packetsReceived=100, totalDecodeTime=1.0, framesDecoded=100)
    then = inbound(packetsLost=15, packetsReceived=195, totalDecodeTime=1.3, framesDecoded=130)
    late = inbound(packetsLost=14, packetsReceived=295, totalDecodeTime=1.3, framesDecoded=130)
    found = statistics(snapshot(1, first), snapshot(2, then), snapshot(3, late))
    assert values(found, "loss") == [0.05, 0]
    decode = values(found, "decode_ms")
    assert decode[0] == 10 and math.isnan(decode[1])


def test_a_frame_rate_that_is_not_told_is_counted() -> None:
    counted = [snapshot(t, inbound(framesDecoded=30 * t)) for t in (1, 2, 3)]
    assert values(statistics(*counted), "frames_per_second") == [30, 30]
    told = [snapshot(t, inbound(framesDecoded=30 * t, framesPerSecond=29)) for t in (1, 2, 3)]
    assert values(statistics(*told), "frames_per_second") == [29, 29, 29]


@pytest.mark.parametrize("link", [{"remoteId": "R"}, {}])
def test_what_the_other_end_reported_belongs_to_the_stream(link: Report) -> None:
    out = {"type": "outbound-rtp", "kind": "video", "ssrc": 7, **link}
    told = {"type": "remote-inbound-rtp", "roundTripTime": 0.04, "fractionLost": 0.25, "jitter": 0.002}
    told |= {} if link else {"localId": "O"}
    found = statistics(snapshot(1, {"O": out, "R": told}))
    stream = found.streams["O"]
    figures = {name: found.figure(stream, name) for name in ("round_trip_ms", "loss", "remote_jitter_ms")}
    assert figures == {"round_trip_ms": 40, "loss": 0.25, "remote_jitter_ms": 2}


def test_aiortc_s_reports_are_found_by_the_number_of_the_object() -> None:
    streams = {"outbound-rtp_12": {"type": "outbound-rtp", "ssrc": 1}}
    streams["remote-inbound-rtp_12"] = {"type": "remote-inbound-rtp", "ssrc": 2, "roundTripTime": 0.5}
    found = statistics(snapshot(1, streams))
    assert found.figure(found.streams["outbound-rtp_12"], "round_trip_ms") == 500


def test_bands_say_from_when_to_when_the_encoder_was_held_back() -> None:
    reasons = ["none", "cpu", "cpu", "bandwidth", "none", None, 7, "other"]
    told = [{"O": {"type": "outbound-rtp", "qualityLimitationReason": r}} for r in reasons]
    found = statistics(*[snapshot(t, report) for t, report in enumerate(told)])
    stream = found.streams["O"]
    assert stream.bands() == [(1, 3, "cpu"), (3, 4, "bandwidth"), (7, 7, "other")]
    assert stream.bands(until=2) == [(1, 2, "cpu")]


@pytest.mark.parametrize(
    "bad", ["12", "<b>", None, [], {}, True, -5, 10**400, math.nan, math.inf, 1e308, "x" * 100_000]
)
@pytest.mark.parametrize("member", ["bytesReceived", "jitter", "framesPerSecond", "packetsLost", "timestamp"])
def test_whatever_a_file_holds_no_rate_is_negative(bad: Any, member: str) -> None:
    report = {"bytesReceived": 5, "jitter": 0.1, "framesPerSecond": 5, "packetsLost": 1, "timestamp": 1e6}
    told = [inbound(**report), inbound(**{**report, member: bad}), inbound(**report), inbound(**report)]
    found = statistics(*[snapshot(float(t), entry) for t, entry in enumerate(told)])
    for measure in MEASURES["inbound-rtp"]:
        series = found.series(found.streams["IN"], measure)
        assert not (series.values < 0).any() and not np.isinf(series.values).any(), measure.name


@pytest.mark.parametrize("report", [None, [], "x", {"A": None}, {"A": "x"}, {"A": {"type": []}}, {"A": {}}])
def test_a_report_that_is_none_is_left_out(report: Any) -> None:
    found = statistics(snapshot(1, inbound(bytesReceived=0)), snapshot(2, report))
    assert found.of("inbound-rtp")[0].entry() == inbound(bytesReceived=0)["IN"]
    assert found.selected == []


def test_a_moment_shows_nothing_that_came_later() -> None:
    events = [snapshot(t, inbound(bytesReceived=1000 * t, jitter=t)) for t in range(1, 6)]
    events.append(snapshot(6, {"LATE": {"type": "inbound-rtp"}}))
    found = statistics(*events, until=3.5)
    assert list(found.streams) == ["IN"] and found.time == 3
    assert values(found, "jitter_ms") == [1000, 2000, 3000] and values(found, "bitrate_bps") == [8000, 8000]
    assert found.streams["IN"].entry(3.5)["jitter"] == 3


def test_a_peer_that_is_made_again_begins_with_nothing() -> None:
    events = [
        PeerEvent(time=0, peer="bob"),
        *[snapshot(t, inbound(bytesReceived=1000 * t)) for t in (1, 2)],
        PeerEvent(time=3, peer="bob"),
        *[snapshot(t, inbound(bytesReceived=10_000 * t)) for t in (4, 5)],
    ]
    assert values(statistics(*events), "bitrate_bps") == [80_000]
    assert values(statistics(*events, until=2.5), "bitrate_bps") == [8_000]
    assert statistics(*events, until=3).streams == {}


def test_a_stream_that_is_told_no_more_is_gone() -> None:
    found = statistics(snapshot(1, inbound()), snapshot(2, {"X": {"type": "transport"}}))
    assert [found.is_gone(found.streams[id]) for id in ("IN", "X")] == [True, False]


def test_the_selected_pair_is_the_transport_s() -> None:
    pairs = {f"P{n}": {"type": "candidate-pair", "nominated": True, "bytesSent": n} for n in (0, 1, 2)}
    assert [p.id for p in statistics(snapshot(1, pairs)).selected] == ["P1", "P2"]
    transport = {"T": {"type": "transport", "selectedCandidatePairId": "P0"}}
    assert [p.id for p in statistics(snapshot(1, pairs | transport)).selected] == ["P0"]


def test_a_live_trace_is_kept_up_with() -> None:
    trace = Trace()
    timeline = Timeline(trace)
    for count in range(1, 5):
        trace.append(snapshot(float(count), inbound(bytesReceived=1000 * count)))
        timeline.refresh()
        found = Statistics.of(timeline).at("bob", timeline.at())
        assert values(found, "bitrate_bps") == [8000] * (count - 1)
    # Told late, of an earlier time: all of it is read again.
    trace.append(snapshot(1.5, inbound(bytesReceived=1500)))
    timeline.refresh()
    found = Statistics.of(timeline).at("bob", timeline.at())
    assert found.streams["IN"].times == [1, 1.5, 2, 3, 4] and values(found, "bitrate_bps") == [8000] * 4


def test_they_may_be_read_while_another_thread_takes_what_is_new(beside: Callable[[Any], Any]) -> None:
    """Each view of a call is drawn on a thread of its own, and all share the figures."""
    trace = Trace()
    timeline = Timeline(trace)

    def take_news() -> None:
        now, numbers = float(len(trace)), range(len(trace) % 50)
        trace.append(
            snapshot(now, {f"IN{n}": {"type": "inbound-rtp", "bytesReceived": now} for n in numbers})
        )
        if len(trace) % 50 == 0:
            trace.append(PeerEvent(time=now, peer="bob"))  # made again: its streams are others
        timeline.refresh()
        Statistics.of(timeline)

    with beside(take_news):
        for _ in range(4000):
            Statistics.of(timeline).at("bob", timeline.at()).of("inbound-rtp")


def test_two_threads_may_read_a_figure(beside: Callable[[Any], Any]) -> None:
    entries = [inbound(bytesReceived=n, timestamp=1000.0 * n) for n in range(1000)]
    [measure] = [m for m in MEASURES["inbound-rtp"] if m.name == "bitrate_bps"]
    trace = Trace()
    timeline = Timeline(trace)

    def read() -> None:
        found = Statistics.of(timeline).at("bob", timeline.at())
        for stream in found.of("inbound-rtp"):
            series = found.series(stream, measure)
            assert len(series.times) == len(series.values)

    with beside(read):
        for time_, entry in enumerate(entries):
            trace.append(snapshot(time_, entry))
            timeline.refresh()
            read()
    assert set(values(Statistics.of(timeline).at("bob", timeline.at()), "bitrate_bps")) == {8.0}


def test_thinning_keeps_peaks_gaps_and_both_ends() -> None:
    numbers = np.zeros(7200)
    numbers[[0, 1234, 5000, 7199]] = [1, 99, -7, 5]
    numbers[2000:2200] = np.nan
    thin = thinned(Series(np.arange(7200.0), numbers))
    assert len(thin.times) <= 310
    assert {1.0, 99.0, -7.0, 5.0} <= set(thin.values) and np.isnan(thin.values).any()
    assert list(thin.times) == sorted(thin.times) and (thin.times[0], thin.times[-1]) == (0, 7199)
    assert thinned(Series(np.arange(5.0), np.arange(5.0))).times.tolist() == [0, 1, 2, 3, 4]


def test_two_hours_of_statistics_are_read_quickly() -> None:
    still = {f"C{n}": {"type": "codec", "mimeType": "video/VP8"} for n in range(26)}
    moving = ("inbound-rtp", "outbound-rtp", "candidate-pair", "transport")
    members = ["bytesSent", "bytesReceived", "packetsSent", "packetsReceived", "framesDecoded"]
    events = [
        snapshot(
            float(t),
            still | {f"{k}{n}": {"type": k} | dict.fromkeys(members, t) for k in moving for n in "123"},
        )
        for t in range(7200)
    ]
    timeline = Timeline(Trace.of(events))

    def read() -> float:
        begun = time.process_time()
        found = Statistics.of(timeline).at("bob", timeline.at())
        for stream in found.streams.values():
            for measure in MEASURES.get(stream.type, ()):
                thinned(found.series(stream, measure))
        return time.process_time() - begun

    cold, warm = read(), read()
    assert cold < 1.5, "0.3 s on two busy cores"
    assert warm < 0.2
