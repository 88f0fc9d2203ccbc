"""A frame as soon as its last packet is here."""

from __future__ import annotations

from aiortc.jitterbuffer import MAX_MISORDER, JitterBuffer, JitterFrame
from aiortc.rtp import RtpPacket
from aiortc.utils import uint16_add


class PromptJitterBuffer(JitterBuffer):
    """aiortc's jitter buffer, without its wait for the next frame's first packet: 33 ms at 30 frames a second.

    The marker bit of a frame's last packet (RFC 3550 section 5.1; RFC 7741 section 4.1 for VP8, RFC 6184
    section 5.1 for H.264) says that it is complete.
    """

    late_packets = 0
    bytes_received = 0  # of payload, as webrtc-stats section 8.3 counts them

    def add(self, packet: RtpPacket) -> tuple[bool, JitterFrame | None]:
        """Take a packet; count it where the frame that it belongs to has gone on already."""
        self.bytes_received += len(packet.payload)
        if self._origin is not None:
            behind = uint16_add(self._origin, -packet.sequence_number)
            self.late_packets += 0 < behind < MAX_MISORDER
        return super().add(packet)

    def _remove_frame(self, sequence_number: int) -> JitterFrame | None:
        while (found := self._first_frame()) is not None:
            count, frame = found
            self.remove(count)
            if frame.data:  # padding may follow the marker; an empty frame would end the decoder for good
                return frame
        return None

    def _first_frame(self) -> tuple[int, JitterFrame] | None:
        """Return the first frame that is complete, with the number of its packets."""
        data: list[bytes] = []
        timestamp = None
        for count in range(self._capacity):
            packet = self._packets[(self._origin + count) % self._capacity]
            if packet is None:
                return None
            if timestamp is not None and packet.timestamp != timestamp:
                return count, JitterFrame(b"".join(data), timestamp)  # it ended without a marker
            timestamp = packet.timestamp
            data.append(packet._data)
            if packet.marker:
                return count + 1, JitterFrame(b"".join(data), timestamp)
        return None
