"""What `say --dry-run` prints."""

from __future__ import annotations

from voicestream.speaking.dry_run import dry_run


def test_a_record_tells_all_of_a_sentence_and_when_it_was_released() -> None:
    first, second = dry_run(["It costs **$", "5**. Fine."], language="en")
    assert first == {
        "index": 0,
        "text": "It costs **$5**. ",
        "spoken": "It costs $5.",
        "voiced": "It costs five dollars.",
        "at": 18,
    }
    assert (second["spoken"], second["at"]) == ("Fine.", 22)


def test_sentences_come_while_the_text_still_arrives() -> None:
    read = []

    def arriving() -> object:
        for word in ("One. ", "Two. ", "Three."):
            read.append(word)
            yield word

    records = dry_run(arriving())  # type: ignore[arg-type] # a generator is an iterable
    assert next(records)["spoken"] == "One."
    assert read == ["One. ", "Two. "]


def test_what_is_not_said_is_in_the_record_of_what_follows() -> None:
    records = list(dry_run(["```\ncode\n```\n# Hi\n🎉"], language="en"))
    assert [(record["text"], record["spoken"]) for record in records] == [("```\ncode\n```\n# Hi\n", "Hi"), ("🎉", "")]
