"""arXiv's Atom, read strictly."""

from __future__ import annotations

import re
from datetime import date
from urllib.parse import quote, quote_plus

import pytest
from hypothesis import given
from hypothesis import strategies as st

from littriage.errors import MalformedFeed
from littriage.identity import is_withdrawn
from littriage.model import Paper
from littriage.replica.feed import Slice, render_feed
from littriage.sources.atom import check_query, parse_feed

PAPERS = tuple(
    Paper(f"2103.0000{n}", "Übertitle", "Abstract.", ("Ada Lovelace",), ("cs.LG",), date(2021, 3, n)) for n in (1, 2)
)
TODAY = date(2021, 3, 31)
FEED = render_feed(Slice("q", 0, 2, 2, PAPERS), TODAY)


def test_a_feed_cut_anywhere_is_refused() -> None:
    """Whatever the length, half a feed never passes for a smaller one."""
    for length in range(len(FEED.rstrip())):
        with pytest.raises(MalformedFeed):
            parse_feed(FEED[:length], TODAY)


@given(st.binary())
def test_any_bytes_are_a_feed_or_a_named_error(body: bytes) -> None:
    """Nothing else escapes."""
    with pytest.raises(MalformedFeed):
        parse_feed(body, TODAY)


def test_a_sound_feed_is_passed_on_as_it_came() -> None:
    """Its numbers are read; its bytes are not rewritten."""
    feed = parse_feed(FEED, TODAY)

    assert (feed.total, feed.start, feed.received, feed.usable, feed.dropped) == (2, 0, 2, 2, ())
    assert feed.body is FEED


@pytest.mark.parametrize("encoding", [b"ISO-8859-1", b"x-none"])
def test_a_feed_in_another_encoding_is_refused(encoding: bytes) -> None:
    """Read as it says, every accent would be broken and nothing would fail."""
    with pytest.raises(MalformedFeed, match="not UTF-8"):
        parse_feed(FEED.replace(b'"UTF-8"', b'"' + encoding + b'"'), TODAY)


@pytest.mark.parametrize(
    ("published", "reason"),
    [
        ("1990-12-31T23:59:59Z", "date before arXiv"),
        ("1991-01-01T01:00:00+02:00", "date before arXiv"),
        ("2021-04-02T00:00:00Z", "date in the future"),
        ("2021-04-01T00:00:00Z", None),
        ("2021-04-02T01:00:00+02:00", None),
        ("0001-01-01T00:00:00+23:00", "no date"),
        ("2021-03", "no date"),
    ],
)
def test_a_paper_has_come_since_there_is_arxiv(published: str, reason: str | None) -> None:
    """Neither before nor later than tomorrow, by UTC; it is dropped with a reason."""
    body = re.sub(rb"<published>2021-03-01[^<]*", f"<published>{published}".encode(), FEED)
    feed = parse_feed(body, TODAY)

    assert [drop.reason for drop in feed.dropped] == ([reason] if reason else [])


# --- the query as understood ------------------------------------------------------------------------------------

ASKED = (
    '(ti:"graph attention" OR abs:"graph attention" OR ti:"gat") AND (cat:cs.LG OR cat:hep-th) '
    "AND submittedDate:[202103010000 TO 202103312359]"
)


@pytest.mark.parametrize(
    "title",
    [
        f"arXiv Query: search_query={ASKED}&id_list=&start=0&max_results=10",
        f"arXiv Query: search_query={ASKED}&amp;id_list=&amp;start=0&amp;max_results=10",
        f"arXiv Query: search_query={ASKED}",
        f"arXiv Query: search_query={quote_plus(ASKED)}&id_list=&start=0",
        f"arXiv Query: search_query={quote(ASKED)}&id_list=",
        'arXiv Query: search_query=(((ti:gat OR abs:"graph  attention") OR ti:"graph attention") AND (cat:CS.lg OR '
        "(cat:hep-th)) AND submittedDate:[202103010000+TO+202103312359])&id_list=",
        "arXiv Query: ",
        "Papers",
        "",
    ],
)
def test_a_query_in_another_form_is_the_same(title: str) -> None:
    """Brackets, order, case, quotes around one word and encodings say nothing; nor does a title without a search."""
    check_query(title, ASKED)


@pytest.mark.parametrize(
    ("old", "new"),
    [
        (' OR ti:"gat"', ""),
        ('ti:"gat"', 'ti:"gate"'),
        ('ti:"gat"', 'abs:"gat"'),
        ('ti:"gat"', "gat"),
        ('abs:"graph attention"', "abs:graph attention"),
        (" AND submittedDate:[202103010000 TO 202103312359]", ""),
        ("202103312359", "202103302359"),
        ("cat:hep-th", "cat:hep-ph"),
        ("cat:cs.LG", "cat:cs.LG OR cat:cs.AI"),
        (ASKED, ""),
    ],
)
def test_another_query_is_no_answer(old: str, new: str) -> None:
    """A term or a range that was lost, added or changed."""
    with pytest.raises(MalformedFeed, match="the source answered another query"):
        check_query(f"arXiv Query: search_query={ASKED.replace(old, new)}&id_list=&start=0&max_results=10", ASKED)


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
