"""The pace that the processes of a machine keep together."""

from __future__ import annotations

import fcntl
import subprocess
import sys
from contextlib import suppress
from itertools import pairwise
from pathlib import Path
from threading import Event, Thread

import pytest

from fakes import FakeClock
from littriage.errors import SettingsError, SourceUnavailable
from littriage.sources.politeness import LONGEST_HOLD_S, Politeness, is_loopback, service_name

ARXIV = "https://export.arxiv.org/api/query"
LOOPBACK = "http://127.0.0.1:8000/api/query"


def test_the_first_request_does_not_wait(tmp_path: Path) -> None:
    """Nothing is known of an earlier request, so nothing is waited for; the folder is made."""
    clock = FakeClock(1_000.0)

    with Politeness(ARXIV, tmp_path / "state", clock).turn():
        pass

    assert clock.sleeps == []


def test_two_processes_share_the_pace(tmp_path: Path) -> None:
    """Another limiter with the same folder waits for what is left of the three seconds since the last start."""
    clock = FakeClock(1_000.0)
    with Politeness(ARXIV, tmp_path, clock).turn():
        clock.seconds += 1.0

    with Politeness("https://oaipmh.arxiv.org/oai", tmp_path, clock).turn():
        pass

    assert clock.sleeps == [2.0]


def test_a_long_request_uses_up_the_interval(tmp_path: Path) -> None:
    """The interval counts between starts: after an answer that took ten seconds the next request may start at once."""
    clock = FakeClock(1_000.0)
    limiter = Politeness(ARXIV, tmp_path, clock)
    with limiter.turn():
        clock.seconds += 10.0

    with limiter.turn():
        pass

    assert clock.sleeps == []


def test_many_turns_are_never_closer_than_the_interval(tmp_path: Path) -> None:
    """Whatever happens between them, starts stay three seconds apart."""
    clock = FakeClock(1_000.0)
    starts = []
    for pause in (0.0, 0.5, 2.999, 3.0, 7.0, 0.0):
        with Politeness(ARXIV, tmp_path, clock).turn():
            starts.append(clock.seconds)
        clock.seconds += pause

    assert all(later - earlier >= 3.0 for earlier, later in pairwise(starts))


@pytest.mark.parametrize(
    ("address", "asked", "given"),
    [(ARXIV, 0.0, 3.0), (ARXIV, 10.0, 10.0), ("http://10.0.0.7/api", 0.1, 3.0), (LOOPBACK, 0.0, 0.0)],
)
def test_no_setting_goes_below_three_seconds_but_on_loopback(
    tmp_path: Path, address: str, asked: float, given: float
) -> None:
    """Arxiv's terms hold whatever the settings say."""
    assert Politeness(address, tmp_path, FakeClock(1_000.0), asked).interval_s == given


@pytest.mark.parametrize("interval_s", [-1.0, float("nan"), float("inf")])
def test_an_interval_must_be_seconds(tmp_path: Path, interval_s: float) -> None:
    """A setting that is no length of time is refused with a word."""
    with pytest.raises(SettingsError, match="interval"):
        Politeness(ARXIV, tmp_path, FakeClock(1_000.0), interval_s)


@pytest.mark.parametrize("noted", ["99999999.0", "not a number", "nan", "\N{SNOWMAN}"])
def test_a_note_that_makes_no_sense_counts_as_just_now(tmp_path: Path, noted: str) -> None:
    """After a reboot or a torn write one interval is waited, never more and never none."""
    clock = FakeClock(1_000.0)
    limiter = Politeness(ARXIV, tmp_path, clock)
    limiter.file.write_text(noted, encoding="utf-8")

    with limiter.turn():
        pass

    assert clock.sleeps == [3.0]


def test_the_lock_is_held_for_the_whole_request(tmp_path: Path) -> None:
    """Nobody else gets a turn during one; afterwards the lock is free, even when the request failed."""
    limiter = Politeness(ARXIV, tmp_path, FakeClock(1_000.0))

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


# --- pauses that a service asks for -----------------------------------------------------------------------------


def test_a_pause_holds_for_everybody(tmp_path: Path) -> None:
    """Told to one limiter at the end of a slow answer, it is kept by another, from that end on, and once."""
    clock = FakeClock(1_000.0)
    with Politeness(ARXIV, tmp_path, clock).turn() as turn:
        clock.seconds += 20.0
        turn.hold(90.0)
    clock.seconds += 30.0
    other = Politeness("https://oaipmh.arxiv.org/oai", tmp_path, clock)

    with other.turn():
        pass
    with other.turn():
        pass

    assert clock.sleeps == [60.0, 3.0]


ANOTHER_PROCESS = """
import sys
from pathlib import Path
from fakes import FakeClock
from littriage.sources.politeness import Politeness

clock = FakeClock(1_010.0)
with Politeness("https://export.arxiv.org/api/query", Path(sys.argv[1]), clock).turn() as turn:
    turn.hold(float(sys.argv[2]))
print(clock.sleeps)
"""


def in_another_process(folder: Path, hold_s: float) -> str:
    ended = subprocess.run(
        [sys.executable, "-c", ANOTHER_PROCESS, str(folder), str(hold_s)],
        cwd=Path(__file__).parent,
        capture_output=True,
        text=True,
        check=True,
    )
    return ended.stdout.strip()


def test_a_pause_holds_for_other_processes(tmp_path: Path) -> None:
    """Both ways: what this process is told another waits for, and the other way round."""
    clock = FakeClock(1_000.0)
    limiter = Politeness(ARXIV, tmp_path, clock)
    with limiter.turn() as turn:
        turn.hold(60.0)

    assert in_another_process(tmp_path, 45.0) == "[50.0]"

    clock.seconds = 1_070.0  # ten seconds after the other one asked
    with limiter.turn():
        pass
    assert clock.sleeps == [35.0]


def test_two_at_once_take_turns(tmp_path: Path) -> None:
    """The second begins when the first has ended, and keeps the pause that the first was told."""
    clocks = FakeClock(1_000.0), FakeClock(1_000.0)
    waiting, done = Event(), Event()

    def second() -> None:
        waiting.set()
        with Politeness(ARXIV, tmp_path, clocks[1]).turn():
            done.set()

    thread = Thread(target=second)
    with Politeness(ARXIV, tmp_path, clocks[0]).turn() as turn:
        thread.start()
        waiting.wait()
        turn.hold(7.0)
        assert not done.is_set()
    thread.join()

    assert clocks[1].sleeps == [7.0]


def test_a_pause_beyond_ones_patience_is_an_error_and_no_request(tmp_path: Path) -> None:
    """It says how long; who has more patience waits."""
    clock = FakeClock(1_000.0)
    limiter = Politeness(ARXIV, tmp_path, clock)
    with limiter.turn() as turn:
        turn.hold(900.0)
    clock.seconds += 200.0

    said = "arxiv.org asked for a pause: try again in 700 s"
    with pytest.raises(SourceUnavailable, match=said) as caught, limiter.turn(600.0):
        raise AssertionError("no turn")
    assert caught.value.parts["wait_s"] == 700.0
    assert clock.sleeps == []
    with limiter.turn(700.0):
        pass
    assert clock.sleeps == [700.0]


def test_no_pause_is_longer_than_a_day(tmp_path: Path) -> None:
    """A header that says a thousand years does not end the harvest for good."""
    clock = FakeClock(1_000.0)
    limiter = Politeness(ARXIV, tmp_path, clock)
    with limiter.turn() as turn:
        turn.hold(1e12)

    with limiter.turn():
        pass

    assert clock.sleeps == [LONGEST_HOLD_S]


def test_a_pause_survives_a_reboot_and_ends_all_the_same(tmp_path: Path) -> None:
    """The clock began anew: nobody knows how much has passed, so it is counted once from when that is seen."""
    clock = FakeClock(1_000_000.0)
    limiter = Politeness(ARXIV, tmp_path, clock)
    with limiter.turn() as turn:
        turn.hold(900.0)
    clock.seconds = 50.0

    for passed in (0.0, 400.0, 200.0):
        clock.seconds += passed
        with pytest.raises(SourceUnavailable), limiter.turn(60.0):
            pass
    clock.seconds += 250.0
    with limiter.turn(60.0):
        pass

    assert clock.sleeps == [50.0]


@pytest.mark.parametrize(
    ("noted", "sleeps"),
    [
        ("999.0", [2.0]),
        ("999.0 10.0", [9.0]),
        ("999.0 0.5", [2.0]),
        ("990.0 10.0", []),
        ("999.0 nan", [2.0]),
        ("999.0 inf", [2.0]),
        ("999.0 -5", [2.0]),
        ("999.0 1e9", [2.0]),
        ("999.0 soon", [3.0]),
        ("inf 10.0", [3.0]),
        (" ", [3.0]),
    ],
)
def test_a_noted_pause_is_kept_where_it_makes_sense(tmp_path: Path, noted: str, sleeps: list[float]) -> None:
    """A note of one number is as before; a pause that cannot have been written here is none."""
    clock = FakeClock(1_000.0)
    limiter = Politeness(ARXIV, tmp_path, clock)
    limiter.file.write_text(noted, encoding="ascii")

    with limiter.turn():
        pass

    assert clock.sleeps == sleeps


# --- services ---------------------------------------------------------------------------------------------------


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
