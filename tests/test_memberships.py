"""Memberships of a warehouse: a run decides what has changed, and ends with what a run from the start would give."""

from __future__ import annotations

import pickle
import tempfile
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, datetime
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fakes import FakeEmbedder
from littriage import assistance
from littriage.membership import RULES
from littriage.model import Catalogue, Direction, Exemplar, Judgement, Label, Query, Theme
from littriage.pipeline import Tiers, decide, embed, embed_closely, match
from littriage.progress import Quiet
from littriage.run import Counts, Run
from littriage.warehouse import Warehouse, judgements, memberships

LIMIT = 35
"""The transformer reads directions with at most so many hits."""
THEME = Theme("t", "Words", "词", "Of words.")
PARSING = Direction("parsing", "t", "Parsing", "句法分析", "Trees of sentences. Not of code.", Query((("parsing",),)))
SPEECH = Direction("speech", "t", "Speech", "语音", "Spoken language and sound.", Query((("speech", "sound"),)))
VISION = Direction(
    "vision", "t", "Vision", "视觉", "Images and what they show.", Query((("vision", "image"),)),
    exemplars=(Exemplar("Vision of an image", 2020, arxiv_id="2001.00003"),),
)  # fmt: skip
CATALOGUES = {
    "three": (PARSING, SPEECH, VISION),
    "two": (PARSING, VISION),
    "another scope": (replace(PARSING, scope="Grammar of sentences."), SPEECH, VISION),
    "a later sentence": (replace(PARSING, scope="Trees of sentences. Of no other thing."), SPEECH, VISION),
    "another exemplar": (
        PARSING,
        SPEECH,
        replace(VISION, exemplars=(Exemplar("An image", 2020, arxiv_id="2001.00005"),)),
    ),
    "a wider query": (replace(PARSING, query=Query((("parsing", "tree"),))), SPEECH, VISION),
}
WORDS = ("parsing", "speech", "vision", "image", "tree", "sound", "sentence", "other")


@dataclass
class Library:
    """Papers that come, change and go, in a warehouse or to be put into another one."""

    warehouse: Warehouse
    tiers: Tiers = field(init=False)
    catalogue: str = "three"
    papers: dict[str, tuple[str, str | None]] = field(default_factory=dict)
    """Id -> text, and why it is not counted."""
    said: dict[tuple[str, str, str], judgements.Kept] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.tiers = Tiers(FakeEmbedder("fast@fake"), FakeEmbedder("minilm@fake", "transformer"), LIMIT)

    def add(self, *texts: str) -> None:
        known = len(self.papers)
        self.put({f"2001.{number:05}": (text, None) for number, text in enumerate(texts, known)})

    def put(self, papers: Mapping[str, tuple[str, str | None]]) -> None:
        """As an import does: a changed text is to be matched again."""
        self.papers.update(papers)
        self.warehouse.insert(
            "paper",
            {
                "id": list(papers),
                "title": [text for text, _ in papers.values()],
                "text_hash": [f"hash of {text}" for text, _ in papers.values()],
                "not_counted": [why for _, why in papers.values()],
            },
            authors=["A"], categories=["cs.CL"], published=date(2020, 1, 1), date_kind="submitted",
            month=date(2020, 1, 1), source="s", in_field=True, matched_with=None,
        )  # fmt: skip

    def say(self, kept: Sequence[judgements.Kept]) -> None:
        self.said |= {(one.judgement.paper_id, one.judgement.direction, one.judgement.judge): one for one in kept}
        judgements.store(self.warehouse, kept)

    def take_back(self) -> None:
        for paper, direction, judge in self.said:
            if judge == "person":
                judgements.forget(self.warehouse, paper, direction)
        self.said = {key: one for key, one in self.said.items() if key[2] != "person"}

    def start(self) -> Run:
        catalogue = Catalogue((THEME,), CATALOGUES[self.catalogue])
        return Run(self.warehouse, catalogue, date(2026, 1, 5), lambda: datetime(2026, 1, 5), Quiet())

    def run(self, run: Run | None = None) -> Counts:
        """Match, embed, decide and screen; the counts of `decide`."""
        run = run or self.start()
        match(run)
        assert self.tiers.fast
        embed(run, self.tiers.fast)
        embed_closely(run, self.tiers)
        counts = decide(run, self.tiers)
        assistance.screen(run, None, self.tiers.models())
        return counts

    def tables(self) -> list[list[tuple[Any, ...]]]:
        """Every column of what was decided and learned."""
        statements = ("from membership order by all", "from learning order by all")
        stamps = "from derived where stage = 'learn' order by all"
        return [self.warehouse.connection.execute(one).fetchall() for one in (*statements, stamps)]

    def from_the_start(self) -> list[list[tuple[Any, ...]]]:
        """The tables of a warehouse that gets all that is known at once, in another order."""
        with tempfile.TemporaryDirectory() as folder, Warehouse.open(Path(folder)) as warehouse:
            other = Library(warehouse, catalogue=self.catalogue)
            other.put(dict(reversed(self.papers.items())))
            other.say(list(reversed(self.said.values())))
            other.run()
            return other.tables()


@pytest.fixture
def library(warehouse: Warehouse) -> Library:
    """Sixty papers: 15, 30 and 45 of them on each of three directions, decided."""
    made = Library(warehouse)
    made.add(*(text(number) for number in range(60)))
    made.run()
    return made


def text(number: int) -> str:
    """A title of four of the words, and a number."""
    return " ".join(WORDS[(number * step + step) % len(WORDS)] for step in (1, 2, 3, 5)) + f" {number}"


def rows(library: Library, what: str = "*", where: str = "true") -> list[tuple[Any, ...]]:
    return library.warehouse.connection.execute(f"select {what} from membership where {where} order by all").fetchall()


# --- what is decided --------------------------------------------------------------------------------------------


def test_a_second_run_decides_nothing(library: Library) -> None:
    """And reads no text of the catalogue again."""
    before, asked = library.tables(), [len(one.asked) for one in embedders(library)]
    assert library.run() == {
        "hits": len(before[0]), "read closely": closely(library), "read fast": 3 - closely(library), "decided": 0,
        "members": "unchanged",
    }  # fmt: skip
    assert library.tables() == before
    assert [len(one.asked) for one in embedders(library)] == asked


def embedders(library: Library) -> list[FakeEmbedder]:
    return [one for one in (library.tiers.fast, library.tiers.transformer) if isinstance(one, FakeEmbedder)]


def closely(library: Library) -> int:
    return len(rows(library, "distinct direction", "rule = 'v2/minilm'"))


def test_only_the_hits_of_new_papers_are_decided(library: Library) -> None:
    """Two hits of one paper; the others keep every bit, and the catalogue is not read again."""
    before, asked = rows(library), [len(one.asked) for one in embedders(library)]
    library.add("vision and speech, image and sound")
    counts = library.run()

    assert (counts["decided"], counts["dropped"]) == (2, 0)
    assert rows(library, where="paper_id < '2001.00060'") == before
    assert len(rows(library)) == len(before) + 2
    assert [len(one.asked) for one in embedders(library)] == [read + 1 for read in asked]  # the paper alone
    assert library.tables() == library.from_the_start()


def test_a_changed_text_is_decided_anew_and_a_withdrawn_paper_dropped(library: Library) -> None:
    """A paper that matches no more loses its memberships."""
    library.put({"2001.00001": ("parsing of sound", None)})
    assert library.run()["decided"] == 2
    library.put({"2001.00001": ("nothing of the kind", None)})
    assert (library.run()["decided"], rows(library, where="paper_id = '2001.00001'")) == (0, [])
    gone = len(rows(library, where="paper_id = '2001.00002'"))
    library.put({"2001.00002": (library.papers["2001.00002"][0], "withdrawn")})
    counts = library.run()

    assert (counts["decided"], counts["dropped"]) == (0, gone)
    assert rows(library, where="paper_id = '2001.00002'") == []
    assert library.tables() == library.from_the_start()


def test_a_hit_that_reads_otherwise_is_decided_anew(library: Library) -> None:
    """Though the text is the same, as where the query has another phrase."""
    library.warehouse.connection.execute("update hit set mentions = 9 where paper_id = '2001.00001'")
    run = library.start()
    assert decide(run, library.tiers)["decided"] == len(rows(library, where="paper_id = '2001.00001'"))


def test_a_paper_without_a_vector_of_its_present_text_is_not_decided_by_the_old_one(library: Library) -> None:
    """Its membership comes with the vector."""
    library.put({"2001.00001": ("parsing of sound", None)})
    run = library.start()
    match(run)
    decide(run, library.tiers)
    assert rows(library, where="paper_id = '2001.00001'") == []
    library.run()
    assert len(rows(library, where="paper_id = '2001.00001'")) == 2


@pytest.mark.parametrize("catalogue", ["two", "another scope", "another exemplar"])
def test_another_catalogue_decides_everything_anew(library: Library, catalogue: str) -> None:
    """How many other directions are nearer is a feature of every hit."""
    library.catalogue = catalogue
    counts = library.run()

    assert counts["decided"] == counts["hits"]
    assert library.tables() == library.from_the_start()


def test_a_sentence_that_makes_no_prototype_decides_nothing_anew(library: Library) -> None:
    library.catalogue = "a later sentence"
    assert library.run()["members"] == "unchanged"


def test_a_wider_query_decides_its_new_hits(library: Library) -> None:
    """Those that the query matched before, and whose words stand as they stood, keep theirs."""
    before = len(rows(library))
    library.catalogue = "a wider query"
    counts = library.run()

    assert int(counts["hits"]) > before
    assert 0 < int(counts["decided"]) < int(counts["hits"])
    assert library.tables() == library.from_the_start()


def test_a_direction_that_grows_past_the_limit_is_judged_by_the_other_tier_throughout(library: Library) -> None:
    """All of its hits anew, and those of no other."""
    ((direction, hits),) = rows(library, "direction, count(*)", "rule = 'v2/minilm' group by direction")[:1]
    new = LIMIT + 1 - hits
    library.add(*(f"{direction} {number}" for number in range(new)))
    counts = library.run()

    assert counts["decided"] == LIMIT + 1
    assert rows(library, "distinct rule", f"direction = '{direction}'") == [("v2/fast",)]
    assert library.tables() == library.from_the_start()


# --- shards -----------------------------------------------------------------------------------------------------


class Elsewhere:
    """Workers that share nothing with the caller: work, shards and results travel as bytes."""

    name, count = "elsewhere", 2

    def map(self, work: Callable[[Any], Any], shards: Iterable[Any]) -> Iterator[Any]:
        for shard in shards:
            there, what = pickle.loads(pickle.dumps((work, shard)))
            yield pickle.loads(pickle.dumps(there(what)))


@pytest.mark.parametrize("size", [1, 7, 64])
def test_shards_of_any_size_decide_the_same(library: Library, monkeypatch: pytest.MonkeyPatch, size: int) -> None:
    """Wherever they are worked on, and though they cut a paper in two."""
    before = rows(library)
    monkeypatch.setattr(memberships, "HITS_AT_ONCE", size)
    library.warehouse.empty("membership")
    run = library.start()
    run.workers = Elsewhere()
    library.run(run)
    assert rows(library) == before


def test_a_run_killed_while_it_decides_leaves_the_old_memberships_whole(
    library: Library, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The next run ends as if nothing had been."""
    before = rows(library)
    monkeypatch.setattr(memberships, "HITS_AT_ONCE", 5)
    library.catalogue = "another scope"
    stored = memberships.store_judged

    def dying(warehouse: Warehouse, instrument: Any, first: int, found: Any) -> None:
        if first == 10:
            raise KeyboardInterrupt
        stored(warehouse, instrument, first, found)

    with monkeypatch.context() as patched:
        patched.setattr(memberships, "store_judged", dying)
        with pytest.raises(KeyboardInterrupt):
            library.run()
    assert rows(library) == before
    library.run()
    assert library.tables() == library.from_the_start()


# --- the law ----------------------------------------------------------------------------------------------------

changes = st.one_of(
    st.tuples(st.just("add"), st.integers(1, 12)),
    st.tuples(st.just("change"), st.integers(0, 59)),
    st.tuples(st.just("withdraw"), st.integers(0, 59)),
    st.tuples(st.just("person"), st.integers(0, 3)),
    st.tuples(st.just("llm:small"), st.integers(0, 3)),
    st.tuples(st.just("take back"), st.just(0)),
    st.tuples(st.just("catalogue"), st.integers(0, len(CATALOGUES) - 1)),
)


def change(library: Library, kind: str, number: int) -> None:
    """One of `changes`."""
    if kind == "add":
        known = len(library.papers)
        library.add(*(text(known + one) for one in range(number)))
    elif kind == "change":
        library.put({f"2001.{number:05}": (text(number + 1) + " anew", None)})
    elif kind == "withdraw":
        library.put({f"2001.{number:05}": (library.papers[f"2001.{number:05}"][0], "withdrawn")})
    elif kind == "take back":
        library.take_back()
    elif kind == "catalogue":
        library.catalogue = list(CATALOGUES)[number]
    else:
        library.say([kept(library, paper, kind) for paper in list(library.papers)[number * 5 : number * 5 + 40]])


def kept(library: Library, paper: str, judge: str) -> judgements.Kept:
    """What a reader says of a paper and parsing: core where its text speaks of a tree, whatever the rule says."""
    label = Label.CORE if "tree" in library.papers[paper][0] else Label.OUT
    scope = judgements.scope_hash(CATALOGUES[library.catalogue][0])
    when = datetime(2026, 1, 1)
    return judgements.Kept(
        Judgement(paper, "parsing", label, judge, "1"), f"hash of {library.papers[paper][0]}", scope, when
    )


@pytest.mark.slow
@settings(max_examples=8, deadline=None)
@given(st.lists(st.lists(changes, min_size=1, max_size=3), min_size=1, max_size=4))
def test_a_run_after_any_changes_gives_what_a_run_from_the_start_gives(
    weeks: list[list[tuple[str, int]]],
) -> None:
    """Every column of memberships and of what was learned, bit for bit, whatever came, changed and went in between."""
    with (
        pytest.MonkeyPatch.context() as patched,
        tempfile.TemporaryDirectory() as folder,
        Warehouse.open(Path(folder)) as warehouse,
    ):
        patched.setattr("littriage.learning.MIN_JUDGED", 12)
        patched.setattr("littriage.learning.MIN_EACH", 5)
        library = Library(warehouse)
        library.add(*(text(number) for number in range(60)))
        library.run()
        for week in weeks:
            for kind, number in week:
                change(library, kind, number)
            library.run()
        assert library.tables() == library.from_the_start()


def test_what_was_learned_is_there_again_after_new_papers(library: Library, monkeypatch: pytest.MonkeyPatch) -> None:
    """What the law says, where a classifier does speak."""
    monkeypatch.setattr("littriage.learning.MIN_JUDGED", 12)
    monkeypatch.setattr("littriage.learning.MIN_EACH", 5)
    library.say([kept(library, paper, "person") for paper in list(library.papers)[:50]])
    library.run()
    assert rows(library, "count(*) > 0", "decided_by = 'learned'") == [(True,)]
    library.add("parsing a tree", "parsing a sentence, and sound")
    library.run()

    assert {one[0] for one in rows(library, "decided_by", "paper_id >= '2001.00060' and direction = 'parsing'")} == {
        "learned"
    }
    assert library.tables() == library.from_the_start()


def test_rows_that_say_so_already_are_left_alone(library: Library) -> None:
    """Judgements that have been applied are applied again without a trace."""
    scopes = {one.slug: judgements.scope_hash(one) for one in CATALOGUES["three"]}
    library.say([kept(library, paper, "person") for paper in list(library.papers)[:5]])
    memberships.apply_judgements(library.warehouse, RULES.values(), scopes)
    before = rows(library)
    memberships.apply_judgements(library.warehouse, RULES.values(), scopes)
    assert rows(library) == before
