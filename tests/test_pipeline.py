"""The whole chain, small: harvests over real HTTP from a replica of arXiv, fake embedders, a real warehouse."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, time, timedelta
from pathlib import Path
from typing import Any

import pytest

from fakes import FakeEmbedder
from littriage import resources
from littriage.channels import Breaker, harvest_directions
from littriage.cli.exporting import csv_text
from littriage.directions import load_catalogue
from littriage.errors import EmptyWarehouse
from littriage.model import Attempt, Catalogue, Direction, MonthStatus, Paper, Query, Stage, Theme, TrendPoint, Window
from littriage.pipeline import Counts, Tiers, bring_up_to_date, match, take_in
from littriage.ports import Page
from littriage.progress import Quiet
from littriage.published import Published
from littriage.replica import Replica
from littriage.replica.faults import Fault, Request, always, cut, html_page, no_faults, refused
from littriage.replica.simulate import load_shapes, simulated_papers
from littriage.run import Run
from littriage.sources.arxiv_api import ArxivApi
from littriage.sources.transport import Patience
from littriage.trends import month_after, month_span
from littriage.warehouse import Warehouse
from littriage.warehouse.checks import broken_rules
from paper_files import parquet, row

TODAY = date(2024, 7, 20)
FIRST, LAST = date(2020, 7, 1), date(2024, 6, 1)
SOURCE = "arxiv-api"
EXPORTS = ("trends", "verdicts", "outlooks", "papers", "clusters", "lineage")


class Killed(BaseException):
    """The end of the process, as far as the chain can tell."""


class Clock:
    """Time that stands still until it is asked: each reading is a second later than the one before."""

    def __init__(self, today: date = TODAY) -> None:
        self._now = datetime.combine(today, time(12))

    def today(self) -> date:
        return self._now.date()

    def now(self) -> datetime:
        self._now += timedelta(seconds=1)
        return self._now

    def monotonic(self) -> float:
        return 0.0

    def sleep(self, seconds: float) -> None:
        raise AssertionError(f"nothing to wait {seconds} s for")


@dataclass
class Chain:
    """A warehouse in a folder, and everything to run the chain on it again and again."""

    folder: Path
    catalogue: Catalogue
    clock: Clock
    tiers: Tiers
    replica: Replica | None = None
    first: date = FIRST

    def run(
        self,
        *,
        harvest: bool = True,
        as_of: date | None = None,
        step: Callable[[str, Callable[[], Counts]], Counts] = lambda name, work: work(),
        wrap: Callable[[ArxivApi], Any] = lambda source: source,
    ) -> Run:
        """One run of the whole chain on the warehouse as it is."""
        with Warehouse.open(self.folder) as warehouse:
            run = self.start(warehouse, as_of)
            if harvest and self.replica:
                source = ArxivApi(
                    clock=self.clock,
                    state_folder=self.folder,
                    address=self.replica.address,
                    interval_s=0.0,
                    patience=Patience(attempts=1),
                )
                try:
                    harvest_directions(run, wrap(source), self.first, step)
                finally:
                    source.close()
            bring_up_to_date(run, self.tiers, SOURCE, step)
            assert broken_rules(warehouse) == []
        return run

    def start(self, warehouse: Warehouse, as_of: date | None = None) -> Run:
        return Run(warehouse, self.catalogue, self.clock.today(), self.clock.now, Quiet(), as_of)

    def take_in(self, *paths: Path) -> None:
        with Warehouse.open(self.folder) as warehouse:
            run = self.start(warehouse)
            for path in paths:
                take_in(run, path)

    def exports(self) -> dict[str, str]:
        """Every export as the text of its CSV file."""
        with Published.open(self.folder) as published:
            return {name: csv_text(*published.table(f"export/{name}")) for name in EXPORTS}

    def stages(self) -> dict[str, Stage]:
        with Published.open(self.folder) as published:
            return {entry.slug: entry.verdict.stage for entry in published.entries() if entry.verdict}

    def query(self, statement: str) -> list[tuple[Any, ...]]:
        with Warehouse.open(self.folder) as warehouse:
            return warehouse.connection.execute(statement).fetchall()


def fakes(read_limit: int | None = 40) -> Tiers:
    return Tiers(FakeEmbedder("fast@fake"), FakeEmbedder("minilm@fake", "transformer"), read_limit)


def counts(run: Run) -> dict[str, Counts]:
    return {stage.name: stage.counts for stage in run.stages}


# --- papers written by hand -------------------------------------------------------------------------------------

PRUNING = Direction(
    "pruning", "t", "Network pruning", "网络剪枝", "Removing weights of a trained network.",
    Query((("network pruning", "weight pruning"),), (), ("cs.LG",)),
)  # fmt: skip
EXPERTS = Direction(
    "experts", "t", "Mixture of experts", "专家混合", "A router sends each token to some of many experts.",
    Query((("mixture of experts",),), (), ("cs.LG",)),
)  # fmt: skip
TWO = Catalogue((Theme("t", "Efficiency", "效率", "Doing more with less."),), (EXPERTS, PRUNING))
TEXTS = {
    "pruning": ("Network pruning: removing weights of a trained network", "Network pruning, once more."),
    "experts": ("Mixture of experts: a router sends each token to some experts", "A mixture of experts, once more."),
    "other": ("Quite another thing", "Nothing to do with it."),
}


def papers_of(kinds: Mapping[str, Callable[[int], int]], first: date = FIRST, last: date = LAST) -> list[Paper]:
    """Papers of cs.LG: for each month, so many of each kind as its function says of the month's place."""
    found = []
    for place, month in enumerate(month_span(first, last)):
        wanted = [kind for kind, number in kinds.items() for _ in range(number(place))]
        for number, kind in enumerate(wanted, 1):
            title, abstract = TEXTS[kind]
            day = month_after(month) - timedelta(days=number % 28 or 1)
            found.append(
                Paper(f"{month:%y%m}.{number:05}", f"{title} {number}", abstract, ("A. B.",), ("cs.LG",), day, 1)
            )
    return found


FLAT: dict[str, Callable[[int], int]] = {
    "pruning": lambda _: 5,
    "experts": lambda place: 1 + place // 8,
    "other": lambda place: 19 - place // 8,
}


def paper_file(path: Path, papers: Sequence[Paper], **facts: Any) -> Path:
    return parquet(
        path,
        [
            row(
                one.id,
                title=one.title,
                abstract=one.abstract,
                categories=" ".join(one.categories) or None,
                published=one.published,
                version=one.version,
            )
            | facts
            for one in papers
        ],
    )


@pytest.fixture
def imported(tmp_path: Path) -> Chain:
    """Four years of two directions, imported."""
    chain = Chain(tmp_path / "warehouse", TWO, Clock(), fakes())
    chain.take_in(paper_file(tmp_path / "papers.parquet", papers_of(FLAT)))
    return chain


@pytest.fixture
def harvested(tmp_path: Path) -> Iterator[Chain]:
    """The same four years, to be harvested."""
    with Replica(papers_of(FLAT)) as replica:
        yield Chain(tmp_path / "warehouse", TWO, Clock(), fakes(), replica)


# --- the whole chain on simulated papers ------------------------------------------------------------------------

SIMULATED_FIRST = date(2023, 7, 1)


@pytest.fixture(scope="module")
def simulated_catalogue() -> Catalogue:
    whole = load_catalogue(resources.folder("queries"))
    chosen = ("pretrain-finetune-nlp", "sequence-labeling", "network-pruning", "mixture-of-experts")
    return Catalogue(whole.themes, tuple(one for one in whole.directions if one.slug in chosen))


@pytest.fixture(scope="module")
def simulated_corpus(simulated_catalogue: Catalogue) -> list[Paper]:
    return simulated_papers(simulated_catalogue, load_shapes(), seed=5, last_month=LAST, months=12, papers=300)


@pytest.fixture
def simulated(tmp_path: Path, simulated_catalogue: Catalogue, simulated_corpus: list[Paper]) -> Iterator[Chain]:
    with Replica(simulated_corpus) as replica:
        folder = tmp_path / "warehouse"
        yield Chain(folder, simulated_catalogue, Clock(), fakes(), replica, SIMULATED_FIRST)


@pytest.fixture(scope="module")
def undisturbed(
    tmp_path_factory: pytest.TempPathFactory, simulated_catalogue: Catalogue, simulated_corpus: list[Paper]
) -> dict[str, str]:
    """What a run that nothing disturbs exports."""
    with Replica(simulated_corpus) as replica:
        folder = tmp_path_factory.mktemp("undisturbed")
        chain = Chain(folder, simulated_catalogue, Clock(), fakes(), replica, SIMULATED_FIRST)
        chain.run()
        return chain.exports()


def test_papers_become_a_published_file(simulated: Chain, simulated_corpus: list[Paper]) -> None:
    """Harvested, matched, embedded, decided, clustered, weighed, judged: readers find a verdict for every direction."""
    run = simulated.run()

    assert [stage.name for stage in run.stages] == [
        "harvest", "exposure", "match", "embed, fast tier", "embed, transformer", "decide", "screen", "cluster", "name",
        "weigh", "judge", "gauge", "survey", "look ahead", "score", "consult", "word", "publish",
    ]  # fmt: skip
    assert run.failures == []
    with Published.open(simulated.folder) as published:
        entries = published.entries()
        points = published.trend("network-pruning")
    assert [entry.slug for entry in entries] == [one.slug for one in simulated.catalogue.directions]
    assert all(entry.verdict for entry in entries)
    assert [point.month for point in points] == list(month_span(SIMULATED_FIRST, LAST))
    assert {point.status for point in points} == {MonthStatus.COMPLETE}
    field = Counter(
        one.published.replace(day=1)
        for one in simulated_corpus
        if {*one.categories} & {"cs.LG", "cs.CV", "cs.NE"}
    )  # fmt: skip
    assert {point.month: point.exposure for point in points} == {point.month: field[point.month] for point in points}
    assert sum(point.members for point in points) > 0


def test_a_second_run_finds_nothing_to_do(simulated: Chain) -> None:
    """It asks only what may have changed, embeds and decides nothing, and publishes the same, byte for byte."""
    simulated.run()
    before = simulated.exports()
    read = [len(one.asked) for one in (simulated.tiers.fast, simulated.tiers.transformer)]  # type: ignore[union-attr]
    again = counts(simulated.run())

    assert again["harvest"] == {"requests": 8, "windows": 4, "received": 0, "stored": 0, "dropped": 0, "failed": 0}
    assert again["exposure"]["months"] == len({s for s, _ in _queries(simulated).values()})
    assert (again["match"]["matched"], again["match"]["new hits"]) == (0, 0)
    assert again["embed, fast tier"]["papers"] == again["embed, transformer"]["papers"] == 0
    assert again["decide"]["members"] == "unchanged"
    assert again["cluster"]["new clusters"] == 0
    assert [len(one.asked) for one in (simulated.tiers.fast, simulated.tiers.transformer)] == read  # type: ignore[union-attr]
    assert simulated.exports() == before


def _queries(chain: Chain) -> dict[str, tuple[str, str]]:
    with Warehouse.open(chain.folder) as warehouse:
        return chain.start(warehouse).queries


# --- kills ------------------------------------------------------------------------------------------------------


class Dying:
    """A source whose process is killed at its n-th answer."""

    def __init__(self, source: ArxivApi, answers: int) -> None:
        self.name = source.name
        self._source = source
        self._left = answers

    def attempts(self) -> tuple[Attempt, ...]:
        return self._source.attempts()

    def _answer(self) -> None:
        self._left -= 1
        if self._left < 0:
            raise Killed

    def pages(self, query: Query, window: Window) -> Iterator[Page]:
        for page in self._source.pages(query, window):
            self._answer()
            yield page

    def exposure_count(self, categories: Sequence[str], window: Window) -> int:
        self._answer()
        return self._source.exposure_count(categories, window)


@pytest.mark.parametrize("answers", [0, 5, 20])
def test_a_run_killed_in_the_harvest_goes_on(simulated: Chain, undisturbed: dict[str, str], answers: int) -> None:
    """Nothing is lost and nothing is counted twice: the exports are those of a run that nothing disturbed."""
    with pytest.raises(Killed):
        simulated.run(wrap=lambda source: Dying(source, answers))
    simulated.run()

    assert simulated.exports() == undisturbed


def test_a_run_killed_after_any_stage_goes_on(simulated: Chain, undisturbed: dict[str, str]) -> None:
    """Each stage is committed: killed after one stage after the other, the last run ends as an undisturbed one."""
    stages = [
        "match", "embed, fast tier", "embed, transformer", "decide", "cluster", "weigh", "judge", "gauge", "look ahead",
        "score", "consult", "publish",
    ]  # fmt: skip

    def killing(last: str) -> Callable[[str, Callable[[], Counts]], Counts]:
        def step(name: str, work: Callable[[], Counts]) -> Counts:
            done = work()
            if name == last:
                raise Killed
            return done

        return step

    for stage in stages:
        with pytest.raises(Killed):
            simulated.run(step=killing(stage), harvest=stage == "match")
    assert simulated.query("select state from run") == [("failed",)] * len(stages)
    done = counts(simulated.run(harvest=False))

    assert (done["match"]["matched"], done["decide"]["members"], done["cluster"]["new clusters"]) == (0, "unchanged", 0)
    assert simulated.exports() == undisturbed


def test_a_run_killed_while_it_embeds_goes_on_with_the_next_batch(
    simulated: Chain, undisturbed: dict[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Batches that were stored are not read again."""
    monkeypatch.setattr("littriage.pipeline.EMBED_BATCH", {"fast": 50, "transformer": 50})
    fast = simulated.tiers.fast
    assert isinstance(fast, FakeEmbedder)
    encode = fast.encode

    def dying(texts: Sequence[str]) -> Any:
        if len(fast.asked) >= 100:
            raise Killed
        return encode(texts)

    with monkeypatch.context() as patched:
        patched.setattr(fast, "encode", dying)
        with pytest.raises(Killed):
            simulated.run()
    assert simulated.query("select count(*) from vector where model = 'fast@fake'") == [(100,)]
    done = counts(simulated.run())

    (total,) = simulated.query("select count(*) from paper where not_counted is null")[0]
    assert done["embed, fast tier"]["papers"] == total - 100
    assert simulated.exports() == undisturbed


# --- a source in trouble ----------------------------------------------------------------------------------------


def failing(wanted: Callable[[str], bool], fault: Fault) -> Callable[[Request], Fault | None]:
    """Requests whose search meets the condition meet the fault."""
    return lambda request: fault if wanted(request.parameters.get("search_query", "")) else None


def is_for(phrase: str, *years: int) -> Callable[[str], bool]:
    """Whether a search is for a phrase, in one of the years where some are given."""
    words = phrase.split()
    return lambda search: (
        all(word in search for word in words) and (not years or any(f"[{year}" in search for year in years))
    )


def points_of(run: Run, slug: str) -> dict[date, TrendPoint]:
    return {point.month: point for point in run.points[slug]}


def test_the_failure_of_one_direction_does_not_stop_the_others(harvested: Chain) -> None:
    """It is recorded and published; its months are partial and say why; its verdict is no decline."""
    assert harvested.replica
    harvested.replica.faults = failing(is_for("pruning", 2023, 2024), refused(503))
    run = harvested.run()

    assert [(stage, subject) for stage, subject, _ in run.failures] == [("harvest", "pruning")] * 2
    assert run.failures[0][2].startswith("2023-01-01 to 2023-12-31: SourceUnavailable: 127.0.0.1:")
    statuses = {month.year: point.status for month, point in points_of(run, "pruning").items()}
    assert statuses[2022] is MonthStatus.COMPLETE
    assert statuses[2023] is statuses[2024] is MonthStatus.PARTIAL
    assert "SourceUnavailable" in points_of(run, "pruning")[date(2023, 5, 1)].reason
    assert {point.status for point in run.points["experts"]} == {MonthStatus.COMPLETE}
    with Published.open(harvested.folder) as published:
        assert [(one.stage, one.subject) for one in published.failures()] == [("harvest", "pruning")] * 2
    assert harvested.stages()["pruning"] in (Stage.INCOMPLETE, Stage.NOT_MEASURABLE, Stage.TOO_LITTLE_DATA)


OUTAGES: dict[str, Callable[[Request], Fault | None]] = {
    "last year refused": failing(is_for("pruning", 2024), refused(503)),
    "last two years cut": failing(is_for("pruning", 2023, 2024), cut()),
    "last three years a web page": failing(is_for("pruning", 2022, 2023, 2024), html_page()),
    "a year in the middle": failing(is_for("pruning", 2021), refused(429)),
    "everything": always(refused(503)),
    "every third request": lambda request: refused(503) if request.number % 3 == 0 else None,
    "the counts": failing(lambda search: "pruning" not in search and "experts" not in search, refused(503)),
    "the counts of the last year": failing(
        lambda search: "pruning" not in search and "experts" not in search and "[2024" in search, refused(503)
    ),
}


@pytest.mark.parametrize("outage", OUTAGES)
def test_an_outage_is_never_a_decline(harvested: Chain, outage: str) -> None:
    """Whatever fails, neither a flat nor a growing direction is called declining; with the source back, all is well."""
    assert harvested.replica
    harvested.replica.faults = OUTAGES[outage]
    try:
        run = harvested.run()
        assert run.failures
        assert not {*harvested.stages().values()} & {Stage.DECLINING, Stage.DORMANT}
    except EmptyWarehouse:
        assert outage == "everything"

    harvested.replica.faults = no_faults
    run = harvested.run()
    assert run.failures == []
    assert {point.status for series in run.points.values() for point in series} == {MonthStatus.COMPLETE}
    assert harvested.stages() == {"experts": Stage.HOT, "pruning": Stage.PLATEAU}


def test_papers_and_field_come_from_the_same_place(harvested: Chain, tmp_path: Path) -> None:
    """Where the counts failed and a file with half of the papers serves, only the papers of that file are set against
    it: a share does not double because the harvest knows more papers than the file."""
    assert harvested.replica
    corpus = papers_of(FLAT)
    halved = [one for place, one in enumerate(corpus) if place % 2]
    harvested.take_in(paper_file(tmp_path / "half.parquet", halved))
    harvested.replica.faults = OUTAGES["the counts of the last year"]
    run = harvested.run()

    points = points_of(run, "pruning")
    assert {point.status for point in points.values()} == {MonthStatus.COMPLETE, MonthStatus.ASSUMED}
    for month, point in points.items():
        of_file = month.year == 2024
        field = [one for one in (halved if of_file else corpus) if one.published.replace(day=1) == month]
        pruning = [one for one in field if one.title.startswith("Network pruning")]
        assert (point.members, point.exposure) == (len(pruning), len(field)), month


def test_a_source_that_is_down_is_soon_left_alone(tmp_path: Path) -> None:
    """After three directions without an answer the others are not asked, and neither are the counts."""
    slugs = [f"d{number}" for number in range(6)]
    catalogue = replace(TWO, directions=tuple(replace(PRUNING, slug=slug) for slug in slugs))
    with Replica(papers_of(FLAT), faults=always(refused(503))) as replica:
        chain = Chain(tmp_path / "warehouse", catalogue, Clock(), fakes(), replica)
        with Warehouse.open(chain.folder) as warehouse:
            run = chain.start(warehouse)
            source = ArxivApi(
                clock=chain.clock,
                state_folder=tmp_path,
                address=replica.address,
                interval_s=0.0,
                patience=Patience(attempts=1),
            )
            harvest_directions(run, source, FIRST)
            source.close()
        assert len(replica.requests) == 9, "three windows of three directions"

    asked = Counter(subject for _, subject, reason in run.failures if not reason.startswith("not asked"))
    left = [(stage, subject, reason) for stage, subject, reason in run.failures if reason.startswith("not asked")]
    assert asked == {"d0": 3, "d1": 3, "d2": 3}
    assert left == [
        *[("harvest", slug, "not asked: arxiv-api was unavailable for 3 directions in a row") for slug in slugs[3:]],
        ("exposure", "cs.LG", "not asked: arxiv-api was unavailable several times in a row"),
    ]


def test_one_direction_that_is_always_refused_does_not_close_the_source(tmp_path: Path) -> None:
    """Six windows without an answer are one direction without an answer."""
    with Replica(papers_of(FLAT), faults=failing(is_for("mixture"), refused(503))) as replica:
        chain = Chain(tmp_path / "warehouse", TWO, Clock(), fakes(), replica)
        run = chain.run()

    assert {subject for _, subject, _ in run.failures} == {"experts"}
    assert {point.status for point in run.points["pruning"]} == {MonthStatus.COMPLETE}


def test_the_breaker_opens_at_its_limit_and_closes_with_an_answer() -> None:
    """Three in a row, not three in all."""
    breaker = Breaker(3)
    states = []
    for available in (False, False, True, False, False, False, True):
        breaker.record(available)
        states.append(breaker.is_open())

    assert states == [False, False, False, False, False, True, False]


# --- what has changed -------------------------------------------------------------------------------------------


def test_a_changed_query_is_matched_anew(imported: Chain) -> None:
    """Every paper again, because any of them may match now; nothing is embedded again by the fast tier."""
    imported.run()
    wider = replace(EXPERTS, query=replace(EXPERTS.query, all_of=(("mixture of experts", "another thing"),)))
    imported.catalogue = replace(TWO, directions=(wider, PRUNING))
    done = counts(imported.run())

    (total,) = imported.query("select count(*) from paper")[0]
    assert done["match"]["matched"] == total
    assert imported.query("select count(*) from hit where direction = 'experts'")[0][0] == total - 5 * 48
    assert done["embed, fast tier"]["papers"] == 0
    assert done["decide"]["members"] != "unchanged"


def test_a_changed_text_is_read_again(imported: Chain, tmp_path: Path) -> None:
    """That paper alone: matched and embedded anew; it is no member any more."""
    imported.run()
    fast = imported.tiers.fast
    assert isinstance(fast, FakeEmbedder)
    before = len(fast.asked)
    (pruning,) = [one for one in papers_of(FLAT) if one.id == "2406.00001"]
    newer = replace(pruning, title="Something new", abstract="About nothing.", version=2)
    imported.take_in(paper_file(tmp_path / "newer.parquet", [newer]))
    done = counts(imported.run())

    assert (done["match"]["matched"], done["embed, fast tier"]["papers"]) == (1, 1)
    assert "Something new\nAbout nothing." in fast.asked[before:]
    assert imported.query("select count(*) from hit where paper_id = '2406.00001'") == [(0,)]
    assert imported.query("select count(*) from membership where paper_id = '2406.00001'") == [(0,)]


def test_a_paper_that_is_withdrawn_later_counts_no_longer(harvested: Chain) -> None:
    """Neither in its direction nor in clusters or exports; it stays stored."""
    harvested.first = date(2024, 1, 1)
    harvested.clock = Clock(date(2024, 7, 5))  # June is still unsettled, and will be asked again
    harvested.run()
    corpus = papers_of(FLAT)
    (place,) = [place for place, one in enumerate(corpus) if one.id == "2406.00005"]
    assert any("2406.00005" in line for line in harvested.exports()["papers"].splitlines())

    corpus[place] = replace(corpus[place], withdrawn=True, version=2, comments="This paper has been withdrawn")
    with Replica(corpus) as replica:
        harvested.replica = replica
        run = harvested.run()

    assert harvested.query("select not_counted, version from paper where id = '2406.00005'") == [("withdrawn", 2)]
    assert not any("2406.00005" in line for line in harvested.exports()["papers"].splitlines())
    assert [one.members for one in run.points["pruning"]] == [5, 5, 5, 5, 5, 4]


def test_a_direction_that_leaves_the_catalogue_leaves_the_warehouse(imported: Chain) -> None:
    """Its hits, members, clusters and verdict go; the other's stay as they were. Only the numbers of its clusters, and
    what they were, are kept, so that no number is given twice."""
    imported.run()
    before = {name: text.splitlines() for name, text in imported.exports().items()}
    assert any(line.startswith("experts,") for line in before["clusters"])
    imported.catalogue = replace(TWO, directions=(PRUNING,))
    imported.run()

    for table in ("hit", "membership", "trend_point", "verdict"):
        assert imported.query(f"select distinct direction from {table}") == [("pruning",)], table
    assert imported.query("select distinct scope from cluster_member where scope <> ''") == [("pruning",)]
    after = {name: text.splitlines() for name, text in imported.exports().items()}
    for name in ("papers", "clusters"):
        assert after[name] == [line for line in before[name] if not line.startswith("experts,")], name


# --- what the months of a field are worth -----------------------------------------------------------------------


def test_a_counted_month_tells_what_the_source_reports_and_what_is_stored(harvested: Chain) -> None:
    """25 papers a month, of which the queries bring 5 and 6: the field is the source's count, never what is stored."""
    harvested.first = date(2024, 4, 1)
    harvested.run()

    with Published.open(harvested.folder) as published:
        april, *_, july = published.field_months("cs.LG")["cs.LG"]
    assert (april.month, april.held, april.reported, april.source) == (date(2024, 4, 1), 11, 25, SOURCE)
    assert (april.status, april.late, april.growth, april.lost) == (MonthStatus.COMPLETE, None, None, 0.0)
    assert (july.month, july.status, july.held) == (date(2024, 7, 1), MonthStatus.OPEN, 0)
    assert july.reason.startswith("papers may still arrive")


def test_an_imported_month_without_a_gap_in_its_ids_is_complete(tmp_path: Path) -> None:
    """A file that holds every id has been measured by them; one that lacks a block is partial, and says which."""
    months = {"pruning": lambda _: 5, "experts": lambda _: 5, "other": lambda _: 290}
    corpus = papers_of(months, first=date(2022, 7, 1))
    lacking = [one for one in corpus if not "2404.00100" <= one.id <= "2404.00149"]
    chain = Chain(tmp_path / "warehouse", TWO, Clock(), fakes())
    chain.take_in(paper_file(tmp_path / "papers.parquet", lacking))
    points = points_of(chain.run(), "pruning")

    assert points[date(2024, 3, 1)].status is MonthStatus.COMPLETE
    assert points[date(2024, 4, 1)].status is MonthStatus.PARTIAL
    assert points[date(2024, 4, 1)].reason == "ids 2404.00100 to 2404.00149 are missing: about 50 papers of 300"
    with Published.open(chain.folder) as published:
        (april,) = [one for one in published.field_months("cs.LG")["cs.LG"] if one.month == date(2024, 4, 1)]
    assert (april.held, april.reported, april.lost) == (250, None, pytest.approx(50))


# --- the date of the verdicts -----------------------------------------------------------------------------------


def test_a_verdict_of_the_past_sees_only_the_past(imported: Chain) -> None:
    """The months before that day, as they could be known on it."""
    run = imported.run(as_of=date(2023, 3, 15))

    assert run.as_of == date(2023, 3, 15)
    months = [point.month for point in run.points["pruning"]]
    assert (months[0], months[-1]) == (FIRST, date(2023, 2, 1))
    with Published.open(imported.folder) as published:
        for entry in published.entries():
            assert entry.verdict
            assert entry.verdict.as_of == date(2023, 3, 15)
            assert entry.verdict.last_month == date(2023, 2, 1)


def test_later_papers_change_no_verdict_of_the_past(imported: Chain, tmp_path: Path) -> None:
    """Trends and verdicts as of a day are the same with and without what came after it."""
    imported.run(as_of=date(2023, 3, 15))
    early = Chain(tmp_path / "early", TWO, Clock(), fakes())
    early.take_in(paper_file(tmp_path / "early.parquet", papers_of(FLAT, last=date(2023, 2, 1))))
    early.run(as_of=date(2023, 3, 15))

    for name in ("trends", "verdicts"):
        assert imported.exports()[name] == early.exports()[name], name


def test_a_day_before_the_record_has_no_verdict_to_give(imported: Chain) -> None:
    """No months, and each direction says that there is too little data."""
    imported.run(as_of=date(2010, 1, 1))

    assert {*imported.stages().values()} <= {Stage.TOO_LITTLE_DATA, Stage.NOT_MEASURABLE, Stage.INCOMPLETE}


def test_a_record_that_ended_long_ago_is_judged_at_its_end(imported: Chain) -> None:
    """Without a day the verdicts speak of the last month of the record, not of years without papers."""
    imported.clock = Clock(date(2026, 11, 21))
    run = imported.run()

    assert run.as_of == date(2024, 7, 11)
    assert imported.stages() == {"experts": Stage.HOT, "pruning": Stage.PLATEAU}


def test_one_paper_with_an_odd_date_does_not_move_the_end_of_the_record(imported: Chain, tmp_path: Path) -> None:
    """A single paper of a later month is no month that can be compared."""
    imported.clock = Clock(date(2026, 11, 21))
    stray = Paper("2605.00001", "Stray", "Text.", (), ("cs.LG",), date(2026, 5, 30), 1)
    imported.take_in(paper_file(tmp_path / "stray.parquet", [stray]))

    assert imported.run().as_of == date(2024, 7, 11)


# --- odd papers -------------------------------------------------------------------------------------------------


def test_papers_without_abstract_or_category(imported: Chain, tmp_path: Path) -> None:
    """A title alone can be a member; a paper of unknown category is in no field, and in no count."""
    bare = Paper("2406.90001", TEXTS["pruning"][0], None, (), ("cs.LG",), date(2024, 6, 2))
    unknown = Paper("2406.90002", *TEXTS["pruning"], (), (), date(2024, 6, 3))
    imported.take_in(paper_file(tmp_path / "odd.parquet", [bare, unknown]))
    run = imported.run()

    members = imported.query("select paper_id from membership where member and paper_id > '2406.9' order by paper_id")
    assert ("2406.90001",) in members
    june, may = points_of(run, "pruning")[LAST], points_of(run, "pruning")[month_after(LAST, -1)]
    assert (may.members, june.members) == (5, 6)
    assert june.exposure == may.exposure + 1


def test_an_empty_warehouse_says_what_to_do(tmp_path: Path) -> None:
    """Before anything is computed."""
    chain = Chain(tmp_path / "warehouse", TWO, Clock(), fakes())

    with pytest.raises(EmptyWarehouse, match=r"holds no papers.*littriage (import|harvest)"):
        chain.run()
    with Warehouse.open(chain.folder) as warehouse, pytest.raises(EmptyWarehouse):
        match(chain.start(warehouse))
    assert not (chain.folder / resources.PUBLISHED).exists()


def test_the_order_of_imports_changes_nothing(imported: Chain, tmp_path: Path) -> None:
    """Rows in any order, in any number of files: the same exports, byte for byte."""
    imported.run()
    corpus = papers_of(FLAT)
    other = Chain(tmp_path / "other", TWO, Clock(), fakes())
    other.take_in(*(paper_file(tmp_path / f"{n}.parquet", corpus[::-1][n::3]) for n in (2, 0, 1)))
    other.run()

    assert other.exports() == imported.exports()


def test_a_harvest_and_an_import_of_the_same_papers_agree(imported: Chain, harvested: Chain, tmp_path: Path) -> None:
    """The same members, shares and verdicts; only the reason of the months differs."""
    imported.run()
    harvested.folder = tmp_path / "harvested"
    harvested.run()

    assert imported.exports()["papers"].count("\n") > 300
    assert {line.split(",")[1] for line in imported.exports()["papers"].splitlines()} == {
        line.split(",")[1] for line in harvested.exports()["papers"].splitlines()
    }
    assert imported.stages() == harvested.stages()
