"""The clips that the tiny Whisper learns from and those that test it: made, kept in a file, and read again."""

from __future__ import annotations

import json
import multiprocessing
import random
from pathlib import Path

import numpy as np

from tiny_whisper.sentences import FIXED, held_out_sentences, written
from tiny_whisper.sounds import HELD_OUT_VOICES, Spoken, choose_voice, speak
from tiny_whisper.talk import LINES, broken_off, everyday, sample_text, word_string
from voicestream.bench.conversation_script import HALVES
from voicestream.vocabulary import SAMPLE_RATE

BEGINNINGS = 0.14
"""Share of texts that break off."""
PAUSES = 0.15
"""Share of voices that also say a sentence with a pause in it."""
PIECE = 100
"""Clips that one process makes at a time."""
LONGEST = 6.5
"""Seconds."""


def clips_to_learn(count: int, seed: int, processes: int) -> list[Spoken]:
    """Return so many clips, seeded; some processes speak beside each other."""
    with multiprocessing.Pool(processes) as pool:
        pieces = pool.imap(_speak_piece, range(seed * 1000, seed * 1000 + count // PIECE))
        return [clip for piece in pieces for clip in piece]


def clips_to_test() -> dict[str, list[Spoken]]:
    """Return clips in voices that are never learned; of "unknown", "everyday" and "words" also the texts are new."""
    chance = random.Random(77)
    texts = {
        "known": [written(text) for text in chance.sample(FIXED, 40)],
        "unknown": [written(text) for text in held_out_sentences()[:60]],
        "talk": [line for line in chance.sample(LINES, 40) if len(line) < 75],
        "everyday": [everyday(chance) for _ in range(40)],
        "words": [word_string(chance) for _ in range(40)],
    }
    return {
        kind: [speak([text], chance.choice(HELD_OUT_VOICES), chance)[0] for text in said]
        for kind, said in texts.items()
    }


def _speak_piece(seed: int) -> list[Spoken]:
    """Speak some clips, four with each voice; seeded."""
    chance = random.Random(seed)
    learned: list[Spoken] = []
    while len(learned) < PIECE:
        texts = [sample_text(chance) for _ in range(4)]
        texts = [broken_off(text, chance) if chance.random() < BEGINNINGS else text for text in texts]
        voice = choose_voice(chance)
        learned += [clip for clip in speak(texts, voice, chance) if 0.15 < len(clip.audio) / SAMPLE_RATE < LONGEST]
        if chance.random() < PAUSES:
            learned.append(_with_a_pause(voice, chance))
    return learned


def _with_a_pause(voice: str, chance: random.Random) -> Spoken:
    """Speak a sentence of the bench with a pause at its place to think."""
    first, second = chance.choice(HALVES)
    before, after = speak([first, second], voice, chance)
    pause = np.zeros(int(chance.uniform(0.3, 1.5) * SAMPLE_RATE), np.float32)
    return Spoken(f"{first} {second}", np.concatenate((before.audio, pause, after.audio)))


def write_clips(path: Path, clips: list[Spoken]) -> str:
    """Keep clips in a file; return what they are."""
    ends = np.cumsum([len(clip.audio) for clip in clips])
    audio = (np.clip(np.concatenate([clip.audio for clip in clips]), -1, 1) * 32767).astype(np.int16)
    texts = np.array([clip.text for clip in clips])
    words = np.array([json.dumps(clip.words) for clip in clips])
    np.savez(path, audio=audio, ends=ends, texts=texts, words=words)
    return f"{path.stem}: {len(clips)} clips, {len(audio) / SAMPLE_RATE / 60:.1f} minutes, {len(set(texts))} texts"


def read_clips(path: Path) -> list[Spoken]:
    """Return the clips that `write_clips` wrote."""
    stored = np.load(path)
    pieces = np.split(stored["audio"].astype(np.float32) / 32768, stored["ends"][:-1])
    words = [tuple(map(tuple, json.loads(str(each)))) for each in stored["words"]]
    return [Spoken(str(text), *rest) for text, *rest in zip(stored["texts"], pieces, words, strict=True)]
