"""Decides whether a stop ends a sentence. Knows the text around the stop and a language's table; keeps no state.

Every decision is a function of the characters read, so any cutting of a stream gives the same sentences: a function
that has not seen enough says WAIT, and never guesses."""

from __future__ import annotations

import re

from voicestream.speaking.languages import Language

WAIT = -1
"""More text is needed."""
NO = 0
"""The stop does not end a sentence."""

STOPS = ".!?…‥。！？｡．।॥؟۔።፧၊။՞։"
_WIDE = "。！？｡।॥۔።။"
"""Stops that need no blank behind them."""
CLOSERS = "\"'”’»)\\]}」』）】›〉》"
_RUN = re.compile(f"(?:[{STOPS}]+[{CLOSERS}]*)+")
_SPACES = re.compile(r"\s*")
_OPENERS = "\"'“‘„‚«‹([{¿¡「『（【〈《*–—-•"
_WORD_BEFORE = re.compile(r"[^\s(\[{\"“„«‘—–/…,;:]+$")
_NEXT_WORD = re.compile(r"[^\W\d_](?:[^\W_]|['’.-](?=\w))*")
_LONGEST_WORD = 24
"""Characters of a next word that are waited for."""
_ROMAN = re.compile(r"[IVXLC]{2,}$")
_DOTTED = re.compile(r"[^\W\d_]{1,2}(?:\.[^\W\d_]{1,2})+$")
_CONSONANTS = re.compile(r"[bcdfghjklmnpqrstvwxz]{2,5}$")
_PARTICLES = ("と", "は", "が", "を", "に", "で", "も", "の", "っ", "な", "へ", "や", "、")
_SAID = re.compile(r"[他她它我你]们?(?:又|就)?(?:说|問|问|道|喊|笑|答)")
_EXCLAMATIONS = frozenset({"yahoo", "jeopardy", "wham", "yum", "joomla", "oklahoma", "mamma"})
_SHORT_OPENING = re.compile(r"^\W*(?:at|by|around|about|until|from|on|since|before|after|um|gegen|ab|a las?|à|vers)\s", re.I)


def stop_ends_sentence(text: str, begin: int, at: int, language: Language, is_all: bool) -> tuple[int, int]:
    """Decide about the stop at `text[at]` of the sentence that begins at `begin`.

    Returns the verdict (WAIT, NO, or the index behind the sentence's last character) and the index from which to look
    for the next stop. `is_all`: no more text follows.
    """
    end = _end_of_run(text, at)
    following = _SPACES.match(text, end)
    after = following.end() if following else end
    if after == len(text):
        return (WAIT, at) if not is_all else (end, end)
    run = text[at:end]
    if after == end:
        verdict = _without_blank(text, begin, at, end, is_all)
    elif run == "." or (run[0] == "." and set(run[1:]) <= set(CLOSERS)):
        verdict = _full_stop(text, begin, at, end, after, language, is_all)
    else:
        verdict = _other_stop(text, begin, at, end, after, language, is_all)
    return (WAIT, at) if verdict == WAIT else (end if verdict else NO, end)


def _end_of_run(text: str, at: int) -> int:
    """Return the index behind stops, closing marks and spaced dots (`. . .`)."""
    match = _RUN.match(text, at)
    end = match.end() if match else at + 1
    while text[end : end + 2] == " ." and text[end + 2 : end + 3] in ("", " ", ".", '"', "”", "’", "'", ")"):
        end += 2
        match = re.compile(f"[{CLOSERS}]+").match(text, end)
        end = match.end() if match else end
    return end


def _without_blank(text: str, begin: int, at: int, end: int, is_all: bool) -> int:
    """Decide where the next character follows at once."""
    stop = next(character for character in reversed(text[at:end]) if character in STOPS)
    following = text[end]
    if stop in _WIDE:
        closed = text[end - 1] != stop
        if closed and following.startswith(_PARTICLES):
            return NO
        if closed and following in "他她它我你" and not is_all and len(text) - end < 4:
            return WAIT
        return NO if closed and _SAID.match(text, end) else end
    if not (text[at:end] in (".", "!", "?") and following.isupper() and _is_plain_word(text, begin, at)):
        return NO
    word = _next_word(text, end, is_all)
    if word is None:
        return WAIT
    behind = text[end + len(word) : end + len(word) + 1]
    glued = word[1:].islower() and len(word) > 1 and behind in ("", " ", ",", "'", "’")
    return end if glued and word.lower() not in ("net", "com", "org", "js", "py", "md", "txt", "io", "ai") else NO


def _is_plain_word(text: str, begin: int, at: int) -> bool:
    """Say whether a stop without a blank follows an ordinary word or number, and not part of a name or address."""
    word = _word_before(text, begin, at)
    if len(word) == at - begin:  # alone: Node.Js, System.Out
        return False
    return (word.isalpha() and word.islower() and len(word) > 2) or bool(re.fullmatch(r"\d+,\d{3}", word))


def _full_stop(
    text: str, begin: int, at: int, end: int, after: int, language: Language, is_all: bool
) -> int:
    """Decide about one full stop, with or without closing marks, and a blank."""
    letter = _first_letter(text, after, is_all)
    if letter == "":
        return WAIT
    if letter is None:
        letter = text[after]
    if end - at > 1:
        return _closed(text, at, end, after, letter, language, is_all)
    word = _word_before(text, begin, at)
    lower = word.lower().lstrip("'’")
    if not word:
        return NO if letter.islower() else end
    if lower in language.titles and _is_title(text, begin, at, lower, word, language):
        return NO
    if word.isdigit():
        return _after_number(text, begin, at, end, after, letter, word, language, is_all)
    if letter.isdigit() and lower in language.before_number:
        return NO
    if lower in language.may_end and not (lower in language.never and not _DOTTED.match(lower)):
        return _after_abbreviation(text, begin, at, end, after, letter, lower, language, is_all)
    if lower in language.never:
        return NO
    if _DOTTED.fullmatch(lower):
        return _after_abbreviation(text, begin, at, end, after, letter, lower, language, is_all)
    if len(word) == 1 and word.isalpha():
        return _after_initial(text, begin, at, end, after, letter, word, language, is_all)
    if lower in language.before_number and len(lower) > 1:
        following = _next_word(text, after, is_all)
        if following is None:
            return WAIT
        if _ROMAN.match(following) or (len(following) == 1 and following not in "IA"):
            return NO
        if letter.islower() and lower != "no":
            return NO
    if letter.islower() and _CONSONANTS.fullmatch(lower):
        return NO
    if language.ordinals and _ROMAN.fullmatch(word):
        return _starter_follows(text, end, after, language, is_all)
    return end


def _closed(text: str, at: int, end: int, after: int, letter: str, language: Language, is_all: bool) -> int:
    """Decide about a full stop inside quotation marks or brackets."""
    return NO if letter.islower() else end


def _other_stop(
    text: str, begin: int, at: int, end: int, after: int, language: Language, is_all: bool
) -> int:
    """Decide about ! ? … and runs of stops, followed by a blank."""
    run = text[at:end]
    letter = _first_letter(text, after, is_all)
    if letter == "":
        return WAIT
    if letter is None:
        letter = text[after]
    stops = "".join(character for character in run if character in STOPS)
    closed = run[-1] not in STOPS
    dashed = text[after] in "–—-"
    if "..." in run or "…" in run or ". ." in run or run.startswith(".."):
        if closed and run[-1] in "])" and text[at - 1 : at] in ("[", "("):
            return NO
        return NO if letter.islower() else end
    if closed or dashed:
        if letter.islower():
            return NO
        return _unless_said(text, end, after, run, language, is_all) if closed else end
    if letter.islower() and stops[0] == "!" and _word_before(text, begin, at).lower() in _EXCLAMATIONS:
        return NO
    return end


def _unless_said(text: str, end: int, after: int, run: str, language: Language, is_all: bool) -> int:
    """Keep `"Really?" Tom asked.` in one piece."""
    if run[-1] not in "\"”’'»" or not text[after].isalpha() or "." in run:
        return end
    name = _next_word(text, after, is_all)
    if name is None:
        return WAIT
    rest = after + len(name)
    if rest == len(text):
        return end if is_all else WAIT
    if text[rest] != " ":
        return end
    if rest + 1 == len(text):
        return end if is_all else WAIT
    if not text[rest + 1].islower():
        return end
    verb = _next_word(text, rest + 1, is_all)
    if verb is None:
        return WAIT
    return NO if verb in language.speech else end


def _is_title(text: str, begin: int, at: int, lower: str, word: str, language: Language) -> bool:
    """Tell Saint from Street: `Main St. The shop`."""
    if lower not in ("st", "pl", "ct") or language.code != "en":
        return True
    before = _word_before(text, begin, at - len(word) - 1) if at - len(word) > begin else ""
    return not (before[:1].isupper() and before.lower() not in language.starters) and not before[:1].isdigit()


def _after_number(
    text: str, begin: int, at: int, end: int, after: int, letter: str, word: str, language: Language, is_all: bool
) -> int:
    """Decide about `12. Juni`, `platform 9. It` and a list's `1. First`."""
    if len(word) <= 3 and not text[begin : at - len(word)].strip():
        return NO
    if not language.ordinals or len(word) > 3:
        return end
    if letter.islower():
        return NO
    following = _next_word(text, after, is_all)
    if following is None:
        return WAIT
    lower = following.lower()
    before = _word_before(text, begin, at - len(word) - 1).lower()
    if lower in language.months:
        return NO
    if lower in language.starters and before not in language.before_ordinal:
        return end
    if not following:  # a digit or a sign
        return end
    return NO


def _after_abbreviation(
    text: str, begin: int, at: int, end: int, after: int, letter: str, lower: str, language: Language, is_all: bool
) -> int:
    """Decide about an abbreviation that can end a sentence."""
    if letter.islower():
        return NO
    following = _next_word(text, after, is_all)
    if following is None:
        return WAIT
    if following == "":  # digits, quotation marks, signs
        return NO if text[after].isdigit() and lower in language.before_number else end
    if lower in ("etc", "usw", "ecc", "osv", "enz", "itd", "itp"):
        return end
    if lower.replace(".", "") in ("am", "pm", "m"):
        if following.lower().rstrip(".") in language.after_time:
            return NO if following.lower() not in ("mr", "mrs", "ms", "dr") or _is_opening(text, begin, at) else end
        return NO if _is_opening(text, begin, at) else end
    return end if _starts_sentence(following, language) else NO


def _is_opening(text: str, begin: int, at: int) -> bool:
    """Say whether the sentence so far is only a time or place: `At 5 a.m. Mr. Smith went`."""
    sentence = text[begin:at]
    return bool(_SHORT_OPENING.match(sentence)) and len(sentence.split()) <= 4


def _after_initial(
    text: str, begin: int, at: int, end: int, after: int, letter: str, word: str, language: Language, is_all: bool
) -> int:
    """Decide about a single letter: `J. Smith`, `plan B. It`, `you and I. Did`."""
    if letter.islower():
        return NO
    following = _next_word(text, after, is_all)
    if following is None:
        return WAIT
    before = _word_before(text, begin, at - 2).lower()
    if letter == word and not letter.isupper():  # a script without case
        return NO
    if before in language.labels:
        return end
    if following == "":
        return NO if word.islower() or not before else end
    return end if before and len(following) > 1 and _starts_sentence(following, language) else NO


def _starter_follows(text: str, end: int, after: int, language: Language, is_all: bool) -> int:
    following = _next_word(text, after, is_all)
    if following is None:
        return WAIT
    return end if not following or _starts_sentence(following, language) else NO


def _starts_sentence(word: str, language: Language) -> bool:
    return word.lower().replace("’", "'") in language.starters


def _word_before(text: str, begin: int, at: int) -> str:
    """Return the word that ends before `at`, with its inner stops."""
    at = max(at, begin)
    match = _WORD_BEFORE.search(text, max(begin, at - 40), at)
    return match.group().strip("*_") if match else ""


def _next_word(text: str, after: int, is_all: bool) -> str | None:
    """Return the whole word behind opening marks, "" where there is none, None where it may go on."""
    while after < len(text) and text[after] in _OPENERS:
        after += 1
    match = _NEXT_WORD.match(text, after)
    if match is None:
        return None if after == len(text) and not is_all else ""
    word = match.group()
    rest = text[match.end() : match.end() + 2]
    if len(word) > _LONGEST_WORD or is_all:
        return word
    if rest == "" or (len(rest) == 1 and rest in "'’.-"):
        return None
    return word


def _first_letter(text: str, after: int, is_all: bool) -> str | None:
    """Return the first character behind opening marks, "" where it has not arrived, None where there is none."""
    while after < len(text) and (text[after] in _OPENERS or text[after] == " "):
        after += 1
    if after < len(text):
        return text[after]
    return None if is_all else ""


def is_surely_complete(text: str, language: Language, *, is_late: bool = False) -> bool:
    """Say whether a text that has stalled looks like a whole sentence.

    `is_late`: it has stalled for so long that an abbreviation or a number may end it too.
    """
    bare = text.rstrip()
    at = len(bare)
    while at and (bare[at - 1] in STOPS or bare[at - 1] in "\"'”’»)]}」』）】"):
        at -= 1
    if at == len(bare) or not any(character in STOPS for character in bare[at:]):
        return False
    if bare[at:] != "." or is_late:
        return True
    word = _word_before(bare, 0, at)
    lower = word.lower()
    known = language.titles | language.never | language.before_number | language.may_end
    return len(word) > 1 and lower not in known and not word.isdigit() and "." not in word
