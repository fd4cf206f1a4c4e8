"""`show`: everything that is published about one direction."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Annotated, Any

import typer

from littriage.claims import ClaimOutcome, Record, Year, claim_day, claim_outcomes
from littriage.cli import tables
from littriage.cli.claims import change_text, outcome_text, record_of
from littriage.cli.clusters import print_unassigned, sub_topic
from littriage.cli.directions import claim_json
from littriage.cli.forecasts import record_json
from littriage.cli.messages import (
    UNKNOWN,
    chance_text,
    count_text,
    growth_text,
    month_text,
    name_of,
    pace_text,
    paraphrase_of,
    part_text,
    say,
    share_text,
    stage_of,
    stance_of,
    status_of,
)
from littriage.cli.options import DEFAULT_WAREHOUSE, Json, Lang, Language, Limit, Slug, Warehouse
from littriage.cli.outlook import (
    Horizon,
    checked_horizon,
    outlook_json,
    outlooks_for,
    print_explanation,
    print_outlook,
    track,
)
from littriage.cli.reading import (
    STEP_MONTHS,
    about_json,
    entry_json,
    paper_json,
    print_about,
    print_papers,
    share_line,
)
from littriage.cli.signs import print_signs, sign_json
from littriage.cli.tables import Column
from littriage.forecasts import Scored
from littriage.model import HORIZONS, Claim, Verdict
from littriage.outlook.wording import FITTED_ON, LAST_CLOSED
from littriage.published import ClusterEntry, ClusterVersion, Entry, Gap, Members, Published, ThemeEntry
from littriage.trends import last_settled_month, twelve_month_shares
from littriage.venues import opinion_json, opinion_text
from littriage.verdicts import reason_text

_SIGNS = 24


def register(app: typer.Typer) -> None:
    app.command()(show)


@dataclass(frozen=True, slots=True)
class Beside:
    """What the counts say beside a claim: the 12-month share when it was made, and now."""

    then_month: date
    then: float
    now_month: date
    now: float

    @property
    def ratio(self) -> float | None:
        return self.now / self.then if self.then else None


def show(
    direction: Slug,
    limit: Limit = 10,
    record: Annotated[
        bool,
        typer.Option("--record", help="Add each claim's outcome, and the stage on its date and now (slower)."),
    ] = False,
    explain: Annotated[
        bool, typer.Option("--explain", help="Add what each part of the outlook weighs, and what the model knew.")
    ] = False,
    horizon: Horizon = 12,
    lang: Language = Lang.EN,
    as_json: Json = False,
    warehouse: Warehouse = DEFAULT_WAREHOUSE,
) -> None:
    """Show everything about one direction.

    Stage and reasons, outlook, sub-topics, papers, and what the documents said of it beside what the record says.
    """
    checked_horizon(horizon)
    with Published.open(warehouse) as published:
        entry = published.entry(direction)
        theme = next((theme for theme in published.themes() if theme.slug == entry.theme), None)
        points = published.trend(entry.slug)
        shares = {month: share for month, share in twelve_month_shares(points).items() if share is not None}
        counts = Record({entry.slug: points}, published.about.as_of, lambda day: {})
        clusters = published.clusters(entry.slug)
        standing = next(iter(reversed(published.cluster_versions(entry.slug))), None)
        papers = published.top_papers(entry.slug, limit)
        claims = published.claims(entry)
        outcomes = _outcomes(published, claims) if record else {}
        gaps = published.gaps(entry.slug)
        told = outlooks_for(published, None)
        scored = published.forecasts()
        signs = published.signs(entry.slug)
        conferences = published.venue_opinion(entry.slug)
        if as_json:
            tables.print_json(
                {
                    **about_json(published),
                    "direction": {
                        **entry_json(entry),
                        "scope": entry.scope,
                        "category_set": entry.category_set,
                        "field": entry.field,
                    },
                    "outlooks": [
                        outlook_json(one, entry.verdict.papers_12m if entry.verdict else None, told)
                        for one in told.by_direction.get(entry.slug, ())
                    ],
                    "track_record": _track_json(entry.verdict, scored),
                    "clusters": [_cluster_json(cluster) for cluster in clusters],
                    "clusters_version": standing and standing.version,
                    "papers_in_no_cluster": standing and standing.unassigned,
                    "rebaseline_advised": standing and standing.advice,
                    "papers_total": papers.total,
                    "papers": [paper_json(paper) for paper in papers.papers],
                    "claims": [_claim_json(claim, _beside(claim, counts), outcomes) for claim in claims],
                    "not_compared": [_gap_json(gap) for gap in gaps],
                    "signs": [sign_json(sign) for sign in signs],
                    "conferences": opinion_json(conferences) if conferences else None,
                }
            )
            return
        print_about(published, lang)
        _print_verdict(entry, theme, shares, lang)
        print_outlook(entry.verdict, told, entry.slug, scored, lang)
        if explain:
            print_explanation(entry.slug, told, horizon, dict(published.about.stamps), lang)
        if conferences:
            tables.print_line()
            tables.print_line(opinion_text(conferences, lang.value))
        print_signs(signs, lang)
        _print_clusters(clusters, standing, lang)
        _print_top_papers(papers, lang)
        _print_claims(entry, theme, claims, counts, outcomes, lang)
        _print_gaps(entry, gaps, lang)
        stamps = [("rule", entry.verdict.rule if entry.verdict else UNKNOWN)]
        stamps += [("membership", entry.membership_rule or UNKNOWN), ("run", published.about.run)]
        stamps += [stamp for stamp in published.about.stamps if stamp[0] not in ("rule", FITTED_ON, LAST_CLOSED)]
        tables.print_line(say(lang, "made_with", stamps=", ".join(f"{name} {value}" for name, value in stamps)))


# --- claims against the record ----------------------------------------------------------------------------------


def _beside(claim: Claim, counts: Record) -> Beside | None:
    """The 12-month shares that a claim about this direction stands against: the last one that its author could know of,
    and the newest; None where either is not known."""
    if claim.direction not in counts.points or counts.end is None:
        return None
    then = counts.year(claim.direction, last_settled_month(claim_day(claim, counts.today)))
    now = counts.year(claim.direction, counts.end)
    if not isinstance(then, Year) or not isinstance(now, Year):
        return None
    return Beside(then.last, then.share, now.last, now.share)


def _outcomes(published: Published, claims: Sequence[Claim]) -> dict[Claim, ClaimOutcome]:
    record = record_of(published, published.entries(), [theme.slug for theme in published.themes()])
    return {outcome.claim: outcome for outcome in claim_outcomes(claims, record)}


# --- as text ----------------------------------------------------------------------------------------------------


def _print_verdict(entry: Entry, theme: ThemeEntry | None, shares: Mapping[date, float], lang: Lang) -> None:
    other = entry.name if lang is Lang.ZH else entry.name_zh
    theme_name = name_of(theme, lang) if theme else entry.theme
    tables.print_line(say(lang, "head", name=name_of(entry, lang), other=other, slug=entry.slug, theme=theme_name))
    tables.print_line(entry.scope)
    tables.print_line()
    verdict = entry.verdict
    if verdict is None:
        tables.print_line(say(lang, "unjudged"))
        return
    first, last = month_text(verdict.first_month), month_text(verdict.last_month)
    stage = stage_of(verdict.stage, lang)
    tables.print_line(say(lang, "verdict", stage=stage, as_of=verdict.as_of, first=first, last=last))
    for reason in verdict.reasons:
        tables.print_line(f"- {reason_text(reason, lang.value)}", indent=2)
    if verdict.growth:
        growth, p_up = growth_text(verdict.growth, lang), chance_text(verdict.growth.p_up)
        tables.print_line(say(lang, "growth_line", growth=growth, p_up=p_up))
        tables.print_line(pace_text(verdict.growth, lang), indent=2)
    if verdict.papers_12m is not None:
        tables.print_line(
            say(
                lang,
                "year_line",
                papers=count_text(verdict.papers_12m),
                share=share_text(verdict.share_12m),
                exposure=count_text(verdict.exposure_12m),
                categories=entry.field,
                ratio=part_text(verdict.peak_ratio),
                peak=month_text(verdict.peak_month),
            )
        )
    if verdict.last_month and shares:
        line = share_line(shares, verdict.last_month, STEP_MONTHS, _SIGNS)
        tables.print_line(say(lang, "share_line", line=line, step=STEP_MONTHS, last=last))


def _print_clusters(clusters: Sequence[ClusterEntry], standing: ClusterVersion | None, lang: Lang) -> None:
    if clusters:
        tables.print_line()
        tables.print_line(say(lang, "clusters"))
        headings = (Column(say(lang, "number"), True), Column(say(lang, "papers"), True), Column(say(lang, "label")))
        rows = [
            (f"{cluster.number}", count_text(cluster.papers), _sub_topic(cluster, standing, lang))
            for cluster in clusters
        ]
        tables.print_table(headings, rows)
    if standing:
        print_unassigned(standing, lang)


def _sub_topic(cluster: ClusterEntry, standing: ClusterVersion | None, lang: Lang) -> str:
    """What it is called, and since when there has been one such, if it was born after the others."""
    if standing and cluster.born_on and cluster.born_on > standing.made_on:
        return say(lang, "new_sub_topic", name=sub_topic(cluster, lang), day=cluster.born_on)
    return sub_topic(cluster, lang)


def _print_top_papers(papers: Members, lang: Lang) -> None:
    if papers.papers:
        tables.print_line()
        tables.print_line(say(lang, "top_papers", shown=len(papers.papers), total=papers.total))
        print_papers(papers.papers, lang)


def _print_claims(
    entry: Entry,
    theme: ThemeEntry | None,
    claims: Sequence[Claim],
    counts: Record,
    outcomes: Mapping[Claim, ClaimOutcome],
    lang: Lang,
) -> None:
    own = [claim for claim in claims if claim.direction == entry.slug]
    if own:
        tables.print_line()
        tables.print_line(say(lang, "claims_of"))
        for claim in own:
            _print_claim(claim, lang)
            _print_record(_beside(claim, counts), lang)
            if outcome := outcomes.get(claim):
                then, now = (_stage(verdict, lang) for verdict in (outcome.then, outcome.now))
                tables.print_line(say(lang, "stages_then", then=then, now=now), indent=4)
                after, came = change_text(outcome.at_horizon, lang), outcome_text(outcome, lang)
                tables.print_line(say(lang, "outcome_line", after=after, outcome=came), indent=4)
    if theme and len(own) < len(claims):
        tables.print_line()
        tables.print_line(say(lang, "claims_theme", name=name_of(theme, lang)))
        for claim in claims:
            if claim.direction == theme.slug:
                _print_claim(claim, lang)


def _print_claim(claim: Claim, lang: Lang) -> None:
    marks = [say(lang, "inferred")] if claim.inferred else []
    marks += [say(lang, "repost", document=claim.repost_of)] if claim.repost_of else []
    written = say(lang, "written", date=claim.date, author=claim.author, stance=stance_of(claim.stance, lang))
    tables.print_line(written + "".join(f" [{mark}]" for mark in marks), indent=2)
    tables.print_line(paraphrase_of(claim, lang), indent=4)
    tables.print_line(f"{claim.document}, {claim.locator}", indent=4)


def _print_record(record: Beside | None, lang: Lang) -> None:
    if record is None:
        tables.print_line(say(lang, "no_record"), indent=4)
        return
    tables.print_line(
        say(
            lang,
            "record",
            then=share_text(record.then),
            then_month=month_text(record.then_month),
            now=share_text(record.now),
            now_month=month_text(record.now_month),
            ratio=UNKNOWN if record.ratio is None else f"{record.ratio:.1f}x",
        ),
        indent=4,
    )


def _stage(verdict: Verdict | None, lang: Lang) -> str:
    return stage_of(verdict.stage, lang) if verdict else UNKNOWN


def _print_gaps(entry: Entry, gaps: Sequence[Gap], lang: Lang) -> None:
    tables.print_line()
    if entry.field != entry.category_set:
        tables.print_line(say(lang, "one_category", field=entry.field, categories=entry.category_set))
    tables.print_line(say(lang, "gaps" if gaps else "no_gaps", categories=entry.field))
    for gap in gaps:
        first, last = month_text(gap.first_month), month_text(gap.last_month)
        months = first if first == last else say(lang, "span", low=first, high=last)
        tables.print_line(f"{months}: {status_of(gap.status, gap.reason, lang)}", indent=2)


# --- as JSON ----------------------------------------------------------------------------------------------------


def _cluster_json(cluster: ClusterEntry) -> dict[str, Any]:
    return {
        "number": cluster.number,
        "label": cluster.label,
        "name": cluster.name,
        "name_zh": cluster.name_zh,
        "named_by": cluster.named_by,
        "terms": cluster.terms,
        "papers": cluster.papers,
        "born_on": cluster.born_on,
        "model": cluster.model,
    }


def _claim_json(claim: Claim, record: Beside | None, outcomes: Mapping[Claim, ClaimOutcome]) -> dict[str, Any]:
    outcome = outcomes.get(claim)
    return {
        "subject": claim.direction,
        **claim_json(claim),
        "share_then": record.then if record else None,
        "share_then_month": record.then_month if record else None,
        "share_now": record.now if record else None,
        "share_now_month": record.now_month if record else None,
        "stage_then": outcome.then.stage.value if outcome and outcome.then else None,
        "stage_now": outcome.now.stage.value if outcome and outcome.now else None,
        "outcome": outcome.outcome.value if outcome else None,
    }


def _track_json(verdict: Verdict | None, scored: Sequence[Scored]) -> list[dict[str, Any]]:
    """How past forecasts made at this stage came out, for each horizon that has an outcome."""
    records = track(verdict.stage.value, HORIZONS, scored) if verdict else {}
    return [{"horizon": horizon, **record_json(one)} for horizon, one in records.items()]


def _gap_json(gap: Gap) -> dict[str, Any]:
    return {
        "first_month": gap.first_month,
        "last_month": gap.last_month,
        "status": gap.status.value,
        "reason": gap.reason or None,
    }
