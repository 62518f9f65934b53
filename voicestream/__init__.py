"""A voice assistant for everybody's own computer. Start reading in assistant.py."""

__version__ = "0.1.0"
