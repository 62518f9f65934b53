"""Finds a voice by what a person calls it, or by a language. It knows no engine."""

from __future__ import annotations

import difflib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from voicestream.errors import VoiceError

_ALSO = {"zh": "cmn", "no": "nb"}
"""Languages for which espeak has a name of its own."""


@dataclass(frozen=True, slots=True)
class VoiceDescription:
    """A voice that an engine has."""

    id: str
    """What stands in `speaking.voice`."""
    name: str
    language: str = ""
    """As the engine writes it, such as "en-us"."""


def find_voice(wanted: str, voices: Sequence[VoiceDescription]) -> VoiceDescription:
    """Return the voice whose id, name or language is `wanted`, in any case; raise VoiceError with the nearest ones."""
    sought = _plain(wanted)
    for names in (_id, _name, _language):
        for voice in voices:
            if _plain(names(voice)) == sought:
                return voice
    if same := voice_of_language(wanted, voices):
        return same
    near = _nearest(sought, {text: _plain(text) for voice in voices for text in (voice.language, voice.id, voice.name)})
    hint = f"the nearest are {', '.join(near)}" if near else "nothing is like it"
    raise VoiceError(f"there is no voice {wanted!r}; {hint}; `voicestream voices` lists all", "unknown_voice")


def _nearest(sought: str, names: Mapping[str, str]) -> list[str]:
    """Return up to three names that are like what was sought, or that have a word which is: "English (America)"."""

    def likeness(name: str) -> float:
        parts = (names[name], *names[name].replace("(", " ").replace(")", " ").split())
        return max(difflib.SequenceMatcher(None, sought, part).ratio() for part in parts)

    scored = sorted(((likeness(name), -len(name), name) for name in names if name), reverse=True)
    return [name for score, _, name in scored[:3] if score >= 0.5]


def find_espeak_voice(wanted: str, voices: Sequence[VoiceDescription]) -> VoiceDescription:
    """Return espeak's voice `wanted`, which may end with a variant such as "+f3"; raise VoiceError."""
    name, plus, variant = wanted.partition("+")
    voice = find_voice(name, voices)
    return replace(voice, id=voice.id + plus + variant.strip())


def voice_of_language(language: str, voices: Sequence[VoiceDescription]) -> VoiceDescription | None:
    """Return the voice that speaks `language` most plainly ("de" finds "de" before "de-AT"), or None."""
    sought = _plain(language)
    names = {sought, _ALSO.get(sought, sought)}
    same = [voice for voice in voices if names & {_plain(voice.language), _plain(voice.language).split("-")[0]}]

    def strangeness(voice: VoiceDescription) -> tuple[bool, bool, int]:
        return (
            _plain(voice.language) != sought,
            _plain(voice.id).split("/")[-1] != sought,  # espeak's "gmw/en" stands among "gmw/en-029" and others
            len(voice.language),
        )

    return min(same, key=strangeness, default=None) if sought else None


def voice_for(
    language: str, default: VoiceDescription, chosen: Mapping[str, VoiceDescription], voices: Sequence[VoiceDescription]
) -> VoiceDescription:
    """Return the voice chosen for `language`, else the default if it speaks it, else one that does, else it."""
    if language in chosen:
        return chosen[language]
    if not language or _plain(default.language).split("-")[0] in (language, _ALSO.get(language)):
        return default
    return voice_of_language(language, voices) or default


def _plain(name: str) -> str:
    return name.strip().casefold().replace("_", "-")


def _id(voice: VoiceDescription) -> str:
    return voice.id


def _name(voice: VoiceDescription) -> str:
    return voice.name


def _language(voice: VoiceDescription) -> str:
    return voice.language
