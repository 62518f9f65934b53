"""Laws of the voices that live in a child process, on the real pyttsx3 and the real espeak-ng."""

from __future__ import annotations

import asyncio
import os
import random
import select
import signal
import subprocess
import sys
from contextlib import aclosing
from dataclasses import replace

import numpy as np
import pytest
from spoken import say

from voicestream.backends.voice_process import ChildProgram, ChildVoice
from voicestream.backends.voice_wire import VoiceSettings
from voicestream.errors import VoiceError

SENTENCE = "The quick brown fox jumps over the lazy dog near the river."


def test_a_sentence_becomes_audio_with_a_time_for_every_word(program: ChildProgram) -> None:
    async def run() -> None:
        async with ChildVoice(program) as voice:
            speech = await say(voice, SENTENCE)
        assert 2.5 < speech.seconds < 5
        assert float(np.abs(speech.samples).max()) > 0.1
        assert [SENTENCE[word.start : word.end] for word in speech.words] == SENTENCE.rstrip(".").split()
        times = [word.time for word in speech.words]
        assert times == sorted(times)
        assert times[-1] < speech.seconds

    asyncio.run(run())


def test_word_places_are_characters_in_any_script(program: ChildProgram) -> None:
    async def run(text: str, language: str) -> list[str]:
        async with ChildVoice(program) as voice:
            return [text[word.start : word.end] for word in (await say(voice, text, language)).words]

    assert asyncio.run(run("Äpfel kosten heute wenig.", "de")) == ["Äpfel", "kosten", "heute", "wenig"]
    assert asyncio.run(run("Привет, мой друг.", "ru")) == ["Привет", "мой", "друг"]


def test_word_times_go_on_over_a_long_text(program: ChildProgram) -> None:
    text = "word " * 300

    async def run() -> None:
        async with ChildVoice(program) as voice:
            speech = await say(voice, text)
        assert [text[word.start : word.end] for word in speech.words] == ["word"] * 300
        times = [word.time for word in speech.words]
        assert times == sorted(times)
        assert speech.seconds - times[-1] < 2

    asyncio.run(run())


@pytest.mark.parametrize("text", ["", " ", "...", "?!", "😀", "🎉🎉 ✨", "—", "\x00\x01", "\u202e", "\n\n"])
def test_a_text_without_letter_or_digit_is_silent(program: ChildProgram, text: str) -> None:
    async def run() -> None:
        async with ChildVoice(program) as voice:
            assert (await say(voice, text)).pieces == 0

    asyncio.run(run())


STRANGE = (
    "a" * 2_000,
    "word " * 600,
    "abc\x0150Sdef\x1b[31mghi\x00jkl\x07",
    "שלום עולם, مرحبا بالعالم",
    "\u202eabc\u202c def\u200b\u2066ghi",
    "e\u0301" * 50,
    "\ud800 lone surrogate",
    "Ünï©ødé ½ ² 漢字 かな 한국어 ไทย हिन्दी",
    "<speak><audio src='x'/>hello</speak> [[slnc 4000]] &amp; &#65;",
)


def test_ten_thousand_characters_without_a_stop_are_spoken(program: ChildProgram) -> None:
    async def run() -> None:
        async with ChildVoice(program) as voice:
            assert (await say(voice, "a" * 10_000)).seconds > 60

    asyncio.run(run())


def test_strange_text_is_spoken_and_the_next_sentence_too(program: ChildProgram) -> None:
    async def run() -> None:
        async with ChildVoice(program) as voice:
            usual = await say(voice, SENTENCE)
            for text in STRANGE:
                assert (await say(voice, text)).seconds > 0.1, text[:40]
                after = await say(voice, SENTENCE)
                assert abs(after.seconds - usual.seconds) < 0.1, text[:40]

    asyncio.run(run())


def test_markup_and_control_characters_are_spoken_and_never_obeyed(program: ChildProgram) -> None:
    async def seconds(voice: ChildVoice, text: str) -> float:
        return (await say(voice, text)).seconds

    async def run() -> None:
        async with ChildVoice(program) as voice:
            plain = await seconds(voice, "one two three four five")
            fast = await seconds(voice, "\x01450S one two three four five")  # espeak's command for 450 words a minute
            assert fast > plain
            assert await seconds(voice, '<prosody rate="x-fast">one two</prosody>') > await seconds(voice, "one two")
            assert await seconds(voice, "[[h@l'oU]]") > await seconds(voice, "hello")
            assert await seconds(voice, 'one <break time="20s"/> two') < 10

    asyncio.run(run())


def test_an_unknown_voice_is_an_error_that_names_the_nearest(program: ChildProgram) -> None:
    async def run(name: str) -> None:
        async with ChildVoice(program, VoiceSettings(voice=name)):
            pass

    with pytest.raises(VoiceError, match=r"Germn.*German"):
        asyncio.run(run("Germn"))
    with pytest.raises(VoiceError, match="no variant 'nobody'"):
        asyncio.run(run("en+nobody"))


def test_the_voice_follows_the_language_and_comes_back(program: ChildProgram) -> None:
    async def run() -> None:
        settings = VoiceSettings(voice="en-us", voices=(("nl", "German+f3"),))
        async with ChildVoice(program, settings) as voice:
            text = "Hier ist die Sonne"
            first = await say(voice, text)
            german = await say(voice, text, "de")
            mapped = await say(voice, text, "nl")
            assert abs(first.seconds - german.seconds) > 0.02
            assert len(german.samples) != len(mapped.samples) or not np.allclose(german.samples, mapped.samples)
            for language in ("", "en", "xx"):  # its own, its own, and one that no voice speaks
                assert abs((await say(voice, text, language)).seconds - first.seconds) < 0.02

    asyncio.run(run())


def test_rate_and_volume_are_obeyed(program: ChildProgram) -> None:
    async def run(settings: VoiceSettings) -> tuple[float, float]:
        async with ChildVoice(program, settings) as voice:
            speech = await say(voice, SENTENCE)
            return speech.seconds, float(np.abs(speech.samples).max())

    usual, loud = asyncio.run(run(VoiceSettings()))
    quick, quiet = asyncio.run(run(VoiceSettings(rate=350, volume=0.3)))
    assert quick < usual * 0.65
    assert quiet < loud * 0.5


def test_voices_are_listed(program: ChildProgram) -> None:
    async def run() -> None:
        async with ChildVoice(program) as voice:
            found = await voice.voices()
            assert any(one.name == "German" and one.language == "de" for one in found)
            assert (await say(voice, "Hello.")).seconds > 0.2

    asyncio.run(run())


def test_two_sentences_at_once_wait_for_each_other(program: ChildProgram) -> None:
    async def run() -> None:
        async with ChildVoice(program) as voice:
            long, short = await asyncio.gather(say(voice, SENTENCE), say(voice, "Yes."))
            assert long.seconds > 2.5
            assert short.seconds < 1.5

    asyncio.run(run())


def test_a_sentence_that_is_closed_early_leaves_nothing_to_the_next(program: ChildProgram) -> None:
    async def run() -> None:
        async with ChildVoice(program) as voice:
            usual = await say(voice, "Yes.")
            process = voice.process_id
            for _ in range(20):
                async with aclosing(voice.synthesize(SENTENCE * 20)) as pieces:
                    await anext(pieces)
                after = await say(voice, "Yes.")
                assert abs(after.seconds - usual.seconds) < 0.02
            assert voice.process_id == process  # stopped without being killed

    asyncio.run(run())


def test_a_reader_that_does_not_read_holds_the_voice_back(program: ChildProgram) -> None:
    async def run() -> None:
        async with ChildVoice(program) as voice, aclosing(voice.synthesize("word " * 2_000)) as pieces:
            await anext(pieces)
            child = voice._current
            assert child is not None
            await asyncio.sleep(0.3)
            assert child._buffered < 600_000  # of 24 MB

    asyncio.run(run())


def test_the_time_that_a_reader_takes_is_not_counted_against_the_voice(program: ChildProgram) -> None:
    async def run() -> None:
        patient = replace(program, sentence_limit=2.0, letter_limit=0.0)
        async with ChildVoice(patient) as voice, aclosing(voice.synthesize("word " * 100)) as pieces:
            await anext(pieces)
            await asyncio.sleep(2.1)
            assert [pcm async for pcm in pieces]

    asyncio.run(run())


def test_a_child_killed_while_idle_costs_nothing(program: ChildProgram) -> None:
    async def run() -> None:
        async with ChildVoice(program) as voice:
            usual = await say(voice, SENTENCE)
            for _ in range(3):
                assert voice.process_id is not None
                os.kill(voice.process_id, signal.SIGKILL)
                assert abs((await say(voice, SENTENCE)).seconds - usual.seconds) < 0.05

    asyncio.run(run())


def test_a_child_killed_in_a_sentence_costs_at_most_that_sentence(program: ChildProgram) -> None:
    chance = random.Random(6)

    async def run() -> None:
        lost = 0
        async with ChildVoice(program) as voice:
            usual = await say(voice, "Yes, indeed.")
            for _ in range(10):
                try:
                    async with aclosing(voice.synthesize(SENTENCE * 10)) as pieces:
                        for _ in range(chance.randrange(1, 4)):
                            await anext(pieces)
                        assert voice.process_id is not None
                        os.kill(voice.process_id, chance.choice([signal.SIGKILL, signal.SIGSEGV]))
                        async for _ in pieces:
                            pass
                except VoiceError as error:
                    assert error.code == "died"  # noqa: PT017 # either outcome is right
                    lost += 1
                assert abs((await say(voice, "Yes, indeed.")).seconds - usual.seconds) < 0.02
        assert lost > 5

    asyncio.run(run())


def test_a_child_that_dies_is_buried_without_a_word(program: ChildProgram, caplog: pytest.LogCaptureFixture) -> None:
    async def run() -> None:
        async with ChildVoice(program) as voice:
            for _ in range(5):
                assert voice.process_id is not None
                os.kill(voice.process_id, signal.SIGKILL)
                await say(voice, "Yes.")
                assert voice._current is not None
                os.kill(voice._current.process_id or 0, signal.SIGKILL)
                voice._current.kill()  # before asyncio has noticed
                await say(voice, "Yes.")

    asyncio.run(run())
    assert caplog.text == ""


def test_a_child_that_hangs_is_replaced_and_costs_one_sentence(program: ChildProgram) -> None:
    async def run() -> None:
        async with ChildVoice(replace(program, sentence_limit=0.4, letter_limit=0.0)) as voice:
            usual = await say(voice, "Yes.")
            assert voice.process_id is not None
            hung = voice.process_id
            os.kill(hung, signal.SIGSTOP)
            with pytest.raises(VoiceError) as caught:
                await say(voice, "Lost.")
            assert caught.value.code == "hung"
            assert abs((await say(voice, "Yes.")).seconds - usual.seconds) < 0.02
            assert voice.process_id != hung

    asyncio.run(run())


def test_of_many_sentences_none_is_lost_or_repeated(program: ChildProgram) -> None:
    async def run() -> None:
        async with ChildVoice(program) as voice:
            for number in range(100):
                text = "yes " * (number % 7 + 1)
                assert len((await say(voice, text)).words) == number % 7 + 1

    asyncio.run(run())


def test_cancelling_the_speaker_of_a_sentence_frees_the_voice(program: ChildProgram) -> None:
    async def run() -> None:
        async with ChildVoice(program) as voice:
            usual = await say(voice, "Yes.")
            for delay in (0.0, 0.001, 0.005, 0.01):
                task = asyncio.create_task(say(voice, SENTENCE * 20))
                await asyncio.sleep(delay)
                task.cancel()
                await asyncio.wait([task])
                assert abs((await say(voice, "Yes.")).seconds - usual.seconds) < 0.02

    asyncio.run(run())


def test_closing_leaves_no_process_and_no_task(program: ChildProgram) -> None:
    async def run() -> list[int]:
        async with ChildVoice(program) as voice:
            await say(voice, "Yes.")
            spare = voice._spare
            assert spare is not None
            children = [voice.process_id, (await spare).process_id]
        assert asyncio.all_tasks() == {asyncio.current_task()}
        return [child for child in children if child]

    for child in asyncio.run(run()):
        with pytest.raises(ProcessLookupError):
            os.kill(child, 0)


ORPHAN = """
import asyncio, os, signal, sys
from voicestream.backends.voice_process import ChildProgram, ChildVoice
async def main():
    async with ChildVoice(ChildProgram(sys.argv[1])) as voice:
        spare = await voice._spare
        if sys.argv[2] == "hung":
            os.kill(voice.process_id, signal.SIGSTOP)
        print(voice.process_id, spare.process_id, flush=True)
        os.kill(os.getpid(), signal.SIGKILL)
asyncio.run(main())
"""


@pytest.mark.skipif(sys.platform != "linux", reason="the kernel kills the children of the dead on Linux only")
@pytest.mark.parametrize("state", ["idle", "hung"])
def test_children_die_with_a_parent_that_was_killed(program: ChildProgram, state: str) -> None:
    command = [sys.executable, "-c", ORPHAN, program.module, state]
    parent = subprocess.run(command, stdout=subprocess.PIPE, text=True, check=False)
    assert parent.returncode == -signal.SIGKILL
    for child in map(int, parent.stdout.split()):
        try:
            handle = os.pidfd_open(child)
        except ProcessLookupError:
            continue
        try:
            assert select.select([handle], [], [], 5)[0], "a child outlived its parent"
        finally:
            os.close(handle)


def test_a_program_that_cannot_start_is_a_clear_error() -> None:
    async def run() -> None:
        async with ChildVoice(ChildProgram("voicestream.no_such_program")):
            pass

    with pytest.raises(VoiceError, match="ended at once"):
        asyncio.run(run())
