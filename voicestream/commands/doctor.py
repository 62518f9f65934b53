"""Look at everything that a conversation needs here, and say how to mend it; exit 69 where `talk` would not work."""

from __future__ import annotations

import asyncio
import json
import os
import sys
from argparse import ArgumentParser, Namespace
from dataclasses import asdict
from typing import TYPE_CHECKING

from voicestream.commands.options import add_input, add_output, add_settings, read_config

if TYPE_CHECKING:
    from voicestream.config import Config
    from voicestream.sessions.findings import Finding

EXAMPLES = """
voicestream doctor
voicestream doctor --json > report.json      holds no key and no recording
"""


def add_arguments(parser: ArgumentParser) -> None:
    """Add the arguments of `voicestream doctor`."""
    parser.add_argument("--json", action="store_true", help="print one JSON object")
    add_input(parser)
    add_output(parser)
    add_settings(parser)


def run(arguments: Namespace) -> int:
    """Print what each check finds, and whether `talk` would work."""
    from voicestream.errors import DeviceError
    from voicestream.sessions.findings import would_talk

    config = read_config(arguments)
    findings = asyncio.run(_report_json(config) if arguments.json else _report(config))
    return 0 if would_talk(findings) else DeviceError.exit_status


async def _report_json(config: Config) -> list[Finding]:
    from voicestream.sessions.doctor import Doctor
    from voicestream.sessions.findings import would_talk

    findings = [finding async for finding in Doctor(config).examine()]
    report = {"would_talk": would_talk(findings), "checks": [asdict(finding) for finding in findings]}
    print(json.dumps(report, indent=2, ensure_ascii=False))
    return findings


async def _report(config: Config) -> list[Finding]:
    """Print a line for each check as it is done, and its fix below."""
    from voicestream.displays.checklist import Checklist
    from voicestream.sessions.doctor import Doctor

    checklist = Checklist(sys.stdout, is_coloured=not os.environ.get("NO_COLOR"))
    findings = []
    async for finding in Doctor(config, lambda check: checklist.doing(check.doing)).examine():
        checklist.done(finding.status, finding.check, finding.message, finding.fix)
        findings.append(finding)
    problems = [finding.check for finding in findings if finding.status == "problem"]
    if problems:
        checklist.end("problem", f"`voicestream talk` would not work: see {', '.join(problems)}.")
    else:
        checklist.end("ok", "`voicestream talk` would work.")
    return findings
