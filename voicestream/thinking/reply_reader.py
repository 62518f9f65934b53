"""Reads a response's bytes as a reply: sniffs what it is, decodes it, and says when it is whole or broken. Pure."""

from __future__ import annotations

import zlib
from typing import Protocol

from voicestream.errors import ModelError
from voicestream.thinking.chat_protocol import ChatProtocol, ReplyPart
from voicestream.thinking.faults import MAX_BODY_BYTES, Fault, as_fault, classify_response
from voicestream.thinking.sse import ByteLines, EventStream
from voicestream.vocabulary import Delta, Reasoning

MAX_WHOLE_BYTES = 4 * 2**20
_INFLATED_AT_ONCE = 2**20


class ReplyReader:
    """Turns the bytes of a good response (status 200) into parts; ends with exactly one Finish or Fault."""

    def __init__(self, protocol: ChatProtocol, encoding: str = "", max_characters: int = 100_000) -> None:
        self.is_over = False
        """Whether the Finish or the Fault was given: what follows is ignored."""
        self._decoder = protocol.new_decoder()
        self._framing = protocol.FRAMING
        self._inflate = _inflater(encoding)
        self._events = EventStream()
        self._lines = ByteLines()
        self._kind = ""
        self._head = b""
        self._whole: list[bytes] = []
        self._whole_bytes = 0
        self._unread = 0
        self._ends_unread = False
        self._parts = 0
        self._characters = 0
        self._max_characters = max_characters

    @property
    def progress(self) -> int:
        """A number that grows with every piece of the answer, of its thoughts, of tool calls; not with keep-alives."""
        return self._parts + self._decoder.fragments

    @property
    def has_finish(self) -> bool:
        """Whether the reply said why it ends: an abrupt end cannot break it any more."""
        return self._decoder.has_finish or self._decoder.is_complete

    def add(self, piece: bytes) -> list[ReplyPart]:
        """Return the parts that `piece` completes."""
        if self.is_over:
            return []
        try:
            parts: list[ReplyPart] = []
            if self._inflate is None:
                self._take(piece, parts)
                return parts
            while piece and not self.is_over:
                plain, piece = self._inflated(self._inflate, piece)
                self._take(plain, parts)
            return parts
        except ModelError as error:
            return [*parts, self._over(as_fault(error))]

    def end(self) -> list[ReplyPart]:
        """Return the last parts at the clean end of the response."""
        if self.is_over:
            return []
        if self._kind == "whole":
            return self._end_whole()
        if self._kind == "page":
            return [self._over(_PAGE)]
        if self._kind == "" and not self._head.strip():
            return [self._over(Fault("protocol", "the server's answer is empty"))]
        if self._framing == "events" and self._events.ends_with("[DONE]"):
            return self._finished()
        if self._framing == "lines" and self._lines.rest():
            parts = self._payload(self._lines.rest().decode("utf-8", "replace"))
            return parts if self.is_over else [*parts, *self.break_off(_TRUNCATED)]
        if not self.progress and not self.has_finish and self._events.unknown_lines:
            return [self._over(_PAGE)]
        return self.break_off(_TRUNCATED)

    def break_off(self, fault: Fault) -> list[ReplyPart]:
        """Return the last parts where the response broke: it may have been whole already."""
        if self.is_over:
            return []
        if self.has_finish:
            return self._finished()
        if self._ends_unread:  # vLLM and others: an error as plain text where JSON is due
            fault = Fault("server_error", "the server sent something else than JSON, and ended")
        return [self._over(fault)]

    def _take(self, piece: bytes, parts: list[ReplyPart]) -> None:
        if not self._kind:
            self._head += piece
            self._kind = _kind_of(self._head, self._framing)
            piece, self._head = (self._head, b"") if self._kind else (b"", self._head)
        if self._kind == "reply":
            if self._framing == "events":
                for event in self._events.add(piece):
                    parts += self._payload(event.data, event.event)
                    if self.is_over:
                        return
            else:
                for line in self._lines.add(piece):
                    if line.strip():
                        parts += self._payload(line.decode("utf-8", "replace"))
                    if self.is_over:
                        return
        elif self._kind == "whole":
            self._whole.append(piece)
            self._whole_bytes += len(piece)
            if self._whole_bytes > MAX_WHOLE_BYTES:
                parts.append(self._over(_TOO_LARGE))
        elif self._kind == "page":
            parts.append(self._over(_PAGE))

    def _payload(self, data: str, event: str = "") -> list[ReplyPart]:
        try:
            decoded = self._decoder.add(data, event)
        except (ValueError, RecursionError):  # one bad payload in a good stream is passed over
            self._unread += 1
            self._ends_unread = True
            return []
        self._ends_unread = self._ends_unread and not decoded
        return self._checked(decoded)

    def _checked(self, parts: list[ReplyPart]) -> list[ReplyPart]:
        """Count `parts`, and end with what ends the reply."""
        self._parts += len(parts)
        for number, part in enumerate(parts):
            if isinstance(part, (Delta, Reasoning)):
                self._characters += len(part.text)
            elif isinstance(part, Fault):
                self.is_over = True
                return parts[: number + 1]
        if self._characters > self._max_characters:
            parts.append(self._over(Fault("incomplete", f"the answer passed {self._max_characters:,} characters")))
        elif self._decoder.is_complete:
            parts += self._finished()
        return parts

    def _finished(self) -> list[ReplyPart]:
        if self._unread and not self.progress and not self._decoder.has_finish:
            return [self._over(Fault("server_error", "the server sent something else than JSON, and ended"))]
        self.is_over = True
        return self._decoder.finish()

    def _end_whole(self) -> list[ReplyPart]:
        body = b"".join(self._whole)
        try:
            parts = self._checked(self._decoder.add_whole(body.decode("utf-8", "replace")))
        except (ValueError, RecursionError):
            return [self._over(Fault("protocol", "the server's answer is neither a stream nor JSON"))]
        return parts

    def _inflated(self, inflate: zlib._Decompress, piece: bytes) -> tuple[bytes, bytes]:
        """Return some of `piece` without its compression, and what is left of it."""
        try:
            plain = inflate.decompress(piece, _INFLATED_AT_ONCE)
        except zlib.error as error:
            raise ModelError("the server's answer is damaged: its compression is broken", "protocol") from error
        return plain, inflate.unconsumed_tail

    def _over(self, fault: Fault) -> Fault:
        self.is_over = True
        return fault


class ResponseReader(Protocol):
    """What takes the bytes of a response."""

    is_over: bool
    """Whether nothing more is wanted."""

    @property
    def progress(self) -> int:
        """A number that grows with what is worth waiting on."""
        ...

    @property
    def has_finish(self) -> bool:
        """Whether an abrupt end cannot break it any more."""
        ...

    def add(self, piece: bytes) -> list[ReplyPart]:
        """Return the parts that `piece` completes."""
        ...

    def end(self) -> list[ReplyPart]:
        """Return the last parts at the clean end of the response."""
        ...

    def break_off(self, fault: Fault) -> list[ReplyPart]:
        """Return the last parts where the response broke."""
        ...


class BodyReader:
    """Collects a body of at most MAX_WHOLE_BYTES, such as a list of models."""

    has_finish = False

    def __init__(self) -> None:
        self.is_over = False
        self.body = b""

    @property
    def progress(self) -> int:
        """Bytes so far."""
        return len(self.body)

    def add(self, piece: bytes) -> list[ReplyPart]:
        """Collect."""
        self.body += piece
        return self.break_off(_TOO_LARGE) if len(self.body) > MAX_WHOLE_BYTES else []

    def end(self) -> list[ReplyPart]:
        """Return nothing: the body is whole."""
        self.is_over = True
        return []

    def break_off(self, fault: Fault) -> list[ReplyPart]:
        """Return the fault."""
        self.is_over = True
        return [fault]


class ErrorReader:
    """Reads the body of a response that is an error, up to MAX_BODY_BYTES, and tells its Fault."""

    has_finish = False
    progress = 0

    def __init__(self, status: int, headers: dict[str, str]) -> None:
        self.is_over = False
        self._status = status
        self._headers = headers
        self._body = b""
        self._inflate = _inflater(headers.get("content-encoding", ""))

    def add(self, piece: bytes) -> list[ReplyPart]:
        """Collect; return the fault early where the body is too large."""
        if self._inflate is not None:
            try:
                piece = self._inflate.decompress(piece, MAX_BODY_BYTES)
            except zlib.error:
                piece = b""
        self._body += piece
        return self.end() if len(self._body) > MAX_BODY_BYTES else []

    def end(self) -> list[ReplyPart]:
        """Return the fault."""
        if self.is_over:
            return []
        self.is_over = True
        return [classify_response(self._status, self._headers, self._body)]

    def break_off(self, fault: Fault) -> list[ReplyPart]:
        """Return the fault: the status tells enough of it."""
        return self.end()


_PAGE = Fault("protocol", "the server sent a web page instead of an answer: is base_url right?", may_retry=False)
_TOO_LARGE = Fault("protocol", "the server's answer is one piece of more than 4 MB", may_retry=False)
_TRUNCATED = Fault("incomplete", "the answer broke off: the connection ended without an end mark")


def _kind_of(head: bytes, framing: str) -> str:
    """Return what a body is by its first bytes, whatever its content type says; empty while they do not tell."""
    start = head.removeprefix(b"\xef\xbb\xbf").lstrip()
    if not start:
        return "reply" if len(head) > 1024 else ""
    if start[:1] == b"<":
        return "page"
    if start[:1] in (b"{", b"[") and framing == "events":
        return "whole"
    return "reply"


def _inflater(encoding: str) -> zlib._Decompress | None:
    """Return what undoes a Content-Encoding; we ask for none, but some proxies compress all the same."""
    return (
        zlib.decompressobj(zlib.MAX_WBITS | 32) if encoding.strip().lower() in ("gzip", "x-gzip", "deflate") else None
    )
