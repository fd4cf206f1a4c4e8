"""arXiv's Atom, read strictly: bytes in, numbers and usable entries out.

Shape: https://info.arxiv.org/help/api/user-manual.html#api_response.
"""

from __future__ import annotations

import re
import xml.etree.ElementTree as ET
from collections import Counter
from dataclasses import dataclass
from datetime import UTC, date, datetime
from urllib.parse import unquote_plus

import arxiv  # type: ignore[import-untyped]

from littriage.errors import HarvestRefused, MalformedFeed
from littriage.identity import author_list, clean_text, is_withdrawn
from littriage.model import Drop, Paper, parse_arxiv_id
from littriage.sources.entries import Drops, arxiv_categories, date_fault
from littriage.sources.transport import check_encoding, excerpt

_ATOM = "{http://www.w3.org/2005/Atom}"
_OPENSEARCH = "{http://a9.com/-/spec/opensearch/1.1/}"
_DECLARATION = re.compile(rb"""\s*(?:\xef\xbb\xbf)?<\?xml[^>]*?\sencoding\s*=\s*["']([A-Za-z0-9._-]+)""")
_TERM = re.compile(r"""(?:(\w+):)?(?:"([^"]*)"|\[([^\]]*)\]|([^\s()"\[\]]+))""")
_OPERATORS = ("AND", "OR", "ANDNOT")
_WORD = re.compile(r"[^\W_]+")


@dataclass(frozen=True, slots=True)
class Feed:
    """A feed that was read strictly: its own numbers, and its entries without the unusable ones."""

    total: int
    start: int
    received: int
    """Entries in the answer, the unusable ones included."""
    dropped: tuple[Drop, ...]
    title: str
    """Holds the query as the service understood it."""
    body: bytes
    """The feed without its unusable entries."""

    @property
    def usable(self) -> int:
        return self.received - sum(drop.rows for drop in self.dropped)


class _Builder(ET.TreeBuilder):
    def doctype(self, name: str, pubid: str | None, system: str | None) -> None:
        """An Atom feed has none, and entities are declared in one."""
        raise MalformedFeed(f"a document of type {name} came instead of an Atom feed: try again later", doctype=name)


def parse_feed(body: bytes, today: date) -> Feed:
    """The numbers and the usable entries of a feed; a paper cannot have come after `today`, give or take a day.

    Raises MalformedFeed for anything but well-formed Atom that states its total, and HarvestRefused for a feed whose
    entry is an error.
    """
    declared = _DECLARATION.match(body)
    check_encoding(declared[1].decode() if declared else None)
    try:
        root = ET.fromstring(body, ET.XMLParser(target=_Builder(), encoding="utf-8"))
    except ET.ParseError as error:
        raise MalformedFeed(
            f"no well-formed XML ({error}), it begins with {excerpt(body)!r}: try again later", excerpt=excerpt(body)
        ) from error
    if root.tag != f"{_ATOM}feed":
        raise MalformedFeed(f"a <{root.tag}> came instead of an Atom feed: try again later", tag=root.tag)
    total = _number(root, "totalResults")
    entries = root.findall(f"{_ATOM}entry")
    drops = Drops()
    for entry in entries:
        name = _text(entry, "id")
        if "/api/errors" in name:
            reason = _text(entry, "summary") or name
            raise HarvestRefused(f"arXiv refuses the query: {reason}. Correct the direction's query", reason=reason)
        if fault := _unusable(entry, today):
            drops.add(fault, name or _text(entry, "title"))
            root.remove(entry)
    dropped = drops.summed()
    # Only a changed feed is written anew.
    kept = ET.tostring(root, encoding="utf-8") if dropped else body
    return Feed(total, _number(root, "startIndex"), len(entries), dropped, _text(root, "title"), kept)


def _number(root: ET.Element, name: str) -> int:
    text = (root.findtext(f"{_OPENSEARCH}{name}") or "").strip()
    if not text.isdecimal():
        raise MalformedFeed(f"the feed states no {name}: {text!r}. Try again later", name=name, text=text)
    return int(text)


def _text(entry: ET.Element, name: str) -> str:
    return " ".join((entry.findtext(f"{_ATOM}{name}") or "").split())


def _unusable(entry: ET.Element, today: date) -> str | None:
    """Why an entry cannot be a paper; None for a sound one."""
    name = parse_arxiv_id(_text(entry, "id"))
    if name is None:
        return "no arXiv id"
    if not _text(entry, "title"):
        return "no title"
    try:
        published, _ = (_moment(_text(entry, when)) for when in ("published", "updated"))
    except (ValueError, OverflowError):
        return "no date"
    return date_fault(name, published.date(), today)


def _moment(text: str) -> datetime:
    """A date in UTC, which is meant where no zone is given."""
    at = datetime.fromisoformat(text)
    return at.astimezone(UTC) if at.tzinfo else at.replace(tzinfo=UTC)


def check_query(title: str, expression: str) -> None:
    """Raises MalformedFeed where a feed's title names another search than the one asked for.

    Compared are the terms with their fields and the ranges of dates, however they are bracketed, quoted and encoded: a
    term that was lost, added or changed makes another search. A title that tells no search is passed.
    """
    _, told, rest = title.partition("search_query=")
    understood = re.split(r"&(?:amp;)?(?:id_list|start|max_results)=", rest)[0]
    if told and _terms(understood) != _terms(expression):
        raise MalformedFeed(
            f"the source answered another query: {understood[:200]!r} where {expression[:200]!r} was asked for. "
            "Try again later; if it stays so, say the query in simpler terms",
            asked=expression,
            answered=understood,
        )


def _terms(expression: str) -> Counter[tuple[str, tuple[str, ...]]]:
    """The terms of a search as (field, words), a range of dates among them."""
    return Counter(
        (field or "all", tuple(_WORD.findall((phrase or span or word).casefold())))
        for field, phrase, span, word in _TERM.findall(unquote_plus(expression))
        if field or word not in _OPERATORS
    )


def parse_result(result: arxiv.Result) -> Paper:
    """The paper of an entry; its id must be an arXiv id."""
    name = parse_arxiv_id(result.entry_id)
    if name is None:
        raise MalformedFeed(f"{result.entry_id!r} is no arXiv id", id=result.entry_id)
    categories = (result.primary_category, *result.categories)
    abstract = clean_text(result.summary)
    comments = clean_text(result.comment or "")
    return Paper(
        id=name.base,
        title=clean_text(result.title),
        abstract=abstract or None,
        authors=author_list(author.name for author in result.authors),
        categories=arxiv_categories(categories),
        published=result.published.date(),
        version=name.version,
        updated=result.updated,
        comments=comments or None,
        withdrawn=is_withdrawn(abstract, comments),
    )
