"""`rising`, `saturated`, `papers`, `trend`: answers from the published file."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import date, datetime
from typing import Annotated, Any

import typer

from littriage.cli import tables
from littriage.cli.messages import (
    chance_text,
    count_text,
    growth_text,
    interval_text,
    month_text,
    name_of,
    part_text,
    say,
    share_text,
    stage_of,
    status_of,
)
from littriage.cli.options import (
    DEFAULT_WAREHOUSE,
    AsOf,
    Json,
    Lang,
    Language,
    Limit,
    Slug,
    Theme,
    Warehouse,
)
from littriage.cli.tables import Column
from littriage.errors import EmptyWarehouse, SettingsError
from littriage.model import Stage, TrendPoint, Verdict
from littriage.notation import yearly
from littriage.published import Entry, Member, Published
from littriage.trends import months_between, seen_as_of, sparkline, twelve_month_shares, usable
from littriage.verdicts import Order, judge, ranking, reason_text

STEP_MONTHS = 6
"""Months between two signs of a share line."""
_SIGNS = 16
_TREND_STEP_MONTHS = 3

_SHOWN_IN_COLUMNS = {"p_up", "p_down", "p_flat", "growth", "peak", "papers_12m"}
_PROBABILITY: Mapping[Order, str] = {"rising": "p_up", "saturated": "p_flat", "declining": "p_down"}


def register(app: typer.Typer) -> None:
    app.command()(rising)
    app.command()(saturated)
    app.command()(papers)
    app.command()(trend)


# --- commands ---------------------------------------------------------------------------------------------------


def rising(
    limit: Limit = 20,
    theme: Theme = None,
    as_of: AsOf = None,
    lang: Language = Lang.EN,
    as_json: Json = False,
    warehouse: Warehouse = DEFAULT_WAREHOUSE,
) -> None:
    """Show the directions whose share grows.

    Emerging, rising, and hot ones that still grow, by the lower end of growth's interval. A fact about the past.
    """
    with Published.open(warehouse) as published:
        _answer(published, ("rising",), limit, theme, as_of, lang, as_json)


def saturated(
    limit: Limit = 20,
    theme: Theme = None,
    as_of: AsOf = None,
    lang: Language = Lang.EN,
    as_json: Json = False,
    warehouse: Warehouse = DEFAULT_WAREHOUSE,
) -> None:
    """Show the directions that grow no more.

    Saturated, flat, and hot ones that have stalled, by saturation; then declining and dormant ones.
    """
    with Published.open(warehouse) as published:
        _answer(published, ("saturated", "declining"), limit, theme, as_of, lang, as_json)


def papers(
    direction: Slug,
    limit: Limit = 20,
    since: Annotated[
        datetime | None, typer.Option(metavar="YYYY-MM", formats=["%Y-%m"], help="Only from this month on.")
    ] = None,
    cluster: Annotated[
        int | None, typer.Option(metavar="N", min=1, help='Only this sub-topic: "littriage show" numbers them.')
    ] = None,
    lang: Language = Lang.EN,
    as_json: Json = False,
    warehouse: Warehouse = DEFAULT_WAREHOUSE,
) -> None:
    """List a direction's papers, the newest first."""
    with Published.open(warehouse) as published:
        entry = published.entry(direction)
        found = published.papers(entry.slug, limit, since.date() if since else None, cluster)
        if as_json:
            tables.print_json(
                {
                    **about_json(published),
                    "direction": entry.slug,
                    "total": found.total,
                    "papers": [paper_json(paper) for paper in found.papers],
                }
            )
            return
        print_about(published, lang)
        key = "papers_of" if found.papers else "no_papers"
        tables.print_line(say(lang, key, name=name_of(entry, lang), shown=len(found.papers), total=found.total))
        if found.papers:
            print_papers(found.papers, lang)


def trend(
    direction: Slug,
    as_of: AsOf = None,
    lang: Language = Lang.EN,
    as_json: Json = False,
    warehouse: Warehouse = DEFAULT_WAREHOUSE,
) -> None:
    """Show a direction month by month.

    Papers, the size of the field, the share, and which months cannot be compared with the others.
    """
    with Published.open(warehouse) as published:
        entry = published.entry(direction)
        points = published.trend(entry.slug)
        if as_of:
            points = seen_as_of(points, _day(published, as_of))
        if not points:
            raise EmptyWarehouse(
                f"{entry.slug} has no months in {published.path}: widen --as-of, or publish a longer run"
            )
        shares = twelve_month_shares(points)
        if as_json:
            tables.print_json(
                {
                    **about_json(published),
                    "direction": entry.slug,
                    "months": [_point_json(point, shares[point.month]) for point in points],
                }
            )
            return
        last = last_usable(points)
        print_about(published, lang)
        tables.print_line(say(lang, "trend_of", name=name_of(entry, lang), last=month_text(points[-1].month)))
        if last:
            known = {month: share for month, share in shares.items() if share is not None}
            line = share_line(known, last, _TREND_STEP_MONTHS, months_between(points[0].month, last) // 3 + 1)
            tables.print_line(say(lang, "share_line", line=line, step=_TREND_STEP_MONTHS, last=month_text(last)))
        headings = ("month", "papers", "members", "exposure", "share", "share_interval", "share_12m", "status")
        tables.print_table(
            [Column(say(lang, key), figures=key not in ("month", "status")) for key in headings],
            [
                (
                    month_text(point.month), count_text(point.papers, 1), count_text(point.members),
                    count_text(point.exposure), share_text(point.share), interval_text(point.share_interval, lang),
                    share_text(shares[point.month]),
                    status_of(point.status, point.reason, lang),
                )
                for point in points
            ],
        )  # fmt: skip


# --- the two questions ------------------------------------------------------------------------------------------


def _answer(
    published: Published,
    orders: Sequence[Order],
    limit: int,
    theme: str | None,
    as_of: datetime | None,
    lang: Lang,
    as_json: bool,
) -> None:
    entries = _entries(published, theme, as_of)
    judged = [entry.verdict for entry in entries.values() if entry.verdict]
    if not judged:
        raise EmptyWarehouse(f'{published.path} holds no verdicts: run "littriage run" again once it has papers')
    rankings = {order: ranking(judged, order) for order in orders}
    listed = {verdict.direction for verdicts in rankings.values() for verdict in verdicts}
    others = Counter(
        entry.verdict.stage if entry.verdict else None for entry in entries.values() if entry.slug not in listed
    )
    if as_json:
        tables.print_json(
            {
                **about_json(published),
                "judged_as_of": judged[0].as_of,
                "totals": {order: len(verdicts) for order, verdicts in rankings.items()},
                "not_listed": {stage.value if stage else "no verdict": count for stage, count in others.items()},
                **{
                    order: [entry_json(entries[verdict.direction]) for verdict in verdicts[:limit]]
                    for order, verdicts in rankings.items()
                },
            }
        )
        return
    last = max((verdict.last_month for verdict in judged if verdict.last_month), default=None)
    shares = published.shares(last, STEP_MONTHS) if last else {}
    print_about(published, lang)
    for order, verdicts in rankings.items():
        tables.print_line(f"{say(lang, order)}{say(lang, 'between')}{_speaks_of(entries, judged[0], last, lang)}")
        if not verdicts:
            tables.print_line(say(lang, "none"))
        else:
            _print_ranking(order, [entries[verdict.direction] for verdict in verdicts[:limit]], shares, last, lang)
        if len(verdicts) > limit:
            tables.print_line(say(lang, "cut", count=len(verdicts) - limit, all=len(verdicts)))
        tables.print_line()
    tables.print_line(say(lang, "no_forecast"))
    if last:
        tables.print_line(say(lang, "sparkline_note", last=month_text(last), step=STEP_MONTHS))
    if others:
        tables.print_line(say(lang, "others", counts=_counted(others, lang)))


def _entries(published: Published, theme: str | None, as_of: datetime | None) -> dict[str, Entry]:
    """Directions by slug, judged again, and all together, where `as_of` is given; then those of the theme."""
    entries = {entry.slug: entry for entry in published.entries()}
    if as_of:
        again = judge(published.trends(), _day(published, as_of))
        entries |= {verdict.direction: replace(entries[verdict.direction], verdict=verdict) for verdict in again}
    if theme:
        slug = published.theme(theme).slug
        entries = {key: entry for key, entry in entries.items() if entry.theme == slug}
    return entries


def _day(published: Published, as_of: datetime) -> date:
    day = as_of.date()
    if day > published.about.as_of:
        raise SettingsError(
            f"--as-of {day} is after {published.about.as_of}, the day that {published.path} was made for: "
            'pass an earlier day, or run "littriage run" again'
        )
    return day


def _speaks_of(entries: Mapping[str, Entry], verdict: Verdict, last: date | None, lang: Lang) -> str:
    membership = sorted({entry.membership_rule for entry in entries.values() if entry.membership_rule})
    return say(
        lang,
        "speaks_of",
        as_of=verdict.as_of,
        last=month_text(last),
        rule=verdict.rule,
        membership=", ".join(membership) or "-",
    )


def _print_ranking(
    order: Order, entries: Sequence[Entry], shares: Mapping[str, Mapping[date, float]], last: date | None, lang: Lang
) -> None:
    probability = _PROBABILITY[order]
    text = ("direction", "stage", "sparkline", "why")
    headings = ("direction", "stage", "growth", probability, "papers", "share", "peak", "sparkline", "why")
    rows = []
    for entry in entries:
        verdict = entry.verdict
        if verdict is None:
            continue
        rows.append(
            (
                name_of(entry, lang),
                stage_of(verdict.stage, lang),
                growth_text(verdict.growth, lang),
                chance_text(getattr(verdict.growth, probability) if verdict.growth else None),
                count_text(verdict.papers_12m),
                share_text(verdict.share_12m),
                part_text(verdict.peak_ratio),
                share_line(shares.get(entry.slug, {}), last, STEP_MONTHS, _SIGNS) if last else "",
                _main_reason(verdict, lang),
            )
        )
    tables.print_table([Column(say(lang, key), figures=key not in text) for key in headings], rows)


def _main_reason(verdict: Verdict, lang: Lang) -> str:
    """The first reason that no column of the table shows already."""
    told = (reason_text(reason, lang.value) for reason in verdict.reasons if reason.code not in _SHOWN_IN_COLUMNS)
    return next(told, "")


def _counted(others: Mapping[Stage | None, int], lang: Lang) -> str:
    counts = [
        say(lang, "count_stage", count=others[stage], stage=stage_of(stage, lang)) for stage in Stage if stage in others
    ]
    if None in others:
        counts.append(say(lang, "no_verdict", count=others[None]))
    return say(lang, "between").join(counts)


# --- shared with `show` -----------------------------------------------------------------------------------------


def print_about(published: Published, lang: Lang) -> None:
    """What a reader must know first: the notice, and that the last run had failures."""
    about = published.about
    if about.notice:
        tables.print_warning(about.notice)
    if about.failures:
        first = published.failures()[0]
        tables.print_warning(
            say(lang, "failures", count=about.failures, stage=first.stage, subject=first.subject, reason=first.reason)
        )


def print_papers(papers: Sequence[Member], lang: Lang) -> None:
    """A table of papers."""
    headings = ("published", "probability", "cluster", "link", "title")
    tables.print_table(
        [Column(say(lang, key), figures=key in ("probability", "cluster")) for key in headings],
        [
            (
                f"{paper.published}",
                chance_text(paper.probability),
                f"{paper.cluster or ''}",
                paper.link or paper.id,
                paper.title,
            )
            for paper in papers
        ],
    )


def share_line(shares: Mapping[date, float], last: date, step: int, signs: int) -> str:
    """12-month shares as block characters: `last` at the right end, one every `step` months before."""
    by_place = {months_between(month, last) // step: share for month, share in shares.items()
                if months_between(month, last) % step == 0}  # fmt: skip
    return sparkline([by_place.get(place) for place in reversed(range(signs))])


def last_usable(points: Sequence[TrendPoint]) -> date | None:
    """The last month that a model may use."""
    return max((point.month for point in points if usable(point)), default=None)


def about_json(published: Published) -> dict[str, Any]:
    """What every JSON answer begins with."""
    about = published.about
    return {
        "run": about.run,
        "as_of": about.as_of,
        "published_at": about.published_at,
        "last_month": about.last_month,
        "notice": about.notice or None,
        "failures": about.failures,
        "stamps": dict(about.stamps),
    }


def entry_json(entry: Entry) -> dict[str, Any]:
    """A direction and its verdict; growth as a part a year, so that 0.35 is 35% more after a year."""
    verdict = entry.verdict
    growth = verdict.growth if verdict else None
    return {
        "slug": entry.slug,
        "theme": entry.theme,
        "name": entry.name,
        "name_zh": entry.name_zh,
        "stage": verdict.stage.value if verdict else None,
        "growth": yearly(growth.mean) if growth else None,
        "growth_low": yearly(growth.low) if growth else None,
        "growth_high": yearly(growth.high) if growth else None,
        "p_up": growth.p_up if growth else None,
        "p_down": growth.p_down if growth else None,
        "p_flat": growth.p_flat if growth else None,
        "months": growth.months if growth else None,
        "papers_12m": verdict.papers_12m if verdict else None,
        "share_12m": verdict.share_12m if verdict else None,
        "exposure_12m": verdict.exposure_12m if verdict else None,
        "peak_ratio": verdict.peak_ratio if verdict else None,
        "peak_month": verdict.peak_month if verdict else None,
        "saturation": verdict.saturation if verdict else None,
        "first_month": verdict.first_month if verdict else None,
        "last_month": verdict.last_month if verdict else None,
        "reasons": [
            {"code": reason.code, "parts": dict(reason.parts), "text": reason_text(reason)}
            for reason in (verdict.reasons if verdict else ())
        ],
        "flips": verdict.flips if verdict else None,
        "flips_to": verdict.flips_to and verdict.flips_to.value if verdict else None,
        "rule": verdict.rule if verdict else None,
        "membership_rule": entry.membership_rule,
    }


def paper_json(paper: Member) -> dict[str, Any]:
    """A paper; text without control characters."""
    return {
        "id": paper.id,
        "title": tables.clean(paper.title),
        "authors": [tables.clean(author) for author in paper.authors],
        "published": paper.published,
        "probability": paper.probability,
        "cluster": paper.cluster,
        "link": paper.link,
    }


def _point_json(point: TrendPoint, share_12m: float | None) -> dict[str, Any]:
    low, high = point.share_interval or (None, None)
    return {
        "month": point.month,
        "papers": point.papers,
        "members": point.members,
        "exposure": point.exposure,
        "share": point.share,
        "share_low": low,
        "share_high": high,
        "share_12m": share_12m,
        "status": point.status.value,
        "comparable": usable(point),
        "reason": point.reason or None,
    }
