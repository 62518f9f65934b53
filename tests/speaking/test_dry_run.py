"""What `say --dry-run` prints."""

from __future__ import annotations

import io
import json

import pytest

from voicestream.speaking.dry_run import dry_run, print_sentences


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


def test_json_is_one_object_a_line(capsys: pytest.CaptureFixture[str]) -> None:
    assert print_sentences(io.StringIO("Hello. 你好。"), as_json=True) == 0
    lines = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert [line["spoken"] for line in lines] == ["Hello.", "你好。"]


def test_plain_lines_hold_what_is_said_alone(capsys: pytest.CaptureFixture[str]) -> None:
    print_sentences(io.StringIO("# Hi\n```\ncode\n```\n"), as_json=False)
    assert capsys.readouterr().out == "Hi\n"


def test_bytes_that_are_cut_in_a_letter_are_read_whole(capsys: pytest.CaptureFixture[str]) -> None:
    class Slow(io.BytesIO):
        def read1(self, size: int | None = -1, /) -> bytes:
            return self.read(1)

    print_sentences(io.TextIOWrapper(Slow("Ünö. Ok".encode())), as_json=False)
    assert capsys.readouterr().out == "Ünö.\nOk\n"
