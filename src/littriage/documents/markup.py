"""The visible text of an HTML page.

The page is read as a stream of events, so its depth does not matter; nothing is fetched and no entity beyond HTML's own
is known.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass

_SKIPPED = frozenset({
    "head", "script", "style", "template", "noscript", "iframe", "object", "embed", "svg", "canvas", "audio", "video",
    "select", "textarea", "rp",
})  # fmt: skip
_PARAGRAPHS = frozenset({
    "p", "h1", "h2", "h3", "h4", "h5", "h6", "blockquote", "pre", "ul", "ol", "dl", "table", "hr", "article", "section",
    "header", "footer",
})  # fmt: skip
_LINES = frozenset({
    "div", "li", "tr", "dt", "dd", "caption", "figure", "figcaption", "main", "nav", "aside", "address", "form",
    "fieldset", "details", "summary",
})  # fmt: skip
_CELLS = frozenset(("td", "th"))
_HIDDEN_STYLE = re.compile(r"(?:^|;)\s*(?:display\s*:\s*none|visibility\s*:\s*hidden)", re.IGNORECASE)
_WHITE = re.compile("[ \t\n\r\f\xa0]+")
_DAYS = ("article:published_time", "og:published_time", "datepublished", "pubdate", "publishdate", "dc.date", "date")


@dataclass(frozen=True, slots=True)
class Page:
    """What an HTML page shows, and what its head says."""

    text: str
    title: str
    published: tuple[str, str]
    """Which element or attribute says when it was published, and what it says; both empty where none does."""
    complaint: str
    """Why the page could not be read to its end; empty where it could."""


def parse_page(markup: str) -> Page:
    """The visible text of a page: block elements are lines, paragraphs are parted by an empty line."""
    from lxml import etree

    target = _Visible()
    parser = etree.HTMLParser(
        target=target, encoding="utf-8", no_network=True, remove_comments=True, remove_pis=True, huge_tree=True
    )
    complaint = ""
    try:
        parser.feed(markup.encode("utf-8", errors="replace"))
        parser.close()
    except etree.LxmlError as error:
        complaint = f"the HTML was read only in part: {error}"
    return Page("".join(target.parts).strip(), _one_line(target.title), target.published(), complaint)


def _one_line(text: str) -> str:
    return " ".join(text.split())


class _Visible:
    """Takes a page's events, which are balanced: every element that starts also ends."""

    def __init__(self) -> None:
        self.parts: list[str] = []
        self.title = ""
        self._line_feeds = 0
        """Owed before the next visible character."""
        self._space = False
        self._skipping = 0
        """Open elements since one that is not shown."""
        self._in_head_title = False
        self._preformatted = 0
        self._said: dict[str, str] = {}

    def start(self, tag: str, attributes: Mapping[str, str]) -> None:
        if tag == "meta":
            self._note_meta(attributes)
        elif tag == "time" and attributes.get("datetime"):
            self._said.setdefault("time", attributes["datetime"])
        if self._skipping:
            self._skipping += 1
            self._in_head_title = tag == "title" and not self.title
        elif tag in _SKIPPED or "hidden" in attributes or _HIDDEN_STYLE.search(attributes.get("style", "")):
            self._skipping = 1
        elif tag == "title":  # a page without a head
            self._skipping = 1
            self._in_head_title = not self.title
        elif tag == "br":
            self._line_feeds = min(2, self._line_feeds + 1)
        else:
            self._break(tag)
            self._preformatted += tag == "pre"

    def end(self, tag: str) -> None:
        if self._skipping:
            self._skipping -= 1
            self._in_head_title = False
        elif tag != "br":
            self._break(tag)
            self._preformatted -= tag == "pre" and self._preformatted > 0

    def data(self, data: str) -> None:
        if self._in_head_title:
            self.title += data
        if self._skipping:
            return
        if self._preformatted:
            self._show(data.replace("\r", ""))
            return
        shown = _WHITE.sub(" ", data)
        self._space |= shown.startswith(" ")
        if shown.strip(" "):
            self._show(shown.strip(" "))
            self._space = shown.endswith(" ")

    def close(self) -> None:
        pass

    def published(self) -> tuple[str, str]:
        for key in (*_DAYS, "time"):
            if key in self._said:
                return ("time" if key == "time" else f"meta {key}"), self._said[key]
        return "", ""

    def _show(self, text: str) -> None:
        if self._line_feeds:
            self.parts.append("\n" * self._line_feeds)
        elif self._space and self.parts:
            self.parts.append(" ")
        self._line_feeds = 0
        self._space = False
        self.parts.append(text)

    def _break(self, tag: str) -> None:
        if tag in _PARAGRAPHS:
            self._line_feeds = 2
        elif tag in _LINES:
            self._line_feeds = max(self._line_feeds, 1)
        elif tag in _CELLS:
            self._space = True

    def _note_meta(self, attributes: Mapping[str, str]) -> None:
        key = (attributes.get("property") or attributes.get("name") or attributes.get("itemprop") or "").lower()
        content = attributes.get("content", "")
        if key in _DAYS and content:
            self._said.setdefault(key, content)
        elif key == "og:title" and content.strip():
            self.title = content
