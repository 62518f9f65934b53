"""Sounds that say "I am listening" and not "let me speak", per language; and sounds that say nothing at all."""

from __future__ import annotations

from difflib import get_close_matches

from voicestream.turns.words import NUMBERS, bare_words, phrase_set

BACKCHANNELS: dict[str, frozenset[str]] = {
    "en": phrase_set(
        """
        mhm | mm | mmm | mm hm | mm hmm | mmhm | mmhmm | uhhuh | m hm | hm | hmm | uh huh | aha | ah | oh | ooh |
        oh okay | oh i see | wow | yeah | yea | yep | yup | yes | okay | ok | kay | right | alright | all right |
        sure | i see | got it | cool | great | nice | good | really | exactly | indeed | interesting | of course
        | true | thats right | thats true | fine | i know | makes sense | go on | huh | ha | haha
        """
    ),
    "de": phrase_set(
        """
        mhm | mm | mmm | hm | hmm | aha | ach | ah | oh | ja | jaja | jo | okay | ok | gut | genau | stimmt |
        klar | verstehe | ach so | achso | alles klar | richtig | schön | toll | super | echt | wirklich |
        interessant | in ordnung | natürlich | na gut | weiter
        """
    ),
    "fr": phrase_set(
        """
        mhm | mm | mmm | hm | hmm | ah | oh | ah bon | oui | ouais | okay | ok | daccord | bien | très bien |
        bien sûr | exactement | voilà | je vois | super | vraiment | cest vrai | intéressant | dac
        """
    ),
    "es": phrase_set(
        """
        mhm | mm | mmm | hm | hmm | ajá | aja | ah | oh | sí | si | ya | okay | ok | vale | bien | bueno | claro
        | exacto | entiendo | ya veo | de acuerdo | en serio | interesante | qué bien
        """
    ),
    "it": phrase_set(
        """
        mhm | mm | mmm | hm | hmm | ah | oh | sì | si | okay | ok | bene | va bene | certo | esatto | capisco |
        giusto | davvero | infatti | ho capito
        """
    ),
    "pt": phrase_set(
        """
        mhm | mm | mmm | hm | hmm | ah | oh | sim | pois | pois é | okay | ok | tá | tá bom | bem | certo | claro
        | exato | entendi | percebo | legal
        """
    ),
    "nl": phrase_set(
        """
        mhm | mm | mmm | hm | hmm | aha | ah | oh | ja | jaja | okay | ok | oké | goed | precies | klopt | juist
        | ik snap het | leuk | echt | zeker
        """
    ),
    "sv": phrase_set(
        """
        mhm | mm | mmm | hm | hmm | aha | jaha | ah | oh | ja | jo | japp | okay | ok | okej | bra | precis |
        visst | just det | jag förstår
        """
    ),
    "ja": phrase_set(
        """
        うん | ううん | はい | ええ | へえ | へー | ふーん
        | そう | そうですね | そうか | なるほど | ほんと | 本当 | あー | ああ
        """
    ),
}
"""Bare words (turns/words.py) of each language."""

HESITATIONS = phrase_set(
    """
    um | umm | uhm | uh | uhh | er | erm | ehm | eh | em | hm | hmm | mm | mmm | äh | ähm | öh | öhm | euh |
    heu | este | ee | えーと | えっと | あの
    """
)
"""Words of somebody who thinks; the same in all languages, since recognizers mix them."""

_LONGEST_WORDS = 4
"""More words than this are an utterance of their own, even if each alone would be a backchannel."""


_SHORTEST_MISHEARD = 4
_ALIKE = 0.75
"""Similarity of letters; "okiy" is "okay"."""


def is_backchannel(text: str, language: str = "") -> bool:
    """Tell whether the text is nothing but listening sounds, such as "mhm", "yeah, okay"; unknown language: any."""
    words = bare_words(text)
    if not words or len(words) > _LONGEST_WORDS:
        return False
    known = BACKCHANNELS.get(language)
    phrases = known | HESITATIONS if known is not None else frozenset.union(HESITATIONS, *BACKCHANNELS.values())
    return _is_made_of(words, phrases) or _is_misheard(words, phrases)


def is_hesitation(text: str) -> bool:
    """Tell whether the text has words, and all of them only hold the floor, such as "um"."""
    words = bare_words(text)
    return bool(words) and all(word in HESITATIONS for word in words)


def _is_made_of(words: list[str], phrases: frozenset[str]) -> bool:
    if not words:
        return True
    return any(
        " ".join(words[:count]) in phrases and _is_made_of(words[count:], phrases) for count in range(1, len(words) + 1)
    )


def _is_misheard(words: list[str], phrases: frozenset[str]) -> bool:
    """Tell whether the words are a phrase but for a letter: "uh hrh"; a number is itself: "eight" is not "right"."""
    if NUMBERS & set(words):
        return False
    text = " ".join(words)
    return len(text) >= _SHORTEST_MISHEARD and bool(get_close_matches(text, phrases, 1, _ALIKE))
