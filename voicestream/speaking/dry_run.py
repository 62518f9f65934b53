"""What would be spoken of a text, sentence by sentence, without speaking it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping

from voicestream.speaking.sentences import SentenceSplitter
from voicestream.speaking.verbalise import verbalise
from voicestream.vocabulary import Sentence


def dry_run(
    pieces: Iterable[str],
    splitter: SentenceSplitter | None = None,
    language: str = "",
    pronunciations: Mapping[str, str] | None = None,
) -> Iterator[dict[str, str | int]]:
    """Yield one record a sentence as the pieces of a text arrive.

    `index`; `text` as written; `spoken`; `voiced`, as the voice gets it; `at`, the characters read until its release.
    """
    splitter = splitter or SentenceSplitter(language)
    read = 0
    for piece in pieces:
        for character in piece:  # one by one, so that `at` is where the sentence became certain
            read += 1
            for sentence in splitter.add(character):
                yield _record(sentence, language, pronunciations or {}, read)
    for sentence in splitter.finish():
        yield _record(sentence, language, pronunciations or {}, read)


def _record(sentence: Sentence, language: str, pronunciations: Mapping[str, str], at: int) -> dict[str, str | int]:
    return {
        "index": sentence.index,
        "text": sentence.text,
        "spoken": sentence.spoken,
        "voiced": verbalise(sentence.spoken, language, pronunciations).text,
        "at": at,
    }
