"""Progress of long work: bars with counts and remaining time in a terminal, nothing elsewhere."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

from littriage.ports import Progress

if TYPE_CHECKING:
    from rich.progress import Progress as Bars
    from rich.progress import TaskID


class Quiet:
    """Reports nothing."""

    def start(self, label: str, total: int | None) -> None:
        """Nothing."""

    def advance(self, done: int = 1) -> None:
        """Nothing."""

    def finish(self) -> None:
        """Nothing."""


class TerminalBars:
    """One bar at a time on stderr."""

    def __init__(self) -> None:
        self._bars: Bars | None = None
        self._task: TaskID | None = None

    def start(self, label: str, total: int | None) -> None:
        """A new bar; nothing where there is nothing to do."""
        if total == 0:
            return
        from rich.console import Console
        from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

        columns = (TextColumn("{task.description:<24}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
        self._bars = Progress(*columns, console=Console(stderr=True), transient=True)
        self._bars.start()
        self._task = self._bars.add_task(label, total=total)

    def advance(self, done: int = 1) -> None:
        """That many more are done."""
        if self._bars is not None and self._task is not None:
            self._bars.advance(self._task, done)

    def finish(self) -> None:
        """The bar goes away."""
        if self._bars is not None:
            self._bars.stop()
        self._bars = self._task = None


def progress_bars() -> Progress:
    """Bars where somebody watches, silence where nobody does."""
    return TerminalBars() if sys.stderr.isatty() else Quiet()
