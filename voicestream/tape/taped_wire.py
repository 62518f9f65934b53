"""What goes over the wire to a model's server, on a tape: what was asked, and the bytes that came, piece by piece.

Neither headers nor keys are written; a key that the server repeats is struck out, for the program as well.
"""

from __future__ import annotations

import base64
import json
import math
from collections.abc import AsyncGenerator, AsyncIterator, Awaitable, Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import TYPE_CHECKING

from voicestream.tape.forms import Audio, Form, Json, Streams

if TYPE_CHECKING:
    import httpx

KEPT_HEADERS = ("content-encoding", "content-type", "retry-after", "retry-after-ms", "x-should-retry")

STRUCK_OUT = b"[key]"


@dataclass(frozen=True, slots=True)
class Head:
    """The begin of a response."""

    status: int
    headers: dict[str, str]


@dataclass(frozen=True, slots=True)
class Lost:
    """An error of httpx, by the name of its class."""

    kind: str
    message: str


Piece = Head | Lost | bytes


def _write(piece: Piece, audio: Audio) -> Json:
    match piece:
        case Head(status, headers):
            return {"status": status, "headers": headers}
        case Lost(kind, message):
            return {"lost": kind, "message": message}
    try:
        return piece.decode()
    except UnicodeDecodeError:  # a piece that ends within a letter, or is compressed
        return {"base64": base64.b64encode(piece).decode()}


def _read(value: Json, audio: Audio) -> Piece:
    match value:
        case str():
            return value.encode()
        case {"base64": text}:
            return base64.b64decode(text)
        case {"lost": kind, "message": message}:
            return Lost(kind, message)
    return Head(value["status"], value["headers"])


PIECE: Form[Piece] = Form(_write, _read)


@dataclass(slots=True)
class TapedResponse:
    """A response whose pieces come from a tape; it has what a response of httpx has, as far as it is asked for."""

    status_code: int
    headers: dict[str, str]
    pieces: AsyncGenerator[Piece, None] = field(repr=False)

    @property
    def stream(self) -> AsyncIterator[bytes]:
        """The body as it came."""
        return self._stream()

    async def aclose(self) -> None:
        """End it."""
        await self.pieces.aclose()

    async def _stream(self) -> AsyncGenerator[bytes, None]:
        async for piece in self.pieces:
            if isinstance(piece, Lost):
                raise _as_error(piece)
            if isinstance(piece, bytes):
                yield piece


def send_on_tape(
    tape: Streams, client: httpx.AsyncClient, key: str
) -> Callable[[httpx.Request], Awaitable[TapedResponse]]:
    """Return what sends a request and gives the response, on a tape.

    Asked what was not recorded, a tape that is played answers as to the request that is most like it: same address,
    then most equal parts. Where there is none, there is no connection.
    """

    async def send(request: httpx.Request) -> TapedResponse:
        question = {
            "method": request.method,
            "url": f"{request.url.scheme}://{request.url.netloc.decode()}{request.url.path}".replace(key or "\0", ""),
            "body": json.loads(request.content) if request.content else None,
        }
        pieces = tape.stream("model", question, lambda: _ask(client, request, key), PIECE, _likeness_to(question))
        try:
            head = await anext(pieces)
        except LookupError:
            head = Lost("ConnectError", "the recording has no answer to this")
        except BaseException:
            await pieces.aclose()
            raise
        if isinstance(head, Head):
            return TapedResponse(head.status, head.headers, pieces)
        await pieces.aclose()
        raise _as_error(head if isinstance(head, Lost) else Lost("RemoteProtocolError", "the recording has no head"))

    return send


def _likeness_to(question: Json) -> Callable[[Json, float], tuple[float, ...]]:
    def likeness(recorded: Json, opened: float) -> tuple[float, ...]:
        body, other = question["body"] or {}, recorded["body"] or {}
        said, also_said = (each.get("messages", [""])[-1] for each in (body, other))
        equal = sum(value == other.get(name) for name, value in body.items())
        return question["method"] == recorded["method"], question["url"] == recorded["url"], said == also_said, equal

    return likeness


async def _ask(client: httpx.AsyncClient, request: httpx.Request, key: str) -> AsyncGenerator[Piece, None]:
    """Send the request, and yield head and body; an error of httpx is the last piece."""
    import httpx

    request.extensions.pop("trace", None)  # it would tell what no tape holds
    response: httpx.Response | None = None
    try:
        response = await client.send(request, stream=True)
        headers = {name: value for name, value in response.headers.items() if name in KEPT_HEADERS}
        if wait := seconds_of(headers.get("retry-after", ""), datetime.now(UTC)):
            headers["retry-after"] = wait
        yield Head(response.status_code, headers)
        async for piece in response.stream:  # type: ignore[union-attr] # that of an AsyncClient is asynchronous
            yield piece.replace(key.encode(), STRUCK_OUT) if key else piece
    except httpx.HTTPError as error:
        yield Lost(type(error).__name__, str(error).replace(key or "\0", STRUCK_OUT.decode()))
    finally:
        if response is not None:
            await response.aclose()


def seconds_of(retry_after: str, now: datetime) -> str:
    """Return the seconds until a date, or nothing where it is none: a date means another wait at every replay."""
    try:
        return str(max(0, math.ceil((parsedate_to_datetime(retry_after) - now).total_seconds())))
    except (TypeError, ValueError):
        return ""


def _as_error(lost: Lost) -> httpx.HTTPError:
    import httpx

    kind = getattr(httpx, lost.kind, None)
    if isinstance(kind, type) and issubclass(kind, httpx.HTTPError):
        return kind(lost.message)
    return httpx.RemoteProtocolError(lost.message)
