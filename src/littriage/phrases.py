"""Phrases of titles and abstracts as topics: a broad, unpicked population on which an outlook is fitted and tried.

Directions are chosen by people who know how things went on. Phrases are chosen by rule, with the papers up to a month.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import islice
from typing import TYPE_CHECKING

import numpy as np

from littriage.panel import Bools, Floats, Ints
from littriage.words import BREAK, Keys, Numbers, Table, Vocabulary, Words

if TYPE_CHECKING:
    from scipy.sparse import csr_matrix

LONGEST = 3
"""Words of a phrase at most."""

_AT_ONCE = 2_000

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
    begins nor ends with a word of grammar, and holds a letter in every word. Case and plurals are folded. The texts are
    read once; what is kept of them is 4 bytes for each word.
    """
    vocabulary = Vocabulary()
    blocks = [vocabulary.words(batch) for batch in _batches(texts)]
    of_titles = np.concatenate([np.empty(0, np.int32), *(block.numbers[_in_titles(block)] for block in blocks)])
    known = _Known.of(vocabulary.spelt, of_titles, titles)
    wanted = known.frequent(known.ranks[of_titles], titles)
    tables = [Table(keys) for keys in wanted]
    rows = [_rows(known, tables, block) for block in blocks]
    del blocks  # of a million papers, most of a gigabyte
    shape = sum(map(len, wanted))
    enough = (_total(rows, 0, shape) >= papers) & (_total(rows, 1, shape) >= titles)
    names = dict(zip(np.flatnonzero(enough).tolist(), known.spelt(wanted, enough), strict=True))
    column = np.full(shape, -1, np.int32)
    column[sorted(names, key=names.__getitem__)] = np.arange(len(names))
    return Phrases(
        tuple(sorted(names.values())),
        np.asarray(month, dtype=np.int64),
        *(_matrix([both[which] for both in rows], column, len(names)) for which in (0, 1)),
    )


def _batches(texts: Iterable[tuple[str, str | None]]) -> Iterator[list[str]]:
    """Titles and abstracts in turn, in lower case, of some papers at a time."""
    left = iter(texts)
    while batch := list(islice(left, _AT_ONCE)):
        yield [part.lower() for title, abstract in batch for part in (title, abstract or "")]


def _singular(word: str, words: Mapping[str, int]) -> str:
    """The word without the ending of a plural, where that is a word of the texts too and none of grammar."""
    for plural, singular in (("ies", "y"), ("sses", "ss"), ("xes", "x"), ("ches", "ch"), ("shes", "sh"), ("s", "")):
        if word.endswith(plural):
            stem = word[: -len(plural)] + singular
            fits = len(stem) > 2 and not word.endswith(("ss", "us", "is")) and stem in words and stem not in _STOP
            return stem if fits else word
    return word


@dataclass(frozen=True, slots=True)
class _Known:
    """The words that phrases of titles can be made of, by rank, in the order in which they came."""

    ranks: Numbers
    """By number of a word: the rank of what it is folded to, -1 for other words, and at the end -1 for a break."""
    names: Sequence[str]
    """By rank."""
    edge: Bools
    """By rank, and at the end for -1: whether a phrase may begin and end with it."""

    @classmethod
    def of(cls, spelt: Sequence[str], of_titles: Numbers, titles: int) -> _Known:
        """Those that hold a letter and come so many times in titles."""
        number = {word: place for place, word in enumerate(spelt)}
        folded = np.array([number[_singular(word, number)] for word in spelt], np.int64)
        times = np.bincount(folded[of_titles[of_titles != BREAK]], minlength=len(spelt))
        used = [
            place for place in np.flatnonzero(times >= titles).tolist() if any(sign.isalpha() for sign in spelt[place])
        ]
        rank = np.full(len(spelt), -1, np.int32)
        rank[used] = np.arange(len(used))
        names = [spelt[place] for place in used]
        edge = np.array([*(word not in _STOP and len(word) > 1 for word in names), False], np.bool_)
        return cls(np.append(rank[folded], np.int32(-1)), names, edge)

    def phrases(self, words: Numbers, length: int) -> tuple[Keys, Ints]:
        """Every phrase of so many words as a number, and where it begins."""
        count = max(0, len(words) - length + 1)
        may = self.edge[words]
        fits = may[:count] & may[length - 1 :]
        for place in range(1, length - 1):
            fits &= words[place : place + count] >= 0
        begin = np.flatnonzero(fits)
        keys = np.zeros(len(begin), np.uint64)
        for place in range(length):
            keys = keys * np.uint64(len(self.names)) + words[begin + place].astype(np.uint64)
        return keys, begin

    def frequent(self, words: Numbers, times: int) -> list[Keys]:
        """The phrases of each length that come so many times, ascending."""
        found = []
        for length in range(1, LONGEST + 1):
            keys, counts = np.unique(self.phrases(words, length)[0], return_counts=True)
            found.append(keys[counts >= times])
        return found

    def spelt(self, wanted: Sequence[Keys], chosen: Bools) -> list[str]:
        """The chosen ones of the phrases of all lengths, in words."""
        found, start = [], 0
        for length, keys in enumerate(wanted, 1):
            found += [self._spelt(key, length) for key in keys[chosen[start : start + len(keys)]].tolist()]
            start += len(keys)
        return found

    def _spelt(self, key: int, length: int) -> str:
        parts = []
        for _ in range(length):
            key, last = divmod(key, len(self.names))
            parts.append(self.names[last])
        return " ".join(reversed(parts))


@dataclass(frozen=True, slots=True)
class _Rows:
    """Which papers have which of the wanted phrases, row after row, as in a CSR matrix of ones."""

    columns: Numbers
    ends: Ints


def _in_titles(block: Words) -> Bools:
    """Of each word, whether it is one of a title: the texts are titles and abstracts in turn."""
    of = np.zeros(len(block.ends), np.bool_)
    of[::2] = True
    return np.repeat(of, np.diff(block.ends, prepend=0))


def _rows(known: _Known, tables: Sequence[Table], block: Words) -> tuple[_Rows, _Rows]:
    """The wanted phrases of the papers of a block, and those of their titles."""
    words, paper = (
        known.ranks[block.numbers],
        np.repeat(np.arange(len(block.ends)) // 2, np.diff(block.ends, prepend=0)),
    )
    columns, places, start = [], [], 0
    for length, table in enumerate(tables, 1):
        keys, begin = known.phrases(words, length)
        number = table.find(keys)
        hit = number >= 0
        columns.append(number[hit] + np.int32(start))
        places.append(begin[hit])
        start += len(table)
    column, place = np.concatenate(columns), np.concatenate(places)
    titled = _in_titles(block)[place]
    papers = len(block.ends) // 2
    return _unique(paper[place], column, papers, start), _unique(paper[place[titled]], column[titled], papers, start)


def _unique(paper: Ints, column: Numbers, papers: int, columns: int) -> _Rows:
    from scipy.sparse import csr_matrix

    found = csr_matrix((np.ones(len(paper), np.float32), (paper, column)), shape=(papers, columns))
    return _Rows(found.indices.astype(np.int32), found.indptr[1:].astype(np.int64))  # a paper counts once


def _total(rows: Sequence[tuple[_Rows, _Rows]], which: int, columns: int) -> Ints:
    """Papers of each column."""
    total = np.zeros(columns, np.int64)
    for both in rows:
        total += np.bincount(both[which].columns, minlength=columns)
    return total


def _matrix(rows: Sequence[_Rows], column: Numbers, columns: int) -> csr_matrix:
    """The rows one after the other, shape (papers, columns); `column` tells the new place of each, -1: left out."""
    from scipy.sparse import csr_matrix

    indices, ends, end = [np.empty(0, np.int32)], [np.zeros(1, np.int64)], 0
    for one in rows:
        placed = column[one.columns]
        so_far = np.concatenate([[0], np.cumsum(placed >= 0)])
        indices.append(placed[placed >= 0])
        ends.append(so_far[one.ends] + end)
        end += int(so_far[-1])
    whole = np.concatenate(indices)
    starts = np.concatenate(ends)
    return csr_matrix((np.ones(len(whole), np.float32), whole, starts), shape=(len(starts) - 1, columns))


def _papers(incidence: csr_matrix) -> Floats:
    return np.asarray(incidence.sum(axis=0), dtype=np.float64).ravel()


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
