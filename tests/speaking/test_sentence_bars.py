"""The figures that the splitter must reach, on its own answers and on the shared ones."""

from __future__ import annotations

from pathlib import Path

import pytest

from voicestream.bench.answer_scores import Scores, score_answers
from voicestream.bench.sentences import describe, make_splitter, own_answers, shared_answers


def check(scores: Scores) -> None:
    figures = describe(scores)
    assert scores.f1 >= 0.98, figures
    assert scores.wrong <= 3
    assert scores.spoken >= 0.95 * scores.answers, figures
    assert scores.same == scores.lossless == scores.answers
    assert scores.soundless == 0
    delays = sorted(scores.delays)
    assert delays[len(delays) // 2] <= 1
    assert delays[int(0.9 * len(delays))] <= 2
    assert sorted(scores.behind)[int(0.9 * len(scores.behind))] <= 1


def test_own_answers_reach_the_bars() -> None:
    check(score_answers(own_answers(), make_splitter))


def test_own_answers_reach_the_bars_when_the_language_is_not_told() -> None:
    scores = score_answers(own_answers(), lambda language: make_splitter(""))
    assert scores.f1 >= 0.97, describe(scores)


def test_shared_answers_reach_the_bars(shared: Path) -> None:
    check(score_answers(shared_answers(str(shared))["shared answers"], make_splitter))


@pytest.mark.parametrize(("title", "least"), [("Golden Rules, English", 42), ("Golden Rules, other languages", 70)])
def test_golden_rules_reach_the_bars(shared: Path, title: str, least: int) -> None:
    scores = score_answers(shared_answers(str(shared))[title], make_splitter)
    assert scores.exact >= least, describe(scores)
