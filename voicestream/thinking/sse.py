"""Server-sent events and lines, from bytes: https://html.spec.whatwg.org/multipage/server-sent-events.html

httpx-sse's decoder does the fields; the bytes are split into lines here, because its own splitter works on text: it
obeys a lying charset, keeps a byte-order mark and holds a lone CR back until the next read. Knows no HTTP and no JSON.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from voicestream.errors import ModelError

if TYPE_CHECKING:
    from httpx_sse import ServerSentEvent

MAX_EVENT_BYTES = 8 * 2**20
_BYTE_ORDER_MARK = b"\xef\xbb\xbf"
_FIELDS = (b"event", b"id", b"retry", b"data")


class ByteLines:
    """Splits bytes at LF, CR LF and CR, each line as soon as its end is known; a large line costs linear time."""

    def __init__(self) -> None:
        self._parts: list[bytes] = []
        self._held = 0
        self._follows_cr = False

    def add(self, piece: bytes) -> list[bytes]:
        """Return the lines that `piece` completes, without their ends; raise ModelError beyond MAX_EVENT_BYTES."""
        if not piece:
            return []
        if self._follows_cr and piece[0] == 0x0A:  # the CR was acted on at once: its LF ends nothing more
            piece = piece[1:]
            if not piece:
                self._follows_cr = False
                return []
        self._follows_cr = piece[-1] == 0x0D
        lines = piece.splitlines()  # of bytes: at LF, CR LF and CR only, unlike that of text
        rest = b"" if piece[-1] in b"\r\n" else lines.pop()
        if lines and self._parts:
            lines[0] = b"".join((*self._parts, lines[0]))
            self._parts.clear()
            self._held = 0
        if rest:
            self._parts.append(rest)
            self._held += len(rest)
            if self._held > MAX_EVENT_BYTES:
                raise ModelError("the server sent a line of more than 8 MB", "protocol")
        return lines

    def rest(self) -> bytes:
        """Return the line that has begun but not ended."""
        return b"".join(self._parts)


class EventStream:
    """Turns the bytes of a response into events; one that is cut off by the end of the response is dropped."""

    def __init__(self) -> None:
        from httpx_sse._decoders import SSEDecoder  # late: it brings all of httpx with it

        self.unknown_lines = 0
        """Lines that are no field of an event: many of them, and no event, are the mark of a page."""
        self._decode = SSEDecoder().decode
        self._lines = ByteLines()
        self._is_first = True
        self._data_bytes = 0
        self._has_data = False
        self._tail = b""

    def add(self, piece: bytes) -> list[ServerSentEvent]:
        """Return the events that `piece` completes; those without data are none."""
        events = []
        decode = self._decode
        for line in self._lines.add(piece):
            if self._is_first:
                self._is_first = False
                line = line.removeprefix(_BYTE_ORDER_MARK)
            if not line:
                event = decode("")
                if self._has_data and event is not None:
                    events.append(event)
                self._has_data, self._data_bytes, self._tail = False, 0, b""
            elif line.startswith(b"data:") or line == b"data":
                self._count(line)
                decode(line.decode("utf-8", "replace"))
            else:
                self._take_field(line)
        return events

    def ends_with(self, data: str) -> bool:
        """Say whether the bytes end with an event of just `data` that only lacks its blank line."""
        field, _, value = (self._lines.rest() or self._tail).partition(b":")
        return field == b"data" and value.strip() == data.encode()

    def _count(self, line: bytes) -> None:
        self._has_data = True
        self._tail = line
        self._data_bytes += len(line)
        if self._data_bytes > MAX_EVENT_BYTES:
            raise ModelError("the server sent an event of more than 8 MB", "protocol")

    def _take_field(self, line: bytes) -> None:
        field, _, value = line.partition(b":")
        if field == b"retry" and not value.removeprefix(b" ").isdigit():
            return  # int() of the decoder would take +5 and 1_000
        if field in _FIELDS:
            self._decode(line.decode("utf-8", "replace"))
        elif field:
            self.unknown_lines += 1
