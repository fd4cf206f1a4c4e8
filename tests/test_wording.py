"""The two stages that word: names of sub-topics and briefs, from a warehouse, with and without a language model."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import replace
from datetime import date, datetime
from typing import Any

import pytest

from cluster_rows import stand
from fakes import FakeLlm
from hostile_papers import HOSTILE
from littriage import assistance
from littriage.asking import Assistant, Budget
from littriage.briefs import KeyPaper, SubTopic
from littriage.errors import LlmRefused
from littriage.model import (
    Catalogue,
    Direction,
    Growth,
    Query,
    Reason,
    Stage,
    Theme,
    Verdict,
)
from littriage.ports import Prompt
from littriage.prompts import as_data, quoted
from littriage.published import Published
from littriage.run import Run
from littriage.warehouse import Warehouse, clusters, derived, wording
from littriage.warehouse.publishing import publish

AS_OF = date(2025, 7, 15)
LAST = date(2025, 6, 1)
META = {"run": "r1", "as_of": "2025-07-15", "published_at": "2025-07-15T06:00:00Z", "last_month": "2025-06-01"}


class Quiet:
    def start(self, label: str, total: int | None) -> None: ...

    def advance(self, done: int = 1) -> None: ...

    def finish(self) -> None: ...


def direction(slug: str, name: str, name_zh: str) -> Direction:
    return Direction(slug, "vision", name, name_zh, f"{name}.", Query(((name,),), categories=("cs.CV",)))


CHARTS = direction("charts", "Charts", "图表")
MAPS = direction("maps", "Maps", "地图")


def verdict(slug: str, stage: Stage) -> Verdict:
    growth = Growth(slug, 0.3, 0.1, 0.5, 0.97, 0.03, 0.06, 0.35, 0.15, 48)
    reasons = (Reason("p_up", (("p", "97%"),)),)
    return Verdict(AS_OF, slug, stage, growth, 34.0, 0.012, 2764, 0.95, date(2025, 3, 1), 0.02, date(2015, 1, 1), LAST,
                   reasons, "v1")  # fmt: skip


@pytest.fixture
def run(warehouse: Warehouse) -> Run:
    """Two directions: charts with two sub-topics and six papers, maps with too little data and one paper."""
    days = [date(2025, 6, 30), date(2025, 7, 1), date(2024, 7, 1), date(2024, 6, 30), *[date(2023, 1, 1)] * 2]
    for number, day in enumerate(days, 1):
        add(warehouse, f"p{number}", day)
    add(warehouse, "gone", days[0], not_counted="withdrawn")
    add(warehouse, "later", date(2025, 8, 1))
    add(warehouse, "out", days[0])
    hits = [("charts", f"p{number}", 0.5 + number / 20) for number in range(1, 7)]
    hits += [("charts", "gone", 0.99), ("charts", "later", 0.99), ("charts", "out", 0.1), ("maps", "p6", 0.8)]
    warehouse.insert(
        "membership",
        {
            "direction": [slug for slug, _, _ in hits],
            "paper_id": [paper for _, paper, _ in hits],
            "probability": [probability for _, _, probability in hits],
            "member": [probability >= 0.5 for _, _, probability in hits],
        },
        similarity=0.5,
        rule="v1/fast",
    )
    stand(warehouse, "charts", CLUSTERS)
    catalogue = Catalogue((Theme("vision", "Vision", "视觉", "All."),), (CHARTS, MAPS))
    made = Run(warehouse, catalogue, AS_OF, lambda: datetime(2025, 7, 15), Quiet(), as_of=AS_OF)
    made.verdicts = (verdict("charts", Stage.RISING), verdict("maps", Stage.TOO_LITTLE_DATA))
    derived.store_verdicts(warehouse, made.verdicts, {})
    return made


def add(warehouse: Warehouse, paper: str, day: date, **facts: Any) -> None:
    known = {
        "title": f"Title of {paper}", "abstract": "A.", "authors": [f"Ada {paper.upper()}", "Bob"],
        "categories": ["cs.CV"], "published": day, "date_kind": "submitted", "month": day.replace(day=1),
        "text_hash": "h", "source": "s", "in_field": True,
    }  # fmt: skip
    warehouse.insert("paper", {"id": [paper]}, **(known | facts))


CLUSTERS = {1: ("bar charts", ("p1", "p2", "p3")), 2: ("pie charts", ("p4", "p5", "p6"))}


def answers(prompt: Prompt) -> Mapping[str, Any]:
    """What the scripted model says: names for both sub-topics, and a brief with one sentence that holds."""
    if prompt.task == "name":
        given = ((1, "Bar charts", "柱状图"), (2, "Lines", "折线"))
        return {"names": [dict(zip(("number", "en", "zh"), one, strict=True)) for one in given]}
    chinese = '"direction":"图表"' in prompt.data
    right = "份额每年 +35%，处于上升阶段。" if chinese else "It is rising: +35% a year."
    return {
        "sentences": [
            {"text": right, "papers": [], "figures": ["stage", "growth"]},
            {"text": right.replace("35", "36"), "papers": [], "figures": ["stage", "growth"]},
        ]
    }


def assistant(llm: FakeLlm, calls: int | None = None, languages: tuple[str, ...] = ("en", "zh")) -> Assistant:
    return Assistant(llm, Budget(calls=calls), languages=languages)


def names(run: Run) -> list[tuple[Any, ...]]:
    return run.warehouse.connection.execute(
        "select number, name, name_zh, named_by from cluster where version = (select max(version) from cluster_set)"
        " order by all"
    ).fetchall()


def stored(run: Run) -> dict[tuple[str, str], tuple[str, list[str]]]:
    rows = run.warehouse.connection.execute(
        "select direction, lang, any_value(worded_by), list(sentence order by place) from brief group by all"
    ).fetchall()
    return {(slug, lang): (by, sentences) for slug, lang, by, sentences in rows}


# --- names ------------------------------------------------------------------------------------------------------


def test_names_that_hold_are_stored_and_published(run: Run) -> None:
    """A name without support is dropped and counted: that sub-topic shows its label."""
    llm = FakeLlm(answers)
    counts = assistance.name_subtopics(run, assistant(llm))

    assert names(run) == [(1, "Bar charts", "柱状图", "fake-1"), (2, None, None, None)]
    assert (counts["sub-topics"], counts["named"], counts["dropped: no word of its papers"]) == (2, 1, 1)
    shown = json.loads(llm.history[0].data)["sub_topics"][0]
    assert shown["titles"] == ["Title of p1", "Title of p2", "Title of p3"]
    derived.store_catalogue(run.warehouse, run.catalogue, run.queries, {"charts": "cs.CV", "maps": "cs.CV"})
    publish(run.warehouse, META, AS_OF)
    with Published.open(run.warehouse.folder) as published:
        assert [(one.name, one.name_zh, one.named_by, one.label) for one in published.clusters("charts")] == [
            ("Bar charts", "柱状图", "fake-1", "bar charts"),
            (None, None, None, "pie charts"),
        ]


def test_the_same_sub_topics_are_asked_about_once(run: Run) -> None:
    """The cache answers what is asked again: here because one of two names did not hold."""
    llm = FakeLlm(answers)
    assistance.name_subtopics(run, assistant(llm))
    counts = assistance.name_subtopics(run, assistant(llm))

    assert names(run) == [(1, "Bar charts", "柱状图", "fake-1"), (2, None, None, None)]
    assert (len(llm.history), counts["from cache"], counts["named"]) == (1, 1, 1)


def test_papers_that_come_later_ask_for_no_other_name(run: Run) -> None:
    """Though they lie nearer to the centroid: only the papers that a sub-topic was made of are shown to the model."""
    llm = FakeLlm(answers)
    assistance.name_subtopics(run, assistant(llm))
    run.warehouse.insert(
        "cluster_member", {"paper_id": ["out"]}, scope="charts", number=1, similarity=1.0, founder=False,
        since=AS_OF, text_hash="h",
    )  # fmt: skip
    counts = assistance.name_subtopics(run, assistant(llm))

    assert (len(llm.history), counts["from cache"]) == (1, 1)


def test_where_all_have_names_nothing_is_asked(run: Run) -> None:
    """Not even another model: a name stays as long as its sub-topic lives."""
    both = lambda prompt: {  # noqa: E731
        "names": [
            {"number": 1, "en": "Bar charts", "zh": "柱状图"},
            {"number": 2, "en": "Pie charts", "zh": "饼图"},
        ]
    }
    assistance.name_subtopics(run, assistant(FakeLlm(both)))
    other = FakeLlm(answers, model="other")
    counts = assistance.name_subtopics(run, assistant(other))

    assert other.history == []
    assert (counts["sub-topics"], counts["named"]) == (2, 2)


def test_names_stay_where_nobody_answers(run: Run) -> None:
    """A later run whose model refuses, or that has none, takes nothing away; a new sub-topic has no name yet."""
    assistance.name_subtopics(run, assistant(FakeLlm(answers)))
    refusing = FakeLlm(lambda prompt: LlmRefused("no such model"), model="other")
    counts = assistance.name_subtopics(run, assistant(refusing))

    assert names(run)[0] == (1, "Bar charts", "柱状图", "fake-1")
    assert counts["left"] == 1
    stand(run.warehouse, "charts", {3: ("area charts", ("p1", "p2"))}, version=2)
    assert assistance.name_subtopics(run, None)["left, with no language model"] == 1
    assert names(run) == [(3, None, None, None)]


def test_a_warehouse_without_sub_topics_asks_nothing(run: Run) -> None:
    """No question, no name, no error."""
    clusters.forget_members_except(run.warehouse, [])
    llm = FakeLlm()

    assert assistance.name_subtopics(run, assistant(llm))["sub-topics"] == 0
    assert llm.history == []


# --- briefs -----------------------------------------------------------------------------------------------------


def test_what_a_brief_may_name(run: Run) -> None:
    """Central: members of the 12 months that end with the last one judged, and after it, the surest first; newest ones
    besides. Withdrawn papers, those from the day on and those that are out are none."""
    found = wording.key_papers(run.warehouse, AS_OF)

    assert [(one.id, one.central) for one in found["charts"]] == [
        ("p2", True), ("p1", True), ("p3", True), ("p4", False),
    ]  # fmt: skip
    assert found["charts"][0] == KeyPaper("p2", "Title of p2", "Ada P2", 2, date(2025, 7, 1), 1, True)
    assert [(one.id, one.topic, one.central) for one in found["maps"]] == [("p6", None, False)]


def test_what_is_new_in_a_sub_topic(run: Run) -> None:
    """Counted up to the last month judged: p2 came after it, p4 more than 12 months before."""
    assistance.name_subtopics(run, assistant(FakeLlm(answers)))

    assert wording.sub_topics(run.warehouse, AS_OF) == {
        "charts": (
            SubTopic(1, "bar charts", "Bar charts", "柱状图", 2, 2),
            SubTopic(2, "pie charts", None, None, 3, 0),
        )
    }


def test_a_model_words_what_holds_and_the_template_the_rest(run: Run) -> None:
    """In each language; a sentence that fails is counted. Where there is no verdict, nobody is asked."""
    llm = FakeLlm(answers)
    counts = assistance.word_briefs(run, assistant(llm))
    made = stored(run)

    assert len(llm.history) == 2
    assert made["charts", "en"] == ("fake-1", ["It is rising: +35% a year."])
    assert made["charts", "zh"] == ("fake-1", ["份额每年 +35%，处于上升阶段。"])
    assert made["maps", "en"][0] == "template"
    assert made["maps", "en"][1][0].startswith("Maps: too little data, from months up to 2025-06; how its share")
    assert (counts["briefs"], counts["worded by a model"], counts["from the template"]) == (4, 2, 2)
    assert counts["dropped: a number that is not the figure"] == 2
    rows = run.warehouse.connection.execute("select papers from brief where direction = 'charts' and lang = 'en'")
    assert rows.fetchone() == (["record:charts@2025-07-15#stage", "record:charts@2025-07-15#growth"],)


def test_the_same_facts_are_worded_once(run: Run) -> None:
    """A second run, and one on the next day with nothing new, make no call."""
    llm = FakeLlm(answers)
    assistance.word_briefs(run, assistant(llm))
    assistance.word_briefs(run, assistant(llm))
    run.as_of = date(2025, 7, 16)
    run.verdicts = tuple(replace(one, as_of=run.as_of) for one in run.verdicts)
    derived.store_verdicts(run.warehouse, run.verdicts, {})
    derived_from = stored(run)
    counts = assistance.word_briefs(run, assistant(llm))

    assert (len(llm.history), counts["from cache"]) == (2, 2)
    assert stored(run)["charts", "en"] == derived_from["charts", "en"]


def test_without_a_model_every_direction_has_its_template(run: Run) -> None:
    """Complete in both languages, and what could be asked is left open."""
    counts = assistance.word_briefs(run, None)
    made = stored(run)

    assert set(made) == {("charts", "en"), ("charts", "zh"), ("maps", "en"), ("maps", "zh")}
    assert {by for by, _ in made.values()} == {"template"}
    assert (counts["left, with no language model"], counts["worded by a model"]) == (2, 0)


def test_a_budget_of_one_call_words_one_brief(run: Run) -> None:
    """The rest is the template's, and is listed as left."""
    llm = FakeLlm(answers)
    counts = assistance.word_briefs(run, assistant(llm, calls=1))

    assert len(llm.history) == 1
    assert (counts["briefs"], counts["worded by a model"], counts["left"]) == (4, 1, 1)


def test_only_the_languages_asked_for_are_worded(run: Run) -> None:
    """The other has the template's."""
    llm = FakeLlm(answers)
    assistance.word_briefs(run, assistant(llm, languages=("zh",)))

    assert len(llm.history) == 1
    assert (stored(run)["charts", "en"][0], stored(run)["charts", "zh"][0]) == ("template", "fake-1")


def test_readers_get_briefs_with_links_and_what_was_dropped(run: Run) -> None:
    """The published file holds the sentences in order, with papers and figures apart."""
    assistance.word_briefs(run, assistant(FakeLlm(answers), languages=("en",)))
    derived.store_catalogue(run.warehouse, run.catalogue, run.queries, {"charts": "cs.CV", "maps": "cs.CV"})
    publish(run.warehouse, META, AS_OF)

    with Published.open(run.warehouse.folder) as published:
        english, chinese = published.brief("charts", "en"), published.brief("charts", "zh")
        assert english is not None
        assert chinese is not None
        assert (english.worded_by, english.dropped) == ("fake-1", (("a number that is not the figure", 1),))
        assert [one.text for one in english.sentences] == ["It is rising: +35% a year."]
        assert english.sentences[0].record == ("record:charts@2025-07-15#stage", "record:charts@2025-07-15#growth")
        assert (chinese.worded_by, chinese.dropped) == ("template", ())
        (papers,) = [one.papers for one in chinese.sentences if one.papers]
        assert [one.id for one in papers] == ["p2", "p1"]
        assert papers[0].link == "https://arxiv.org/abs/p2"
        assert set(published.briefs("en")) == {"charts", "maps"}
        assert published.brief("nothing", "en") is None


def test_a_stage_killed_in_between_leaves_what_was_there(run: Run) -> None:
    """Briefs are replaced in one transaction."""
    assistance.word_briefs(run, None)
    before = stored(run)
    broken = wording.Brief("charts", "en", (("text", None),), "m", {})  # type: ignore[arg-type]

    with pytest.raises(Exception, match=r"NoneType|NOT NULL"):
        wording.store_briefs(run.warehouse, [broken])
    assert stored(run) == before


@pytest.mark.parametrize("attempt", HOSTILE)
def test_a_title_that_speaks_to_the_model_is_not_shown_to_it(run: Run, attempt: str) -> None:
    """Neither for names nor for briefs; the other titles are."""
    add(run.warehouse, "p1", date(2025, 6, 30), title=HOSTILE[attempt])
    llm = FakeLlm(answers)
    assistance.name_subtopics(run, assistant(llm))
    assistance.word_briefs(run, assistant(llm))

    assert [prompt.task for prompt in llm.history] == ["name", "brief", "brief"]
    beginning = as_data(quoted(HOSTILE[attempt], 25)).strip('"…')
    assert not any(beginning in prompt.data for prompt in llm.history)
    assert "Title of p2" in llm.history[0].data
