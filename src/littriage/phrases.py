"""Phrases of titles and abstracts as topics: a broad, unpicked population on which an outlook is fitted and tried.

Directions are chosen by people who know how things went on. Phrases are chosen by rule, with the papers up to a month.
"""

from __future__ import annotations

import re
from array import array
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from littriage.panel import Bools, Floats, Ints

if TYPE_CHECKING:
    from scipy.sparse import csr_matrix

LONGEST = 3
"""Words of a phrase at most."""

_TOKEN = re.compile(r"[^\W_]+(?:[-+'’][^\W_]+)*|[.,;:!?()\[\]\"“”—]")
_STOP = frozenset(
    """a about above after against all almost along already also although always among an and another any are as at be
    because been before being below best better between beyond both but by can cannot could did do does due during each
    either end et etc even every few first for four from further given has have having he her here his how however i if
    in into is it its itself just last least less like made make makes making many may me might more most much must my
    near nearly need needs neither new next no non nor not of off often on once one only onto or other others our out
    over own per rather same second see several she should show shown shows since so some still such than that the their
    them then there therefore these they this those three through thus to too toward towards two under until up upon us
    use used uses using very via was way ways we well were what when where whether which while who whose why will with
    within without would yet you your al eg ie e.g i.e based paper papers propose proposed proposes present presents
    presented""".split()  # noqa: SIM905
)


@dataclass(frozen=True, slots=True)
class Selection:
    """Which phrases count as topics in a month. Counts are of the papers up to that month."""

    papers_24m: int = 20
    """In the last 24 months at least."""
    titles: int = 3
    """Papers that have it in the title at least."""
    title_part: float = 0.10
    """Part of its papers of the last 24 months that have it in the title at least: words of method have less."""
    share: float = 0.20
    """Part of all papers of the last 24 months at most: above that it is no topic but the field. The largest directions
    of a field reach this much, and a model fitted to small topics alone would not know them."""
    overlap: float = 0.5
    """Jaccard overlap of the papers of the last 24 months above which two phrases are one topic."""


@dataclass(frozen=True, slots=True)
class Phrases:
    """Which papers have which phrases. Papers stand in the order of their months."""

    names: tuple[str, ...]
    month: Ints
    """Shape (papers,): number of the month, not falling."""
    texts: csr_matrix
    """Shape (papers, phrases), 1 where title or abstract has the phrase."""
    titles: csr_matrix
    """The same for titles alone."""

    def of(self, papers: slice | Ints) -> Phrases:
        """The phrases of some of the papers, in their order."""
        return Phrases(self.names, self.month[papers], self.texts[papers], self.titles[papers])

    def counts(self, months: int) -> Floats:
        """Papers of each phrase by month, shape (phrases, months)."""
        return monthly(self.texts, self.month, months)

    def topics(self, month: int, chosen: Selection | None = None) -> Ints:
        """Places of the phrases that are topics, as the papers up to `month` let one know; in order.

        Where two overlap, the one with more papers stands, and of two as frequent the longer.
        """
        rule = chosen or Selection()
        end = int(np.searchsorted(self.month, month, side="right"))
        start = int(np.searchsorted(self.month, month - 23, side="left"))
        recent = self.texts[start:end]
        papers, titled = _papers(recent), _papers(self.titles[start:end])
        ever_titled = _papers(self.titles[:end])
        fits = (papers >= rule.papers_24m) & (papers <= rule.share * max(1, end - start))
        fits &= (ever_titled >= rule.titles) & (titled >= rule.title_part * papers)
        places = np.flatnonzero(fits)
        return places[_distinct(recent[:, places], [self.names[int(place)] for place in places], rule.overlap)]


def phrases_of(texts: Iterable[tuple[str, str | None]], month: Ints, *, papers: int = 20, titles: int = 3) -> Phrases:
    """The phrases of up to three words that at least so many papers, and so many titles, have.

    `texts` are (title, abstract), in the order of `month`, which must not fall. A phrase holds no punctuation, neither
    begins nor ends with a word of grammar, and holds a letter in every word. Case and plurals are folded.
    """
    words: dict[str, int] = {}
    of_titles, of_texts = _Tokens(), _Tokens()
    for title, abstract in texts:
        head = [words.setdefault(word, len(words)) for word in _TOKEN.findall(title.lower())]
        body = [words.setdefault(word, len(words)) for word in _TOKEN.findall((abstract or "").lower())]
        of_titles.add(head)
        of_texts.add([*head, _BREAK, *body])
    spelt = [*words, "."]  # the last one stands for the break
    folded = np.array([words[_singular(word, words)] for word in words] + [len(words)], dtype=np.int64)
    of_titles.fold(folded)
    of_texts.fold(folded)
    inner = np.array([any(letter.isalpha() for letter in word) for word in spelt])
    edge = inner & np.array([word not in _STOP and len(word) > 1 for word in spelt])
    names: list[str] = []
    in_texts, in_titles = [], []
    for length in range(1, LONGEST + 1):
        keys = _grams(of_titles, length, inner, edge)[0]
        wanted, times = np.unique(keys, return_counts=True)
        wanted = wanted[times >= titles]
        text, title = (_incidence(*_grams(of, length, inner, edge), wanted, len(of)) for of in (of_texts, of_titles))
        kept = np.flatnonzero((_papers(text) >= papers) & (_papers(title) >= titles))
        names += [_spelt(int(wanted[place]), length, spelt) for place in kept]
        in_texts.append(text[:, kept])
        in_titles.append(title[:, kept])
    from scipy.sparse import hstack

    order = sorted(range(len(names)), key=names.__getitem__)
    return Phrases(
        tuple(names[place] for place in order),
        np.asarray(month, dtype=np.int64),
        hstack(in_texts, format="csr")[:, order].tocsr(),
        hstack(in_titles, format="csr")[:, order].tocsr(),
    )


def _singular(word: str, words: Mapping[str, int]) -> str:
    """The word without the ending of a plural, where that is a word of the texts too and none of grammar."""
    for plural, singular in (("ies", "y"), ("sses", "ss"), ("xes", "x"), ("ches", "ch"), ("shes", "sh"), ("s", "")):
        if word.endswith(plural):
            stem = word[: -len(plural)] + singular
            fits = len(stem) > 2 and not word.endswith(("ss", "us", "is")) and stem in words and stem not in _STOP
            return stem if fits else word
    return word


_BREAK = -1


class _Tokens:
    """Words of many texts, end to end, as numbers."""

    def __init__(self) -> None:
        self._words, self._ends = array("i"), array("q")

    def add(self, words: Sequence[int]) -> None:
        self._words.extend(words)
        self._words.append(_BREAK)
        self._ends.append(len(self._words))

    def fold(self, folded: Ints) -> None:
        """Put other numbers in the words' place."""
        self._words = array("i", folded[self.words].astype(np.int32).tobytes())

    def __len__(self) -> int:
        return len(self._ends)

    @property
    def words(self) -> Ints:
        return np.frombuffer(self._words, dtype=np.int32).astype(np.int64) if self._words else np.empty(0, np.int64)

    @property
    def papers(self) -> Ints:
        """The paper of each word."""
        return np.repeat(np.arange(len(self), dtype=np.int64), np.diff(self._ends, prepend=0))


def _grams(tokens: _Tokens, length: int, inner: Bools, edge: Bools) -> tuple[Ints, Ints]:
    """Every phrase of so many words as a number, with its paper."""
    words, papers = tokens.words, tokens.papers
    ends = max(0, len(words) - length + 1)
    fits = edge[words[:ends]] & edge[words[length - 1 :]]
    key = np.zeros(ends, dtype=np.int64)
    for place in range(length):
        fits &= inner[words[place : place + ends]]
        key = key * len(inner) + words[place : place + ends]
    return key[fits], papers[:ends][fits]


def _incidence(keys: Ints, papers: Ints, wanted: Ints, rows: int) -> csr_matrix:
    from scipy.sparse import csr_matrix

    place = np.minimum(np.searchsorted(wanted, keys), max(0, len(wanted) - 1))
    hit = wanted[place] == keys if len(wanted) else np.zeros(len(keys), dtype=np.bool_)
    ones = np.ones(int(hit.sum()), dtype=np.float32)
    found = csr_matrix((ones, (papers[hit], place[hit])), shape=(rows, len(wanted)))
    found.data[:] = 1  # a paper counts once
    return found


def _papers(incidence: csr_matrix) -> Floats:
    return np.asarray(incidence.sum(axis=0), dtype=np.float64).ravel()


def _spelt(key: int, length: int, words: Sequence[str]) -> str:
    parts = []
    for _ in range(length):
        key, last = divmod(key, len(words))
        parts.append(words[last])
    return " ".join(reversed(parts))


def _distinct(incidence: csr_matrix, names: Sequence[str], overlap: float) -> Ints:
    """Places of the columns that stand where several hold nearly the same papers, in order."""
    papers = _papers(incidence)
    together = (incidence.T @ incidence).tocoo()
    union = papers[together.row] + papers[together.col] - together.data
    close = (together.row != together.col) & (together.data > overlap * union)
    twins: dict[int, list[int]] = {}
    for one, other in zip(together.row[close].tolist(), together.col[close].tolist(), strict=True):
        twins.setdefault(one, []).append(other)
    gone: set[int] = set()
    kept = []
    for place in sorted(range(len(names)), key=lambda place: (-papers[place], -len(names[place]), names[place])):
        if place not in gone:
            kept.append(place)
            gone.update(twins.get(place, ()))
    return np.array(sorted(kept), dtype=np.int64)


def monthly(incidence: csr_matrix, month: Ints, months: int) -> Floats:
    """Papers of each column by month, shape (columns, months)."""
    from scipy.sparse import csr_matrix

    within = month < months
    rows = csr_matrix(
        (np.ones(int(within.sum())), (month[within], np.flatnonzero(within))), shape=(months, incidence.shape[0])
    )
    return np.asarray((rows @ incidence).toarray().T, dtype=np.float64)
