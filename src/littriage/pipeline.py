"""The whole chain in plain Python: papers in, published tables out.

    harvest | import -> match -> embed -> decide -> screen -> cluster -> name
      -> weigh -> judge -> gauge -> survey -> look ahead -> score -> consult -> word -> publish

Every stage takes a Run and whatever edge it needs, asks the warehouse what is missing, does only that, commits as it
goes, and returns what it did as counts. Called twice it does nothing the second time; killed, it goes on where it was.
"""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from functools import partial
from pathlib import Path
from typing import Any

from littriage import __version__, assistance, channels, gauging, outlooks, resources
from littriage.asking import Assistant
from littriage.clustering import cluster
from littriage.clusters.grouping import CLUSTER_RULE
from littriage.completeness import merged, unmended
from littriage.crowding import SIGN_RULE
from littriage.directions import LEXICAL_RULE, Matcher
from littriage.embedding import encode_shard, on_accelerator
from littriage.errors import EmptyWarehouse
from littriage.fields import weighed
from littriage.learning import LEARNING_RULE
from littriage.membership import (
    MEMBERSHIP_RULE,
    Prototypes,
    has_rule,
    judged,
    prototype_texts,
    prototypes_of,
    rule_for,
)
from littriage.model import Stage
from littriage.outlook.model import shipped
from littriage.ports import Embedder, Workers
from littriage.run import Counts, Run, Step, measured, progress, straight
from littriage.survey import SURVEY_RULE, survey
from littriage.trends import last_settled_month, month_after, month_span, usable
from littriage.venues import VENUE_RULE
from littriage.verdicts import RULE as VERDICT_RULE
from littriage.verdicts import CategoryYear, judge, with_sources
from littriage.warehouse import answers, derived, imports, ledger, memberships, papers, vectors, venues
from littriage.warehouse.publishing import publish as publish_file
from littriage.workers import LOCAL

MATCH_BATCH = 20_000
EMBED_BATCH = {"fast": 8_192, "transformer": 256, "gpu": 16_384}
"""Papers of a shard, by tier; a transformer on a GPU takes more."""


def take_in(run: Run, path: Path) -> Counts:
    """Import one file of papers; the counts add up to its rows. The copy of the field may rest on it from now on."""
    sets = channels.needed_sets(run.catalogue.directions)
    with progress(run, f"import {path.name}", path.stat().st_size if path.is_file() else 0) as advance:
        report = imports.import_file(run.warehouse, path, today=run.today, now=run.now(), progress=advance)
    channels.note_base(run, sets, report.source, report.newest_change, report.stored + report.unchanged)
    drops = {f"dropped: {drop.reason}": drop.rows for drop in report.drops}
    return {"rows": report.rows, "stored": report.stored, "unchanged": report.unchanged, **drops}


def bring_up_to_date(
    run: Run,
    tiers: Tiers,
    source: str,
    step: Step = straight,
    only: Sequence[str] | None = None,
    assistant: Assistant | None = None,
) -> None:
    """Everything after the harvest, stage by stage, each committed.

    `source` names the source whose counts go with its harvests; `only` names the stages to do, if not all. Without an
    assistant, `screen`, `name` and `word` do what can be done without a language model.
    """
    works: list[tuple[str, str, Callable[[], Counts]]] = [("match", "match", partial(match, run))]
    if tiers.fast:
        works.append(("embed", "embed, fast tier", partial(embed, run, tiers.fast)))
    works += [
        ("embed", "embed, transformer", partial(embed_closely, run, tiers)),
        ("decide", "decide", partial(decide, run, tiers)),
        ("screen", "screen", partial(assistance.screen, run, assistant, tiers.models())),
        ("cluster", "cluster", partial(cluster, run, tiers.models())),
        ("name", "name", partial(assistance.name_subtopics, run, assistant)),
        ("weigh", "weigh", partial(weigh, run, source)),
        ("judge", "judge", partial(give_verdicts, run)),
        ("gauge", "gauge", partial(gauging.gauge, run, tiers.broad.model)),
        ("survey", "survey", partial(survey, run, tiers.broad.model, source)),
        ("look ahead", "look ahead", partial(outlooks.look_ahead, run)),
        ("score", "score", partial(outlooks.score_forecasts, run)),
        ("consult", "consult", partial(consult_venues, run)),
        ("word", "word", partial(assistance.word_briefs, run, assistant)),
        ("publish", "publish", partial(publish, run, tiers.stamps())),
    ]
    run.record("running")
    asked_for = run.as_of  # weigh() sets another
    derived.stamp(run.warehouse, "run", "")
    try:
        for stage, name, work in works:
            if only is None or stage in only:
                with measured(run, name) as counts:
                    counts.update(step(name, work))
    except BaseException:
        run.record("failed")
        raise
    run.record("complete")
    if only is None and not run.failures:
        derived.stamp(run.warehouse, "run", _state(run, asked_for))  # with the answers that came during the run


def refuse_empty(run: Run) -> None:
    """Raises EmptyWarehouse where there is not a single paper to work on."""
    (held, _, _) = run.warehouse.one("read/paper_counts", matched_with="")
    if held == 0:
        because = f" (the harvest failed: {run.failures[0][2]})" if run.failures else ""
        raise EmptyWarehouse(
            f'{run.warehouse.path} holds no papers{because}: run "littriage import FILE..." or "littriage harvest"'
        )


def nothing_new(run: Run) -> bool:
    """Whether a new run could give no other answers than the published ones; then it is recorded as complete.

    They stand where nothing failed then or now, and all that they rest on is as it was: papers, coverage and counts,
    the months that are settled, the catalogue, the rules, the settings, and what readers have said. Questions that the
    last run left to a language model are something to do, if there is one.
    """
    if run.settings.get("llm_model") and any(answers.open_subjects(run.warehouse, one) for one in assistance.TASKS):
        return False
    if run.failures or not (run.warehouse.folder / resources.PUBLISHED).exists():
        return False
    if derived.stamped(run.warehouse, "run") != _state(run, run.as_of):
        return False
    (run.as_of,) = run.warehouse.one("read/last_complete_run")
    run.record("complete")
    return True


def _state(run: Run, as_of: date | None) -> str:
    """A stamp of all that answers rest on; `as_of` is the day that was asked for, if any.

    A month is settled or it is not: days within it make no difference.
    """
    listings = [
        (one.set_spec, one.base, one.base_to, one.current_to and last_settled_month(one.current_to))
        for one in ledger.listings(run.warehouse).values()
    ]
    windows = []
    for slug, (_, query) in sorted(run.queries.items()):
        source = channels.SOURCES[channels.API]
        asked = papers.asked_windows(run.warehouse, source, slug, query)
        settled = merged([days for one in asked if (days := one.settled)])
        failed = unmended(papers.failed_windows(run.warehouse, source, slug, query), asked)
        # The first month that is not whole.
        windows.append((slug, [(one.start, month_after(one.end + timedelta(days=1), 0)) for one in settled], failed))
    return derived.stamp_of(
        [
            __version__,
            [LEXICAL_RULE, MEMBERSHIP_RULE, LEARNING_RULE, CLUSTER_RULE, VERDICT_RULE, SIGN_RULE, VENUE_RULE],
            [shipped().name, resources.PUBLISHED_SCHEMA, SURVEY_RULE],
            run.warehouse.one("read/state"),
            run.warehouse.one("read/readers_state"),
            run.warehouse.one("read/venue_stamp"),
            listings,
            windows,
            repr(run.catalogue),
            [
                run.settings.get(name)
                for name in ("model", "device", "precision", "vectors", "read_limit", "llm_model", "llm_languages")
            ],
            run.count_related,
            [run.notice, run.seed],
            as_of or last_settled_month(run.today),
        ]
    )


# --- membership -------------------------------------------------------------------------------------------------


def match(run: Run) -> Counts:
    """Match every paper that is new or changed, or all where the rule or a query has changed."""
    refuse_empty(run)
    queries = sorted((slug, query) for slug, (_, query) in run.queries.items())
    stamp = f"{LEXICAL_RULE}/{derived.stamp_of(queries)}"
    (held, countable, pending) = run.warehouse.one("read/paper_counts", matched_with=stamp)
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
    several = tiers.devices if run.workers.name == LOCAL else None
    return embed(run, tiers.transformer, affordable, several)


def embed(
    run: Run, embedder: Embedder, directions: Sequence[str] | None = None, workers: Workers | None = None
) -> Counts:
    """Give every countable paper, or every paper that these directions' queries match, a vector of `embedder`.

    By the run's workers, or by these. Vectors are stored shard by shard, while the next shards are worked on; a shard
    is as much as a killed run may have to do again.
    """
    kind = str(run.settings.get("vectors", ""))
    lost = vectors.healed(run.warehouse, embedder.model)
    ids = derived.papers_to_embed(run.warehouse, embedder.model, directions)
    under_way: deque[list[derived.Text]] = deque()

    def shards() -> Iterator[list[str]]:
        size = EMBED_BATCH["gpu" if on_accelerator(embedder) else embedder.tier]
        for texts in derived.texts_to_embed(run.warehouse, ids, size):
            under_way.append(texts)
            yield [one.text for one in texts]

    tokens: int | None = 0
    start = time.perf_counter()
    with progress(run, f"embed, {embedder.tier}", len(ids)) as advance:
        for found in (workers or run.workers).map(partial(encode_shard, embedder), shards()):
            texts = under_way.popleft()
            vectors.store(run.warehouse, texts, found.rows, embedder.model, kind)
            tokens = None if tokens is None or found.tokens is None else tokens + found.tokens
            advance(len(texts))
    seconds = time.perf_counter() - start
    vectors.tidied(run.warehouse, embedder.model, kind)
    counts: Counts = {"model": embedder.model, "tier": embedder.tier, "papers": len(ids)}
    counts["papers a second"] = round(len(ids) / seconds)
    if tokens:
        counts["tokens a second"] = round(tokens / seconds)
    if lost:
        counts["lost vectors"] = lost
    return counts


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
    devices: Workers | None = None
    """Who does the transformer's shards where it has several devices of this machine; None: the run's workers."""

    @property
    def broad(self) -> Embedder:
        """The one that reads every paper."""
        return self.fast or self.transformer

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
    """Judge the hits of which anything has changed, each by the tier that reads its direction.

    What has changed is the paper's text, its hit, the tier, or what the tier judges all by: the rule and the catalogue.
    """
    hits: dict[str, int] = dict(run.warehouse.rows("read/hit_counts"))
    close = tiers.close(hits)
    by_tier = [(tiers.transformer, close)]
    if tiers.fast:
        by_tier.append((tiers.fast, sorted(hits.keys() - set(close))))
    instruments = {embedder.model: _instrument(run, embedder, slugs) for embedder, slugs in by_tier if slugs}
    embedders = {embedder.model: embedder for embedder, _ in by_tier}
    counts: Counts = {"hits": sum(hits.values()), "read closely": len(close), "read fast": len(hits) - len(close)}
    with memberships.undecided(run.warehouse, instruments.values()) as found:
        if not found:
            return {**counts, "decided": 0, "members": "unchanged"}
        known = {model: _prototypes(run, embedders[model], instruments[model].stamp) for model in found.hits}
        with progress(run, "decide", sum(found.hits.values())) as advance, memberships.deciding(run.warehouse):
            for model, count in found.hits.items():
                work = partial(judged, known[model], instruments[model].rule)
                first = 0
                for some in run.workers.map(work, memberships.shards(run.warehouse, model, known[model], count)):
                    memberships.store_judged(run.warehouse, instruments[model], first, some)
                    first += len(some.core)
                    advance(len(some.core))
    (members,) = run.warehouse.one("read/member_count")
    return {**counts, "decided": sum(found.hits.values()), "dropped": found.dropped, "members": members}


def _instrument(run: Run, embedder: Embedder, slugs: Sequence[str]) -> memberships.Instrument:
    rule = rule_for(embedder.model)
    directions = run.catalogue.directions
    exemplars = [(one.slug, [exemplar.arxiv_id for exemplar in one.exemplars]) for one in directions]
    stamp = derived.stamp_of([MEMBERSHIP_RULE, repr(rule), embedder.model, prototype_texts(directions), exemplars])
    rows = {one.slug: row for row, one in enumerate(directions)}
    return memberships.Instrument(embedder.model, rule, stamp, {slug: rows[slug] for slug in slugs})


def _prototypes(run: Run, embedder: Embedder, stamp: str) -> Prototypes:
    """Made once for a catalogue and a model, and kept: a run with little news must not read the whole catalogue."""
    rows = memberships.prototype_vectors(run.warehouse, embedder.model, stamp)
    if rows is None:
        rows = embedder.encode(prototype_texts(run.catalogue.directions))
        memberships.store_prototype_vectors(run.warehouse, embedder.model, stamp, rows)
    return prototypes_of(run.catalogue.directions, embedder.model, rows)


# --- trends and verdicts ----------------------------------------------------------------------------------------


def weigh(run: Run, source: str) -> Counts:
    """Monthly shares of every direction, with what each month is worth."""
    found = weighed(run, source)
    run.as_of, run.points, run.fields, run.usable = found.as_of, found.points, found.fields, found.usable
    for slug, reason in found.failed:
        run.fail("harvest", slug, reason)
    derived.store_trends(run.warehouse, found.points)
    derived.store_field_months(run.warehouse, found.field_months)
    within = sum(found.fields[slug] != categories for slug, (categories, _) in run.queries.items())
    return {
        "points": sum(len(each) for each in found.points.values()),
        "comparable": sum(point.status.comparable for each in found.points.values() for point in each),
        "months": len(found.months),
        "as of": found.as_of.isoformat(),
        "within one category": within,
    }


def give_verdicts(run: Run) -> Counts:
    """A verdict for every direction, as of the run's date."""
    assert run.as_of is not None, "weigh() sets it"
    run.verdicts = verdicts = with_sources(judge(run.points, run.as_of, with_flips=True), *_category_years(run))
    rules: dict[str, str] = dict(run.warehouse.rows("read/membership_rules"))
    derived.store_verdicts(run.warehouse, verdicts, rules)
    stages = [verdict.stage.value for verdict in verdicts]
    return {"verdicts": len(verdicts), **{stage: stages.count(stage) for stage in sorted(set(stages))}}


def _category_years(run: Run) -> tuple[Mapping[str, Sequence[CategoryYear]], Mapping[str, tuple[float, float]]]:
    """Papers by category in the last two years, and sizes of the fields, of directions with every month usable."""
    assert run.as_of is not None, "weigh() sets it"
    last = last_settled_month(run.as_of)
    years = [month_span(month_after(last, -23), month_after(last, -12)), month_span(month_after(last, -11), last)]
    fields: dict[str, tuple[float, float]] = {}
    for slug, points in run.points.items():
        sizes = {point.month: float(point.exposure) for point in points if usable(point)}
        if all(month in sizes for year in years for month in year):
            before, now = (sum(sizes[month] for month in year) for year in years)
            fields[slug] = (before, now)
    return derived.category_years(run.warehouse, {slug: run.fields[slug] for slug in fields}, last), fields


def consult_venues(run: Run) -> Counts:
    """The opinion of the conferences on every direction, as of the run's date."""
    assert run.as_of is not None, "weigh() sets it"
    return dict(venues.consult(run.warehouse, run.catalogue.directions, run.as_of))


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
