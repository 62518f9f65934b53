"""List, fetch, import or remove models of speech: Whisper sizes, Piper voices, Kokoro."""

from __future__ import annotations

import argparse
import asyncio
import json
import sys
from collections.abc import Callable, Sequence
from dataclasses import asdict
from pathlib import Path

from voicestream.errors import VoicestreamError

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
    importing = actions.add_parser("import", help="copy the models of a folder, such as a USB stick")
    removing = actions.add_parser("remove", help="delete models")
    for action in (fetching, removing):
        action.add_argument("names", nargs="+", metavar="NAME")
    importing.add_argument("folder", type=Path, metavar="FOLDER", help="holds a model's files, or folders that do")
    importing.add_argument("--name", default="", help="its name from now on; without, the folder's")
    for action in (listing, fetching, importing, removing):
        action.add_argument("--json", action="store_true", help="answer in JSON")
    parser.set_defaults(json=False)


def run(arguments: argparse.Namespace) -> int:
    """Do what was asked for; return the exit status."""
    match arguments.action:
        case "fetch":
            return _each("ready", arguments.names, _fetch, arguments.json)
        case "import":
            return _import(arguments.folder, arguments.name, arguments.json)
        case "remove":
            from voicestream.backends.model_files import remove_model

            return _each("removed", arguments.names, remove_model, arguments.json)
        case _:
            return _list(arguments.json)


def _each(what: str, names: Sequence[str], work: Callable[[str], Path], as_json: bool) -> int:
    """Do the work for each name, and tell of each; return the exit status of the first that failed."""
    status = 0
    for name in names:
        try:
            folder = work(name)
        except VoicestreamError as error:
            status = status or error.exit_status
            if as_json:
                print(json.dumps({"state": "failed", "name": name, "error": str(error)}), flush=True)
            else:
                print(f"voicestream: {error}", file=sys.stderr)
            continue
        if as_json:
            print(json.dumps({"state": what, "name": name, "folder": str(folder)}), flush=True)
        else:
            print(f"{what}: {name} in {folder.parent}", flush=True)
    return status


def _fetch(name: str) -> Path:
    from voicestream.backends.model_download import fetch_model
    from voicestream.displays.download_progress import ProgressBar

    try:
        with ProgressBar(sys.stderr, name) as bar:
            return asyncio.run(fetch_model(name, lambda now: bar.show(now.file, now.done, now.total)))
    except KeyboardInterrupt:
        print(f"stopped; `voicestream models fetch {name}` goes on from there", file=sys.stderr)
        raise


def _import(source: Path, name: str, as_json: bool) -> int:
    from voicestream.backends.model_files import find_importable, import_model

    found = {name or folder.resolve().name: folder for folder in find_importable(source)}
    return _each("imported", list(found), lambda one: import_model(found[one], one), as_json)


def _list(as_json: bool) -> int:
    from voicestream.backends.model_files import list_folders
    from voicestream.sessions.model_shelf import list_shelf

    shelf = list_shelf()
    if as_json:
        print(json.dumps({"folders": [str(path) for path in list_folders()], "models": [asdict(one) for one in shelf]}))
        return 0
    print(f"Models are looked for in {', then '.join(map(str, list_folders()))}\n")
    row = "{:1} {:21} {:7} {:>7} {:>6}  {:12} {}"
    print(row.format("", "name", "kind", "size", "speed", "languages", "licence"))
    for one in shelf:
        if not one.fault:
            size = f"{one.size_mb} MB" if one.size_mb else "small"
            speed = f"{'~' if one.is_foretold else ''}{one.speed:.2f}" if one.speed else ""
            mark = "*" if one.is_here else ""
            print(row.format(mark, one.name, one.kind, size, speed, one.languages, one.licence).rstrip())
    for one in shelf:
        if one.fault:
            print(f"damaged: {one.fault}")
    print(_LEGEND)
    return 0


_LEGEND = """
* is here. Speed: share of real time that the text takes on this machine, as
`voicestream doctor` measured it; ~ is foretold from another model's.
`voicestream models fetch NAME` takes also any Piper voice, and OWNER/REPOSITORY
of a Whisper, from huggingface.co or the mirror that HF_ENDPOINT names.
Wake words come with a package: pip install pymicro-wakeword."""
