"""The whole chain in plain Python: papers in, published tables out.

    harvest | import -> match -> embed -> decide -> cluster -> weigh -> judge -> publish

Every stage takes a Run and whatever edge it needs, asks the warehouse what is missing, does only that, commits as it
goes, and returns what it did as counts. Called twice it does nothing the second time; killed, it goes on where it was.
"""

from __future__ import annotations

import hashlib
import json
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from functools import partial
from itertools import chain
from pathlib import Path
from typing import Any, Protocol

from littriage.cluster import CLUSTER_RULE, cluster_direction, term_statistics
from littriage.completeness import IMPORT, Asked, field_for, imported_field, pending_windows, unmended
from littriage.directions import LEXICAL_RULE, Matcher, category_set, query_fingerprint
from littriage.errors import EmptyWarehouse, SourceUnavailable
from littriage.harvest import ExposureSource, exposure_months, harvest_direction
from littriage.membership import MEMBERSHIP_RULE, has_rule, memberships, prototypes, rule_for
from littriage.model import Direction, Exposure, LexicalHit, Membership, MonthStatus, Stage, TrendPoint, Window
from littriage.ports import Embedder, PaperSource
from littriage.run import Counts, Run, Step, add_up, added, measured, progress, straight
from littriage.trends import (
    REPORTING_DELAY_DAYS,
    field_status,
    last_settled_month,
    measurable,
    month_after,
    month_span,
    trend_points,
)
from littriage.verdicts import judge
from littriage.warehouse import derived, imports, papers
from littriage.warehouse.publishing import publish as publish_file

MATCH_BATCH = 20_000
EMBED_BATCH = {"fast": 8_192, "transformer": 256}
BACKGROUND_PAPERS = 4_000
"""Papers that tell which terms are common everywhere; more would tell the same."""


class HarvestSource(PaperSource, ExposureSource, Protocol):
    """A source of papers that also counts whole fields."""

    name: str

    @property
    def requests(self) -> int:
        """Requests sent so far."""
        ...


# --- harvest ----------------------------------------------------------------------------------------------------


@dataclass
class Breaker:
    """Stops asking a source that has been unavailable several times in a row."""

    limit: int = 3
    in_a_row: int = 0

    def is_open(self) -> bool:
        """Whether to stop asking."""
        return self.in_a_row >= self.limit

    def record(self, available: bool) -> None:
        self.in_a_row = 0 if available else self.in_a_row + 1


def take_in(run: Run, path: Path) -> Counts:
    """Import one file of papers; the counts add up to its rows."""
    report = imports.import_file(run.warehouse, path, today=run.today, now=run.now())
    drops = {f"dropped: {drop.reason}": drop.rows for drop in report.drops}
    return {"rows": report.rows, "stored": report.stored, "unchanged": report.unchanged, **drops}


def harvest_all(
    run: Run, source: HarvestSource, first: date, step: Step = straight, only: Sequence[str] | None = None
) -> None:
    """Harvest every direction, or `only` some, and count the fields that they are part of.

    A direction that fails is recorded and does not stop the others; a source that is down is not asked 145 times.
    """
    chosen = [one for one in run.catalogue.directions if only is None or one.slug in only]
    breaker = Breaker()
    with measured(run, "harvest") as counts, progress(run, "harvest, directions", len(chosen)) as advance:
        for direction in chosen:
            add_up(counts, step(f"harvest {direction.slug}", partial(harvest, run, source, direction, first, breaker)))
            advance(1)
    fields = sorted({category_set(direction.query) for direction in chosen})
    with measured(run, "exposure") as counts, progress(run, "exposure, fields", len(fields)) as advance:
        for field_ in fields:
            add_up(counts, step(f"count {field_}", partial(expose, run, source, field_, first, breaker)))
            advance(1)
        counts["requests"] = source.requests


def bring_up_to_date(
    run: Run, tiers: Tiers, source: str, step: Step = straight, only: Sequence[str] | None = None
) -> None:
    """Everything after the harvest: match, embed, decide, cluster, weigh, judge, publish. Each stage is committed.

    `source` names the source whose counts go with its harvests; `only` names the stages to do, if not all.
    """
    works: list[tuple[str, str, Callable[[], Counts]]] = [("match", "match", partial(match, run))]
    if tiers.fast:
        works.append(("embed", "embed, fast tier", partial(embed, run, tiers.fast)))
    works += [
        ("embed", "embed, transformer", partial(embed_closely, run, tiers)),
        ("decide", "decide", partial(decide, run, tiers)),
        ("cluster", "cluster", partial(cluster, run, tiers.models())),
        ("weigh", "weigh", partial(weigh, run, source)),
        ("judge", "judge", partial(give_verdicts, run)),
        ("publish", "publish", partial(publish, run, tiers.stamps())),
    ]
    run.record("running")
    try:
        for stage, name, work in works:
            if only is None or stage in only:
                with measured(run, name) as counts:
                    counts.update(step(name, work))
    except BaseException:
        run.record("failed")
        raise
    run.record("complete")


def harvest(run: Run, source: HarvestSource, direction: Direction, first: date, breaker: Breaker) -> Counts:
    """Ask the source for the direction's papers of all days since `first` that are not settled yet."""
    counts: Counts = {"windows": 0, "received": 0, "stored": 0, "dropped": 0, "failed": 0}
    if breaker.is_open():
        reason = f"not asked: {source.name} was unavailable for {breaker.in_a_row} directions in a row"
        run.fail("harvest", direction.slug, reason)
        return {**counts, "failed": 1}
    query = query_fingerprint(direction.query)
    pending = pending_windows(first, run.today, _asked(run, source.name, direction.slug, query))
    harvests = (harvest_direction(source, direction.slug, direction.query, window) for window in pending)
    windows = Breaker()
    answered = False
    for harvested in chain.from_iterable(harvests):
        note = harvested.note
        stored = papers.store_harvested(run.warehouse, note, harvested.papers, query=query, now=run.now())
        counts = added(
            counts,
            windows=1,
            received=note.received,
            stored=stored,
            dropped=sum(drop.rows for drop in note.dropped),
            failed=int(note.failure is not None),
        )
        if note.failure:
            run.fail("harvest", direction.slug, f"{note.window.start} to {note.window.end}: {note.failure}")
        available = not (note.failure or "").startswith(SourceUnavailable.__name__)
        answered = answered or available
        windows.record(available)
        if windows.is_open():
            break
    if pending:
        breaker.record(answered)
    return counts


def expose(run: Run, source: HarvestSource, categories: str, first: date, breaker: Breaker) -> Counts:
    """Ask the source for the size of a field, for the months since `first` that are not settled yet."""
    counts: Counts = {"months": 0, "failed": 0}
    if breaker.is_open():
        run.fail("exposure", categories, f"not asked: {source.name} was unavailable several times in a row")
        return {**counts, "failed": 1}
    known = {one.month for one in papers.exposures(run.warehouse, categories, source.name) if one.status.comparable}
    months = [month for month in month_span(first.replace(day=1), run.today.replace(day=1)) if month not in known]
    delay = timedelta(days=REPORTING_DELAY_DAYS)
    answers = exposure_months(source, categories.split(), months, today=run.today, reporting_delay=delay)
    for exposure in answers:
        papers.store_exposures(run.warehouse, [exposure])
        missing = exposure.status is MonthStatus.MISSING
        counts = added(counts, months=1, failed=int(missing))
        breaker.record(available=not (missing and exposure.reason.startswith(SourceUnavailable.__name__)))
        if missing:
            run.fail("exposure", categories, f"{exposure.month:%Y-%m}: {exposure.reason}")
        if breaker.is_open():
            break
    return counts


def _failure_text(window: Window, reason: str) -> str:
    return f"{window.start} to {window.end}: {reason}"


def _asked(run: Run, source: str, slug: str, query: str) -> list[Asked]:
    return [Asked(window, at.date()) for window, at in papers.done_windows(run.warehouse, source, slug, query)]


# --- membership -------------------------------------------------------------------------------------------------


def match(run: Run) -> Counts:
    """Match every paper that is new or changed, or all where the rule or a query has changed."""
    queries = sorted((slug, query) for slug, (_, query) in run.queries.items())
    stamp = f"{LEXICAL_RULE}/{_digest(queries)}"
    (held, countable, pending) = run.warehouse.one("read/paper_counts", matched_with=stamp)
    if held == 0:
        because = f" (the harvest failed: {run.failures[0][2]})" if run.failures else ""
        raise EmptyWarehouse(
            f'{run.warehouse.path} holds no papers{because}: run "littriage import FILE..." or "littriage harvest"'
        )
    derived.forget_hits_except(run.warehouse, [one.slug for one in run.catalogue.directions])
    matcher = Matcher(run.catalogue.directions)
    hits = 0
    with progress(run, "match", pending) as advance:
        for texts in derived.texts_to_match(run.warehouse, stamp, MATCH_BATCH):
            found = {text.id: matcher.hits(text.title, text.abstract, text.categories) for text in texts}
            hits += derived.store_hits(run.warehouse, found, stamp)
            advance(len(texts))
    return {"papers": held, "countable": countable, "matched": pending, "new hits": hits}


def embed_closely(run: Run, tiers: Tiers) -> Counts:
    """Let the transformer read every paper, or those of the directions that it can afford."""
    affordable = tiers.affordable(dict(run.warehouse.rows("read/hit_counts"))) if tiers.fast else None
    return embed(run, tiers.transformer, affordable)


def embed(run: Run, embedder: Embedder, directions: Sequence[str] | None = None) -> Counts:
    """Give every countable paper, or every paper that these directions' queries match, a vector of `embedder`."""
    texts = derived.texts_to_embed(run.warehouse, embedder.model, directions)
    size = EMBED_BATCH[embedder.tier]
    start = time.perf_counter()
    with progress(run, f"embed, {embedder.tier}", len(texts)) as advance:
        for first in range(0, len(texts), size):
            batch = texts[first : first + size]
            vectors = embedder.encode([text.text for text in batch])
            derived.store_vectors(run.warehouse, batch, vectors, embedder.model)
            advance(len(batch))
    rate = len(texts) / (time.perf_counter() - start) if texts else 0.0
    return {"model": embedder.model, "tier": embedder.tier, "papers": len(texts), "papers a second": round(rate)}


@dataclass(frozen=True, slots=True)
class Tiers:
    """Who reads what: the transformer where it can afford to, the fast tier everything else.

    A direction is judged by one tier throughout: a series whose recent months were read by another instrument would
    show a trend of its own.
    """

    fast: Embedder | None
    """None where the transformer reads everything, on a GPU."""
    transformer: Embedder
    read_limit: int | None = None
    """The transformer reads the papers of directions with at most this many hits; None: every paper."""

    def models(self) -> dict[str, str]:
        """Rule -> model whose vectors it uses."""
        embedders = [self.transformer] if has_rule(self.transformer.model) else []
        return {rule_for(one.model).name: one.model for one in [*embedders, *([self.fast] if self.fast else [])]}

    def stamps(self) -> dict[str, str]:
        """Who read, for the published file."""
        fast = {"fast_model": self.fast.model} if self.fast else {}
        limit = "" if self.read_limit is None else str(self.read_limit)
        return {"transformer_model": self.transformer.model, "read_limit": limit, **fast}

    def affordable(self, hits: Mapping[str, int]) -> list[str]:
        """The directions that the transformer reads."""
        return [slug for slug, count in hits.items() if self.read_limit is None or count <= self.read_limit]

    def close(self, hits: Mapping[str, int]) -> list[str]:
        """The directions that the transformer judges: those that it reads, if a rule was fitted for its model."""
        return self.affordable(hits) if has_rule(self.transformer.model) else []


def decide(run: Run, tiers: Tiers) -> Counts:
    """Judge every hit of every direction, by the tier that reads the direction."""
    hits: dict[str, int] = dict(run.warehouse.rows("read/hit_counts"))
    close = tiers.close(hits)
    by_tier = [(tiers.transformer, close)]
    if tiers.fast:
        by_tier.append((tiers.fast, [slug for slug in hits if slug not in set(close)]))
    content = run.warehouse.one("read/hit_stamp")
    catalogue = [(one.slug, one.name, one.scope, one.exemplars, one.query) for one in run.catalogue.directions]
    stamp = _digest([content, catalogue, [(embedder.model, slugs) for embedder, slugs in by_tier], MEMBERSHIP_RULE])
    counts: Counts = {"hits": int(content[1]), "read closely": len(close), "read fast": len(hits) - len(close)}
    if derived.stamped(run.warehouse, "decide") == stamp:
        return {**counts, "members": "unchanged"}
    decided: list[Membership] = []
    for embedder, slugs in by_tier:
        if slugs:
            decided += _memberships(run, embedder, slugs)
    members = derived.store_memberships(run.warehouse, decided, stamp)
    return {**counts, "members": members}


def _memberships(run: Run, embedder: Embedder, slugs: Sequence[str]) -> tuple[Membership, ...]:
    columns = run.warehouse.columns("read/hit_vectors", model=embedder.model, directions=list(slugs))
    found: dict[str, list[LexicalHit]] = {paper: [] for paper in columns["paper_id"]}
    for paper, direction, in_title, title_groups, phrases in run.warehouse.rows("read/hits", directions=list(slugs)):
        found[paper].append(LexicalHit(direction, in_title, title_groups, phrases))
    return memberships(
        prototypes(run.catalogue.directions, embedder), list(found), derived.vectors_of(columns), list(found.values())
    )


def cluster(run: Run, models: Mapping[str, str]) -> Counts:
    """Sub-topics of every direction whose members or vectors have changed.

    `models` names for each rule the model whose vectors it used.
    """
    stamps = run.warehouse.rows("read/member_stamps")
    derived.forget_clusters_except(run.warehouse, [direction for direction, *_ in stamps])
    background = None
    made = 0
    with progress(run, "cluster", len(stamps)) as advance:
        for direction, content, _, rule in stamps:
            model = models[rule]
            stamp = _digest([content, model, run.seed, CLUSTER_RULE])
            if derived.stamped(run.warehouse, "cluster", direction) != stamp:
                columns = run.warehouse.columns("read/member_vectors", direction=direction, model=model)
                texts = [
                    derived.Text(*row) for row in zip(columns["id"], columns["title"], columns["abstract"], strict=True)
                ]
                if background is None:
                    texts_of_all = run.warehouse.rows("read/member_texts", limit=BACKGROUND_PAPERS)
                    background = term_statistics(derived.Text(*row) for row in texts_of_all)
                found = cluster_direction(
                    direction, texts, derived.vectors_of(columns), seed=run.seed, background=background
                )
                derived.store_clusters(run.warehouse, direction, found, model, stamp)
                made += len(found)
            advance(1)
    return {"directions": len(stamps), "new clusters": made}


# --- trends and verdicts ----------------------------------------------------------------------------------------


def weigh(run: Run, source: str) -> Counts:
    """Monthly shares of every direction, with what each month is worth.

    A direction whose categories together lack too many months is measured within one category that at least half of its
    papers are in, if that one is complete.
    """
    fields = Fields(run, source)
    whole = {slug: fields.of(categories) for slug, (categories, _) in run.queries.items()}
    months = sorted({month for one in whole.values() for month in (*one.counted, *one.imported)})
    if not months:
        raise EmptyWarehouse(
            f"{run.warehouse.path} knows the size of no field: import a file of papers, or harvest with counts"
        )
    run.as_of = as_of = run.as_of or _end_of_record(whole.values(), run.today)
    span = month_span(months[0], min(month_after(as_of.replace(day=1), -1), max(months[-1], last_settled_month(as_of))))
    main = derived.main_categories(run.warehouse, as_of)
    points: dict[str, tuple[TrendPoint, ...]] = {}
    measured_in: dict[str, str] = {}
    for slug, (categories, query) in run.queries.items():
        asked = _asked(run, source, slug, query)
        failed = unmended(papers.failed_windows(run.warehouse, source, slug, query), asked)
        for window, reason in failed:
            run.fail("harvest", slug, _failure_text(window, reason))
        harvested = Windows(asked, failed)
        points[slug], measured_in[slug] = fields.series(slug, categories, None, span, harvested, as_of), categories
        if measurable(points[slug], as_of):
            continue
        for category in main.get(slug, []):
            if category in categories.split():
                found = fields.series(slug, category, category, span, harvested, as_of)
                if measurable(found, as_of):
                    points[slug], measured_in[slug] = found, category
                    break
    run.points, run.fields = points, measured_in
    derived.store_trends(run.warehouse, points)
    comparable = sum(point.status.comparable for each in points.values() for point in each)
    total = sum(len(each) for each in points.values())
    within = sum(measured_in[slug] != categories for slug, (categories, _) in run.queries.items())
    counts: Counts = {"points": total, "comparable": comparable, "months": len(span), "as of": as_of.isoformat()}
    return {**counts, "within one category": within}


@dataclass(frozen=True, slots=True)
class Windows:
    """What was asked for one direction: the windows that came whole, and those that failed, with the reason."""

    asked: Sequence[Asked]
    failed: Sequence[tuple[Window, str]]


@dataclass(frozen=True, slots=True)
class Field:
    """What is known of the size of one set of categories, by month."""

    counted: Mapping[date, Exposure]
    imported: Mapping[date, Exposure]
    with_abstract: Mapping[date, int]

    def end(self, today: date) -> date | None:
        """The last month that can be compared."""
        known = [*self.counted.values(), *self.imported.values()]
        checked = field_status(known, today, self.with_abstract)
        return max((one.month for one in checked if one.status.comparable and one.papers), default=None)


class Fields:
    """The fields of a warehouse, each read once."""

    def __init__(self, run: Run, source: str) -> None:
        self._warehouse = run.warehouse
        self._source = source
        self._letters = {(category, month): letter for category, month, letter in run.warehouse.rows("read/coverage")}
        self._fields: dict[str, Field] = {}
        self._members: dict[tuple[str | None, bool], dict[str, derived.Months]] = {}

    def of(self, categories: str) -> Field:
        """The field of these categories."""
        if categories not in self._fields:
            rows = self._warehouse.rows("marts/field_month", categories=categories.split())
            held = [(month, count, newest) for month, count, _, newest in rows]
            self._fields[categories] = Field(
                counted={one.month: one for one in papers.exposures(self._warehouse, categories, self._source)},
                imported={one.month: one for one in imported_field(categories, held, self._letters)},
                with_abstract={month: abstracts for month, _, abstracts, _ in rows},
            )
        return self._fields[categories]

    def series(
        self,
        slug: str,
        categories: str,
        within: str | None,
        months: Sequence[date],
        harvested: Windows,
        as_of: date,
    ) -> tuple[TrendPoint, ...]:
        """A direction beside the field of `categories`; of its papers `within` one category, or of all.

        Beside a field of imported files stand only the papers that the files hold.
        """
        found = self.of(categories)
        chosen = field_for(months, found.counted, found.imported, harvested.asked, harvested.failed)
        checked = field_status(tuple(chosen.values()), as_of, found.with_abstract)
        members = dict(self.members(within).get(slug, {}))
        if of_files := [one.month for one in checked if one.source == IMPORT]:
            held = self.members(within, in_field=True).get(slug, {})
            members.update({month: held.get(month, (0.0, 0)) for month in of_files})
        return trend_points(slug, months, members, {one.month: one for one in checked})

    def members(self, category: str | None, *, in_field: bool = False) -> dict[str, derived.Months]:
        """The months of every direction: of its papers in one category or of all, of imported ones or of all."""
        if (category, in_field) not in self._members:
            self._members[category, in_field] = derived.member_months(self._warehouse, category, in_field=in_field)
        return self._members[category, in_field]


def _end_of_record(fields: Iterable[Field], today: date) -> date:
    """Today; or, where the record ends months before today, the day on which its last month was settled."""
    ends = [end for one in fields if (end := one.end(today))]
    if not ends or max(ends) >= last_settled_month(today):
        return today
    return month_after(max(ends)) + timedelta(days=REPORTING_DELAY_DAYS)


def give_verdicts(run: Run) -> Counts:
    """A verdict for every direction, as of the run's date."""
    assert run.as_of is not None, "weigh() sets it"
    run.verdicts = verdicts = judge(run.points, run.as_of)
    rules: dict[str, str] = dict(run.warehouse.rows("read/membership_rules"))
    derived.store_verdicts(run.warehouse, verdicts, rules)
    stages = [verdict.stage.value for verdict in verdicts]
    return {"verdicts": len(verdicts), **{stage: stages.count(stage) for stage in sorted(set(stages))}}


# --- publishing -------------------------------------------------------------------------------------------------


def publish(run: Run, stamps: Mapping[str, str]) -> Counts:
    """Put the tables that readers see in place, with what they must know about them."""
    derived.store_catalogue(run.warehouse, run.catalogue, run.queries, run.fields)
    run.record("running")
    assert run.as_of is not None, "weigh() sets it"
    (last_month,) = run.warehouse.one("read/last_comparable_month")
    meta = {
        "run": run.id,
        "as_of": run.as_of.isoformat(),
        "published_at": run.now().isoformat(timespec="seconds") + "Z",
        "last_month": last_month.isoformat() if last_month else "",
        "notice": run.notice,
        "lexical_rule": LEXICAL_RULE,
        "seed": str(run.seed),
        **stamps,
    }
    path = publish_file(run.warehouse, meta, run.as_of)
    return {"file": str(path), "MiB": round(path.stat().st_size / 2**20)}


def result_table(run: Run) -> list[dict[str, Any]]:
    """One row per direction that rises, is hot or emerging, or is saturated: what a flow shows of its outcome."""
    shown = {Stage.RISING, Stage.HOT, Stage.EMERGING, Stage.SATURATED, Stage.PLATEAU, Stage.DECLINING}
    return [
        {"direction": one.direction, "stage": one.stage.value, "growth": one.growth and round(one.growth.mean, 3)}
        for one in run.verdicts
        if one.stage in shown
    ]


# --- helpers ----------------------------------------------------------------------------------------------------


def _digest(value: object) -> str:
    return hashlib.sha256(json.dumps(value, sort_keys=True, default=str).encode()).hexdigest()[:16]
