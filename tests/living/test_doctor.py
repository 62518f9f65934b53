"""The doctor tells the truth about this machine: each check a line, a fix where one is needed, no key anywhere."""

from __future__ import annotations

import asyncio
import json

import pytest
from sound_card import missing, virtual_sound_card

from voicestream.cli import main
from voicestream.config import Config, load_config
from voicestream.sessions.doctor import Doctor, Finding, judge_microphone, would_talk

QUIET = ("--output", "none", "--set", "thinking.provider=offline", "--set", "hearing.model=tiny-synthetic")


def examine(capsys: pytest.CaptureFixture[str], *words: str) -> tuple[int, dict[str, dict]]:
    status = main(["doctor", "--json", *words])
    report = json.loads(capsys.readouterr().out)
    assert report["would_talk"] == (status == 0)
    return status, {check["check"]: check for check in report["checks"]}


def test_where_all_is_there_talk_would_work(capsys: pytest.CaptureFixture[str]) -> None:
    status, checks = examine(capsys, "--input", "-", *QUIET)
    assert status == 0
    assert checks["voice"]["figures"]["first_sound_seconds"] > 0
    assert checks["recognizer"]["figures"]["share_of_real_time"] > 0


def test_a_missing_recording_is_a_problem_with_its_name(capsys: pytest.CaptureFixture[str]) -> None:
    status, checks = examine(capsys, "--input", "nowhere.wav", *QUIET)
    assert status == 69
    assert checks["microphone"]["status"] == "problem"
    assert "nowhere.wav" in checks["microphone"]["message"]


def test_a_model_that_cannot_be_reached_is_a_problem_and_no_key_is_told(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("OPENAI_API_KEY", "sk-very-secret")
    settings = ("thinking.provider=openai", "thinking.base_url=http://127.0.0.1:9/v1", "thinking.first_token=2")
    words = ["--input", "-", "--output", "none", "--set", "hearing.model=tiny-synthetic"]
    status = main(["doctor", *words, *(word for each in settings for word in ("--set", each))])
    out, err = capsys.readouterr()
    assert status == 69
    assert "problem  model" in out
    assert "sk-very-secret" not in out + err


def test_a_recognizer_that_is_not_there_comes_with_the_command_that_gets_it() -> None:
    config = load_config(overrides=["hearing.recognizer=whisper", "hearing.model=medium"])
    finding = asyncio.run(Doctor(config).check_recognizer())
    assert (finding.status, finding.fix) == ("problem", "`voicestream models fetch medium`")


@pytest.mark.parametrize(
    ("levels", "status", "word"),
    [
        ([0.0] * 30, "warning", "muted"),
        ([0.001] * 30, "ok", ""),
        ([0.05] * 30, "warning", "level"),
    ],
    ids=["silent", "quiet", "loud"],
)
def test_the_microphone_is_judged_by_its_noise_floor(levels: list[float], status: str, word: str) -> None:
    finding = judge_microphone("a microphone", levels, [0.1] * 30, Config())
    assert finding.status == status
    assert word in finding.fix


def test_a_warning_does_not_keep_from_talking() -> None:
    assert would_talk([Finding("disk", "warning", "little space")])
    assert not would_talk([Finding("disk", "ok", ""), Finding("voice", "problem", "none")])


def test_a_real_microphone_is_listened_to() -> None:
    if reason := missing():
        pytest.skip(reason)
    config = load_config(overrides=["audio.input=vs_mic", "audio.output=vs_speaker"])
    with virtual_sound_card():
        from voicestream.backends.sound_devices import renew_list

        renew_list()
        finding = asyncio.run(Doctor(config).check_microphone())
        assert "virtual mic" in finding.message or "vs_mic" in finding.message
        assert "16000" in finding.message
        assert asyncio.run(Doctor(config).check_loudspeaker()).status == "ok"
