"""Dates as posts write them, in Chinese and English, as narrow as they say."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date

_MONTHS = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")
_MONTH = (
    r"(?P<word>jan(?:uary)?|feb(?:ruary)?|mar(?:ch)?|apr(?:il)?|may|june?|july?|aug(?:ust)?|sept?(?:ember)?|"
    r"oct(?:ober)?|nov(?:ember)?|dec(?:ember)?)\b\.?"
)
_YEAR = r"(?P<year>(?:19|20)\d\d)"
_TIME = r"(?:[T\s,,]{0,3}(?:at\s)?\d{1,2}:\d\d(?::\d\d(?:\.\d+)?)?(?:\s?(?:Z|[+-]\d\d:?\d\d|[ap]m\b))?)?"
_FORMS = tuple(
    re.compile(form + _TIME, re.IGNORECASE)
    for form in (
        rf"(?<![A-Za-z0-9_.])(?<!\d[-/]){_YEAR}(?P<mark>[-/.])(?P<month>\d\d?)(?P=mark)(?P<day>\d\d?)(?!\d)",
        rf"(?<![A-Za-z0-9_.])(?<!\d[-/]){_YEAR}-(?P<month>\d\d)(?![\d-])",
        rf"(?<!\d){_YEAR}\s?年\s?(?P<month>\d\d?)\s?月(?:\s?(?P<day>\d\d?)\s?[日号])?",
        rf"(?<![A-Za-z0-9]){_MONTH}\s+(?P<day>\d\d?)(?:st|nd|rd|th)?,?\s+{_YEAR}(?!\d)",
        rf"(?<![A-Za-z0-9.])(?P<day>\d\d?)(?:st|nd|rd|th)?\s+(?:of\s+)?{_MONTH},?\s+{_YEAR}(?!\d)",
        rf"(?<![A-Za-z0-9]){_MONTH},?\s+{_YEAR}(?!\d)",
    )
)
_YEAR_ALONE = re.compile(rf"(?<![A-Za-z0-9_.-]){_YEAR}(?:\s?年)?(?![\w-]|\.\d)")

_PUBLISHED = re.compile(
    r"(?:发布|发表|创建|首发|写|刊登|回答)于|(?:发布|发表|创建)?(?:时间|日期)|"
    r"\b(?:published|posted|written|answered|created|date|dated|on)\b",
    re.IGNORECASE,
)
_EDITED = re.compile(r"(?:编辑|修改|更新)(?:于|时间|日期)|\b(?:updated|edited|modified)\b", re.IGNORECASE)
_LABEL_WITHIN = 12
"""Characters before a date in which its label stands."""

_RELATIVE = re.compile(
    r"(?<!\d)(?:\d{1,3}|[一二两三四五六七八九十半几])\s?(?:年|个月|月|周|星期|天|日|小时|分钟)(?:以|之)?前|"
    r"\b(?:an?|\d{1,3}|one|two|three|several|a few)\s(?:year|month|week|day|hour|minute)s?\sago\b|"
    r"昨天|前天|\byesterday\b",
    re.IGNORECASE,
)
_FIELD_MARKS = re.compile(r"[•|丨｜\t]| · |  +")
_SENTENCE = re.compile(r"[，。！？；,;!?]")
_SHORT_LINE = 40


@dataclass(frozen=True, slots=True)
class Dated:
    """A date in a text."""

    start: int
    end: int
    """With the time of day."""
    day: str
    """YYYY, YYYY-MM or YYYY-MM-DD."""
    edited: bool = False
    """It says when the text was last changed, not when it appeared."""


def parse_day(text: str) -> str:
    """The first date of the text as YYYY, YYYY-MM or YYYY-MM-DD; empty where there is none."""
    found = next(iter(_dates(text)), None)
    if found is None:
        year = _YEAR_ALONE.search(text)
        return year["year"] if year else ""
    return found.day


def dated_line(line: str, offset: int = 0) -> Dated | None:
    """The date that a line gives as its text's own; None where it gives none.

    The date must have a label (发布于, Posted on), be a field of the line by itself, or be the end of a short line that
    is no sentence. A year alone needs a label. Offsets count from `offset`.
    """
    if len(line) > 200:
        return None
    for found in _dates(line):
        before, after = line[: found.start], line[found.end :]
        label = before[-_LABEL_WITHIN:]
        edited = bool(_EDITED.search(label))
        if (
            edited
            or _PUBLISHED.search(label)
            or _is_field(before, after)
            or (len(found.day) == 10 and not after.strip() and len(line) <= _SHORT_LINE and not _SENTENCE.search(line))
        ):
            return Dated(offset + found.start, offset + found.end, found.day, edited)
        return None
    year = _YEAR_ALONE.search(line)
    if year:
        label = line[: year.start()][-_LABEL_WITHIN:]
        edited = bool(_EDITED.search(label))
        if (edited or _PUBLISHED.search(label)) and not line[year.end() :].strip(" .。"):
            return Dated(offset + year.start(), offset + year.end(), year["year"], edited)
    return None


def relative_day(line: str) -> tuple[int, int] | None:
    """Where a short line or a field of it counts back from its reader's day, as "2 years ago" does."""
    found = _RELATIVE.search(line) if len(line) <= 200 else None
    return found.span() if found and _is_field(line[: found.start()], line[found.end() :]) else None


def _is_field(before: str, after: str) -> bool:
    """Whether only a mark between fields, or nothing, stands on either side."""
    left = _FIELD_MARKS.split(before)[-1].strip(" \t　()（）[]【】*_>#-:：·")
    right = _FIELD_MARKS.split(after)[0].strip(" \t　()（）[]【】*_-.。·")
    return not left and not right


def _dates(text: str) -> Iterator[Dated]:
    """All dates with at least a month, in order, of those that overlap the longest."""
    found = []
    for form in _FORMS:
        for match in form.finditer(text):
            day = _day(match)
            if day:
                found.append(Dated(match.start(), match.end(), day))
    reached = 0
    for one in sorted(found, key=lambda one: (one.start, -len(one.day), -one.end)):
        if one.start >= reached:
            yield one
            reached = one.end


def _day(match: re.Match[str]) -> str:
    """The date that a form found, as narrow as it says; empty where the calendar has no such day."""
    parts = match.groupdict()
    month = int(parts["month"]) if parts.get("month") else _MONTHS.index(parts["word"][:3].lower()) + 1
    try:
        found = date(int(parts["year"]), month, int(parts.get("day") or 1))
    except ValueError:
        return ""
    return found.isoformat() if parts.get("day") else found.isoformat()[:7]
