"""The phrases: what the recognizer may hear, the assistant understands."""

from __future__ import annotations

import os
import random
import re
from pathlib import Path

import pytest

from voicestream.thinking.grammar import list_slots, read_notation
from voicestream.thinking.phrase_slots import HEARD_RULES
from voicestream.thinking.phrases import PHRASES, generate_command, jsgf, list_phrases
from voicestream.thinking.requests import is_no, is_yes, understand

SHARED = Path(os.environ.get("VOICESTREAM_SHARED", Path(__file__).parents[3] / "shared"))

COMMANDS_FOR_OTHERS = re.compile(
    r"light|door|tv|window|curtain|script|party|list|weather|temp|humidity|brightness|color|lamp|"
    r"clubs|spades|hearts|diamonds|fire fox"
)


def test_every_sentence_of_the_grammar_is_understood_to_the_letter() -> None:
    chance = random.Random(20261122)
    for _ in range(800):
        sentence = generate_command(chance)
        requests = understand(sentence)
        assert len(requests) == 1, sentence
        assert requests[0].price <= 2, f"{sentence}: {requests}"  # a courtesy at either end costs one


def test_every_heard_wording_belongs_to_its_own_phrase() -> None:
    for phrase in PHRASES:
        for wording in phrase.heard:
            if "<" not in wording:
                words = re.sub(r"[\[\]()]|\|\w+", " ", wording)
                assert [request.name for request in understand(words)] == [phrase.name], words


def test_every_example_is_understood_as_what_it_stands_for() -> None:
    for phrase in PHRASES:
        assert [(request.name, request.price) for request in understand(phrase.example)] == [(phrase.name, 0)]
    assert set(list_phrases()) <= {phrase.example for phrase in PHRASES}


def test_every_word_of_the_grammar_is_in_the_recognizers_dictionary() -> None:
    pocketsphinx = pytest.importorskip("pocketsphinx")
    path = Path(pocketsphinx.get_model_path("en-us/cmudict-en-us.dict"))
    known = {line.split(maxsplit=1)[0] for line in path.read_text(encoding="utf-8").splitlines() if line}
    text = re.sub(r"<\w+>|#JSGF V1.0|grammar \w+|public", "", jsgf())
    assert set(re.findall(r"[^\s;=|()\[\]]+", text)) - known == set()


def test_the_recognizer_takes_the_grammar() -> None:
    pocketsphinx = pytest.importorskip("pocketsphinx")
    decoder = pocketsphinx.Decoder(
        hmm=pocketsphinx.get_model_path("en-us/en-us"),
        dict=pocketsphinx.get_model_path("en-us/cmudict-en-us.dict"),
        lm=None,
        loglevel="FATAL",
    )
    decoder.add_jsgf_string("commands", jsgf())
    decoder.activate_search("commands")
    assert decoder.current_search() == "commands"


def test_the_grammar_holds_no_rule_twice_and_none_that_is_missing() -> None:
    text = jsgf()
    defined = re.findall(r"^(?:public )?<(\w+)> =", text, re.MULTILINE)
    assert len(defined) == len(set(defined))
    assert set(re.findall(r"<(\w+)>", text)) == set(defined)


def test_every_rule_of_a_slot_is_used() -> None:
    rules = {name: read_notation(notation) for name, notation in HEARD_RULES.items()}
    wordings = [read_notation(wording) for phrase in PHRASES for wording in phrase.heard + phrase.understood]
    used = {slot for node in (*wordings, *rules.values()) for slot in list_slots(node)}
    assert set(rules) - used == set()


def test_recorded_commands_within_the_phrases_are_understood() -> None:
    manifest = SHARED / "audio" / "manifest.tsv"
    if not manifest.exists():
        pytest.skip(f"no recordings at {manifest}")
    said = 0
    for line in manifest.read_text(encoding="utf-8").splitlines():
        file, _, _, _, text = line.split("\t")[:5]
        if re.search(r"timer|what time|today's date", text) and file.startswith("en_cmd"):
            assert len(understand(text)) == 1, text
            said += 1
    assert said > 10


def test_recorded_commands_to_others_are_not_taken_for_ours() -> None:
    manifest = SHARED / "audio" / "manifest.tsv"
    if not manifest.exists():
        pytest.skip(f"no recordings at {manifest}")
    taken = []
    for line in manifest.read_text(encoding="utf-8").splitlines():
        file, _, _, _, text = line.split("\t")[:5]
        is_foreign = file.startswith("en_cmd") and COMMANDS_FOR_OTHERS.search(text.lower())
        if (is_foreign or file.startswith(("en_read", "en_spont"))) and understand(text):
            taken.append(text)
    assert taken == []


@pytest.mark.parametrize("text", ["yes", "Yes, please.", "yeah", "sure", "okay", "go ahead", "yes do it", "of course"])
def test_a_yes_is_a_yes(text: str) -> None:
    assert is_yes(text)
    assert not is_no(text)


@pytest.mark.parametrize("text", ["no", "No, thanks.", "nope", "don't", "stop", "never mind", "no don't"])
def test_a_no_is_a_no(text: str) -> None:
    assert is_no(text)
    assert not is_yes(text)


@pytest.mark.parametrize("text", ["yes but only the garage", "maybe", "what do you mean", "", "yesterday"])
def test_anything_else_is_neither(text: str) -> None:
    assert not is_yes(text)
    assert not is_no(text)


@pytest.mark.parametrize("notation", ["(a | b", "[a", "a )", "a ]", "(a]"])
def test_a_notation_that_does_not_close_is_refused(notation: str) -> None:
    with pytest.raises(ValueError, match=r"closed|unexpected"):
        read_notation(notation)


def test_no_text_makes_understanding_fail_or_slow() -> None:
    chance = random.Random(3)
    text = "set a timer for five and half of the what is 3 . % ( - :: 7:99 '' ' é 数 — cancel to two percent"
    for _ in range(150):
        understand(" ".join(chance.choices(text.split(), k=chance.randrange(0, 25))))
    understand("and " * 500)
    understand("x" * 10_000)
