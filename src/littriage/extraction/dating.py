"""When a claim was made: as narrow as the document supports, and never after the document."""

from __future__ import annotations

import calendar
import re
from datetime import date

FIRST_YEAR = 1950
"""Research on what littriage follows is not older."""

_DATE = re.compile(r"(\d{4})(?:-(\d\d)(?:-(\d\d))?)?")


def first_day(text: str) -> date | None:
    """The first day of YYYY, YYYY-MM or YYYY-MM-DD; None where it is no such date or before FIRST_YEAR."""
    found = _DATE.fullmatch(text)
    if not found:
        return None
    year, month, day = (int(part) if part else 1 for part in found.groups())
    try:
        return date(year, month, day) if year >= FIRST_YEAR else None
    except ValueError:
        return None


def last_day(text: str) -> date | None:
    """The last day of YYYY, YYYY-MM or YYYY-MM-DD; None as in `first_day`."""
    first = first_day(text)
    if first is None:
        return None
    if len(text) == 4:
        return date(first.year, 12, 31)
    if len(text) == 7:
        return date(first.year, first.month, calendar.monthrange(first.year, first.month)[1])
    return first


def window_of(text: str, latest: date) -> tuple[str, str]:
    """Earliest and latest month of a date, none after `latest`: a year is January to December, cut there.

    Raises ValueError for what `first_day` does not know.
    """
    first, last = first_day(text), last_day(text)
    if first is None or last is None:
        raise ValueError(f"{text!r} is no date")
    return f"{first:%Y-%m}", f"{max(first, min(last, latest)):%Y-%m}"


def is_printed(text: str, inside: str) -> bool:
    """Whether the year of a date stands in a text."""
    return re.search(rf"(?<!\d){text[:4]}(?!\d)", inside) is not None
