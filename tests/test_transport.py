"""What the channels share on the wire: patience, checks, headers. The rest is tested through the sources."""

from __future__ import annotations

from pathlib import Path

import pytest

from fakes import FakeClock
from littriage.errors import (
    HarvestRefused,
    LittriageError,
    MalformedFeed,
    SettingsError,
    ShortAnswer,
    SourceUnavailable,
    TokenRejected,
)
from littriage.ports import Page
from littriage.sources.transport import (
    Line,
    Patience,
    bounded,
    check_encoding,
    checked_address,
    parse_retry_after,
    user_agent,
)


def test_a_name_without_a_contact_has_no_brackets() -> None:
    """The contact is optional, and then left out whole."""
    assert user_agent().startswith("littriage")
    assert "(" not in user_agent()
    assert user_agent("mailto:a@example.org").endswith(" (+mailto:a@example.org)")


@pytest.mark.parametrize(
    ("retry_after", "sent", "wait_s"),
    [
        ("7", None, 7.0),
        (" 0 ", None, 0.0),
        ("Wed, 21 Oct 2026 07:28:30 GMT", "Wed, 21 Oct 2026 07:28:00 GMT", 30.0),
        ("Wed, 21 Oct 2026 07:27:00 GMT", "Wed, 21 Oct 2026 07:28:00 GMT", 0.0),
        ("Wed, 21 Oct 2026 07:28:30 GMT", None, None),
        ("soon", "Wed, 21 Oct 2026 07:28:00 GMT", None),
        ("-5", None, None),
        ("nan", None, None),
        ("", None, None),
        (None, None, None),
    ],
)
def test_retry_after_is_read_in_both_forms(retry_after: str | None, sent: str | None, wait_s: float | None) -> None:
    """Seconds, or a date that counts from the answer's own; anything else says nothing."""
    assert parse_retry_after(retry_after, sent) == wait_s


@pytest.mark.parametrize(
    ("error", "attempt", "wait_s"),
    [
        (SourceUnavailable("x"), 1, 5.0),
        (SourceUnavailable("x"), 4, 40.0),
        (SourceUnavailable("x"), 5, None),
        (SourceUnavailable("x", wait_s=7.0), 1, 7.0),
        (SourceUnavailable("x", wait_s=7.0), 2, 10.0),
        (SourceUnavailable("x", wait_s=None), 1, 5.0),
        (MalformedFeed("x"), 3, 20.0),
        (ShortAnswer("x"), 3, 20.0),
        (TokenRejected("x"), 1, None),
        (HarvestRefused("x"), 1, None),
        (SettingsError("x"), 1, None),
    ],
)
def test_only_what_may_pass_is_tried_again(error: LittriageError, attempt: int, wait_s: float | None) -> None:
    """Each wait is twice the one before, or what the source asked for; the fifth attempt is the last."""
    assert Patience().wait_s(error, attempt) == wait_s


def test_an_error_that_nobody_foresaw_frees_the_turn(tmp_path: Path) -> None:
    """It is passed on as it is, and the next request can be sent."""
    clock = FakeClock()
    line = Line("http://127.0.0.1:1/x", tmp_path, clock, 0.0, None)

    def broken() -> Page:
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        line.ask("count", "", broken)
    assert line.ask("count", "", lambda: Page((), 3, 0)).total == 3
    assert (line.sent, clock.sleeps) == (2, [])


@pytest.mark.parametrize("encoding", [None, "UTF-8", "utf-8", "utf8"])
def test_utf8_has_several_names(encoding: str | None) -> None:
    """It is also what is meant where nothing is said."""
    check_encoding(encoding)


def test_a_bound_counts_all_parts_together(monkeypatch: pytest.MonkeyPatch) -> None:
    """Parts up to it are passed on, empty ones are not, and the one that goes beyond is not."""
    monkeypatch.setattr("littriage.sources.transport.MAX_BYTES", 5)
    parts = bounded("http://127.0.0.1/x", [b"ab", b"", b"cde", b"f"])

    assert [next(parts), next(parts)] == [b"ab", b"cde"]
    with pytest.raises(MalformedFeed, match="more than 5 bytes"):
        next(parts)


@pytest.mark.parametrize("address", ["", "x", "//host", "ftp://host", "http://", "http://[", "http://host:x/"])
def test_an_address_is_http_with_a_host(address: str) -> None:
    """The message tells the usual one."""
    with pytest.raises(SettingsError, match="leave it out for https://usual"):
        checked_address(address, "https://usual")
    assert checked_address("http://host:80/x", "https://usual") == "http://host:80/x"
