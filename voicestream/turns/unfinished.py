"""Reads from the words whether somebody is in the midst of a thought, per language, without any model."""

from __future__ import annotations

import re

from voicestream.turns.backchannels import HESITATIONS
from voicestream.turns.words import NUMBERS, bare_words, phrase_set, word_set

OPEN_WORDS: dict[str, frozenset[str]] = {
    "en": word_set(
        """
        a an the this these my your his her its our their some any every each no another and or but because so if
        when while although though unless until since whether than as like that which who whose of to in on at
        for from with without about into onto over under between through during before after against by near
        around toward towards per via versus plus minus times is are was were am be been being will would shall
        should can could may might must have has had do does did dont doesnt didnt isnt arent wasnt wont cant
        couldnt wouldnt shouldnt i im ive id ill we were weve youre theyre hes shes theres very really quite too
        more most less please also just maybe perhaps well actually basically what where how why want wants
        wanted need needs let lets tell say call play find show give make set put take get think know guess
        wondering going gonna wanna remind buy
        """
    )
    - word_set("over more most less too think know play please no that this one"),
    "de": word_set(
        """
        der die das den dem des ein eine einen einem einer eines mein meine meinen dein deine ihr ihre sein seine
        unser und oder aber weil dass wenn ob als wie denn sondern obwohl während bevor nachdem damit von zu zum
        zur in im am an auf aus bei mit nach ohne für gegen über unter vor hinter zwischen durch um seit bis ist
        sind war waren bin bist hat habe haben hatte wird werde werden würde kann könnte soll sollte muss müsste
        will wollte möchte ich wir sehr auch noch nur vielleicht also bitte was wo warum wann
        """
    ),
    "fr": word_set(
        """
        le la les un une des du de mon ma mes ton ta tes son sa ses notre votre leur ce cette ces et ou mais
        parce que si quand comme car donc puisque lorsque qui dont où à au aux dans en sur sous pour par avec
        sans chez vers entre avant après pendant depuis est sont était suis es ai as a ont avait vais va veux
        voudrais peux pourrais dois je jai nous très aussi peut être alors
        """
    ),
    "es": word_set(
        """
        el la los las un una unos unas mi mis tu tus su sus este esta estos estas y e o u pero porque que si
        cuando como aunque mientras donde de del a al en con sin por para sobre entre hasta desde hacia según
        contra es son era está están estoy soy ha he han había voy va quiero quisiera puedo puedes debo yo muy
        también
        """
    ),
}
"""Words after which nobody stops on purpose."""

OPENERS: dict[str, frozenset[str]] = {
    "en": word_set("if when while because although since whenever unless once"),
    "de": word_set("wenn weil obwohl falls während sobald bevor nachdem"),
    "fr": word_set("si quand lorsque puisque"),
    "es": word_set("si cuando aunque mientras"),
}
"""Words that begin a clause which does not stand alone."""

QUESTION_WORDS: dict[str, frozenset[str]] = {
    "en": word_set(
        """
        what whats who whos whose where wheres when whens why how hows which is are am was were do does did can
        could will would should shall may have has had isnt arent dont doesnt didnt cant couldnt wont
        """
    ),
    "de": word_set(
        """
        was wer wen wem wessen wo wohin woher wann warum wieso wie welche welcher welches ist sind hat hast habe
        kann kannst könntest wird wirst soll sollte darf gibt weißt
        """
    ),
    "fr": word_set("que quoi qui où quand pourquoi comment combien quel quelle quels quelles est peux pouvez"),
    "es": word_set("qué quién dónde cuándo por cómo cuánto cuánta cuántos cuál es puedes hay"),
}
"""Words that begin a question."""

REPLIES: dict[str, frozenset[str]] = {
    "en": word_set("yes no yeah yep nope sure"),
    "de": word_set("ja nein doch klar"),
    "fr": word_set("oui non si ouais"),
    "es": word_set("sí si no claro"),
}
"""Words that begin a short reply, which may end as no other sentence does: "yes, I do"."""

NEVER_LAST = word_set("a an the and my your der die das und mein dein le la les et mon el los las y")
"""Words after which not even a question mark is believed; recognizers like to write one."""

OPEN_ENDINGS = phrase_set(
    """
    you know | tell me | show me | give me | send me | remind me | let me | i think | i guess | i wonder | i believe
    | weißt du | sag mir | ich glaube | ich denke | dis moi | je crois | je pense | dime | creo que
    """
)
"""Two words after which the object, or what is thought, is still to come."""

_PARTICLES = word_set("on in off up down over out through")
_PARTICLE_VERBS = word_set("turn put switch come go keep move carry hold log read play leave get lets")
_LONGEST_PARTICLE_VERB = 5
_BEFORE_THAT = word_set(
    "is was like do did does doing about of to with for at on in say said know mean want need than not what "
    "stop turn call hear see understand believe doubt explain repeat remember forget change after before"
)
"""Words after which "that" is a thing, and no clause follows."""
_AND = word_set("and or und oder et ou y o")
_PERSONS = word_set("you i we he she they it")
_MODALS = word_set("can could will would shall should do does did have has")
_BEINGS = word_set("is are am was were")
_ASKING = word_set("can could would shall should")
_FRONTED = word_set("what whats who whos which")
"""Words that stand for the object, which cannot follow the verb then: "what did you say"."""
_TAKES_IT = word_set("do say call find make set put take get want need buy have")
_PLACED = word_set("for from with about like")
_BEING_QUESTIONS = _BEINGS | word_set("whats whos wheres")
_CLOCK = word_set("at for to")
_TRAILS_OFF = re.compile(r"(?:\.\.\.|…|[,;:\-–—])\s*$")
_SHORTEST_QUESTION = 3
_SHORTEST_OPENED = 7
"""Words from which a sentence that opens with "if" may hold its main clause too."""


def is_unfinished(text: str, language: str = "") -> bool:
    """Tell whether the speaker must still mean to go on: "and", "so I was", "um", a list, digits being dictated."""
    words = bare_words(text)
    if not words:
        return False
    last = words[-1]
    if last in HESITATIONS or _TRAILS_OFF.search(text) or last in NEVER_LAST:
        return True
    if text.rstrip().endswith("?") or words[0] in _among(REPLIES, language) or _is_asked(words):
        return False
    if (last in _among(OPEN_WORDS, language) and not _is_particle(words)) or _is_asking(words):
        return True
    if last == "that" and len(words) > _SHORTEST_QUESTION and words[-2] not in _BEFORE_THAT:
        return True
    if " ".join(words[-2:]) in OPEN_ENDINGS or _is_list(text):
        return True
    if words[0] in _among(OPENERS, language) and len(words) < _SHORTEST_OPENED and "," not in text.rstrip(" .,"):
        return True
    return _is_dictated(words)


def is_complete_question(text: str, language: str = "") -> bool:
    """Tell whether the text is a question that lacks nothing."""
    if is_unfinished(text, language):
        return False
    words = bare_words(re.split(r"[.!?]\s+(?=\S)", text.strip())[-1])
    if len(words) < _SHORTEST_QUESTION:
        return False
    return text.rstrip().endswith("?") or words[0] in _among(QUESTION_WORDS, language)


def _is_asking(words: list[str]) -> bool:
    """Tell whether an English question has only begun: "could you", "what would you"; but not "how are you"."""
    if len(words) == 2 and words[0] in _ASKING:
        return True  # whatever the second word is: "could rou" is "could you", misheard
    if len(words) < 2 or words[-1] not in _PERSONS:
        return False
    return words[-2] in _MODALS or (words[-2] in _BEINGS and len(words) == 2)


def _is_asked(words: list[str]) -> bool:
    """Tell whether an English question is whole, whatever its last word: "what can you do", "what is it for"."""
    if len(words) < _SHORTEST_QUESTION or words[-2] not in _PERSONS:
        return False
    is_fronted = words[0] in _FRONTED and words[-3] in _MODALS and words[-1] in _TAKES_IT
    return is_fronted or (len(words) <= 4 and words[-3] in _BEING_QUESTIONS and words[-1] in _PLACED)


def _is_particle(words: list[str]) -> bool:
    """Tell whether the last word belongs to the verb, as in "turn it on", "come in"."""
    return words[-1] in _PARTICLES and words[0] in _PARTICLE_VERBS and len(words) <= _LONGEST_PARTICLE_VERB


def _is_list(text: str) -> bool:
    """Tell whether things are being counted up, and no "and" has announced the last one."""
    items = text.rstrip(" .").split(",")
    return len(items) > 2 and all(0 < len(item.split()) <= 3 for item in items[1:]) and not _AND & set(bare_words(text))


def _is_dictated(words: list[str]) -> bool:
    """Tell whether digits are being read out, of which three to six are rarely all; but not "at eight oh five"."""
    count = 0
    for word in reversed(words):
        if word not in NUMBERS and not (word.isdecimal() and len(word) == 1):
            break
        count += 1
    is_time = count == 3 and words[-2] == "oh" and bool(_CLOCK & {*words[-4:-3]})
    return 2 < count < 7 and not is_time


def _among(table: dict[str, frozenset[str]], language: str) -> frozenset[str]:
    """Return the words of a language; English where it is not known or has no list."""
    return table.get(language, table["en"])
