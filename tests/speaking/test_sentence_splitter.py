"""The laws of the sentence splitter, and the places where sentences end."""

from __future__ import annotations

import random

import pytest

from voicestream.bench.sentence_fuzz import broken_laws, random_texts
from voicestream.config import Sentences
from voicestream.speaking.page import Policy
from voicestream.speaking.sentences import SentenceSplitter, SplitOptions, split_options
from voicestream.vocabulary import Sentence

WHOLE = SplitOptions(early_clause=False)


def split(text: str, language: str = "en", options: SplitOptions = WHOLE) -> list[str]:
    splitter = SentenceSplitter(language, options)
    sentences = splitter.add(text) + splitter.finish()
    return [sentence.spoken for sentence in sentences if sentence.spoken]


def read_slowly(splitter: SentenceSplitter, text: str) -> dict[str, int]:
    """Return for each sentence after how many characters it was released."""
    released: dict[str, int] = {}
    for count, character in enumerate(text, 1):
        released |= {sentence.spoken: count for sentence in splitter.add(character)}
    return released | {sentence.spoken: len(text) for sentence in splitter.finish() if sentence.spoken}


# ------------------------------------------------------------------------------------------------------- the laws


@pytest.mark.parametrize("seed", range(6))
def test_random_texts_break_no_law(seed: int) -> None:
    chance = random.Random(seed)
    for text, language, options in random_texts(200, seed):
        assert broken_laws(text, language, options, chance) == [], repr(text)


@pytest.mark.parametrize(
    "text",
    [
        "",
        " ",
        "\n\n",
        ".",
        "...",
        "*",
        "``",
        "<",
        "<think>",
        "\x1b[",
        "a" * 3000,
        "word " * 600,
        "。" * 500,
        "你" * 900,
        "#" * 400,
        "*" * 400,
        "`" * 400,
        "-" * 400,
        "[" * 400,
        "](" * 300,
        "<b" * 300,
        "$" * 300,
        "&amp" * 100,
        "\x1b]" + "x" * 500,
        "https://" + "a" * 3000,
        "|" * 300,
        "\U0001f389" * 300,
        "\u200d" * 300,
        "e.g. " * 200,
        "1. " * 200,
        "</think>" * 50,
    ],
)
def test_odd_texts_break_no_law(text: str) -> None:
    for options in (SplitOptions(), WHOLE):
        assert broken_laws(text, "en", options, random.Random(1)) == []


def test_nothing_is_said_for_an_answer_without_letters() -> None:
    splitter = SentenceSplitter("en")
    sentences = splitter.add("🎉 --- !? \n```\nx = 1\n```\n") + splitter.finish()
    assert "".join(sentence.text for sentence in sentences) == "🎉 --- !? \n```\nx = 1\n```\n"
    assert {sentence.spoken for sentence in sentences} == {""}


def test_every_word_leads_back_to_what_was_written() -> None:
    text = "See the [**big** book](http://x.org) at 5 &lt; 6, `rev(a)`. Then _rest_ 🎉!"
    splitter = SentenceSplitter("en", WHOLE)
    pairs = [
        (sentence.spoken[word.spoken_start : word.spoken_end], text[word.written_start : word.written_end])
        for sentence in splitter.add(text) + splitter.finish()
        for word in sentence.words
    ]
    assert ("big", "big") in pairs
    assert ("book", "book") in pairs
    assert ("<", "&lt;") in pairs
    assert ("rev(a).", "rev(a)`.") in pairs
    assert ("rest!", "rest_ 🎉!") in pairs


def test_markup_belongs_to_the_sentence_that_it_marks() -> None:
    splitter = SentenceSplitter("en", WHOLE)
    texts = [sentence.text for sentence in splitter.add("One. **Two.** Three.\n\n- *Four*\n") + splitter.finish()]
    assert texts == ["One. ", "**Two.** ", "Three.\n", "\n- *Four*\n"]


def test_the_cost_of_a_character_does_not_grow_with_the_text() -> None:
    """Count the characters that are held: bounded, whatever comes."""
    splitter = SentenceSplitter("en")
    for text in ("word " * 4000, "x" * 20_000, "```\n" + "code. " * 4000, "<think>" + "thought. " * 2000):
        for begin in range(0, len(text), 7):
            splitter.add(text[begin : begin + 7])
        assert len(splitter._draft.text) <= 1100
        assert len(splitter._filter._page.held) <= 400


# ---------------------------------------------------------------------------------------------- where sentences end


@pytest.mark.parametrize(
    "text",
    [
        "Dr. Jane A. Smith|It was her.",
        "We met at 5 p.m. on Jan. 5.|Then we left.",
        "He came at 6 p.m.|The shop was closed.",
        "At 5 a.m. Mr. Smith left.",
        "They live in the U.S.|They like it.",
        "The U.S. Army came.|It left.",
        "Robert Downey Jr. was there.",
        "See Fig. 3 and No. 5 on p. 12.|No.|That is wrong.",
        "Apples, pears, etc., are fine.|Crates, etc.|We sell them.",
        "Version 3.14.2 of file.txt is at example.com.|Get it.",
        "eBay did better.|npm install fixes it.|yes, it works.|2024 was good.",
        "Let me think...|Yes.",
        "Well... maybe it was cheese.",
        '"Are they?" asked the crow.|"Yes."|He left.',
        '"Really?" Tom asked.|He was sure.',
        "She said (I think!) that it works.|(It does.)|Good.",
        "She works at Yahoo! in Rome.",
        "Vitamin C.|It is healthy.".replace("C.|", "C. "),
        "Choose plan B.|It is cheaper.",
        "You and I.|Did you see Albert I. Jones?",
        "Say ¡hola! in Spain.",
        "He lives on Main St.|The house is red.",
        "I saw St. Mark's.|It is old.",
        "World War II.|The end.",
        '"I... I see," he said.|Then he left.',
        "It does 90 km/h.|Look in ~/x.y.|Good.",
        "It was 90 deg. outside.",
        "1. First item 2. Second item",
        "Hello world.|Today is Tuesday.".replace(".|", "."),
    ],
)
def test_english_sentences_end_where_they_end(text: str) -> None:
    wanted = text.split("|")
    if text == "1. First item 2. Second item":
        wanted = ["1. First item", "2. Second item"]
    elif text == "Hello world.Today is Tuesday.":
        wanted = ["Hello world.", "Today is Tuesday."]
    elif text.startswith("Dr."):
        wanted = ["Dr. Jane A. Smith It was her."]
    elif text.startswith("Vitamin"):
        wanted = ["Vitamin C.", "It is healthy."]
    assert split(text.replace("|", " ")) == wanted


@pytest.mark.parametrize(
    ("language", "text"),
    [
        ("de", "Am 3. Oktober ist frei, d. h. zu.|Er kommt z. B. um 14.30 Uhr.|Gut."),
        ("de", "Das steht auf Seite 12.|Dort ist es."),
        ("de", "Er wohnt in der Hauptstr. 5.|Sie auch."),
        ("de", "Er sagte: „Komm.“|Sie ging.|Ludwig XIV. war König."),
        ("es", "¡Claro!|El Sr. Gil llega a las 5 p. m. con Ana.|¿Te aviso?|Cuesta 1.250,50 euros, aprox. el doble."),
        ("fr", "Bien sûr !|M. Dupont et Mme. Leroy arrivent.|« Oui », dit-elle.|Voilà."),
        ("fr", "Né le 1er janv. 2000.|« Bonjour ! » dit-il.|Voilà."),
        ("es", "EE. UU. ganó.|Vale."),
        ("de", "»Komm.« Sie ging.|Er sagte: „Nein.“|Gut.".replace("« ", "«|")),
        ("it", "Buongiorno Sig. Rossi.|Come sta?"),
        ("zh", "今天天气好。|要我查吗？|他说：“没问题！”|好的。"),
        ("zh", "今天是3.14。|“你去吗？”他问。|“去。”她说。|好吧……我们走。"),
        ("hi", "श्री. शर्मा आए।|डॉ. सिंह कहाँ हैं?|हाँ।"),
        ("ja", "雨です。|「本当ですか？」と聞きました。|はい。"),
        ("hi", "आज बारिश होगी।|तापमान 30.5 डिग्री।|शुभ दिन!"),
        ("ar", "درجة الحرارة ٢٥.|هل تريد ذلك؟|نعم!"),
        ("hy", "Ի՞նչ ես մտածում:|Ոչինչ:"),
        ("el", "πού είναι;|Εδώ."),
        ("", "Das ist gut, und wir kommen am 3. Oktober.|Die anderen nicht."),
    ],
)
def test_sentences_of_other_languages_end_where_they_end(language: str, text: str) -> None:
    blank = "" if language in ("zh", "ja") else " "
    assert split(text.replace("|", blank), language) == text.split("|")


# ----------------------------------------------------------------------------------------------------- how early


def test_a_boundary_is_released_at_the_next_character() -> None:
    released = read_slowly(SentenceSplitter("en", WHOLE), "It rains. Take a coat.\nBye. 你好。再见。")
    assert released["It rains."] == len("It rains. T")
    assert released["Take a coat."] == len("It rains. Take a coat.\n")
    assert released["你好。"] == len("It rains. Take a coat.\nBye. 你好。再")


def test_the_first_clause_comes_early_and_only_the_first() -> None:
    text = "When the water in the pot boils, add the salt, and then the rice, and wait. After ten minutes, taste it."
    splitter = SentenceSplitter("en")
    sentences = splitter.add(text) + splitter.finish()
    assert [(one.spoken, one.ends_sentence) for one in sentences] == [
        ("When the water in the pot boils,", False),
        ("add the salt, and then the rice, and wait.", True),
        ("After ten minutes, taste it.", True),
    ]


@pytest.mark.parametrize(
    "text",
    [
        "The whole sum came to about $12,500 in the end.",
        "The meeting is moved to Tuesday, February 12, 2026 at noon",
        "Our office is in the middle of Springfield, Illinois now.",
        'My grandmother used to say "never run, always walk" to us.',
        "We will bring the blue tents (small, large) and the stove.",
    ],
)
def test_the_first_clause_never_ends_in_a_number_name_quotation_or_bracket(text: str) -> None:
    splitter = SentenceSplitter("en")
    assert [one.spoken for one in splitter.add(text) + splitter.finish()] == [text]


def test_a_long_sentence_is_cut_at_clauses_and_never_in_a_word() -> None:
    text = "and the ships sailed out to sea while the wind was blowing from the cold north over grey water " * 6
    splitter = SentenceSplitter("en")
    sentences: list[Sentence] = splitter.add(text) + splitter.finish()
    assert max(len(one.spoken) for one in sentences) <= 258
    assert " ".join(one.spoken for one in sentences) == text.strip()
    assert all(one.spoken.split()[0] in ("and", "while") for one in sentences)


# ----------------------------------------------------------------------------------------------------------- time


def test_a_sentence_that_looks_complete_is_released_when_the_model_stalls() -> None:
    splitter = SentenceSplitter("en")
    assert splitter.add("Sure.", now=10.0) == []
    assert splitter.tick(10.15) == []
    assert [one.spoken for one in splitter.tick(10.22)] == ["Sure."]
    assert [one.spoken for one in splitter.add(" Here it is.", now=11.0) + splitter.finish()] == ["Here it is."]


@pytest.mark.parametrize("text", ["I spoke to Dr.", "It is 3.", "We ship to the U.S.", "Let us see", "Take No."])
def test_what_may_go_on_is_not_released_by_a_short_stall(text: str) -> None:
    splitter = SentenceSplitter("en")
    assert splitter.add(text, now=1.0) + splitter.tick(1.3) == []


def test_an_exclamation_is_released_by_a_stall_though_an_image_could_follow() -> None:
    splitter = SentenceSplitter("en")
    splitter.add("Of course!", now=1.0)
    assert [one.spoken for one in splitter.tick(1.3)] == ["Of course!"]


def test_a_long_stall_releases_the_best_clause() -> None:
    splitter = SentenceSplitter("en", WHOLE)
    splitter.add("I will look at the map, and then", now=0.0)
    assert [one.spoken for one in splitter.tick(0.8)] == ["I will look at the map,"]


def test_hurry_releases_the_best_clause_and_nothing_where_there_is_none() -> None:
    splitter = SentenceSplitter("en", WHOLE)
    assert splitter.add("The road goes up the hill, past the mill, and the") == []
    assert [one.spoken for one in splitter.hurry()] == ["The road goes up the hill, past the mill,"]
    assert splitter.hurry() == []
    rest = splitter.add(" river lies there.") + splitter.finish()
    assert [one.spoken for one in rest] == ["and the river lies there."]


def test_time_loses_no_text() -> None:
    chance = random.Random(5)
    for text, language, options in random_texts(300, 77):
        splitter, sentences, now = SentenceSplitter(language, options), [], 0.0
        for character in text:
            now += chance.choice((0.01, 0.25, 0.9))
            sentences += splitter.tick(now) + splitter.add(character, now)
            sentences += splitter.hurry() if chance.random() < 0.2 else []
        sentences += splitter.finish()
        assert "".join(one.text for one in sentences) == text
        assert [one.index for one in sentences] == list(range(len(sentences)))


def test_the_settings_tell_the_options() -> None:
    assert split_options(Sentences()) == SplitOptions()
    settings = Sentences(first_clause=0, code="read", addresses="whole", list_numbers=False)
    assert split_options(settings) == SplitOptions(
        early_clause=False, first_clause=0, policy=Policy(code="read", urls="whole", list_numbers=False)
    )


def test_code_can_be_announced_or_read() -> None:
    text = "Look:\n```py\nx = 1. Done\n```\nThat is it."
    assert split(text, options=SplitOptions(early_clause=False, policy=Policy(code="announce"))) == [
        "Look:",
        "Here is the code.",
        "That is it.",
    ]
    assert split(text, options=SplitOptions(early_clause=False, policy=Policy(code="read"))) == [
        "Look:",
        "x = 1. Done",
        "That is it.",
    ]
