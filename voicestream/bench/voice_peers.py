"""What a program would do without voicestream, measured the same way: `espeak-ng --stdout`, pyttsx3 used plainly, and
RealtimeTTS with its system engine. Each runs in a process of its own, as its manual shows it."""

from __future__ import annotations

import shutil
import subprocess
import sys
import time
from collections.abc import Sequence
from dataclasses import dataclass, field

from voicestream.bench.voice_at_device import MONITOR_RATE, Monitor
from voicestream.bench.voice_figures import TWELVE_WORDS, Figure, resident, spread

SAY_AND_WAIT = """
import pyttsx3
engine = pyttsx3.init()
engine.setProperty("rate", 175)
def speak(text):
    engine.say(text)
    engine.runAndWait()
stop = engine.stop
"""

SAVE_TO_FILE = """
import pyttsx3, tempfile
engine = pyttsx3.init()
engine.setProperty("rate", 175)
path = tempfile.mktemp(".wav", dir="/dev/shm" if os.path.isdir("/dev/shm") else None)
def speak(text):
    done = threading.Event()
    token = engine.connect("finished-utterance", lambda name, completed: done.set())
    engine.save_to_file(text, path)
    engine.runAndWait()
    done.wait(5)
    mark("pcm")
    engine.disconnect(token)
    os.unlink(path)
"""

REALTIMETTS = """
from RealtimeTTS import SystemEngine, TextToAudioStream
stream = TextToAudioStream(SystemEngine(voice=None), tokenizer="rule-based", muted=is_muted)
def speak(text):
    stream.feed(text).play(on_audio_chunk=lambda chunk: mark("pcm"), muted=is_muted)
stop = stream.stop
"""

DRIVER = """
import os, sys, threading, time
text, count, cancel_after, rest, is_muted = sys.argv[1], int(sys.argv[2]), *map(float, sys.argv[3:])
def mark(kind):
    sys.stdout.write(f"@@ {{kind}} {{time.monotonic()}}\\n")
    sys.stdout.flush()
def cancel():
    mark("cancelled")
    stop()
{program}
for _ in range(count):
    if cancel_after:
        threading.Timer(cancel_after, cancel).start()
    mark("begun")
    speak(text)
    mark("returned")
    time.sleep(rest)
for line in open("/proc/self/status") if os.path.exists("/proc/self/status") else ():
    if line.startswith("VmHWM"):
        sys.stdout.write(f"@@ kilobytes {{line.split()[1]}}\\n")
sys.stdout.flush()
os._exit(0)
"""

HOW_TO_INSTALL = (
    "not installed: pip install 'realtimetts[system]' (needs portaudio19-dev and ffmpeg), or name its Python"
)


@dataclass(slots=True)
class Marks:
    """When something happened in a peer, by the clock that all processes share."""

    begun: list[float] = field(default_factory=list)
    first_pcm: list[float] = field(default_factory=list)
    cancelled: list[float] = field(default_factory=list)
    megabytes: float = 0.0


def measure_peers(count: int, realtimetts: str, monitor: Monitor | None) -> list[Figure]:
    """Return the figures of all peers; `realtimetts` is the Python that has it; without a monitor nothing sounds."""
    figures = _espeak_to_stdout(count)
    figures += _figures("pyttsx3 say+runAndWait", sys.executable, SAY_AND_WAIT, count, monitor)
    figures += _figures("pyttsx3 save_to_file", sys.executable, SAVE_TO_FILE, count, None)
    has_realtimetts = subprocess.run([realtimetts, "-c", "import RealtimeTTS"], capture_output=True, check=False)
    if has_realtimetts.returncode:
        return [*figures, Figure("RealtimeTTS", "sentence to first audio, 12 words", HOW_TO_INSTALL)]
    return figures + _figures("RealtimeTTS", realtimetts, REALTIMETTS, count, monitor)


def _figures(name: str, python: str, program: str, count: int, monitor: Monitor | None) -> list[Figure]:
    figures = []
    if "mark(" in program:
        marks = _run(python, program, TWELVE_WORDS, count, rest=0.1, is_muted=True)
        times = [pcm - begun for pcm, begun in zip(marks.first_pcm, marks.begun, strict=False)]
        figures.append(Figure(name, "sentence to first audio, 12 words", spread(times) if times else "none"))
    else:
        marks = _run(python, program, "", 1, rest=0.0, is_muted=True)
        figures.append(Figure(name, "sentence to first audio, 12 words", "hands out none"))
    figures.append(Figure(name, "memory", f"{marks.megabytes:.1f} MB"))
    if monitor:
        figures += _heard(name, python, program, min(count, 10), monitor)
    return figures


def _heard(name: str, python: str, program: str, count: int, monitor: Monitor) -> list[Figure]:
    """Measure at the sound card what is heard, and what still is after a stop."""
    marks = _run(python, program, "Yes.", count, rest=1.5)
    times = [heard[0][0] - begun for begun in marks.begun if (heard := monitor.heard(begun, begun + 1.4))]
    lost = len(marks.begun) - len(times)
    figures = [
        Figure(name, "sentence to first sample at the sound card", f"{spread(times) if times else 'none'}; {lost} lost")
    ]
    times = []
    for _ in range(min(count, 3)):  # in a process of its own each: after a stop some never speak again
        marks = _run(python, program, TWELVE_WORDS, 1, rest=5.0, cancel_after=0.8)
        if marks.cancelled and (heard := monitor.heard(marks.begun[0], time.monotonic())):
            times.append(max(0.0, heard[-1][1] - marks.cancelled[0]))
    value = f"{spread(times)}; {round(max(times) * MONITOR_RATE)} samples" if times else "none"
    return [*figures, Figure(name, "cancel to silence at the sound card", value)]


def _run(
    python: str,
    program: str,
    text: str,
    count: int,
    *,
    rest: float,
    cancel_after: float = 0.0,
    is_muted: bool = False,
) -> Marks:
    """Let a peer speak `text` so many times, with `rest` seconds between, and return its marks."""
    words = [text, str(count), str(cancel_after), str(rest), str(int(is_muted))]
    command = [python, "-c", DRIVER.format(program=program), *words]
    limit = 20.0 + count * (rest + 5.0)
    try:
        printed = subprocess.run(command, capture_output=True, text=True, check=False, timeout=limit).stdout
    except subprocess.TimeoutExpired as late:  # it hangs; what it said before counts
        printed = (late.stdout or b"").decode() if isinstance(late.stdout, bytes) else ""
    return _read_marks(printed.splitlines())


def _read_marks(lines: Sequence[str]) -> Marks:
    marks = Marks()
    has_pcm = False
    for line in lines:
        if not line.startswith("@@ "):
            continue
        _, kind, value = line.split()
        match kind:
            case "begun":
                marks.begun.append(float(value))
                has_pcm = False
            case "pcm" if not has_pcm:
                marks.first_pcm.append(float(value))
                has_pcm = True
            case "cancelled":
                marks.cancelled.append(float(value))
            case "kilobytes":
                marks.megabytes = float(value) / 1000
    return marks


def _espeak_to_stdout(count: int) -> list[Figure]:
    name = "espeak-ng --stdout"
    if not shutil.which("espeak-ng"):
        return [Figure(name, "sentence to first audio, 12 words", "not installed: sudo apt install espeak-ng")]
    first, whole, stops, audio_bytes, megabytes = [], [], [], 0, 0.0
    for _ in range(count):
        begun = time.perf_counter()
        with subprocess.Popen([*name.split(), TWELVE_WORDS], stdout=subprocess.PIPE) as process:
            assert process.stdout is not None
            audio_bytes += len(process.stdout.read(1_024))
            first.append(time.perf_counter() - begun)
            megabytes = max(megabytes, resident(process.pid))
            audio_bytes += len(process.stdout.read())
            whole.append(time.perf_counter() - begun)
        with subprocess.Popen([*name.split(), TWELVE_WORDS * 10], stdout=subprocess.PIPE) as process:
            assert process.stdout is not None
            process.stdout.read(1_024)
            begun = time.perf_counter()
            process.kill()
            process.wait()
            stops.append(time.perf_counter() - begun)
    return [
        Figure(name, "sentence to first audio, 12 words", spread(first)),
        Figure(name, "sentence to its last audio", spread(whole)),
        Figure(name, "real-time factor", f"{sum(whole) / (audio_bytes / 2 / 22_050):.4f}"),
        Figure(name, "memory", f"{megabytes:.1f} MB"),
        Figure(name, "cancel (kill) to the end of the process", spread(stops)),
    ]
