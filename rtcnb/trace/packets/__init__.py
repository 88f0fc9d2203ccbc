"""placeholder"""

from __future__ import annotations


def protocol_of(data: bytes) -> str:
    if not data:
        return "unknown"
    first = data[0]
    if first < 4:
        return "stun"
    if 20 <= first < 64:
        return "dtls"
    if 64 <= first < 80:
        return "turn-channel"
    if 128 <= first < 192:
        return "rtcp" if len(data) > 1 and 192 <= data[1] < 224 else "rtp"
    return "unknown"
