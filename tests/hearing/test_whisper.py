"""The real faster-whisper, on the project's own tiny model and synthesized speech."""

from __future__ import annotations

import asyncio
import json
import shutil
import threading
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from spoken_sounds import Say

from voicestream.backends.whisper import Whisper, WhisperSettings, open_whisper
from voicestream.errors import RecognitionError
from voicestream.hearing.suspicion import plain_words
from voicestream.vocabulary import SAMPLE_RATE, Hypothesis, Samples

ONE_THREAD = WhisperSettings(threads=1)

PHRASES = {
    "what time is it": "What time is it?",
    "set a timer for five minutes": "Set a timer for five minutes.",
    "turn on the kitchen lights": "Turn on the kitchen lights.",
}


def recognize(folder: Path, *audio: Samples, settings: WhisperSettings = ONE_THREAD) -> list[Hypothesis]:
    async def run() -> list[Hypothesis]:
        async with open_whisper(folder, settings) as whisper:
            return [await whisper.transcribe(each, is_final=True) for each in audio]

    return asyncio.run(run())


def watch_encoder(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """Return a list to which each run of the encoder adds the frames that it is given."""
    faster_whisper = pytest.importorskip("faster_whisper")
    encoded: list[int] = []
    encode = faster_whisper.WhisperModel.encode

    def watched(model: object, features: np.ndarray) -> object:
        encoded.append(features.shape[-1])
        return encode(model, features)

    monkeypatch.setattr(faster_whisper.WhisperModel, "encode", watched)
    return encoded


@pytest.mark.parametrize("is_short", [True, False])
def test_what_is_said_is_written_down(tiny: Path, say: Say, is_short: bool) -> None:
    settings = WhisperSettings(threads=1, short_window=is_short)
    found = recognize(tiny, *(say(text) for text in PHRASES), settings=settings)
    assert [each.text for each in found] == list(PHRASES.values())
    for each in found:
        assert not each.is_suspect
        assert each.language == "en"
        assert is_short or "".join(word.text for word in each.words).strip() == each.text
        assert each.cost > 0


def test_the_encoder_hears_the_speech_and_a_margin_only(tiny: Path, say: Say, monkeypatch: pytest.MonkeyPatch) -> None:
    encoded = watch_encoder(monkeypatch)
    audio = say("set a timer for five minutes")
    recognize(tiny, audio)
    assert encoded[0] == pytest.approx(len(audio) / SAMPLE_RATE * 100 + 100, abs=4)
    assert all(count == 3000 for count in encoded[1:]), "a second decode, where a guard objects, has the whole window"


def test_a_doubtful_text_is_decoded_again_with_the_whole_window(tiny: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    encoded = watch_encoder(monkeypatch)
    humming = 0.1 * np.sin(2 * np.pi * 50 * np.arange(5 * SAMPLE_RATE) / SAMPLE_RATE)
    found = recognize(tiny, humming.astype(np.float32))[0]
    assert len(plain_words(found.text)) == 0 or encoded[-1] == 3000


@pytest.mark.parametrize(("log_probability", "is_doubtful"), [(-0.3, False), (-0.8, True)])
def test_an_unlikely_text_is_told_to_be_doubtful(
    tiny: Path, say: Say, monkeypatch: pytest.MonkeyPatch, log_probability: float, is_doubtful: bool
) -> None:
    model = pytest.importorskip("faster_whisper").WhisperModel
    transcribe = model.transcribe

    def unlikely(*args: object, **options: object) -> tuple[list[object], object]:
        segments, about = transcribe(*args, **options)
        return [replace(segment, avg_logprob=log_probability) for segment in segments], about

    monkeypatch.setattr(model, "transcribe", unlikely)
    found = recognize(tiny, say("what time is it"))[0]
    assert (found.text, found.is_doubtful, found.is_suspect) == ("What time is it?", is_doubtful, False)


@pytest.mark.parametrize("names", ["", " ".join(f"Anna{number}" for number in range(400))])
def test_names_and_text_before_of_any_length_leave_room_for_the_text(tiny: Path, say: Say, names: str) -> None:
    async def run() -> Hypothesis:
        async with open_whisper(tiny, WhisperSettings(threads=1, hot_words=names)) as whisper:
            return await whisper.transcribe(say("what time is it"), is_final=True, prompt="turn on the lights " * 200)

    found = asyncio.run(run())  # faster-whisper would say that there is no room
    assert names or found.text.startswith("What")


def test_the_same_features_are_encoded_once_in_a_call(tiny: Path, say: Say, monkeypatch: pytest.MonkeyPatch) -> None:
    """The language is detected in what is then written down."""
    model = Whisper(tiny, ONE_THREAD)._load()
    encoded = watch_encoder(monkeypatch)
    features = model.feature_extractor(say("what time is it"))
    assert model.encode(features) is model.encode(features.copy())
    assert len(encoded) == 1
    recognize(tiny, say("what time is it"), say("what time is it"))
    assert len(encoded) == 3


def test_a_partial_is_decoded_once(tiny: Path, say: Say) -> None:
    async def run() -> Hypothesis:
        async with open_whisper(tiny, ONE_THREAD) as whisper:
            return await whisper.transcribe(say("turn on the kitchen lights"), is_final=False)

    assert "kitchen" in asyncio.run(run()).text


def test_almost_no_audio_has_no_text(tiny: Path) -> None:
    assert recognize(tiny, np.zeros(100, np.float32))[0].text == ""


def test_calls_follow_each_other_in_one_thread(tiny: Path, say: Say) -> None:
    async def run() -> None:
        async with open_whisper(tiny, ONE_THREAD) as whisper:
            audio = [say(text) for text in PHRASES]
            found = await asyncio.gather(*(whisper.transcribe(each, is_final=True) for each in audio))
            assert [each.text for each in found] == list(PHRASES.values())
            assert len([thread for thread in threading.enumerate() if thread.name.startswith("whisper")]) == 1

    asyncio.run(run())


def test_loading_does_not_hold_up_the_event_loop(tiny: Path) -> None:
    async def run() -> float:
        whisper = Whisper(tiny, ONE_THREAD)
        longest, last = 0.0, time.monotonic()
        loading = asyncio.ensure_future(whisper.ready())
        while not loading.done():
            await asyncio.sleep(0.001)
            longest, last = max(longest, time.monotonic() - last), time.monotonic()
        whisper.close()
        return longest

    assert asyncio.run(run()) < 5.0, "it ran in the worker thread, and the loop went on"


def test_a_cancelled_call_waits_for_nothing_and_the_next_one_works(tiny: Path, say: Say) -> None:
    async def run() -> Hypothesis:
        async with open_whisper(tiny, ONE_THREAD) as whisper:
            audio = say("what time is it")
            calls = [asyncio.create_task(whisper.transcribe(audio, is_final=True)) for _ in range(3)]
            await asyncio.sleep(0)
            for call in calls:
                call.cancel()
            assert all(
                isinstance(each, asyncio.CancelledError)
                for each in await asyncio.gather(*calls, return_exceptions=True)
            )
            return await whisper.transcribe(audio, is_final=True)

    assert asyncio.run(run()).text == "What time is it?"


def cut_short(folder: Path) -> None:
    model = folder / "model.bin"
    model.write_bytes(model.read_bytes()[:1_000_000])


def scrambled(folder: Path) -> None:
    (folder / "model.bin").write_bytes(bytes(range(256)) * 40)


def without(name: str) -> Callable[[Path], None]:
    return lambda folder: (folder / name).unlink()


def with_another_tokenizer(folder: Path) -> None:
    tokenizer = json.loads((folder / "tokenizer.json").read_text(encoding="utf-8"))
    tokenizer["added_tokens"] = []
    (folder / "tokenizer.json").write_text(json.dumps(tokenizer), encoding="utf-8")


def with_other_bands(folder: Path) -> None:
    (folder / "preprocessor_config.json").write_text('{"feature_size": 128}', encoding="utf-8")


def with_a_page_for_tokenizer(folder: Path) -> None:
    (folder / "tokenizer.json").write_text("<html>404</html>", encoding="utf-8")


@pytest.mark.parametrize(
    "damage",
    [
        cut_short,
        scrambled,
        with_another_tokenizer,
        with_other_bands,
        with_a_page_for_tokenizer,
        *(without(name) for name in ("model.bin", "config.json", "tokenizer.json", "vocabulary.json")),
        shutil.rmtree,
    ],
)
def test_a_damaged_folder_is_named_in_one_line(tiny: Path, tmp_path: Path, damage: Callable[[Path], None]) -> None:
    folder = tmp_path / "broken"
    shutil.copytree(tiny, folder)
    damage(folder)
    with pytest.raises(RecognitionError, match="broken") as caught:
        recognize(folder)
    assert "\n" not in str(caught.value)


def test_a_call_before_a_failed_load_fails_the_same_way(tmp_path: Path) -> None:
    async def run() -> None:
        whisper = Whisper(tmp_path)
        try:
            await whisper.transcribe(np.zeros(16000, np.float32), is_final=True)
        finally:
            whisper.close()

    with pytest.raises(RecognitionError, match="is not a whole Whisper model"):
        asyncio.run(run())
