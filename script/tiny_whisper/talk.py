"""What the tiny Whisper learns beside commands: the lines of the bench, everyday sentences, and words without a sense.

All texts are as a recognizer writes them; what breaks off has no full stop.
"""

from __future__ import annotations

import random
import re

from tiny_whisper.common_words import COMMON, NAMES, NOUNS, PAST, QUALITIES, VERBS
from tiny_whisper.sentences import (
    DEVICES,
    FIXED,
    FOODS,
    ONES,
    ROOMS,
    TENS,
    held_out_sentences,
    sample_sentence,
    written,
)
from voicestream.bench.conversation_script import HALVES, INTERRUPTIONS, LISTENING, QUESTIONS, STORY
from voicestream.bench.spoken_clips import LONG_PHRASES, OTHER_PHRASES, PHRASES

_ALONE = """
Stop. Wait. Yes. No. Um Uh Hmm. Oh. Really? Cancel. Enough. Quiet. Louder. Hello. Sure. Please. Thanks.
"""
SHORT = [
    *LISTENING,
    *LISTENING,
    *(each.strip() for each in INTERRUPTIONS if len(each.split()) < 3),
    *_ALONE.split(),
    *("Stop it.", "Stop talking.", "Stop, please.", "Wait a minute.", "Wait a second.", "Hold on.", "Hang on."),
    *("Never mind.", "Be quiet.", "That's enough.", "Forget it.", "Shut up.", "No, stop.", "Okay, stop.", "No, wait."),
    *("All right.", "Of course.", "Go on.", "Oh, I see.", "Yeah, okay.", "Got it.", "I know.", "Thank you."),
    *("Yes, please.", "No, thank you.", "Good morning.", "Cancel that.", "Okay, thanks.", "That's right."),
]
"""What is said in a word or two: listening sounds, wishes for silence, replies."""

ASKED = (
    """
how tall is the moon|how far is the moon|how tall is the tower|how old are you|where do you live|what do you think
why is the sky blue|when does the train leave|who was the first king of England|what does it cost|how does it work
which one is better|do you like music|are you still there|did you hear me|could you say that again
what is the weather today|what can you do|what time is it in London|how many days are in a year|how deep is the ocean
""".strip()
    .replace("\n", "|")
    .split("|")
)

LINES = [
    *QUESTIONS,
    *INTERRUPTIONS,
    *(f"{first} {second}" for first, second in HALVES),
    *re.findall(r"[^.]+\.", STORY.strip()),
    *map(written, (*PHRASES, *LONG_PHRASES, *OTHER_PHRASES, *ASKED)),
]
LINES = [line.strip() for line in LINES]


def capitalized(text: str) -> str:
    """Return a text with a capital letter."""
    return text[0].upper() + text[1:]


FIRST_HALVES = [first for first, _ in HALVES]
SECOND_HALVES = [capitalized(second) for _, second in HALVES]
WORDS = sorted(
    {*COMMON, *ONES, *filter(None, TENS)}
    | {word.strip(".,?") for line in (*LINES, *SHORT) for word in line.split() if word[0].islower()}
    | {word for text in (*FIXED, *ROOMS, *DEVICES, *FOODS) for word in text.split()}
)

OWNERS = ["the", "the", "the", "a", "my", "your", "his", "her", "this", "that", "our", "no", "every", "some"]
PERSONS = ["I", "you", "he", "she", "we", "they", "it", "nobody", "somebody", "everybody"]
PLACES = ["in", "on", "under", "behind", "near", "from", "with", "without", "before", "after", "to", "by", "over"]
TIMES = ["today", "tomorrow", "tonight", "now", "again", "yesterday"]


def sample_text(chance: random.Random) -> str:
    """Return something to be said: a line of the bench, a command, an everyday sentence, or words without a sense."""
    kinds = [_line, _short, _command, everyday, word_string, _mixture]
    return chance.choices(kinds, [26, 14, 18, 14, 17, 11])[0](chance)


def broken_off(text: str, chance: random.Random) -> str:
    """Return a beginning of the text, without a sign at its end."""
    words = text.split()
    return " ".join(words[: chance.randint(1, len(words) - 1)]).rstrip(".,?") if len(words) > 1 else text


def _line(chance: random.Random) -> str:
    part = chance.random()
    if part < 0.2:
        return chance.choice(FIRST_HALVES)
    return chance.choice(SECOND_HALVES if part < 0.35 else LINES)


def _short(chance: random.Random) -> str:
    return chance.choice(SHORT)


def _command(chance: random.Random) -> str:
    while True:
        sentence = chance.choice(FIXED) if chance.random() < 0.4 else sample_sentence(chance)
        if sentence not in _HELD_OUT:
            return written(sentence)


_HELD_OUT = frozenset(held_out_sentences())


def everyday(chance: random.Random) -> str:
    """Return a sentence of common words that is built like one, whether it makes sense or not."""

    def noun() -> str:
        quality = f"{chance.choice(QUALITIES)} " if chance.random() < 0.35 else ""
        return quality + chance.choice(NOUNS)

    def thing() -> str:
        owner = chance.choice(OWNERS)
        return f"{owner} {noun()}"

    who = chance.choice([*PERSONS, thing(), chance.choice(NAMES)])
    place = f"{chance.choice(PLACES)} {thing()}"
    verb, past, quality = chance.choice(VERBS), chance.choice(PAST), chance.choice(QUALITIES)
    day = chance.choice([*TIMES, f"on {chance.choice(NAMES)}"])
    forms = [
        f"{who} {past} {thing()}",
        f"{who} {past} {place}",
        f"{who} {past} {thing()} {place}",
        f"{thing()} is {quality}",
        f"{thing()} was {quality} {day}",
        f"I {verb} {thing()} {place}",
        f"please {verb} {thing()}",
        f"{verb} {thing()} {place} please",
        f"{verb} it {day}",
        f"I would like to {verb} {thing()}",
        f"we should {verb} {thing()} {day}",
        f"I think {who} will {verb} {thing()}",
        f"don't {verb} {thing()}",
        f"there is {thing()} {place}",
        f"can you {verb} {thing()}",
        f"could you {verb} it {place}",
        f"how {quality} is {thing()}",
        f"what is the {noun()} of {thing()}",
        f"where is {thing()}",
        f"who {past} {thing()}",
        f"why did {who} {verb} {thing()}",
        f"when will {who} {verb} {place}",
        f"what did {who} {verb} {day}",
        f"do you {verb} {thing()}",
        f"tell me about {thing()}",
        f"if {who} {past} then {verb} {thing()}",
        f"{chance.choice(NAMES)} and {chance.choice(NAMES)} {past} {thing()}",
    ]
    return written(chance.choice(forms))


def word_string(chance: random.Random) -> str:
    """Return words without a sense and without a sign at the end."""
    count = chance.choices(range(1, 8), [2, 3, 4, 4, 3, 2, 1])[0]
    return capitalized(" ".join(chance.choice(WORDS) for _ in range(count)))


def _mixture(chance: random.Random) -> str:
    """Return the beginning of one text and the end of another, and a strange word in between."""
    first, second = (chance.choice((_line, _command, everyday))(chance) for _ in range(2))
    begin = first.split()[: chance.randint(1, 4)]
    end = second.split()[-chance.randint(1, 4) :]
    between = [chance.choice(WORDS)] if chance.random() < 0.5 else []
    text = " ".join(word.rstrip(".,?") for word in (*begin, *between, *end))
    return text + ("?" if second.endswith("?") and first.endswith("?") else ".")
