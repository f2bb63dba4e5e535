"""Server-sent events from bytes, whatever the chunks (WHATWG HTML, section 9.2.6); pure."""

from typing import NamedTuple

BYTE_ORDER_MARK = b"\xef\xbb\xbf"


class Event(NamedTuple):
    """One dispatched event. `id` is the last event id as of this event, '' where there never was one."""

    name: str
    id: str
    data: bytes


class Parser:
    """Feed it chunks, take events. `last_id` and `retry_ms` are what a reconnect needs."""

    def __init__(self, last_id: str = "") -> None:
        self.last_id = last_id
        self.retry_ms: int | None = None
        self.comments = 0
        self._rest = b""
        self._begun = False
        self._after_cr = False
        self._name = ""
        self._id = last_id
        self._data: list[bytes] = []

    def feed(self, chunk: bytes) -> list[Event]:
        """The events that this chunk completes."""
        events: list[Event] = []
        *lines, self._rest = self._unify(chunk).split(b"\n")
        for line in lines:
            if line:
                self._field(line)
            elif (event := self._dispatch()) is not None:
                events.append(event)
        return events

    def _unify(self, chunk: bytes) -> bytes:
        """The bytes not parsed yet, with every line end (CR, LF, CRLF) as LF and no leading byte order mark."""
        if self._after_cr and chunk.startswith(b"\n"):
            chunk, self._after_cr = chunk[1:], False
        if chunk:
            self._after_cr = chunk.endswith(b"\r")
        if b"\r" in chunk:
            chunk = chunk.replace(b"\r\n", b"\n").replace(b"\r", b"\n")
        text = self._rest + chunk
        if not self._begun and not (BYTE_ORDER_MARK.startswith(text) and text != BYTE_ORDER_MARK):
            self._begun = True
            text = text.removeprefix(BYTE_ORDER_MARK)
        return text

    def _field(self, line: bytes) -> None:
        name, _, value = line.partition(b":")
        value = value.removeprefix(b" ")
        if name == b"data":
            self._data.append(value)
        elif name == b"event":
            self._name = value.decode("utf-8", "replace")
        elif name == b"id" and b"\0" not in value:
            self._id = value.decode("utf-8", "replace")
        elif name == b"retry" and value.isdigit():
            self.retry_ms = int(value)
        elif not name:
            self.comments += 1

    def _dispatch(self) -> Event | None:
        """A blank line: the event is whole; one without data only sets the id."""
        name, data = self._name, self._data
        self._name, self._data = "", []
        self.last_id = self._id
        return Event(name or "message", self.last_id, b"\n".join(data)) if data else None
