"""Lines that say who wrote what follows, as posts and their reprints write them."""

from __future__ import annotations

import re
from dataclasses import dataclass

from littriage.documents.dates import Dated, dated_line

_MOST_LINE = 200
_MOST_NAME = 40
_MOST_LIST = 160

_BAR = r"[:：丨|｜︱]"
_CHINESE = re.compile(
    rf"^(?P<lead>.{{0,40}}?)(?:知乎|本文|原文|文章|本回答|回答|原)?(?:作者|答主|回答者|撰文|撰稿人?|发帖人)\s?{_BAR}\s*(?P<name>.*)$"
)
_CHINESE_SHORT = re.compile(r"^(?P<lead>)文\s?[丨|｜︱/／:：]\s?(?P<name>.+)$")
_LEAD = re.compile(r"^[\s#>*_【\[(（]*$|[\s|丨｜•】\])）]$|来自|摘自|出自|转自|选自|来源")
_NO_LEAD = re.compile(r"[。！？；!?;]|论文|paper|文献", re.IGNORECASE)
_ENGLISH = re.compile(
    r"^(?P<lead>)(?:(?:the\s+)?authors?\s*[:|]|"
    r"(?:an?\s+)?(?:answer|reply|comment|post|text|article|question)\s+(?:by|from)\b:?|"
    r"(?:written|answered|posted|asked|submitted|commented)\s+by\b:?|by:)\s*(?P<name>.+)$",
    re.IGNORECASE,
)
_ENGLISH_BY = re.compile(r"^(?P<lead>)[Bb][Yy]\s+(?P<name>.+)$")
_WORDED_NAME = re.compile(
    r"^(?:[A-Z0-9À-ÖØ-Þ][\w.'’-]*|(?:de|da|di|del|der|den|van|von|la|le|bin|al)\b)"
    r"(?:\s(?:[A-Z0-9À-ÖØ-Þ][\w.'’-]*|(?:de|da|di|del|der|den|van|von|la|le|bin|al)\b)){0,4}$"
)
"""A name of capitalised words: `By far the best` is none."""

_DECORATION = " \t　*_#>`\"“”'【】[]"
_STOPS = re.compile(
    r"https?://|\]\(|\s{2,}|\t|\s[•|·–—-]\s|[|丨｜•]|\s*[,，(（]?\s*(?:链接|来源|编辑|整理|排版|公众号|发布于|编辑于|发表于)|"
    r"\s+(?:on|at|via)\s|[(（]"
)
_SENTENCE = re.compile(r"[。！？；!?;]|(?<=[a-z]{3})[.]\s")
_BETWEEN = re.compile(r"\s*(?:[、,，;；/]|\sand\s|\s&\s|&)\s*")


@dataclass(frozen=True, slots=True)
class AuthorLine:
    """A line that names one author or several."""

    start: int
    end: int
    names: tuple[str, ...]
    span: tuple[int, int]
    """Of the names, as they stand."""
    dated: Dated | None
    """`Posted by X on DATE`."""


def author_line(line: str, offset: int = 0) -> AuthorLine | None:
    """The authors that a line names; None where it is no such line. Offsets count from `offset`."""
    named = _named(line)
    if named is None:
        return None
    start, end = named
    names = tuple(part for part in _BETWEEN.split(line[start:end]) if part)
    return AuthorLine(
        start=offset,
        end=offset + len(line),
        names=names,
        span=(offset + start, offset + end),
        dated=dated_line(line[end:], offset + end),
    )


def promises_author(line: str) -> bool:
    """Whether the line is only the label, with the author on the next one."""
    return bool(len(line) <= _MOST_LINE and re.search(rf"(?:作者|答主|回答者|[Aa]uthor)\s?{_BAR}\s*$", line))


def bare_name(line: str, offset: int = 0) -> AuthorLine | None:
    """The author that a line after a bare label names: a short line that is no sentence and no address."""
    span = _trimmed(line, 0, len(line))
    shown = line[slice(*span)]
    if not shown or len(shown) > _MOST_NAME or _SENTENCE.search(shown) or "://" in shown:
        return None
    return AuthorLine(offset, offset + len(line), (shown,), (offset + span[0], offset + span[1]), None)


def _named(line: str) -> tuple[int, int] | None:
    """Where the names stand in an author line."""
    if not line or len(line) > _MOST_LINE:
        return None
    begin = len(line) - len(line.lstrip(_DECORATION + "-"))
    shown = line[begin:]
    for form in (_CHINESE, _CHINESE_SHORT, _ENGLISH, _ENGLISH_BY):
        found = form.match(shown)
        if found is None or not _LEAD.search(found["lead"]) or _NO_LEAD.search(found["lead"]):
            continue
        start, end = begin + found.start("name"), len(line)
        start = _trimmed(line, start, end)[0]
        stop = _STOPS.search(line, start)
        if stop:
            end = stop.start()
        dated = dated_line(line[start:end], start)
        if dated:
            end = dated.start
        start, end = _trimmed(line, start, end)
        name = line[start:end]
        most = _MOST_LIST if _BETWEEN.search(name) else _MOST_NAME
        if not name or len(name) > most or _SENTENCE.search(name):
            continue
        if form is _ENGLISH_BY and not all(_WORDED_NAME.match(part) for part in _BETWEEN.split(name) if part):
            continue
        return start, end
    return None


def _trimmed(line: str, start: int, end: int) -> tuple[int, int]:
    """The span without white space, quotes and emphasis around it."""
    while start < end and (line[start] in _DECORATION or line[start].isspace()):
        start += 1
    while start < end and (line[end - 1] in _DECORATION + ",，:：-" or line[end - 1].isspace()):
        end -= 1
    return start, end
