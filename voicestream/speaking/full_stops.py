"""Decides whether a stop ends a sentence. Knows the text around the stop and a language's table; keeps no state.

Every decision is a function of the characters read, so any cutting of a stream gives the same sentences: a function
that has not seen enough says WAIT, and never guesses."""

from __future__ import annotations

import re
from dataclasses import dataclass

from voicestream.speaking.languages import Language

WAIT = -1
"""More text is needed."""
NO = 0
"""The stop does not end a sentence."""
_YES = 1

STOPS = ".!?…‥。！？｡．।॥؟۔።፧၊။՞։"
_WIDE = "。！？｡।॥۔።፧။"
"""Stops that need no blank behind them."""
_CLOSERS = "\"'”’»›)]}」』）】〉》"
"""Marks that belong to what is before them when they stand at a stop."""
_REVERSED = {"“": "„", "‘": "‚", "«": "»"}
"""Opening marks with which German closes, and what it opens with."""
_RUN = re.compile(rf"(?:[{STOPS}]+[{re.escape(_CLOSERS)}]*)+")
_CLOSING = re.compile(rf"[{re.escape(_CLOSERS)}]*")
_SPACES = re.compile(r" *")
_OPENERS = "\"'“‘„‚«‹»›([{¿¡「『（【〈《*–—-•"
_WORD_BEFORE = re.compile(r"[^\s(\[{\"“„«‘—–/…,;:]+$")
_AMOUNT_BEFORE = re.compile(r"\d{1,3}(?:,\d{3})+$")
_NEXT_WORD = re.compile(r"[^\W\d_](?:[^\W_]|['’.-](?=\w))*")
_LONGEST_WORD = 24
"""Characters of a next word that are waited for."""
_ROMAN = re.compile(r"[IVXLC]{2,}$")
_DOTTED = re.compile(r"[^\W\d_]{1,2}(?:\.[^\W\d_]{1,2})+$")
_CONSONANTS = re.compile(r"[bcdfghjklmnpqrstvwxz]{2,5}$")
_ARMENIAN = re.compile("[\u0531-\u0587]")
_GREEK = re.compile("[\u0370-\u03ff\u1f00-\u1fff]")
_PARTICLES = ("と", "は", "が", "を", "に", "で", "も", "の", "っ", "な", "へ", "や", "、")
"""What goes on after a Japanese quotation."""
_SAID = re.compile(r"[他她它我你]们?(?:又|就)?(?:说|問|问|道|喊|笑|答)")
_EXCLAMATIONS = frozenset({"yahoo", "jeopardy", "wham", "joomla"})
"""Names that carry an exclamation mark."""
_ENDINGS = frozenset({"net", "com", "org", "js", "ts", "py", "md", "txt", "io", "ai", "dev", "app", "exe"})
"""What follows a dot in names, and is no sentence: Node.Js."""
_OPENING_TIME = re.compile(
    r"\W*(?:at|by|around|about|until|from|on|since|before|after|um|gegen|ab|a las?|à|vers|as|às)\s", re.I
)


@dataclass(frozen=True, slots=True)
class _Stop:
    """A stop and the text around it."""

    text: str
    at: int
    """Index of the stop's first character."""
    end: int
    """Index behind it and the closing marks that belong to it."""
    after: int
    """Index of the next character that is no blank."""
    word: str
    """What stands before it."""
    letter: str
    """The first character of what follows, behind opening marks."""
    following: str | None
    """The whole word that follows; None where it may go on, "" where it is no word."""
    language: Language

    @property
    def run(self) -> str:
        return self.text[self.at : self.end]


def stop_ends_sentence(text: str, at: int, language: Language, is_all: bool) -> tuple[int, int]:
    """Decide about the stop at `text[at]` of the sentence that begins the text.

    Returns the verdict (WAIT, NO, or the index behind the sentence's last character) and the index from which to look
    for the next stop. `is_all`: no more text follows.
    """
    end = _end_of_run(text, at)
    after = _behind(_SPACES, text, end)
    if after == len(text):
        return (end, end) if is_all else (WAIT, at)
    if after == end:
        verdict = _decide_without_blank(text, at, end, language, is_all)
    else:
        verdict = _decide_with_blank(text, at, end, after, language, is_all)
    if verdict == WAIT:
        return WAIT, at
    return (end, end) if verdict == _YES else (NO, end)


def is_stop(text: str, at: int) -> bool:
    """Say whether the mark `text[at]` is a stop: colons are one in Armenian, semicolons in Greek."""
    mark = text[at]
    if mark not in ":;":
        return mark in STOPS
    script = _ARMENIAN if mark == ":" else _GREEK
    return at > 0 and script.match(text[at - 1]) is not None


def is_surely_complete(text: str, language: Language, *, is_late: bool = False) -> bool:
    """Say whether a text that has stalled looks like a whole sentence.

    `is_late`: it has stalled for so long that an abbreviation or a number may end it too.
    """
    bare = text.rstrip()
    at = len(bare)
    while at and bare[at - 1] in STOPS + _CLOSERS:
        at -= 1
    if not any(character in STOPS for character in bare[at:]):
        return False
    if bare[at:] != "." or is_late:
        return True
    word = _word_before(bare, at)
    known = language.titles | language.never | language.before_number | language.may_end
    return len(word) > 1 and word.lower() not in known and not word.isdigit() and "." not in word


# -------------------------------------------------------------------------------------------- without and with blank


def _end_of_run(text: str, at: int) -> int:
    """Return the index behind stops, closing marks and spaced dots (`. . .`)."""
    end = _behind(_RUN, text, at)
    end = end if end > at else _behind(_CLOSING, text, at + 1)
    while True:
        mark = text[end : end + 1]
        if text[end : end + 2] == " ." and text[end + 2 : end + 3] in ("", " ", '"', "”", "’", "'", ")"):
            end = _behind(_CLOSING, text, end + 2)
        elif mark in _REVERSED and text.count(_REVERSED[mark], 0, end) > text.count(mark, 0, end):
            end = _behind(_RUN, text, _behind(_CLOSING, text, end + 1))
        elif text[end : end + 2] == " »" and text.count("«", 0, end) > text.count("»", 0, end):  # French
            end += 2
        else:
            return end


def _decide_without_blank(text: str, at: int, end: int, language: Language, is_all: bool) -> int:
    """Decide where the next character follows at once."""
    stop = next((character for character in reversed(text[at:end]) if character in STOPS), "")
    following = text[end]
    if stop and stop in _WIDE:
        if text[end - 1] == stop:
            return _YES
        if following in "他她它我你" and not is_all and len(text) - end < 4:
            return WAIT
        return NO if following.startswith(_PARTICLES) or _SAID.match(text, end) else _YES
    if text[at:end] not in (".", "!", "?") or not following.isupper():
        return NO
    return _decide_glued(text, at, end, language, is_all)


def _decide_glued(text: str, at: int, end: int, language: Language, is_all: bool) -> int:
    """Decide about `world.Today`, where a blank was forgotten."""
    before = _word_before(text, at)
    is_amount = _AMOUNT_BEFORE.search(text, 0, at) is not None
    if len(before) == at or not (is_amount or (before.isalpha() and len(before) > 2)):  # Node.Js, www.Example
        return NO
    word = _next_word(text, end, is_all)
    if word is None:
        return WAIT
    behind, lower = text[end + len(word) : end + len(word) + 1], word.lower()
    is_known = lower in language.starters or (lower in language.titles and behind == ".")
    if before[0].isupper():
        return _YES if is_known else NO
    is_word = len(word) > 1 and word[1:].islower() and behind in ("", " ", ",", "'", "’")
    return _YES if (is_word or is_known) and lower not in _ENDINGS else NO


def _decide_with_blank(text: str, at: int, end: int, after: int, language: Language, is_all: bool) -> int:
    """Decide where a blank follows."""
    letter = _first_letter(text, after, is_all)
    if letter is None:
        return WAIT
    stop = _Stop(text, at, end, after, _word_before(text, at), letter, _next_word(text, after, is_all), language)
    run = stop.run
    if text[at] not in STOPS:  # a colon or semicolon of another script
        return _YES
    if stop.word.isdigit() and len(stop.word) <= 3 and run in (".", ".)") and text[:at].strip() == stop.word:
        return NO  # a list's number
    if run == ".":
        return _decide_full_stop(stop)
    if ".." in run or "…" in run or ". ." in run:
        return _decide_ellipsis(stop)
    if run[-1] not in STOPS:
        return NO if letter.islower() else _decide_quotation(stop, is_all)
    is_inserted = "¡" in text[1:at] or "¿" in text[1:at]
    if letter.islower() and (is_inserted or text[after] in "–—-"):
        return NO
    return NO if letter.islower() and run == "!" and stop.word.lower() in _EXCLAMATIONS else _YES


def _decide_ellipsis(stop: _Stop) -> int:
    """Decide about three dots: they end a sentence where a capital follows, and never inside brackets."""
    if stop.text[stop.at - 1 : stop.at] in ("[", "(") and stop.text[stop.end - 1] not in STOPS:
        return NO
    if stop.letter.islower():
        return NO
    if stop.word[:1].lower() != stop.letter.lower():
        return _YES
    if stop.following is None:
        return WAIT
    return NO if stop.following.lower() == stop.word.lower() else _YES  # "I... I see."


def _decide_quotation(stop: _Stop, is_all: bool) -> int:
    """Decide about a stop and closing marks before a capital: `"Really?" Tom asked.` is one sentence."""
    text = stop.text
    if "." in stop.run or stop.run[-1] not in "\"”’'»“«‘" or not text[stop.after].isalpha():
        return _YES
    if stop.following is None:
        return WAIT
    rest = stop.after + len(stop.following)
    if len(text) <= rest + 1:
        return _YES if is_all else WAIT
    if text[rest] != " " or not text[rest + 1].islower():
        return _YES
    verb = _next_word(text, rest + 1, is_all)
    if verb is None:
        return WAIT
    return NO if verb in stop.language.speech else _YES


# ---------------------------------------------------------------------------------------------------- full stops


def _decide_full_stop(stop: _Stop) -> int:
    """Decide about one full stop by the word before it."""
    word, letter, language = stop.word, stop.letter, stop.language
    lower = word.lower().lstrip("'’")
    if not word:
        return NO if letter.islower() and stop.text[stop.at - 1 : stop.at] not in set(_CLOSERS) else _YES
    if stop.text[: stop.at - len(word)].endswith(("/", "\\", "@")):  # a path, km/h
        return _YES
    if lower in language.titles and _is_title(stop, lower):
        return NO
    if word.isdigit():
        return _decide_number(stop)
    is_before_number = lower in language.before_number or lower.endswith(language.number_endings)
    if stop.text[stop.after] in "№§" or (letter.isdigit() and is_before_number):
        return NO
    if _DOTTED.fullmatch(lower) and lower not in language.never:
        return _decide_abbreviation(stop, lower)
    if lower in language.may_end or lower.endswith(language.number_endings):
        return _decide_abbreviation(stop, lower)
    if lower in language.never:
        return NO
    if len(word) == 1 and word.isalpha():
        return _decide_initial(stop)
    if is_before_number:
        if stop.following is None:
            return WAIT
        is_number = _ROMAN.match(stop.following) or (len(stop.following) == 1 and stop.following not in "IA")
        if is_number or (letter.islower() and lower != "no"):
            return NO
    if letter.islower() and _CONSONANTS.fullmatch(lower):
        return NO
    if language.ordinals and _ROMAN.fullmatch(word):
        return NO if letter.islower() else _decide_by_starter(stop)
    return _YES


def _is_title(stop: _Stop, lower: str) -> bool:
    """Tell Saint from Street: `Main St. The shop`."""
    if lower not in ("st", "pl", "ct") or stop.language.code != "en":
        return True
    before = _word_before(stop.text, stop.at - len(stop.word) - 1)
    is_street = before[:1].isdigit() or (before[:1].isupper() and before.lower() not in stop.language.starters)
    return not is_street


def _decide_number(stop: _Stop) -> int:
    """Decide about `12. Juni` and `platform 9. It`."""
    language = stop.language
    if not language.ordinals or len(stop.word) > 3:
        return _YES
    if stop.letter.islower():
        return NO
    if stop.following is None:
        return WAIT
    lower = stop.following.lower()
    before = _word_before(stop.text, stop.at - len(stop.word) - 1).lower()
    if lower in language.months:
        return NO
    is_new = not stop.following or (lower in language.starters and before not in language.before_ordinal)
    return _YES if is_new else NO


def _decide_abbreviation(stop: _Stop, lower: str) -> int:
    """Decide about an abbreviation that can end a sentence."""
    if stop.letter.islower():
        return NO
    if stop.following is None:
        return WAIT
    if stop.following == "" or lower in ("etc", "usw", "ecc", "osv", "enz", "itd", "itp"):
        return _YES
    if lower.replace(".", "") in ("am", "pm", "m"):
        sentence, following = stop.text[: stop.at], stop.following.lower()
        is_opening = _OPENING_TIME.match(sentence) is not None and len(sentence.split()) <= 4
        return NO if is_opening or following in stop.language.after_time else _YES
    return _decide_by_starter(stop)


def _decide_initial(stop: _Stop) -> int:
    """Decide about a single letter: `J. Smith`, `plan B. It`, `you and I. Did`."""
    word, following = stop.word, stop.following
    if stop.letter.islower():
        return NO
    if following is None:
        return WAIT
    if not word.islower() and not word.isupper():  # a script without case
        return NO
    before = _word_before(stop.text, stop.at - 2).lower()
    if before in stop.language.labels:
        return _YES
    if not before or len(following) == 1 or stop.letter.isdigit() or (following == "" and word.islower()):
        return NO
    return _YES if following == "" else _decide_by_starter(stop)


def _decide_by_starter(stop: _Stop) -> int:
    """Decide by whether the next word begins sentences and is no name."""
    if stop.following is None:
        return WAIT
    is_new = not stop.following or stop.following.lower().replace("’", "'") in stop.language.starters
    return _YES if is_new else NO


# --------------------------------------------------------------------------------------------------------- words


def _behind(pattern: re.Pattern[str], text: str, at: int) -> int:
    match = pattern.match(text, at)
    return match.end() if match else at


def _word_before(text: str, at: int) -> str:
    """Return the word that ends before `at`, with its inner stops."""
    match = _WORD_BEFORE.search(text, max(0, at - 40), max(0, at))
    return match.group().strip("*_") if match else ""


def _next_word(text: str, after: int, is_all: bool) -> str | None:
    """Return the whole word behind opening marks, "" where there is none, None where it may go on."""
    while after < len(text) and text[after] in _OPENERS:
        after += 1
    match = _NEXT_WORD.match(text, after)
    if match is None:
        return None if after == len(text) and not is_all else ""
    word, rest = match.group(), text[match.end() : match.end() + 2]
    if len(word) > _LONGEST_WORD or is_all:
        return word
    return None if rest == "" or rest in ("'", "’", ".", "-") else word


def _first_letter(text: str, after: int, is_all: bool) -> str | None:
    """Return the first character behind opening marks, None where it has not arrived."""
    at = after
    while at < len(text) and (text[at] in _OPENERS or text[at] == " "):
        at += 1
    if at < len(text):
        return text[at]
    return text[after] if is_all else None
