"""A transcription server on loopback, well and ill, and what falls back when it fails."""

from __future__ import annotations

import asyncio
import email.message
import email.parser
import email.policy
import io
import socket
import wave
from collections.abc import Awaitable, Callable
from contextlib import AsyncExitStack
from dataclasses import dataclass, field

import numpy as np
import pytest
from virtual_time import run_in_virtual_time

from voicestream.backends.remote_recognizer import RemoteRecognizer, RemoteSettings
from voicestream.errors import RecognitionError
from voicestream.hearing.fallback_recognizer import FallbackRecognizer, with_fallback
from voicestream.parts import Recognizer
from voicestream.recognizer_choice import Choice, LateRecognizer
from voicestream.vocabulary import SAMPLE_RATE, Hypothesis, Samples

SPEECH = (np.sin(np.arange(SAMPLE_RATE) / 20) * 0.5).astype(np.float32)
KEY = "sk-very-secret-1234"


@dataclass
class Request:
    """What came in."""

    path: str
    headers: email.message.Message
    fields: dict[str, bytes]


@dataclass
class Server:
    """Answers each request with the next of its replies, the last one for ever; b"" hangs up."""

    replies: list[bytes]
    requests: list[Request] = field(default_factory=list)
    url: str = ""

    async def answer(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            while line := await reader.readline():
                head = await reader.readuntil(b"\r\n\r\n")
                headers = email.parser.BytesHeaderParser().parsebytes(head)
                body = await reader.readexactly(int(headers["Content-Length"]))
                form = email.parser.BytesParser(policy=email.policy.HTTP).parsebytes(
                    b"Content-Type: " + headers["Content-Type"].encode() + b"\r\n\r\n" + body
                )
                fields = {
                    str(part.get_param("name", header="content-disposition")): part.get_payload(decode=True)
                    for part in form.iter_parts()
                }
                self.requests.append(Request(line.split()[1].decode(), headers, fields))
                reply = self.replies.pop(0) if len(self.replies) > 1 else self.replies[0]
                if reply == b"silence":
                    await reader.read()
                    return
                if not reply:
                    return
                writer.write(reply)
                await writer.drain()
                if reply.endswith(b"half"):
                    return
        finally:
            writer.close()


def reply(body: str, status: str = "200 OK") -> bytes:
    data = body.encode()
    return f"HTTP/1.1 {status}\r\nContent-Type: application/json\r\nContent-Length: {len(data)}\r\n\r\n".encode() + data


def talk(
    server: Server,
    script: Callable[[RemoteRecognizer], Awaitable[None]],
    clock: Callable[[], float] = lambda: 0.0,
    **settings: object,
) -> None:
    async def run() -> None:
        listening = await asyncio.start_server(server.answer, "127.0.0.1", 0)
        server.url = f"http://127.0.0.1:{listening.sockets[0].getsockname()[1]}/v1"
        wanted = RemoteSettings(**({"base_url": server.url} | settings))  # type: ignore[arg-type] # a test's own words
        async with listening, RemoteRecognizer(wanted, {"OPENAI_API_KEY": KEY}, clock) as recognizer:
            await script(recognizer)

    asyncio.run(run())


def test_the_speech_goes_up_as_a_wav_with_model_language_and_prompt() -> None:
    server = Server([reply('{"text": " Hello\\n there. "}')])

    async def script(recognizer: RemoteRecognizer) -> None:
        hypothesis = await recognizer.transcribe(SPEECH, is_final=True, prompt="Anna")
        assert hypothesis == Hypothesis("Hello there.", language="en")

    talk(server, script, model="tiny", language="en")
    (request,) = server.requests
    assert request.path == "/v1/audio/transcriptions"
    assert request.headers["Authorization"] == f"Bearer {KEY}"
    assert {name: request.fields[name] for name in ("model", "language", "prompt", "response_format")} == {
        "model": b"tiny",
        "language": b"en",
        "prompt": b"Anna",
        "response_format": b"json",
    }
    with wave.open(io.BytesIO(request.fields["file"])) as file:
        assert (file.getframerate(), file.getnchannels(), file.getsampwidth()) == (SAMPLE_RATE, 1, 2)
        pcm = np.frombuffer(file.readframes(file.getnframes()), "<i2")
    np.testing.assert_allclose(pcm / 32767, SPEECH, atol=1e-4)


def test_hot_words_stand_in_the_prompt_of_every_request() -> None:
    server = Server([reply('{"text": "hi"}'), reply('{"text": "hi"}')])

    async def script(recognizer: RemoteRecognizer) -> None:
        await recognizer.transcribe(SPEECH, is_final=True)
        await recognizer.transcribe(SPEECH, is_final=True, prompt="Call")

    talk(server, script, hot_words="Anna, Ólafur")
    assert [request.fields["prompt"].decode() for request in server.requests] == ["Anna, Ólafur", "Anna, Ólafur Call"]


def test_without_a_key_no_key_is_sent() -> None:
    server = Server([reply('{"text": "hi"}')])

    async def script(recognizer: RemoteRecognizer) -> None:
        await recognizer.transcribe(SPEECH, is_final=True)

    talk(server, script, key_variable="")
    assert "Authorization" not in server.requests[0].headers


def test_partial_texts_keep_the_pace_that_the_last_one_cost() -> None:
    server = Server([reply(f'{{"text": "{text}"}}') for text in ("one", "one two", "one two three")])
    times = iter([0.0, 1.0, 1.5, 1.9, 2.0, 3.0, 3.1, 3.2])

    async def script(recognizer: RemoteRecognizer) -> None:
        async def partial(length: int, is_final: bool = False) -> str:
            return (await recognizer.transcribe(SPEECH[:length], is_final=is_final)).text

        assert await partial(4000) == "one"  # asked at 0.0, answered at 1.0: the next not before 2.0
        assert await partial(5000) == "one"
        assert await partial(6000) == "one"
        assert await partial(7000) == "one two"  # asked at 2.0, answered at 3.0
        assert await partial(8000, is_final=True) == "one two three"  # the final text never waits

    talk(server, script, lambda: next(times))
    assert len(server.requests) == 3


def test_another_speech_does_not_get_the_last_ones_text() -> None:
    server = Server([reply('{"text": "before"}')])
    times = iter([0.0, 1.0, 1.1])

    async def script(recognizer: RemoteRecognizer) -> None:
        assert (await recognizer.transcribe(SPEECH, is_final=True)).text == "before"
        assert (await recognizer.transcribe(SPEECH[100:], is_final=False)).text == ""

    talk(server, script, lambda: next(times))


@pytest.mark.parametrize(
    ("answer", "code", "words"),
    [
        (reply(f'{{"error": {{"message": "bad key {KEY}"}}}}', "401 Unauthorized"), "auth", "OPENAI_API_KEY"),
        (reply("{}", "403 Forbidden"), "auth", "403"),
        (reply("{}", "404 Not Found"), "not_found", "whisper-1"),
        (reply("{}", "429 Too Many Requests"), "rate_limit", "429"),
        (reply("oops", "500 Internal Server Error"), "server_error", "500"),
        (reply("<html>"), "answer", "no text"),
        (reply('{"text": null}'), "answer", "no text"),
        (reply("[]"), "answer", "no text"),
        (b"", "broken", "broke off"),
        (b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nhalf", "broken", "broke off"),
        (b"silence", "timeout", "in time"),
    ],
)
def test_each_fault_has_its_code_and_tells_no_key(answer: bytes, code: str, words: str) -> None:
    async def script(recognizer: RemoteRecognizer) -> None:
        with pytest.raises(RecognitionError) as caught:
            await recognizer.transcribe(SPEECH, is_final=True)
        assert caught.value.code == code
        assert words in str(caught.value)
        assert KEY not in str(caught.value)
        assert "\n" not in str(caught.value)

    talk(Server([answer]), script, answer_limit=0.2)


def test_a_connection_that_the_server_closed_meanwhile_costs_nothing() -> None:
    server = Server([reply('{"text": "a"}'), b"", reply('{"text": "b"}')])

    async def script(recognizer: RemoteRecognizer) -> None:
        assert (await recognizer.transcribe(SPEECH, is_final=True)).text == "a"
        assert (await recognizer.transcribe(SPEECH, is_final=True)).text == "b"

    talk(server, script)


def test_nobody_there_is_told() -> None:
    with socket.socket() as closed:
        closed.bind(("127.0.0.1", 0))
        address = f"http://127.0.0.1:{closed.getsockname()[1]}"

    async def run() -> None:
        async with RemoteRecognizer(RemoteSettings(base_url=address), {}) as recognizer:
            with pytest.raises(RecognitionError, match="cannot be reached"):
                await recognizer.transcribe(SPEECH, is_final=True)

    asyncio.run(run())


@pytest.mark.parametrize("address", ["", "localhost:8000", "ftp://somewhere/v1", "http://", "http://[::1"])
def test_an_address_that_is_none_is_told_at_once(address: str) -> None:
    with pytest.raises(RecognitionError, match="is no address"):
        RemoteRecognizer(RemoteSettings(base_url=address), {})


class Scripted:
    """A recognizer that fails while it is told to."""

    def __init__(self, text: str) -> None:
        self.text = text
        self.is_down = False
        self.calls = 0

    async def transcribe(self, audio: Samples, *, is_final: bool, prompt: str = "") -> Hypothesis:
        self.calls += 1
        if self.is_down:
            raise RecognitionError(f"{self.text} is down")
        return Hypothesis(self.text)


def test_the_second_takes_over_with_one_notice_and_the_first_comes_back_later() -> None:
    far, near, notices, now = Scripted("far"), Scripted("near"), list[str](), [0.0]

    async def run() -> None:
        recognizer = FallbackRecognizer(far, near, notices.append, 30.0, lambda: now[0])

        async def ask(is_final: bool = True) -> str:
            return (await recognizer.transcribe(SPEECH, is_final=is_final)).text

        assert await ask() == "far"
        far.is_down = True
        assert await ask() == "near"
        assert await ask() == "near"
        assert far.calls == 2  # it is left alone for a while
        now[0] = 31.0
        assert await ask(is_final=False) == "near"  # no partial text waits for it
        assert far.calls == 2
        assert await ask() == "near"
        assert far.calls == 3
        far.is_down, now[0] = False, 62.0
        assert await ask() == "near"  # the next pause is longer
        now[0] = 92.0
        assert await ask() == "far"
        assert await ask(is_final=False) == "far"

    asyncio.run(run())
    assert notices == ["far is down; the local recognizer takes over", "the remote recognizer is back"]


def test_where_both_fail_the_second_ones_error_is_told() -> None:
    far, near = Scripted("far"), Scripted("near")
    far.is_down = near.is_down = True

    async def run() -> None:
        with pytest.raises(RecognitionError, match="near is down"):
            await with_fallback(far, near, lambda line: None).transcribe(SPEECH, is_final=True)

    asyncio.run(run())


def test_the_second_is_opened_when_it_is_needed_and_closed_once_the_first_has_worked_for_a_while() -> None:
    far, lives = Scripted("far"), list[str]()

    async def open_near(stack: AsyncExitStack) -> Recognizer:
        lives.append("opened")
        stack.callback(lives.append, "closed")
        return Scripted("near")

    async def run() -> None:
        now = asyncio.get_running_loop().time
        async with LateRecognizer(Choice("near", open_near), rest=60.0) as near:
            recognizer = FallbackRecognizer(far, near, lambda line: None, 30.0, now, near.stand_by)

            async def ask() -> str:
                return (await recognizer.transcribe(SPEECH, is_final=True)).text

            assert await ask() == "far"
            assert lives == []
            far.is_down = True
            assert await ask() == "near"
            far.is_down = False
            await asyncio.sleep(31)
            assert await ask() == "far"
            await asyncio.sleep(50)
            far.is_down = True
            assert await ask() == "near"  # it failed again before the second was closed
            await asyncio.sleep(1000)
            assert lives == ["opened"]
            far.is_down = False
            assert await ask() == "far"
            await asyncio.sleep(59)
            assert lives == ["opened"]
            await asyncio.sleep(2)
            assert lives == ["opened", "closed"]
            far.is_down = True
            assert await ask() == "near"
        assert lives == ["opened", "closed"] * 2

    run_in_virtual_time(run())


def test_a_second_that_cannot_be_opened_is_tried_again_with_the_next_words() -> None:
    tries = list[str]()

    async def open_near(stack: AsyncExitStack) -> Recognizer:
        tries.append("again")
        if len(tries) < 2:
            raise RecognitionError("no memory")
        return Scripted("near")

    async def run() -> None:
        async with LateRecognizer(Choice("near", open_near)) as near:
            with pytest.raises(RecognitionError, match="no memory"):
                await near.transcribe(SPEECH, is_final=True)
            assert (await near.transcribe(SPEECH, is_final=True)).text == "near"

    run_in_virtual_time(run())
