"""Names of sub-topics: one question per direction, and what a name must be."""

from __future__ import annotations

import json
from typing import Any

import jsonschema
import pytest
from hypothesis import given
from hypothesis import strategies as st

from littriage.model import Cluster, ClusterMember, Direction, Query
from littriage.naming import checked_names, naming_prompt

DETECTION = Direction(
    "object-detection", "vision", "Object detection", "目标检测", "Finding objects.", Query((("detection",),)),
    aliases=("OD",),
)  # fmt: skip
TITLES = {
    "1": "Small objects in aerial images",
    "2": "Tiny boats from above",
    "3": "Queries for end-to-end transformers",
    "4": "Anchor-free detectors",
    "5": "A title nobody sees",
}


def cluster(number: int, *terms: str, papers: str = "") -> Cluster:
    return Cluster(
        "object-detection", number, ", ".join(terms), terms, tuple(ClusterMember(one, 0.9) for one in papers)
    )


CLUSTERS = (
    cluster(1, "aerial", "small object", papers="125"),
    cluster(2, "query", papers="3"),
    cluster(3, "anchor", papers="4"),
)


def given_names(*names: tuple[int, str, str]) -> dict[str, Any]:
    return {"names": [{"number": number, "en": en, "zh": zh} for number, en, zh in names]}


def checked(*names: tuple[int, str, str], most_papers: int = 2) -> tuple[dict[int, tuple[str, str]], dict[str, int]]:
    kept, drops = checked_names(DETECTION, CLUSTERS, TITLES, given_names(*names), most_papers)
    return kept, dict(drops)


GOOD = (
    (1, "Small objects from the air", "航拍小目标"),
    (2, "Query-based detectors", "基于查询的 DETR"),
    (3, "Anchor-free heads", "无锚框"),
)


def test_one_question_shows_all_sub_topics_of_a_direction() -> None:
    """Number, terms and the titles nearest to the centre, as data; the answer is closed and bounded."""
    prompt = naming_prompt(DETECTION, CLUSTERS, TITLES, most_papers=2)
    data = json.loads(prompt.data)

    assert data["direction"]["name_zh"] == "目标检测"
    assert data["sub_topics"][0] == {
        "number": 1, "terms": ["aerial", "small object"], "titles": [TITLES["1"], TITLES["2"]],
    }  # fmt: skip
    assert [one["number"] for one in data["sub_topics"]] == [1, 2, 3]
    assert prompt.task == "name"
    assert TITLES["1"] not in prompt.instructions
    jsonschema.Draft202012Validator.check_schema(prompt.schema)
    validator = jsonschema.Draft202012Validator(prompt.schema)
    assert validator.is_valid(given_names(*GOOD))
    assert not validator.is_valid(given_names((1, "a" * 61, "名")))
    assert not validator.is_valid(given_names((1, "a", "名" * 31)))
    assert not validator.is_valid(given_names(*GOOD, GOOD[0]))
    assert not validator.is_valid({"names": [], "more": 1})


def test_the_question_is_the_same_for_the_same_sub_topics() -> None:
    """A title that is not shown changes nothing; one that is shown does. Without sub-topics there is none."""
    asked = naming_prompt(DETECTION, CLUSTERS, TITLES, 2).question

    assert naming_prompt(DETECTION, CLUSTERS, TITLES | {"5": "Another"}, 2).question == asked
    assert naming_prompt(DETECTION, CLUSTERS, TITLES | {"3": "Another"}, 2).question != asked
    with pytest.raises(ValueError, match="no sub-topics"):
        naming_prompt(DETECTION, (), TITLES)


def test_good_names_are_kept_by_number() -> None:
    """In whatever order they come; white space around them is taken away."""
    swapped = [(number, f" {en} ", zh) for number, en, zh in reversed(GOOD)]

    assert checked(*swapped) == ({number: (en, zh) for number, en, zh in GOOD}, {})
    assert checked() == ({}, {})


@pytest.mark.parametrize(
    ("name", "reason"),
    [
        ((9, "Small objects", "小目标"), "no such sub-topic"),
        ((1, "", "小目标"), "empty"),
        ((1, "Small objects", " "), "empty"),
        ((1, "Small objects " * 5, "小目标"), "too long"),
        ((1, "Small objects", "小" * 31), "too long"),
        ((1, "Small\nobjects", "小目标"), "control characters"),
        ((1, "Small\u202eobjects", "小目标"), "control characters"),
        ((1, "Small objects", "小\u200b目标"), "control characters"),
        ((1, "Small <b>objects</b>", "小目标"), "markup"),
        ((1, "**Small objects**", "小目标"), "markup"),
        ((1, "Small objects", "`小目标`"), "markup"),
        ((1, "Small objects: see https://a.b", "小目标"), "a link"),
        ((1, "Small objects at example.com", "小目标"), "a link"),
        ((1, "小目标 objects", "小目标"), "not in Latin letters"),
        ((1, "Smаll objects", "小目标"), "not in Latin letters"),  # the second a is Cyrillic
        ((1, "12", "小目标"), "not in Latin letters"),
        ((1, "Small objects", "small"), "no Chinese"),
        ((1, "Objects' detection", "小目标"), "the direction's own name"),
        ((1, "OD", "小目标"), "the direction's own name"),
        ((1, "Small objects", "目标检测"), "the direction's own name"),
        ((1, "Speech recognition", "语音识别"), "no word of its papers"),
        ((1, "New deep learning methods", "小目标"), "no word of its papers"),
        ((1, "What nobody sees", "小目标"), "no word of its papers"),
    ],
)
def test_a_name_that_fails_a_check_is_dropped_and_counted(name: tuple[int, str, str], reason: str) -> None:
    """Form, script, the direction's own name, and a word in common with what was shown; its siblings stay."""
    kept, drops = checked(name, *GOOD[1:])

    assert drops == {reason: 1}
    assert sorted(kept) == [2, 3]


@pytest.mark.parametrize(
    "pair",
    [
        ((1, "Queries of small objects", "小目标"), (2, "small-object query", "查询")),
        ((1, "Small objects", "目标 查询"), (2, "Queries", "目标查询")),
    ],
    ids=["in English", "in Chinese"],
)
def test_of_two_equal_names_neither_stays(pair: tuple[tuple[int, str, str], ...]) -> None:
    """Case, order, plurals, hyphens, linking words and spaces make no difference."""
    kept, drops = checked(*pair, GOOD[2])

    assert (kept, drops) == ({3: GOOD[2][1:]}, {"same as a sibling": 2})


def test_a_number_that_stands_twice_is_dropped_both_times() -> None:
    """Nobody can tell which was meant."""
    assert checked(*GOOD, (1, "Tiny boats", "小船")) == (
        {2: GOOD[1][1:], 3: GOOD[2][1:]},
        {"named twice": 2},
    )


texts = st.text(max_size=70)


@given(st.lists(st.tuples(st.integers(-1, 4), texts | st.just("Small objects"), texts | st.just("小目标")), max_size=8))
def test_every_name_is_kept_or_counted(names: list[tuple[int, str, str]]) -> None:
    """Whatever is answered: nothing is lost silently, and no number is made up."""
    kept, drops = checked(*names)

    assert len(kept) + sum(drops.values()) == len(names)
    assert kept.keys() <= {1, 2, 3}
    assert all("\n" not in en + zh and "<" not in en + zh for en, zh in kept.values())
