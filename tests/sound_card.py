"""A virtual sound card for tests: a PulseAudio server of its own with a microphone and a loudspeaker of null sinks.

PortAudio reaches it through ALSA's pulse plugin by the names vs_mic and vs_speaker. `norewinds=1` is essential: without
it a null sink works in blocks of up to two seconds.
"""

from __future__ import annotations

import contextlib
import functools
import json
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

Samples = NDArray[np.float32]

RATE = 48_000
"""Hertz, of what is spoken into the microphone and recorded from the loudspeaker."""

ROOT = Path(__file__).resolve().parents[1]

NEEDED = ("pulseaudio", "pactl", "pacat")

PLUGINS = ("/usr/lib", "/usr/lib64")

DEVICES = """
pcm.vs_mic { type pulse device mic hint { show on description "virtual mic" } }
pcm.vs_speaker { type pulse device speaker hint { show on description "virtual speaker" } }
pcm.vs_monitor { type pulse device "speaker.monitor" hint { show on description "speaker monitor" } }
pcm.vs_feed { type pulse device mic_feed hint { show on description "mic feed" } }
"""


def missing() -> str:
    """Return why there can be no virtual sound card here, or an empty text."""
    absent = [name for name in NEEDED if shutil.which(name) is None]
    if absent:
        return f"needs {', '.join(absent)} (apt install pulseaudio pulseaudio-utils libasound2-plugins libportaudio2)"
    if not any(next(Path(folder).rglob("libasound_module_pcm_pulse.so"), None) for folder in PLUGINS):
        return "needs ALSA's pulse plugin (apt install libasound2-plugins)"
    return ""


class SoundCard:
    """A running server; `environment` holds what a process needs to reach it."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        (folder / "asound.conf").write_text(DEVICES, encoding="utf-8")
        self.environment = {
            "PULSE_RUNTIME_PATH": str(folder),
            "PULSE_STATE_PATH": str(folder),
            "PULSE_SERVER": f"unix:{folder}/native",
            "ALSA_CONFIG_PATH": f"/usr/share/alsa/alsa.conf:{folder}/asound.conf",
        }
        self._server: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        """Start the server with its microphone and loudspeaker."""
        modules = [
            f"module-native-protocol-unix auth-anonymous=1 socket={self._folder}/native",
            "module-null-sink sink_name=speaker rate=48000 channels=2 norewinds=1",
            "module-null-sink sink_name=mic_feed rate=48000 channels=2 norewinds=1",
        ]
        with (self._folder / "log").open("ab") as log:
            self._server = subprocess.Popen(
                ["pulseaudio", "-n", "--daemonize=no", "--use-pid-file=no", "--exit-idle-time=-1", "--disable-shm=yes"]
                + ["--high-priority=yes", "--realtime=yes"]
                + [word for module in modules for word in ("-L", module)],
                env=self._variables(),
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
            )
        deadline = time.monotonic() + 10
        while subprocess.run(["pactl", "info"], env=self._variables(), capture_output=True, check=False).returncode:
            if self._server.poll() is not None or time.monotonic() > deadline:
                raise RuntimeError(f"the sound server did not start: {(self._folder / 'log').read_text()[-2000:]}")
            time.sleep(0.05)
        self.plug_in_microphone()
        self.control("set-default-sink", "speaker")
        self.control("set-default-source", "mic")

    def kill(self) -> None:
        """Kill the server as a crash would."""
        if self._server is not None:
            self._server.kill()
            self._server.wait()
            self._server = None
            (self._folder / "native").unlink(missing_ok=True)

    @contextlib.contextmanager
    def hanging(self) -> Iterator[None]:
        """Let the server hang for the length of the block."""
        assert self._server is not None
        self._server.send_signal(signal.SIGSTOP)
        try:
            yield
        finally:
            self._server.send_signal(signal.SIGCONT)

    def control(self, *words: str) -> str:
        """Run pactl and return what it prints."""
        run = subprocess.run(["pactl", *words], env=self._variables(), capture_output=True, text=True, check=True)
        return run.stdout.strip()

    def plug_in_microphone(self) -> None:
        """Add the source `mic`, which hears what is spoken into `mic_feed`."""
        self.control(
            *("load-module", "module-remap-source", "source_name=mic", "master=mic_feed.monitor", "channels=1"),
            *("master_channel_map=front-left", "channel_map=mono"),
        )

    def unplug_microphone(self) -> None:
        """Take the source `mic` away."""
        self.control("unload-module", "module-remap-source")

    def plug_in_speaker(self) -> None:
        """Add the sink `speaker`."""
        self.control(
            *("load-module", "module-null-sink", "sink_name=speaker", "rate=48000", "channels=2", "norewinds=1")
        )
        self.control("set-default-sink", "speaker")

    def unplug_speaker(self) -> None:
        """Take the sink `speaker` away."""
        for line in self.control("list", "short", "modules").splitlines():
            if "sink_name=speaker" in line:
                self.control("unload-module", line.split()[0])

    def speak(self, samples: Samples) -> subprocess.Popen[bytes]:
        """Begin to speak mono samples at RATE into the microphone; `wait()` for the end."""
        path = self._folder / "spoken.raw"
        path.write_bytes(np.asarray(samples, "<f4").tobytes())
        with path.open("rb") as source:
            return subprocess.Popen(
                ["pacat", "--playback", "--device=mic_feed", "--latency-msec=20", *_FORMAT],
                env=self._variables(),
                stdin=source,
            )

    @contextlib.contextmanager
    def recording(self) -> Iterator[Recording]:
        """Record what the loudspeaker plays for the length of the block."""
        with tempfile.TemporaryFile() as file:
            recorder = subprocess.Popen(
                ["pacat", "--record", "--device=speaker.monitor", "--latency-msec=10", *_FORMAT],
                env=self._variables(),
                stdout=file,
            )
            recording = Recording()
            try:
                yield recording
            finally:
                recorder.terminate()
                recorder.wait()
                file.seek(0)
                recording.samples = np.frombuffer(file.read(), "<f4").copy()

    def _variables(self) -> dict[str, str]:
        return {**os.environ, **self.environment}


class Recording:
    """What was recorded; filled when the recording ends."""

    samples: Samples = np.zeros(0, np.float32)


_FORMAT = ("--format=float32le", f"--rate={RATE}", "--channels=1", "--raw")


@contextlib.contextmanager
def virtual_sound_card() -> Iterator[SoundCard]:
    """Run a server, reached by this process too as long as PortAudio is opened (or renewed) inside the block."""
    with tempfile.TemporaryDirectory(prefix="sound-card-") as folder:
        card = SoundCard(Path(folder))
        before = {name: os.environ.get(name) for name in card.environment}
        os.environ.update(card.environment)
        try:
            card.start()
            yield card
        finally:
            card.kill()
            for name, value in before.items():
                if value is None:
                    os.environ.pop(name, None)
                else:
                    os.environ[name] = value


@functools.cache
def has_sound_devices() -> bool:
    """Return whether the machine has devices of its own, without any sound server."""
    command = [sys.executable, "-m", "voicestream", "devices", "--json"]
    environment = {"PATH": os.environ["PATH"], "PYTHONPATH": str(ROOT), "PULSE_SERVER": "unix:/none"}
    listed = subprocess.run(command, env=environment, capture_output=True, text=True, check=False).stdout
    return bool(json.loads(listed)["devices"])
