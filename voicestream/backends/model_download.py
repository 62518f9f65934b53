"""Downloads of models of speech from the Hugging Face hub or a mirror of it: with progress, resumed, checked, whole.

The files grow in a folder of their own beside the models, which is renamed when all of them are there and fit.
Hub: https://huggingface.co/docs/huggingface_hub/package_reference/file_download (headers of a resolved file).
"""

from __future__ import annotations

import asyncio
import difflib
import hashlib
import os
import re
import shutil
import socket
import threading
import urllib.request
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

import httpx

from voicestream.backends.model_files import check_model, find_model, folder_name, list_folders
from voicestream.backends.model_list import MODELS, WAKE_WORDS, ModelEntry, find_entry
from voicestream.errors import FetchError, InputError

ENDPOINT_VARIABLE = "HF_ENDPOINT"
ENDPOINT = "https://huggingface.co"

LOOKUP_LIMIT, CONNECT_LIMIT = 2.0, 2.0
"""Seconds; with them, whoever is offline hears so within 3: where no name server answers, or no host does."""

_LIMITS = httpx.Timeout(20.0, connect=CONNECT_LIMIT, pool=None)
_TRIES = 3
"""Broken transfers in a row that brought nothing new."""


@dataclass(frozen=True, slots=True)
class Progress:
    """How far a download is."""

    file: str
    done: int
    """Bytes, of this file, those of earlier tries included."""
    total: int
    """Bytes, 0 where the server does not tell."""


async def fetch_model(
    name: str,
    tell: Callable[[Progress], None],
    into: Path | None = None,
    environment: Mapping[str, str] = os.environ,
) -> Path:
    """Return the folder of the model `name`, downloaded where it is not there yet; raise FetchError or InputError."""
    entry = find_entry(name)
    if entry is None:
        raise FetchError(_unknown(name))
    parent = into or list_folders()[0]
    target = parent / folder_name(name)
    if target.is_dir() and not _is_damaged(name, parent):
        return target
    endpoint = _endpoint(environment)
    partial = parent / f".{target.name}.partial"
    try:
        partial.mkdir(parents=True, exist_ok=True)
        _check_room(entry, partial)
        await _find_host(_host(endpoint))
        async with httpx.AsyncClient(timeout=_LIMITS, follow_redirects=True) as client:
            for group in entry.files:
                await _fetch_one_of(group, f"{endpoint}/{entry.repository}/resolve/main", partial, client, tell)
        try:
            check_model(partial)
        except InputError as error:
            shutil.rmtree(partial)
            raise FetchError(f"{name}: what {_host(endpoint)} sent is no {entry.kind} model: {error}") from error
        if target.is_dir():
            shutil.rmtree(target)
        partial.replace(target)
    except OSError as error:
        raise FetchError(f"{target}: cannot be written: {error.strerror}") from error
    finally:
        with suppress(OSError):
            partial.rmdir()  # only where nothing came to go on from
    return target


def _endpoint(environment: Mapping[str, str]) -> str:
    """Return the address of the hub, or of the mirror that is set; raise FetchError where that is none."""
    endpoint = environment.get(ENDPOINT_VARIABLE, "").strip().rstrip("/") or ENDPOINT
    try:
        is_address = httpx.URL(endpoint).scheme in ("http", "https") and bool(httpx.URL(endpoint).host)
    except httpx.InvalidURL:
        is_address = False
    if not is_address:
        raise FetchError(f"{ENDPOINT_VARIABLE} is no address; expected one such as {ENDPOINT}")
    return endpoint


async def _find_host(host: str) -> None:
    """Return when the name server knows the host, or says that it does not; raise FetchError where it says nothing.

    A lookup of asyncio's own cannot be given up: the end of the program waits for its thread, 10 s and more.
    """
    if urllib.request.getproxies():  # the proxy looks it up
        return
    loop = asyncio.get_running_loop()
    answered = asyncio.Event()

    def look_up() -> None:
        with suppress(OSError):  # the connection will tell
            socket.getaddrinfo(host, None)
        with suppress(RuntimeError):  # nobody waits any more, and the loop is closed
            loop.call_soon_threadsafe(answered.set)

    threading.Thread(target=look_up, name="name lookup", daemon=True).start()
    try:
        async with asyncio.timeout(LOOKUP_LIMIT):
            await answered.wait()
    except TimeoutError as error:
        raise FetchError(_offline(host)) from error


def _unknown(name: str) -> str:
    if name.replace("_", " ") in WAKE_WORDS:
        return f"the wake word {name!r} comes with a package: pip install pymicro-wakeword"
    near = difflib.get_close_matches(name, [model.name for model in MODELS], 3)
    hint = f"did you mean {' or '.join(near)}?" if near else "expected one such as base.en or en_US-ljspeech-medium"
    return f"there is no model {name!r}; {hint} (`voicestream models list` tells all)"


def _is_damaged(name: str, parent: Path) -> bool:
    try:
        find_model(name, [parent])
    except InputError:
        return True
    return False


def _check_room(entry: ModelEntry, folder: Path) -> None:
    there = sum(file.stat().st_size for file in folder.iterdir())
    free_mb = (shutil.disk_usage(folder).free + there) / 1e6
    if free_mb < entry.size_mb:
        raise FetchError(f"{folder.parent}: {entry.name} needs {entry.size_mb} MB, and {free_mb:.0f} MB are free")


async def _fetch_one_of(
    group: tuple[str, ...], address: str, folder: Path, client: httpx.AsyncClient, tell: Callable[[Progress], None]
) -> None:
    for path in group:
        if not path or (folder / Path(path).name).is_file():
            return
        if await _fetch_file(f"{address}/{path}", folder / Path(path).name, client, tell):
            return
    place = httpx.URL(f"{address}/{group[0]}")
    raise FetchError(f"{place.host}{place.path}: is not there (404); the model may have another name, or was removed")


async def _fetch_file(url: str, target: Path, client: httpx.AsyncClient, tell: Callable[[Progress], None]) -> bool:
    """Download `url`, going on where an earlier try stopped; return False where there is no such file."""
    failures = 0
    while True:
        before = _size_of_part(target)
        try:
            return await _fetch_rest(url, target, client, tell)
        except httpx.HTTPError as error:
            failures = 1 if _size_of_part(target) > before else failures + 1
            if isinstance(error, (httpx.ConnectError, httpx.ConnectTimeout, httpx.UnsupportedProtocol)):
                raise FetchError(_offline(_host(url))) from error
            if failures >= _TRIES:
                done = _size_of_part(target) / 1e6
                raise FetchError(
                    f"{target.name}: the connection to {_host(url)} broke after {done:.1f} MB "
                    f"({type(error).__name__}); fetch it again to go on from there"
                ) from error


async def _fetch_rest(url: str, target: Path, client: httpx.AsyncClient, tell: Callable[[Progress], None]) -> bool:
    part = _find_part(target)
    start = part.stat().st_size if part else 0
    headers = {"Accept-Encoding": "identity"} | ({"Range": f"bytes={start}-"} if start else {})
    async with client.stream("GET", url, headers=headers) as response:
        if response.status_code == 404:
            return False
        if response.status_code == 416 and part is not None:  # nothing is left of it, or it was another file
            part.unlink()
            raise httpx.ReadError("the part does not belong to the file")
        if response.status_code not in (200, 206):
            raise FetchError(_refusal(url, response))
        checksum = _checksum(response)
        goes_on = response.status_code == 206 and _part_path(target, checksum) == part
        if response.status_code == 206 and not goes_on and part is not None:
            part.unlink()  # the file has changed since: its beginning is of no use
            raise httpx.ReadError("the file has changed")
        if part is not None and not goes_on:
            part.unlink()
        start = start if goes_on else 0
        length = int(response.headers.get("Content-Length", "0"))
        free = shutil.disk_usage(target.parent).free
        if length > free:
            needed = f"{length / 1e6:.0f} MB more are needed, and {free / 1e6:.0f} MB are free"
            raise FetchError(f"{target.parent.parent}: no room for {target.name}: {needed}")
        part = _part_path(target, checksum)
        with part.open("ab") as file:
            done, total = start, start + length if length else 0
            tell(Progress(target.name, done, total))
            async for data in response.aiter_raw():  # with a size, what is collected up to it is lost in a break
                file.write(data)
                done += len(data)
                tell(Progress(target.name, done, total))
    if total and done != total:
        raise httpx.ReadError(f"{done} of {total} bytes")
    if not _fits(part, checksum):
        part.unlink()
        raise FetchError(f"{target.name}: came damaged from {_host(url)} (its checksum is wrong); fetch it again")
    part.replace(target)
    return True


def _refusal(url: str, response: httpx.Response) -> str:
    """Say what a server answered, without what its address may hold of passwords."""
    place = httpx.URL(url)
    told = f"{place.host} answered {response.status_code} {response.reason_phrase} for {place.path}"
    if response.status_code in (401, 403):  # the hub says so of repositories that do not exist, too
        return f"{told}; the name may be wrong, or the model is not open to everybody"
    return f"{told}; try again later, or name a mirror in {ENDPOINT_VARIABLE}"


def _checksum(response: httpx.Response) -> str:
    """Return SHA-256 (large files) or git's SHA-1 (small ones) as the hub tells it before it redirects, or nothing."""
    for answer in (*response.history, response):
        for header in ("X-Linked-ETag", "ETag"):
            found = re.fullmatch(r'(?:W/)?"?([0-9a-f]{64}|[0-9a-f]{40})"?', answer.headers.get(header, ""))
            if found:
                return found[1]
    return ""


def _fits(path: Path, checksum: str) -> bool:
    if not checksum:
        return True
    digest = hashlib.sha256() if len(checksum) == 64 else hashlib.sha1(b"blob %d\0" % path.stat().st_size)
    with path.open("rb") as file:
        while data := file.read(1 << 20):
            digest.update(data)
    return digest.hexdigest() == checksum


def _part_path(target: Path, checksum: str) -> Path:
    return target.with_name(f"{target.name}.{checksum[:12] or 'unknown'}.part")


def _find_part(target: Path) -> Path | None:
    return next(iter(sorted(target.parent.glob(f"{target.name}.*.part"))), None)


def _size_of_part(target: Path) -> int:
    part = _find_part(target)
    return part.stat().st_size if part else 0


def _host(url: str) -> str:
    return httpx.URL(url).host


def _offline(host: str) -> str:
    return f"{host} cannot be reached; is this machine offline? {_advice()}"


def _advice() -> str:
    return f"`voicestream models import FOLDER` takes a model from a stick, {ENDPOINT_VARIABLE} names a mirror"
