"""A download says how far it is: a bar on a terminal, one line elsewhere."""

from __future__ import annotations

import io

import pytest

from voicestream.displays.download_progress import ProgressBar
from voicestream.displays.wrapping import cells


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


@pytest.mark.parametrize("columns", [20, 60, 200])
def test_the_bar_fits_the_terminal_and_leaves_nothing_behind(columns: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", str(columns))
    out = Terminal()
    with ProgressBar(out, "large-v3") as bar:
        bar.show("model.bin", 0, 0)
        bar.show("model.bin", 500_000_000, 500_000_000)
    drawings = out.getvalue().split("\r\x1b[K")
    assert max(map(cells, drawings)) < columns
    assert drawings[-1] == ""
    assert columns < 60 or "100% of 500.0 MB" in drawings[-2]


def test_a_pipe_gets_one_line() -> None:
    out = io.StringIO()
    with ProgressBar(out, "tiny") as bar:
        for done in range(10):
            bar.show("model.bin", done, 9)
    assert out.getvalue() == "fetching tiny …\n"
