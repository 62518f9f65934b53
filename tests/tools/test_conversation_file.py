"""The conversation on disk: whole after a kill, private, and never overwritten where it is damaged."""

from __future__ import annotations

import asyncio
import os
import signal
import stat
import subprocess
import sys
from pathlib import Path

import pytest

from voicestream.backends.conversation_file import ConversationFile, ConversationFileError
from voicestream.vocabulary import Message, ToolCall

MESSAGES = (
    Message("user", "wie spät ist es? 今\n(Said …)"),
    Message("assistant", "", (ToolCall("1", "get_time", "{}"),)),
    Message("tool", "It's noon.", tool_call_id="1"),
    Message("assistant", "It's n …", is_interrupted=True),
)


def test_what_is_saved_is_loaded(tmp_path: Path) -> None:
    file = ConversationFile(tmp_path / "new folder" / "conversation.json")
    assert file.load() == ((), "")
    asyncio.run(file.save(MESSAGES, "Ada likes tea."))
    assert file.load() == (MESSAGES, "Ada likes tea.")
    assert ConversationFile(tmp_path / "new folder" / "conversation.json").load()[0] == MESSAGES


def test_saves_keep_their_order_and_leave_nothing_behind(tmp_path: Path) -> None:
    async def save_many() -> None:
        file = ConversationFile(tmp_path / "c.json")
        await asyncio.gather(*(file.save([Message("user", str(number))]) for number in range(20)))

    asyncio.run(save_many())
    assert ConversationFile(tmp_path / "c.json").load()[0][0].content == "19"
    assert [path.name for path in tmp_path.iterdir()] == ["c.json"]


@pytest.mark.skipif(os.name != "posix", reason="file modes of POSIX")
def test_only_the_owner_may_read_it(tmp_path: Path) -> None:
    before = os.umask(0)
    try:
        asyncio.run(ConversationFile(tmp_path / "c.json").save(MESSAGES))
    finally:
        os.umask(before)
    assert stat.S_IMODE((tmp_path / "c.json").stat().st_mode) == 0o600


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"{",
        b"[]",
        b'{"messages": [{"role": "king", "content": ""}]}',
        b"\xff\xfe",
        b'{"messages": [], "version": 2}',
    ],
)
def test_a_damaged_file_is_set_aside_and_named(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "c.json"
    path.write_bytes(content)
    with pytest.raises(ConversationFileError, match="damaged"):
        ConversationFile(path).load()
    assert ConversationFile(path).load() == ((), "")
    assert (tmp_path / "c.json.damaged-1").read_bytes() == content


def test_a_folder_that_takes_no_file_is_said(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("x")
    file = ConversationFile(tmp_path / "file" / "c.json")
    with pytest.raises(ConversationFileError, match="cannot be written"):
        asyncio.run(file.save(MESSAGES))


def test_a_link_stays_a_link(tmp_path: Path) -> None:
    link = tmp_path / "link.json"
    try:
        link.symlink_to(tmp_path / "real.json")
    except OSError:
        pytest.skip("no links here")
    asyncio.run(ConversationFile(link).save(MESSAGES))
    assert link.is_symlink()
    assert (tmp_path / "real.json").exists()


def test_forgetting_deletes_it(tmp_path: Path) -> None:
    file = ConversationFile(tmp_path / "c.json")
    asyncio.run(file.save(MESSAGES))
    file.forget()
    file.forget()
    assert file.load() == ((), "")


WRITER = """
import asyncio, sys
from pathlib import Path
from voicestream.backends.conversation_file import ConversationFile
from voicestream.vocabulary import Message

async def main():
    file = ConversationFile(Path(sys.argv[1]))
    number = 0
    while True:
        number += 1
        await file.save([Message("user", f"{number} " * 2000)])
        if number == 5:
            sys.stdout.write("going\\n")
            sys.stdout.flush()

asyncio.run(main())
"""


@pytest.mark.skipif(os.name != "posix", reason="signals of POSIX")
def test_a_kill_at_any_moment_leaves_a_whole_file(tmp_path: Path) -> None:
    path = tmp_path / "c.json"
    for number in range(3):
        process = subprocess.Popen([sys.executable, "-c", WRITER, str(path)], stdout=subprocess.PIPE)
        assert process.stdout is not None
        process.stdout.readline()
        try:
            process.wait(0.013 * number)
        except subprocess.TimeoutExpired:
            process.send_signal(signal.SIGKILL)
        process.wait()
        process.stdout.close()
        content = ConversationFile(path).load()[0][0].content
        assert content == f"{content.split()[0]} " * 2000
