"""Numbers, signs and abbreviations in words, and the way back."""

from __future__ import annotations

import random

import pytest

from voicestream.bench.sentence_fuzz import random_texts
from voicestream.speaking.verbalise import verbalise


@pytest.mark.parametrize(
    ("spoken", "voiced"),
    [
        (
            "It costs $1,234.56 now.",
            "It costs one thousand two hundred and thirty-four dollars and fifty-six cents now.",
        ),
        ("That is $5 million.", "That is five million dollars."),
        ("It was £1 or €0.50.", "It was one pound or fifty cents."),
        ("12.5% of 3.14159", "twelve point five percent of three point one four one five nine"),
        ("It is -1.2 degrees.", "It is minus one point two degrees."),
        ("At 5:30 p.m. or 8:05 or 17:00", "At five thirty p m or eight oh five or seventeen hundred"),
        ("Jan. 5 to Feb. 12, 2026", "January fifth to February twelfth, twenty twenty-six"),
        ("2026-02-12 or 3 May 2020", "February twelfth, twenty twenty-six or the third of May, twenty twenty"),
        (
            "In 1937 and 2005 and the 1980s",
            "In nineteen thirty-seven and two thousand and five and the nineteen eighties",
        ),
        ("the 21st and 2nd", "the twenty-first and second"),
        ("Python 3.11.7 and v2.1", "Python three point eleven point seven and version two point one"),
        ("Ping 10.0.0.1 now", "Ping one zero dot zero dot zero dot one now"),
        ("10–20 km at 30 °C", "ten to twenty kilometres at thirty degrees Celsius"),
        ("1 kg, 5 kg, 10GB and 90 km/h", "one kilogram, five kilograms, ten gigabytes and ninety kilometres per hour"),
        ("½ or 1 1/2 or 2/3", "one half or one and a half or two thirds"),
        ("Call +1 555-0123-456", "Call plus one, five five five, zero one two three, four five six"),
        ("Henry VIII, World War II and I", "Henry the eighth, World War two and I"),
        ("PDFs, HTML and the USA, but NASA", "P D Fs, H T M L and the U S A, but NASA"),
        ("THIS IS ALL VERY LOUD HTML", "THIS IS ALL VERY LOUD HTML"),
        ("e.g. Dr. Lee, i.e. No. 5, etc.", "for example Doctor Lee, that is number five, et cetera."),
        ("I live in the U.S.", "I live in the U S."),
        ("12 Main St. and St. Paul", "twelve Main Street and Saint Paul"),
        ("mail help.desk@example.co.uk", "mail help dot desk at example dot co dot uk"),
        ("see github.com/a_b", "see github dot com slash a underscore b"),
        (
            "in /var/log/app.log and my_file.txt",
            "in slash var slash log slash app dot log and my underscore file dot txt",
        ),
        ("#OpenSource by @jane", "hashtag Open Source by at jane"),
        ("A = π r^2 & 2 * 3 < 7", "A equals pi r squared and two times three less than seven"),
        (
            "007 and 1234567890123456",
            "zero zero seven and one two three four five six seven eight nine zero one two three four five six",
        ),
        ("C++, C# and .NET", "C plus plus, C sharp and dot net"),
        ("a score of 16:9", "a score of sixteen to nine"),
        ("nothing to do here", "nothing to do here"),
    ],
)
def test_english_is_said_in_words(spoken: str, voiced: str) -> None:
    assert verbalise(spoken, "en", {}).text == voiced


@pytest.mark.parametrize(
    ("language", "spoken", "voiced"),
    [
        ("de", "Am 3. Oktober, der 2. Tag", "Am dritten Oktober, der zweite Tag"),
        ("de", "d. h. um 14.30 Uhr", "das heißt um vierzehn Uhr dreißig"),
        ("de", "12,50 € und 1.250 Euro", "zwölf Euro fünfzig und eintausendzweihundertfünfzig Euro"),
        (
            "de",
            "3,5 km, 20 °C, § 5, Nr. 3",
            "drei Komma fünf Kilometer, zwanzig Grad Celsius, Paragraf fünf, Nummer drei",
        ),
        (
            "de",
            "Ludwig XIV. kam am 03.04.2026.",
            "Ludwig der vierzehnte kam am dritten April zweitausendsechsundzwanzig.",
        ),
        ("de", "z. B. 1 Million, ca. 2 Mio. Euro", "zum Beispiel eine Million, circa zwei Millionen Euro"),
        ("es", "El Sr. Gil, p. ej., a las 5:30", "El señor Gil, por ejemplo, a las cinco treinta"),
        (
            "es",
            "1.250,50 euros, 3.º, siglo XXI",
            "mil doscientos cincuenta euros con cincuenta, tercero, siglo veintiuno",
        ),
        ("es", "20 km y 3,5 kg", "veinte kilómetros y tres coma cinco kilos"),
        ("fr", "M. Petit part à 17 h 30.", "monsieur Petit part à dix-sept heures trente."),
        ("fr", "Le 1er mai, 2e étage, Louis XIV", "Le premier mai, deuxième étage, Louis quatorze"),
        ("fr", "12,50 € et 1 250 km", "douze euros cinquante et mille deux cent cinquante kilomètres"),
        ("it", "Costa 5 euro.", "Costa 5 euro."),
        ("", "Das ist nicht der 3. Tag, und es kostet 5 €.", "Das ist nicht der dritte Tag, und es kostet fünf Euro."),
    ],
)
def test_other_languages_are_said_in_words(language: str, spoken: str, voiced: str) -> None:
    assert verbalise(spoken, language, {}).text == voiced


def test_the_pronunciation_table_comes_first() -> None:
    table = {"nginx": "engine x", "GIF": "jif", "Dr. No": "Doctor No"}
    assert verbalise("Nginx sent a GIF of Dr. No.", "en", table).text == "engine x sent a jif of Doctor No."
    assert verbalise("Nginx läuft", "fi", table).text == "engine x läuft"


def test_each_voiced_word_leads_back_to_the_spoken_one() -> None:
    spoken = "Pay $5 to Dr. Lee & go."
    voiced = verbalise(spoken, "en", {})
    pairs = [
        (voiced.text[one.voiced_start : one.voiced_end].strip(), spoken[one.spoken_start : one.spoken_end])
        for one in voiced.spans
    ]
    assert ("five dollars", "$5") in pairs
    assert ("Doctor", "Dr.") in pairs
    assert ("Lee", "Lee") in pairs
    assert ("and", "&") in pairs


def test_no_text_is_a_command_for_a_voice() -> None:
    voiced = verbalise('say <break time="9s"/> and [[rate 500]] {x} `y` \\z |', "en", {}).text
    assert not set(voiced) & set("<>[]{}`\\|")


def test_random_texts_are_voiced_with_their_places_in_order() -> None:
    chance = random.Random(3)
    for text, _, _ in random_texts(400, 9):
        language = chance.choice(["en", "de", "es", "fr", "ja", ""])
        voiced = verbalise(text, language, {"word": "wort"})
        at = 0
        for span in voiced.spans:
            assert at <= span.voiced_start <= span.voiced_end
            assert 0 <= span.spoken_start < span.spoken_end <= len(text)
            at = span.voiced_end
        assert at <= len(voiced.text) + 1 or not voiced.text


def test_every_letter_outside_the_tables_is_kept() -> None:
    for text in ("दिल्ली में", "今天很好", "naïve œuvre", "Привет мир"):
        for language in ("en", "de", "es", "fr", "zh"):
            assert verbalise(text, language, {}).text == text
