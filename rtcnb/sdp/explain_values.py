"""What the rest of a description says about a line: the values and keys that the catalogue's sentences need.

A function for each line that has more to it than its own fields. It returns values by name, and the keys of the
sentences to say (``say.<key>`` in the catalogue). No words of any language stand here.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, NamedTuple

from .candidate_fields import ICE_CHARS
from .codec import STATIC_PAYLOADS
from .codec_profiles import AV1_PROFILES, H265_PROFILES, VP9_PROFILES, h264_profile
from .line import Line
from .section import Media
from .text import number, shorten

Details = list[tuple[str, str]]


class Found(NamedTuple):
    """Values for sentences, keys of sentences, and parameters to list one by one."""

    values: dict[str, Any]
    keys: list[str]
    details: Details


Finder = Callable[[Line, Mapping[str, Any]], "tuple[dict[str, Any], list[str]]"]


def of(line: Line) -> Found:
    """Find what the sentences about a line need."""
    finder = FINDERS.get(line.name)
    fields = line.fields
    if finder is None or (line.error and not fields):
        return Found({}, [], [])
    try:
        values, keys = finder(line, fields)
    except KeyError:  # a broken line lacks fields
        return Found({}, [], [])
    return Found(values, keys, _details(line, fields))


def _details(line: Line, fields: Mapping[str, Any]) -> Details:
    for name in ("parameters", "extensions", "restrictions"):
        if isinstance(fields.get(name), dict):
            return list(fields[name].items())
    return []


def _join(words: Any) -> str:
    return shorten(", ".join(map(str, words)), 160)


def _names(media: Media) -> str:
    return _join(
        dict.fromkeys(codec.name or str(codec.payload_type) for codec in media.codecs if not codec.is_helper)
    )


def _origin(line: Line, fields: Mapping[str, Any]) -> tuple[dict[str, Any], list[str]]:
    keys = ["first"] if fields["sess_version"] in (0, 1, 2) else ["later"]
    return {}, [*keys, "no_address"] if fields["unicast_address"] in ("127.0.0.1", "0.0.0.0") else keys


def _time(line: Line, fields: Mapping[str, Any]) -> tuple[dict[str, Any], list[str]]:
    return {}, ["unbounded"] if fields["start_time"] == fields["stop_time"] == 0 else ["bounded"]


def _connection(line: Line, fields: Mapping[str, Any]) -> tuple[dict[str, Any], list[str]]:
    address = fields["address"]
    if address in ("0.0.0.0", "::"):
        return {}, ["placeholder"]
    first = number(address.partition(".")[0], 255)
    if first is not None and 224 <= first <= 239:
        return {}, ["multicast"]
    return {}, ["session"] if line.section is None else ["default"]


def _bandwidth(line: Line, fields: Mapping[str, Any]) -> tuple[dict[str, Any], list[str]]:
    kbps = fields["bandwidth"] / 1000 if fields["bwtype"] == "TIAS" else fields["bandwidth"]
    return {"kbps": f"{kbps:g}"}, [] if fields["bwtype"] in ("AS", "TIAS", "CT", "RS", "RR") else ["other"]


def _media(line: Line, fields: Mapping[str, Any]) -> tuple[dict[str, Any], list[str]]:
    media = line.media
    if media is None:
        return {}, []
    codecs = media.codecs
    values: dict[str, Any] = {
        "place": media.index + 1,
        "sections": len(line.document.media),
        "mid": media.mid,
    }
    keys = [
        key for key, true in {"rejected": media.rejected, "bundle_only": media.bundle_only}.items() if true
    ]
    if media.port == 9:
        keys.append("placeholder_port")
    if codecs:
        values |= {"codecs": _names(media), "first": str(codecs[0]), "payload_types": len(codecs)}
        keys.append("codecs")
    if media.is_data:
        keys.append("data")
    return values, keys if media.mid is not None else [*keys, "no_mid"]


def _mid(line: Line, fields: Mapping[str, Any]) -> tuple[dict[str, Any], list[str]]:
    values = {"index": line.section, "kind": line.media.kind if line.media else ""}
    tagged = line.document.tagged_mids.get(fields["mid"])
    if tagged is None:
        return values, ["alone"]
    return values | {"tagged": tagged}, ["tagged" if tagged == fields["mid"] else "bundled"]


def _group(line: Line, fields: Mapping[str, Any]) -> tuple[dict[str, Any], list[str]]:
    mids = fields.get("mids", ())
    missing = [mid for mid in mids if mid not in line.document.mids]
    values = {"tagged": mids[0] if mids else "", "missing": _join(missing), "how_many": len(mids)}
    keys = ["tagged"] if mids and fields["semantics"] == "BUNDLE" else []
    return values, [*keys, "missing"] if missing else keys if mids else ["empty"]


def _codec_values(line: Line, payload: Any) -> tuple[dict[str, Any], list[str]]:
    """The name of the codec that a payload type stands for in this line's section."""
    media, payload_type = line.media, number(str(payload), 127)
    if payload == "*":
        return {}, ["all"]
    codec = media.codec(payload_type) if media and payload_type is not None else None
    if media is None or codec is None:
        return {"codec": str(payload)}, [] if media is None else ["not_listed"]
    return {"codec": codec.name or str(payload)}, []


def _rtpmap(line: Line, fields: Mapping[str, Any]) -> tuple[dict[str, Any], list[str]]:
    media, payload = line.media, fields["payload_type"]
    codec = media.codec(payload) if media else None
    keys = (
        ["static" if payload in STATIC_PAYLOADS else "dynamic"] if payload < 35 or payload > 95 else ["low"]
    )
    if payload in range(64, 96):
        keys = ["rtcp_clash"]
    if media is None or codec is None:
        return {}, keys if media is None else [*keys, "not_listed"]
    values: dict[str, Any] = {"rank": 1 + [x.payload_type for x in media.codecs].index(payload)}
    values["of"] = len(media.codecs)
    keys.append("preferred" if values["rank"] == 1 else "rank")
    if codec.name.lower() == "rtx" and codec.apt is not None:
        primary = media.codec(codec.apt)
        values |= {"apt": codec.apt, "primary": primary.name if primary else "?"}
        keys.append("retransmits")
    if codec.rtx is not None:
        values["rtx"] = codec.rtx
        keys.append("rtx")
    if codec.feedback:
        values["feedback"] = _join(codec.feedback)
        keys.append("feedback")
    return values, keys


def _fmtp(line: Line, fields: Mapping[str, Any]) -> tuple[dict[str, Any], list[str]]:
    values, keys = _codec_values(line, fields["format"])
    parameters, name = fields["parameters"], str(values.get("codec", "")).lower()
    values["listed"] = _join(f"{key}={value}" if value else key for key, value in parameters.items())
    if name == "h264" and (profile := h264_profile(parameters.get("profile-level-id", ""))):
        values |= profile._asdict() | {"profile_level_id": parameters["profile-level-id"]}
        keys.append("h264" if profile.profile else "h264_unnamed")
        keys += ["h264_picture"] if profile.picture else []
        keys.append(f"h264_mode_{parameters.get('packetization-mode', '0')}")
    for codec, key, names in (
        ("vp9", "profile-id", VP9_PROFILES),
        ("av1", "profile", AV1_PROFILES),
        ("h265", "profile-id", H265_PROFILES),
    ):
        if name == codec and parameters.get(key) in names:
            values |= {"profile": names[parameters[key]], "profile_number": parameters[key]}
            keys.append(codec)
    if name == "rtx" and (apt := number(parameters.get("apt", ""), 127)) is not None and line.media:
        primary = line.media.codec(apt)
        values |= {"apt": apt, "primary": primary.name if primary else "?"}
        keys.append("rtx")
    if name in ("red", "telephone-event"):
        keys.append(name)
    return values, keys


def _rtcp_fb(line: Line, fields: Mapping[str, Any]) -> tuple[dict[str, Any], list[str]]:
    values, keys = _codec_values(line, fields["payload_type"])
    return values | {"message": " ".join(fields["feedback"])}, keys


def _candidate(line: Line, fields: Mapping[str, Any]) -> tuple[dict[str, Any], list[str]]:
    priority, address = fields["priority"], fields["address"]
    type_preference, local, component = priority >> 24, priority >> 8 & 0xFFFF, priority & 0xFF
    shown = f"[{address}]" if ":" in address else address
    values: dict[str, Any] = {
        "type_preference": type_preference,
        "local_preference": local,
        "component_part": component,
        "where": f"{shown}:{fields['port']}",
        "protocol": fields["protocol"].lower(),
        "of_component": 256 - component,
    }
    extensions = fields.get("extensions", {})
    keys = ["priority"]
    if fields["type"] in TYPE_PREFERENCES:
        values["usual"] = TYPE_PREFERENCES[fields["type"]]
        keys.append("usual" if type_preference == values["usual"] else "unusual")
    facts = {
        "rtcp": fields["component"] == 2,
        "mdns": address.lower().endswith(".local"),
        "ipv6": ":" in address,
        "private": address.startswith(("10.", "192.168.", *PRIVATE_172)),
        "loopback": address.startswith("127.") or address == "::1",
        "related": fields.get("relatedAddress") not in (None, "0.0.0.0", "::"),
        "hidden": fields.get("relatedAddress") in ("0.0.0.0", "::"),
        f"tcp_{extensions.get('tcptype', '')}": True,
    }
    return values, keys + [key for key, true in facts.items() if true]


# RFC 8445 section 5.1.2.2 recommends these.
TYPE_PREFERENCES = {"host": 126, "prflx": 110, "srflx": 100, "relay": 0}
PRIVATE_172 = tuple(f"172.{second}." for second in range(16, 32))


def _fingerprint(line: Line, fields: Mapping[str, Any]) -> tuple[dict[str, Any], list[str]]:
    values = {"bits": 4 * len(fields["fingerprint"].replace(":", "")), "start": fields["fingerprint"][:11]}
    return values, ["session"] if line.section is None else []


def _level(line: Line, fields: Mapping[str, Any]) -> tuple[dict[str, Any], list[str]]:
    media = line.media
    if media is None:
        return {}, ["session"]
    return {"kind": media.kind or "", "mid": media.mid or str(media.index)}, ["media"]


def _ice(line: Line, fields: Mapping[str, Any]) -> tuple[dict[str, Any], list[str]]:
    text = str(fields.get("ufrag") or fields.get("pwd") or "")
    values, keys = _level(line, fields)
    keys += [] if ICE_CHARS.issuperset(text) else ["strange"]
    return values | {"length": len(text)}, keys


def _extmap(line: Line, fields: Mapping[str, Any]) -> tuple[dict[str, Any], list[str]]:
    uri = fields["uri"]
    return {"short": shorten(uri.rpartition("/")[2].rpartition(":")[2], 60)}, ["two_bytes"] if fields[
        "id"
    ] > 14 else []


def _ssrc(line: Line, fields: Mapping[str, Any]) -> tuple[dict[str, Any], list[str]]:
    repaired = line.media.repair_ssrcs.get(fields["ssrc"]) if line.media else None
    return ({"primary": repaired[1]}, [repaired[0]]) if repaired else ({}, [])


def _ssrc_group(line: Line, fields: Mapping[str, Any]) -> tuple[dict[str, Any], list[str]]:
    ssrcs = fields["ssrcs"]
    return {"first": ssrcs[0], "rest": _join(ssrcs[1:]), "how_many": len(ssrcs)}, []


def _msid(line: Line, fields: Mapping[str, Any]) -> tuple[dict[str, Any], list[str]]:
    return {}, ["no_stream" if fields["stream"] == "-" else "stream"]


def _rid(line: Line, fields: Mapping[str, Any]) -> tuple[dict[str, Any], list[str]]:
    words = line.media.simulcast_rids if line.media else frozenset()
    if f"~{fields['rid']}" in words:
        return {}, ["paused"]
    return {}, ["layer"] if fields["rid"] in words else ["unused"]


def _simulcast(line: Line, fields: Mapping[str, Any]) -> tuple[dict[str, Any], list[str]]:
    values = {"layers": fields["list1"].count(";") + 1, "order": _join(fields["list1"].split(";"))}
    keys = [fields["direction1"]]
    if "direction2" in fields:
        values |= {"layers2": fields["list2"].count(";") + 1}
        keys.append("both")
    return values, keys


def _rtcp(line: Line, fields: Mapping[str, Any]) -> tuple[dict[str, Any], list[str]]:
    keys = ["placeholder"] if fields["port"] == 9 else []
    return {}, [*keys, "muxed"] if line.media and line.media.rtcp_mux else keys


def _size(line: Line, fields: Mapping[str, Any]) -> tuple[dict[str, Any], list[str]]:
    size = fields["max_message_size_bytes"]
    return {"kib": f"{size / 1024:g}"}, ["size" if size else "unlimited"]


def _semantic(line: Line, fields: Mapping[str, Any]) -> tuple[dict[str, Any], list[str]]:
    if fields.get("streams") == ("*",):
        return {}, ["all"]
    return {}, ["streams" if "streams" in fields else "none"]


def _options(line: Line, fields: Mapping[str, Any]) -> tuple[dict[str, Any], list[str]]:
    return {}, list(fields["options"])


FINDERS: dict[str, Finder] = {
    "o": _origin,
    "t": _time,
    "c": _connection,
    "b": _bandwidth,
    "m": _media,
    "a=mid": _mid,
    "a=group": _group,
    "a=rtpmap": _rtpmap,
    "a=fmtp": _fmtp,
    "a=rtcp-fb": _rtcp_fb,
    "a=candidate": _candidate,
    "a=fingerprint": _fingerprint,
    "a=ice-ufrag": _ice,
    "a=ice-pwd": _ice,
    "a=ice-options": _options,
    "a=extmap": _extmap,
    "a=ssrc": _ssrc,
    "a=ssrc-group": _ssrc_group,
    "a=msid": _msid,
    "a=msid-semantic": _semantic,
    "a=rid": _rid,
    "a=simulcast": _simulcast,
    "a=rtcp": _rtcp,
    "a=max-message-size": _size,
    **dict.fromkeys(
        (
            "a=setup",
            "a=sendrecv",
            "a=sendonly",
            "a=recvonly",
            "a=inactive",
            "a=end-of-candidates",
            "a=rtcp-mux",
        ),
        _level,
    ),
}
