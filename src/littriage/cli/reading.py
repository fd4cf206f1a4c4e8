"""`rising`, `saturated`, `papers`, `trend`: answers from the published file."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
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
from littriage.cli.outlook import (
    By,
    Group,
    Horizon,
    Outlooks,
    added_text,
    by_added,
    by_size,
    checked_horizon,
    like_text,
    likely,
    outlook_json,
    outlooks_for,
    print_groups,
    print_notes,
    probability_text,
    row_name,
    size_class,
    size_name,
)
from littriage.cli.tables import Column
from littriage.errors import EmptyWarehouse, SettingsError
from littriage.model import Outlook, Stage, TrendPoint, Verdict
from littriage.notation import yearly
from littriage.published import Entry, Member, Published
from littriage.trends import months_between, seen_as_of, sparkline, twelve_month_shares, usable
from littriage.verdicts import Order, judge, ranking, reason_text

STEP_MONTHS = 6
"""Months between two signs of a share line."""
_SIGNS = 12
_TREND_STEP_MONTHS = 3


def register(app: typer.Typer) -> None:
    app.command()(rising)
    app.command()(saturated)
    app.command()(papers)
    app.command()(trend)


# --- commands ---------------------------------------------------------------------------------------------------


def rising(
    limit: Limit = 20,
    theme: Theme = None,
    by: Annotated[By, typer.Option("--by", help="Sort by the probability of a rise, added papers, or growth.")] = (
        By.PROBABILITY
    ),
    horizon: Horizon = 12,
    as_of: AsOf = None,
    lang: Language = Lang.EN,
    as_json: Json = False,
    warehouse: Warehouse = DEFAULT_WAREHOUSE,
) -> None:
    """Show the directions whose share grows.

    Emerging, rising, and hot ones that still grow, each with the probability that its share rises by 20%: a forecast,
    beside growth, which is about the past. Sorted by that probability within size class, unless --by says otherwise.
    """
    asked = _Asked(limit, checked_horizon(horizon), as_of.date() if as_of else None, lang)
    with Published.open(warehouse) as published:
        _rising(published, theme, asked, by, as_json)


def saturated(
    limit: Limit = 20,
    theme: Theme = None,
    horizon: Horizon = 12,
    as_of: AsOf = None,
    lang: Language = Lang.EN,
    as_json: Json = False,
    warehouse: Warehouse = DEFAULT_WAREHOUSE,
) -> None:
    """Show the directions that grow no more.

    Saturated, flat, and hot ones that have stalled, by saturation; then declining and dormant ones. Each with the
    probabilities that its share falls by 20% and that it rises at all.
    """
    asked = _Asked(limit, checked_horizon(horizon), as_of.date() if as_of else None, lang)
    with Published.open(warehouse) as published:
        _saturated(published, theme, asked, as_json)


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
            points = seen_as_of(points, _checked_day(published, as_of.date()))
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


@dataclass(frozen=True, slots=True)
class _Asked:
    """What a table of directions is made for."""

    limit: int
    horizon: int
    as_of: date | None
    lang: Lang


@dataclass(frozen=True, slots=True)
class _Answer:
    """The directions of a question, with all that their tables show."""

    entries: Mapping[str, Entry]
    outlooks: Outlooks
    shares: Mapping[str, Mapping[date, float]]
    last: date | None
    """The last usable month of any of them."""
    asked: _Asked

    @property
    def judged(self) -> list[Verdict]:
        return [entry.verdict for entry in self.entries.values() if entry.verdict]

    @property
    def speaks(self) -> bool:
        """Whether any direction has an outlook at the horizon asked for."""
        return any(self.outlooks.at(slug, self.asked.horizon) for slug in self.entries)

    def others(self, listed: Iterable[Verdict]) -> Counter[Stage | None]:
        """How many directions are in no table, by stage."""
        shown = {verdict.direction for verdict in listed}
        rest = (entry for entry in self.entries.values() if entry.slug not in shown)
        return Counter(entry.verdict.stage if entry.verdict else None for entry in rest)

    def json(self, verdicts: Iterable[Verdict]) -> list[dict[str, Any]]:
        """Verdicts with their outlooks, as many as the limit allows."""
        return [
            {
                **entry_json(self.entries[verdict.direction]),
                "size_class": size_name(size_class(verdict.papers_12m)),
                "outlook": outlook_json(one, verdict.papers_12m, self.outlooks)
                if (one := self.outlooks.at(verdict.direction, self.asked.horizon))
                else None,
            }
            for verdict in [*verdicts][: self.asked.limit]
        ]


def _answer(published: Published, theme: str | None, asked: _Asked) -> _Answer:
    if asked.as_of:
        _checked_day(published, asked.as_of)
    entries = _entries(published, theme, asked.as_of)
    judged = [entry.verdict for entry in entries.values() if entry.verdict]
    if not judged:
        raise EmptyWarehouse(f'{published.path} holds no verdicts: run "littriage run" again once it has papers')
    last = max((verdict.last_month for verdict in judged if verdict.last_month), default=None)
    shares = published.shares(last, STEP_MONTHS) if last else {}
    return _Answer(entries, outlooks_for(published, asked.as_of).of(entries), shares, last, asked)


def _rising(published: Published, theme: str | None, asked: _Asked, by: By, as_json: bool) -> None:
    answer = _answer(published, theme, asked)
    listed = ranking(answer.judged, "rising")
    horizon, lang = asked.horizon, asked.lang
    growing = {verdict.direction for verdict in listed}
    rest = [verdict for verdict in answer.judged if verdict.direction not in growing]
    more = likely(rest, answer.outlooks, horizon)
    by = by if answer.speaks else By.GROWTH
    groups: list[tuple[str | None, Sequence[Verdict]]] = [(None, listed)]
    if by is By.ADDED:
        groups = [(None, by_added(listed, answer.outlooks, horizon))]
    elif by is By.PROBABILITY:
        sized = by_size(listed, answer.outlooks, horizon).items()
        groups = [(f"size_{size_name(bound)}", own) for bound, own in sized]
    others = answer.others([*listed, *more])
    if as_json:
        tables.print_json(
            {
                **_head_json(published, answer, others),
                "sorted_by": by.value,
                "totals": {"rising": len(listed), "likely": len(more)},
                "rising": [row for _, own in groups for row in answer.json(own)],
                "likely": answer.json(more),
            }
        )
        return
    print_about(published, lang)
    tables.print_line(_headline("rising", answer))
    if not listed:
        tables.print_line(say(lang, "none"))
    else:
        tables.print_line(say(lang, f"by_{by.value}", horizon=horizon))
    shown = [*groups, *([("likely", more)] if more else [])]
    _print_tables([group for group in shown if group[1]], _rising_columns(answer, by), answer, of_rise=True)
    tables.print_line()
    if listed or more:
        print_notes("outlook_note", answer.outlooks, asked.as_of, horizon, lang)
        tables.print_line(say(lang, "looks_back"))
    if answer.last and by is not By.ADDED and (listed or more):
        tables.print_line(say(lang, "trend_line", last=month_text(answer.last), step=STEP_MONTHS))
    _print_others(others, lang)


def _saturated(published: Published, theme: str | None, asked: _Asked, as_json: bool) -> None:
    answer = _answer(published, theme, asked)
    tables_of: dict[Order, tuple[Verdict, ...]] = {
        order: ranking(answer.judged, order) for order in ("saturated", "declining")
    }
    others = answer.others(verdict for listed in tables_of.values() for verdict in listed)
    lang = asked.lang
    if as_json:
        tables.print_json(
            {
                **_head_json(published, answer, others),
                "totals": {order: len(listed) for order, listed in tables_of.items()},
                **{order: answer.json(listed) for order, listed in tables_of.items()},
            }
        )
        return
    print_about(published, lang)
    for order, listed in tables_of.items():
        tables.print_line(_headline(order, answer))
        if listed:
            tables.print_line(say(lang, "by_saturation" if order == "saturated" else "by_decline"))
            _print_tables([(None, listed)], _saturated_columns(order, answer), answer, of_rise=False)
        else:
            tables.print_line(say(lang, "none"))
        tables.print_line()
    if any(tables_of.values()):
        print_notes("outlook_note_fall", answer.outlooks, asked.as_of, asked.horizon, lang)
        tables.print_line(say(lang, "looks_back"))
        tables.print_line(say(lang, "looks_back_saturated"))
    _print_others(others, lang)


def _entries(published: Published, theme: str | None, as_of: date | None) -> dict[str, Entry]:
    """Directions by slug, judged again, and all together, where `as_of` is given; then those of the theme."""
    entries = {entry.slug: entry for entry in published.entries()}
    if as_of:
        again = judge(published.trends(), as_of, with_flips=True)
        entries |= {verdict.direction: replace(entries[verdict.direction], verdict=verdict) for verdict in again}
    if theme:
        slug = published.theme(theme).slug
        entries = {key: entry for key, entry in entries.items() if entry.theme == slug}
    return entries


def _checked_day(published: Published, day: date) -> date:
    if day > published.about.as_of:
        raise SettingsError(
            f"--as-of {day} is after {published.about.as_of}, the day that {published.path} was made for: "
            'pass an earlier day, or run "littriage run" again'
        )
    return day


def _head_json(published: Published, answer: _Answer, others: Mapping[Stage | None, int]) -> dict[str, Any]:
    return {
        **about_json(published),
        "judged_as_of": answer.judged[0].as_of,
        "horizon": answer.asked.horizon,
        "outlook_of_another_day": answer.outlooks.other_day if not answer.speaks else None,
        "not_listed": {stage.value if stage else "no verdict": count for stage, count in others.items()},
    }


def _headline(order: Order, answer: _Answer) -> str:
    entries, lang = answer.entries.values(), answer.asked.lang
    membership = sorted({entry.membership_rule for entry in entries if entry.membership_rule})
    verdict = answer.judged[0]
    speaks_of = say(
        lang,
        "speaks_of",
        as_of=verdict.as_of,
        last=month_text(answer.last),
        rule=verdict.rule,
        membership=", ".join(membership) or "-",
    )
    return f"{say(lang, order)}{say(lang, 'between')}{speaks_of}"


_Cell = Callable[[Verdict, Outlook | None], str]
_Columns = list[tuple[str, _Cell]]
"""Heading and cell of each column."""


def _rising_columns(answer: _Answer, by: By) -> _Columns:
    lang = answer.asked.lang

    def trend_of(verdict: Verdict, _: Outlook | None) -> str:
        own = answer.shares.get(verdict.direction, {})
        return share_line(own, answer.last, STEP_MONTHS, _SIGNS) if answer.last else ""

    ahead: _Columns = [
        ("col_rise", lambda _, one: probability_text(one.p_rise if one else None, lang)),
        ("col_like", lambda _, one: like_text(one, lang)),
    ]
    where: _Columns = [
        ("share", lambda verdict, _: share_text(verdict.share_12m)),
        ("col_peak", lambda verdict, _: part_text(verdict.peak_ratio)),
        ("sparkline", trend_of),
    ]
    if by is By.ADDED:
        where = [("col_added", lambda verdict, one: added_text(one, verdict.papers_12m, lang))]
    return [
        *(ahead if answer.speaks else [("p_up", lambda verdict, _: _chance(verdict, "p_up"))]),
        ("col_growth", lambda verdict, _: growth_text(verdict.growth, lang)),
        ("col_n12", lambda verdict, _: count_text(verdict.papers_12m)),
        *where,
    ]


def _saturated_columns(order: Order, answer: _Answer) -> _Columns:
    lang = answer.asked.lang
    index: _Columns = [
        ("col_index", lambda verdict, _: part_text(verdict.saturation)),
        ("col_flat", lambda verdict, _: _chance(verdict, "p_flat")),
        ("col_level", lambda verdict, _: part_text(_level(verdict))),
    ]
    ahead: _Columns = [
        ("col_fall", lambda _, one: probability_text(one.p_fall if one else None, lang)),
        ("col_up", lambda _, one: probability_text(one.p_up if one else None, lang)),
    ]
    return [
        *(index if order == "saturated" else [("p_down", lambda verdict, _: _chance(verdict, "p_down"))]),
        ("col_peak", lambda verdict, _: part_text(verdict.peak_ratio)),
        *(ahead if answer.speaks else []),
        ("col_growth", lambda verdict, _: growth_text(verdict.growth, lang)),
        ("col_n12", lambda verdict, _: count_text(verdict.papers_12m)),
        ("col_flips", lambda verdict, _: part_text(verdict.flips)),
    ]


def _chance(verdict: Verdict, name: str) -> str:
    return chance_text(getattr(verdict.growth, name) if verdict.growth else None)


def _level(verdict: Verdict) -> float | None:
    """Place among the directions by share, 0 to 1, as the saturation index tells it; None where the index is 0."""
    if not verdict.saturation or verdict.growth is None or not verdict.growth.p_flat:
        return None
    return verdict.saturation / verdict.growth.p_flat


def _print_tables(
    groups: Iterable[tuple[str | None, Sequence[Verdict]]], columns: _Columns, answer: _Answer, *, of_rise: bool
) -> None:
    limit, horizon, lang = answer.asked.limit, answer.asked.horizon, answer.asked.lang
    told = []
    for heading, verdicts in groups:
        rows = []
        for verdict in verdicts[:limit]:
            one = answer.outlooks.at(verdict.direction, horizon)
            name = name_of(answer.entries[verdict.direction], lang)
            cells = [cell(verdict, one) for _, cell in columns]
            rows.append((row_name(name, verdict, answer.outlooks, one, lang, of_rise=of_rise), cells))
        told.append(Group(say(lang, heading, count=len(verdicts)) if heading else "", rows, len(verdicts)))
    print_groups([Column(say(lang, key), figures=key != "sparkline") for key, _ in columns], told, lang)


_WITHOUT_VERDICT = (Stage.NOT_MEASURABLE, Stage.TOO_LITTLE_DATA, Stage.INCOMPLETE, None)


def _print_others(others: Mapping[Stage | None, int], lang: Lang) -> None:
    """How many directions nothing can be said of, and how many stand elsewhere."""
    for key, silent in (("unjudged_all", True), ("others", False)):
        counts = {stage: count for stage, count in others.items() if (stage in _WITHOUT_VERDICT) is silent}
        if counts:
            tables.print_line(say(lang, key, counts=_counted(counts, lang)))


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
        "level": _level(verdict) if verdict else None,
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
