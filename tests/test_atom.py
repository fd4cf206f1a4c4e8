"""arXiv's Atom, read strictly."""

from __future__ import annotations

from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from littriage.errors import MalformedFeed
from littriage.identity import is_withdrawn
from littriage.model import Paper
from littriage.replica.feed import Slice, render_feed
from littriage.sources.atom import parse_feed

PAPERS = tuple(
    Paper(f"2103.0000{n}", "Übertitle", "Abstract.", ("Ada Lovelace",), ("cs.LG",), date(2021, 3, n)) for n in (1, 2)
)
FEED = render_feed(Slice("q", 0, 2, 2, PAPERS), date(2021, 3, 31))


def test_a_feed_cut_anywhere_is_refused() -> None:
    """Whatever the length, half a feed never passes for a smaller one."""
    for length in range(len(FEED.rstrip())):
        with pytest.raises(MalformedFeed):
            parse_feed(FEED[:length])


@given(st.binary())
def test_any_bytes_are_a_feed_or_a_named_error(body: bytes) -> None:
    """Nothing else escapes."""
    with pytest.raises(MalformedFeed):
        parse_feed(body)


def test_a_sound_feed_is_passed_on_as_it_came() -> None:
    """Its numbers are read; its bytes are not rewritten."""
    feed = parse_feed(FEED)

    assert (feed.total, feed.start, feed.received, feed.usable, feed.dropped) == (2, 0, 2, 2, ())
    assert feed.body is FEED


@pytest.mark.parametrize(
    ("abstract", "comments", "withdrawn"),
    [
        ("This paper has been withdrawn by the author due to a crucial error in equation 1.", "", True),
        ("This submission has been withdrawn by arXiv administrators.", "", True),
        ("Withdrawn by the authors.", "", True),
        ("We study attention.", "This paper has been withdrawn.", True),
        ("We study attention.", "withdrawn due to an error", True),
        ("We study attention.", "This version withdrawn by arXiv administrators", True),
        ("We study how cash is withdrawn from machines.", "12 pages", False),
        ("Accepted papers. " * 10 + "We ask why a paper is withdrawn by its authors.", "", False),
        ("", "", False),
    ],
)
def test_withdrawn_papers_say_so(abstract: str, comments: str, withdrawn: bool) -> None:
    """In the comments, or at the opening of the abstract; papers about withdrawals are not withdrawn."""
    assert is_withdrawn(abstract, comments) is withdrawn
