"""Laws of Piper and Kokoro, through their true code on voices of a few kilobytes."""

from __future__ import annotations

import asyncio
import importlib.util
import threading
from contextlib import aclosing
from pathlib import Path

import pytest
from spoken import say

from voicestream.backends.voice_process import KOKORO, PIPER, ChildVoice
from voicestream.backends.voice_wire import VoiceSettings
from voicestream.errors import VoiceError

pytestmark = pytest.mark.skipif(
    not all(importlib.util.find_spec(name) for name in ("piper", "kokoro_onnx", "onnx")),
    reason="piper-tts, kokoro-onnx or onnx is not installed (the extras piper and kokoro)",
)
SENTENCE = "The quick brown fox jumps over the lazy dog."


def settings(folder: Path, **changes: object) -> VoiceSettings:
    return VoiceSettings(folders=(str(folder),), **changes)  # type: ignore[arg-type] # the tests' own words


def _damage(path: Path, content: bytes) -> None:
    path.write_bytes(content)


def test_piper_speaks_with_word_times(tmp_path: Path) -> None:
    from tiny_voices import make_piper_voice

    make_piper_voice(tmp_path)

    async def run() -> None:
        async with ChildVoice(PIPER, settings(tmp_path)) as voice:
            speech = await say(voice, SENTENCE)
            assert speech.rate == 22_050
            assert speech.seconds > 2
            assert [SENTENCE[word.start : word.end] for word in speech.words] == SENTENCE.rstrip(".").split()
            times = [word.time for word in speech.words]
            assert times == sorted(set(times))
            assert 0 < times[0] < 0.3
            assert times[-1] < speech.seconds - 0.1
            assert (await say(voice, "...")).pieces == 0
            assert (await say(voice, "[[ hello ]] there <b>you</b>")).seconds > 0.5

    asyncio.run(run())


def test_pipers_rate_volume_and_languages_are_obeyed(tmp_path: Path) -> None:
    from tiny_voices import make_piper_voice

    make_piper_voice(tmp_path)
    make_piper_voice(tmp_path, "de_DE-tiny-low", "de_DE")

    async def run() -> None:
        async with ChildVoice(PIPER, settings(tmp_path, voice="en_US-tiny-low")) as voice:
            usual = await say(voice, SENTENCE)
            german = await say(voice, SENTENCE, "de")
            assert len(german.samples) != len(usual.samples)  # other phonemes
            assert len((await say(voice, SENTENCE, "en")).samples) == len(usual.samples)
            assert {one.language for one in await voice.voices()} == {"en-US", "de-DE"}
        async with ChildVoice(PIPER, settings(tmp_path, voice="en_US-tiny-low", rate=350, volume=0.5)) as voice:
            quick = await say(voice, SENTENCE)
            assert len(quick.samples) < 0.7 * len(usual.samples)
            assert abs(quick.samples).max() < 0.6 * abs(usual.samples).max()

    asyncio.run(run())


def test_kokoro_speaks_and_follows_the_language(tmp_path: Path) -> None:
    from tiny_voices import make_kokoro_voices

    make_kokoro_voices(tmp_path)

    async def run() -> None:
        async with ChildVoice(KOKORO, settings(tmp_path)) as voice:
            speech = await say(voice, SENTENCE)
            assert speech.rate == 24_000
            assert speech.seconds > 1
            french = await say(voice, SENTENCE, "fr")
            assert len(french.samples) != len(speech.samples)
            assert len((await say(voice, SENTENCE, "xx")).samples) == len(speech.samples)
            assert [one.id for one in await voice.voices()] == ["af_test", "ff_essai"]

    asyncio.run(run())


def test_a_voice_that_is_missing_or_damaged_is_a_clear_error(tmp_path: Path) -> None:
    from tiny_voices import make_kokoro_voices, make_piper_voice

    async def error_of(program: object, folder: Path, **changes: object) -> str:
        with pytest.raises(VoiceError) as caught:
            async with ChildVoice(program, settings(folder, **changes)):  # type: ignore[arg-type]
                pass
        return str(caught.value)

    async def run() -> None:
        assert "models fetch" in await error_of(PIPER, tmp_path / "none")
        assert "models fetch kokoro" in await error_of(KOKORO, tmp_path / "none")
        model = make_piper_voice(tmp_path / "p")
        assert "en_US-tiny-low" in await error_of(PIPER, tmp_path / "p", voice="en_US-tinny-low")
        _damage(Path(f"{model}.json"), b"{}")
        assert "describes no Piper voice" in await error_of(PIPER, tmp_path / "p")
        model = make_piper_voice(tmp_path / "q")
        _damage(model, b"not a model")
        assert "no voice that onnxruntime can load" in await error_of(PIPER, tmp_path / "q")
        make_kokoro_voices(tmp_path / "k")
        assert "af_test" in await error_of(KOKORO, tmp_path / "k", voice="af_tets")

    asyncio.run(run())


def test_closing_early_leaves_the_voice_ready(tmp_path: Path) -> None:
    from tiny_voices import make_piper_voice

    make_piper_voice(tmp_path)

    async def run() -> None:
        async with ChildVoice(PIPER, settings(tmp_path)) as voice:
            usual = await say(voice, SENTENCE)
            process = voice.process_id
            for _ in range(5):
                async with aclosing(voice.synthesize(SENTENCE * 50)) as pieces:
                    await anext(pieces)
                assert len((await say(voice, SENTENCE)).samples) == len(usual.samples)
            assert voice.process_id == process

    asyncio.run(run())


def test_a_running_computation_ends_when_it_is_stopped(tmp_path: Path) -> None:
    import numpy as np
    from onnx import TensorProto, helper

    from voicestream.backends.voice_onnx import StoppableSession

    step = helper.make_graph(
        [
            helper.make_node("Sin", ["before"], ["after"]),
            helper.make_node("Identity", ["go"], ["go_on"]),
        ],
        "step",
        [
            helper.make_tensor_value_info("count", TensorProto.INT64, []),
            helper.make_tensor_value_info("go", TensorProto.BOOL, []),
            helper.make_tensor_value_info("before", TensorProto.FLOAT, [100]),
        ],
        [
            helper.make_tensor_value_info("go_on", TensorProto.BOOL, []),
            helper.make_tensor_value_info("after", TensorProto.FLOAT, [100]),
        ],
    )
    graph = helper.make_graph(
        [helper.make_node("Loop", ["", "go", "x"], ["y"], body=step)],
        "endless",
        [
            helper.make_tensor_value_info("go", TensorProto.BOOL, []),
            helper.make_tensor_value_info("x", TensorProto.FLOAT, [100]),
        ],
        [helper.make_tensor_value_info("y", TensorProto.FLOAT, [100])],
    )
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 15)], ir_version=8)
    session = StoppableSession(bytes(model.SerializeToString()), 1)
    threading.Timer(0.05, session.stop).start()
    with pytest.raises(VoiceError, match="stopped"):
        session.run(None, {"go": np.array(True), "x": np.ones(100, np.float32)})
    session.allow()
