"""Laws of finding voices, of making text harmless, and of the line to a voice's process."""

from __future__ import annotations

import random

import pytest

from voicestream.backends.voice_wire import (
    Audio,
    FrameDecoder,
    Kind,
    SpokenWord,
    VoiceFrame,
    VoiceSettings,
    decode_audio,
    encode,
    encode_audio,
)
from voicestream.errors import VoiceError
from voicestream.speaking.plain_text import cut_long, is_speakable, plain_text, without_markup
from voicestream.speaking.voice_names import (
    VoiceDescription,
    find_espeak_voice,
    find_voice,
    voice_for,
    voice_of_language,
)

VOICES = [
    VoiceDescription("gmw/en-029", "English (Caribbean)", "en-029"),
    VoiceDescription("gmw/en", "English (Great Britain)", "en-gb"),
    VoiceDescription("gmw/en-US", "English (America)", "en-us"),
    VoiceDescription("gmw/de", "German", "de"),
    VoiceDescription("sit/cmn", "Chinese (Mandarin)", "cmn"),
]


@pytest.mark.parametrize("wanted", ["gmw/de", "GERMAN", " german ", "de", "DE"])
def test_a_voice_is_found_by_id_name_and_language(wanted: str) -> None:
    assert find_voice(wanted, VOICES).id == "gmw/de"


def test_a_language_finds_its_plainest_voice() -> None:
    found = {language: voice_of_language(language, VOICES) for language in ("en", "en_US", "zh", "xx", "")}
    assert {language: voice and voice.id for language, voice in found.items()} == {
        "en": "gmw/en",
        "en_US": "gmw/en-US",
        "zh": "sit/cmn",
        "xx": None,
        "": None,
    }


def test_the_default_voice_speaks_its_own_language_and_what_nobody_else_does() -> None:
    american = VOICES[2]
    assert voice_for("en", american, {}, VOICES) is american
    assert voice_for("", american, {}, VOICES) is american
    assert voice_for("xx", american, {}, VOICES) is american
    assert voice_for("de", american, {}, VOICES).id == "gmw/de"
    assert voice_for("de", american, {"de": VOICES[0]}, VOICES) is VOICES[0]


def test_an_unknown_name_lists_the_nearest() -> None:
    with pytest.raises(VoiceError, match=r"no voice 'Grman'; the nearest are German"):
        find_voice("Grman", VOICES)
    with pytest.raises(VoiceError, match=r"the nearest are English \("):
        find_voice("Englihs", VOICES)
    with pytest.raises(VoiceError, match="nothing is like it"):
        find_voice("qqqqq", VOICES)
    with pytest.raises(VoiceError):
        find_voice("anything", [])
    assert find_espeak_voice("en-us+f3", VOICES).id == "gmw/en-US+f3"


def test_harmless_text_keeps_every_place() -> None:
    chance = random.Random(1)
    letters = [chr(code) for code in (*range(0x2100), 0xD800, 0x1F600)]
    for _ in range(300):
        text = "".join(chance.choices(letters, k=80))
        plain = plain_text(text)
        assert len(plain) == len(text) == len(without_markup(plain))
        assert all(a == b for a, b in zip(text, plain, strict=True) if a.isalnum())
        assert not any(ord(letter) < 32 for letter in plain)
        assert not set("[]<>") & set(without_markup(plain))


def test_a_long_text_is_cut_without_losing_a_letter() -> None:
    chance = random.Random(2)
    for _ in range(200):
        text = "".join(chance.choice("abcdefgh   .,。\n") for _ in range(chance.randrange(0, 900)))
        pieces = cut_long(text, 100)
        assert all(text[place : place + len(piece)] == piece and 0 < len(piece) <= 100 for place, piece in pieces)
        assert (
            "".join(piece for _, piece in pieces) == text or not text[sum(len(piece) for _, piece in pieces) :].strip()
        )
    assert [piece for _, piece in cut_long("One two. Three four", 12)] == ["One two.", " Three four"]


def test_speakable_means_a_letter_or_digit() -> None:
    assert [text for text in ("a", "7", "é", "字", "क", "½", "A+") if not is_speakable(text)] == []
    assert [text for text in ("", " ", "…", "😀", "€", "—", "\u202e", "***") if is_speakable(text)] == []


def test_frames_come_through_however_they_are_cut() -> None:
    chance = random.Random(4)
    audio = Audio(bytes(range(200)), 22_050, (SpokenWord(0, 5, 0.25), SpokenWord(6, 7, 1.5)))
    frames = [VoiceFrame(Kind.READY), VoiceFrame(Kind.AUDIO, 7, encode_audio(audio)), VoiceFrame(Kind.END, 2**32 - 1)]
    data = b"".join(map(encode, frames))
    for _ in range(100):
        decoder, found, start = FrameDecoder(), [], 0
        while start < len(data):
            size = chance.randrange(1, 40)
            found += decoder.add(data[start : start + size])
            start += size
        assert found == frames
    assert decode_audio(frames[1].payload) == audio


def test_what_is_no_frame_is_an_error() -> None:
    for data in (b"\xff" * 9, b"Audio saved to file\n"):
        with pytest.raises(VoiceError, match="no frame"):
            FrameDecoder().add(data)


def test_settings_come_through_a_command_line() -> None:
    settings = VoiceSettings(voice="ä b", voices=(("de", "German"),), folders=("/a", "/b c"), volume=0.3)
    assert VoiceSettings.from_json(settings.as_json()) == settings
