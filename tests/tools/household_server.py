"""A small MCP server, run as a child process or over HTTP by the tests."""

import asyncio
import os
import socket
import sys
from pathlib import Path

from mcp.server.mcpserver import MCPServer
from mcp_types import ToolAnnotations

server = MCPServer("household")


@server.tool(annotations=ToolAnnotations(read_only_hint=True))
def temperature(room: str) -> str:
    """Tell the temperature of a room."""
    return f"It is 21 degrees in the {room}."


@server.tool(annotations=ToolAnnotations(read_only_hint=False, destructive_hint=False))
def light(room: str, on: bool) -> str:
    """Switch the light of a room."""
    return f"The light in the {room} is {'on' if on else 'off'}."


@server.tool()
def unlock_door() -> str:
    """Unlock the front door."""
    return "The door is unlocked."


@server.tool(annotations=ToolAnnotations(read_only_hint=True))
def broken() -> str:
    """Fail."""
    raise RuntimeError("the sensor is broken")


@server.tool(annotations=ToolAnnotations(read_only_hint=True))
async def slow(mark: str) -> str:
    """Take an hour, and leave a mark when cancelled."""
    try:
        await asyncio.sleep(3600)
    except asyncio.CancelledError:
        Path(mark).write_text("cancelled", encoding="utf-8")  # noqa: ASYNC240
        raise
    return "done"


@server.tool(annotations=ToolAnnotations(read_only_hint=True))
def environment(name: str) -> str:
    """Tell a variable of the environment."""
    return os.environ.get(name, "absent")


@server.tool(annotations=ToolAnnotations(read_only_hint=False))
def die() -> str:
    """End the server."""
    os._exit(1)


if __name__ == "__main__":
    if sys.argv[1:] == ["http"]:
        import uvicorn

        with socket.create_server(("127.0.0.1", 0)) as listener:
            sys.stdout.write(f"{listener.getsockname()[1]}\n")
            sys.stdout.flush()
            uvicorn.Server(uvicorn.Config(server.streamable_http_app(), log_level="error")).run([listener])
    else:
        sys.stderr.write("a log line\n")
        server.run()
