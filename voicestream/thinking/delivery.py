"""How loud and how fast the assistant speaks, as the user asked for it."""

from __future__ import annotations

from dataclasses import dataclass

SLOWEST, FASTEST = 80, 450
"""Words a minute."""


@dataclass(slots=True)
class Delivery:
    """What the loudspeaker and the voice look at before each sentence."""

    volume: float = 1.0
    """0 to 1."""
    rate: int = 175
    """Words a minute."""
    usual_rate: int = 175
    """Words a minute, what "normal speed" goes back to."""

    def set_volume(self, volume: float) -> None:
        """Speak as loud as `volume`, kept within 0 and 1."""
        self.volume = min(max(round(volume, 3), 0.0), 1.0)

    def set_rate(self, rate: float) -> None:
        """Speak `rate` words a minute, kept within what voices can do."""
        self.rate = round(min(max(rate, SLOWEST), FASTEST))
