"""Scores a splitter against answers whose true sentences and spoken texts are known.

An answer is a JSON object: `id`, `lang`, `text`, `segs`; the segments' `raw` join to the text, `say` lists the spoken
forms that count as right (␟: any one of `, ; : .` or nothing), and `flags` tell what is not judged: `o` the boundary
behind it is optional, `x` it is not said, `h` `i` `t` heading, item, table row (a full stop behind it is right too).
"""

from __future__ import annotations

import random
import re
import time
import unicodedata
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from itertools import pairwise
from typing import TypedDict

from voicestream.speaking.sentences import SentenceSplitter
from voicestream.vocabulary import Sentence

MakeSplitter = Callable[[str], SentenceSplitter]

_TOKEN = re.compile(r"\s?[^\W\d_]{1,5}|\s?\d{1,3}|\s?[^\w\s]{1,2}|\s?_+|\s+")


class Segment(TypedDict, total=False):
    """A sentence of an answer."""

    raw: str
    say: list[str]
    flags: str


class Answer(TypedDict):
    """An answer and its true sentences."""

    id: str
    lang: str
    text: str
    segs: list[Segment]


@dataclass(slots=True)
class Scores:
    """Figures over some answers."""

    answers: int = 0
    hits: int = 0
    missed: int = 0
    wrong: int = 0
    clauses: int = 0
    """Splits at a clause, which are asked for and no error."""
    spoken: int = 0
    """Answers whose spoken text is right."""
    same: int = 0
    """Answers that any cutting of the text splits alike."""
    lossless: int = 0
    soundless: int = 0
    """Sentences that are said without a letter or digit."""
    exact: int = 0
    """Answers without a missed or wrong boundary."""
    delays: list[int] = field(default_factory=list)
    """Tokens from a sentence's last character to its release."""
    behind: list[int] = field(default_factory=list)
    """Tokens by which the first sentence comes later than for an oracle that sees one character ahead."""
    cpu: float = 0.0
    """Seconds."""
    characters: int = 0
    failed: list[str] = field(default_factory=list)
    """Answers that are not as they should be."""

    @property
    def f1(self) -> float:
        """Harmonic mean of precision and recall of the boundaries."""
        return 2 * self.hits / max(1, 2 * self.hits + self.wrong + self.missed)


def score_answers(answers: Sequence[Answer], make_splitter: MakeSplitter) -> Scores:
    """Return the figures of a splitter over some answers."""
    scores = Scores()
    for answer in answers:
        _score_answer(answer, make_splitter, scores)
    return scores


def cut_tokens(text: str, seed: int = 0) -> list[str]:
    """Return the text in pieces such as a model sends: words whole or halved, signs glued now and then."""
    chance = random.Random(f"{seed}|{text}")
    tokens: list[str] = []
    for match in _TOKEN.finditer(text):
        if tokens and chance.random() < 0.15:
            tokens[-1] += match.group()
        else:
            tokens.append(match.group())
    return tokens


def _score_answer(answer: Answer, make_splitter: MakeSplitter, scores: Scores) -> None:
    text = answer["text"]
    tokens = cut_tokens(text)
    begun = time.process_time()
    sentences, released = _split(tokens, make_splitter(answer["lang"]))
    scores.cpu += time.process_time() - begun
    scores.characters += len(text)
    scores.answers += 1
    scores.lossless += "".join(sentence.text for sentence in sentences) == text
    scores.same += all(
        _split(cut, make_splitter(answer["lang"]))[0] == sentences
        for cut in (list(text), [text], re.findall(r"\S+\s*|\s+", text))
    )
    is_said = _is_spoken_right(answer, sentences)
    scores.spoken += is_said
    scores.soundless += sum(bool(one.spoken) and not any(map(str.isalnum, one.spoken)) for one in sentences)
    errors = scores.wrong + scores.missed
    _score_boundaries(answer, sentences, released, tokens, scores)
    is_exact = scores.wrong + scores.missed == errors
    scores.exact += is_exact
    if not is_exact or not is_said:
        scores.failed.append(answer["id"])


def _split(tokens: Sequence[str], splitter: SentenceSplitter) -> tuple[list[Sentence], list[int]]:
    """Return the sentences, and how many tokens had been read when each was released."""
    sentences: list[Sentence] = []
    released: list[int] = []
    for count, token in enumerate(tokens, 1):
        sentences += splitter.add(token)
        released += [count] * (len(sentences) - len(released))
    sentences += splitter.finish()
    return sentences, released + [len(tokens)] * (len(sentences) - len(released))


@dataclass(frozen=True, slots=True)
class _Boundary:
    """A true boundary: between these two counts of letters; its sentence ends before the character `end`."""

    first: int
    last: int
    end: int


def _score_boundaries(
    answer: Answer, sentences: Sequence[Sentence], released: Sequence[int], tokens: Sequence[str], scores: Scores
) -> None:
    text = answer["text"]
    hard, soft = _true_boundaries(answer)
    arrived = _arrivals(tokens)
    said = [(sentence, count) for sentence, count in zip(sentences, released, strict=True) if sentence.words]
    hit: set[int] = set()
    for (sentence, count), (following, _) in pairwise(said):
        first = _letters(text[: sentence.words[-1].written_end])
        last = _letters(text[: following.words[0].written_start])
        found = [n for n, true in enumerate(hard) if n not in hit and first <= true.last and last >= true.first]
        if found:
            hit.add(found[0])
            scores.delays.append(count - arrived[hard[found[0]].end - 1])
        elif not any(first <= true.last and last >= true.first for true in soft):
            scores.clauses += not sentence.ends_sentence
            scores.wrong += sentence.ends_sentence
    scores.hits += len(hit)
    scores.missed += len(hard) - len(hit)
    if said:
        scores.behind.append(said[0][1] - _oracle(text, hard, arrived))


def _true_boundaries(answer: Answer) -> tuple[list[_Boundary], list[_Boundary]]:
    """Return the boundaries that must be found, and those that are not judged."""
    hard, soft = [], []
    segments, total, letters, end = answer["segs"], _letters(answer["text"]), 0, 0
    for place, segment in enumerate(segments):
        begin, letters = letters, letters + _letters(segment["raw"])
        end += len(segment["raw"])
        rest = [segment.get("flags", "") for segment in segments[place + 1 :]]
        last = letters
        for following in segments[place + 1 :]:
            if "x" not in following.get("flags", ""):
                break
            last += _letters(following["raw"])
        if "x" in segment.get("flags", ""):
            soft.append(_Boundary(begin, letters, end))
        elif "o" in segment.get("flags", "") or all("x" in flags for flags in rest):
            soft.append(_Boundary(letters, last, end))
        elif 0 < letters < total:
            hard.append(_Boundary(letters, last, end - len(segment["raw"]) + len(segment["raw"].rstrip())))
    return hard, soft


def _arrivals(tokens: Sequence[str]) -> list[int]:
    """Return for each character how many tokens bring it."""
    return [count for count, token in enumerate(tokens, 1) for _ in token]


def _oracle(text: str, hard: Sequence[_Boundary], arrived: Sequence[int]) -> int:
    """Return the tokens that one needs who knows the boundaries: up to the next character that is no blank."""
    if not hard:
        return arrived[-1]
    at = hard[0].end
    while at < len(text) - 1 and text[at] in " \t":
        at += 1
    return arrived[min(at, len(text) - 1)]


def _letters(text: str) -> int:
    return sum(map(str.isalnum, text))


def _is_spoken_right(answer: Answer, sentences: Sequence[Sentence]) -> bool:
    """Say whether what is said is one of the right forms, but for blanks and the shape of quotation marks."""
    pattern = ""
    for segment in answer["segs"]:
        forms = ["[,;:.]?".join(re.escape(_plain(part)) for part in form.split("␟")) for form in segment["say"]]
        tail = "[.,:;]?" if set(segment.get("flags", "")) & set("hit") else ""
        pattern += f"(?:{'|'.join(sorted(forms, key=len, reverse=True))}){tail}"
    return re.fullmatch(pattern, _plain(" ".join(sentence.spoken for sentence in sentences))) is not None


def _plain(text: str) -> str:
    text = unicodedata.normalize("NFKC", text)
    return re.sub(r"\s", "", text.translate(str.maketrans("‘’“”„–—‑‐", '\'\'"""----')))
