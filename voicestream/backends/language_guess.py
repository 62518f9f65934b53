"""Guesses the language of a sentence among those that have a voice, for `speaking.voices`; `py3langid` is an extra.

It tells single sentences of any language, where the splitter's tables (speaking/languages.py) know eleven and read on.
"""

from __future__ import annotations

from collections.abc import Iterable

from voicestream.errors import VoiceError

CERTAIN = 0.8
"""Probability from which a sentence is taken to be of another language than the one before: "In Berlin." (0.5) is not,
"Nein." (0.85) is."""


class LanguageGuess:
    """Names the language of each sentence; what is too short to tell is taken to be as the sentence before."""

    def __init__(self, languages: Iterable[str], usual: str) -> None:
        """Load the model (100 MB); raise VoiceError where the library is missing or does not know a language."""
        try:
            from py3langid.langid import MODEL_FILE, LanguageIdentifier  # type: ignore[import-untyped] # has no types
        except ImportError as error:
            raise VoiceError(
                "speaking.voices needs a library to tell languages apart: pip install py3langid", "missing"
            ) from error
        self._identifier = LanguageIdentifier.from_model_file(MODEL_FILE, norm_probs=True)
        wanted = sorted({usual, *languages})
        unknown = [language for language in wanted if language not in self._identifier.nb_classes]
        if unknown:
            raise VoiceError(
                f"speaking.voices: {unknown[0]!r} is no language, expected two letters such as de", "language"
            )
        self._identifier.set_languages(wanted)
        self._last = usual

    def __call__(self, spoken: str) -> str:
        """Return two letters."""
        language, probability = self._identifier.classify(spoken)
        if probability >= CERTAIN:
            self._last = str(language)
        return self._last
