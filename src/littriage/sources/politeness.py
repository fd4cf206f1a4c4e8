"""One request at a time, and not too often: a machine's turn at a service, kept in a file that its processes share.

arXiv asks for at most one request every three seconds and one connection, over its API, OAI-PMH and RSS together
(https://info.arxiv.org/help/api/tou.html), so all its hosts share one file.
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

from littriage.errors import SettingsError
from littriage.ports import Clock

try:
    import fcntl
except ImportError:  # Windows: paced within a process, no lock between processes
    fcntl = None  # type: ignore[assignment]

LEAST_INTERVAL_S = 3.0


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
        self.file = folder / f"{service_name(address)}.turn"
        self._clock = clock

    @contextmanager
    def turn(self) -> Iterator[None]:
        """This process's turn, from its start to the end of the `with` block; waits until it has come."""
        self.file.parent.mkdir(parents=True, exist_ok=True)
        with self.file.open("a+", encoding="ascii", errors="replace") as file:
            if fcntl is not None:
                fcntl.flock(file, fcntl.LOCK_EX)
            self._wait(file)
            self._note(file)
            yield

    def _wait(self, file: TextIO) -> None:
        file.seek(0)
        text = file.read()
        if not text:
            return
        now = self._clock.monotonic()
        try:
            since = now - float(text)
        except ValueError:
            since = 0.0
        # A start in the future means that the clock began anew (a reboot): take it for just now. NaN compares as False.
        if not since >= 0:
            since = 0.0
        if since < self.interval_s:
            self._clock.sleep(self.interval_s - since)

    def _note(self, file: TextIO) -> None:
        file.seek(0)
        file.truncate()
        file.write(repr(self._clock.monotonic()))
        file.flush()
