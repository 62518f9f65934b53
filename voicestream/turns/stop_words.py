"""What people say to silence an assistant, per language: it always stops, and asks no model."""

from __future__ import annotations

from voicestream.turns.backchannels import HESITATIONS
from voicestream.turns.words import bare_words, phrase_set

STOP_PHRASES: dict[str, frozenset[str]] = {
    "en": phrase_set(
        """
        stop | stop it | stop that | stop talking | stop speaking | stop now | wait | wait a minute | wait a
        second | wait a moment | hold on | hang on | never mind | nevermind | cancel | cancel that | quiet | be
        quiet | silence | pause | shut up | enough | thats enough | forget it | forget about it | no stop | hush | shush
        | thank you stop
        """
    ),
    "de": phrase_set(
        """
        stopp | stop | halt | warte | warte mal | warte kurz | moment | moment mal | sei still | sei ruhig | ruhe
        | still | schon gut | egal | vergiss es | abbrechen | genug | das reicht | es reicht | hör auf | aufhören
        | schluss | pause | nein stopp
        """
    ),
    "fr": phrase_set(
        """
        stop | arrête | arrête toi | arrêtez | attends | attendez | un instant | une seconde | pause | silence
        | tais toi | ça suffit | laisse tomber | peu importe | annule | assez | cest bon
        """
    ),
    "es": phrase_set(
        """
        para | alto | detente | basta | espera | un momento | pausa | silencio | cállate | calla | olvídalo | no importa
        | da igual | cancela | stop | ya basta
        """
    ),
    "it": phrase_set(
        """
        ferma | fermati | stop | basta | aspetta | un attimo | un momento | pausa | silenzio | zitto | zitta | lascia
        perdere | non importa | annulla | lascia stare
        """
    ),
    "pt": phrase_set(
        """
        para | pare | pára | chega | espera | espere | um momento | pausa | silêncio | cala te | cale se | esquece |
        esqueça | deixa pra lá | não importa | cancela | stop | basta
        """
    ),
    "nl": phrase_set(
        """
        stop | stop maar | wacht | wacht even | stil | wees stil | laat maar | vergeet het | genoeg | ophouden |
        hou op | annuleer
        """
    ),
    "sv": phrase_set(
        """
        stopp | stop | sluta | vänta | vänta lite | paus | tyst | var tyst | strunt i det | glöm det | avbryt | det
        räcker
        """
    ),
    "ja": phrase_set(
        """
        止めて | とめて | やめて | ストップ | 待って
        | まって | ちょっと待って | 静かに | もういい | キャンセル
        """
    ),
}
"""Bare words (turns/words.py) of each language."""

_POLITE = phrase_set(
    """
    please | okay | ok | hey | no | oh | now | bitte | nein | por favor | si | sil | te | plaît | vous | svp
    | favore | per | alsjeblieft | just
    """
)
"""Words around a stop phrase that do not change it."""


def is_stop(text: str, language: str = "") -> bool:
    """Tell whether the text is nothing but a wish for silence, such as "stop", "okay, wait", "never mind, please"."""
    words = bare_words(text)
    known = STOP_PHRASES.get(language)
    phrases = known if known is not None else frozenset().union(*STOP_PHRASES.values())
    while words:
        if " ".join(words) in phrases or _is_repeated(words, phrases):
            return True
        if words[-1] in _POLITE or words[-1] in HESITATIONS:
            words = words[:-1]
        elif words[0] in _POLITE or words[0] in HESITATIONS:
            words = words[1:]
        else:
            return False
    return False


def _is_repeated(words: list[str], phrases: frozenset[str]) -> bool:
    """ "Stop, stop, stop!" """
    return all(word in phrases for word in words)
