"""arXiv's Atom, read strictly: bytes in, numbers and usable entries out.

Shape: https://info.arxiv.org/help/api/user-manual.html#api_response.
"""

from __future__ import annotations

import re
import xml.etree.ElementTree as ET
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from itertools import islice

import arxiv  # type: ignore[import-untyped]

from littriage.errors import HarvestRefused, MalformedFeed
from littriage.identity import canonical_categories, clean_text, is_withdrawn
from littriage.model import Drop, Paper, parse_arxiv_id

_ATOM = "{http://www.w3.org/2005/Atom}"
_OPENSEARCH = "{http://a9.com/-/spec/opensearch/1.1/}"
_CATEGORY = re.compile(r"[a-z-]+(\.[A-Za-z-]+)?")


@dataclass(frozen=True, slots=True)
class Feed:
    """A feed that was read strictly: its own numbers, and its entries without the unusable ones."""

    total: int
    start: int
    received: int
    """Entries in the answer, the unusable ones included."""
    dropped: tuple[Drop, ...]
    body: bytes
    """The feed without its unusable entries."""

    @property
    def usable(self) -> int:
        return self.received - sum(drop.rows for drop in self.dropped)


class _Builder(ET.TreeBuilder):
    def doctype(self, name: str, pubid: str | None, system: str | None) -> None:
        """An Atom feed has none, and entities are declared in one."""
        raise MalformedFeed(f"a document of type {name} came instead of an Atom feed: try again later", doctype=name)


def parse_feed(body: bytes) -> Feed:
    """The numbers and the usable entries of a feed.

    Raises MalformedFeed for anything but well-formed Atom that states its total, and HarvestRefused for a feed whose
    entry is an error.
    """
    try:
        root = ET.fromstring(body, ET.XMLParser(target=_Builder()))
    except ET.ParseError as error:
        raise MalformedFeed(
            f"no well-formed XML ({error}), it begins with {excerpt(body)!r}: try again later", excerpt=excerpt(body)
        ) from error
    if root.tag != f"{_ATOM}feed":
        raise MalformedFeed(f"a <{root.tag}> came instead of an Atom feed: try again later", tag=root.tag)
    total = _number(root, "totalResults")
    entries = root.findall(f"{_ATOM}entry")
    faults: list[tuple[str, str]] = []
    for entry in entries:
        name = _text(entry, "id")
        if "/api/errors" in name:
            reason = _text(entry, "summary") or name
            raise HarvestRefused(f"arXiv refuses the query: {reason}. Correct the direction's query", reason=reason)
        if fault := _unusable(entry):
            faults.append((fault, name or _text(entry, "title")))
            root.remove(entry)
    # Only a changed feed is written anew.
    kept = ET.tostring(root, encoding="utf-8") if faults else body
    return Feed(total, _number(root, "startIndex"), len(entries), summed_drops(faults), kept)


def _number(root: ET.Element, name: str) -> int:
    text = (root.findtext(f"{_OPENSEARCH}{name}") or "").strip()
    if not text.isdecimal():
        raise MalformedFeed(f"the feed states no {name}: {text!r}. Try again later", name=name, text=text)
    return int(text)


def _text(entry: ET.Element, name: str) -> str:
    return " ".join((entry.findtext(f"{_ATOM}{name}") or "").split())


def _unusable(entry: ET.Element) -> str | None:
    """Why an entry cannot be a paper; None for a sound one."""
    if parse_arxiv_id(_text(entry, "id")) is None:
        return "no arXiv id"
    if not _text(entry, "title"):
        return "no title"
    try:
        for name in ("published", "updated"):
            datetime.fromisoformat(_text(entry, name))
    except ValueError:
        return "no date"
    return None


def summed_drops(faults: Iterable[tuple[str, str]]) -> tuple[Drop, ...]:
    """Faults as (reason, example), summed by reason in the order of their first appearance."""
    faults = list(faults)
    counts = Counter(reason for reason, _ in faults)
    return tuple(
        Drop(reason, rows, tuple(islice((example for other, example in faults if other == reason), 3)))
        for reason, rows in counts.items()
    )


def excerpt(body: bytes) -> str:
    """The beginning of an answer, on one line, for a message."""
    return " ".join(body[:80].decode("utf-8", "replace").split())


def parse_result(result: arxiv.Result) -> Paper:
    """The paper of an entry; its id must be an arXiv id."""
    name = parse_arxiv_id(result.entry_id)
    if name is None:
        raise MalformedFeed(f"{result.entry_id!r} is no arXiv id", id=result.entry_id)
    # ACM and MSC classes come as categories too: keep arXiv's own, the primary one first.
    categories = [result.primary_category, *result.categories]
    abstract = clean_text(result.summary)
    comments = clean_text(result.comment or "")
    return Paper(
        id=name.base,
        title=clean_text(result.title),
        abstract=abstract or None,
        authors=tuple(clean_text(author.name) for author in result.authors if author.name.strip()),
        categories=canonical_categories(category for category in categories if _CATEGORY.fullmatch(category)),
        published=result.published.date(),
        version=name.version,
        updated=result.updated,
        comments=comments or None,
        withdrawn=is_withdrawn(abstract, comments),
    )
