"""Atom as arXiv writes it: a slice of an answer, or an error, as the bytes of a feed.

Shape after https://info.arxiv.org/help/api/user-manual.html#api_response and the service as it is since November 2025.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import date, datetime
from hashlib import sha1
from xml.sax.saxutils import escape, quoteattr

from littriage.model import Paper
from littriage.replica.search import submitted_at, updated_at

ATOM = "application/atom+xml; charset=utf-8"
# Characters that XML 1.0 cannot hold, not even escaped.
_UNPRINTABLE = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ud800-\udfff\ufffe\uffff]")


@dataclass(frozen=True, slots=True)
class Slice:
    """What one request is answered with."""

    query: str
    """The request as understood: it becomes the feed's title."""
    start: int
    size: int
    """How many entries were asked for."""
    total: int
    papers: tuple[Paper, ...]


def render_feed(part: Slice, day: date) -> bytes:
    """The feed of a slice; `day` is the day of the service's last update."""
    entries = "".join(render_entry(paper) for paper in part.papers)
    return _feed(part.query, day, part.total, part.start, part.size, entries)


def render_error(query: str, day: date, reason: str) -> bytes:
    """The feed of an error: a single entry that looks much like a paper."""
    address = f"https://arxiv.org/api/errors#{reason.replace(' ', '_')}"
    entry = f"""  <entry>
    <id>{xml_text(address)}</id>
    <title>Error</title>
    <summary>{xml_text(reason)}</summary>
    <updated>{day}T00:00:00Z</updated>
    <published>{day}T00:00:00Z</published>
    <link href={quoteattr(address)} rel="alternate" type="text/html"/>
    <author><name>arXiv api core</name></author>
  </entry>
"""
    return _feed(query, day, 1, 0, 1, entry)


def render_entry(paper: Paper) -> str:
    """One paper as an Atom entry."""
    name = f"{paper.id}v{paper.version or 1}"
    categories = "".join(
        f'    <category term={quoteattr(category)} scheme="http://arxiv.org/schemas/atom"/>\n'
        for category in paper.categories
    )
    primary = paper.primary_category
    authors = "".join(
        f"    <author>\n      <name>{xml_text(author)}</name>\n    </author>\n" for author in paper.authors
    )
    return f"""  <entry>
    <id>http://arxiv.org/abs/{name}</id>
    <title>{xml_text(paper.title)}</title>
    <updated>{_moment(updated_at(paper))}</updated>
    <link href="https://arxiv.org/abs/{name}" rel="alternate" type="text/html"/>
    <link href="https://arxiv.org/pdf/{name}" rel="related" type="application/pdf" title="pdf"/>
    <summary>{xml_text(paper.abstract or "")}</summary>
{categories}    <published>{_moment(submitted_at(paper))}</published>
{f"    <arxiv:comment>{xml_text(paper.comments)}</arxiv:comment>" + chr(10) if paper.comments else ""}\
{f"    <arxiv:primary_category term={quoteattr(primary)}/>" + chr(10) if primary else ""}\
{authors}  </entry>
"""


def _feed(query: str, day: date, total: int, start: int, size: int, entries: str) -> bytes:
    key = sha1(query.encode(), usedforsecurity=False).hexdigest()
    return f"""<?xml version="1.0" encoding="UTF-8"?>
<feed xmlns:opensearch="http://a9.com/-/spec/opensearch/1.1/" xmlns:arxiv="http://arxiv.org/schemas/atom" \
xmlns="http://www.w3.org/2005/Atom">
  <id>https://arxiv.org/api/{key}</id>
  <title>arXiv Query: {xml_text(query)}</title>
  <updated>{day}T00:00:00Z</updated>
  <link href={quoteattr("https://arxiv.org/api/query?" + printable(query))} type="application/atom+xml"/>
  <opensearch:itemsPerPage>{size}</opensearch:itemsPerPage>
  <opensearch:totalResults>{total}</opensearch:totalResults>
  <opensearch:startIndex>{start}</opensearch:startIndex>
{entries}</feed>
""".encode()


def printable(text: str) -> str:
    """The text without the characters that XML cannot hold."""
    return _UNPRINTABLE.sub("", text)


def xml_text(text: str) -> str:
    """The text as it stands between two tags."""
    return escape(printable(text))


def _moment(at: datetime) -> str:
    return f"{at:%Y-%m-%dT%H:%M:%SZ}"
