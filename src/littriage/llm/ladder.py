"""How the form of an answer is asked for: the strictest way that the server takes, found once and remembered."""

from __future__ import annotations

from enum import StrEnum
from threading import Lock

MALFORMED_BEFORE_FALL = 2
"""So many useless answers on a rung that never gave a good one: the server takes the format and does not keep to it."""


class Rung(StrEnum):
    """A way to ask for a form, the strictest first."""

    JSON_SCHEMA = "json_schema"
    """The schema goes with the request and binds the answer; but for vendors' own services our text says it too."""
    JSON_OBJECT = "json_object"
    """The answer is bound to be JSON; the schema is part of our instructions."""
    PROMPT = "prompt"
    """Only our instructions say it."""


class Ladder:
    """The rungs of one server and model, and the one that stands. It may be used from several threads at once."""

    def __init__(self, *rungs: Rung) -> None:
        self._rungs = rungs
        self._at = 0
        self._proven = False
        self._malformed = 0
        self._lock = Lock()

    @property
    def rung(self) -> Rung:
        """The one to ask with."""
        return self._rungs[self._at]

    def fall(self, rung: Rung) -> bool:
        """The server refuses this rung: whether there is a lower one, which then stands.

        Several threads may find out at once; they fall one rung together.
        """
        with self._lock:
            return self._fall(rung)

    def note_answer(self, rung: Rung) -> None:
        """An answer on this rung was good: it stays, whatever single answers do from now on."""
        with self._lock:
            if rung == self.rung:
                self._proven = True

    def note_malformed(self, rung: Rung) -> bool:
        """An answer on this rung was useless: whether a lower one stands now."""
        with self._lock:
            if rung == self.rung and not self._proven:
                self._malformed += 1
                if self._malformed >= MALFORMED_BEFORE_FALL:
                    self._fall(rung)
            return rung != self.rung

    def _fall(self, rung: Rung) -> bool:
        at = self._rungs.index(rung)
        if at + 1 == len(self._rungs):
            return False
        if at == self._at:
            self._at, self._proven, self._malformed = at + 1, False, 0
        return True
