"""`harvest status`: requests, the copy of the field, directions, and what each month is worth."""

from __future__ import annotations

import sys
from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from datetime import date, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from littriage.cli import tables
from littriage.cli.messages import (
    UNKNOWN,
    count_text,
    duration_text,
    month_text,
    say,
    status_of,
    status_word,
    time_text,
)
from littriage.cli.options import DEFAULT_WAREHOUSE, Json, Lang, Language, Queries, Warehouse, complete_file
from littriage.cli.tables import Column
from littriage.identity import canonical_categories
from littriage.model import MonthStatus, Window

if TYPE_CHECKING:
    from littriage.model import Direction, FieldMonth
    from littriage.warehouse.ledger import Listing
    from littriage.warehouse.status import Channel, DirectionStatus, Part, Request

SIGNS: Mapping[MonthStatus | None, str] = {
    MonthStatus.COMPLETE: "■",
    MonthStatus.ASSUMED: "□",
    MonthStatus.OPEN: "○",
    MonthStatus.PARTIAL: "▲",
    MonthStatus.TITLES: "T",
    MonthStatus.MISSING: "×",
    None: "·",
}
ASCII_SIGNS: Mapping[MonthStatus | None, str] = {
    MonthStatus.COMPLETE: "#",
    MonthStatus.ASSUMED: "=",
    MonthStatus.OPEN: "o",
    MonthStatus.PARTIAL: "%",
    MonthStatus.TITLES: "T",
    MonthStatus.MISSING: "x",
    None: ".",
}

_DIRECTIONS = 20
"""Above so many, only those are listed of which there is something to say."""
_CALENDARS = 5
_MONTH_REQUESTS = 20
_PLACE_SIGNS = 16
_TEXT = {
    "source", "kind", "dropped", "first_asked", "last_asked", "set", "base", "current_to", "listing", "finished_at",
    "direction", "settled_to", "reason", "window", "categories", "final", "status", "asked_at", "subject", "place",
    "outcome",
}  # fmt: skip
"""Columns that are no figures."""


def status(
    direction: Annotated[
        str | None,
        typer.Option("--direction", metavar="SLUG", help="Only this one.", autocompletion=complete_file),
    ] = None,
    categories: Annotated[
        str | None, typer.Option("--category-set", metavar="CATEGORIES", help='Only this field, such as "cs.CL cs.LG".')
    ] = None,
    month: Annotated[
        datetime | None, typer.Option("--month", metavar="YYYY-MM", formats=["%Y-%m"], help="All about this month.")
    ] = None,
    requests: Annotated[
        int, typer.Option("--requests", metavar="N", min=0, help="Show the last N requests, one by one.")
    ] = 0,
    lang: Language = Lang.EN,
    as_json: Json = False,
    queries: Queries = None,
    warehouse: Warehouse = DEFAULT_WAREHOUSE,
) -> None:
    """Show what was asked, and what each month is worth.

    Requests, the copy of the field, directions and months, as the ledger tells them; nothing is asked or written.
    """
    from littriage.warehouse import Warehouse as Working
    from littriage.warehouse import ledger
    from littriage.warehouse import status as summary

    known = _known(direction, queries) if direction else None
    field = _category_set(known, categories)
    month_day = month.date() if month else None
    with Working.read_only(warehouse) as opened:
        part = summary.Part(summary.subjects(opened, known.slug if known else None, field), month_day)
        found_channels = summary.channels(opened, part)
        copies = tuple(ledger.listings(opened).values())
        directions = summary.direction_statuses(opened, part)
        months = summary.field_months(opened, field, month_day)
        asked = summary.requests(opened, part, requests or (_MONTH_REQUESTS if month_day else 0))
    if as_json:
        tables.print_json(_status_json(found_channels, copies, directions, months, asked, part, windows=bool(known)))
    elif month_day:
        _print_month(month_day, months, lang)
        _print_channels(found_channels, say(lang, "status_touching", month=month_text(month_day)), lang)
        _print_requests(asked, lang)
    else:
        _print_channels(found_channels, say(lang, "status_requests"), lang)
        _print_copies(copies, lang)
        if known:
            _print_windows(directions, lang)
        else:
            _print_directions(directions, lang)
        _print_calendars(months, lang)
        _print_requests(asked, lang)


def _known(name: str, queries: Path | None) -> Direction:
    from littriage import resources
    from littriage.directions import find_direction, load_catalogue

    return find_direction(load_catalogue(queries or resources.folder("queries")), name)


def _category_set(direction: Direction | None, categories: str | None) -> str | None:
    """The set that was named, else the direction's own, in the form in which it is stored; None for all of them."""
    from littriage.directions import category_set

    if categories is not None:
        return " ".join(sorted(canonical_categories(categories.replace(",", " ").split())))
    return category_set(direction.query) if direction else None


# --- requests ---------------------------------------------------------------------------------------------------


def _print_channels(channels: Sequence[Channel], heading: str, lang: Lang) -> None:
    if not channels:
        tables.print_line(say(lang, "status_no_requests"))
        return
    tables.print_line(heading)
    _print_columns(
        (
            "source", "kind", "requests", "answered", "repeated", "failed", "received", "stored", "waited", "answering",
            "first_asked", "last_asked", "dropped",
        ),
        [
            (
                one.source, one.kind, count_text(one.requests), count_text(one.answered), count_text(one.repeated),
                count_text(one.failed), count_text(one.received), count_text(one.stored),
                duration_text(one.waited_s, lang), duration_text(one.seconds, lang), time_text(one.first_asked),
                time_text(one.last_asked), _drops_text(one.dropped),
            )
            for one in channels
        ],
        lang,
    )  # fmt: skip


def _print_requests(requests: Sequence[Request], lang: Lang) -> None:
    if not requests:
        return
    tables.print_line()
    tables.print_line(say(lang, "status_last", count=len(requests)))
    _print_columns(
        (
            "asked_at", "source", "kind", "subject", "window", "place", "attempt", "outcome", "expected", "received",
            "stored", "dropped", "waited", "answering", "reason",
        ),
        [
            (
                f"{one.asked_at:%Y-%m-%d %H:%M:%S}", one.source, one.kind, one.subject or say(lang, "all_categories"),
                _days_text(one.first_day, one.last_day, lang), _shortened(one.place), f"{one.attempt}", one.outcome,
                count_text(one.expected), count_text(one.received), count_text(one.stored), _drops_text(one.dropped),
                duration_text(one.waited_s, lang), duration_text(one.seconds, lang), _why(one, lang),
            )
            for one in requests
        ],
        lang,
    )  # fmt: skip


def _why(request: Request, lang: Lang) -> str:
    """Why a request was made again, and why it was not answered."""
    told = []
    if request.attempt > 1 and request.outcome_before:
        told.append(say(lang, "again_after", outcome=request.outcome_before, reason=request.reason_before))
    elif request.attempt > 1:
        told.append(say(lang, "again"))
    if request.reason:
        told.append(request.reason)
    return "; ".join(told)


def _drops_text(dropped: Mapping[str, int]) -> str:
    return ", ".join(f"{reason} {entries:,}" for reason, entries in dropped.items()) or UNKNOWN


def _days_text(first: date | None, last: date | None, lang: Lang) -> str:
    low = f"{first}" if first else say(lang, "from_beginning")
    return say(lang, "span", low=low, high=last) if last else say(lang, "days_on", low=low)


def _shortened(place: str) -> str:
    return place if len(place) <= _PLACE_SIGNS else f"{place[: _PLACE_SIGNS - 3]}..."


# --- the copy of the field --------------------------------------------------------------------------------------


def _print_copies(copies: Sequence[Listing], lang: Lang) -> None:
    tables.print_line()
    if not copies:
        tables.print_line(say(lang, "status_no_copy"))
        return
    tables.print_line(say(lang, "status_copy"))
    _print_columns(
        ("set", "base", "current_to", "listing", "finished_at"),
        [
            (
                one.set_spec or say(lang, "all_of_arxiv"), _base_text(one, lang), f"{one.current_to or UNKNOWN}",
                _listing_text(one, lang), time_text(one.finished_at),
            )
            for one in copies
        ],
        lang,
    )  # fmt: skip


def _base_text(copy: Listing, lang: Lang) -> str:
    if copy.base and copy.base_to:
        return say(lang, "base_to", base=copy.base, day=copy.base_to)
    return copy.base or UNKNOWN


def _listing_text(copy: Listing, lang: Lang) -> str:
    pages, records = count_text(copy.pages), count_text(copy.records)
    if copy.under_way:
        started, newest = copy.started_on or UNKNOWN, copy.newest or UNKNOWN
        return say(lang, "under_way", started=started, pages=pages, records=records, newest=newest)
    return say(lang, "listed", pages=pages, records=records) if copy.pages else say(lang, "not_begun")


# --- directions -------------------------------------------------------------------------------------------------


def _print_directions(directions: Sequence[DirectionStatus], lang: Lang) -> None:
    tables.print_line()
    if not directions:
        tables.print_line(say(lang, "status_no_directions"))
        return
    slugs = len({one.slug for one in directions})
    done, failed = sum(one.done for one in directions), sum(len(one.failed) for one in directions)
    tables.print_line(
        say(lang, "status_directions", directions=slugs, done=count_text(done), failed=count_text(failed))
    )
    newest = max((one.settled_to for one in directions if one.settled_to), default=None)
    told = [one for one in directions if len(directions) <= _DIRECTIONS or one.failed or one.settled_to != newest]
    if told:
        _print_columns(
            ("direction", "source", "done", "failed", "settled_to", "reason"),
            [
                (
                    one.slug, one.source, count_text(one.done), count_text(len(one.failed)),
                    f"{one.settled_to or UNKNOWN}", _first_failure(one, lang),
                )
                for one in told
            ],
            lang,
        )  # fmt: skip
    if len(told) < len(directions):
        tables.print_line(say(lang, "status_others", count=len(directions) - len(told), day=newest))


def _first_failure(direction: DirectionStatus, lang: Lang) -> str:
    if not direction.failed:
        return ""
    window, reason = direction.failed[0]
    return f"{_window_text(window, lang)}: {reason}"


def _window_text(window: Window, lang: Lang) -> str:
    return _days_text(window.start, window.end, lang)


def _print_windows(directions: Sequence[DirectionStatus], lang: Lang) -> None:
    tables.print_line()
    if not directions:
        tables.print_line(say(lang, "status_no_directions"))
    for one in directions:
        day = one.settled_to or UNKNOWN
        failed = len(one.failed)
        tables.print_line(
            say(lang, "status_windows", slug=one.slug, source=one.source, done=one.done, failed=failed, day=day)
        )
        _print_columns(
            ("window", "asked_at", "requests", "expected", "received", "stored", "dropped", "reason"),
            [
                (
                    _window_text(row.window, lang), time_text(row.asked_at), count_text(row.requests),
                    count_text(row.expected), count_text(row.received), count_text(row.stored),
                    _drops_text(row.dropped), row.failure or "",
                )
                for row in one.windows
            ],
            lang,
        )  # fmt: skip


# --- months -----------------------------------------------------------------------------------------------------


def _print_calendars(months: Mapping[str, Sequence[FieldMonth]], lang: Lang) -> None:
    """A calendar for each set of categories; those that look the same share one."""
    tables.print_line()
    if not months:
        tables.print_line(say(lang, "status_no_months"))
        return
    signs = _encodable_signs()
    sharing: dict[tuple[str, ...], list[str]] = defaultdict(list)
    for categories, found in months.items():
        sharing[_calendar(found, signs)].append(categories)
    tables.print_line(say(lang, "status_months"))
    words = {one: status_word(one, lang) if one else say(lang, "status_unknown") for one in signs}
    tables.print_line("  ".join(f"{signs[one]} {word}" for one, word in words.items()), indent=2)
    largest_first = sorted(sharing.items(), key=lambda one: -max(_held(months[name]) for name in one[1]))
    for lines, sets in largest_first[:_CALENDARS]:
        first, *others = sorted(sets, key=lambda name: (-_held(months[name]), name))
        name = _set_text(first, lang)
        if others:
            name = say(lang, "same_calendar", first=name, count=len(others))
        counts = Counter(one.status for one in months[first])
        told = [say(lang, "count_status", status=status_word(one, lang), count=n) for one, n in sorted(counts.items())]
        tables.print_line(say(lang, "status_of_set", categories=name, counts=say(lang, "between").join(told)))
        for line in lines:
            tables.print_line(line, indent=2)
    if len(largest_first) > _CALENDARS:
        tables.print_line(say(lang, "status_more_months", count=len(largest_first) - _CALENDARS))


def _held(months: Sequence[FieldMonth]) -> int:
    return sum(one.held for one in months)


def _set_text(categories: str, lang: Lang) -> str:
    return categories or say(lang, "all_categories")


def _calendar(months: Sequence[FieldMonth], signs: Mapping[MonthStatus | None, str]) -> tuple[str, ...]:
    """A line a year, a sign a month, in quarters."""
    status = {one.month: one.status for one in months}
    lines = []
    for year in range(min(status).year, max(status).year + 1):
        row = [signs[status.get(date(year, month, 1))] for month in range(1, 13)]
        lines.append(f"{year}  " + " ".join("".join(row[quarter : quarter + 3]) for quarter in (0, 3, 6, 9)))
    return tuple(lines)


def _encodable_signs() -> Mapping[MonthStatus | None, str]:
    """The signs, or those of ASCII where stdout cannot show them."""
    try:
        "".join(SIGNS.values()).encode(sys.stdout.encoding or "ascii")
    except UnicodeEncodeError:
        return ASCII_SIGNS
    return SIGNS


def _print_month(month: date, months: Mapping[str, Sequence[FieldMonth]], lang: Lang) -> None:
    if not months:
        tables.print_line(say(lang, "status_no_month", month=month_text(month)))
    else:
        tables.print_line(say(lang, "status_month", month=month_text(month)))
        _print_columns(
            ("categories", "held", "reported", "late", "final", "lost", "source", "status"),
            [
                (
                    _set_text(one.category_set, lang), count_text(one.held), count_text(one.reported),
                    count_text(one.late), _final_text(one, lang), count_text(one.lost, 1), one.source,
                    status_of(one.status, one.reason, lang),
                )
                for found in months.values()
                for one in found
            ],
            lang,
        )  # fmt: skip
    tables.print_line()


def _final_text(month: FieldMonth, lang: Lang) -> str:
    """`1.031 (1.010 to 1.060)`: what the final count will be of the papers held."""
    if month.growth is None:
        return UNKNOWN
    if month.growth_low is None or month.growth_high is None:
        return f"{month.growth:.3f}"
    return f"{month.growth:.3f} ({say(lang, 'span', low=f'{month.growth_low:.3f}', high=f'{month.growth_high:.3f}')})"


def _print_columns(keys: Sequence[str], rows: Sequence[Sequence[str]], lang: Lang) -> None:
    tables.print_table([Column(say(lang, key), figures=key not in _TEXT) for key in keys], rows)


# --- as JSON ----------------------------------------------------------------------------------------------------


def _status_json(
    channels: Sequence[Channel],
    copies: Sequence[Listing],
    directions: Sequence[DirectionStatus],
    months: Mapping[str, Sequence[FieldMonth]],
    requests: Sequence[Request],
    part: Part,
    *,
    windows: bool,
) -> dict[str, Any]:
    return {
        "month": part.month,
        "channels": [asdict(one) for one in channels],
        "field_copies": [asdict(one) for one in copies],
        "directions": [_direction_json(one, windows=windows) for one in directions],
        "months": {
            categories: [
                {name: value for name, value in asdict(one).items() if name != "category_set"} for one in found
            ]
            for categories, found in months.items()
        },
        "requests": [asdict(one) for one in requests],
    }


def _direction_json(direction: DirectionStatus, *, windows: bool) -> dict[str, Any]:
    told: dict[str, Any] = {
        "slug": direction.slug,
        "source": direction.source,
        "done": direction.done,
        "failed": [{**asdict(window), "reason": reason} for window, reason in direction.failed],
        "settled_to": direction.settled_to,
    }
    if windows:
        told["windows"] = [{**asdict(one.window), **_without_window(asdict(one))} for one in direction.windows]
    return told


def _without_window(row: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in row.items() if name != "window"}
