"""The whole chain in plain Python: papers in, published tables out.

    harvest | import -> match -> embed -> decide -> screen -> cluster -> name -> weigh -> judge -> word -> publish

Every stage takes a Run and whatever edge it needs, asks the warehouse what is missing, does only that, commits as it
goes, and returns what it did as counts. Called twice it does nothing the second time; killed, it goes on where it was.
"""

from __future__ import annotations

import hashlib
import json
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import date, timedelta
from functools import partial
from pathlib import Path
from typing import Any

from littriage import __version__, assistance, channels, resources
from littriage.asking import Assistant
from littriage.cluster import CLUSTER_RULE, cluster_direction, term_statistics
from littriage.completeness import (
    COPY,
    Arrivals,
    Asked,
    ExpectedGrowth,
    Listed,
    expected_growth,
    field_for,
    imported_field,
    late_papers,
    merged,
    unmended,
)
from littriage.directions import LEXICAL_RULE, Matcher
from littriage.errors import EmptyWarehouse, SettingsError
from littriage.harvest import month_window
from littriage.identity import category_names
from littriage.idgaps import audits
from littriage.learning import LEARNING_RULE
from littriage.membership import MEMBERSHIP_RULE, has_rule, memberships, prototypes, rule_for
from littriage.model import Exposure, FieldMonth, LexicalHit, Membership, MonthStatus, Stage, TrendPoint, Window
from littriage.ports import Embedder
from littriage.run import Counts, Run, Step, measured, progress, straight
from littriage.trends import (
    NO_PAPERS,
    REPORTING_DELAY_DAYS,
    field_status,
    last_settled_month,
    measurable,
    month_after,
    month_span,
    trend_points,
)
from littriage.verdicts import RULE as VERDICT_RULE
from littriage.verdicts import judge
from littriage.warehouse import answers, derived, imports, ledger, papers
from littriage.warehouse.publishing import publish as publish_file

MATCH_BATCH = 20_000
EMBED_BATCH = {"fast": 8_192, "transformer": 256}
BACKGROUND_PAPERS = 4_000
"""Papers that tell which terms are common everywhere; more would tell the same."""


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
    return _digest(
        [
            __version__,
            [LEXICAL_RULE, MEMBERSHIP_RULE, LEARNING_RULE, CLUSTER_RULE, VERDICT_RULE, resources.PUBLISHED_SCHEMA],
            run.warehouse.one("read/state"),
            run.warehouse.one("read/readers_state"),
            listings,
            windows,
            repr(run.catalogue),
            [run.settings.get(name) for name in ("model", "device", "read_limit", "llm_model", "llm_languages")],
            run.count_related,
            [run.notice, run.seed],
            as_of or last_settled_month(run.today),
        ]
    )


def _failure_text(window: Window, reason: str) -> str:
    return f"{window.start} to {window.end}: {reason}"


# --- membership -------------------------------------------------------------------------------------------------


def match(run: Run) -> Counts:
    """Match every paper that is new or changed, or all where the rule or a query has changed."""
    refuse_empty(run)
    queries = sorted((slug, query) for slug, (_, query) in run.queries.items())
    stamp = f"{LEXICAL_RULE}/{_digest(queries)}"
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
    for paper, *hit in run.warehouse.rows("read/hits", directions=list(slugs)):
        found[paper].append(LexicalHit(*hit))
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
        asked = papers.asked_windows(run.warehouse, source, slug, query)
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
    derived.store_field_months(
        run.warehouse, [one for field in sorted({*measured_in.values()}) for one in fields.months(field, as_of)]
    )
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
    late: Mapping[date, int | None]
    growth: Mapping[date, ExpectedGrowth]
    """Of the months of the copy that are open."""

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
        self._today = run.today
        self._related = run.count_related
        self._letters = {(category, month): letter for category, month, letter in run.warehouse.rows("read/coverage")}
        self._listings = ledger.listings(run.warehouse)
        self._updates = derived.copy_updates(run.warehouse)
        self._audits = {audit.month: audit for audit in audits(derived.id_sequences(run.warehouse))}
        self._sets = {categories for categories, _ in run.queries.values()}
        self._sets |= {category for categories in self._sets for category in categories.split()}
        self._copy: dict[str, list[derived.HeldMonth]] = {}
        self._fields: dict[str, Field] = {}
        self._members: dict[tuple[str | None, bool], dict[str, derived.Months]] = {}

    def of(self, categories: str) -> Field:
        """The field of these categories."""
        if categories not in self._fields:
            rows = self._held(categories)
            held = [(month, count, newest) for month, count, _, newest in rows]
            listed = {category: one for category in categories.split() or [""] if (one := self._listed(category))}
            copy = imported_field(categories, held, self._letters, listed, self._audits, self._today)
            arrivals = self._arrivals(categories, listed)
            growth = {
                one.month: expected
                for one in copy
                if arrivals and one.papers and one.status is MonthStatus.OPEN
                if (expected := expected_growth(one.month, arrivals))
            }
            self._fields[categories] = Field(
                counted={one.month: one for one in papers.exposures(self._warehouse, categories, self._source)},
                imported={one.month: _with_growth(one, growth.get(one.month)) for one in copy},
                with_abstract={month: abstracts for month, _, abstracts, _ in rows},
                late={one.month: late_papers(one.month, arrivals) for one in copy} if arrivals else {},
                growth=growth,
            )
        return self._fields[categories]

    def _held(self, categories: str) -> list[derived.HeldMonth]:
        """The months of the copy; for the sets of all directions at once, since a scan of the papers takes its time."""
        if categories not in self._copy:
            sets = {categories, *self._sets} - self._copy.keys()
            self._copy |= derived.held_months(self._warehouse, {one: _names(one) for one in sorted(sets)})
        return self._copy[categories]

    def _listed(self, category: str) -> Listed | None:
        """Where the listing of the set that a category lies in stands; None: nobody lists it."""
        if not self._listings:
            return None
        from littriage.sources.oai_pmh import set_of

        sets = {""}
        with suppress(SettingsError):  # a category that arXiv does not have lies in no set
            sets |= {set_of(category)} if category else set()
        known = [one for spec in sorted(sets) if (one := self._listings.get(spec))]
        if not known:
            return None
        one = max(known, key=lambda one: one.current_to or date.min)
        return Listed(one.set_spec, one.base_to, one.current_to, one.under_way, one.records)

    def _arrivals(self, categories: str, listed: Mapping[str, Listed]) -> Arrivals | None:
        """When the papers of a copy that is kept current were first seen; None where none is."""
        updates = [self._updates.get(one.set_spec, ()) for one in listed.values()]
        if len(listed) < len(categories.split() or [""]) or not all(updates):
            return None
        looks = min(updates, key=len)
        return derived.arrivals(self._warehouse, _names(categories), looks, month_after(looks[0].replace(day=1), -1))

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

        Beside a field of the copy stand only the papers that the copy holds.
        """
        found = self.of(categories)
        chosen = field_for(months, found.counted, found.imported, harvested.asked, harvested.failed)
        checked = field_status(tuple(chosen.values()), as_of, found.with_abstract)
        members = dict(self.members(within).get(slug, {}))
        if of_copy := [one.month for one in checked if one.source in COPY]:
            held = self.members(within, in_field=True).get(slug, {})
            members.update({month: held.get(month, NO_PAPERS) for month in of_copy})
        return trend_points(slug, months, members, {one.month: one for one in checked})

    def members(self, category: str | None, *, in_field: bool = False) -> dict[str, derived.Months]:
        """The months of every direction: of its papers in one category or of all, of the copy or of all."""
        if (category, in_field) not in self._members:
            self._members[category, in_field] = derived.member_months(
                self._warehouse, category, in_field=in_field, related=self._related
            )
        return self._members[category, in_field]

    def months(self, categories: str, as_of: date) -> list[FieldMonth]:
        """What each month of a field was worth on that day, oldest first; the month that had begun only if it is today.

        The source's count stands for months that no copy serves better, as for a direction that was harvested whole.
        """
        found = self.of(categories)
        last = as_of if as_of == self._today else as_of.replace(day=1) - timedelta(days=1)
        months = sorted(month for month in {*found.counted, *found.imported} if month <= last)
        whole = [Asked(month_window(month), self._today) for month in found.counted]
        chosen = field_for(months, found.counted, found.imported, whole, [])
        stored: dict[date, int] = {}
        if any(one.source not in COPY for one in chosen.values()):
            stored = derived.stored_months(self._warehouse, _names(categories))
        rows = []
        for one in field_status(tuple(chosen.values()), as_of, found.with_abstract):
            of_copy = one.source in COPY
            growth = found.growth.get(one.month) if of_copy else None
            count, audit = found.counted.get(one.month), self._audits.get(one.month)
            lost = audit.lost_share if audit and of_copy else 0.0
            rows.append(
                FieldMonth(
                    category_set=categories,
                    month=one.month,
                    held=one.papers if of_copy else stored.get(one.month, 0),
                    reported=count.papers if count and count.status is not MonthStatus.MISSING else None,
                    late=found.late.get(one.month) if of_copy else None,
                    growth=growth.ratio if growth else None,
                    growth_low=growth.low if growth else None,
                    growth_high=growth.high if growth else None,
                    lost=one.papers * lost / (1 - lost),
                    status=one.status,
                    reason=one.reason,
                    source=one.source,
                )
            )
        return rows


def _names(categories: str) -> list[str]:
    """The categories under each of their names: files of other days have them under the old one."""
    return [name for category in categories.split() for name in category_names(category)]


def _with_growth(exposure: Exposure, growth: ExpectedGrowth | None) -> Exposure:
    """An open month that says how much it will still grow."""
    return replace(exposure, reason=f"{exposure.reason}; {growth.reason(exposure.papers)}") if growth else exposure


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
