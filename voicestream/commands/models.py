"""List, fetch, import or remove models of speech: Whisper sizes, Piper voices, Kokoro."""

from __future__ import annotations

import argparse
import asyncio
import json
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from voicestream.backends.model_download import Progress

EXAMPLES = """
voicestream models list
voicestream models fetch base.en
voicestream models import /media/stick/small --name small
"""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add what `voicestream models` understands."""
    actions = parser.add_subparsers(dest="action", metavar="list|fetch|import|remove")
    listing = actions.add_parser("list", help="what is here, and what can be fetched (the default)")
    fetching = actions.add_parser("fetch", help="download models by name, going on where an earlier try stopped")
    importing = actions.add_parser("import", help="copy a model from a folder, such as a USB stick")
    removing = actions.add_parser("remove", help="delete models")
    for action in (fetching, removing):
        action.add_argument("names", nargs="+", metavar="NAME")
    importing.add_argument("folder", type=Path, metavar="FOLDER")
    importing.add_argument("--name", default="", help="its name from now on; without, the folder's")
    for action in (listing, fetching, importing, removing):
        action.add_argument("--json", action="store_true", help="answer in JSON")
    parser.set_defaults(json=False)


def run(arguments: argparse.Namespace) -> int:
    """Do what was asked for; return the exit status."""
    match arguments.action:
        case "fetch":
            return _fetch(arguments.names, arguments.json)
        case "import":
            from voicestream.backends.model_files import import_model

            return _tell_done("imported", [import_model(arguments.folder, arguments.name)], arguments.json)
        case "remove":
            from voicestream.backends.model_files import remove_model

            return _tell_done("removed", [remove_model(name) for name in arguments.names], arguments.json)
        case _:
            return _list(arguments.json)


def _list(as_json: bool) -> int:
    from voicestream.backends.model_files import list_folders, list_present
    from voicestream.backends.model_list import MODELS

    present = list_present()
    if as_json:
        here = [
            {"name": model.name, "folder": str(model.folder), "kind": model.kind, "size_mb": model.size_mb}
            | ({"fault": model.fault} if model.fault else {})
            for model in present
        ]
        known = [
            {"name": entry.name, "kind": entry.kind, "size_mb": entry.size_mb}
            | {"licence": entry.licence, "languages": entry.languages}
            for entry in MODELS
        ]
        print(json.dumps({"present": here, "known": known, "folders": [str(path) for path in list_folders()]}))
        return 0
    print(f"Models are looked for in {', then '.join(map(str, list_folders()))}\n")
    names = {model.name for model in present if not model.fault}
    row = "{:1} {:24} {:8} {:>8}  {:14} {}"
    print(row.format("", "name", "kind", "size", "languages", "licence"))
    for entry in MODELS:
        mark = "*" if entry.name in names else ""
        print(row.format(mark, entry.name, entry.kind, f"{entry.size_mb} MB", entry.languages, entry.licence))
    for model in present:
        if model.name not in {entry.name for entry in MODELS} and not model.fault:
            print(row.format("*", model.name, model.kind or "", f"{model.size_mb} MB", "", ""))
    print("\n* is here. `voicestream models fetch NAME` takes also any Piper voice, and OWNER/REPOSITORY of a Whisper.")
    for model in present:
        if model.fault:
            print(f"damaged: {model.fault}")
    return 0


def _fetch(names: list[str], as_json: bool) -> int:
    from voicestream.backends.model_download import fetch_model

    bar = _Bar(is_shown=sys.stderr.isatty() and not as_json)
    folders = []
    for name in names:
        try:
            folders.append(asyncio.run(fetch_model(name, bar.show)))
        finally:
            bar.clear()
    return _tell_done("ready", folders, as_json)


def _tell_done(what: str, folders: list[Path], as_json: bool) -> int:
    if as_json:
        print(json.dumps([{"state": what, "folder": str(folder)} for folder in folders]))
    else:
        for folder in folders:
            print(f"{what}: {folder}")
    return 0


class _Bar:
    """One line on the terminal that says how far a download is."""

    def __init__(self, is_shown: bool) -> None:
        self._is_shown = is_shown
        self._file = ""
        self._began = 0.0
        self._first = 0
        self._drawn = 0.0

    def show(self, progress: Progress) -> None:
        """Draw it, at most ten times a second."""
        now = time.monotonic()
        if progress.file != self._file:
            self._file, self._began, self._first, self._drawn = progress.file, now, progress.done, 0.0
        if not self._is_shown or (now - self._drawn < 0.1 and progress.done != progress.total):
            return
        self._drawn = now
        speed = (progress.done - self._first) / max(now - self._began, 0.001)
        line = f"{progress.file}  {progress.done / 1e6:.1f} MB"
        if progress.total:
            share = progress.done / progress.total
            left = (progress.total - progress.done) / speed if speed > 0 else 0
            line = (
                f"{progress.file:16.16} [{'#' * int(share * 20):20}] {share:4.0%} of {progress.total / 1e6:.1f} MB, "
                f"{speed / 1e6:.1f} MB/s, {left:.0f} s left"
            )
        sys.stderr.write(f"\r\x1b[K{line[:79]}")
        sys.stderr.flush()

    def clear(self) -> None:
        """Remove the line."""
        if self._is_shown and self._file:
            sys.stderr.write("\r\x1b[K")
        self._file = ""
