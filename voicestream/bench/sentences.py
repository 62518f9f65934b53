"""`voicestream bench sentences`."""

from voicestream.speaking.sentences import SentenceSplitter


def make_splitter(language: str) -> SentenceSplitter:
    """Return a splitter as the program uses it."""
    return SentenceSplitter(language)
