"""Tools of MCP servers: real ones, as child processes and over HTTP."""

from __future__ import annotations

import asyncio
import json
import subprocess
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path

import pytest

from voicestream.backends.tool_mcp import ServerSettings, open_tool_servers, read_settings
from voicestream.config import Tools
from voicestream.thinking.tools import Tool, run_tools
from voicestream.vocabulary import ToolCall, ToolResult

pytest.importorskip("mcp.client", reason="the extra mcp is not installed")

SERVER = str(Path(__file__).with_name("household_server.py"))
COMMAND = f"{sys.executable} {SERVER}"


async def call(tools: Mapping[str, Tool], name: str, /, **arguments: object) -> ToolResult:
    confirmed = asyncio.Event()
    confirmed.set()
    return (await run_tools([ToolCall("1", name, json.dumps(arguments))], tools, confirmed))[0]


def by_name(tools: tuple[Tool, ...]) -> dict[str, Tool]:
    return {tool.description.name: tool for tool in tools}


def test_a_child_process_lists_and_runs_its_tools_and_is_opened_again_when_it_dies(tmp_path: Path) -> None:
    mark = tmp_path / "mark"

    async def use() -> None:
        settings = ServerSettings(environment={"HOUSE": "home"}, confirm_tools=frozenset({"house_light"}))
        async with open_tool_servers({"house": COMMAND}, settings) as servers:
            assert servers.problems == ()
            tools = by_name(servers.tools)
            assert list(tools) == sorted(tools)
            assert not tools["house_temperature"].has_effects
            assert tools["house_light"].has_effects
            assert tools["house_light"].needs_confirmation, "as it was named"
            assert tools["house_unlock_door"].needs_confirmation, "as it may destroy"
            assert (await call(tools, "house_temperature", room="hall")).text == "It is 21 degrees in the hall."
            assert (await call(tools, "house_light", room="hall", on=True)).text == "The light in the hall is on."
            assert "room must be string" in (await call(tools, "house_temperature", room=3)).text
            assert (await call(tools, "house_broken")).is_error
            assert (await call(tools, "house_environment", name="HOUSE")).text == "home"
            assert (await call(tools, "house_environment", name="PYTEST_CURRENT_TEST")).text == "absent"

            slow = asyncio.create_task(call(tools, "house_slow", mark=str(mark)))
            await asyncio.sleep(0.3)
            slow.cancel()
            await asyncio.wait([slow])
            died = await call(tools, "house_die")
            assert died.is_error
            assert "house" in died.text
            assert (await call(tools, "house_temperature", room="hall")).text == "It is 21 degrees in the hall."
        assert len(asyncio.all_tasks()) == 1

    asyncio.run(use())
    assert mark.read_text() == "cancelled", "a cancel reaches the tool"


def test_servers_that_cannot_be_opened_cost_a_line_each() -> None:
    async def use() -> tuple[str, ...]:
        addresses = {"gone": "/no/such/server", "dead": f"{sys.executable} -c pass", "web": "http://127.0.0.1:9/mcp"}
        async with open_tool_servers(addresses, ServerSettings(keys={"web": "geheim"})) as servers:
            assert servers.tools == ()
            return servers.problems

    problems = asyncio.run(use())
    assert [problem.split(":")[0] for problem in problems] == [
        f"The tool server {name} cannot be used" for name in ("dead", "gone", "web")
    ]
    assert "not found" in problems[1]
    assert "geheim" not in "".join(problems)


def test_keys_come_from_the_environment_and_are_never_shown() -> None:
    tools = Tools(mcp={"my-house": "http://127.0.0.1:9/mcp", "other": "x"}, mcp_environment=("HOUSE", "ABSENT"))
    settings = read_settings(tools, {"VOICESTREAM_MCP_MY_HOUSE_KEY": "geheim", "HOUSE": "auch geheim", "PATH": "/bin"})
    assert settings.keys == {"my-house": "geheim"}
    assert settings.environment == {"HOUSE": "auch geheim"}
    assert "geheim" not in repr(settings)


def test_without_servers_nothing_is_loaded() -> None:
    script = (
        "import asyncio, sys\n"
        "from voicestream.backends.tool_mcp import ServerSettings, open_tool_servers\n"
        "async def main():\n"
        "    async with open_tool_servers({}, ServerSettings()) as servers:\n"
        "        assert servers.tools == ()\n"
        "asyncio.run(main())\n"
        "assert 'mcp' not in sys.modules and 'httpx2' not in sys.modules\n"
    )
    subprocess.run([sys.executable, "-c", script], check=True)


@pytest.fixture
def address() -> Iterator[str]:
    process = subprocess.Popen([sys.executable, SERVER, "http"], stdout=subprocess.PIPE, text=True)
    assert process.stdout is not None
    try:
        yield f"http://127.0.0.1:{int(process.stdout.readline())}/mcp"
    finally:
        process.terminate()
        process.wait()
        process.stdout.close()


def test_a_server_over_http_works_the_same(address: str) -> None:
    async def use() -> None:
        async with open_tool_servers({"house": address}, ServerSettings(confirm="never")) as servers:
            assert servers.problems == ()
            tools = by_name(servers.tools)
            assert not tools["house_unlock_door"].needs_confirmation
            assert (await call(tools, "house_temperature", room="hall")).text == "It is 21 degrees in the hall."

    asyncio.run(use())
