"""`claims`: each dated claim of the documents beside the record, and how each author's and document's came out."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Collection, Mapping, Sequence
from datetime import date
from functools import partial
from math import isinf
from typing import Annotated, Any

import typer

from littriage.claims import (
    BaseRate,
    Change,
    ClaimOutcome,
    Gap,
    Lack,
    Outcome,
    Record,
    Tally,
    Year,
    by_author,
    by_document,
    claim_outcomes,
)
from littriage.cli import tables
from littriage.cli.directions import claim_json
from littriage.cli.messages import (
    UNKNOWN,
    gap_text,
    month_text,
    name_of,
    outcome_of,
    paraphrase_of,
    part_text,
    prediction_of,
    ratio_text,
    say,
    share_text,
    stage_of,
    stance_of,
)
from littriage.cli.options import DEFAULT_WAREHOUSE, Json, Lang, Language, Limit, Theme, Warehouse, complete_slug
from littriage.cli.reading import about_json, print_about
from littriage.cli.tables import Column
from littriage.errors import EmptyWarehouse, NoWarehouse, SettingsError
from littriage.model import Claim, Stance, Verdict
from littriage.notation import yearly
from littriage.published import Entry, Published, ThemeEntry
from littriage.venues import VenueOpinion, opinion_json, opinion_text, opinions
from littriage.verdicts import RULE, judge

_FIGURES = ("documents", "share_then", "after", "since")


def register(app: typer.Typer) -> None:
    app.command()(claims)


def _outcome_named(name: str) -> str:
    """The outcome's value: `not-borne-out` stands for `not borne out`."""
    value = name.casefold().replace("-", " ").replace("_", " ")
    if value not in list(Outcome):
        known = ", ".join(outcome.value.replace(" ", "-") for outcome in Outcome)
        raise SettingsError(f'no outcome called "{name}": pass one of {known}')
    return value


def _outcome_names(incomplete: str) -> list[str]:
    names = (outcome.value.replace(" ", "-") for outcome in Outcome)
    return [name for name in names if name.startswith(incomplete)]


def claims(
    direction: Annotated[
        str | None,
        typer.Argument(
            metavar="[DIRECTION]",
            help='Slug or name, as "littriage directions list" shows them.',
            autocompletion=complete_slug,
        ),
    ] = None,
    author: Annotated[
        str | None, typer.Option(metavar="NAME", help="Only this author's; part of a name will do.")
    ] = None,
    document: Annotated[
        str | None, typer.Option(metavar="NAME", help="Only this document's; part of a name will do.")
    ] = None,
    stance: Annotated[Stance | None, typer.Option(help="Only claims that say this of a direction.")] = None,
    outcome: Annotated[
        str | None,
        typer.Option(
            metavar="OUTCOME",
            help="List only claims with this outcome, such as borne-out.",
            autocompletion=_outcome_names,
        ),
    ] = None,
    theme: Theme = None,
    every: Annotated[bool, typer.Option("--all", help="List also claims of which the papers tell nothing.")] = False,
    limit: Limit = 200,
    lang: Language = Lang.EN,
    as_json: Json = False,
    warehouse: Warehouse = DEFAULT_WAREHOUSE,
) -> None:
    """Show what came of the documents' dated claims.

    A claim is what an author said of a direction on a date: that it rises, is saturated, and so on. Shown are the
    direction's stage on that date, what its share of papers has done since, and whether the claim was borne out, by
    stated rules; then the same by author and document, beside what these words get when said of any direction.
    """
    wanted = _outcome_named(outcome) if outcome else None
    with Published.open(warehouse) as published:
        found = published.claims()
        if not found:
            raise EmptyWarehouse(
                f"{published.path} holds no claims: add [[claims]] to direction files (queries/README.md), "
                'or let "littriage read" find some, and run "littriage run" again'
            )
        entries = {entry.slug: entry for entry in published.entries()}
        themes = {one.slug: one for one in published.themes()}
        subjects = _subjects(published, entries, direction, theme)
        documents = _matching("document", document, [claim.document for claim in found])
        authors = _matching("author", author, [claim.author for claim in found])
        record = record_of(published, entries.values(), themes)
        outcomes = [
            one
            for one in claim_outcomes([claim for claim in found if claim.direction in subjects], record)
            if one.claim.author in authors
            and documents.intersection(one.documents)
            and stance in (None, one.claim.stance)
        ]
        listed = [one for one in outcomes if wanted in (None, one.outcome.value)]
        if as_json:
            tables.print_json(_answer_json(published, record, outcomes, listed))
            return
        names: dict[str, Entry | ThemeEntry] = {**themes, **entries}
        print_about(published, lang)
        _print_claims(record, outcomes, listed, names, limit, lang)
        _print_conferences(listed, names, limit, lang)
        if direction:
            _print_words(listed, lang)
        _print_silent([one for one in listed if not one.measured], names, every, lang)
        _print_tallies(outcomes, lang)


def record_of(published: Published, entries: Collection[Entry], themes: Collection[str]) -> Record:
    """The published record, to hold claims against; what is published of the newest day is not judged again."""
    points = published.trends()
    today = published.about.as_of

    def judged(day: date) -> Mapping[str, Verdict]:
        if day == today:
            return {entry.slug: entry.verdict for entry in entries if entry.verdict}
        return {verdict.direction: verdict for verdict in judge(points, day, brief=True)}

    return Record(points, today, judged, themes, _venues(published))


def _venues(published: Published) -> Callable[[date], Mapping[str, VenueOpinion]] | None:
    """What the conferences said as of a day; None where the file holds no proceedings, or none by venue."""
    try:
        (_, counted), (_, totals) = (published.table(f"read/published_venue_{name}") for name in ("titles", "totals"))
    except NoWarehouse:  # published before they were kept by venue: the outcomes need nothing of it
        return None
    if not totals:
        return None
    counts: dict[str, dict[tuple[str, int], int]] = {entry.slug: {} for entry in published.entries()}
    for direction, venue, year, papers in counted:
        if direction in counts:
            counts[direction][venue, year] = papers
    return partial(opinions, counts, {(venue, year): papers for venue, year, papers in totals})


def _subjects(
    published: Published, entries: Mapping[str, Entry], direction: str | None, theme: str | None
) -> frozenset[str]:
    """Slugs of the directions and themes that are asked for; those of claims on unknown ones where all are."""
    if direction:
        return frozenset({published.entry(direction).slug})
    if theme:
        slug = published.theme(theme).slug
        return frozenset({slug, *(entry.slug for entry in entries.values() if entry.theme == slug)})
    return frozenset(claim.direction for claim in published.claims())


def _matching(kind: str, wanted: str | None, names: Sequence[str]) -> frozenset[str]:
    """The names that are, or else hold, what is wanted; all where nothing is."""
    known = frozenset(names)
    if wanted is None:
        return known
    sought = wanted.casefold().strip()
    same = frozenset(name for name in known if name.casefold() == sought)
    holding = same or frozenset(name for name in known if sought and sought in name.casefold())
    if not holding:
        raise SettingsError(
            f'no claim has the {kind} "{wanted}": pass one of {", ".join(sorted(known))}', name=wanted, kind=kind
        )
    return holding


# --- as text ----------------------------------------------------------------------------------------------------


def outcome_text(outcome: ClaimOutcome, lang: Lang) -> str:
    """The outcome, with the reason where it is not measurable."""
    word = outcome_of(outcome.outcome, lang)
    return say(lang, "outcome_why", outcome=word, why=gap_text(outcome.gap, lang)) if outcome.gap else word


def change_text(change: Change | Gap | None, lang: Lang) -> str:
    """The ratio, or a mark where the record may not give one."""
    if isinstance(change, Change):
        return ratio_text(change, lang)
    if change is None:
        return say(lang, "mark_early")
    if change.lack in (Lack.HOLES, Lack.FEW_PAPERS):
        return say(lang, f"mark_{change.lack}", first=month_text(change.first))
    return UNKNOWN


def _since_text(change: Change | Gap | None, lang: Lang) -> str:
    text = change_text(change, lang)
    month = month_text(change.later.last) if isinstance(change, Change) else ""
    return say(lang, "ratio_to", ratio=text, month=month) if month else text


def stance_text(claim: Claim, lang: Lang) -> str:
    """The stance, marked where it is our reading."""
    stance = stance_of(claim.stance, lang)
    return f"{stance} [{say(lang, 'inferred')}]" if claim.inferred else stance


def _print_claims(
    record: Record,
    outcomes: Sequence[ClaimOutcome],
    listed: Sequence[ClaimOutcome],
    names: Mapping[str, Entry | ThemeEntry],
    limit: int,
    lang: Lang,
) -> None:
    tables.print_line(
        say(
            lang,
            "claims_head",
            last=month_text(record.end),
            rule=RULE,
            count=len(outcomes),
            documents=len({document for one in outcomes for document in one.documents}),
            copies=sum(len(one.copies) for one in outcomes),
        )
    )
    measured = [one for one in listed if one.measured]
    if not measured:
        tables.print_line(say(lang, "claims_none"))
        return
    headings = (
        "date", "author", "documents", "stance", "direction", "stage_then", "share_then", "after", "since", "outcome",
    )  # fmt: skip
    tables.print_table(
        [Column(say(lang, key), figures=key in _FIGURES) for key in headings],
        [
            (
                one.claim.date,
                one.claim.author,
                f"{len(one.documents)}",
                stance_text(one.claim, lang),
                _name(one, names, lang),
                stage_of(one.then.stage, lang) if one.then else UNKNOWN,
                share_text(one.year_then.share if isinstance(one.year_then, Year) else None),
                change_text(one.at_horizon, lang),
                _since_text(one.since, lang),
                outcome_text(one, lang),
            )
            for one in measured[:limit]
        ],
    )
    if len(measured) > limit:
        tables.print_line(say(lang, "cut", count=len(measured) - limit, all=len(measured)))
    tables.print_line(say(lang, "claims_note"))


def _name(outcome: ClaimOutcome, names: Mapping[str, Entry | ThemeEntry], lang: Lang) -> str:
    known = names.get(outcome.claim.direction)
    return name_of(known, lang) if known else outcome.claim.direction


def _print_words(outcomes: Sequence[ClaimOutcome], lang: Lang) -> None:
    """What each claim says, and where."""
    if outcomes:
        tables.print_line()
        tables.print_line(say(lang, "claims_of"))
    for one in outcomes:
        claim = one.claim
        stance = stance_text(claim, lang)
        tables.print_line(say(lang, "written", date=claim.date, author=claim.author, stance=stance), indent=2)
        tables.print_line(paraphrase_of(claim, lang), indent=4)
        for source in (claim, *one.copies):
            tables.print_line(f"{source.document}, {source.locator}", indent=4)


_CONFERENCES = {
    Lang.EN: "What the titles of conference papers said of directions that the record cannot measure: on the claim's "
    "day, and up to 24 months later. Another instrument, yearly: it decides no outcome.",
    Lang.ZH: "记录无法衡量的方向，会议论文题目的情况：论断当日，以及其后至多 24 个月。这是另一种按年的依据，"
    "不决定任何结果。",
}


def _print_conferences(
    outcomes: Sequence[ClaimOutcome], names: Mapping[str, Entry | ThemeEntry], limit: int, lang: Lang
) -> None:
    told = [one for one in outcomes if one.conferences]
    if not told:
        return
    tables.print_line()
    tables.print_line(_CONFERENCES[lang])
    for one in told[:limit]:
        claim = one.claim
        heading = say(lang, "written", date=claim.date, author=claim.author, stance=stance_text(claim, lang))
        tables.print_line(f"{heading} ({_name(one, names, lang)})", indent=2)
        for opinion in one.conferences:
            tables.print_line(opinion_text(opinion, lang.value), indent=4)
    if len(told) > limit:
        tables.print_line(say(lang, "cut", count=len(told) - limit, all=len(told)))


def _print_silent(
    silent: Sequence[ClaimOutcome], names: Mapping[str, Entry | ThemeEntry], every: bool, lang: Lang
) -> None:
    """Claims beside which the record says nothing: counted by reason, or each with its own."""
    if not silent:
        return
    tables.print_line()
    tables.print_line(say(lang, "claims_silent_all" if every else "claims_silent", count=len(silent)))
    if every:
        tables.print_table(
            [Column(say(lang, key)) for key in ("date", "author", "stance", "direction", "outcome")],
            [
                (
                    one.claim.date,
                    one.claim.author,
                    stance_text(one.claim, lang),
                    _name(one, names, lang),
                    outcome_text(one, lang),
                )
                for one in silent
            ],
        )
        return
    counts = Counter(one.gap.lack if one.gap else None for one in silent)
    rows = [
        (say(lang, f"lack_{lack}") if lack else outcome_of(Outcome.TOO_EARLY, lang), f"{counts[lack]}")
        for lack in (*Lack, None)
        if lack in counts
    ]
    tables.print_table([Column(say(lang, "reason")), Column(say(lang, "claims"), figures=True)], rows)


def _print_tallies(outcomes: Sequence[ClaimOutcome], lang: Lang) -> None:
    if not outcomes:
        return
    for key, heading, tallies in (
        ("claims_by_author", "author", by_author(outcomes)),
        ("claims_by_document", "document", by_document(outcomes)),
    ):
        copies = key == "claims_by_document"
        tables.print_line()
        tables.print_line(say(lang, key))
        columns = [Column(say(lang, heading)), Column(say(lang, "claims"), figures=True)]
        columns += [Column(say(lang, "copies"), figures=True)] if copies else []
        columns += [Column(outcome_of(outcome, lang), figures=True) for outcome in Outcome]
        columns += [Column(say(lang, name), figures=True) for name in ("part_borne_out", "anybody")]
        tables.print_table(columns, [_tally_row(one, copies, lang) for one in tallies])
    tables.print_line(say(lang, "claims_tally_note"))
    rates = _rates(outcomes)
    if rates:
        tables.print_line()
        tables.print_line(say(lang, "base_rates"))
        for rate in rates:
            tables.print_line(
                say(
                    lang,
                    "base_rate_line",
                    predicts=prediction_of(rate.predicts, lang),
                    day=rate.as_of,
                    count=rate.borne_out,
                    judged=rate.judged,
                    part=part_text(rate.part),
                ),
                indent=2,
            )


def _tally_row(one: Tally, copies: bool, lang: Lang) -> tuple[str, ...]:
    part = UNKNOWN
    if one.borne_out is not None:
        figures = {"part": one.borne_out, "low": one.low, "high": one.high}
        part = say(lang, "part_of", judged=one.judged, **{key: part_text(value) for key, value in figures.items()})
    elif one.judged:
        part = say(lang, "too_few", judged=one.judged)
    return (
        one.name,
        f"{one.claims}",
        *([f"{one.copies}"] if copies else []),
        *(f"{one.counts.get(outcome, 0)}" for outcome in Outcome),
        part,
        part_text(one.base),
    )


def _rates(outcomes: Sequence[ClaimOutcome]) -> list[BaseRate]:
    rates = {one.base for one in outcomes if one.base}
    return sorted(rates, key=lambda rate: (rate.as_of, rate.predicts))


# --- as a table for export -------------------------------------------------------------------------------------


def outcome_rows(published: Published) -> list[tuple[Any, ...]]:
    """Every claim with its outcome, in the order of the columns of `warehouse/export/claims_table.sql`."""
    record = record_of(published, published.entries(), [one.slug for one in published.themes()])
    return [
        (number, *_outcome_row(one)) for number, one in enumerate(claim_outcomes(published.claims(), record), start=1)
    ]


def _outcome_row(one: ClaimOutcome) -> tuple[Any, ...]:
    claim, then, now = one.claim, one.year_then, one.year_now
    return (
        claim.direction, claim.document, claim.author, claim.date, claim.stance.value, claim.inferred,
        claim.paraphrase, claim.paraphrase_zh or None, claim.locator, [copy.document for copy in one.copies],
        one.as_of, one.predicts.value,
        one.then.stage.value if one.then else None, one.now.stage.value if one.now else None,
        then.share if isinstance(then, Year) else None, now.share if isinstance(now, Year) else None,
        one.horizon, *_change_cells(one.at_horizon)[1:], *_change_cells(one.since),
        one.outcome.value, gap_text(one.gap, Lang.EN) if one.gap else None, one.base.part if one.base else None,
    )  # fmt: skip


def _change_cells(change: Change | Gap | None) -> tuple[Any, ...]:
    """Last month, ratio and its bounds; a bound without limit is unknown."""
    if not isinstance(change, Change):
        return (None, None, None, None)
    return (change.later.last, _finite(change.ratio), _finite(change.low), _finite(change.high))


# --- as JSON ----------------------------------------------------------------------------------------------------


def _answer_json(
    published: Published, record: Record, outcomes: Sequence[ClaimOutcome], listed: Sequence[ClaimOutcome]
) -> dict[str, Any]:
    return {
        **about_json(published),
        "record_end": record.end,
        "claims_total": len(outcomes),
        "copies": sum(len(one.copies) for one in outcomes),
        "outcomes": {outcome.value: sum(one.outcome is outcome for one in outcomes) for outcome in Outcome},
        "claims": [outcome_json(one) for one in listed],
        "authors": [_tally_json(one) for one in by_author(outcomes)],
        "documents": [_tally_json(one) for one in by_document(outcomes)],
        "base_rates": [
            {
                "predicts": rate.predicts.value,
                "as_of": rate.as_of,
                "borne_out": rate.borne_out,
                "judged": rate.judged,
                "part": rate.part,
            }
            for rate in _rates(outcomes)
        ],
    }


def outcome_json(one: ClaimOutcome) -> dict[str, Any]:
    """A claim and what came of it; a bound without limit is null."""
    return {
        "subject": one.claim.direction,
        **claim_json(one.claim),
        "copies": [{"document": copy.document, "locator": copy.locator} for copy in one.copies],
        "as_of": one.as_of,
        "predicts": one.predicts.value,
        "horizon": one.horizon,
        "stage_then": one.then.stage.value if one.then else None,
        "p_up_then": one.then.growth.p_up if one.then and one.then.growth else None,
        "stage_now": one.now.stage.value if one.now else None,
        "then": _year_json(one.year_then),
        "now": _year_json(one.year_now),
        "after_24_months": _change_json(one.at_horizon),
        "since": _change_json(one.since),
        "outcome": one.outcome.value,
        "why_not_measurable": _gap_json(one.gap),
        "base": one.base.part if one.base else None,
        "conferences": [opinion_json(opinion) for opinion in one.conferences],
    }


def _year_json(year: Year | Gap) -> dict[str, Any] | None:
    if isinstance(year, Gap):
        return None
    return {"last_month": year.last, "months": year.months, "papers": year.papers, "share": year.share}


def _change_json(change: Change | Gap | None) -> dict[str, Any] | None:
    """Growth as a part a year, so that 0.35 is 35% more after a year."""
    if change is None:
        return None
    if isinstance(change, Gap):
        return {"why_not_measurable": _gap_json(change)}
    growth, growth_low, growth_high = (None if rate is None else yearly(rate) for rate in change.growth)
    return {
        "last_month": change.later.last,
        "papers": change.later.papers,
        "share": change.later.share,
        "ratio": _finite(change.ratio),
        "low": _finite(change.low),
        "high": _finite(change.high),
        "growth": growth,
        "growth_low": growth_low,
        "growth_high": growth_high,
        "dispersion": change.dispersion,
    }


def _gap_json(gap: Gap | None) -> dict[str, Any] | None:
    if gap is None:
        return None
    return {
        "code": gap.lack.value,
        "first_month": gap.first,
        "last_month": gap.last,
        "months": gap.months or None,
        "reason": gap.reason or None,
        "papers": gap.papers,
        "stage": gap.stage.value if gap.stage else None,
        "text": gap_text(gap, Lang.EN),
    }


def _tally_json(one: Tally) -> dict[str, Any]:
    return {
        "name": one.name,
        "claims": one.claims,
        "copies": one.copies,
        "outcomes": {outcome.value: count for outcome, count in one.counts.items()},
        "judged": one.judged,
        "borne_out": one.borne_out,
        "low": one.low,
        "high": one.high,
        "base": one.base,
    }


def _finite(ratio: float) -> float | None:
    return None if isinf(ratio) else ratio
