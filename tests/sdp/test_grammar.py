"""The grammar table: every row reads its sample, writes it back, and names what is wrong."""

from __future__ import annotations

import re
import time
from re import _parser as sre_parse  # type: ignore[attr-defined]

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from rtcnb.errors import DescriptionError
from rtcnb.sdp import Document, parse, write_line
from rtcnb.sdp.grammar import ATTRIBUTE_ROWS, LINE_ROWS
from rtcnb.sdp.template import KINDS, Template

ROWS = {**LINE_ROWS, **{f"a={name}": row for name, row in ATTRIBUTE_ROWS.items()}}


def line_of(text: str) -> Document:
    return parse(f"m=video 9 UDP/TLS/RTP/SAVPF 96\r\n{text}\r\n")


@pytest.mark.parametrize("name", list(ROWS))
def test_a_sample_is_read_and_written_back(name: str) -> None:
    row = ROWS[name]
    line = parse(row.sample).lines[0]
    assert line.error is None
    assert line.row is row
    assert write_line(name, line.fields) == row.sample
    assert row.level in ("session", "media", "both")
    assert row.reference


@pytest.mark.parametrize("name", [name for name, row in ROWS.items() if row.template])
def test_no_pattern_can_go_back(name: str) -> None:
    """Every repetition is possessive, so no text makes a pattern try again."""
    template = ROWS[name].template
    assert template is not None
    for kind in (template.regex.pattern, *(kind.pattern for kind in KINDS.values())):
        assert not greedy(sre_parse.parse(kind, re.DOTALL)), kind


def greedy(parsed: object) -> bool:
    """True where a pattern repeats something a varying number of times and may take less on second thoughts."""
    for operation, argument in parsed:  # type: ignore[attr-defined]
        kind = str(operation)
        if kind in ("MAX_REPEAT", "MIN_REPEAT") and argument[0] != argument[1]:
            return True
        inner = [x for x in (argument if isinstance(argument, tuple) else ()) if hasattr(x, "data")]
        if any(greedy(x) for x in inner):
            return True
    return False


def test_the_check_for_going_back_can_fail() -> None:
    assert greedy(sre_parse.parse("(a+)+b"))
    assert not greedy(sre_parse.parse("(?:a++b{2})++"))


@pytest.mark.parametrize("name", [name for name, row in ROWS.items() if row.template])
def test_a_value_that_reads_writes_back(name: str) -> None:
    @settings(max_examples=40, deadline=None)
    @given(st.text(alphabet=st.sampled_from("a1 /:;=,.-*~x0\t"), max_size=24))
    def read_and_write(value: str) -> None:
        template = ROWS[name].template
        assert template is not None
        fields, fault = template.read(value)
        if fault is None:
            again, none = template.read(template.write(fields))
            assert none is None
            assert again == fields

    read_and_write()


@pytest.mark.parametrize(
    ("line", "fields"),
    [
        ("a=rtpmap:111 opus/48000/2", {"payload_type": 111, "encoding_name": "opus", "clock_rate": 48000, "channels": 2}),
        ("a=fmtp:97 apt=96;rtx-time=200", {"format": "97", "parameters": {"apt": "96", "rtx-time": "200"}}),
        ("a=fmtp:101 0-15", {"format": "101", "parameters": {"0-15": ""}}),
        ("a=extmap:2/recvonly urn:x a b", {"id": 2, "direction": "recvonly", "uri": "urn:x", "attributes": "a b"}),
        ("a=simulcast: send 1;~2,3 recv 4", {"direction1": "send", "list1": "1;~2,3", "direction2": "recv", "list2": "4"}),
        ("a=ssrc:5 msid:s t", {"ssrc": 5, "attribute": "msid", "value": "s t"}),
        ("a=ssrc-group:FID 1 2", {"semantics": "FID", "ssrcs": ("1", "2")}),
        ("a=msid-semantic: WMS", {"semantics": "WMS"}),
        ("a=rtcp:9 IN IP4 0.0.0.0", {"port": 9, "nettype": "IN", "addrtype": "IP4", "address": "0.0.0.0"}),
        ("a=rid:hi send pt=96,97;max-width=1280", {"rid": "hi", "direction": "send", "restrictions": {"pt": "96,97", "max-width": "1280"}}),
        ("a=group:BUNDLE 0 1", {"semantics": "BUNDLE", "mids": ("0", "1")}),
        ("a=group:BUNDLE", {"semantics": "BUNDLE"}),
        ("m=audio 49170/2 RTP/AVP 0", {"media": "audio", "port": 49170, "number_of_ports": 2, "proto": "RTP/AVP", "formats": ("0",)}),
        ("a=rtcp-mux", {}),
    ],
)  # fmt: skip
def test_fields(line: str, fields: dict[str, object]) -> None:
    read = line_of(line).lines[1]
    assert read.error is None
    assert read.fields == fields


def test_a_candidate_has_the_names_of_the_w3c() -> None:
    text = "a=candidate:1 1 UDP 1686052607 203.0.113.7 5000 typ srflx raddr 10.0.0.1 rport 5001 generation 0 ufrag x"
    assert line_of(text).lines[1].fields == {
        "foundation": "1",
        "component": 1,
        "protocol": "UDP",
        "priority": 1686052607,
        "address": "203.0.113.7",
        "port": 5000,
        "type": "srflx",
        "relatedAddress": "10.0.0.1",
        "relatedPort": 5001,
        "extensions": {"generation": "0", "ufrag": "x"},
    }


@pytest.mark.parametrize(
    ("line", "words"),
    [
        ("a=rtpmap:200 VP8/90000", "payload type is a whole number from 0 to 127, not '200'"),
        ("a=rtpmap:96 VP8", "clock rate is missing"),
        ("a=rtpmap:96 VP8:90000", "clock rate is missing"),
        ("a=sctp-port:x", "port is a whole number from 0 to 65535, not 'x'"),
        ("a=mid:a b", "nothing more may stand after the mid"),
        ("a=rtcp-mux:yes", "takes no value"),
        ("a=ssrc:99999999999 cname:x", "ssrc is a whole number from 0 to 4294967295"),
        ("c=IN IP4", "address is missing"),
        ("x=1", "no line type 'x'"),
        ("a=a b", None),
    ],
)
def test_what_is_wrong_is_named(line: str, words: str | None) -> None:
    error = line_of(line).lines[1].error
    assert error is not None
    assert words is None or re.search(words, error), error


def test_a_line_is_written_from_fields() -> None:
    assert write_line("a=sctp-port", port=5000) == "a=sctp-port:5000"
    assert write_line("a=rtcp-mux") == "a=rtcp-mux"
    assert write_line("c", nettype="IN", addrtype="IP4", address="0.0.0.0") == "c=IN IP4 0.0.0.0"
    for name, fields, words in (
        ("a=sctp-port", {}, "port is missing"),
        ("a=sctp-port", {"port": 5000, "colour": 1}, "no field 'colour'"),
        ("a=sctp-port", {"port": 70000}, "port"),
        ("a=mid", {"mid": "0\r\na=evil"}, "mid"),
        ("a=tool", {"tool": "x\r\na=evil"}, "line end"),
        ("a=nobody", {}, "no line 'a=nobody'"),
    ):
        with pytest.raises(DescriptionError, match=words):
            write_line(name, fields)


TEXT = (
    "v=0\r\no=- 1 2 IN IP4 127.0.0.1\r\ns=-\r\nt=0 0\na=x-mine : odd \r\n"
    "m=video 9 UDP/TLS/RTP/SAVPF 96  97 98\r\na=mid:v\ra=fmtp:96 a=1; b=2 ;c\r\na=rtpmap:96 VP8/90000"
)


def test_one_line_is_changed_and_nothing_else() -> None:
    document = parse(TEXT)
    setup = document.lines_of("rtpmap")[0]
    changed = document.replace(setup, setup.with_fields(encoding_name="VP9"))
    assert str(changed) == TEXT.replace("VP8", "VP9")
    assert str(document) == TEXT
    fmtp = document.lines_of("fmtp")[0]
    assert fmtp.with_fields(format="97") == "a=fmtp:97 a=1; b=2 ;c"  # the odd blanks stay
    assert str(document.remove(fmtp)) == TEXT.replace("a=fmtp:96 a=1; b=2 ;c\r\n", "")
    assert str(document.insert(fmtp, "a=new", "a=newer")) == TEXT.replace(
        ";c\r\n", ";c\r\na=new\r\na=newer\r\n"
    )
    assert str(document.insert(None, "x=0")) == "x=0\r\n" + TEXT
    last = document.lines[-1]
    assert str(document.insert(last, "a=end")) == TEXT + "\r\na=end"
    assert str(document.remove(*document.lines)) == ""
    assert str(parse("").insert(None, "v=0")) == "v=0\r\n"


def test_the_codec_order_is_changed_and_nothing_else() -> None:
    document = parse(TEXT)
    for section in (0, "v"):
        assert str(document.with_codec_order(section, [98])) == TEXT.replace("96  97 98", "98 96 97")
    for wrong, words in ((("x", [98]), "no section"), ((1, [98]), "no section"), ((0, [5]), "5 is none")):
        with pytest.raises(DescriptionError, match=words):
            document.with_codec_order(*wrong)  # type: ignore[arg-type]


def test_optional_fields_come_and_go() -> None:
    line = line_of("a=rtpmap:96 opus/48000").lines[1]
    assert line.with_fields(channels=2) == "a=rtpmap:96 opus/48000/2"
    line = line_of("a=rtpmap:96 opus/48000/2").lines[1]
    assert line.with_fields(channels=None) == "a=rtpmap:96 opus/48000"


def test_what_cannot_be_written_is_refused() -> None:
    document = parse(TEXT)
    line = document.lines[2]
    with pytest.raises(DescriptionError, match="line end"):
        document.replace(line, "s=x\r\na=evil")
    with pytest.raises(DescriptionError, match="not a line of this document"):
        parse("v=0\r\n").replace(line, "s=x")
    with pytest.raises(DescriptionError, match="broken"):
        line_of("a=rtpmap:96").lines[1].with_fields(clock_rate=1)


def test_a_template_is_read_in_linear_time(no_garbage_collection: None) -> None:
    template = Template("{a:token} {b:words}[ {c:params}]")

    def seconds(size: int) -> float:
        text = "x " + "y " * size + "\x00"
        took = []
        for _ in range(3):
            began = time.process_time()
            template.read(text)
            took.append(time.process_time() - began)
        return min(took)

    assert seconds(200_000) < 4 * max(seconds(100_000), 0.005)
