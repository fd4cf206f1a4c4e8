"""One request at a time, and not too often: a machine's turn at a service, kept in a file that its processes share.

arXiv asks for at most one request every three seconds and one connection, over its API, OAI-PMH and RSS together
(https://info.arxiv.org/help/api/tou.html), so all its hosts share one file.

The file holds the start of the last request (monotonic seconds), and, where nobody may ask for longer than the
interval, the seconds from that start on: `812.25 90.0`.
"""

from __future__ import annotations

import ipaddress
import math
import re
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TextIO
from urllib.parse import urlsplit

from littriage.errors import SettingsError, SourceUnavailable
from littriage.ports import Clock

try:
    import fcntl
except ImportError:  # Windows: paced within a process, no lock between processes
    fcntl = None  # type: ignore[assignment]

LEAST_INTERVAL_S = 3.0
LONGEST_HOLD_S = 86_400.0
"""No pause that a service asks for is kept longer: its header may be wrong."""


def is_loopback(address: str) -> bool:
    """Whether an address is this machine itself."""
    host = urlsplit(address).hostname or ""
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def service_name(address: str) -> str:
    """What shares one limit: `arxiv.org` for all of its hosts, else host and port, as a file name."""
    parts = urlsplit(address)
    host = parts.hostname or ""
    if host == "arxiv.org" or host.endswith(".arxiv.org"):
        return "arxiv.org"
    return re.sub(r"[^a-z0-9.-]", "_", f"{host}-{parts.port}" if parts.port else host)


class Turn:
    """A turn under way."""

    def __init__(self, file: TextIO, clock: Clock) -> None:
        self._file = file
        self._clock = clock
        self._start = clock.monotonic()
        _write(file, self._start, 0.0)

    def hold(self, seconds: float) -> None:
        """From now on, for so long, no process gets a turn."""
        if seconds > 0:
            _write(self._file, self._start, self._clock.monotonic() - self._start + seconds)


class Politeness:
    """Turns at a service: at least `interval_s` seconds between the starts of two, and never two at once.

    The interval is never less than 3 s but for loopback addresses. Raises SettingsError for an interval that is no
    number of seconds.
    """

    def __init__(self, address: str, folder: Path, clock: Clock, interval_s: float = LEAST_INTERVAL_S) -> None:
        if not math.isfinite(interval_s) or interval_s < 0:
            raise SettingsError(
                f"no interval between requests: {interval_s} s. Give {LEAST_INTERVAL_S} or more",
                interval_s=interval_s,
            )
        self.interval_s = interval_s if is_loopback(address) else max(interval_s, LEAST_INTERVAL_S)
        self.service = service_name(address)
        self.file = folder / f"{self.service}.turn"
        self._clock = clock

    @contextmanager
    def turn(self, patience_s: float = LONGEST_HOLD_S) -> Iterator[Turn]:
        """This process's turn, from its start to the end of the `with` block; waits until it has come.

        Raises SourceUnavailable where a process was told to ask nothing for longer than `patience_s` from now on.
        """
        self.file.parent.mkdir(parents=True, exist_ok=True)
        with self.file.open("a+", encoding="ascii", errors="replace") as file:
            if fcntl is not None:
                fcntl.flock(file, fcntl.LOCK_EX)
            self._wait(file, patience_s)
            yield Turn(file, self._clock)

    def _wait(self, file: TextIO, patience_s: float) -> None:
        now = self._clock.monotonic()
        noted = _read(file, now)
        if noted is None:
            return
        start, hold_s = noted
        if start > now:  # the clock began anew (a reboot): take it for just now, once
            start = now
            _write(file, start, hold_s)
        held_s = start + hold_s - now
        if held_s > patience_s:
            raise SourceUnavailable(
                f"{self.service} asked for a pause: try again in {held_s:.0f} s", service=self.service, wait_s=held_s
            )
        wait_s = max(held_s, self.interval_s - (now - start))
        if wait_s > 0:
            self._clock.sleep(wait_s)


def parse_turn(text: str) -> tuple[float, float]:
    """Start of the last turn, on the monotonic clock, and seconds to hold since then. Raises ValueError for no turn."""
    start, hold_s = (*map(float, text.split()), 0.0)[:2]
    return start, hold_s


def _read(file: TextIO, now: float) -> tuple[float, float] | None:
    """Last start and hold; None for a new file. What cannot have been written here counts as a start just now."""
    file.seek(0)
    text = file.read()
    if not text:
        return None
    try:
        start, hold_s = parse_turn(text)
    except ValueError:
        return now, 0.0
    if not math.isfinite(start):
        return now, 0.0
    return start, hold_s if 0 <= hold_s <= LONGEST_HOLD_S else 0.0


def _write(file: TextIO, start: float, hold_s: float) -> None:
    file.seek(0)
    file.truncate()
    file.write(f"{start!r} {min(hold_s, LONGEST_HOLD_S)!r}" if hold_s else repr(start))
    file.flush()
