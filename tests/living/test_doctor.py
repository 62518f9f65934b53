"""The doctor tells the truth about this machine: each check a line, a fix where one is needed, no key anywhere."""

from __future__ import annotations

import asyncio
import json
from pathlib import Path

import numpy as np
import pytest
from sound_card import SoundCard, missing, virtual_sound_card

from voicestream.cli import main
from voicestream.config import Config
from voicestream.config_file import load_config
from voicestream.errors import DeviceError
from voicestream.hearing.chirp import ChirpEcho
from voicestream.hearing.whisper_speed import KEEPS_UP
from voicestream.sessions import check_recognizer
from voicestream.sessions.check_echo import check_echo, judge_echo
from voicestream.sessions.check_machine import check_clock, check_disk
from voicestream.sessions.check_sound import check_loudspeaker, check_microphone, check_portaudio, judge_microphone
from voicestream.sessions.doctor import Doctor
from voicestream.sessions.findings import Finding, would_talk
from voicestream.sessions.model_shelf import list_shelf

QUIET = ("--output", "none", "--set", "thinking.provider=offline", "--set", "hearing.model=tiny-synthetic")
CHECKS = [
    *("python", "disk", "clock", "portaudio", "loudspeaker", "microphone", "echo", "wake word"),
    *("espeak", "voice", "recognizer", "model", "service"),
]


@pytest.fixture(autouse=True)
def _own_cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Measured speeds are remembered."""
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))


def examine(capsys: pytest.CaptureFixture[str], *words: str) -> tuple[int, dict[str, dict]]:
    status = main(["doctor", "--json", *words])
    report = json.loads(capsys.readouterr().out)
    assert report["would_talk"] == (status == 0)
    assert [check["check"] for check in report["checks"]] == CHECKS
    return status, {check["check"]: check for check in report["checks"]}


def test_where_all_is_there_talk_would_work(capsys: pytest.CaptureFixture[str]) -> None:
    status, checks = examine(capsys, "--input", "-", *QUIET)
    assert status == 0
    assert checks["voice"]["figures"]["first_sound_seconds"] > 0
    assert checks["recognizer"]["figures"]["share_of_real_time"] > 0
    assert "espeak-ng 1." in checks["espeak"]["message"]


def test_each_finding_is_one_line_and_each_problem_has_a_fix(capsys: pytest.CaptureFixture[str]) -> None:
    settings = (
        *("speaking.engine=wyoming", "thinking.provider=openai", "thinking.base_url=http://127.0.0.1:9/v1"),
        *("turns.listening=wake_word", "turns.wake_phrase=sesame"),
    )
    words = [word for each in settings for word in ("--set", each)]
    status, checks = examine(capsys, "--input", "nowhere.wav", "--output", "none", *words)
    assert status == 69
    for check in checks.values():
        assert "\n" not in check["message"] + check["fix"]
        assert check["fix"] or check["status"] == "ok", check
    problems = {name for name, check in checks.items() if check["status"] == "problem"}
    assert problems == {"microphone", "wake word", "voice", "model"}
    assert "nowhere.wav" in checks["microphone"]["message"]


def test_no_key_and_no_password_is_told(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OPENAI_API_KEY", "sk-very-secret")
    monkeypatch.setenv("EARS", "sk-of-the-ears")
    settings = (
        "thinking.provider=openai",
        "thinking.base_url=http://me:pass-word@127.0.0.1:9/v1?key=in-the-address",
        "hearing.recognizer=remote",
        "remote_hearing.base_url=http://you:pass-word@127.0.0.1:9/sk-of-the-ears",
        "remote_hearing.key_variable=EARS",
        "speaking.engine=remote",
        "speaking.address=http://pass-word@127.0.0.1:9/v1?token=in-the-address",
    )
    words = ["--input", "-", "--output", "none", *(word for each in settings for word in ("--set", each))]
    for form in ([], ["--json"]):
        assert main(["doctor", *form, *words]) == 69
        out, err = capsys.readouterr()
        for secret in ("sk-very-secret", "sk-of-the-ears", "pass-word", "in-the-address"):
            assert secret not in out + err


# ------------------------------------------------------------------------------------------------ the recognizer


def test_a_recognizer_that_is_not_there_comes_with_the_command_that_gets_it(monkeypatch: pytest.MonkeyPatch) -> None:
    finding = foretell(monkeypatch, 0.01, "hearing.recognizer=whisper", "hearing.model=medium")
    assert finding.status == "problem"
    assert "`voicestream models fetch medium`" in finding.fix
    assert "0.15× real time" in finding.message


@pytest.mark.parametrize(
    ("address", "status"), [("nowhere", "problem"), ("tcp://127.0.0.1:9", "warning")], ids=["none", "nobody there"]
)
def test_a_server_that_listens_is_needed_only_where_nobody_takes_over(
    capsys: pytest.CaptureFixture[str], address: str, status: str
) -> None:
    pytest.importorskip("wyoming", reason="needs the wyoming package")
    words = ["--set", "hearing.recognizer=wyoming", "--set", f"remote_hearing.wyoming={address}"]
    exit_status, checks = examine(capsys, "--input", "-", *QUIET, *words)
    assert checks["recognizer"]["status"] == status
    assert exit_status == (69 if status == "problem" else 0)


def test_a_model_that_will_be_too_slow_comes_with_the_one_to_take(monkeypatch: pytest.MonkeyPatch) -> None:
    finding = foretell(monkeypatch, 0.3, "hearing.model=base.en")
    assert (finding.status, "0.60× real time" in finding.message) == ("warning", True)
    assert "take tiny.en" in finding.fix
    assert "remote" in foretell(monkeypatch, 3.0, "hearing.model=base.en").fix


def foretell(monkeypatch: pytest.MonkeyPatch, share_of_tiny: float, *settings: str) -> Finding:
    async def measured() -> float:
        return share_of_tiny

    monkeypatch.setattr(check_recognizer, "_measure_tiny", measured)
    return asyncio.run(check_recognizer.check_recognizer(load_config(overrides=settings), None))


def test_the_speed_of_a_model_that_is_not_here_is_measured_on_its_shape() -> None:
    finding = asyncio.run(check_recognizer.check_recognizer(load_config(overrides=["hearing.model=base.en"]), None))
    assert finding.status == "warning"
    assert 0 < finding.figures["predicted_share_of_tiny"] < finding.figures["predicted_share_of_base"]
    shelf = {model.name: model for model in list_shelf()}
    assert shelf["base.en"].is_foretold
    assert shelf["base.en"].speed == pytest.approx(finding.figures["predicted_share_of_base"], abs=0.001)
    assert shelf["tiny-synthetic"].speed is None


def test_the_speed_of_a_model_that_is_here_is_remembered() -> None:
    config = load_config(overrides=["hearing.model=tiny-synthetic"])
    finding = asyncio.run(check_recognizer.check_recognizer(config, None))
    shelf = {model.name: model for model in list_shelf()}
    assert shelf["tiny-synthetic"].speed == pytest.approx(finding.figures["share_of_real_time"], abs=0.001)
    assert shelf["base.en"].speed is None  # it is no model of tiny's shape, whatever its name says


@pytest.mark.parametrize(("share", "status"), [(KEEPS_UP * 0.5, "ok"), (KEEPS_UP * 1.5, "warning")])
def test_a_model_that_is_here_is_judged_by_its_speed(share: float, status: str) -> None:
    finding = check_recognizer.judge_share("base.en", share)
    assert finding.status == status
    assert ("tiny.en" in finding.fix) is (status == "warning")


# -------------------------------------------------------------------------------------------------- the machine


def test_a_model_that_does_not_fit_on_the_disk_is_a_warning(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("VOICESTREAM_MODELS", str(tmp_path / "none" / "yet"))
    monkeypatch.setattr("shutil.disk_usage", lambda place: type("Usage", (), {"free": 300_000_000}))
    assert asyncio.run(check_disk(load_config(overrides=["hearing.model=tiny.en"]))).status == "ok"
    finding = asyncio.run(check_disk(load_config(overrides=["hearing.model=small"])))
    assert (finding.status, "free 386 MB" in finding.fix) == ("warning", True)


def test_a_clock_that_was_never_set_is_a_warning(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("voicestream.sessions.check_machine.FIRST_YEAR", 9999)
    assert asyncio.run(check_clock()).status == "warning"


def test_a_warning_does_not_keep_from_talking() -> None:
    assert would_talk([Finding("disk", "warning", "little space")])
    assert not would_talk([Finding("disk", "ok", ""), Finding("voice", "problem", "none")])


# ---------------------------------------------------------------------------------------------------- the sound


@pytest.mark.parametrize(
    ("levels", "voices", "status", "word"),
    [
        ([0.0] * 30, [0.1], "warning", "muted"),
        ([0.001] * 30, [0.1], "ok", ""),
        ([0.05] * 30, [0.1], "warning", "level"),
        ([0.001] * 30, [0.9], "warning", "hearing.threshold"),
        ([1.0] * 30, [0.1], "warning", "down"),
    ],
    ids=["silent", "quiet", "loud", "voices", "overloaded"],
)
def test_the_microphone_is_judged_by_what_the_detector_makes_of_it(
    levels: list[float], voices: list[float], status: str, word: str
) -> None:
    finding = judge_microphone("a microphone", levels, voices * 30, Config().hearing.threshold)
    assert finding.status == status
    assert word in finding.fix


@pytest.mark.parametrize(
    ("echo", "canceller", "status", "word"),
    [
        (ChirpEcho(False), "", "ok", "headphones"),
        (ChirpEcho(True, 0.04, -10.0, -60.0, 0.4), "voicestream", "ok", "voicestream cancels it"),
        (ChirpEcho(True, 0.04, -10.0, -60.0, 0.4), "", "warning", "nothing cancels"),
        (ChirpEcho(True, 0.04, -60.0, -90.0, 0.4), "", "ok", "too faint"),
        (ChirpEcho(True, 0.04, -10.0, -60.0, 0.99), "voicestream", "problem", "monitor"),
    ],
    ids=["headphones", "cancelled", "not cancelled", "faint", "monitor"],
)
def test_the_echo_is_judged_by_who_takes_it_out(echo: ChirpEcho, canceller: str, status: str, word: str) -> None:
    finding = judge_echo(echo, canceller)
    assert finding.status == status
    assert word in finding.message
    assert bool(finding.fix) is (status != "ok")


@pytest.fixture(scope="module")
def card() -> SoundCard:
    if reason := missing():
        pytest.skip(reason)
    with virtual_sound_card() as card:
        yield card


DEVICES = load_config(overrides=["audio.input=vs_mic", "audio.output=vs_speaker"])


def test_real_devices_are_opened(card: SoundCard) -> None:
    assert "PortAudio" in asyncio.run(check_portaudio(DEVICES)).message
    assert "48000 Hz" in asyncio.run(check_loudspeaker(DEVICES)).message
    assert "16000" in asyncio.run(check_microphone(DEVICES)).message


def test_a_microphone_apart_hears_no_chirp(card: SoundCard) -> None:
    finding = asyncio.run(check_echo(DEVICES))
    assert (finding.status, finding.figures) == ("ok", {})


def test_the_echo_between_real_devices_is_measured(card: SoundCard) -> None:
    noise = np.random.default_rng(0).standard_normal(48_000 * 8)
    module = card.control(
        *("load-module", "module-loopback", "source=speaker.monitor", "sink=mic_feed", "latency_msec=100"),
        *("source_dont_move=true", "sink_dont_move=true"),
    )
    talker = card.speak(np.asarray(0.03 * noise, np.float32))  # a room is more than a wire
    try:
        finding = asyncio.run(check_echo(DEVICES))
    finally:
        talker.terminate()
        talker.wait()
        card.control("unload-module", module)
    assert finding.figures["level_db"] == pytest.approx(0.0, abs=3.0)
    assert 0.03 < finding.figures["delay_seconds"] < 0.4


def test_a_monitor_in_place_of_a_microphone_is_told(card: SoundCard) -> None:
    finding = asyncio.run(check_echo(load_config(overrides=["audio.input=vs_monitor", "audio.output=vs_speaker"])))
    assert (finding.status, "monitor" in finding.message) == ("problem", True)


def test_without_a_microphone_there_is_a_problem_and_no_echo(card: SoundCard) -> None:
    config = load_config(overrides=["audio.input=unheard of", "audio.output=vs_speaker"])
    assert "not measured" in asyncio.run(check_echo(config)).message
    with pytest.raises(DeviceError, match="unheard of"):
        asyncio.run(check_microphone(config))


def test_a_check_that_fails_is_a_problem_with_its_fix(monkeypatch: pytest.MonkeyPatch) -> None:
    async def fail(config: Config) -> Finding:
        raise DeviceError("the cable is cut")

    monkeypatch.setattr("voicestream.sessions.doctor.check_microphone", fail)

    async def examined() -> dict[str, Finding]:
        config = load_config(overrides=["audio.output=none", "thinking.provider=offline"])
        return {finding.check: finding async for finding in Doctor(config).examine()}

    finding = asyncio.run(examined())["microphone"]
    assert (finding.status, finding.message) == ("problem", "the cable is cut")
    assert "voicestream devices" in finding.fix
