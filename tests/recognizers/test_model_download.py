"""Downloads from a server on loopback that lies, breaks off and moves files."""

from __future__ import annotations

import asyncio
import hashlib
import http.server
import os
import re
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from types import SimpleNamespace

import pytest

from voicestream.backends.model_download import CONNECT_LIMIT, LOOKUP_LIMIT, Progress, fetch_model
from voicestream.errors import FetchError


@dataclass
class Hub:
    """A hub of models, and what is wrong with it."""

    files: dict[str, bytes]
    address: str = ""
    break_after: list[int] = field(default_factory=list)
    """Bytes of model.bin after which the connection breaks, once each."""
    wrong_checksum: bool = False
    no_checksum: bool = False
    no_ranges: bool = False
    hold_after: int = 0
    """Bytes of model.bin after which nothing more comes, until `goes_on` is set; 0: never."""
    goes_on: threading.Event = field(default_factory=threading.Event)
    status: int = 200
    asked: list[tuple[str, str]] = field(default_factory=list)
    """Path and range of each request."""


def _answer_for(hub: Hub) -> type[http.server.BaseHTTPRequestHandler]:
    class Answer(http.server.BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_GET(self) -> None:
            name = self.path.rsplit("/", 1)[1]
            asked_range = self.headers.get("Range", "")
            hub.asked.append((self.path, asked_range))
            data = hub.files.get(name)
            if hub.status != 200 or data is None:
                self.send_error(hub.status if hub.status != 200 else 404)
                return
            checksum = hashlib.sha256(data).hexdigest() if not hub.wrong_checksum else "0" * 64
            if name == "model.bin" and "/resolve/" in self.path:  # large files lie elsewhere
                self.send_response(302)
                self.send_header("Location", f"/storage/{name}")
                if not hub.no_checksum:
                    self.send_header("X-Linked-ETag", f'"{checksum}"')
                self.send_header("Content-Length", "0")
                self.end_headers()
                return
            start = 0
            if asked_range and not hub.no_ranges:
                start = int(asked_range.removeprefix("bytes=").removesuffix("-"))
                if start >= len(data):
                    self.send_error(416)
                    return
            self.send_response(206 if start else 200)
            self.send_header("Content-Length", str(len(data) - start))
            if name != "model.bin":
                self.send_header("ETag", f'"{hashlib.sha1(b"blob %d" % len(data) + bytes(1) + data).hexdigest()}"')
            self.end_headers()
            end = len(data)
            if name == "model.bin" and hub.break_after:
                end = hub.break_after.pop(0)
                self.close_connection = True
            if name == "model.bin" and hub.hold_after:
                self.wfile.write(data[start : hub.hold_after])
                hub.goes_on.wait()
                self.close_connection = True
                return
            self.wfile.write(data[start:end])

        def log_message(self, format: str, *args: object) -> None:
            pass

    return Answer


@pytest.fixture
def hub(whisper_files: dict[str, bytes]) -> Iterator[Hub]:
    hub = Hub(whisper_files)
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), _answer_for(hub))
    hub.address = f"http://127.0.0.1:{server.server_port}"
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    yield hub
    server.shutdown()
    thread.join()
    server.server_close()


def fetch(hub: Hub, into: Path, name: str = "tiny.en") -> tuple[Path, list[Progress]]:
    told: list[Progress] = []
    folder = asyncio.run(fetch_model(name, told.append, into, {"HF_ENDPOINT": hub.address}))
    return folder, told


def contents(folder: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in folder.iterdir()}


def test_a_model_arrives_whole_and_tells_its_progress(hub: Hub, tmp_path: Path) -> None:
    folder, told = fetch(hub, tmp_path)
    assert folder == tmp_path / "tiny.en"
    assert contents(folder) == hub.files
    of_model = [progress for progress in told if progress.file == "model.bin"]
    assert of_model[0].done == 0
    assert of_model[-1].done == of_model[-1].total == len(hub.files["model.bin"])
    assert [path.name for path in tmp_path.iterdir()] == ["tiny.en"]


def test_the_mirror_is_asked_in_the_layout_of_the_hub(hub: Hub, tmp_path: Path) -> None:
    fetch(hub, tmp_path)
    assert hub.asked[0][0] == "/Systran/faster-whisper-tiny.en/resolve/main/config.json"


def test_a_repository_is_a_name_too(hub: Hub, tmp_path: Path) -> None:
    folder, _ = fetch(hub, tmp_path, "somebody/whisper-mine")
    assert folder.name == "somebody--whisper-mine"


def test_what_is_there_is_not_fetched_again(hub: Hub, tmp_path: Path) -> None:
    fetch(hub, tmp_path)
    hub.asked.clear()
    fetch(hub, tmp_path)
    assert hub.asked == []


def test_a_damaged_model_is_fetched_anew(hub: Hub, tmp_path: Path) -> None:
    folder, _ = fetch(hub, tmp_path)
    (folder / "model.bin").write_bytes(hub.files["model.bin"][:1000])
    fetch(hub, tmp_path)
    assert contents(folder) == hub.files


def test_a_broken_transfer_goes_on_where_it_stopped(hub: Hub, tmp_path: Path) -> None:
    hub.break_after = [20_000, 45_000]
    folder, told = fetch(hub, tmp_path)
    assert contents(folder) == hub.files
    ranges = [asked for path, asked in hub.asked if path.startswith("/storage")]
    assert ranges == ["", "bytes=20000-", "bytes=45000-"]
    assert {progress.total for progress in told if progress.file == "model.bin"} == {len(hub.files["model.bin"])}


def test_a_later_run_goes_on_where_the_last_one_stopped(hub: Hub, tmp_path: Path) -> None:
    hub.break_after = [20_000, 20_000, 20_000, 20_000]
    with pytest.raises(FetchError, match=r"broke after 0\.0 MB.*go on from there"):
        fetch(hub, tmp_path)
    assert not (tmp_path / "tiny.en").exists()
    hub.break_after, hub.asked = [], []
    folder, _ = fetch(hub, tmp_path)
    assert contents(folder) == hub.files
    assert hub.asked[-1] == ("/storage/model.bin", "bytes=20000-")
    assert not any(path.endswith("/config.json") for path, _ in hub.asked)


def test_a_part_of_another_version_is_not_used(hub: Hub, tmp_path: Path) -> None:
    hub.break_after = [20_000] * 4
    with pytest.raises(FetchError):
        fetch(hub, tmp_path)
    changed = bytearray(hub.files["model.bin"])
    changed[100] = 7
    hub.break_after, hub.files["model.bin"] = [], bytes(changed)
    folder, _ = fetch(hub, tmp_path)
    assert contents(folder) == hub.files


def test_a_server_without_ranges_is_read_from_the_start(hub: Hub, tmp_path: Path) -> None:
    hub.no_ranges, hub.break_after = True, [30_000]
    folder, _ = fetch(hub, tmp_path)
    assert contents(folder) == hub.files


def test_a_wrong_checksum_leaves_nothing(hub: Hub, tmp_path: Path) -> None:
    hub.wrong_checksum = True
    with pytest.raises(FetchError, match=r"model\.bin.*damaged"):
        fetch(hub, tmp_path)
    assert not (tmp_path / "tiny.en").exists()
    assert not list(tmp_path.rglob("*.part"))


def test_a_file_that_is_no_model_is_told_even_without_a_checksum(hub: Hub, tmp_path: Path) -> None:
    hub.no_checksum = True
    hub.files["model.bin"] = b"<html>please log in</html>"
    with pytest.raises(FetchError, match="no whisper model"):
        fetch(hub, tmp_path)
    assert list(tmp_path.iterdir()) == []


def test_a_missing_file_is_named(hub: Hub, tmp_path: Path) -> None:
    del hub.files["model.bin"]
    with pytest.raises(FetchError, match=r"model\.bin.*404"):
        fetch(hub, tmp_path)


@pytest.mark.parametrize("status", [401, 403, 429, 500, 503])
def test_a_refusal_is_told_with_its_number(hub: Hub, tmp_path: Path, status: int) -> None:
    hub.status = status
    with pytest.raises(FetchError, match=str(status)):
        fetch(hub, tmp_path)


@pytest.mark.parametrize(
    ("name", "hint"),
    [
        ("tiny-en", r"did you mean tiny\.en"),
        ("xyzzy", r"such as base\.en"),
        ("okay nabu", r"pip install pymicro-wakeword"),
    ],
)
def test_an_unknown_name_is_told_what_there_is(tmp_path: Path, name: str, hint: str) -> None:
    with pytest.raises(FetchError, match=hint):
        asyncio.run(fetch_model(name, lambda progress: None, tmp_path))


def test_a_name_cannot_leave_the_folder(tmp_path: Path) -> None:
    for name in ("../x", "a/../../x", "/etc/passwd", ".."):
        with pytest.raises(FetchError):
            asyncio.run(fetch_model(name, lambda progress: None, tmp_path, {"HF_ENDPOINT": "http://127.0.0.1:1"}))
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("mirror", ["hf-mirror.com", "ftp://mirror", "http://", "two words"])
def test_a_mirror_that_is_no_address_is_told(tmp_path: Path, mirror: str) -> None:
    with pytest.raises(FetchError, match="HF_ENDPOINT is no address"):
        asyncio.run(fetch_model("tiny.en", lambda progress: None, tmp_path, {"HF_ENDPOINT": mirror}))
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("status", [403, 404])
def test_a_mirrors_password_is_not_told(hub: Hub, tmp_path: Path, status: int) -> None:
    hub.status = status
    hub.address = hub.address.replace("http://", "http://me:pass-word@")
    with pytest.raises(FetchError) as caught:
        fetch(hub, tmp_path)
    assert "pass-word" not in str(caught.value)
    assert list(tmp_path.iterdir()) == []


def test_a_file_that_does_not_fit_on_the_disk_is_told_before_it_is_fetched(
    hub: Hub, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("shutil.disk_usage", lambda place: SimpleNamespace(free=40_000))
    with pytest.raises(FetchError, match=r"no room for model\.bin"):
        fetch(hub, tmp_path, "somebody/whisper-mine")
    with pytest.raises(FetchError, match=r"tiny\.en needs 78 MB"):
        fetch(hub, tmp_path)


def test_ctrl_c_stops_a_download_and_the_next_goes_on_from_there(hub: Hub, tmp_path: Path) -> None:
    environment = os.environ | {"VOICESTREAM_MODELS": str(tmp_path), "HF_ENDPOINT": hub.address}
    command = [sys.executable, "-m", "voicestream", "models", "fetch", "tiny.en"]
    hub.hold_after = 20_000
    with subprocess.Popen(command, env=environment, stderr=subprocess.PIPE, text=True) as process:
        part = tmp_path / ".tiny.en.partial"
        deadline = time.monotonic() + 20
        while sum(path.stat().st_size for path in part.glob("model.bin.*")) < 20_000:
            assert time.monotonic() < deadline
            time.sleep(0.02)
        process.send_signal(signal.SIGINT)
        _, told = process.communicate(timeout=10)
    hub.goes_on.set()
    assert process.returncode == 130
    assert told.splitlines()[-1] == "stopped; `voicestream models fetch tiny.en` goes on from there"
    hub.hold_after = 0
    assert subprocess.run(command, env=environment, capture_output=True, check=False).returncode == 0
    assert contents(tmp_path / "tiny.en") == hub.files
    assert hub.asked[-1] == ("/storage/model.bin", "bytes=20000-")


def test_offline_is_told(tmp_path: Path) -> None:
    with socket.socket() as closed:
        closed.bind(("127.0.0.1", 0))
        port = closed.getsockname()[1]
    with pytest.raises(FetchError, match=re.escape("127.0.0.1 cannot be reached")):
        asyncio.run(
            fetch_model("tiny.en", lambda progress: None, tmp_path, {"HF_ENDPOINT": f"http://127.0.0.1:{port}"})
        )


def test_a_name_server_that_does_not_answer_holds_nothing_up(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    answers = threading.Event()

    def look_up(*asked: object, **options: object) -> list[object]:
        answers.wait()
        raise socket.gaierror(socket.EAI_AGAIN, "no answer")

    monkeypatch.setattr("urllib.request.getproxies", dict)
    monkeypatch.setattr("socket.getaddrinfo", look_up)
    monkeypatch.setattr("voicestream.backends.model_download.LOOKUP_LIMIT", 0.05)
    try:
        with pytest.raises(FetchError, match=r"hub\.example cannot be reached"):
            asyncio.run(fetch_model("tiny.en", lambda progress: None, tmp_path, {"HF_ENDPOINT": "https://hub.example"}))
        assert list(tmp_path.iterdir()) == []
    finally:
        answers.set()


def test_a_network_that_swallows_everything_is_told_within_three_seconds(tmp_path: Path) -> None:
    with socket.socket() as full:  # its queue is full: a further connection gets no answer at all
        full.bind(("127.0.0.1", 0))
        full.listen(0)
        waiting = [socket.socket() for _ in range(3)]
        for client in waiting:
            client.setblocking(False)
            client.connect_ex(full.getsockname())
        address = f"http://127.0.0.1:{full.getsockname()[1]}"
        with pytest.raises(FetchError, match="cannot be reached"):
            asyncio.run(fetch_model("tiny.en", lambda progress: None, tmp_path, {"HF_ENDPOINT": address}))
        assert max(LOOKUP_LIMIT, CONNECT_LIMIT) < 3
        for client in waiting:
            client.close()
