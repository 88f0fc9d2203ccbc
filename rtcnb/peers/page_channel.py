"""What the page does for a DataChannel of a BrowserPeer."""

from __future__ import annotations

from ..runtime.page_object import PageObject


class PageChannel:
    """The backend of a DataChannel: an RTCDataChannel in the page."""

    def __init__(self, page: PageObject, id: str) -> None:
        self._page, self._id = page, id

    def send(self, data: str | bytes) -> None:
        """Send one message."""
        if isinstance(data, str):
            self._page.post("send", self._id, data)
        else:
            self._page.post("send", self._id, None, buffers=[data])

    def close(self) -> None:
        """Close the channel."""
        self._page.post("closeChannel", self._id)

    def buffered_amount(self) -> None:
        """Only the page's events tell."""
        return None
