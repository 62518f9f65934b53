"""What would be spoken of a text, sentence by sentence, without speaking it."""

from __future__ import annotations

import json
import sys
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


def print_sentences(source: Iterable[str], as_json: bool) -> int:
    """Print what would be spoken of a text as it arrives: a sentence a line, or with `as_json` an object a line."""
    for record in dry_run(_as_it_arrives(source)):
        if as_json or record["spoken"]:
            line = json.dumps(record, ensure_ascii=False) if as_json else str(record["spoken"])
            sys.stdout.write(line + "\n")
            sys.stdout.flush()
    return 0


def _as_it_arrives(source: Iterable[str]) -> Iterator[str]:
    """Yield a stream's text as soon as it is there, and not only line by line; other sources as they are."""
    buffer = getattr(source, "buffer", None)
    if buffer is None:
        yield from source
        return
    import codecs

    decoder = codecs.getincrementaldecoder("utf-8")(errors="replace")
    while data := buffer.read1(65_536):
        yield decoder.decode(data)
    yield decoder.decode(b"", True)
