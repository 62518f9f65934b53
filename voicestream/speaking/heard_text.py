"""Tells how much of an answer was heard, as the model wrote it and to the word."""

from __future__ import annotations

from collections.abc import Sequence

from voicestream.vocabulary import Played, Sentence, WordTime

_SHARE = 0.5
"""Share of a word's time that must have sounded for it to count as heard, unless asked otherwise."""

_SIGNS = ".,;:!?…)»”’\"'"
"""Signs that belong to the word before them, and have no time of their own."""

_LAST_WORD, _LETTER = 0.21, 0.043
"""Seconds that the last word of a sentence takes, and those for each letter of it; fitted to 14 sentences of espeak."""


def heard_text(sentences: Sequence[Sentence], played: Sequence[Played], share: float = _SHARE) -> str:
    """Return the written text of all that was heard; "" where nothing was.

    A word counts from `share` of its time on: 1 leaves out the word that sounds just now.

    Word times are used where the voice gave them, otherwise the sentence's share of samples. Sentences that say
    nothing (markup alone) count as heard when one after them was.
    """
    heard_to = 0
    for part in played:
        heard_to = max(heard_to, _heard_to(part, share))
    if not heard_to:
        return ""
    return "".join(sentence.text for sentence in sentences)[:heard_to].rstrip()


def _heard_to(part: Played, share: float) -> int:
    """Return the index into the answer up to which this sentence was heard, 0 where nothing of it was."""
    sentence = part.sentence
    if part.seconds <= 0 or not sentence.words:
        return 0
    if part.is_whole:
        return sentence.start + len(sentence.text)
    spoken_to = _spoken_to(part, share)
    words = [word for word in sentence.words if word.spoken_end <= spoken_to]
    return words[-1].written_end if words else 0


def _spoken_to(part: Played, share: float) -> int:
    """Return the index into the spoken text up to which it was heard."""
    if not part.words:
        played = part.seconds / part.total if part.total > 0 else 0.0
        return int(len(part.sentence.spoken) * min(1.0, played))
    heard = 0
    words = [word for word, before in zip(part.words, (None, *part.words), strict=False) if not _is_same(word, before)]
    for place, word in enumerate(words):
        is_last = place + 1 == len(words)
        # the last word ends before the pause that follows its sentence
        length = _LAST_WORD + _LETTER * (word.end - word.start)
        until = min(part.total, part.words[-1].time + length) if is_last else words[place + 1].time
        if word.time + share * max(0.0, until - word.time) <= part.seconds:
            heard = word.end
    rest = part.sentence.spoken[heard:]
    return heard + len(rest) - len(rest.lstrip(_SIGNS)) if heard else 0


def _is_same(word: WordTime, before: WordTime | None) -> bool:
    """Tell whether a word goes on with the one before it: "$4.50" is said in five words, and heard as one."""
    return before is not None and (word.start, word.end) == (before.start, before.end)
