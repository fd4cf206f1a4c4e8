"""The pace that the processes of a machine keep together."""

from __future__ import annotations

import fcntl
from contextlib import suppress
from datetime import date
from itertools import pairwise
from pathlib import Path

import pytest

from littriage.errors import SettingsError
from littriage.sources.politeness import Politeness, is_loopback, service_name

ARXIV = "https://export.arxiv.org/api/query"
LOOPBACK = "http://127.0.0.1:8000/api/query"


class FakeClock:
    """A clock that only moves when told to; `sleeps` is its history."""

    def __init__(self, now: float = 1_000.0) -> None:
        self.now = now
        self.sleeps: list[float] = []

    def today(self) -> date:
        return date(2026, 1, 1)

    def monotonic(self) -> float:
        return self.now

    def sleep(self, seconds: float) -> None:
        self.sleeps.append(seconds)
        self.now += seconds


def test_the_first_request_does_not_wait(tmp_path: Path) -> None:
    """Nothing is known of an earlier request, so nothing is waited for; the folder is made."""
    clock = FakeClock()

    with Politeness(ARXIV, tmp_path / "state", clock).turn():
        pass

    assert clock.sleeps == []


def test_two_processes_share_the_pace(tmp_path: Path) -> None:
    """Another limiter with the same folder waits for what is left of the three seconds since the last start."""
    clock = FakeClock()
    with Politeness(ARXIV, tmp_path, clock).turn():
        clock.now += 1.0

    with Politeness("https://oaipmh.arxiv.org/oai", tmp_path, clock).turn():
        pass

    assert clock.sleeps == [2.0]


def test_a_long_request_uses_up_the_interval(tmp_path: Path) -> None:
    """The interval counts between starts: after an answer that took ten seconds the next request may start at once."""
    clock = FakeClock()
    limiter = Politeness(ARXIV, tmp_path, clock)
    with limiter.turn():
        clock.now += 10.0

    with limiter.turn():
        pass

    assert clock.sleeps == []


def test_many_turns_are_never_closer_than_the_interval(tmp_path: Path) -> None:
    """Whatever happens between them, starts stay three seconds apart."""
    clock = FakeClock()
    starts = []
    for pause in (0.0, 0.5, 2.999, 3.0, 7.0, 0.0):
        with Politeness(ARXIV, tmp_path, clock).turn():
            starts.append(clock.now)
        clock.now += pause

    assert all(later - earlier >= 3.0 for earlier, later in pairwise(starts))


@pytest.mark.parametrize(
    ("address", "asked", "given"),
    [(ARXIV, 0.0, 3.0), (ARXIV, 10.0, 10.0), ("http://10.0.0.7/api", 0.1, 3.0), (LOOPBACK, 0.0, 0.0)],
)
def test_no_setting_goes_below_three_seconds_but_on_loopback(
    tmp_path: Path, address: str, asked: float, given: float
) -> None:
    """Arxiv's terms hold whatever the settings say."""
    assert Politeness(address, tmp_path, FakeClock(), asked).interval_s == given


@pytest.mark.parametrize("interval_s", [-1.0, float("nan"), float("inf")])
def test_an_interval_must_be_seconds(tmp_path: Path, interval_s: float) -> None:
    """A setting that is no length of time is refused with a word."""
    with pytest.raises(SettingsError, match="interval"):
        Politeness(ARXIV, tmp_path, FakeClock(), interval_s)


@pytest.mark.parametrize("noted", ["99999999.0", "not a number", "nan", "\N{SNOWMAN}"])
def test_a_note_that_makes_no_sense_counts_as_just_now(tmp_path: Path, noted: str) -> None:
    """After a reboot or a torn write one interval is waited, never more and never none."""
    clock = FakeClock()
    limiter = Politeness(ARXIV, tmp_path, clock)
    limiter.file.write_text(noted, encoding="utf-8")

    with limiter.turn():
        pass

    assert clock.sleeps == [3.0]


def test_the_lock_is_held_for_the_whole_request(tmp_path: Path) -> None:
    """Nobody else gets a turn during one; afterwards the lock is free, even when the request failed."""
    limiter = Politeness(ARXIV, tmp_path, FakeClock())

    def is_free() -> bool:
        with limiter.file.open() as other:
            try:
                fcntl.flock(other, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                return False
            return True

    with limiter.turn():
        assert not is_free()
    assert is_free()
    with suppress(RuntimeError), limiter.turn():
        raise RuntimeError("cut")
    assert is_free()


@pytest.mark.parametrize(
    ("address", "name"),
    [
        (ARXIV, "arxiv.org"),
        ("https://arxiv.org/api/query", "arxiv.org"),
        ("https://notarxiv.org/api", "notarxiv.org"),
        (LOOPBACK, "127.0.0.1-8000"),
        ("http://[::1]:80/x", "__1-80"),
    ],
)
def test_all_hosts_of_arxiv_share_one_limit(address: str, name: str) -> None:
    """The terms count all interfaces of arXiv together; other services have limits of their own."""
    assert service_name(address) == name


@pytest.mark.parametrize(
    ("address", "loopback"),
    [
        (LOOPBACK, True),
        ("http://localhost:1/", True),
        ("http://[::1]:1/", True),
        (ARXIV, False),
        ("http://127.0.0.1.example.org/", False),
        ("", False),
    ],
)
def test_loopback_is_this_machine_only(address: str, loopback: bool) -> None:
    """A host name that merely looks local is not."""
    assert is_loopback(address) is loopback
