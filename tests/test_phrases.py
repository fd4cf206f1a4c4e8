"""Phrases of titles and abstracts: which words make one, what they are folded to, and which phrases are topics."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from littriage.phrases import Phrases, Selection, monthly, phrases_of


def phrases(
    *texts: tuple[str, str | None], month: list[int] | None = None, papers: int = 1, titles: int = 1
) -> Phrases:
    months = np.array(month if month is not None else [0] * len(texts), dtype=np.int64)
    return phrases_of(texts, months, papers=papers, titles=titles)


def names_of(title: str) -> set[str]:
    return set(phrases((title, None)).names)


def in_texts(found: Phrases, name: str) -> list[float]:
    return found.texts[:, found.names.index(name)].toarray().ravel().tolist()


def in_titles(found: Phrases, name: str) -> list[float]:
    return found.titles[:, found.names.index(name)].toarray().ravel().tolist()


# --- what a phrase is -------------------------------------------------------------------------------------------


def test_a_title_gives_every_run_of_up_to_three_words():
    assert names_of("Deep graph parsing models") == {
        "deep", "graph", "parsing", "models", "deep graph", "graph parsing", "parsing models", "deep graph parsing",
        "graph parsing models",
    }  # fmt: skip


def test_a_word_of_grammar_stands_inside_a_phrase_and_not_at_its_edges():
    found = names_of("Chain of thought for reasoning")
    assert {"chain of thought", "chain", "thought", "thought for reasoning"} <= found
    assert not {name for name in found if {name.split()[0], name.split()[-1]} & {"of", "for"}}


@pytest.mark.parametrize("sign", [",", ".", ":", ";", "?", "!", "(", ")", "[", "]", "“", "”", "—", '"'])
def test_punctuation_breaks_a_phrase(sign):
    assert names_of(f"graphs{sign} parsers") == {"graphs", "parsers"}


@pytest.mark.parametrize("word", ["few-shot", "seq2seq", "q+a", "o'brien", "l’apprentissage"])
def test_hyphens_figures_and_apostrophes_hold_a_word_together(word):
    assert names_of(f"{word} graphs") == {word, "graphs", f"{word} graphs"}


def test_every_word_of_a_phrase_holds_a_letter():
    assert names_of("top 10 parsers 2020") == {"top", "parsers"}


def test_a_single_letter_may_stand_inside_a_phrase_alone():
    assert names_of("plan b search") == {"plan", "search", "plan b search"}


def test_case_is_folded():
    assert in_texts(phrases(("BERT Probing", None), ("Bert probing", None)), "bert probing") == [1, 1]


@pytest.mark.parametrize(
    ("plural", "singular"),
    [("graphs", "graph"), ("ontologies", "ontology"), ("boxes", "box"), ("losses", "loss"), ("batches", "batch"),
     ("hashes", "hash")],
)  # fmt: skip
def test_a_plural_is_folded_to_a_singular_that_the_texts_have(plural, singular):
    found = phrases((f"{plural} here", None), (f"a {singular}", None))
    assert in_texts(found, singular) == [1, 1]
    assert plural not in found.names


@pytest.mark.parametrize("word", ["graphs", "news", "corpus", "analysis", "loss"])
def test_a_word_without_a_singular_in_the_texts_stays(word):
    assert word in phrases((word, None), ("corpu analysi los", None)).names


def test_words_of_other_scripts_and_with_accents_are_words():
    found = phrases(("大语言模型 推理", "Über Gödel's naïve parsers"))
    assert {"大语言模型", "推理", "大语言模型 推理"} <= set(found.names)
    assert in_titles(phrases(("naïve Bayes", None)), "naïve bayes") == [1]


def test_no_phrase_goes_over_from_a_title_to_its_abstract():
    found = phrases(("graph parsers", "learn trees"), ("parsers learn", "graph"))
    assert in_texts(found, "parsers learn") == [0, 1]


# --- counting ---------------------------------------------------------------------------------------------------


def test_a_paper_counts_once_however_often_it_says_a_phrase():
    found = phrases(("graph graph graph", "graph, graph"), ("no such thing", "a graph"))
    assert in_texts(found, "graph") == [1, 1]
    assert in_titles(found, "graph") == [1, 0]
    assert found.texts.data.max() == found.titles.data.max() == 1


def test_a_phrase_of_abstracts_alone_is_none():
    assert phrases(("a title", "word graphs")).names == ("title",)


def test_too_few_papers_or_titles_make_no_phrase():
    texts = [("parse trees", "word graphs"), ("parse trees", None), ("other", "parse trees and word graphs")]
    assert "parse trees" in phrases(*texts, papers=3, titles=2).names
    assert "parse trees" not in phrases(*texts, papers=4, titles=2).names
    assert "parse trees" not in phrases(*texts, papers=3, titles=3).names
    assert "word graphs" not in phrases(*texts, papers=2, titles=1).names


def test_nothing_gives_nothing():
    found = phrases()
    assert (found.names, found.texts.shape, found.titles.shape) == ((), (0, 0), (0, 0))
    assert found.counts(3).shape == (0, 3)
    assert found.topics(2).tolist() == []


@pytest.mark.parametrize("text", [("", None), ("", ""), ("...", "of the"), ("12 34", None)])
def test_a_paper_without_a_phrase_has_an_empty_row(text):
    found = phrases(text)
    assert (found.names, found.texts.shape) == ((), (1, 0))


def test_one_paper_is_enough_where_one_is_asked_for():
    assert phrases(("parse trees", None)).names == ("parse", "parse trees", "trees")


def test_counts_are_by_month():
    found = phrases(("graph", None), ("graph", None), ("tree", None), ("graph", None), month=[0, 0, 1, 2])
    assert found.counts(4)[found.names.index("graph")].tolist() == [2, 0, 1, 0]
    assert found.counts(2)[found.names.index("graph")].tolist() == [2, 0]
    assert monthly(found.texts, found.month, 3).sum() == 4


# --- which phrases are topics -----------------------------------------------------------------------------------

EASY = Selection(papers_24m=2, titles=1, title_part=0.1, share=0.9, overlap=0.5)


def topic_names(found: Phrases, month: int, rule: Selection = EASY) -> list[str]:
    return [found.names[place] for place in found.topics(month, rule)]


def test_of_two_phrases_in_the_same_papers_the_longer_stands():
    found = phrases(("parse trees", None), ("parse trees", None), ("graphs", None), ("graphs", None))
    assert topic_names(found, 0) == ["graphs", "parse trees"]


def test_of_two_phrases_that_overlap_by_more_than_half_the_more_frequent_stands():
    # together in 2 papers of 3: Jaccard 2/3
    three = [("parse trees", None), ("parse trees", None), ("parse charts", None)]
    found = phrases(*three, *[("graphs", None)] * 3)
    assert topic_names(found, 0) == ["graphs", "parse"]


def test_phrases_that_overlap_by_half_are_two_topics():
    # together in 2 of 4 papers
    four = [("parse trees", None)] * 2 + [("parse charts", None), ("parse tables", None)]
    found = phrases(*four, *[("graphs", None)] * 3)
    assert topic_names(found, 0) == ["graphs", "parse", "parse trees"]


def test_a_phrase_of_nearly_every_paper_is_the_field():
    found = phrases(*[("models of graphs", None)] * 2, *[("models of trees", None)] * 2)
    assert "models" not in topic_names(found, 0)


def test_a_phrase_that_titles_hardly_hold_is_a_word_of_method():
    found = phrases(("results", None), *[("graphs", "results")] * 12, *[("trees", "nothing")] * 12)
    assert "results" not in topic_names(found, 0)
    assert "results" in topic_names(found, 0, Selection(2, 1, 0.05, 0.9, 0.5))


def test_only_the_last_24_months_make_a_topic():
    texts = [("old thing", None)] * 3 + [("new thing", None)] * 3 + [("other", None)] * 3
    found = phrases(*texts, month=[0] * 3 + [24] * 6)
    assert "old thing" in topic_names(phrases(*texts, month=[0] * 3 + [23] * 6), 23)
    assert "old thing" not in topic_names(found, 24)


@settings(max_examples=20, deadline=None)
@given(st.integers(0, 2**32 - 1))
def test_papers_after_the_month_decide_nothing(seed):
    random = np.random.default_rng(seed)
    words = ["graph", "tree", "parser", "corpus", "chart"]

    def drawn(count: int) -> list[tuple[str, str | None]]:
        return [(" ".join(random.choice(words, 3)), None) for _ in range(count)]

    past, future, other = drawn(30), drawn(30), [("zebra stripes", None)] * 30
    month = [0] * 10 + [1] * 20 + [2] * 30
    one, two = phrases(*past, *future, month=month), phrases(*past, *other, month=month)
    assert topic_names(one, 1) == topic_names(two, 1)


def test_the_order_of_papers_within_a_month_decides_nothing():
    texts = [("parse trees", "graphs"), ("graphs", None), ("parse charts", None), ("graphs and trees", "parse")] * 2
    again = list(reversed(texts))
    one, two = phrases(*texts), phrases(*again)
    assert one.names == two.names
    assert topic_names(one, 0) == topic_names(two, 0)
    assert (one.texts.toarray()[::-1] == two.texts.toarray()).all()


@settings(max_examples=20, deadline=None)
@given(
    st.lists(
        st.tuples(
            st.lists(st.sampled_from(["graph", "graphs", "of", "tree", "12", "a-b", "deep,"]), max_size=6).map(
                " ".join
            ),
            st.none()
            | st.lists(st.sampled_from(["graph", "trees", "of", "deep.", "a-b", "x"]), max_size=9).map(" ".join),
        ),
        max_size=9,
    ),
    st.integers(1, 4),
)
def test_phrases_do_not_depend_on_how_many_papers_are_read_at_once(texts, at_once):
    month = np.arange(len(texts))
    with pytest.MonkeyPatch.context() as patch:
        whole = phrases_of(texts, month, papers=2, titles=1)
        patch.setattr("littriage.phrases._AT_ONCE", at_once)
        parts = phrases_of(texts, month, papers=2, titles=1)
    assert whole.names == parts.names
    for one, other in ((whole.texts, parts.texts), (whole.titles, parts.titles)):
        assert one.shape == other.shape == (len(texts), len(whole.names))
        assert one.indices.tolist() == other.indices.tolist()
        assert one.indptr.tolist() == other.indptr.tolist()
