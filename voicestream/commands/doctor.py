"""Look at everything that a conversation needs here, and say how to mend it; exit 69 where `talk` would not work."""

from __future__ import annotations

import asyncio
import json
from argparse import ArgumentParser, Namespace
from dataclasses import asdict

from voicestream.commands.options import add_input, add_output, add_settings, read_config


def add_arguments(parser: ArgumentParser) -> None:
    """Add the arguments of `voicestream doctor`."""
    parser.add_argument("--json", action="store_true", help="print one JSON object")
    add_input(parser)
    add_output(parser)
    add_settings(parser)


def run(arguments: Namespace) -> int:
    """Print a line for each check as it is done, and its fix below."""
    from voicestream.displays.lines import printable
    from voicestream.errors import DeviceError
    from voicestream.sessions.doctor import Doctor, Finding, would_talk

    async def examine() -> list[Finding]:
        findings = []
        async for finding in Doctor(read_config(arguments)).examine():
            findings.append(finding)
            if not arguments.json:
                print(f"{finding.status:<8} {finding.check:<12} {printable(finding.message)}", flush=True)
                if finding.fix:
                    print(f"{'':<21} → {printable(finding.fix)}", flush=True)
        return findings

    findings = asyncio.run(examine())
    works = would_talk(findings)
    if arguments.json:
        print(json.dumps({"would_talk": works, "checks": [asdict(finding) for finding in findings]}, indent=2))
    else:
        print("`voicestream talk` would work." if works else "`voicestream talk` would not work: see the problems.")
    return 0 if works else DeviceError.exit_status
