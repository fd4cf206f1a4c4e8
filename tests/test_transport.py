"""What a request says of itself, and what an answer says about waiting. The rest is tested through the source."""

from __future__ import annotations

import pytest

from littriage.sources.transport import parse_retry_after, user_agent


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
