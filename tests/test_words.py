"""Words as numbers: what a word is, which numbers they get, and the table that finds them again."""

from __future__ import annotations

import re

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from littriage.words import BREAK, Table, Vocabulary

WORD = re.compile(r"[^\W_]+(?:[-+'’][^\W_]+)*|[.,;:!?()\[\]\"“”—]")
MARKS = '.,;:!?()[]"“”—'
TEXT = st.text(st.sampled_from("aébZ9一-+'’_ .,;!?()[]\"“”—\n\t½\ud800"), max_size=25)


def by_pattern(texts: list[str], spelt: list[str]) -> list[list[int]]:
    """The numbers that a regular expression and a dictionary give, with a break for each mark and each end."""
    found = []
    for text in texts:
        words = WORD.findall(text)
        for word in words:
            if word not in MARKS and word not in spelt:
                spelt.append(word)
        found.append([BREAK if word in MARKS else spelt.index(word) for word in words] + [BREAK])
    return found


def numbers_of(vocabulary: Vocabulary, texts: list[str]) -> list[list[int]]:
    words = vocabulary.words(texts)
    return [part.tolist() for part in np.split(words.numbers, words.ends)[:-1]]


def test_words_get_numbers_in_the_order_in_which_they_come() -> None:
    vocabulary = Vocabulary()

    assert numbers_of(vocabulary, ["few-shot learning, of trees", "", "learning"]) == [
        [0, 1, BREAK, 2, 3, BREAK], [BREAK], [1, BREAK],
    ]  # fmt: skip
    assert numbers_of(vocabulary, ["trees of graphs"]) == [[3, 2, 4, BREAK]]
    assert vocabulary.spelt == ["few-shot", "learning", "of", "trees", "graphs"]


@pytest.mark.parametrize("text", ["-a-", "a--b", "a-'b", "'a+b'", "a_b", "_", "-", "a-", "x²", "l’eau—ici"])
def test_what_joins_a_word_does_so_only_between_letters(text: str) -> None:
    vocabulary, spelt = Vocabulary(), list[str]()

    assert numbers_of(vocabulary, [text]) == by_pattern([text], spelt)
    assert vocabulary.spelt == spelt


def test_no_texts_have_no_words() -> None:
    words = Vocabulary().words([])

    assert (words.numbers.tolist(), words.ends.tolist()) == ([], [])


@settings(max_examples=60, deadline=None)
@given(st.lists(st.lists(TEXT, max_size=4), min_size=1, max_size=4))
def test_words_are_those_of_the_pattern_however_the_texts_are_cut_into_batches(batches: list[list[str]]) -> None:
    vocabulary, spelt = Vocabulary(), list[str]()

    for batch in batches:
        assert numbers_of(vocabulary, batch) == by_pattern(batch, spelt)
    assert vocabulary.spelt == spelt


@settings(max_examples=30, deadline=None)
@given(st.lists(st.integers(0, 2**64 - 1), unique=True, max_size=200), st.integers(0, 200))
def test_a_table_numbers_its_keys_in_order_and_knows_no_others(keys: list[int], cut: int) -> None:
    table = Table(np.array(keys[:cut], np.uint64))
    table.add(np.array(keys[cut:], np.uint64))

    assert table.find(np.array(keys, np.uint64)).tolist() == list(range(len(keys)))
    others = [key ^ 1 for key in keys if key ^ 1 not in set(keys)]
    assert set(table.find(np.array(others, np.uint64)).tolist()) <= {BREAK}
    assert len(table) == len(keys)


def test_keys_that_fall_into_one_place_are_told_apart() -> None:
    """So many keys with the same upper bits of the hash stand in a row; each is found, and a missing one is not."""
    inverse = pow(0x9E3779B97F4A7C15, -1, 1 << 64)
    keys = np.array([place * inverse % (1 << 64) for place in range(300)], np.uint64)
    table = Table(keys[:-1])

    assert table.find(keys).tolist() == [*range(299), BREAK]
