"""The picture of a conversation says what the events say: whose time, how long the gap, what was cut."""

from __future__ import annotations

import json
import sys
import xml.etree.ElementTree as xml
from itertools import pairwise
from pathlib import Path

import pytest

from voicestream import events as told
from voicestream.cli import main
from voicestream.displays.timeline_courses import courses_of
from voicestream.displays.timeline_picture import timeline_picture, timeline_png
from voicestream.displays.timeline_shapes import Line, Text, draw_timeline
from voicestream.events import as_json, from_json

SVG = "{http://www.w3.org/2000/svg}"

EVENTS = [
    told.SpeechStartedEvent(time=1.0, audio_time=0.9),
    told.TranscriptEvent(time=1.8, text="what is", stable="", final=False),
    told.Turn(time=3.0, turn=1, text="what is <this> & that"),
    told.DeltaEvent(time=3.1, turn=1, text="It is"),
    told.SentenceEvent(time=3.2, turn=1, index=0, text="It is. ", spoken="It is."),
    told.SynthesizedEvent(time=3.3, turn=1, index=0),
    told.SoundStarted(time=3.34, turn=1, index=0),
    told.Latency(time=3.34, turn=1, first_sound=0.84),
    told.SoundEnded(time=4.0, turn=1, index=0),
    told.SoundStarted(time=4.1, turn=1, index=1),
    told.Paused(time=4.5, turn=1),
    told.Interrupted(time=5.0, turn=1, heard="It is."),
    told.Answer(time=5.0, turn=1, text="It is. And", heard="It is.", finish="interrupted"),
]


def drawn(events: list[told.Event]) -> xml.Element:
    return xml.fromstring(timeline_picture(events))


def of_class(picture: xml.Element, name: str) -> list[dict[str, str]]:
    return [element.attrib for element in picture.iter() if element.get("class") == name]


def test_the_gap_reaches_from_the_end_of_the_speech_to_the_first_sound() -> None:
    picture = drawn(EVENTS)
    [speech], [gap], playing = of_class(picture, "speech"), of_class(picture, "gap"), of_class(picture, "playing")
    assert float(gap["x"]) == pytest.approx(float(speech["x"]) + float(speech["width"]), abs=0.2)
    assert float(gap["x"]) + float(gap["width"]) == pytest.approx(float(playing[0]["x"]), abs=0.2)
    assert float(speech["width"]) / float(gap["width"]) == pytest.approx(1.5 / 0.84, rel=0.01)
    assert "0.84 s to the first sound" in timeline_picture(EVENTS)


def test_an_interruption_cuts_the_sentence_that_sounded() -> None:
    picture = drawn(EVENTS)
    [cut], playing = of_class(picture, "cut"), of_class(picture, "playing")
    assert float(playing[1]["x"]) + float(playing[1]["width"]) == pytest.approx(float(cut["x1"]), abs=0.2)


def test_texts_cannot_leave_their_place() -> None:
    evil = "</text><script>alert(1)</script>\x1b[2J\x00 & \ufffe"
    picture = drawn([*EVENTS, told.Turn(time=6.0, turn=2, text=evil)])
    assert not list(picture.iter(f"{SVG}script"))
    assert any("<script>" in (element.text or "") for element in picture.iter(f"{SVG}text"))


def test_a_typed_turn_and_one_without_an_answer_are_drawn_too() -> None:
    courses = courses_of([told.Turn(time=1.0, turn=1, text="hello"), told.Turn(time=2.0, turn=2, text="again")])
    assert [(course.begin, course.asked, course.first_sound) for course in courses] == [
        (1.0, None, None),
        (2.0, None, None),
    ]
    drawn([told.Turn(time=1.0, turn=1, text="hello")])
    assert "No turn was heard" in timeline_picture([])


@pytest.mark.parametrize("event", EVENTS, ids=lambda event: event.name)
def test_an_event_comes_back_from_its_line(event: told.Event) -> None:
    assert from_json(as_json(event)) == event


def test_events_and_fields_of_another_version_are_left_out() -> None:
    assert from_json('{"event": "from_the_future", "time": 1}') is None
    assert from_json('{"event": "turn", "time": 1.0, "turn": 2, "text": "a", "mood": "new"}') == told.Turn(
        time=1.0, turn=2, text="a"
    )


def test_the_command_draws_beside_the_events(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "events.jsonl"
    path.write_text("".join(as_json(event) + "\n" for event in EVENTS), encoding="utf-8")
    assert main(["timeline", str(path)]) == 0
    assert capsys.readouterr().out.strip() == str(tmp_path / "events.svg")
    xml.parse(tmp_path / "events.svg")
    path.write_text(json.dumps({"event": "turn"}), encoding="utf-8")
    assert main(["timeline", str(path)]) == 65
    assert "line 1" in capsys.readouterr().err


def test_a_recorded_session_is_drawn_as_svg_and_png(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    lines = "".join(as_json(event) + "\n" for event in EVENTS)
    (tmp_path / "events.jsonl").write_text(lines + '{"event": "tu', encoding="utf-8")  # it was killed
    assert main(["timeline", str(tmp_path)]) == 0
    assert capsys.readouterr().out.strip() == str(tmp_path / "timeline.svg")
    pytest.importorskip("matplotlib", reason="needs the extra timeline")
    assert main(["timeline", str(tmp_path), "--output", str(tmp_path / "a.png")]) == 0
    assert (tmp_path / "a.png").read_bytes().startswith(b"\x89PNG")
    assert main(["timeline", str(tmp_path), "--output", str(tmp_path / "a.pdf")]) == 64


def test_png_draws_letters_and_no_formulas() -> None:
    pytest.importorskip("matplotlib", reason="needs the extra timeline")
    assert timeline_png([*EVENTS, told.Turn(time=6.0, turn=2, text=r"$\frac{1}$ 你好 \u200b")])


def test_without_matplotlib_png_is_refused_in_one_line(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "matplotlib.figure", None)
    monkeypatch.setitem(sys.modules, "matplotlib.backends.backend_agg", None)
    path = tmp_path / "events.jsonl"
    path.write_text("".join(as_json(event) + "\n" for event in EVENTS), encoding="utf-8")
    assert main(["timeline", str(path), "--output", str(tmp_path / "a.png")]) == 64
    assert "pip install matplotlib" in capsys.readouterr().err


def test_every_tick_of_a_long_turn_stays_in_the_picture() -> None:
    far = [*EVENTS[:3], *(told.DeltaEvent(time=3.0 + second, turn=1, text="a") for second in range(300))]
    shapes = draw_timeline(far)
    for shape in shapes.shapes:
        if isinstance(shape, Line):
            assert 0 <= shape.x1 <= shapes.width
    marks = [shape.x for shape in shapes.shapes if isinstance(shape, Text) and shape.text.endswith(" s")]
    assert all(after - before >= 79 for before, after in pairwise(marks))
